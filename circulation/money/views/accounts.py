"""The page of a patron's account: every line, and everything that can be done with money."""

from collections.abc import Callable
from typing import Any

from flask import Blueprint, redirect, render_template, request, url_for
from sqlalchemy.orm import Session

from circulation.deposits import deposit_in, deposit_out, deposit_to_debt, pay_back
from circulation.desk import DeskResult, perform
from circulation.fees import CHARGEABLE, charge, reverse, take_payment, waive
from circulation.ledger import account
from circulation.models import LedgerEntry
from circulation.money.sales import IN_KIND, settle_in_kind
from circulation.money.statement import statement
from circulation.money.tills import NEEDED, till_held
from circulation.money.views.told import new_key, sent_key, sentence_of, tell, typed_amount
from circulation.money.words import KINDS, METHODS
from circulation.notices.receipts import goes_to
from circulation.patrons.cards import active_card
from circulation.patrons.patrons import patron_for
from circulation.permissions import CHARGE, REVERSE, TAKE_PAYMENT, VIEW_FEES, WAIVE
from ils.core import clock
from ils.core.db import reading
from ils.core.errors import IlsError, Invalid, NotFound
from ils.org.settings import setting
from ils.web.door import current_actor, door
from ils.web.errors import sentence_for
from ils.web.pages import Page, page_number

bp = Blueprint(
    "money_accounts", __name__, url_prefix="/staff/money/patrons", template_folder="../templates"
)
SIZE = 50


@bp.get("/<int:patron_id>")
@door(VIEW_FEES)
def show(patron_id: int) -> str:
    """Show a patron's account."""
    return _page(patron_id)


@bp.post("/<int:patron_id>")
@door(VIEW_FEES)
def act(patron_id: int) -> Any:
    """Do one thing with the account; what was typed stays when it is refused."""
    with reading() as session:
        patron_for(session, current_actor(), patron_id, VIEW_FEES)
    doing = ACTS.get(request.form.get("act", ""))
    if doing is None:
        raise NotFound("act_unknown")
    try:
        results = doing(patron_id)
    except IlsError as error:
        if error.status in (403, 404):
            raise
        return _page(patron_id, problem=sentence_for(error)), error.status
    refused = next((one for one in results if not one.ok), None)
    if refused is not None and len(results) == 1:
        return _page(patron_id, problem=sentence_of(refused)), 409
    for one in results:
        tell(one)
    slip = results[-1].slip or {}
    here = url_for("money_accounts.show", patron_id=patron_id, receipt=slip.get("receipt_id"))
    return redirect(here)


def _page(patron_id: int, problem: str = "") -> str:
    actor = current_actor()
    with reading() as session:
        patron = patron_for(session, actor, patron_id, VIEW_FEES)
        whole = statement(session, patron_id)
        number = page_number(request.args.get("page"))
        rows = whole.lines[(number - 1) * SIZE : number * SIZE]
        here = actor.unit_id or 0
        receipt_id = request.args.get("receipt", type=int)
        return render_template(
            "money/account.html",
            patron=patron,
            card=active_card(session, patron_id),
            whole=whole,
            page=Page(number, SIZE, len(whole.lines), rows),
            reversing=_reversing(session, patron_id),
            receipt_id=receipt_id,
            mailed=goes_to(session, patron, receipt_id),
            till=till_held(session, actor.staff_id, here),
            till_needed=setting(session, here, NEEDED) if here else False,
            may=_rights(),
            kinds=KINDS,
            methods=METHODS,
            chargeable=[(kind, KINDS[kind]) for kind in CHARGEABLE],
            typed=request.form,
            chosen=request.form.getlist("entry", type=int),
            problem=problem,
            key=new_key(),
            today=clock.today(),
        )


def _reversing(session: Session, patron_id: int) -> LedgerEntry | None:
    """Return the line about to be taken back, named in the address or the form."""
    wanted = request.values.get("reverse", type=int)
    entry = session.get(LedgerEntry, wanted) if wanted else None
    return entry if entry is not None and entry.patron_id == patron_id else None


def _rights() -> dict[str, bool]:
    actor = current_actor()
    names = {"take": TAKE_PAYMENT, "charge": CHARGE, "waive": WAIVE, "reverse": REVERSE}
    return {name: actor.can_somewhere(permission) for name, permission in names.items()}


# --- the acts --------------------------------------------------------------------------------


def _chosen() -> list[int]:
    return request.form.getlist("entry", type=int)


