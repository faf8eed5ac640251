"""CDS/ISIS exports as tables: a column for each tag and subfield, a row for each record.

Two kinds: ISO 2709 as ISIS writes it (in lines of 80, ``^a`` before a subfield, terminators of
one's own choice), and text (``!ID 0000001`` and ``!v024!…``). Repeated fields are joined by ``; ``.
"""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

JOINED: Final = "; "
_ID: Final = re.compile(rb"^!ID \d+", re.MULTILINE)
_FIELD: Final = re.compile(r"!v(\d{1,3})!(.*)", re.DOTALL)
_TEXT_INDICATORS: Final = re.compile(r"[0-9#_ ]{1,2}")
_PIECE: Final = re.compile(r"\^(.)([^^]*)")
_LEADER: Final = re.compile(rb"\d{5}[ -~]{5}[ -~]{2}\d{5}")
_INDICATORS: Final = re.compile(rb"\x1e[ 0-9a-z#|]{2}\x1f")

Fields = list[tuple[str, str]]  # tag without leading zeros, content


def is_text_export(head: bytes) -> bool:
    """Tell whether a file begins as ISIS writes records out as text."""
    return bool(_ID.search(head[:2000])) and b"!v" in head[:20_000]


def is_iso_export(head: bytes) -> bool:
    """Tell whether an ISO 2709 file holds ISIS records: readable, and no MARC title among them."""
    data = _unwrapped(head)
    if not _LEADER.match(data[:24]) or data[10:12] == b"22":  # MARC has two indicators
        return False
    if _INDICATORS.search(data):  # whatever its leader says
        return False
    tags: list[str] = []
    read = 0
    for fields, _end in _records(data):
        tags += [tag for tag, _ in fields]
        read += bool(fields)
        if read >= 20:
            break
    return bool(read) and "245" not in tags


def rows(path: Path, kind: str, encoding: str) -> Iterator[tuple[int, tuple[Any, ...]]]:
    """Give the header row, then a row for each record; files of ISIS fit into memory."""
    data = path.read_bytes()
    found = list(_text_records(data.decode(encoding, "replace")) if kind != "isis" else _iso(data))
    cells = [_cells(fields) for fields in found]
    names = sorted({name for one in cells for name in one}, key=_order)
    yield 1, tuple(names)
    for number, one in enumerate(cells, start=2):
        yield number, tuple(one.get(name, "") for name in names)


def _order(name: str) -> tuple[int, str]:
    tag, _, code = name.partition("^")
    return int(tag), code


def _cells(fields: Fields) -> dict[str, str]:
    """Return one record's columns: ``24``, ``26^a``."""
    found: dict[str, list[str]] = {}
    for tag, content in fields:
        before, sign, _pieces = content.partition("^")
        before = before.strip()
        # Two signs before the subfields of a field of MARC are its indicators.
        if before and not (sign and int(tag) >= 100 and _TEXT_INDICATORS.fullmatch(before)):
            found.setdefault(tag, []).append(before.replace("<", "").replace(">", "; ").strip("; "))
        for code, value in _PIECE.findall(content):
            found.setdefault(f"{tag}^{code.lower()}", []).append(value.strip())
    return {name: JOINED.join(v for v in values if v) for name, values in found.items()}


def _text_records(text: str) -> Iterator[Fields]:
    current: Fields | None = None
    for line in text.splitlines():
        if line.startswith("!ID "):
            if current:
                yield current
            current = []
        elif current is not None and (match := _FIELD.match(line)):
            current.append((str(int(match.group(1))), match.group(2)))
        elif current:  # a long field goes on in the next line
            current[-1] = (current[-1][0], current[-1][1] + line)
    if current:
        yield current


def _iso(data: bytes) -> Iterator[Fields]:
    for fields, _end in _records(_unwrapped(data)):
        yield fields


def _unwrapped(data: bytes) -> bytes:
    """Take the line ends out; ISIS breaks its lines after 80 signs wherever that is."""
    return data.replace(b"\r", b"").replace(b"\n", b"").lstrip(b"\x00 ")


def _records(data: bytes) -> Iterator[tuple[Fields, int]]:
    at = 0
    while match := _LEADER.match(data, at):
        length, base = int(data[at : at + 5]), int(match.group()[-5:])
        if not 24 < base < length or at + length > len(data):
            return
        yield list(_directory(data[at : at + length], base)), at + length
        at += length
        while data[at : at + 1] in (b" ", b"\x00", b"\x1a"):
            at += 1


def _directory(record: bytes, base: int) -> Iterator[tuple[str, str]]:
    for place in range(24, base - 1, 12):
        entry = record[place : place + 12]
        if len(entry) < 12 or not entry.isdigit():
            return
        start = base + int(entry[7:12])
        content = record[start : start + int(entry[3:7]) - 1].decode("latin-1")
        indicators = int(chr(record[10])) if chr(record[10]).isdigit() else 0
        if indicators and content[indicators : indicators + 1] == "\x1f":
            content = content[indicators:]
        yield str(int(entry[:3])), content.replace("\x1f", "^")
