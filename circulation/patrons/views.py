"""Pages of patrons: find, register, change, cards, passwords, notes.

Their photos, consents and families, registrations from the public site, spreadsheets and what the
law on personal data asks for have modules of their own beside this one, with the same blueprint.
"""

from typing import Any

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from sqlalchemy import select
from sqlalchemy.orm import Session

from cataloging.models import Item, Record
from circulation.models import Hold, LedgerEntry, Loan
from circulation.money.card_fees import grounds_at
from circulation.money.words import CARD_KINDS
from circulation.patrons import cards, looks
from circulation.patrons.ages import TooOld, too_old_for
from circulation.patrons.consent import notice_for, standing_consents
from circulation.patrons.erasure import ERASE
from circulation.patrons.family import family_of
from circulation.patrons.forms import CardForm, NewPatronForm, NoteForm, PatronForm
from circulation.patrons.merge import MERGE
from circulation.patrons.models import Patron, PatronCategory, Suspension
from circulation.patrons.notes import standing_notes
from circulation.patrons.patrons import (
    EDIT,
    PASSWORD,
    VIEW,
    PatronFacts,
    age_on,
    change_patron,
    find_patrons,
    is_child,
    likely_same,
    patron_for,
    register_patron,
)
from circulation.patrons.requests import requests_of
from circulation.patrons.sign_in import give_password
from circulation.permissions import VIEW_FEES
from circulation.rules.consent import LENDING, MESSAGES, PHOTO, PURPOSES, givers_needed
from ils.core import clock
from ils.core.db import reading, transaction
from ils.core.errors import IlsError
from ils.org.models import OrgUnit
from ils.org.units import library_of, unit_names
from ils.web.door import current_actor, door
from ils.web.errors import sentence_for
from ils.web.forms import choices

bp = Blueprint(
    "patrons",
    __name__,
    url_prefix="/staff/patrons",
    template_folder="../templates",
    static_folder="static",
    static_url_path="/static",
)

PAGE = 50


def branches_to_register_at(session: Session) -> list[OrgUnit]:
    """Return the branches at which the actor may register patrons."""
    every = session.scalars(
        select(OrgUnit)
        .where(OrgUnit.kind.in_(("branch", "point")), OrgUnit.active)
        .order_by(OrgUnit.path)
    )
    return [found for found in every if current_actor().can(EDIT, found)]


def offer_choices(session: Session, form: PatronForm) -> None:
    names = unit_names(session)
    categories = session.scalars(select(PatronCategory).order_by(PatronCategory.order)).all()
    form.category.choices = choices((c.code, c.name) for c in categories)
    if request.method == "GET" and form.category.data is None:
        # a child needs a guardian, so this kind is chosen, never offered
        form.category.data = next((c.code for c in categories if not c.child), None)
    form.branch_id.choices = choices((b.id, names[b.id]) for b in branches_to_register_at(session))


def facts_of(form: PatronForm) -> PatronFacts:
    """Return what a form says of a person."""
    known = set(PatronFacts.__dataclass_fields__)
    values: dict[str, Any] = {f.short_name: f.data for f in form if f.short_name in known}
    values = {k: "" if v is None and k not in _MAY_BE_NONE else v for k, v in values.items()}
    free = ((MESSAGES, form.agrees_messages), (PHOTO, form.agrees_photo))
    purposes = (LENDING, *(purpose for purpose, box in free if box.data))
    return PatronFacts(**values, purposes=purposes)


_MAY_BE_NONE = ("born_on", "born_year", "sex")


def show_problem(form: Any, error: IlsError, otherwise: str) -> int:
    """Put a refusal beside the box it speaks of."""
    name = error.facts.get("field", "")
    name = "card_number" if name == "number" and "card_number" in form else name
    box = form[name] if name in form else form[otherwise]
    box.errors = [*box.errors, sentence_for(error)]
    return error.status


