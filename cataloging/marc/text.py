r"""MARC as text for people to edit: one line a field, and back without any loss.

    LDR 00000nam a2200000 a 4500
    008 250101s2020####vm#a###j######000#1#vie#d
    245 10 $a Dế Mèn phiêu lưu ký / $c Tô Hoài

* An empty indicator is `#`; so is a blank in the leader, 006, 007 and 008.
* `$` and a code begin a subfield; one blank on either side of it does not count. A dollar that is
  text is `$$`. Blank lines are skipped.
* Characters that cannot be seen are written by their code: `${9}` is a tab, `${20}` a blank at
  the edge of a value, which would otherwise not count.
* What has no business there is kept too: a tag, indicator or subfield code other than one plain
  character is written as hexadecimal codes in brackets (`$(24) …`), and `!` behind a tag says
  that the field has the other kind of content than its tag promises.

``write`` and ``parse`` are inverse: every record comes back as it was.
"""

import re
import unicodedata
from dataclasses import dataclass, field
from typing import Any

from cataloging.marc.model import Marc

_FIXED = frozenset({"LDR", "006", "007", "008"})
_FIXED_OUT = {" ": "#", "$": "$$", "#": "${23}"}
_PLAIN_TAG = re.compile(r"[0-9A-Za-z]{3}")
_PLAIN_MARK = re.compile(r"[!-~]")
_NEVER_PLAIN = frozenset("$(#")
_ESCAPE = re.compile(r"\$(?:\$|\{([0-9A-Fa-f]{1,6})\})")
_TAG = re.compile(r"(?:\(([0-9A-Fa-f.]*)\)|([0-9A-Za-z]{3}))(!?)(?: |$)")
_INDICATOR = re.compile(r"\(([0-9A-Fa-f.]*)\)|([^$(\t])")
_DELIMITER = re.compile(r"\$(?!\$|\{)(?:\(([0-9A-Fa-f.]*)\)|([^\s]))? ?")


@dataclass(frozen=True)
class Problem:
    """A line that cannot be read. ``line`` counts from 1; ``code`` is worded by the page."""

    line: int
    code: str
    what: str = ""


@dataclass(frozen=True)
class Parsed:
    """What was read: the record, the line of each field, and the lines that make no sense."""

    marc: Marc
    lines: list[int] = field(default_factory=list)
    leader_line: int = 0
    problems: list[Problem] = field(default_factory=list)


def write(marc: Marc) -> str:
    """Return the record as text, one line a field, the leader first."""
    leader = _fixed_out(marc["leader"])
    lines = [f"LDR {leader}" if leader else "LDR"]
    lines += [write_field(tag, content) for one in marc["fields"] for tag, content in one.items()]
    return "\n".join(lines)


def write_field(tag: str, content: Any) -> str:
    """Return one field as a line."""
    name = tag if _PLAIN_TAG.fullmatch(tag) and tag != "LDR" else f"({_codes(tag)})"
    if isinstance(content, str):
        if not _is_control(tag):
            name += "!"
        value = _fixed_out(content) if tag in _FIXED else _value_out(content)
        return f"{name} {value}" if value else name
    if _is_control(tag):
        name += "!"
    marks = _indicator_out(content["ind1"]) + _indicator_out(content["ind2"])
    parts = [
        f"${_code_out(code)} {_value_out(value)}" if value else f"${_code_out(code)}"
        for sub in content["subfields"]
        for code, value in sub.items()
    ]
    return " ".join((name, marks, *parts))


def _is_control(tag: str) -> bool:
    return tag.startswith("00")


def _codes(text: str) -> str:
    return ".".join(f"{ord(c):x}" for c in text)


def _escaped(char: str) -> str:
    return "${" + f"{ord(char):x}" + "}"


def _is_invisible(char: str) -> bool:
    return unicodedata.category(char) in {"Cc", "Cf", "Cs", "Cn", "Zl", "Zp"}


def _value_out(value: str) -> str:
    value = value.replace("$", "$$")
    if not value.isprintable():
        value = "".join(_escaped(c) if _is_invisible(c) else c for c in value)
    inner = value.strip(" ")
    if inner != value:
        before = len(value) - len(value.lstrip(" ")) if inner else 0
        after = len(value) - len(inner) - before
        value = "${20}" * before + inner + "${20}" * after
    return value


def _fixed_out(value: str) -> str:
    return "".join(_FIXED_OUT.get(c) or (_escaped(c) if _is_invisible(c) else c) for c in value)


def _indicator_out(mark: str) -> str:
    if mark == " ":
        return "#"
    plain = _PLAIN_MARK.fullmatch(mark) and mark not in _NEVER_PLAIN
    return mark if plain else f"({_codes(mark)})"


