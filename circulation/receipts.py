"""Receipts: the next number of a library's series of the year, and how a receipt is voided.

The series has no gap: the number is taken under a lock at the end of the transaction's locks, and
a transaction that fails gives it back. A voided receipt keeps its number.
"""

from collections.abc import Callable, Mapping, Sequence

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from circulation.desk import Act
from circulation.facts import lock_receipts
from circulation.models import LedgerEntry, Receipt
from circulation.money.tills import till_for

CASH, TRANSFER = "cash", "transfer"
# A receipt is being given, its lines follow: who passes it on by mail hears of it here.
WHEN_GIVEN: list[Callable[[Act, Receipt], None]] = []
CASHLESS = ("deposit_to_debt",)  # receipts that move no money


def give_receipt(
    act: Act,
    *,
    kind: str,
    amount: int,
    patron_id: int | None = None,
    payer: str = "",
    method: str = CASH,
) -> Receipt:
    """Make the next receipt of the library's series of the year; it goes through the open till."""
    session, library_id, year = act.session, act.here.library_id, act.today.year
    lock_receipts(session, library_id)
    till = None if kind in CASHLESS else till_for(act)
    last = session.scalar(
        select(func.max(Receipt.number)).where(
            Receipt.library_id == library_id, Receipt.year == year
        )
    )
    made = Receipt(
        library_id=library_id,
        year=year,
        number=(last or 0) + 1,
        kind=kind,
        method=method,
        branch_id=act.here.id,
        till_id=till.id if till is not None else None,
        patron_id=patron_id,
        payer=payer[:120],
        amount=amount,
        at=act.now,
        actor_id=act.actor.staff_id,
    )
    session.add(made)
    act.flush()
    for pass_on in WHEN_GIVEN:
        pass_on(act, made)
    return made


def cash_till(receipt: Receipt) -> int | None:
    """Return the till whose cash a line of this receipt moves."""
    return receipt.till_id if receipt.method == CASH else None


def lines_of(session: Session, receipt_id: int) -> Sequence[LedgerEntry]:
    """Return the ledger lines written with a receipt, in order."""
    return session.scalars(
        select(LedgerEntry).where(LedgerEntry.receipt_id == receipt_id).order_by(LedgerEntry.id)
    ).all()


def void(act: Act, receipt: Receipt, why: str) -> None:
    """Mark a receipt as void; the number stays."""
    receipt.voided_at, receipt.void_reason = act.now, why[:200]


def receipt_name(receipt: Receipt) -> str:
    """Return a receipt's number as printed: running number and year."""
    return f"{receipt.number:05d}/{receipt.year}"


def receipt_slip(act: Act, receipt: Receipt, settled: Mapping[str, int]) -> dict[str, object]:
    """Return what the desk prints of a receipt."""
    return {
        "kind": "receipt",
        "receipt_id": receipt.id,
        "number": receipt_name(receipt),
        "receipt_kind": receipt.kind,
        "amount": receipt.amount,
        "settled": dict(settled),
        "patron_id": receipt.patron_id,
        "library_id": act.here.library_id,
        "at": act.now,
    }
