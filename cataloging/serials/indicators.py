"""The two figures of newspapers and magazines that need more than a fold of the log.

Titles taken are rows with a first and a last day, so any past day is answered. Bound volumes are
what the log says of serial copies, less the single issues that were made copies to be lent: a copy
is one of those when an issue's receipt made it, whatever the log knew when it was written.
"""

from collections.abc import Sequence
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, and_, case, func, or_, select
from sqlalchemy.orm import Session, aliased

from cataloging.models import Item, Record
from cataloging.serials.models import SerialIssue, SerialTitle
from ils.core.events import EventRow
from ils.reporting.folds import Tally
from ils.reporting.registry import SourceRow, Thing, indicator_source
from ils.reporting.totals import not_undone, tallies

TITLES_TAKEN = "TV.B04"
VOLUMES = "TV.B05"
SERIAL = "serial"
_ENTERED, _GONE = "item_accessioned", "item_withdrawn"


def declare() -> None:
    """Tell reporting where these indicators come from."""
    indicator_source(TITLES_TAKEN, titles_taken, title_rows, titles_by_unit)
    indicator_source(VOLUMES, volumes, volume_rows)


# --- titles ------------------------------------------------------------------------------------


def _taken_on(day: date) -> list[ColumnElement[bool]]:
    return [
        SerialTitle.starts_on <= day,
        or_(SerialTitle.ends_on.is_(None), SerialTitle.ends_on >= day),
    ]


def titles_by_unit(session: Session, _first: date, last: date) -> list[Thing]:
    """Return which titles each branch takes on the last day."""
    query = select(SerialTitle.branch_id, SerialTitle.library_id, SerialTitle.record_id)
    return [Thing(*row) for row in session.execute(query.where(*_taken_on(last)))]


def titles_taken(session: Session, first: date, last: date) -> list[Tally]:
    """Count the titles each branch takes on the last day."""
    return [
        Tally(one.unit_id, one.library_id, TITLES_TAKEN, material=SERIAL, n=1, quantity=1)
        for one in titles_by_unit(session, first, last)
    ]


def title_rows(
    session: Session, _first: date, last: date, units: tuple[int, ...], offset: int, limit: int
) -> tuple[int, Sequence[SourceRow]]:
    """List the titles some units take, branch by branch, in filing order."""
    where = [*_taken_on(last), SerialTitle.branch_id.in_(units)]
    total = session.scalar(select(func.count()).select_from(SerialTitle).where(*where)) or 0
    rows = session.execute(
        select(SerialTitle, Record.title)
        .join(Record, Record.id == SerialTitle.record_id)
        .where(*where)
        .order_by(Record.title_sort, SerialTitle.id)
        .offset(offset)
        .limit(limit)
    )
    return total, [
        SourceRow(one.starts_on, one.branch_id, title, one.record_id) for one, title in rows
    ]


# --- bound volumes -----------------------------------------------------------------------------


def _made_of_an_issue() -> ColumnElement[bool]:
    """SQL: the event's copy is a single issue."""
    return (
        select(Item.id)
        .join(SerialIssue, SerialIssue.change_set_id == Item.change_set_id)
        .where(Item.id == EventRow.item_id)
        .exists()
    )


def volumes(session: Session, _first: date, last: date) -> list[Tally]:
    """Count serial copies held on the last day, less the single issues among them."""
    held = [
        _tally(one.unit_id, one.library_id, one.quantity if one.kind == _ENTERED else -one.quantity)
        for one in tallies(session, None, last, (_ENTERED, _GONE))
        if one.material == SERIAL
    ]
    single = select(Item.id).join(SerialIssue, SerialIssue.change_set_id == Item.change_set_id)
    change = func.sum(
        case((EventRow.kind == _ENTERED, EventRow.quantity), else_=-EventRow.quantity)
    )
    query = (
        select(EventRow.unit_id, EventRow.library_id, change)
        .where(EventRow.item_id.in_(single), EventRow.kind.in_((_ENTERED, _GONE)))
        .where(EventRow.material == SERIAL, EventRow.effective_on <= last, not_undone())
        .group_by(EventRow.unit_id, EventRow.library_id)
    )
    return held + [
        _tally(unit or 0, library or 0, -int(n)) for unit, library, n in session.execute(query)
    ]


def _tally(unit_id: int, library_id: int, n: int) -> Tally:
    return Tally(unit_id, library_id, VOLUMES, material=SERIAL, n=n, quantity=n)


def volume_rows(
    session: Session, _first: date, last: date, units: tuple[int, ...], offset: int, limit: int
) -> tuple[int, Sequence[SourceRow]]:
    """List the bound volumes some units hold, the newest first."""
    gone: Any = aliased(EventRow)
    undone: Any = aliased(EventRow)
    left = (
        select(gone.id)
        .where(gone.item_id == EventRow.item_id, gone.kind == _GONE, gone.effective_on <= last)
        .where(~select(undone.id).where(undone.voids_id == gone.id).exists())
        .exists()
    )
    where = and_(
        EventRow.kind == _ENTERED,
        EventRow.material == SERIAL,
        EventRow.effective_on <= last,
        EventRow.unit_id.in_(units),
        not_undone(),
        ~left,
        ~_made_of_an_issue(),
    )
    total = session.scalar(select(func.count()).select_from(EventRow).where(where)) or 0
    rows = session.execute(
        select(EventRow, Record.title, Item.accession_no, Item.volume_key)
        .outerjoin(Record, Record.id == EventRow.record_id)
        .outerjoin(Item, Item.id == EventRow.item_id)
        .where(where)
        .order_by(EventRow.effective_on.desc(), EventRow.id.desc())
        .offset(offset)
        .limit(limit)
    )
    return total, [
        SourceRow(
            event.effective_on,
            event.unit_id or 0,
            " · ".join(part for part in (title, volume, number) if part),
            event.record_id,
            event.item_id,
        )
        for event, title, number, volume in rows
    ]
