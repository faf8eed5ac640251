"""When what was asked for a copy is paid, replaced or waived, the case closes by itself; when that is
taken back, it is open again. Called after every credit, whatever door it came through."""

from collections.abc import Sequence

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from cataloging.models import Item
from circulation.desk import WHEN_FREED, Act
from circulation.facts import item_at_desk, require_locked
from circulation.ledger import open_amounts
from circulation.losses.events import LossReopened, LossSettled
from circulation.losses.models import Loss
from circulation.models import LedgerAllocation, LedgerEntry, Loan


def losses_of(session: Session, patron_id: int) -> Sequence[Loss]:
    """Return the cases whose charges stand on a patron's account, open or settled."""
    return session.scalars(
        select(Loss)
        .distinct()
        .join(
            LedgerEntry,
            or_(
                LedgerEntry.id == Loss.price_entry_id,
                LedgerEntry.id == Loss.processing_entry_id,
            ),
        )
        .where(LedgerEntry.patron_id == patron_id, Loss.state.in_(("open", "settled")))
        .order_by(Loss.id)
    ).all()


def items_of_losses(session: Session, patron_id: int) -> list[int]:
    """Return the copies that a credit on a patron's account may settle; they are locked first."""
    return sorted({case.item_id for case in losses_of(session, patron_id)})


def review_losses(act: Act, patron_id: int) -> None:
    """Settle the cases of which nothing is open any more, and reopen those that are owed again."""
    cases = losses_of(act.session, patron_id)
    if not cases:
        return
    _, left = open_amounts(act.session, patron_id)
    owed = {case.id: sum(max(0, left.get(i, 0)) for i in case.entry_ids) for case in cases}
    turned = [case for case in cases if (case.state == "open") != bool(owed[case.id])]
    require_locked(act.session, [case.item_id for case in turned])
    for case in turned:
        if case.state == "open":
            settle_case(act, case, how_settled(act.session, case))
        else:
            _reopen(act, case)


if review_losses not in WHEN_FREED:
    WHEN_FREED.append(review_losses)


def how_settled(session: Session, case: Loss) -> str:
    """Name what settled the price: the kind of credit that covers most of it."""
    sums = settled_by(session, case)
    return max(sums, key=lambda kind: sums[kind]) if sums else "waiver"


def settled_by(session: Session, case: Loss) -> dict[str, int]:
    """Return how much of a case's charges was settled by which kind of credit."""
    sums: dict[str, int] = {}
    for kind, amount in session.execute(
        select(LedgerEntry.kind, LedgerAllocation.amount)
        .join(LedgerEntry, LedgerEntry.id == LedgerAllocation.credit_id)
        .where(LedgerAllocation.debit_id.in_(case.entry_ids))
    ):
        sums[kind] = sums.get(kind, 0) + amount
    return sums


def settle_case(act: Act, case: Loss, how: str) -> None:
    """Close a case: its loan ends, the copy counts as lost and compensated."""
    item = item_at_desk(act.session, case.item_id)
    act.journal.change(case, state="settled", settled_on=act.today, settled_how=how)
    if case.kind == "lost":
        loan = act.session.get(Loan, case.loan_id) if case.loan_id is not None else None
        if loan is not None and loan.closed_at is None:
            act.journal.change(
                loan, closed_at=act.now, closed_how="lost_settled", closed_branch_id=act.here.id
            )
        if item.item.lifecycle == "lost":
            act.journal.change(item.item, lifecycle="lost_settled")
    act.event(
        LossSettled(case.kind, how), loan_id=case.loan_id, at=case.branch_id, **item.statistics()
    )
    act.line("loss_settled", title=item.title)
    act.flush()


def _reopen(act: Act, case: Loss) -> None:
    """A settlement was taken back. Where the copy moved on since, only the debt is open again."""
    item = act.session.get_one(Item, case.item_id)
    if case.kind == "lost":
        loan = act.session.get(Loan, case.loan_id) if case.loan_id is not None else None
        if item.lifecycle != "lost_settled" or loan is None or loan.closed_how != "lost_settled":
            return
        act.journal.change(loan, closed_at=None, closed_how=None, closed_branch_id=None)
        act.journal.change(item, lifecycle="lost")
    act.journal.change(case, state="open", settled_on=None, settled_how=None)
    statistics = item_at_desk(act.session, item.id).statistics()
    act.event(LossReopened(case.kind), loan_id=case.loan_id, at=case.branch_id, **statistics)
    act.line("loss_reopened")
    act.flush()
