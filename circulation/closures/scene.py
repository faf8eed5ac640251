"""A closure thought of: its days and the calendars of the units concerned, before and after."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import Session

from ils.org.calendar import Calendar
from ils.org.hours import ExceptionDay, calendar_for
from ils.org.models import OrgUnit


@dataclass
class Scene:
    """A closure thought of: its days and, for each unit at or below, the calendar before and after."""

    days: list[date]
    before: dict[int, Calendar]
    after: dict[int, Calendar]

    @property
    def units(self) -> list[int]:
        """Return the units concerned."""
        return list(self.before)


def scene_of(session: Session, at: OrgUnit, days: Mapping[date, str]) -> Scene:
    """Return the calendars of all units at or below one, without and with the days closed."""
    units = session.scalars(select(OrgUnit.id).where(OrgUnit.path.startswith(at.path))).all()
    closed = [ExceptionDay(at.id, day, open=False, reason=why) for day, why in days.items()]
    return Scene(
        days=sorted(days),
        before={one: calendar_for(session, one) for one in units},
        after={one: calendar_for(session, one, closed) for one in units},
    )
