"""ISO 2709, the exchange format: cut into records, the sound ones read the quick way.

A record begins with its length. Where the length leads to an end-of-record sign and the directory
agrees, it is believed; else the record ends at the next such sign, or before the next leader when
the sign is missing. What does not come out sound goes to ``iso_repair``. Line ends and filling
between records are passed over. Source: ISO 2709; MARC 21 Specifications for Record Structure.
"""

import re
import unicodedata
from collections.abc import Iterator
from itertools import pairwise
from typing import Any, Final

from cataloging.marc.formats.characters import ETHS, Reading, tidy_leader
from cataloging.marc.formats.found import Found, Repair, Repairs, packing, record
from cataloging.marc.formats.iso_repair import mend
from cataloging.marc.formats.window import BLOCK, Window
from cataloging.marc.model import Marc

END_OF_RECORD: Final = b"\x1d"
LARGEST: Final = 64 << 20  # no record is larger; keeps memory bounded in a file without ends

_BETWEEN: Final = re.compile(rb"(?:[\r\n\t \x00\x1a\x1d]|\xef\xbb\xbf)*")
# A leader in the middle of a stretch: the end of the record before it got lost.
_NEXT_LEADER: Final = re.compile(
    rb"(?<=[\x1e\r\n\x00])(?=[0-9]{5}[ -~]{5}[0-9]{7}[ -~]{3}[ -~]{4}(?:[0-9A-Za-z]{3}[0-9]{9}){1,99}\x1e)"
)
_SECOND_LEADER: Final = re.compile(
    rb"(?<=.)(?=[0-9]{5}[acdnpos ][a-z ]{2}[ -~]{2}22[0-9]{5}[ -~]{3}4500(?:[0-9A-Za-z]{3}[0-9]{9}){2,99}\x1e)",
    re.DOTALL,
)
# What ends before a leader would is rubbish; the record behind it is not to lose its own leader.
_BEHIND_RUBBISH: Final = re.compile(rb"(?<=\x1d)(?=[0-9]{5}[ -~]{5}22[0-9]{5}[ -~]{7})")
_COMBINES_WITH_MARK: Final = re.compile(
    "[\x1e\x1f].?[\u0300-\u036f\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff]"
)


def read(window: Window, reading: Reading, position: int = 0) -> Iterator[Found]:
    """Give the stretches of the file from where the window begins. ``position`` was the last."""
    quick_allowed = reading.is_plain
    at = 0
    while True:
        if len(window.data) - at < BLOCK // 2 and not window.is_complete:
            window.drop(at)
            at = 0
            window.grow()
            if not window.data:
                return
        data = window.data
        head = data[at : at + 5]
        length = int(head) if head.isdigit() and len(head) == 5 else 0
        end = at + length
        if length > 25 and data[end - 1 : end] == END_OF_RECORD:
            raw = data[at:end]
            start = window.start + at
            if quick_allowed and (quick := read_quickly(raw)) is not None:
                position += 1
                marc, repairs = quick
                yield record(position, start, start + length, marc, repairs)
                at = end
                continue
            if _agrees(raw) or (raw.count(END_OF_RECORD) == 1 and not _holds_two(raw)):
                position += 1
                yield _mended(raw, position, start, reading)
                at = end
                continue
        if not data[at:]:
            return
        for found in _uncertain(window, at, reading, position):
            position = found.position or position
            yield found
            at = found.byte_end - window.start  # the window begins where the stretch did


def read_quickly(raw: bytes) -> tuple[Marc, list[Repair]] | None:
    """Read a sound UTF-8 record; None when anything about it needs a closer look."""
    try:
        text = raw.decode()
        base = int(text[12:17])
    except ValueError:
        return None
    if text[base - 1 : base] != "\x1e" or text.count("\x1d") != 1 or "\x00" in text:
        return None
    directory = text[24 : base - 1]
    pieces = text[base:].split("\x1e")
    is_ascii = text.isascii()
    if not _directory_fits(directory, pieces if is_ascii else raw[base:].split(b"\x1e")):
        return None
    if is_ascii:
        if "\x1b" in text or (text[9] != "a" and "&#" in text):
            return None
    elif any(char in text for char in ETHS):
        return None
    repairs: Repairs | None = None
    if not is_ascii and not unicodedata.is_normalized("NFC", text):
        if _COMBINES_WITH_MARK.search(text):
            return None
        repairs = Repairs()
        pieces = _composed(directory, pieces, repairs)
    fields = _quick_fields(directory, pieces)
    if fields is None:
        return None
    leader = text[:24]
    if leader[9:12] != "a22" or leader[20:] != "4500":
        repairs = repairs or Repairs()
        leader = tidy_leader(leader, repairs)
    return {"leader": leader, "fields": fields}, repairs.list() if repairs else []


