"""Opening hours and closed days of units, from the tables, inherited from the units above."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import NamedTuple

from sqlalchemy import select
from sqlalchemy.orm import Session

from ils.core import clock
from ils.core.kept import kept
from ils.org.calendar import Calendar
from ils.org.models import CalendarDay, CalendarWeek
from ils.org.units import place


class Weekday(NamedTuple):
    """The hours of one weekday (0 is Monday) at a unit from a day on, as stored."""

    unit_id: int
    weekday: int
    open: bool
    opens: time | None
    closes: time | None
    pause_from: time | None
    pause_to: time | None
    valid_from: date


class ExceptionDay(NamedTuple):
    """One day of a unit that differs from its week, as stored."""

    unit_id: int
    day: date
    open: bool
    reason: str
    opens: time | None = None
    closes: time | None = None


@dataclass(frozen=True)
class DayHours:
    """Hours of one day; ``reason`` says why it differs from the week."""

    open: bool
    opens: time | None = None
    closes: time | None = None
    pause_from: time | None = None
    pause_to: time | None = None
    reason: str = ""

    @property
    def known(self) -> bool:
        """Whether the page can say more than the day: closed all day, or from when to when."""
        return not self.open or (self.opens is not None and self.closes is not None)

    def open_at(self, now: datetime) -> bool:
        """Tell whether it is open at a moment of this day."""
        if not self.open or self.opens is None or self.closes is None:
            return False
        moment = clock.local(now).time()
        paused = self.pause_from and self.pause_to and self.pause_from <= moment < self.pause_to
        return self.opens <= moment < self.closes and not paused


def calendar_for(session: Session, unit_id: int, planned: Iterable[ExceptionDay] = ()) -> Calendar:
    """Return the calendar in force at a unit, or the one that would be with ``planned`` days.

    The weekly pattern is that of the nearest unit which has one; single days set nearer to the
    unit win over those set above. A unit without any pattern is open every day.
    """
    ids = place(session, unit_id).ids
    thought = {(row.unit_id, row.day): row for row in planned if row.unit_id in ids}
    rows = [r for r in _day_rows(session, unit_id) if (r.unit_id, r.day) not in thought]
    if thought:
        rows = sorted([*rows, *thought.values()], key=lambda r: ids.index(r.unit_id))
    days: dict[date, bool] = {}
    for row in rows:
        days[row.day] = row.open
    return Calendar(
        closed=[day for day, is_open in days.items() if not is_open],
        opened=[day for day, is_open in days.items() if is_open],
        weekly=_weekly(_week_rows(session, unit_id)),
    )


def hours_on(session: Session, unit_id: int, day: date) -> DayHours:
    """Return the hours of a unit on a day."""
    week = _pattern_on(_week_rows(session, unit_id), day)
    exception = None
    for row in _day_rows(session, unit_id):
        exception = row if row.day == day else exception
    base = week.get(day.weekday())
    hours = (
        DayHours(base.open, base.opens, base.closes, base.pause_from, base.pause_to)
        if base
        else DayHours(open=not week)
    )
    if exception is None:
        return hours
    if not exception.open:
        return DayHours(open=False, reason=exception.reason)
    if exception.opens and exception.closes:
        return DayHours(True, exception.opens, exception.closes, reason=exception.reason)
    usual = next((w for w in week.values() if w.open), None)
    opens, closes = (hours.opens, hours.closes) if hours.open else (None, None)
    if usual and opens is None:
        opens, closes = usual.opens, usual.closes
    return DayHours(True, opens, closes, hours.pause_from, hours.pause_to, exception.reason)


def week_of(session: Session, unit_id: int, day: date | None = None) -> list[DayHours]:
    """Return the weekly pattern in force, Monday first."""
    week = _pattern_on(_week_rows(session, unit_id), day or clock.today())
    result = []
    for weekday in range(7):
        row = week.get(weekday)
        result.append(
            DayHours(row.open, row.opens, row.closes, row.pause_from, row.pause_to)
            if row
            else DayHours(open=not week)
        )
    return result


def weeks_set_at(session: Session, unit_id: int) -> dict[date, list[Weekday]]:
    """Return the weekly patterns a unit has of its own, by the day each holds from, Monday first."""
    own: dict[date, list[Weekday]] = {}
    for row in sorted(_week_rows(session, unit_id), key=lambda r: (r.valid_from, r.weekday)):
        if row.unit_id == unit_id:
            own.setdefault(row.valid_from, []).append(row)
    return own


def coming_closures(session: Session, unit_id: int, days: int = 60) -> list[ExceptionDay]:
    """Return the closed days of the coming weeks, soonest first."""
    first = clock.today()
    found: dict[date, ExceptionDay] = {}
    for row in _day_rows(session, unit_id):
        if first <= row.day <= first + timedelta(days=days):
            found[row.day] = row
    return [row for _, row in sorted(found.items()) if not row.open]


def _week_rows(session: Session, unit_id: int) -> Sequence[Weekday]:
    ids = place(session, unit_id).ids

    def read() -> list[Weekday]:
        columns = [getattr(CalendarWeek, name) for name in Weekday._fields]
        query = select(*columns).where(CalendarWeek.unit_id.in_(ids))
        rows = [Weekday(*row) for row in session.execute(query.order_by(CalendarWeek.valid_from))]
        nearest = next((i for i in reversed(ids) if any(r.unit_id == i for r in rows)), None)
        return [row for row in rows if row.unit_id == nearest]

    return kept(session, ("week", unit_id), read)


def _day_rows(session: Session, unit_id: int) -> list[ExceptionDay]:
    """Return exception days, those of the units above first, so that the last one counts."""
    ids = place(session, unit_id).ids

    def read() -> list[ExceptionDay]:
        columns = [getattr(CalendarDay, name) for name in ExceptionDay._fields]
        rows = session.execute(select(*columns).where(CalendarDay.unit_id.in_(ids)))
        return sorted((ExceptionDay(*row) for row in rows), key=lambda r: ids.index(r.unit_id))

    return kept(session, ("days", unit_id), read)


def _pattern_on(rows: Sequence[Weekday], day: date) -> dict[int, Weekday]:
    return {row.weekday: row for row in rows if row.valid_from <= day}


def _weekly(rows: Sequence[Weekday]) -> Callable[[date], bool]:
    starts = sorted({row.valid_from for row in rows})
    patterns = {start: _pattern_on(rows, start) for start in starts}

    def is_open(day: date) -> bool:
        in_force = next((s for s in reversed(starts) if s <= day), None)
        if in_force is None:
            return True
        row = patterns[in_force].get(day.weekday())
        return row.open if row else False

    return is_open
