"""The order as the supplier gets it: a paper with heading and signatures, or a spreadsheet.

Official papers are Vietnamese.
"""

from pathlib import Path
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from cataloging.acquisitions.models import OrderLine, PurchaseOrder, Supplier
from cataloging.acquisitions.orders import cost_of, lines_of
from cataloging.acquisitions.rules.ordering import net_price, written_percent
from cataloging.models import Record, RecordIdentifier
from ils.core import clock
from ils.core.money import in_words
from ils.org.office import office_of
from ils.org.units import unit, version_on
from ils.printing import typst_pdf
from ils.printing.listing import Column, Listing, written

PRINT = Path(__file__).with_name("print")
COLUMNS = (
    Column("title", "Tên tài liệu"),
    Column("author", "Tác giả", "text", "40mm"),
    Column("publisher", "Nhà xuất bản, năm", "text", "40mm"),
    Column("isbn", "ISBN", "code", "30mm"),
    Column("copies", "Số bản", "num", "14mm", total=True),
    Column("price", "Giá bìa (đồng)", "money", "22mm"),
    Column("discount", "Chiết khấu (%)", "code", "18mm"),
    Column("cost", "Thành tiền (đồng)", "money", "26mm", total=True),
)


def rows_of(session: Session, order: PurchaseOrder) -> list[dict[str, Any]]:
    """Return the titles of an order as rows for paper."""
    lines = lines_of(session, order.id)
    ids = [record.id for _line, record in lines if record]
    query = select(RecordIdentifier.record_id, RecordIdentifier.value).where(
        RecordIdentifier.record_id.in_(ids), RecordIdentifier.scheme == "isbn"
    )
    numbers: dict[int, str] = {}
    for record_id, value in session.execute(query.order_by(RecordIdentifier.id.desc())):
        numbers[record_id] = value
    return [_row(line, record, numbers) for line, record in lines]


def _row(line: OrderLine, record: Record | None, numbers: dict[int, str]) -> dict[str, Any]:
    boxes = line.fresh
    place = (
        (record.publisher, record.year)
        if record
        else (boxes.get("publisher", ""), boxes.get("year", ""))
    )
    return {
        "title": record.title if record else boxes.get("title", ""),
        "author": record.author if record else boxes.get("authors", ""),
        "publisher": ", ".join(str(part) for part in place if part),
        "isbn": numbers.get(record.id, "") if record else boxes.get("isbn", ""),
        "copies": line.copies,
        "price": line.price,
        "discount": written_percent(line.off) if line.off else None,
        "cost": line.copies * net_price(line.price, line.off) if line.price is not None else None,
    }


def order_listing(session: Session, order: PurchaseOrder) -> Listing:
    """Return an order as a spreadsheet."""
    supplier = session.get_one(Supplier, order.supplier_id)
    about = [f"Nhà cung cấp: {supplier.name}"]
    if order.dated_on:
        about.append(f"Ngày {written(order.dated_on)}")
    return Listing(
        title=f"Đơn đặt mua tài liệu {order.number}".strip(),
        columns=COLUMNS,
        rows=rows_of(session, order),
        office=office_of(session, order.library_id, order.dated_on),
        about=about,
    )


def order_pdf(session: Session, order: PurchaseOrder) -> bytes:
    """Return an order as a letter to the supplier; a draft says that it is one."""
    supplier = session.get_one(Supplier, order.supplier_id)
    day = order.dated_on or clock.today()
    rows = rows_of(session, order)
    cost = cost_of(line for line, _record in lines_of(session, order.id))
    named = version_on(session, order.library_id, day)
    branch = version_on(session, order.branch_id, day)
    address = branch.address or named.address
    data = {
        "office": office_of(session, order.library_id, day).to_json(),
        "day": f"ngày {day:%d} tháng {day:%m} năm {day:%Y}",
        "number": order.number,
        "draft": order.state == "draft",
        "cancelled": order.state == "cancelled",
        "supplier": supplier.name,
        "supplier_address": supplier.address,
        "contract": supplier.contract_no,
        "contract_from": written(supplier.contract_from),
        "expected": written(order.expected_on),
        "deliver_to": ", ".join(part for part in (branch.name, address) if part)
        if unit(session, order.branch_id).id != order.library_id
        else address,
        "phone": branch.phone or named.phone,
        "email": named.email,
        "note": order.note,
        "titles": written(len(rows), "num"),
        "copies": written(sum(row["copies"] for row in rows), "num"),
        "cost": written(cost, "money"),
        "words": in_words(cost) if cost else "",
        "rows": [
            [
                row["title"],
                ". ".join(part for part in (row["author"], row["publisher"]) if part),
                row["isbn"],
                written(row["copies"], "num"),
                written(row["price"], "money"),
                written(row["discount"]),
                written(row["cost"], "money"),
            ]
            for row in rows
        ],
    }
    return typst_pdf(PRINT / "order.typ", data)
