"""What is in a basket and how it gets there. A basket is its owner's alone."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from sqlalchemy import delete, func, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from cataloging.baskets.models import Basket, BasketItem, BasketRecord
from cataloging.duplicates.merged import where_all_now
from cataloging.models import Barcode, Item, Record
from cataloging.numbers import accession_key, barcode_key
from cataloging.permissions import VIEW_ITEM, VIEW_RECORD
from ils.accounts.actor import Actor
from ils.core.db import is_sqlite
from ils.core.errors import Invalid, NotFound, Refused
from ils.org.models import OrgUnit

MOST_IN_ONE: Final = 500_000
MOST_TYPED: Final = 10_000
AT_ONCE: Final = 400
WAYS: Final = ("add", "keep", "take")
_BETWEEN: Final = re.compile(r"[\r\n\t,;]+")
_OUR_NUMBER: Final = re.compile(r"#(\d{1,9})")


@dataclass
class Added:
    """What came into a basket, and what was typed that is nothing here."""

    records: int = 0
    items: int = 0
    unknown: list[str] = field(default_factory=list)


def baskets_of(session: Session, actor: Actor) -> list[tuple[Basket, int, int]]:
    """Return the actor's baskets by name, with how many records and copies are in each."""
    records = (
        select(func.count())
        .where(BasketRecord.basket_id == Basket.id)
        .correlate(Basket)
        .scalar_subquery()
    )
    items = (
        select(func.count())
        .where(BasketItem.basket_id == Basket.id)
        .correlate(Basket)
        .scalar_subquery()
    )
    rows = session.execute(
        select(Basket, records, items)
        .where(Basket.staff_id == actor.staff_id)
        .order_by(Basket.name)
    )
    return [(basket, n, copies) for basket, n, copies in rows]


def basket_for(session: Session, actor: Actor, basket_id: int) -> Basket:
    """Return a basket of the actor's own. Raises ``NotFound``, also for another's."""
    actor.require(VIEW_RECORD)
    found = session.get(Basket, basket_id)
    if found is None or found.staff_id != actor.staff_id:
        raise NotFound("basket_unknown", basket_id=basket_id)
    return found


def open_basket(session: Session, actor: Actor, name: str) -> Basket:
    """Return the actor's basket of a name, made if need be. Raises ``Invalid``."""
    actor.require(VIEW_RECORD)
    name = " ".join(name.split())
    if not name or len(name) > 80 or actor.staff_id is None:
        raise Invalid("basket_name_bad", field="name")
    wanted = select(Basket).where(Basket.staff_id == actor.staff_id, Basket.name == name)
    found = session.scalar(wanted)
    if found is None:
        found = Basket(staff_id=actor.staff_id, name=name)
        session.add(found)
        session.flush()
    return found


def delete_basket(session: Session, actor: Actor, basket_id: int) -> None:
    """Delete a basket; records and copies stay as they are."""
    session.delete(basket_for(session, actor, basket_id))
    session.flush()


def add_records(session: Session, actor: Actor, basket_id: int, ids: Iterable[int]) -> int:
    """Put records into a basket; return how many were not in it. Raises ``Refused`` when full."""
    basket = basket_for(session, actor, basket_id)
    before = how_many(session, basket.id)
    every = sorted(set(ids))
    if before + len(every) > MOST_IN_ONE:
        raise Refused("basket_full", most=MOST_IN_ONE)
    for start in range(0, len(every), AT_ONCE):
        part = every[start : start + AT_ONCE]
        there = session.scalars(
            select(Record.id).where(Record.id.in_(part), Record.deleted_at.is_(None))
        )
        _insert(session, BasketRecord, [{"basket_id": basket.id, "record_id": i} for i in there])
    return how_many(session, basket.id) - before


