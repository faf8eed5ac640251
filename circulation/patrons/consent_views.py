"""Consents of a patron, the text people agree to, and families."""

from typing import Any

from flask import abort, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _

from circulation.patrons import looks, sentences
from circulation.patrons.consent import (
    EDIT_NOTICE,
    consent_at_desk,
    consents_of,
    notice_for,
    notices_of,
    withdraw_at_desk,
    write_notice,
)
from circulation.patrons.family import family_of, join_family, leave_family
from circulation.patrons.forms import NoticeTextForm
from circulation.patrons.models import PatronCategory
from circulation.patrons.patrons import EDIT, VIEW, patron_for
from circulation.patrons.views import bp, consent_facts
from circulation.rules.consent import GUARDIAN, PURPOSES, SELF
from ils.core import clock
from ils.core.db import reading, transaction
from ils.core.errors import IlsError
from ils.org.units import unit_names
from ils.web.door import current_actor, door
from ils.web.errors import sentence_for


@bp.route("/<int:patron_id>/consents", methods=["GET", "POST"])
@door(EDIT)
def consents(patron_id: int) -> Any:
    """Show a patron's consents, past ones too; record one, or take one back."""
    problem, status = None, 200
    if request.method == "POST":
        try:
            _agree_or_withdraw(patron_id)
        except IlsError as error:
            problem, status = sentence_for(error), error.status
            if status == 404:
                raise
        else:
            return redirect(url_for("patrons.consents", patron_id=patron_id))
    with reading() as session:
        patron = patron_for(session, current_actor(), patron_id, EDIT)
        category = session.get_one(PatronCategory, patron.category)
        page = render_template(
            "circulation/patrons_consents.html",
            patron=patron,
            state=consent_facts(session, patron, category),
            rows=consents_of(session, patron_id),
            told=notice_for(session, patron.branch_id),
            words=sentences,
            problem=problem,
        )
    return page, status


def _agree_or_withdraw(patron_id: int) -> None:
    act = request.form.get("act", "")
    with transaction() as session:
        if act == "withdraw":
            giver = request.form.get("giver", SELF)
            withdraw_at_desk(session, current_actor(), patron_id, giver)
            flash(_("The consent is taken back."), "ok")
        elif act == "agree":
            givers = [one for one in (SELF, GUARDIAN) if f"giver_{one}" in request.form]
            purposes = [one for one in PURPOSES if f"purpose_{one}" in request.form]
            consent_at_desk(session, current_actor(), patron_id, givers=givers, purposes=purposes)
            flash(_("The consent is recorded."), "ok")
        else:
            abort(400)


@bp.route("/notice", methods=["GET", "POST"])
@door(EDIT_NOTICE)
def notice_text() -> Any:
    """Show the text people agree to, its versions, and write a new version."""
    library_id = current_actor().library_id or current_actor().unit_id or 0
    with reading() as session:
        present = notice_for(session, library_id)
        versions = notices_of(session, library_id)
        names = unit_names(session)
    form, status = NoticeTextForm(), 200
    if request.method == "GET":
        form.body.data, form.body_en.data = present.body, present.body_en
    if form.validate_on_submit():
        try:
            with transaction() as session:
                row = write_notice(
                    session,
                    current_actor(),
                    library_id,
                    form.body.data or "",
                    form.body_en.data or "",
                )
        except IlsError as error:
            form.body.errors, status = [*form.body.errors, sentence_for(error)], error.status
        else:
            flash(_("Version %(version)s is in force from today.", version=row.version), "ok")
            return redirect(url_for("patrons.notice_text"))
    elif request.method == "POST":
        status = 422
    page = render_template(
        "circulation/patrons_notice.html",
        form=form,
        present=present,
        versions=versions,
        library=names.get(library_id, ""),
    )
    return page, status


@bp.route("/<int:patron_id>/family", methods=["GET", "POST"])
@door(VIEW)
def family(patron_id: int) -> Any:
    """Show a family with what everybody has at home; join it to a guardian or part them."""
    problem, status = None, 200
    if request.method == "POST":
        try:
            _join_or_leave(patron_id)
        except IlsError as error:
            problem, status = sentence_for(error), error.status
            if status == 404:
                raise
        else:
            return redirect(url_for("patrons.family", patron_id=patron_id))
    with reading() as session:
        patron = patron_for(session, current_actor(), patron_id)
        members = family_of(session, current_actor(), patron_id)
        for member in members:
            looks.note_look(session, current_actor(), member.patron.id, looks.FAMILY)
        page = render_template(
            "circulation/patrons_family.html",
            patron=patron,
            members=members,
            problem=problem,
            today=clock.today(),
            may_edit=current_actor().can_somewhere(EDIT),
        )
    return page, status


def _join_or_leave(patron_id: int) -> None:
    act = request.form.get("act", "")
    with transaction() as session:
        if act == "join":
            card = request.form.get("card", "")
            guardian = join_family(session, current_actor(), patron_id, card)
            flash(_("%(name)s answers for this child now.", name=guardian.name), "ok")
        elif act == "leave":
            leave_family(session, current_actor(), patron_id)
            flash(_("The child no longer belongs to this family."), "ok")
        else:
            abort(400)
