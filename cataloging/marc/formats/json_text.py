"""MARC-in-JSON: one object, an array, objects one after another or one a line; two dialects.

The file is cut at the objects that stand alone or in the outermost array, and each is parsed by
itself, so that a broken one harms no other. The usual dialect names fields by their tag; the other
writes ``{"tag": "245", "ind1": …, "subfields": [{"code": "a", "value": …}]}``. Objects are kept as
pairs, so that a name given twice loses nothing. Source: MARC-in-JSON proposal (R. Singer, 2010).
"""

import json
import re
from collections.abc import Iterator
from typing import Any, Final

from cataloging.marc.formats.characters import MADE_LEADER, Reader, Reading, tidy_leader
from cataloging.marc.formats.found import Found, Problem, Repairs, packing, record
from cataloging.marc.formats.window import BLOCK, Window
from cataloging.marc.model import Marc

LARGEST: Final = 64 << 20

# A string has no line end in it, so that one without its end sign harms one line only. A record
# that begins on a line of its own ends the one before, however broken that is.
_TOKEN: Final = re.compile(
    rb'"(?:[^"\\\n]|\\.)*"|(\n[ \t,\[]*)\{(?=\s*"(?:leader|_id|_validationOptions)"\s*:)|[{}]',
    re.DOTALL,
)
_TRAILING_COMMA: Final = re.compile(r'("(?:[^"\\]|\\.)*")|,(?=\s*[}\]])', re.DOTALL)
_NUMBER: Final = re.compile(rb'"001"\s*(?::|,\s*"value"\s*:)\s*"([^"]{1,80})"')


class _Object(list[tuple[str, Any]]):
    """A JSON object as pairs, in order."""

    def get(self, name: str) -> Any:
        """Return the first value of a name, or None."""
        return next((value for key, value in self if key == name), None)


def read(window: Window, reading: Reading, position: int = 0) -> Iterator[Found]:
    """Give the stretches of the file."""
    for start, end, is_object in _pieces(window):
        raw = window.data[start - window.start : end - window.start]
        if not is_object:
            yield packing(start, end)
            continue
        position += 1
        repairs = Repairs()
        marc, why = _parse(raw, reading, repairs)
        if marc is None:
            number = _NUMBER.search(raw)
            legible = number.group(1).decode("utf-8", "replace") if number else ""
            yield Found(position, start, end, None, [], Problem("json_damaged", why), legible)
        else:
            yield record(position, start, end, marc, repairs.list())


# -- cutting -----------------------------------------------------------------------------------


def _pieces(window: Window) -> Iterator[tuple[int, int, bool]]:
    """Give (start, end, is object): each outermost object, and what lies between them."""
    at = window.start
    while True:
        opened = _find(window, b"{", at)
        if opened < 0:
            if at < window.end:
                yield at, window.end, False
            return
        if at < opened:
            yield at, opened, False
        end = _end_of_object(window, opened)
        yield opened, end, True
        at = end
        if at - window.start > BLOCK:
            window.drop(at - window.start)


def _find(window: Window, sign: bytes, at: int) -> int:
    while True:
        found = window.data.find(sign, at - window.start)
        if found >= 0:
            return found + window.start
        if not window.grow():
            return -1


def _end_of_object(window: Window, opened: int) -> int:
    """Return where an object ends: at its brace, before the next record, or with the file."""
    depth = 0
    seen = opened
    while True:
        match = _TOKEN.search(window.data, seen - window.start)
        if match is None or len(window.data) - match.end() < 200:  # it may go on out of view
            if not window.is_complete and len(window.data) < LARGEST and window.grow():
                continue
            if match is None:
                return window.end
        if match.group(1) is not None and depth:
            return match.start() + window.start
        seen = match.end() + window.start
        depth += {b"{": 1, b"}": -1}.get(match.group()[-1:], 0)
        if depth == 0:
            return seen


# -- parsing one record ------------------------------------------------------------------------


