"""The patron's account: sign in, loans, renewals, holds, fees, password."""

import secrets
from datetime import date
from typing import Any
from urllib.parse import urlsplit

from flask import abort, flash, redirect, request, session, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from werkzeug.wrappers import Response
from wtforms import PasswordField, StringField
from wtforms.validators import EqualTo, Length

from cataloging.acquisitions.words import SUGGESTION_STAGES
from circulation.desk import DeskResult, perform
from circulation.hold_changes import (
    cancel_hold,
    change_pickup,
    extend_shelf,
    resume_hold,
    suspend_hold,
)
from circulation.holds import place_hold
from circulation.patrons.models import Patron
from circulation.patrons.sign_in import (
    change_patron_password,
    patron_actor,
    sign_in_patron,
)
from circulation.renew import renew, renew_all
from ils.accounts.actor import Actor
from ils.core.db import reading, transaction
from ils.core.errors import IlsError, Invalid
from ils.org.units import branches_of, unit_names
from ils.web.door import current_patron_id, door
from ils.web.errors import sentence_for
from ils.web.forms import Form, Required, parse_day
from ils.web.i18n import day
from opac import patron as patrons
from opac import words
from opac.site import Site, page, site_for
from opac.views import bp, opened

KEY_LENGTH = 80


class SignInForm(Form):
    """Card number and password."""

    card = StringField(_l("Card number"), [Required(), Length(max=40)])
    password = PasswordField(_l("Password"), [Required(), Length(max=200)])


class PasswordForm(Form):
    """Changing one's own password."""

    old = PasswordField(_l("Present password"), [Required(), Length(max=200)])
    new = PasswordField(_l("New password"), [Required(), Length(max=200)])
    again = PasswordField(
        _l("New password again"), [EqualTo("new", _l("The two passwords differ."))]
    )


def _inside(target: str | None, site: Site) -> str:
    """Return an address on this server, never one that leads away; else the account."""
    if not target:
        return site.account
    parts = urlsplit(target.replace("\\", "/"))
    fits = not parts.scheme and not parts.netloc and target.startswith("/")
    return target if fits and not target.startswith(("//", "/\\")) else site.account


def sign_in_address() -> str:
    """Return where a reader signs in for the page asked for."""
    slug = (request.view_args or {}).get("slug")
    wanted = request.full_path.rstrip("?") if request.method == "GET" else None
    return url_for("opac.sign_in", slug=slug, next=wanted)


def _actor() -> Actor:
    with reading() as db:
        return patron_actor(db, db.get_one(Patron, current_patron_id()))


@bp.route("/account/sign-in", methods=["GET", "POST"], defaults={"slug": None})
@bp.route("/<site:slug>/account/sign-in", methods=["GET", "POST"])
@door.public
def sign_in(slug: str | None) -> Any:
    """Sign a reader in with card number and password."""
    with reading() as db:
        site = opened(slug, db)
    if current_patron_id():
        return redirect(_inside(request.args.get("next"), site))
    form, problem, status = SignInForm(), None, 200
    if form.validate_on_submit():
        try:
            with transaction() as db:
                found = sign_in_patron(
                    db, form.card.data or "", form.password.data or "", request.remote_addr or ""
                )
        except IlsError as error:
            problem, status = sentence_for(error), 429
        else:
            if found is not None:
                return _welcome(found, site)
            problem, status = _("The card number or the password is not right."), 401
    elif form.errors:
        status = 422
    return page("opac/sign_in.html", site, form=form, problem=problem), status


def _welcome(found: Patron, site: Site) -> Response:
    patrons.remember(session, found)
    if found.must_change_password:
        flash(_("Please choose a password of your own first."), "info")
        return redirect(site.url("password", next=request.args.get("next")))
    return redirect(_inside(request.args.get("next"), site))


@bp.post("/account/sign-out", defaults={"slug": None})
@bp.post("/<site:slug>/account/sign-out")
@door.public
def sign_out(slug: str | None) -> Response:
    """Forget the reader in this browser."""
    session.pop("patron", None)
    with reading() as db:
        site = site_for(db, slug)
    flash(_("You are signed out."), "ok")
    return redirect(site.home)


