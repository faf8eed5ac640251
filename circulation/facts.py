"""From the database to the facts of the rules, and the locks.

The order of locks is the same everywhere: the queue of the title, the item, the patrons, last the
receipts of a library. The item is first read unlocked to learn its title; whatever decides is read
again after the locks. On SQLite the writing transaction itself is the lock.
"""

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, TypeVar

from sqlalchemy import and_, bindparam, func, select, text
from sqlalchemy.orm import Session, aliased
from sqlalchemy.orm.attributes import set_committed_value

from cataloging.models import Barcode, Item, Record
from cataloging.models import Collection as StockCollection
from cataloging.numbers import accession_key, barcode_key
from circulation.models import HOLD_HAS_ITEM, HOLD_IS_OPEN, Hold, Loan, Transit
from circulation.patrons.models import Patron, PatronCard, PatronCategory
from circulation.patrons.patrons import age_on
from circulation.policies import Branch
from circulation.rotation.models import Consignment, ConsignmentLine, RotationPoint
from circulation.rules.checkout import CopyState
from ils.core.db import in_one_message, is_sqlite
from ils.core.errors import Refused

Open = TypeVar("Open", Transit, Hold, ConsignmentLine)

_QUEUE_LOCK, _RECEIPT_LOCK = 7101, 7102
LOCK_FIRST, LOCKED = "lock_first", "locked"  # of a session: items to be locked, and locked already


# --- locks -----------------------------------------------------------------------------------


def lock(
    session: Session,
    *,
    records: Collection[int] = (),
    items: Collection[int] = (),
    patrons: Collection[int] = (),
) -> None:
    """Lock hold queues, items and patrons, in this order, each by ascending id."""
    if is_sqlite(session):
        return
    for record_id in sorted(set(records)):
        session.execute(_ADVISORY, {"space": _QUEUE_LOCK, "id": record_id})
    if items or patrons:
        items = {*items, *session.info.pop(LOCK_FIRST, ())}
        session.info.setdefault(LOCKED, set()).update(items)
    for table, ids in ((Item, items), (Patron, patrons)):
        for one in sorted(set(ids)):
            session.execute(select(table.id).where(table.id == one).with_for_update(key_share=True))


def require_locked(session: Session, items: Collection[int]) -> None:
    """Let an act go on that comes to further items late, if it has locked them.

    Raises ``Refused('lost_race')``, which names those it has not: tried again, the act locks them
    first (``desk.perform``), since locked now they would come after the patron.
    """
    missing = set() if is_sqlite(session) else {*items} - session.info.get(LOCKED, set())
    if missing:
        raise Refused("lost_race", items=sorted(missing))


def lock_for_item(
    session: Session, record_id: int, item_id: int, patrons: Collection[int] = ()
) -> bool:
    """Lock the queue of a title, one of its items, and the patrons: those named and the one who
    has the item on loan. Returns False where nobody waits for the title."""
    if is_sqlite(session):
        return True  # asked when it is needed
    if session.info.get(LOCK_FIRST):
        lock(session, records=[record_id], items=[item_id])
    session.info.setdefault(LOCKED, set()).add(item_id)
    own = ", ".join(f"{one:d}" for one in sorted(set(patrons))) or "NULL"
    row = in_one_message(
        session,  # each statement sees what was committed while the one before waited
        f"SELECT pg_advisory_xact_lock({_QUEUE_LOCK:d}, {record_id:d})",
        f"SELECT id FROM item WHERE id = {item_id:d} FOR NO KEY UPDATE",
        f"SELECT id FROM patron WHERE id IN ({own}) OR id = (SELECT patron_id FROM loan"
        f" WHERE item_id = {item_id:d} AND closed_at IS NULL) ORDER BY id FOR NO KEY UPDATE",
        f"SELECT EXISTS (SELECT 1 FROM hold WHERE record_id = {record_id:d} AND {HOLD_IS_OPEN})",
    )
    return bool(row and row[0])


def lock_receipts(session: Session, library_id: int) -> None:
    """Lock the receipt series of a library, after everything else."""
    if not is_sqlite(session):
        session.execute(_ADVISORY, {"space": _RECEIPT_LOCK, "id": library_id})


_ADVISORY = text("SELECT pg_advisory_xact_lock(:space, :id)")


# --- what was scanned ------------------------------------------------------------------------


_BY_BARCODE = (
    select(Barcode.item_id, Barcode.card_id, Item.record_id, Item.lifecycle)
    .outerjoin(Item, Item.id == Barcode.item_id)
    .where(Barcode.value == bindparam("value"))
)
_BY_ACCESSION = select(Item.id, Item.record_id, Item.lifecycle).where(
    Item.accession_key == bindparam("value"), Item.owner_id == bindparam("library_id")
)


@dataclass(frozen=True)
class Found:
    """What a scanned text names: an item (with its record and lifecycle) or a card."""

    item_id: int | None = None
    record_id: int | None = None
    card_id: int | None = None
    lifecycle: str | None = None


