"""Giving records out in the browser: all or those of a search, sent while they are read."""

from collections.abc import Iterable, Iterator
from datetime import date
from itertools import islice
from typing import Any

from flask import Blueprint, Response, render_template, request
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from cataloging.imports.export import records_of
from cataloging.marc.formats import WRITERS
from cataloging.marc.model import Marc
from cataloging.models import Item, Record
from cataloging.permissions import EDIT_RECORD
from cataloging.search import SearchRequest, matching_ids
from cataloging.views.import_forms import ExportForm
from ils.core import clock
from ils.core.db import reading
from ils.org.units import libraries, unit_names
from ils.web.door import door
from ils.web.forms import choices

bp = Blueprint("export", __name__, url_prefix="/staff/export")

# Format → what it is called, the end of the file's name, its MIME type.
OFFERED: dict[str, tuple[Any, str, str]] = {
    "iso2709": (_l("MARC (ISO 2709), for other library systems"), "mrc", "application/marc"),
    "marcxml": ("MARCXML", "xml", "application/marcxml+xml"),
    "mrk": (_l("MARC as lines of text (.mrk)"), "mrk", "text/plain; charset=utf-8"),
    "json": ("MARC-in-JSON", "json", "application/marc+json"),
    "ndjson": (_l("MARC-in-JSON, one record a line"), "ndjson", "application/x-ndjson"),
}
TOGETHER = 200  # records sent in one piece


@bp.get("/")
@door(EDIT_RECORD)
def export() -> Any:
    """Choose records and a format; count them, or download the file."""
    form = ExportForm(request.args)
    with reading() as session:
        names = unit_names(session)
        own = [(one.id, names.get(one.id, one.code)) for one in libraries(session)]
        form.library_id.choices = choices([(0, _("any library, or none")), *own])
        form.format.choices = choices((code, words[0]) for code, words in OFFERED.items())
        form.library_id.data = form.library_id.data or 0
        form.format.data = form.format.data or "iso2709"
        act = request.args.get("act", "")
        count, status = None, 200
        if act and not form.validate():
            status = 422
        elif act == "download":
            return _file(form.format.data, form.q.data or "", form.library_id.data or None)
        elif act:
            count = _count(session, form.q.data or "", form.library_id.data or None)
        return render_template("cataloging/imports/export.html", form=form, count=count), status


def _count(session: Session, query: str, library_id: int | None) -> int:
    """Return how many records the file would hold."""
    if query:
        asked = SearchRequest(query=query, library_id=library_id, hidden=True)
        return sum(1 for _id in matching_ids(session, asked))
    wanted = select(func.count()).select_from(Record).where(Record.deleted_at.is_(None))
    if library_id is not None:
        held = select(Item.id).where(
            Item.record_id == Record.id, Item.owner_id == library_id, Item.lifecycle != "withdrawn"
        )
        wanted = wanted.where(held.exists())
    return session.scalar(wanted) or 0


def _file(format: str, query: str, library_id: int | None) -> Response:
    """Send the records as a file, piece by piece, with constant memory."""
    _name, ending, kind = OFFERED[format]

    def pieces() -> Iterator[bytes]:
        with reading() as session:
            yield from _written(records_of(session, library_id=library_id, query=query), format)

    answer = Response(pieces(), content_type=kind)
    answer.headers.set("Content-Disposition", "attachment", filename=_file_name(ending))
    return answer


def _file_name(ending: str, on: date | None = None) -> str:
    return f"bieu-ghi-{(on or clock.today()).isoformat()}.{ending}"


def _written(marcs: Iterable[Marc], format: str) -> Iterator[bytes]:
    head, one, between, end = WRITERS[format]
    yield head
    rest = iter(marcs)
    first = True
    while part := list(islice(rest, TOGETHER)):
        written = (one(marc) for marc in part)
        begin = b"" if first else between
        yield begin + between.join(written)
        first = False
    yield end if not first or format != "ndjson" else b""
