"""The province: who sent what and when, and the figures of all libraries together.

Figures add up by each indicator's own rule: sums are summed, ratios computed anew, titles and
persons counted once over all libraries (with what libraries corrected added on top). The total
can be closed: it is then a paper of the province that nothing changes.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from ils.accounts.actor import Actor
from ils.core import clock
from ils.core.audit import audit
from ils.core.errors import Invalid, NotFound, Refused
from ils.org.models import OrgUnit, OrgUnitVersion
from ils.org.settings import setting
from ils.org.units import province, unit_versions
from ils.reporting.figures import figures
from ils.reporting.models import COLUMNS, Report, ReportCell, ReportStep
from ils.reporting.paper import Cell, Number, Paper, from_json, to_json
from ils.reporting.periods import Period
from ils.reporting.reckon import Cells, Key, derive_ratio
from ils.reporting.reports import APPROVE, VIEW, lay_out, newest_report
from ils.reporting.rules import Lateness, lateness
from ils.reporting.scope import Scope
from ils.reporting.template import Template

SENT = ("submitted", "approved")


@dataclass(frozen=True)
class Standing:
    """How a library stands with one period's report. ``state`` is ``missing`` when there is none."""

    library_id: int
    period: Period
    state: str
    late: Lateness
    report_id: int | None = None
    version: int = 0
    submitted_at: datetime | None = None
    correcting: bool = False

    @property
    def sent(self) -> bool:
        """True when a paper of this period lies with the province."""
        return self.state in SENT or self.correcting


@dataclass(frozen=True)
class Board:
    """Libraries by periods."""

    periods: Sequence[Period]
    libraries: Sequence[OrgUnit]
    names: Mapping[int, str]
    cells: Mapping[tuple[int, date], Standing]

    def sent(self, period: Period) -> int:
        """How many libraries sent their report of a period."""
        return sum(self.cells[lib.id, period.first].sent for lib in self.libraries)


def expected(session: Session, last: date, paths: Iterable[str] = ("/",)) -> list[OrgUnit]:
    """Return the libraries that owe a report of a period ending on a day, in the order of codes."""
    founded = (
        select(OrgUnitVersion.unit_id)
        .group_by(OrgUnitVersion.unit_id)
        .having(func.min(OrgUnitVersion.valid_from) <= last)
    )
    query = select(OrgUnit).where(
        OrgUnit.kind == "library", OrgUnit.active, OrgUnit.id.in_(founded)
    )
    within = tuple(paths)
    found = session.scalars(query.order_by(OrgUnit.code))
    return [library for library in found if library.path.startswith(within)]


def board(session: Session, actor: Actor, template: Template, periods: Sequence[Period]) -> Board:
    """Return the standing of every library the actor may see, for some periods of one clock."""
    paths = actor.scope_paths(VIEW)
    libraries = expected(session, periods[-1].last, paths) if paths and periods else []
    names = {uid: v.short_name or v.name for uid, v in unit_versions(session).items()}
    query = select(Report).where(
        Report.template == template.code,
        Report.period_start >= periods[0].first,
        Report.period_start <= periods[-1].first,
        Report.unit_id.in_([library.id for library in libraries]),
    )
    versions: dict[tuple[int, date], list[Report]] = {}
    for report in session.scalars(query.order_by(Report.version)):
        versions.setdefault((report.unit_id, report.period_start), []).append(report)
    cells = {
        (library.id, period.first): _standing(
            session, template, library.id, period, versions.get((library.id, period.first), [])
        )
        for library in libraries
        for period in periods
    }
    return Board(periods, libraries, names, cells)


def _standing(
    session: Session, template: Template, library_id: int, period: Period, reports: list[Report]
) -> Standing:
    today = clock.today()
    if not reports:
        days = int(setting(session, library_id, "reporting.due_days"))
        due = template.due_on(period, days)
        return Standing(library_id, period, "missing", lateness(due, None, today))
    first, newest = reports[0], reports[-1]
    sent_at = first.first_submitted_at
    sent_on = clock.local_day(sent_at) if sent_at else None
    return Standing(
        library_id,
        period,
        newest.state,
        lateness(first.due_on, sent_on, today),
        newest.id,
        newest.version,
        sent_at,
        correcting=newest.version > 1 and newest.state not in SENT,
    )


