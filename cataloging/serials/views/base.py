"""What the pages share: the blueprint, the branch looked at, the day and month in an address."""

import re
from datetime import date

from flask import Blueprint, request
from sqlalchemy.orm import Session

from cataloging.permissions import RECEIVE_SERIALS
from cataloging.views.base import branches_for
from ils.core import clock
from ils.org.models import OrgUnit
from ils.org.units import unit_names
from ils.web.door import current_actor

bp = Blueprint(
    "serials",
    __name__,
    url_prefix="/staff/serials",
    template_folder="../templates",
    static_folder="../static",
    static_url_path="/static",
)
EARLIEST_YEAR = 1900


def branch_looked_at(session: Session) -> tuple[OrgUnit | None, list[OrgUnit]]:
    """Return the branch asked for or worked at, and those to choose from: of one's own library
    where there is one."""
    actor = current_actor()
    every = branches_for(session, RECEIVE_SERIALS)
    own = [one for one in every if one.parent_id == actor.library_id] or every
    wanted = request.values.get("branch", type=int)
    chosen = [one for one in every if one.id == wanted] or [
        one for one in own if one.id == actor.unit_id
    ]
    return next(iter(chosen or own), None), own


def read_day(typed: str) -> date | None:
    """Read a day of an address or a hidden box, yyyy-mm-dd."""
    try:
        return date.fromisoformat(typed)
    except ValueError:
        return None


def read_month(typed: str) -> date:
    """Return the first day of a month yyyy-mm; of this month where it is none."""
    this = clock.today().replace(day=1)
    day = read_day(f"{typed}-01") if re.fullmatch(r"\d{4}-\d{2}", typed) else None
    return day if day and EARLIEST_YEAR <= day.year <= this.year + 1 else this


def read_year(typed: str) -> int:
    """Return a year; this one where it is none."""
    year = int(typed) if re.fullmatch(r"[12]\d{3}", typed) else 0
    now = clock.today().year
    return year if EARLIEST_YEAR <= year <= now + 1 else now


def pairs_of(session: Session, branches: list[OrgUnit]) -> list[tuple[int, str]]:
    """Return branches as a select box takes them."""
    names = unit_names(session)
    return [(one.id, names.get(one.id, one.code)) for one in branches]
