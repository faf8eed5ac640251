"""Money over the desk: charges, payments with receipts, waivers, reversals, deposits."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from circulation.desk import AMBER, Act, DeskResult
from circulation.events import DepositMoved, EntryReversed, PaymentTaken, WaiverGiven
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
from circulation.models import LedgerEntry, Loan, Receipt
from circulation.permissions import CHARGE, REVERSE, TAKE_PAYMENT, WAIVE
from circulation.policies import require_within
from circulation.rules import ledger
from circulation.rules.reasons import reason
from ils.accounts.actor import Actor
from ils.core.audit import audit
from ils.core.errors import Invalid, NotFound

CHARGEABLE = ("lost_price", "processing", "card_fee", "service", "deposit_due")


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
    act, patron = _begin(session, actor, CHARGE, "charge", patron_id, key, now)
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
    now: datetime | None = None,
) -> DeskResult:
    """Take money and give a numbered receipt; charges are settled oldest first, or as chosen.

    Running fines are posted first, so that they can be paid; they continue from that day. More
    than is owed is refused.
    """
    act, patron = _begin(session, actor, TAKE_PAYMENT, "payment", patron_id, key, now)
    if stored := act.stored():
        return stored
    owed = account(session, patron_id, act.now)
    payable = sum(d.open_amount for d in owed.open_debits)
    payable += owed.running if post_running else 0
    if amount <= 0:
        return act.refuse([reason("amount_wrong", amount=amount)])
    if amount > payable:
        return act.refuse([reason("more_than_owed", amount=amount, owed=payable)])
    if post_running:
        _post_running(act, patron)
    receipt = _receipt(act, patron_id, amount)
    settled = _pay(act, patron, amount, chosen, receipt, note=note)
    act.event(
        PaymentTaken("payment", receipt_name(receipt), settled),
        amount=amount,
        **patron.statistics(),
    )
    return act.answer(
        "paid",
        facts={"amount": amount, "receipt": receipt_name(receipt), "settled": settled},
        undo=False,
        patron=patron.about(),
        slip=_receipt_slip(act, receipt, amount, settled, patron_id),
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
    act, patron = _begin(session, actor, WAIVE, "waive", patron_id, key, now)
    if stored := act.stored():
        return stored
    entry = _entry_of(session, patron_id, entry_id)
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
    """Take back a charge, payment or waiver made by mistake, by a line that points at it.

    What the line had settled is open again; a receipt is voided and keeps its number.
    """
    entry = session.get(LedgerEntry, entry_id)
    if entry is None or entry.patron_id is None:
        raise NotFound("entry_unknown", entry_id=entry_id)
    act, patron = _begin(session, actor, REVERSE, "reverse", entry.patron_id, key, now)
    if stored := act.stored():
        return stored
    _, left = open_amounts(session, entry.patron_id)
    if entry.direction == ledger.LIABILITY or entry.id not in left:
        return act.refuse([reason("entry_settled", entry_id=entry_id)])
    made = reverse_entry(act, entry, reason_text)
    if entry.receipt_id is not None:
        receipt = session.get_one(Receipt, entry.receipt_id)
        receipt.voided_at, receipt.void_reason = act.now, reason_text[:200]
    audit(session, actor, "entry_reversed", "ledger_entry", entry_id, reason=reason_text)
    act.event(
        EntryReversed(entry.kind, reason_text),
        amount=entry.amount,
        ledger_id=made.id,
        **patron.statistics(),
    )
    facts = {"amount": entry.amount, "kind": entry.kind, "entry_id": entry_id}
    return act.answer("reversed", facts=facts, undo=False, patron=patron.about())


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
    now: datetime | None = None,
) -> DeskResult:
    """Use a deposit against what is owed: an act of its own, with reason and receipt."""
    return _deposit(session, actor, "deposit_to_debt", patron_id, amount, key, reason_text, now)


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
) -> DeskResult:
    act, patron = _begin(session, actor, TAKE_PAYMENT, kind, patron_id, key, now)
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
    receipt = _receipt(act, patron_id, amount)
    post_entry(act, patron_id, kind, ledger.LIABILITY, amount, receipt_id=receipt.id, note=note)
    settled: dict[str, int] = {}
    if kind == "deposit_to_debt":
        settled = _pay(act, patron, amount, (), receipt, note=note, trace={"from": "deposit"})
    act.event(DepositMoved(kind), amount=amount, **patron.statistics())
    audit(session, actor, kind, "patron", patron_id, amount=amount, reason=note)
    return act.answer(
        _DEPOSIT_ANSWERS[kind],
        tone=AMBER if kind == "deposit_out" else "green",
        facts={"amount": amount, "receipt": receipt_name(receipt)},
        undo=False,
        patron=patron.about(),
        slip=_receipt_slip(act, receipt, amount, settled, patron_id),
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


def receipt_name(receipt: Receipt) -> str:
    """Return a receipt's number as printed: running number and year."""
    return f"{receipt.number:05d}/{receipt.year}"


