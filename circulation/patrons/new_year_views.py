"""Pages of the new school year: the table of classes, and who left and still owes something."""

from typing import Any

from flask import Response, redirect, render_template, request, url_for
from flask_babel import force_locale
from flask_babel import lazy_gettext as _l
from sqlalchemy import select

from circulation.patrons.batches import batch_for
from circulation.patrons.classes import this_school_year
from circulation.patrons.models import PatronCategory
from circulation.patrons.new_year import (
    KEEP,
    ClassMove,
    LeaverTerms,
    begin_school_year,
    leavers_owing,
    propose_moves,
)
from circulation.patrons.patrons import EDIT
from circulation.patrons.views import bp
from ils.core.audit import audit
from ils.core.db import reading, transaction
from ils.core.errors import IlsError
from ils.org.office import office_of
from ils.printing.listing import Column, Listing, listing_pdf, listing_xlsx
from ils.web.door import current_actor, door
from ils.web.downloads import as_file
from ils.web.errors import sentence_for

STAY = "="  # typed or chosen: the class does not move


@bp.route("/new-year", methods=["GET", "POST"])
@door(EDIT)
def new_year() -> Any:
    """Show each class with the one that follows, to be corrected; on POST move them all."""
    problem, status = None, 200
    year = request.values.get("year", "").strip()[:9] or this_school_year()
    if request.method == "POST" and "move" in request.form:
        try:
            with transaction() as session:
                made = begin_school_year(session, current_actor(), year, _moves(), _terms())
        except IlsError as error:
            problem, status = sentence_for(error), error.status
        else:
            return redirect(url_for("patrons.run", batch_id=made.id))
    with reading() as session:
        page = render_template(
            "circulation/patrons_new_year.html",
            rows=propose_moves(session, current_actor(), year),
            year=year,
            categories=session.scalars(select(PatronCategory).order_by(PatronCategory.order)).all(),
            typed=request.form,
            problem=problem,
            stay=STAY,
        )
    return page, status


def _moves() -> list[ClassMove]:
    """Read the table: a class typed, empty with the tick of leaving, or staying."""
    moves = []
    for n in range(request.form.get("rows", 0, type=int)):
        school, name = request.form.get(f"school_{n}", ""), request.form.get(f"name_{n}", "")
        to = request.form.get(f"to_{n}", "").strip()
        leaves = f"leaves_{n}" in request.form
        if name and f"use_{n}" in request.form and (to or leaves):
            moves.append(ClassMove(school, name, "" if leaves else to))
    return moves


def _terms() -> LeaverTerms:
    typed = request.form
    return LeaverTerms(
        category=typed.get("category", ""),
        card=typed.get("card", KEEP),
        block=typed.get("words", "").strip() if "block" in typed else "",
    )


COLUMNS = (
    Column("school", _l("School"), width="1.2fr"),
    Column("school_class", _l("School class"), width="14mm"),
    Column("patron", _l("Patron"), width="1.4fr"),
    Column("card", _l("Card"), "code", "22mm"),
    Column("phone", _l("Telephone"), "code", "24mm"),
    Column("title", _l("Title"), width="2fr"),
    Column("accession_no", _l("Accession number"), "code", "22mm"),
    Column("due_on", _l("Due"), "date", "20mm"),
    Column("owed", _l("Owed"), "money", "20mm", total=True),
)


@bp.get("/batches/<int:batch_id>/leavers")
@door(EDIT)
def leavers(batch_id: int) -> str:
    """List what those who left with a school year still have or owe."""
    with reading() as session:
        batch = batch_for(session, current_actor(), batch_id)
        rows = leavers_owing(session, current_actor(), batch_id)
    return render_template(
        "circulation/patrons_leavers.html", rows=rows, batch=batch, columns=COLUMNS
    )


@bp.get("/batches/<int:batch_id>/leavers.xlsx")
@door(EDIT)
def leavers_xlsx(batch_id: int) -> Response:
    """Return the list as a spreadsheet, for the school."""
    mimetype = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
    return as_file(listing_xlsx(_listing(batch_id)), "hoc-sinh-ra-truong.xlsx", mimetype)


@bp.get("/batches/<int:batch_id>/leavers.pdf")
@door(EDIT)
def leavers_pdf(batch_id: int) -> Response:
    """Return the list as a paper, for the school."""
    return as_file(listing_pdf(_listing(batch_id)), "hoc-sinh-ra-truong.pdf", "application/pdf")


def _listing(batch_id: int) -> Listing:
    actor = current_actor()
    with force_locale("vi"), transaction() as session:
        batch = batch_for(session, actor, batch_id)
        rows = leavers_owing(session, actor, batch_id)
        audit(session, actor, "list_taken", "list", None, list="leavers", rows=len(rows))
        return Listing(
            title="Danh sách học sinh ra trường còn mượn sách, còn nợ thư viện",
            columns=COLUMNS,
            rows=rows,
            office=office_of(session, batch.library_id),
            about=[f"(lên lớp năm học {batch.facts.get('about', '')})"],
            signers=("Người lập biểu", "Đại diện nhà trường", "Phụ trách thư viện"),
        )
