"""Report templates: the official form as data. Chapters, rows, clock, due rule, who signs."""

import tomllib
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache
from pathlib import Path
from typing import Any

from ils.core.errors import NotFound
from ils.reporting.figures import Measure
from ils.reporting.indicators import Condition, Indicator, conditions, indicator
from ils.reporting.periods import Clock, Period, clock_named

TEMPLATES_DIR = Path(__file__).with_name("data") / "templates"


@dataclass(frozen=True)
class Row:
    """A line of the form. ``under`` names the row this one is a part of."""

    id: str
    number: str
    code: str
    vi: str
    en: str
    unit: str
    typed: bool
    under: str = ""
    where: tuple[Condition, ...] = ()

    @property
    def indicator(self) -> Indicator:
        """The indicator this row shows, whole or in part."""
        return indicator(self.code)

    @property
    def measure(self) -> Measure:
        """What is computed for it."""
        return Measure(self.code, self.where)

    @property
    def derived(self) -> bool:
        """True for sums and ratios of other rows."""
        return not self.typed and bool(self.indicator.total_of or self.indicator.ratio)

    @property
    def from_log(self) -> bool:
        """True for figures that come from the log or a declared source."""
        return not self.typed and not self.derived

    @property
    def adds_up(self) -> bool:
        """True when months add up to a year."""
        return self.indicator.kind == "flow" and self.indicator.rollup == "sum"

    def label(self, language: str) -> str:
        """Return the row's words."""
        return self.vi if language == "vi" else self.en


@dataclass(frozen=True)
class Section:
    """A chapter of the form."""

    number: str
    vi: str
    en: str
    rows: tuple[Row, ...]

    def label(self, language: str) -> str:
        """Return the chapter's words."""
        return self.vi if language == "vi" else self.en


@dataclass(frozen=True)
class Template:
    """A form of report."""

    code: str
    version: int
    clock: Clock
    due_days: int
    title: str
    title_en: str
    columns: tuple[str, ...]
    roles: tuple[str, ...]
    sections: tuple[Section, ...]

    @property
    def rows(self) -> tuple[Row, ...]:
        """All rows in order."""
        return tuple(row for section in self.sections for row in section.rows)

    def row(self, row_id: str) -> Row:
        """Return a row. Raises ``NotFound``."""
        for row in self.rows:
            if row.id == row_id:
                return row
        raise NotFound("report_row_unknown", row=row_id)

    def row_of(self, code: str) -> Row | None:
        """Return the row that shows the whole of an indicator, if the form has one."""
        return next((row for row in self.rows if row.code == code and not row.where), None)

    def due_on(self, period: Period, days: int = 0) -> date:
        """Return the last day on which a report of a period is in time."""
        return period.last + timedelta(days=days or self.due_days)

    def name(self, language: str) -> str:
        """Return its title."""
        return self.title if language == "vi" else self.title_en


@cache
def templates() -> dict[str, Template]:
    """Return the forms by code."""
    found = (_template(file) for file in sorted(TEMPLATES_DIR.glob("*.toml")))
    return {one.code: one for one in found}


def template_named(code: str) -> Template:
    """Return a form. Raises ``NotFound``."""
    found = templates().get(code)
    if found is None:
        raise NotFound("report_template_unknown", template=code)
    return found


def _template(file: Path) -> Template:
    data = tomllib.loads(file.read_text("utf-8"))
    sections = tuple(_section(values) for values in data["section"])
    return Template(
        code=data["code"],
        version=data["version"],
        clock=clock_named(data["clock"]),
        due_days=data["due_days"],
        title=data["title"],
        title_en=data["title_en"],
        columns=tuple(data["columns"]),
        roles=tuple(data["roles"]),
        sections=sections,
    )


def _section(data: dict[str, Any]) -> Section:
    rows: list[Row] = []
    whole = 0
    for values in data["rows"]:
        whole += 0 if values.get("under") else 1
        rows.append(_row(values, "" if values.get("under") else str(whole)))
    return Section(data["number"], data["vi"], data["en"], tuple(rows))


def _row(data: dict[str, Any], number: str) -> Row:
    one = indicator(data["code"])
    return Row(
        id=data["id"],
        number=number,
        code=one.code,
        vi=data.get("vi", one.vi),
        en=data.get("en", one.en),
        unit=data.get("unit", one.unit),
        typed=data.get("typed", one.source == "manual"),
        under=data.get("under", ""),
        where=conditions(data.get("where", {})),
    )
