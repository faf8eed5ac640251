"""Lists of headings in filing order, one heading with its records, suggestions."""

from dataclasses import replace
from typing import Any

from flask import Response, abort, jsonify, redirect, render_template, request, url_for
from flask_babel import gettext as _

from cataloging.authorities import browse, carry, merging, writing
from cataloging.authorities.browse import Seen, Wanted
from cataloging.authorities.described import describe
from cataloging.authorities.models import KINDS, PROVINCE, ROLES
from cataloging.authorities.views import base
from cataloging.authorities.views.base import bp, kind_or_404, seen
from cataloging.marc.names import dated
from cataloging.marc.text import write
from cataloging.permissions import EDIT_AUTHORITY, IMPORT, VIEW_RECORD
from cataloging.views.base import staff_names
from cataloging.views.words import CHANGES
from ils.core.db import reading
from ils.core.jobs import Job
from ils.org.units import unit_names
from ils.printing import xlsx
from ils.text.alphabet import LETTERS
from ils.web.door import current_actor, door
from ils.web.pages import Page, page_number

PAGE = 50
RECORDS = 30
EXPORTED_AT_MOST = 20_000
SORTS = ("filing", "-filing", "records", "newest")


def _wanted() -> Wanted:
    kind = request.args.get("kind", "person")
    role = request.args.get("role", "")
    sort = request.args.get("sort", "filing")
    return Wanted(
        kind_or_404(kind) if kind else "",
        request.args.get("q", "").strip()[:200],
        (role,) if role in ROLES else (),
        request.args.get("own") == "1",
        sort if sort in SORTS else "filing",
    )


@bp.get("/")
@door(VIEW_RECORD)
def headings() -> Any:
    """List the headings of a kind in Vietnamese filing order, with counts and references."""
    return _list(_wanted())


@bp.get("/provisional")
@door(VIEW_RECORD)
def provisional() -> Any:
    """The tray of headings that records use and no authority knows yet, most used first."""
    wanted = _wanted()
    sort = wanted.sort if "sort" in request.args else "records"
    return _list(replace(wanted, roles=("provisional",), sort=sort), tray=True)


def _list(wanted: Wanted, *, tray: bool = False) -> Any:
    with reading() as session:
        whose = seen(session)
        if request.args.get("export") == "xlsx":
            rows = browse.list_forms(session, wanted, whose, limit=EXPORTED_AT_MOST)
            return _spreadsheet(rows)
        begin = request.args.get("from", "").strip()[:60]
        if begin and wanted.sort in ("filing", "-filing"):
            return redirect(_at(session, wanted, whose, begin))
        number = page_number(request.args.get("page"))
        total = browse.count_forms(session, wanted, whose)
        page = Page(number, PAGE, total)
        rows = browse.list_forms(session, wanted, whose, limit=PAGE, offset=page.offset)
        return render_template(
            "cataloging/authorities/headings.html",
            wanted=wanted,
            page=replace(page, rows=rows),
            tray=tray,
            letters=LETTERS.upper(),
            units=unit_names(session),
            may_edit=current_actor().can_somewhere(EDIT_AUTHORITY),
            may_import=current_actor().can_somewhere(IMPORT),
            **_words(),
        )


