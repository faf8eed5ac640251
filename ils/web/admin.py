"""Pages on which a head of library sets up the library: settings, hours, closed days, staff, units.

Each value shows the unit it comes from; setting nothing inherits it.
"""

from typing import Any

from flask import (
    Blueprint,
    Flask,
    current_app,
    flash,
    redirect,
    render_template,
    request,
    url_for,
)
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy import select
from sqlalchemy.orm import Session
from wtforms import SelectField, StringField, TextAreaField
from wtforms.validators import Length

from ils.accounts.permissions import declare_permission
from ils.core import clock
from ils.core.audit import audit
from ils.core.db import reading, transaction
from ils.core.errors import IlsError, NotFound
from ils.org.models import OrgUnit, OrgUnitVersion
from ils.org.settings import SETTINGS, set_setting, setting_with_origin, wrong_values
from ils.org.units import NewUnit, found_unit, unit, unit_names, unit_versions, version_on
from ils.web.door import current_actor, door
from ils.web.errors import sentence_for
from ils.web.forms import DayField, Form, Required, choices
from ils.web.menu import menu_entry

bp = Blueprint("admin", __name__, url_prefix="/staff/admin")

SETTING = declare_permission("org:setting:edit", _l("Edit the library's settings"))
UNIT_VIEW = declare_permission("org:unit:view", _l("See libraries and branches"))
UNIT_EDIT = declare_permission("org:unit:edit", _l("Edit libraries and branches"))
MANAGE = "accounts:staff:manage"


class UnitForm(Form):
    """What a unit is called and where it stands, from a day on."""

    name = StringField(_l("Name"), [Required(), Length(max=200)])
    short_name = StringField(_l("Short name"), [Length(max=80)])
    level_label = StringField(_l("Level (district, region, commune …)"), [Length(max=60)])
    managing_body = StringField(_l("Managing body"), [Length(max=200)])
    address = StringField(_l("Address"), [Length(max=300)])
    phone = StringField(_l("Telephone"), [Length(max=40)])
    email = StringField(_l("E-mail"), [Length(max=120)])
    about = TextAreaField(_l("About the library"), [Length(max=8000)])
    valid_from = DayField(_l("Valid from"), [Required()])
    decision = StringField(_l("Decision number"), [Length(max=120)])


class NewUnitForm(UnitForm):
    """A unit founded below this one."""

    kind = SelectField(
        _l("Kind"),
        choices=choices(
            [
                ("branch", _l("Branch")),
                ("point", _l("Reading point")),
                ("library", _l("Library")),
            ]
        ),
    )
    code = StringField(_l("Code"), [Required(), Length(max=20)])
    slug = StringField(_l("Address of its site"), [Required(), Length(max=60)])


def units_of_actor(session: Session, permission: str) -> list[OrgUnit]:
    """Return the units at which the actor holds a permission, as a tree."""
    actor = current_actor()
    every = session.scalars(select(OrgUnit).where(OrgUnit.active).order_by(OrgUnit.path))
    return [found for found in every if actor.can(permission, found)]


def chosen_unit(session: Session, permission: str) -> tuple[OrgUnit, list[OrgUnit]]:
    """Return the unit a page is about (``?unit=``, else where one works) and the choices."""
    units = units_of_actor(session, permission)
    if not units:
        current_actor().require(permission)
    wanted = request.args.get("unit", type=int)
    if wanted is None:
        mine = next((u for u in units if u.id == current_actor().library_id), None)
        return mine or units[0], units
    found = next((u for u in units if u.id == wanted), None)
    if found is None:
        raise NotFound("unit_unknown", unit_id=wanted)
    return found, units


@bp.get("/")
@door(UNIT_VIEW)
def unit_list() -> str:
    """Show the libraries and branches as a tree."""
    with reading() as session:
        return render_template(
            "ils/admin_units.html",
            units=units_of_actor(session, UNIT_VIEW),
            versions=unit_versions(session),
        )


@bp.route("/units/<int:unit_id>", methods=["GET", "POST"])
@door(UNIT_VIEW)
def unit_page(unit_id: int) -> Any:
    """Show a unit; with the right, write a new version of its name and address."""
    with reading() as session:
        found = unit(session, unit_id)
        if not current_actor().can(UNIT_VIEW, found):
            raise NotFound("unit_unknown", unit_id=unit_id)
        present = version_on(session, unit_id)
        versions = session.scalars(
            select(OrgUnitVersion)
            .where(OrgUnitVersion.unit_id == unit_id)
            .order_by(OrgUnitVersion.valid_from.desc())
        ).all()
    form = UnitForm(obj=present)
    if request.method == "GET":
        form.valid_from.data, form.decision.data = clock.today(), ""
    status = 200
    if form.validate_on_submit():
        with transaction() as session:
            current_actor().require(UNIT_EDIT, found)
            _write_version(session, found, form)
        flash(_("The new name and address are kept, beside the old ones."), "ok")
        return redirect(url_for("admin.unit_page", unit_id=unit_id))
    if request.method == "POST":
        status = 422
    page = render_template(
        "ils/admin_unit.html",
        unit=found,
        form=form,
        versions=versions,
        may_edit=current_actor().can(UNIT_EDIT, found),
    )
    return page, status


