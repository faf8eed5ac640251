"""Locking the screen of a signed-in browser, and the PIN and card that unlock it.

After some idle minutes the page locks itself: what was open stays, but the server refuses whatever
this browser asks for until the PIN, the card or the password of whoever is signed in is given.
"""

from typing import Any

from flask import flash, jsonify, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_login import current_user
from wtforms import PasswordField
from wtforms.validators import EqualTo, Length

from ils.accounts.pins import LONGEST, has_pin, lock_session, new_card, set_pin, unlock_session
from ils.core.audit import name_acts
from ils.core.db import reading, transaction
from ils.core.errors import IlsError
from ils.org.settings import declare, setting
from ils.web.door import current_actor, door
from ils.web.errors import message, sentence_for
from ils.web.forms import Form, Required
from ils.web.views import bp, safe_next

LOCK_MINUTES = "ils.lock_minutes"

declare(
    LOCK_MINUTES,
    int,
    10,
    _l("After how many idle minutes a staff screen locks itself; 0 means never."),
    minimum=0,
    maximum=240,
)


class PinForm(Form):
    """Setting one's PIN."""

    password = PasswordField(_l("Password"), [Required()])
    pin = PasswordField(_l("PIN, four digits or more"), [Required(), Length(max=LONGEST)])
    again = PasswordField(_l("PIN again"), [EqualTo("pin", _l("The two PINs differ."))])


def lock_minutes() -> int:
    """Return after how many idle minutes this screen locks itself."""
    with reading() as db:
        return int(setting(db, current_actor().unit_id, LOCK_MINUTES))


@bp.route("/staff/lock", methods=["GET", "POST"])
@door.signed_in
def lock() -> Any:
    """Lock the screen (POST), or show what unlocks it."""
    if request.method == "POST":
        with transaction() as db:
            lock_session(db, current_user.session_key)
        if _is_fetch():
            return "", 204
        return redirect(url_for("ils.lock", next=request.form.get("next") or None))
    if not current_user.is_locked:
        return redirect(safe_next(request.args.get("next")))
    return render_template("ils/lock.html", problem="")


@bp.post("/staff/unlock")
@door.signed_in
def unlock() -> Any:
    """Unlock the screen by PIN, card or password."""
    problem = ""
    try:
        with transaction() as db:
            typed, address = request.form.get("secret", ""), request.remote_addr or ""
            if not unlock_session(db, current_user.session_key, typed, address):
                problem = _("That is not the PIN, the card or the password of %(name)s.") % {
                    "name": current_actor().name
                }
    except IlsError as error:
        problem = sentence_for(error)
    if _is_fetch():
        return jsonify(unlocked=not problem, detail=problem)
    if problem:
        return render_template("ils/lock.html", problem=problem), 401
    return redirect(safe_next(request.args.get("next")))


@bp.route("/staff/pin", methods=["GET", "POST"])
@door.signed_in
def pin() -> Any:
    """Set one's own PIN, and make the card that goes with it."""
    form, status = PinForm(), 200
    if request.form.get("act") == "card":
        return _make_card(form)
    if form.validate_on_submit():
        try:
            with transaction() as db:
                done = set_pin(
                    db,
                    current_actor(),
                    form.pin.data,
                    form.password.data,
                    request.remote_addr or "",
                )
        except IlsError as error:
            form.pin.errors = [*form.pin.errors, sentence_for(error)]
            return _pin_page(form), error.status
        if done:
            flash(_("Your PIN is set."), "ok")
            return redirect(url_for("ils.pin"))
        form.password.errors = [*form.password.errors, _("The present password is not right.")]
        status = 422
    elif request.method == "POST":
        status = 422
    return _pin_page(form), status


def _make_card(form: PinForm) -> Any:
    try:
        with transaction() as db:
            number = new_card(db, current_actor())
    except IlsError as error:
        flash(sentence_for(error), "bad")
        return redirect(url_for("ils.pin"))
    return _pin_page(form, card=number)


def _pin_page(form: PinForm, card: str = "") -> str:
    with reading() as db:
        is_set = has_pin(db, current_actor().staff_id or 0)
    return render_template("ils/pin.html", form=form, is_set=is_set, card=card)


def _is_fetch() -> bool:
    return request.headers.get("X-Requested-With") == "fetch"


def say() -> None:
    """Give the refusals of this module their sentences, and its acts their names."""
    name_acts(pin_set=_l("PIN set"), staff_card_made=_l("Staff card made"))
    message("pin_shape", _l("A PIN has %(shortest)s to %(longest)s digits and nothing else."))
    message("pin_too_simple", _l("That PIN is too easy to guess."))
    message("pin_first", _l("Please set a PIN first: a card alone approves nothing."))
