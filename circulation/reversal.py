"""Setting right, after the minute of undoing, what never happened: a compensating act.

A loan that *never left* is closed as undone, a return that *never came back* is opened again. The
events of the wrong act are voided, so no figure counts either of the pair; fines that came of it
are reversed by lines of their own. What others built on the act stands in the way and is named.
Source: docs/circulation.md, edge case 39.
"""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from circulation.desk import Act, DeskResult
from circulation.facts import ItemAtDesk, item_at_desk, loan_about, lock_for_item, patron_at_desk
from circulation.ledger import reverse_entry
from circulation.models import Hold, LedgerEntry, Loan, LoanRenewal
from circulation.patrons.models import Suspension
from circulation.permissions import REVERSE_LOAN
from circulation.queue import reassign
from circulation.returns import announce_moved
from circulation.rules.reasons import Reason, reason
from circulation.rules.reversal import never_left_reasons, not_returned_reasons
from ils.accounts.actor import Actor
from ils.core.audit import audit
from ils.core.errors import Invalid, NotFound
from ils.core.events import EventRow, void_event
from ils.org.units import unit
from ils.reporting.totals import not_undone

LENT = ("loan_checked_out", "reading_room_loan_made", "open_loan_entered", "loan_renewed")
FILLED = "hold_filled"
CAME_BACK = "item_checked_in"


def reverse_loan(
    session: Session,
    actor: Actor,
    *,
    loan_id: int,
    why: str,
    key: str | None,
    now: datetime | None = None,
) -> DeskResult:
    """Say that a loan never took place: the copy did not leave. Nothing of it is counted.

    Its renewals and fines are taken back; a hold that it filled waits again in its old place.
    """
    act, loan, item = _begin(session, actor, "reverse_loan", loan_id, why, key, now)
    if stored := act.stored():
        return stored
    if refused := never_left_reasons(loan.closed_at, loan.lost_on or loan.claimed_on):
        return act.refuse(refused, item=item.about())
    act.journal.change(loan, closed_at=act.now, closed_how="undone", closed_branch_id=act.here.id)
    for renewal in _renewals(session, loan):
        act.journal.change(renewal, voided_at=act.now)
    _reverse_charges(act, loan)
    act.flush()
    _reopen_hold(act, loan)
    _void(act, loan, (*LENT, FILLED))
    audit(session, actor, "loan_reversed", "loan", loan.id, reason=why)
    announce_moved(session, loan.record_id)
    reassign(act, loan.record_id)
    return _answer(act, "never_left", item, loan)


def reverse_return(
    session: Session,
    actor: Actor,
    *,
    loan_id: int,
    why: str,
    key: str | None,
    now: datetime | None = None,
) -> DeskResult:
    """Say that a return never took place: the patron still has the copy.

    The loan is open again with its due date; the fine posted at the return runs on instead.
    """
    act, loan, item = _begin(session, actor, "reverse_return", loan_id, why, key, now)
    if stored := act.stored():
        return stored
    if refused := _not_returned(session, loan, item):
        return act.refuse(refused, item=item.about())
    returned_on = loan.effective_return_on
    act.journal.change(
        loan, closed_at=None, closed_how=None, closed_branch_id=None, effective_return_on=None
    )
    act.flush()
    for entry in _charges(session, loan):
        if entry.charged_to == returned_on:
            reverse_entry(act, entry, note="never_returned")
            act.journal.change(loan, fine_posted_to=None)
    for one in session.scalars(select(Suspension).where(Suspension.loan_id == loan.id)):
        one.lifted_by = actor.staff_id
    if item.hold is not None and item.hold.state == "targeted":
        act.journal.change(item.hold, state="queued", item_id=None, targeted_at=None)
        act.flush()
    _void(act, loan, (CAME_BACK,))
    audit(session, actor, "return_reversed", "loan", loan.id, reason=why)
    announce_moved(session, loan.record_id)
    reassign(act, loan.record_id)
    return _answer(act, "never_returned", item, loan)