def _reason() -> str:
    text = request.form.get("reason", "").strip()
    if not text:
        raise Invalid("reason_missing", field="reason")
    return text


def _open_of(patron_id: int, chosen: list[int], *, running: bool) -> int:
    """Return what is open of the lines chosen, or of all with the fines running today."""
    with reading() as session:
        known = account(session, patron_id)
        if chosen:
            return sum(d.open_amount for d in known.open_debits if d.entry.id in chosen)
        return sum(d.open_amount for d in known.open_debits) + (known.running if running else 0)


def _pay(patron_id: int) -> list[DeskResult]:
    chosen = _chosen()
    result = perform(
        take_payment,
        current_actor(),
        patron_id=patron_id,
        amount=typed_amount(empty=_open_of(patron_id, chosen, running=True)),
        chosen=chosen,
        post_running=not chosen,
        method=request.form.get("method", "cash"),
        note=request.form.get("reason", "").strip(),
        key=sent_key(),
    )
    return [result]


def _each_chosen(patron_id: int, do: Callable[..., DeskResult], **words: Any) -> list[DeskResult]:
    """Do something with each line chosen; a typed amount goes with one line only."""
    chosen = _chosen()
    if not chosen:
        raise Invalid("line_not_chosen", field="entry")
    amount = typed_amount(empty=0) or None
    if amount is not None and len(chosen) > 1:
        raise Invalid("amount_for_one_line", field="amount")
    why, key = _reason(), sent_key()
    return [
        perform(
            do,
            current_actor(),
            patron_id=patron_id,
            entry_id=one,
            amount=amount,
            reason_text=why,
            key=f"{key}-{one}",
            **words,
        )
        for one in chosen
    ]


def _waive(patron_id: int) -> list[DeskResult]:
    return _each_chosen(patron_id, waive)


def _in_kind(patron_id: int) -> list[DeskResult]:
    how = request.form.get("act", "")
    return _each_chosen(patron_id, settle_in_kind, how=how)


def _charge(patron_id: int) -> list[DeskResult]:
    result = perform(
        charge,
        current_actor(),
        patron_id=patron_id,
        kind=request.form.get("kind", ""),
        amount=typed_amount(),
        note=request.form.get("reason", "").strip(),
        key=sent_key(),
    )
    return [result]


def _reverse(patron_id: int) -> list[DeskResult]:
    with reading() as session:
        entry = _reversing(session, patron_id)
    if entry is None:
        raise NotFound("entry_unknown")
    result = perform(
        reverse, current_actor(), entry_id=entry.id, reason_text=_reason(), key=sent_key()
    )
    return [result]


def _take_deposit(patron_id: int) -> list[DeskResult]:
    note = request.form.get("reason", "").strip()
    result = perform(
        deposit_in,
        current_actor(),
        patron_id=patron_id,
        amount=typed_amount(),
        note=note,
        key=sent_key(),
    )
    return [result]


def _held(patron_id: int) -> int:
    with reading() as session:
        return account(session, patron_id, running=0).deposit


def _give_deposit_back(patron_id: int) -> list[DeskResult]:
    result = perform(
        deposit_out,
        current_actor(),
        patron_id=patron_id,
        amount=typed_amount(empty=_held(patron_id)),
        note=request.form.get("reason", "").strip(),
        key=sent_key(),
    )
    return [result]


def _use_deposit(patron_id: int) -> list[DeskResult]:
    chosen = _chosen()
    most = min(_held(patron_id), _open_of(patron_id, chosen, running=False))
    result = perform(
        deposit_to_debt,
        current_actor(),
        patron_id=patron_id,
        amount=typed_amount(empty=most),
        reason_text=_reason(),
        chosen=chosen,
        key=sent_key(),
    )
    return [result]


def _pay_back(patron_id: int) -> list[DeskResult]:
    with reading() as session:
        free = statement(session, patron_id).overpaid
    result = perform(
        pay_back,
        current_actor(),
        patron_id=patron_id,
        amount=typed_amount(empty=free),
        reason_text=_reason(),
        key=sent_key(),
    )
    return [result]


ACTS: dict[str, Callable[[int], list[DeskResult]]] = {
    "pay": _pay,
    "waive": _waive,
    "charge": _charge,
    "reverse": _reverse,
    "deposit_in": _take_deposit,
    "deposit_out": _give_deposit_back,
    "deposit_to_debt": _use_deposit,
    "pay_back": _pay_back,
    **dict.fromkeys(IN_KIND, _in_kind),
}
