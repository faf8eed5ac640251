"""The public search for other programs: ``GET /api/v1/search``."""

from typing import Any

from flask import Blueprint, abort, jsonify, request
from sqlalchemy import select
from sqlalchemy.orm import Session

from cataloging.models import Record
from cataloging.search import SearchResult, search
from ils.core.db import reading
from ils.org.models import OrgUnit
from ils.web.door import door
from opac import copies, results
from opac.site import Site, site_for

bp = Blueprint("opac_api", __name__, url_prefix="/api/v1")

MOST = 100


@bp.get("/search")
@door.public
def find() -> Any:
    """Answer a search: total, page, facets when asked for, and one page of records."""
    size = min(max(request.args.get("size", results.SIZE, type=int), 1), MOST)
    with reading() as session:
        site = _site(session, request.args.get("library", ""))
        question = results.asked(_without_library(), site)
        wanted = request.args.get("facets", "") in ("1", "true", "yes")
        found = search(session, question.request(site, facets=wanted, size=size))
        free = copies.summaries(session, found.ids, site.library_id)
        records = _records(session, found, free)
    answer = jsonify(
        total=found.total,
        page=found.page,
        facets={
            name: [{"value": v.value, "label": v.label, "count": v.count} for v in values]
            for name, values in found.facets.items()
        },
        records=records,
    )
    answer.headers["Access-Control-Allow-Origin"] = "*"
    return answer


def _site(session: Session, asked: str) -> Site:
    """Return the site of a library named by slug, code or id; the province's when none is named."""
    if not asked.strip():
        return site_for(session, None)
    query = select(OrgUnit).where(OrgUnit.kind == "library", OrgUnit.active)
    where = (OrgUnit.slug == asked) | (OrgUnit.code == asked)
    if asked.isdecimal() and len(asked) < 10:
        where |= OrgUnit.id == int(asked)
    found = session.scalars(query.where(where)).first()
    if found is None:
        abort(404)
    return site_for(session, found.slug)


def _without_library() -> Any:
    args = request.args.copy()
    args.poplist("library")
    return args


def _records(
    session: Session, found: SearchResult, free: dict[int, copies.Summary]
) -> list[dict[str, Any]]:
    rows = {
        row.id: row
        for row in session.execute(
            select(Record.id, Record.title, Record.author, Record.year, Record.isbn).where(
                Record.id.in_(found.ids)
            )
        )
    }
    return [
        {
            "id": rid,
            "title": rows[rid].title,
            "author": rows[rid].author,
            "year": rows[rid].year,
            "isbn": rows[rid].isbn or None,
            "available": free[rid].free > 0,
        }
        for rid in found.ids
        if rid in rows
    ]
