"""Searching and looking at titles on the public sites."""

import secrets
from dataclasses import replace
from typing import Any

from flask import Response, abort, redirect, request, url_for
from sqlalchemy import select
from sqlalchemy.orm import Session

from cataloging.acquisitions.settings import SUGGESTIONS
from cataloging.authorities.forms import guides_for
from cataloging.duplicates.merged import lead_on
from cataloging.marc.display import isbd, labeled, notes
from cataloging.marc.model import fields, subfields
from cataloging.marc.project import Projection, project
from cataloging.models import Record
from cataloging.search import SearchRequest, SearchResult
from cataloging.search import search as search_catalog
from cataloging.serials.holdings import holdings_of
from circulation.models import HOLD_OPEN_STATES, Hold
from circulation.patrons.models import Patron
from ils.core.db import reading
from ils.org.settings import setting
from ils.org.units import branches_of, unit_names
from ils.web.covers import cover_svg
from ils.web.door import current_actor, current_patron_id, door
from ils.web.i18n import language
from opac import copies, results, shelves, words
from opac.export_views import MOST, OFFERED
from opac.heading_views import other_headings, seen_at
from opac.shelves import Book
from opac.site import Site, page
from opac.views import bp, opened
from opac.visits import count_search

BESIDE = 6  # books of the same author or subject


@bp.get("/search", defaults={"slug": None})
@bp.get("/<site:slug>/search")
@door.public
def search(slug: str | None) -> Any:
    """Search the catalog of a library, or of the whole province."""
    with reading() as session:
        site = opened(slug, session)
        question = results.asked(request.args, site)
        found = search_catalog(session, question.request(site))
        if question.page > found.pages and found.total:
            return redirect(site.url("search", **question.args(page=found.pages)))
        may_suggest = bool(setting(session, site.id, SUGGESTIONS))
        names = unit_names(session)
        books = shelves.books(session, found.ids)
        where = copies.summaries(session, found.ids, site.library_id)
        more = _publication(session, found)
        guides = guides_for(session, question.query, seen_at(site)) if question.page == 1 else []
        elsewhere = _elsewhere(session, question, site, found)
    if question.query and question.page == 1 and not question.narrowed:
        count_search(site.id, site.library_id, zero=found.total == 0)
    said = (
        results.correction_sentence(found.correction, question.query) if found.correction else None
    )
    return page(
        "opac/search.html",
        site,
        question=question,
        found=found,
        books=books,
        where=where,
        more=more,
        facets=results.facets_shown(found, question, site, names),
        chosen=results.chosen_shown(question, site, names),
        paging=results.page_of(found),
        sorts=results.sorts(),
        said=said,
        elsewhere=elsewhere,
        formats=OFFERED,
        exported_at_most=MOST,
        guides=guides,
        may_suggest=may_suggest,
        behind=found.mode != "index" and current_actor().staff_id is not None,
        language_name=words.language_name,
        material_name=words.material_name,
    )


def _elsewhere(session: Session, question: results.Asked, site: Site, found: SearchResult) -> int:
    """Count what the province has for words that find nothing, as typed, in a library."""
    guessed = found.correction is not None and found.correction.kind != "keystrokes"
    if site.library_id is None or not question.query or (found.total and not guessed):
        return 0
    asked = results.Asked(question.query).request(site, facets=False, size=1)
    province = search_catalog(session, replace(asked, library_id=None))
    return 0 if province.correction else province.total


def _publication(session: Session, found: SearchResult) -> dict[int, tuple[str, str]]:
    rows = session.execute(
        select(Record.id, Record.publisher, Record.language).where(Record.id.in_(found.ids))
    )
    return {rid: (publisher, code) for rid, publisher, code in rows}


@bp.get("/record/<int:record_id>", defaults={"slug": None})
@bp.get("/<site:slug>/record/<int:record_id>")
@door.public
def record(slug: str | None, record_id: int) -> Any:
    """Show a title: what it is, where its copies are, how to get it."""
    with reading() as session:
        site = opened(slug, session)
        found = _record(session, record_id)
        shown = project(found.marc)  # type: ignore[arg-type]
        held = copies.copies_of(session, record_id, site.library_id)
        patron = _patron(session)
        facts = {
            "pickups": _pickups(session, patron),
            "mine": _my_hold(session, patron, record_id),
            "single": _single(held, patron),
            "stacks": _stacks(session, held, patron),
            "same_author": _same(session, site, record_id, "author", shown.authors[:1]),
            "same_subject": _same(session, site, record_id, "subject", shown.subjects[:1]),
            "other_headings": other_headings(session, site, found),
            "issues": holdings_of(session, record_id, site.library_id)
            if found.material == "serial"
            else [],
        }
    audience = fields(found.marc, "521")  # type: ignore[arg-type]
    meant_for = [text for one in audience for text in subfields(one, "a")]
    book = Book(found.id, found.title, found.author, found.year, found.class_number, found.material)
    return page(
        "opac/record.html",
        site,
        record=found,
        shown=shown,
        book=book,
        copies=held,
        card=isbd(found.marc),  # type: ignore[arg-type]
        notes=notes(found.marc),  # type: ignore[arg-type]
        meant_for=meant_for,
        remarks=[note for note in shown.notes if note not in meant_for],
        fields=labeled(found.marc, english=language() == "en"),  # type: ignore[arg-type]
        linked=_linked_data(site, found, shown, held),
        patron=patron,
        hold_key=secrets.token_hex(8),
        volumes=sorted({copy.volume for copy in held.every if copy.lendable}),
        formats=OFFERED,
        language_name=words.language_name,
        material_name=words.material_name,
        **facts,
    )


