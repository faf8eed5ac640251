"""Finding and showing records; their history; hiding, deleting, bringing back."""

from dataclasses import replace
from itertools import groupby
from typing import Any

from flask import Response, abort, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from sqlalchemy import ColumnElement, case, func, select
from sqlalchemy.orm import Session

from cataloging import records
from cataloging.authorities.browse import Seen, headings_of
from cataloging.authorities.forms import guides_for
from cataloging.authorities.writing import scopes_seen
from cataloging.baskets.contents import baskets_of
from cataloging.duplicates.merged import lead_on, merged_into
from cataloging.hooks import availability_of
from cataloging.items import items_of
from cataloging.marc.compare import differences
from cataloging.marc.display import Shown, isbd, labeled, notes
from cataloging.marc.project import project
from cataloging.marc.standard import language_name
from cataloging.marc.text import write
from cataloging.models import Collection, Item, ItemType, Record
from cataloging.numbers import find_by_accession
from cataloging.permissions import (
    DELETE_RECORD,
    EDIT_ITEM,
    EDIT_RECORD,
    EDIT_SERIALS,
    RECEIVE_SERIALS,
    UNDO_CHANGES,
    VIEW_RECORD,
)
from cataloging.search import SearchRequest, SearchResult, search
from cataloging.serials.titles import titles_of_record
from cataloging.views import narrow
from cataloging.views.base import bp, english, say, staff_names
from cataloging.views.words import (
    CHANGE_KINDS,
    CHANGES,
    LIFECYCLES,
    POSITIONS,
    SOURCES,
    USES,
    material_name,
)
from ils.core.db import reading, transaction
from ils.core.errors import Refused
from ils.org.units import unit_names
from ils.printing import xlsx
from ils.web.door import current_actor, door
from ils.web.pages import Page, page_number

PAGE = 50
EXPORTED_AT_MOST = 5000
TABS = ("labeled", "isbd", "marc")


@bp.get("/")
@door(VIEW_RECORD)
def find() -> Any:
    """Find records by words, ISBN, accession number; without words the latest changed ones."""
    words = request.args.get("q", "").strip()
    mine = request.args.get("mine") == "1"
    if words and (leap := _only_copy(words)):
        return redirect(leap)
    if request.args.get("export") == "xlsx":
        return _export(words, mine=mine)
    number = page_number(request.args.get("page"))
    with reading() as session:
        rows, page, found = _listed(session, words, number, PAGE, mine=mine)
        page = replace(page, rows=rows)
        return render_template(
            "cataloging/find.html",
            words=words,
            mine=mine,
            my_library=current_actor().library_id,
            basket_names=[basket.name for basket, *_n in baskets_of(session, current_actor())],
            page=page,
            found=found,
            guides=guides_for(session, words, Seen(tuple(scopes_seen(session, current_actor()))))
            if words and number == 1
            else [],
            facets=narrow.facets(found, narrow.chosen()),
            narrowed=narrow.chosen(),
            copies=_copies(session, [r.id for r in rows]),
            material_name=material_name,
            may_edit=current_actor().can_somewhere(EDIT_RECORD),
            may_edit_items=current_actor().can_somewhere(EDIT_ITEM),
        )


def _only_copy(words: str) -> str | None:
    """Return the page of the record whose accession number was typed, if it is just one."""
    if not any(c.isdigit() for c in words) or len(words) > 40:
        return None
    with reading() as session:
        items = find_by_accession(session, words, current_actor().library_id)
    own = [i for i in items if i.owner_id == current_actor().library_id] or items
    if len(own) != 1:
        return None
    return url_for("cataloging.show", record_id=own[0].record_id, _anchor=f"item-{own[0].id}")


