"""The desk: one box for cards and items, the patron's panel, the list of what was done.

Each scan is one POST with its own key, so that a key sent twice happens once. Without JavaScript
the answer is the page again; with it, the row and the panel that changed.
"""

import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from flask import Blueprint, abort, jsonify, redirect, render_template, request, url_for
from flask_babel import gettext as _
from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from cataloging.models import Item, Record
from circulation.availability import positions
from circulation.blocks import blocks_at_desk, loans_of_patron
from circulation.checkin import check_in
from circulation.checkout import check_out
from circulation.desk import DeskResult, perform
from circulation.facts import patron_at_desk
from circulation.fees import take_payment, waive
from circulation.hold_changes import cancel_hold, put_back
from circulation.hold_lists import holds_of_patron
from circulation.holds import place_hold
from circulation.ledger import account
from circulation.models import DeskCommand, Loan
from circulation.patrons.models import BlockNote
from circulation.patrons.patrons import patron_for
from circulation.policies import branch
from circulation.renew import renew, renew_all
from circulation.scan import Scanned, recognize
from circulation.sentences import headline_sentence, reason_sentence
from circulation.undo import undo
from ils.core import clock
from ils.core.db import reading
from ils.core.errors import IlsError, NotFound
from ils.org.settings import setting
from ils.org.units import branches_below, province, unit_names
from ils.web.door import current_actor, door
from ils.web.errors import sentence_for
from ils.web.forms import parse_day, parse_dong

bp = Blueprint(
    "desk",
    __name__,
    url_prefix="/staff/desk",
    template_folder="../templates",
    static_folder="../static",
    static_url_path="/static",
)

USE = "circulation:desk:use"
SESSION_HOURS = 10
ROWS = 25  # of what was done, shown by a page
FRESH = 2  # of them, sent with the answer to a scan; the page keeps the others


@dataclass
class State:
    """What is open at this desk; it travels with every request, so nothing is lost by a restart."""

    patron_id: int | None = None
    mode: str = ""  # '' or 'checkin'
    returned_on: str = ""  # effective date of returns, as typed
    remembered: dict[str, str] = field(default_factory=dict)

    @classmethod
    def from_request(cls) -> "State":
        """Read the state from the form or the address."""
        values = request.form if request.method == "POST" else request.args
        remembered = {
            key[len("remember:") :]: value
            for key, value in values.items()
            if key.startswith("remember:")
        }
        return cls(
            patron_id=values.get("patron", type=int),
            mode="checkin" if values.get("mode") == "checkin" else "",
            returned_on=values.get("returned_on", ""),
            remembered=remembered,
        )

    def address(self) -> str:
        """Return the address of the desk in this state."""
        parts: dict[str, Any] = {
            "patron": self.patron_id,
            "mode": self.mode,
            "returned_on": self.returned_on,
        }
        return url_for("desk.page", **{k: v for k, v in parts.items() if v})


@dataclass
class Answer:
    """What a scan or a button led to: a result row, a choice to make, or a message."""

    state: State
    result: dict[str, Any] | None = None
    choice: Scanned | None = None
    message: str = ""
    tone: str = "green"


def new_key() -> str:
    """Make a key for a form that has none yet."""
    return f"desk-{secrets.token_hex(8)}"


@bp.get("")
@door(USE)
def page() -> Any:
    """Show the desk; ``?card=`` opens a patron."""
    state = State.from_request()
    if request.args.get("card"):
        with reading() as session:
            found = recognize(session, current_actor(), request.args["card"])
            if found.card is not None:
                state.patron_id = found.card.patron_id
    return _show(Answer(state))


@bp.post("/scan")
@door(USE)
def scan() -> Any:
    """Do what the scanned thing means here and now."""
    state = State.from_request()
    text = request.form.get("scan", "").strip()
    key = request.form.get("key") or new_key()
    try:
        return _respond(_scanned(state, text, key) if text else _finish(state))
    except IlsError as error:
        return _respond(Answer(state, message=sentence_for(error), tone="red"))


def _finish(state: State) -> Answer:
    """End the patron's turn: an empty Enter."""
    if state.patron_id is None:
        return Answer(state, message=_("Scan a card or an item."), tone="amber")
    return Answer(State(mode=state.mode), message=_("Finished. Ready for the next patron."))


