"""The page of those who have outgrown their kind of patrons."""

from typing import Any

from flask import flash, redirect, render_template, request, url_for
from flask_babel import ngettext
from sqlalchemy import select

from circulation.desk import perform
from circulation.patrons.ages import change_kinds, outgrown
from circulation.patrons.models import PatronCategory
from circulation.patrons.patrons import EDIT
from circulation.patrons.views import bp
from ils.core.db import reading
from ils.core.errors import IlsError
from ils.web.door import current_actor, door
from ils.web.errors import sentence_for
from ils.web.pages import Page, page_number

SIZE = 200  # each is ticked or not, and those ticked on a page are changed together


@bp.route("/ages", methods=["GET", "POST"])
@door(EDIT)
def ages() -> Any:
    """Propose other kinds by age; on POST change those ticked."""
    problem, status = None, 200
    if request.method == "POST":
        chosen = request.form.getlist("patron", type=int)
        try:
            batch = perform(
                change_kinds, current_actor(), chosen, otherwise=request.form.get("otherwise", "")
            )
        except IlsError as error:
            problem, status = sentence_for(error), error.status
        else:
            changed = int(batch.facts["changed"])
            flash(
                ngettext("%(num)s patron is changed.", "%(num)s patrons are changed.", changed),
                "ok",
            )
            return redirect(url_for("patrons.batches"))
    number = page_number(request.args.get("page"))
    with reading() as session:
        found = outgrown(session, current_actor())
        shown = found[(number - 1) * SIZE : number * SIZE]
        page = render_template(
            "circulation/patrons_ages.html",
            page=Page(number, SIZE, len(found), shown),
            categories=session.scalars(select(PatronCategory).order_by(PatronCategory.order)).all(),
            problem=problem,
        )
    return page, status
