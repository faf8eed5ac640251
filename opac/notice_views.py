"""How a patron wants to be told: by which way, in which language, also ahead of time or not."""

from typing import Any

from flask import flash, redirect, request
from flask_babel import gettext as _

from circulation.notices import words
from circulation.notices.reach import (
    choose_way,
    contact_of,
    receipts_offered,
    ways_offered,
    wish_of,
)
from circulation.patrons.models import Patron
from circulation.patrons.sign_in import patron_actor
from ils.core.db import reading, transaction
from ils.core.errors import IlsError
from ils.web.door import current_patron_id, door
from ils.web.errors import sentence_for
from opac.site import page, site_for
from opac.views import bp, opened


@bp.route("/account/notices", methods=["GET", "POST"], defaults={"slug": None})
@bp.route("/<site:slug>/account/notices", methods=["GET", "POST"])
@door.patron
def notices(slug: str | None) -> Any:
    """Show and change how the library tells this patron about due days, holds and the card."""
    patron_id, problem, status = current_patron_id() or 0, "", 200
    if request.method == "POST":
        try:
            with transaction() as session:
                patron = session.get_one(Patron, patron_id)
                choose_way(
                    session,
                    patron_actor(session, patron),
                    patron,
                    channel=request.form.get("channel", ""),
                    courtesies="courtesies" in request.form,
                    language=request.form.get("language", ""),
                    receipt=request.form.get("receipt", ""),
                )
                site = site_for(session, slug)
        except IlsError as error:
            problem, status = sentence_for(error), error.status
        else:
            flash(_("The changes were saved."), "ok")
            return redirect(site.account)
    with reading() as session:
        site = opened(slug, session)
        patron = session.get_one(Patron, patron_id)
        shown = page(
            "opac/notices.html",
            site,
            patron=patron,
            contact=contact_of(session, patron),
            wish=wish_of(session, patron_id),
            ways=ways_offered(session, patron),
            receipts=receipts_offered(session, patron),
            words=words,
            problem=problem,
        )
    return shown, status
