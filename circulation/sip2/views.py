"""Setting up self-check machines in the browser."""

from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from wtforms import BooleanField, SelectField, StringField
from wtforms.validators import Length

from circulation.sip2.terminals import (
    MANAGE,
    add_terminal,
    change_terminal,
    new_password,
    terminals,
)
from ils.core.db import reading, transaction
from ils.core.errors import IlsError
from ils.org.units import branches_of, unit_names
from ils.web.door import current_actor, door
from ils.web.errors import sentence_for
from ils.web.forms import Form, Required, choices

bp = Blueprint("sip2", __name__, url_prefix="/staff/machines", template_folder="templates")


class MachineForm(Form):
    """A machine to set up."""

    name = StringField(_l("Name it signs in with"), [Required(), Length(min=3, max=40)])
    branch_id = SelectField(_l("Branch"), coerce=int)
    note = StringField(_l("Note"), [Length(max=200)])
    asks_password = BooleanField(_l("Readers show their password"), default=True)
    takes_payments = BooleanField(_l("It takes payments"))
    ascii_only = BooleanField(_l("Its screen shows no Vietnamese marks"))


@bp.route("/", methods=["GET", "POST"])
@door(MANAGE)
def machines() -> Any:
    """Show the machines; set one up. Its password is shown once."""
    actor, form = current_actor(), MachineForm()
    status, made = 200, None
    with reading() as session:
        names = unit_names(session)
        own = [b for b in branches_of(session, actor.library_id or 0) if actor.can(MANAGE, b)]
        form.branch_id.choices = choices((b.id, names.get(b.id, b.code)) for b in own)
    if form.validate_on_submit():
        try:
            with transaction() as session:
                terminal, password = add_terminal(
                    session,
                    actor,
                    name=form.name.data or "",
                    branch_id=form.branch_id.data,
                    asks_password=form.asks_password.data,
                    takes_payments=form.takes_payments.data,
                    ascii_only=form.ascii_only.data,
                    note=form.note.data or "",
                )
                made = (terminal.name, password)
        except IlsError as error:
            form.name.errors = [*form.name.errors, sentence_for(error)]
            status = error.status
    elif request.method == "POST":
        status = 422
    with reading() as session:
        rows = terminals(session, actor)
    page = render_template(
        "sip2/machines.html",
        rows=rows,
        form=MachineForm(formdata=None) if made else form,
        choices=form.branch_id.choices,
        names=names,
        made=made,
    )
    return page, status


@bp.post("/<int:terminal_id>")
@door(MANAGE)
def change(terminal_id: int) -> Any:
    """Change what a machine may do, or give it a new password."""
    actor, words = current_actor(), request.form
    made = None
    with transaction() as session:
        if words.get("act") == "password":
            made = new_password(session, actor, terminal_id)
        else:
            change_terminal(
                session,
                actor,
                terminal_id,
                active="active" in words,
                asks_password="asks_password" in words,
                takes_payments="takes_payments" in words,
                ascii_only="ascii_only" in words,
                note=words.get("note", ""),
            )
    if made:
        flash(_("The new password, shown this once: %(password)s", password=made), "ok")
    else:
        flash(_("Saved."), "ok")
    return redirect(url_for("sip2.machines"))
