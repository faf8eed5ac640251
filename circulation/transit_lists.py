"""What is on its way to a branch or from it, looked through page by page."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, func, or_, select
from sqlalchemy.orm import Session

from cataloging.models import Item, Record
from circulation.models import Transit
from circulation.policies import branch
from circulation.searches import sought_before
from ils.core import clock
from ils.text.filing import filing_key


@dataclass(frozen=True)
class TransitRow:
    """A copy on its way: how long, whether too long, and whether it may be called missing."""

    transit: Transit
    item: Item
    title: str
    days: int
    late: bool = False
    may_be_missing: bool = False


@dataclass(frozen=True)
class OnTheWay:
    """Which copies are asked for; an empty word leaves a column open.

    ``direction`` is ``in`` (to the branch) or ``out`` (from it), ``other_id`` the branch at the
    other end, ``words`` part of a title or a number.
    """

    branch_id: int
    direction: str = "in"
    late: bool = False
    reason: str = ""
    other_id: int | None = None
    words: str = ""
    sort: str = ""


SORTS: dict[str, Any] = {
    "sent": Transit.sent_at,
    "title": Record.title_sort,
    "number": Item.accession_key,
    "why": Transit.reason,
}


def count_transits(session: Session, asked: OnTheWay, now: datetime | None = None) -> int:
    """Count what is on its way."""
    query = _query(session, asked, now or clock.now()).with_only_columns(func.count(Transit.id))
    return session.scalar(query) or 0


def transit_list(
    session: Session,
    asked: OnTheWay,
    now: datetime | None = None,
    *,
    limit: int | None = None,
    offset: int = 0,
) -> list[TransitRow]:
    """Return what is on its way, the oldest first where no other order is asked."""
    moment = now or clock.now()
    settings = branch(session, asked.branch_id).settings
    column = SORTS.get(asked.sort.removeprefix("-"), Transit.sent_at)
    order = column.desc() if asked.sort.startswith("-") else column.asc()
    query = _query(session, asked, moment).order_by(order, Transit.id).limit(limit).offset(offset)
    rows = []
    for transit, item, title in session.execute(query):
        days = (moment - transit.sent_at).days
        late = days > settings.transit_late_days
        searched = late and sought_before(session, item, "not_arrived")
        missing = searched and days >= settings.transit_missing_days
        rows.append(TransitRow(transit, item, title, days, late, missing))
    return rows


def other_ends(session: Session, branch_id: int, direction: str) -> list[int]:
    """Return the branches at the other end of what is on its way, to choose among."""
    here, other = _ends(direction)
    query = select(other).where(here == branch_id, *_OPEN).distinct()
    return sorted(session.scalars(query))


_OPEN = (Transit.received_at.is_(None), Transit.cancelled_at.is_(None))


def _ends(direction: str) -> tuple[Any, Any]:
    if direction == "in":
        return Transit.to_branch_id, Transit.from_branch_id
    return Transit.from_branch_id, Transit.to_branch_id


def _query(session: Session, asked: OnTheWay, moment: datetime) -> Any:
    here, other = _ends(asked.direction)
    wanted: list[ColumnElement[bool]] = [here == asked.branch_id, *_OPEN]
    if asked.late:
        days = branch(session, asked.branch_id).settings.transit_late_days
        wanted.append(Transit.sent_at <= moment - timedelta(days=days + 1))
    if asked.reason:
        wanted.append(Transit.reason == asked.reason)
    if asked.other_id is not None:
        wanted.append(other == asked.other_id)
    if asked.words:
        titles = Record.title.icontains(asked.words, autoescape=True)
        filed = Record.title_sort.contains(filing_key(asked.words), autoescape=True)
        numbers = or_(
            Item.accession_no.icontains(asked.words, autoescape=True),
            Item.barcode.icontains(asked.words, autoescape=True),
        )
        wanted.append(or_(titles, filed, numbers))
    return (
        select(Transit, Item, Record.title)
        .join(Item, Item.id == Transit.item_id)
        .join(Record, Record.id == Item.record_id)
        .where(*wanted)
    )
