r"""Aleph sequential: ``000000794 24510 L $$aTitle``, one line a field, a number for each record.

A blank in the leader and in control fields is ``^``; some systems write ``-`` instead, which is
taken for a blank where the leader shows it. What is no field (``FMT``, ``CAT``) is kept as it is.
"""

import re
from collections.abc import Iterator
from typing import Any, Final

from cataloging.marc.formats.characters import MADE_LEADER, Reader, Reading, tidy_leader
from cataloging.marc.formats.found import Found, Repairs
from cataloging.marc.formats.lines import Line, gathered, lines, records_of_lines
from cataloging.marc.formats.window import Window
from cataloging.marc.model import Marc, control

FIELD_LINE: Final = re.compile(rb"([0-9]{9}) ([0-9A-Z]{3})(.)(.) ([A-Z]) ?")
_WITH_BLANKS: Final = ("006", "007", "008")


def read(window: Window, reading: Reading, position: int = 0) -> Iterator[Found]:
    """Give the stretches of the file."""

    def key(line: Line, last: object) -> object:
        match = FIELD_LINE.match(line.raw)
        if match:
            return match.group(1)
        return last if line.raw.strip() else None

    def parse(group: list[Line], repairs: Repairs) -> Marc | None:
        return _parse(group, reading, repairs)

    yield from records_of_lines(gathered(lines(window), key), parse, position)


def _parse(group: list[Line], reading: Reading, repairs: Repairs) -> Marc | None:
    rows: list[tuple[str, str, bytes]] = []
    number = ""
    for line in group:
        match = FIELD_LINE.match(line.raw)
        if match:
            number = match.group(1).decode("ascii")
            marks = (match.group(3) + match.group(4)).decode("latin-1")
            rows.append((match.group(2).decode("ascii"), marks, line.raw[match.end() :]))
        elif not rows:
            return None
        else:
            tag, marks, before = rows[-1]
            rows[-1] = (tag, marks, before + b" " + line.raw)
            repairs.add("line_breaks", tag)
    encoding = reading.encoding_of(b"\n".join(raw for *_, raw in rows), says_unicode=True)
    reader = Reader(encoding, reading, repairs)
    marc = _marc_of(rows, reader, repairs)
    if not control(marc, "001"):
        marc["fields"].insert(0, {"001": number})
        repairs.add("control_number", "001", number)
    return marc


def _marc_of(rows: list[tuple[str, str, bytes]], reader: Reader, repairs: Repairs) -> Marc:
    leader = next((reader.decode(raw, tag) for tag, _, raw in rows if tag == "LDR"), "")
    has_dashes = "^" not in leader and "-" in leader[:5]
    if has_dashes:
        repairs.add("leader_blanks", "LDR", "-")
    blank = "-" if has_dashes else "^"
    fields: list[dict[str, Any]] = []
    for tag, marks, raw in rows:
        if tag == "LDR":
            continue
        text = reader.decode(raw, tag)
        if "$$" not in text[:2]:
            plain = tag.startswith("00") and (blank == "^" or tag in _WITH_BLANKS)
            text = text.replace(blank, " ") if plain else text
            fields.append({tag: _unmarked(tag, marks, reader.clean(text, tag), repairs)})
        else:
            fields.append({tag: _data(tag, marks, text, reader, repairs)})
    if not leader:
        repairs.add("leader_missing", "LDR")
    made = leader.replace(blank, " ") or MADE_LEADER
    return {"leader": tidy_leader(made, repairs), "fields": fields}


def _unmarked(tag: str, marks: str, text: str, repairs: Repairs) -> Any:
    """Return the content of a line without subfields; under a data tag it becomes $a."""
    if tag.startswith("00") or not tag.isdigit():
        return text
    repairs.add("no_subfield", tag)
    return {"ind1": marks[0], "ind2": marks[1], "subfields": [{"a": text}]}


def _data(tag: str, marks: str, text: str, reader: Reader, repairs: Repairs) -> dict[str, Any]:
    subfields: list[dict[str, str]] = []
    for one in text.split("$$")[1:]:
        if one:
            subfields.append({one[0]: reader.clean(one[1:], tag)})
        else:
            repairs.add("empty_subfield", tag)
    return {"ind1": marks[0], "ind2": marks[1], "subfields": subfields}
