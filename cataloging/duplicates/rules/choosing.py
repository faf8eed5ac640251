"""Fields of several records side by side, and one record made of those chosen. Pure.

Each field is one line, once for all records that have it. Of a tag that may stand only once, one
line is chosen; of others as many as wanted. To begin with, the record that stays is as it is and gets
what only the others say, as an import merges. Its own numbers (001, 003, 005) are not for choosing.
"""

import hashlib
import re
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from typing import Any, Final

from cataloging.imports.merging import OWN, merged
from cataloging.marc.model import Marc, pairs, subfields
from cataloging.marc.standard import standard
from cataloging.marc.text import write, write_field

UNTOUCHED: Final = (*OWN, "005")
ALWAYS_ONCE: Final = ("LDR", "008")
_LINK: Final = re.compile(r"(\d{3}-)(\d{2})(.*)", re.DOTALL)


@dataclass(frozen=True)
class Line:
    """A field: its key in the form, its text, the records that have it (their places)."""

    key: str
    text: str
    places: tuple[int, ...]
    chosen: bool = False


@dataclass(frozen=True)
class Row:
    """The fields of a tag. ``once``: at most one of them is chosen. ``same``: all have the same."""

    tag: str
    once: bool
    same: bool
    lines: tuple[Line, ...]


def rows_of(marcs: Sequence[Marc], chosen: Collection[str] | None = None) -> list[Row]:
    """Put records side by side, the one that stays first; ``chosen`` are keys chosen before."""
    fitted = [marcs[0], *(_relinked(one, n, marcs[0]) for n, one in enumerate(marcs[1:], 1))]
    found = _lines(fitted)
    begin = _begin(fitted) if chosen is None else set()
    rows = []
    for tag in sorted({tag for tag, _key in found}, key=_order):
        lines = []
        for (of_tag, key), (text, places) in found.items():
            if of_tag == tag:
                taken = key in chosen if chosen is not None else key in begin
                lines.append(Line(key, text, tuple(places), taken))
        same = all(len(line.places) == len(marcs) for line in lines)
        rows.append(Row(tag, _once(tag), same, tuple(lines)))
    return rows


def made_of(marcs: Sequence[Marc], chosen: Collection[str]) -> Marc:
    """Return the record that stays with the fields chosen, in the order of tags.

    Where nothing is chosen of the leader, its own stays.
    """
    fitted = [marcs[0], *(_relinked(one, n, marcs[0]) for n, one in enumerate(marcs[1:], 1))]
    leader = marcs[0]["leader"]
    fields: list[dict[str, Any]] = []
    taken: set[str] = set()
    for place, marc in enumerate(fitted):
        if _key("LDR", marc["leader"], 0) in chosen and "LDR" not in taken:
            leader = marc["leader"]
            taken.add("LDR")
        for tag, content, key in _keyed(marc):
            if tag in UNTOUCHED:
                if place == 0:
                    fields.append({tag: content})
            elif key in chosen and key not in taken and not (_once(tag) and tag in taken):
                taken |= {key, tag}
                _insert(fields, tag, content) if place else fields.append({tag: content})
    return {"leader": leader, "fields": fields}


def _insert(fields: list[dict[str, Any]], tag: str, content: Any) -> None:
    place = next((n for n in range(len(fields), 0, -1) if next(iter(fields[n - 1])) <= tag), 0)
    fields.insert(place, {tag: content})


def _lines(marcs: Sequence[Marc]) -> dict[tuple[str, str], tuple[str, list[int]]]:
    found: dict[tuple[str, str], tuple[str, list[int]]] = {}
    for place, marc in enumerate(marcs):
        leader = _key("LDR", marc["leader"], 0), write({"leader": marc["leader"], "fields": []})
        told = [("LDR", *leader)]
        told += [(tag, key, write_field(tag, content)) for tag, content, key in _keyed(marc)]
        for tag, key, text in told:
            if tag not in UNTOUCHED:
                found.setdefault((tag, key), (text, []))[1].append(place)
    return found


def _begin(marcs: Sequence[Marc]) -> set[str]:
    """Return what is chosen to begin with."""
    whole = marcs[0]
    for other in marcs[1:]:
        whole = merged(whole, other)
    keys = {key for _tag, _content, key in _keyed(whole)}
    return keys | {_key("LDR", marcs[0]["leader"], 0)}


def _keyed(marc: Marc) -> list[tuple[str, Any, str]]:
    """Return each field with its key; the same field a second time has another key."""
    seen: dict[str, int] = {}
    told = []
    for tag, content in pairs(marc):
        text = write_field(tag, content)
        seen[text] = seen.get(text, 0) + 1
        told.append((tag, content, _key(tag, text, seen[text])))
    return told


def _key(tag: str, text: str, number: int) -> str:
    digest = hashlib.sha256(f"{tag}|{text}|{number}".encode()).hexdigest()
    return f"{tag}.{digest[:16]}"


def _once(tag: str) -> bool:
    known = standard().fields.get(tag)
    return tag in ALWAYS_ONCE or tag[:1] == "1" or (known is not None and not known.repeatable)


def _order(tag: str) -> tuple[bool, str]:
    return tag != "LDR", tag


def _relinked(marc: Marc, place: int, first: Marc) -> Marc:
    """Number the linked fields ($6) of another record behind those of the first, so that two
    fields from two records are never taken for a pair. A pair that both have stays as it is."""
    theirs, ours = _linked(marc), _linked(first)
    moving = {number for number in theirs if theirs[number] != ours.get(number)}
    if not moving or not ours:
        return marc
    ahead = max(ours) + 20 * (place - 1)

    def moved(value: str) -> str:
        found = _LINK.fullmatch(value)
        if found is None or int(found[2]) not in moving or int(found[2]) + ahead > 99:
            return value
        return f"{found[1]}{int(found[2]) + ahead:02d}{found[3]}"

    return {
        "leader": marc["leader"],
        "fields": [{tag: _with_links(content, moved)} for tag, content in pairs(marc)],
    }


def _with_links(content: Any, moved: Callable[[str], str]) -> Any:
    if isinstance(content, str):
        return content
    subs = [{c: moved(v) if c == "6" else v for c, v in s.items()} for s in content["subfields"]]
    return {**content, "subfields": subs}


def _linked(marc: Marc) -> dict[int, set[str]]:
    """Return the fields of each linking number; 00 links nothing."""
    told: dict[int, set[str]] = {}
    for tag, content in pairs(marc):
        for value in subfields(content, "6"):
            found = _LINK.fullmatch(value)
            if found is not None and found[2] != "00":
                told.setdefault(int(found[2]), set()).add(write_field(tag, content))
    return told
