"""Old issues: popular newspapers and magazines are given away some years after they appeared.

Source: Circular 02/2020 of the Ministry of Culture on weeding (popular newspapers and magazines
after two years). What is bound is a book, and weeded as books are.
"""

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from cataloging.models import Record
from cataloging.permissions import EDIT_SERIALS
from cataloging.serials.models import SerialIssue, SerialTitle, SerialVolumeIssue
from cataloging.serials.titles import title_for
from ils.accounts.actor import Actor
from ils.core import clock
from ils.core.audit import audit
from ils.core.errors import Invalid

YEARS = 2


def old_since(years: int) -> date:
    """Return the day before which issues are older than so many years."""
    today = clock.today()
    return date(today.year - years, today.month, min(today.day, 28))


def _old(before: date) -> Select[Any]:
    """Query issues from before a day that are here, single, and no copies with a barcode: those
    are weeded with the copies."""
    return (
        select(SerialIssue)
        .join(SerialTitle, SerialTitle.id == SerialIssue.serial_id)
        .outerjoin(SerialVolumeIssue, SerialVolumeIssue.issue_id == SerialIssue.id)
        .where(SerialIssue.state == "arrived", SerialIssue.day < before)
        .where(SerialVolumeIssue.issue_id.is_(None), SerialIssue.change_set_id.is_(None))
    )


def old_issues(
    session: Session, library_id: int, years: int = YEARS
) -> list[tuple[SerialIssue, SerialTitle, Record]]:
    """Return the issues of a library that are older than so many years, title by title."""
    query = (
        _old(old_since(years))
        .add_columns(SerialTitle, Record)
        .join(Record, Record.id == SerialTitle.record_id)
        .where(SerialTitle.library_id == library_id)
        .order_by(Record.title_sort, SerialTitle.id, SerialIssue.day)
    )
    return [(row, title, record) for row, title, record in session.execute(query)]


def old_by_title(
    session: Session, library_id: int, years: int = YEARS
) -> list[tuple[SerialTitle, Record, Sequence[SerialIssue]]]:
    """Return the same, the issues of each title together."""
    found: dict[int, tuple[SerialTitle, Record, list[SerialIssue]]] = {}
    for row, title, record in old_issues(session, library_id, years):
        found.setdefault(title.id, (title, record, []))[2].append(row)
    return list(found.values())


def discard_before(session: Session, actor: Actor, serial_id: int, before: date) -> int:
    """Say that the single issues of a title from before a day are kept no more; return how many.

    They leave the statement of holdings and stay on the card.
    """
    title = title_for(session, actor, serial_id, EDIT_SERIALS, lock=True)
    if before > clock.today() - timedelta(days=30):
        raise Invalid("discard_too_new", field="before")
    rows = session.scalars(_old(before).where(SerialIssue.serial_id == title.id)).all()
    for row in rows:
        row.state, row.done_at, row.done_by = "discarded", clock.now(), actor.staff_id
    if rows:
        audit(session, actor, "serial_discarded", "serial", title.id, issues=len(rows))
    session.flush()
    return len(rows)


def keep_again(session: Session, actor: Actor, serial_id: int, on: date) -> int:
    """Take a discarding of a day back; return how many issues are kept again."""
    title = title_for(session, actor, serial_id, EDIT_SERIALS, lock=True)
    query = select(SerialIssue).where(
        SerialIssue.serial_id == title.id, SerialIssue.state == "discarded"
    )
    rows = [row for row in session.scalars(query) if clock.local_day(row.done_at) == on]
    for row in rows:
        row.state = "arrived"
    if rows:
        audit(session, actor, "serial_kept_again", "serial", title.id, issues=len(rows))
    session.flush()
    return len(rows)


def discards_of(session: Session, serial_id: int) -> dict[date, int]:
    """Return on which days issues of a title were discarded, and how many, the newest first."""
    query = select(SerialIssue.done_at).where(
        SerialIssue.serial_id == serial_id, SerialIssue.state == "discarded"
    )
    days = [clock.local_day(at) for at in session.scalars(query)]
    return {day: days.count(day) for day in sorted(set(days), reverse=True)}
