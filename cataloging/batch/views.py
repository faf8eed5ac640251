"""Pages of batch change."""

from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from sqlalchemy import func, select

from cataloging.baskets import contents
from cataloging.batch import runs
from cataloging.batch.looking import look_at
from cataloging.batch.models import OUTCOMES
from cataloging.batch.posted import faults_of, posted_rules
from cataloging.batch.rules import Rule
from cataloging.batch.words import ACTS, CONDITIONS, FAULTS, said_rule
from cataloging.batch.words import OUTCOMES as OUTCOME_WORDS
from cataloging.change_sets import change_set_for
from cataloging.marc.compare import differences
from cataloging.permissions import EDIT_RECORD, UNDO_CHANGES
from cataloging.views.words import say_finding
from ils.core.db import reading, transaction
from ils.core.errors import Invalid, Refused
from ils.core.jobs import Job
from ils.web.door import current_actor, door
from ils.web.errors import sentence_for
from ils.web.pages import Page, page_number

bp = Blueprint("batch", __name__, url_prefix="/staff/batch", template_folder="templates")
PAGE = 20
RUNS = 30


@bp.get("/")
@door(EDIT_RECORD)
def batches() -> str:
    """List one's own batches, and the rules one keeps."""
    actor = current_actor()
    with reading() as session:
        query = runs.runs_of(session, actor)
        total = session.scalar(select(func.count()).select_from(query.subquery())) or 0
        page = Page(page_number(request.args.get("page")), RUNS, total)
        rows = session.scalars(query.limit(RUNS).offset(page.offset)).all()
        return render_template(
            "cataloging/batch/batches.html",
            page=page,
            rows=[(run, runs.counts_of(session, run.id)) for run in rows],
            kept=runs.kept_rules(session, actor),
            rules_of=runs.rules_of,
            say=said_rule,
            baskets=contents.baskets_of(session, actor),
        )


@bp.get("/new")
@door(EDIT_RECORD)
def new() -> Any:
    """Show the boxes for rules, empty or with rules kept or of an earlier run."""
    kept = request.args.get("kept", type=int)
    earlier = request.args.get("run", type=int)
    rules: list[Rule] = []
    name = ""
    with reading() as session:
        if kept:
            found = runs.kept_for(session, current_actor(), kept)
            rules, name = runs.rules_of(found), found.name
        elif earlier:
            rules = runs.rules_of(runs.run_for(session, current_actor(), earlier))
    return _boxes(request.args.get("basket", type=int) or 0, rules, name)


@bp.post("/new")
@door(EDIT_RECORD)
def make() -> Any:
    """Take rules: look at the records, keep the rules, or show one more set of boxes."""
    sent = request.form
    actor, rules = current_actor(), posted_rules(sent)
    basket_id, name = sent.get("basket", type=int, default=0), sent.get("name", "")
    act = sent.get("do", "look")
    if act == "more" or faults_of(rules):
        return _boxes(basket_id, rules, name, more=act == "more")
    try:
        with transaction() as session:
            if act == "keep":
                runs.keep_rules(session, actor, name, rules)
                flash(_("The rules are kept."), "ok")
            else:
                run = runs.make_run(session, actor, basket_id, rules)
                return redirect(url_for("batch.show", batch_run_id=run.id))
    except (Invalid, Refused) as error:
        flash(sentence_for(error), "bad")
    return _boxes(basket_id, rules, name)


def _boxes(basket_id: int, rules: list[Rule], name: str, *, more: bool = False) -> Any:
    wrong = [] if more else faults_of(rules)
    with reading() as session:
        baskets = contents.baskets_of(session, current_actor())
        page = render_template(
            "cataloging/batch/new.html",
            baskets=[(b.id, f"{b.name} ({n})") for b, n, _copies in baskets],
            basket_id=basket_id,
            rules=[*rules, Rule("", "")] if more or not rules else rules,
            name=name,
            faults=[
                _("Rule %(n)s: %(what)s.", n=n, what=FAULTS.get(code, code))
                for n, _box, code in wrong
            ],
            acts=list(ACTS.items()),
            conditions=list(CONDITIONS.items()),
            kept=runs.kept_rules(session, current_actor()),
        )
    return page, 422 if wrong else 200


@bp.post("/kept/<int:batch_rules_id>/forget")
@door(EDIT_RECORD)
def forget(batch_rules_id: int) -> Any:
    """Forget rules kept."""
    with transaction() as session:
        runs.forget_rules(session, current_actor(), batch_rules_id)
    return redirect(url_for("batch.batches"))


@bp.get("/<int:batch_run_id>")
@door(EDIT_RECORD)
def show(batch_run_id: int) -> str:
    """Show a run: how many of what, and each change field by field before it is made."""
    actor = current_actor()
    with reading() as session:
        run = runs.run_for(session, actor, batch_run_id)
        counts = runs.counts_of(session, run.id)
        wanted = request.args.get("outcome", "")
        if wanted not in OUTCOMES:
            wanted = next(
                (one for one in OUTCOME_WORDS if counts[one] and one != "waiting"), "will"
            )
        page = Page(page_number(request.args.get("page")), PAGE, counts[wanted])
        lines = session.execute(
            runs.lines_of(session, run.id, wanted).limit(PAGE).offset(page.offset)
        ).all()
        rules = runs.rules_of(run)
        shown = [
            (record, record.version != version, *_change(record.marc, rules, wanted))
            for record, version in lines
        ]
        made_in = change_set_for(session, run.change_set_id) if run.change_set_id else None
        return render_template(
            "cataloging/batch/run.html",
            run=run,
            rules=[said_rule(rule) for rule in rules],
            counts=counts,
            wanted=wanted,
            page=page,
            shown=shown,
            outcomes=OUTCOME_WORDS,
            job=session.get(Job, run.job_id) if run.job_id else None,
            at_work=runs.is_at_work(session, run),
            change_set=made_in,
            may_undo=actor.can_somewhere(UNDO_CHANGES),
            say=say_finding,
        )


def _change(marc: Any, rules: list[Rule], outcome: str) -> tuple[Any, Any]:
    """Return the lines that differ and the errors there would be; nothing for what was done."""
    if outcome not in ("will", "invalid", "stale"):
        return [], ()
    seen = look_at(marc, rules)
    return [line for line in differences(marc, seen.marc) if line.kind != "same"], seen.errors


@bp.post("/<int:batch_run_id>/act")
@door(EDIT_RECORD)
def act(batch_run_id: int) -> Any:
    """Carry out, look again, stop, forget, or put the records of one outcome into a basket."""
    actor, sent = current_actor(), request.form
    here = redirect(url_for("batch.show", batch_run_id=batch_run_id))
    try:
        with transaction() as session:
            run = runs.run_for(session, actor, batch_run_id)
            match sent.get("act"):
                case "change":
                    runs.begin_change(session, actor, batch_run_id)
                case "again":
                    runs.look_again(session, actor, batch_run_id)
                case "stop":
                    runs.stop(session, actor, batch_run_id)
                case "forget":
                    runs.delete_run(session, actor, batch_run_id)
                    return redirect(url_for("batch.batches"))
                case _:
                    outcome = sent.get("outcome", "invalid")
                    name = f"{run.name[:40]} – {OUTCOME_WORDS[outcome][1]}"[:80]
                    basket_id = runs.put_in_basket(session, actor, run, outcome, name)
                    return redirect(url_for("baskets.show", basket_id=basket_id))
    except (Invalid, Refused) as error:
        flash(sentence_for(error), "bad")
    return here