def _begin(
    session: Session,
    actor: Actor,
    permission: str,
    command: str,
    patron_id: int,
    key: str | None,
    now: datetime | None,
) -> tuple[Act, PatronAtDesk]:
    act = Act(session, actor, command, key, now)
    lock(session, patrons=[patron_id])
    patron = patron_at_desk(session, act.here, act.today, patron_id=patron_id)
    if patron is None:
        raise NotFound("patron_unknown", patron_id=patron_id)
    unknown = NotFound("patron_unknown", patron_id=patron_id)
    require_within(session, actor, permission, patron.patron.branch_id, unknown)
    act.patron_id = patron_id
    return act, patron


def _entry_of(session: Session, patron_id: int, entry_id: int) -> LedgerEntry:
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
        post_overdue(act, loan, patron, min(act.today, loan.lost_on or act.today), item)


def _receipt(act: Act, patron_id: int, amount: int) -> Receipt:
    """Make the next receipt of the library's series of the year, without a gap."""
    session, library_id, year = act.session, act.here.library_id, act.today.year
    lock_receipts(session, library_id)
    last = session.scalar(
        select(func.max(Receipt.number)).where(
            Receipt.library_id == library_id, Receipt.year == year
        )
    )
    made = Receipt(
        library_id=library_id,
        year=year,
        number=(last or 0) + 1,
        patron_id=patron_id,
        amount=amount,
        at=act.now,
        actor_id=act.actor.staff_id,
    )
    session.add(made)
    act.flush()
    return made


def _pay(
    act: Act,
    patron: PatronAtDesk,
    amount: int,
    chosen: Sequence[int],
    receipt: Receipt,
    *,
    note: str,
    trace: dict[str, str] | None = None,
) -> dict[str, int]:
    """Post a payment and settle charges with it; returns what went to which kind."""
    made = post_entry(
        act,
        patron.patron.id,
        "payment",
        ledger.CREDIT,
        amount,
        receipt_id=receipt.id,
        note=note,
        trace=trace or {},
    )
    rows, left = open_amounts(act.session, patron.patron.id)
    by_id = {row.id: row for row in rows}
    settled: dict[str, int] = {}
    for debit_id, part in spread_credit(act.session, by_id, left, made.id, chosen).items():
        kind = by_id[debit_id].kind
        settled[kind] = settled.get(kind, 0) + part
    act.flush()
    return settled


def _receipt_slip(
    act: Act, receipt: Receipt, amount: int, settled: dict[str, int], patron_id: int
) -> dict[str, object]:
    return {
        "kind": "receipt",
        "receipt_id": receipt.id,
        "number": receipt_name(receipt),
        "amount": amount,
        "settled": settled,
        "patron_id": patron_id,
        "library_id": act.here.library_id,
        "at": act.now,
    }
