"""The editor: a new record with its copies, or a change of one, in any of its three views."""

from dataclasses import replace
from typing import Any

from flask import Blueprint, abort, flash, redirect, request, url_for
from flask import session as browser
from flask_babel import gettext as _
from flask_babel import ngettext
from sqlalchemy.orm import Session

from cataloging import records
from cataloging.editor.boxes import read, write
from cataloging.editor.commands import BLANKS, COMMANDS, change_rows
from cataloging.editor.copies import begin_copies, kept_of
from cataloging.editor.drafts import draft_for, draft_of_record
from cataloging.editor.habits import habit_of
from cataloging.editor.materials import material_of, materials
from cataloging.editor.merging import compare, merge
from cataloging.editor.models import RecordDraft
from cataloging.editor.page_views import Beside, draw, draw_merge, layout_of, may_add_copies
from cataloging.editor.posting import FORM, MARC, TEXT, VIEWS, OnPage, as_material, read_page
from cataloging.editor.presence import tell_closed, tell_open
from cataloging.editor.saving import Copies, Entry, save_change, save_new
from cataloging.marc.model import Marc
from cataloging.marc.numbers import isbn13
from cataloging.marc.project import project
from cataloging.marc.text import parse
from cataloging.models import Item, Record
from cataloging.permissions import EDIT_RECORD
from cataloging.views.base import say, show_problem
from cataloging.views.duplicates import likely_same
from cataloging.views.forms import NewCopiesForm
from ils.core.db import reading, transaction
from ils.core.errors import IlsError, StaleVersion
from ils.web.door import current_actor, door

bp = Blueprint(
    "editor",
    __name__,
    url_prefix="/staff/catalog",
    template_folder="templates",
    static_folder="static",
    static_url_path="/editor-static",
)

VIEW_KEPT_IN = "editor_view"


# --- a new record --------------------------------------------------------------------------------


@bp.route("/new", methods=["GET", "POST"])
@door(EDIT_RECORD)
def new() -> Any:
    """Describe a new title and enter its copies; 'save and next' comes back to an empty page."""
    copies = NewCopiesForm(prefix="copy-") if may_add_copies() else None
    with reading() as db:
        if copies is not None:
            copies.fill_choices(db)
        if request.method == "GET":
            return _begin(db, copies)
    on = _posted()
    beside = Beside(copies=copies, with_copies="with_copies" in request.form)
    act = request.form.get("act", "")
    if act not in ("save", "next"):
        return _turn(on, None, beside, act)
    return _store_new(on, beside)


def _begin(db: Session, copies: NewCopiesForm | None) -> str:
    """Draw an empty page: what is pinned, usual in this library, or was left in a draft."""
    habit = habit_of(db, current_actor())
    draft = _draft_asked(db)
    if copies is not None:
        begin_copies(db, copies, habit.copies, (draft.beside if draft else {}).get("copies"))
    if draft is not None:
        return draw(db, _from_draft(draft), None, Beside(copies=copies))
    code = request.args.get("material", "")
    on = OnPage(
        {"leader": "", "fields": []},
        view=_view(),
        material=code if code in materials() else habit.material,
        pinned=habit.pinned,
    )
    layout = layout_of(db, on)
    values = layout.first_values() | habit.pinned_values()
    isbn = request.args.get("isbn", "")
    values |= {"isbn": isbn} if isbn13(isbn) else {}
    title = request.args.get("title", "").strip()[:500]
    values |= {"title": title} if title else {}
    if copies is not None and not (request.args.get("draft") or habit.copies.get("item_type")):
        copies.item_type.data = layout.material.item_type
    on = replace(on, marc=write(None, values, kind=layout.material))
    return draw(db, on, None, Beside(copies=copies))


def _view() -> str:
    """Return the view asked for, else the one used last."""
    asked = request.args.get("view", "")
    if asked in VIEWS:
        browser[VIEW_KEPT_IN] = asked
    return str(browser.get(VIEW_KEPT_IN, FORM))


def _draft_asked(db: Session) -> RecordDraft | None:
    asked = request.args.get("draft", type=int)
    return draft_for(db, current_actor(), asked) if asked is not None else None


