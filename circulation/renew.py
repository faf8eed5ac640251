"""Renewing loans: at the desk, from the reader's phone, one or all."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import date, datetime
from typing import Any, NamedTuple

from sqlalchemy import select
from sqlalchemy.orm import Session

from circulation.blocks import patron_facts
from circulation.desk import AMBER, Act, DeskResult, Overrides
from circulation.events import LoanRenewed
from circulation.facts import (
    ItemAtDesk,
    PatronAtDesk,
    find_scanned,
    item_at_desk,
    loan_about,
    lock,
    patron_at_desk,
)
from circulation.ledger import post_overdue
from circulation.models import Loan, LoanRenewal
from circulation.permissions import RENEW
from circulation.policies import Branch, branch, require_within
from circulation.queue import queue_of, unserved_ahead
from circulation.rules.due_date import Due, Step, manual_due_reasons
from circulation.rules.policy import Policy, from_json
from circulation.rules.reasons import Reason, reason, worst_first
from circulation.rules.renewal import RenewalFacts, renew_due, renewal_reasons
from ils.accounts.actor import Actor
from ils.core import clock
from ils.core.errors import NotFound


def renew(
    session: Session,
    actor: Actor,
    *,
    key: str | None,
    loan_id: int | None = None,
    barcode: str | None = None,
    overrides: Overrides | None = None,
    due_on: date | None = None,
    now: datetime | None = None,
) -> DeskResult:
    """Renew an open loan, or say every reason why not.

    Staff name the loan or scan the item; a patron may renew loans of their own. The calendar and
    the rules are those of the loan; the patron is judged by today's. A fine that ran so far is
    posted first.
    """
    loan = _loan(session, actor, loan_id, barcode)
    if isinstance(loan, Reason):
        act = Act(session, actor, "renew", key, now)
        return act.stored() or act.refuse([loan])
    act = Act(session, actor, "renew", key, now, unit_id=_works_at(actor, loan))
    item, patron = _lock_and_read(act, loan)
    if stored := act.stored():
        return stored
    return renew_in(act, item, patron, overrides=overrides or {}, due_on=due_on)


def renew_all(
    session: Session,
    actor: Actor,
    *,
    patron_id: int,
    key: str | None,
    now: datetime | None = None,
) -> list[DeskResult]:
    """Renew whatever can be renewed of a patron's loans; one answer for each, the first due first."""
    loans = session.scalars(
        select(Loan)
        .where(Loan.patron_id == patron_id, Loan.closed_at.is_(None))
        .order_by(Loan.due_on, Loan.id)
    ).all()
    for loan in loans:
        _may_touch(session, actor, loan)
    lock(
        session,
        records=[loan.record_id for loan in loans],
        items=[loan.item_id for loan in loans],
        patrons=[patron_id],
    )
    return [
        renew(session, actor, key=f"{key}:{loan.id}" if key else None, loan_id=loan.id, now=now)
        for loan in loans
    ]


def renew_in(
    act: Act,
    item: ItemAtDesk,
    patron: PatronAtDesk | None,
    *,
    overrides: Overrides,
    due_on: date | None,
) -> DeskResult:
    """Decide and do a renewal whose rows are locked and read."""
    loan = item.loan
    parts: dict[str, Any] = {
        "item": item.about(),
        "patron": patron.about() if patron is not None else None,
    }
    if loan is None or patron is None:
        return act.refuse([reason("not_on_loan")], **parts)
    due, reasons = _judge(act, loan, item, patron, due_on)
    if due is None or act.unlifted(reasons, overrides):
        return act.refuse(reasons, **parts, loan=loan_about(loan))
    lifted = act.log_overrides(reasons, overrides)
    entry, cost = post_overdue(act, loan, patron, act.today, item)
    if entry is not None:
        act.line("fine_posted", amount=entry.amount, days=cost.charged_days, entry_id=entry.id)
    old = loan.due_on
    act.journal.change(
        loan,
        due_on=due.on,
        renewals=loan.renewals + 1,
        trace_json={"steps": [[s.code, s.day.isoformat()] for s in due.steps], "renewed": True},
    )
    made = LoanRenewal(
        loan_id=loan.id,
        n=loan.renewals,
        at=act.now,
        channel=act.actor.channel,
        old_due=old,
        new_due=due.on,
        fine_entry_id=entry.id if entry is not None else None,
    )
    act.journal.add(act.session, made)
    act.event(
        LoanRenewed(act.actor.channel, old, due.on, lifted),
        loan_id=loan.id,
        **item.statistics(),
        **patron.statistics(),
    )
    return act.answer(
        "renewed",
        tone=AMBER if entry is not None else "green",
        facts={"due_on": due.on, "old_due": old, "left": _left(loan)},
        loan=loan_about(loan),
        **parts,
    )


class Renewable(NamedTuple):
    """Whether a loan could be renewed now: the new date, or the reasons why not."""

    due_on: date | None
    reasons: list[Reason]


