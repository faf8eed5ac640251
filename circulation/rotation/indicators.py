"""The figure of rotation that needs more than events: points that hold a box on a day."""

from collections.abc import Sequence
from datetime import date
from typing import Any

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from circulation.rotation.models import Consignment, RotationPoint
from ils.reporting.folds import Tally
from ils.reporting.registry import SourceRow, indicator_source

POINTS_SERVED = "TV.H04"


def declare() -> None:
    """Tell reporting where the indicator comes from."""
    indicator_source(POINTS_SERVED, points_served, points_served_rows)


def _held_on(day: date) -> list[Any]:
    return [
        Consignment.sent_on <= day,
        or_(Consignment.closed_on.is_(None), Consignment.closed_on > day),
    ]


def _served(day: date) -> Any:
    """A point counts once, however many boxes it has: for the branch that sent the first."""
    return (
        select(
            Consignment.point_id,
            Consignment.library_id,
            func.min(Consignment.branch_id).label("branch_id"),
            func.min(Consignment.sent_on).label("since"),
        )
        .where(*_held_on(day))
        .group_by(Consignment.point_id, Consignment.library_id)
        .subquery()
    )


def points_served(session: Session, _first: date, last: date) -> list[Tally]:
    """Count points that had at least one box at the end of the last day."""
    served = _served(last)
    query = select(served.c.branch_id, served.c.library_id, func.count()).group_by(
        served.c.branch_id, served.c.library_id
    )
    return [
        Tally(unit, library, POINTS_SERVED, n=count, quantity=count)
        for unit, library, count in session.execute(query)
    ]


def points_served_rows(
    session: Session, _first: date, last: date, units: tuple[int, ...], offset: int, limit: int
) -> tuple[int, Sequence[SourceRow]]:
    """List the points that had a box, those that had it longest first."""
    served = _served(last)
    where = served.c.branch_id.in_(units)
    total = session.scalar(select(func.count()).select_from(served).where(where)) or 0
    query = (
        select(served.c.since, served.c.branch_id, RotationPoint.name)
        .join(RotationPoint, RotationPoint.id == served.c.point_id)
        .where(where)
        .order_by(served.c.since, RotationPoint.name)
        .offset(offset)
        .limit(limit)
    )
    return total, [SourceRow(since, branch, name) for since, branch, name in session.execute(query)]
