"""The titles taken: the list, a title with its card, its months, its patterns."""

from datetime import timedelta
from typing import Any

from flask import Response, flash, redirect, render_template, request, url_for
from flask_babel import force_locale
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from cataloging.acquisitions.models import Supplier
from cataloging.models import Record
from cataloging.permissions import EDIT_SERIALS, RECEIVE_SERIALS
from cataloging.records import record_for
from cataloging.serials import titles as use
from cataloging.serials import words
from cataloging.serials.binding import volumes_of
from cataloging.serials.cards import card_of, card_xlsx, register_pdf
from cataloging.serials.expecting import OPEN, month_of, slots_of
from cataloging.serials.forms import PatternForm, TitleForm
from cataloging.serials.holdings import holding_of
from cataloging.serials.models import SerialTitle
from cataloging.serials.old import discards_of
from cataloging.serials.rules.pattern import Pattern
from cataloging.serials.views.base import (
    bp,
    branch_looked_at,
    pairs_of,
    read_day,
    read_month,
    read_year,
)
from cataloging.stockbook.vouchers import find_titles
from cataloging.views.base import show_problem
from ils.core import clock
from ils.core.db import reading, transaction
from ils.core.errors import IlsError, NotFound
from ils.org.office import office_of
from ils.org.units import unit, unit_names
from ils.printing.listing import Column, Listing, listing_xlsx
from ils.web.door import current_actor, door
from ils.web.downloads import PDF, XLSX, as_file
from ils.web.forms import clean_text
from ils.web.pages import Page, page_number

SIZE = 50


def _asked() -> use.Asked:
    state = request.args.get("state", "taken")
    return use.Asked(
        library_id=current_actor().library_id or 0,
        branch_id=request.args.get("branch", type=int),
        words=clean_text(request.args.get("q", "")),
        state=state if state in words.TAKEN else "taken",
        sort=request.args.get("sort", ""),
    )


@bp.get("/titles")
@door(RECEIVE_SERIALS)
def titles() -> str:
    """List the titles the library worked at takes."""
    asked, number = _asked(), page_number(request.args.get("page"))
    with reading() as session:
        rows, total = use.titles_of(session, asked, limit=SIZE, offset=(number - 1) * SIZE)
        _branch, branches = branch_looked_at(session)
        return render_template(
            "serials/titles.html",
            rows=rows,
            appears=_appears(session, [title for title, _record in rows]),
            page=Page(number, SIZE, total, rows),
            asked=asked,
            branches=pairs_of(session, branches),
            names=unit_names(session),
            year=clock.today().year,
            words=words,
            may_edit=current_actor().can_somewhere(EDIT_SERIALS),
        )


def _appears(session: Session, titles: list[SerialTitle]) -> dict[int, str]:
    found = use.patterns_of(session, [title.id for title in titles])
    return {one: words.say_pattern(use.rule_of(rows[-1])) for one, rows in found.items()}


@bp.get("/titles.xlsx")
@door(RECEIVE_SERIALS)
def titles_sheet() -> Response:
    """Return the list as a spreadsheet."""
    asked = _asked()
    with reading() as session, force_locale("vi"):
        rows, _total = use.titles_of(session, asked)
        names = unit_names(session)
        appears = _appears(session, [title for title, _record in rows])
        listing = Listing(
            title="Danh mục báo, tạp chí",
            columns=[
                Column("title", "Tên báo, tạp chí"),
                Column("appears", "Định kỳ"),
                Column("branch", "Nơi phục vụ"),
                Column("copies", "Số bản", "num", total=True),
                Column("price", "Giá một số", "money"),
                Column("starts_on", "Đặt từ", "date"),
                Column("ends_on", "Đến", "date"),
            ],
            rows=[
                {
                    "title": record.title,
                    "appears": appears.get(title.id, ""),
                    "branch": names.get(title.branch_id, ""),
                    "copies": title.copies,
                    "price": title.price,
                    "starts_on": title.starts_on,
                    "ends_on": title.ends_on,
                }
                for title, record in rows
            ],
            office=office_of(session, asked.library_id) if asked.library_id else _nowhere(),
        )
        return as_file(listing_xlsx(listing), "bao-tap-chi.xlsx", XLSX)


def _nowhere() -> Any:
    raise NotFound("unit_unknown")


