"""Taking titles along: one, or a list of results, in the formats of other programs."""

from typing import Any

from flask import Response, abort, request
from flask_babel import lazy_gettext as _l
from sqlalchemy.orm import Session

from cataloging.duplicates.merged import lead_on
from cataloging.export import FORMATS, Chosen, pieces, rows_of
from cataloging.search import search
from ils.core.db import reading
from ils.web.door import door
from ils.web.downloads import name_file
from opac import results
from opac.site import Site
from opac.views import bp, opened

MOST = 500
OFFERED: dict[str, Any] = {
    "ris": _l("RIS (Zotero, EndNote)"),
    "bibtex": "BibTeX",
    "csv": _l("Table (CSV)"),
    "iso2709": "MARC 21",
    "marcxml": "MARCXML",
    "mods": "MODS",
    "dc": "Dublin Core",
}


@bp.get("/record/<int:record_id>/export/<format>", defaults={"slug": None})
@bp.get("/<site:slug>/record/<int:record_id>/export/<format>")
@door.public
def export_record(slug: str | None, record_id: int, format: str) -> Response:
    """Send one title as a file."""
    with reading() as session:
        opened(slug, session)
        lead_on(session, record_id)
        return _file(session, (record_id,), format, f"record-{record_id}")


@bp.get("/search/export", defaults={"slug": None})
@bp.get("/<site:slug>/search/export")
@door.public
def export_list(slug: str | None) -> Response:
    """Send the first titles of a list of results as a file."""
    with reading() as session:
        site = opened(slug, session)
        ids = _found(session, site)
        return _file(session, ids, request.args.get("format", "ris"), "titles")


def _found(session: Session, site: Site) -> tuple[int, ...]:
    """Return the ids of the first titles of a list, as the page of results shows them."""
    question = results.asked(request.args, site)
    size = 100
    ids: list[int] = []
    for number in range(1, MOST // size + 1):
        asked = results.Asked(question.query, question.chosen, question.sort, number)
        found = search(session, asked.request(site, facets=False, size=size))
        ids += found.ids
        if number >= found.pages:
            break
    return tuple(ids)


def _file(session: Session, ids: tuple[int, ...], format: str, name: str) -> Response:
    """Send titles that the public may see; none of them is no page."""
    if format not in OFFERED:
        abort(404)
    how = FORMATS[format]
    rows = list(rows_of(session, Chosen(ids=ids, hidden=False)))
    if not rows:
        abort(404)
    answer = Response(b"".join(pieces(rows, format)), content_type=how.mime)
    name_file(answer, f"{name}.{how.ending}")
    answer.headers["X-Robots-Tag"] = "noindex, nofollow"
    return answer