def renewable(
    session: Session, loan_ids: Iterable[int], now: datetime | None = None
) -> dict[int, Renewable]:
    """Tell for open loans whether they could be renewed now, changing nothing."""
    moment = now or clock.now()
    found = {}
    for loan in session.scalars(
        select(Loan).where(Loan.id.in_(list(loan_ids)), Loan.closed_at.is_(None))
    ).all():
        at = branch(session, loan.branch_id)
        today = clock.local_day(moment)
        item = item_at_desk(session, loan.item_id)
        patron = patron_at_desk(session, at, today, patron_id=loan.patron_id)
        if patron is None:
            continue
        due, reasons = _decide(session, at, moment, loan, item, patron, None)
        found[loan.id] = Renewable(None if reasons else due.on if due else None, reasons)
    return found


# --- gather ----------------------------------------------------------------------------------


def _loan(
    session: Session, actor: Actor, loan_id: int | None, barcode: str | None
) -> Loan | Reason:
    if barcode is not None:
        actor.require(RENEW)
        scanned = find_scanned(session, barcode, actor.library_id or 0)
        if scanned.item_id is None:
            return reason("card_not_item" if scanned.card_id else "item_unknown", scanned=barcode)
        found = session.scalar(
            select(Loan).where(Loan.item_id == scanned.item_id, Loan.closed_at.is_(None))
        )
        if found is None:
            return reason("not_on_loan", scanned=barcode)
        _may_touch(session, actor, found)
        return found
    loan = session.get(Loan, loan_id)
    if loan is None:
        raise NotFound("loan_unknown", loan_id=loan_id)
    _may_touch(session, actor, loan)
    return loan


def _may_touch(session: Session, actor: Actor, loan: Loan) -> None:
    if actor.patron_id is not None:
        if loan.patron_id != actor.patron_id:
            raise NotFound("loan_unknown", loan_id=loan.id)
        return
    require_within(session, actor, RENEW, loan.branch_id, NotFound("loan_unknown", loan_id=loan.id))


def _works_at(actor: Actor, loan: Loan) -> int:
    """Return where the renewal counts: at the desk worked at, else where the loan was made."""
    if actor.patron_id is not None or actor.unit_id is None:
        return loan.branch_id
    return actor.unit_id


def _lock_and_read(act: Act, loan: Loan) -> tuple[ItemAtDesk, PatronAtDesk | None]:
    session = act.session
    act.item_id, act.patron_id = loan.item_id, loan.patron_id
    lock(session, records=[loan.record_id], items=[loan.item_id])
    if loan.patron_id is not None:
        lock(session, patrons=[loan.patron_id])
    item = item_at_desk(session, loan.item_id)
    patron = patron_at_desk(session, act.here, act.today, patron_id=loan.patron_id)
    if item.loan is not None and item.loan.id != loan.id:
        item = replace(item, loan=None)  # returned and lent again meanwhile
    return item, patron


# --- decide ----------------------------------------------------------------------------------


def _judge(
    act: Act, loan: Loan, item: ItemAtDesk, patron: PatronAtDesk, manual: date | None
) -> tuple[Due | None, list[Reason]]:
    at = branch(act.session, loan.branch_id)
    return _decide(act.session, at, act.now, loan, item, patron, manual)


def _decide(
    session: Session,
    lent_at: Branch,
    now: datetime,
    loan: Loan,
    item: ItemAtDesk,
    patron: PatronAtDesk,
    manual: date | None,
) -> tuple[Due | None, list[Reason]]:
    today = clock.local_day(now)
    policy = from_json(loan.policy_json.get("values", {}))
    current = lent_at.policy(item.item.item_type, patron.patron.category).policy
    queue = queue_of(session, loan.record_id, now)
    waiting, free = unserved_ahead(queue, item.item, None) if queue.rows else (0, 0)
    facts = RenewalFacts(
        today=today,
        due_on=loan.due_on,
        kind=loan.kind,
        renewals=loan.renewals,
        lifecycle=item.item.lifecycle,
        claimed=loan.claimed_on is not None,
        patron=patron_facts(session, patron, now, current),
        waiting=waiting,
        free=free,
    )
    due, by_hand = _new_due(facts, loan, policy, current, lent_at, patron, manual)
    return due, worst_first([*renewal_reasons(facts, policy, lent_at.calendar, due), *by_hand])


def _new_due(
    facts: RenewalFacts,
    loan: Loan,
    policy: Policy,
    current: Policy,
    lent_at: Branch,
    patron: PatronAtDesk,
    manual: date | None,
) -> tuple[Due | None, list[Reason]]:
    if manual is not None:
        reasons = manual_due_reasons(facts.today, manual, current, lent_at.calendar)
        gains = manual > loan.due_on and manual >= facts.today
        return (Due(manual, (Step("BY_HAND", manual),)) if gains else None), reasons
    expiry = patron.card.expires_on if patron.card else None
    return renew_due(facts.today, loan.due_on, policy, lent_at.calendar, expiry), []


def _left(loan: Loan) -> int:
    policy = from_json(loan.policy_json.get("values", {}))
    return max(0, policy.renew_limit - loan.renewals)
