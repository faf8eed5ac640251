"""What a point answers for: the sum agreed on for copies that did not come back, and how it is settled.

A point has no account, for the ledger's accounts are of people with cards. What is agreed on stands
with the box; what settles it is a receipt of the library's series, or a part let off by a paper. A
payment is written in the ledger as a sale to somebody without a card is: a charge and what pays it,
under one receipt, through the till. So the books, the till and the reversal need nothing new.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, func, or_, select
from sqlalchemy.orm import Session

from circulation.desk import Act, DeskResult
from circulation.events import ChargePosted, PaymentTaken
from circulation.fees import reverse_sale
from circulation.ledger import post_entry
from circulation.models import LedgerAllocation, Receipt
from circulation.money.tills import till_reasons
from circulation.permissions import TAKE_PAYMENT, WAIVE
from circulation.receipts import CASH, cash_till, give_receipt, receipt_name
from circulation.rotation.boxes import box_for
from circulation.rotation.models import Consignment, ConsignmentPayment, RotationPoint
from circulation.rules import ledger
from circulation.rules.reasons import reason
from ils.accounts.actor import Actor
from ils.core import clock
from ils.core.audit import audit
from ils.core.errors import Invalid, NotFound, Refused

KIND = "point_loss"  # of the charge, as the books name it


@dataclass(frozen=True)
class Settled:
    """A payment, with its receipt, or a part that was let off."""

    payment: ConsignmentPayment
    receipt: Receipt | None

    @property
    def counts(self) -> bool:
        """Tell whether it still settles something."""
        voided = self.receipt is not None and self.receipt.voided_at is not None
        return self.payment.ended_at is None and not voided


@dataclass(frozen=True)
class Claim:
    """The sum agreed on for a box, and all that ever settled of it, the oldest first."""

    agreed: int
    settled: Sequence[Settled]

    @property
    def paid(self) -> int:
        """Return what was paid and stands."""
        return sum(s.payment.amount for s in self.settled if s.counts and s.receipt is not None)

    @property
    def let_off(self) -> int:
        """Return what was let off and stands."""
        return sum(s.payment.amount for s in self.settled if s.counts and s.receipt is None)

    @property
    def left(self) -> int:
        """Return what the point still owes."""
        return self.agreed - self.paid - self.let_off


def claim_of(session: Session, box: Consignment) -> Claim:
    """Return what the point of a box answers for."""
    rows = session.execute(
        select(ConsignmentPayment, Receipt)
        .outerjoin(Receipt, Receipt.id == ConsignmentPayment.receipt_id)
        .where(ConsignmentPayment.consignment_id == box.id)
        .order_by(ConsignmentPayment.id)
        .execution_options(populate_existing=True)
    )
    return Claim(box.settlement_amount or 0, [Settled(*row) for row in rows])


def left_of_box() -> ColumnElement[int]:
    """Return what is still owed of a box, in a query of boxes."""
    settled = (
        select(func.coalesce(func.sum(ConsignmentPayment.amount), 0))
        .outerjoin(Receipt, Receipt.id == ConsignmentPayment.receipt_id)
        .where(
            ConsignmentPayment.consignment_id == Consignment.id,
            ConsignmentPayment.ended_at.is_(None),
            or_(ConsignmentPayment.receipt_id.is_(None), Receipt.voided_at.is_(None)),
        )
        .correlate(Consignment)
        .scalar_subquery()
    )
    left: ColumnElement[int] = func.coalesce(Consignment.settlement_amount, 0) - settled
    return left


def settle_box(
    session: Session, actor: Actor, *, box_id: int, paper: str, amount: int | None
) -> None:
    """Note the paper by which the point answers for missing copies, and the sum agreed on.

    Raises ``Invalid`` without a paper, ``Refused`` for a sum below what was settled already.
    """
    box, _point = box_for(session, actor, box_id, "closed")
    if not paper.strip():
        raise Invalid("box_paper_missing", field="paper")
    known = claim_of(session, box)
    if (amount or 0) < known.paid + known.let_off:
        raise Refused("claim_below_settled", amount=known.paid + known.let_off)
    before: dict[str, Any] = {"paper": box.settlement, "amount": box.settlement_amount}
    box.settlement, box.settlement_amount = paper.strip()[:160], amount
    audit(session, actor, "box_settled", "consignment", box.id, before=before, amount=amount)
    session.flush()


def take_point_payment(
    session: Session,
    actor: Actor,
    *,
    box_id: int,
    amount: int,
    key: str | None,
    payer: str = "",
    method: str = CASH,
    now: datetime | None = None,
) -> DeskResult:
    """Take what a point pays, in whole or in part, with a receipt of the library's series."""
    actor.require(TAKE_PAYMENT)
    box, point = box_for(session, actor, box_id, "closed")
    act = Act(session, actor, "point_payment", key, now)
    if stored := act.stored():
        return stored
    left = claim_of(session, box).left
    if not 0 < amount <= left:
        return act.refuse([reason("amount_wrong", amount=amount, open=left)])
    if missing := till_reasons(act):
        return act.refuse(missing)
    receipt = _pay(act, box, point, amount, payer, method)
    session.add(
        ConsignmentPayment(
            consignment_id=box.id,
            amount=amount,
            receipt_id=receipt.id,
            at=act.now,
            by=actor.staff_id,
        )
    )
    audit(session, actor, "box_paid", "consignment", box.id, amount=amount)
    facts = {"amount": amount, "receipt": receipt_name(receipt), "receipt_id": receipt.id}
    return act.answer("paid", facts={**facts, "settled": {KIND: amount}}, undo=False)


