"""The rules of today given to loans already open: previewed, applied, undone where untouched.

A loan keeps the rules it was made with; this is the one exception, and an act of its own. A due
date moves forward only. One typed by hand is not moved.
"""

from collections.abc import Iterable, Sequence
from datetime import date
from typing import Any

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from cataloging.models import Item
from circulation.blocks import posted_facts, posted_on_loans
from circulation.closures.plans import move_due
from circulation.facts import lock
from circulation.models import Loan, LoanRenewal
from circulation.patrons.models import PatronCard
from circulation.permissions import EDIT_POLICY
from circulation.policies import Branch, branch
from circulation.rulebook.models import RulesApplied, RulesLine
from circulation.rules.due_date import due_date
from circulation.rules.fines import charge
from circulation.rules.policy import Policy, from_json, loan_snapshot
from ils.accounts.actor import Actor, system_actor
from ils.core import clock
from ils.core.audit import audit
from ils.core.db import is_sqlite
from ils.core.errors import NotFound, Refused
from ils.core.jobs import Job, Progress, do_in_parts, enqueue, has_stopped, job_kind
from ils.org.calendar import Calendar
from ils.org.models import OrgUnit
from ils.org.units import unit

AT_ONCE = 400  # loans changed in one transaction; more is work for a job
MOVABLE = {"BASE", "PUSHED_TO_OPEN", "CEILING", "CARD_EXPIRY", "FIXED", "NO_OPEN_DAY", "RULES"} | {
    "CLOSURE"
}


def preview_open_loans(
    session: Session, actor: Actor, unit_id: int, item_type: str = "", category: str = ""
) -> RulesApplied:
    """Draw up which open loans would get other values by the rules of today. Nothing changes."""
    at = unit(session, unit_id)
    actor.require(EDIT_POLICY, at)
    made = RulesApplied(
        unit_id=unit_id, item_type=item_type, category=category, made_by=actor.staff_id
    )
    session.add(made)
    session.flush()
    _draw_up(session, made, at)
    return made


def _draw_up(session: Session, made: RulesApplied, at: OrgUnit) -> None:
    session.execute(delete(RulesLine).where(RulesLine.applied_id == made.id))
    units = select(OrgUnit.id).where(OrgUnit.path.startswith(at.path))
    query = (
        select(Loan, Item)
        .join(Item, Item.id == Loan.item_id)
        .where(Loan.closed_at.is_(None), Loan.kind == "home", Loan.lost_on.is_(None))
        .where(Loan.branch_id.in_(units))
        .order_by(Loan.due_on, Loan.id)
    )
    if made.item_type:
        query = query.where(Item.item_type == made.item_type)
    rows = [
        (loan, item)
        for loan, item in session.execute(query)
        if made.category in ("", loan.patron_snapshot.get("category"))
    ]
    made.looked_at = len(rows)
    session.add_all(_lines(session, made.id, rows))
    session.flush()


def _lines(
    session: Session, applied_id: int, rows: Sequence[tuple[Loan, Item]]
) -> Iterable[RulesLine]:
    bases = _counted_from(session, [loan for loan, _item in rows])
    cards = _cards(session, {loan.patron_id for loan, _item in rows if loan.patron_id})
    late = [loan.id for loan, _item in rows if loan.due_on < clock.today()]
    posted = posted_on_loans(session, late)
    for loan, item in rows:
        at = branch(session, loan.branch_id)
        found = at.policy(item.item_type, loan.patron_snapshot.get("category", ""))
        snapshot = loan_snapshot(found)
        expires = cards.get(loan.patron_id or 0)
        first = bases.get(loan.id, loan.started_on)
        due = _new_due(loan, found.policy, at.calendar, first, expires)
        if snapshot["values"] == loan.policy_json.get("values") and due == loan.due_on:
            continue
        already = posted.get(loan.id, {})
        yield RulesLine(
            applied_id=applied_id,
            loan_id=loan.id,
            old_due=loan.due_on,
            new_due=due,
            old_policy=loan.policy_json,
            new_policy=snapshot,
            fine_before=_running(at, item, loan.due_on, loan.policy_json, already),
            fine_after=_running(at, item, due, snapshot, already),
        )


def _new_due(
    loan: Loan, policy: Policy, calendar: Calendar, first: date, expires: date | None
) -> date:
    """Return the due date by a policy, never earlier than the loan's own."""
    steps = {step[0] for step in loan.trace_json.get("steps", [])}
    if not steps or not steps <= MOVABLE:
        return loan.due_on
    return max(loan.due_on, due_date(first, policy, calendar, expires).on)


def _running(
    at: Branch,
    item: Item,
    due: date,
    snapshot: dict[str, Any],
    already: dict[date, tuple[int, int]],
) -> int:
    """Return the fine running today by a loan's values, less what was posted."""
    policy = from_json(snapshot.get("values", {}))
    posted = posted_facts(already, due)
    return charge(due, clock.today(), policy, at.calendar, item.price, posted).amount


def _counted_from(session: Session, loans: Sequence[Loan]) -> dict[int, date]:
    """Return from when the days of each renewed loan were counted last."""
    by_id = {loan.id: loan for loan in loans if loan.renewals}
    rows = session.scalars(
        select(LoanRenewal)
        .where(LoanRenewal.loan_id.in_(list(by_id)), LoanRenewal.voided_at.is_(None))
        .order_by(LoanRenewal.n)
    )
    found = {}
    for row in rows:
        base = by_id[row.loan_id].policy_json.get("values", {}).get("renew_base", "today")
        day = clock.local_day(row.at)
        found[row.loan_id] = day if base == "today" else max(day, row.old_due)
    return found