@bp.get("/account", defaults={"slug": None})
@bp.get("/<site:slug>/account")
@door.patron
def account(slug: str | None) -> Any:
    """Show a reader's loans, holds and fees."""
    patron_id = current_patron_id() or 0
    with reading() as db:
        site = opened(slug, db)
        shown = patrons.account_page(db, patron_id)
        names = unit_names(db)
        pickups = [
            (b.id, names.get(b.id, b.code)) for b in branches_of(db, shown.patron.library_id)
        ]
        titles = patrons.item_titles(db, {e.item_id for e in shown.money.entries if e.item_id})
    if shown.patron.must_change_password:
        return redirect(site.url("password"))
    return page(
        "opac/account.html",
        site,
        shown=shown,
        library=names.get(shown.patron.library_id, ""),
        pickups=pickups,
        titles=titles,
        charges=words.CHARGES,
        stages=SUGGESTION_STAGES,
        key=secrets.token_hex(8),
    )


@bp.post("/account/renew", defaults={"slug": None})
@bp.post("/<site:slug>/account/renew")
@door.patron
def renew_one(slug: str | None) -> Response:
    """Renew one loan and say until when, or why not."""
    loan_id = request.form.get("loan_id", type=int) or 0
    return _done(slug, lambda actor: [perform(renew, actor, key=_key(), loan_id=loan_id)], "#loans")


@bp.post("/account/renew-all", defaults={"slug": None})
@bp.post("/<site:slug>/account/renew-all")
@door.patron
def renew_every(slug: str | None) -> Response:
    """Renew all loans that may be renewed."""
    patron_id = current_patron_id() or 0
    return _done(
        slug, lambda actor: perform(renew_all, actor, patron_id=patron_id, key=_key()), "#loans"
    )


@bp.route("/record/<int:record_id>/hold", methods=["GET", "POST"], defaults={"slug": None})
@bp.route("/<site:slug>/record/<int:record_id>/hold", methods=["GET", "POST"])
@door.patron
def hold(slug: str | None, record_id: int) -> Any:
    """Place a hold; opened by its address (after signing in) it leads to the title's page."""
    with reading() as db:
        site = site_for(db, slug)
    back = site.url("record", record_id=record_id, _anchor="hold")
    if request.method == "GET":
        return redirect(back)
    return _done(
        slug,
        lambda actor: [
            perform(
                place_hold,
                actor,
                record_id=record_id,
                patron_id=actor.patron_id or 0,
                pickup_branch_id=request.form.get("pickup", type=int) or actor.unit_id or 0,
                key=_key(),
                **_asked(),
            )
        ],
        "#holds",
        refused=back,
    )


@bp.post("/account/holds/<int:hold_id>/cancel", defaults={"slug": None})
@bp.post("/<site:slug>/account/holds/<int:hold_id>/cancel")
@door.patron
def cancel(slug: str | None, hold_id: int) -> Response:
    """Cancel a hold."""
    return _done(
        slug, lambda actor: [perform(cancel_hold, actor, hold_id=hold_id, key=_key())], "#holds"
    )


@bp.post("/account/holds/<int:hold_id>/pickup", defaults={"slug": None})
@bp.post("/<site:slug>/account/holds/<int:hold_id>/pickup")
@door.patron
def pickup(slug: str | None, hold_id: int) -> Response:
    """Collect a hold at another branch."""
    branch_id = request.form.get("pickup", type=int) or 0
    return _done(
        slug,
        lambda actor: [perform(change_pickup, actor, hold_id=hold_id, pickup_branch_id=branch_id)],
        "#holds",
    )


def _asked() -> dict[str, Any]:
    """Return what a reader asks for: a volume or one copy, by which day, to take home or read."""
    form = request.form
    if form.get("kind") == "slip":
        return {"kind": "slip", "item_id": form.get("item", type=int)}
    item_id = form.get("item", type=int)
    return {
        "volume_key": "" if item_id else form.get("volume", "")[:40],
        "item_id": item_id,
        "need_by": _typed_day("need_by"),
    }


def _typed_day(name: str) -> date | None:
    typed = request.form.get(name, "").strip()
    try:
        return parse_day(typed) if typed else None
    except ValueError as error:
        raise Invalid("not_a_day", field=name) from error


