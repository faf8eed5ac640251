"""The papers of vouchers as files: receipt, letter of thanks, part I of the summary register."""

from flask import Blueprint, Response, request
from flask_babel import force_locale

from cataloging.permissions import EDIT_ITEM
from cataloging.stockbook import lists, papers
from cataloging.stockbook.vouchers import voucher_for
from ils.core.db import reading
from ils.printing.listing import Listing, listing_pdf, listing_xlsx
from ils.web.door import current_actor, door
from ils.web.downloads import PDF, XLSX, as_file
from ils.web.forms import parse_year

bp = Blueprint("stockbook_papers", __name__, url_prefix="/staff/stockbook")


def _listing(listing: Listing, name: str) -> Response:
    with force_locale("vi"):
        if request.path.endswith(".pdf"):
            return as_file(listing_pdf(listing), f"{name}.pdf", PDF)
        return as_file(listing_xlsx(listing), f"{name}.xlsx", XLSX)


@bp.get("/additions.pdf", endpoint="additions_pdf")
@bp.get("/additions.xlsx", endpoint="additions_xlsx")
@door(EDIT_ITEM)
def additions() -> Response:
    """Return part I of the summary register."""
    with reading() as session:
        library_id = current_actor().library_id or 0
        listing = lists.part_one(session, library_id, request.args.get("year", type=parse_year))
        return _listing(listing, "so-dang-ky-tong-quat-nhap")


@bp.get("/donors.pdf", endpoint="donors_pdf")
@bp.get("/donors.xlsx", endpoint="donors_xlsx")
@door(EDIT_ITEM)
def donors() -> Response:
    """Return what each donor gave."""
    with reading() as session:
        library_id = current_actor().library_id or 0
        listing = lists.donors(session, library_id, request.args.get("year", type=parse_year))
        return _listing(listing, "hien-tang")


@bp.get("/<int:voucher_id>/receipt.pdf")
@door(EDIT_ITEM)
def receipt(voucher_id: int) -> Response:
    """Return the minutes of receiving."""
    with reading() as session:
        voucher = voucher_for(session, current_actor(), voucher_id)
        return as_file(papers.receipt_pdf(session, voucher), f"bien-ban-{voucher_id}.pdf", PDF)


@bp.get("/<int:voucher_id>/letter.pdf")
@door(EDIT_ITEM)
def letter(voucher_id: int) -> Response:
    """Return the letter of thanks."""
    with reading() as session:
        voucher = voucher_for(session, current_actor(), voucher_id)
        return as_file(papers.letter_pdf(session, voucher), f"thu-cam-on-{voucher_id}.pdf", PDF)