def _from_draft(draft: RecordDraft) -> OnPage:
    beside = draft.beside
    marc: Marc = draft.marc  # type: ignore[assignment]
    on = OnPage(
        marc,
        view=beside.get("view", FORM),
        material=beside.get("material") or material_of(marc),
        version=draft.version,
        draft_id=draft.id,
        pinned=tuple(beside.get("pinned", ())),
        why=beside.get("why", ""),
    )
    raw = beside.get("raw", "")
    if raw and on.view == TEXT:
        parsed = parse(raw)
        on = replace(on, problems=parsed.problems, numbers=parsed.lines, raw=raw)
    return on


def _posted() -> OnPage:
    return read_page(request.form.to_dict(flat=False))


def _store_new(on: OnPage, beside: Beside) -> Any:
    copies = beside.copies if beside.with_copies else None
    if on.problems or (copies is not None and not copies.validate()):
        with reading() as db:
            return draw(db, on, None, beside), 422
    if "sure" not in request.form:
        with reading() as db:
            same = likely_same(db, on.marc)
            if same:
                return draw(db, on, None, replace(beside, same=same)), 409
    try:
        with transaction() as db:
            entry = Entry(on.marc, layout_of(db, on), on.why, on.draft_id, on.pinned)
            record, items = save_new(db, current_actor(), entry, _copies(on, copies))
            return _after_new(on, record, items)
    except IlsError as error:
        with reading() as db:
            return _refused(db, on, beside, error), error.status


def _copies(on: OnPage, form: NewCopiesForm | None) -> Copies | None:
    if form is None:
        return None
    if form.price.data is None:
        form.price.data = project(on.marc).price
        facts = form.facts()
        form.price.data = None
    else:
        facts = form.facts()
    return Copies(facts, form.entry(), kept_of(form))


def _refused(db: Session, on: OnPage, beside: Beside, error: IlsError) -> str:
    field = error.facts.get("field", "")
    form = beside.copies
    about_copies = field in form or error.code.startswith(("accession_", "barcode")) if form else 0
    if about_copies:
        show_problem(form, error, "numbers")
        return draw(db, on, None, beside)
    return draw(db, on, None, replace(beside, problem=say(error)))


def _after_new(on: OnPage, record: Record, items: list[Item]) -> Any:
    flash(_("“%(title)s” was saved.", title=record.title), "ok")
    if items:
        said = ", ".join(i.accession_no or i.barcode or "–" for i in items[:6])
        flash(
            ngettext(
                "%(num)s copy entered: %(numbers)s",
                "%(num)s copies entered: %(numbers)s",
                len(items),
                numbers=said + (" …" if len(items) > 6 else ""),
            ),
            "ok",
        )
    if request.form.get("act") == "next":
        return redirect(url_for("editor.new"))
    return redirect(url_for("cataloging.show", record_id=record.id))


# --- turning the page: another view, another material, a command on rows -------------------------


def _turn(on: OnPage, record: Record | None, beside: Beside, act: str) -> Any:
    """Draw the page again after a button that saves nothing."""
    word, _colon, what = act.partition(":")
    with reading() as db:
        if word == "view" and what in VIEWS and not on.problems:
            browser[VIEW_KEPT_IN] = what
            on = replace(on, view=what, numbers=[], raw="")
        elif word == "repeat":
            on = _repeat(db, on)
        elif word == "row" and on.view == MARC and not on.problems:
            on, beside = _command(on, beside, what)
        on = as_material(on, request.form.get("material_wanted", ""), is_new=record is None)
        return draw(db, on, record, beside)


def _repeat(db: Session, on: OnPage) -> OnPage:
    """Fill the boxes that are empty with what the last record had in them."""
    last = habit_of(db, current_actor()).last
    if last is None or on.problems:
        return on
    names = [one.box for one in layout_of(db, on).placed]
    own, before = read(on.marc, names), read(last, names)
    values = {name: before[name] for name in names if before[name] and not own[name]}
    return replace(on, marc=write(on.marc, values))


