"""Putting a preferred heading in the place of another form in a record. Pure."""

from collections.abc import Collection
from typing import Any, Final

from cataloging.marc.headings import HeadingFound, Kind, headings_in, kind_of_tracing
from cataloging.marc.model import Marc

# Roles follow a comma in ISBD: Nam Cao, tác giả.
_ISBD_COMMA_BEFORE: Final = frozenset("e")


def rewritten(
    marc: Marc,
    preferred: dict[str, Any],
    *,
    keys: Collection[int] = (),
    place: int | None = None,
) -> Marc:
    """Return a record with the preferred heading (1XX) at a place, or wherever keys stand.

    Relators, subdivisions, sources and all else the field holds stay where they are.
    """
    places = {one.place for one in headings_in(marc) if one.key in keys or one.place == place}
    return {
        "leader": marc["leader"],
        "fields": [
            _field(field, preferred) if at in places else field
            for at, field in enumerate(marc["fields"])
        ],
    }


def _field(field: dict[str, Any], preferred: dict[str, Any]) -> dict[str, Any]:
    ((tag, content),) = field.items()
    ((main, heading),) = preferred.items()
    kind = kind_of_tracing(main)
    if kind is None or not _fits(tag, kind):
        return field
    rest = [s for s in content["subfields"] if next(iter(s)) not in kind.codes_in(tag)]
    codes = kind.codes_in(main) + kind.below
    own = [s for s in heading["subfields"] if next(iter(s)) in codes]
    if not own:
        return field
    (code, value), *_ = own[-1].items()
    value = value.rstrip(" ,.") if code == "d" else value.rstrip(" ,")
    if rest and next(iter(rest[0])) in _ISBD_COMMA_BEFORE:
        value += ","
    new_tag = tag[0] + main[1:] if kind.code == "body" else tag
    ind1 = heading["ind1"] if kind.code in ("person", "body") else content["ind1"]
    return {new_tag: {**content, "ind1": ind1, "subfields": [*own[:-1], {code: value}, *rest]}}


def _fits(tag: str, kind: Kind) -> bool:
    return tag in kind.tags


def places_of(marc: Marc, keys: Collection[int]) -> list[HeadingFound]:
    """Return the headings of a record that stand under some keys."""
    return [one for one in headings_in(marc) if one.key in keys]
