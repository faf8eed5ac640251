"""Giving records out in the browser: all or those of a search, sent while they are read."""

from collections.abc import Iterator
from datetime import date
from typing import Any

from flask import Blueprint, Response, render_template, request
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy.orm import Session

from cataloging.baskets.contents import basket_for, record_ids
from cataloging.export import FORMATS, Chosen, how_many, pieces, rows_of
from cataloging.export.table import COLUMNS, HEAD, line
from cataloging.marc.formats.writers import is_too_long
from cataloging.permissions import EDIT_RECORD
from cataloging.views import narrow
from cataloging.views.import_forms import ExportForm
from ils.core import clock
from ils.core.db import reading
from ils.org.units import libraries, unit_names
from ils.web.door import current_actor, door
from ils.web.downloads import name_file
from ils.web.forms import choices

bp = Blueprint("export", __name__, url_prefix="/staff/export")

NAMES: dict[str, Any] = {
    "iso2709": _l("MARC (ISO 2709), for other library systems"),
    "marcxml": "MARCXML",
    "mrk": _l("MARC as lines of text (.mrk)"),
    "json": "MARC-in-JSON",
    "ndjson": _l("MARC-in-JSON, one record a line"),
    "dc": _l("Dublin Core (XML), for digital collections and portals"),
    "mods": _l("MODS (XML), for digital collections"),
    "ris": _l("RIS, for reference managers (Zotero, EndNote)"),
    "bibtex": _l("BibTeX, for reference lists"),
    "csv": _l("Table (CSV), for spreadsheets"),
}
HEADERS: dict[str, Any] = {
    "record": _l("Record number"),
    "title": _l("Title"),
    "subtitle": _l("Subtitle"),
    "authors": _l("Authors"),
    "publisher": _l("Publisher"),
    "place": _l("Place of publication"),
    "year": _l("Year"),
    "edition": _l("Edition"),
    "extent": _l("Extent"),
    "series": _l("Series"),
    "isbn": "ISBN",
    "issn": "ISSN",
    "language": _l("Language"),
    "material": _l("Kind of material"),
    "class": _l("Class"),
    "call_number": _l("Call number"),
    "subjects": _l("Subjects"),
    "summary": _l("Summary"),
    "control_number": _l("Control number"),
}
MEASURED_AT_MOST = 20_000  # records looked at for being too long for ISO 2709


@bp.get("/")
@door(EDIT_RECORD)
def export() -> Any:
    """Choose records and a format; count them, or download the file."""
    form = ExportForm(request.args)
    with reading() as session:
        names = unit_names(session)
        own = [(one.id, names.get(one.id, one.code)) for one in libraries(session)]
        form.library_id.choices = choices([(0, _("any library, or none")), *own])
        form.format.choices = choices(NAMES.items())
        form.library_id.data = form.library_id.data or 0
        form.format.data = form.format.data or "iso2709"
        act = request.args.get("act", "")
        basket_id = request.args.get("basket", type=int)
        basket = basket_for(session, current_actor(), basket_id) if basket_id else None
        count, too_long, status = None, 0, 200
        if act and not form.validate():
            status = 422
        elif act == "download":
            return file_of(form.format.data, _chosen(session, form))
        elif act:
            count = how_many(session, _chosen(session, form))
            if form.format.data == "iso2709" and count <= MEASURED_AT_MOST:
                too_long = sum(
                    is_too_long(marc) for _id, marc in rows_of(session, _chosen(session, form))
                )
        return render_template(
            "cataloging/imports/export.html",
            form=form,
            count=count,
            too_long=too_long,
            narrowed=narrow.chosen(),
            basket=basket,
        ), status


def _chosen(session: Session, form: ExportForm) -> Chosen:
    if basket_id := request.args.get("basket", type=int):
        return Chosen(ids=record_ids(session, current_actor(), basket_id))
    return Chosen(form.q.data or "", form.library_id.data or None, narrow.chosen())


def file_of(format: str, chosen: Chosen, name: str = "bieu-ghi") -> Response:
    """Send records as a file, piece by piece, with constant memory."""
    how = FORMATS[format]
    head = HEAD.encode() + line(tuple(str(HEADERS[c]) for c in COLUMNS))

    def written() -> Iterator[bytes]:
        with reading() as session:
            rows = rows_of(session, chosen)
            yield from pieces(rows, format, head if format == "csv" else None)

    answer = Response(written(), content_type=how.mime)
    name_file(answer, _file_name(name, how.ending))
    return answer


def _file_name(name: str, ending: str, on: date | None = None) -> str:
    return f"{name}-{(on or clock.today()).isoformat()}.{ending}"
