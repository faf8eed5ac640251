"""Binding issues into volumes, and giving old ones away."""

from datetime import date
from typing import Any

from flask import Response, flash, redirect, render_template, request, url_for
from flask_babel import force_locale
from flask_babel import gettext as _

from cataloging.models import Record
from cataloging.permissions import EDIT_SERIALS
from cataloging.serials import binding as use
from cataloging.serials import old, words
from cataloging.serials.expecting import issue_of
from cataloging.serials.forms import TitleForm
from cataloging.serials.titles import title_for
from cataloging.serials.views.base import bp, read_day, read_year
from ils.core.db import reading, transaction
from ils.core.errors import IlsError
from ils.org.office import office_of
from ils.org.units import unit_names
from ils.printing.listing import Column, Listing, listing_xlsx
from ils.web.door import current_actor, door
from ils.web.downloads import XLSX, as_file
from ils.web.errors import sentence_for
from ils.web.forms import clean_text, parse_dong


@bp.route("/<int:serial_id>/bind", methods=["GET", "POST"])
@door(EDIT_SERIALS)
def bind(serial_id: int) -> Any:
    """Choose issues of a year and bind them."""
    problem, status = "", 200
    if request.method == "POST":
        try:
            with transaction() as session:
                made = use.bind_issues(
                    session, current_actor(), serial_id, _chosen(), _volume_facts()
                )
                label = made.label
        except IlsError as error:
            if error.status in (403, 404):
                raise
            problem, status = sentence_for(error), error.status
        else:
            flash(_("Bound: %(label)s", label=label), "ok")
            return redirect(url_for("serials.show", serial_id=serial_id) + "#volumes")
    year = read_year(request.values.get("year", ""))
    form = TitleForm(formdata=None, prefix="x-")
    with reading() as session:
        title = title_for(session, current_actor(), serial_id, EDIT_SERIALS)
        form.fill_choices(session)
        every = use.unbound(session, serial_id)
        years = sorted({row.day.year for row in every})
        if "year" not in request.values and years:
            year = years[0]
        rows = [row for row in every if row.day.year == year]
        page = render_template(
            "serials/bind.html",
            title=title,
            record=session.get_one(Record, title.record_id),
            rows=[(row, issue_of(row)) for row in rows],
            years=years,
            year=year,
            label=use.label_of(rows) if rows else "",
            price=None if title.price is None else title.price * len(rows),
            choices=form,
            problem=problem,
            typed=request.form,
            ticked=set(_chosen()),
            words=words,
        )
    return page, status


def _chosen() -> list[int]:
    return [int(one) for one in request.form.getlist("issue") if one.isdecimal() and len(one) < 10]


def _volume_facts() -> use.VolumeFacts:
    sent = request.form
    typed = clean_text(sent.get("price", ""))
    try:
        price = parse_dong(typed) if typed else None
    except ValueError:
        price = -1  # the use case says what is wrong with it
    return use.VolumeFacts(
        label=clean_text(sent.get("label", "")),
        register_id=sent.get("register_id", type=int) or None,
        item_type=sent.get("item_type", ""),
        collection_id=sent.get("collection_id", type=int) or None,
        use=sent.get("use", "reading_room"),
        price=price,
    )


@bp.post("/volumes/<int:volume_id>/back")
@door(EDIT_SERIALS)
def unbind(volume_id: int) -> Any:
    """Take a binding back."""
    with transaction() as session:
        title_id = use.unbind(session, current_actor(), volume_id).id
    flash(_("The binding is taken back; its issues are single again."), "ok")
    return redirect(url_for("serials.show", serial_id=title_id))


# --- old issues --------------------------------------------------------------------------------


def _years() -> int:
    typed = request.values.get("years", "")
    return int(typed) if typed.isdecimal() and len(typed) < 3 else old.YEARS


@bp.get("/old")
@door(EDIT_SERIALS)
def old_issues() -> Any:
    """List the issues older than so many years, title by title."""
    with reading() as session:
        return render_template(
            "serials/old.html",
            rows=old.old_by_title(session, current_actor().library_id or 0, _years()),
            years=_years(),
            before=old.old_since(_years()),
            names=unit_names(session),
        )


@bp.get("/old.xlsx")
@door(EDIT_SERIALS)
def old_sheet() -> Response:
    """Return them as a spreadsheet, an issue a line, for the weeding council."""
    library_id = current_actor().library_id or 0
    with reading() as session, force_locale("vi"):
        listing = Listing(
            title=f"Báo, tạp chí ra trước ngày {old.old_since(_years()):%d/%m/%Y}",
            columns=[
                Column("title", "Tên báo, tạp chí"),
                Column("day", "Ngày ra", "date"),
                Column("number", "Số"),
                Column("copies", "Số bản", "num", total=True),
                Column("price", "Giá", "money"),
            ],
            rows=[
                {
                    "title": record.title,
                    "day": row.day,
                    "number": issue_of(row).label,
                    "copies": row.copies,
                    "price": title.price,
                }
                for row, title, record in old.old_issues(session, library_id, _years())
            ],
            office=office_of(session, library_id),
        )
        return as_file(listing_xlsx(listing), "bao-tap-chi-cu.xlsx", XLSX)


@bp.post("/<int:serial_id>/discard")
@door(EDIT_SERIALS)
def discard(serial_id: int) -> Any:
    """Say that old issues of a title are kept no more, or take that back."""
    back = read_day(request.form.get("back", ""))
    before = read_day(request.form.get("before", "")) or date.max
    with transaction() as session:
        if back is not None:
            count = old.keep_again(session, current_actor(), serial_id, back)
            flash(_("%(count)s issues are kept again.", count=count), "ok")
        else:
            count = old.discard_before(session, current_actor(), serial_id, before)
            flash(_("%(count)s issues are no longer kept.", count=count), "ok")
    return redirect(url_for("serials.show", serial_id=serial_id))
