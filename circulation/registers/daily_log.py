"""The daily log (sổ nhật ký): one line a day, who came and what was used, by class.

Everything comes from the event log, so the log agrees with every report made of it.
"""

from calendar import monthrange
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from circulation.registers.asked import Query
from circulation.registers.models import PaperFigure
from circulation.registers.paper_days import CLASSES, SERIAL
from ils.core.events import EventRow
from ils.reporting.totals import not_undone

VISIT = "visit_counted"
HOME = ("loan_checked_out", "loans_tallied")
HERE = ("in_house_use_counted", "reading_room_loan_made")
OTHER = "x"


@dataclass
class Line:
    """A day, or the total of days. Keys of ``visitors`` are patron categories, '' where nobody
    said; those of ``classes`` the main classes, ``x`` for none."""

    day: date | None = None
    visits: int = 0
    children: int = 0
    visitors: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    home: int = 0
    here: int = 0
    serials: int = 0
    foreign: int = 0
    classes: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    from_paper: bool = False

    @property
    def uses(self) -> int:
        """All uses of documents."""
        return self.home + self.here

    def add(self, other: "Line") -> None:
        """Add another line to this one."""
        for name in ("visits", "children", "home", "here", "serials", "foreign"):
            setattr(self, name, getattr(self, name) + getattr(other, name))
        for mine, theirs in ((self.visitors, other.visitors), (self.classes, other.classes)):
            for code, n in theirs.items():
                mine[code] += n


@dataclass(frozen=True)
class DailyLog:
    """A month of branches: its days, its total, and the categories and classes that occur."""

    first: date
    last: date
    lines: list[Line]
    total: Line

    @property
    def categories(self) -> list[str]:
        """Categories of visitors that occur, those unknown last."""
        return sorted(c for c in self.total.visitors if c) + (
            [""] if self.total.visitors.get("") else []
        )

    @property
    def classes(self) -> list[str]:
        """Main classes, all of the scheme, and x where it occurs."""
        return [*CLASSES, *([OTHER] if self.total.classes.get(OTHER) else [])]


def daily_log(session: Session, branches: Sequence[int], month: date, today: date) -> DailyLog:
    """Return the log of branches for the month a day lies in, up to today."""
    first = month.replace(day=1)
    last = first.replace(day=monthrange(first.year, first.month)[1])
    end = min(last, today)
    days = max(0, (end - first).days + 1)
    lines = {first + timedelta(n): Line(first + timedelta(n)) for n in range(days)}
    for row in session.execute(_query(branches, first, end)):
        _put(lines[row.effective_on], row)
    for day in session.scalars(
        select(PaperFigure.day)
        .where(PaperFigure.unit_id.in_(branches), PaperFigure.day.between(first, end))
        .where(PaperFigure.replaced_at.is_(None))
        .distinct()
    ):
        lines[day].from_paper = True
    total = Line()
    for line in lines.values():
        total.add(line)
    return DailyLog(first, last, list(lines.values()), total)


def _query(branches: Sequence[int], first: date, last: date) -> Query:
    keys = (
        EventRow.effective_on,
        EventRow.kind,
        EventRow.category,
        EventRow.age_band,
        EventRow.item_class,
        EventRow.material,
        EventRow.language,
    )
    return (
        select(*keys, func.sum(EventRow.quantity).label("n"))
        .where(
            EventRow.kind.in_((VISIT, *HOME, *HERE)),
            EventRow.effective_on.between(first, last),
            EventRow.unit_id.in_(branches),
            not_undone(),
        )
        .group_by(*keys)
    )


def _put(line: Line, row: Any) -> None:
    n = int(row.n)
    if row.kind == VISIT:
        line.visits += n
        line.visitors[row.category or ""] += n
        if row.age_band == "child":
            line.children += n
        return
    if row.kind in HOME:
        line.home += n
    else:
        line.here += n
    if row.material == SERIAL:
        line.serials += n
    else:
        line.classes[row.item_class or OTHER] += n
    if row.language and row.language != "vie":
        line.foreign += n
