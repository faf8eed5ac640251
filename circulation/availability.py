"""Where copies are now, for the catalogue's pages; and why an item may not go."""

from collections import defaultdict
from collections.abc import Collection, Iterable
from datetime import date, datetime, timedelta
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, and_, select
from sqlalchemy.orm import Session

from cataloging.hooks import Availability, Veto
from cataloging.models import Item
from circulation.facts import HAS_ITEM, lock
from circulation.models import Hold, Loan, Transit
from circulation.policies import branch
from circulation.rotation.models import Consignment, ConsignmentLine, RotationPoint
from circulation.rules.states import OPEN
from ils.core import clock

SHELVED = ("on_shelf", "to_shelve")
JUST_BACK = ("check_in", "in_house")


class Position(NamedTuple):
    """What a copy is doing. ``available`` means a reader may come for it now."""

    position: str
    available: bool
    due_on: date | None = None
    branch_id: int | None = None
    place: str = ""
    packed: bool = False


def positions(
    session: Session, item_ids: Collection[int], now: datetime | None = None
) -> dict[int, Position]:
    """Return the position of each item, live from the rows that say so."""
    return {
        item.id: found
        for item, found in _positions(session, Item.id.in_(list(item_ids)), now or clock.now())
    }


def availability_of(session: Session, record_ids: Iterable[int]) -> dict[int, list[Availability]]:
    """Return, by record, where its copies are; withdrawn ones are left out."""
    wanted = and_(Item.record_id.in_(list(record_ids)), Item.lifecycle != "withdrawn")
    found: dict[int, list[Availability]] = defaultdict(list)
    for item, now in _positions(session, wanted, clock.now()):
        found[item.record_id].append(
            Availability(
                item_id=item.id,
                record_id=item.record_id,
                owner_id=item.owner_id,
                branch_id=item.branch_id,
                position=now.position,
                available=now.available,
                due_on=now.due_on,
                place=now.place,
                packed=now.packed,
            )
        )
    return dict(found)


def _positions(
    session: Session, wanted: ColumnElement[bool], now: datetime
) -> list[tuple[Item, Position]]:
    rows = session.execute(
        select(
            Item,
            Loan.due_on,
            Transit.to_branch_id,
            Hold.state,
            Hold.pickup_branch_id,
            ConsignmentLine,
            RotationPoint.name,
        )
        .outerjoin(Loan, and_(Loan.item_id == Item.id, Loan.closed_at.is_(None)))
        .outerjoin(
            Transit,
            and_(
                Transit.item_id == Item.id,
                Transit.received_at.is_(None),
                Transit.cancelled_at.is_(None),
            ),
        )
        .outerjoin(Hold, and_(Hold.item_id == Item.id, HAS_ITEM))
        .outerjoin(
            ConsignmentLine,
            and_(ConsignmentLine.item_id == Item.id, ConsignmentLine.closed_at.is_(None)),
        )
        .outerjoin(Consignment, Consignment.id == ConsignmentLine.consignment_id)
        .outerjoin(RotationPoint, RotationPoint.id == Consignment.point_id)
        .where(wanted)
        .order_by(Item.id)
    ).all()
    return [(row[0], _position(session, row, now)) for row in rows]


def _position(session: Session, row: Any, now: datetime) -> Position:
    item, due_on, to_branch, hold_state, pickup, line, point = row
    if due_on is not None:
        return Position("on_loan", available=False, due_on=due_on)
    if to_branch is not None:
        return Position("in_transit", available=False, branch_id=to_branch)
    if hold_state is not None and hold_state != "targeted":
        return Position("hold_shelf", available=False, branch_id=pickup)
    if line is not None:
        return Position(
            "at_point",
            available=False,
            branch_id=line.at_branch_id,
            place=point,
            packed=line.state == "packed",
        )
    here = Position(
        "to_shelve" if _just_back(session, item, now) else "on_shelf",
        available=item.lifecycle == "active" and item.use == "loan" and hold_state is None,
        branch_id=item.located_id,
    )
    in_room = item.lifecycle == "active" and item.use == "reading_room"
    return here._replace(available=True) if in_room and hold_state is None else here


def _just_back(session: Session, item: Item, now: datetime) -> bool:
    if item.last_act not in JUST_BACK or item.last_seen_at is None:
        return False
    hours = branch(session, item.located_id).settings.to_shelve_hours
    return now - item.last_seen_at < timedelta(hours=hours)


def item_vetoes(session: Session, item_id: int) -> list[Veto]:
    """Return why an item may not be withdrawn, deleted or moved to another record.

    Locks the title's queue and the item, in the order of every act at the desk, so that the
    answer stays true until the caller's transaction ends.
    """
    lock_items(session, [item_id])
    return vetoes_of(session, [item_id]).get(item_id, [])


def lock_items(session: Session, item_ids: Iterable[int]) -> None:
    """Lock the queues of items' titles, then the items."""
    ids = list(item_ids)
    records = session.scalars(select(Item.record_id).where(Item.id.in_(ids))).all()
    if records:
        lock(session, records=records, items=ids)


def lock_queues(session: Session, record_ids: Iterable[int]) -> None:
    """Lock the queues of titles."""
    lock(session, records=list(record_ids))


def record_vetoes_of(session: Session, record_ids: Iterable[int]) -> dict[int, list[Veto]]:
    """Return why records must stay: a reader has asked for the title, whichever copy comes."""
    found: dict[int, list[Veto]] = defaultdict(list)
    wanted = select(Hold.record_id, Hold.id).where(
        Hold.record_id.in_(list(record_ids)), Hold.state.in_(OPEN)
    )
    for record_id, hold_id in session.execute(wanted):
        found[record_id].append(Veto("title_on_hold", hold_id=hold_id))
    return dict(found)


def vetoes_of(session: Session, item_ids: Iterable[int]) -> dict[int, list[Veto]]:
    """Return why items must stay as they are: on loan, on their way, in a box, kept for a reader."""
    ids = list(item_ids)
    found: dict[int, list[Veto]] = defaultdict(list)

    def object_to(item_id: int | None, veto: Veto) -> None:
        if item_id is not None:
            found[item_id].append(veto)

    loans = select(Loan.item_id, Loan.id).where(Loan.item_id.in_(ids), Loan.closed_at.is_(None))
    for item_id, loan_id in session.execute(loans):
        object_to(item_id, Veto("on_loan", loan_id=loan_id))
    under_way = select(Transit.item_id).where(
        Transit.item_id.in_(ids), Transit.received_at.is_(None), Transit.cancelled_at.is_(None)
    )
    for sent in session.scalars(under_way.distinct()):
        object_to(sent, Veto("in_transit"))
    in_box = select(ConsignmentLine.item_id).where(
        ConsignmentLine.item_id.in_(ids), ConsignmentLine.closed_at.is_(None)
    )
    for packed in session.scalars(in_box.distinct()):
        object_to(packed, Veto("at_point"))
    kept = select(Hold.item_id, Hold.id).where(
        Hold.item_id.in_(ids), HAS_ITEM, Hold.state != "targeted"
    )
    for waiting, hold_id in session.execute(kept):
        object_to(waiting, Veto("on_hold_shelf", hold_id=hold_id))
    wanted = select(Hold.item_level_item_id, Hold.id).where(
        Hold.item_level_item_id.in_(ids), Hold.state.in_(OPEN)
    )
    for asked, hold_id in session.execute(wanted):
        object_to(asked, Veto("hold_for_this_item", hold_id=hold_id))
    return dict(found)
