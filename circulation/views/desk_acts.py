"""What the buttons of the desk do."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from flask import request
from flask_babel import gettext as _

from cataloging.quick import QuickTitle
from circulation.desk import perform
from circulation.fast_add import add_and_lend
from circulation.fees import take_payment, waive
from circulation.groups import group_for
from circulation.hold_changes import cancel_hold, put_back
from circulation.holds import place_hold
from circulation.models import DeskCommand
from circulation.notices.receipts import mail_money, masked
from circulation.renew import renew, renew_all
from circulation.scan import Scanned
from circulation.undo import undo
from circulation.views.desk_scan import (
    answered,
    chosen_member,
    finished,
    give_back,
    lend,
    mailed_to,
    open_patron,
    to_mode,
    undo_last,
)
from circulation.views.desk_state import MODES, Answer, State
from ils.core.db import reading, transaction
from ils.core.errors import NotFound, Refused
from ils.web.door import current_actor
from ils.web.forms import parse_day, parse_dong


def override(state: State, key: str) -> Answer:
    """Do it all the same: every reason gets the reason typed, remembered where the rules allow.

    What somebody who stood by approved counts once and is not remembered.
    """
    by, why = current_actor(), request.form.get("why", "").strip()
    overrides = dict(state.remembered)
    needs_reason = request.form.get("needs_reason") == "1"
    if needs_reason and not why:
        return asked_again(state, _("An override needs a reason in words."))
    for code in request.form.getlist("code"):
        overrides[code] = why or _("answered at the desk")
        if code in request.form.getlist("remember_code") and by.approver is None:
            state.remembered[code] = overrides[code]
    command, barcode = request.form.get("command", ""), request.form.get("barcode", "")
    if command == "renew":
        return answered(state, perform(renew, by, key=key, barcode=barcode, overrides=overrides))
    if command == "check_in":
        return give_back(state, barcode, key, overrides)
    more: dict[str, Any] = {}
    if request.form.get("due_on", "").strip():
        more["due_on"] = parse_day(request.form["due_on"])
    return lend(state, barcode, key, overrides, **more)


def asked_again(state: State, message: str) -> Answer:
    """Show the question again with what was wrong with the answer; nothing typed is lost."""
    with reading() as session:
        asked = session.get(DeskCommand, request.form.get("question", ""))
        mine = asked is not None and asked.actor_id == current_actor().staff_id
        result = dict(asked.result) if asked is not None and mine else None
    return Answer(state, result=result, message=message, tone="red")


def _renew_one(state: State, key: str) -> Answer:
    loan_id = request.form.get("loan", type=int)
    return answered(state, perform(renew, current_actor(), key=key, loan_id=loan_id))


def _renew_all(state: State, key: str) -> Answer:
    results = perform(renew_all, current_actor(), patron_id=open_patron(state), key=key)
    refused = [r for r in results if not r.ok]
    text = _(
        "%(done)s renewed, %(refused)s refused.",
        done=len(results) - len(refused),
        refused=len(refused),
    )
    return Answer(state, message=text, tone="amber" if refused else "green")


def _return_one(state: State, key: str) -> Answer:
    return give_back(state, request.form.get("barcode", ""), key)


def _lend_one(state: State, key: str) -> Answer:
    return lend(state, request.form.get("barcode", ""), key, dict(state.remembered))


def _open(state: State, key: str) -> Answer:
    return Answer(replace(state.opened(request.form.get("open_patron", type=int)), group=""))


def _undo(state: State, key: str) -> Answer:
    token = request.form.get("token", "")
    return answered(state, perform(undo, current_actor(), token=token, key=key))


def _pay(state: State, key: str) -> Answer:
    try:
        amount = parse_dong(request.form.get("amount", ""))
    except ValueError:
        text = _("This is not an amount. Type it like 25000, 25.000 or 25k.")
        return Answer(state, message=text, tone="red")
    result = perform(
        take_payment, current_actor(), patron_id=open_patron(state), amount=amount, key=key
    )
    return answered(state, result)


def _waive(state: State, key: str) -> Answer:
    why = request.form.get("why", "").strip()
    if not why:
        return Answer(state, message=_("A waiver needs a reason in words."), tone="red")
    result = perform(
        waive,
        current_actor(),
        patron_id=open_patron(state),
        entry_id=request.form.get("entry", 0, type=int),
        reason_text=why,
        key=key,
    )
    return answered(state, result)


def _hold(state: State, key: str) -> Answer:
    result = perform(
        place_hold,
        current_actor(),
        record_id=request.form.get("record", 0, type=int),
        patron_id=open_patron(state),
        pickup_branch_id=request.form.get("pickup", type=int) or current_actor().unit_id or 0,
        key=key,
    )
    return answered(state, result)


def _cancel_hold(state: State, key: str) -> Answer:
    hold_id = request.form.get("hold", 0, type=int)
    result = perform(cancel_hold, current_actor(), hold_id=hold_id, key=key, reason_text="staff")
    return answered(state, result)


def _put_back(state: State, key: str) -> Answer:
    why = request.form.get("why", "").strip() or _("not this time")
    hold_id = request.form.get("hold", 0, type=int)
    result = perform(put_back, current_actor(), hold_id=hold_id, reason_text=why, key=key)
    return answered(state, result)


def _mode(state: State, key: str) -> Answer:
    wanted = request.form.get("to", "")
    mode = wanted if wanted in MODES else ""
    return to_mode(state, mode, request.form.get("returned_on", "") if mode == "checkin" else "")


def _finish_turn(state: State, key: str) -> Answer:
    return finished(state)


def _mail_slip(state: State, key: str) -> Answer:
    """Mail the slip offered, or end the turn of who is open with the slip by mail."""
    kind, _colon, number = request.form.get("slip", "").partition(":")
    if kind == "receipt" and number.isdecimal():
        with transaction() as session:
            address = mail_money(session, current_actor(), int(number))
        return Answer(state, message=_("The receipt goes to %(address)s.", address=masked(address)))
    patron_id = int(number) if number.isdecimal() else open_patron(state)
    told = mailed_to([patron_id], asked=True).get(patron_id)
    ended = state.ended() if patron_id == state.patron_id else state
    if told is None:
        raise Refused("receipt_not_mailed")
    text = _("Finished. The slip goes to %(address)s.", address=masked(told))
    return Answer(ended, message=text)


def _group(state: State, key: str) -> Answer:
    """Open a class or a family; the patron who is open stays so where they belong to it."""
    word = request.form.get("open_group", "")
    with reading() as session:
        group = group_for(session, current_actor(), word)
        stays = state.patron_id if group.holds(state.patron_id) else None
    return Answer(replace(state.opened(stays), group=word, in_order=False))


def _leave_group(state: State, key: str) -> Answer:
    return Answer(State(patron_id=state.patron_id, mode=state.mode))


def _member(state: State, key: str) -> Answer:
    return chosen_member(state, request.form.get("number", 0, type=int))


def _next_member(state: State, key: str) -> Answer:
    with reading() as session:
        group = group_for(session, current_actor(), state.group)
    following = group.after(state.patron_id)
    if following is None:
        return Answer(state.ended(), message=_("That was the last of the list."), tone="amber")
    return Answer(state.opened(following))


def _in_order(state: State, key: str) -> Answer:
    """Give out in the order of the list, or stop doing so."""
    changed = replace(state, in_order=not state.in_order)
    if changed.in_order and changed.patron_id is None:
        with reading() as session:
            group = group_for(session, current_actor(), state.group)
        changed.patron_id = group.after(None)
    return Answer(changed)


def _fast_add(state: State, key: str) -> Answer:
    """Enter an unknown copy with the least that is needed, and lend it."""
    form = request.form
    price = form.get("price", "").strip()
    try:
        amount = parse_dong(price) if price else None
    except ValueError:
        text = _("This is not an amount. Type it like 25000, 25.000 or 25k.")
        typed = Scanned("nothing", form.get("barcode", ""))
        return Answer(state, choice=typed, message=text, tone="red")
    actor = current_actor()
    if actor.unit_id is None:
        raise NotFound("no_branch_chosen")
    facts = QuickTitle(
        branch_id=actor.unit_id,
        title=form.get("title", ""),
        author=form.get("author", ""),
        barcode=form.get("barcode", ""),
        price=amount,
    )
    result = perform(add_and_lend, actor, facts=facts, patron_id=open_patron(state), key=key)
    return answered(state, result)


ACTS: dict[str, Callable[[State, str], Answer]] = {
    "override": override,
    "renew": _renew_one,
    "renew_all": _renew_all,
    "return": _return_one,
    "lend": _lend_one,
    "open": _open,
    "undo": _undo,
    "undo_last": undo_last,
    "pay": _pay,
    "waive": _waive,
    "hold": _hold,
    "cancel_hold": _cancel_hold,
    "put_back": _put_back,
    "mode": _mode,
    "finish": _finish_turn,
    "mail_slip": _mail_slip,
    "group": _group,
    "leave_group": _leave_group,
    "member": _member,
    "next_member": _next_member,
    "in_order": _in_order,
    "fast_add": _fast_add,
}
