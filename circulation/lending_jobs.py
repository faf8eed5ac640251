"""What time itself does to holds. Each job may run twice and catches up after the machine was off.

No job computes fines: they are computed when asked for and posted when a loan changes.
"""

from collections.abc import Callable
from datetime import date, datetime, timedelta

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from cataloging.models import Item
from circulation.desk import DAYS_KEPT, Act
from circulation.events import HoldExpired
from circulation.facts import IS_OPEN, item_at_desk, lock, patron_at_desk
from circulation.journal import Journal
from circulation.models import DeskCommand, Hold
from circulation.policies import branch
from circulation.queue import SKIP, assign_rows, queue_of, reassign, release, shelf_days
from circulation.rules.holds import shelf_expiry
from circulation.rules.states import next_state
from ils.accounts.actor import system_actor
from ils.core import clock
from ils.core.db import reading, transaction
from ils.core.jobs import periodic


@periodic("circulation.holds_of_the_day", daily_at="00:05")
def holds_of_the_day() -> None:
    """Wake suspended holds, end those needed no longer, expire the shelf."""
    resume_suspended()
    pass_need_by()
    expire_shelf()


@periodic("circulation.assign", daily_at="04:00")
def assign_all() -> None:
    """Give free copies to holds, title by title; a copy long untouched gives way to the next."""
    for record_id in _records_waiting():
        with transaction() as session:
            lock(session, records=[record_id])
            queue = queue_of(session, record_id, clock.now())
            for hold, _ in queue.rows:
                _give_up_untouched(session, hold, clock.now())
            session.flush()
            assign_rows(session, queue)


@periodic("circulation.forget_answers", daily_at="05:00")
def forget_answers() -> None:
    """Delete answers kept for repeated keys after a week: they hold names."""
    with transaction() as session:
        old = clock.now() - timedelta(days=DAYS_KEPT)
        session.execute(delete(DeskCommand).where(DeskCommand.at < old))


def resume_suspended(today: date | None = None) -> int:
    """Wake the holds whose suspension is over; returns how many."""
    day = today or clock.today()
    with reading() as session:
        ids = session.scalars(
            select(Hold.id).where(Hold.state == "suspended", Hold.suspended_until <= day)
        ).all()
    return sum(_step(hold_id, _resume, day) for hold_id in ids)


def pass_need_by(today: date | None = None) -> int:
    """End the holds whose reader needed the title by a day now past; returns how many."""
    day = today or clock.today()
    with reading() as session:
        ids = session.scalars(
            select(Hold.id).where(
                Hold.state.in_(("queued", "targeted", "suspended")), Hold.need_by < day
            )
        ).all()
    return sum(_step(hold_id, _end_unfilled, day) for hold_id in ids)


def expire_shelf(today: date | None = None) -> int:
    """Expire holds not collected in time; the copies are listed to be cleared by a scan.

    A closure entered since lengthens the period first; it is never shortened. A hold expires on
    the first open day after its last one.
    """
    day = today or clock.today()
    with reading() as session:
        ids = session.scalars(
            select(Hold.id).where(Hold.state == "ready", Hold.shelf_until < day)
        ).all()
    return sum(_step(hold_id, _expire, day) for hold_id in ids)


def _step(hold_id: int, change: Callable[[Act, Hold, date], bool], day: date) -> bool:
    """Change one hold in a transaction of its own, if it still is as it was found."""
    with transaction() as session:
        record_id = session.scalar(select(Hold.record_id).where(Hold.id == hold_id))
        if record_id is None:
            return False
        lock(session, records=[record_id])
        hold = session.get_one(Hold, hold_id, populate_existing=True)
        actor = system_actor(session, hold.pickup_branch_id)
        act = Act(session, actor, "holds_of_the_day", None, unit_id=hold.pickup_branch_id)
        done = change(act, hold, day)
        if done:
            reassign(act, record_id)
        return done


def _resume(act: Act, hold: Hold, day: date) -> bool:
    if hold.state != "suspended" or hold.suspended_until is None or hold.suspended_until > day:
        return False
    act.journal.change(hold, state=next_state("suspended", "resume"), suspended_until=None)
    return True


def _end_unfilled(act: Act, hold: Hold, day: date) -> bool:
    if hold.state not in ("queued", "targeted", "suspended"):
        return False
    if hold.need_by is None or hold.need_by >= day:
        return False
    act.journal.change(
        hold,
        state=next_state(hold.state, "pass_need_by"),
        item_id=None,
        ended_at=act.now,
        end_reason="need_by",
    )
    _say_expired(act, hold, "unfilled")
    return True


def _expire(act: Act, hold: Hold, day: date) -> bool:
    if hold.state != "ready" or hold.shelf_until is None or hold.ready_on is None:
        return False
    pickup = branch(act.session, hold.pickup_branch_id)
    item = act.session.get(Item, hold.item_id) if hold.item_id is not None else None
    patron = patron_at_desk(act.session, pickup, day, patron_id=hold.patron_id)
    category = patron.patron.category if patron is not None else ""
    days = shelf_days(pickup, hold, item.item_type if item else "", category)
    by_calendar = shelf_expiry(hold.ready_on, days, pickup.calendar, hold.need_by).on
    if by_calendar > hold.shelf_until:
        act.journal.change(hold, shelf_until=by_calendar)
    if hold.shelf_until >= day or not pickup.calendar.is_open(day):
        return False
    act.journal.change(hold, state=next_state("ready", "expire"), ended_at=act.now)
    return True


def _say_expired(act: Act, hold: Hold, how: str) -> None:
    patron = patron_at_desk(act.session, act.here, act.today, patron_id=hold.patron_id)
    act.event(
        HoldExpired(how, (act.today - hold.requested_at.date()).days),
        hold_id=hold.id,
        record_id=hold.record_id,
        **(patron.statistics() if patron is not None else {}),
    )


def _records_waiting() -> list[int]:
    with reading() as session:
        return list(
            session.scalars(
                select(Hold.record_id).where(IS_OPEN).distinct().order_by(Hold.record_id)
            )
        )


def _give_up_untouched(session: Session, hold: Hold, now: datetime) -> None:
    """A copy that stayed on the pull list for its days goes back; the hold looks elsewhere."""
    if hold.state != "targeted" or hold.targeted_at is None or hold.item_id is None:
        return
    pickup = branch(session, hold.pickup_branch_id)
    item = item_at_desk(session, hold.item_id)
    days = pickup.policy(item.item.item_type, "").policy.pull_open_days
    since = clock.local_day(hold.targeted_at)
    if pickup.calendar.open_days(since, clock.local_day(now)) <= days:
        return
    journal = Journal(keep=False)
    journal.change(hold, skip_item_id=hold.item_id, skip_until=now + SKIP)
    release(journal, hold)
