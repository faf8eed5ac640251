"""Central purchases in the browser: the table title × library, and what the libraries replied."""

from typing import Any

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for
from flask_babel import force_locale
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from cataloging.models import Record
from cataloging.permissions import SPLIT_PURCHASE
from cataloging.stockbook.central import splitting as use
from cataloging.stockbook.central import words
from cataloging.stockbook.central.models import CentralPurchase
from cataloging.stockbook.views.typed import title_typed
from cataloging.stockbook.vouchers import find_titles
from ils.core.db import reading, transaction
from ils.core.errors import IlsError
from ils.org.office import office_of
from ils.org.units import libraries, province, unit_names
from ils.printing.listing import Column, Listing, listing_pdf, listing_xlsx, written
from ils.web.door import current_actor, door
from ils.web.downloads import PDF, XLSX, as_file
from ils.web.errors import sentence_for
from ils.web.forms import clean_text, parse_day, parse_dong
from ils.web.pages import Page, page_number

bp = Blueprint(
    "central", __name__, url_prefix="/staff/stockbook/central", template_folder="../templates"
)
SIZE = 50


@bp.get("/")
@door(SPLIT_PURCHASE)
def purchases() -> Any:
    """List the purchases of the province."""
    return _list()


def _list(problem: str = "", status: int = 200) -> Any:
    number = page_number(request.args.get("page"))
    with reading() as session:
        rows, total = use.purchases_of(
            session, current_actor(), limit=SIZE, offset=(number - 1) * SIZE
        )
        return render_template(
            "stockbook/purchases.html",
            rows=rows,
            page=Page(number, SIZE, total, rows),
            problem=problem,
            typed=request.form,
            words=words,
        ), status


def _facts() -> use.PurchaseFacts:
    sent = request.form
    typed = clean_text(sent.get("dated_on", ""))
    try:
        day = parse_day(typed) if typed else None
    except ValueError:
        day = None  # the use case asks for it
    return use.PurchaseFacts(
        clean_text(sent.get("number", "")),
        day,
        clean_text(sent.get("source", "")),
        clean_text(sent.get("funding", "")),
    )


@bp.post("/")
@door(SPLIT_PURCHASE)
def begin() -> Any:
    """Begin a purchase."""
    try:
        with transaction() as session:
            made_id = use.begin_purchase(session, current_actor(), _facts()).id
    except IlsError as error:
        if error.status == 403:
            raise
        return _list(sentence_for(error), error.status)
    return redirect(url_for("central.show", purchase_id=made_id))


@bp.get("/<int:purchase_id>")
@door(SPLIT_PURCHASE)
def show(purchase_id: int) -> Any:
    """Show the table of a purchase and what each library replied."""
    return _page(purchase_id)


def _page(
    purchase_id: int,
    problem: str = "",
    status: int = 200,
    *,
    matches: list[Record] | None = None,
    unknown: bool = False,
) -> Any:
    with reading() as session:
        found = use.purchase_for(session, current_actor(), purchase_id)
        rows, replies = use.standing(session, found)
        return render_template(
            "stockbook/purchase.html",
            purchase=found,
            rows=rows,
            replies=replies,
            libraries=libraries(session),
            names=unit_names(session),
            matches=matches or [],
            unknown=unknown,
            typed=request.form,
            problem=problem,
            words=words,
        ), status


@bp.post("/<int:purchase_id>/add")
@door(SPLIT_PURCHASE)
def add(purchase_id: int) -> Any:
    """Put a title on the purchase by scan or title; ask back where it is not clear."""
    sent = request.form
    typed = title_typed()
    code, chosen, fresh = typed.code, typed.record_id, typed.fresh
    try:
        with reading() as session:
            use.purchase_for(session, current_actor(), purchase_id)
            found = [] if chosen or fresh["title"] else find_titles(session, code)
        if not chosen and not fresh["title"]:
            if len(found) != 1:
                return _page(purchase_id, matches=found, unknown=bool(code) and not found)
            chosen = found[0].id
        with transaction() as session:
            use.add_title(
                session,
                current_actor(),
                purchase_id,
                record_id=chosen,
                fresh=None if chosen else fresh,
                price=_dong(sent.get("price", "")),
                copies=_count(sent.get("copies", "")),
            )
    except IlsError as error:
        if error.status in (403, 404):
            raise
        return _page(purchase_id, sentence_for(error), error.status)
    return redirect(url_for("central.show", purchase_id=purchase_id))


def _dong(typed: str) -> int | None:
    try:
        return parse_dong(clean_text(typed)) if typed.strip() else None
    except ValueError:
        return -1  # the use case says what is wrong with it