def _listed(
    session: Session, words: str, number: int, size: int, *, mine: bool
) -> tuple[list[Record], Page, SearchResult | None]:
    """Return one page of records: by the search where there are words, else from the table."""
    library_id = current_actor().library_id if mine else None
    sort = request.args.get("sort", "")
    if words:
        asked = SearchRequest(
            words,
            library_id,
            narrow.chosen(),
            sort=sort,
            page=number,
            page_size=size,
            facets=size == PAGE,
            hidden=True,
        )
        found = search(session, asked)
        rows = {r.id: r for r in session.scalars(select(Record).where(Record.id.in_(found.ids)))}
        return [rows[i] for i in found.ids if i in rows], Page(found.page, size, found.total), found
    query = select(Record).where(Record.deleted_at.is_(None))
    if library_id is not None:
        query = query.where(
            Record.id.in_(select(Item.record_id).where(Item.owner_id == library_id))
        )
    total = session.scalar(select(func.count()).select_from(query.subquery())) or 0
    page = Page(number, size, total)
    listed = session.scalars(query.order_by(*_order(sort)).limit(size).offset(page.offset))
    return list(listed), page, None


def _order(sort: str) -> list[ColumnElement[Any]]:
    if sort in ("title", "author"):
        column = Record.title_sort if sort == "title" else Record.author_sort
        return [case((column == "", 1), else_=0), column.asc(), Record.id.asc()]
    if sort in ("year", "oldest"):
        return [
            Record.year.is_(None),
            Record.year.desc() if sort == "year" else Record.year.asc(),
            Record.id.desc(),
        ]
    return [Record.updated_at.desc(), Record.id.desc()]


def _copies(session: Session, ids: list[int]) -> dict[int, tuple[int, int]]:
    """Return per record the live copies of one's own library and of all."""
    own = func.sum(case((Item.owner_id == current_actor().library_id, 1), else_=0))
    rows = session.execute(
        select(Item.record_id, own, func.count())
        .where(Item.record_id.in_(ids), Item.lifecycle != "withdrawn")
        .group_by(Item.record_id)
    )
    return {record_id: (int(mine), int(every)) for record_id, mine, every in rows}


