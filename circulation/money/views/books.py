"""Books of account on the page and on paper; receipts; deposits held; the fines running today."""

from datetime import date
from typing import Any

from flask import Blueprint, Response, render_template, request
from flask_babel import force_locale
from sqlalchemy.orm import Session

from circulation.models import Receipt
from circulation.money import books, papers
from circulation.money.running import Running, running_fines, with_names
from circulation.money.views.told import new_key
from circulation.money.words import RECEIPT_STATES
from circulation.permissions import REVERSE, VIEW_FEES
from circulation.registers.views import own_branches, typed_day
from ils.core import clock
from ils.core.audit import audit
from ils.core.db import reading, transaction
from ils.core.errors import NotFound
from ils.org.models import OrgUnit
from ils.org.office import office_of
from ils.org.units import unit, unit_names
from ils.printing.listing import Column, Listing, listing_pdf, listing_xlsx
from ils.web.door import current_actor, door
from ils.web.downloads import XLSX, as_file
from ils.web.pages import Page, page_number

bp = Blueprint("money_books", __name__, url_prefix="/staff/money", template_folder="../templates")
SIZE = 50
PDF = "application/pdf"


def _period() -> tuple[date, date]:
    """Return the days asked for: this month unless typed; never upside down."""
    today = clock.today()
    first, last = typed_day("first") or today.replace(day=1), typed_day("last") or today
    return min(first, last), max(first, last)


def _branches(session: Session) -> tuple[list[OrgUnit], tuple[int, ...]]:
    """Return the branches the actor may see, and those asked for."""
    own = list(own_branches(session, VIEW_FEES))
    wanted = request.args.get("branch", type=int)
    ids = tuple(one.id for one in own)
    return own, (wanted,) if wanted in ids and wanted is not None else ids


def _whole_library(session: Session) -> bool:
    """Tell whether the actor sees the money of the whole library, and no branch was asked for."""
    library = current_actor().library_id
    if library is None or request.args.get("branch"):
        return False
    return current_actor().can(VIEW_FEES, unit(session, library))


# --- receipts --------------------------------------------------------------------------------


@bp.get("/receipts/<int:receipt_id>.pdf")
@door(VIEW_FEES)
def receipt(receipt_id: int) -> Response:
    """Return a receipt on A5, as it was given."""
    with reading() as session:
        found = session.get(Receipt, receipt_id)
        unknown = NotFound("receipt_unknown")
        if found is None:
            raise unknown
        at = unit(session, found.branch_id or found.library_id)
        if not current_actor().can(VIEW_FEES, at):
            raise unknown
        content = papers.receipt_pdf(session, found)
        return as_file(content, f"bien-lai-{found.year}-{found.number:05d}.pdf", PDF)


# --- the fee book ----------------------------------------------------------------------------


def _fee_book(session: Session, first: date, last: date) -> books.FeeBook:
    library = current_actor().library_id or 0
    only = None if _whole_library(session) else _branches(session)[1]
    return books.fee_book(session, library, first, last, only)


@bp.get("/fees")
@door(VIEW_FEES)
def fees() -> str:
    """Show the fee book of some days."""
    first, last = _period()
    with reading() as session:
        branches, _ids = _branches(session)
        book = _fee_book(session, first, last)
        number = page_number(request.args.get("page"))
        rows = book.lines[(number - 1) * SIZE : number * SIZE]
        return render_template(
            "money/fee_book.html",
            book=book,
            page=Page(number, SIZE, len(book.lines), rows),
            first=first,
            last=last,
            branches=_pairs(session, branches),
            columns=books.FEE_COLUMNS,
            states=RECEIPT_STATES,
            may_reverse=current_actor().can_somewhere(REVERSE),
            typed=request.args,
            key=new_key(),
        )


def _pairs(session: Session, branches: list[OrgUnit]) -> list[tuple[int, str]]:
    names = unit_names(session)
    return [(one.id, names.get(one.id, one.code)) for one in branches]


@bp.get("/fees.pdf")
@door(VIEW_FEES)
def fees_paper() -> Response:
    """Return the fee book as a paper."""
    return _book("pdf")


@bp.get("/fees.xlsx")
@door(VIEW_FEES)
def fees_sheet() -> Response:
    """Return the fee book as a spreadsheet."""
    return _book("xlsx")


def _book(kind: str, name: str = "so-thu-phi") -> Response:
    """Make a book of the days asked for; that it was taken away is audited."""
    first, last = _period()
    actor = current_actor()
    with transaction() as session:
        if name == "so-thu-phi":
            paper = papers.fee_book_paper(_fee_book(session, first, last), first, last)
        else:
            book = books.deposit_book(session, *_deposits_of(session), first, last)
            paper = papers.deposit_book_paper(book, first, last)
        office = office_of(session, actor.library_id or actor.unit_id or 0, last)
        audit(session, actor, "list_taken", "list", None, list=name, rows=len(paper.rows))
    file = f"{name}-{first:%Y%m%d}-{last:%Y%m%d}.{kind}"
    if kind == "pdf":
        return as_file(papers.book_pdf(paper, office), file, PDF)
    return as_file(papers.book_xlsx(paper, office), file, XLSX)


