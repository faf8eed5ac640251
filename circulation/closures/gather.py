"""What a closure concerns: open loans, holds on the shelf, posted fines, suspensions, notices held
back, copies being fetched."""

from collections.abc import Iterable
from datetime import date, timedelta

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from cataloging.models import Item
from circulation.closures.held_back import notices_held
from circulation.closures.models import ClosureLine
from circulation.closures.scene import Scene
from circulation.models import Hold, LedgerAllocation, LedgerEntry, Loan, LoanRenewal
from circulation.patrons.models import Suspension
from circulation.rules import ledger
from circulation.rules.closures import (
    Moved,
    Penalty,
    PostedFine,
    days_too_many,
    moved_due,
    moved_shelf,
    too_much,
)
from circulation.rules.policy import from_json
from ils.core import clock

COUNTED = {"BASE", "PUSHED_TO_OPEN", "CLOSURE"}  # a due date that follows the count of days alone


def lines_of(session: Session, scene: Scene) -> list[ClosureLine]:
    """Return a line for every loan, hold, posted fine, suspension and notice concerned."""
    loans = list(_loans(session, scene))
    return [
        *loans,
        *_holds(session, scene),
        *_fines(session, scene),
        *_suspensions(session, scene),
        *notices_held(session, scene, {one.loan_id: one.new_on for one in loans}),
    ]


def being_fetched(session: Session, scene: Scene) -> int:
    """Count the copies on pull lists of the units, which wait until they open again."""
    query = (
        select(func.count())
        .select_from(Hold)
        .join(Item, Item.id == Hold.item_id)
        .where(Hold.state == "targeted", Item.branch_id.in_(scene.units))
    )
    return session.scalar(query) or 0


def _loans(session: Session, scene: Scene) -> Iterable[ClosureLine]:
    loans = session.scalars(
        select(Loan)
        .where(Loan.closed_at.is_(None), Loan.kind == "home", Loan.lost_on.is_(None))
        .where(Loan.branch_id.in_(scene.units), Loan.due_on >= scene.days[0])
        .order_by(Loan.due_on, Loan.id)
    ).all()
    renewed = _last_renewals(session, [loan.id for loan in loans if loan.renewals])
    for loan in loans:
        before, after = scene.before[loan.branch_id], scene.after[loan.branch_id]
        first = renewed.get(loan.id, loan.started_on)
        moved = moved_due(loan.due_on, before, after, first if _is_counted(loan) else None)
        if moved is not None:
            yield _line("loan", loan.branch_id, loan.due_on, moved, loan_id=loan.id)


def _is_counted(loan: Loan) -> bool:
    values = loan.policy_json.get("values", {})
    steps = {step[0] for step in loan.trace_json.get("steps", [])}
    return values.get("loan_count") == "open" and bool(steps) and steps <= COUNTED


def _last_renewals(session: Session, loan_ids: list[int]) -> dict[int, date]:
    """Return from when the days of each renewed loan were counted last."""
    rows = session.scalars(
        select(LoanRenewal)
        .where(LoanRenewal.loan_id.in_(loan_ids), LoanRenewal.voided_at.is_(None))
        .order_by(LoanRenewal.n)
    )
    loans = {row.loan_id: row for row in rows}
    bases = {}
    for loan in session.scalars(select(Loan).where(Loan.id.in_(list(loans)))):
        day = clock.local_day(loans[loan.id].at)
        base = loan.policy_json.get("values", {}).get("renew_base", "today")
        bases[loan.id] = day if base == "today" else max(day, loans[loan.id].old_due)
    return bases


def _holds(session: Session, scene: Scene) -> Iterable[ClosureLine]:
    holds = session.scalars(
        select(Hold)
        .where(Hold.state == "ready", Hold.pickup_branch_id.in_(scene.units))
        .where(Hold.ready_on.is_not(None), Hold.shelf_until >= scene.days[0])
        .order_by(Hold.shelf_until, Hold.id)
    ).all()
    for hold in holds:
        if hold.ready_on is None or hold.shelf_until is None:
            continue
        at = hold.pickup_branch_id
        moved = moved_shelf(
            hold.ready_on, hold.shelf_until, scene.before[at], scene.after[at], hold.need_by
        )
        if moved is not None:
            yield _line("hold", at, hold.shelf_until, moved, hold_id=hold.id)


