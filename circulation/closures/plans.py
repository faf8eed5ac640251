"""Closures as acts: planned with everything they concern, applied, undone, ended early.

draft ──apply──▶ moving ──▶ applied ──undo──▶ undone     (old days back where untouched since)
  │                            └─────lift──▶ lifted     (opens again early; moved days stay moved)
  └──discard──▶ discarded

Due dates and shelf periods only move forward. A running fine follows the calendar by itself; a fine
already posted and a suspension are offered back (``giving_back.py``). Notices wait by themselves:
whoever sends them looks at the calendar and at the due day. Taking a closure away raises no fine: days that have passed stay
closed, and a day is given back only where it has not passed.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, time
from typing import Any

from sqlalchemy import delete, func, select, update
from sqlalchemy.orm import Session

from circulation.closures.events import DueDateMoved, ShelfPeriodMoved
from circulation.closures.gather import being_fetched, lines_of
from circulation.closures.models import ClosureLine, ClosurePlan
from circulation.closures.scene import Scene, scene_of
from circulation.facts import lock
from circulation.models import Hold, Loan
from circulation.policies import branch, forget_rules
from circulation.rules.closures import may_go_back
from ils.accounts.actor import Actor
from ils.core import clock
from ils.core.audit import audit
from ils.core.db import is_sqlite
from ils.core.errors import Invalid, NotFound, Refused
from ils.core.events import publish_event
from ils.core.jobs import Job, enqueue, has_stopped
from ils.org.calendar_edits import EDIT_CALENDAR, days_set_at, set_days
from ils.org.models import CalendarDay, OrgUnit
from ils.org.units import unit

MOST_DAYS = 366
AT_ONCE = 400  # lines moved in one transaction; more is work for a job


def plan_closure(
    session: Session, actor: Actor, unit_id: int, days: Mapping[date, str], reason: str
) -> ClosurePlan:
    """Make a draft of a closure with all it concerns. Nothing changes yet.

    ``days`` maps each day to why it is closed. Raises ``Invalid`` where there are none, or more
    than a year of them.
    """
    at = unit(session, unit_id)
    actor.require(EDIT_CALENDAR, at)
    if not days or len(days) > MOST_DAYS:
        raise Invalid("closure_without_days", field="first")
    plan = ClosurePlan(
        unit_id=at.id,
        first_on=min(days),
        last_on=max(days),
        reason=reason[:120],
        days={day.isoformat(): why[:120] for day, why in sorted(days.items())},
        made_by=actor.staff_id,
    )
    session.add(plan)
    session.flush()
    _draw_up(session, plan, at)
    return plan


def _draw_up(session: Session, plan: ClosurePlan, at: OrgUnit) -> Scene:
    """Write the lines of a draft anew, as things stand now."""
    session.execute(delete(ClosureLine).where(ClosureLine.plan_id == plan.id))
    scene = scene_of(session, at, days_of(plan))
    plan.pulling = being_fetched(session, scene)
    for line in lines_of(session, scene):
        line.plan_id = plan.id
        session.add(line)
    session.flush()
    return scene


def days_of(plan: ClosurePlan) -> dict[date, str]:
    """Return the days of a plan with their reasons."""
    return {date.fromisoformat(day): why for day, why in plan.days.items()}


def closure(
    session: Session, actor: Actor, plan_id: int, *, to_change: bool = False
) -> tuple[ClosurePlan, OrgUnit]:
    """Return a plan the actor may deal with, and its unit. Raises ``NotFound``."""
    query = select(ClosurePlan).where(ClosurePlan.id == plan_id)
    if to_change and not is_sqlite(session):
        query = query.with_for_update().execution_options(populate_existing=True)
    plan = session.scalar(query)
    if plan is None or not actor.can(EDIT_CALENDAR, unit(session, plan.unit_id)):
        raise NotFound("closure_unknown", plan_id=plan_id)
    return plan, unit(session, plan.unit_id)


def discard_closure(session: Session, actor: Actor, plan_id: int) -> None:
    """Put a draft away. Raises ``Refused`` for a closure that was applied."""
    plan, _at = closure(session, actor, plan_id, to_change=True)
    expect(plan, "draft")
    plan.state, plan.ended_at, plan.ended_by = "discarded", clock.now(), actor.staff_id


def apply_closure(session: Session, actor: Actor, plan_id: int) -> ClosurePlan:
    """Close the days in the calendar and move what they concern.

    Who lends meanwhile lends by the new calendar. Up to ``AT_ONCE`` lines are moved here; where
    there are more, a job moves them and the plan is ``moving`` until then.
    """
    plan, at = closure(session, actor, plan_id, to_change=True)
    expect(plan, "draft")
    _draw_up(session, plan, at)
    days = days_of(plan)
    plan.before = {
        day.isoformat(): _told(row) for day, row in days_set_at(session, at.id, days).items()
    }
    by_reason: dict[str, list[date]] = {}
    for day, why in days.items():
        by_reason.setdefault(why, []).append(day)
    for why, closed in by_reason.items():
        set_days(session, actor, at, closed, open=False, reason=why, plan_id=plan.id)
    forget_rules(session)
    plan.state, plan.applied_at, plan.applied_by = "moving", clock.now(), actor.staff_id
    _turn_notices(session, plan, "planned", "done")
    audit(session, actor, "closure_applied", "closure", plan.id, first=str(plan.first_on))
    if _waiting(session, plan) > AT_ONCE:
        plan.job_id = enqueue(session, actor, "closure_moves", plan_id=plan.id).id
    else:
        move_lines(session, actor, plan)
    return plan


def _turn_notices(session: Session, plan: ClosurePlan, was: str, state: str) -> None:
    """Say of the notices of a plan whether they wait; nothing else has to be done to them."""
    session.execute(
        update(ClosureLine)
        .where(ClosureLine.plan_id == plan.id, ClosureLine.kind == "notice")
        .where(ClosureLine.state == was)
        .values(state=state, done_at=clock.now())
    )


def _told(row: CalendarDay) -> dict[str, Any]:
    hours = [t.isoformat() if t else None for t in (row.opens, row.closes)]
    return {"open": row.open, "reason": row.reason, "hours": hours, "plan": row.plan_id}


def expect(plan: ClosurePlan, *states: str) -> None:
    """Raise ``Refused`` for a plan at another point."""
    if plan.state not in states:
        raise Refused("closure_state", state=plan.state)


def _waiting(session: Session, plan: ClosurePlan) -> int:
    query = select(func.count()).select_from(ClosureLine).where(*_planned(plan))
    return session.scalar(query) or 0


def _planned(plan: ClosurePlan) -> tuple[Any, ...]:
    return (
        ClosureLine.plan_id == plan.id,
        ClosureLine.state == "planned",
        ClosureLine.kind.in_(("loan", "hold")),
    )


def move_lines(session: Session, actor: Actor, plan: ClosurePlan) -> int:
    """Move the next lines of a plan, locked as everywhere; returns how many are left.

    What was changed since by others is left as it is and marked so.
    """
    lines = session.scalars(
        select(ClosureLine).where(*_planned(plan)).order_by(ClosureLine.id).limit(AT_ONCE)
    ).all()
    for line, row in _locked(session, lines):
        if row is None or line.new_on is None or _last_day(row) != line.old_on:
            line.state = "changed"
        else:
            _move(session, actor, row, line.new_on, "closure")
            line.state = "done"
        line.done_at = clock.now()
    session.flush()
    left = _waiting(session, plan)
    if not left:
        plan.state = "applied"
    return left


def _locked(
    session: Session, lines: Sequence[ClosureLine]
) -> Iterable[tuple[ClosureLine, Loan | Hold | None]]:
    """Lock what lines are about; yield each with its row, None where it is open no more."""
    loans = [line.loan_id for line in lines if line.kind == "loan"]
    holds = [line.hold_id for line in lines if line.kind == "hold"]
    lock(
        session,
        records=session.scalars(select(Hold.record_id).where(Hold.id.in_(holds))).all(),
        items=session.scalars(select(Loan.item_id).where(Loan.id.in_(loans))).all(),
    )
    fresh = {"populate_existing": True}
    open_loans = {
        row.id: row
        for row in session.scalars(
            select(Loan)
            .where(Loan.id.in_(loans), Loan.closed_at.is_(None), Loan.lost_on.is_(None))
            .execution_options(**fresh)
        )
    }
    ready = {
        row.id: row
        for row in session.scalars(
            select(Hold).where(Hold.id.in_(holds), Hold.state == "ready").execution_options(**fresh)
        )
    }
    for line in lines:
        if line.kind == "loan":
            yield line, open_loans.get(line.loan_id or 0)
        else:
            yield line, ready.get(line.hold_id or 0)


def _last_day(row: Loan | Hold) -> date | None:
    return row.due_on if isinstance(row, Loan) else row.shelf_until


def _move(session: Session, actor: Actor, row: Loan | Hold, to: date, why: str) -> None:
    """Give a loan or hold its new last day and say so in the log."""
    if isinstance(row, Hold):
        event: Any = ShelfPeriodMoved(row.shelf_until, to, why)
        row.shelf_until = to
        _publish(session, actor, event, row.pickup_branch_id, hold_id=row.id)
        return
    move_due(session, actor, row, to, why, code="CLOSURE")


def move_due(session: Session, actor: Actor, loan: Loan, to: date, why: str, *, code: str) -> None:
    """Give a locked loan another due date, its trace a step (or take the step back) and an event."""
    steps = list(loan.trace_json.get("steps", []))
    if why.endswith("_undone") and steps and steps[-1][0] == code:
        steps.pop()
    elif not why.endswith("_undone"):
        steps.append([code, to.isoformat()])
    happened = DueDateMoved(loan.due_on, to, why)
    loan.due_on = to
    loan.trace_json = {**loan.trace_json, "steps": steps}
    _publish(session, actor, happened, loan.branch_id, loan_id=loan.id, item_id=loan.item_id)


def _publish(session: Session, actor: Actor, happened: Any, at: int, **about: Any) -> None:
    library_id = branch(session, at).library_id
    publish_event(session, actor, happened, unit_id=at, library_id=library_id, **about)


# --- taking a closure away -------------------------------------------------------------------


def undo_closure(session: Session, actor: Actor, plan_id: int) -> ClosurePlan:
    """Take a closure back: the calendar, and each old day that is untouched since and not passed.

    Days that have passed stay closed, so that no fine rises.
    """
    plan, at = closure(session, actor, plan_id, to_change=True)
    expect(plan, "applied")
    today = clock.today()
    lines = session.scalars(
        select(ClosureLine)
        .where(ClosureLine.plan_id == plan.id, ClosureLine.state == "done")
        .where(ClosureLine.kind.in_(("loan", "hold")))
        .order_by(ClosureLine.id)
    ).all()
    for line, row in _locked(session, lines):
        old, promised = line.old_on, line.new_on
        now = _last_day(row) if row is not None else None
        if row is None or old is None or promised is None or now is None:
            line.state = "kept"
        elif may_go_back(old, promised, now, today):
            _move(session, actor, row, old, "closure_undone")
            line.state = "undone"
        else:
            line.state = "kept"
    _turn_notices(session, plan, "done", "undone")
    _open_again(session, plan, at, today)
    plan.state, plan.ended_at, plan.ended_by = "undone", clock.now(), actor.staff_id
    audit(session, actor, "closure_undone", "closure", plan.id)
    return plan


def lift_closure(session: Session, actor: Actor, plan_id: int, opens_on: date) -> ClosurePlan:
    """Open again before the closure ends; days already promised stay as they were shown.

    Raises ``Invalid`` for a day that has passed or lies behind the closure.
    """
    plan, at = closure(session, actor, plan_id, to_change=True)
    expect(plan, "applied")
    if not clock.today() <= opens_on <= plan.last_on:
        raise Invalid("closure_opens_when", field="opens_on")
    _open_again(session, plan, at, opens_on)
    plan.state, plan.ended_at, plan.ended_by = "lifted", clock.now(), actor.staff_id
    audit(session, actor, "closure_lifted", "closure", plan.id, day=opens_on.isoformat())
    return plan


def _open_again(session: Session, plan: ClosurePlan, at: OrgUnit, since: date) -> None:
    """Set the calendar of coming days as it was; what others wrote over the plan is left."""
    for day, row in days_set_at(session, at.id, days_of(plan)).items():
        if day < since or row.plan_id != plan.id:
            continue
        was = plan.before.get(day.isoformat())
        if was is None:
            session.delete(row)
            continue
        row.open, row.reason, row.plan_id = was["open"], was["reason"], was["plan"]
        row.opens, row.closes = (time.fromisoformat(t) if t else None for t in was["hours"])
    session.flush()
    forget_rules(session)


def counts_of(session: Session, plan_id: int) -> dict[tuple[str, str], tuple[int, int]]:
    """Return how many lines of a plan there are, and đồng, by kind and state."""
    rows = session.execute(
        select(
            ClosureLine.kind,
            ClosureLine.state,
            func.count(),
            func.coalesce(func.sum(ClosureLine.amount), 0),
        )
        .where(ClosureLine.plan_id == plan_id)
        .group_by(ClosureLine.kind, ClosureLine.state)
    )
    return {(kind, state): (count, int(amount or 0)) for kind, state, count, amount in rows}


def go_on(session: Session, actor: Actor, plan_id: int) -> ClosurePlan:
    """Let a job move what is left, where the one before stopped. Raises ``Refused``."""
    plan, _at = closure(session, actor, plan_id, to_change=True)
    if plan.state != "moving" or not has_stopped(job_of(session, plan)):
        raise Refused("closure_state", state=plan.state)
    plan.job_id = enqueue(session, actor, "closure_moves", plan_id=plan.id).id
    return plan


def job_of(session: Session, plan: ClosurePlan) -> Job | None:
    """Return the job that moves the lines of a plan, if there is one."""
    return session.get(Job, plan.job_id) if plan.job_id is not None else None
