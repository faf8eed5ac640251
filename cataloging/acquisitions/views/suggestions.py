"""Suggestions for the staff: written down, looked through, answered, put on an order."""

from typing import Any

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for
from flask_babel import force_locale
from flask_babel import gettext as _
from sqlalchemy import select

from cataloging.acquisitions import suggestions as use
from cataloging.acquisitions import words
from cataloging.acquisitions.forms import SuggestionForm
from cataloging.acquisitions.models import PurchaseOrder, Suggestion, Supplier
from cataloging.permissions import ORDER_BOOKS, VIEW_RECORD
from cataloging.views.base import show_problem, staff_names
from ils.core import clock
from ils.core.db import reading, transaction
from ils.core.errors import IlsError
from ils.org.office import office_of
from ils.org.units import unit
from ils.printing.listing import Column, Listing, listing_xlsx
from ils.web.door import current_actor, door
from ils.web.downloads import XLSX, as_file
from ils.web.errors import sentence_for
from ils.web.forms import clean_text
from ils.web.pages import Page, page_number

bp = Blueprint(
    "suggestions",
    __name__,
    url_prefix="/staff/acquisitions/suggestions",
    template_folder="../templates",
)
SIZE = 50


def asked() -> use.Asked:
    """Return what the address asks of the list."""
    state = request.args.get("state", "new")
    return use.Asked(
        library_id=current_actor().library_id or 0,
        state=state if state in use.STATES else "new",
        words=clean_text(request.args.get("q", ""))[:100],
    )


@bp.get("/")
@door(VIEW_RECORD)
def suggestions() -> str:
    """List what staff and readers would like to have."""
    wanted, number = asked(), page_number(request.args.get("page"))
    with reading() as session:
        rows, total = use.suggestions_of(session, wanted, limit=SIZE, offset=(number - 1) * SIZE)
        return render_template(
            "acquisitions/suggestions.html",
            rows=rows,
            page=Page(number, SIZE, total, rows),
            asked=wanted,
            words=words,
        )


@bp.get("/list.xlsx")
@door(VIEW_RECORD)
def sheet() -> Response:
    """Return the list as a spreadsheet; it names no reader."""
    wanted = asked()
    with reading() as session, force_locale("vi"):
        rows, _total = use.suggestions_of(session, wanted)
        listing = Listing(
            title="Danh sách đề nghị mua tài liệu",
            columns=(
                Column("title", "Nhan đề"),
                Column("authors", "Tác giả"),
                Column("publisher", "Nhà xuất bản"),
                Column("year", "Năm"),
                Column("isbn", "ISBN", "code"),
                Column("day", "Ngày đề nghị", "date"),
                Column("by", "Người đề nghị"),
                Column("same", "Số người cùng đề nghị", "num"),
                Column("stage", "Tình trạng"),
                Column("answer", "Trả lời"),
            ),
            rows=[
                {name: getattr(row.suggestion, name) for name in ("title", "authors", "isbn")}
                | {name: getattr(row.suggestion, name) for name in ("publisher", "year", "answer")}
                | {
                    "day": clock.local(row.suggestion.made_at).date(),
                    "by": "Cán bộ" if row.suggestion.staff_id else "Bạn đọc",
                    "same": row.same,
                    "stage": str(words.SUGGESTION_STAGES[row.stage][1]),
                }
                for row in rows
            ],
            office=office_of(session, wanted.library_id),
        )
        return as_file(listing_xlsx(listing), "de-nghi-mua.xlsx", XLSX)


@bp.route("/new", methods=["GET", "POST"])
@door(VIEW_RECORD)
def new() -> Any:
    """Write a suggestion down, one's own or what somebody said at the desk."""
    form, status, there = SuggestionForm(), 200, False
    if form.validate_on_submit():
        try:
            with transaction() as session:
                in_spite = request.form.get("in_spite") == "1"
                use.suggest(session, current_actor(), form.facts(), in_spite=in_spite)
        except IlsError as error:
            there = error.code == "suggestion_there"
            status = show_problem(form, error, "title")
        else:
            flash(_("The suggestion was kept."), "ok")
            return redirect(url_for("suggestions.suggestions"))
    elif request.method == "POST":
        status = 422
    with reading() as session:
        typed = (form.title.data or "", form.isbn.data or "")
        library_id = current_actor().library_id or 0
        known = use.known_of(session, library_id, *typed, hidden=True) if there else []
        page = render_template("acquisitions/suggest.html", form=form, known=known, there=there)
    return page, status


@bp.get("/<int:suggestion_id>")
@door(VIEW_RECORD)
def show(suggestion_id: int) -> Any:
    """Show a suggestion, what is like it in the catalogue, and the answer."""
    return _page(suggestion_id)


def _page(suggestion_id: int, problem: str = "", status: int = 200) -> Any:
    with reading() as session:
        actor = current_actor()
        found = use.suggestion_for(session, actor, suggestion_id)
        [row] = use.rows_of(session, [found])
        may = actor.can(ORDER_BOOKS, unit(session, found.library_id))
        drafts = session.execute(
            select(PurchaseOrder, Supplier.name)
            .join(Supplier, Supplier.id == PurchaseOrder.supplier_id)
            .where(PurchaseOrder.library_id == found.library_id, PurchaseOrder.state == "draft")
            .order_by(PurchaseOrder.id.desc())
        ).all()
        names = staff_names(session, {found.staff_id, found.answered_by})
        return render_template(
            "acquisitions/suggestion.html",
            row=row,
            suggestion=found,
            known=use.known_of(session, found.library_id, found.title, found.isbn, hidden=True),
            awaited=use.awaited_by_title(session, found.library_id, found.title),
            may=may,
            drafts=[(order, name) for order, name in drafts],
            names=names,
            typed=request.form,
            problem=problem,
            words=words,
        ), status


@bp.post("/<int:suggestion_id>/act")
@door(ORDER_BOOKS)
def act(suggestion_id: int) -> Any:
    """Say yes or no, take the answer back, or put the title on an order."""
    actor, what = current_actor(), request.form.get("act", "")
    said = clean_text(request.form.get("answer", ""))
    try:
        with transaction() as session:
            found: Suggestion = use.suggestion_for(session, actor, suggestion_id)
            if what in ("accept", "decline"):
                use.answer(session, actor, found.id, accept=what == "accept", words=said)
                flash(_("The answer was kept; whoever suggested it reads it."), "ok")
            elif what == "back":
                use.take_answer_back(session, actor, found.id)
                flash(_("The suggestion waits for an answer again."), "ok")
            elif what == "order":
                order_id = request.form.get("order_id", type=int) or 0
                copies = request.form.get("copies", type=int) or 0
                use.put_on_order(session, actor, found.id, order_id, copies)
                flash(_("The title is on the order."), "ok")
                return redirect(url_for("orders.show", order_id=order_id))
    except IlsError as error:
        if error.status in (403, 404):
            raise
        return _page(suggestion_id, sentence_for(error), error.status)
    return redirect(url_for("suggestions.show", suggestion_id=suggestion_id))
