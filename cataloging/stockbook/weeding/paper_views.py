"""The papers of weeding as files."""

from flask import Blueprint, Response, request
from flask_babel import force_locale

from cataloging.permissions import EDIT_ITEM
from cataloging.stockbook.weeding import papers
from cataloging.stockbook.weeding.deciding import disposal_for
from cataloging.stockbook.weeding.proposals import weeding_for
from ils.core.db import reading
from ils.printing.listing import listing_pdf, listing_xlsx
from ils.web.door import current_actor, door
from ils.web.downloads import PDF, XLSX, as_file

bp = Blueprint("weeding_papers", __name__, url_prefix="/staff/stockbook/weeding")


@bp.get("/<int:weeding_id>/list.pdf", endpoint="list_pdf")
@bp.get("/<int:weeding_id>/list.xlsx", endpoint="list_xlsx")
@door(EDIT_ITEM)
def copies(weeding_id: int) -> Response:
    """Return the list of copies."""
    with reading() as session, force_locale("vi"):
        listing = papers.list_of(session, weeding_for(session, current_actor(), weeding_id))
        if request.path.endswith(".pdf"):
            return as_file(listing_pdf(listing), f"thanh-loc-{weeding_id}.pdf", PDF)
        return as_file(listing_xlsx(listing), f"thanh-loc-{weeding_id}.xlsx", XLSX)


@bp.get("/<int:weeding_id>/minutes.pdf")
@door(EDIT_ITEM)
def minutes(weeding_id: int) -> Response:
    """Return the minutes of the council."""
    with reading() as session:
        found = weeding_for(session, current_actor(), weeding_id)
        return as_file(
            papers.minutes_pdf(session, found), f"bien-ban-thanh-loc-{weeding_id}.pdf", PDF
        )


@bp.get("/<int:weeding_id>/disposals/<int:disposal_id>.pdf")
@door(EDIT_ITEM)
def disposal(weeding_id: int, disposal_id: int) -> Response:
    """Return the minutes of what became of copies."""
    with reading() as session:
        found, one = disposal_for(session, current_actor(), weeding_id, disposal_id)
        return as_file(papers.disposal_pdf(session, found, one), f"bien-ban-{disposal_id}.pdf", PDF)
