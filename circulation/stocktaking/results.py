"""What a stock-taking shows: how far it is, the copies of a group, the sums of the minutes."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import case, func, select
from sqlalchemy.orm import Session

from cataloging.models import Collection, Item, Record
from circulation.rules.stock_take import GROUPS
from circulation.stocktaking.models import StockTake, StockTakeItem, StockTakeScan
from ils.org.units import unit_names


@dataclass(frozen=True)
class Stretch:
    """A part of the stock and how much of it was seen."""

    name: str
    expected: int
    seen: int


@dataclass(frozen=True)
class Progress:
    """How far a count is."""

    expected: int
    seen: int
    scans: int
    outside: int
    unknown: int
    parts: list[Stretch]
    scanners: list[tuple[str, int]]


_SEEN = func.sum(case((StockTakeItem.seen_at.is_not(None), 1), else_=0))


def progress_of(session: Session, take: StockTake) -> Progress:
    """Return how far a count is, by branch and collection and by scanner."""
    names = unit_names(session)
    rows = session.execute(
        select(
            StockTakeItem.branch_id,
            Collection.code,
            Collection.name,
            func.count(),
            _SEEN,
        )
        .join(Item, Item.id == StockTakeItem.item_id)
        .outerjoin(Collection, Collection.id == Item.collection_id)
        .where(StockTakeItem.take_id == take.id, StockTakeItem.in_scope)
        .group_by(StockTakeItem.branch_id, Collection.code, Collection.name)
        .order_by(StockTakeItem.branch_id, Collection.code)
    ).all()
    parts = [
        Stretch(" – ".join(p for p in (names.get(r[0], ""), r[2] or "") if p), r[3], int(r[4] or 0))
        for r in rows
    ]
    scans = session.execute(
        select(
            func.count(),
            func.sum(case((StockTakeScan.item_id.is_(None), 1), else_=0)),
        ).where(StockTakeScan.take_id == take.id)
    ).one()
    outside = session.scalar(
        select(func.count()).where(
            StockTakeItem.take_id == take.id, StockTakeItem.in_scope.is_(False)
        )
    )
    scanners = session.execute(
        select(StockTakeScan.scanner, func.count())
        .where(StockTakeScan.take_id == take.id)
        .group_by(StockTakeScan.scanner)
        .order_by(StockTakeScan.scanner)
    ).all()
    return Progress(
        expected=sum(one.expected for one in parts),
        seen=sum(one.seen for one in parts),
        scans=scans[0],
        outside=outside or 0,
        unknown=int(scans[1] or 0),
        parts=parts,
        scanners=[(row[0], row[1]) for row in scanners],
    )


def rows_of_group(
    session: Session, take: StockTake, group: str, *, limit: int, offset: int = 0
) -> list[dict[str, Any]]:
    """Return copies of a group in shelf order, ready for a list."""
    names = unit_names(session)
    rows = session.execute(
        select(StockTakeItem, Item, Record.title, Record.author, Record.call_number)
        .join(Item, Item.id == StockTakeItem.item_id)
        .join(Record, Record.id == Item.record_id)
        .where(StockTakeItem.take_id == take.id, StockTakeItem.result == group)
        .order_by(Item.shelf, Item.call_sort, Item.accession_key, Item.id)
        .limit(limit)
        .offset(offset)
    )
    return [
        {
            "item_id": item.id,
            "accession_no": item.accession_no or item.barcode,
            "title": title,
            "author": author,
            "call_number": item.call_number or of_title,
            "branch": names.get(row.branch_id, ""),
            "price": row.price,
            "seen_at": row.seen_at,
            "seen_branch": names.get(row.seen_branch_id or 0, ""),
            "applied": row.applied_at is not None,
        }
        for row, item, title, author, of_title in rows
    ]


def sums_of(session: Session, take: StockTake) -> dict[str, tuple[int, int]]:
    """Return copies and đồng of each group of a closed stock-taking."""
    rows = session.execute(
        select(
            StockTakeItem.result,
            func.count(),
            func.sum(func.coalesce(StockTakeItem.price, 0)),
        )
        .where(StockTakeItem.take_id == take.id)
        .group_by(StockTakeItem.result)
    )
    found = dict.fromkeys(GROUPS, (0, 0))
    found |= {group: (int(n), int(total or 0)) for group, n, total in rows if group}
    return found


def last_scans(session: Session, take: StockTake, most: int = 15) -> Sequence[StockTakeScan]:
    """Return the newest scans."""
    return session.scalars(
        select(StockTakeScan)
        .where(StockTakeScan.take_id == take.id)
        .order_by(StockTakeScan.id.desc())
        .limit(most)
    ).all()
