"""A report as it is read: heading, chapters, lines with their cells. Also its frozen form.

Pages, spreadsheets and print all show a ``Paper``. From submission on it is read back from the
snapshot, so that neither later loans nor a renamed library nor a new form change it.
"""

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field
from datetime import date
from typing import Any

Number = float | None

COLUMNS = ("period", "cumulative", "last_year")


@dataclass(frozen=True)
class Cell:
    """A figure: what the program computed and what a person put in its place, with the reason."""

    computed: Number = None
    value: Number = None
    reason: str = ""

    @property
    def shown(self) -> Number:
        """The figure that counts."""
        return self.computed if self.value is None else self.value

    @property
    def corrected(self) -> bool:
        """True when a person changed what was computed."""
        return self.value is not None and self.computed is not None and self.value != self.computed


@dataclass(frozen=True)
class Line:
    """A row of the form with its figures."""

    id: str
    number: str
    code: str
    vi: str
    en: str
    unit: str
    under: str
    typed: bool
    derived: bool
    kind: str
    rollup: str
    cells: dict[str, Cell]

    def label(self, language: str) -> str:
        """Return the row's words."""
        return self.vi if language == "vi" else self.en

    @property
    def change(self) -> Number:
        """Per cent of the same period last year; None where there is nothing to compare."""
        now, then = self.cells["period"].shown, self.cells["last_year"].shown
        return round(now / then * 100, 1) if now is not None and then else None


@dataclass(frozen=True)
class Chapter:
    """A chapter with its lines."""

    number: str
    vi: str
    en: str
    lines: tuple[Line, ...]

    def label(self, language: str) -> str:
        """Return the chapter's words."""
        return self.vi if language == "vi" else self.en


@dataclass(frozen=True)
class Paper:
    """A whole report. Days are days of the libraries' zone."""

    template: str
    template_version: int
    title: str
    title_en: str
    unit_id: int
    unit_name: str
    unit_above: str
    unit_place: str
    receiver: str
    form_number: str
    issued_under: str
    first: date
    last: date
    period: str
    period_en: str
    due_on: date
    version: int
    note: str
    roles: tuple[str, ...]
    signatures: dict[str, str]
    columns: tuple[str, ...]
    chapters: tuple[Chapter, ...]
    facts: dict[str, Any] = field(default_factory=dict)

    @property
    def lines(self) -> Iterator[Line]:
        """All lines in order."""
        return (line for chapter in self.chapters for line in chapter.lines)

    def line(self, row_id: str) -> Line | None:
        """Return a line by its row id, if this paper has it."""
        return next((line for line in self.lines if line.id == row_id), None)

    def value(self, row_id: str, column: str = "period") -> Number:
        """Return the figure of a cell, None when the paper has no such row."""
        line = self.line(row_id)
        return line.cells[column].shown if line else None

    def heading(self, language: str) -> str:
        """Return title and period in one line."""
        if language == "vi":
            return f"{self.title} – {self.period}"
        return f"{self.title_en} – {self.period_en}"


def to_json(paper: Paper) -> dict[str, Any]:
    """Return the paper as plain data, to be kept."""
    data = asdict(paper)
    for key in ("first", "last", "due_on"):
        data[key] = data[key].isoformat()
    return data


def from_json(data: Mapping[str, Any]) -> Paper:
    """Return the paper that was kept; what later versions added has its default."""
    words = dict(data)
    for key in ("first", "last", "due_on"):
        words[key] = date.fromisoformat(words[key])
    for key in ("roles", "columns"):
        words[key] = tuple(words[key])
    words["chapters"] = tuple(_chapter(chapter) for chapter in words["chapters"])
    known = Paper.__dataclass_fields__
    return Paper(**{key: value for key, value in words.items() if key in known})


def _chapter(data: Mapping[str, Any]) -> Chapter:
    return Chapter(
        data["number"], data["vi"], data["en"], tuple(_line(line) for line in data["lines"])
    )


def _line(data: Mapping[str, Any]) -> Line:
    cells = {column: Cell(**cell) for column, cell in data["cells"].items()}
    return Line(**{**data, "cells": cells})


def shown(value: Number) -> str:
    """Write a figure the Vietnamese way: 1.234.567, or 2,45 where it is not whole."""
    if value is None:
        return ""
    text = f"{value:,.0f}" if float(value).is_integer() else f"{value:,.4f}".rstrip("0")
    return text.translate(str.maketrans(",.", ".,"))


def read_number(typed: str) -> Number:
    """Read a figure as people type it: 1234, 1.234, 1 234, 2,5; empty is None.

    Raises ``ValueError`` for anything else, also for negative figures.
    """
    text = "".join(typed.split())
    if not text:
        return None
    if text.count(",") > 1 or not set(text) <= set("0123456789.,"):
        raise ValueError(typed)
    whole, _comma, rest = text.partition(",")
    groups = whole.split(".")
    if len(groups) > 1 and (any(len(g) != 3 for g in groups[1:]) or not 0 < len(groups[0]) < 4):
        raise ValueError(typed)
    if not whole or "." in rest or len(whole) > 20:
        raise ValueError(typed)
    return float(f"{''.join(groups)}.{rest or '0'}")
