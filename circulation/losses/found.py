"""A copy recorded as missing or lost is in somebody's hand again: one procedure for every door."""

from collections.abc import Sequence
from datetime import date
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from circulation.blocks import posted_on_loans
from circulation.desk import Act
from circulation.events import EntryReversed, ItemFound
from circulation.facts import ItemAtDesk, patron_at_desk
from circulation.fees import give_waiver
from circulation.ledger import open_amounts, reverse_entry
from circulation.losses.events import ClaimResolved
from circulation.losses.models import Claim, Loss, LossProposal
from circulation.losses.settling import settled_by
from circulation.models import LedgerEntry, Loan
from circulation.policies import branch
from circulation.rules.compensation import (
    CHARGES_OFF,
    CREDIT,
    KEEPS_PAID,
    PAYOUT,
    REPLACED,
    FoundCase,
    money_when_found,
)
from ils.core.events import EventRow, void_event
from ils.reporting.totals import not_undone

FOUND = ("missing", "lost", "lost_settled")
MONEY = ("payment",)
IN_KIND = ("replacement_copy", "work")


def standing_case(session: Session, item_id: int) -> Loss | None:
    """Return the case of loss that stands for a copy: open or settled, never both."""
    return session.scalar(
        select(Loss).where(
            Loss.item_id == item_id, Loss.kind == "lost", Loss.state.in_(("open", "settled"))
        )
    )


def payers_of(session: Session, item_id: int) -> list[int]:
    """Return whose account the standing case of a copy is on; to be locked after the copy."""
    case = standing_case(session, item_id)
    if case is None or not case.entry_ids:
        return []
    rows = session.scalars(
        select(LedgerEntry.patron_id).where(LedgerEntry.id.in_(case.entry_ids)).distinct()
    )
    return [one for one in rows if one is not None]


def find_item(
    act: Act,
    item: ItemAtDesk,
    loan: Loan | None,
    *,
    gift: bool = False,
    from_shelf: bool = False,
) -> str:
    """Take a copy back into the stock; returns what it counted as, "" where nothing changed.

    ``loan`` is the one just closed by it. ``from_shelf``: it stood on the library's own shelf, so
    whoever was thought to have it owes nothing and gets back what was paid. A copy that its reader
    has replaced by another stays as it is until somebody has asked whether it is a gift (``gift``
    says it is).
    """
    if loan is not None and loan.claimed_on is not None:
        end_claim(act, loan, "on_shelf" if from_shelf else "by_reader")
    if loan is not None and loan.due_on < act.today:
        end_proposal(act, loan, "gone")
    was = item.item.lifecycle
    if was not in FOUND:
        return ""
    case = standing_case(act.session, item.item.id)
    if case is not None and not _settle_money(act, item, case, gift=gift, from_shelf=from_shelf):
        return ""
    act.event(ItemFound(was), **item.statistics())
    act.line("item_found", was=was)
    act.journal.change(item.item, lifecycle="active")
    return was


def _settle_money(act: Act, item: ItemAtDesk, case: Loss, *, gift: bool, from_shelf: bool) -> bool:
    """Put the charges of a case in order; False where the reader is to be asked first."""
    sums = settled_by(act.session, case)
    since = case.settled_on or case.happened_on
    policy = branch(act.session, case.branch_id).policy(item.item.item_type, "").policy
    money = money_when_found(
        FoundCase(
            settled=case.state == "settled",
            paid=sum(sums.get(kind, 0) for kind in MONEY),
            in_kind=sum(sums.get(kind, 0) for kind in IN_KIND),
            days_since=(act.today - since).days,
        ),
        policy,
    )
    if money == REPLACED and not gift:
        act.line("found_replaced")
        return False
    if money == KEEPS_PAID and from_shelf:
        money = CREDIT
    close_case(act, case, money)
    return True


def day_from_shelf(loan: Loan) -> date:
    """Return the day that counts for a copy that was on the shelf all along: no day is late."""
    return max(loan.started_on, min(loan.due_on, loan.claimed_on or loan.due_on))


def take_off_fines(act: Act, loan: Loan) -> None:
    """Take back the overdue charges of a loan since its present due day."""
    posted = posted_on_loans(act.session, [loan.id]).get(loan.id, {})
    amount = take_off(act, [entry_id for day, (entry_id, _) in posted.items() if day > loan.due_on])
    if amount:
        act.line("fine_taken_off", amount=amount)


