"""Papers of money: receipt (A5), fee book, deposit book, closing of a till. All in Vietnamese."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from cataloging.models import Item, Record
from circulation.models import LedgerEntry, Receipt
from circulation.money.books import (
    FEE_COLUMNS,
    DepositBook,
    FeeBook,
    FeeLine,
    income_of,
    settled_by,
)
from circulation.money.models import Till
from circulation.money.tills import TillReport
from circulation.money.words import KINDS_VI, METHODS_VI, TITLES_VI
from circulation.patrons.cards import active_card
from circulation.patrons.models import Patron
from circulation.receipts import lines_of, receipt_name
from circulation.rules import ledger
from circulation.rules.till import NOTES
from ils.accounts.models import Staff
from ils.core import clock
from ils.core.money import in_words
from ils.org.office import Office, office_of
from ils.org.units import unit_name
from ils.printing.listing import written
from ils.printing.pdf import typst_pdf
from ils.printing.spreadsheet import Sheet, xlsx

PRINT = Path(__file__).with_name("print")
ROWS_FIRST, ROWS = 15, 18  # that fit on the first page of a book and on the others
SIGNED_FIRST, SIGNED = 9, 11  # on a page that notes and signatures close


def money(amount: int | None) -> str:
    """Write an amount for a column of đồng; nothing for none."""
    return written(amount, "money") if amount else ""


def _day_words(day: date) -> str:
    return f"ngày {day:%d} tháng {day:%m} năm {day:%Y}"


# --- a receipt -------------------------------------------------------------------------------


def receipt_pdf(session: Session, receipt: Receipt) -> bytes:
    """Return a receipt as given, also when it was voided since."""
    office = office_of(session, receipt.library_id, clock.local_day(receipt.at))
    patron = session.get(Patron, receipt.patron_id) if receipt.patron_id else None
    card = active_card(session, patron.id) if patron is not None else None
    lines = lines_of(session, receipt.id)
    return typst_pdf(
        PRINT / "receipt.typ",
        {
            "office": office.to_json(),
            "branch": _branch(session, receipt, office),
            "title": TITLES_VI[receipt.kind],
            "number": receipt_name(receipt),
            "day": _day_words(clock.local_day(receipt.at)),
            "void": _void(receipt),
            "payer": patron.name if patron is not None else receipt.payer or "Bạn đọc không có thẻ",
            "card": card.number if card is not None else "",
            "address": _address(patron),
            "lines": [
                [words, written(amount, "money")]
                for words, amount in _bought(session, receipt, lines)
            ],
            "total": written(receipt.amount, "money"),
            "words": in_words(receipt.amount),
            "reason": _reason(receipt, lines),
            "method": _method(receipt),
            "signers": _signers(session, receipt, patron),
        },
    )


def _branch(session: Session, receipt: Receipt, office: Office) -> str:
    name = unit_name(session, receipt.branch_id) if receipt.branch_id else ""
    return "" if name == office.name else name


def _void(receipt: Receipt) -> str:
    if receipt.voided_at is None:
        return ""
    return f"{receipt.void_reason} ({clock.local_day(receipt.voided_at):%d/%m/%Y})"


def _address(patron: Patron | None) -> str:
    if patron is None:
        return ""
    parts = [patron.address]
    if patron.commune and patron.commune not in patron.address:
        parts.append(patron.commune)
    return ", ".join(part for part in parts if part)


def _method(receipt: Receipt) -> str:
    if receipt.kind == "deposit_to_debt":
        return "Trừ vào tiền thế chân"
    return METHODS_VI[receipt.method]


def _reason(receipt: Receipt, lines: Sequence[LedgerEntry]) -> str:
    if receipt.kind in ("payment", "sale"):
        return ""
    return next((line.note for line in lines if line.note), "")


def _bought(
    session: Session, receipt: Receipt, lines: Sequence[LedgerEntry]
) -> Iterable[tuple[str, int]]:
    """Return what was paid for, line by line; deposits and refunds are one line."""
    paid = next((line for line in lines if line.direction == ledger.CREDIT), None)
    if paid is None or receipt.kind in ("deposit_in", "deposit_out", "payout"):
        return [(KINDS_VI.get(receipt.kind, receipt.kind), receipt.amount)]
    matched = paid.trace.get("lines")
    if matched is None:
        parts = settled_by(session, [receipt.id]).get(receipt.id, {})
        return [(KINDS_VI.get(kind, kind), amount) for kind, amount in parts.items()]
    debits = {row.id: row for row in _entries(session, [i for i, _ in matched])}
    titles = _titles(session, debits.values())
    return [(_about(debits[i], titles), amount) for i, amount in matched]


def _entries(session: Session, ids: Sequence[int]) -> Sequence[LedgerEntry]:
    return session.scalars(select(LedgerEntry).where(LedgerEntry.id.in_(ids))).all()


def _titles(session: Session, entries: Iterable[LedgerEntry]) -> dict[int, str]:
    items = {entry.item_id for entry in entries if entry.item_id is not None}
    rows = session.execute(
        select(Item.id, Record.title)
        .join(Record, Record.id == Item.record_id)
        .where(Item.id.in_(items))
    )
    return {row[0]: row[1] for row in rows}


def _about(entry: LedgerEntry, titles: dict[int, str]) -> str:
    what = KINDS_VI.get(entry.kind, entry.kind)
    more = titles.get(entry.item_id or 0) or entry.note
    return f"{what}: {more}" if more else what


def _signers(session: Session, receipt: Receipt, patron: Patron | None) -> list[list[str]]:
    staff = session.get(Staff, receipt.actor_id) if receipt.actor_id else None
    name = staff.name if staff is not None else ""
    payer = patron.name if patron is not None else receipt.payer
    gives = receipt.kind in ("deposit_out", "payout")
    other, own = (
        ("Người nhận tiền", "Người trả tiền") if gives else ("Người nộp tiền", "Người thu tiền")
    )
    return [[other, payer], ["Phụ trách thư viện", ""], [own, name]]


# --- books -----------------------------------------------------------------------------------


@dataclass(frozen=True)
class Book:
    """A book of account with its columns: heading, printed width, ``text`` or ``money``."""

    title: str
    about: Sequence[str]
    columns: Sequence[tuple[str, str, str]]
    rows: Sequence[Sequence[Any]]
    totals: Sequence[int | None]  # by column, None where nothing is added up
    before: Sequence[int | None] | None = None  # what was carried over from before the period
    notes: Sequence[str] = ()
    signers: Sequence[str] = ("Người lập sổ", "Phụ trách thư viện")


_FEE_COLUMNS = (
    ("STT", "9mm", "num"),
    ("Số biên lai", "21mm", "code"),
    ("Ngày", "18.5mm", "date"),
    ("Họ tên người nộp", "1fr", "text"),
    ("Số thẻ", "20mm", "code"),
    ("Phí thẻ", "18mm", "money"),
    ("Phạt quá hạn", "18mm", "money"),
    ("Bồi thường", "19mm", "money"),
    ("Bồi thường luân chuyển", "20mm", "money"),
    ("Dịch vụ", "18mm", "money"),
    ("Cộng", "20mm", "money"),
    ("Ghi chú", "40mm", "text"),
)


def fee_book_paper(book: FeeBook, first: date, last: date) -> Book:
    """Return the fee book in the columns of the printed one."""
    rows = [
        [
            n,
            line.number,
            line.day,
            line.payer or "(không có thẻ)",
            line.card,
            *(line.parts.get(part) for part in FEE_COLUMNS),
            line.total or None,
            _remark(line),
        ]
        for n, line in enumerate(book.lines, 1)
    ]
    voided = sum(line.state == "void" for line in book.lines)
    notes = [f"Sổ có {len(rows)} dòng, trong đó {voided} biên lai đã hủy (số được giữ nguyên)."]
    if book.gaps:
        notes.append("Thiếu số: " + ", ".join(f"{gap:05d}" for gap in book.gaps[:30]) + ".")
    notes.append(f"Tổng cộng: {money(book.total()) or '0'} đồng ({in_words(book.total())}).")
    totals = [None] * 5 + [book.total(part) for part in FEE_COLUMNS] + [book.total(), None]
    return Book("Sổ thu phí", [_period(first, last)], _FEE_COLUMNS, rows, totals, notes=notes)


def _remark(line: FeeLine) -> str:
    receipt = line.receipt
    when = f"{clock.local_day(receipt.voided_at):%d/%m/%Y}" if receipt.voided_at else ""
    amount = written(receipt.amount, "money")
    words = {
        "void": f"HỦY {when}: {receipt.void_reason}",
        "void_later": f"Hủy sau, ngày {when}",
        "taken_off": f"Giảm do hủy: {receipt.void_reason}",
        "payout": "Hoàn tiền",
        "deposit_in": f"Thế chân: thu {amount}",
        "deposit_out": f"Thế chân: trả {amount}",
        "deposit_to_debt": "Trừ tiền thế chân",
    }
    if line.state:
        return words[line.state]
    return "Chuyển khoản" if receipt.method == "transfer" else ""


def _period(first: date, last: date) -> str:
    return f"Từ ngày {first:%d/%m/%Y} đến ngày {last:%d/%m/%Y}"


_DEPOSIT_COLUMNS = (
    ("STT", "9mm", "num"),
    ("Ngày", "21mm", "date"),
    ("Số phiếu", "23mm", "code"),
    ("Bạn đọc", "1fr", "text"),
    ("Số thẻ", "24mm", "code"),
    ("Đã thu", "24mm", "money"),
    ("Đã trả", "24mm", "money"),
    ("Khấu trừ", "24mm", "money"),
    ("Còn giữ", "26mm", "money"),
    ("Ghi chú", "44mm", "text"),
)


def deposit_book_paper(book: DepositBook, first: date, last: date) -> Book:
    """Return the deposit book in the columns of the printed one."""
    rows = [
        [
            n,
            line.day,
            line.number,
            line.patron,
            line.card,
            line.taken or None,
            line.given_back or None,
            line.used or None,
            line.held_after,
            line.note,
        ]
        for n, line in enumerate(book.lines, 1)
    ]
    sums = [
        sum(getattr(line, name) for line in book.lines) for name in ("taken", "given_back", "used")
    ]
    return Book(
        "Sổ theo dõi tiền thế chân",
        [_period(first, last)],
        _DEPOSIT_COLUMNS,
        rows,
        [None] * 5 + sums + [None, None],
        notes=[
            f"Số dư đầu kỳ: {written(book.before, 'money')} đồng.",
            f"Số dư cuối kỳ: {written(book.after, 'money')} đồng ({in_words(book.after)}).",
        ],
    )


def book_pdf(book: Book, office: Office) -> bytes:
    """Return a book as a paper: each page with its total and what was carried over."""
    return typst_pdf(
        PRINT / "book.typ",
        {
            "office": office.to_json(),
            "day": _day_words(clock.today()),
            "title": book.title,
            "about": list(book.about),
            "notes": list(book.notes),
            "signers": list(book.signers),
            "columns": [
                {"label": label, "width": width, "align": _ALIGN[kind]}
                for label, width, kind in book.columns
            ],
            "pages": _pages(book),
        },
    )


_ALIGN = {"num": "center", "code": "left", "date": "center", "text": "left", "money": "right"}


def _pages(book: Book) -> list[dict[str, Any]]:
    """Cut the rows into pages; a page after the first begins with what is carried over."""
    adds = [n for n, total in enumerate(book.totals) if total is not None]
    carried = dict.fromkeys(adds, 0)
    pages: list[dict[str, Any]] = []
    rows = list(book.rows)
    while rows or not pages:
        size, signed = (ROWS, SIGNED) if pages else (ROWS_FIRST, SIGNED_FIRST)
        if signed < len(rows) <= size + 1:
            size = len(rows) - 2  # who signs sees rows above the names
        here, rows = rows[:size], rows[size:]
        before = dict(carried)
        sums = {n: sum(row[n] or 0 for row in here) for n in adds}
        carried = {n: carried[n] + sums[n] for n in adds}
        after = [_sum_row(book, "Cộng trang này", sums)]
        if pages or rows:
            after.append(_sum_row(book, "Lũy kế" if rows else "Tổng cộng", carried))
        pages.append(
            {
                "rows": [
                    [_cell(v, c[2]) for v, c in zip(row, book.columns, strict=True)] for row in here
                ],
                "sums_before": [_sum_row(book, "Mang sang", before)] if pages else [],
                "sums_after": after,
            }
        )
    return pages


def _cell(value: Any, kind: str) -> str:
    return written(value, "num" if kind == "num" else kind)


def _sum_row(book: Book, words: str, sums: dict[int, int]) -> list[str]:
    label = next(n for n, column in enumerate(book.columns) if column[2] == "text")
    cells = [written(sums[n], "money") if n in sums else "" for n in range(len(book.columns))]
    cells[label] = words
    return cells


def book_xlsx(book: Book, office: Office) -> bytes:
    """Return a book as a spreadsheet, with its totals."""
    rows = [list(row) for row in book.rows]
    label = next(n for n, column in enumerate(book.columns) if column[2] == "text")
    last: list[Any] = [total if total is not None else "" for total in book.totals]
    last[label] = "Tổng cộng"
    rows.append(last)
    sheet = Sheet(
        name=book.title,
        headers=[label for label, _width, _kind in book.columns],
        rows=rows,
        heading=[office.name, book.title.upper(), *book.about],
        notes=book.notes,
        money=[n for n, column in enumerate(book.columns) if column[2] == "money"],
        strong=frozenset([len(rows) - 1]),
        landscape=True,
    )
    return xlsx([sheet])


# --- a till ----------------------------------------------------------------------------------


def till_pdf(session: Session, report: TillReport) -> bytes:
    """Return the closing of a till, for the clerk and whoever takes the money over."""
    till = report.till
    office = office_of(session, till.library_id, till.opened_on)
    clerk = session.get(Staff, till.clerk_id)
    closed = till.closed_at
    return typst_pdf(
        PRINT / "till.typ",
        {
            "office": office.to_json(),
            "day": _day_words(clock.local_day(closed) if closed else clock.today()),
            "title": "Bảng kiểm kê tiền mặt cuối ca",
            "about": _till_about(session, till, clerk),
            "moved": _till_lines(report),
            "income": [
                [KINDS_VI.get(kind, kind), written(amount, "money")]
                for kind, amount in income_of(session, report.receipts).items()
            ],
            "expected": written(report.expected, "money"),
            "counted": [
                [written(note, "money"), str(count), written(note * count, "money")]
                for note in NOTES
                if (count := till.counted.get(str(note), 0))
            ],
            "total": written(till.counted_amount or 0, "money"),
            "words": in_words(till.counted_amount or 0),
            "difference": written(till.difference or 0, "money") + " đồng",
            "reason": till.reason,
            "notes": _till_notes(report),
            "signers": [
                ["Người giữ két", clerk.name if clerk else ""],
                ["Người nhận tiền", ""],
                ["Phụ trách thư viện", ""],
            ],
        },
    )


def _till_about(session: Session, till: Till, clerk: Staff | None) -> list[str]:
    about = [f"{till.name}, {unit_name(session, till.branch_id)}"]
    if clerk is not None:
        about.append(f"Người giữ: {clerk.name}")
    opened = f"{clock.local(till.opened_at):%H:%M ngày %d/%m/%Y}"
    if till.closed_at is not None:
        about.append(f"Mở két {opened}, đóng két {clock.local(till.closed_at):%H:%M ngày %d/%m/%Y}")
    else:
        about.append(f"Mở két {opened}, chưa đóng")
    return about


def _till_lines(report: TillReport) -> list[list[str]]:
    lines = [["Tiền đầu ca", "", written(report.till.float_amount, "money")]]
    for one in report.moved:
        words = KINDS_VI.get(one.kind, one.kind)
        lines.append([words, str(one.count), written(one.amount, "money")])
    for move in report.movements:
        amount = move.amount if move.kind == "added" else -move.amount
        lines.append([f"{KINDS_VI[move.kind]}: {move.reason}", "1", written(amount, "money")])
    return lines


def _till_notes(report: TillReport) -> list[str]:
    receipts = report.receipts
    if not receipts:
        return ["Không có biên lai nào trong ca."]
    notes = [
        f"Biên lai từ số {receipt_name(receipts[0])} đến số {receipt_name(receipts[-1])}:"
        f" {len(receipts)} biên lai, hủy {len(report.voided)}."
    ]
    if report.transfers:
        notes.append(f"Thu qua chuyển khoản: {written(report.transfers, 'money')} đồng.")
    return notes
