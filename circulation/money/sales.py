"""Small sales from the price list, and charges settled without money."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlalchemy.orm import Session

from circulation.desk import Act, DeskResult
from circulation.events import ChargePosted, PaymentTaken, SettledInKind
from circulation.facts import PatronAtDesk
from circulation.fees import begin, entry_of, pay
from circulation.ledger import open_amounts, post_charge, post_entry, spread_credit
from circulation.losses.settling import review_losses
from circulation.models import LedgerAllocation, Receipt
from circulation.money.rates import Offer, offers
from circulation.money.tills import till_reasons
from circulation.permissions import TAKE_PAYMENT, WAIVE
from circulation.receipts import CASH, cash_till, give_receipt, receipt_name, receipt_slip
from circulation.rules import ledger
from circulation.rules.reasons import reason
from ils.accounts.actor import Actor
from ils.core.audit import audit
from ils.core.errors import Invalid

MOST = 9999  # of one thing in one sale
Basket = Sequence[tuple[Offer, int]]


def sell(
    session: Session,
    actor: Actor,
    *,
    quantities: Mapping[int, int],
    key: str | None,
    patron_id: int | None = None,
    payer: str = "",
    method: str = CASH,
    pay_now: bool = True,
    now: datetime | None = None,
) -> DeskResult:
    """Sell services of the price list, to a patron or to somebody without a card.

    A patron may have it put on the account instead of paying at once.
    """
    if patron_id is not None:
        act, patron = begin(session, actor, TAKE_PAYMENT, "sale", patron_id, key, now)
    else:
        actor.require(TAKE_PAYMENT)
        act, patron = Act(session, actor, "sale", key, now), None
    if stored := act.stored():
        return stored
    basket = _basket(act, quantities)
    if pay_now and (missing := till_reasons(act)):
        return act.refuse(missing)
    total = sum(offer.amount * count for offer, count in basket)
    receipt: Receipt | None
    if patron is None:
        receipt = _sell_to_anybody(act, basket, total, payer, method)
    else:
        receipt = _sell_to_patron(act, patron, basket, method, pay_now=pay_now)
    slip = receipt_slip(act, receipt, {"service": receipt.amount}) if receipt is not None else None
    facts = {"amount": total, "receipt": receipt_name(receipt) if receipt is not None else ""}
    return act.answer(
        "sold",
        facts=facts,
        undo=False,
        slip=slip,
        patron=patron.about() if patron is not None else None,
    )


def _basket(act: Act, quantities: Mapping[int, int]) -> Basket:
    known = {offer.id: offer for offer in offers(act.session, act.here.id, act.today)}
    basket = [(known[i], n) for i, n in quantities.items() if n and i in known]
    if not basket or any(not 0 < n <= MOST for _, n in basket):
        raise Invalid("quantity_wrong", field="quantity")
    return basket


def _words(offer: Offer, count: int) -> str:
    return f"{offer.name}: {count} {offer.measure}".rstrip()


def _sell_to_patron(
    act: Act, patron: PatronAtDesk, basket: Basket, method: str, *, pay_now: bool
) -> Receipt | None:
    entries = [
        post_charge(
            act,
            patron=patron,
            kind="service",
            amount=offer.amount * count,
            note=_words(offer, count),
            trace={"price_id": offer.id, "quantity": count, "each": offer.amount},
        )
        for offer, count in basket
    ]
    _, left = open_amounts(act.session, patron.patron.id)
    due = sum(left.get(entry.id, 0) for entry in entries)
    if not pay_now or not due:
        return None
    receipt = give_receipt(act, kind="sale", amount=due, patron_id=patron.patron.id, method=method)
    chosen = [entry.id for entry in entries]
    settled = pay(act, patron.patron.id, due, chosen, receipt, note="")
    act.event(
        PaymentTaken("payment", receipt_name(receipt), settled),
        amount=due,
        **patron.statistics(),
    )
    return receipt


def _sell_to_anybody(act: Act, basket: Basket, total: int, payer: str, method: str) -> Receipt:
    receipt = give_receipt(act, kind="sale", amount=total, payer=payer.strip(), method=method)
    debits = []
    for offer, count in basket:
        entry = post_entry(
            act,
            None,
            "service",
            ledger.DEBIT,
            offer.amount * count,
            receipt_id=receipt.id,
            note=_words(offer, count),
            trace={"price_id": offer.id, "quantity": count, "each": offer.amount},
        )
        act.event(ChargePosted("service"), amount=entry.amount, ledger_id=entry.id)
        debits.append(entry)
    paid = post_entry(
        act,
        None,
        "payment",
        ledger.CREDIT,
        total,
        receipt_id=receipt.id,
        till_id=cash_till(receipt),
        note=payer.strip(),
        trace={
            "settled": {"service": total},
            "lines": [[entry.id, entry.amount] for entry in debits],
        },
    )
    for entry in debits:
        act.session.add(LedgerAllocation(credit_id=paid.id, debit_id=entry.id, amount=entry.amount))
    act.flush()
    act.event(PaymentTaken("payment", receipt_name(receipt), {"service": total}), amount=total)
    return receipt


IN_KIND = ("replacement_copy", "work")


def settle_in_kind(
    session: Session,
    actor: Actor,
    *,
    patron_id: int,
    entry_id: int,
    how: str,
    reason_text: str,
    key: str | None,
    amount: int | None = None,
    item_id: int | None = None,
    now: datetime | None = None,
) -> DeskResult:
    """Settle a charge by a copy brought instead or by work done, in whole or in part.

    ``item_id`` is the copy that was brought, where it is in the stock already.
    """
    if how not in IN_KIND or not reason_text.strip():
        raise Invalid("reason_missing", field="reason")
    act, patron = begin(session, actor, WAIVE, "settle_in_kind", patron_id, key, now)
    if stored := act.stored():
        return stored
    entry = entry_of(session, patron_id, entry_id)
    _, left = open_amounts(session, patron_id)
    open_amount = left.get(entry_id, 0) if entry.direction == ledger.DEBIT else 0
    wanted = open_amount if amount is None else amount
    if open_amount <= 0:
        return act.refuse([reason("entry_settled", entry_id=entry_id)])
    if not 0 < wanted <= open_amount:
        return act.refuse([reason("amount_wrong", amount=wanted, open=open_amount)])
    made = post_entry(
        act,
        patron_id,
        how,
        ledger.CREDIT,
        wanted,
        loan_id=entry.loan_id,
        item_id=item_id,
        note=reason_text.strip(),
    )
    rows, left = open_amounts(session, patron_id)
    spread_credit(session, {row.id: row for row in rows}, left, made.id, [entry_id])
    act.event(
        SettledInKind(entry.kind, how),
        amount=wanted,
        ledger_id=made.id,
        loan_id=entry.loan_id,
        **patron.statistics(),
    )
    audit(session, actor, how, "patron", patron_id, amount=wanted, reason=reason_text)
    review_losses(act, patron_id)
    facts = {"amount": wanted, "entry_id": entry_id, "how": how}
    return act.answer("settled_in_kind", facts=facts, undo=False, patron=patron.about())
