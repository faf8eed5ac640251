"""Names and subjects from A to Y, as in the drawers of a card catalog, and the titles under each."""

from typing import Any

from flask import abort, redirect, request
from sqlalchemy.orm import Session

from cataloging.authorities import browse
from cataloging.authorities.browse import Reference, Seen
from cataloging.authorities.described import describe
from cataloging.authorities.models import KINDS, PROVINCE, Authority, Heading
from cataloging.models import Record
from ils.core.db import reading
from ils.text.alphabet import LETTERS
from ils.web.door import door
from ils.web.pages import Page, page_number
from opac import copies, shelves, words
from opac.site import Site, page
from opac.views import bp, opened

PAGE = 60
BOOKS = 20


def seen_at(site: Site) -> Seen:
    """Return whose headings and records readers of a site see."""
    own = (PROVINCE,) if site.library_id is None else (PROVINCE, site.library_id)
    return Seen(own, public=True, library_id=site.library_id)


@bp.get("/headings", defaults={"slug": None})
@bp.get("/<site:slug>/headings")
@door.public
def headings(slug: str | None) -> Any:
    """Show the headings of a kind in Vietnamese filing order, with counts and references."""
    kind = request.args.get("kind", "person")
    if kind not in KINDS:
        abort(404)
    begin = request.args.get("from", "").strip()[:60]
    at, before = request.args.get("at", type=int), request.args.get("before", type=int)
    with reading() as session:
        site = opened(slug, session)
        rows = browse.forms_from(
            session, kind, seen_at(site), begin=begin, at=at, before=before, limit=PAGE + 1
        )
    more = len(rows) > PAGE
    shown = rows[-PAGE:] if before else rows[:PAGE]
    following = before or (rows[PAGE].id if more else None)
    more_before = more if before else bool(at or begin)
    return page(
        "opac/headings.html",
        site,
        kind=kind,
        kinds=words.HEADING_KINDS,
        letters=LETTERS.upper(),
        rows=shown,
        following=following,
        preceding=shown[0].id if shown and more_before else None,
    )


@bp.get("/headings/<int:heading_id>", defaults={"slug": None})
@bp.get("/<site:slug>/headings/<int:heading_id>")
@door.public
def heading(slug: str | None, heading_id: int) -> Any:
    """Show a heading: its other forms, what else to see, and the titles under it."""
    number = page_number(request.args.get("page"))
    with reading() as session:
        site = opened(slug, session)
        seen = seen_at(site)
        form = session.get(Heading, heading_id)
        if form is None or form.scope not in seen.scopes:
            abort(404)
        forms = browse.forms_of(session, form.authority_id, seen) if form.authority_id else []
        if form.role == "variant":
            return redirect(site.url("heading", heading_id=forms[0].id))
        total, records = browse.records_with(
            session,
            [one.key for one in forms] or [form.key],
            seen,
            limit=BOOKS,
            offset=(number - 1) * BOOKS,
        )
        authority = session.get(Authority, form.authority_id) if form.authority_id else None
        ids = [record.id for record in records]
        return page(
            "opac/heading.html",
            site,
            form=form,
            kinds=words.HEADING_KINDS,
            others=[one.text for one in forms if one.role == "variant"],
            see_also=_see_also(session, seen, form),
            notes=_notes(authority),
            books=shelves.books(session, ids),
            where=copies.summaries(session, ids, site.library_id),
            paging=Page(number, BOOKS, total, ids),
        )


def _notes(authority: Authority | None) -> tuple[str, ...]:
    seen = describe(authority.marc) if authority else None  # type: ignore[arg-type]
    return seen.notes if seen else ()


def _see_also(session: Session, seen: Seen, form: Heading) -> list[Reference]:
    return browse.see_also_of(session, [form.authority_id] if form.authority_id else [], seen)


def other_headings(session: Session, site: Site, record: Record) -> list[Reference]:
    """Return what to see also from the headings of a record."""
    linked = browse.headings_of(session, record.id, record.owner_id)
    ids = {one.authority_id for one in linked if one.authority_id and one.role == "preferred"}
    return browse.see_also_of(session, [one for one in ids if one], seen_at(site))