# --- deposits --------------------------------------------------------------------------------


def _deposits_of(session: Session) -> tuple[int, tuple[int, ...] | None]:
    library = current_actor().library_id or 0
    return library, None if _whole_library(session) else _branches(session)[1]


@bp.get("/deposits")
@door(VIEW_FEES)
def deposits() -> str:
    """Show the deposit book of some days, and whose deposit is held."""
    first, last = _period()
    with reading() as session:
        branches, ids = _branches(session)
        held = books.deposits_held(session, ids)
        number = page_number(request.args.get("page"))
        book = books.deposit_book(session, *_deposits_of(session), first, last)
        return render_template(
            "money/deposits.html",
            book=book,
            held=Page(number, SIZE, len(held), held[(number - 1) * SIZE : number * SIZE]),
            total=sum(one.amount for one in held),
            first=first,
            last=last,
            branches=_pairs(session, branches),
            today=clock.today(),
            typed=request.args,
        )


@bp.get("/deposits.pdf")
@door(VIEW_FEES)
def deposits_paper() -> Response:
    """Return the deposit book as a paper."""
    return _book("pdf", "so-the-chan")


@bp.get("/deposits.xlsx")
@door(VIEW_FEES)
def deposits_sheet() -> Response:
    """Return the deposit book as a spreadsheet."""
    return _book("xlsx", "so-the-chan")


# --- running fines ---------------------------------------------------------------------------

SORTS = {
    "due_on": lambda one: (one.due_on, one.loan_id),
    "days": lambda one: (one.days, one.loan_id),
    "amount": lambda one: (one.amount, one.loan_id),
}


def _running(session: Session, branches: tuple[int, ...]) -> list[Running]:
    found = running_fines(session, branches, clock.today())
    sort = request.args.get("sort", "")
    if key := SORTS.get(sort.removeprefix("-")):
        found.sort(key=key, reverse=sort.startswith("-"))
    if request.args.get("costs"):
        found = [one for one in found if one.amount]
    return found


@bp.get("/running")
@door(VIEW_FEES)
def running() -> str:
    """Show what the late loans would cost if they came back today."""
    with reading() as session:
        branches, ids = _branches(session)
        found = _running(session, ids)
        number = page_number(request.args.get("page"))
        rows = with_names(session, found[(number - 1) * SIZE : number * SIZE])
        return render_template(
            "money/running.html",
            page=Page(number, SIZE, len(found), rows),
            total=sum(one.amount for one in found),
            costing=sum(one.amount > 0 for one in found),
            branches=_pairs(session, branches),
            names=unit_names(session),
            today=clock.today(),
            typed=request.args,
        )


@bp.get("/running.xlsx")
@door(VIEW_FEES)
def running_sheet() -> Response:
    """Return the running fines as a spreadsheet."""
    return as_file(listing_xlsx(_running_listing()), "phat-dang-tinh.xlsx", XLSX)


@bp.get("/running.pdf")
@door(VIEW_FEES)
def running_paper() -> Response:
    """Return the running fines as a paper."""
    return as_file(listing_pdf(_running_listing()), "phat-dang-tinh.pdf", PDF)


def _running_listing() -> Listing:
    actor = current_actor()
    with force_locale("vi"), transaction() as session:
        names = unit_names(session)
        rows: list[dict[str, Any]] = with_names(session, _running(session, _branches(session)[1]))
        for row in rows:
            row["branch"] = names.get(row["branch_id"], "")
        audit(session, actor, "list_taken", "list", None, list="running_fines", rows=len(rows))
        return Listing(
            title="Tiền phạt quá hạn đang tính",
            columns=(
                Column("due_on", "Hạn trả", "date", "20mm"),
                Column("days", "Ngày trễ", "num", "14mm"),
                Column("amount", "Tiền phạt", "money", "22mm", total=True),
                Column("title", "Nhan đề", width="2fr"),
                Column("accession_no", "Số ĐKCB", "code", "24mm"),
                Column("patron", "Bạn đọc", width="1.3fr"),
                Column("card", "Số thẻ", "code", "24mm"),
                Column("branch", "Nơi mượn", width="1fr"),
            ),
            rows=rows,
            office=office_of(session, actor.library_id or actor.unit_id or 0),
            about=[f"(tính đến ngày {clock.today():%d/%m/%Y})"],
        )
