"""The calendar page: weekly hours by the day they begin, and single days that differ from them.

A closed day that lies ahead may change what is already promised; packages that promise days put
their planner here (``plan_closures_with``) and closed days are then handed to it.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, time, timedelta
from typing import Any

from flask import Blueprint, Flask, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy import select
from sqlalchemy.orm import Session
from wtforms import SelectField, StringField
from wtforms.validators import Length

from ils.accounts.actor import Actor
from ils.accounts.permissions import declare_permission
from ils.core import clock
from ils.core.audit import name_acts
from ils.core.db import reading, transaction
from ils.core.errors import IlsError, Invalid
from ils.org import hours
from ils.org.calendar_edits import (
    EDIT_CALENDAR,
    Hours,
    days_between,
    remove_day,
    remove_week,
    set_days,
    write_week,
)
from ils.org.models import CalendarDay, OrgUnit
from ils.org.units import unit_names
from ils.web.admin import chosen_unit
from ils.web.door import current_actor, door
from ils.web.errors import message, sentence_for
from ils.web.forms import DayField, Form, Required, choices, parse_day
from ils.web.menu import menu_entry

bp = Blueprint("calendar", __name__, url_prefix="/staff/admin/calendar")

CALENDAR = declare_permission(EDIT_CALENDAR, _l("Edit hours and closed days"))


@dataclass(frozen=True)
class Planner:
    """What plans closures: ``make`` previews one and returns its number; the words are endpoints."""

    make: Callable[[Session, Actor, int, Mapping[date, str], str], int]
    show: str
    plans: str
    holidays: str


_planner: list[Planner] = []


def plan_closures_with(planner: Planner) -> None:
    """Hand closed days that lie ahead to a planner."""
    _planner[:] = [planner]


class DaysForm(Form):
    """One day that differs from the week, or a run of them."""

    kind = SelectField(
        _l("What changes"),
        choices=choices(
            [
                ("closed", _l("Closed")),
                ("open", _l("Open against the weekly hours")),
                ("hours", _l("Other hours (half a day …)")),
            ]
        ),
    )
    first = DayField(_l("First day"), [Required()])
    last = DayField(_l("Last day (leave empty for one day)"))
    opens = StringField(_l("From"), [Length(max=5)])
    closes = StringField(_l("Until"), [Length(max=5)])
    reason = StringField(_l("Reason"), [Required(), Length(max=120)])


@bp.route("", methods=["GET", "POST"])
@door(CALENDAR)
def page() -> Any:
    """Weekly hours and single days of a unit."""
    form = DaysForm()
    with reading() as session:
        chosen, units = chosen_unit(session, CALENDAR)
    status = 200
    if form.validate_on_submit():
        first = form.first.data or clock.today()
        last = form.last.data or first
        try:
            if form.kind.data == "closed" and last >= clock.today() and _planner:
                return _preview(_planner[0], chosen, days_between(first, last), form.reason.data)
            _write_days(chosen, form, first, last)
        except IlsError as error:
            box = form[error.facts.get("field", "last")]
            box.errors = [*box.errors, sentence_for(error)]
            status = error.status
        else:
            flash(_("The calendar was changed. Loans already made keep their due dates."), "ok")
            return redirect(url_for("calendar.page", unit=chosen.id))
    elif request.method == "POST":
        status = 422
    return _page(chosen, units, form), status


def _preview(planner: Planner, chosen: OrgUnit, days: list[date], reason: str) -> Any:
    with transaction() as session:
        closed = dict.fromkeys(days, reason)
        plan_id = planner.make(session, current_actor(), chosen.id, closed, reason)
    return redirect(url_for(planner.show, plan_id=plan_id))


def _page(chosen: OrgUnit, units: list[OrgUnit], form: DaysForm) -> str:
    today = clock.today()
    with reading() as session:
        days = session.scalars(
            select(CalendarDay)
            .where(CalendarDay.unit_id == chosen.id, CalendarDay.day >= today - timedelta(days=31))
            .order_by(CalendarDay.day)
        ).all()
        own = hours.weeks_set_at(session, chosen.id)
        shown = max((d for d in own if d <= _asked_day()), default=min(own, default=None))
        return render_template(
            "ils/admin_calendar.html",
            unit=chosen,
            units=units,
            names=unit_names(session),
            form=form,
            week=hours.week_of(session, chosen.id, shown or today),
            own=own,
            shown=shown,
            begins=max(shown, today) if shown else None,
            days=days,
            coming=hours.coming_closures(session, chosen.id, 365),
            planner=_planner[0] if _planner else None,
            today=today,
        )


def _asked_day() -> date:
    try:
        return date.fromisoformat(request.args.get("since", ""))
    except ValueError:
        return clock.today()


def _write_days(chosen: OrgUnit, form: DaysForm, first: date, last: date) -> None:
    span = None
    if form.kind.data == "hours":
        opens, closes = (_moment(form[name].data, name) for name in ("opens", "closes"))
        if opens is None or closes is None:
            raise Invalid("hours_wrong", field="opens")
        span = opens, closes
    with transaction() as session:
        set_days(
            session,
            current_actor(),
            chosen,
            days_between(first, last),
            open=form.kind.data != "closed",
            reason=form.reason.data,
            hours=span,
        )


def _moment(typed: str | None, field: str) -> time | None:
    """Read a time as people type it: 7:30, 07h30, 7. Raises ``Invalid``."""
    text = (typed or "").strip().lower().replace("h", ":").replace(".", ":").rstrip(":")
    if not text:
        return None
    hour, _colon, minute = text.partition(":")
    try:
        return time(int(hour), int(minute or 0))
    except ValueError as error:
        raise Invalid("hours_wrong", field=field) from error


@bp.post("/remove/<int:day_id>")
@door(CALENDAR)
def remove(day_id: int) -> Any:
    """Take an exception away; the weekly hours hold again."""
    with transaction() as session:
        row = remove_day(session, current_actor(), day_id)
    flash(_("The day was taken away; the weekly hours hold again."), "ok")
    return redirect(url_for("calendar.page", unit=row.unit_id))


@bp.post("/week")
@door(CALENDAR)
def week() -> Any:
    """Write the weekly hours of a unit from a day on, or take away hours that lie ahead."""
    with reading() as session:
        chosen, _units = chosen_unit(session, CALENDAR)
    back = url_for("calendar.page", unit=chosen.id)
    try:
        begins = _begins()
        with transaction() as session:
            if request.form.get("act") == "remove" and begins is not None:
                remove_week(session, current_actor(), chosen, begins)
                flash(_("These hours were taken away; those before them go on."), "ok")
                return redirect(back)
            since = write_week(session, current_actor(), chosen, _typed_week(), begins)
    except ValueError:
        flash(_("This is not a date. Type it like 01/06/2025, 1/6 or h+14."), "error")
        return redirect(back)
    except IlsError as error:
        flash(_("Nothing was changed.") + " " + sentence_for(error), "error")
        return redirect(back)
    flash(_("The weekly hours were changed."), "ok")
    return redirect(url_for("calendar.page", unit=chosen.id, since=since.isoformat()))


def _begins() -> date | None:
    typed = request.form.get("valid_from", "").strip()
    return parse_day(typed) if typed else None


def _typed_week() -> list[Hours]:
    names = ("opens", "closes", "pause_from", "pause_to")
    return [
        Hours(
            f"open_{day}" in request.form,
            *(_moment(request.form.get(f"{name}_{day}"), f"{name}_{day}") for name in names),
        )
        for day in range(7)
    ]


def register(app: Flask) -> None:
    """Install the calendar page."""
    app.register_blueprint(bp)
    message("days_backwards", _l("The last day must come after the first, within a year."))
    message("day_unknown", _l("There is no such day."))
    message("day_passed", _l("A closed day that has passed stays: fines were counted by it."))
    message("hours_in_force", _l("Hours that are in force are not removed; write new ones."))
    message(
        "hours_in_the_past",
        _l("New hours begin today or later: what was counted by the old ones stays counted."),
    )
    message(
        "hours_wrong",
        _l("Hours are written like 07:30, in order: open, pause, pause over, close."),
    )
    name_acts(hours_removed=_l("Coming opening hours removed"))
    menu_entry(_l("Library"), _l("Calendar"), "calendar.page", CALENDAR, order=910)