# --- the total ------------------------------------------------------------------------------


@dataclass(frozen=True)
class Part:
    """One library's share of the total: its paper, or None where it is not counted."""

    library_id: int
    name: str
    standing: Standing
    paper: Paper | None


@dataclass(frozen=True)
class Total:
    """The province's figures of a period and what they are made of."""

    paper: Paper
    parts: Sequence[Part]
    closed: Report | None = None
    distinct_rows: frozenset[str] = field(default_factory=frozenset)

    @property
    def counted(self) -> int:
        """How many libraries are in it."""
        return sum(part.paper is not None for part in self.parts)

    @property
    def sent(self) -> int:
        """How many libraries sent their report."""
        return sum(part.standing.sent for part in self.parts)


def total(
    session: Session,
    actor: Actor,
    template: Template,
    period: Period,
    *,
    approved_only: bool = True,
) -> Total:
    """Add up the libraries' papers of a period; needs the right to see reports of the province.

    Counts approved papers, or also those submitted and not yet judged.
    """
    top = province(session)
    if top is None:
        raise NotFound("unit_unknown")
    actor.require(VIEW, top)
    states = ("approved",) if approved_only else SENT
    standings = board(session, actor, template, [period])
    papers = _papers(session, template, period, states)
    parts = [
        Part(
            library.id,
            standings.names.get(library.id, library.code),
            standings.cells[library.id, period.first],
            papers.get(library.id),
        )
        for library in standings.libraries
    ]
    counted = {part.library_id: part.paper for part in parts if part.paper is not None}
    cells = roll_up(template, counted, _distinct(session, top, template, period, tuple(counted)))
    facts = {"libraries": [_told(part) for part in parts], "expected": len(parts)}
    paper = lay_out(
        session,
        template,
        period,
        top.id,
        cells,
        due_on=template.due_on(period),
        facts=facts,
    )
    closed = newest_report(session, template.code, top.id, period.first)
    once = frozenset(row.id for row in template.rows if row.indicator.rollup == "distinct")
    return Total(paper, parts, closed, once)


def _papers(
    session: Session, template: Template, period: Period, states: tuple[str, ...]
) -> dict[int, Paper]:
    """Return each library's newest paper in one of some states."""
    query = (
        select(Report.unit_id, Report.snapshot)
        .where(
            Report.template == template.code,
            Report.period_start == period.first,
            Report.state.in_(states),
        )
        .order_by(Report.version)
    )
    return {unit_id: from_json(snapshot) for unit_id, snapshot in session.execute(query)}


def _distinct(
    session: Session,
    top: OrgUnit,
    template: Template,
    period: Period,
    libraries: tuple[int, ...],
) -> dict[Key, Number]:
    """Count titles and persons once over the libraries counted, in every column."""
    rows = [r for r in template.rows if r.from_log and r.indicator.rollup == "distinct"]
    if not rows or not libraries:
        return {}
    scope = Scope(top.id, top.path, top.kind, libraries)
    ago = period.year_ago
    stretches = {
        "period": (period.first, period.last),
        "cumulative": (period.year_first, period.last),
        "last_year": (ago.first, ago.last),
    }
    found: dict[Key, Number] = {}
    for column, (first, last) in stretches.items():
        table = figures(session, scope, [row.measure for row in rows], first, last)
        for row in rows:
            if column != "cumulative" or row.indicator.kind == "flow":
                found[row.id, column] = table.total[row.measure]
    return found


def roll_up(
    template: Template, papers: Mapping[int, Paper], distinct: Mapping[Key, Number]
) -> Cells:
    """Put the papers of several libraries together. Pure.

    ``distinct`` holds what was counted once over all of them; corrections that libraries made to
    such rows are added to it.
    """
    cells: Cells = {}
    for row in template.rows:
        for column in COLUMNS:
            key = (row.id, column)
            given = [
                line.cells[column]
                for paper in papers.values()
                if (line := paper.line(row.id)) is not None
            ]
            if row.indicator.rollup == "distinct" and not row.typed:
                cells[key] = Cell(_once(given, distinct.get(key)))
            else:
                known = [cell.shown for cell in given if cell.shown is not None]
                cells[key] = Cell(sum(known) if known else None)
    for row in template.rows:
        if row.indicator.rollup == "recompute":
            for column in COLUMNS:
                cells[row.id, column] = Cell(derive_ratio(template, row, column, cells))
    return cells


