"""A library's reports: the list of months, and the paper, typed into as the official form."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from flask import Response, abort, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import ngettext
from sqlalchemy.orm import Session

from ils.core import clock
from ils.core.db import reading, transaction
from ils.core.errors import IlsError, Invalid
from ils.org.units import unit_name
from ils.reporting import reports as use
from ils.reporting.documents import report_pdf, report_xlsx
from ils.reporting.models import Report
from ils.reporting.paper import Paper, from_json, read_number, shown
from ils.reporting.periods import Period
from ils.reporting.province import Board, board
from ils.reporting.reckon import Key, frozen_paper
from ils.reporting.rules import allowed, hints
from ils.reporting.template import template_named, templates
from ils.reporting.views.base import bp, download
from ils.reporting.views.words import HINTS, STATES, STEPS, WRONG
from ils.web.door import current_actor, door
from ils.web.downloads import XLSX
from ils.web.errors import sentence_for
from ils.web.i18n import language

EDITED = {"period": ("period",), "year": ("cumulative", "last_year")}


@dataclass
class Typed:
    """What a page holds that was not accepted, so that nothing typed is lost."""

    values: Mapping[Key, str] = field(default_factory=dict)
    reasons: Mapping[str, str] = field(default_factory=dict)
    wrong: Mapping[Key, str] = field(default_factory=dict)
    note: str | None = None
    names: Mapping[str, str] = field(default_factory=dict)
    remarks: Mapping[str, str] = field(default_factory=dict)
    missing: frozenset[str] = frozenset()
    problem: str = ""


# --- the list -------------------------------------------------------------------------------


@bp.get("/monthly")
@door(use.VIEW)
def months() -> str:
    """Show the reports of a year: one library's list, or all libraries by month."""
    template = template_named(request.args.get("form", "monthly"))
    today = clock.today()
    year = request.args.get("year", today.year, type=int)
    periods = _periods(template.clock.containing(today), min(max(year, 1990), today.year + 1))
    with reading() as session:
        found = board(session, current_actor(), template, periods) if periods else None
        return render_template(
            "reporting/months.html",
            template=template,
            forms=list(templates().values()),
            year=year,
            this_year=today.year,
            board=found,
            states=STATES,
            may_draft=_may_draft(found),
            today=today,
        )


def _periods(now: Period, year: int) -> list[Period]:
    """Return the periods of a year that have begun, oldest first."""
    step = now if now.last.year == year else now.clock.containing(date(year, 12, 31))
    if step.last.year > year:
        step = step.previous
    found: list[Period] = []
    while step.last.year == year:
        if step.first <= clock.today():
            found.insert(0, step)
        step = step.previous
    return found


def _may_draft(found: Board | None) -> set[int]:
    """Return the libraries a button to draft is shown for: one's own, not all one has rights at."""
    actor = current_actor()
    libraries = [each for each in found.libraries if actor.can(use.DRAFT, each)] if found else []
    return {each.id for each in libraries if len(libraries) == 1 or each.id == actor.library_id}


@bp.post("/open")
@door(use.DRAFT)
def open_() -> Response:
    """Draft a report, or go to the one in hand."""
    unit_id = request.form.get("unit", type=int)
    try:
        first = date.fromisoformat(request.form.get("first", ""))
    except ValueError:
        abort(400)
    if unit_id is None:
        abort(400)
    with transaction() as session:
        form = request.form.get("form", "monthly")
        report = use.open_report(session, current_actor(), unit_id, form, first)
        report_id = report.id
    return redirect(url_for("reporting.paper", report_id=report_id))  # type: ignore[return-value]


# --- the paper ------------------------------------------------------------------------------


@bp.get("/monthly/<int:report_id>")
@door(use.VIEW)
def paper(report_id: int) -> str:
    """Show a report: to type into while it is a draft, as it was sent afterwards."""
    with reading() as session:
        report = use.report_for(session, current_actor(), report_id)
        return _page(session, report, Typed())


