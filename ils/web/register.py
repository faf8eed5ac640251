"""What the shell brings into the house: its pages, its menu and its sentences."""

from flask import Flask, redirect, request, url_for
from flask_babel import lazy_gettext as _l
from flask_wtf import CSRFProtect
from werkzeug.wrappers import Response

from ils.core import kept
from ils.core.db import reading
from ils.org.units import province
from ils.web import (
    admin,
    approval,
    assets,
    calendar,
    door,
    errors,
    files,
    i18n,
    links,
    lock,
    security,
    session,
    views,
)
from ils.web.errors import message

csrf = CSRFProtect()


def register(app: Flask) -> None:
    """Install the shell."""
    security.harden(app)
    i18n.install(app)
    csrf.init_app(app)
    session.install(app)
    errors.install(app)
    assets.install(app)
    app.jinja_env.trim_blocks = True
    app.jinja_env.lstrip_blocks = True
    app.before_request(kept.look_once)
    app.teardown_request(lambda _error: kept.look_no_more())
    app.before_request(_to_first_run)
    app.before_request(door.guard)
    app.register_blueprint(views.bp)
    app.register_blueprint(files.bp)
    admin.register(app)
    calendar.register(app)
    app.jinja_env.globals.update(
        lock_minutes=lock.lock_minutes,
        this_address=links.this_address,
        address_of=links.address_of,
    )
    lock.say()
    approval.say()
    _say()


_ready: list[bool] = []


def forget_ready() -> None:
    """Look again whether a library exists (after a restore, or between tests)."""
    _ready.clear()


def _to_first_run() -> Response | None:
    """Lead every page to the first-run page until there is a library."""
    endpoint = request.endpoint or ""
    if _ready or endpoint in ("ils.first_run", "ils.healthz") or endpoint.endswith("static"):
        return None
    with reading() as db:
        if province(db) is not None:
            _ready.append(True)
            return None
    return redirect(url_for("ils.first_run"))


def _say() -> None:
    message(
        "permission_missing",
        _l("Your account does not hold the right this needs: %(permission)s."),
    )
    message("approval_failed", _l("Card and PIN do not fit."))
    message("approval_own", _l("Somebody else must approve this."))
    message("door_undeclared", _l("This page is closed: nobody has declared who may open it."))
    message("unit_unknown", _l("There is no such library or branch."))
    message("unit_taken", _l("That code or site address belongs to another library already."))
    message("slug_reserved", _l("That site address is used by the program itself."))
    message("sign_in_wait", _l("Too many failed tries. Please wait %(seconds)s seconds."))
    message("password_wrong", _l("The present password is not right."))
    message("password_too_short", _l("The password needs at least %(minimum)s characters."))
    message("password_too_common", _l("That password is too easy to guess."))
    message("username_taken", _l("That user name is taken."))
    message("role_unknown", _l("There is no such role."))
    message("role_above_own", _l("You cannot give rights that you do not hold yourself."))
    message("setting_wrong_type", _l("That value does not fit the setting."))
    message("setting_not_a_choice", _l("That value is not among the choices."))
    message("setting_unreadable", _l("“%(value)s” cannot be read; see what the setting says."))
    message("setting_out_of_order", _l("The first hour must lie before the last one."))
    message("setting_out_of_bounds", _l("The value must lie between %(minimum)s and %(maximum)s."))
    message(
        "own_account",
        _l("Nobody closes their own account or takes their own role away; a colleague does."),
    )
    message("staff_unknown", _l("There is no such account."))
    message("file_empty", _l("The file is empty."))
    message("file_too_large", _l("The file is larger than %(most_mb)s MB."))
    message("file_unknown", _l("There is no such file."))
    message("file_content_missing", _l("The file is not on the disk any more, or is damaged."))
    message("grant_unknown", _l("There is no such role to take away."))