def add_copies(session: Session, actor: Actor, basket_id: int, ids: Iterable[int]) -> int:
    """Put copies, with their records, into a basket; return how many copies were not in it.

    Raises ``Refused`` when it is full.
    """
    basket = basket_for(session, actor, basket_id)
    before, every = how_many_items(session, basket.id), sorted(set(ids))
    for start in range(0, len(every), AT_ONCE):
        part = every[start : start + AT_ONCE]
        rows = session.execute(select(Item.id, Item.record_id).where(Item.id.in_(part))).all()
        add_records(session, actor, basket.id, {record_id for _item, record_id in rows})
        facts = {"basket_id": basket.id}
        _insert(
            session,
            BasketItem,
            [facts | {"item_id": one, "record_id": record_id} for one, record_id in rows],
        )
    return how_many_items(session, basket.id) - before


def add_typed(session: Session, actor: Actor, basket_id: int, text: str) -> Added:
    """Put in what was scanned, typed or pasted: barcodes, accession numbers, control numbers of
    records, or our record numbers with a ``#``, one on each line or parted by commas."""
    basket = basket_for(session, actor, basket_id)
    typed = list(dict.fromkeys(t for t in (one.strip() for one in _BETWEEN.split(text)) if t))
    if len(typed) > MOST_TYPED:
        raise Invalid("too_many_typed", field="numbers", most=MOST_TYPED)
    done = Added()
    before, copies_before = how_many(session, basket.id), how_many_items(session, basket.id)
    for start in range(0, len(typed), AT_ONCE):
        _add_some(session, actor, basket.id, typed[start : start + AT_ONCE], done)
    done.records = how_many(session, basket.id) - before
    done.items = how_many_items(session, basket.id) - copies_before
    return done


def _add_some(
    session: Session, actor: Actor, basket_id: int, typed: Sequence[str], done: Added
) -> None:
    items = items_meant(session, actor, typed)
    records = {item.record_id for item in items.values()}
    rest = [one for one in typed if one not in items]
    meant = records_meant(session, rest)
    records |= set(meant.values())
    done.unknown += [one for one in rest if one not in meant]
    _insert(session, BasketRecord, [{"basket_id": basket_id, "record_id": i} for i in records])
    _insert(
        session,
        BasketItem,
        [
            {"basket_id": basket_id, "item_id": item.id, "record_id": item.record_id}
            for item in items.values()
        ],
    )


def items_meant(session: Session, actor: Actor, typed: Sequence[str]) -> dict[str, Item]:
    """Return the copies that barcodes and accession numbers mean, those of one's own library
    first; a copy that the actor may not see is nothing here."""
    barcodes = {barcode_key(one): one for one in typed}
    keys = {key: one for one in typed if (key := accession_key(one))}
    paths: dict[int, str] = {}
    found: dict[str, Item] = {}

    def take(one: str, item: Item) -> None:
        if item.branch_id not in paths:
            paths[item.branch_id] = session.get_one(OrgUnit, item.branch_id).path
        known = found.get(one)
        if (known is None or known.owner_id != actor.library_id) and actor.can(
            VIEW_ITEM, paths[item.branch_id]
        ):
            found[one] = item

    by_number = select(Item).where(Item.accession_key.in_(keys)).order_by(Item.id.desc())
    for item in session.scalars(by_number):
        take(keys[item.accession_key or ""], item)
    by_barcode = select(Barcode.value, Item).join(Item, Item.id == Barcode.item_id)
    for value, item in session.execute(by_barcode.where(Barcode.value.in_(barcodes))):
        found.pop(barcodes[value], None)
        take(barcodes[value], item)
    return found


