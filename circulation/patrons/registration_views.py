"""Registrations from the public site: the list of who waits, confirming, declining."""

from typing import Any

from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from circulation.notices.answers import answer_ways
from circulation.notices.words import CHANNELS
from circulation.patrons import looks, sentences
from circulation.patrons.ages import kind_offered, too_old_for
from circulation.patrons.consent import notice_for
from circulation.patrons.forms import ConfirmForm
from circulation.patrons.models import Patron, Registration
from circulation.patrons.patrons import EDIT, age_of, likely_same
from circulation.patrons.registration import (
    confirm_registration,
    decline_registration,
    facts_of,
    find_registrations,
    registration_for,
)
from circulation.patrons.views import bp, offer_choices, show_problem
from circulation.patrons.views import facts_of as facts_of_form
from circulation.rules.consent import MESSAGES, PHOTO
from ils.core import clock
from ils.core.db import reading, transaction
from ils.core.errors import IlsError
from ils.org.units import unit_names
from ils.web.door import current_actor, door
from ils.web.errors import sentence_for
from ils.web.pages import Page, page_number

PAGE = 50


@bp.get("/registrations")
@door(EDIT)
def registrations() -> str:
    """List the registrations from the public site that wait, or those decided."""
    state = request.args.get("state", "waiting")
    state = state if state in sentences.REGISTRATION_STATES else "waiting"
    number = page_number(request.args.get("page"))
    with reading() as session:
        total, rows = find_registrations(
            session, current_actor(), state=state, limit=PAGE, offset=(number - 1) * PAGE
        )
        return render_template(
            "circulation/patrons_registrations.html",
            page=Page(number, PAGE, total, rows),
            state=state,
            states=sentences.REGISTRATION_STATES,
            same={row.id: _same(session, row) for row in rows if row.state == "waiting"},
            facts={row.id: facts_of(row) for row in rows if row.state == "waiting"},
            names=unit_names(session),
        )


def _same(session: Session, row: Registration) -> list[Patron]:
    return likely_same(session, facts_of(row), row.library_id)


@bp.route("/registrations/<int:registration_id>", methods=["GET", "POST"])
@door(EDIT)
def registration(registration_id: int) -> Any:
    """Show what was sent, to be corrected and confirmed with the paper in hand."""
    with reading() as session:
        row = registration_for(session, current_actor(), registration_id)
        if row.state != "waiting":
            return _decided(row)
        form = ConfirmForm(obj=_Sent(session, row))
        offer_choices(session, form)
        same = _same(session, row)
        for one in same:
            looks.note_look(session, current_actor(), one.id, looks.DECIDE)
        notice = notice_for(session, row.branch_id)
        way = next(answer_ways(session, row.branch_id, facts_of(row)), None)
    status, too_old = 200, None
    if form.validate_on_submit() and "sure" not in request.form:
        with reading() as session:
            too_old = too_old_for(session, facts_of_form(form), row.library_id)
    if too_old:
        status = 409
    elif form.validate_on_submit():
        try:
            with transaction() as session:
                patron, card = confirm_registration(
                    session,
                    current_actor(),
                    registration_id,
                    facts_of_form(form),
                    paper_seen=bool(form.paper_seen.data),
                    card_number=form.card_number.data or "",
                )
        except IlsError as error:
            status = show_problem(form, error, "name")
        else:
            said = _("%(name)s is registered, card %(card)s.", name=patron.name, card=card.number)
            flash(said, "ok")
            return redirect(url_for("patrons.show", patron_id=patron.id))
    elif request.method == "POST":
        status = 422
    page = render_template(
        "circulation/patrons_registration.html",
        form=form,
        row=row,
        same=same,
        too_old=too_old,
        told=notice,
        way=way,
        channels=CHANNELS,
    )
    return page, status


class _Sent:
    """What was sent, under the names of the form's boxes."""

    def __init__(self, session: Session, row: Registration) -> None:
        sent = facts_of(row)
        for name, value in vars(sent).items():
            setattr(self, name, value)
        self.agrees_messages = MESSAGES in sent.purposes
        self.agrees_photo = PHOTO in sent.purposes
        self.issue, self.card_number, self.paper_seen = True, "", False
        age = age_of(sent.born_on, sent.born_year, clock.today())
        self.category = kind_offered(session, age, row.library_id)


def _decided(row: Registration) -> Response:
    state = sentences.REGISTRATION_STATES[row.state]
    flash(_("This registration is decided already: %(state)s.", state=state), "info")
    if row.patron_id is not None:
        return redirect(url_for("patrons.show", patron_id=row.patron_id))
    return redirect(url_for("patrons.registrations"))


@bp.post("/registrations/<int:registration_id>/decline")
@door(EDIT)
def decline(registration_id: int) -> Response:
    """Decline a registration, with a reason."""
    try:
        with transaction() as session:
            reason = request.form.get("reason", "")
            tell = "tell" in request.form
            told = decline_registration(
                session, current_actor(), registration_id, reason, tell=tell
            )
    except IlsError as error:
        if error.status == 404:
            raise
        flash(sentence_for(error), "bad")
        return redirect(url_for("patrons.registration", registration_id=registration_id))
    flash(_("The registration is declined and what was sent is erased."), "ok")
    if told:
        flash(_("The person is told why."), "info")
    elif tell:
        flash(_("The person gave nothing a message can go to, and was not told."), "warn")
    return redirect(url_for("patrons.registrations"))