def _pay(
    act: Act, box: Consignment, point: RotationPoint, amount: int, payer: str, method: str
) -> Receipt:
    who = f"{point.name} ({payer.strip()})" if payer.strip() else point.name
    receipt = give_receipt(act, kind="payment", amount=amount, payer=who[:120], method=method)
    note = f"{box.number}, {box.settlement}"
    charged = post_entry(
        act,
        None,
        KIND,
        ledger.DEBIT,
        amount,
        receipt_id=receipt.id,
        note=note,
        trace={"box": box.id},
    )
    act.event(ChargePosted(KIND), amount=amount, ledger_id=charged.id)
    paid = post_entry(
        act,
        None,
        "payment",
        ledger.CREDIT,
        amount,
        receipt_id=receipt.id,
        till_id=cash_till(receipt),
        note=who,
        trace={"settled": {KIND: amount}, "lines": [[charged.id, amount]]},
    )
    act.session.add(LedgerAllocation(credit_id=paid.id, debit_id=charged.id, amount=amount))
    act.flush()
    act.event(PaymentTaken("payment", receipt_name(receipt), {KIND: amount}), amount=amount)
    return receipt


def take_back_point_payment(
    session: Session,
    actor: Actor,
    *,
    box_id: int,
    receipt_id: int,
    reason_text: str,
    key: str | None,
) -> DeskResult:
    """Take a payment of a point back: the receipt is void and keeps its number, the sum is owed again."""
    box, _point = box_for(session, actor, box_id, "closed")
    if not any(s.payment.receipt_id == receipt_id for s in claim_of(session, box).settled):
        raise NotFound("box_line_unknown")
    if not reason_text.strip():
        raise Invalid("reason_missing", field="reason")
    return reverse_sale(session, actor, receipt_id=receipt_id, reason_text=reason_text, key=key)


def let_off(session: Session, actor: Actor, *, box_id: int, amount: int, paper: str) -> None:
    """Let a point off a part of what it owes, by a paper. Raises ``Invalid``, ``Refused``."""
    actor.require(WAIVE)
    box, _point = box_for(session, actor, box_id, "closed")
    if not paper.strip():
        raise Invalid("box_paper_missing", field="paper")
    left = claim_of(session, box).left
    if not 0 < amount <= left:
        raise Refused("claim_let_off_wrong", amount=left)
    session.add(
        ConsignmentPayment(
            consignment_id=box.id,
            amount=amount,
            paper=paper.strip()[:160],
            at=clock.now(),
            by=actor.staff_id,
        )
    )
    audit(session, actor, "box_let_off", "consignment", box.id, amount=amount, paper=paper)
    session.flush()


def take_back_let_off(session: Session, actor: Actor, *, box_id: int, payment_id: int) -> None:
    """Say that a point was not let off after all; the sum is owed again."""
    actor.require(WAIVE)
    box, _point = box_for(session, actor, box_id, "closed")
    row = session.get(ConsignmentPayment, payment_id)
    known = row is not None and row.consignment_id == box.id and row.receipt_id is None
    if row is None or not known or row.ended_at is not None:
        raise NotFound("box_line_unknown")
    row.ended_at = clock.now()
    audit(session, actor, "box_let_off_undone", "consignment", box.id, amount=row.amount)
    session.flush()
