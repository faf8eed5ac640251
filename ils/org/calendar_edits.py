"""Writing hours and single days of a unit. Each act is audited; nobody's loans are touched here."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, time, timedelta
from typing import Any

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from ils.core import clock
from ils.core.audit import audit
from ils.core.errors import Invalid, NotFound, Refused
from ils.org.models import CalendarDay, CalendarWeek, OrgUnit
from ils.org.units import unit

EDIT_CALENDAR = "org:calendar:edit"
SINCE_EVER = date(2000, 1, 1)
LONGEST = 366


@dataclass(frozen=True)
class Hours:
    """The hours of one weekday as typed."""

    open: bool
    opens: time | None = None
    closes: time | None = None
    pause_from: time | None = None
    pause_to: time | None = None


def write_week(
    session: Session, actor: Any, at: OrgUnit, week: Sequence[Hours], valid_from: date | None
) -> date:
    """Write the weekly hours of a unit, Monday first, in force from a day on; return that day.

    The first hours of a unit hold since ever. A pattern that begins on the same day is replaced.
    Raises ``Invalid`` where the hours of a day cannot be, or the day lies in the past: what was
    counted by the old hours stays counted.
    """
    actor.require(EDIT_CALENDAR, at)
    for weekday, hours in enumerate(week):
        _check(weekday, hours)
    first = session.scalar(
        select(func.min(CalendarWeek.valid_from)).where(CalendarWeek.unit_id == at.id)
    )
    begins = SINCE_EVER if first is None else valid_from or clock.today()
    if first is not None and begins < clock.today() and begins != first:
        raise Invalid("hours_in_the_past", field="valid_from")
    _forget_week(session, at.id, begins)
    session.add_all(
        CalendarWeek(unit_id=at.id, weekday=weekday, valid_from=begins, **vars(hours))
        for weekday, hours in enumerate(week)
    )
    session.flush()
    audit(session, actor, "hours_changed", "org_unit", at.id, valid_from=begins.isoformat())
    return begins


def remove_week(session: Session, actor: Any, at: OrgUnit, valid_from: date) -> None:
    """Take away weekly hours that have not begun yet. Raises ``Refused`` for those that have."""
    actor.require(EDIT_CALENDAR, at)
    if valid_from <= clock.today():
        raise Refused("hours_in_force")
    _forget_week(session, at.id, valid_from)
    audit(session, actor, "hours_removed", "org_unit", at.id, valid_from=valid_from.isoformat())


def _forget_week(session: Session, unit_id: int, valid_from: date) -> None:
    session.execute(
        delete(CalendarWeek).where(
            CalendarWeek.unit_id == unit_id, CalendarWeek.valid_from == valid_from
        )
    )


def _check(weekday: int, hours: Hours) -> None:
    if not hours.open:
        return
    ends = [t for t in (hours.opens, hours.pause_from, hours.pause_to, hours.closes) if t]
    halves = bool(hours.opens) != bool(hours.closes)
    pause = bool(hours.pause_from) != bool(hours.pause_to)
    if halves or pause or ends != sorted(set(ends)):
        raise Invalid("hours_wrong", field=f"opens_{weekday}", weekday=weekday)


def days_between(first: date, last: date) -> list[date]:
    """Return a run of days. Raises ``Invalid`` when it goes backwards or beyond a year."""
    count = (last - first).days
    if not 0 <= count < LONGEST:
        raise Invalid("days_backwards", field="last")
    return [first + timedelta(days=i) for i in range(count + 1)]


def set_days(
    session: Session,
    actor: Any,
    at: OrgUnit,
    days: Iterable[date],
    *,
    open: bool,
    reason: str,
    hours: tuple[time, time] | None = None,
    plan_id: int | None = None,
) -> None:
    """Write single days that differ from the week: closed, open, or open with other hours."""
    actor.require(EDIT_CALENDAR, at)
    if hours and hours[0] >= hours[1]:
        raise Invalid("hours_wrong", field="opens")
    wanted = sorted(set(days))
    known = days_set_at(session, at.id, wanted)
    for day in wanted:
        row = known.get(day) or CalendarDay(unit_id=at.id, day=day)
        row.open, row.reason, row.plan_id = open, reason[:120], plan_id
        row.opens, row.closes = hours if open and hours else (None, None)
        session.add(row)
    session.flush()
    audit(
        session,
        actor,
        "calendar_changed",
        "org_unit",
        at.id,
        first=wanted[0].isoformat(),
        last=wanted[-1].isoformat(),
        days=len(wanted),
        open=open,
    )


def days_set_at(session: Session, unit_id: int, days: Iterable[date]) -> dict[date, CalendarDay]:
    """Return the single days a unit has of its own, by day."""
    rows = session.scalars(
        select(CalendarDay).where(CalendarDay.unit_id == unit_id, CalendarDay.day.in_(list(days)))
    )
    return {row.day: row for row in rows}


def remove_day(session: Session, actor: Any, day_id: int) -> CalendarDay:
    """Take a single day away; the weekly hours hold again.

    A closed day that has passed stays: fines were counted by it, and none may rise afterwards.
    Raises ``NotFound``, ``Refused``.
    """
    row = session.get(CalendarDay, day_id)
    if row is None or not actor.can(EDIT_CALENDAR, unit(session, row.unit_id)):
        raise NotFound("day_unknown")
    if not row.open and row.day < clock.today():
        raise Refused("day_passed")
    session.delete(row)
    session.flush()
    audit(session, actor, "calendar_changed", "org_unit", row.unit_id, removed=row.day.isoformat())
    return row