def _scanned(state: State, text: str, key: str) -> Answer:
    if text.startswith(";"):
        return _spoken(state, text[1:].lower(), key)
    with reading() as session:
        found = recognize(session, current_actor(), text)
    if found.kind == "card" and found.card is not None:
        return _card(state, found)
    if found.kind == "item" and found.item is not None:
        answer = _item(state, found.item, key)
        if found.repaired and not answer.message:
            answer.message = _("The barcode was mended to %(code)s.", code=found.repaired)
        return answer
    if found.kind == "nothing":
        text = _("Nothing is known by “%(text)s”.", text=text)
        return Answer(state, message=text, tone="red")
    return Answer(state, choice=found, message=_("Please choose."), tone="amber")


def _spoken(state: State, word: str, key: str) -> Answer:
    """Obey a printed command for scanners without a keyboard."""
    if word == "done":
        return _finish(state)
    if word == "checkin":
        return Answer(State(mode="" if state.mode else "checkin"))
    if word == "undo":
        return _undo_last(state, key)
    return Answer(state, message=_("This command is not known."), tone="red")


def _card(state: State, found: Scanned) -> Answer:
    assert found.card is not None
    if state.patron_id == found.card.patron_id:
        return _finish(state)
    opened = State(patron_id=found.card.patron_id)
    if found.card.state != "active":
        return Answer(opened, message=reason_sentence("card_replaced"), tone="red")
    return Answer(opened)


def _item(state: State, item: Item, key: str) -> Answer:
    """Lend, return or show, by what is open at the desk and what the item is doing."""
    barcode = item.barcode or item.accession_no or ""
    if state.mode == "checkin":
        return _return(state, barcode, key)
    if state.patron_id is not None:
        return _lend(state, barcode, key, dict(state.remembered))
    with reading() as session:
        idle_returns = setting(session, current_actor().unit_id, "circulation.idle_scan_returns")
        returns = idle_returns and _is_lent(session, item)
        title = session.get_one(Record, item.record_id).title
    if returns:
        return _return(state, barcode, key)
    return Answer(state, choice=Scanned("items", barcode, items=((item, title),)))


def _lend(state: State, barcode: str, key: str, overrides: dict[str, str], **more: Any) -> Answer:
    result = perform(
        check_out,
        current_actor(),
        barcode=barcode,
        patron_id=_open_patron(state),
        key=key,
        overrides=overrides,
        **more,
    )
    return _answered(state, result)


def _return(state: State, barcode: str, key: str) -> Answer:
    effective = None
    if state.returned_on:
        try:
            effective = parse_day(state.returned_on)
        except ValueError:
            text = _("The date of return is not a date. Nothing was returned.")
            return Answer(state, message=text, tone="red")
    result = perform(check_in, current_actor(), barcode=barcode, key=key, effective_on=effective)
    return _answered(state, result)


def _answered(state: State, result: DeskResult) -> Answer:
    return Answer(state, result=result.to_json(), tone=result.tone)


def _is_lent(session: Session, item: Item) -> bool:
    query = select(Loan.id).where(Loan.item_id == item.id, Loan.closed_at.is_(None))
    return session.scalar(query) is not None


def _open_patron(state: State) -> int:
    """Return the patron that is open. Raises ``NotFound`` where a button needs one."""
    if state.patron_id is None:
        raise NotFound("patron_unknown")
    return state.patron_id


@bp.post("/act")
@door(USE)
def act() -> Any:
    """Do what a button at the desk says."""
    state, form = State.from_request(), request.form
    key, word = form.get("key") or new_key(), form.get("act", "")
    known = ACTS.get(word)
    if known is None:
        abort(400)
    try:
        return _respond(known(state, key))
    except IlsError as error:
        return _respond(Answer(state, message=sentence_for(error), tone="red"))


def _override(state: State, key: str) -> Answer:
    """Lend all the same: every reason gets the reason typed, remembered where the rules allow."""
    why = request.form.get("why", "").strip()
    overrides = dict(state.remembered)
    for code in request.form.getlist("code"):
        overrides[code] = why or _("answered at the desk")
        if code in request.form.getlist("remember_code"):
            state.remembered[code] = overrides[code]
    needs_reason = request.form.get("needs_reason") == "1"
    if needs_reason and not why:
        return Answer(state, message=_("An override needs a reason in words."), tone="red")
    command, barcode = request.form.get("command", ""), request.form.get("barcode", "")
    if command == "renew":
        result = perform(renew, current_actor(), key=key, barcode=barcode, overrides=overrides)
        return _answered(state, result)
    more: dict[str, Any] = {}
    if request.form.get("due_on", "").strip():
        more["due_on"] = parse_day(request.form["due_on"])
    return _lend(state, barcode, key, overrides, **more)


