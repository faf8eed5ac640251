"""Notices that a closure holds back: what would go out on the closed days waits for the opening."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import date, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from circulation.closures.models import ClosureLine
from circulation.closures.scene import Scene
from circulation.models import Loan
from circulation.notices.models import Notice
from circulation.notices.settings import steps_at
from circulation.rules.closures import FAR, told_later
from circulation.rules.notices import is_due_soon
from ils.core import clock
from ils.org.settings import setting

FURTHEST_STEP = timedelta(days=365)
FURTHEST_AHEAD = timedelta(days=30)


def notices_held(
    session: Session, scene: Scene, moved: Mapping[int | None, date | None]
) -> Iterable[ClosureLine]:
    """Return a line for every notice of the closed days, with the day it goes out instead.

    ``moved`` are the loans with a new due day: their reminder follows it. Where a unit lets
    messages go out on closed days, only those are held.
    """
    today = clock.today()
    told = _told_today(session, scene, today)
    for loan in _loans(session, scene):
        ahead = int(setting(session, loan.branch_id, "notices.due_soon_days"))
        waits = bool(setting(session, loan.branch_id, "notices.wait_closed"))
        before, after = scene.before[loan.branch_id], scene.after[loan.branch_id]
        new_due = moved.get(loan.id)
        for what, on in _days(loan, ahead, steps_at(session, loan.branch_id)):
            later = told_later(on, before, after)
            follows = new_due is not None and what == "due_soon"
            if on < today or later is None or (loan.id, what) in told or not (waits or follows):
                continue
            goes = later.on
            if follows and new_due is not None and goes is not None:
                goes = after.next_open(max(new_due - timedelta(days=ahead), on), FAR)
            yield _line(loan.branch_id, what, on, goes, loan_id=loan.id)
    yield from _of_holds(session, scene, today)


def _loans(session: Session, scene: Scene) -> Iterable[Loan]:
    return session.scalars(
        select(Loan)
        .where(Loan.closed_at.is_(None), Loan.kind == "home", Loan.patron_id.is_not(None))
        .where(Loan.lost_on.is_(None), Loan.claimed_on.is_(None))
        .where(Loan.branch_id.in_(scene.units))
        .where(Loan.due_on >= scene.days[0] - FURTHEST_STEP)
        .where(Loan.due_on <= scene.days[-1] + FURTHEST_AHEAD)
        .order_by(Loan.due_on, Loan.id)
    )


def _days(loan: Loan, ahead: int, steps: tuple[int, ...]) -> Iterator[tuple[str, date]]:
    """Yield what a loan's reader is told, and on which days."""
    soon = loan.due_on - timedelta(days=ahead)
    if is_due_soon(loan.started_on, loan.due_on, soon, ahead):
        yield "due_soon", soon
    for step in steps:
        yield "overdue", loan.due_on + timedelta(days=step)


def _told_today(session: Session, scene: Scene, today: date) -> set[tuple[int | None, str]]:
    """Return what went out this morning already, before the closure was entered."""
    if today not in scene.days:
        return set()
    rows = session.execute(
        select(Notice.loan_id, Notice.what).where(
            Notice.branch_id.in_(scene.units),
            Notice.planned_on == today,
            Notice.state != "planned",
            Notice.loan_id.is_not(None),
        )
    )
    return {(loan_id, what) for loan_id, what in rows}


def _of_holds(session: Session, scene: Scene, today: date) -> Iterable[ClosureLine]:
    """Return what is to be told of holds today and has not gone out."""
    if today not in scene.days:
        return
    rows = session.scalars(
        select(Notice)
        .where(Notice.state == "planned", Notice.hold_id.is_not(None))
        .where(Notice.branch_id.in_(scene.units), Notice.planned_on <= today)
        .order_by(Notice.id)
    )
    for row in rows:
        later = told_later(today, scene.before[row.branch_id], scene.after[row.branch_id])
        if later is not None and setting(session, row.branch_id, "notices.wait_closed"):
            yield _line(row.branch_id, row.what, today, later.on, hold_id=row.hold_id)


def _line(at: int, what: str, on: date, goes: date | None, **about: int | None) -> ClosureLine:
    state = "planned" if goes is not None else "no_day"
    return ClosureLine(
        kind="notice", about=what, branch_id=at, old_on=on, new_on=goes, state=state, **about
    )