def _at(session: Any, wanted: Wanted, whose: Seen, begin: str) -> str:
    """Return the address of the page on which the forms from some letters on begin."""
    ascending = replace(wanted, sort="filing")
    before = browse.count_forms(session, ascending, whose, before=begin)
    args: dict[str, Any] = {
        k: v for k, v in request.args.items() if k not in ("from", "page", "sort")
    }
    rows = browse.list_forms(session, ascending, whose, limit=1, offset=before)
    anchor = f"h{rows[0].id}" if rows else None
    here = request.endpoint or "authorities.headings"
    return url_for(here, **args, page=before // PAGE + 1, sort="filing", _anchor=anchor)


def _words() -> dict[str, Any]:
    return {
        "kinds": base.KIND_NAMES,
        "one_of_kind": base.ONE_OF_KIND,
        "roles": base.ROLES,
        "relations": base.RELATIONS,
    }


def _spreadsheet(rows: list[browse.Line]) -> Response:
    headers = [_("Heading"), _("Kind"), _("State"), _("See"), _("Records")]
    lines = [
        [
            row.text,
            str(base.ONE_OF_KIND[row.kind]),
            str(base.ROLES[row.role][1]),
            "; ".join(name for _id, name in row.see),
            row.records,
        ]
        for row in rows
    ]
    return Response(
        xlsx([(_("Headings"), headers, lines)]),
        mimetype="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        headers={"Content-Disposition": 'attachment; filename="tieu-de.xlsx"'},
    )


@bp.get("/headings/<int:heading_id>")
@door(VIEW_RECORD)
def heading(heading_id: int) -> Any:
    """Show a form: a provisional one with its records, any other at its authority."""
    with reading() as session:
        whose = seen(session)
        form = merging.form_for(session, heading_id, whose.scopes)
        if form.authority_id is not None:
            return redirect(url_for("authorities.show", authority_id=form.authority_id))
        number = page_number(request.args.get("page"))
        offset = (number - 1) * RECORDS
        total, records = browse.records_with(
            session, [form.key], whose, limit=RECORDS, offset=offset
        )
        return render_template(
            "cataloging/authorities/provisional.html",
            form=form,
            page=Page(number, RECORDS, total, records),
            scopes=base.scope_choices(session),
            marc=write(merging.new_marc_for(session, form)),
            **_words(),
        )


@bp.get("/<int:authority_id>")
@door(VIEW_RECORD)
def show(authority_id: int) -> str:
    """Show an authority: its forms with their records, what else to see, notes, MARC."""
    with reading() as session:
        actor, whose = current_actor(), seen(session)
        found = writing.authority_for(session, actor, authority_id, deleted=True)
        forms = browse.forms_of(session, authority_id, whose)
        number = page_number(request.args.get("page"))
        total, records = browse.records_with(
            session,
            [form.key for form in forms],
            whose,
            limit=RECORDS,
            offset=(number - 1) * RECORDS,
        )
        job_id = request.args.get("job", type=int)
        merged = (
            writing.authority_for(session, actor, found.merged_into, deleted=True)
            if found.merged_into
            else None
        )
        return render_template(
            "cataloging/authorities/show.html",
            found=found,
            described=describe(found.marc),  # type: ignore[arg-type]
            forms=forms,
            see_also=browse.see_also_of(session, [authority_id], whose),
            old=carry.old_forms(session, found),
            merged=merged,
            page=Page(number, RECORDS, total, records),
            lines=write(found.marc),  # type: ignore[arg-type]
            may_edit=writing.may_edit(session, actor, found.scope),
            units=unit_names(session),
            job=session.get(Job, job_id) if job_id else None,
            province=PROVINCE,
            **_words(),
        )


@bp.get("/<int:authority_id>/history")
@door(VIEW_RECORD)
def history(authority_id: int) -> str:
    """Show every version of an authority: who, when, why."""
    with reading() as session:
        found = writing.authority_for(session, current_actor(), authority_id, deleted=True)
        versions = writing.versions_of(session, authority_id)
        return render_template(
            "cataloging/authorities/history.html",
            found=found,
            versions=versions,
            diffs=writing.changes_of(versions),
            people=staff_names(session, {v.actor_id for v in versions}),
            changes=CHANGES,
            may_edit=writing.may_edit(session, current_actor(), found.scope),
        )


@bp.get("/suggest")
@door(VIEW_RECORD)
def suggest() -> Any:
    """Offer headings while one is typed, for boxes marked with ``data-heading``."""
    kind = request.args.get("kind", "person")
    if kind not in KINDS:
        abort(404)
    typed = request.args.get("q", "").strip()[:200]
    with reading() as session:
        found = browse.suggest(session, kind, typed, seen(session)) if len(typed) > 1 else []
    return jsonify(
        [
            {
                "text": one.text,
                # A person's name and years, for a view that has a box for each.
                **dict(zip(("name", "dates"), dated(one.text), strict=True)),
                "see": one.variant,
                "established": one.authority_id is not None,
                "records": one.records,
            }
            for one in found
        ]
    )
