"""The registers of a library: which there are, their columns, and the lines they have at present.

Columns of the accession register are those of the printed book (sổ đăng ký cá biệt); the summary
register has three parts: additions by voucher, withdrawals by minutes, balance by year.
"""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from operator import itemgetter
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from cataloging.marc.model import first
from cataloging.models import Item, Record, Register
from cataloging.stockbook import lists
from cataloging.stockbook.books.balance import BALANCE, balance_of
from cataloging.stockbook.counting import counts_of
from cataloging.stockbook.models import StockEntry, Voucher
from ils.core.db import in_parts
from ils.core.errors import NotFound
from ils.printing.listing import Column, written

REASONS_VI = {
    "worn": "Rách nát",
    "outdated": "Lạc hậu",
    "surplus": "Thừa",
    "lost": "Mất",
    "transferred": "Chuyển",
    "other": "Khác",
}
ACCESSION = (
    Column("entered_on", "Ngày vào sổ", "date", "17mm"),
    Column("number", "Số ĐKCB", "code", "20mm"),
    Column("title", "Tên tác giả và tên sách", "text", "1fr"),
    Column("imprint", "Nơi, nhà xuất bản", "text", "36mm"),
    Column("year", "Năm xuất bản", "text", "11mm"),
    Column("price", "Giá tiền (đồng)", "money", "18mm", total=True),
    Column("class_number", "Môn loại", "text", "19mm"),
    Column("summary_no", "Số vào sổ tổng quát", "text", "13mm"),
    Column("out", "Ngày và số biên bản xuất", "text", "34mm"),
    Column("note", "Phụ chú", "text", "44mm"),
)
FIGURES = (
    Column("titles", "Số tên", "num", "8mm", total=True),
    Column("copies", "Số bản", "num", "9mm", total=True),
    Column("value", "Thành tiền (đồng)", "money", "18mm", total=True),
)
GROUPS = (
    Column("book", "Sách", "num", "8mm", total=True),
    Column("serial", "Báo, tạp chí", "num", "8mm", total=True),
    Column("other", "Khác", "num", "8mm", total=True),
    *(Column(f"c{n}", f"{n}00" if n else "000", "num", "6.6mm", total=True) for n in range(10)),
    Column("cx", "Chưa rõ", "num", "8mm", total=True),
    *(Column(code, name, "num", "8mm", total=True) for code, name in lists.LANGUAGES),
    Column("tongue", "Tiếng khác", "num", "8mm", total=True),
    Column("children", "Thiếu nhi", "num", "8mm", total=True),
)
ADDITIONS = (
    Column("entered_on", "Ngày vào sổ", "date", "16mm"),
    Column("number", "Số vào sổ", "num", "8mm"),
    Column("source", "Nguồn cung cấp", "text", "1fr"),
    Column("paper", "Chứng từ (loại, số, ngày)", "text", "1fr"),
    *FIGURES,
    *GROUPS,
)
WITHDRAWALS = (
    Column("entered_on", "Ngày xuất", "date", "16mm"),
    Column("paper", "Biên bản, quyết định (số, ngày)", "text", "1fr"),
    *FIGURES,
    *(Column(f"r_{code}", name, "num", "8.6mm", total=True) for code, name in REASONS_VI.items()),
    *GROUPS,
)


@dataclass(frozen=True)
class Line:
    """What a register says of one thing at present: a copy, a voucher, minutes, a year."""

    key: str
    values: dict[str, Any]


@dataclass(frozen=True)
class Book:
    """A register. ``room`` is how many lines a page holds; ``note`` the column where a correction
    is explained; ``silent`` the columns filled in later without a correction. A book that is not
    ``summed`` has no totals: a balance does not add up."""

    library_id: int
    code: str
    title: str
    about: str
    columns: Sequence[Column]
    room: int
    note: str
    lines: Callable[[Session], list[Line]]
    silent: frozenset[str] = frozenset()
    summed: bool = True

    @property
    def totals(self) -> list[str]:
        """Return the keys of the columns that are added up."""
        return [column.key for column in self.columns if column.total]


def book_for(session: Session, library_id: int, code: str) -> Book:
    """Return a register of a library by its code. Raises ``NotFound``, also for another's."""
    kind, _dash, number = code.partition("-")
    if kind == "accession" and number.isdecimal():
        register = session.get(Register, int(number))
        if register is not None and register.library_id == library_id:
            return _accession(library_id, register)
    if code == "additions":
        about = "Phần I: Nhập"
        return Book(library_id, code, "Sổ đăng ký tổng quát", about, ADDITIONS, 17, "paper", _of(additions, library_id))  # fmt: skip
    if code == "withdrawals":
        about = "Phần II: Xuất"
        return Book(library_id, code, "Sổ đăng ký tổng quát", about, WITHDRAWALS, 17, "paper", _of(withdrawals, library_id))  # fmt: skip
    if code == "balance":
        about = "Phần III: Tình hình vốn tài liệu từng năm"
        return Book(library_id, code, "Sổ đăng ký tổng quát", about, BALANCE, 24, "note", _of(years, library_id), summed=False)  # fmt: skip
    raise NotFound("register_unknown", book=code)