def _command(on: OnPage, beside: Beside, what: str) -> tuple[OnPage, Beside]:
    number = request.form.get("at", type=int)
    at = on.numbers.index(number) if number in on.numbers else len(on.numbers) - 1
    if what == "undo":
        before = parse(request.form.get("before", ""))
        return (on if before.problems else replace(on, marc=before.marc, numbers=[])), beside
    beside = replace(beside, before_command=on.text, after=at)
    if what in BLANKS:
        return replace(on, numbers=[]), replace(beside, blank=what)
    if what in COMMANDS:
        on = replace(on, marc=change_rows(on.marc, what, at), numbers=[])
    return on, beside


# --- a change ------------------------------------------------------------------------------------


@bp.route("/<int:record_id>/edit", methods=["GET", "POST"])
@door(EDIT_RECORD)
def edit(record_id: int) -> Any:
    """Change a record; what a view does not show stays as it is."""
    if request.method == "GET":
        return _open(record_id)
    with reading() as db:
        # One deleted or merged meanwhile too: what was typed is shown again, with the reason.
        record = records.record_for(db, record_id, deleted=True)
    if not {"text", "ldr"} & set(request.form):
        abort(400)  # boxes alone are no record
    on, act = _posted(), request.form.get("act", "")
    if act == "merge":
        return _merge(on, record)
    if act not in ("save", "next"):
        return _turn(on, record, Beside(), act)
    if on.problems:
        with reading() as db:
            return draw(db, on, record), 422
    try:
        with transaction() as db:
            entry = Entry(on.marc, layout_of(db, on), on.why, on.draft_id)
            save_change(db, current_actor(), record_id, entry, expected_version=on.version)
            tell_closed(db, current_actor(), record_id)
    except StaleVersion:
        return _ask_to_merge(on, record_id)
    except IlsError as error:
        with reading() as db:
            return draw(db, on, record, Beside(problem=say(error))), error.status
    flash(_("The record was saved."), "ok")
    return redirect(url_for("cataloging.show", record_id=record_id))


def _open(record_id: int) -> str:
    with transaction() as db:
        records.record_for(db, record_id)
        tell_open(db, current_actor(), record_id)
    with reading() as db:
        record = records.record_for(db, record_id)
        draft = draft_of_record(db, current_actor(), record_id)
        if draft is not None and request.args.get("draft", type=int) == draft.id:
            return draw(db, _from_draft(draft), record)
        marc: Marc = record.marc  # type: ignore[assignment]
        wanted = request.args.get("material", "")
        kind = wanted if wanted in materials() else material_of(marc)
        on = OnPage(marc, view=_view(), material=kind, version=record.version)
        return draw(db, on, record, Beside(own_draft=draft))


# --- two people on one record --------------------------------------------------------------------


def _versions(db: Session, record: Record, on: OnPage, theirs: int) -> tuple[Marc, Marc]:
    base = records.version_marc(db, record.id, min(max(on.version, 1), record.version))
    return base, records.version_marc(db, record.id, min(max(theirs, 1), record.version))


def _ask_to_merge(on: OnPage, record_id: int) -> Any:
    """Somebody saved meanwhile: show both versions field by field; nothing was overwritten."""
    with reading() as db:
        record = records.record_for(db, record_id)
        base, theirs = _versions(db, record, on, record.version)
        return draw_merge(on, record, compare(base, theirs, on.marc)), 409


def _merge(on: OnPage, record: Record) -> Any:
    """Make one record of both as chosen and show it, to be saved over the version it was made of."""
    version = request.form.get("theirs_version", type=int) or record.version
    with reading() as db:
        base, theirs = _versions(db, record, on, version)
        parts = compare(base, theirs, on.marc)
        choices = {p.number: request.form.get(f"m.{p.number}", "") for p in parts}
        made = merge(parts, choices)
        if made is None:
            return draw_merge(on, record, parts, asked=True), 409
        on = replace(on, marc=made, version=version, numbers=[])
        on = replace(on, view=browser.get(VIEW_KEPT_IN, FORM))
        return draw(db, on, record, Beside(merged=True))
