"""The page that prints cards: which, on what paper, from which place of the sheet on."""

import re
from typing import Any

from flask import Response, render_template, request
from sqlalchemy import select
from sqlalchemy.orm import Session

from circulation.patrons.card_print import MOST, PLACES, cards_to_print, print_cards
from circulation.patrons.models import Patron, PatronCategory
from circulation.patrons.patrons import EDIT
from circulation.patrons.views import bp
from ils.core.db import reading, transaction
from ils.core.errors import IlsError
from ils.web.door import current_actor, door
from ils.web.errors import sentence_for


@bp.route("/cards", methods=["GET", "POST"])
@door(EDIT)
def print_page() -> Any:
    """Show valid cards not printed yet, or those named; on POST give them as PDF."""
    problem, status = None, 200
    if request.method == "POST":
        try:
            with transaction() as session:
                made = print_cards(
                    session,
                    current_actor(),
                    request.form.getlist("card", type=int),
                    paper=request.form.get("paper", "a4"),
                    start=request.form.get("start", 1, type=int),
                )
        except IlsError as error:
            problem, status = sentence_for(error), error.status
        else:
            inline = {"Content-Disposition": 'inline; filename="cards.pdf"'}
            return Response(made, mimetype="application/pdf", headers=inline)
    numbers = re.split(r"[\s,;]+", request.values.get("numbers", "").strip())
    with reading() as session:
        rows = cards_to_print(
            session,
            current_actor(),
            numbers=[one for one in numbers if one],
            unprinted="all" not in request.values,
            category=request.values.get("category", ""),
            school_class=request.values.get("class", ""),
        )
        page = render_template(
            "circulation/patrons_cards.html",
            rows=rows,
            asked=request.values,
            classes=_classes(session),
            categories=session.scalars(select(PatronCategory).order_by(PatronCategory.order)).all(),
            problem=problem,
            places=PLACES,
            most=MOST,
        )
    return page, status


def _classes(session: Session) -> list[str]:
    """Return the school classes of the library the actor works for."""
    query = (
        select(Patron.school_class)
        .where(Patron.library_id == current_actor().library_id, Patron.school_class != "")
        .where(Patron.deleted_at.is_(None))
        .distinct()
    )
    return sorted(session.scalars(query))
