"""Suppliers in the browser: the list, one supplier."""

from typing import Any

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for
from flask_babel import force_locale
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from cataloging.acquisitions import suppliers as use
from cataloging.acquisitions import words
from cataloging.acquisitions.forms import SupplierForm
from cataloging.acquisitions.models import Supplier
from cataloging.permissions import ORDER_BOOKS
from cataloging.views.base import show_problem
from ils.core import clock
from ils.core.db import reading, transaction
from ils.core.errors import Forbidden, IlsError, Refused
from ils.org.office import office_of
from ils.org.units import unit_names
from ils.printing.listing import Column, Listing, listing_xlsx
from ils.web.door import current_actor, door
from ils.web.downloads import XLSX, as_file
from ils.web.errors import sentence_for
from ils.web.forms import choices, clean_text
from ils.web.pages import Page, page_number

bp = Blueprint(
    "suppliers",
    __name__,
    url_prefix="/staff/acquisitions/suppliers",
    template_folder="../templates",
)
SIZE = 50


def asked() -> use.Asked:
    """Return what the address asks of the list."""
    state = request.args.get("state", "in_use")
    return use.Asked(
        library_id=current_actor().library_id or 0,
        words=clean_text(request.args.get("q", ""))[:100],
        state=state if state in use.STATES else "in_use",
        sort=request.args.get("sort", ""),
    )


@bp.get("/")
@door(ORDER_BOOKS)
def suppliers() -> str:
    """List the suppliers of the library worked at and those of the province."""
    wanted, number = asked(), page_number(request.args.get("page"))
    with reading() as session:
        rows, total = use.suppliers_of(session, wanted, limit=SIZE, offset=(number - 1) * SIZE)
        return render_template(
            "acquisitions/suppliers.html",
            rows=rows,
            page=Page(number, SIZE, total, rows),
            asked=wanted,
            names=unit_names(session),
            own=current_actor().library_id,
            words=words,
            today=clock.today(),
        )


@bp.get("/list.xlsx")
@door(ORDER_BOOKS)
def sheet() -> Response:
    """Return the list as a spreadsheet."""
    wanted = asked()
    with reading() as session, force_locale("vi"):
        rows, _total = use.suppliers_of(session, wanted)
        names = unit_names(session)
        columns = (
            Column("name", "Nhà cung cấp"),
            Column("tax_code", "Mã số thuế", "code", "30mm"),
            Column("address", "Địa chỉ"),
            Column("phone", "Điện thoại", "code", "28mm"),
            Column("email", "Thư điện tử"),
            Column("contract_no", "Số hợp đồng"),
            Column("contract_from", "Từ ngày", "date"),
            Column("contract_until", "Đến ngày", "date"),
            Column("unit", "Đơn vị lập"),
            Column("state", "Tình trạng"),
            Column("note", "Ghi chú"),
        )
        named = [c.key for c in columns if c.key not in ("unit", "state")]
        listing = Listing(
            title="Danh sách nhà cung cấp",
            columns=columns,
            rows=[
                {name: getattr(row, name) for name in named}
                | {
                    "unit": names[row.unit_id],
                    "state": "Đang dùng" if row.active else "Thôi dùng",
                }
                for row in rows
            ],
            office=office_of(session, wanted.library_id),
        )
        return as_file(listing_xlsx(listing), "nha-cung-cap.xlsx", XLSX)


def _choose_unit(form: SupplierForm, session: Session) -> None:
    names = unit_names(session)
    kept = use.units_kept(session, current_actor())
    form.unit_id.choices = choices((one.id, names[one.id]) for one in kept)


@bp.route("/new", methods=["GET", "POST"])
@door(ORDER_BOOKS)
def new() -> Any:
    """Write a new supplier down."""
    form, status = SupplierForm(), 200
    with reading() as session:
        _choose_unit(form, session)
    if not form.unit_id.choices:
        raise Forbidden("permission_missing", permission=ORDER_BOOKS)
    if form.validate_on_submit():
        try:
            with transaction() as session:
                made = use.add_supplier(session, current_actor(), form.unit_id.data, form.facts())
                made_id, odd = made.id, use.is_odd(made.tax_code)
        except IlsError as error:
            status = show_problem(form, error, "name")
        else:
            _tell_saved(odd=odd)
            return redirect(url_for("suppliers.show", supplier_id=made_id))
    elif request.method == "POST":
        status = 422
    return render_template("acquisitions/supplier.html", form=form, supplier=None), status


@bp.route("/<int:supplier_id>", methods=["GET", "POST"])
@door(ORDER_BOOKS)
def show(supplier_id: int) -> Any:
    """Show a supplier, and change it where one may."""
    actor, status = current_actor(), 200
    with reading() as session:
        supplier = use.supplier_for(session, actor, supplier_id)
        may = use.may_change(session, actor, supplier)
        form = SupplierForm(obj=supplier)
        form.unit_id.choices = choices([(supplier.unit_id, unit_names(session)[supplier.unit_id])])
        form.unit_id.data = supplier.unit_id
    if request.method == "POST" and form.validate():
        try:
            with transaction() as session:
                changed = use.change_supplier(session, actor, supplier_id, form.facts())
                odd = use.is_odd(changed.tax_code)
        except IlsError as error:
            if error.status == 403:
                raise
            status = show_problem(form, error, "name")
        else:
            _tell_saved(odd=odd)
            return redirect(url_for("suppliers.show", supplier_id=supplier_id))
    elif request.method == "POST":
        status = 422
    return _page(form, supplier, may=may, status=status)


def _page(form: SupplierForm, supplier: Supplier, *, may: bool, status: int) -> Any:
    page = render_template("acquisitions/supplier.html", form=form, supplier=supplier, may=may)
    return page, status


def _tell_saved(*, odd: bool) -> None:
    flash(_("The supplier was saved."), "ok")
    if odd:
        flash(
            _("The last digit does not fit this tax code: please compare it with an invoice."),
            "warn",
        )


@bp.post("/<int:supplier_id>/delete")
@door(ORDER_BOOKS)
def delete(supplier_id: int) -> Any:
    """Delete a supplier that nothing names."""
    try:
        with transaction() as session:
            use.delete_supplier(session, current_actor(), supplier_id)
    except Refused as error:
        flash(sentence_for(error), "bad")
        return redirect(url_for("suppliers.show", supplier_id=supplier_id))
    flash(_("The supplier was deleted."), "ok")
    return redirect(url_for("suppliers.suppliers"))
