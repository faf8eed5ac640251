"""Part III of the summary register: what there was, came and went in each year, and whether the
books agree with the copies there are. What they do not agree on is named with its copies.
"""

from dataclasses import dataclass, field
from datetime import date
from typing import Any

from sqlalchemy import Select, and_, case, extract, func, or_, select
from sqlalchemy.orm import Session

from cataloging.models import Item
from cataloging.stockbook.models import StockEntry, Voucher
from ils.core import clock
from ils.printing.listing import Column

BALANCE = (
    Column("year", "Năm", "text", "14mm"),
    Column("before", "Đầu kỳ: số bản", "num", "16mm"),
    Column("before_value", "Trị giá (đồng)", "money", "22mm"),
    Column("opening", "Số dư vào sổ: số bản", "num", "16mm"),
    Column("added", "Nhập: số bản", "num", "15mm"),
    Column("added_value", "Trị giá cả số dư (đồng)", "money", "22mm"),
    Column("gone", "Xuất: số bản", "num", "15mm"),
    Column("gone_value", "Trị giá (đồng)", "money", "22mm"),
    Column("after", "Cuối kỳ: số bản", "num", "18mm"),
    Column("after_value", "Trị giá (đồng)", "money", "22mm"),
    Column("there", "Theo bản sách", "num", "15mm"),
    Column("difference", "Chênh lệch", "num", "15mm"),
    Column("note", "Ghi chú", "text", "1fr"),
)


@dataclass
class Year:
    """A year of the books: copies and đồng; ``there`` are the copies themselves at its end."""

    year: int
    before: int = 0
    before_value: int = 0
    opening: int = 0
    added: int = 0
    added_value: int = 0
    gone: int = 0
    gone_value: int = 0
    there: int = 0
    there_value: int = 0

    @property
    def after(self) -> int:
        """Return the copies at the end of the year by the books."""
        return self.before + self.opening + self.added - self.gone

    @property
    def after_value(self) -> int:
        """Return what they are worth by the books."""
        return self.before_value + self.added_value - self.gone_value

    @property
    def difference(self) -> int:
        """Return how many more copies there are than the books say."""
        return self.there - self.after

    @property
    def over(self) -> bool:
        """Tell whether the year is over."""
        return self.year < clock.today().year

    def values(self) -> dict[str, Any]:
        """Return the year as a line of the register."""
        numbers = {c.key: getattr(self, c.key) for c in BALANCE if c.key not in ("year", "note")}
        return {**numbers, "year": str(self.year), "note": ""}


@dataclass
class Balance:
    """Part III, and why the books differ from the copies: copies without a voucher (by year), copies
    a voucher counts that are gone from the catalogue, prices changed since."""

    years: list[Year]
    loose: list[tuple[int, bool, int, int]] = field(default_factory=list)
    vanished: list[tuple[Voucher, int]] = field(default_factory=list)
    repriced: int = 0

    @property
    def now(self) -> Year:
        """Return the present year."""
        return self.years[-1]


def balance_of(session: Session, library_id: int) -> Balance:
    """Reckon part III from vouchers and copies, up to today."""
    entered = _entered(session, library_id)
    came = _by_year(session, library_id, Item.accessioned_on)
    left = _by_year(session, library_id, Item.withdrawn_on, gone=True)
    this = clock.today().year
    first = min([this, *entered, *came, *left])
    years: list[Year] = []
    there = there_value = 0
    for number in range(first, this + 1):
        before = years[-1] if years else Year(number)
        copies, value = came.get(number, (0, 0))
        out, out_value = left.get(number, (0, 0))
        there, there_value = there + copies - out, there_value + value - out_value
        opening, added, worth = entered.get(number, (0, 0, 0))
        years.append(
            Year(
                number,
                *(before.after, before.after_value),
                *(opening, added, worth, out, out_value),
                *(there, there_value),
            )
        )
    vanished, repriced = _changed_since(session, library_id)
    return Balance(years, _loose(session, library_id), vanished, repriced)


def _entered(session: Session, library_id: int) -> dict[int, tuple[int, int, int]]:
    """Return, by year of entry, copies of opening balances, copies added, and the value of both."""
    found: dict[int, tuple[int, int, int]] = {}
    for voucher in session.scalars(_closed(library_id)):
        opening, added, value = found.get(voucher.entered_on.year, (0, 0, 0))
        copies = voucher.counts.get("copies", 0)
        is_opening = voucher.kind == "opening"
        found[voucher.entered_on.year] = (
            opening + (copies if is_opening else 0),
            added + (0 if is_opening else copies),
            value + voucher.counts.get("value", 0),
        )
    return found


def _closed(library_id: int) -> Select[Any]:
    query = select(Voucher).where(Voucher.library_id == library_id, Voucher.state == "closed")
    return query.order_by(Voucher.summary_no)


def _by_year(
    session: Session, library_id: int, day: Any, *, gone: bool = False
) -> dict[int, tuple[int, int]]:
    query = select(extract("year", day), func.count(), func.sum(func.coalesce(Item.price, 0)))
    query = query.where(Item.owner_id == library_id)
    if gone:
        query = query.where(Item.lifecycle == "withdrawn")
    rows = session.execute(query.group_by(extract("year", day)))
    return {int(year or 0) or clock.today().year: (n, int(value)) for year, n, value in rows}


def without_voucher(library_id: int) -> Any:
    """SQL: copies of a library, also withdrawn ones, that came in with no closed voucher."""
    entry = (
        select(StockEntry.item_id)
        .join(Voucher, Voucher.id == StockEntry.voucher_id)
        .where(StockEntry.item_id == Item.id, Voucher.state == "closed")
        .where(Voucher.library_id == library_id)
    )
    return and_(Item.owner_id == library_id, ~entry.exists())


def in_year(year: int) -> Any:
    """SQL: copies entered in a year; those without a day for 0."""
    if not year:
        return Item.accessioned_on.is_(None)
    return Item.accessioned_on.between(date(year, 1, 1), date(year, 12, 31))


def _loose(session: Session, library_id: int) -> list[tuple[int, bool, int, int]]:
    """Return copies without a voucher: year, opening balance or not, how many, đồng."""
    year = extract("year", Item.accessioned_on)
    opening = case((or_(Item.opening_balance), 1), else_=0)
    rows = session.execute(
        select(year, opening, func.count(), func.sum(func.coalesce(Item.price, 0)))
        .where(without_voucher(library_id))
        .group_by(year, opening)
        .order_by(year, opening)
    )
    return [(int(y or 0), bool(first), n, int(value)) for y, first, n, value in rows]


def _changed_since(session: Session, library_id: int) -> tuple[list[tuple[Voucher, int]], int]:
    """Return vouchers some of whose copies are gone, and by how much prices were changed."""
    rows = session.execute(
        select(StockEntry.voucher_id, func.count(), func.sum(func.coalesce(Item.price, 0)))
        .join(Item, Item.id == StockEntry.item_id)
        .where(Item.owner_id == library_id)
        .group_by(StockEntry.voucher_id)
    )
    present = {voucher_id: (n, int(value)) for voucher_id, n, value in rows}
    vanished, repriced = [], 0
    for voucher in session.scalars(_closed(library_id)):
        copies, value = present.get(voucher.id, (0, 0))
        repriced += value - voucher.counts.get("value", 0)
        if copies != voucher.counts.get("copies", 0):
            vanished.append((voucher, voucher.counts.get("copies", 0) - copies))
    return vanished, repriced
