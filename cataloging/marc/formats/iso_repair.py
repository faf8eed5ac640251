"""A record of ISO 2709 that is not sound: read as much as its bytes prove, and say what was wrong.

The fields themselves are the best witnesses: each ends with a field sign, a data field has a
subfield sign behind two indicators. The directory gives their tags; where its numbers do not fit
the fields, tags and fields are laid side by side by order, length and kind. What no tag is found
for is told, never guessed. A record the file cuts off is not taken: its rest is elsewhere, and half
a record would stand in the way of the whole one.
"""

import re
from dataclasses import dataclass
from typing import Any, Final

from cataloging.marc.formats.characters import Reader, Reading, tidy_leader
from cataloging.marc.formats.found import Problem, Repairs
from cataloging.marc.model import Marc

FIELD_END: Final = b"\x1e"
SUBFIELD: Final = b"\x1f"
MOST_ENTRIES: Final = 20_000

_ENTRY: Final = re.compile(rb"(.{3})([0-9]{4})([0-9]{5})", re.DOTALL)
_DIRECTORY: Final = re.compile(rb"(?:[0-9A-Za-z]{3}[0-9]{9})+\Z")
_INDICATOR: Final = frozenset("0123456789 #|\\abcdefghijklmnopqrstuvwxyz")
_LEADER_CONTROLS: Final = re.compile("[\x00-\x1f\x7f-\x9f]")


@dataclass(frozen=True)
class Entry:
    """A line of the directory; numbers that are none are -1."""

    tag: bytes
    length: int
    start: int

    @property
    def is_control(self) -> bool:
        """Tell whether the tag names a control field."""
        return self.tag[:2] == b"00"


@dataclass
class _Parts:
    leader: bytes
    entries: list[Entry]
    area: bytes  # all fields, each with its end sign
    has_end: bool


def mend(raw: bytes, reading: Reading, repairs: Repairs) -> tuple[Marc | None, Problem | None]:
    """Return the record, or why there is none. ``raw`` may lack its end sign."""
    parts = _parts(raw, repairs)
    if isinstance(parts, Problem):
        return None, parts
    if _is_cut_off(parts):
        return None, Problem("truncated", _lacking(parts))
    encoding = reading.encoding_of(raw[24:], says_unicode=raw[9:10] == b"a")
    reader = Reader(encoding, reading, repairs, has_references=raw[9:10] != b"a")
    fields = []
    for tag, piece in _assigned(parts, repairs):
        name = _tag(tag, repairs)
        fields.append({name: content(name, piece, reader, repairs)})
    return {"leader": _leader(parts.leader, repairs), "fields": fields}, None


def _parts(raw: bytes, repairs: Repairs) -> _Parts | Problem:
    """Take a record apart: leader, directory, fields."""
    has_end = raw.endswith(b"\x1d")
    body = raw[:-1] if has_end else raw
    first = body.find(FIELD_END)
    if first < 0:
        return Problem("no_record", body[:60].decode("latin-1"))
    start = _directory_start(body, first)
    leader = body[:start]
    stated = int(leader[12:17]) if leader[12:17].isdigit() else 0
    entries, sound = _entries(body[start:first])
    base = first + 1
    if not sound and start == 24 and 36 < stated <= len(body):
        other, other_sound = _entries(body[24 : stated - 1])
        if other_sound:  # the directory lost its end sign, the leader knows where it was
            entries, sound, base = other, True, stated
            repairs.add("terminator", "", body[stated - 1 : stated].hex())
    if not entries and body[base:].strip(b"\x1e\r\n \x00"):
        return Problem("unreadable", body[:60].decode("latin-1"))
    if not has_end:
        repairs.add("terminator")
    if leader[:5] != b"%05d" % len(raw):
        repairs.add("length", "", f"{leader[:5].decode('latin-1')} ≠ {len(raw)}")
    if base != stated:
        repairs.add("base_address", "", f"{leader[12:17].decode('latin-1')} ≠ {base}")
    if not sound:
        repairs.add("directory")
    return _Parts(leader, entries, body[base:], has_end)


def _directory_start(body: bytes, first: int) -> int:
    """Return where the directory begins: behind 24 characters, unless the leader's size is wrong."""
    if (first - 24) % 12 == 0 or first < 24:
        return min(24, first)
    match = _DIRECTORY.search(body, 0, first)
    return match.start() if match and 12 <= match.start() <= 40 else 24


