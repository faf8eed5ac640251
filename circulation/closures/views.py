"""Pages of closures: the plans of a library, one plan with all it concerns, the holidays of a year."""

from datetime import date
from typing import Any

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_babel import ngettext
from sqlalchemy import func, select
from wtforms import StringField
from wtforms.validators import Length

from circulation.closures import plans
from circulation.closures.giving_back import OFFERED, GivenBack, give_back_penalties
from circulation.closures.lists import lines_in_words
from circulation.closures.models import ClosurePlan
from circulation.notices.words import KINDS as TOLD
from circulation.permissions import REVERSE
from ils.core import clock
from ils.core.audit import audit
from ils.core.db import reading, transaction
from ils.core.errors import IlsError
from ils.core.jobs import has_stopped
from ils.core.money import dong
from ils.org.calendar_edits import days_between, days_set_at
from ils.org.holidays import FIRST, LAST, vietnamese_holidays
from ils.org.hours import calendar_for
from ils.org.units import unit_names
from ils.printing.spreadsheet import Sheet, xlsx
from ils.web.admin import chosen_unit, units_of_actor
from ils.web.calendar import CALENDAR
from ils.web.door import current_actor, door
from ils.web.downloads import XLSX
from ils.web.errors import sentence_for
from ils.web.forms import DayField, Form, Required, parse_day
from ils.web.pages import Page, page_number

bp = Blueprint("closures", __name__, url_prefix="/staff/closures", template_folder="templates")

SIZE = 50
MOST_EXPORTED = 20_000

STATES: dict[str, tuple[str, Any]] = {
    "draft": ("info", _l("preview")),
    "moving": ("warn", _l("being applied")),
    "applied": ("ok", _l("applied")),
    "lifted": ("off", _l("ended early")),
    "undone": ("off", _l("undone")),
    "discarded": ("off", _l("thrown away")),
}
LINE_STATES: dict[str, tuple[str, Any]] = {
    "planned": ("info", _l("planned")),
    "done": ("ok", _l("moved")),
    "changed": ("off", _l("changed meanwhile, left alone")),
    "no_day": ("bad", _l("no open day in reach, left alone")),
    "undone": ("off", _l("moved back")),
    "kept": ("off", _l("kept as shown to the reader")),
}
KINDS = {
    "loan": _l("Loans"),
    "hold": _l("Holds on the shelf"),
    "notice": _l("Notices held back"),
    "fine": _l("Fines"),
    "suspension": _l("Suspensions"),
}
KIND_ONE = {
    "loan": _l("loan"),
    "hold": _l("hold"),
    "notice": _l("notice"),
    "fine": _l("fine"),
    "suspension": _l("suspension"),
}


class ClosureForm(Form):
    """Days a library is to be closed, and why."""

    first = DayField(_l("First day"), [Required()])
    last = DayField(_l("Last day (leave empty for one day)"))
    reason = StringField(_l("Reason"), [Required(), Length(max=120)])


@bp.route("/", methods=["GET", "POST"])
@door(CALENDAR)
def home() -> Any:
    """Show the closures planned, and preview a new one. Nothing is closed by a preview."""
    form = ClosureForm()
    with reading() as session:
        chosen, units = chosen_unit(session, CALENDAR)
    status = 200
    if form.validate_on_submit():
        try:
            first = form.first.data or clock.today()
            days = days_between(first, form.last.data or first)
            with transaction() as session:
                plan = plans.plan_closure(
                    session,
                    current_actor(),
                    chosen.id,
                    dict.fromkeys(days, form.reason.data),
                    form.reason.data,
                )
            return redirect(url_for("closures.show", plan_id=plan.id))
        except IlsError as error:
            form.last.errors = [*form.last.errors, sentence_for(error)]
            status = error.status
    elif request.method == "POST":
        status = 422
    with reading() as session:
        mine = [one.id for one in units_of_actor(session, CALENDAR)]
        query = select(ClosurePlan).where(
            ClosurePlan.unit_id.in_(mine), ClosurePlan.state != "discarded"
        )
        total = session.scalar(select(func.count()).select_from(query.subquery())) or 0
        page = Page(page_number(request.args.get("page")), SIZE, total)
        rows = session.scalars(
            query.order_by(ClosurePlan.first_on.desc(), ClosurePlan.id.desc())
            .limit(SIZE)
            .offset(page.offset)
        ).all()
        shown = render_template(
            "closures/home.html",
            form=form,
            unit=chosen,
            units=units,
            names=unit_names(session),
            plans=rows,
            page=page,
            states=STATES,
        )
    return shown, status


