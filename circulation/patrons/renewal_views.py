"""The page that renews the cards of many: whose, what would happen, done."""

from datetime import date
from typing import Any

from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import ngettext
from sqlalchemy import select

from circulation.desk import perform
from circulation.patrons.classes import classes_with_figures
from circulation.patrons.models import PatronCategory
from circulation.patrons.patrons import EDIT
from circulation.patrons.renewals import (
    MOST,
    Choice,
    numbers_in,
    propose_renewals,
    renew_cards,
)
from circulation.patrons.views import bp
from circulation.sentences import reason_sentence
from ils.core.db import reading
from ils.core.errors import IlsError
from ils.web.door import current_actor, door
from ils.web.errors import sentence_for
from ils.web.forms import parse_day


@bp.route("/renewals", methods=["GET", "POST"])
@door(EDIT)
def renewals() -> Any:
    """Show the cards chosen with their new end and price; on POST renew those ticked."""
    problem, status = None, 200
    try:
        until, choice = _day("until"), _choice()
        if request.method == "POST" and "renew" in request.form:
            cards = request.form.getlist("card", type=int)
            done = perform(renew_cards, current_actor(), cards, until=until)
            said = ngettext("%(num)s card is renewed.", "%(num)s cards are renewed.", done.renewed)
            flash(said, "ok")
            if done.refused:
                names = ", ".join(row.patron.name for row in done.refused[:20])
                flash(_("Not renewed: %(names)s", names=names), "warn")
            return redirect(url_for("patrons.batches"))
    except ValueError:
        problem, status = _("Please write the days as day/month/year."), 422
        until, choice = None, Choice()
    except IlsError as error:
        problem, status = sentence_for(error), error.status
    with reading() as session:
        actor = current_actor()
        rows = propose_renewals(session, actor, choice, until)
        found = {row.card.number for row in rows}
        page = render_template(
            "circulation/patrons_renewals.html",
            rows=rows,
            total=sum(row.amount for row in rows if not row.against),
            ready=sum(not row.against for row in rows),
            unknown=[one for one in choice.numbers if one not in found],
            choice=choice,
            most=MOST,
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
