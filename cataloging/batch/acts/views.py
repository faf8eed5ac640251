"""Pages of acts over many copies or records."""

from collections.abc import Mapping, Sequence
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from cataloging.baskets.contents import baskets_of
from cataloging.batch.acts import choosing, copies, deleting, runs, showing, withdrawing, words
from cataloging.batch.acts.models import ActRun
from cataloging.batch.acts.posted import posted_changes, posted_source, typed_again
from cataloging.batch.rules.copies import PICKED, WRITTEN, faults
from cataloging.change_sets import change_set_for
from cataloging.items import EDITABLE_LIFECYCLES, HIGHEST_PRICE, WITHDRAWAL_REASONS
from cataloging.permissions import (
    DELETE_RECORD,
    EDIT_ITEM,
    UNDO_CHANGES,
    VIEW_RECORD,
    WITHDRAW_ITEM,
)
from cataloging.stockbook.weeding.proposals import MOST_LINES
from cataloging.views import narrow
from cataloging.views.base import staff_names
from cataloging.views.copy_values import values_said
from cataloging.views.forms import CopyForm
from cataloging.views.words import COPY_BOXES, LIFECYCLES, REASONS, iso_day
from ils.core import clock
from ils.core.db import reading, transaction
from ils.core.errors import IlsError, Invalid, Refused
from ils.core.jobs import Job
from ils.org.units import unit_names
from ils.web.door import current_actor, door
from ils.web.errors import sentence_for
from ils.web.forms import clean_text, parse_day
from ils.web.pages import Page, page_number

bp = Blueprint("acts", __name__, url_prefix="/staff/batch/acts", template_folder="../templates")
PAGE = 50
RUNS = 30
UNKNOWN_SHOWN = 30


@bp.get("/")
@door(VIEW_RECORD)
def acts() -> str:
    """List one's own runs."""
    actor = current_actor()
    with reading() as session:
        query = runs.runs_of(actor)
        total = session.scalar(select(func.count()).select_from(query.subquery())) or 0
        page = Page(page_number(request.args.get("page")), RUNS, total)
        rows = session.scalars(query.limit(RUNS).offset(page.offset)).all()
        said = values_said(session)
        return render_template(
            "cataloging/batch/acts.html",
            page=page,
            rows=[(one, runs.counts_of(session, one.id), _said(one, said)) for one in rows],
            words=words,
            may_withdraw=actor.can_somewhere(WITHDRAW_ITEM),
            may_delete=actor.can_somewhere(DELETE_RECORD),
        )


def _said(run: ActRun, said: Any) -> list[str]:
    if run.act == "withdraw":
        parts = [str(REASONS[run.plan["reason"]]), run.plan["decision"], iso_day(run.plan["on"])]
        return [" · ".join(part for part in parts if part)]
    if run.act != "change":
        return []
    return [words.said_change(one, said) for one in copies.changes_of(run.plan)]


@bp.get("/change")
@door(EDIT_ITEM)
def change() -> Any:
    """Show the boxes for a change of copies, empty or with those of an earlier run."""
    earlier = request.args.get("run", type=int)
    typed: Mapping[str, str] = request.args
    if earlier:
        with reading() as session:
            run = runs.run_for(session, current_actor(), earlier)
            typed = typed_again(copies.changes_of(run.plan)) if run.act == "change" else {}
    return _boxes(typed)


@bp.post("/change")
@door(EDIT_ITEM)
def make_change() -> Any:
    """Take a change of copies and look at what it would make of them."""
    actor = current_actor()
    changes, wrong = posted_changes(request.form)
    wrong += faults(changes, highest_price=HIGHEST_PRICE) if not wrong else []
    if wrong:
        said = [f"{COPY_BOXES[box]}: {words.FAULTS[code]}." for box, code in wrong]
        return _boxes(request.form, said)
    try:
        source = posted_source(request.form)
        with reading() as session:
            plan = copies.plan_of(session, actor, changes)
            found = choosing.copies_from(session, actor, source)
        return _begin(copies.ACT, plan, found)
    except (Invalid, Refused) as error:
        return _boxes(request.form, [sentence_for(error)])


@bp.get("/withdraw")
@door(WITHDRAW_ITEM)
def withdraw() -> Any:
    """Show the boxes for a withdrawal of copies."""
    return _withdraw_boxes({"on": f"{clock.today():%d/%m/%Y}", **request.args})


@bp.post("/withdraw")
@door(WITHDRAW_ITEM)
def make_withdrawal() -> Any:
    """Take a withdrawal and look at what it would do."""
    sent = request.form
    try:
        decision, day = clean_text(sent.get("decision", "")), clean_text(sent.get("on", ""))
        plan = withdrawing.plan_of(sent.get("reason", ""), decision, _day(day))
        source = posted_source(sent)
        with reading() as session:
            found = choosing.copies_from(session, current_actor(), source)
        return _begin(withdrawing.ACT, plan, found)
    except (Invalid, Refused) as error:
        return _withdraw_boxes(sent, sentence_for(error))


def _day(typed: str) -> Any:
    try:
        return parse_day(typed) if typed else None
    except ValueError as error:
        raise Invalid("withdrawal_date_impossible", field="on", value=typed) from error


def _withdraw_boxes(typed: Mapping[str, str], wrong: str = "") -> Any:
    with reading() as session:
        page = render_template(
            "cataloging/batch/withdraw.html",
            reasons=[(code, REASONS[code]) for code in WITHDRAWAL_REASONS],
            wrong=wrong,
            **_source_boxes(session, typed),
        )
    return page, 422 if wrong else 200


@bp.get("/delete")
@door(DELETE_RECORD)
def delete() -> Any:
    """Show the boxes for a deletion of records."""
    return _delete_boxes(request.args)