def _entries(directory: bytes) -> tuple[list[Entry], bool]:
    """Return the entries of a directory and whether all of them are well formed."""
    entries: list[Entry] = []
    sound = len(directory) % 12 == 0
    for at in range(0, min(len(directory), 12 * MOST_ENTRIES), 12):
        one = directory[at : at + 12]
        match = _ENTRY.fullmatch(one)
        if match:
            entries.append(Entry(match.group(1), int(match.group(2)), int(match.group(3))))
            continue
        sound = False
        if len(one) == 12 and one[:3].isalnum():
            length = int(one[3:7]) if one[3:7].isdigit() else -1
            start = int(one[7:]) if one[7:].isdigit() else -1
            entries.append(Entry(one[:3], length, start))
    return entries, sound


def _is_cut_off(parts: _Parts) -> bool:
    """Tell whether the file ends before the fields that the directory promises."""
    if parts.has_end:
        return False
    whole = parts.area.count(FIELD_END)
    promised = max((e.start + e.length for e in parts.entries), default=0)
    return whole < len(parts.entries) and promised > len(parts.area) + 1


def _lacking(parts: _Parts) -> str:
    whole = parts.area.count(FIELD_END)
    return f"{whole}/{len(parts.entries)}"


def _leader(raw: bytes, repairs: Repairs) -> str:
    leader = raw.decode("latin-1")
    plain = _LEADER_CONTROLS.sub(" ", leader)
    if plain != leader:
        repairs.add("leader_blanks", "LDR", raw.hex(" "))
    return tidy_leader(plain, repairs)


def _tag(raw: bytes, repairs: Repairs) -> str:
    if raw.isalnum():
        return raw.decode("ascii")
    tag = "".join(c if c.isprintable() else "?" for c in raw.decode("latin-1"))
    repairs.add("tag", tag, raw.hex(" "))
    return tag


# -- tags to fields ----------------------------------------------------------------------------


def _assigned(parts: _Parts, repairs: Repairs) -> list[tuple[bytes, bytes]]:
    """Return (tag, field without its end sign), in the order of the directory."""
    by_place = _by_place(parts)
    if by_place is not None:
        return by_place
    pieces = parts.area.split(FIELD_END)
    rest = pieces.pop()
    if rest.strip(b"\r\n \x00"):
        if len(pieces) < len(parts.entries):
            pieces.append(rest)
            repairs.add("terminator")
        else:
            repairs.add("stray_bytes", "", _shown(rest))
    while len(pieces) > len(parts.entries) and not pieces[-1]:
        pieces.pop()
    if len(pieces) == len(parts.entries):
        pairs = [(e.tag, p) for e, p in _in_order(parts.entries, pieces)]
    else:
        pairs = _aligned(parts.entries, pieces, repairs)
    repairs.add("directory", _misplaced(parts))
    return pairs


def _by_place(parts: _Parts) -> list[tuple[bytes, bytes]] | None:
    """Take each field from where the directory says; None unless that accounts for every byte."""
    area = parts.area
    taken: list[tuple[bytes, bytes]] = []
    spans: set[tuple[int, int]] = set()
    for entry in parts.entries:
        end = entry.start + entry.length
        if entry.length < 1 or entry.start < 0 or area[end - 1 : end] != FIELD_END:
            return None
        if entry.start and area[entry.start - 1 : entry.start] != FIELD_END:
            return None
        spans.add((entry.start, end))
        taken.append((entry.tag, area[entry.start : end - 1]))
    at = 0
    for start, end in sorted(spans):
        if start != at:
            return None
        at = end
    return taken if at == len(area) else None


def _in_order(entries: list[Entry], pieces: list[bytes]) -> list[tuple[Entry, bytes]]:
    """Pair as many entries as fields, by the order of the places given, if that is an order."""
    places = [e.start for e in entries]
    if -1 in places or len(set(places)) != len(places):
        return list(zip(entries, pieces, strict=True))
    rank = {place: n for n, place in enumerate(sorted(places))}
    return [(entry, pieces[rank[entry.start]]) for entry in entries]


def _misplaced(parts: _Parts) -> str:
    """Return the tags of the entries whose numbers do not lead to a field."""
    wrong = []
    for entry in parts.entries:
        end = entry.start + entry.length
        if parts.area[end - 1 : end] != FIELD_END or entry.length < 1:
            wrong.append(entry.tag.decode("latin-1"))
    return " ".join(dict.fromkeys(wrong[:20]))


_SKIP: Final = 40
_WRONG_KIND: Final = 60


def _aligned(
    entries: list[Entry], pieces: list[bytes], repairs: Repairs
) -> list[tuple[bytes, bytes]]:
    """Lay entries and fields side by side where their numbers differ, at the least cost."""
    if len(entries) * len(pieces) > 4_000_000:
        kept = list(zip(entries, pieces, strict=False))
    else:
        kept = _cheapest(entries, pieces)
    used = {id(piece) for _, piece in kept}
    for piece in pieces:
        if id(piece) not in used and piece.strip():
            repairs.add("unassigned", "", _shown(piece))
    return [(entry.tag, piece) for entry, piece in kept]