def _line(kind: str, at: int, old: date, moved: Moved, **about: int) -> ClosureLine:
    state = "planned" if moved.on is not None else "no_day"
    return ClosureLine(kind=kind, branch_id=at, old_on=old, new_on=moved.on, state=state, **about)


# --- penalties that are there already --------------------------------------------------------------------


def _fines(session: Session, scene: Scene) -> Iterable[ClosureLine]:
    """Offer back what was charged for days that turn out to have been closed."""
    if scene.days[0] > clock.today():
        return
    rows = session.execute(
        select(LedgerEntry, Loan, Item.price)
        .join(Loan, Loan.id == LedgerEntry.loan_id)
        .join(Item, Item.id == Loan.item_id)
        .where(LedgerEntry.kind == "overdue", LedgerEntry.charged_to >= scene.days[0])
        .where(Loan.branch_id.in_(scene.units))
        .order_by(LedgerEntry.id)
    ).all()
    waived = _waived(session, [entry.id for entry, _loan, _price in rows])
    gone = _reversed(session, [entry.id for entry, _loan, _price in rows])
    for entry, loan, price in rows:
        if entry.id in gone or entry.charged_to is None:
            continue
        posted = PostedFine(
            amount=entry.amount,
            due_on=date.fromisoformat(entry.trace.get("due_on", loan.due_on.isoformat())),
            until=entry.charged_to,
            price=price,
            posted_before=entry.trace.get("posted_before", 0),
            waived=waived.get(entry.id, 0),
        )
        policy = from_json(loan.policy_json.get("values", {}))
        excess = too_much(posted, policy, scene.after[loan.branch_id])
        before = too_much(posted, policy, scene.before[loan.branch_id])
        if excess > before:  # only what this closure changes
            yield ClosureLine(
                kind="fine",
                branch_id=loan.branch_id,
                loan_id=loan.id,
                entry_id=entry.id,
                old_on=entry.charged_to,
                amount=excess - before,
            )


def _reversed(session: Session, entry_ids: list[int]) -> set[int]:
    """Return which lines no longer count; a reversal may itself have been reversed."""
    loans = select(LedgerEntry.loan_id).where(LedgerEntry.id.in_(entry_ids))
    rows = session.scalars(select(LedgerEntry).where(LedgerEntry.loan_id.in_(loans))).all()
    counting = ledger.live(
        ledger.Entry(r.id, r.kind, r.direction, r.amount, r.reverses_id, r.loan_id) for r in rows
    )
    return {one for one in entry_ids if one not in counting}


def _waived(session: Session, entry_ids: list[int]) -> dict[int, int]:
    rows = session.execute(
        select(LedgerAllocation.debit_id, func.sum(LedgerAllocation.amount))
        .join(LedgerEntry, LedgerEntry.id == LedgerAllocation.credit_id)
        .where(LedgerAllocation.debit_id.in_(entry_ids))
        .where(or_(LedgerEntry.kind == "waiver", LedgerEntry.kind == "work"))
        .group_by(LedgerAllocation.debit_id)
    )
    return {debit: int(total) for debit, total in rows}


def _suspensions(session: Session, scene: Scene) -> Iterable[ClosureLine]:
    """Offer to shorten the suspensions that days count for which turn out to have been closed."""
    if scene.days[0] > clock.today():
        return
    rows = session.execute(
        select(Suspension, Loan)
        .join(Loan, Loan.id == Suspension.loan_id)
        .where(Suspension.lifted_by.is_(None), Suspension.to_on >= clock.today())
        .where(Loan.branch_id.in_(scene.units), Loan.effective_return_on >= scene.days[0])
        .order_by(Suspension.to_on, Suspension.id)
    ).all()
    for row, loan in rows:
        if loan.effective_return_on is None:
            continue
        days = days_too_many(
            Penalty(row.from_on, row.to_on, loan.due_on, loan.effective_return_on),
            from_json(loan.policy_json.get("values", {})),
            scene.before[loan.branch_id],
            scene.after[loan.branch_id],
        )
        if days:
            last = row.to_on - timedelta(days=days)
            yield ClosureLine(
                kind="suspension",
                branch_id=loan.branch_id,
                loan_id=loan.id,
                old_on=row.to_on,
                new_on=last if last >= row.from_on else None,
            )
