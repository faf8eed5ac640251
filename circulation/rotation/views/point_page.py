"""The page of a point: opened on a phone by a signed link, without signing in; scripts only help.

It tells what lies in the box, takes the word that it has arrived (a number, or each copy scanned
with the phone's camera), and the figures of each month.
"""

from typing import Any

from flask import Blueprint, flash, jsonify, redirect, render_template, request, url_for
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from circulation.camera import read_codes
from circulation.rotation import arriving, figures, lists, undoing
from circulation.rotation.views import scanning
from circulation.rotation.views.point_views import month_typed, numbers_typed
from ils.core.db import reading, transaction
from ils.core.errors import IlsError, NotFound
from ils.org.units import unit_name
from ils.web.door import current_actor, door
from ils.web.errors import sentence_for

bp = Blueprint("point_page", __name__, url_prefix="/points", template_folder="../templates")


@bp.get("/<token>")
@door.public
def show(token: str) -> Any:
    """Show the box to its point."""
    return _page(token)


def _page(token: str, problem: str = "", status: int = 200) -> Any:
    with reading() as session:
        box, point = figures.box_of_link(session, token, lock=False)
        rows = lists.sheet_of_box(session, box)
        page = render_template(
            "rotation/point_page.html",
            token=token,
            box=box,
            point=point,
            library=unit_name(session, box.library_id),
            rows=rows,
            left=scanning.to_count(rows),
            never_came=lists.not_arrived(session, box),
            months=figures.months_of(box),
            told=figures.figures_of(session, box.id),
            counts_itself=figures.counts_itself(session, point),
            chosen=request.form.get("month", ""),
            typed=request.form,
            problem=problem,
        )
    return page, status


@bp.post("/<token>")
@door.public
def tell(token: str) -> Any:
    """Take what the point says: the box is here, or what was read in a month."""
    if request.form.get("act") == "arrive":
        return _scan(token)
    try:
        with transaction() as session:
            box, point = figures.box_of_link(session, token)
            name = request.form.get("name", "").strip()[:120]
            word = request.form.get("act", "")
            if word == "received":
                scanned = request.form.get("scanned") == "1"
                copies = None if scanned else request.form.get("copies", -1, type=int)
                arriving.receive_box(
                    session, current_actor(), box=box, point=point, copies=copies, taken_by=name
                )
                said = _("Thank you: the library knows that the box has arrived.")
            elif word == "not_received":
                undoing.take_back_receipt(session, current_actor(), box)
                said = _("Taken back: the box has not arrived.")
            else:
                month = month_typed(request.form.get("month", ""))
                figures.write_figures(
                    session, current_actor(), box, point, month, numbers_typed(), "phone", name
                )
                said = _(
                    "Thank you: the figures of %(month)s have arrived.", month=f"{month:%m/%Y}"
                )
    except NotFound:
        raise
    except IlsError as error:
        return _page(token, sentence_for(error), error.status)
    flash(said, "ok")
    return redirect(url_for("point_page.show", token=token))


def _scan(token: str) -> Any:
    """Tick off a copy that was scanned, or whose number was typed."""
    code = scanning.code_sent()
    told = scanning.told_of(lambda session: _counted(session, token, code))
    if not scanning.wants_json():
        scanning.flash_scan(code, told)
        return redirect(url_for("point_page.show", token=token) + "#count")
    with reading() as session:
        box, _point = figures.box_of_link(session, token, lock=False)
        rows = lists.sheet_of_box(session, box)
    return scanning.answer_to_scan(code, told, left=scanning.to_count(rows), copies=len(rows))


def _counted(session: Session, token: str, code: str) -> scanning.Told:
    box, point = figures.box_of_link(session, token)
    told = arriving.count_in(session, current_actor(), box=box, point=point, barcode=code)
    return told.code, told.title


@bp.post("/<token>/camera")
@door.public
def camera(token: str) -> Any:
    """Read the codes of a picture, for who holds the link of a box that is on its way or there."""
    with reading() as session:
        figures.box_of_link(session, token, lock=False)
    sent = request.files.get("photo")
    return jsonify(codes=read_codes(sent.read() if sent is not None else b""))