@bp.get("/<int:serial_id>")
@door(RECEIVE_SERIALS)
def show(serial_id: int) -> Any:
    """Show a title: what is held, its card of a year, a month line by line."""
    return title_page(serial_id)


def title_page(serial_id: int, problem: str = "", status: int = 200) -> Any:
    """Draw the page of a title; a problem stands at the line it speaks of."""
    month = read_month(request.values.get("month", ""))
    asked_year = request.args.get("year", "")
    year = read_year(asked_year) if asked_year else month.year
    if asked_year and year != month.year:
        month = month.replace(year=year, month=1)
    since, until = month_of(month)
    with reading() as session:
        actor = current_actor()
        title = use.title_for(session, actor, serial_id)
        patterns = use.patterns_of(session, [title.id]).get(title.id, [])
        page = render_template(
            "serials/show.html",
            title=title,
            record=session.get_one(Record, title.record_id),
            names=unit_names(session),
            supplier=session.get(Supplier, title.supplier_id) if title.supplier_id else None,
            patterns=[(row, words.say_pattern(use.rule_of(row))) for row in patterns],
            held=holding_of(session, title),
            card=card_of(session, title, year),
            year=year,
            month=month,
            before=(month - timedelta(days=1)).replace(day=1),
            after=until + timedelta(days=1),
            until=until,
            slots=slots_of(session, [title], since, until)[title.id],
            volumes=volumes_of(session, title.id),
            discards=discards_of(session, title.id),
            today=clock.today(),
            words=words,
            OPEN=OPEN,
            problem=problem,
            typed=request.form,
            may_edit=actor.can(EDIT_SERIALS, unit(session, title.branch_id)),
        )
    return page, status


@bp.route("/new", methods=["GET", "POST"])
@door(EDIT_SERIALS)
def new() -> Any:
    """Choose a record, then say what is agreed and how it appears."""
    record_id = request.args.get("record", type=int)
    if record_id is None:
        return _choose()
    form, pattern, status = TitleForm(), PatternForm(prefix="p-"), 200
    with reading() as session:
        record = record_for(session, record_id)
        form.fill_choices(session)
        pattern.fill_choices()
        if request.method == "GET":
            form.begin()
            pattern.begins.data = form.starts_on.data
    if request.method == "POST":
        if form.validate() & pattern.validate():
            try:
                with transaction() as session:
                    made = use.take_title(
                        session, current_actor(), record_id, form.facts(), pattern.pattern()
                    )
                    made_id = made.id
            except IlsError as error:
                status = show_problem(_bearer(form, pattern, error), error, _first(error))
            else:
                return redirect(url_for("serials.show", serial_id=made_id))
        else:
            status = 422
    page = render_template(
        "serials/edit.html", form=form, pattern=pattern, record=record, title=None
    )
    return page, status


def _bearer(form: TitleForm, pattern: PatternForm, error: IlsError) -> Any:
    return pattern if error.code.startswith("pattern_") else form


def _first(error: IlsError) -> str:
    return "frequency" if error.code.startswith("pattern_") else "branch_id"


def _choose() -> Any:
    typed = clean_text(request.args.get("q", ""))
    with reading() as session:
        found = find_titles(session, typed) if typed else []
        return render_template("serials/choose.html", found=found, typed=typed)


@bp.route("/<int:serial_id>/edit", methods=["GET", "POST"])
@door(EDIT_SERIALS)
def edit(serial_id: int) -> Any:
    """Change what is agreed on a title."""
    form, status = TitleForm(), 200
    with reading() as session:
        title = use.title_for(session, current_actor(), serial_id, EDIT_SERIALS)
        record = session.get_one(Record, title.record_id)
        form.fill_choices(session, title.supplier_id)
        if request.method == "GET":
            form.fill(title)
    if form.validate_on_submit():
        try:
            with transaction() as session:
                use.change_title(session, current_actor(), serial_id, form.facts())
        except IlsError as error:
            status = show_problem(form, error, "branch_id")
        else:
            return redirect(url_for("serials.show", serial_id=serial_id))
    elif request.method == "POST":
        status = 422
    page = render_template("serials/edit.html", form=form, pattern=None, record=record, title=title)
    return page, status


