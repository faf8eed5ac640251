"""Lists of holds that the day is worked by: to pull, on the shelf, to clear, of a patron."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from cataloging.models import Item, Record
from circulation.facts import HAS_ITEM, IS_OPEN
from circulation.models import Hold
from circulation.patrons.models import Patron, PatronCard
from circulation.queue import queue_of
from ils.core import clock


@dataclass(frozen=True)
class HoldRow:
    """A line of a list. ``place`` is the place in the queue where that is of interest."""

    hold: Hold
    title: str
    author: str
    patron: Patron | None
    card: str | None
    item: Item | None
    call_number: str = ""  # of the copy, or of its title
    place: int | None = None


_ROWS = (
    select(Hold, Record.title, Record.author, Patron, PatronCard.number, Item, Record.call_number)
    .join(Record, Record.id == Hold.record_id)
    .outerjoin(Patron, Patron.id == Hold.patron_id)
    .outerjoin(PatronCard, (PatronCard.patron_id == Patron.id) & (PatronCard.state == "active"))
    .outerjoin(Item, Item.id == Hold.item_id)
)
_OF_PATRON = _ROWS.where(Hold.patron_id == bindparam("patron_id"))
_OPEN_OF_PATRON = _OF_PATRON.where(IS_OPEN).order_by(Hold.requested_at, Hold.id)


def _line(row: Any, place: int | None = None) -> HoldRow:
    hold, title, author, patron, card, item, call_number = row
    call_number = (item.call_number if item else "") or call_number or ""
    return HoldRow(hold, title, author, patron, card, item, call_number, place)


def pull_list(session: Session, branch_id: int) -> list[HoldRow]:
    """Return the copies to fetch from the shelves of a branch, in shelf order."""
    query = _ROWS.where(Hold.state == "targeted", Item.located_id == branch_id).order_by(
        Item.shelf, Item.call_sort, Item.accession_key, Hold.id
    )
    return [_line(row) for row in session.execute(query)]


def shelf_list(session: Session, branch_id: int) -> list[HoldRow]:
    """Return what waits for readers at a branch, the first to expire first."""
    query = _ROWS.where(Hold.state == "ready", Hold.pickup_branch_id == branch_id).order_by(
        Hold.shelf_until, Hold.id
    )
    return [_line(row) for row in session.execute(query)]


def to_clear(session: Session, branch_id: int) -> list[HoldRow]:
    """Return the copies to take off the hold shelf of a branch and scan: expired or canceled."""
    query = (
        _ROWS.where(HAS_ITEM, Hold.state.in_(("expired_shelf", "cancelled", "not_collected")))
        .where(Item.located_id == branch_id)
        .order_by(Hold.shelf_until, Hold.id)
    )
    return [_line(row) for row in session.execute(query)]


def holds_of_patron(session: Session, patron_id: int, *, ended: int = 0) -> list[HoldRow]:
    """Return a patron's open holds with their places, then the newest ``ended`` ones."""
    now = clock.now()
    found = []
    for row in session.execute(_OPEN_OF_PATRON, {"patron_id": patron_id}):
        hold = row[0]
        waits = hold.state in ("queued", "targeted", "suspended")
        place = queue_of(session, hold.record_id, now).place(hold.id) if waits else None
        found.append(_line(row, place))
    if ended:
        over = _OF_PATRON.where(Hold.ended_at.is_not(None)).order_by(Hold.ended_at.desc())
        found += [
            _line(row) for row in session.execute(over.limit(ended), {"patron_id": patron_id})
        ]
    return found


def holds_of_record(session: Session, record_id: int) -> list[HoldRow]:
    """Return the open holds of a title in the order they are served."""
    query = _ROWS.where(Hold.record_id == record_id, IS_OPEN).order_by(
        Hold.queue_class, Hold.order_ts, Hold.id
    )
    queue = queue_of(session, record_id, clock.now())
    return [_line(row, queue.place(row[0].id)) for row in session.execute(query)]


def waiting_count(session: Session, record_id: int) -> int:
    """Count the readers who wait for a title."""
    return len(queue_of(session, record_id, clock.now()).facts())
