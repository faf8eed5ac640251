"""The papers of boxes as files: lists, minutes, the book; A4 or A5, and spreadsheets."""

from flask import Blueprint, Response, request, url_for

from circulation.rotation import papers
from circulation.rotation.boxes import MANAGE, point_of
from circulation.rotation.figures import link_of
from circulation.rotation.models import Consignment
from circulation.rotation.views.views import asked, seen
from ils.core.db import reading
from ils.web.door import door
from ils.web.downloads import PDF, XLSX, as_file

bp = Blueprint("rotation_papers", __name__, url_prefix="/staff/rotation")


def _size() -> str:
    return request.args.get("size", "a4")


def _name(box: Consignment) -> str:
    return f"{box.serial:02}-{box.year}"


@bp.get("/boxes.xlsx")
@door(MANAGE)
def list_xlsx() -> Response:
    """Return the boxes asked for as a spreadsheet."""
    with reading() as session:
        content = papers.book_xlsx(session, asked())
    return as_file(content, "so-theo-doi-luan-chuyen.xlsx", XLSX)


@bp.get("/book.pdf")
@door(MANAGE)
def book() -> Response:
    """Return the book in which rotation is followed up."""
    with reading() as session:
        content = papers.book_pdf(session, asked())
    return as_file(content, "so-theo-doi-luan-chuyen.pdf", PDF)


@bp.get("/<int:box_id>/manifest.pdf")
@door(MANAGE)
def manifest(box_id: int) -> Response:
    """Return the list of the copies in a box."""
    with reading() as session:
        box, point, _mine = seen(session, box_id)
        content = papers.manifest_pdf(session, box, point, _size())
    return as_file(content, f"danh-muc-{_name(box)}.pdf", PDF)


@bp.get("/<int:box_id>/box.xlsx")
@door(MANAGE)
def spreadsheet(box_id: int) -> Response:
    """Return the copies of a box as a spreadsheet."""
    with reading() as session:
        box, point, _mine = seen(session, box_id)
        content = papers.box_xlsx(session, box, point)
    return as_file(content, f"hop-{_name(box)}.xlsx", XLSX)


@bp.get("/<int:box_id>/minutes.pdf")
@door(MANAGE)
def minutes(box_id: int) -> Response:
    """Return the minutes of handing over, out, or back with ``back=1``."""
    with reading() as session:
        box, point, _mine = seen(session, box_id)
        token = link_of(box)
        earlier = session.get(Consignment, box.from_id) if box.from_id else None
        content = papers.minutes_pdf(
            session,
            box,
            point,
            back=request.args.get("back") == "1",
            size=_size(),
            link=url_for("point_page.show", token=token, _external=True) if token else "",
            before=point_of(session, earlier).name if earlier else "",
        )
    return as_file(content, f"bien-ban-{_name(box)}.pdf", PDF)


@bp.get("/<int:box_id>/missing.pdf")
@door(MANAGE)
def missing(box_id: int) -> Response:
    """Return the list of what did not come back, or with ``arrival=1`` of what did not arrive."""
    arrival = request.args.get("arrival") == "1"
    with reading() as session:
        box, point, _mine = seen(session, box_id)
        content = papers.missing_pdf(session, box, point, _size(), on_arrival=arrival)
    when = "khi-nhan-" if arrival else ""
    return as_file(content, f"tai-lieu-thieu-{when}{_name(box)}.pdf", PDF)
