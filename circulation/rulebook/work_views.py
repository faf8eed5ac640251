"""Pages of the work on rules: what a draft would have made, doubts, the explanation, open loans."""

from collections.abc import Sequence
from datetime import date
from typing import Any

from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from cataloging.models import Item, Record
from circulation.models import Loan
from circulation.permissions import CHECK_OUT, EDIT_POLICY, VIEW_POLICY
from circulation.rulebook import drafts, open_loans
from circulation.rulebook.explain import Explained, explain_lending
from circulation.rulebook.linting import brought_by, doubtful
from circulation.rulebook.models import RulesApplied, RulesLine
from circulation.rulebook.views import bp, chosen
from circulation.rulebook.words import Words
from circulation.rules.lint import WARN, Finding
from circulation.rules.policy import to_json
from circulation.rules.reasons import Reason
from circulation.views.why import DECIDED_BY, DUE, FINE
from ils.core.db import reading, transaction
from ils.core.errors import IlsError
from ils.core.jobs import Job, has_stopped
from ils.org.units import branches_of, place, unit
from ils.web.admin import units_of_actor
from ils.web.door import current_actor, door
from ils.web.errors import sentence_for
from ils.web.pages import Page, page_number

SIZE = 50
RENEW = ("renew_limit", "renew_base", "renew_when_overdue", "renew_max_days_late")
STATES: dict[str, tuple[str, Any]] = {
    "draft": ("info", _l("preview")),
    "moving": ("warn", _l("being applied")),
    "applied": ("ok", _l("applied")),
    "saved": ("ok", _l("saved")),
    "undone": ("off", _l("undone")),
    "discarded": ("off", _l("thrown away")),
}
LINE_STATES: dict[str, tuple[str, Any]] = {
    "planned": ("info", _l("planned")),
    "done": ("ok", _l("changed")),
    "changed": ("off", _l("changed meanwhile, left alone")),
    "undone": ("off", _l("set back")),
    "kept": ("off", _l("kept as it is now")),
}


# --- trying a change -------------------------------------------------------------------------


@bp.get("/drafts/<int:draft_id>")
@door(VIEW_POLICY)
def draft(draft_id: int) -> str:
    """Show what a draft would have made of the loans of the last 90 days."""
    with reading() as session:
        found = drafts.draft_of(session, current_actor(), draft_id)
        at, changes = unit(session, found.unit_id), drafts.changes_of(found)
        words = Words(session)
        brought = brought_by(session, at, changes) if found.state == "draft" else []
        examples = found.result.get("examples", [])
        return render_template(
            "rulebook/draft.html",
            draft=found,
            unit=at,
            words=words,
            changes=changes,
            result=found.result,
            findings=[(words.finding(one), one) for one in brought],
            loans=_loans_named(session, [one["loan_id"] for one in examples]),
            job=session.get(Job, found.job_id) if found.job_id else None,
            may_edit=current_actor().can(EDIT_POLICY, at),
            states=STATES,
            day=date.fromisoformat,
        )


def _loans_named(session: Session, ids: Sequence[int]) -> dict[int, dict[str, Any]]:
    rows = session.execute(
        select(Loan.id, Record.title, Item.accession_no)
        .join(Record, Record.id == Loan.record_id)
        .join(Item, Item.id == Loan.item_id)
        .where(Loan.id.in_(ids))
    )
    return {row.id: dict(row._mapping) for row in rows}


@bp.post("/drafts/<int:draft_id>")
@door(EDIT_POLICY)
def end_draft(draft_id: int) -> Any:
    """Save a draft, or throw it away."""
    saved = request.form.get("act") == "save"
    try:
        with transaction() as session:
            end = drafts.save_draft if saved else drafts.discard_draft
            found = end(session, current_actor(), draft_id)
            field = drafts.changes_of(found)[0].field
            back = url_for("rulebook.matrix", unit=found.unit_id, field=field)
    except IlsError as error:
        if error.status in (403, 404):
            raise
        flash(sentence_for(error), "error")
        return redirect(url_for("rulebook.draft", draft_id=draft_id))
    if saved:
        flash(_("The rule was saved. Loans already made keep the values they had."), "ok")
    else:
        flash(_("The draft was thrown away; nothing had changed."), "ok")
    return redirect(back)


