"""A reader suggests what the library should buy, and takes it back while it is not answered."""

from typing import Any

from flask import flash, redirect, request
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from cataloging.acquisitions import suggestions as use
from cataloging.acquisitions.forms import SuggestionForm
from cataloging.acquisitions.settings import SUGGESTIONS
from circulation.patrons.models import Patron
from circulation.patrons.sign_in import patron_actor
from ils.core.db import reading, transaction
from ils.core.errors import IlsError, Refused
from ils.org.settings import setting
from ils.org.units import unit_names
from ils.web.door import current_patron_id, door
from ils.web.errors import sentence_for
from ils.web.forms import clean_text
from opac.site import page, site_for
from opac.views import bp, opened


@bp.route("/account/suggest", methods=["GET", "POST"], defaults={"slug": None})
@bp.route("/<site:slug>/account/suggest", methods=["GET", "POST"])
@door.patron
def suggest(slug: str | None) -> Any:
    """Take a suggestion to the reader's own library; tell first what is there already."""
    form, status, problem, there = SuggestionForm(), 200, "", False
    with reading() as db:
        site = opened(slug, db)
        patron = db.get_one(Patron, current_patron_id())
        actor, library_id = patron_actor(db, patron), patron.library_id
        takes = bool(setting(db, library_id, SUGGESTIONS))
        library = unit_names(db)[library_id]
    if request.method == "GET":
        form.title.data = clean_text(request.args.get("title", ""))[:300]
    elif form.validate():
        try:
            if not takes:
                raise Refused("suggestions_closed")
            with transaction() as db:
                use.suggest(db, actor, form.facts(), in_spite=request.form.get("in_spite") == "1")
        except IlsError as error:
            status, there = error.status, error.code == "suggestion_there"
            name = error.facts.get("field", "")
            if name in form:
                form[name].errors = [*form[name].errors, sentence_for(error)]
            else:
                problem = sentence_for(error)
        else:
            flash(_("Thank you. You read the library's answer here."), "ok")
            return redirect(site.account + "#suggestions")
    else:
        status = 422
    with reading() as db:
        title, isbn = form.title.data or "", form.isbn.data or ""
        known = use.known_of(db, library_id, title, isbn) if title else []
    shown = page(
        "opac/suggest.html",
        site,
        form=form,
        known=known,
        there=there,
        takes=takes,
        library=library,
        problem=problem,
    )
    return shown, status


@bp.post("/account/suggestions/<int:suggestion_id>/withdraw", defaults={"slug": None})
@bp.post("/<site:slug>/account/suggestions/<int:suggestion_id>/withdraw")
@door.patron
def withdraw_suggestion(slug: str | None, suggestion_id: int) -> Response:
    """Take a suggestion back that is not answered yet."""
    with reading() as db:
        site = site_for(db, slug)
    try:
        with transaction() as db:
            use.withdraw(db, current_patron_id() or 0, suggestion_id)
    except IlsError as error:
        flash(sentence_for(error), "bad")
    else:
        flash(_("The suggestion was taken back."), "ok")
    return redirect(site.account + "#suggestions")
