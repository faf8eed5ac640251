"""What is on its way to a branch and from it, what is late, and what is done about it."""

from collections.abc import Callable
from typing import Any

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for
from flask_babel import force_locale
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from circulation.desk import DeskResult, perform
from circulation.permissions import SEND, USE_DESK
from circulation.transit_lists import OnTheWay, count_transits, other_ends, transit_list
from circulation.transits import (
    cancel_transit,
    change_destination,
    missing_in_transit,
    not_arrived,
    receive_here,
    send,
    send_back,
)
from circulation.views.holds import new_key, tell
from ils.core import clock
from ils.core.db import reading
from ils.core.errors import Forbidden, IlsError, NotFound
from ils.org.office import office_of
from ils.org.units import branches_of, unit_names
from ils.printing.listing import Column, Listing, listing_pdf, listing_xlsx
from ils.web.door import current_actor, door
from ils.web.downloads import XLSX, as_file
from ils.web.errors import sentence_for
from ils.web.pages import Page, page_number

SIZE = 50
MOST = 5000
WAYS = ("in", "out")
KEPT = ("way", "q", "why", "other", "late", "sort", "page")

bp = Blueprint("transits", __name__, url_prefix="/staff/transits", template_folder="../templates")

WHY: dict[str, Any] = {
    "hold": _l("for a patron"),
    "home": _l("back home"),
    "manual": _l("sent by hand"),
    "consignment": _l("in a box"),
}
COLUMNS = (
    Column("way", "Chiều", width="14mm"),
    Column("title", "Nhan đề", width="2fr"),
    Column("number", "Số ĐKCB", "code", "26mm"),
    Column("from", "Từ"),
    Column("to", "Đến"),
    Column("why", "Lý do", width="30mm"),
    Column("sent", "Ngày gửi", "date", "21mm"),
    Column("days", "Số ngày", "num", "15mm"),
    Column("late", "Ghi chú", width="22mm"),
)
ACTS: dict[str, Callable[..., DeskResult]] = {
    "receive_here": receive_here,
    "send_back": send_back,
    "destination": change_destination,
    "cancel": cancel_transit,
    "not_arrived": not_arrived,
    "missing": missing_in_transit,
}


@bp.get("/")
@door(USE_DESK)
def here() -> str:
    """Show what is on its way to the branch or from it, filtered and sorted, the oldest first."""
    at, number = current_actor().unit_id or 0, page_number(request.args.get("page"))
    with reading() as session:
        names = unit_names(session)
        own = branches_of(session, current_actor().library_id or 0)
        counts = {way: count_transits(session, OnTheWay(at, way)) for way in WAYS}
        asked = _asked("in" if counts["in"] or not counts["out"] else "out")
        rows = transit_list(session, asked, limit=SIZE, offset=(number - 1) * SIZE)
        return render_template(
            "circulation/transits.html",
            asked=asked,
            counts=counts,
            page=Page(number, SIZE, count_transits(session, asked), rows),
            others=[(i, names.get(i, "")) for i in other_ends(session, at, asked.direction)],
            names=names,
            why=WHY,
            branches=[(b.id, names.get(b.id, b.code)) for b in own if b.id != at],
            given=_given(),
            key=new_key(),
        )


def _asked(way: str) -> OnTheWay:
    """Read what is asked for from the address; ``way`` where it does not say."""
    words = request.args
    return OnTheWay(
        branch_id=current_actor().unit_id or 0,
        direction=words.get("way", way) if words.get("way", way) in WAYS else way,
        late=words.get("late") == "1",
        reason=words.get("why", "") if words.get("why") in WHY else "",
        other_id=words.get("other", type=int),
        words=words.get("q", "").strip()[:80],
        sort=words.get("sort", ""),
    )


def _back() -> Any:
    return redirect(url_for("transits.here", **_given()))


def _given() -> dict[str, Any]:
    """Return the words of the address that say which list is shown."""
    return {name: request.args[name] for name in KEPT if request.args.get(name)}


@bp.get("/list.xlsx")
@door(USE_DESK)
def spreadsheet() -> Response:
    """Return what is on its way as a spreadsheet."""
    return as_file(listing_xlsx(_listing()), "dang-chuyen.xlsx", XLSX)


@bp.get("/list.pdf")
@door(USE_DESK)
def paper() -> Response:
    """Return what is on its way as a paper, to look for what is late."""
    return as_file(listing_pdf(_listing()), "dang-chuyen.pdf", "application/pdf")


def _listing() -> Listing:
    asked = _asked("in")
    with reading() as session, force_locale("vi"):
        names = unit_names(session)
        rows = [
            {
                "way": "Đến" if asked.direction == "in" else "Đi",
                "title": one.title,
                "number": one.item.accession_no or one.item.barcode,
                "from": names.get(one.transit.from_branch_id, ""),
                "to": names.get(one.transit.to_branch_id, ""),
                "why": str(WHY.get(one.transit.reason, "")),
                "sent": clock.local_day(one.transit.sent_at),
                "days": one.days,
                "late": "Quá lâu" if one.late else "",
            }
            for one in transit_list(session, asked, limit=MOST)
        ]
        return Listing(
            title="Tài liệu chuyển đi quá lâu" if asked.late else "Tài liệu đang chuyển",
            columns=COLUMNS,
            rows=rows,
            office=office_of(session, current_actor().library_id or asked.branch_id),
            about=[names.get(asked.branch_id, ""), f"(tính đến ngày {clock.today():%d/%m/%Y})"],
        )


@bp.post("/send")
@door(SEND)
def send_away() -> Any:
    """Send a scanned copy to another branch."""
    form = request.form
    return _done(
        lambda: perform(
            send,
            current_actor(),
            barcode=form.get("barcode", "").strip(),
            to_branch_id=form.get("to", 0, type=int),
            key=form.get("key") or new_key(),
        )
    )


@bp.post("/<int:transit_id>")
@door(SEND)
def act(transit_id: int) -> Any:
    """Do what a button says to a copy on its way."""
    word, form = request.form.get("act", ""), request.form
    words: dict[str, Any] = {}
    if word == "destination":
        words["to_branch_id"] = form.get("to", 0, type=int)
    if word == "cancel":
        words["reason_text"] = form.get("why", "").strip()
        if not words["reason_text"]:
            flash(_("Please say why; the reason is kept in the log."), "bad")
            return _back()
    if word not in ACTS:
        return _back()
    key = f"{form.get('key') or new_key()}-{word}-{transit_id}"[:80]
    return _done(
        lambda: perform(ACTS[word], current_actor(), transit_id=transit_id, key=key, **words)
    )


def _done(do: Callable[[], DeskResult]) -> Any:
    try:
        tell(do())
    except (NotFound, Forbidden):
        raise
    except IlsError as error:
        flash(sentence_for(error), "bad")
    if request.form.get("from") == "desk":
        return redirect(url_for("desk.page", mode="checkin"))
    return _back()