def _quick_fields(directory: str, pieces: list[str]) -> list[dict[str, Any]] | None:
    fields: list[dict[str, Any]] = []
    at = 0
    try:
        for piece in pieces[:-1]:
            tag = directory[at : at + 3]
            at += 12
            if tag < "010" and tag.isdigit():
                if "\x1f" in piece:
                    return None
                fields.append({tag: piece})
            elif piece[2:3] == "\x1f" and tag.isalnum():
                subfields = [{one[0]: one[1:]} for one in piece[3:].split("\x1f")]
                fields.append({tag: {"ind1": piece[0], "ind2": piece[1], "subfields": subfields}})
            else:
                return None
    except IndexError:  # a subfield sign with nothing behind it
        return None
    return fields


def _directory_fits(directory: str, pieces: list[Any]) -> bool:
    """Tell whether each entry's length and place are those of its field, in the same order."""
    if len(directory) != 12 * (len(pieces) - 1) or len(pieces[-1]) != 1:
        return False
    start = 0
    at = 3
    for piece in pieces[:-1]:
        length = len(piece) + 1
        if directory[at : at + 9] != f"{length:04d}{start:05d}":
            return False
        start += length
        at += 12
    return True


def _composed(directory: str, pieces: list[str], repairs: Repairs) -> list[str]:
    composed = []
    for place, piece in enumerate(pieces):
        if piece.isascii() or unicodedata.is_normalized("NFC", piece):
            composed.append(piece)
        else:
            repairs.add("nfc", directory[12 * place : 12 * place + 3])
            composed.append(unicodedata.normalize("NFC", piece))
    return composed


def _agrees(raw: bytes) -> bool:
    """Tell whether the directory leads to exactly this end of the record."""
    base = raw[12:17]
    if not base.isdigit() or not 24 < int(base) < len(raw):
        return False
    directory = raw[24 : int(base) - 1]
    if len(directory) % 12 or not directory:
        return False
    ends = []
    for at in range(0, len(directory), 12):
        numbers = directory[at + 3 : at + 12]
        if not numbers.isdigit():
            return False
        ends.append(int(numbers[:4]) + int(numbers[4:]))
    return max(ends) + int(base) + 1 == len(raw)


def _holds_two(raw: bytes) -> bool:
    """Tell whether a second leader shows that a length covers two records."""
    return _SECOND_LEADER.search(raw, 24) is not None


def _mended(raw: bytes, position: int, start: int, reading: Reading) -> Found:
    """Read a record that is not sound, or list it."""
    repairs = Repairs()
    marc, problem = mend(raw, reading, repairs)
    end = start + len(raw)
    if marc is None:
        return Found(position, start, end, None, [], problem, legible_number(raw))
    return record(position, start, end, marc, repairs.list())


def legible_number(raw: bytes) -> str:
    """Return what is probably the control number of an unreadable record: its first short field."""
    if raw[24:27] != b"001":
        return ""
    pieces = raw.split(b"\x1e", 2)
    number = pieces[1] if len(pieces) > 1 else b""
    return number.decode("ascii", "replace").strip()[:80] if 0 < len(number) <= 40 else ""


def _uncertain(window: Window, at: int, reading: Reading, position: int) -> Iterator[Found]:
    """Give the next stretches where the length cannot be believed: to the next end sign."""
    window.drop(at)
    if filling := _filling(window):
        yield packing(window.start, window.start + filling)
        return
    whole = window.data[: _find_end(window)]
    edges = [0, *_starts_inside(whole), len(whole)]
    for begin, end in pairwise(edges):
        position += 1
        yield _mended(whole[begin:end], position, window.start + begin, reading)


def _filling(window: Window) -> int:
    """Return how many bytes of line ends, blanks and zeros come next."""
    count = 0
    while True:
        match = _BETWEEN.match(window.data, count)
        count = match.end() if match else count
        if count < len(window.data) or not window.grow():
            return count


def _find_end(window: Window) -> int:
    """Return where the stretch ends: behind the next end sign, or at the end of the file."""
    seen = 24
    while True:
        found = window.data.find(END_OF_RECORD, seen)
        if found >= 0:
            return found + 1
        seen = max(24, len(window.data))
        if seen > LARGEST or not window.grow():
            return len(window.data)


def _starts_inside(whole: bytes) -> list[int]:
    """Return where leaders stand within a stretch besides its beginning."""
    found = {m.start() for m in _NEXT_LEADER.finditer(whole, 24)}
    found |= {m.start() for m in _SECOND_LEADER.finditer(whole, 1)}
    found |= {m.start() for m in _BEHIND_RUBBISH.finditer(whole, 1, 48)}
    return sorted(found)
