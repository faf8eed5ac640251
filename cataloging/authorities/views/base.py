"""What the pages of the authorities share: the blueprint, names of kinds, whose headings are seen."""

from flask import Blueprint, abort
from flask_babel import lazy_gettext as _l
from sqlalchemy.orm import Session

from cataloging.authorities.browse import Seen
from cataloging.authorities.models import KINDS, PROVINCE
from cataloging.authorities.writing import may_edit, scopes_seen
from ils.org.units import unit_names
from ils.web.door import current_actor

bp = Blueprint(
    "authorities",
    __name__,
    url_prefix="/staff/authorities",
    template_folder="../templates",
    static_folder="../static",
    static_url_path="/static",
)

KIND_NAMES = {
    "person": _l("Persons"),
    "body": _l("Corporate bodies"),
    "place": _l("Places"),
    "title": _l("Titles"),
    "subject": _l("Subjects"),
    "genre": _l("Forms and genres"),
}
ONE_OF_KIND = {
    "person": _l("Person"),
    "body": _l("Corporate body"),
    "place": _l("Place"),
    "title": _l("Title"),
    "subject": _l("Subject"),
    "genre": _l("Form or genre"),
}
ROLES = {
    "preferred": ("ok", _l("Established")),
    "variant": ("off", _l("See reference")),
    "provisional": ("warn", _l("Provisional")),
}
RELATIONS = {
    "earlier": _l("earlier name"),
    "later": _l("later name"),
    "broader": _l("broader term"),
    "narrower": _l("narrower term"),
}
DIFFERENCES = {
    "marks": _l("differ in marks"),
    "dates": _l("differ in dates"),
    "order": _l("differ in the order of words"),
    "letter": _l("differ in one letter"),
}


def seen(session: Session) -> Seen:
    """Return whose headings the actor sees."""
    return Seen(tuple(scopes_seen(session, current_actor())))


def kind_or_404(kind: str) -> str:
    """Return a kind named in an address; 404 when there is no such."""
    if kind not in KINDS:
        abort(404)
    return kind


def scope_choices(session: Session) -> list[tuple[int, str]]:
    """Return where the actor may establish headings: for the province, for the own library."""
    actor = current_actor()
    names = unit_names(session)
    found: list[tuple[int, str]] = []
    if may_edit(session, actor, PROVINCE):
        found.append((PROVINCE, str(_l("All libraries of the province"))))
    if actor.library_id is not None and may_edit(session, actor, actor.library_id):
        found.append((actor.library_id, names.get(actor.library_id, "")))
    return found


def first_scope(session: Session) -> int:
    """Return where the actor establishes a heading if nothing else is said."""
    found = scope_choices(session)
    return found[0][0] if found else PROVINCE