def _parse(raw: bytes, reading: Reading, repairs: Repairs) -> tuple[Marc | None, str]:
    """Return the record, or why there is none."""
    encoding = reading.encoding_of(raw, says_unicode=True)
    reader = Reader(encoding, reading, repairs)
    text = reader.decode(raw, "")
    try:
        found = json.loads(text, object_pairs_hook=_Object)
    except ValueError as error:
        try:
            mended = _TRAILING_COMMA.sub(lambda m: m.group(1) or "", text)
            found = json.loads(mended, object_pairs_hook=_Object, strict=False)
        except ValueError:
            return None, str(error)
        repairs.add("json", "", str(error))
    if not isinstance(found, _Object) or found.get("fields") is None:
        return None, "no fields"
    return _marc_of(found, reader, repairs), ""


def _marc_of(found: _Object, reader: Reader, repairs: Repairs) -> Marc:
    leader = ""
    fields: list[dict[str, Any]] = []
    for name, value in found:
        if name == "leader" and isinstance(value, str):
            leader = reader.clean(value, "LDR")
        elif name == "fields" and isinstance(value, list):
            listed = [value] if isinstance(value, _Object) else value
            for one in listed:
                fields.extend(_fields_of(one, reader, repairs))
        else:
            repairs.add("members", "", name)
    if not leader:
        repairs.add("leader_missing", "LDR")
        leader = MADE_LEADER
    return {"leader": tidy_leader(leader, repairs), "fields": fields}


def _fields_of(one: Any, reader: Reader, repairs: Repairs) -> Iterator[dict[str, Any]]:
    """Give the fields an element of ``fields`` holds: one, unless it names several tags."""
    if not isinstance(one, _Object):
        repairs.add("members", "", _text(one)[:60])
        return
    tag = one.get("tag")
    if isinstance(tag, str):
        content = one.get("value") if one.get("subfields") is None else one
        yield {tag: _content(content, tag, reader, repairs)}
        return
    for name, value in one:
        values = value if isinstance(value, list) and not isinstance(value, _Object) else [value]
        for each in values:
            yield {_tag(name, repairs): _content(each, name, reader, repairs)}


def _tag(name: str, repairs: Repairs) -> str:
    if len(name) != 3:
        repairs.add("tag", name or "???", name)
    return name or "???"


def _content(content: Any, tag: str, reader: Reader, repairs: Repairs) -> Any:
    if not isinstance(content, _Object):
        if not isinstance(content, str):
            repairs.add("json", tag, _text(content)[:60])
        return reader.clean(_text(content), tag)
    marks = []
    for name in ("ind1", "ind2"):
        value = content.get(name)
        if not isinstance(value, str) or len(value) != 1:
            if value != "":
                repairs.add("indicators", tag, _text(value))
            value = (value if isinstance(value, str) else "")[:1] or " "
        marks.append(value)
    subfields: list[dict[str, str]] = []
    for name, value in content:
        if name == "subfields" and isinstance(value, list):
            listed = [value] if isinstance(value, _Object) else value
            for one in listed:
                subfields.extend(_subfields_of(one, tag, reader, repairs))
        elif name not in ("ind1", "ind2", "tag"):
            repairs.add("members", tag, name)
    return {"ind1": marks[0], "ind2": marks[1], "subfields": subfields}


def _subfields_of(one: Any, tag: str, reader: Reader, repairs: Repairs) -> Iterator[dict[str, str]]:
    if not isinstance(one, _Object):
        repairs.add("no_subfield", tag)
        yield {"a": reader.clean(_text(one), tag)}
        return
    code = one.get("code")
    if isinstance(code, str) and all(name in ("code", "value") for name, _ in one):
        if one.get("value") is None:
            repairs.add("empty_subfield", tag)
        yield {_code(code, tag, repairs): reader.clean(_text(one.get("value")), tag)}
        return
    for name, value in one:
        if not isinstance(value, str):
            repairs.add("json", tag, _text(value)[:60])
        yield {_code(name, tag, repairs): reader.clean(_text(value), tag)}


def _code(code: str, tag: str, repairs: Repairs) -> str:
    if len(code) == 1:
        return code
    repairs.add("subfield_code", tag, code)
    return code[:1] or "?"


def _text(value: Any) -> str:
    """Return a value as text; what is no text is written as JSON, so that nothing is lost."""
    if isinstance(value, str):
        return value
    return "" if value is None else json.dumps(value, ensure_ascii=False)
