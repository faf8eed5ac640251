"""Registers on paper: page by page as they were frozen, those that wait as a draft, spreadsheets."""

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy.orm import Session

from cataloging.stockbook.books import pages as use
from cataloging.stockbook.books.balance import BALANCE, balance_of
from cataloging.stockbook.books.models import RegisterPage
from cataloging.stockbook.books.shelf import Book
from ils.accounts.actor import Actor
from ils.core import clock
from ils.core.errors import Refused
from ils.org.office import office_of
from ils.printing import typst_pdf
from ils.printing.listing import Column, Listing, written

PRINT = Path(__file__).parents[1] / "print"
SIGNERS = ("Người vào sổ", "Kế toán", "Phụ trách thư viện")
WHERE = (Column("page", "Trang", "num", "12mm"), Column("line", "Dòng", "num", "12mm"))


def frozen_pdf(session: Session, book: Book, first: int, last: int) -> bytes:
    """Return frozen pages as they were printed first, byte for byte.

    Raises ``Refused`` when a page is no longer what was printed.
    """
    last = min(last, first + use.MOST_PAGES - 1)
    found = use.pages_of(session, book, max(1, first - 1), last)
    before = found[0].sha256 if found and found[0].page_no < first else ""
    wanted = [page for page in found if page.page_no >= first]
    if not wanted:
        raise Refused("book_nothing_to_print")
    if wrong := use.damaged(wanted, before):
        raise Refused("register_page_damaged", page=wrong[0])
    layout = max(page.layout for page in wanted)
    data = _data(book, [_frozen(book, page) for page in wanted])
    return typst_pdf(PRINT / f"register_{layout}.typ", data, at=wanted[-1].printed_at)


def draft_pdf(session: Session, actor: Actor, book: Book) -> bytes:
    """Return the pages that wait, marked as a draft."""
    frozen = use.pages_of(session, book)
    lines = use.waiting(session, book, frozen, actor)
    drawn = use.draw(book, lines, frozen[-1] if frozen else None)[: use.MOST_PAGES]
    office = office_of(session, book.library_id).to_json()
    heading = {"office": office, "about": book.about, "by": actor.name}
    pages = [
        _page(book, page.page_no, page.lines, page.carried, page.totals, heading, clock.now(), "")
        for page in drawn or [use.Drawn(1, [], {}, {})]
    ]
    return typst_pdf(PRINT / f"register_{use.LAYOUT}.typ", _data(book, pages))


def _frozen(book: Book, page: RegisterPage) -> dict[str, Any]:
    return _page(
        book,
        page.page_no,
        page.lines,
        page.carried,
        page.totals,
        page.heading,
        page.printed_at,
        page.sha256,
        page.layout,
    )


def _page(
    book: Book,
    number: int,
    lines: Sequence[dict[str, Any]],
    carried: dict[str, int],
    totals: dict[str, int],
    heading: dict[str, Any],
    at: datetime,
    sha256: str,
    layout: int = use.LAYOUT,
) -> dict[str, Any]:
    together = {key: carried.get(key, 0) + totals.get(key, 0) for key in book.totals}
    return {
        "number": number,
        **heading,
        "printed": written(at),
        "layout": layout,
        "sha": " ".join(sha256[n : n + 4] for n in range(0, 16, 4)).strip(),
        "rows": [use.cells(book, line) for line in lines],
        "heights": [use.height_of(line) for line in lines],
        "struck": [line["kind"] == "struck" for line in lines],
        "carried": _sums(book, carried),
        "totals": _sums(book, totals),
        "together": _sums(book, together),
    }


def _sums(book: Book, sums: dict[str, int]) -> list[str]:
    return [
        written(sums.get(column.key, 0), column.kind) if column.total else ""
        for column in book.columns
    ]


def _data(book: Book, pages: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        "title": book.title,
        "columns": [
            {"label": str(c.label), "kind": c.kind, "width": c.width, "total": c.total}
            for c in book.columns
        ],
        "room": book.room,
        "summed": book.summed,
        "signers": list(SIGNERS),
        "pages": pages,
    }


def book_listing(session: Session, actor: Actor, book: Book) -> Listing:
    """Return a register as a list: every frozen line with its page, then what waits."""
    rows: list[dict[str, Any]] = []
    frozen = use.pages_of(session, book)
    for page in frozen:
        rows += [
            _row(book, line, page.page_no, number) for number, line in enumerate(page.lines, 1)
        ]
    rows += [_row(book, line, None, None) for line in use.waiting(session, book, frozen, actor)]
    return Listing(
        title=f"{book.title} – {book.about}",
        columns=(*WHERE, *book.columns),
        rows=rows,
        office=office_of(session, book.library_id),
        signers=SIGNERS,
        numbered=False,
    )


def _row(book: Book, line: dict[str, Any], page: int | None, number: int | None) -> dict[str, Any]:
    note = ". ".join(part for part in (line["shown"].get(book.note), line["about"]) if part)
    return {**line["shown"], book.note: note, "page": page, "line": number}


def balance_listing(session: Session, library_id: int) -> Listing:
    """Return part III up to today, with what explains a difference."""
    balance = balance_of(session, library_id)
    return Listing(
        title="Sổ đăng ký tổng quát – Phần III: Tình hình vốn tài liệu",
        columns=BALANCE,
        rows=[
            year.values() | {"note": "" if year.over else f"Tính đến {written(clock.today())}"}
            for year in balance.years
        ],
        office=office_of(session, library_id),
        about=[f"Hiện còn đến {written(clock.today())}: {written(balance.now.there, 'num')} bản"],
        notes=explained(balance),
        signers=SIGNERS,
        numbered=False,
    )


def explained(balance: Any) -> list[str]:
    """Say in Vietnamese why the books differ from the copies."""
    notes = [
        f"{written(count, 'num')} bản vào sổ cá biệt năm {year or '?'}"
        f"{' (số dư đầu kỳ)' if opening else ''} không có chứng từ trong sổ tổng quát,"
        f" trị giá {written(value, 'money')} đồng."
        for year, opening, count, value in balance.loose
    ]
    notes += [
        f"Chứng từ số {voucher.summary_no} ({voucher.number}): {written(count, 'num')} bản"
        " ghi trong sổ tổng quát không còn trong sổ cá biệt."
        for voucher, count in balance.vanished
    ]
    if balance.repriced:
        notes.append(
            f"Giá các bản sách đã sửa sau khi vào sổ: {written(balance.repriced, 'money')} đồng."
        )
    return notes
