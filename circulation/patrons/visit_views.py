"""Pages of the door: the screen that counts who scans a card, and visitors of the day."""

import secrets
from typing import Any

from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from wtforms import StringField
from wtforms.validators import Length

from circulation.desk import perform
from circulation.patrons.views import bp
from circulation.patrons.visits import (
    VisitorFacts,
    count_at_door,
    counted_today,
    register_visitor,
    visitors_of,
)
from circulation.permissions import TALLY
from circulation.tallies import count_visit
from ils.core import clock
from ils.core.db import reading
from ils.core.errors import IlsError
from ils.org.units import unit_names
from ils.web.door import current_actor, door
from ils.web.errors import sentence_for
from ils.web.forms import Form, Required


class VisitorForm(Form):
    """Somebody without a card who reads here today."""

    name = StringField(_l("Full name"), [Required(), Length(max=120)])
    paper = StringField(_l("Kind of identity paper, if shown"), [Length(max=28)])
    paper_number = StringField(
        _l("Its number (only the last three signs are kept)"), [Length(max=30)]
    )
    purpose = StringField(_l("What for"), [Length(max=120)])


@bp.route("/door", methods=["GET", "POST"])
@door(TALLY)
def at_door() -> Any:
    """The screen at the entrance: scan, one big answer, counted once in a session."""
    actor, answer, problem = current_actor(), None, None
    if request.method == "POST":
        try:
            if "one" in request.form:
                key = request.form.get("key") or f"door-{secrets.token_hex(8)}"
                band = request.form.get("one") if request.form.get("one") == "child" else None
                perform(count_visit, actor, key=key, age_band=band)
                flash(_("One visit is counted."), "ok")
                return redirect(url_for("patrons.at_door"))
            text = request.form.get("text", "").strip()
            answer = perform(count_at_door, actor, text) if text else None
        except IlsError as error:
            problem = sentence_for(error)
    with reading() as session:
        return render_template(
            "circulation/door.html",
            answer=answer,
            problem=problem,
            counted=counted_today(session, actor.unit_id or 0),
            name=unit_names(session).get(actor.unit_id or 0, ""),
            key=secrets.token_hex(8),
        )


@bp.route("/visitors", methods=["GET", "POST"])
@door(TALLY)
def visitors() -> Any:
    """Write a visitor of the day down; list today's."""
    form, status = VisitorForm(), 200
    if form.validate_on_submit():
        facts = VisitorFacts(
            form.name.data or "",
            form.paper.data or "",
            form.paper_number.data or "",
            form.purpose.data or "",
        )
        try:
            made = perform(register_visitor, current_actor(), facts)
        except IlsError as error:
            form.name.errors, status = [*form.name.errors, sentence_for(error)], error.status
        else:
            flash(
                _(
                    "%(name)s has the number %(number)s, valid today; the visit is counted.",
                    name=made.name,
                    number=made.number,
                ),
                "ok",
            )
            return redirect(url_for("patrons.visitors"))
    elif request.method == "POST":
        status = 422
    with reading() as session:
        rows = visitors_of(session, current_actor())
    page = render_template(
        "circulation/patrons_visitors.html", form=form, rows=rows, today=clock.today()
    )
    return page, status