@bp.get("/<int:plan_id>")
@door(CALENDAR)
def show(plan_id: int) -> str:
    """Show a closure with everything it concerns, and what may be done with it."""
    kind = request.args.get("kind", "")
    kind = kind if kind in KINDS else ""
    with reading() as session:
        plan, at = plans.closure(session, current_actor(), plan_id)
        counts = plans.counts_of(session, plan_id)
        total = sum(n for (one, _state), (n, _sum) in counts.items() if kind in ("", one))
        number = page_number(request.args.get("page"))
        rows = lines_in_words(session, plan_id, kind, limit=SIZE, offset=(number - 1) * SIZE)
        return render_template(
            "closures/show.html",
            plan=plan,
            unit=at,
            days=plans.days_of(plan),
            counts=counts,
            figures=_figures(counts),
            kind=kind,
            kinds=KINDS,
            what=_what,
            page=Page(number, SIZE, total, rows),
            states=STATES,
            line_states=LINE_STATES,
            names=unit_names(session),
            job=plans.job_of(session, plan),
            stopped=has_stopped(plans.job_of(session, plan)),
            offered={one: counts.get((one, "planned"), (0, 0)) for one in OFFERED},
            may_reverse=current_actor().can(REVERSE, at),
            today=clock.today(),
        )


def _figures(counts: dict[tuple[str, str], tuple[int, int]]) -> dict[str, tuple[int, int]]:
    found: dict[str, tuple[int, int]] = {}
    for (kind, _state), (count, amount) in counts.items():
        before = found.get(kind, (0, 0))
        found[kind] = before[0] + count, before[1] + amount
    return found


@bp.get("/<int:plan_id>.xlsx")
@door(CALENDAR)
def as_spreadsheet(plan_id: int) -> Response:
    """Return the whole list of a closure; that it was taken away is audited."""
    with transaction() as session:
        plan, _at = plans.closure(session, current_actor(), plan_id)
        rows = lines_in_words(session, plan_id, limit=MOST_EXPORTED)
        names = unit_names(session)
        audit(session, current_actor(), "list_taken", "list", None, list="closure", rows=len(rows))
        title = _(
            "Closure %(first)s – %(last)s", first=_day(plan.first_on), last=_day(plan.last_on)
        )
        sheet = Sheet(
            name=_("Closure"),
            headers=[
                *(_("What"), _("Reader"), _("Telephone"), _("Title"), _("Accession number")),
                *(_("Branch"), _("Old day"), _("New day"), _("đồng"), _("State")),
            ],
            rows=[
                [
                    _what(row),
                    *(row["name"], row["phone"], row["title"], row["accession_no"]),
                    names.get(row["branch_id"], ""),
                    *(row["old_on"], row["new_on"], row["amount"]),
                    str(LINE_STATES[row["state"]][1]),
                ]
                for row in rows
            ],
            heading=[title, plan.reason],
            money=[8],
            landscape=True,
        )
    return Response(
        xlsx([sheet]),
        mimetype=XLSX,
        headers={"Content-Disposition": f'attachment; filename="dong-cua-{plan_id}.xlsx"'},
    )


def _what(row: dict[str, Any]) -> str:
    """Name a line: a notice by what it tells."""
    kind = str(KIND_ONE[row["kind"]])
    return f"{kind}: {TOLD[row['about']]}" if row["kind"] == "notice" else kind


