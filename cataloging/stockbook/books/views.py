"""The registers in the browser: which there are, printing as final, reprints, the balance."""

from datetime import date
from typing import Any

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for
from flask_babel import force_locale
from flask_babel import gettext as _
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from cataloging.models import Item, Record
from cataloging.permissions import EDIT_ITEM
from cataloging.stockbook import words
from cataloging.stockbook.books import pages as use
from cataloging.stockbook.books import papers
from cataloging.stockbook.books.adopting import Paper, take_into_books, take_opening_into_books
from cataloging.stockbook.books.balance import balance_of, in_year, without_voucher
from cataloging.stockbook.books.shelf import Book, book_for, books_of
from cataloging.stockbook.models import KINDS
from ils.core.db import reading, transaction
from ils.core.errors import IlsError
from ils.printing.listing import Listing, listing_pdf, listing_xlsx
from ils.web.door import current_actor, door
from ils.web.downloads import PDF, XLSX, as_file
from ils.web.errors import sentence_for
from ils.web.forms import clean_text, parse_day, parse_year
from ils.web.pages import Page, page_number

bp = Blueprint(
    "stock_books", __name__, url_prefix="/staff/stockbook/books", template_folder="../templates"
)
SIZE = 50
SHOWN = 30


def _library_id() -> int:
    return current_actor().library_id or 0


def _listing(listing: Listing, name: str) -> Response:
    with force_locale("vi"):
        if request.path.endswith(".pdf"):
            return as_file(listing_pdf(listing), f"{name}.pdf", PDF)
        return as_file(listing_xlsx(listing), f"{name}.xlsx", XLSX)


@bp.get("/")
@door(EDIT_ITEM)
def shelf() -> str:
    """List the registers of the library worked at."""
    with reading() as session:
        library_id = _library_id()
        return render_template(
            "stockbook/books.html",
            books=books_of(session, library_id),
            frozen=use.frozen_counts(session, library_id),
            copies=_copies(session, library_id),
            words=words,
        )


def _copies(session: Session, library_id: int) -> dict[str, int]:
    rows = session.execute(
        select(Item.register_id, func.count())
        .where(Item.issuing_library_id == library_id)
        .group_by(Item.register_id)
    )
    return {f"accession-{register_id}": count for register_id, count in rows}


@bp.get("/<book>")
@door(EDIT_ITEM)
def show(book: str) -> Any:
    """Show a register: what is final, what waits, what was put right."""
    return _page(book)


def _page(code: str, problem: str = "", status: int = 200) -> Any:
    with reading() as session:
        book = book_for(session, _library_id(), code)
        frozen = use.pages_of(session, book)
        waiting = use.waiting(session, book, frozen, current_actor())
        drawn = use.draw(book, waiting, frozen[-1] if frozen else None)
        corrections = [line for line in waiting if line["kind"] != "entry"]
        return render_template(
            "stockbook/book.html",
            book=book,
            frozen=frozen,
            waiting=waiting,
            full=sum(page.full for page in drawn),
            rest=sum(not page.full for page in drawn),
            corrections=corrections[:SHOWN],
            more=max(0, len(corrections) - SHOWN),
            wrong=use.damaged(frozen),
            most=use.MOST_PAGES,
            problem=problem,
            words=words,
        ), status


@bp.post("/<book>/final")
@door(EDIT_ITEM)
def final(book: str) -> Any:
    """Freeze the full pages, and the last one if asked to."""
    try:
        with transaction() as session:
            made = use.print_final(
                session,
                current_actor(),
                _library_id(),
                book,
                with_rest=request.form.get("rest") == "1",
            )
            first, last = made[0].page_no, made[-1].page_no
    except IlsError as error:
        if error.status == 404:
            raise
        return _page(book, sentence_for(error), error.status)
    flash(_("Pages %(first)s to %(last)s are final. Print and sign them.", first=first, last=last), "ok")  # fmt: skip
    return redirect(url_for("stock_books.show", book=book))


@bp.get("/<book>/pages.pdf")
@door(EDIT_ITEM)
def pages(book: str) -> Response:
    """Return final pages as they were printed first."""
    first = request.args.get("first", 1, type=int)
    last = request.args.get("last", first + use.MOST_PAGES - 1, type=int)
    with reading() as session:
        found = book_for(session, _library_id(), book)
        content = papers.frozen_pdf(session, found, max(1, first), max(first, last))
    return as_file(content, f"{book}-{first}.pdf", PDF)


