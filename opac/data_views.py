"""A patron's own data: copies, the history of loans, consents, requests."""

from typing import Any

from flask import Response, flash, redirect, request
from flask_babel import gettext as _

from circulation.patrons import sentences
from circulation.patrons.consent import (
    consents_of,
    record_consent,
    standing_consents,
    withdraw_consent,
)
from circulation.patrons.forms import REQUEST_WORDS
from circulation.patrons.history import history_of, keep_history
from circulation.patrons.models import Patron
from circulation.patrons.person_data import person_data
from circulation.patrons.privacy_views import json_response, pdf_response
from circulation.patrons.requests import ask, requests_of
from circulation.patrons.sign_in import patron_actor
from circulation.rules.consent import MESSAGES, PHOTO
from ils.core.audit import audit
from ils.core.db import reading, transaction
from ils.core.errors import IlsError
from ils.org.settings import setting
from ils.org.units import version_on
from ils.web.door import current_patron_id, door
from ils.web.errors import sentence_for
from ils.web.pages import Page, page_number
from opac.site import page, site_for
from opac.views import bp, opened

PAGE = 50


@bp.get("/account/data", defaults={"slug": None})
@bp.get("/<site:slug>/account/data")
@door.patron
def my_data(slug: str | None) -> str:
    """Show what a patron may decide about their own data."""
    patron_id = current_patron_id() or 0
    with reading() as session:
        site = opened(slug, session)
        patron = session.get_one(Patron, patron_id)
        return page(
            "opac/data.html",
            site,
            patron=patron,
            consents=consents_of(session, patron_id),
            standing={c.given_by: c for c in standing_consents(session, patron_id)},
            requests=requests_of(session, patron_id),
            kinds=REQUEST_WORDS,
            words=sentences,
            days=setting(session, patron.library_id, "patrons.history_days"),
        )


def _copy(patron_id: int) -> tuple[dict[str, Any], str]:
    with transaction() as session:
        patron = session.get_one(Patron, patron_id)
        audit(session, patron_actor(session, patron), "data_copied", "patron", patron_id)
        above = version_on(session, patron.library_id).managing_body
        return person_data(session, patron_id), above


@bp.get("/account/data.json", defaults={"slug": None})
@bp.get("/<site:slug>/account/data.json")
@door.patron
def my_data_json(slug: str | None) -> Response:
    """Give a patron a copy of all their data, for machines."""
    return json_response(_copy(current_patron_id() or 0)[0], "my-data")


@bp.get("/account/data.pdf", defaults={"slug": None})
@bp.get("/<site:slug>/account/data.pdf")
@door.patron
def my_data_pdf(slug: str | None) -> Response:
    """Give a patron a copy of all their data, as a paper."""
    data, above = _copy(current_patron_id() or 0)
    return pdf_response(data, above, "my-data")


@bp.get("/account/history", defaults={"slug": None})
@bp.get("/<site:slug>/account/history")
@door.patron
def history(slug: str | None) -> str:
    """List a patron's finished loans, where they keep a history."""
    patron_id = current_patron_id() or 0
    number = page_number(request.args.get("page"))
    with reading() as session:
        site = opened(slug, session)
        patron = session.get_one(Patron, patron_id)
        total, rows = history_of(session, patron_id, limit=PAGE, offset=(number - 1) * PAGE)
        days = setting(session, patron.library_id, "patrons.history_days")
    shown = Page(number, PAGE, total, rows)
    return page("opac/history.html", site, patron=patron, page=shown, days=days)


@bp.post("/account/data", defaults={"slug": None})
@bp.post("/<site:slug>/account/data")
@door.patron
def change_my_data(slug: str | None) -> Any:
    """Choose a history or messages, take back a consent, or ask for something."""
    with reading() as session:
        site = site_for(session, slug)
    try:
        with transaction() as session:
            patron = session.get_one(Patron, current_patron_id())
            _change(session, patron, request.form.get("act", ""))
    except IlsError as error:
        flash(sentence_for(error), "bad")
    return redirect(site.url("my_data"))


def _change(session: Any, patron: Patron, act: str) -> None:
    actor = patron_actor(session, patron)
    if act in ("history_on", "history_off"):
        keep_history(session, actor, patron, on=act == "history_on")
        flash(_("Your choice is kept."), "ok")
    elif act in ("messages_on", "messages_off"):
        for row in standing_consents(session, patron.id):
            wanted = {*row.purposes} - {MESSAGES} | ({MESSAGES} if act == "messages_on" else set())
            record_consent(session, actor, patron, givers=[row.given_by], purposes=wanted)
        flash(_("Your choice is kept."), "ok")
    elif act == "photo_off":
        for row in standing_consents(session, patron.id):
            wanted = {*row.purposes} - {PHOTO}
            record_consent(session, actor, patron, givers=[row.given_by], purposes=wanted)
        flash(_("Your photo is taken away."), "ok")
    elif act == "withdraw":
        withdraw_consent(session, actor, patron)
        flash(_("Your consent is taken back. Please bring back what you borrowed."), "ok")
    elif act == "ask":
        kind, text = request.form.get("kind", ""), request.form.get("text", "")
        asked = ask(session, actor, patron, kind, text)
        last = asked.due_on.strftime("%d/%m/%Y")
        flash(_("Your request was sent. It is answered by %(day)s.", day=last), "ok")