@bp.post("/delete")
@door(DELETE_RECORD)
def make_deletion() -> Any:
    """Take records and look which of them may be deleted."""
    try:
        source = posted_source(request.form)
        with reading() as session:
            found = choosing.records_from(session, current_actor(), source)
        return _begin(deleting.ACT, {}, found)
    except (Invalid, Refused) as error:
        return _delete_boxes(request.form, sentence_for(error))


def _delete_boxes(typed: Mapping[str, str], wrong: str = "") -> Any:
    with reading() as session:
        boxes = _source_boxes(session, typed)
        page = render_template("cataloging/batch/delete.html", wrong=wrong, **boxes)
    return page, 422 if wrong else 200


def _begin(act: str, plan: Mapping[str, Any], found: choosing.Found) -> Any:
    """Begin a run over what was chosen, and tell which numbers mean nothing."""
    tell_unknown(found.unknown)
    name = found.name or str(words.ACTS[act])
    with transaction() as session:
        run = runs.make_run(session, current_actor(), act, name, plan, found.ids)
        return redirect(url_for("acts.show", act_run_id=run.id))


def tell_unknown(unknown: Sequence[str]) -> None:
    """Say which numbers mean nothing here."""
    if unknown:
        more = len(unknown) - UNKNOWN_SHOWN
        shown = ", ".join(unknown[:UNKNOWN_SHOWN]) + (f" … (+{more})" if more > 0 else "")
        flash(_("Nothing here has these numbers: %(numbers)s", numbers=shown), "warn")


def _source_boxes(session: Session, typed: Mapping[str, str]) -> dict[str, Any]:
    baskets = baskets_of(session, current_actor())
    return {
        "typed": typed,
        "baskets": [(b.id, f"{b.name} ({n}, {c})") for b, n, c in baskets],
        "narrowed": narrow.chosen(),
    }


def _boxes(typed: Mapping[str, str], wrong: Sequence[str] = ()) -> Any:
    with reading() as session:
        form = CopyForm(formdata=None)
        form.fill_choices(session)
        picked = {box: list(form[box].choices) for box in PICKED if box != "lifecycle"}
        picked["collection_id"] = picked["collection_id"][1:]
        picked["lifecycle"] = [(code, LIFECYCLES[code]) for code in EDITABLE_LIFECYCLES]
        page = render_template(
            "cataloging/batch/copies.html",
            picked=picked,
            written=WRITTEN,
            boxes=COPY_BOXES,
            hows=list(words.HOWS.items()),
            wrong=wrong,
            **_source_boxes(session, typed),
        )
    return page, 422 if wrong else 200


@bp.get("/<int:act_run_id>")
@door(VIEW_RECORD)
def show(act_run_id: int) -> str:
    """Show a run: how many of what, why not, and each change before it is made."""
    actor = current_actor()
    with reading() as session:
        run = runs.run_for(session, actor, act_run_id)
        counts = runs.counts_of(session, run.id)
        wanted = request.args.get("outcome", "")
        if wanted not in words.OUTCOMES:
            wanted = next((o for o in words.OUTCOMES if counts[o] and o != "waiting"), "will")
        page = Page(page_number(request.args.get("page")), PAGE, counts[wanted])
        said = values_said(session)
        made_in = change_set_for(session, run.change_set_id) if run.change_set_id else None
        return render_template(
            "cataloging/batch/act.html",
            run=run,
            plan=_said(run, said),
            counts=counts,
            wanted=wanted,
            page=page,
            shown=showing.lines_of(session, run, wanted, PAGE, page.offset),
            sums=showing.sums_of(session, run) if run.act == "change" and wanted == "will" else [],
            reasons=runs.reasons_of(session, run.id, wanted),
            job=session.get(Job, run.job_id) if run.job_id else None,
            at_work=runs.is_at_work(session, run),
            change_set=made_in,
            undone_by=staff_names(session, {made_in.undone_by}) if made_in else {},
            may_undo=actor.can_somewhere(UNDO_CHANGES),
            may_withdraw=actor.can_somewhere(WITHDRAW_ITEM),
            most_on_list=MOST_LINES,
            units=unit_names(session),
            said=said,
            boxes=COPY_BOXES,
            words=words,
        )  # fmt: skip


@bp.post("/<int:act_run_id>/act")
@door(VIEW_RECORD)
def act(act_run_id: int) -> Any:
    """Carry out, look again, stop, or forget."""
    actor, what = current_actor(), request.form.get("act", "")
    acts = {"do": runs.begin, "again": runs.look_again, "stop": runs.stop, "forget": runs.forget}
    try:
        with transaction() as session:
            run = runs.run_for(session, actor, act_run_id)
            if what in acts:
                acts[what](session, actor, act_run_id)
            if what == "forget":
                return redirect(url_for("acts.acts"))
            if what == "list":
                weeding_id = withdrawing.put_on_list(session, actor, act_run_id)
                return redirect(url_for("weeding.show", weeding_id=weeding_id))
            if what in ("basket", "copies"):
                basket_id = runs.put_in_basket(session, actor, run, *_basket_of(run))
                if what == "copies":
                    return redirect(url_for("acts.withdraw", basket=basket_id))
                return redirect(url_for("baskets.show", basket_id=basket_id))
    except IlsError as error:
        if error.status == 404:
            raise
        flash(sentence_for(error), "bad")
    return redirect(url_for("acts.show", act_run_id=act_run_id))


def _basket_of(run: ActRun) -> tuple[str, str]:
    """Return which lines go into a basket, and its name."""
    outcome = request.form.get("outcome", "")
    outcome = outcome if outcome in words.OUTCOMES else "against"
    return outcome, f"{run.name[:40]} – {words.OUTCOMES[outcome][1]}"[:80]