def _cheapest(entries: list[Entry], pieces: list[bytes]) -> list[tuple[Entry, bytes]]:
    rows, columns = len(entries), len(pieces)
    cost = [[0] * (columns + 1) for _ in range(rows + 1)]
    for i in range(1, rows + 1):
        cost[i][0] = i * _SKIP
    for j in range(1, columns + 1):
        cost[0][j] = j * _SKIP
    for i in range(1, rows + 1):
        for j in range(1, columns + 1):
            cost[i][j] = min(
                cost[i - 1][j - 1] + _unlike(entries[i - 1], pieces[j - 1]),
                cost[i - 1][j] + _SKIP,
                cost[i][j - 1] + _SKIP,
            )
    pairs: list[tuple[Entry, bytes]] = []
    i, j = rows, columns
    while i and j:
        if cost[i][j] == cost[i - 1][j - 1] + _unlike(entries[i - 1], pieces[j - 1]):
            pairs.append((entries[i - 1], pieces[j - 1]))
            i, j = i - 1, j - 1
        elif cost[i][j] == cost[i - 1][j] + _SKIP:
            i -= 1
        else:
            j -= 1
    return pairs[::-1]


def _unlike(entry: Entry, piece: bytes) -> int:
    """Return how badly a field fits an entry: its length, and whether it has subfields."""
    kind = 0 if entry.is_control != (SUBFIELD in piece) else _WRONG_KIND
    length = min(abs(len(piece) + 1 - entry.length), 20) if entry.length > 0 else 5
    return kind + length


def _shown(raw: bytes) -> str:
    return raw[:120].replace(SUBFIELD, b"$").decode("utf-8", "replace")


# -- one field ---------------------------------------------------------------------------------


def content(tag: str, piece: bytes, reader: Reader, repairs: Repairs) -> Any:
    """Return the content of a field from its bytes: a text, or indicators and subfields."""
    has_subfields = SUBFIELD in piece
    if tag.startswith("00"):
        if SUBFIELD not in piece[2:4]:
            return reader.text(piece, tag)
    elif not has_subfields and not tag.isdigit():
        return reader.text(piece, tag)
    head, *rest = piece.split(SUBFIELD)
    before = reader.text(head, tag)
    ind1, ind2, text = _indicators(before, tag, repairs, has_subfields=has_subfields)
    subfields = [{"a": text}] if text else []
    for one in rest:
        if not one:
            repairs.add("empty_subfield", tag)
            continue
        code, value = _code_and_value(one, tag, reader, repairs)
        subfields.append({code: value})
    return {"ind1": ind1, "ind2": ind2, "subfields": subfields}


def _indicators(
    before: str, tag: str, repairs: Repairs, *, has_subfields: bool
) -> tuple[str, str, str]:
    """Take the indicators from what stands before the first subfield; the rest is text."""
    if has_subfields and len(before) == 2:
        return before[0], before[1], ""
    if has_subfields and len(before) < 2:
        repairs.add("indicators", tag, before)
        padded = before.ljust(2)
        return padded[0], padded[1], ""
    if len(before) == 2 and _INDICATOR.issuperset(before):
        return before[0], before[1], ""  # a field with nothing in it, kept as it is
    if has_subfields and len(before) == 3:  # a third indicator, or a stray sign
        repairs.add("indicators", tag, before)
        return before[0], before[1], ""
    plausible = len(before) >= 2 and _INDICATOR.issuperset(before[:2])
    marks, text = (before[:2], before[2:]) if plausible else ("  ", before)
    if has_subfields:
        repairs.add("indicators", tag, before[:40])
    if text.strip():
        repairs.add("no_subfield", tag)
    elif not has_subfields:
        repairs.add("indicators", tag, before[:40])
    return marks[0], marks[1], text if text.strip() else ""


def _code_and_value(raw: bytes, tag: str, reader: Reader, repairs: Repairs) -> tuple[str, str]:
    if 0x20 < raw[0] < 0x80:
        return chr(raw[0]), reader.text(raw[1:], tag)
    if raw[0] <= 0x20:
        if raw[0] == 0x20:
            return " ", reader.text(raw[1:], tag)
        repairs.add("subfield_code", tag, f"{raw[0]:02x}")
        return "?", reader.text(raw[1:], tag)
    text = reader.text(raw, tag)
    return text[:1] or "?", text[1:]
