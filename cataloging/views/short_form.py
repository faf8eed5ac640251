"""The short form: a new title with its copies in one go, or a change in plain boxes."""

from typing import Any

from flask import flash, redirect, render_template, request, session, url_for
from flask_babel import gettext as _
from flask_babel import ngettext
from sqlalchemy.orm import Session

from cataloging import records
from cataloging.items import add_items, latest_item
from cataloging.marc.model import Marc
from cataloging.marc.numbers import isbn13
from cataloging.marc.project import project
from cataloging.models import Item, Record
from cataloging.permissions import EDIT_ITEM, EDIT_RECORD
from cataloging.short_form import NAMES, read, write
from cataloging.stock import first_register
from cataloging.title_code import title_code
from cataloging.views.base import bp, show_problem
from cataloging.views.duplicates import likely_same
from cataloging.views.forms import BookForm, NewCopiesForm
from ils.core import clock
from ils.core.db import reading, transaction
from ils.core.errors import IlsError, StaleVersion
from ils.web.door import current_actor, door

# What stays in the form from one new title to the next: the shelf one enters from.
KEPT = (
    *("branch_id", "item_type", "collection_id", "use", "source", "voucher", "register_id"),
    *("opening_balance",),
)
KEPT_IN = "catalog_kept"


@bp.route("/new", methods=["GET", "POST"])
@door(EDIT_RECORD)
def new() -> Any:
    """Enter a new title with its copies; 'save and next' comes back to an empty form."""
    form = BookForm(prefix="")
    copies = NewCopiesForm(prefix="copy-") if current_actor().can_somewhere(EDIT_ITEM) else None
    form.fill_choices()
    if copies is not None:
        with reading() as db:
            copies.fill_choices(db)
    if request.method == "GET":
        _begin(form, copies)
        return _page(form, copies, None)
    wants_copies = copies is not None and "with_copies" in request.form
    sound = form.validate()
    if wants_copies and copies is not None:
        sound = copies.validate() and sound
    if not sound:
        return _page(form, copies, None), 422
    marc = write(None, _values(form), clock.today())
    if "sure" not in request.form:
        with reading() as db:
            same = likely_same(db, marc)
        if same:
            return _page(form, copies, None, same=same), 409
    try:
        with transaction() as db:
            record, items = _store(db, marc, form, copies if wants_copies else None)
    except IlsError as error:
        return _page(form, copies, None), _show(form, copies, error)
    return _after(record, items, copies if wants_copies else None)


def _begin(form: BookForm, copies: NewCopiesForm | None) -> None:
    """Fill an empty form with what is usual here and what was kept from the last title."""
    form.language.data = "vie"
    isbn = request.args.get("isbn", "")
    form.isbn.data = isbn if isbn13(isbn) else ""
    form.title.data = request.args.get("title", "")[:500]
    if copies is None:
        return
    copies.branch_id.data = current_actor().unit_id
    copies.copies.data = 1
    copies.use.data, copies.source.data, copies.item_type.data = "loan", "", "book"
    with reading() as db:
        last = latest_item(db, current_actor().library_id)
        copies.register_id.data = first_register(db, current_actor().library_id)
    if last is not None:
        copies.register_id.data = last.register_id or copies.register_id.data
        copies.collection_id.data = last.collection_id
        copies.item_type.data = last.item_type
    for name, value in (session.get(KEPT_IN) or {}).items():
        if name in copies:
            copies[name].data = value


def _values(form: BookForm) -> dict[str, str]:
    return {name: form[name].data or "" for name in NAMES if name in form}


def _store(
    db: Session, marc: Marc, form: BookForm, copies: NewCopiesForm | None
) -> tuple[Record, list[Item]]:
    actor = current_actor()
    change_set = records.new_change_set(db, actor, "edit", form.why.data or "")
    record = records.create_record(
        db, actor, marc, why=form.why.data or "", change_set=change_set, numbered=True
    )
    if copies is None:
        return record, []
    facts = copies.facts()
    if facts.price is None:
        copies.price.data = project(marc).price
        facts = copies.facts()
    items = add_items(db, actor, record.id, facts, change_set=change_set, **copies.entry())
    return record, items


def _show(form: BookForm, copies: NewCopiesForm | None, error: IlsError) -> int:
    field = error.facts.get("field", "")
    if copies is not None and (field in copies or error.code.startswith("accession_")):
        return show_problem(copies, error, "numbers")
    return show_problem(form, error, "title")


def _after(record: Record, items: list[Item], copies: NewCopiesForm | None) -> Any:
    flash(_("“%(title)s” was saved.", title=record.title), "ok")
    if items:
        said = ", ".join(i.accession_no or i.barcode or "–" for i in items[:6])
        more = " …" if len(items) > 6 else ""
        flash(
            ngettext(
                "%(num)s copy entered: %(numbers)s",
                "%(num)s copies entered: %(numbers)s",
                len(items),
                numbers=said + more,
            ),
            "ok",
        )
    if copies is not None:
        session[KEPT_IN] = {name: copies[name].data for name in KEPT}
    if request.form.get("act") == "next":
        return redirect(url_for("cataloging.new"))
    return redirect(url_for("cataloging.show", record_id=record.id))


def _page(form: BookForm, copies: NewCopiesForm | None, record: Any, **more: Any) -> str:
    return render_template(
        "cataloging/short_form.html",
        form=form,
        copies=copies,
        record=record,
        with_copies=request.method == "GET" or "with_copies" in request.form,
        **more,
    )


@bp.route("/<int:record_id>/form", methods=["GET", "POST"])
@door(EDIT_RECORD)
def edit_form(record_id: int) -> Any:
    """Change a record in the boxes of the short form; what they do not show stays as it is."""
    with reading() as db:
        record = records.record_for(db, record_id)
    stored: Marc = record.marc  # type: ignore[assignment]
    form = BookForm()
    if request.method == "GET":
        for name, value in read(stored).items():
            form[name].data = value
        form.version.data = str(record.version)
        form.fill_choices()
        return _page(form, None, record)
    form.fill_choices()
    if not form.validate():
        return _page(form, None, record), 422
    expected = int(form.version.data) if (form.version.data or "").isdecimal() else 0
    if expected != record.version:
        return _stale(form, record)
    try:
        with transaction() as db:
            records.replace_marc(
                db,
                current_actor(),
                record_id,
                write(stored, _values(form)),
                expected_version=expected,
                why=form.why.data or "",
            )
    except StaleVersion:
        with reading() as db:
            return _stale(form, records.record_for(db, record_id))
    except IlsError as error:
        return _page(form, None, record), show_problem(form, error, "title")
    flash(_("The record was saved."), "ok")
    return redirect(url_for("cataloging.show", record_id=record_id))


def _stale(form: BookForm, record: Record) -> Any:
    """Somebody saved meanwhile: show their boxes beside what was typed, and lose nothing."""
    theirs = read(record.marc)  # type: ignore[arg-type]
    typed = _values(form)
    both = [
        (form[name].label.text, typed[name], value)
        for name, value in theirs.items()
        if typed.get(name, "").strip() != value.strip()
    ]
    form.version.data = str(record.version)
    form.version.raw_data = [form.version.data]
    return _page(form, None, record, both=both), 409


@bp.get("/title-code")
@door(EDIT_RECORD)
def code_of_title() -> Any:
    """Answer the code of a title, for the form to suggest."""
    return {"code": title_code(request.args.get("title", "")[:300])}
