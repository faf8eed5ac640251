"""The way of a report: drafted, corrected with reasons, submitted, returned or approved.

The librarian's acts need rights at the library, the province's at the unit above it, so that
nobody approves a paper of their own. Nothing here commits.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.orm import Session
from sqlalchemy.orm.attributes import flag_modified

from ils.accounts.actor import Actor
from ils.core import clock
from ils.core.audit import audit
from ils.core.errors import Invalid, NotFound, Refused, StaleVersion
from ils.org.models import OrgUnit
from ils.org.office import place_of
from ils.org.settings import setting
from ils.org.units import unit, version_on
from ils.reporting.models import COLUMNS, Report, ReportCell, ReportComment, ReportStep
from ils.reporting.paper import Cell, Chapter, Line, Number, Paper, from_json, to_json
from ils.reporting.periods import Period, period_starting
from ils.reporting.reckon import Cells, Key, changed, filled
from ils.reporting.rules import ACTS, allowed, missing_rows
from ils.reporting.template import Row, Template, template_named

VIEW = "reporting:report:view"
DRAFT = "reporting:report:draft"
SUBMIT = "reporting:report:submit"
APPROVE = "reporting:report:approve"

LONGEST_REASON = 300


@dataclass(frozen=True)
class Entry:
    """A figure typed into a cell; an empty one takes a correction back."""

    row: str
    column: str
    value: Number
    reason: str = ""


@dataclass(frozen=True)
class Remark:
    """What the province says of a cell, or, with an empty row, of the whole paper."""

    row: str
    column: str
    text: str


# --- finding --------------------------------------------------------------------------------


def report_for(
    session: Session, actor: Actor, report_id: int, permission: str = VIEW, *, lock: bool = False
) -> Report:
    """Return a report the actor may see; one of another library does not exist for it.

    Raises ``NotFound``, or ``Forbidden`` when it may be seen but not acted upon.
    """
    query = select(Report).where(Report.id == report_id)
    report = session.scalar(query.with_for_update() if lock else query)
    if report is None:
        raise NotFound("report_unknown")
    found = unit(session, report.unit_id)
    if not actor.can(VIEW, found):
        raise NotFound("report_unknown")
    if permission != VIEW:
        actor.require(permission, _judge(session, found) if permission == APPROVE else found)
    return report


def _judge(session: Session, of: OrgUnit) -> OrgUnit:
    """Return the unit whose right it is to approve: the one above."""
    return unit(session, of.parent_id) if of.parent_id else of


def may_approve(session: Session, actor: Actor, report: Report) -> bool:
    """Tell whether the actor may return or approve this report."""
    return actor.can(APPROVE, _judge(session, unit(session, report.unit_id)))


def template_of(report: Report) -> Template:
    """Return the form of a report."""
    return template_named(report.template)


def period_of(report: Report) -> Period:
    """Return the period of a report."""
    return period_starting(template_of(report).clock, report.period_start)


def cells_of(session: Session, report: Report) -> Cells:
    """Return a report's cells; those it never had are empty."""
    rows = session.scalars(select(ReportCell).where(ReportCell.report_id == report.id))
    known = {(row.row, row.column): Cell(row.computed, row.value, row.reason) for row in rows}
    wanted = ((row.id, column) for row in template_of(report).rows for column in COLUMNS)
    return {key: known.get(key, Cell()) for key in wanted}


def comments_of(session: Session, report: Report, *, open_only: bool = False) -> list[Any]:
    """Return the province's comments, oldest first."""
    query = select(ReportComment).where(ReportComment.report_id == report.id)
    if open_only:
        query = query.where(ReportComment.answered_at.is_(None))
    return list(session.scalars(query.order_by(ReportComment.id)))


def steps_of(session: Session, report: Report) -> Sequence[ReportStep]:
    """Return the history of a report, oldest first."""
    query = select(ReportStep).where(ReportStep.report_id == report.id)
    return session.scalars(query.order_by(ReportStep.id)).all()


# --- the paper ------------------------------------------------------------------------------


def paper_of(session: Session, report: Report) -> Paper:
    """Return the report as it is read: the snapshot once sent, else what is in the cells."""
    if report.snapshot is not None and report.state in ("submitted", "approved"):
        return from_json(report.snapshot)
    return build_paper(session, report, cells_of(session, report))


