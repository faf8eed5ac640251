"""Budget lines in the browser: those of a year, and what stands behind one."""

from typing import Any

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for
from flask_babel import force_locale
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from cataloging.acquisitions import budgets as use
from cataloging.acquisitions import words
from cataloging.acquisitions.forms import BudgetForm
from cataloging.permissions import ORDER_BOOKS
from cataloging.stockbook.funding import fundings
from cataloging.views.base import show_problem
from ils.core import clock
from ils.core.db import reading, transaction
from ils.core.errors import IlsError, Refused
from ils.org.office import office_of
from ils.printing.listing import Column, Listing, listing_pdf, listing_xlsx
from ils.web.door import current_actor, door
from ils.web.downloads import PDF, XLSX, as_file
from ils.web.errors import sentence_for
from ils.web.forms import parse_year

bp = Blueprint(
    "budgets", __name__, url_prefix="/staff/acquisitions/budgets", template_folder="../templates"
)


def _year() -> int:
    return request.args.get("year", type=parse_year) or clock.today().year


def _library() -> int:
    return current_actor().library_id or 0


@bp.get("/")
@door(ORDER_BOOKS)
def budgets() -> str:
    """List the budget lines of a year with what is ordered, spent and left."""
    year = _year()
    with reading() as session:
        rows = use.budgets_of(session, _library(), year)
        years = {year, clock.today().year, *use.years_of(session, _library())}
        return render_template(
            "acquisitions/budgets.html",
            rows=rows,
            stands=use.standings_of(session, rows),
            year=year,
            years=sorted(years, reverse=True),
        )


@bp.get("/list.pdf", endpoint="list_pdf")
@bp.get("/list.xlsx", endpoint="list_xlsx")
@door(ORDER_BOOKS)
def taken_away() -> Response:
    """Return the budget lines of a year as a paper or a spreadsheet."""
    year = _year()
    with reading() as session, force_locale("vi"):
        listing = _listing(session, year)
        if request.path.endswith(".pdf"):
            return as_file(listing_pdf(listing), f"kinh-phi-{year}.pdf", PDF)
        return as_file(listing_xlsx(listing), f"kinh-phi-{year}.xlsx", XLSX)


def _listing(session: Session, year: int) -> Listing:
    rows = use.budgets_of(session, _library(), year)
    stands = use.standings_of(session, rows)
    return Listing(
        title="Kinh phí bổ sung tài liệu",
        columns=(
            Column("name", "Dòng kinh phí"),
            Column("source", "Nguồn kinh phí"),
            Column("amount", "Được cấp (đồng)", "money", "32mm", total=True),
            Column("ordered", "Đã đặt, chưa nhận (đồng)", "money", "32mm", total=True),
            Column("spent", "Đã chi (đồng)", "money", "32mm", total=True),
            Column("left", "Còn lại (đồng)", "money", "32mm", total=True),
        ),
        rows=[
            {
                "name": row.name,
                "source": row.source,
                "amount": row.amount,
                "ordered": stands[row.id].ordered,
                "spent": stands[row.id].spent,
                "left": stands[row.id].left,
            }
            for row in rows
        ],
        office=office_of(session, _library()),
        about=[f"Năm {year}"],
        signers=("Người lập biểu", "Kế toán", "Phụ trách thư viện"),
    )


@bp.route("/new", methods=["GET", "POST"])
@door(ORDER_BOOKS)
def new() -> Any:
    """Write a budget line down."""
    form, status = BudgetForm(), 200
    if request.method == "GET":
        form.year.data = _year()
    if form.validate_on_submit():
        try:
            with transaction() as session:
                made = use.add_budget(session, current_actor(), _library(), form.facts())
                year = made.year
        except IlsError as error:
            if error.status == 403:
                raise
            status = show_problem(form, error, "name")
        else:
            flash(_("The budget line was saved."), "ok")
            return redirect(url_for("budgets.budgets", year=year))
    elif request.method == "POST":
        status = 422
    with reading() as session:
        page = render_template(
            "acquisitions/budget.html",
            form=form,
            budget=None,
            sources=fundings(session, _library()),
        )
    return page, status


@bp.route("/<int:budget_id>", methods=["GET", "POST"])
@door(ORDER_BOOKS)
def show(budget_id: int) -> Any:
    """Show a budget line with what stands behind its figures, and change it."""
    actor, status = current_actor(), 200
    with reading() as session:
        form = BudgetForm(obj=use.budget_for(session, actor, budget_id))
    if form.validate_on_submit():
        try:
            with transaction() as session:
                use.change_budget(session, actor, budget_id, form.facts())
        except IlsError as error:
            status = show_problem(form, error, "name")
        else:
            flash(_("The budget line was saved."), "ok")
            return redirect(url_for("budgets.show", budget_id=budget_id))
    elif request.method == "POST":
        status = 422
    with reading() as session:
        budget = use.budget_for(session, actor, budget_id)
        page = render_template(
            "acquisitions/budget.html",
            form=form,
            budget=budget,
            stand=use.standings_of(session, [budget])[budget.id],
            behind=use.behind(session, budget),
            vouchers=use.vouchers_to_put(session, budget),
            sources=fundings(session, budget.library_id),
            words=words,
        )
    return page, status


@bp.post("/<int:budget_id>/vouchers")
@door(ORDER_BOOKS)
def vouchers(budget_id: int) -> Any:
    """Put a voucher on a budget line, or take one off."""
    put, gone = (request.form.get(name, type=int) for name in ("voucher_id", "remove"))
    with transaction() as session:
        use.budget_for(session, current_actor(), budget_id)
        if gone:
            use.take_voucher_off(session, current_actor(), budget_id, gone)
        elif put:
            use.put_voucher(session, current_actor(), budget_id, put)
    return redirect(url_for("budgets.show", budget_id=budget_id))


@bp.post("/<int:budget_id>/delete")
@door(ORDER_BOOKS)
def delete(budget_id: int) -> Any:
    """Delete a budget line that nothing names."""
    try:
        with transaction() as session:
            use.delete_budget(session, current_actor(), budget_id)
    except Refused as error:
        flash(sentence_for(error), "bad")
        return redirect(url_for("budgets.show", budget_id=budget_id))
    flash(_("The budget line was deleted."), "ok")
    return redirect(url_for("budgets.budgets"))
