"""Pages of people registered twice: likely pairs, the two side by side, what can be undone."""

from collections.abc import Mapping
from typing import Any

from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from sqlalchemy import func, select
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from circulation.blocks import patron_figures
from circulation.desk import perform
from circulation.models import HOLD_OPEN_STATES, Hold, Loan
from circulation.patrons import cards, looks
from circulation.patrons.duplicates import likely_pairs, not_the_same, what_is_same
from circulation.patrons.merge import MERGE, merge_patrons, merges_of, undo_merge
from circulation.patrons.models import Patron, PatronCategory
from circulation.patrons.patrons import patron_for
from circulation.patrons.views import bp
from ils.core import clock
from ils.core.db import reading, transaction
from ils.core.errors import IlsError, NotFound
from ils.web.door import current_actor, door
from ils.web.errors import sentence_for
from ils.web.pages import Page, page_number

PAGE = 50


@bp.get("/duplicates")
@door(MERGE)
def duplicates() -> str:
    """List pairs of records that may be one person, and merges that can be undone."""
    number = page_number(request.args.get("page"))
    with reading() as session:
        total, pairs = likely_pairs(
            session, current_actor(), limit=PAGE, offset=(number - 1) * PAGE
        )
        return render_template(
            "circulation/patrons_duplicates.html",
            page=Page(number, PAGE, total, pairs),
            merges=merges_of(session, current_actor()),
        )


@bp.route("/<int:patron_id>/merge", methods=["GET", "POST"])
@door(MERGE)
def merge(patron_id: int) -> Any:
    """Show two records side by side; on POST make them one."""
    problem, status = None, 200
    with reading() as session:
        patron_for(session, current_actor(), patron_id, MERGE)
        other_id, problem = _other(session, request.values)
    if request.method == "POST" and other_id is not None:
        keep = other_id if request.form.get("keep") == str(other_id) else patron_id
        gone = patron_id if keep == other_id else other_id
        try:
            perform(merge_patrons, current_actor(), keep, gone)
        except IlsError as error:
            if error.status == 404:
                raise
            problem, status = sentence_for(error), error.status
        else:
            flash(_("The two records are one now. It can be undone for 30 days."), "ok")
            return redirect(url_for("patrons.show", patron_id=keep))
    with reading() as session:
        both = [_facts(session, patron_id)]
        if other_id is not None:
            both.append(_facts(session, other_id))
        page = render_template(
            "circulation/patrons_merge.html",
            both=both,
            keep=_likely_kept(both),
            same=what_is_same(both[0]["patron"], both[1]["patron"]) if len(both) > 1 else (),
            problem=problem,
            typed=request.values.get("card", ""),
        )
    return page, status


def _other(session: Session, sent: Mapping[str, str]) -> tuple[int | None, str | None]:
    """Return the other record, named by its id or by a card, and what was wrong with the card."""
    number = sent.get("card", "").strip()
    if sent.get("other", "").isdecimal():
        return patron_for(session, current_actor(), int(sent["other"]), MERGE).id, None
    if not number:
        return None, None
    try:
        holder = cards.holder_of(session, cards.card_by_number(session, number))
        return patron_for(session, current_actor(), holder, MERGE).id, None
    except NotFound:
        return None, _("There is no card with the number %(number)s.", number=number)


def _facts(session: Session, patron_id: int) -> dict[str, Any]:
    patron = patron_for(session, current_actor(), patron_id, MERGE)
    looks.note_look(session, current_actor(), patron_id, looks.MERGE)
    figures = patron_figures(session, [patron_id])[patron_id]
    loans = (
        select(func.count())
        .select_from(Loan)
        .where(Loan.patron_id == patron_id, Loan.closed_at.is_(None))
    )
    waits = (Hold.patron_id == patron_id, Hold.state.in_(HOLD_OPEN_STATES))
    holds = select(func.count()).select_from(Hold).where(*waits)
    return {
        "patron": patron,
        "category": session.get_one(PatronCategory, patron.category),
        "card": cards.active_card(session, patron_id),
        "loans": session.scalar(loans),
        "holds": session.scalar(holds),
        "owed": figures.owed,
        "deposit": figures.deposit,
    }


def _likely_kept(both: list[dict[str, Any]]) -> int:
    """Return the record to keep unless somebody chooses: with a valid card, else the elder."""

    def worth(one: dict[str, Any]) -> tuple[bool, Any, int]:
        valid = one["card"] is not None and one["card"].expires_on >= clock.today()
        return (not valid, one["patron"].registered_on, one["patron"].id)

    kept: Patron = min(both, key=worth)["patron"]
    return kept.id


@bp.post("/duplicates/distinct")
@door(MERGE)
def distinct() -> Response:
    """Write down that two records are two people."""
    with transaction() as session:
        one, two = (request.form.get(box, 0, type=int) for box in ("one", "two"))
        not_the_same(session, current_actor(), one, two)
    flash(_("Noted: two people. The pair is not shown again."), "ok")
    return redirect(url_for("patrons.duplicates"))


@bp.post("/merges/<int:merge_id>/undo")
@door(MERGE)
def part(merge_id: int) -> Response:
    """Undo a merge."""
    try:
        done = perform(undo_merge, current_actor(), merge_id)
    except IlsError as error:
        if error.status == 404:
            raise
        flash(sentence_for(error), "bad")
        return redirect(url_for("patrons.duplicates"))
    flash(_("The two records are apart again."), "ok")
    if done.left:
        words = {"ledger": _("the account"), "loans": _("loans"), "holds": _("holds")}
        left = ", ".join(f"{words[name]} ({count})" for name, count in done.left.items())
        flash(
            _("These stay where they are, since something happened to them: %(left)s.", left=left),
            "warn",
        )
    return redirect(url_for("patrons.duplicates"))