@bp.get("/<book>/draft.pdf")
@door(EDIT_ITEM)
def draft(book: str) -> Response:
    """Return the pages that wait, marked as a draft."""
    with reading() as session:
        found: Book = book_for(session, _library_id(), book)
        return as_file(papers.draft_pdf(session, current_actor(), found), f"{book}.pdf", PDF)


@bp.get("/<book>/lines.xlsx")
@door(EDIT_ITEM)
def lines(book: str) -> Response:
    """Return every line of a register as a spreadsheet."""
    with reading() as session:
        found = book_for(session, _library_id(), book)
        return _listing(papers.book_listing(session, current_actor(), found), book)


# --- the balance ---------------------------------------------------------------------------------


@bp.get("/balance/today")
@door(EDIT_ITEM)
def balance() -> Any:
    """Show part III up to today and what explains a difference."""
    return _balance()


def _balance(problem: str = "", status: int = 200) -> Any:
    with reading() as session:
        balance = balance_of(session, _library_id())
        opening = [one for one in balance.loose if one[1]]
        return render_template(
            "stockbook/balance.html",
            balance=balance,
            first=[(sum(one[2] for one in opening), sum(one[3] for one in opening))]
            * bool(opening),
            kinds=[(code, words.KINDS[code]) for code in KINDS if code != "opening"],
            typed=request.form,
            problem=problem,
        ), status


@bp.get("/balance/today.pdf", endpoint="balance_pdf")
@bp.get("/balance/today.xlsx", endpoint="balance_xlsx")
@door(EDIT_ITEM)
def balance_file() -> Response:
    """Return part III up to today."""
    with reading() as session:
        listing = papers.balance_listing(session, _library_id())
        return _listing(listing, "so-dang-ky-tong-quat-tinh-hinh")


@bp.get("/balance/copies")
@door(EDIT_ITEM)
def copies() -> str:
    """List the copies of a year that came in without a voucher."""
    year, opening = request.args.get("year", 0, type=parse_year), request.args.get("opening") == "1"
    number = page_number(request.args.get("page"))
    with reading() as session:
        chosen = (
            select(Item, Record.title)
            .join(Record, Record.id == Item.record_id)
            .where(without_voucher(_library_id()), Item.opening_balance.is_(opening))
        )
        if not opening:
            chosen = chosen.where(in_year(year))
        total = session.scalar(select(func.count()).select_from(chosen.subquery())) or 0
        page = chosen.order_by(Item.register_id, Item.serial, Item.id)
        rows = session.execute(page.limit(SIZE).offset((number - 1) * SIZE)).all()
        return render_template(
            "stockbook/loose.html",
            rows=rows,
            page=Page(number, SIZE, total, rows),
            year=year,
            opening=opening,
        )


def _day(typed: str) -> date | None:
    try:
        return parse_day(clean_text(typed)) if typed.strip() else None
    except ValueError:
        return None  # the use case asks for it


@bp.post("/balance/take")
@door(EDIT_ITEM)
def take() -> Any:
    """Give the copies of a year that came in without a voucher their line in part I."""
    opening = request.form.get("opening") == "1"
    try:
        paper = Paper(
            "opening" if opening else request.form.get("kind", ""),
            clean_text(request.form.get("number", ""))[:60],
            _day(request.form.get("dated_on", "")),
            clean_text(request.form.get("source", ""))[:200],
        )
        with transaction() as session:
            actor, library_id = current_actor(), _library_id()
            year = request.form.get("year", 0, type=parse_year)
            if opening:
                made = take_opening_into_books(session, actor, library_id, paper)
            else:
                made = [
                    take_into_books(session, actor, library_id, paper, year=year, opening=False)
                ]
            number = ", ".join(str(one.summary_no) for one in made)
            count = sum(one.counts["copies"] for one in made)
    except IlsError as error:
        return _balance(sentence_for(error), error.status)
    flash(_("%(count)s copies stand in the summary register now, number %(number)s.", count=count, number=number), "ok")  # fmt: skip
    return redirect(url_for("stock_books.balance"))
