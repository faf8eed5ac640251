"""Deposits: a patron's money in the library's keeping, apart from income; and paying money back.

A deposit never pays a debt by itself: that is an act of its own with reason and receipt.
"""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy.orm import Session

from circulation.desk import AMBER, DeskResult
from circulation.events import DepositMoved
from circulation.fees import begin, pay
from circulation.ledger import account, open_amounts, post_entry, settle
from circulation.losses.settling import review_losses
from circulation.money.tills import till_reasons
from circulation.permissions import REVERSE, TAKE_PAYMENT
from circulation.receipts import cash_till, give_receipt, receipt_name, receipt_slip
from circulation.rules import ledger
from circulation.rules.reasons import reason
from ils.accounts.actor import Actor
from ils.core.audit import audit
from ils.core.errors import Invalid


def deposit_in(
    session: Session,
    actor: Actor,
    *,
    patron_id: int,
    amount: int,
    key: str | None,
    note: str = "",
    now: datetime | None = None,
) -> DeskResult:
    """Take a deposit: money kept for the patron, no income."""
    return _deposit(session, actor, "deposit_in", patron_id, amount, key, note, now)


def deposit_out(
    session: Session,
    actor: Actor,
    *,
    patron_id: int,
    amount: int,
    key: str | None,
    note: str = "",
    now: datetime | None = None,
) -> DeskResult:
    """Give a deposit back, or a part of it."""
    return _deposit(session, actor, "deposit_out", patron_id, amount, key, note, now)


def deposit_to_debt(
    session: Session,
    actor: Actor,
    *,
    patron_id: int,
    amount: int,
    key: str | None,
    reason_text: str,
    chosen: Sequence[int] = (),
    now: datetime | None = None,
) -> DeskResult:
    """Use a deposit against what is owed: an act of its own, with reason and receipt."""
    return _deposit(
        session, actor, "deposit_to_debt", patron_id, amount, key, reason_text, now, chosen
    )


def pay_back(
    session: Session,
    actor: Actor,
    *,
    patron_id: int,
    amount: int,
    key: str | None,
    reason_text: str,
    now: datetime | None = None,
) -> DeskResult:
    """Give back what a patron paid and no longer owes (a charge was taken back), with a receipt.

    Only money that was paid goes back: what was waived or settled in kind never turns into cash.
    """
    act, patron = begin(session, actor, REVERSE, "pay_back", patron_id, key, now)
    if stored := act.stored():
        return stored
    free = paid_too_much(session, patron_id)
    if amount <= 0 or not reason_text.strip():
        return act.refuse([reason("amount_wrong", amount=amount)])
    if amount > free:
        return act.refuse([reason("more_than_overpaid", amount=amount, held=free)])
    if missing := till_reasons(act):
        return act.refuse(missing)
    receipt = give_receipt(act, kind="payout", amount=amount, patron_id=patron_id)
    post_entry(
        act,
        patron_id,
        "payout",
        ledger.DEBIT,
        amount,
        receipt_id=receipt.id,
        till_id=cash_till(receipt),
        note=reason_text,
    )
    settle(session, patron_id)
    audit(session, actor, "paid_back", "patron", patron_id, amount=amount, reason=reason_text)
    return act.answer(
        "paid_back",
        tone=AMBER,
        facts={"amount": amount, "receipt": receipt_name(receipt)},
        undo=False,
        patron=patron.about(),
        slip=receipt_slip(act, receipt, {}),
    )


def paid_too_much(session: Session, patron_id: int) -> int:
    """Return how much a patron paid that settles nothing any more."""
    rows, left = open_amounts(session, patron_id)
    return sum(left.get(row.id, 0) for row in rows if row.kind == "payment")


_DEPOSIT_ANSWERS = {
    "deposit_in": "deposit_taken",
    "deposit_out": "deposit_returned",
    "deposit_to_debt": "deposit_used",
}


def _deposit(
    session: Session,
    actor: Actor,
    kind: str,
    patron_id: int,
    amount: int,
    key: str | None,
    note: str,
    now: datetime | None,
    chosen: Sequence[int] = (),
) -> DeskResult:
    act, patron = begin(session, actor, TAKE_PAYMENT, kind, patron_id, key, now)
    if stored := act.stored():
        return stored
    known = account(session, patron_id, act.now)
    payable = sum(d.open_amount for d in known.open_debits)
    if amount <= 0:
        return act.refuse([reason("amount_wrong", amount=amount)])
    if kind != "deposit_in" and amount > known.deposit:
        return act.refuse([reason("more_than_deposit", amount=amount, held=known.deposit)])
    if kind == "deposit_to_debt" and amount > payable:
        return act.refuse([reason("more_than_owed", amount=amount, owed=payable)])
    if kind == "deposit_to_debt":
        if not note.strip():
            raise Invalid("reason_missing", field="reason")
    elif missing := till_reasons(act):
        return act.refuse(missing)
    receipt = give_receipt(act, kind=kind, amount=amount, patron_id=patron_id)
    post_entry(
        act,
        patron_id,
        kind,
        ledger.LIABILITY,
        amount,
        receipt_id=receipt.id,
        till_id=cash_till(receipt),
        note=note,
    )
    settled: dict[str, int] = {}
    if kind == "deposit_to_debt":
        settled = pay(act, patron_id, amount, chosen, receipt, note=note, trace={"from": "deposit"})
    act.event(DepositMoved(kind), amount=amount, **patron.statistics())
    audit(session, actor, kind, "patron", patron_id, amount=amount, reason=note)
    review_losses(act, patron_id)
    return act.answer(
        _DEPOSIT_ANSWERS[kind],
        tone=AMBER if kind == "deposit_out" else "green",
        facts={"amount": amount, "receipt": receipt_name(receipt)},
        undo=False,
        patron=patron.about(),
        slip=receipt_slip(act, receipt, settled),
    )