def close_case(act: Act, case: Loss, money: str) -> None:
    """End a case because its copy is here again, and do to the charges what was decided."""
    paid = sum(settled_by(act.session, case).get(kind, 0) for kind in MONEY)
    act.journal.change(
        case,
        state="found",
        found_on=act.today,
        found_money=money,
        reckoning={**case.reckoning, "paid": paid},
    )
    if money in (CHARGES_OFF, CREDIT, PAYOUT):
        amount = take_off(act, case.entry_ids)
        if money == CHARGES_OFF and amount:
            act.line("found_charges_off", amount=amount)
    elif money == KEEPS_PAID:
        forgive_rest(act, case.entry_ids)
    if money in (CREDIT, PAYOUT, KEEPS_PAID):
        act.line(f"found_{money}", amount=paid, loss_id=case.id)


def take_off(act: Act, entry_ids: Sequence[int]) -> int:
    """Take charges back, each by a line of its own; returns how much."""
    total = 0
    for entry_id in entry_ids:
        entry = act.session.get_one(LedgerEntry, entry_id)
        made = reverse_entry(act, entry, note="found")
        act.journal.made.append(entry)  # an undo takes this back by one line more
        act.event(
            EntryReversed(entry.kind, "found"),
            amount=entry.amount,
            ledger_id=made.id,
            loan_id=entry.loan_id,
            **_statistics(act, entry.patron_id),
        )
        total += entry.amount
    return total


def _statistics(act: Act, patron_id: int | None) -> dict[str, Any]:
    if patron_id is None:
        return {}
    patron = patron_at_desk(act.session, act.here, act.today, patron_id=patron_id)
    return patron.statistics() if patron is not None else {}


def forgive_rest(act: Act, entry_ids: Sequence[int], why: str = "found") -> None:
    """Waive what is still open of charges."""
    for entry_id in entry_ids:
        entry = act.session.get_one(LedgerEntry, entry_id)
        if entry.patron_id is None:
            continue
        _, left = open_amounts(act.session, entry.patron_id)
        patron = patron_at_desk(act.session, act.here, act.today, patron_id=entry.patron_id)
        if patron is not None and left.get(entry_id, 0) > 0:
            give_waiver(act, patron, entry, left[entry_id], why)


def open_claim(session: Session, loan_id: int) -> Claim | None:
    """Return the claim that is open on a loan."""
    return session.scalar(
        select(Claim).where(Claim.loan_id == loan_id, Claim.resolved_at.is_(None))
    )


def end_claim(act: Act, loan: Loan, how: str, on: date | None = None) -> Claim | None:
    """Resolve the claim on a loan, if there is one."""
    claim = open_claim(act.session, loan.id)
    if claim is None:
        return None
    act.journal.change(claim, resolved_at=act.now, resolved_by=act.actor.staff_id, resolution=how)
    act.event(ClaimResolved(how), at=claim.branch_id, on=on, loan_id=loan.id, item_id=loan.item_id)
    act.line(f"claim_resolved_{how}")
    act.flush()
    return claim


def end_proposal(act: Act, loan: Loan, state: str) -> None:
    """Take a loan off the list of what is proposed as lost."""
    row = act.session.scalar(
        select(LossProposal).where(
            LossProposal.loan_id == loan.id, LossProposal.state == "proposed"
        )
    )
    if row is not None:
        act.journal.change(row, state=state, decided_at=act.now, decided_by=act.actor.staff_id)


def reopen_claim(act: Act, loan: Loan, case: Loss) -> None:
    """The loss that ended a claim was a mistake: the claim is open again, and its searches go on."""
    claim = act.session.scalar(
        select(Claim).where(
            Claim.loan_id == loan.id,
            Claim.resolution == "given_up",
            Claim.resolved_at == case.made_at,
        )
    )
    if claim is None:
        return
    act.journal.change(claim, resolved_at=None, resolved_by=None, resolution=None)
    void_newest(act, loan.item_id, "claim_resolved")


def void_newest(act: Act, item_id: int, *kinds: str) -> None:
    """Take the newest event of these kinds about a copy out of the figures."""
    row = act.session.scalar(
        select(EventRow)
        .where(EventRow.item_id == item_id, EventRow.kind.in_(kinds), not_undone())
        .order_by(EventRow.id.desc())
        .limit(1)
    )
    if row is not None:
        void_event(act.session, act.actor, row, effective_at=act.now)