def _count(typed: str) -> int:
    typed = clean_text(typed)
    return int(typed[:6]) if typed.isdecimal() else -1 if typed else 0


def _table() -> dict[int, tuple[int | None, dict[int, int]]]:
    table: dict[int, tuple[int | None, dict[int, int]]] = {}
    for name, value in request.form.items():
        kind, _dash, rest = name.partition("-")
        title, _dash, library = rest.partition("-")
        if kind == "price" and title.isdecimal():
            table.setdefault(int(title), (None, {}))
            table[int(title)] = (_dong(value), table[int(title)][1])
        elif kind == "n" and title.isdecimal() and library.isdecimal():
            table.setdefault(int(title), (None, {}))[1][int(library)] = _count(value)
    return table


@bp.post("/<int:purchase_id>/act")
@door(SPLIT_PURCHASE)
def act(purchase_id: int) -> Any:
    """Save the table, send it, take the sending back, give the purchase up."""
    actor, what = current_actor(), request.form.get("act", "")
    try:
        with transaction() as session:
            use.purchase_for(session, actor, purchase_id)
            gone = _do(session, actor, purchase_id, what)
    except IlsError as error:
        if error.status in (403, 404):
            raise
        return _page(purchase_id, sentence_for(error), error.status)
    if gone:
        return redirect(url_for("central.purchases"))
    return redirect(url_for("central.show", purchase_id=purchase_id))


def _do(session: Session, actor: Any, purchase_id: int, what: str) -> bool:
    """Do one act and tell it; return whether the purchase is gone."""
    remove = request.form.get("remove", type=int)
    if what == "back":
        use.call_back(session, actor, purchase_id)
        flash(_("The sending is taken back; the libraries' drafts are gone."), "ok")
        return False
    if what == "delete":
        use.delete_purchase(session, actor, purchase_id)
        flash(_("The purchase is given up."), "ok")
        return True
    if what in ("save", "send") or remove:
        use.save_table(session, actor, purchase_id, _table())
        if remove:
            use.remove_title(session, actor, purchase_id, remove)
        if what == "send":
            count = use.send_purchase(session, actor, purchase_id)
            flash(_("%(count)s libraries have their voucher to confirm.", count=count), "ok")
        else:
            flash(_("The table was saved."), "ok")
    return False


@bp.get("/<int:purchase_id>/table.xlsx", endpoint="table")
@bp.get("/<int:purchase_id>/table.pdf", endpoint="table_pdf")
@door(SPLIT_PURCHASE)
def table(purchase_id: int) -> Response:
    """Return the table as a paper or a spreadsheet, with what was received."""
    on_paper = request.endpoint == "central.table_pdf"
    with reading() as session, force_locale("vi"):
        found = use.purchase_for(session, current_actor(), purchase_id)
        listing = _listing(session, found)
        if on_paper:
            return as_file(listing_pdf(listing), f"phan-bo-{purchase_id}.pdf", PDF)
        return as_file(listing_xlsx(listing), f"phan-bo-{purchase_id}.xlsx", XLSX)


def _listing(session: Session, found: CentralPurchase) -> Listing:
    rows, replies = use.standing(session, found)
    names, top = unit_names(session), province(session)
    columns = [Column("title", "Nhan đề"), Column("price", "Đơn giá", "money", "19mm")]
    told = sum(reply.received is not None for reply in replies)
    width = f"{max(9, min(22, 170 // (len(replies) + told + 2)))}mm"
    for reply in replies:
        name = names[reply.library.id]
        columns.append(Column(f"n{reply.library.id}", name, "num", width, total=True))
        if reply.received is not None:
            key = f"r{reply.library.id}"
            columns.append(Column(key, f"{name}: đã nhận", "num", width, total=True))
    about = [
        f"Chứng từ {found.number}" + (f" ngày {written(found.dated_on)}" if found.dated_on else ""),
        *(line for line in (found.source, found.funding) if line),
    ]
    return Listing(
        title=f"Bảng phân bổ tài liệu {found.number}",
        columns=[
            *columns,
            Column("all", "Cộng", "num", width, total=True),
            Column("value", "Thành tiền", "money", "24mm", total=True),
        ],
        rows=[
            {
                "title": row.name,
                "price": row.title.price,
                "all": row.copies,
                "value": row.copies * (row.title.price or 0),
                **{f"n{i}": n for i, n in row.shares.items()},
                **{f"r{i}": n for i, n in row.received.items()},
            }
            for row in rows
        ],
        office=office_of(session, top.id if top else 0),
        about=about,
    )