@bp.get("/")
@door(VIEW)
def find() -> Any:
    """Find patrons by card, telephone or name, with or without marks."""
    words, page = request.args.get("q", ""), max(1, request.args.get("page", 1, type=int))
    category = request.args.get("category", "")
    with reading() as session:
        found, total = find_patrons(
            session,
            current_actor(),
            words,
            category=category,
            limit=PAGE,
            offset=(page - 1) * PAGE,
        )
        categories = session.scalars(select(PatronCategory).order_by(PatronCategory.order)).all()
        names = unit_names(session)
    if words and total == 1 and found[0].card and found[0].card.number == words.strip().upper():
        return redirect(url_for("patrons.show", patron_id=found[0].patron.id))
    return render_template(
        "circulation/patrons_find.html",
        found=found,
        total=total,
        page=page,
        pages=max(1, -(-total // PAGE)),
        words=words,
        category=category,
        categories=categories,
        names=names,
        today=clock.today(),
    )


@bp.route("/new", methods=["GET", "POST"])
@door(EDIT)
def new() -> Any:
    """Register a patron, showing before saving who may be the same person, and a kind that does
    not fit the age."""
    form = NewPatronForm()
    same: list[Patron] = []
    too_old: TooOld | None = None
    status = 200
    with reading() as session:
        offer_choices(session, form)
        if request.method == "GET":
            form.branch_id.data = current_actor().unit_id
            _take_over_guardian(session, form, request.args.get("guardian", type=int))
        notice = notice_for(session, form.branch_id.data or current_actor().library_id or 0)
    if form.validate_on_submit():
        facts = facts_of(form)
        with reading() as session:
            library_id = library_of(session, facts.branch_id).id
            if "sure" not in request.form:
                same = likely_same(session, facts, library_id)
                too_old = too_old_for(session, facts, library_id)
        if same or too_old:
            status = 409
        else:
            try:
                with transaction() as session:
                    patron = register_patron(session, current_actor(), facts)
                    if form.issue.data:
                        cards.issue_card(
                            session, current_actor(), patron.id, number=form.card_number.data or ""
                        )
            except IlsError as error:
                status = show_problem(form, error, "name")
            else:
                flash(_("%(name)s is registered.", name=patron.name), "ok")
                return redirect(url_for("patrons.show", patron_id=patron.id))
    elif request.method == "POST":
        status = 422
    page = render_template(
        "circulation/patrons_form.html",
        form=form,
        same=same,
        too_old=too_old,
        patron=None,
        told=notice,
    )
    return page, status


def _take_over_guardian(session: Session, form: NewPatronForm, guardian_id: int | None) -> None:
    """Begin a child's registration with what is known of its parent."""
    if guardian_id is None:
        return
    guardian = patron_for(session, current_actor(), guardian_id)
    card = cards.active_card(session, guardian.id)
    form.guardian_card.data = card.number if card else ""
    form.guardian_name.data, form.guardian_phone.data = guardian.name, guardian.phone
    form.address.data, form.commune.data = guardian.address, guardian.commune
    form.ethnicity.data, form.branch_id.data = guardian.ethnicity, guardian.branch_id
    child = session.scalar(
        select(PatronCategory.code).where(PatronCategory.child).order_by(PatronCategory.order)
    )
    form.category.data = child or form.category.data


@bp.route("/<int:patron_id>/edit", methods=["GET", "POST"])
@door(EDIT)
def edit(patron_id: int) -> Any:
    """Change what is known of a patron."""
    with reading() as session:
        patron = patron_for(session, current_actor(), patron_id, EDIT)
        form = PatronForm(obj=patron)
        offer_choices(session, form)
        notice = notice_for(session, patron.branch_id)
        looks.note_look(session, current_actor(), patron_id, looks.EDIT)
    status = 200
    if form.validate_on_submit():
        try:
            with transaction() as session:
                change_patron(session, current_actor(), patron_id, facts_of(form))
        except IlsError as error:
            status = show_problem(form, error, "name")
        else:
            flash(_("The changes were saved."), "ok")
            return redirect(url_for("patrons.show", patron_id=patron_id))
    elif request.method == "POST":
        status = 422
    page = render_template(
        "circulation/patrons_form.html", form=form, same=[], patron=patron, told=notice
    )
    return page, status


@bp.get("/<int:patron_id>")
@door(VIEW)
def show(patron_id: int) -> str:
    """Show a patron: card, loans, holds, money, notes."""
    with reading() as session:
        patron = patron_for(session, current_actor(), patron_id)
        looks.note_look(session, current_actor(), patron_id, looks.RECORD)
        category = session.get_one(PatronCategory, patron.category)
        return render_template(
            "circulation/patrons_show.html",
            patron=patron,
            age=age_on(patron, clock.today()),
            category=category,
            family=family_of(session, current_actor(), patron.id),
            consents=consent_facts(session, patron, category),
            requests=[r for r in requests_of(session, patron.id) if r.state == "open"],
            card=cards.active_card(session, patron.id),
            old_cards=[c for c in cards.cards_of(session, patron.id) if c.state != "active"],
            loans=_open_loans(session, patron.id),
            holds=_open_holds(session, patron.id),
            money=_money(session, patron.id),
            notes=standing_notes(session, current_actor(), patron.id),
            suspensions=session.scalars(
                select(Suspension).where(
                    Suspension.patron_id == patron.id, Suspension.to_on >= clock.today()
                )
            ).all(),
            names=unit_names(session),
            note_form=NoteForm(),
            card_form=CardForm(),
            card_kinds=CARD_KINDS,
            grounds=grounds_at(session, patron.branch_id, clock.today()),
            may_see_money=current_actor().can_somewhere(VIEW_FEES),
            today=clock.today(),
            may_edit=current_actor().can_somewhere(EDIT),
            may_merge=current_actor().can_somewhere(MERGE),
            may_erase=current_actor().can_somewhere(ERASE),
        )


def consent_facts(session: Session, patron: Patron, category: PatronCategory) -> dict[str, Any]:
    """Return who must agree, whose consent stands, and for what."""
    today = clock.today()
    child = is_child(session, patron, today, category_is_child=category.child)
    return {
        "needed": givers_needed(age_on(patron, today), child=child),
        "standing": {row.given_by: row for row in standing_consents(session, patron.id)},
        "purposes": PURPOSES,
    }


def _open_loans(session: Session, patron_id: int) -> list[Any]:
    query = (
        select(Loan, Item, Record.title)
        .join(Item, Item.id == Loan.item_id)
        .join(Record, Record.id == Loan.record_id)
        .where(Loan.patron_id == patron_id, Loan.closed_at.is_(None))
        .order_by(Loan.due_on, Loan.id)
    )
    return list(session.execute(query))


def _open_holds(session: Session, patron_id: int) -> list[Any]:
    states = ("queued", "suspended", "targeted", "in_transit", "ready")
    query = (
        select(Hold, Record.title)
        .join(Record, Record.id == Hold.record_id)
        .where(Hold.patron_id == patron_id, Hold.state.in_(states))
        .order_by(Hold.requested_at)
    )
    return list(session.execute(query))


def _money(session: Session, patron_id: int) -> list[LedgerEntry]:
    query = select(LedgerEntry).where(LedgerEntry.patron_id == patron_id)
    return list(session.scalars(query.order_by(LedgerEntry.id.desc()).limit(20)))


@bp.post("/<int:patron_id>/card")
@door(EDIT)
def card(patron_id: int) -> Any:
    """Issue, renew or replace the card."""
    act, number = request.form.get("act", ""), request.form.get("number", "")
    kind = request.form.get("kind", "") or "lending"
    exempt = request.form.get("exemption", 0, type=int)
    acts = {
        "issue": lambda s: cards.issue_card(
            s, current_actor(), patron_id, number=number, kind=kind, exemption=exempt
        ),
        "renew": lambda s: cards.renew_card(s, current_actor(), patron_id, exemption=exempt),
        "lost": lambda s: cards.replace_card(s, current_actor(), patron_id, number=number),
        "worn": lambda s: cards.replace_card(
            s, current_actor(), patron_id, number=number, reason="worn"
        ),
    }
    if act not in acts:
        abort(400)
    try:
        with transaction() as session:
            made = acts[act](session)
    except IlsError as error:
        flash(sentence_for(error), "bad")
    else:
        flash(
            _(
                "Card %(number)s is valid until %(day)s.",
                number=made.number,
                day=made.expires_on.strftime("%d/%m/%Y"),
            ),
            "ok",
        )
    return redirect(url_for("patrons.show", patron_id=patron_id))


@bp.post("/<int:patron_id>/password")
@door(PASSWORD)
def password(patron_id: int) -> Any:
    """Give a first password, or a new one to a patron who forgot theirs; shown once."""
    with transaction() as session:
        made = give_password(session, current_actor(), patron_id)
        patron = patron_for(session, current_actor(), patron_id)
        active = cards.active_card(session, patron_id)
    return render_template(
        "circulation/patrons_password.html", patron=patron, card=active, password=made
    )