def find_scanned(session: Session, typed: str, library_id: int) -> Found:
    """Resolve a scanned barcode: the shared barcode table, else an accession number of the
    library, with or without dots and leading zeros."""
    value = barcode_key(typed)
    row = session.execute(_BY_BARCODE, {"value": value}).first()
    if row is not None:
        return Found(row.item_id, row.record_id, row.card_id, row.lifecycle)
    key = accession_key(typed)
    rows = session.execute(_BY_ACCESSION, {"value": key, "library_id": library_id}).all()
    if len(rows) != 1:
        return Found()
    return Found(rows[0].id, rows[0].record_id, lifecycle=rows[0].lifecycle)


# --- the item --------------------------------------------------------------------------------


@dataclass(frozen=True)
class BoxAtDesk:
    """The box of a rotating set that a copy is in: its number, where it was sent from and to."""

    id: int
    number: str
    point: str
    branch_id: int

    def words(self) -> dict[str, Any]:
        """Return what a sentence says of it."""
        return {"box_id": self.id, "box": self.number, "point": self.point}


@dataclass
class ItemAtDesk:
    """An item with its title and its open rows. ``hold`` is the one that has it in hand."""

    item: Item
    title: str
    author: str
    call_number: str
    main_class: str
    language: str
    material: str
    collection: str | None
    barcode: str | None
    loan: Loan | None
    transit: Transit | None = None
    hold: Hold | None = None
    line: ConsignmentLine | None = None  # of the box it is in
    box: BoxAtDesk | None = None

    @property
    def position(self) -> str:
        """Return what the item is doing; where it lies on a shelf is ``on_shelf``."""
        if self.loan is not None:
            return "on_loan"
        if self.transit is not None:
            return "in_transit"
        if self.hold is not None and self.hold.state != "targeted":
            return "hold_shelf"
        if self.line is not None:
            return "at_point"
        return "on_shelf"

    def state(self) -> CopyState:
        """Return the item as the rules of check-out see it."""
        waiting = self.hold if self.hold and self.hold.state in ("ready", "in_transit") else None
        return CopyState(
            position=self.position,
            lifecycle=self.item.lifecycle,
            use=self.item.use,
            item_type=self.item.item_type,
            loan_patron_id=self.loan.patron_id if self.loan else None,
            loan_due_on=self.loan.due_on if self.loan else None,
            hold_patron_id=waiting.patron_id if waiting else None,
            hold_id=waiting.id if waiting else None,
            note=self.item.note,
            price=self.item.price,
            box_id=self.line.consignment_id if self.line else None,
            box_at=self.line.at_branch_id if self.line else None,
            box=self.box.number if self.box else "",
            point=self.box.point if self.box else "",
        )

    def statistics(self) -> dict[str, Any]:
        """Return the columns of the event log that freeze what the item is."""
        return {
            "item_id": self.item.id,
            "record_id": self.item.record_id,
            "item_class": self.main_class or "x",
            "item_type": self.item.item_type,
            "language": self.language or None,
            "collection": self.collection,
            "material": self.material,
        }

    def about(self) -> dict[str, Any]:
        """Return the item as an answer shows it."""
        item = self.item
        return {
            "id": item.id,
            "barcode": self.barcode or item.barcode or item.accession_no,
            "accession_no": item.accession_no,
            "record_id": item.record_id,
            "title": self.title,
            "author": self.author,
            "call_number": item.call_number or self.call_number,
            "branch_id": item.branch_id,
            "owner_id": item.owner_id,
            "item_type": item.item_type,
            "use": item.use,
            "lifecycle": item.lifecycle,
        }


def loan_about(loan: Loan) -> dict[str, Any]:
    """Return a loan as an answer shows it."""
    return {
        "id": loan.id,
        "kind": loan.kind,
        "started_on": loan.started_on,
        "due_on": loan.due_on,
        "renewals": loan.renewals,
        "branch_id": loan.branch_id,
    }


# Written out, not bound: only so do both databases use the partial indexes made of these words.
HAS_ITEM = text(re.sub(r"\b(item_id|state|ready_on|cleared_at)\b", r"hold.\1", HOLD_HAS_ITEM))
IS_OPEN = text(f"hold.{HOLD_IS_OPEN}")

_ITEM = (
    select(
        Item,
        Record.title,
        Record.author,
        Record.call_number,
        Record.main_class,
        Record.language,
        Record.material,
        StockCollection.code,
        Barcode.value,
        Loan,
        Transit.id,
        Hold.id,
        ConsignmentLine.id,
    )
    .join(Record, Record.id == Item.record_id)
    .outerjoin(StockCollection, StockCollection.id == Item.collection_id)
    .outerjoin(Barcode, Barcode.item_id == Item.id)
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
    .where(Item.id == bindparam("item_id"))
    .limit(1)
    .execution_options(populate_existing=True)
)


