"""Lists of holds that the day is worked by: to pull, on the shelf, to clear, of a patron."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import bindparam, case, func, or_, select
from sqlalchemy.orm import Session

from cataloging.models import Collection as StockCollection
from cataloging.models import Item, Record
from circulation.facts import HAS_ITEM, IS_OPEN
from circulation.models import Hold
from circulation.patrons.models import Patron, PatronCard
from circulation.policies import branch
from circulation.queue import queue_of
from ils.core import clock
from ils.text.filing import filing_key


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
    collection: str = ""

    @property
    def where(self) -> str:
        """Where the copy stands: its collection and shelf."""
        shelf = self.item.shelf if self.item else ""
        return ", ".join(filter(None, (self.collection, shelf)))


_VISITOR = case((Patron.visitor_on.is_not(None), Patron.name))  # the number of the day
_CODE = func.coalesce(PatronCard.number, _VISITOR)
_ROWS = (
    select(
        Hold,
        Record.title,
        Record.author,
        Patron,
        _CODE,
        Item,
        Record.call_number,
        StockCollection.name,
    )
    .join(Record, Record.id == Hold.record_id)
    .outerjoin(Patron, Patron.id == Hold.patron_id)
    .outerjoin(PatronCard, (PatronCard.patron_id == Patron.id) & (PatronCard.state == "active"))
    .outerjoin(Item, Item.id == Hold.item_id)
    .outerjoin(StockCollection, StockCollection.id == Item.collection_id)
)
_OF_PATRON = _ROWS.where(Hold.patron_id == bindparam("patron_id"))
_OPEN_OF_PATRON = _OF_PATRON.where(IS_OPEN).order_by(Hold.requested_at, Hold.id)


def _line(row: Any, place: int | None = None) -> HoldRow:
    hold, title, author, patron, card, item, call_number, collection = row
    call_number = (item.call_number if item else "") or call_number or ""
    return HoldRow(hold, title, author, patron, card, item, call_number, place, collection or "")


def pull_list(session: Session, branch_id: int) -> list[HoldRow]:
    """Return the copies to fetch from the shelves of a branch, in shelf order; slips are apart."""
    query = _ROWS.where(
        Hold.state == "targeted", Hold.kind == "hold", Item.located_id == branch_id
    ).order_by(
        func.coalesce(StockCollection.name, ""),
        Item.shelf,
        Item.call_sort,
        Item.accession_key,
        Hold.id,
    )
    return [_line(row) for row in session.execute(query)]


def stack_list(session: Session, branch_id: int, *, unprinted: bool = False) -> list[HoldRow]:
    """Return the slips the closed stack of a branch is to serve, the oldest request first."""
    query = _ROWS.where(
        Hold.state.in_(("targeted", "queued")),
        Hold.kind == "slip",
        Hold.pickup_branch_id == branch_id,
    ).order_by(Hold.requested_at, Hold.id)
    if unprinted:
        query = query.where(Hold.printed_at.is_(None), Hold.state == "targeted")
    return [_line(row) for row in session.execute(query)]


def shelf_list(session: Session, branch_id: int) -> list[HoldRow]:
    """Return what waits for readers at a branch, the first to expire first."""
    query = _ROWS.where(
        Hold.state == "ready",
        Hold.pickup_branch_id == branch_id,
        Hold.shelf_until.is_not(None),
    ).order_by(Hold.shelf_until, Hold.id)
    return [_line(row) for row in session.execute(query)]


def to_send(session: Session, branch_id: int) -> list[HoldRow]:
    """Return what lies on the hold shelf of a branch though its reader collects elsewhere by now."""
    query = _ROWS.where(
        Hold.state == "ready", Hold.shelf_until.is_(None), Item.located_id == branch_id
    ).order_by(Hold.ready_on, Hold.id)
    return [_line(row) for row in session.execute(query)]


def to_clear(session: Session, branch_id: int) -> list[HoldRow]:
    """Return the copies to take off the hold shelf of a branch and scan: expired or canceled."""
    query = (
        _ROWS.where(HAS_ITEM, Hold.state.in_(("expired_shelf", "cancelled", "not_collected")))
        .where(Item.located_id == branch_id)
        .order_by(Hold.shelf_until, Hold.id)
    )
    return [_line(row) for row in session.execute(query)]


@dataclass(frozen=True)
class Wanted:
    """Which holds of branches are asked for; an empty word leaves a column open."""

    branches: tuple[int, ...]
    state: str = ""
    kind: str = ""
    hopeless: bool = False
    words: str = ""  # in the title, or a card number


SORTS: dict[str, Sequence[Any]] = {
    "requested": (Hold.requested_at,),
    "title": (Record.title_sort,),
    "state": (Hold.state,),
    "until": (Hold.shelf_until,),
    "need_by": (Hold.need_by,),
}


def branch_holds(
    session: Session, wanted: Wanted, *, sort: str = "", limit: int = 50, offset: int = 0
) -> tuple[int, list[HoldRow]]:
    """Return how many open holds are collected at branches, and a page of them."""
    query = _ROWS.where(Hold.pickup_branch_id.in_(wanted.branches))
    if wanted.state == "expired_shelf":
        query = query.where(HAS_ITEM, Hold.state == "expired_shelf")
    else:
        query = query.where(IS_OPEN)
        if wanted.state:
            query = query.where(Hold.state == wanted.state)
    if wanted.kind:
        query = query.where(Hold.kind == wanted.kind)
    if wanted.hopeless:
        query = query.where(Hold.hopeless)
    if wanted.words:
        number = wanted.words.upper()
        titles = Record.title.icontains(wanted.words, autoescape=True)
        filed = Record.title_sort.contains(filing_key(wanted.words), autoescape=True)
        query = query.where(or_(titles, filed, PatronCard.number == number))
    total = session.scalar(select(func.count()).select_from(query.order_by(None).subquery())) or 0
    chosen = SORTS.get(sort.removeprefix("-"), (Hold.requested_at,))
    order = [column.desc() if sort.startswith("-") else column.asc() for column in chosen]
    rows = session.execute(query.order_by(*order, Hold.id).limit(limit).offset(offset))
    return total, [_line(row) for row in rows]


@dataclass(frozen=True)
class Demand:
    """A title with the readers who wait for it and the copies that can serve them."""

    record_id: int
    title: str
    author: str
    holds: int
    copies: int

    @property
    def per_copy(self) -> float:
        """Return the holds for each copy; all of them where there is no copy."""
        return self.holds / max(1, self.copies)


def buy_more(session: Session, branch_ids: Collection[int], library_id: int) -> list[Demand]:
    """Return the titles whose readers at branches wait by more than the setting for each copy of
    the library, the most wanted first; those with no copy left are among them."""
    limit = branch(session, library_id).settings.buy_more_at
    waiting = (
        select(Hold.record_id, func.count().label("holds"))
        .where(
            Hold.kind == "hold",
            Hold.state.in_(("queued", "targeted", "suspended")),
            Hold.pickup_branch_id.in_(branch_ids),
        )
        .group_by(Hold.record_id)
        .subquery()
    )
    copies = (
        select(func.count())
        .where(
            Item.record_id == waiting.c.record_id,
            Item.owner_id == library_id,
            Item.lifecycle.in_(("active", "in_process")),
            Item.use == "loan",
        )
        .scalar_subquery()
    )
    rows = session.execute(
        select(Record.id, Record.title, Record.author, waiting.c.holds, copies).join(
            waiting, waiting.c.record_id == Record.id
        )
    )
    found = [Demand(*row) for row in rows]
    return sorted(
        (d for d in found if d.per_copy >= limit or not d.copies),
        key=lambda d: (-d.per_copy, d.title),
    )


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