@bp.get("/monthly/<int:report_id>.pdf")
@door(use.VIEW)
def paper_pdf(report_id: int) -> Response:
    """Print a report."""
    with reading() as session:
        report = use.report_for(session, current_actor(), report_id)
        content = report_pdf(
            use.paper_of(session, report),
            state=report.state,
            submitted_at=report.submitted_at,
            received_at=report.first_submitted_at,
        )
    return download(content, _filename(report, "pdf"), "application/pdf", inline=True)


@bp.get("/monthly/<int:report_id>.xlsx")
@door(use.VIEW)
def paper_xlsx(report_id: int) -> Response:
    """Save a report as a spreadsheet."""
    with reading() as session:
        report = use.report_for(session, current_actor(), report_id)
        content = report_xlsx(use.paper_of(session, report), submitted_at=report.submitted_at)
    return download(content, _filename(report, "xlsx"), XLSX)


def _filename(report: Report, ending: str) -> str:
    return f"bao-cao-{report.period_end:%Y-%m}-{report.unit_id}-v{report.version}.{ending}"


@bp.post("/monthly/<int:report_id>")
@door(use.VIEW)
def act(report_id: int) -> Any:
    """Do what the pressed button says; what was typed stays on the page when it is refused."""
    acts = {
        "save": _save,
        "submit": _submit,
        "recompute": _recompute,
        "discard": _discard,
        "return": _return,
        "approve": _approve,
        "correct": _correct,
    }
    doing = acts.get(request.form.get("act", "save"))
    if doing is None:
        abort(400)
    try:
        with transaction() as session:
            target = doing(session, report_id)
    except IlsError as error:
        return _refused(report_id, error)
    return redirect(target)


def _typed_entries(session: Session, report_id: int) -> list[use.Entry]:
    """Read the figures typed; raises ``Invalid`` naming those that are none."""
    report = use.report_for(session, current_actor(), report_id, use.DRAFT)
    wrong: dict[Key, str] = {}
    entries = []
    for row in use.template_of(report).rows:
        reason = request.form.get(f"r.{row.id}", "")
        for column in EDITED[_columns()]:
            typed = request.form.get(f"v.{row.id}.{column}")
            if typed is None:
                continue
            try:
                entries.append(use.Entry(row.id, column, read_number(typed), reason))
            except ValueError:
                wrong[row.id, column] = "number"
    if wrong:
        raise Invalid("report_cells_wrong", cells=wrong)
    return entries


def _columns() -> str:
    asked = request.values.get("columns", "period")
    return asked if asked in EDITED else "period"


def _write(session: Session, report_id: int) -> None:
    names = {key[2:]: value for key, value in request.form.items() if key.startswith("n.")}
    use.write(
        session,
        current_actor(),
        report_id,
        _typed_entries(session, report_id),
        revision=request.form.get("revision", type=int),
        note=request.form.get("note"),
        signatures=names or None,
    )


def _to_paper(report_id: int) -> str:
    columns = None if _columns() == "period" else _columns()
    return url_for("reporting.paper", report_id=report_id, columns=columns)


def _save(session: Session, report_id: int) -> str:
    _write(session, report_id)
    flash(_("Saved."), "ok")
    return _to_paper(report_id)


def _submit(session: Session, report_id: int) -> str:
    _write(session, report_id)
    noughts = bool(request.form.get("blanks_are_zero"))
    use.submit(session, current_actor(), report_id, blanks_are_zero=noughts)
    flash(_("The report was submitted. Its figures are frozen."), "ok")
    return _to_paper(report_id)


def _recompute(session: Session, report_id: int) -> str:
    _write(session, report_id)
    use.recompute(session, current_actor(), report_id)
    flash(_("The figures were computed anew; what you typed was kept."), "ok")
    return _to_paper(report_id)


def _discard(session: Session, report_id: int) -> str:
    use.discard(session, current_actor(), report_id)
    flash(_("The draft was thrown away."), "ok")
    return url_for("reporting.months")