def build_paper(session: Session, report: Report, cells: Cells, **facts: Any) -> Paper:
    """Lay out a report's cells as its form says."""
    return lay_out(
        session,
        template_of(report),
        period_of(report),
        report.unit_id,
        cells,
        due_on=report.due_on,
        version=report.version,
        note=report.note,
        signatures=report.signatures,
        facts=facts,
    )


def lay_out(
    session: Session,
    template: Template,
    period: Period,
    unit_id: int,
    cells: Cells,
    *,
    due_on: date,
    version: int = 1,
    note: str = "",
    signatures: Mapping[str, Any] | None = None,
    facts: Mapping[str, Any] | None = None,
) -> Paper:
    """Make the paper of a unit, with the names of the units on the period's last day."""
    named = version_on(session, unit_id, period.last)
    above = unit(session, unit_id).parent_id
    receiver = version_on(session, above, period.last).name if above else named.managing_body
    chapters = tuple(
        Chapter(s.number, s.vi, s.en, tuple(_line(row, cells) for row in s.rows))
        for s in template.sections
    )
    return Paper(
        template=template.code,
        template_version=template.version,
        title=template.title,
        title_en=template.title_en,
        unit_id=unit_id,
        unit_name=named.name,
        unit_above=named.managing_body or (receiver if above else ""),
        unit_place=place_of(named.address),
        receiver=receiver,
        form_number=str(setting(session, unit_id, "reporting.form_number")),
        issued_under=str(setting(session, unit_id, "reporting.issued_under")),
        first=period.first,
        last=period.last,
        period=period.label("vi"),
        period_en=period.label("en"),
        due_on=due_on,
        version=version,
        note=note,
        roles=template.roles,
        signatures={key: str(value) for key, value in (signatures or {}).items()},
        columns=template.columns,
        chapters=chapters,
        facts=dict(facts or {}),
    )


def _line(row: Row, cells: Cells) -> Line:
    one = row.indicator
    return Line(
        id=row.id,
        number=row.number,
        code=row.code,
        vi=row.vi,
        en=row.en,
        unit=row.unit,
        under=row.under,
        typed=row.typed,
        derived=row.derived,
        kind=one.kind,
        rollup=one.rollup,
        cells={column: cells[row.id, column] for column in COLUMNS},
    )


# --- the librarian --------------------------------------------------------------------------


def open_report(
    session: Session, actor: Actor, unit_id: int, template_code: str, first: date
) -> Report:
    """Draft a unit's report for the period beginning on a day, or return the one in hand.

    Raises ``Refused`` when a report of the period is approved (then a correction is due) or when
    the period has not begun.
    """
    found = unit(session, unit_id)
    actor.require(DRAFT, found)
    if found.kind != "library":
        raise Invalid("report_unit_must_be_library")
    template = template_named(template_code)
    period = period_starting(template.clock, first)
    if period.first > clock.today():
        raise Refused("period_not_begun")
    newest = newest_report(session, template.code, unit_id, period.first)
    if newest is not None and newest.state == "approved":
        raise Refused("report_approved_already", report_id=newest.id)
    if newest is not None:
        return newest
    report = _new_report(session, actor, template, period, unit_id)
    _write_cells(session, report, filled(session, template, period, unit_id, {}))
    _step(session, actor, report, "drafted")
    return report


def newest_report(session: Session, template: str, unit_id: int, first: date) -> Report | None:
    """Return the newest version of a unit's report for a period."""
    query = (
        select(Report)
        .where(Report.template == template, Report.unit_id == unit_id, Report.period_start == first)
        .order_by(Report.version.desc())
        .limit(1)
    )
    return session.scalar(query)


def _new_report(
    session: Session,
    actor: Actor,
    template: Template,
    period: Period,
    unit_id: int,
    of: Report | None = None,
) -> Report:
    days = int(setting(session, unit_id, "reporting.due_days"))
    report = Report(
        template=template.code,
        template_version=template.version,
        unit_id=unit_id,
        period_start=period.first,
        period_end=period.last,
        due_on=template.due_on(period, days),
        version=of.version + 1 if of else 1,
        correction_of=of.id if of else None,
        note=of.note if of else "",
        signatures=of.signatures if of else _last_signatures(session, template.code, unit_id),
        computed_at=clock.now(),
        created_by=actor.staff_id,
    )
    session.add(report)
    session.flush()
    return report


def _last_signatures(session: Session, template: str, unit_id: int) -> dict[str, Any]:
    query = (
        select(Report.signatures)
        .where(Report.template == template, Report.unit_id == unit_id)
        .order_by(Report.period_start.desc(), Report.version.desc())
        .limit(1)
    )
    return session.scalar(query) or {}


