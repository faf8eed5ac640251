"""Filling a report: what is computed for each cell.

*In period* comes from the log. *Since the beginning of the year* is what the papers of the earlier
periods say, plus this one, so that twelve papers add up; where a paper is missing the log steps
in. *Same period last year* is last year's paper, else the log, else (before the library began
here) nothing.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import Session

from ils.core.events import EventRow
from ils.reporting.figures import Figures, figures, summed_codes
from ils.reporting.folds import quotient
from ils.reporting.models import Report
from ils.reporting.paper import Cell, Number, Paper, from_json
from ils.reporting.periods import Period
from ils.reporting.scope import scope_of
from ils.reporting.template import Row, Template

Key = tuple[str, str]  # row, column
Cells = dict[Key, Cell]


def frozen_paper(session: Session, template: str, unit_id: int, first: date) -> Paper | None:
    """Return the newest paper a unit sent for a period, if it did."""
    query = (
        select(Report.snapshot)
        .where(
            Report.template == template,
            Report.unit_id == unit_id,
            Report.period_start == first,
            Report.state.in_(("submitted", "approved")),
        )
        .order_by(Report.version.desc())
        .limit(1)
    )
    found = session.scalar(query)
    return from_json(found) if found else None


def log_begins(session: Session, library_id: int) -> date | None:
    """Return the first day of which the log tells more than additions to stock."""
    query = (
        select(EventRow.effective_on)
        .where(
            EventRow.library_id == library_id,
            EventRow.kind.not_in(("item_accessioned", "item_withdrawn", "record_created")),
        )
        .order_by(EventRow.effective_on)
        .limit(1)
    )
    return session.scalar(query)


def compute(
    session: Session, template: Template, period: Period, unit_id: int
) -> dict[Key, Number]:
    """Compute all cells that need no typed figure; sums of rows and years follow in ``settle``.

    The cumulative cells hold what came before this period.
    """
    reader = _Reader(session, template, unit_id)
    now = reader.log(period.first, period.last)
    found: dict[Key, Number] = {}
    for row in template.rows:
        if row.from_log:
            found[row.id, "period"] = now.get(row.measure)
    found.update(reader.before(period))
    found.update(reader.last_year(period.year_ago))
    return found


@dataclass
class _Reader:
    session: Session
    template: Template
    unit_id: int

    def log(self, first: date, last: date, rows: Iterable[Row] | None = None) -> Figures:
        wanted = [row.measure for row in rows or self.template.rows if row.from_log]
        table = figures(self.session, scope_of(self.session, self.unit_id), wanted, first, last)
        return table.libraries[self.unit_id]

    def before(self, period: Period) -> dict[Key, Number]:
        """Sum the periods of the year before this one; count titles and persons over all."""
        rows = [row for row in self.template.rows if row.adds_up]
        sums: dict[Key, Number] = {}
        for earlier in period.earlier_this_year:
            paper = frozen_paper(self.session, self.template.code, self.unit_id, earlier.first)
            log = {} if paper else self.log(earlier.first, earlier.last, rows)
            for row in rows:
                value = paper.value(row.id) if paper else log.get(row.measure)
                sums[row.id, "cumulative"] = _plus(sums.get((row.id, "cumulative")), value)
        others = [
            row
            for row in self.template.rows
            if row.from_log and row.indicator.kind == "flow" and row.indicator.rollup != "sum"
        ]
        if others:
            log = self.log(period.year_first, period.last, others)
            sums.update({(row.id, "cumulative"): log.get(row.measure) for row in others})
        return sums

    def last_year(self, period: Period) -> dict[Key, Number]:
        paper = frozen_paper(self.session, self.template.code, self.unit_id, period.first)
        if paper:
            return {(row.id, "last_year"): paper.value(row.id) for row in self.template.rows}
        begun = log_begins(self.session, self.unit_id)
        if begun is None or begun > period.last:
            return {}
        log = self.log(period.first, period.last)
        return {
            (row.id, "last_year"): log.get(row.measure)
            for row in self.template.rows
            if row.from_log
        }


def _plus(one: Number, other: Number) -> Number:
    if one is None and other is None:
        return None
    return (one or 0) + (other or 0)


def filled(
    session: Session,
    template: Template,
    period: Period,
    unit_id: int,
    typed: Mapping[Key, Cell],
) -> Cells:
    """Compute all cells and lay the typed figures over them."""
    computed = compute(session, template, period, unit_id)
    cells: Cells = {}
    for row in template.rows:
        for column in ("period", "cumulative", "last_year"):
            key = (row.id, column)
            given = typed.get(key, Cell())
            cells[key] = Cell(computed.get(key), given.value, given.reason)
    for row in template.rows:
        if row.adds_up and not row.derived:
            year, now = cells[row.id, "cumulative"], cells[row.id, "period"].shown
            cells[row.id, "cumulative"] = replace(year, computed=_plus(year.computed, now))
    return settle(session, template, period, unit_id, cells)


def changed(
    session: Session,
    template: Template,
    period: Period,
    unit_id: int,
    cells: Cells,
    typed: Mapping[Key, Cell],
) -> Cells:
    """Put newly typed figures into cells; the year and the sums follow."""
    after = dict(cells)
    for key, given in typed.items():
        before, after[key] = after[key], replace(after[key], value=given.value, reason=given.reason)
        row_id, column = key
        row = template.row(row_id)
        if column == "period" and row.adds_up and not row.derived:
            year = after[row_id, "cumulative"]
            step = (after[key].shown or 0) - (before.shown or 0)
            known = year.computed is not None or after[key].shown is not None
            total = (year.computed or 0) + step if known else None
            after[row_id, "cumulative"] = replace(year, computed=total)
    return settle(session, template, period, unit_id, after)


def settle(
    session: Session, template: Template, period: Period, unit_id: int, cells: Cells
) -> Cells:
    """Work out the rows that are sums or ratios of others; a paper of last year stands as it is."""
    paper = frozen_paper(session, template.code, unit_id, period.year_ago.first)
    columns = ("period", "cumulative") if paper else ("period", "cumulative", "last_year")
    after = dict(cells)
    for row in template.rows:
        if not row.derived:
            continue
        for column in columns:
            value = (
                derive_ratio(template, row, column, after)
                if row.indicator.ratio
                else _sum(template, summed_codes(session, row.indicator, unit_id), column, after)
            )
            after[row.id, column] = replace(after[row.id, column], computed=value)
    return after


def _sum(template: Template, codes: Iterable[str], column: str, cells: Cells) -> Number:
    rows = [row for code in codes if (row := template.row_of(code))]
    known = [v for row in rows if (v := cells[row.id, column].shown) is not None]
    return sum(known) if known else None


def derive_ratio(template: Template, row: Row, column: str, cells: Cells) -> Number:
    """Return a ratio of two rows in a column; stock has no cumulative figure, so its own serves."""
    ratio = row.indicator.ratio
    over = template.row_of(ratio.over) if ratio else None
    under = template.row_of(ratio.under) if ratio else None
    if ratio is None or over is None or under is None:
        return None

    def shown(of: Row) -> Number:
        stock = of.indicator.kind == "stock" and column == "cumulative"
        return cells[of.id, "period" if stock else column].shown

    return quotient(shown(over), shown(under), percent=ratio.percent)