@bp.route("/<int:serial_id>/pattern", methods=["GET", "POST"])
@door(EDIT_SERIALS)
def pattern(serial_id: int) -> Any:
    """Change a pattern, or say how the title appears from another day on."""
    form, status = PatternForm(), 200
    form.fill_choices()
    with reading() as session:
        title = use.title_for(session, current_actor(), serial_id, EDIT_SERIALS)
        record = session.get_one(Record, title.record_id)
        rows = use.patterns_of(session, [title.id]).get(title.id, [])
        begins = read_day(request.args.get("begins", ""))
        shown = next((row for row in rows if row.begins == begins), None)
        if request.method == "GET" and rows:
            form.fill(use.rule_of(shown or rows[-1]))
            if shown is None:
                _next_pattern(session, title, form)
    if request.method == "POST" and request.form.get("act") == "remove" and shown is not None:
        return _remove(serial_id, shown.begins)
    if form.validate_on_submit():
        try:
            with transaction() as session:
                _replace(session, serial_id, form.pattern(), shown and shown.begins)
        except IlsError as error:
            status = show_problem(form, error, "frequency")
        else:
            return redirect(url_for("serials.show", serial_id=serial_id))
    elif request.method == "POST":
        status = 422
    page = render_template(
        "serials/pattern.html",
        form=form,
        record=record,
        title=title,
        shown=shown,
        many=len(rows) > 1,
    )
    return page, status


def _next_pattern(session: Session, title: SerialTitle, form: PatternForm) -> None:
    """A further pattern most likely begins with the next month, with days of its own, and with
    the number the old one would have had there."""
    begins = month_of(clock.today())[1] + timedelta(days=1)
    coming = slots_of(session, [title], begins, begins + timedelta(days=120))[title.id]
    numbers = [slot.issue.numbers[0] for slot in coming if slot.issue.numbers]
    form.begins.data, form.first_number.data = begins, next(iter(numbers), 1)
    for name in ("skipped", "combined", "specials"):
        form[name].data = []


def _replace(session: Session, serial_id: int, new: Pattern, before: Any) -> None:
    """Set a pattern; one whose first day was changed takes the place of the old one."""
    actor = current_actor()
    use.set_pattern(session, actor, serial_id, new)
    if before is not None and before != new.begins:
        use.remove_pattern(session, actor, serial_id, before)


def _remove(serial_id: int, begins: Any) -> Any:
    with transaction() as session:
        use.remove_pattern(session, current_actor(), serial_id, begins)
    flash(_("The pattern is taken away; the one before it holds on."), "ok")
    return redirect(url_for("serials.show", serial_id=serial_id))


@bp.post("/<int:serial_id>/drop")
@door(EDIT_SERIALS)
def drop(serial_id: int) -> Any:
    """Take a title away that was entered by mistake."""
    with transaction() as session:
        use.drop_title(session, current_actor(), serial_id)
    flash(_("The title is no longer on the list."), "ok")
    return redirect(url_for("serials.titles"))


# --- papers ------------------------------------------------------------------------------------


@bp.get("/<int:serial_id>/card.pdf", endpoint="card_pdf")
@bp.get("/<int:serial_id>/card.xlsx", endpoint="card_sheet")
@door(RECEIVE_SERIALS)
def card(serial_id: int) -> Response:
    """Return the card of a title for a year."""
    year = read_year(request.args.get("year", ""))
    with reading() as session, force_locale("vi"):
        title = use.title_for(session, current_actor(), serial_id)
        record = session.get_one(Record, title.record_id)
        name = f"so-bao-{serial_id}-{year}"
        if request.path.endswith(".pdf"):
            made = register_pdf(session, title.branch_id, year, (title, record))
            return as_file(made, f"{name}.pdf", PDF)
        return as_file(card_xlsx(session, title, record, year), f"{name}.xlsx", XLSX)


@bp.get("/register.pdf")
@door(RECEIVE_SERIALS)
def register() -> Response:
    """Return the register of a branch for a year, a page for each title."""
    year = read_year(request.args.get("year", ""))
    with reading() as session, force_locale("vi"):
        branch, _branches = branch_looked_at(session)
        if branch is None:
            raise NotFound("unit_unknown")
        return as_file(register_pdf(session, branch.id, year), f"so-bao-tap-chi-{year}.pdf", PDF)
