"""Facets beside the staff's list of records: what is chosen, and what else may be."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from flask import request, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from cataloging.marc.standard import language_name
from cataloging.search import SearchResult
from cataloging.views.words import material_name
from ils.web.i18n import language

LABELS: dict[str, Any] = {
    "library": _l("Library"),
    "available": _l("On the shelf"),
    "material": _l("Type of material"),
    "language": _l("Language"),
    "year": _l("Year"),
    "subject": _l("Subject"),
    "author": _l("Author"),
}
MOST_VALUES = 20  # chosen in one facet
LONGEST = 200
SHOWN = 10  # values of a facet, and those chosen


@dataclass(frozen=True)
class Value:
    """A value with its count, and the address that chooses it or gives it up."""

    label: str
    count: int
    url: str
    chosen: bool


def chosen() -> dict[str, tuple[str, ...]]:
    """Read the chosen values from the address or the form; anything odd in it is left out."""
    found = {}
    for name in LABELS:
        values = [v[:LONGEST] for v in request.values.getlist(name) if v.strip()]
        if name == "library":
            values = [v for v in values if v.isdecimal()]
        if values:
            found[name] = tuple(dict.fromkeys(values))[:MOST_VALUES]
    return found


def facets(
    found: SearchResult | None, now: Mapping[str, Sequence[str]]
) -> list[tuple[str, list[Value]]]:
    """Return the facets that would divide what was found, with the addresses of their values."""
    shown = []
    for name, label in LABELS.items():
        values = [
            Value(
                _label(name, one.value, one.label),
                one.count,
                _toggled(name, one.value, now),
                one.chosen,
            )
            for one in (found.facets.get(name, ()) if found else ())
        ]
        if len(values) > 1 or any(v.chosen for v in values) or (values and name == "available"):
            kept = [v for at, v in enumerate(values) if at < SHOWN or v.chosen]
            shown.append((str(label), kept))
    return shown


def _toggled(name: str, value: str, now: Mapping[str, Sequence[str]]) -> str:
    args: dict[str, Any] = {k: v for k, v in request.args.items() if k in ("q", "sort", "mine")}
    args |= {facet: list(values) for facet, values in now.items()}
    others = [v for v in now.get(name, ()) if v != value]
    args[name] = others if value in now.get(name, ()) else [*others, value]
    return url_for("cataloging.find", **args)


def _label(name: str, value: str, given: str) -> str:
    if name == "available":
        return str(_("Available now"))
    if name == "language":
        return str(language_name(value, english=language() == "en")) or value
    return material_name(value) if name == "material" else str(given or value)