# --- doubts ----------------------------------------------------------------------------------


@bp.get("/lint")
@door(VIEW_POLICY)
def lint() -> str:
    """Show what is doubtful in the rules of a unit and all below it."""
    with reading() as session:
        at, units = chosen(session)
        words = Words(session)
        own = {one.id for one in units}
        found = [one for one in doubtful(session, at) if _is_shown(session, one, own)]
        return render_template(
            "rulebook/lint.html",
            unit=at,
            units=units,
            words=words,
            findings=[(words.finding(one), one) for one in found],
            warn=WARN,
            own=own,
        )


def _is_shown(session: Session, found: Finding, own: set[int]) -> bool:
    """What lies above is told too, for those it reaches; nothing of another library is."""
    return found.unit_id in own or place(session, found.unit_id).kind == "province"


# --- explaining ------------------------------------------------------------------------------


@bp.get("/explain")
@door(CHECK_OUT)
def explain() -> Any:
    """Explain what lending would decide about a reader and a copy, now."""
    barcode, card = (request.args.get(name, "").strip() for name in ("barcode", "card"))
    found: Explained | list[Reason] | None = None
    with reading() as session:
        actor = current_actor()
        branches = [
            one for one in branches_of(session, actor.library_id or 0) if actor.can(CHECK_OUT, one)
        ]
        wanted = request.args.get("branch", actor.unit_id, type=int)
        at = next((one for one in branches if one.id == wanted), None)
        at = at or (branches[0] if branches else None)
        words = Words(session)
        if barcode and card and at is not None:
            there = actor.at_unit(session, at.id)
            kind = request.args.get("kind") or None
            kind = kind if kind in ("home", "reading_room") else None
            found = explain_lending(session, there, barcode=barcode, card=card, kind=kind)
        known = found if isinstance(found, Explained) else None
        return render_template(
            "rulebook/explain.html",
            branches=[(one.id, words.units[one.id]) for one in branches],
            at=at,
            typed=request.args,
            words=words,
            found=known,
            unknown=found if isinstance(found, list) else [],
            policy=known.resolved.policy if known else None,
            said=[(one, _rules(known, one.code, words)) for one in known.reasons] if known else [],
            due_rules=_lines(known, DUE, words) if known else [],
            renew_rules=_lines(known, RENEW, words) if known else [],
            fine_rules=_lines(known, FINE, words) if known else [],
            every=_lines(known, to_json(vars(known.resolved.policy)), words) if known else [],
        )


def _rules(known: Explained, code: str, words: Words) -> list[tuple[str, str, str]]:
    return _lines(known, DECIDED_BY.get(code, ()), words)


def _lines(known: Explained, names: Any, words: Words) -> list[tuple[str, str, str]]:
    """Return values in words: the rule, its value, where it was set."""
    policy, origins = known.resolved.policy, known.resolved.origins
    return [
        (
            words.fields.get(name, name),
            words.value(name, getattr(policy, name)),
            words.origin(origins.get(name)),
        )
        for name in names
    ]


# --- loans already open ----------------------------------------------------------------------