def _code_out(code: str) -> str:
    plain = _PLAIN_MARK.fullmatch(code) and code not in "$({"
    return code if plain else f"({_codes(code)})"


class _Unreadable(Exception):
    """Carries the code and the piece of text of a ``Problem``."""


def parse(text: str) -> Parsed:
    """Read text as ``write`` makes it, or as a person typed it.

    A person may leave out the blank behind a subfield code, write an empty indicator as a blank,
    or leave both indicators out. Lines that cannot be read are listed; the others are kept.
    """
    leader = ""
    leader_line = 0
    fields: list[dict[str, Any]] = []
    lines: list[int] = []
    problems: list[Problem] = []
    for number, raw in enumerate(text.split("\n"), 1):
        line = raw.removesuffix("\r").lstrip(" \t")
        if not line.strip(" \t"):
            continue
        try:
            tag, content = _read_line(line)
        except _Unreadable as error:
            problems.append(Problem(number, *error.args))
            continue
        if tag == "LDR" and isinstance(content, str) and line.startswith("LDR"):
            if leader_line:
                problems.append(Problem(number, "second_leader"))
            leader, leader_line = content, number
        else:
            fields.append({tag: content})
            lines.append(number)
    if not leader_line:
        problems.insert(0, Problem(1, "no_leader"))
    return Parsed({"leader": leader, "fields": fields}, lines, leader_line, problems)


def _read_line(line: str) -> tuple[str, Any]:
    head = _TAG.match(line)
    if not head:
        raise _Unreadable("no_tag", line[:12])
    tag = head.group(2) if head.group(1) is None else _decoded(head.group(1))
    rest = line[head.end() :]
    if line.startswith("LDR"):
        return "LDR", _value_in(rest, fixed=True)
    if _is_control(tag) != bool(head.group(3)):
        return tag, _value_in(rest, fixed=tag in _FIXED)
    return tag, _read_data(rest)


def _read_data(rest: str) -> dict[str, Any]:
    position = 0
    marks: list[str] = []
    while len(marks) < 2 and (match := _INDICATOR.match(rest, position)):
        plain = match.group(2)
        marks.append(_decoded(match.group(1)) if plain is None else plain.replace("#", " "))
        position = match.end()
    behind = rest[position:].lstrip(" \t")
    if len(marks) == 1 and marks[0].strip():
        raise _Unreadable("no_indicators", rest[:12])
    if behind and not behind.startswith("$"):
        raise _Unreadable("no_subfield", behind[:12])
    ind1, ind2 = (*marks, " ", " ")[:2]
    return {"ind1": ind1, "ind2": ind2, "subfields": _read_subfields(behind)}


def _read_subfields(text: str) -> list[dict[str, str]]:
    found: list[dict[str, str]] = []
    starts = _delimiters(text)
    ends = [match.start() for match in starts[1:]] + [len(text)]
    for match, end in zip(starts, ends, strict=False):
        if match.group(1) is None and match.group(2) is None:
            raise _Unreadable("no_code", text[match.start() : match.start() + 12])
        code = match.group(2) if match.group(1) is None else _decoded(match.group(1))
        found.append({code: _value_in(text[match.end() : end])})
    return found


def _delimiters(text: str) -> list[re.Match[str]]:
    """Find the signs that begin a subfield, passing over `$$` and `${…}`."""
    found = []
    position = 0
    while (position := text.find("$", position)) >= 0:
        if escape := _ESCAPE.match(text, position):
            position = escape.end()
            continue
        match = _DELIMITER.match(text, position)
        if match is None:
            raise _Unreadable("bad_escape", text[position : position + 12])
        found.append(match)
        position = match.end()
    return found


def _value_in(text: str, *, fixed: bool = False) -> str:
    if fixed:
        text = text.replace("#", " ")
    else:
        text = text.strip(" \t")
    if "$" not in text:
        return text
    if "$" in _ESCAPE.sub("", text):
        raise _Unreadable("bad_escape", text[:12])
    return _ESCAPE.sub(_unescaped, text)


def _unescaped(match: re.Match[str]) -> str:
    return "$" if match.group(1) is None else _char(match.group(1))


def _char(digits: str) -> str:
    number = int(digits, 16)
    if number > 0x10FFFF:
        raise _Unreadable("bad_escape", digits)
    return chr(number)


def _decoded(codes: str) -> str:
    try:
        return "".join(_char(code) for code in codes.split(".")) if codes else ""
    except ValueError as error:
        raise _Unreadable("bad_escape", codes[:12]) from error
