"""Lists of holds: all of them with filters, titles to buy more of, slips for the closed stack."""

from typing import Any

from flask import Blueprint, Response, flash, jsonify, redirect, render_template, request, url_for
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from circulation.desk import perform
from circulation.hold_lists import HoldRow, Wanted, branch_holds, buy_more, stack_list
from circulation.permissions import USE_DESK
from circulation.pulling import claim_slips
from circulation.views.holds import HOLD_STATES, new_key, paper
from ils.core import clock
from ils.core.db import reading
from ils.core.errors import NotFound
from ils.org.units import branches_of, unit_name, unit_names
from ils.printing.spreadsheet import Sheet, xlsx
from ils.web.door import current_actor, door
from ils.web.downloads import XLSX
from ils.web.pages import Page, page_number

bp = Blueprint("hold_lists", __name__, url_prefix="/staff/holds", template_folder="../templates")

SIZE = 50
MOST = 5000


@bp.get("/all")
@door(USE_DESK)
def every() -> str:
    """Show all open holds collected at the branches of the library, filtered and sorted."""
    number = page_number(request.args.get("page"))
    with reading() as session:
        choices = _branches(session)
        wanted = _wanted([b for b, _name in choices])
        total, rows = branch_holds(
            session,
            wanted,
            sort=request.args.get("sort", ""),
            limit=SIZE,
            offset=(number - 1) * SIZE,
        )
        return render_template(
            "circulation/holds_all.html",
            rows=rows,
            page=Page(number, SIZE, total, rows),
            branches=choices,
            names=unit_names(session),
            states=HOLD_STATES,
            typed=request.args,
            key=new_key(),
        )


@bp.get("/all.xlsx")
@door(USE_DESK)
def every_as_spreadsheet() -> Response:
    """Return the same list as a spreadsheet."""
    with reading() as session:
        names = unit_names(session)
        wanted = _wanted([b for b, _name in _branches(session)])
        _total, found = branch_holds(session, wanted, sort=request.args.get("sort", ""), limit=MOST)
        rows = [_cells(row, names) for row in found]
    heads = [_("Title"), _("Card"), _("Patron"), _("State"), _("Requested")]
    heads += [_("Needed by"), _("Kept until"), _("Collect at")]
    sheet = Sheet(_("Holds"), heads, rows, wide=[0])
    answer = Response(xlsx([sheet]), mimetype=XLSX)
    answer.headers["Content-Disposition"] = 'attachment; filename="dat-truoc.xlsx"'
    return answer


def _cells(row: HoldRow, names: dict[int, str]) -> list[Any]:
    hold = row.hold
    state = str(HOLD_STATES.get(hold.state, ("", hold.state))[1])
    name = row.patron.name if row.patron else ""
    kept = [row.title, row.card or "", name, state, clock.local(hold.requested_at).date()]
    return [*kept, hold.need_by, hold.shelf_until, names.get(hold.pickup_branch_id, "")]


def _branches(session: Session) -> list[tuple[int, str]]:
    names = unit_names(session)
    return [
        (b.id, names.get(b.id, b.code))
        for b in branches_of(session, current_actor().library_id or 0)
    ]


def _wanted(own: list[int]) -> Wanted:
    words = request.args
    chosen = words.get("branch", type=int)
    return Wanted(
        branches=(chosen,) if chosen in own and chosen is not None else tuple(own),
        state=words.get("state", ""),
        kind=words.get("kind", ""),
        hopeless=words.get("hopeless") == "1",
        words=words.get("q", "").strip()[:80],
    )


@bp.get("/demand")
@door(USE_DESK)
def demand() -> str:
    """Show titles to buy more of, and holds that no copy can ever fill."""
    library = current_actor().library_id or 0
    with reading() as session:
        own = tuple(b for b, _name in _branches(session))
        _total, hopeless = branch_holds(session, Wanted(own, hopeless=True), limit=200)
        return render_template(
            "circulation/holds_demand.html",
            titles=buy_more(session, own, library),
            hopeless=hopeless,
            names=unit_names(session),
        )


# --- the closed stack -------------------------------------------------------------------------


@bp.get("/stack")
@door(USE_DESK)
def stack() -> str:
    """Show the slips the stack is to serve; the page looks for new ones by itself."""
    with reading() as session:
        rows = stack_list(session, current_actor().unit_id or 0)
    new = [row.hold.id for row in rows if row.hold.printed_at is None and row.item]
    part = request.headers.get("X-Requested-With") == "fetch"
    page = "circulation/_holds_stack.html" if part else "circulation/holds_stack.html"
    return render_template(page, rows=rows, new=new, key=new_key())


@bp.post("/stack/printed")
@door(USE_DESK)
def printed() -> Any:
    """Note that slips are on paper, or take those that are not, for the page that prints them.

    Each slip is given to one page only, so two that are open print nothing twice.
    """
    ids = {int(word) for word in request.form.get("ids", "").split(",") if word.isdecimal()}
    fetched = request.headers.get("X-Requested-With") == "fetch"
    taken = perform(claim_slips, current_actor(), ids) if ids or fetched else []
    if fetched:
        return jsonify(ids=taken)
    flash(_("Noted as printed."), "ok")
    return redirect(url_for("hold_lists.stack"))


@bp.get("/slips.pdf")
@door(USE_DESK)
def slips() -> Response:
    """Return slips for the stack, one to a small page: those named, else all not printed yet."""
    here = current_actor().unit_id or 0
    named = {int(word) for word in request.args.get("ids", "").split(",") if word.isdecimal()}
    with reading() as session:
        rows = stack_list(session, here, unprinted=not named)
        chosen = [row for row in rows if not named or row.hold.id in named]
        if named and not chosen:
            raise NotFound("slip_unknown")
        data = {"branch": unit_name(session, here), "slips": [_slip(row) for row in chosen]}
    return paper("stack_slips.typ", data, "phieu-yeu-cau.pdf")


def _slip(row: HoldRow) -> dict[str, Any]:
    return {
        "number": row.hold.id,
        "at": row.hold.requested_at,
        "title": row.title,
        "author": row.author,
        "call": row.call_number,
        "shelf": row.where,
        "accession": (row.item.accession_no or row.item.barcode or "") if row.item else "",
        "code": (row.card or "")[-4:],
    }