def item_at_desk(session: Session, item_id: int, of_record: int | None = None) -> ItemAtDesk:
    """Read an item with its open rows; call it after the locks.

    Raises ``Refused("lost_race")`` where the queue of ``of_record`` was locked and the item has
    gone to another record meanwhile.
    """
    row: Any = session.execute(_ITEM, {"item_id": item_id}).one()
    known: Any = row[:-3]
    transit_id, hold_id, line_id = row[-3:]  # seldom there: read with their columns where so
    item = ItemAtDesk(*known)
    item.transit = _anew(session, Transit, transit_id)
    item.hold = _anew(session, Hold, hold_id)
    item.line = _anew(session, ConsignmentLine, line_id)
    if of_record is not None and item.item.record_id != of_record:
        raise Refused("lost_race")
    if item.line is not None:
        box, point = session.execute(
            select(Consignment, RotationPoint.name)
            .join(RotationPoint, RotationPoint.id == Consignment.point_id)
            .where(Consignment.id == item.line.consignment_id)
        ).one()
        item.box = BoxAtDesk(box.id, box.number, point, box.branch_id)
    return item


def _anew(session: Session, kind: type[Open], row_id: int | None) -> Open | None:
    return session.get_one(kind, row_id, populate_existing=True) if row_id is not None else None


_TOUCH = (
    Item.__table__.update()  # type: ignore[attr-defined]
    .where(Item.__table__.c.id == bindparam("the_item"))
    .values(located_id=bindparam("at"), last_seen_at=bindparam("seen"), last_act=bindparam("act"))
)


def touch(session: Session, item: Item, at: int, now: datetime, act: str) -> None:
    """Note where an item was last seen, without making a new version of the item."""
    session.execute(_TOUCH, {"the_item": item.id, "at": at, "seen": now, "act": act})
    for name, value in (("located_id", at), ("last_seen_at", now), ("last_act", act)):
        set_committed_value(item, name, value)


# --- the patron ------------------------------------------------------------------------------


@dataclass
class PatronAtDesk:
    """A patron with the card scanned (or the active one) and the category."""

    patron: Patron
    card: PatronCard | None
    category: PatronCategory
    today: date
    child_below: int

    @property
    def age(self) -> int | None:
        """Return the age in years, if known."""
        return age_on(self.patron, self.today)

    @property
    def child(self) -> bool:
        """Tell whether the patron counts as a child today."""
        age = self.age
        return self.category.child if age is None else age < self.child_below

    def statistics(self) -> dict[str, Any]:
        """Return the columns of the event log that freeze who the patron is; a visitor is nobody."""
        if self.patron.visitor_on is not None:
            return {}
        return {
            "patron_ref": self.patron.id,
            "age_band": "child" if self.child else "adult",
            "sex": self.patron.sex,
            "category": self.patron.category,
            "commune": self.patron.commune or None,
        }

    def about(self) -> dict[str, Any]:
        """Return the patron as an answer shows it."""
        return {
            "id": self.patron.id,
            "name": self.patron.name,
            "card": self.card.number if self.card else None,
            "category": self.patron.category,
            "branch_id": self.patron.branch_id,
            "library_id": self.patron.library_id,
        }


_PATRON = (
    select(Patron, PatronCard, PatronCategory)
    .join(PatronCategory, PatronCategory.code == Patron.category)
    .execution_options(populate_existing=True)
)
_BY_ID = (
    _PATRON.outerjoin(
        PatronCard, and_(PatronCard.patron_id == Patron.id, PatronCard.state == "active")
    )
    .where(Patron.id == bindparam("patron_id"))
    .limit(1)
)
# The card of a record that was merged into another leads to that one.
_REGISTERED = aliased(Patron)
_OWNER = func.coalesce(_REGISTERED.merged_into_id, _REGISTERED.id)
_BY_CARD = (
    _PATRON.join(_REGISTERED, Patron.id == _OWNER)
    .join(PatronCard, PatronCard.patron_id == _REGISTERED.id)
    .where(PatronCard.number == bindparam("number"))
)
_CARD_OWNER = (
    select(_OWNER)
    .join(PatronCard, PatronCard.patron_id == _REGISTERED.id)
    .where(PatronCard.number == bindparam("number"))
)


def patron_of_card(session: Session, number: str) -> int | None:
    """Return whose card this is, of whatever state."""
    return session.scalar(_CARD_OWNER, {"number": barcode_key(number)})


def patron_at_desk(
    session: Session,
    here: Branch,
    today: date,
    *,
    card: str | None = None,
    patron_id: int | None = None,
) -> PatronAtDesk | None:
    """Read a patron by card or id; call it after the locks."""
    if card is not None:
        row = session.execute(_BY_CARD, {"number": barcode_key(card)}).first()
    else:
        row = session.execute(_BY_ID, {"patron_id": patron_id}).first()
    return PatronAtDesk(*row, today, here.settings.child_below) if row else None


# --- the queue of a title --------------------------------------------------------------------


_QUEUE = (
    select(Hold, Patron)
    .join(Patron, Patron.id == Hold.patron_id)
    .where(Hold.record_id == bindparam("record_id"), IS_OPEN)
    .order_by(Hold.queue_class, Hold.order_ts, Hold.id)
    .execution_options(populate_existing=True)
)


def open_holds(session: Session, record_id: int) -> Sequence[tuple[Hold, Patron]]:
    """Return the open holds of a title with their readers, in queue order."""
    return [(hold, patron) for hold, patron in session.execute(_QUEUE, {"record_id": record_id})]
