"""Loans so long overdue that they are probably lost: proposed at night, decided by a person."""

from collections.abc import Callable, Collection
from datetime import date, datetime, timedelta

from sqlalchemy import exists, or_, select
from sqlalchemy.orm import Session

from cataloging.models import Item
from circulation.desk import Act, DeskResult
from circulation.facts import ItemAtDesk, item_at_desk, lock_for_item
from circulation.losses.lost import lost_answer, record_loss
from circulation.losses.models import LossProposal
from circulation.models import Loan
from circulation.patrons.models import Patron
from circulation.permissions import DECIDE_LOSSES
from circulation.policies import branch, require_within
from circulation.rules.reasons import reason
from ils.accounts.actor import Actor
from ils.core import clock
from ils.core.db import transaction
from ils.core.errors import Invalid, NotFound
from ils.core.jobs import periodic

MOST_POSTPONED = 365

# Whoever sends notices says which loans have not had their last one yet: those are held back.
NotYetTold = Callable[[Session, Collection[int]], set[int]]
HELD_BACK: list[NotYetTold] = []


@periodic("circulation.propose_lost", daily_at="02:00")
def propose_every_night() -> None:
    """Propose what became too long overdue; nothing is recorded as lost by it."""
    with transaction() as session:
        propose_lost(session)


def propose_lost(session: Session, today: date | None = None) -> int:
    """Write the proposals that are due and clear away those that came to nothing."""
    day = today or clock.today()
    _clear_away(session)
    rows = session.execute(
        select(Loan, Item.item_type, Patron.category)
        .join(Item, Item.id == Loan.item_id)
        .join(Patron, Patron.id == Loan.patron_id)
        .where(
            Loan.closed_at.is_(None),
            Loan.kind == "home",
            Loan.due_on < day,
            Loan.lost_on.is_(None),
            Loan.claimed_on.is_(None),
            ~exists().where(
                LossProposal.loan_id == Loan.id,
                or_(
                    LossProposal.state == "proposed",
                    (LossProposal.state == "postponed") & (LossProposal.until > day),
                ),
            ),
        )
        .order_by(Loan.id)
    ).all()
    due = []
    for loan, item_type, category in rows:
        days = branch(session, loan.branch_id).policy(item_type, category).policy.lost_after_days
        if days is not None and (day - loan.due_on).days >= days:
            due.append(loan)
    held = set().union(*(ask(session, [loan.id for loan in due]) for ask in HELD_BACK))
    made = [
        LossProposal(loan_id=loan.id, branch_id=loan.branch_id, due_on=loan.due_on, proposed_on=day)
        for loan in due
        if loan.id not in held
    ]
    session.add_all(made)
    session.flush()
    return len(made)


def _clear_away(session: Session) -> None:
    """Close proposals whose loan came back, was renewed, claimed or lost meanwhile."""
    for row, loan in session.execute(
        select(LossProposal, Loan)
        .join(Loan, Loan.id == LossProposal.loan_id)
        .where(LossProposal.state == "proposed")
    ):
        over = loan.closed_at is not None or loan.lost_on is not None
        if over or loan.claimed_on is not None or loan.due_on != row.due_on:
            row.state, row.decided_at = "gone", clock.now()
    session.flush()


def approve(
    session: Session,
    actor: Actor,
    *,
    proposal_id: int,
    key: str | None,
    now: datetime | None = None,
) -> DeskResult:
    """Decide that a copy long overdue is lost: its reader is charged as for any lost copy."""
    act, row, loan, item = _begin(session, actor, "approve_lost", proposal_id, key, now)
    if stored := act.stored():
        return stored
    if row.state != "proposed" or item.loan is None or item.loan.id != loan.id:
        return act.refuse([reason("changed_since")], item=item.about())
    if loan.claimed_on is not None or loan.lost_on is not None:
        return act.refuse([reason("changed_since")], item=item.about())
    case = record_loss(act, item, way="money", why="long_overdue")
    return lost_answer(act, item, case)


def postpone(
    session: Session,
    actor: Actor,
    *,
    proposal_id: int,
    days: int,
    key: str | None,
    note: str = "",
    now: datetime | None = None,
) -> DeskResult:
    """Leave a loan alone for some days; it is proposed again after them."""
    if not 1 <= days <= MOST_POSTPONED:
        raise Invalid("days_wrong", field="days")
    act, row, _loan, item = _begin(session, actor, "postpone_lost", proposal_id, key, now)
    if stored := act.stored():
        return stored
    if row.state != "proposed":
        return act.refuse([reason("changed_since")], item=item.about())
    until = act.today + timedelta(days=days)
    act.journal.change(
        row,
        state="postponed",
        until=until,
        note=note.strip()[:200],
        decided_at=act.now,
        decided_by=actor.staff_id,
    )
    return act.answer("loss_postponed", facts={"until": until}, undo=False, item=item.about())


def propose_again(
    session: Session,
    actor: Actor,
    *,
    proposal_id: int,
    key: str | None,
    now: datetime | None = None,
) -> DeskResult:
    """Take back that a loan was left alone: it is on the list again, if it is still late."""
    act, row, loan, item = _begin(session, actor, "propose_again", proposal_id, key, now)
    if stored := act.stored():
        return stored
    again = (
        select(LossProposal.id)
        .where(LossProposal.loan_id == loan.id, LossProposal.state == "proposed")
        .limit(1)
    )
    over = loan.closed_at is not None or loan.lost_on is not None or loan.claimed_on is not None
    if row.state != "postponed" or over or loan.due_on != row.due_on or session.scalar(again):
        return act.refuse([reason("changed_since")], item=item.about())
    act.journal.change(row, state="proposed", until=None, decided_at=None, decided_by=None)
    return act.answer("loss_proposed_again", undo=False, item=item.about())


def _begin(
    session: Session,
    actor: Actor,
    command: str,
    proposal_id: int,
    key: str | None,
    now: datetime | None,
) -> tuple[Act, LossProposal, Loan, ItemAtDesk]:
    row = session.get(LossProposal, proposal_id)
    unknown = NotFound("proposal_unknown", proposal_id=proposal_id)
    if row is None:
        raise unknown
    require_within(session, actor, DECIDE_LOSSES, row.branch_id, unknown)
    loan = session.get_one(Loan, row.loan_id)
    item = session.get_one(Item, loan.item_id)
    act = Act(session, actor, command, key, now)
    act.item_id, act.patron_id = item.id, loan.patron_id
    lock_for_item(session, item.record_id, item.id)
    session.refresh(row)
    session.refresh(loan)
    return act, row, loan, item_at_desk(session, item.id)