def _cards(session: Session, patrons: set[int]) -> dict[int, date]:
    rows = session.execute(
        select(PatronCard.patron_id, PatronCard.expires_on).where(
            PatronCard.patron_id.in_(patrons), PatronCard.state == "active"
        )
    )
    return {patron: until for patron, until in rows if until is not None}


# --- the acts --------------------------------------------------------------------------------


def application(
    session: Session, actor: Actor, applied_id: int, *, to_change: bool = False
) -> tuple[RulesApplied, OrgUnit]:
    """Return one the actor may deal with, and its unit. Raises ``NotFound``."""
    query = select(RulesApplied).where(RulesApplied.id == applied_id)
    if to_change and not is_sqlite(session):
        query = query.with_for_update().execution_options(populate_existing=True)
    made = session.scalar(query)
    if made is None or not actor.can(EDIT_POLICY, unit(session, made.unit_id)):
        raise NotFound("application_unknown", applied_id=applied_id)
    return made, unit(session, made.unit_id)


def _expect(made: RulesApplied, state: str) -> None:
    if made.state != state:
        raise Refused("application_state", state=made.state)


def apply_to_open_loans(session: Session, actor: Actor, applied_id: int) -> RulesApplied:
    """Give the loans previewed the rules of today, drawn up anew; many are left to a job."""
    made, at = application(session, actor, applied_id, to_change=True)
    _expect(made, "draft")
    _draw_up(session, made, at)
    made.state, made.applied_at = "moving", clock.now()
    waiting = _waiting(session, made)
    audit(session, actor, "rules_applied", "rules", made.id, loans=waiting)
    if waiting > AT_ONCE:
        made.job_id = enqueue(session, actor, "rules_to_open_loans", applied_id=made.id).id
    else:
        change_loans(session, actor, made)
    return made


def go_on(session: Session, actor: Actor, applied_id: int) -> RulesApplied:
    """Let a job change what is left, where the one before stopped. Raises ``Refused``."""
    made, _at = application(session, actor, applied_id, to_change=True)
    job = session.get(Job, made.job_id) if made.job_id is not None else None
    if made.state != "moving" or not has_stopped(job):
        raise Refused("application_state", state=made.state)
    made.job_id = enqueue(session, actor, "rules_to_open_loans", applied_id=made.id).id
    return made


def discard_application(session: Session, actor: Actor, applied_id: int) -> None:
    """Throw a preview away."""
    made, _at = application(session, actor, applied_id, to_change=True)
    _expect(made, "draft")
    made.state, made.ended_at, made.ended_by = "discarded", clock.now(), actor.staff_id


def _waiting(session: Session, made: RulesApplied) -> int:
    query = select(func.count()).select_from(RulesLine)
    return (
        session.scalar(query.where(RulesLine.applied_id == made.id, RulesLine.state == "planned"))
        or 0
    )


def change_loans(session: Session, actor: Actor, made: RulesApplied) -> int:
    """Change the next loans, locked; what changed since the preview is left. Returns what is left."""
    lines = session.scalars(
        select(RulesLine)
        .where(RulesLine.applied_id == made.id, RulesLine.state == "planned")
        .order_by(RulesLine.id)
        .limit(AT_ONCE)
    ).all()
    loans = _locked(session, lines)
    for line in lines:
        loan = loans.get(line.loan_id)
        line.done_at = clock.now()
        if loan is None or loan.due_on != line.old_due or loan.policy_json != line.old_policy:
            line.state = "changed"
            continue
        loan.policy_json = {**line.new_policy, "application": made.id}
        if line.new_due > loan.due_on:
            move_due(session, actor, loan, line.new_due, "rules", code="RULES")
        line.state = "done"
    session.flush()
    left = _waiting(session, made)
    if not left:
        made.state = "applied"
    return left


def _locked(session: Session, lines: Sequence[RulesLine]) -> dict[int, Loan]:
    """Lock and read the loans of lines that are still open."""
    ids = [line.loan_id for line in lines]
    items = session.scalars(select(Loan.item_id).where(Loan.id.in_(ids))).all()
    lock(session, items=items)
    rows = session.scalars(
        select(Loan)
        .where(Loan.id.in_(ids), Loan.closed_at.is_(None), Loan.lost_on.is_(None))
        .execution_options(populate_existing=True)
    )
    return {loan.id: loan for loan in rows}


def undo_application(session: Session, actor: Actor, applied_id: int) -> RulesApplied:
    """Give loans their old values back, and the old due day where untouched and not passed."""
    made, _at = application(session, actor, applied_id, to_change=True)
    _expect(made, "applied")
    lines = session.scalars(
        select(RulesLine).where(RulesLine.applied_id == made.id, RulesLine.state == "done")
    ).all()
    loans = _locked(session, lines)
    for line in lines:
        loan = loans.get(line.loan_id)
        untouched = loan is not None and loan.policy_json.get("application") == made.id
        line.state = "undone" if untouched else "kept"
        if loan is None or not untouched:
            continue
        loan.policy_json = line.old_policy
        if line.new_due > line.old_due:
            if loan.due_on == line.new_due and line.old_due >= clock.today():
                move_due(session, actor, loan, line.old_due, "rules_undone", code="RULES")
            else:
                line.state = "kept"
    made.state, made.ended_at, made.ended_by = "undone", clock.now(), actor.staff_id
    audit(session, actor, "rules_application_undone", "rules", made.id)
    return made


@job_kind("rules_to_open_loans")
def change_all(progress: Progress, args: dict[str, Any]) -> dict[str, Any]:
    """Change all loans of an application, ``AT_ONCE`` in each transaction."""

    def part(session: Session) -> int:
        made = session.get_one(RulesApplied, args["applied_id"])
        return change_loans(session, system_actor(session, made.unit_id), made)

    do_in_parts(progress, AT_ONCE, part)
    return {}