def _write_version(session: Session, found: OrgUnit, form: UnitForm) -> None:
    row = session.scalar(
        select(OrgUnitVersion).where(
            OrgUnitVersion.unit_id == found.id,
            OrgUnitVersion.valid_from == form.valid_from.data,
        )
    ) or OrgUnitVersion(unit_id=found.id, parent_id=found.parent_id, event="renamed")
    for name in (
        *("name", "short_name", "level_label", "managing_body", "address", "phone", "email"),
        *("about", "valid_from", "decision"),
    ):
        setattr(row, name, form[name].data or ("" if name != "valid_from" else clock.today()))
    session.add(row)
    audit(session, current_actor(), "unit_changed", "org_unit", found.id)


@bp.route("/units/<int:unit_id>/new", methods=["GET", "POST"])
@door(UNIT_EDIT)
def new_unit(unit_id: int) -> Any:
    """Found a branch, a reading point or a library below a unit."""
    form = NewUnitForm()
    with reading() as session:
        parent = unit(session, unit_id)
        parent_name = version_on(session, unit_id).name
    current_actor().require(UNIT_EDIT, parent)
    if request.method == "GET":
        form.valid_from.data = clock.today()
    status = 200
    if form.validate_on_submit():
        facts: dict[str, Any] = {
            name: form[name].data or ""
            for name in (
                *("kind", "code", "slug", "name", "short_name", "level_label", "managing_body"),
                *("address", "phone", "email", "about", "decision"),
            )
        }
        try:
            with transaction() as session:
                made = found_unit(
                    session, NewUnit(**facts, valid_from=form.valid_from.data), parent
                )
                audit(session, current_actor(), "unit_founded", "org_unit", made.id)
                if made.kind == "library":
                    for prepare in current_app.extensions.get("sen.new_library", []):
                        prepare(session, made)
        except IlsError as error:
            form.slug.errors = [*form.slug.errors, sentence_for(error)]
            status = error.status
        else:
            flash(_("The unit was founded."), "ok")
            return redirect(url_for("admin.unit_page", unit_id=made.id))
    page = render_template(
        "ils/admin_new_unit.html", form=form, parent=parent, parent_name=parent_name
    )
    return page, status


@bp.route("/settings", methods=["GET", "POST"])
@door(SETTING)
def settings() -> Any:
    """Every declared setting with its value and the unit the value comes from."""
    problems: dict[str, str] = {}
    with reading() as session:
        chosen, units = chosen_unit(session, SETTING)
    if request.method == "POST":
        problems = _save_settings(chosen)
        if not problems:
            flash(_("The settings were saved."), "ok")
            return redirect(url_for("admin.settings", unit=chosen.id))
    with reading() as session:
        rows = [
            (declared, setting_with_origin(session, chosen.id, key))
            for key, declared in sorted(SETTINGS.items())
        ]
        page = render_template(
            "ils/admin_settings.html",
            unit=chosen,
            units=units,
            rows=rows,
            names=unit_names(session),
            problems=problems,
            typed=request.form,
        )
    return page, 422 if problems else 200


def _save_settings(chosen: OrgUnit) -> dict[str, str]:
    """Save what was typed; return sentences for all boxes that are wrong, keeping all as it was."""
    problems: dict[str, str] = {}
    values: dict[str, Any] = {}
    with reading() as session:
        before = {key: setting_with_origin(session, chosen.id, key) for key in SETTINGS}
    for key, declared in SETTINGS.items():
        typed = request.form.get(key, "").strip()
        value: Any = typed
        if declared.type is bool:
            value = key in request.form
        elif declared.type is int:
            try:
                value = int(typed)
            except ValueError:
                value = typed
        if f"own:{key}" in request.form:
            values[key] = value
            if type(value) is not declared.type:
                problems[key] = _("Please type a whole number.")
        else:
            values[key] = None
            if key in request.form.getlist("shown") and value != before[key].value:
                problems[key] = _("Tick “own” to keep this value here.")
    with reading() as session:
        readable = {key: value for key, value in values.items() if key not in problems}
        wrong = wrong_values(session, chosen.id, readable)
    problems |= {key: sentence_for(error) for key, error in wrong.items()}
    if problems:
        return problems
    with transaction() as session:
        current_actor().require(SETTING, chosen)
        for key, value in values.items():
            is_own = before[key].unit_id == chosen.id
            if is_own if value is None else not (is_own and before[key].value == value):
                set_setting(session, current_actor(), chosen.id, key, value)
    return {}


def register(app: Flask) -> None:
    """Install the administration pages."""
    from ils.web import staff_pages  # noqa: F401 — its pages lie on this blueprint

    app.register_blueprint(bp)
    group = _l("Library")
    menu_entry(group, _l("Branches and hours"), "admin.unit_list", UNIT_VIEW, order=900)
    menu_entry(_l("System"), _l("Settings"), "admin.settings", SETTING, order=930)
    menu_entry(_l("System"), _l("Staff accounts"), "admin.staff", MANAGE, order=932)
