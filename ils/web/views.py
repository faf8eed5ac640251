"""Pages of the shell: signing in, the first run, one's own settings, health."""

from typing import Any
from urllib.parse import urlsplit

from flask import (
    Blueprint,
    abort,
    current_app,
    flash,
    jsonify,
    redirect,
    render_template,
    request,
    session,
    url_for,
)
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_login import current_user, login_user, logout_user
from sqlalchemy import select, text
from werkzeug.wrappers import Response
from wtforms import PasswordField, StringField
from wtforms.validators import Email, EqualTo, Length, Optional

from ils.accounts.actor import actor_for_staff, system_actor
from ils.accounts.models import Staff
from ils.accounts.staff import change_password, create_staff, sign_in_staff, sign_out_staff
from ils.core import outbox
from ils.core.db import engine, reading, transaction
from ils.core.errors import IlsError
from ils.org.models import OrgUnit
from ils.org.units import NewUnit, found_unit, province, unit, unit_versions
from ils.web.door import current_actor, door
from ils.web.errors import sentence_for
from ils.web.forms import Form, Required
from ils.web.menu import staff_menu
from ils.web.session import StaffUser

bp = Blueprint(
    "ils", __name__, template_folder="templates", static_folder="static", static_url_path="/static"
)


class SignInForm(Form):
    """Name and password of a member of staff."""

    username = StringField(_l("User name"), [Required(), Length(max=60)])
    password = PasswordField(_l("Password"), [Required(), Length(max=200)])


class PasswordForm(Form):
    """Changing one's own password."""

    old = PasswordField(_l("Present password"), [Required()])
    new = PasswordField(_l("New password"), [Required(), Length(max=200)])
    again = PasswordField(
        _l("New password again"), [EqualTo("new", _l("The two passwords differ."))]
    )


class FirstRunForm(Form):
    """What an empty installation must know before it can serve anybody."""

    name = StringField(_l("Name of the library"), [Required(), Length(max=200)])
    branch = StringField(_l("Name of its first lending desk"), [Length(max=200)])
    province = StringField(_l("Province"), [Required(), Length(max=200)])
    address = StringField(_l("Address"), [Length(max=300)])
    phone = StringField(_l("Telephone"), [Length(max=40)])
    email = StringField(_l("E-mail"), [Optional(), Email(_l("This is not an e-mail address."))])
    username = StringField(_l("User name of the administrator"), [Required(), Length(max=60)])
    password = PasswordField(_l("Password of the administrator"), [Required(), Length(max=200)])
    again = PasswordField(
        _l("Password again"), [Required(), EqualTo("password", _l("The two passwords differ."))]
    )


def safe_next(target: str | None) -> str:
    """Return an address inside this site, never one that leads away."""
    if not target:
        return url_for("ils.home")
    parts = urlsplit(target.replace("\\", "/"))
    inside = not parts.scheme and not parts.netloc and target.startswith("/")
    return target if inside and not target.startswith("//") else url_for("ils.home")


@bp.route("/staff/sign-in", methods=["GET", "POST"])
@door.public
def sign_in() -> Any:
    """Sign a member of staff in."""
    form = SignInForm()
    problem = None
    if form.validate_on_submit():
        try:
            with transaction() as db:
                signed_in = sign_in_staff(
                    db, form.username.data, form.password.data, request.remote_addr or ""
                )
                actor = actor_for_staff(db, signed_in.staff) if signed_in else None
        except IlsError as error:
            problem = sentence_for(error)
            return render_template("ils/sign_in.html", form=form, problem=problem), 429
        if signed_in and actor:
            session.pop("unit_id", None)
            must_change = signed_in.staff.must_change_password
            login_user(StaffUser(signed_in.session_key, actor, must_change_password=must_change))
            return redirect(safe_next(request.args.get("next")))
        problem = _("The user name or the password is not right.")
    return render_template("ils/sign_in.html", form=form, problem=problem), 401 if problem else 200


@bp.post("/staff/sign-out")
@door.signed_in
def sign_out() -> Response:
    """End the session here and on the server."""
    with transaction() as db:
        sign_out_staff(db, current_user.session_key)
    logout_user()
    session.pop("unit_id", None)
    return redirect(url_for("ils.sign_in"))


