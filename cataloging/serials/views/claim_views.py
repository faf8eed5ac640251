"""What is late, claimed by a letter."""

from typing import Any

from flask import Response, flash, redirect, render_template, request, url_for
from flask_babel import force_locale
from flask_babel import gettext as _

from cataloging.permissions import RECEIVE_SERIALS
from cataloging.serials import claims as use
from cataloging.serials import words
from cataloging.serials.views.base import bp, branch_looked_at, pairs_of, read_day
from ils.core.db import reading, transaction
from ils.core.errors import IlsError
from ils.web.door import current_actor, door
from ils.web.downloads import PDF, as_file
from ils.web.errors import sentence_for
from ils.web.forms import clean_text
from ils.web.pages import Page, page_number

SIZE = 20


@bp.get("/claims")
@door(RECEIVE_SERIALS)
def claims() -> Any:
    """List what is late at a branch, and the letters written."""
    return _page()


def _page(problem: str = "", status: int = 200) -> Any:
    number = page_number(request.args.get("page"))
    with reading() as session:
        branch, branches = branch_looked_at(session)
        at = branch.id if branch else 0
        suppliers = use.suppliers_at(session, at)
        asked = request.values.get("supplier", type=int)
        supplier_id = asked if asked in dict(suppliers) else None
        rows, total = use.claims_of(session, at, limit=SIZE, offset=(number - 1) * SIZE)
        page = render_template(
            "serials/claims.html",
            branch=branch,
            branches=pairs_of(session, branches),
            suppliers=suppliers,
            supplier_id=supplier_id,
            late=use.late_at(session, at, supplier_id),
            receiver=use.receiver_for(session, at, supplier_id),
            rows=rows,
            page=Page(number, SIZE, total, rows),
            problem=problem,
            typed=request.form,
            ticked=request.form.getlist("issue"),
            words=words,
        )
    return page, status


@bp.post("/claims")
@door(RECEIVE_SERIALS)
def claim() -> Any:
    """Claim what is ticked in one letter."""
    chosen = []
    for one in request.form.getlist("issue"):
        serial, _at, rest = one.partition("@")
        day, _at, name = rest.partition("@")
        if serial.isdecimal() and len(serial) < 10 and (on := read_day(day)):
            chosen.append(use.Chosen(int(serial), on, clean_text(name)))
    try:
        with transaction() as session:
            branch, _branches = branch_looked_at(session)
            made = use.claim_issues(
                session,
                current_actor(),
                branch.id if branch else 0,
                chosen,
                clean_text(request.form.get("receiver", "")),
            )
            number, branch_id = f"{made.number:02d}/{made.year}", made.branch_id
    except IlsError as error:
        if error.status in (403, 404):
            raise
        return _page(sentence_for(error), error.status)
    flash(_("Letter %(number)s is written: print it below.", number=number), "ok")
    return redirect(url_for("serials.claims", branch=branch_id))


@bp.post("/claims/<int:letter_id>/back")
@door(RECEIVE_SERIALS)
def claim_back(letter_id: int) -> Any:
    """Take the last letter back."""
    try:
        with transaction() as session:
            branch_id = use.claim_for(session, current_actor(), letter_id).branch_id
            use.take_back_claim(session, current_actor(), letter_id)
    except IlsError as error:
        if error.status in (403, 404):
            raise
        return _page(sentence_for(error), error.status)
    flash(_("The letter is taken back."), "ok")
    return redirect(url_for("serials.claims", branch=branch_id))


@bp.get("/claims/<int:letter_id>.pdf")
@door(RECEIVE_SERIALS)
def claim_paper(letter_id: int) -> Response:
    """Return a letter."""
    with reading() as session, force_locale("vi"):
        found = use.claim_for(session, current_actor(), letter_id)
        name = f"giao-bu-bao-{found.year}-{found.number:02d}.pdf"
        return as_file(use.claim_pdf(session, found), name, PDF)