def _once(given: Sequence[Cell], counted: Number) -> Number:
    if counted is None or all(cell.shown is None for cell in given):
        return None
    steps = [(cell.shown or 0) - (cell.computed or 0) for cell in given if cell.corrected]
    return counted + sum(steps)


def _told(part: Part) -> dict[str, Any]:
    values = (
        {line.id: {c: cell.shown for c, cell in line.cells.items()} for line in part.paper.lines}
        if part.paper
        else None
    )
    sent_at = part.standing.submitted_at
    return {
        "id": part.library_id,
        "name": part.paper.unit_name if part.paper else part.name,
        "short": part.name,
        "state": part.standing.state,
        "version": part.paper.version if part.paper else None,
        "submitted_on": clock.local_day(sent_at).isoformat() if sent_at else None,
        "late_days": part.standing.late.days,
        "values": values,
    }


# --- closing --------------------------------------------------------------------------------


def close(
    session: Session,
    actor: Actor,
    template: Template,
    period: Period,
    *,
    why: str = "",
    incomplete: bool = False,
    signatures: Mapping[str, str] | None = None,
) -> Report:
    """Freeze the province's total of approved papers as a paper of the province.

    Closing again makes a new version and needs a reason. Raises ``Refused`` when papers are
    missing and that was not accepted, or when the period is not over.
    """
    top = province(session)
    if top is None:
        raise NotFound("unit_unknown")
    actor.require(APPROVE, top)
    if period.last >= clock.today():
        raise Refused("period_not_over")
    found = total(session, actor, template, period)
    missing = [part.name for part in found.parts if part.paper is None]
    if not found.counted:
        raise Refused("province_nothing_approved")
    if missing and not incomplete:
        raise Refused("province_incomplete", missing=", ".join(missing))
    if found.closed is not None and not why.strip():
        raise Invalid("correction_needs_reason", field="why")
    return _kept(session, actor, found, template, period, why.strip(), dict(signatures or {}))


def _kept(
    session: Session,
    actor: Actor,
    found: Total,
    template: Template,
    period: Period,
    why: str,
    signatures: dict[str, str],
) -> Report:
    now, old = clock.now(), found.closed
    version = old.version + 1 if old else 1
    facts = {**found.paper.facts, "submitted_by": actor.name, "submitted_at": now.isoformat()}
    names = signatures or (old.signatures if old else {})
    paper = replace(found.paper, version=version, facts=facts, note=why, signatures=_words(names))
    report = Report(
        template=template.code,
        template_version=template.version,
        unit_id=found.paper.unit_id,
        period_start=period.first,
        period_end=period.last,
        due_on=found.paper.due_on,
        state="approved",
        version=version,
        correction_of=old.id if old else None,
        note=why,
        signatures=names,
        computed_at=now,
        created_by=actor.staff_id,
        first_submitted_at=now,
        submitted_at=now,
        submitted_by=actor.staff_id,
        approved_at=now,
        approved_by=actor.staff_id,
        snapshot=to_json(paper),
    )
    session.add(report)
    session.flush()
    for line in paper.lines:
        for column, cell in line.cells.items():
            session.add(
                ReportCell(report_id=report.id, row=line.id, column=column, computed=cell.computed)
            )
    session.add(
        ReportStep(
            report_id=report.id,
            step="closed",
            actor_id=actor.staff_id,
            actor_name=actor.name,
            facts={"why": why, "libraries": found.counted},
        )
    )
    audit(session, actor, "province_total_closed", "report", report.id, version=version)
    session.flush()
    return report


def _words(values: Mapping[str, Any]) -> dict[str, str]:
    return {key: str(value) for key, value in values.items()}
