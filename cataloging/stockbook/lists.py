"""Lists of vouchers: those of a library, part I of the summary register, what donors gave."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

from cataloging.stockbook.models import Voucher, VoucherLine
from ils.org.office import office_of
from ils.printing.listing import Column, Listing

MOST_ROWS = 5000
KINDS_VI = {
    "invoice": "Hóa đơn",
    "delivery_note": "Phiếu giao hàng",
    "gift": "Biên bản hiến tặng",
    "allotment": "Phiếu cấp",
    "opening": "Số dư đầu kỳ",
}
SORTS: dict[str, Any] = {
    "entered_on": Voucher.entered_on,
    "number": Voucher.number,
    "source": Voucher.source,
    "summary_no": Voucher.summary_no,
}
LANGUAGES = (("vie", "Việt"), ("eng", "Anh"))
PART_ONE = (
    Column("summary_no", "Số vào sổ", "num", "9mm"),
    Column("entered_on", "Ngày vào sổ", "date", "17mm"),
    Column("source", "Nguồn cung cấp", "text", "1fr"),
    Column("paper", "Chứng từ (loại, số, ngày)", "text", "1fr"),
    Column("titles", "Số tên", "num", "9mm", total=True),
    Column("copies", "Số bản", "num", "10mm", total=True),
    Column("value", "Thành tiền (đồng)", "money", "19mm", total=True),
    Column("book", "Sách", "num", "9mm", total=True),
    Column("serial", "Báo, tạp chí", "num", "9mm", total=True),
    Column("other", "Khác", "num", "9mm", total=True),
    *(Column(f"c{n}", f"{n}00" if n else "000", "num", "6.8mm", total=True) for n in range(10)),
    Column("cx", "Chưa rõ", "num", "9mm", total=True),
    *(Column(code, name, "num", "8.5mm", total=True) for code, name in LANGUAGES),
    Column("tongue", "Tiếng khác", "num", "8.5mm", total=True),
    Column("children", "Thiếu nhi", "num", "9mm", total=True),
)


@dataclass(frozen=True)
class Asked:
    """What a list of vouchers is asked for."""

    library_id: int
    state: str = ""
    kind: str = ""
    words: str = ""
    year: int | None = None
    sort: str = ""


def _query(asked: Asked) -> Select[Any]:
    query = select(Voucher).where(Voucher.library_id == asked.library_id)
    if asked.state:
        query = query.where(Voucher.state == asked.state)
    if asked.kind:
        query = query.where(Voucher.kind == asked.kind)
    if asked.year:
        first, last = date(asked.year, 1, 1), date(asked.year, 12, 31)
        query = query.where(Voucher.entered_on.between(first, last))
    if asked.words:
        like = f"%{asked.words.replace('%', '').replace('_', '')}%"
        query = query.where(Voucher.number.ilike(like) | Voucher.source.ilike(like))
    return query


def vouchers_of(
    session: Session, asked: Asked, *, limit: int = MOST_ROWS, offset: int = 0
) -> tuple[Sequence[Voucher], int]:
    """Return vouchers, newest first unless sorted, and how many there are in all."""
    query = _query(asked)
    total = session.scalar(select(func.count()).select_from(query.subquery())) or 0
    column = SORTS.get(asked.sort.lstrip("-"))
    if column is None:
        order: list[Any] = [Voucher.entered_on.desc(), Voucher.id.desc()]
    else:
        order = [column.desc() if asked.sort.startswith("-") else column.asc(), Voucher.id]
    return session.scalars(query.order_by(*order).limit(limit).offset(offset)).all(), total


def drafted(session: Session, ids: Sequence[int]) -> dict[int, tuple[int, int, int]]:
    """Return titles, copies and value of the lines of vouchers, by voucher."""
    paid = VoucherLine.copies * func.coalesce(VoucherLine.paid_price, 0)
    rows = session.execute(
        select(VoucherLine.voucher_id, func.count(), func.sum(VoucherLine.copies), func.sum(paid))
        .where(VoucherLine.voucher_id.in_(ids))
        .group_by(VoucherLine.voucher_id)
    )
    return {row[0]: (row[1], int(row[2] or 0), int(row[3] or 0)) for row in rows}


def part_one(session: Session, library_id: int, year: int | None = None) -> Listing:
    """Return part I of the summary register: one line for each voucher, by running number."""
    query = _query(Asked(library_id, year=year)).where(
        Voucher.summary_no.is_not(None), Voucher.state != "draft"
    )
    found = session.scalars(query.order_by(Voucher.summary_no).limit(MOST_ROWS)).all()
    return Listing(
        title="Sổ đăng ký tổng quát – Phần I: Nhập",
        columns=PART_ONE,
        rows=[_line(voucher) for voucher in found],
        office=office_of(session, library_id),
        about=[f"Năm {year}" if year else "Tất cả các năm"],
        signers=("Người lập sổ", "Kế toán", "Phụ trách thư viện"),
        numbered=False,
    )


def paper_of(voucher: Voucher) -> str:
    """Write kind, number and date of a voucher's paper; of one given up, that it is struck out."""
    day = f", {voucher.dated_on:%d/%m/%Y}" if voucher.dated_on else ""
    struck = " (đã gạch bỏ)" if voucher.state == "struck" else ""
    return f"{KINDS_VI[voucher.kind]} {voucher.number}".strip() + day + struck


def figures(counts: dict[str, Any]) -> dict[str, Any]:
    """Return the figures of a line of the summary register by column."""
    kinds, classes = counts.get("kind", {}), counts.get("class", {})
    tongues = counts.get("language", {})
    return {
        **{name: counts.get(name) or 0 for name in ("titles", "copies", "value", "children")},
        **{name: kinds.get(name) for name in ("book", "serial", "other")},
        **{f"c{n}": classes.get(str(n)) for n in range(10)},
        "cx": classes.get("x"),
        **{code: tongues.get(code) for code, _name in LANGUAGES},
        "tongue": sum(n for code, n in tongues.items() if code not in ("vie", "eng")) or None,
    }


def _line(voucher: Voucher) -> dict[str, Any]:
    return {
        "summary_no": voucher.summary_no,
        "entered_on": voucher.entered_on,
        "source": voucher.source,
        "paper": paper_of(voucher),
        **figures(voucher.counts),
    }


def donors(session: Session, library_id: int, year: int | None = None) -> Listing:
    """Return what each donor gave, from closed gift records."""
    query = _query(Asked(library_id, state="closed", kind="gift", year=year))
    by: dict[str, dict[str, Any]] = {}
    for voucher in session.scalars(query.order_by(Voucher.summary_no).limit(MOST_ROWS)):
        row = by.setdefault(
            voucher.source.casefold(),
            {"donor": voucher.source, "address": voucher.address, "times": 0}
            | {"titles": 0, "copies": 0, "value": 0},
        )
        row["times"] += 1
        for name in ("titles", "copies", "value"):
            row[name] += voucher.counts.get(name, 0)
    return Listing(
        title="Danh sách tổ chức, cá nhân hiến tặng tài liệu",
        columns=(
            Column("donor", "Tổ chức, cá nhân"),
            Column("address", "Địa chỉ"),
            Column("times", "Số lần", "num", "16mm", total=True),
            Column("titles", "Số tên", "num", "18mm", total=True),
            Column("copies", "Số bản", "num", "18mm", total=True),
            Column("value", "Trị giá (đồng)", "money", "30mm", total=True),
        ),
        rows=sorted(by.values(), key=lambda row: -row["copies"]),
        office=office_of(session, library_id),
        about=[f"Năm {year}" if year else "Tất cả các năm"],
        landscape=False,
    )
