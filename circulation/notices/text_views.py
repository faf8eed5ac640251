"""The page that edits the texts of notices, with a preview on a real patron."""

from collections.abc import Mapping
from typing import Any

from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from sqlalchemy import select
from sqlalchemy.orm import Session

from circulation.facts import patron_of_card
from circulation.notices import words
from circulation.notices.models import Notice
from circulation.notices.preview import preview
from circulation.notices.texts import LANGUAGES, PARTS, PLACES, Texts, check_text, write_text
from circulation.notices.views import bp
from circulation.patrons.patrons import patron_for
from circulation.permissions import EDIT_NOTICES
from ils.core.db import reading, transaction
from ils.core.errors import IlsError
from ils.org.units import unit, unit_names
from ils.web.door import current_actor, door
from ils.web.errors import sentence_for


@bp.route("/texts", methods=["GET", "POST"])
@door(EDIT_NOTICES)
def texts() -> Any:
    """Edit the texts of a kind in a language at a unit; see them with a real patron first."""
    actor, given = current_actor(), request.values
    what = given.get("what", "overdue")
    what = what if what in PARTS else "overdue"
    language = given.get("language", "vi")
    language = language if language in LANGUAGES else "vi"
    wanted = given.get("unit", type=int)
    with reading() as session:
        names = unit_names(session)
        units = _units(session)
        at = wanted if wanted in [one for one, _name in units] else units[0][0] if units else 0
    problems: dict[str, str] = {}
    typed = {part: request.form.get(part, "") for part in PARTS[what]}
    post = request.method == "POST"
    if post:
        problems = _problems(what, typed)
        if not problems and request.form.get("act") == "save":
            with transaction() as session:
                write_text(session, actor, unit_id=at, what=what, language=language, bodies=typed)
            flash(_("The texts were saved."), "ok")
            return redirect(url_for("notices.texts", unit=at, what=what, language=language))
    with reading() as session:
        now = Texts(session, at, language)
        shown = None
        if post and not problems:
            shown, problems = _shown(session, at, what, language, typed)
        page = render_template(
            "notices/texts.html",
            what=what,
            tongue=language,
            unit_id=at,
            units=units,
            names=names,
            texts={part: now.text(what, part) for part in PARTS[what]},
            typed=typed if post else None,
            places=PLACES[what],
            problems=problems,
            shown=shown,
            words=words,
            card=given.get("card", ""),
        )
    return page, 422 if problems else 200


def _units(session: Session) -> list[tuple[int, str]]:
    """Return the units whose texts the actor may write: the library worked at and its branches."""
    from ils.org.units import branches_of

    actor, names = current_actor(), unit_names(session)
    library_id = actor.library_id or actor.unit_id or 0
    found = [unit(session, library_id), *branches_of(session, library_id)]
    return [(one.id, names.get(one.id, one.code)) for one in found if actor.can(EDIT_NOTICES, one)]


def _problems(what: str, typed: Mapping[str, str]) -> dict[str, str]:
    problems = {}
    for part, body in typed.items():
        try:
            if body.strip():
                check_text(what, part, body)
        except IlsError as error:
            problems[part] = sentence_for(error)
    return problems


def _shown(
    session: Session, at: int, what: str, language: str, typed: Mapping[str, str]
) -> tuple[Any, dict[str, str]]:
    """Return the preview for the patron whose card was typed, else the one told last."""
    actor, card = current_actor(), request.form.get("card", "").strip()
    if card:
        patron_id = patron_of_card(session, card)
        if patron_id is None:
            return None, {"card": _("No patron has this card.")}
    else:
        patron_id = session.scalar(
            select(Notice.patron_id)
            .where(Notice.library_id == actor.library_id, Notice.patron_id.is_not(None))
            .order_by(Notice.id.desc())
            .limit(1)
        )
    if patron_id is None:
        return None, {"card": _("Type the card of a patron to see the text with.")}
    try:
        patron = patron_for(session, actor, patron_id, EDIT_NOTICES)
    except IlsError as error:
        return None, {"card": sentence_for(error)}
    return preview(session, patron, at, what, language, typed), {}