@bp.route("/open-loans", methods=["GET", "POST"])
@door(EDIT_POLICY)
def open_loans_home() -> Any:
    """Preview giving the rules of today to open loans, and show what was done so."""
    with reading() as session:
        at, units = chosen(session, EDIT_POLICY)
        words = Words(session)
    if request.method == "POST":
        item_type, category = (request.form.get(n, "") for n in ("item_type", "category"))
        with transaction() as session:
            made = open_loans.preview_open_loans(
                session,
                current_actor(),
                at.id,
                item_type if item_type in words.types else "",
                category if category in words.categories else "",
            )
        return redirect(url_for("rulebook.application", applied_id=made.id))
    with reading() as session:
        words = Words(session)
        mine = [one.id for one in units_of_actor(session, EDIT_POLICY)]
        query = select(RulesApplied).where(
            RulesApplied.unit_id.in_(mine), RulesApplied.state != "discarded"
        )
        total = session.scalar(select(func.count()).select_from(query.subquery())) or 0
        page = Page(page_number(request.args.get("page")), SIZE, total)
        rows = session.scalars(
            query.order_by(RulesApplied.id.desc()).limit(SIZE).offset(page.offset)
        ).all()
        return render_template(
            "rulebook/open_loans.html",
            unit=at,
            units=units,
            words=words,
            page=page,
            rows=rows,
            states=STATES,
        )


@bp.get("/open-loans/<int:applied_id>")
@door(EDIT_POLICY)
def application(applied_id: int) -> str:
    """Show the loans that get other values, and what may be done."""
    with reading() as session:
        made, at = open_loans.application(session, current_actor(), applied_id)
        words = Words(session)
        of_it = RulesLine.applied_id == applied_id
        count, moved, before, after = session.execute(
            select(
                func.count(),
                func.count().filter(RulesLine.new_due > RulesLine.old_due),
                func.coalesce(func.sum(RulesLine.fine_before), 0),
                func.coalesce(func.sum(RulesLine.fine_after), 0),
            ).where(of_it)
        ).one()
        number = page_number(request.args.get("page"))
        lines = session.scalars(
            select(RulesLine)
            .where(of_it)
            .order_by(RulesLine.new_due == RulesLine.old_due, RulesLine.old_due, RulesLine.id)
            .limit(SIZE)
            .offset((number - 1) * SIZE)
        ).all()
        job = session.get(Job, made.job_id) if made.job_id else None
        return render_template(
            "rulebook/application.html",
            made=made,
            stopped=has_stopped(job),
            unit=at,
            words=words,
            page=Page(number, SIZE, count, lines),
            differences={line.id: _differences(line, words) for line in lines},
            loans=_loans_named(session, [line.loan_id for line in lines]),
            figures={"count": count, "moved": moved, "before": before, "after": after},
            job=job,
            states=STATES,
            line_states=LINE_STATES,
        )


def _differences(line: RulesLine, words: Words) -> list[str]:
    """Say which values a loan would have otherwise."""
    old, new = line.old_policy.get("values", {}), line.new_policy.get("values", {})
    return [
        f"{words.fields.get(name, name)}: "
        f"{words.value(name, old[name]) if name in old else '—'} → {words.value(name, value)}"
        for name, value in new.items()
        if name not in old or old[name] != value
    ]


@bp.post("/open-loans/<int:applied_id>")
@door(EDIT_POLICY)
def act_on_application(applied_id: int) -> Any:
    """Apply, undo or throw away."""
    here, actor = url_for("rulebook.application", applied_id=applied_id), current_actor()
    try:
        with transaction() as session:
            match request.form.get("act"):
                case "apply":
                    open_loans.apply_to_open_loans(session, actor, applied_id)
                    said = _("The open loans have the rules of today.")
                case "go_on":
                    open_loans.go_on(session, actor, applied_id)
                    said = _("It goes on where it had stopped.")
                case "undo":
                    open_loans.undo_application(session, actor, applied_id)
                    said = _(
                        "The loans have their old rules again, where nobody changed them since."
                    )
                case "discard":
                    open_loans.discard_application(session, actor, applied_id)
                    said = _("The preview was thrown away; nothing had changed.")
                    here = url_for("rulebook.open_loans_home")
                case _:
                    open_loans.application(session, actor, applied_id)
                    return redirect(here)
    except IlsError as error:
        if error.status in (403, 404):
            raise
        flash(sentence_for(error), "error")
    else:
        flash(said, "ok")
    return redirect(here)
