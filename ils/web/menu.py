"""The staff menu, collected from the packages that own its pages."""

from dataclasses import dataclass
from typing import Any

from flask import request, url_for

from ils.web.door import current_actor


@dataclass(frozen=True)
class Entry:
    """A line of the menu. ``order`` sorts within the group; groups sort by their first entry.

    ``begins``: the permission of those whose day may begin on this page; others only look it up.
    """

    group: Any
    label: Any
    endpoint: str
    permission: str | None
    order: int = 100
    key: str = ""
    begins: str | None = None


@dataclass(frozen=True)
class Shown:
    """An entry as a page shows it."""

    group: str
    label: str
    url: str
    current: bool
    key: str
    begins: bool = True


_entries: dict[str, Entry] = {}


def menu_entry(
    group: Any,
    label: Any,
    endpoint: str,
    permission: str | None,
    *,
    order: int = 100,
    key: str = "",
    begins: str | None = None,
) -> None:
    """Add a page to the staff menu; it is shown to those who hold the permission somewhere."""
    _entries[endpoint] = Entry(group, label, endpoint, permission, order, key, begins)


def staff_menu() -> list[Shown]:
    """Return the entries the actor may open, in order."""
    actor = current_actor()
    allowed = [
        e for e in _entries.values() if e.permission is None or actor.can_somewhere(e.permission)
    ]
    return [
        Shown(
            *(str(e.group), str(e.label), url_for(e.endpoint), e.endpoint == request.endpoint),
            e.key,
            e.begins is None or actor.can_somewhere(e.begins),
        )
        for e in sorted(allowed, key=lambda e: (e.order, str(e.label)))
    ]