def _day(day: date) -> str:
    return day.strftime("%d/%m/%Y")


@bp.post("/<int:plan_id>")
@door(CALENDAR)
def act(plan_id: int) -> Any:
    """Apply, undo, end early, throw away, or give fines back."""
    here, actor = url_for("closures.show", plan_id=plan_id), current_actor()
    wanted = request.form.get("act", "")
    try:
        with transaction() as session:
            if wanted == "apply":
                plan = plans.apply_closure(session, actor, plan_id)
                said = _("The library is closed on these days, and what they concern was moved.")
                if plan.state == "moving":
                    said = _("The days are closed. Loans are being moved; this page shows how far.")
            elif wanted == "go_on":
                plans.go_on(session, actor, plan_id)
                said = _("It goes on where it had stopped.")
            elif wanted == "undo":
                plans.undo_closure(session, actor, plan_id)
                said = _("The closure was undone. What had changed since was left as it is.")
            elif wanted == "lift":
                opens_on = parse_day(request.form.get("opens_on", ""))
                plans.lift_closure(session, actor, plan_id, opens_on)
                said = _("The library opens again. Days already promised to readers stay.")
            elif wanted == "fines":
                said = _given_back(give_back_penalties(session, actor, plan_id))
            elif wanted == "discard":
                plans.discard_closure(session, actor, plan_id)
                said, here = _("The preview was thrown away; nothing had changed."), ""
            else:
                plans.closure(session, actor, plan_id)
                return redirect(here)
    except ValueError:
        flash(_("This is not a date. Type it like 01/06/2025, 1/6 or h+14."), "error")
    except IlsError as error:
        if error.status in (403, 404):
            raise
        flash(sentence_for(error), "error")
    else:
        flash(said, "ok")
    return redirect(here or url_for("closures.home"))


def _given_back(given: GivenBack) -> str:
    parts = []
    if given.fines or not given.suspensions:
        parts.append(
            ngettext(
                "%(num)s fine was taken back: %(sum)s.",
                "%(num)s fines were taken back: %(sum)s.",
                given.fines,
                sum=dong(given.amount),
            )
        )
    if given.suspensions:
        parts.append(
            ngettext(
                "%(num)s suspension ends earlier.",
                "%(num)s suspensions end earlier.",
                given.suspensions,
            )
        )
    return " ".join(parts)


@bp.route("/holidays", methods=["GET", "POST"])
@door(CALENDAR)
def holidays() -> Any:
    """Propose the public holidays of a year; those ticked become the preview of a closure."""
    year = request.args.get("year", clock.today().year, type=int)
    year = min(max(year, FIRST), LAST)
    proposed = vietnamese_holidays(year)
    with reading() as session:
        chosen, units = chosen_unit(session, CALENDAR)
    if request.method == "POST":
        ticked = set(request.form.getlist("day"))
        days = {one.day: one.name for one in proposed if one.day.isoformat() in ticked}
        try:
            with transaction() as session:
                reason = _("Public holidays of %(year)s", year=year)
                plan = plans.plan_closure(session, current_actor(), chosen.id, days, reason)
            return redirect(url_for("closures.show", plan_id=plan.id))
        except IlsError as error:
            if error.status in (403, 404):
                raise
            flash(sentence_for(error), "error")
    with reading() as session:
        calendar = calendar_for(session, chosen.id)
        own = days_set_at(session, chosen.id, [one.day for one in proposed])
        return render_template(
            "closures/holidays.html",
            unit=chosen,
            units=units,
            names=unit_names(session),
            year=year,
            proposed=proposed,
            closed={one.day for one in proposed if not calendar.is_open(one.day)},
            own=own,
            today=clock.today(),
            weekdays=WEEKDAYS,
        )


WEEKDAYS = (
    *(_l("Monday"), _l("Tuesday"), _l("Wednesday"), _l("Thursday"), _l("Friday")),
    *(_l("Saturday"), _l("Sunday")),
)
