"""A record as rows of boxes and back: the encoding in which a form carries the whole MARC.

A row is named by a number of its own (``f3``); rows come in the order of the form. ``f3.t`` is the
tag, ``f3.1`` and ``f3.2`` the indicators with # for a blank, ``f3.c`` and ``f3.s`` the codes and
values of the subfields, ``f3.x`` the text of a control field. Whatever boxes could not give back
as it was (invisible characters, blanks at an edge, an empty subfield, a tag or mark that is none)
is a row of MARC text, ``f3.l``, written and read as ``cataloging.marc.text`` does. A row or
subfield that nobody filled in is no field.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from cataloging.marc.model import Marc, pairs
from cataloging.marc.text import Problem, parse, write, write_field

Posted = Mapping[str, Sequence[str]]

_TAG = re.compile(r"[0-9A-Za-z]{3}")
_MARK = re.compile(r"[!-\"$-~ ]")
_CODE = re.compile(r"[!-~]")
_ROW = re.compile(r"f(\d{1,6})\.([tl])")
_BREAKS = re.compile(r"\s*[\r\n]+\s*")


@dataclass(frozen=True)
class Row:
    """A field as boxes. ``line`` is set where only text can say it, ``text`` in control fields."""

    number: int
    tag: str
    ind1: str = ""
    ind2: str = ""
    subfields: tuple[tuple[str, str], ...] = ()
    text: str | None = None
    line: str | None = None


@dataclass(frozen=True)
class Grid:
    """What the rows of a form say: the record, which row each field came from, and the lines
    that make no sense."""

    marc: Marc
    numbers: list[int] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)


def leader_of(marc: Marc) -> str:
    """Return the leader as its box shows it."""
    return write({"leader": marc["leader"], "fields": []}).removeprefix("LDR").removeprefix(" ")


def rows(marc: Marc) -> list[Row]:
    """Return a record's fields as rows, in order."""
    return [row(number, tag, content) for number, (tag, content) in enumerate(pairs(marc))]


def row(number: int, tag: str, content: Any) -> Row:
    """Return one field as a row."""
    if not _TAG.fullmatch(tag) or tag == "LDR" or isinstance(content, str) != tag.startswith("00"):
        return Row(number, tag, line=write_field(tag, content))
    if isinstance(content, str):
        if not content or not _plain(content, blanks=tag in ("006", "007", "008")):
            return Row(number, tag, line=write_field(tag, content))
        return Row(number, tag, text=_control_out(tag, content))
    subs = tuple((code, value) for one in content["subfields"] for code, value in one.items())
    marks = (content["ind1"], content["ind2"])
    if (
        not subs
        or not all(_MARK.fullmatch(mark) for mark in marks)
        or not all(_CODE.fullmatch(code) and value and _plain(value) for code, value in subs)
    ):
        return Row(number, tag, line=write_field(tag, content))
    ind1, ind2 = (mark.replace(" ", "#") for mark in marks)
    return Row(number, tag, ind1, ind2, subs)


def _plain(value: str, *, blanks: bool = False) -> bool:
    return value.isprintable() and (blanks or value == value.strip())


def _control_out(tag: str, content: str) -> str:
    return write_field(tag, content).removeprefix(tag).removeprefix(" ")


def encode(marc: Marc) -> list[tuple[str, str]]:
    """Return the names and values of the boxes of a record, as a browser sends them."""
    sent = [("ldr", leader_of(marc))]
    for one in rows(marc):
        name = f"f{one.number}"
        if one.line is not None:
            sent.append((f"{name}.l", one.line))
            continue
        sent.append((f"{name}.t", one.tag))
        if one.text is not None:
            sent.append((f"{name}.x", one.text))
            continue
        sent += [(f"{name}.1", one.ind1), (f"{name}.2", one.ind2)]
        for code, value in one.subfields:
            sent += [(f"{name}.c", code), (f"{name}.s", value)]
    return sent


def decode(posted: Posted) -> Grid:
    """Read the rows of a form. Never fails: what makes no sense is listed, with the row's number
    as its line."""
    leader = _coded(posted, "ldr", _one(posted, "ldr"))
    grid = Grid({"leader": parse(f"LDR {leader}").marc["leader"], "fields": []})
    for number, kind in _rows_of(posted):
        lines = [_one(posted, f"f{number}.l")] if kind == "l" else list(_typed(posted, number))
        for line in lines:
            _read(grid, number, line)
    return grid


def _rows_of(posted: Posted) -> Iterator[tuple[int, str]]:
    for name in posted:
        if found := _ROW.fullmatch(name):
            yield int(found.group(1)), found.group(2)


def _read(grid: Grid, number: int, line: str) -> None:
    """Read one row as MARC text, so that rows and text mean the same."""
    if not line.strip():
        return
    found = parse(f"LDR \n{line}")
    grid.problems.extend(Problem(number, one.code, one.what) for one in found.problems)
    for one in found.marc["fields"]:
        grid.marc["fields"].append(one)
        grid.numbers.append(number)


def _typed(posted: Posted, number: int) -> Iterator[str]:
    """Give the field of a row as a line of MARC text; nothing for a row nobody filled in."""
    tag = _one(posted, f"f{number}.t").strip()
    codes = [_flat(code) for code in posted.get(f"f{number}.c", ())]
    values = [_flat(value) for value in posted.get(f"f{number}.s", ())]
    text = _flat(_one(posted, f"f{number}.x"))
    subs = [(c or "a", v) for c, v in zip(codes, values, strict=False) if v]
    if not subs and not text:
        return
    if tag.startswith("00"):
        content = text or " ".join(value for _, value in subs)
        yield f"{tag} {_coded(posted, f'f{number}', content)}"
        return
    subs = subs or [("a", text)]
    marks = [_mark(_one(posted, f"f{number}.{n}")) for n in (1, 2)]
    yield write_field(
        tag, {"ind1": marks[0], "ind2": marks[1], "subfields": [{c: v} for c, v in subs]}
    )


def _coded(posted: Posted, row: str, text: str) -> str:
    """Put the codes chosen by name into a fixed field; ``f3.o`` is what they were chosen on."""
    before = _one(posted, f"{row}.o")
    prefix = f"{row}.p"
    for name in posted:
        if not name.startswith(prefix) or not name[len(prefix) :].isdigit():
            continue
        start = int(name[len(prefix) :])
        value = "".join(posted[name]).replace(" ", "#")
        was = before[start : start + len(value)]
        if value and value != was and len(text) >= start + len(value):
            text = text[:start] + value + text[start + len(value) :]
    return text


def _mark(typed: str) -> str:
    return " " if typed.strip() in ("", "#") else typed.strip()


def _flat(typed: str) -> str:
    return _BREAKS.sub(" ", typed).strip(" \t\r\n")


def _one(posted: Posted, name: str) -> str:
    return next(iter(posted.get(name, ())), "")
