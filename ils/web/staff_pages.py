"""The page of staff accounts: who may work here, and with which roles at which unit."""

from typing import Any

from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy import select
from sqlalchemy.orm import Session
from wtforms import PasswordField, SelectField, StringField
from wtforms.validators import Length

from ils.accounts.models import Grant, Staff
from ils.accounts.permissions import peoples_roles, roles
from ils.accounts.staff import (
    create_staff,
    grant_role,
    reset_password,
    revoke_role,
    set_active,
)
from ils.core.db import reading, transaction
from ils.core.errors import IlsError, NotFound
from ils.org.units import unit, unit_names
from ils.web.admin import MANAGE, bp, units_of_actor
from ils.web.door import current_actor, door
from ils.web.errors import sentence_for
from ils.web.forms import Form, Required, choices


class StaffForm(Form):
    """A new account."""

    username = StringField(_l("User name"), [Required(), Length(max=60)])
    name = StringField(_l("Full name"), [Required(), Length(max=120)])
    unit_id = SelectField(_l("Works at"), coerce=int)
    role = SelectField(_l("Role"))
    password = PasswordField(_l("First password"), [Required()])


@bp.route("/staff", methods=["GET", "POST"])
@door(MANAGE)
def staff() -> Any:
    """Staff accounts: list, add, passwords and roles."""
    form = StaffForm()
    with reading() as session:
        units = units_of_actor(session, MANAGE)
        names = unit_names(session)
    form.unit_id.choices = choices((u.id, names[u.id]) for u in units)
    form.role.choices = choices((code, role.name) for code, role in peoples_roles().items())
    status = 200
    if form.validate_on_submit():
        try:
            with transaction() as session:
                create_staff(
                    session,
                    current_actor(),
                    username=form.username.data,
                    name=form.name.data,
                    password=form.password.data,
                    home_unit_id=form.unit_id.data,
                    role=form.role.data,
                )
        except IlsError as error:
            box = form[error.facts["field"]] if error.facts.get("field") in form else form.role
            box.errors = [*box.errors, sentence_for(error)]
            status = error.status
        else:
            flash(_("The account was made. Its password must be changed at first sign-in."), "ok")
            return redirect(url_for("admin.staff"))
    elif request.method == "POST":
        status = 422
    with reading() as session:
        ids = [u.id for u in units]
        people = session.scalars(
            select(Staff).where(Staff.home_unit_id.in_(ids)).order_by(Staff.username)
        ).all()
        held: dict[int, list[Grant]] = {}
        for grant in session.scalars(select(Grant).where(Grant.unit_id.in_(ids))):
            held.setdefault(grant.staff_id, []).append(grant)
    page = render_template(
        "ils/admin_staff.html",
        people=people,
        held=held,
        roles=roles(),
        names=names,
        form=form,
    )
    return page, status


@bp.get("/staff/<int:staff_id>")
@door(MANAGE)
def one_of_staff(staff_id: int) -> str:
    """Show one account: its roles, with what may be changed about it."""
    with reading() as session:
        person = _person(session, staff_id)
        grants = select(Grant).where(Grant.staff_id == staff_id).order_by(Grant.id)
        return render_template(
            "ils/admin_staff_person.html",
            person=person,
            held=session.scalars(grants).all(),
            roles=roles(),
            names=unit_names(session),
            units=units_of_actor(session, MANAGE),
        )


def _person(session: Session, staff_id: int) -> Staff:
    found = session.get(Staff, staff_id)
    if found is None or not current_actor().can(MANAGE, unit(session, found.home_unit_id)):
        raise NotFound("staff_unknown")
    return found


@bp.post("/staff/<int:staff_id>")
@door(MANAGE)
def change_staff(staff_id: int) -> Any:
    """Set a password, grant or revoke a role, close or reopen an account."""
    act = request.form.get("act", "")
    with transaction() as session:
        person = _person(session, staff_id)
        if act == "password":
            reset_password(session, current_actor(), staff_id, request.form.get("password", ""))
        elif act == "grant":
            at = unit(session, request.form.get("unit_id", type=int) or person.home_unit_id)
            grant_role(session, current_actor(), staff_id, request.form.get("role", ""), at)
        elif act == "revoke":
            revoke_role(session, current_actor(), request.form.get("grant_id", type=int) or 0)
        elif act in ("close", "open"):
            set_active(session, current_actor(), staff_id, active=act == "open")
    flash(_("The account was changed."), "ok")
    return redirect(url_for("admin.one_of_staff", staff_id=staff_id))