def records_meant(session: Session, typed: Sequence[str]) -> dict[str, int]:
    """Return the records that control numbers, and our record numbers with a ``#``, mean."""
    ours = {int(m[1]): one for one in typed if (m := _OUR_NUMBER.fullmatch(one))}
    there = Record.deleted_at.is_(None)
    ids = session.scalars(select(Record.id).where(Record.id.in_(ours), there))
    found = {ours[record_id]: record_id for record_id in ids}
    rest = [one for one in ours if ours[one] not in found]
    found |= {ours[one]: now for one, now in where_all_now(session, rest).items()}
    numbers = select(Record.control_number, Record.id).where(
        Record.control_number.in_([one for one in typed if one not in found]), there
    )
    found |= dict(session.execute(numbers).all())
    return found


def remove_records(session: Session, actor: Actor, basket_id: int, ids: Sequence[int]) -> None:
    """Take records, and their copies, out of a basket."""
    basket = basket_for(session, actor, basket_id)
    for table in (BasketRecord, BasketItem):
        session.execute(delete(table).where(table.basket_id == basket.id, table.record_id.in_(ids)))


def empty_basket(session: Session, actor: Actor, basket_id: int) -> None:
    """Take everything out of a basket."""
    basket = basket_for(session, actor, basket_id)
    for table in (BasketRecord, BasketItem):
        session.execute(delete(table).where(table.basket_id == basket.id))


def combine(session: Session, actor: Actor, basket_id: int, other_id: int, way: str) -> None:
    """Bring another basket in (``add``), keep what both have (``keep``), or take out what the other
    has (``take``). The other one stays as it is."""
    basket, other = (basket_for(session, actor, one) for one in (basket_id, other_id))
    if way not in WAYS:
        raise Invalid("basket_way_unknown", field="way")
    for table, key in ((BasketRecord, "record_id"), (BasketItem, "item_id")):
        kept: Any = table
        column = getattr(kept, key)
        of_other = select(column).where(kept.basket_id == other.id)
        if way == "add":
            columns = ["basket_id", *(c.name for c in kept.__table__.c if c.name != "basket_id")]
            rows = session.execute(select(kept.__table__).where(kept.basket_id == other.id))
            _insert(
                session,
                table,
                [
                    {
                        name: basket.id if name == "basket_id" else row._mapping[name]
                        for name in columns
                    }
                    for row in rows
                ],
            )
            continue
        within = column.in_(of_other) if way == "take" else column.not_in(of_other)
        session.execute(delete(table).where(kept.basket_id == basket.id, within))
    left = select(BasketRecord.record_id).where(BasketRecord.basket_id == basket.id)
    session.execute(  # a copy goes with its record
        delete(BasketItem).where(
            BasketItem.basket_id == basket.id, BasketItem.record_id.not_in(left)
        )
    )


def how_many(session: Session, basket_id: int) -> int:
    """Return how many records are in a basket."""
    query = select(func.count()).where(BasketRecord.basket_id == basket_id)
    return session.scalar(query) or 0


def how_many_items(session: Session, basket_id: int) -> int:
    """Return how many copies are in a basket."""
    query = select(func.count()).where(BasketItem.basket_id == basket_id)
    return session.scalar(query) or 0


def record_ids(session: Session, actor: Actor, basket_id: int) -> tuple[int, ...]:
    """Return the records in a basket, by number."""
    basket = basket_for(session, actor, basket_id)
    query = select(BasketRecord.record_id).where(BasketRecord.basket_id == basket.id)
    return tuple(session.scalars(query.order_by(BasketRecord.record_id)))


def item_ids(session: Session, actor: Actor, basket_id: int) -> tuple[int, ...]:
    """Return the copies in a basket, by number."""
    basket = basket_for(session, actor, basket_id)
    query = select(BasketItem.item_id).where(BasketItem.basket_id == basket.id)
    return tuple(session.scalars(query.order_by(BasketItem.item_id)))


def _insert(session: Session, table: Any, rows: Sequence[dict[str, Any]]) -> None:
    dialect = sqlite if is_sqlite(session) else postgresql
    for start in range(0, len(rows), AT_ONCE):
        session.execute(
            dialect.insert(table).on_conflict_do_nothing(), rows[start : start + AT_ONCE]
        )
