"""The page that renews the cards of many: whose, what would happen, done."""

from datetime import date
from typing import Any

from flask import redirect, render_template, request, url_for
from flask_babel import gettext as _
from sqlalchemy import select

from circulation.desk import perform
from circulation.patrons.classes import classes_with_figures
from circulation.patrons.models import PatronCategory
from circulation.patrons.patrons import EDIT
from circulation.patrons.renewals import (
    TICKED,
    Choice,
    count_renewals,
    look_at_renewals,
    numbers_in,
    propose_renewals,
    renew_cards,
    unknown_numbers,
)
from circulation.patrons.views import bp
from circulation.sentences import reason_sentence
from ils.core.db import reading
from ils.core.errors import IlsError
from ils.web.door import current_actor, door
from ils.web.errors import sentence_for
from ils.web.forms import parse_day

SHOWN = 50  # numbers that are nobody's


@bp.route("/renewals", methods=["GET", "POST"])
@door(EDIT)
def renewals() -> Any:
    """Show the cards chosen with their new end and price; on POST renew those ticked."""
    problem, status = None, 200
    try:
        until, choice = _day("until"), _choice()
        if request.method == "POST" and "look" in request.form:
            made = perform(look_at_renewals, current_actor(), choice, until=until)
            return redirect(url_for("patrons.run", batch_id=made.id))
        if request.method == "POST" and "renew" in request.form:
            cards = request.form.getlist("card", type=int)
            made = perform(renew_cards, current_actor(), cards, until=until)
            return redirect(url_for("patrons.run", batch_id=made.id))
    except ValueError:
        problem, status = _("Please write the days as day/month/year."), 422
        until, choice = None, Choice()
    except IlsError as error:
        problem, status = sentence_for(error), error.status
    with reading() as session:
        actor = current_actor()
        count = count_renewals(session, actor, choice)
        few = count <= TICKED
        rows = propose_renewals(session, actor, choice, until) if few else []
        unknown = unknown_numbers(session, actor, choice)
        page = render_template(
            "circulation/patrons_renewals.html",
            rows=rows,
            total=sum(row.amount for row in rows if not row.against),
            ready=sum(not row.against for row in rows),
            count=count,
            unknown=unknown[:SHOWN],
            unknown_count=len(unknown),
            choice=choice,
            typed=request.values,
            classes=classes_with_figures(session, actor),
            categories=session.scalars(select(PatronCategory).order_by(PatronCategory.order)).all(),
            reason_sentence=reason_sentence,
            problem=problem,
        )
    return page, status


def _choice() -> Choice:
    school, _at, name = request.values.get("class", "").rpartition("@")
    return Choice(
        school=school,
        school_class=name,
        category=request.values.get("category", ""),
        first=_day("first"),
        last=_day("last"),
        numbers=numbers_in(request.values.get("numbers", "")),
    )


def _day(name: str) -> date | None:
    typed = request.values.get(name, "").strip()
    return parse_day(typed) if typed else None