def _export(words: str, *, mine: bool) -> Response:
    """Send the list as a spreadsheet, at most a few thousand rows."""
    with reading() as session:
        rows: list[Record] = []
        for number in range(1, EXPORTED_AT_MOST // 200 + 1):
            part, page, _found = _listed(session, words, number, 200, mine=mine)
            rows += part
            if number >= page.pages:
                break
        copies = _copies(session, [r.id for r in rows]) if len(rows) <= EXPORTED_AT_MOST else {}
    headers = [
        *(_("Title"), _("Author"), _("Publisher"), _("Year"), _("Class"), _("Call number")),
        *(_("ISBN"), _("Language"), _("Kind of material"), _("Copies here"), _("Copies in all")),
    ]
    lines = [
        [
            *(r.title, r.author, r.publisher, r.year, r.class_number, r.call_number, r.isbn),
            *(language_name(r.language, english=english()), material_name(r.material)),
            *copies.get(r.id, (0, 0)),
        ]
        for r in rows
    ]
    return Response(
        xlsx([(_("Records"), headers, lines)]),
        mimetype="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        headers={"Content-Disposition": 'attachment; filename="bieu-ghi.xlsx"'},
    )


@bp.get("/<int:record_id>")
@door(VIEW_RECORD)
def show(record_id: int) -> str:
    """Show a record labeled, as a card or as MARC, with its copies and where they are."""
    tab = request.args.get("view", "labeled")
    if tab not in TABS:
        abort(404)
    with reading() as session:
        record = records.record_for(session, record_id, deleted=True)
        if record.deleted_at is not None:
            lead_on(session, record_id)
        items = items_of(session, record_id)
        places = {a.item_id: a for a in availability_of(session, [record_id]).get(record_id, [])}
        seen = project(record.marc)  # type: ignore[arg-type]
        return render_template(
            "cataloging/show.html",
            record=record,
            seen=seen,
            tab=tab,
            rows=_rows(labeled(record.marc, english=english())),  # type: ignore[arg-type]
            card=isbd(record.marc),  # type: ignore[arg-type]
            notes=notes(record.marc),  # type: ignore[arg-type]
            lines=write(record.marc),  # type: ignore[arg-type]
            items=items,
            places=places,
            merged=merged_into(session, record_id),
            linked=headings_of(session, record_id, record.owner_id),
            units=unit_names(session),
            collections={c.id: c for c in session.scalars(select(Collection))},
            types={t.code: t for t in session.scalars(select(ItemType))},
            people=staff_names(session, {record.created_by}),
            lifecycles=LIFECYCLES,
            positions=POSITIONS,
            uses=USES,
            sources=SOURCES,
            material_name=material_name,
            language_name=lambda code: language_name(code, english=english()),
            may_edit=current_actor().can_somewhere(EDIT_RECORD),
            may_delete=current_actor().can_somewhere(DELETE_RECORD),
            may_edit_items=current_actor().can_somewhere(EDIT_ITEM),
            taken=titles_of_record(session, record_id, current_actor().library_id),
            may_see_issues=current_actor().can_somewhere(RECEIVE_SERIALS),
            may_take=current_actor().can_somewhere(EDIT_SERIALS),
            may_undo=current_actor().can_somewhere(UNDO_CHANGES),
        )


def _rows(shown: list[Shown]) -> list[tuple[str, list[Shown]]]:
    """Put neighbors with one tag together, so that the label stands once."""
    return [(tag, list(same)) for tag, same in groupby(shown, key=lambda field: field.tag)]


@bp.get("/<int:record_id>/history")
@door(VIEW_RECORD)
def history(record_id: int) -> str:
    """Show every version of a record: who, when, why, and what changed."""
    with reading() as session:
        record = records.record_for(session, record_id, deleted=True)
        versions = records.versions_of(session, record_id)
        return render_template(
            "cataloging/history.html",
            record=record,
            versions=versions,
            people=staff_names(session, {v.actor_id for v in versions}),
            changes=CHANGES,
            kinds=CHANGE_KINDS,
        )


@bp.get("/<int:record_id>/history/<int:number>")
@door(VIEW_RECORD)
def version(record_id: int, number: int) -> str:
    """Show a version: what it changed, or how it differs from the present state."""
    against = request.args.get("against", "")
    with reading() as session:
        record = records.record_for(session, record_id, deleted=True)
        content = records.version_marc(session, record_id, number)
        if against == "now":
            lines = differences(content, record.marc)  # type: ignore[arg-type]
        elif number > 1:
            lines = differences(records.version_marc(session, record_id, number - 1), content)
        else:
            lines = differences({"leader": "", "fields": []}, content)[1:]
        found = [v for v in records.versions_of(session, record_id) if v.number == number]
        return render_template(
            "cataloging/version.html",
            record=record,
            version=found[0],
            lines=lines,
            against=against,
            people=staff_names(session, {v.actor_id for v in found}),
            changes=CHANGES,
            may_edit=current_actor().can_somewhere(EDIT_RECORD),
        )


@bp.post("/<int:record_id>/history/<int:number>/restore")
@door(EDIT_RECORD)
def restore_version(record_id: int, number: int) -> Any:
    """Make an earlier version the present one."""
    expected = request.form.get("version", type=int) or 0
    with transaction() as session:
        records.restore_version(
            session, current_actor(), record_id, number, expected_version=expected
        )
    flash(_("Version %(number)s is the present one again.", number=number), "ok")
    return redirect(url_for("cataloging.show", record_id=record_id))


@bp.post("/<int:record_id>/act")
@door(DELETE_RECORD)
def act(record_id: int) -> Any:
    """Hide a record from the public sites, delete it, or bring it back."""
    chosen = request.form.get("act", "")
    try:
        with transaction() as session:
            actor = current_actor()
            if chosen in ("hide", "unhide"):
                records.set_suppressed(session, actor, record_id, suppressed=chosen == "hide")
            elif chosen == "delete":
                records.delete_record(session, actor, record_id, why=request.form.get("why", ""))
            elif chosen == "bring_back":
                records.restore_record(session, actor, record_id)
            else:
                abort(400)
    except Refused as error:
        if error.code != "record_vetoed":
            raise
        flash(say(error), "bad")
        return redirect(url_for("cataloging.show", record_id=record_id))
    said = {
        "hide": _("The record is hidden from readers."),
        "unhide": _("Readers see the record again."),
        "delete": _("The record is deleted. It can be brought back from this page."),
        "bring_back": _("The record is back."),
    }
    flash(said[chosen], "ok")
    return redirect(url_for("cataloging.show", record_id=record_id))
