"""Reporting periods. Which day belongs to which period is a property of a clock, which is data.

Three clocks run at once in a library's year: statistics by the calendar, management reports from
the 15th to the 14th, assessment from December to November. Nothing here reads the time of day.
"""

import tomllib
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache
from pathlib import Path

from ils.core.errors import NotFound

CLOCKS_FILE = Path(__file__).with_name("data") / "clocks.toml"


@dataclass(frozen=True)
class Clock:
    """How time is cut: ``months`` long, beginning on ``day`` of ``anchor`` and every so often."""

    code: str
    name: str
    name_en: str
    months: int
    day: int
    anchor: int
    year_starts: tuple[int, int]  # month, day
    label: str
    label_en: str

    def containing(self, day: date) -> "Period":
        """Return the period a day lies in."""
        year, month = (day.year, day.month) if day.day >= self.day else _month_back(day, 1)
        back = (month - self.anchor) % self.months
        year, month = _month_back(date(year, month, 1), back)
        first = date(year, month, self.day)
        return Period(self, first, _months_on(first, self.months) - timedelta(days=1))


@dataclass(frozen=True)
class Period:
    """A stretch of days, both ends included."""

    clock: Clock
    first: date
    last: date

    @property
    def previous(self) -> "Period":
        """The period before."""
        return self.clock.containing(self.first - timedelta(days=1))

    @property
    def next(self) -> "Period":
        """The period after."""
        return self.clock.containing(self.last + timedelta(days=1))

    @property
    def year_ago(self) -> "Period":
        """The same period of the year before."""
        return self.clock.containing(_months_on(self.first, -12))

    @property
    def year_first(self) -> date:
        """First day of the reporting year: where cumulative figures begin."""
        month, day = self.clock.year_starts
        start = date(self.last.year, month, day)
        return start if start <= self.last else date(self.last.year - 1, month, day)

    @property
    def earlier_this_year(self) -> list["Period"]:
        """The periods of the same reporting year before this one, oldest first."""
        found: list[Period] = []
        step = self.previous
        while step.first >= self.year_first:
            found.insert(0, step)
            step = step.previous
        return found

    def label(self, language: str = "vi") -> str:
        """Return the period's name, e.g. 'Tháng 05/2026'."""
        pattern = self.clock.label if language == "vi" else self.clock.label_en
        month, year = self.last.month, self.last.year
        return pattern.format(month=month, year=year, quarter=(month + 2) // 3)


def _month_back(day: date, months: int) -> tuple[int, int]:
    count = day.year * 12 + day.month - 1 - months
    return count // 12, count % 12 + 1


def _months_on(day: date, months: int) -> date:
    year, month = _month_back(day, -months)
    return date(year, month, day.day)


@cache
def clocks() -> dict[str, Clock]:
    """Return the clocks by code."""
    data = tomllib.loads(CLOCKS_FILE.read_text("utf-8"))
    return {code: _clock(code, values) for code, values in data.items()}


def _clock(code: str, values: dict[str, str | int]) -> Clock:
    day, month = (int(part) for part in str(values["year_starts"]).split("-"))
    return Clock(
        code,
        str(values["name"]),
        str(values["name_en"]),
        int(values["months"]),
        int(values["day"]),
        int(values["anchor"]),
        (month, day),
        str(values["label"]),
        str(values["label_en"]),
    )


def clock_named(code: str) -> Clock:
    """Return a clock by its code. Raises ``NotFound``."""
    found = clocks().get(code)
    if found is None:
        raise NotFound("clock_unknown", clock=code)
    return found


def period_starting(clock: Clock, first: date) -> Period:
    """Return the period that begins on a day. Raises ``NotFound`` when none begins there."""
    period = clock.containing(first)
    if period.first != first:
        raise NotFound("period_unknown", day=first.isoformat())
    return period
