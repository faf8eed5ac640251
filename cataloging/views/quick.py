"""Titles that the desk added in a hurry, for a cataloger to finish."""

from flask import render_template, request

from cataloging.permissions import EDIT_RECORD
from cataloging.quick import titles_to_finish
from cataloging.views.base import bp, staff_names
from ils.core.db import reading
from ils.web.door import current_actor, door
from ils.web.pages import Page, page_number

PAGE = 50


@bp.get("/to-finish")
@door(EDIT_RECORD)
def to_finish() -> str:
    """List the quick titles that nobody has saved since; saving one takes it off the list."""
    number = page_number(request.args.get("page"))
    with reading() as session:
        rows, total = titles_to_finish(
            session, current_actor(), limit=PAGE, offset=(number - 1) * PAGE
        )
        return render_template(
            "cataloging/to_finish.html",
            rows=rows,
            page=Page(number, PAGE, total),
            people=staff_names(session, {one.actor_id for one in rows}),
        )
