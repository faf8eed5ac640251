"""What the pages of reporting share: the blueprint, units one may look at, periods asked for."""

from collections.abc import Sequence
from datetime import date

from flask import Blueprint, Response, request
from sqlalchemy import select
from sqlalchemy.orm import Session

from ils.accounts.actor import Actor
from ils.core import clock
from ils.core.errors import NotFound
from ils.org.models import OrgUnit
from ils.org.units import province, unit_versions
from ils.reporting.periods import Period, clock_named
from ils.web.downloads import name_file
from ils.web.forms import parse_day

bp = Blueprint(
    "reporting",
    __name__,
    url_prefix="/staff/reports",
    template_folder="../templates",
    static_folder="../static",
    static_url_path="/static",
)

MONTHS_BACK = 26


def visible_units(session: Session, actor: Actor, permission: str) -> Sequence[OrgUnit]:
    """Return the units whose figures the actor may see, as a tree in order of paths."""
    paths = tuple(actor.scope_paths(permission))
    if not paths:
        return []
    units = session.scalars(select(OrgUnit).where(OrgUnit.active).order_by(OrgUnit.path))
    return [unit for unit in units if unit.path.startswith(paths)]


def asked_unit(session: Session, actor: Actor, units: Sequence[OrgUnit]) -> OrgUnit:
    """Return the unit asked for, else where the actor's view naturally begins.

    Raises ``NotFound`` for a unit the actor may not see.
    """
    by_id = {unit.id: unit for unit in units}
    asked = request.values.get("unit", type=int)
    if asked is not None:
        if asked not in by_id:
            raise NotFound("unit_unknown", unit_id=asked)
        return by_id[asked]
    top = province(session)
    own = by_id.get(actor.library_id or 0)
    if top is not None and top.id in by_id and (own is None or actor.unit_id == top.id):
        return top
    if own is None and not units:
        raise NotFound("unit_unknown", unit_id=0)
    return own or units[0]


def unit_choices(session: Session, units: Sequence[OrgUnit]) -> list[tuple[int, str]]:
    """Return units for a select box, branches indented under their library."""
    names = {uid: v.short_name or v.name for uid, v in unit_versions(session).items()}
    least = min((unit.path.count("/") for unit in units), default=0)
    return [
        (unit.id, "\u2003" * (unit.path.count("/") - least) + names.get(unit.id, unit.code))
        for unit in units
    ]


def asked_day(name: str) -> date | None:
    """Return a day given in the address, None when it is none."""
    typed = request.values.get(name, "").strip()
    try:
        return parse_day(typed) if typed else None
    except ValueError:
        return None


def asked_stretch() -> tuple[date, date, Period | None]:
    """Return the days asked for: ``from`` and ``to``, or a ``month``, or this month so far.

    A month that is not over ends today, so that it is compared with as many days of last year.
    """
    first, last = asked_day("from"), asked_day("to")
    if first and last:
        return min(first, last), max(first, last), None
    calendar = clock_named("calendar_month")
    month = asked_day("month") or clock.today()
    period = calendar.containing(month)
    return period.first, max(period.first, min(period.last, clock.today())), period


def months_back() -> list[Period]:
    """Return this month and those before it, newest first."""
    found = [clock_named("calendar_month").containing(clock.today())]
    while len(found) < MONTHS_BACK:
        found.append(found[-1].previous)
    return found


def a_year_before(day: date) -> date:
    """Return the same day of the year before; 29 February becomes 28."""
    return day.replace(year=day.year - 1, day=28 if (day.month, day.day) == (2, 29) else day.day)


def download(content: bytes, filename: str, mimetype: str, *, inline: bool = False) -> Response:
    """Answer with a file; PDF is shown in the browser, spreadsheets are saved."""
    response = Response(content, mimetype=mimetype)
    name_file(response, filename, shown=inline)
    return response
