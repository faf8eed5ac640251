"""The sample's stock-taking: the children's stock of a branch, counted last month and closed."""

from datetime import date, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from cataloging.models import Item
from circulation.sample.province import Units, at_work
from circulation.stocktaking.models import StockTakeItem
from circulation.stocktaking.scanning import Scan, record_scans
from circulation.stocktaking.takes import (
    Plan,
    Scope,
    close_stock_take,
    freeze,
    plan_stock_take,
)
from ils.accounts.models import Staff
from ils.core import clock

BRANCH = "AH-TN"
NOT_FOUND, TORN = 3, 2
COUNCIL = (
    {"name": "Phan Thị Kim Oanh", "role": "Trưởng ban"},
    {"name": "Nguyễn Thị Hồng Nhung", "role": "Thư ký"},
    {"name": "Trần Văn Quý", "role": "Ủy viên"},
)


def count_stock(session: Session, units: Units, staff: dict[str, Staff], last: date) -> None:
    """Count a branch: three copies are not found, two are torn, one code is in no register."""
    branch = units[BRANCH]
    head = at_work(session, staff, "phutrach.ah", branch.id)
    day = last - timedelta(days=20)
    plan = Plan(
        name=f"Kiểm kê kho {day:%Y}",
        scope=Scope((branch.id,)),
        decision="15/QĐ-TVAH",
        decided_on=day - timedelta(days=10),
        council=COUNCIL,
    )
    with clock.at(clock.at_local(day, 8)):
        take = plan_stock_take(session, head, plan)
        freeze(session, head, take.id)
    codes = session.scalars(
        select(Item.barcode)
        .join(StockTakeItem, StockTakeItem.item_id == Item.id)
        .where(StockTakeItem.take_id == take.id, StockTakeItem.position == "on_shelf")
        .order_by(Item.shelf, Item.call_sort, Item.accession_key)
    ).all()
    found = [code for code in codes if code][NOT_FOUND:]
    with clock.at(clock.at_local(day, 10)):
        scans = [
            Scan(f"mau-{n}", code, place=f"Giá {n // 40 + 1}", damaged=n < TORN)
            for n, code in enumerate(found)
        ]
        scans.append(Scan("mau-la", "TL-000017", place="Giá 2"))
        record_scans(session, head, take.id, scans, scanner="Máy quét 1")
    with clock.at(clock.at_local(day, 16)):
        close_stock_take(session, head, take.id)
