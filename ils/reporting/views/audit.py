"""The audit log as a page: who did which sensitive thing, when, where and why."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from flask import Blueprint, Response, render_template, request
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy import ColumnElement, Select, func, or_, select
from sqlalchemy.orm import Session

from ils.accounts.actor import Actor
from ils.accounts.models import Staff
from ils.accounts.permissions import declare_permission, roles
from ils.core import clock
from ils.core.audit import (
    ACTS,
    FACTS,
    READABLE,
    SUBJECTS,
    VALUES,
    AuditEntry,
    name_acts,
    name_facts,
    name_subjects,
)
from ils.core.db import reading
from ils.org.units import province, unit_names
from ils.printing import xlsx
from ils.reporting.views.base import visible_units
from ils.web.door import current_actor, door
from ils.web.downloads import XLSX
from ils.web.forms import parse_day
from ils.web.pages import Page, page_number

bp = Blueprint("audit", __name__, url_prefix="/staff/admin", template_folder="../templates")

READ = declare_permission("audit:view", _l("Read the audit log"))
PER_PAGE, MOST_EXPORTED = 50, 20_000
PROGRAM = "program"  # who acted where it was nobody of the staff


@dataclass(frozen=True)
class Asked:
    """What the reader of the log asked for; empty is everything."""

    act: str = ""
    who: str = ""
    first: date | None = None
    last: date | None = None
    oldest_first: bool = False


@bp.get("/audit")
@door(READ)
def log() -> Any:
    """Who did which sensitive thing: by act, person and days, newest first, and as a file."""
    asked = _asked()
    with reading() as session:
        seen = _visible(session, current_actor())
        if request.args.get("export") == "xlsx":
            return _export(session, seen, asked)
        chosen = [*seen, *_conditions(asked)]
        total = session.scalar(select(func.count()).select_from(AuditEntry).where(*chosen)) or 0
        page = Page(page_number(request.args.get("page")), PER_PAGE, total)
        lines = _lines(session, _entries(chosen, asked).limit(PER_PAGE).offset(page.offset))
        return render_template(
            "reporting/audit.html",
            lines=lines,
            page=page,
            asked=asked,
            acts=_acts_there(session, seen),
            people=_people_there(session, seen),
        )


def _asked() -> Asked:
    return Asked(
        act=request.args.get("act", ""),
        who=request.args.get("who", ""),
        first=_day("first"),
        last=_day("last"),
        oldest_first=request.args.get("sort") == "when",
    )


def _day(name: str) -> date | None:
    try:
        return parse_day(request.args.get(name, ""))
    except ValueError:
        return None


def _visible(session: Session, actor: Actor) -> list[ColumnElement[bool]]:
    """What the actor may read: acts at units below, and at the top those done at no unit."""
    ids = [unit.id for unit in visible_units(session, actor, READ)]
    here = AuditEntry.unit_id.in_(ids)
    top = province(session)
    if top is not None and actor.can(READ, top):
        return [or_(here, AuditEntry.unit_id.is_(None))]
    return [here]


def _conditions(asked: Asked) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = []
    if asked.act:
        found.append(AuditEntry.action == asked.act)
    if asked.who == PROGRAM:
        found.append(AuditEntry.actor_id.is_(None))
    elif asked.who:
        found.append(AuditEntry.actor_id == (int(asked.who) if asked.who.isdecimal() else 0))
    if asked.first:
        found.append(AuditEntry.at >= clock.at_local(asked.first, 0))
    if asked.last:
        found.append(AuditEntry.at < clock.at_local(asked.last + timedelta(days=1), 0))
    return found


def _entries(conditions: list[ColumnElement[bool]], asked: Asked) -> Select[AuditEntry, str]:
    query = (
        select(AuditEntry, Staff.name)
        .outerjoin(Staff, Staff.id == AuditEntry.actor_id)
        .where(*conditions)
    )
    if asked.oldest_first:
        return query.order_by(AuditEntry.at, AuditEntry.id)
    return query.order_by(AuditEntry.at.desc(), AuditEntry.id.desc())


def _lines(session: Session, entries: Select[AuditEntry, str]) -> list[tuple[Any, ...]]:
    """Return what a line shows: when, who, where, act, on what, details."""
    names = unit_names(session)
    return [
        (
            entry.at,
            name or (_("a reader") if entry.patron_id else _("the program")),
            names.get(entry.unit_id, "") if entry.unit_id else "",
            str(ACTS.get(entry.action, entry.action)),
            " ".join(
                (str(SUBJECTS.get(entry.subject, entry.subject)), str(entry.subject_id or ""))
            ).strip(),
            in_words(READABLE.get(entry.action, dict)(entry.facts)),
        )
        for entry, name in session.execute(entries)
    ]


def in_words(facts: Mapping[str, Any]) -> str:
    """Return the facts of an entry as one line; what is empty is left out."""
    told = {k: v for k, v in facts.items() if v not in (None, "", {}, [])}
    if told.get("role") in roles():
        told["role"] = roles()[told["role"]].name
    return "; ".join(f"{FACTS.get(key, key)}: {_value(value)}" for key, value in told.items())


def _value(value: Any) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{key} {_value(each)}" for key, each in value.items())
    if isinstance(value, (list, tuple)):
        return " → ".join(_value(each) for each in value)
    if isinstance(value, bool):
        return str(_("yes") if value else _("no"))
    return str(VALUES.get(value, value))


def _acts_there(session: Session, seen: list[ColumnElement[bool]]) -> list[tuple[str, str]]:
    acts = session.scalars(select(AuditEntry.action).where(*seen).distinct())
    return sorted(((act, str(ACTS.get(act, act))) for act in acts), key=lambda pair: pair[1])


def _people_there(session: Session, seen: list[ColumnElement[bool]]) -> list[tuple[str, str]]:
    ids = select(AuditEntry.actor_id).where(*seen).distinct()
    people = session.execute(select(Staff.id, Staff.name).where(Staff.id.in_(ids)))
    found = sorted(((str(number), name) for number, name in people), key=lambda pair: pair[1])
    return [*found, (PROGRAM, _("the program or a reader"))]


def _export(session: Session, seen: list[ColumnElement[bool]], asked: Asked) -> Response:
    entries = _entries([*seen, *_conditions(asked)], asked).limit(MOST_EXPORTED)
    headers = [_("When"), _("Who"), _("Unit"), _("Act"), _("On what"), _("Details")]
    rows = [
        (clock.local(at).strftime("%d/%m/%Y %H:%M:%S"), *rest)
        for at, *rest in _lines(session, entries)
    ]
    return Response(
        xlsx([(_("Audit log"), headers, rows)]),
        mimetype=XLSX,
        headers={"Content-Disposition": 'attachment; filename="nhat-ky.xlsx"'},
    )


def name_own_acts() -> None:
    """Say in words what the ground floor writes into the log."""
    name_acts(
        calendar_changed=_l("Closed days changed"),
        hours_changed=_l("Opening hours changed"),
        setting_changed=_l("Setting changed"),
        unit_changed=_l("Library or branch changed"),
        unit_founded=_l("Library or branch founded"),
        staff_created=_l("Staff account made"),
        staff_closed=_l("Staff account closed"),
        staff_opened=_l("Staff account reopened"),
        role_granted=_l("Role granted"),
        role_revoked=_l("Role taken away"),
        password_reset=_l("Password of staff set anew"),
        password_changed=_l("Own password changed"),
        report_submitted=_l("Report submitted"),
        report_returned=_l("Report returned"),
        report_approved=_l("Report approved"),
        report_discarded=_l("Draft of a report thrown away"),
        report_correction_opened=_l("Correction of a report begun"),
        province_total_closed=_l("Total of the province closed"),
        sample_begun=_l("Sample province begun"),
        sample_loaded=_l("Sample province loaded"),
    )
    name_subjects(
        org_unit=_l("unit"), staff=_l("account"), report=_l("report"), sample=_l("sample")
    )
    name_facts(
        reason=_l("reason"),
        amount=_l("amount"),
        kind=_l("kind"),
        code=_l("code"),
        role=_l("role"),
        unit_id=_l("unit"),
        key=_l("setting"),
        value=_l("value"),
        before=_l("before"),
        after=_l("after"),
        changes=_l("changes"),
        day=_l("day"),
        first=_l("first day"),
        last=_l("last day"),
        period=_l("period"),
        version=_l("version"),
        of=_l("instead of"),
        file=_l("file"),
        title=_l("title"),
        boxes=_l("boxes"),
        command=_l("command"),
        facts=_l("facts"),
    )