def books_of(session: Session, library_id: int) -> list[Book]:
    """Return the registers of a library: its accession registers, then the summary register."""
    own = select(Register).where(Register.library_id == library_id).order_by(Register.prefix)
    codes = [f"accession-{register.id}" for register in session.scalars(own)]
    return [
        book_for(session, library_id, code)
        for code in (*codes, "additions", "withdrawals", "balance")
    ]


def _accession(library_id: int, register: Register) -> Book:
    return Book(
        library_id,
        f"accession-{register.id}",
        "Sổ đăng ký cá biệt",
        f"{register.prefix} – {register.name}" if register.prefix else register.name,
        ACCESSION,
        26,
        "note",
        _of(accessions, register.id),
        silent=frozenset({"summary_no"}),
    )


def _of(lines: Callable[[Session, int], list[Line]], number: int) -> Callable[..., list[Line]]:
    return lambda session: lines(session, number)


_OF_ITEM = (  # columns, not entities: a register has many thousand lines
    Item.id,
    Item.serial,
    Item.accession_no,
    Item.accessioned_on,
    Item.price,
    Item.opening_balance,
    Item.lifecycle,
    Item.withdrawn_on,
    Item.withdrawal_reason,
    Item.withdrawal_decision,
)


def accessions(session: Session, register_id: int) -> list[Line]:
    """Return the lines of an accession register, one for each copy, in the order of numbers."""
    query = (
        select(*_OF_ITEM, Record.author, Record.title, Record.publisher, Record.year)
        .add_columns(Record.class_number, Record.marc, Voucher.summary_no)
        .join(Record, Record.id == Item.record_id)
        .outerjoin(StockEntry, StockEntry.item_id == Item.id)
        .outerjoin(Voucher, Voucher.id == StockEntry.voucher_id)
        .where(Item.register_id == register_id)
    )
    found = [
        ((row.serial or 0, row.id), _line_of(row)) for row in in_parts(session, query, Item.id, 500)
    ]
    return [line for _place, line in sorted(found, key=itemgetter(0))]


def _line_of(row: Any) -> Line:
    return Line(
        f"item-{row.id}",
        {
            "entered_on": written(row.accessioned_on),
            "number": row.accession_no or "",
            "title": ". ".join(part.rstrip(".") for part in (row.author, row.title) if part),
            "imprint": " : ".join(part for part in (_place(row.marc), row.publisher) if part),
            "year": str(row.year or ""),
            "price": row.price,
            "class_number": row.class_number,
            "summary_no": str(row.summary_no or ""),
            "out": _out(row),
            "note": "Số dư đầu kỳ" if row.opening_balance else "",
        },
    )


def _place(marc: Any) -> str:
    place = first(marc, "264", "a") or first(marc, "260", "a")
    return place.rstrip(" :;,").strip("[] ")


def _out(item: Any) -> str:
    if item.lifecycle != "withdrawn":
        return ""
    reason = REASONS_VI.get(item.withdrawal_reason, "")
    paper = item.withdrawal_decision or reason.lower()
    return " – ".join(part for part in (written(item.withdrawn_on), paper) if part)


def additions(session: Session, library_id: int) -> list[Line]:
    """Return part I: a line for each voucher, with the figures it had when it was closed."""
    query = (
        select(Voucher)
        .where(Voucher.library_id == library_id, Voucher.summary_no.is_not(None))
        .where(Voucher.state.in_(("closed", "struck")))
        .order_by(Voucher.summary_no)
    )
    return [Line(f"voucher-{one.id}", _added(one)) for one in session.scalars(query)]


def _added(voucher: Voucher) -> dict[str, Any]:
    return {
        "entered_on": written(voucher.entered_on),
        "number": voucher.summary_no,
        "source": voucher.source,
        "paper": lists.paper_of(voucher),
        **lists.figures(voucher.counts),
    }


def withdrawals(session: Session, library_id: int) -> list[Line]:
    """Return part II: a line for each minutes or decision by which copies went, by day."""
    rows = session.execute(
        select(Item.id, Item.withdrawn_on, Item.withdrawal_decision, Item.withdrawal_reason)
        .where(Item.owner_id == library_id, Item.lifecycle == "withdrawn")
        .order_by(Item.withdrawn_on, Item.withdrawal_decision, Item.id)
    )
    together: dict[tuple[date | None, str], dict[int, str]] = {}
    for item_id, day, decision, reason in rows:
        together.setdefault((day, decision), {})[item_id] = reason
    lines = []
    for (day, decision), items in together.items():
        reasons = Counter(code if code in REASONS_VI else "other" for code in items.values())
        values = {
            "entered_on": written(day),
            "paper": decision or "Không ghi biên bản",
            **lists.figures(counts_of(session, list(items))),
            **{f"r_{code}": reasons.get(code) for code in REASONS_VI},
        }
        lines.append(Line(f"out-{day}-{decision}", values))
    return lines


def years(session: Session, library_id: int) -> list[Line]:
    """Return part III: a line for each year that is over."""
    return [
        Line(f"year-{year.year}", year.values())
        for year in balance_of(session, library_id).years
        if year.over
    ]
