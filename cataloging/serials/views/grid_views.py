"""The morning grid: what came today, ticked by keyboard; the same lines for a month of a title."""

from datetime import date
from typing import Any

from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from cataloging.permissions import EDIT_SERIALS, RECEIVE_SERIALS
from cataloging.serials import receiving as use
from cataloging.serials import words
from cataloging.serials.expecting import OPEN
from cataloging.serials.titles import taken_at
from cataloging.serials.views.base import bp, branch_looked_at, pairs_of, read_day
from ils.accounts.actor import Actor
from ils.core import clock
from ils.core.db import reading, transaction
from ils.core.errors import IlsError
from ils.web.door import current_actor, door
from ils.web.errors import sentence_for
from ils.web.forms import clean_text, parse_day


@bp.get("/")
@door(RECEIVE_SERIALS)
def morning() -> Any:
    """Show what should have come today and before at a branch."""
    return morning_page()


def morning_page(problem: str = "", status: int = 200) -> Any:
    """Draw the grid; a problem stands at the line it speaks of, with what was typed."""
    today = clock.today()
    with reading() as session:
        branch, branches = branch_looked_at(session)
        found = use.morning(session, current_actor(), branch.id, today) if branch else None
        taken = taken_at(session, branch.id, today, today) if branch else []
        page = render_template(
            "serials/morning.html",
            branch=branch,
            branches=pairs_of(session, branches),
            morning=found,
            taken=[(title.id, record.title) for title, record in taken],
            today=today,
            words=words,
            OPEN=OPEN,
            problem=problem,
            typed=request.form,
            asked=request.values,
            may_edit=current_actor().can_somewhere(EDIT_SERIALS),
        )
    return page, status


@bp.post("/<int:serial_id>/issue")
@door(RECEIVE_SERIALS)
def issue(serial_id: int) -> Any:
    """Say what befell an issue: it came, did not appear, will not come; or take that back."""
    sent = request.form
    try:
        with transaction() as session:
            said = _do(session, current_actor(), serial_id)
    except IlsError as error:
        if error.status in (403, 404):
            raise
        if sent.get("month"):
            from cataloging.serials.views.title_views import title_page

            return title_page(serial_id, sentence_for(error), error.status)
        return morning_page(sentence_for(error), error.status)
    if said:
        flash(said, "ok")
    if sent.get("month"):
        place = url_for("serials.show", serial_id=serial_id, month=sent["month"])
        return redirect(f"{place}#grid")
    return redirect(
        url_for("serials.morning", branch=sent.get("branch", type=int), after=sent.get("key"))
    )


@bp.post("/other")
@door(RECEIVE_SERIALS)
def other() -> Any:
    """Enter an issue nobody expected: of any title taken, by its day and name."""
    return issue(request.form.get("serial", type=int) or 0)


def _do(session: Session, actor: Actor, serial_id: int) -> str:
    """Do one act; return what is told of it where the page does not show it."""
    sent = request.form
    name = clean_text(sent.get("name", ""))
    act = sent.get("act", "arrived")
    day = _day()
    if act == "all":
        until = read_day(sent.get("until", "")) or day
        entered = use.receive_month(session, actor, serial_id, day, until)
        return str(_("%(count)s issues entered.", count=entered))
    if act == "back":
        use.take_back(session, actor, serial_id, day, name=name)
        return ""
    if act in ("absent", "missing"):
        use.mark_issue(session, actor, serial_id, day, act, name=name)
        return ""
    copies = sent.get("copies", "").strip()
    number = int(copies[:3]) if copies.isdecimal() else 0
    count = number if copies else None
    if act == "rest":
        use.receive_rest(session, actor, serial_id, day, name=name, copies=count)
        return ""
    use.receive_issue(
        session,
        actor,
        serial_id,
        day,
        name=name,
        typed=clean_text(sent["numbers"]) if "numbers" in sent else None,
        copies=count,
    )
    return ""


def _day() -> date:
    """Return the day sent: hidden in a line, or typed as people type it; today where it is none."""
    typed = request.form.get("day", "")
    found = read_day(typed)
    if found is None and typed.strip():
        try:
            found = parse_day(clean_text(typed))
        except ValueError:
            found = date.max  # the use case says that no issue has this day
    return found or clock.today()
