"""Closing a loan: the day that counts, renewals after it taken back, the fine, the penalty."""

from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from circulation.blocks import posted_on_loans
from circulation.desk import Act
from circulation.events import HoldExpired, ItemCheckedIn
from circulation.facts import ItemAtDesk, PatronAtDesk, patron_at_desk
from circulation.fees import give_waiver
from circulation.ledger import open_amounts, post_overdue, reverse_entry
from circulation.models import Hold, LedgerEntry, Loan, LoanRenewal
from circulation.money.amnesties import decision_in_force
from circulation.patrons.models import Suspension
from circulation.policies import branch
from circulation.rotation.events import CopyLeftBox
from circulation.rules.fines import Fine, suspension_days, suspension_span
from circulation.rules.policy import from_json
from circulation.rules.states import next_state
from ils.core import clock
from ils.core.outbox import announce

MOVED = "availability_changed"


@dataclass(frozen=True)
class Closed:
    """A loan just closed: when it counts for and what it cost."""

    loan: Loan
    patron: PatronAtDesk | None
    on: date
    cost: Fine
    charged: int


def close_loan(
    act: Act,
    item: ItemAtDesk,
    on: date,
    *,
    amnesty: str = "",
    book_drop: bool = False,
) -> Closed:
    """Close the open loan of an item, counted for a day; the caller holds the locks."""
    loan = item.loan
    if loan is None:
        raise ValueError("the item is not on loan")
    patron = None
    if loan.patron_id is not None:
        patron = patron_at_desk(act.session, act.here, act.today, patron_id=loan.patron_id)
    _take_back_renewals(act, loan, on)
    entry, cost = post_overdue(act, loan, patron, on, item)
    if entry is not None and patron is not None:
        act.line("fine_posted", amount=entry.amount, days=cost.charged_days, entry_id=entry.id)
    if patron is not None and on > loan.due_on:
        amnesty = amnesty or decision_in_force(act.session, loan.branch_id, on, child=patron.child)
    if amnesty and patron is not None:
        _forgive_fines(act, loan, patron, amnesty)
    _suspend(act, loan, patron, on)
    act.journal.change(
        loan,
        closed_at=act.now,
        closed_how="returned",
        closed_branch_id=act.here.id,
        effective_return_on=on,
    )
    act.event(
        ItemCheckedIn(cost.days_late, (on - loan.started_on).days, book_drop or None),
        on=on,
        loan_id=loan.id,
        **item.statistics(),
        **(patron.statistics() if patron is not None else {}),
    )
    return Closed(loan, patron, on, cost, entry.amount if entry is not None else 0)


def _forgive_fines(act: Act, loan: Loan, patron: PatronAtDesk, decision: str) -> None:
    """Waive all that is open of a loan's fines; what was paid of them before stays paid."""
    posted = posted_on_loans(act.session, [loan.id]).get(loan.id, {})
    _, left = open_amounts(act.session, patron.patron.id)
    waived = 0
    for entry_id, _amount in posted.values():
        if left.get(entry_id, 0) > 0:
            entry = act.session.get_one(LedgerEntry, entry_id)
            give_waiver(act, patron, entry, left[entry_id], decision)
            waived += left[entry_id]
    if waived:
        act.line("fine_waived", amount=waived, decision=decision)


def _take_back_renewals(act: Act, loan: Loan, on: date) -> None:
    """A return dated before a renewal undoes the renewal and the fine posted with it."""
    if not loan.renewals:
        return
    rows = act.session.scalars(
        select(LoanRenewal)
        .where(LoanRenewal.loan_id == loan.id, LoanRenewal.voided_at.is_(None))
        .order_by(LoanRenewal.n.desc())
    ).all()
    for one in rows:
        if clock.local_day(one.at) <= on:
            return
        act.journal.change(one, voided_at=act.now)
        act.journal.change(loan, due_on=one.old_due, renewals=loan.renewals - 1)
        if one.fine_entry_id is not None:
            entry = act.session.get_one(LedgerEntry, one.fine_entry_id)
            reverse_entry(act, entry, note="renewal_taken_back")
            act.journal.made.append(entry)
            act.journal.change(loan, fine_posted_to=None)
        act.line("renewal_taken_back", due_on=one.old_due)


def _suspend(act: Act, loan: Loan, patron: PatronAtDesk | None, on: date) -> None:
    policy = from_json(loan.policy_json.get("values", {}))
    calendar = branch(act.session, loan.branch_id).calendar
    days = suspension_days(loan.due_on, on, policy, calendar)
    if not days or patron is None:
        return
    running_to = act.session.scalar(
        select(func.max(Suspension.to_on)).where(
            Suspension.patron_id == patron.patron.id, Suspension.lifted_by.is_(None)
        )
    )
    first, last = suspension_span(on, days, policy, running_to)
    made = Suspension(patron_id=patron.patron.id, from_on=first, to_on=last, loan_id=loan.id)
    act.journal.add(act.session, made)
    act.line("suspended", from_on=first, to_on=last, days=days)


def not_collected(act: Act, item: ItemAtDesk, hold: Hold) -> None:
    """End a hold that expired on the shelf and whose copy is taken off it now."""
    act.journal.change(hold, state=next_state(hold.state, "clear"), cleared_at=act.now)
    days = (act.today - hold.requested_at.date()).days
    act.event(HoldExpired("not_collected", days), hold_id=hold.id, **item.statistics())


def announce_moved(session: Session, record_id: int) -> None:
    """Tell whoever keeps an index that the availability of a title changed."""
    announce(session, MOVED, {"record_ids": [record_id]})


# Where nobody can be asked, a copy that is in hand leaves its box.
LEAVES_BOX = {"at_point": "scanned"}


def take_off_box(act: Act, item: ItemAtDesk) -> None:
    """Take a copy that is in hand off the list of its box: back where the box was sent from,
    astray anywhere else."""
    if item.line is not None and item.box is not None:
        back = item.box.branch_id == act.here.id and item.line.state == "out"
        state = "returned" if back else "taken_off"
        act.journal.change(item.line, state=state, closed_at=act.now)
        act.event(CopyLeftBox(item.line.consignment_id), **item.statistics())
        if back:
            act.line("back_from_box", **item.box.words())
        else:
            act.line("off_the_box", **item.box.words())
        act.flush()
        item.line = None


def closed_about(closed: Closed | None) -> dict[str, Any]:
    """Return what the headline of a return says of the loan."""
    if closed is None:
        return {}
    return {
        "due_on": closed.loan.due_on,
        "returned_on": closed.on,
        "days_late": closed.cost.days_late,
        "charged": closed.charged,
    }
