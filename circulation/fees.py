"""Money over the desk: charges, payments with receipts, waivers, reversals.

Deposits and refunds are in ``circulation/deposits.py``, settlement in kind and small sales in
``circulation/money``.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from circulation.blocks import entry_facts
from circulation.desk import Act, DeskResult
from circulation.events import EntryReversed, PaymentTaken, WaiverGiven
from circulation.facts import PatronAtDesk, item_at_desk, lock, lock_receipts, patron_at_desk
from circulation.ledger import (
    account,
    open_amounts,
    post_charge,
    post_entry,
    post_overdue,
    reverse_entry,
    spread_credit,
)
from circulation.losses.settling import items_of_losses, review_losses
from circulation.models import LedgerEntry, Loan, Receipt
from circulation.money.tills import till_for, till_reasons
from circulation.permissions import CHARGE, REVERSE, TAKE_PAYMENT, WAIVE
from circulation.policies import require_within
from circulation.receipts import (
    CASH,
    TRANSFER,
    cash_till,
    give_receipt,
    lines_of,
    receipt_name,
    receipt_slip,
    void,
)
from circulation.rules import ledger
from circulation.rules.reasons import reason
from ils.accounts.actor import Actor
from ils.core.audit import audit
from ils.core.errors import Invalid, NotFound

CHARGEABLE = ("lost_price", "damage", "processing", "card_fee", "service", "deposit_due")


def charge(
    session: Session,
    actor: Actor,
    *,
    patron_id: int,
    kind: str,
    amount: int,
    key: str | None,
    note: str = "",
    item_id: int | None = None,
    now: datetime | None = None,
) -> DeskResult:
    """Charge a fee (card, service, processing, price of a lost copy) to a patron."""
    if kind not in CHARGEABLE:
        raise Invalid("charge_kind_unknown", field="kind", kind=kind)
    act, patron = begin(session, actor, CHARGE, "charge", patron_id, key, now)
    if stored := act.stored():
        return stored
    if amount <= 0:
        return act.refuse([reason("amount_wrong", amount=amount)])
    item = item_at_desk(session, item_id) if item_id is not None else None
    entry = post_charge(
        act, patron=patron, kind=kind, amount=amount, item=item, item_id=item_id, note=note
    )
    audit(session, actor, "charge_posted", "patron", patron_id, kind=kind, amount=amount)
    facts = {"kind": kind, "amount": amount, "entry_id": entry.id}
    return act.answer("charged", facts=facts, undo=False, patron=patron.about())


def take_payment(
    session: Session,
    actor: Actor,
    *,
    patron_id: int,
    amount: int,
    key: str | None,
    chosen: Sequence[int] = (),
    post_running: bool = True,
    note: str = "",
    method: str = CASH,
    now: datetime | None = None,
) -> DeskResult:
    """Take money and give a numbered receipt; charges are settled oldest first, or as chosen.

    Running fines are posted first, so that they can be paid; they continue from that day. More
    than is owed is refused. ``method`` is cash, or transfer for what goes past the till.
    """
    if method not in (CASH, TRANSFER):
        raise Invalid("method_unknown", field="method")
    act, patron = begin(session, actor, TAKE_PAYMENT, "payment", patron_id, key, now)
    if stored := act.stored():
        return stored
    owed = account(session, patron_id, act.now)
    payable = sum(d.open_amount for d in owed.open_debits)
    payable += owed.running if post_running else 0
    if amount <= 0:
        return act.refuse([reason("amount_wrong", amount=amount)])
    if amount > payable:
        return act.refuse([reason("more_than_owed", amount=amount, owed=payable)])
    if missing := till_reasons(act):
        return act.refuse(missing)
    if post_running:
        _post_running(act, patron)
    receipt = give_receipt(act, kind="payment", amount=amount, patron_id=patron_id, method=method)
    settled = pay(act, patron.patron.id, amount, chosen, receipt, note=note)
    act.event(
        PaymentTaken("payment", receipt_name(receipt), settled),
        amount=amount,
        **patron.statistics(),
    )
    review_losses(act, patron_id)
    return act.answer(
        "paid",
        facts={"amount": amount, "receipt": receipt_name(receipt), "settled": settled},
        undo=False,
        patron=patron.about(),
        slip=receipt_slip(act, receipt, settled),
    )


def waive(
    session: Session,
    actor: Actor,
    *,
    patron_id: int,
    entry_id: int,
    reason_text: str,
    key: str | None,
    amount: int | None = None,
    now: datetime | None = None,
) -> DeskResult:
    """Forgive what is open of a charge, or a part of it; the charge itself stays on record."""
    act, patron = begin(session, actor, WAIVE, "waive", patron_id, key, now)
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
    give_waiver(act, patron, entry, wanted, reason_text)
    audit(session, actor, "waived", "patron", patron_id, amount=wanted, reason=reason_text)
    facts = {"amount": wanted, "entry_id": entry_id}
    review_losses(act, patron_id)
    return act.answer("waived", facts=facts, undo=False, patron=patron.about())


def reverse(
    session: Session,
    actor: Actor,
    *,
    entry_id: int,
    reason_text: str,
    key: str | None,
    now: datetime | None = None,
) -> DeskResult:
    """Take back a line made by mistake, by a line that points at it.

    What it had settled is open again. A line with a receipt takes the whole receipt back, which is
    voided and keeps its number; cash goes back out of (or into) the till of who does it.
    """
    entry = session.get(LedgerEntry, entry_id)
    if entry is None or entry.patron_id is None:
        raise NotFound("entry_unknown", entry_id=entry_id)
    act, patron = begin(session, actor, REVERSE, "reverse", entry.patron_id, key, now)
    if stored := act.stored():
        return stored
    lines = [entry] if entry.receipt_id is None else list(lines_of(session, entry.receipt_id))
    if refusal := _may_reverse(act, entry, lines):
        return refusal
    _reverse_lines(act, lines, reason_text, patron.statistics())
    audit(session, actor, "entry_reversed", "ledger_entry", entry_id, reason=reason_text)
    facts = {"amount": entry.amount, "kind": entry.kind, "entry_id": entry_id}
    review_losses(act, entry.patron_id)
    return act.answer("reversed", facts=facts, undo=False, patron=patron.about())


def reverse_sale(
    session: Session,
    actor: Actor,
    *,
    receipt_id: int,
    reason_text: str,
    key: str | None,
    now: datetime | None = None,
) -> DeskResult:
    """Take back a sale to somebody without a card, whole; the receipt is voided."""
    receipt = session.get(Receipt, receipt_id)
    if receipt is None or receipt.patron_id is not None or receipt.branch_id is None:
        raise NotFound("entry_unknown", receipt_id=receipt_id)
    act = Act(session, actor, "reverse", key, now)
    unknown = NotFound("entry_unknown", receipt_id=receipt_id)
    require_within(session, actor, REVERSE, receipt.branch_id, unknown)
    lock_receipts(session, receipt.library_id)
    session.refresh(receipt)
    if stored := act.stored():
        return stored
    lines = list(lines_of(session, receipt_id))
    if receipt.voided_at is not None:
        return act.refuse([reason("entry_settled", receipt_id=receipt_id)])
    if missing := till_reasons(act):
        return act.refuse(missing)
    _reverse_lines(act, lines, reason_text, {})
    audit(session, actor, "entry_reversed", "receipt", receipt_id, reason=reason_text)
    facts = {"amount": receipt.amount, "kind": "sale", "receipt": receipt_name(receipt)}
    return act.answer("reversed", facts=facts, undo=False)


def _may_reverse(act: Act, entry: LedgerEntry, lines: list[LedgerEntry]) -> DeskResult | None:
    """Return the refusal where a line is taken back already, or its deposit is spent."""
    known = account(act.session, entry.patron_id or 0, act.now)
    counting = ledger.live(entry_facts(row) for row in known.entries)
    if any(line.id not in counting for line in lines):
        return act.refuse([reason("entry_settled", entry_id=entry.id)])
    signs = {"deposit_in": 1, "deposit_out": -1, "deposit_to_debt": -1}
    after = known.deposit - sum(signs.get(line.kind, 0) * line.amount for line in lines)
    if after < 0:
        return act.refuse([reason("more_than_deposit", amount=entry.amount, held=known.deposit)])
    moves_cash = any(line.till_id is not None for line in lines)
    missing = till_reasons(act) if moves_cash else []
    return act.refuse(missing) if missing else None


def _reverse_lines(
    act: Act, lines: list[LedgerEntry], why: str, statistics: dict[str, Any]
) -> None:
    """Reverse the lines, the newest first, and void the receipt they belong to."""
    receipt_id = lines[0].receipt_id
    till_id = None
    if receipt_id is not None:
        receipt = act.session.get_one(Receipt, receipt_id)
        lock_receipts(act.session, receipt.library_id)
        void(act, receipt, why)
        if any(line.till_id is not None for line in lines):
            held = till_for(act)
            till_id = held.id if held is not None else None
    for line in reversed(lines):
        made = reverse_entry(act, line, why, till_id=till_id if line.till_id is not None else None)
        act.event(
            EntryReversed(line.kind, why), amount=line.amount, ledger_id=made.id, **statistics
        )


# --- steps shared with other use cases -------------------------------------------------------


def give_waiver(
    act: Act, patron: PatronAtDesk, entry: LedgerEntry, amount: int, why: str
) -> LedgerEntry:
    """Post a waiver against one charge."""
    session = act.session
    made = post_entry(
        act, entry.patron_id, "waiver", ledger.CREDIT, amount, loan_id=entry.loan_id, note=why
    )
    rows, left = open_amounts(session, patron.patron.id)
    spread_credit(session, {row.id: row for row in rows}, left, made.id, [entry.id])
    act.event(
        WaiverGiven(entry.kind, why),
        amount=amount,
        ledger_id=made.id,
        loan_id=entry.loan_id,
        **patron.statistics(),
    )
    return made


def begin(
    session: Session,
    actor: Actor,
    permission: str,
    command: str,
    patron_id: int,
    key: str | None,
    now: datetime | None,
) -> tuple[Act, PatronAtDesk]:
    act = Act(session, actor, command, key, now)
    lock(session, items=items_of_losses(session, patron_id), patrons=[patron_id])
    patron = patron_at_desk(session, act.here, act.today, patron_id=patron_id)
    if patron is None:
        raise NotFound("patron_unknown", patron_id=patron_id)
    unknown = NotFound("patron_unknown", patron_id=patron_id)
    require_within(session, actor, permission, patron.patron.branch_id, unknown)
    act.patron_id = patron_id
    return act, patron


def entry_of(session: Session, patron_id: int, entry_id: int) -> LedgerEntry:
    entry = session.get(LedgerEntry, entry_id)
    if entry is None or entry.patron_id != patron_id:
        raise NotFound("entry_unknown", entry_id=entry_id)
    return entry


def _post_running(act: Act, patron: PatronAtDesk) -> None:
    late = act.session.scalars(
        select(Loan)
        .where(Loan.patron_id == patron.patron.id, Loan.closed_at.is_(None))
        .where(Loan.due_on < act.today)
        .order_by(Loan.due_on, Loan.id)
    ).all()
    for loan in late:
        item = item_at_desk(act.session, loan.item_id)
        post_overdue(act, loan, patron, loan.fine_until(act.today), item)


def pay(
    act: Act,
    patron_id: int,
    amount: int,
    chosen: Sequence[int],
    receipt: Receipt,
    *,
    note: str,
    trace: dict[str, Any] | None = None,
    kind: str = "payment",
) -> dict[str, int]:
    """Post a payment and settle charges with it; returns what went to which kind.

    What it settled is written on the line itself, since the matching may change when something is
    taken back, and the receipt must be printed again as it was given.
    """
    rows, left = open_amounts(act.session, patron_id)
    by_id = {row.id: row for row in rows}
    spread, _rest = ledger.allocate(
        [(i, a) for i, a in left.items() if a > 0 and by_id[i].direction == ledger.DEBIT],
        amount,
        chosen,
    )
    settled: dict[str, int] = {}
    for debit_id, part in spread:
        settled[by_id[debit_id].kind] = settled.get(by_id[debit_id].kind, 0) + part
    lines = [[debit_id, part] for debit_id, part in spread]
    made = post_entry(
        act,
        patron_id,
        kind,
        ledger.CREDIT,
        amount,
        receipt_id=receipt.id,
        till_id=None if trace else cash_till(receipt),
        note=note,
        trace={**(trace or {}), "settled": settled, "lines": lines},
    )
    rows, left = open_amounts(act.session, patron_id)
    spread_credit(act.session, {row.id: row for row in rows}, left, made.id, chosen)
    act.flush()
    return settled