def _begin(
    session: Session,
    actor: Actor,
    command: str,
    loan_id: int,
    why: str,
    key: str | None,
    now: datetime | None,
) -> tuple[Act, Loan, ItemAtDesk]:
    loan = session.get(Loan, loan_id)
    if loan is None or not actor.can(REVERSE_LOAN, unit(session, loan.branch_id)):
        raise NotFound("loan_unknown")
    if not why.strip():
        raise Invalid("reason_missing", field="why")
    act = Act(session, actor, command, key, now)
    act.item_id, act.patron_id = loan.item_id, loan.patron_id
    patrons = [loan.patron_id] if loan.patron_id is not None else []
    lock_for_item(session, loan.record_id, loan.item_id, patrons)
    session.refresh(loan)
    return act, loan, item_at_desk(session, loan.item_id)


def _not_returned(session: Session, loan: Loan, item: ItemAtDesk) -> list[Reason]:
    later = select(Loan.id).where(Loan.item_id == loan.item_id, Loan.id > loan.id).limit(1)
    if loan.patron_id is None:
        return [reason("patron_forgotten")]
    return not_returned_reasons(
        closed_how=loan.closed_how,
        position=item.position,
        lifecycle=item.item.lifecycle,
        lent_since=session.scalar(later) is not None or bool(loan.lost_on or loan.claimed_on),
    )


def _renewals(session: Session, loan: Loan) -> list[LoanRenewal]:
    query = select(LoanRenewal).where(
        LoanRenewal.loan_id == loan.id, LoanRenewal.voided_at.is_(None)
    )
    return list(session.scalars(query))


def _charges(session: Session, loan: Loan) -> list[LedgerEntry]:
    """Return the overdue charges of a loan that still stand."""
    rows = session.scalars(select(LedgerEntry).where(LedgerEntry.loan_id == loan.id)).all()
    reversals: dict[int | None, LedgerEntry] = {
        row.reverses_id: row for row in rows if row.reverses_id is not None
    }
    return [row for row in rows if row.kind == "overdue" and _stands(row, reversals)]


def _stands(entry: LedgerEntry, reversals: dict[int | None, LedgerEntry]) -> bool:
    """Tell whether a line counts: reversed an even number of times along its chain."""
    times, at = 0, entry.id
    while at in reversals:
        times, at = times + 1, reversals[at].id
    return times % 2 == 0


def _reverse_charges(act: Act, loan: Loan) -> None:
    for entry in _charges(act.session, loan):
        reverse_entry(act, entry, note="never_left")
        act.line("fine_taken_back", amount=entry.amount)


def _reopen_hold(act: Act, loan: Loan) -> None:
    """Let a hold that the loan filled wait again, unless the patron placed another meanwhile."""
    event = act.session.scalar(
        select(EventRow).where(EventRow.loan_id == loan.id, EventRow.kind == FILLED).limit(1)
    )
    hold = act.session.get(Hold, event.hold_id) if event and event.hold_id else None
    if hold is None or hold.end_reason not in ("collected", "fulfilled_by_other_copy"):
        return
    again = select(Hold.id).where(
        Hold.patron_id == hold.patron_id,
        Hold.record_id == hold.record_id,
        Hold.volume_key == hold.volume_key,
        Hold.ended_at.is_(None),
    )
    if act.session.scalar(again.limit(1)) is not None:
        return
    if hold.end_reason != "collected" and hold.ready_on is not None and hold.cleared_at is None:
        act.journal.change(
            hold, state="ready", ended_at=None, end_reason=None
        )  # it still lies there
        act.flush()
        return
    act.journal.change(
        hold,
        state="queued",
        item_id=None,
        targeted_at=None,
        ready_on=None,
        shelf_until=None,
        shelf_was=None,
        ended_at=None,
        end_reason=None,
        cleared_at=None,
    )
    act.line("hold_waits_again", hold_id=hold.id)
    act.flush()


def _void(act: Act, loan: Loan, kinds: tuple[str, ...]) -> None:
    """Append for each event of the wrong act one that voids it: statistics count neither."""
    rows = act.session.scalars(
        select(EventRow).where(EventRow.loan_id == loan.id, EventRow.kind.in_(kinds), not_undone())
    ).all()
    for row in rows:
        void_event(act.session, act.actor, row, effective_at=act.now)
    act.flush()


def _answer(act: Act, code: str, item: ItemAtDesk, loan: Loan) -> DeskResult:
    patron = (
        patron_at_desk(act.session, act.here, act.today, patron_id=loan.patron_id)
        if loan.patron_id is not None
        else None
    )
    return act.answer(
        code,
        facts={"due_on": loan.due_on},
        undo=False,
        item=item.about(),
        patron=patron.about() if patron else None,
        loan=loan_about(loan),
    )