def recompute(session: Session, actor: Actor, report_id: int) -> Report:
    """Compute a draft anew from the log; typed figures and corrections stay."""
    report = _in_state(session, actor, report_id, DRAFT, "recompute")
    template = template_of(report)
    cells = cells_of(session, report)
    typed = {key: cell for key, cell in cells.items() if cell.value is not None}
    fresh = filled(session, template, period_of(report), report.unit_id, typed)
    _write_cells(session, report, fresh)
    report.computed_at = clock.now()
    moved = sum(1 for key, cell in fresh.items() if cell.computed != cells[key].computed)
    _step(session, actor, report, "recomputed", changed=moved)
    return report


def write(
    session: Session,
    actor: Actor,
    report_id: int,
    entries: Iterable[Entry],
    *,
    revision: int | None = None,
    note: str | None = None,
    signatures: Mapping[str, str] | None = None,
) -> Report:
    """Write typed figures and corrections into a draft, all or none.

    A correction of a computed figure needs its reason; typing the computed figure again takes the
    correction back. Raises ``Invalid`` with ``cells``: {(row, column): code}; ``StaleVersion``.
    """
    report = _in_state(session, actor, report_id, DRAFT, "write")
    if revision is not None and revision != report.revision:
        raise StaleVersion("report_changed_meanwhile")
    template = template_of(report)
    cells = cells_of(session, report)
    typed, wrong = _checked(template, cells, entries)
    if wrong:
        raise Invalid("report_cells_wrong", cells=wrong)
    touched = {key: cell for key, cell in typed.items() if cell != cells[key]}
    if touched:
        period = period_of(report)
        after = changed(session, template, period, report.unit_id, cells, touched)
        _write_cells(session, report, after, actor=actor, touched=touched)
        _step(session, actor, report, "written", cells=[f"{r}.{c}" for r, c in touched])
        flag_modified(report, "note")  # so that a page seen before this one is stale
    if note is not None:
        report.note = note[:4000]
    if signatures is not None:
        report.signatures = {key: name.strip()[:80] for key, name in signatures.items()}
    session.flush()
    return report


def _checked(
    template: Template, cells: Cells, entries: Iterable[Entry]
) -> tuple[dict[Key, Cell], dict[Key, str]]:
    typed: dict[Key, Cell] = {}
    wrong: dict[Key, str] = {}
    for entry in entries:
        row, key = template.row(entry.row), (entry.row, entry.column)
        if entry.column not in COLUMNS:
            raise NotFound("report_row_unknown", row=entry.row)
        was, reason = cells[key], entry.reason.strip()[:LONGEST_REASON]
        whole = row.indicator.kind == "ratio" or row.unit in ("m²", "%")
        if entry.value is not None and entry.value < 0:
            wrong[key] = "negative"
        elif entry.value is not None and not whole and not float(entry.value).is_integer():
            wrong[key] = "not_whole"
        elif entry.value is None or (entry.value == was.computed and not row.typed):
            typed[key] = Cell(was.computed)
        elif was.computed is not None and not row.typed and not reason:
            wrong[key] = "reason_missing"
        else:
            typed[key] = Cell(was.computed, entry.value, reason)
    return typed, wrong


def submit(
    session: Session, actor: Actor, report_id: int, *, blanks_are_zero: bool = False
) -> Report:
    """Send a report up: it is locked and its figures are frozen as they are now.

    Raises ``Refused``: the period is not over, or rows are empty (``rows`` names them) and were
    not said to be nought.
    """
    report = _in_state(session, actor, report_id, SUBMIT, "submit")
    if report.period_end >= clock.today():
        raise Refused("period_not_over")
    missing = missing_rows(build_paper(session, report, cells_of(session, report)))
    if missing and not blanks_are_zero:
        raise Refused("report_incomplete", rows=[line.id for line in missing])
    if missing:
        noughts = [Entry(line.id, "period", 0) for line in missing]
        write(session, actor, report_id, noughts)
    now = clock.now()
    facts = {"submitted_by": actor.name, "submitted_at": now.isoformat()}
    paper = to_json(build_paper(session, report, cells_of(session, report), **facts))
    report.snapshot, report.state = paper, ACTS["submit"][1]
    report.submitted_at, report.submitted_by = now, actor.staff_id
    report.first_submitted_at = report.first_submitted_at or now
    for comment in comments_of(session, report, open_only=True):
        comment.answered_at = now
    _step(session, actor, report, "submitted", paper=paper)
    audit(session, actor, "report_submitted", "report", report.id)
    return report


