"""Scanning at a box: into it, on its arrival, on its way back; by scanner, by the camera of a phone,
and by several people at once, whose pages see what the others scanned."""

from collections.abc import Callable
from typing import Any

from flask import Blueprint, flash, jsonify, redirect, render_template, request, url_for
from sqlalchemy.orm import Session

from circulation.camera import read_codes
from circulation.rotation import arriving, lists, returning, words
from circulation.rotation import boxes as use
from circulation.rotation.boxes import MANAGE
from circulation.rotation.views.views import seen
from ils.core.db import reading, transaction
from ils.core.errors import IlsError, NotFound
from ils.web.door import current_actor, door
from ils.web.errors import sentence_for

bp = Blueprint("rotation_scans", __name__, url_prefix="/staff/rotation")
Told = tuple[str, str]  # what a scan meant (a key of words.SCANNED, or a sentence), the title


def told_of(scanned: Callable[[Session], Told]) -> Told:
    """Run a scan in a transaction of its own; a refusal is told, not raised."""
    try:
        with transaction() as session:
            return scanned(session)
    except NotFound:
        raise
    except IlsError as error:
        return ("again" if error.code == "box_copy_here_already" else sentence_for(error)), ""


def wants_json() -> bool:
    """Tell whether a script asks, not a form."""
    return request.headers.get("X-Requested-With") == "fetch"


def code_sent() -> str:
    """Return what was scanned."""
    return request.form.get("code", "").strip()[:60]


def answer_to_scan(code: str, told: Told, **more: Any) -> Any:
    """Return what a script shows of a scan."""
    kind, said = words.SCANNED.get(told[0], ("bad", told[0]))
    return jsonify(code=code, outcome=told[0], tone=kind, words=str(said), title=told[1], **more)


def flash_scan(code: str, told: Told) -> None:
    """Tell of a scan on the next page."""
    kind, said = words.SCANNED.get(told[0], ("bad", told[0]))
    if code:
        flash(f"{code} {told[1]}: {said}", kind)


@bp.post("/<int:box_id>/scan")
@door(MANAGE)
def scan(box_id: int) -> Any:
    """Pack a scanned copy, or tick it off as returned; a script asks for JSON, a form goes back."""
    code = code_sent()
    told = told_of(lambda session: _scanned(session, box_id, code)) if code else ("refused", "")
    if wants_json():
        with reading() as session:
            box, _point, _mine = seen(session, box_id)
            rows = lists.sheet_of_box(session, box)
        left = sum(row["state"] == "out" for row in rows)
        return answer_to_scan(code, told, left=left, copies=len(rows))
    flash_scan(code, told)
    return redirect(url_for("rotation.show", box_id=box_id) + "#scan-head")


def _scanned(session: Session, box_id: int, code: str) -> Told:
    actor = current_actor()
    box, _point = use.box_for(session, actor, box_id)
    if box.state == "draft":
        line = use.pack(session, actor, box_id=box_id, barcode=code)
        return "packed", use.title_of_line(session, line)
    damaged = request.form.get("damaged") == "1"
    told = returning.take_back(session, actor, box_id=box_id, barcode=code, damaged=damaged)
    return told.code, told.title


@bp.route("/<int:box_id>/arrival", methods=["GET", "POST"])
@door(MANAGE)
def arrival(box_id: int) -> Any:
    """Count a box copy by copy where it arrives."""
    if request.method == "POST":
        code = code_sent()
        told = told_of(lambda session: _counted(session, box_id, code)) if code else ("refused", "")
        if wants_json():
            with reading() as session:
                box, _point, _mine = seen(session, box_id)
                rows = lists.sheet_of_box(session, box)
            return answer_to_scan(code, told, left=to_count(rows), copies=len(rows))
        flash_scan(code, told)
        return redirect(url_for("rotation_scans.arrival", box_id=box_id))
    with reading() as session:
        box, point, mine = seen(session, box_id)
        rows = lists.sheet_of_box(session, box)
        return render_template(
            "rotation/arrival.html",
            box=box,
            point=point,
            mine=mine,
            rows=rows,
            left=to_count(rows),
            extras=[one for one in lists.extras_of(session, box.id) if one.on_arrival],
            mark=lists.mark_of(session, box),
            words=words,
        )


def _counted(session: Session, box_id: int, code: str) -> Told:
    box, point = use.box_for(session, current_actor(), box_id, receiver=True)
    told = arriving.count_in(session, current_actor(), box=box, point=point, barcode=code)
    return told.code, told.title


def to_count(rows: list[lists.Row]) -> int:
    """Return how many copies of a box nobody has scanned on arrival."""
    return sum(row["state"] == "out" and row["arrived_at"] is None for row in rows)


@bp.get("/<int:box_id>/progress")
@door(MANAGE)
def progress(box_id: int) -> Any:
    """Tell whether somebody else scanned something: the page then looks again."""
    with reading() as session:
        box, _point, _mine = seen(session, box_id)
        return jsonify(mark=lists.mark_of(session, box))


@bp.post("/camera")
@door(MANAGE)
def camera() -> Any:
    """Read the codes of a picture that the browser could not read."""
    sent = request.files.get("photo")
    return jsonify(codes=read_codes(sent.read() if sent is not None else b""))
