"""What the catalogue's pages share: the blueprint, refusals beside boxes, names of people."""

from typing import Any

from flask import Blueprint
from flask_babel import gettext as _
from sqlalchemy import select
from sqlalchemy.orm import Session

from cataloging.views.words import say_vetoes
from ils.accounts.models import Staff
from ils.core.errors import IlsError
from ils.org.models import OrgUnit
from ils.org.units import branches_below
from ils.web.door import current_actor
from ils.web.errors import sentence_for
from ils.web.i18n import language

bp = Blueprint(
    "cataloging",
    __name__,
    url_prefix="/staff/catalog",
    template_folder="../templates",
    static_folder="../static",
    static_url_path="/static",
)


def english() -> bool:
    """Tell whether the page is in English."""
    return language() == "en"


def say(error: IlsError) -> str:
    """Say a refusal in the page's language, with every reason why a copy must stay."""
    if error.code == "item_vetoed":
        reasons = say_vetoes(error.facts.get("reasons", []))
        return str(_("This copy must stay as it is: %(reasons)s.", reasons=reasons))
    if error.code == "record_vetoed":
        reasons = say_vetoes(error.facts.get("reasons", []))
        return str(_("This record must stay: %(reasons)s.", reasons=reasons))
    return sentence_for(error)


def show_problem(form: Any, error: IlsError, otherwise: str) -> int:
    """Put a refusal beside the box it speaks of and return its HTTP status."""
    name = error.facts.get("field", "")
    box = form[name] if name in form else form[otherwise]
    box.errors = [*box.errors, say(error)]
    return error.status


def staff_names(session: Session, ids: set[int | None]) -> dict[int | None, str]:
    """Return the names of members of staff, for histories."""
    rows = session.execute(select(Staff.id, Staff.name).where(Staff.id.in_(ids - {None})))
    return {row[0]: row[1] for row in rows}


def branches_for(session: Session, permission: str) -> list[OrgUnit]:
    """Return the branches at which the actor holds a permission, own library first."""
    actor = current_actor()
    found: dict[int, OrgUnit] = {}
    for path in actor.scope_paths(permission):
        top = session.scalar(
            select(OrgUnit).where(OrgUnit.path == path)
            if path != "/"
            else select(OrgUnit).where(OrgUnit.parent_id.is_(None))
        )
        if top is not None:
            found |= {unit.id: unit for unit in branches_below(session, top)}
    return sorted(found.values(), key=lambda u: (u.parent_id != actor.library_id, u.path))