def discard(session: Session, actor: Actor, report_id: int) -> None:
    """Throw away a draft that was never sent; a paper once sent stays."""
    report = _in_state(session, actor, report_id, DRAFT, "discard")
    if report.first_submitted_at is not None:
        raise Refused("report_was_sent")
    audit(session, actor, "report_discarded", "report", report.id, period=str(report.period_start))
    for table in (ReportCell, ReportComment, ReportStep):
        session.execute(delete(table).where(table.report_id == report.id))
    session.delete(report)
    session.flush()


# --- the province ---------------------------------------------------------------------------


def send_back(session: Session, actor: Actor, report_id: int, remarks: Iterable[Remark]) -> Report:
    """Return a report with comments, cell by cell; the librarian may then change it.

    Raises ``Invalid`` when nothing is said.
    """
    report = _in_state(session, actor, report_id, APPROVE, "return")
    said = [remark for remark in remarks if remark.text.strip()]
    if not said:
        raise Invalid("return_needs_comment")
    template = template_of(report)
    for remark in said:
        if remark.row:
            template.row(remark.row)
        session.add(
            ReportComment(
                report_id=report.id,
                row=remark.row,
                column=remark.column if remark.row else "",
                text=remark.text.strip()[:2000],
                author_id=actor.staff_id,
            )
        )
    report.state = ACTS["return"][1]
    _step(session, actor, report, "returned", comments=len(said))
    audit(session, actor, "report_returned", "report", report.id)
    return report


def approve(session: Session, actor: Actor, report_id: int) -> Report:
    """Accept a submitted report; its figures count for the province from now on."""
    report = _in_state(session, actor, report_id, APPROVE, "approve")
    report.state = ACTS["approve"][1]
    report.approved_at, report.approved_by = clock.now(), actor.staff_id
    _step(session, actor, report, "approved")
    audit(session, actor, "report_approved", "report", report.id)
    return report


def correct(session: Session, actor: Actor, report_id: int, why: str) -> Report:
    """Open a new version of an approved report; the old one counts until the new is approved.

    Typed figures and corrections are taken over, the rest is computed anew.
    """
    old = _in_state(session, actor, report_id, DRAFT, "correct")
    if not why.strip():
        raise Invalid("correction_needs_reason", field="why")
    template, period = template_of(old), period_of(old)
    newest = newest_report(session, old.template, old.unit_id, old.period_start)
    if newest is not None and newest.id != old.id:
        raise Refused("report_corrected_already", report_id=newest.id)
    report = _new_report(session, actor, template, period, old.unit_id, old)
    typed = {key: cell for key, cell in cells_of(session, old).items() if cell.value is not None}
    cells = filled(session, template, period, old.unit_id, typed)
    _write_cells(session, report, cells)
    _step(session, actor, report, "correction_opened", why=why.strip()[:LONGEST_REASON])
    audit(session, actor, "report_correction_opened", "report", report.id, of=old.id)
    return report


# --- shared ---------------------------------------------------------------------------------


def _in_state(session: Session, actor: Actor, report_id: int, permission: str, act: str) -> Report:
    report = report_for(session, actor, report_id, permission, lock=True)
    if not allowed(act, report.state):
        raise Refused("report_state", act=act, state=report.state)
    return report


def _write_cells(
    session: Session,
    report: Report,
    cells: Cells,
    *,
    actor: Actor | None = None,
    touched: Mapping[Key, Cell] | None = None,
) -> None:
    rows = session.scalars(select(ReportCell).where(ReportCell.report_id == report.id))
    known = {(row.row, row.column): row for row in rows}
    for key, cell in cells.items():
        row = known.get(key)
        if row is None:
            row = ReportCell(report_id=report.id, row=key[0], column=key[1])
            session.add(row)
        row.computed, row.value, row.reason = cell.computed, cell.value, cell.reason
        if actor is not None and touched and key in touched:
            row.corrected_by, row.corrected_at = actor.staff_id, clock.now()
    session.flush()


def _step(session: Session, actor: Actor, report: Report, step: str, **facts: Any) -> None:
    session.add(
        ReportStep(
            report_id=report.id,
            step=step,
            actor_id=actor.staff_id,
            actor_name=actor.name,
            at=clock.now(),
            facts=facts,
        )
    )
    session.flush()
