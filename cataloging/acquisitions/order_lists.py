"""Lists of orders: by stage, those that are late, as pages and on paper."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from sqlalchemy import Select, and_, func, select
from sqlalchemy.orm import Session

from cataloging.acquisitions.models import OrderLine, OrderReceipt, PurchaseOrder, Supplier
from cataloging.acquisitions.receipts import received_of
from cataloging.acquisitions.rules.ordering import is_late, net_price, stage_of
from cataloging.models import Item
from cataloging.stockbook.models import Voucher, VoucherLine
from ils.core import clock
from ils.org.office import office_of
from ils.printing.listing import Column, Listing
from ils.text.normal import fold

MOST_ROWS: Final = 2000
STAGES: Final = ("open", "late", "draft", "sent", "partly", "received", "cancelled", "")
SORTS: Final[dict[str, Any]] = {
    "number": (PurchaseOrder.year, PurchaseOrder.serial),
    "supplier": (Supplier.name_sort,),
    "dated_on": (PurchaseOrder.dated_on,),
    "expected_on": (PurchaseOrder.expected_on,),
}
STAGES_VI: Final = {
    "draft": "Bản nháp",
    "sent": "Đã gửi",
    "partly": "Đã nhận một phần",
    "received": "Đã nhận đủ",
    "cancelled": "Đã hủy",
}


@dataclass(frozen=True)
class Asked:
    """What a list of orders is asked for; ``stage`` as in ``stage_of``, or open, or late."""

    library_id: int
    stage: str = "open"
    words: str = ""
    year: int | None = None
    sort: str = ""


@dataclass(frozen=True)
class Row:
    """An order as a list shows it; money in đồng, ``late`` in days."""

    order: PurchaseOrder
    supplier: str
    stage: str
    titles: int
    copies: int
    received: int
    cost: int
    late: int


def _query(asked: Asked) -> Select[PurchaseOrder, str]:
    query = (
        select(PurchaseOrder, Supplier.name)
        .join(Supplier, Supplier.id == PurchaseOrder.supplier_id)
        .where(PurchaseOrder.library_id == asked.library_id)
    )
    if asked.year:
        first, last = date(asked.year, 1, 1), date(asked.year, 12, 31)
        query = query.where(PurchaseOrder.dated_on.between(first, last))
    for word in fold(asked.words).replace("%", "").replace("_", "").split()[:8]:
        like = f"%{word}%"
        query = query.where(
            Supplier.search.like(like) | func.lower(PurchaseOrder.number).like(like)
        )
    return _of_stage(query, asked.stage)


def _of_stage(query: Select[PurchaseOrder, str], stage: str) -> Select[PurchaseOrder, str]:
    if stage in ("draft", "cancelled"):
        return query.where(PurchaseOrder.state == stage)
    if stage not in ("open", "late", "sent", "partly", "received"):
        return query
    got = (
        select(func.coalesce(func.sum(VoucherLine.copies), 0))
        .join(OrderReceipt, OrderReceipt.voucher_line_id == VoucherLine.id)
        .join(Voucher, and_(Voucher.id == VoucherLine.voucher_id, Voucher.state == "closed"))
        .where(OrderReceipt.order_line_id == OrderLine.id)
        .correlate(OrderLine)
        .scalar_subquery()
    )
    own = select(OrderLine.id).where(OrderLine.order_id == PurchaseOrder.id)
    own = own.correlate(PurchaseOrder)
    missing, begun = own.where(OrderLine.copies > got).exists(), own.where(got > 0).exists()
    query = query.where(PurchaseOrder.state == "sent")
    if stage == "received":
        return query.where(~missing)
    query = query.where(missing)
    if stage == "late":
        return query.where(PurchaseOrder.expected_on < clock.today())
    return query if stage == "open" else query.where(begun if stage == "partly" else ~begun)


def orders_of(
    session: Session, asked: Asked, *, limit: int = MOST_ROWS, offset: int = 0
) -> tuple[list[Row], int]:
    """Return orders, drafts and the newest first unless sorted, and how many there are in all."""
    query = _query(asked)
    total = session.scalar(select(func.count()).select_from(query.subquery())) or 0
    columns = SORTS.get(asked.sort.lstrip("-"))
    if columns is None:
        order: list[Any] = [PurchaseOrder.id.desc()]
    else:
        down = asked.sort.startswith("-")
        order = [c.desc() if down else c.asc() for c in columns] + [PurchaseOrder.id]
    found = session.execute(query.order_by(*order).limit(limit).offset(offset)).all()
    return _rows(session, [(row[0], row[1]) for row in found]), total


def _rows(session: Session, found: Sequence[tuple[PurchaseOrder, str]]) -> list[Row]:
    by: dict[int, list[OrderLine]] = {order.id: [] for order, _name in found}
    for line in session.scalars(select(OrderLine).where(OrderLine.order_id.in_(by))):
        by[line.order_id].append(line)
    came = received_of(session, [line.id for lines in by.values() for line in lines])
    today, rows = clock.today(), []
    for order, supplier in found:
        lines = by[order.id]
        stage = stage_of(order.state, [(line.copies, came[line.id].copies) for line in lines])
        late = is_late(stage, order.expected_on, today) and order.expected_on
        rows.append(
            Row(
                order,
                supplier,
                stage,
                titles=len(lines),
                copies=sum(line.copies for line in lines),
                received=sum(came[line.id].copies for line in lines),
                cost=sum(n.copies * net_price(n.price or 0, n.off) for n in lines),
                late=(today - late).days if late else 0,
            )
        )
    return rows


def how_many_late(session: Session, library_id: int) -> int:
    """Return how many orders of a library are late."""
    query = _query(Asked(library_id, "late"))
    return session.scalar(select(func.count()).select_from(query.subquery())) or 0


def listing_of(session: Session, asked: Asked) -> Listing:
    """Return a list of orders for paper and spreadsheet."""
    rows, _total = orders_of(session, asked)
    about = [f"Năm {asked.year}"] if asked.year else []
    return Listing(
        title="Danh sách đơn đặt mua quá hạn" if asked.stage == "late" else "Danh sách đơn đặt mua",
        columns=(
            Column("number", "Số đơn", "code", "32mm"),
            Column("supplier", "Nhà cung cấp"),
            Column("dated_on", "Ngày gửi", "date", "20mm"),
            Column("expected_on", "Hẹn giao", "date", "20mm"),
            Column("late", "Quá hạn (ngày)", "num", "16mm"),
            Column("titles", "Số tên", "num", "14mm", total=True),
            Column("copies", "Số bản đặt", "num", "16mm", total=True),
            Column("received", "Đã nhận", "num", "16mm", total=True),
            Column("cost", "Thành tiền (đồng)", "money", "28mm", total=True),
            Column("stage", "Tình trạng", "text", "30mm"),
        ),
        rows=[
            {
                "number": row.order.number or "(chưa có số)",
                "supplier": row.supplier,
                "dated_on": row.order.dated_on,
                "expected_on": row.order.expected_on,
                "late": row.late or None,
                "titles": row.titles,
                "copies": row.copies,
                "received": row.received,
                "cost": row.cost,
                "stage": STAGES_VI[row.stage],
            }
            for row in rows
        ],
        office=office_of(session, asked.library_id),
        about=about,
    )


# --- what is there already -----------------------------------------------------------------------


@dataclass(frozen=True)
class There:
    """Of one title in a library: copies held, and copies awaited of orders sent."""

    held: int = 0
    awaited: int = 0


def there_of(
    session: Session, library_id: int, record_ids: Sequence[int], *, but_order: int = 0
) -> dict[int, There]:
    """Return what a library holds and awaits of records; ``but_order`` is left out."""
    held = dict(
        session.execute(
            select(Item.record_id, func.count())
            .where(
                Item.record_id.in_(record_ids),
                Item.owner_id == library_id,
                Item.lifecycle != "withdrawn",
            )
            .group_by(Item.record_id)
        ).all()
    )
    lines = session.scalars(
        select(OrderLine)
        .join(PurchaseOrder, PurchaseOrder.id == OrderLine.order_id)
        .where(
            OrderLine.record_id.in_(record_ids),
            PurchaseOrder.library_id == library_id,
            PurchaseOrder.state == "sent",
            PurchaseOrder.id != but_order,
        )
    ).all()
    came = received_of(session, [line.id for line in lines])
    awaited: dict[int, int] = {}
    for line in lines:
        missing = max(0, line.copies - came[line.id].copies)
        awaited[line.record_id or 0] = awaited.get(line.record_id or 0, 0) + missing
    return {one: There(held.get(one, 0), awaited.get(one, 0)) for one in record_ids}
