"""Penalties for days that turn out to have been closed: given back by one act, all that is offered."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from circulation.closures.models import ClosureLine, ClosurePlan
from circulation.closures.plans import closure, expect
from circulation.desk import Act
from circulation.events import EntryReversed
from circulation.facts import lock, patron_at_desk
from circulation.fees import give_waiver
from circulation.ledger import reverse_entry
from circulation.losses.settling import items_of_losses
from circulation.models import LedgerEntry, Loan
from circulation.patrons.models import Suspension
from circulation.permissions import REVERSE
from ils.accounts.actor import Actor
from ils.core import clock
from ils.core.audit import audit
from ils.org.calendar import ONE_DAY

OFFERED = ("fine", "suspension")


@dataclass(frozen=True)
class GivenBack:
    """How many fines, how much money, and how many suspensions were given back."""

    fines: int
    amount: int
    suspensions: int


def give_back_penalties(session: Session, actor: Actor, plan_id: int) -> GivenBack:
    """Take back what the closed days cost readers, in money and in days without borrowing.

    A fine that falls away whole is reversed; of one that only shrinks the difference is waived. A
    suspension ends earlier, and one that follows it begins earlier.
    """
    plan, at = closure(session, actor, plan_id, to_change=True)
    expect(plan, "applied", "lifted")
    actor.require(REVERSE, at)
    lines = session.scalars(
        select(ClosureLine)
        .where(ClosureLine.plan_id == plan.id, ClosureLine.kind.in_(OFFERED))
        .where(ClosureLine.state == "planned")
        .order_by(ClosureLine.id)
    ).all()
    _lock(session, lines)
    fines = amount = suspensions = 0
    for line in lines:
        line.done_at = clock.now()
        if line.kind == "suspension":
            given = _shorten(session, line)
            suspensions += given
        else:
            given = _return_fine(session, actor, plan, line)
            fines, amount = fines + given, amount + given * (line.amount or 0)
        line.state = "done" if given else "changed"
    audit(
        session,
        actor,
        "closure_fines_returned",
        "closure",
        plan.id,
        amount=amount,
        suspensions=suspensions,
    )
    return GivenBack(fines, amount, suspensions)


def _lock(session: Session, lines: Sequence[ClosureLine]) -> None:
    """Lock the readers, and before them the copies whose loss a fine given back may settle."""
    owing = select(LedgerEntry.patron_id).where(LedgerEntry.id.in_([one.entry_id for one in lines]))
    halted = select(Suspension.patron_id).where(
        Suspension.loan_id.in_([one.loan_id for one in lines if one.kind == "suspension"])
    )
    known = {p for p in (*session.scalars(owing), *session.scalars(halted)) if p is not None}
    items = {item for one in known for item in items_of_losses(session, one)}
    lock(session, items=items, patrons=known)


def _return_fine(session: Session, actor: Actor, plan: ClosurePlan, line: ClosureLine) -> bool:
    entry = session.get_one(LedgerEntry, line.entry_id)
    act = Act(session, actor, "closure", None, unit_id=line.branch_id)
    patron = patron_at_desk(session, act.here, act.today, patron_id=entry.patron_id)
    taken_back = session.scalar(select(LedgerEntry.id).where(LedgerEntry.reverses_id == entry.id))
    if patron is None or taken_back is not None or not line.amount:
        return False
    if line.amount >= entry.amount:
        made = reverse_entry(act, entry, plan.reason)
        act.event(
            EntryReversed(entry.kind, plan.reason),
            amount=entry.amount,
            ledger_id=made.id,
            **patron.statistics(),
        )
    else:
        give_waiver(act, patron, entry, line.amount, plan.reason)
    act.look_at_freed()
    return True


def _shorten(session: Session, line: ClosureLine) -> bool:
    """Let a suspension end earlier, or take it away; False where it was lifted meanwhile."""
    row = session.scalar(
        select(Suspension).where(Suspension.loan_id == line.loan_id, Suspension.lifted_by.is_(None))
    )
    if row is None or line.old_on is None:
        return False
    was = row.to_on
    last = row.from_on - ONE_DAY
    if line.new_on is not None:
        last = max(last, row.to_on - (line.old_on - line.new_on))
    if last < row.from_on:
        session.delete(row)
    else:
        row.to_on = last
    session.flush()
    _close_gap(session, row.patron_id, was, last)
    return True


def _close_gap(session: Session, patron_id: int, was: date, ends: date) -> None:
    """Let the suspension that was added to one follow it at once, never before its own return."""
    following = session.scalar(
        select(Suspension).where(
            Suspension.patron_id == patron_id,
            Suspension.lifted_by.is_(None),
            Suspension.from_on == was + ONE_DAY,
        )
    )
    loan = session.get(Loan, following.loan_id) if following and following.loan_id else None
    if following is None or loan is None or loan.effective_return_on is None:
        return
    first = max(ends + ONE_DAY, loan.effective_return_on)
    earlier = following.from_on - first
    if earlier <= timedelta():
        return
    was = following.to_on
    following.from_on, following.to_on = first, was - earlier
    session.flush()
    _close_gap(session, patron_id, was, following.to_on)