def _return(session: Session, report_id: int) -> str:
    remarks = [
        use.Remark(key[2:], "period", text)
        for key, text in request.form.items()
        if key.startswith("c.")
    ]
    use.send_back(session, current_actor(), report_id, remarks)
    flash(_("The report was returned to the library."), "ok")
    return _to_paper(report_id)


def _approve(session: Session, report_id: int) -> str:
    use.approve(session, current_actor(), report_id)
    flash(_("The report was approved."), "ok")
    return _to_paper(report_id)


def _correct(session: Session, report_id: int) -> str:
    newer = use.correct(session, current_actor(), report_id, request.form.get("why", ""))
    flash(_("A correction was opened. The approved version counts until this one is."), "ok")
    return url_for("reporting.paper", report_id=newer.id)


def _refused(report_id: int, error: IlsError) -> Any:
    """Show the page again with everything typed, and say what is wrong."""
    if error.status in (403, 404):
        raise error
    values = {_key(key): value for key, value in request.form.items() if key.startswith("v.")}
    typed = Typed(
        values=values,
        reasons=_after("r."),
        wrong=error.facts.get("cells", {}),
        note=request.form.get("note"),
        names=_after("n."),
        remarks=_after("c."),
        missing=frozenset(error.facts.get("rows", ())),
        problem=sentence_for(error),
    )
    with reading() as session:
        report = use.report_for(session, current_actor(), report_id)
        return _page(session, report, typed), error.status


def _key(name: str) -> Key:
    _start, row, column = [*name.split("."), "", ""][:3]
    return row, column


def _after(start: str) -> dict[str, str]:
    return {k.removeprefix(start): v for k, v in request.form.items() if k.startswith(start)}


def _page(session: Session, report: Report, typed: Typed) -> str:
    actor, found = current_actor(), use.paper_of(session, report)
    period = use.period_of(report)
    before = frozen_paper(session, report.template, report.unit_id, period.previous.first)
    older = session.get(Report, report.correction_of) if report.correction_of else None
    comments = use.comments_of(session, report)
    may_write = allowed("write", report.state) and _can(session, report, use.DRAFT)
    judges = allowed("approve", report.state) and use.may_approve(session, actor, report)
    return render_template(
        "reporting/paper.html",
        report=report,
        paper=found,
        period=period,
        library=unit_name(session, report.unit_id, report.period_end),
        stands=STATES[report.state],
        columns=_columns(),
        typed=typed,
        wrong_words=WRONG,
        may_write=may_write,
        may_submit=may_write and _can(session, report, use.SUBMIT),
        may_correct=allowed("correct", report.state)
        and _can(session, report, use.DRAFT)
        and not _is_total(found),
        judges=judges,
        over=report.period_end < clock.today(),
        odd=_odd(found, before) if may_write or judges else [],
        comments=comments,
        of_row=_by_row(comments),
        steps=use.steps_of(session, report),
        step_words=STEPS,
        older=from_json(older.snapshot) if older and older.snapshot else None,
        figure=shown,
    )


def _is_total(found: Paper) -> bool:
    return bool(found.facts.get("libraries"))


def _can(session: Session, report: Report, permission: str) -> bool:
    try:
        use.report_for(session, current_actor(), report.id, permission)
    except IlsError:
        return False
    return True


def _by_row(comments: list[Any]) -> dict[str, list[Any]]:
    found: dict[str, list[Any]] = {}
    for comment in comments:
        found.setdefault(comment.row, []).append(comment)
    return found


def _odd(found: Paper, before: Paper | None) -> list[str]:
    said = []
    for hint in hints(found, before):
        facts = {
            key: shown(value) if isinstance(value, int | float) else value
            for key, value in hint.facts.items()
        }
        said.append(str(HINTS[hint.code]) % {"row": hint.line.label(language()), **facts})
    return said


def late_words(days: int) -> str:
    """Say how late something is."""
    return str(ngettext("%(num)s day late", "%(num)s days late", days))