@bp.route("/staff/password", methods=["GET", "POST"])
@door.signed_in
def password() -> Any:
    """Change one's own password."""
    form = PasswordForm()
    status = 200
    if form.validate_on_submit():
        try:
            with transaction() as db:
                staff = db.get_one(Staff, current_actor().staff_id)
                change_password(
                    db,
                    current_actor(),
                    staff,
                    form.old.data,
                    form.new.data,
                    keep_session=current_user.session_key,
                )
        except IlsError as error:
            status = error.status
            box = form.old if error.facts.get("field") == "old" else form.new
            box.errors = [*box.errors, sentence_for(error)]
        else:
            flash(_("Your password was changed."), "ok")
            return redirect(url_for("ils.home"))
    return render_template("ils/password.html", form=form), status


@bp.get("/staff/")
@door.signed_in
def home() -> Any:
    """Lead to the page where this person works: the first of the menu that is more than a look-up."""
    shown = staff_menu()
    if not shown:
        return render_template("ils/nothing_to_do.html")
    return redirect(next((entry for entry in shown if entry.begins), shown[0]).url)


@bp.route("/staff/unit", methods=["GET", "POST"])
@door.signed_in
def choose_unit() -> Any:
    """Choose the unit worked at, among those one holds a role at or above."""
    actor = current_actor()
    with reading() as db:
        everything = db.scalars(select(OrgUnit).where(OrgUnit.active).order_by(OrgUnit.path)).all()
        versions = unit_versions(db)
        paths = [held.path for held in actor.held]
        mine = [u for u in everything if any(u.path.startswith(p) for p in paths)]
    if request.method == "POST":
        wanted = request.form.get("unit_id", type=int)
        if wanted not in {u.id for u in mine}:
            abort(403)
        session["unit_id"] = wanted
        return redirect(safe_next(request.form.get("next")))
    return render_template("ils/choose_unit.html", units=mine, versions=versions)


@bp.post("/theme")
@door.public
def theme() -> Response:
    """Keep the reader's choice of light, dark or high contrast."""
    chosen = request.form.get("theme", "")
    answer = redirect(safe_next(request.form.get("next") or "/"))
    kept = chosen if chosen in ("light", "dark", "contrast") else ""
    answer.set_cookie("theme", kept, max_age=365 * 86400, samesite="Lax", httponly=True)
    return answer


@bp.route("/first-run", methods=["GET", "POST"])
@door.public
def first_run() -> Any:
    """Ask an empty installation for its library and administrator; gone once there is one."""
    with reading() as db:
        if province(db) is not None:
            abort(404)
    form = FirstRunForm()
    status = 200
    if form.validate_on_submit():
        try:
            _found_first_library(form)
        except IlsError as error:
            status = error.status
            box = form.username if error.facts.get("field") == "username" else form.password
            box.errors = [*box.errors, sentence_for(error)]
        else:
            flash(_("The library is ready. Sign in with the administrator's name."), "ok")
            return redirect(url_for("ils.sign_in"))
    return render_template("ils/first_run.html", form=form), status


def _found_first_library(form: FirstRunForm) -> None:
    with transaction() as db:
        if province(db) is not None:
            abort(404)
        actor = system_actor()
        top = found_unit(db, NewUnit("province", "TINH", "tinh", form.province.data))
        facts: dict[str, Any] = {
            "address": form.address.data or "",
            "phone": form.phone.data or "",
            "email": form.email.data or "",
        }
        library = found_unit(db, NewUnit("library", "TV", "thu-vien", form.name.data, **facts), top)
        desk = form.branch.data or form.name.data
        branch = found_unit(db, NewUnit("branch", "TV1", "tru-so", desk, **facts), library)
        first = create_staff(
            db,
            actor,
            username=form.username.data,
            name=form.username.data,
            password=form.password.data,
            home_unit_id=top.id,
            role="admin",
            must_change=False,
        )
        first.home_unit_id = branch.id  # rights everywhere, the desk where the books are
        for prepare in current_app.extensions.get("sen.new_library", []):
            prepare(db, library)


@bp.get("/healthz")
@door.public
def healthz() -> Any:
    """Answer whether the program and its database work, and how far the index is behind."""
    try:
        with reading() as db:
            db.execute(text("SELECT 1"))
            waiting, age = outbox.waiting(db), outbox.oldest_waiting_seconds(db)
    except Exception as error:  # a health page must answer, whatever is wrong
        return jsonify(status="error", database=type(error).__name__), 503
    return jsonify(
        status="ok",
        database=engine().dialect.name,
        outbox_waiting=waiting,
        outbox_oldest_seconds=round(age, 1),
    )


@bp.get("/-/patterns")
@door.public
def patterns() -> str:
    """Show every component of the house's look on one page."""
    return render_template("ils/patterns.html")


def unit_or_404(unit_id: int) -> OrgUnit:
    """Return a unit or answer 404."""
    with reading() as db:
        return unit(db, unit_id)
