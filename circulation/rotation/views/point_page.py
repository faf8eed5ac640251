"""The page of a point: opened on a phone by a signed link, without signing in, without scripts.

It tells what lies in the box, takes the word that it has arrived, and the figures of each month.
"""

from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _

from circulation.rotation import boxes as use
from circulation.rotation import figures, lists, undoing
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
        page = render_template(
            "rotation/point_page.html",
            token=token,
            box=box,
            point=point,
            library=unit_name(session, box.library_id),
            rows=lists.sheet_of_box(session, box),
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
    try:
        with transaction() as session:
            box, point = figures.box_of_link(session, token)
            name = request.form.get("name", "").strip()[:120]
            word = request.form.get("act", "")
            if word == "received":
                copies = request.form.get("copies", -1, type=int)
                use.receive_box(
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
