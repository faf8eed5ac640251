r"""MARC as lines of text (.mrk, MARCMaker): ``=245  10$aTitle``; records are blank lines apart.

A blank in a control field or indicator is ``\``. ``{dollar}``, ``{lcub}``, ``{rcub}`` and ``{bsol}``
stand for signs with a meaning here, other names in braces for letters and marks; a mark stands
before its letter. Source: Library of Congress, MARCMaker user's manual.
"""

import re
import tomllib
import unicodedata
from collections.abc import Iterator
from functools import lru_cache
from itertools import count
from pathlib import Path
from typing import Any, Final

from cataloging.marc.formats.characters import MADE_LEADER, Reader, Reading, tidy_leader
from cataloging.marc.formats.found import Found, Repairs
from cataloging.marc.formats.lines import Line, gathered, lines, records_of_lines
from cataloging.marc.formats.window import Window
from cataloging.marc.model import Marc

FIELD_LINE: Final = re.compile(rb"=(LDR|[0-9A-Za-z]{3})(?: {2}|\t| |$)")
# Within a record a tag may be odd: three signs, whatever they are, and two blanks.
_ODD_LINE: Final = re.compile(rb"=((?:[ -~]|[\xc2-\xf4][\x80-\xbf]{1,3}){3}) {2}")
_LEADERS: Final = ("LDR", "000")
_NAME: Final = re.compile(r"\{([0-9A-Za-z]{1,12})\}(.?)", re.DOTALL)


def read(window: Window, reading: Reading, position: int = 0) -> Iterator[Found]:
    """Give the stretches of the file."""
    begun = count(1)

    def key(line: Line, last: object) -> object:
        """Lines of one record share a number; a leader or a blank line ends the record before."""
        match = FIELD_LINE.match(line.raw)
        if match is None:
            return last if line.raw.strip() else None
        starts = match.group(1).decode("ascii") in _LEADERS
        return next(begun) if starts or last is None else last

    def parse(group: list[Line], repairs: Repairs) -> Marc | None:
        return _parse(group, reading, repairs)

    yield from records_of_lines(gathered(lines(window), key), parse, position)


def _parse(group: list[Line], reading: Reading, repairs: Repairs) -> Marc | None:
    whole: list[tuple[str, bytes]] = []
    for line in group:
        match = FIELD_LINE.match(line.raw) or (_ODD_LINE.match(line.raw) if whole else None)
        if match:
            tag = match.group(1).decode("utf-8", "replace")
            if not match.group(1).isalnum():
                repairs.add("tag", tag)
            whole.append((tag, line.raw[match.end() :]))
        elif not whole:
            return None
        else:
            tag, before = whole[-1]
            whole[-1] = (tag, before + b" " + line.raw)
            repairs.add("line_breaks", tag)
    encoding = reading.encoding_of(b"\n".join(raw for _, raw in whole), says_unicode=True)
    reader = Reader(encoding, reading, repairs)
    leader = ""
    fields: list[dict[str, Any]] = []
    for tag, raw in whole:
        text = reader.decode(raw, tag)
        if tag in _LEADERS:
            leader = _plain(text)
        else:
            fields.append({tag: _content(tag, text, reader, repairs)})
    if not leader:
        repairs.add("leader_missing", "LDR")
        leader = MADE_LEADER
    return {"leader": tidy_leader(leader, repairs), "fields": fields}


def _content(tag: str, text: str, reader: Reader, repairs: Repairs) -> Any:
    is_plain = "$" not in text and not tag.isdigit()
    if is_plain or (tag.startswith("00") and "$" not in text[2:3]):
        return reader.clean(named(_plain(text)), tag)
    head, *rest = text.split("$")
    marks = _plain(head)
    subfields: list[dict[str, str]] = []
    if len(marks) != 2:
        if marks[2:].strip():
            repairs.add("no_subfield", tag)
            subfields.append({"a": reader.clean(named(head[2:]), tag)})
        else:
            repairs.add("indicators", tag, marks)
        marks = marks[:2].ljust(2)
    for one in rest:
        if one:
            subfields.append({one[0]: reader.clean(named(one[1:]), tag)})
        else:
            repairs.add("empty_subfield", tag)
    return {"ind1": marks[0], "ind2": marks[1], "subfields": subfields}


def _plain(text: str) -> str:
    """Return a control field with its blanks."""
    return text.replace("\\", " ")


def named(text: str) -> str:
    """Write out what stands in braces; a name nobody knows stays as it is."""
    if "{" not in text:
        return text
    signs, marks = names()
    out, at = [], 0
    while match := _NAME.search(text, at):
        name, behind = match.group(1).lower(), match.group(2)
        out.append(text[at : match.start()])
        at = match.end(1) + 1
        if match.group(1) in signs or name in signs:
            out.append(signs.get(match.group(1)) or signs[name])
        elif name in marks and behind and behind != "{":
            out.append(behind + marks[name])
            at = match.end()
        else:
            out.append(match.group()[: at - match.start()])
    return "".join(out) + text[at:]


@lru_cache(maxsize=1)
def names() -> tuple[dict[str, str], dict[str, str]]:
    """Return the names of signs and of marks that stand before their letter."""
    data = tomllib.loads((Path(__file__).parent / "mrk_names.toml").read_text("utf-8"))
    marks = {name: unicodedata.lookup(of) for name, of in data["marks"].items()}
    return data["signs"], marks
