"""What of a record from elsewhere becomes ours, and what of two descriptions is kept. Pure.

A list of fields is written as ``590 690 856 9xx``: x stands for any digit.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from cataloging.marc.model import Marc, control, pairs
from cataloging.marc.standard import standard

OURS, THEIRS, BOTH = "ours", "theirs", "both"
CHOICES: Final = (OURS, THEIRS, BOTH)
PROTECTED: Final = "590 690 856 9xx"
DROPPED: Final = "841 842 843 844 845 852 853 854 855 863 864 865 866 867 868 876 877 878 9xx"
_SOURCE_NUMBERS: Final = ("001", "003", "005")
_ONE: Final = re.compile(r"[0-9xX]{3}")
# Numbers, subjects, notes, added entries and links say more together than each alone.
_TOGETHER: Final = re.compile(r"02[02478]|035|041|246|[4-8]..")


def tags_of(text: str) -> tuple[str, ...]:
    """Read a list of fields. Raises ``ValueError`` for what is no field."""
    found = tuple(text.replace(",", " ").replace(";", " ").lower().split())
    if any(not _ONE.fullmatch(one) for one in found):
        raise ValueError(text)
    return found


def is_among(tag: str, listed: tuple[str, ...]) -> bool:
    """Tell whether a tag is on a list of fields."""
    return any(all(p in ("x", c) for p, c in zip(one, tag, strict=True)) for one in listed)


@dataclass(frozen=True)
class Prepared:
    """A record as it would be taken, and the fields that were left out by the rule."""

    marc: Marc
    dropped: tuple[dict[str, Any], ...]


def prepared(marc: Marc, dropped: tuple[str, ...]) -> Prepared:
    """Make a record found elsewhere ours: its number goes to 035, its holdings are left out."""
    left_out: list[dict[str, Any]] = []
    fields: list[dict[str, Any]] = []
    for tag, content in pairs(marc):
        if tag in _SOURCE_NUMBERS:
            continue
        (left_out if is_among(tag, dropped) else fields).append({tag: content})
    if number := control(marc, "001").strip():
        source = control(marc, "003").strip()
        value = f"({source}){number}" if source else number
        there = {"ind1": " ", "ind2": " ", "subfields": [{"a": value}]}
        if {"035": there} not in fields:
            place = len([one for one in fields if next(iter(one)) <= "035"])
            fields.insert(place, {"035": there})
    return Prepared({"leader": marc["leader"], "fields": fields}, tuple(left_out))


@dataclass(frozen=True)
class Group:
    """All fields with one tag, ours beside theirs, and what is chosen unless somebody says else."""

    tag: str
    ours: tuple[Any, ...]
    theirs: tuple[Any, ...]
    protected: bool
    choices: tuple[str, ...]
    chosen: str

    @property
    def same(self) -> bool:
        """Tell whether both say the same."""
        return self.ours == self.theirs


def groups(ours: Marc, theirs: Marc, protected: tuple[str, ...]) -> list[Group]:
    """Lay two descriptions side by side, tag by tag. Our own numbers (00X but 008) are not asked."""
    mine, other = _by_tag(ours), _by_tag(theirs)
    found = []
    for tag in sorted(mine.keys() | other.keys()):
        if tag < "006":
            continue
        one, two = tuple(mine.get(tag, ())), tuple(other.get(tag, ()))
        known = standard().fields.get(tag)
        may_repeat = known is None or known.repeatable
        choices = CHOICES if may_repeat and one and two else (OURS, THEIRS)
        is_kept = is_among(tag, protected)
        found.append(Group(tag, one, two, is_kept, choices, _usual(tag, one, two, is_kept)))
    return found


def _usual(tag: str, ours: tuple[Any, ...], theirs: tuple[Any, ...], is_kept: bool) -> str:
    if is_kept or not theirs or ours == theirs:
        return OURS
    if ours and _TOGETHER.fullmatch(tag):
        known = standard().fields.get(tag)
        return BOTH if known is None or known.repeatable else OURS
    return THEIRS


def joined(ours: Marc, theirs: Marc, chosen: Mapping[str, str], protected: tuple[str, ...]) -> Marc:
    """Return our record with what was chosen of theirs, each tag where ours has it."""
    taken: dict[str, tuple[Any, ...]] = {}
    for one in groups(ours, theirs, protected):
        choice = chosen.get(one.tag, one.chosen)
        choice = choice if choice in one.choices else one.chosen
        more = tuple(c for c in one.theirs if c not in one.ours)
        taken[one.tag] = {OURS: one.ours, THEIRS: one.theirs, BOTH: one.ours + more}[choice]
    fields: list[dict[str, Any]] = []
    done: set[str] = set()
    for tag, content in pairs(ours):
        if tag not in taken:
            fields.append({tag: content})
        elif tag not in done:
            done.add(tag)
            fields += [{tag: c} for c in taken[tag]]
    for tag in sorted(taken.keys() - done):
        place = next((n for n in range(len(fields), 0, -1) if next(iter(fields[n - 1])) <= tag), 0)
        fields[place:place] = [{tag: c} for c in taken[tag]]
    return {"leader": ours["leader"], "fields": fields}


def _by_tag(marc: Marc) -> dict[str, list[Any]]:
    found: dict[str, list[Any]] = {}
    for tag, content in pairs(marc):
        found.setdefault(tag, []).append(content)
    return found
