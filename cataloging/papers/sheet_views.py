"""Pages of a library's own label sheets: measured, tried on paper, led to the printer."""

from typing import Any

from flask import Response, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _

from cataloging.papers.forms import SheetForm
from cataloging.papers.sheets import OWN, keep_sheet, own_sheets, remove_sheet, sheets_of
from cataloging.papers.views import bp
from cataloging.permissions import EDIT_STOCK, PRINT_LABELS
from cataloging.views.base import show_problem
from ils.core.db import reading, transaction
from ils.core.errors import IlsError, NotFound
from ils.printing.labels import calibration_page
from ils.web.door import current_actor, door


@bp.route("/sheets", methods=["GET", "POST"])
@door(EDIT_STOCK)
def label_sheets() -> Any:
    """Show the sheets of the library; add one."""
    return _form(SheetForm(), None)


@bp.route("/sheets/<int:sheet_id>", methods=["GET", "POST"])
@door(EDIT_STOCK)
def label_sheet(sheet_id: int) -> Any:
    """Measure a sheet anew, or take it off the list."""
    library_id = current_actor().library_id or 0
    if request.form.get("act") == "remove":
        with transaction() as session:
            remove_sheet(session, current_actor(), library_id, sheet_id)
        flash(_("The sheet is off the list."), "ok")
        return redirect(url_for("papers.label_sheets"))
    with reading() as session:
        known = next(
            (one for one in own_sheets(session, library_id) if one.code == f"{OWN}{sheet_id}"), None
        )
    if known is None:
        raise NotFound("label_sheet_unknown")
    return _form(SheetForm(obj=known), sheet_id)


def _form(form: SheetForm, sheet_id: int | None) -> Any:
    library_id, status = current_actor().library_id or 0, 200
    if request.method == "POST":
        status = 422
        if form.validate():
            try:
                with transaction() as session:
                    keep_sheet(session, current_actor(), library_id, form.sheet(), sheet_id)
            except IlsError as error:
                status = show_problem(form, error, "name")
            else:
                flash(_("Saved. Print the test page and lay it against a sheet of labels."), "ok")
                return redirect(url_for("papers.label_sheets"))
    with reading() as session:
        sheets = sheets_of(session, library_id)
    page = render_template(
        "cataloging/papers/sheets.html", form=form, sheet_id=sheet_id, sheets=sheets, own=OWN
    )
    return page, status


@bp.get("/sheets/<code>/test.pdf")
@door(PRINT_LABELS)
def test_page(code: str) -> Response:
    """Print the edges of the labels, to see how far the printer is off."""
    with reading() as session:
        sheet = sheets_of(session, current_actor().library_id).get(code)
    if sheet is None:
        raise NotFound("label_sheet_unknown")
    headers = {"Content-Disposition": 'inline; filename="thu-nhan.pdf"'}
    return Response(calibration_page(sheet), mimetype="application/pdf", headers=headers)
