"""What a person's next new record begins with: pinned boxes, the last record, the copies' boxes."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy.orm import Session

from cataloging.editor.boxes import read
from cataloging.editor.materials import DEFAULT, box
from cataloging.editor.models import EntryHabit
from cataloging.marc.model import Marc
from ils.accounts.actor import Actor


@dataclass(frozen=True)
class Habit:
    """What is remembered of a person; empty for somebody who has entered nothing."""

    material: str = DEFAULT
    pinned: tuple[str, ...] = ()
    last: Marc | None = None
    copies: dict[str, Any] = field(default_factory=dict)

    def pinned_values(self) -> dict[str, str]:
        """Return what the pinned boxes had in the last record."""
        return read(self.last, self.pinned) if self.last is not None else {}


def habit_of(session: Session, actor: Actor) -> Habit:
    """Return what is remembered of the actor."""
    row = session.get(EntryHabit, actor.staff_id) if actor.staff_id is not None else None
    if row is None:
        return Habit()
    last: Any = row.last
    return Habit(row.material, tuple(row.pinned), last, dict(row.copies))


def remember(
    session: Session,
    actor: Actor,
    *,
    material: str,
    marc: Any,
    pinned: Iterable[str],
    copies: dict[str, Any] | None,
) -> None:
    """Remember what was entered for the next new record; ``copies`` None keeps those from before."""
    if actor.staff_id is None:
        return
    row = session.get(EntryHabit, actor.staff_id) or EntryHabit(staff_id=actor.staff_id)
    row.material, row.last = material, dict(marc)
    row.pinned = [name for name in dict.fromkeys(pinned) if box(name) is not None]
    if copies is not None:
        row.copies = copies
    session.add(row)