def _renew_one(state: State, key: str) -> Answer:
    loan_id = request.form.get("loan", type=int)
    return _answered(state, perform(renew, current_actor(), key=key, loan_id=loan_id))


def _renew_all(state: State, key: str) -> Answer:
    results = perform(renew_all, current_actor(), patron_id=_open_patron(state), key=key)
    refused = [r for r in results if not r.ok]
    text = _(
        "%(done)s renewed, %(refused)s refused.",
        done=len(results) - len(refused),
        refused=len(refused),
    )
    return Answer(state, message=text, tone="amber" if refused else "green")


def _return_one(state: State, key: str) -> Answer:
    return _return(state, request.form.get("barcode", ""), key)


def _lend_one(state: State, key: str) -> Answer:
    return _lend(state, request.form.get("barcode", ""), key, dict(state.remembered))


def _open(state: State, key: str) -> Answer:
    return Answer(State(patron_id=request.form.get("open_patron", type=int)))


def _undo(state: State, key: str) -> Answer:
    token = request.form.get("token", "")
    return _answered(state, perform(undo, current_actor(), token=token, key=key))


def _undo_last(state: State, key: str) -> Answer:
    with reading() as session:
        rows = _session_rows(session)
    last = next((r for r in rows if r.result.get("undo_token") and r.undone_at is None), None)
    if last is None:
        return Answer(state, message=_("There is nothing to undo."), tone="amber")
    token = last.result["undo_token"]
    return _answered(state, perform(undo, current_actor(), token=token, key=key))


def _pay(state: State, key: str) -> Answer:
    try:
        amount = parse_dong(request.form.get("amount", ""))
    except ValueError:
        text = _("This is not an amount. Type it like 25000, 25.000 or 25k.")
        return Answer(state, message=text, tone="red")
    result = perform(
        take_payment, current_actor(), patron_id=_open_patron(state), amount=amount, key=key
    )
    return _answered(state, result)


def _waive(state: State, key: str) -> Answer:
    why = request.form.get("why", "").strip()
    if not why:
        return Answer(state, message=_("A waiver needs a reason in words."), tone="red")
    result = perform(
        waive,
        current_actor(),
        patron_id=_open_patron(state),
        entry_id=request.form.get("entry", 0, type=int),
        reason_text=why,
        key=key,
    )
    return _answered(state, result)


def _hold(state: State, key: str) -> Answer:
    result = perform(
        place_hold,
        current_actor(),
        record_id=request.form.get("record", 0, type=int),
        patron_id=_open_patron(state),
        pickup_branch_id=request.form.get("pickup", type=int) or current_actor().unit_id or 0,
        key=key,
    )
    return _answered(state, result)


def _cancel_hold(state: State, key: str) -> Answer:
    hold_id = request.form.get("hold", 0, type=int)
    result = perform(cancel_hold, current_actor(), hold_id=hold_id, key=key, reason_text="staff")
    return _answered(state, result)


def _put_back(state: State, key: str) -> Answer:
    why = request.form.get("why", "").strip() or _("not this time")
    hold_id = request.form.get("hold", 0, type=int)
    result = perform(put_back, current_actor(), hold_id=hold_id, reason_text=why, key=key)
    return _answered(state, result)


def _mode(state: State, key: str) -> Answer:
    return Answer(
        State(mode=request.form.get("to", ""), returned_on=request.form.get("returned_on", ""))
    )


def _finish_turn(state: State, key: str) -> Answer:
    return _finish(state)


ACTS: dict[str, Callable[[State, str], Answer]] = {
    "override": _override,
    "renew": _renew_one,
    "renew_all": _renew_all,
    "return": _return_one,
    "lend": _lend_one,
    "open": _open,
    "undo": _undo,
    "undo_last": _undo_last,
    "pay": _pay,
    "waive": _waive,
    "hold": _hold,
    "cancel_hold": _cancel_hold,
    "put_back": _put_back,
    "mode": _mode,
    "finish": _finish_turn,
}


# -- showing -----------------------------------------------------------------------------------