def _record(session: Session, record_id: int) -> Record:
    found = session.get(Record, record_id)
    if found is None or found.deleted_at is not None or found.suppressed:
        lead_on(session, record_id)
    if found is not None and found.deleted_at is not None:
        abort(410)
    if found is None or found.suppressed:
        abort(404)
    return found


def _patron(session: Session) -> Patron | None:
    patron_id = current_patron_id()
    return session.get(Patron, patron_id) if patron_id else None


def _pickups(session: Session, patron: Patron | None) -> list[tuple[int, str, bool]]:
    """Return the branches at which a patron may collect, their own first chosen."""
    if patron is None:
        return []
    names = unit_names(session)
    return [
        (branch.id, names.get(branch.id, branch.code), branch.id == patron.branch_id)
        for branch in branches_of(session, patron.library_id)
    ]


def _single(held: copies.Copies, patron: Patron | None) -> list[tuple[int, str]]:
    """Return the copies of the patron's library that can be asked for one by one."""
    if patron is None:
        return []
    return [
        (copy.item_id, " · ".join(filter(None, (copy.accession_no, copy.volume, copy.branch))))
        for copy in held.every
        if copy.lendable and copy.library_id == patron.library_id
    ]


def _stacks(session: Session, held: copies.Copies, patron: Patron | None) -> list[tuple[int, str]]:
    """Return the branches with a closed stack where a copy lies that may be read there today."""
    found = {
        copy.branch_id: copy.branch
        for copy in (held.every if patron is not None else held.here)
        if copy.available and (patron is None or copy.library_id == patron.library_id)
    }
    return [
        (at, name)
        for at, name in sorted(found.items())
        if setting(session, at, "circulation.closed_stack")
    ]


def _my_hold(session: Session, patron: Patron | None, record_id: int) -> Hold | None:
    if patron is None:
        return None
    return session.scalar(
        select(Hold).where(
            Hold.patron_id == patron.id,
            Hold.record_id == record_id,
            Hold.state.in_(HOLD_OPEN_STATES),
        )
    )


def _same(
    session: Session, site: Site, record_id: int, facet: str, values: tuple[str, ...]
) -> list[Book]:
    """Return other titles that share an author or a subject."""
    if not values:
        return []
    found = search_catalog(
        session,
        SearchRequest(
            library_id=site.library_id,
            filters={facet: values},
            sort="newest",
            page_size=BESIDE + 1,
        ),
    )
    return shelves.books(session, [rid for rid in found.ids if rid != record_id][:BESIDE])


def _linked_data(
    site: Site, found: Record, shown: Projection, held: copies.Copies
) -> dict[str, Any]:
    """Return the title as schema.org data, for search engines."""
    data: dict[str, Any] = {
        "@context": "https://schema.org",
        "@type": "Book" if found.material in ("book", "ebook", "braille") else "CreativeWork",
        "name": found.title,
        "url": url_for("opac.record", record_id=found.id, _external=True),
        "author": [{"@type": "Person", "name": name} for name in shown.authors[:5]],
        "inLanguage": found.language or None,
        "datePublished": str(found.year) if found.year else None,
        "publisher": {"@type": "Organization", "name": shown.publisher}
        if shown.publisher
        else None,
        "isbn": shown.isbns[0] if shown.isbns else None,
        "about": list(shown.subjects[:8]),
        "description": shown.summary or None,
        "offers": [
            {
                "@type": "Offer",
                "availability": "https://schema.org/"
                + ("InStock" if copy.available else "OutOfStock"),
                "businessFunction": "http://purl.org/goodrelations/v1#LeaseOut",
                "price": 0,
                "priceCurrency": "VND",
                "offeredBy": {"@type": "Library", "name": copy.branch or site.name},
                "sku": copy.call_number or None,
            }
            for copy in held.every[:20]
        ],
    }
    return {name: value for name, value in data.items() if value not in (None, [], "")}


@bp.get("/cover/<int:record_id>.svg")
@door.public
def cover(record_id: int) -> Any:
    """Draw the cover of a title that has none."""
    with reading() as session:
        found = _record(session, record_id)
    drawn = cover_svg(found.title, found.author, found.class_number, found.id)
    answer = Response(drawn, mimetype="image/svg+xml")
    answer.headers["Cache-Control"] = "public, max-age=86400"
    answer.set_etag(f"{found.id}-{found.version}")
    return answer.make_conditional(request)