@bp.post("/account/holds/<int:hold_id>/change", defaults={"slug": None})
@bp.post("/<site:slug>/account/holds/<int:hold_id>/change")
@door.patron
def change(slug: str | None, hold_id: int) -> Response:
    """Pause a hold until a day, let it go on, or have it kept longer on the shelf."""
    word = request.form.get("act", "")
    if word not in ("pause", "resume", "extend"):
        abort(400)

    def do(actor: Actor) -> list[DeskResult]:
        if word == "pause":
            until = _typed_day("until")
            return [perform(suspend_hold, actor, hold_id=hold_id, until=until, key=_key())]
        act = resume_hold if word == "resume" else extend_shelf
        return [perform(act, actor, hold_id=hold_id, key=_key())]

    return _done(slug, do, "#holds")


def _key() -> str | None:
    """Return the idempotency key of the form, so that a double tap acts once."""
    typed = request.form.get("key", "")[:60]
    act = f"{request.endpoint}:{request.form.get('loan_id', '')}"[-20:]
    return f"opac-{current_patron_id()}-{typed}-{act}"[:KEY_LENGTH] if typed else None


def _done(slug: str | None, act: Any, anchor: str, refused: str | None = None) -> Response:
    """Do something on a reader's account, say how it went and show the account again."""
    with reading() as db:
        site = site_for(db, slug)
    try:
        answers = act(_actor())
    except IlsError as error:
        flash(sentence_for(error), "bad")
        return redirect(refused or site.account + anchor)
    for answer in answers:
        flash(*_said(answer))
    if not answers:
        flash(_("There is nothing to renew."), "info")
    done = all(answer.ok for answer in answers)
    return redirect(site.account + anchor if done or refused is None else refused)


def _said(answer: DeskResult) -> tuple[str, str]:
    """Say an answer of the engine to a reader: the sentence and its kind."""
    title = (answer.item or {}).get("title") or ""
    if answer.ok:
        return _said_done(answer, title), "ok"
    against = [(r["code"], r["facts"]) for r in answer.reasons if r["level"] != "info"]
    reasons = " ".join(words.reasons_for_patron(against))
    if answer.command.startswith("renew"):
        return _("“%(title)s” was not renewed. %(reasons)s", title=title, reasons=reasons), "bad"
    return _("This could not be done. %(reasons)s", reasons=reasons), "bad"


def _said_done(answer: DeskResult, title: str) -> str:
    facts = answer.facts
    if answer.code == "renewed":
        due = (answer.loan or {}).get("due_on") or facts.get("due_on")
        return str(_("“%(title)s” was renewed until %(day)s.", title=title, day=_iso_day(due)))
    if answer.code == "hold_placed":
        place = facts.get("place")
        if place:
            return str(_("Reserved. You are number %(place)s in the queue.", place=place))
        return str(_("Reserved. We tell you here when it is ready."))
    if answer.code == "slip_placed":
        return str(_("Requested. The book is fetched from the stack; please wait at the desk."))
    if answer.code == "hold_suspended":
        return str(_("Paused. You keep your place in the queue."))
    if answer.code == "hold_extended":
        return str(_("Kept for you until %(day)s.", day=_iso_day(facts.get("shelf_until"))))
    if answer.code == "hold_canceled":
        return str(_("The reservation was canceled."))
    return str(_("Done."))


def _iso_day(value: Any) -> str:
    return day(date.fromisoformat(value[:10])) if isinstance(value, str) else day(value)


@bp.route("/account/password", methods=["GET", "POST"], defaults={"slug": None})
@bp.route("/<site:slug>/account/password", methods=["GET", "POST"])
@door.patron
def password(slug: str | None) -> Any:
    """Change one's own password; every other browser is signed out by it."""
    with reading() as db:
        site = site_for(db, slug)
        must = db.get_one(Patron, current_patron_id()).must_change_password
    form, status = PasswordForm(), 200
    if form.validate_on_submit():
        try:
            with transaction() as db:
                found = db.get_one(Patron, current_patron_id())
                change_patron_password(db, found, form.old.data or "", form.new.data or "")
        except IlsError as error:
            box = form.old if error.facts.get("field") == "old" else form.new
            box.errors, status = [*box.errors, sentence_for(error)], error.status
        else:
            patrons.remember(session, found)
            flash(_("Your password was changed."), "ok")
            return redirect(_inside(request.args.get("next"), site))
    elif form.errors:
        status = 422
    return page("opac/password.html", site, form=form, must=must), status