def _respond(answer: Answer) -> Any:
    """Answer a fetch with the parts that changed, a plain form with the page."""
    if request.headers.get("X-Requested-With") != "fetch":
        is_told = bool(answer.result or answer.choice or answer.message)
        return _show(answer) if is_told else redirect(answer.state.address(), 303)
    undone = bool(answer.result and answer.result["command"] == "undo")
    facts = _facts(answer, ROWS if undone or request.endpoint != "desk.scan" else FRESH)
    return jsonify(
        tone=answer.tone,
        patron=answer.state.patron_id,
        mode=answer.state.mode,
        address=answer.state.address(),
        headline=facts["headline"],
        top=render_template("circulation/_desk_top.html", **facts),
        panel=render_template("circulation/_desk_panel.html", **facts),
        rows=render_template("circulation/_desk_rows.html", **facts),
        asks=bool(answer.result and answer.result.get("reasons") and not answer.result.get("ok")),
    )


def _show(answer: Answer) -> Any:
    return render_template("circulation/desk.html", **_facts(answer))


def _facts(answer: Answer, rows_shown: int = ROWS) -> dict[str, Any]:
    """Gather all a desk page or part shows."""
    state = answer.state
    with reading() as session:
        names = unit_names(session)
        panel = _panel(session, state.patron_id) if state.patron_id else None
        choice_facts = _choice_facts(session, answer.choice)
        top = province(session) if answer.choice else None
        pickups = branches_below(session, top) if top else []
        rows = _session_rows(session, rows_shown)
    headline = answer.message
    if answer.result:
        code = answer.result["headline"]
        headline = headline_sentence(code["code"], code.get("facts"))
    return {
        "state": state,
        "desk_state": state,
        "answer": answer,
        "headline": headline,
        "panel": panel,
        "choice": answer.choice,
        "choice_facts": choice_facts,
        "pickups": pickups,
        "rows": rows,
        "names": names,
        "today": clock.today(),
        "now": clock.now(),
        "key": new_key(),
        "actor": current_actor(),
        "undo_seconds": 60,
        "undo_after": clock.now() - timedelta(seconds=60),
    }


def _choice_facts(session: Session, choice: Scanned | None) -> dict[int, Any]:
    if choice is None or not choice.items:
        return {}
    return dict(positions(session, [item.id for item, _title in choice.items]))


def _panel(session: Session, patron_id: int) -> dict[str, Any] | None:
    """Gather the patron's strip: who, card, blocks, loans, holds, money, notes."""
    actor = current_actor()
    today = clock.today()
    try:
        patron = patron_for(session, actor, patron_id)
        here = branch(session, actor.unit_id or patron.branch_id)
        at_desk = patron_at_desk(session, here, today, patron_id=patron_id)
    except IlsError:
        return None
    if at_desk is None:
        return None
    loans = loans_of_patron(session, patron_id)
    notes = session.scalars(_NOTES, {"patron_id": patron_id}).all()
    return {
        "patron": patron,
        "category": at_desk.category,
        "age": at_desk.age,
        "card": at_desk.card,
        "loans": loans,
        "holds": holds_of_patron(session, patron_id),
        "account": account(session, patron_id, running=sum(one.running_fine for one in loans)),
        "blocks": blocks_at_desk(session, here, at_desk, "borrow", clock.now()),
        "notes": [n for n in notes if not n.acts and (n.to_on is None or n.to_on >= today)],
    }


_NOTES = select(BlockNote).where(
    BlockNote.patron_id == bindparam("patron_id"), BlockNote.lifted_at.is_(None)
)
_DONE = (
    select(
        DeskCommand.key,
        DeskCommand.at,
        DeskCommand.command,
        DeskCommand.result,
        DeskCommand.undone_at,
    )
    .where(
        DeskCommand.actor_id == bindparam("staff_id"),
        DeskCommand.unit_id == bindparam("unit_id"),
        DeskCommand.at >= bindparam("since"),
    )
    .order_by(DeskCommand.at.desc())
    .limit(bindparam("most"))
)


def _session_rows(session: Session, most: int = ROWS) -> Sequence[Any]:
    """Return what this person did at this desk lately, newest first: when, what, how it ended."""
    actor = current_actor()
    since = clock.now() - timedelta(hours=SESSION_HOURS)
    facts = {"staff_id": actor.staff_id, "unit_id": actor.unit_id, "since": since, "most": most}
    return session.execute(_DONE, facts).all()
