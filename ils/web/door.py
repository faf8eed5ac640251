"""Doors: every endpoint says who may enter. What says nothing is refused.

    @bp.get("/staff/x")
    @door("package:subject:act")      # staff holding the permission where they work
    @door.signed_in                   # any member of staff
    @door.patron                      # a signed-in patron
    @door.public                      # everybody

A door only opens the page; use cases check the right again at the unit they act on.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, TypeVar

from flask import Flask, abort, current_app, g, redirect, request, session, url_for
from flask_login import current_user
from werkzeug.wrappers import Response

from ils.accounts.actor import Actor
from ils.core.errors import Forbidden
from ils.web.approval import approver_of

View = TypeVar("View", bound=Callable[..., Any])


@dataclass(frozen=True)
class Declared:
    """Who may enter: ``public``, ``staff`` (with or without a permission) or ``patron``."""

    who: str
    permission: str | None = None


class _Doors:
    def __call__(self, permission: str) -> Callable[[View], View]:
        return self._mark(Declared("staff", permission))

    def public(self, view: View) -> View:
        """Let everybody in."""
        return self._mark(Declared("public"))(view)

    def signed_in(self, view: View) -> View:
        """Let any signed-in member of staff in."""
        return self._mark(Declared("staff"))(view)

    def patron(self, view: View) -> View:
        """Let a signed-in patron in."""
        return self._mark(Declared("patron"))(view)

    @staticmethod
    def _mark(declared: Declared) -> Callable[[View], View]:
        def mark(view: View) -> View:
            view.__door__ = declared  # type: ignore[attr-defined]
            return view

        return mark


door = _Doors()

OPEN_WHILE_LOCKED = ("ils.lock", "ils.unlock", "ils.sign_out")

NOBODY = Actor(name="public", channel="opac")


def declared_for(app: Flask, endpoint: str) -> Declared | None:
    """Return what an endpoint declared; static files are public."""
    if endpoint == "static" or endpoint.endswith(".static"):
        return Declared("public")
    return getattr(app.view_functions.get(endpoint), "__door__", None)


def current_actor() -> Actor:
    """Return who acts in this request; the public when nobody is signed in."""
    if "actor" not in g:
        g.actor = current_user.actor() if current_user.is_authenticated else NOBODY
    return g.actor  # type: ignore[no-any-return]


def end_approval() -> None:
    """Give lent rights back once the act is done: what is shown after it is shown to the clerk."""
    actor = current_actor()
    if actor.approver is not None:
        g.actor = replace(actor, approver=None)


def current_patron_id() -> int | None:
    """Return the patron signed in on the public site, if any."""
    loader = current_app.extensions.get("sen.patron_loader")
    if "patron_id" not in g:
        g.patron_id = loader(session) if loader and session.get("patron") else None
    return g.patron_id  # type: ignore[no-any-return]


def guard() -> Response | None:
    """Refuse every request whose endpoint did not declare who may enter."""
    if request.endpoint is None:
        return None  # unknown address: the 404 page answers
    declared = declared_for(current_app, request.endpoint)
    if declared is None:
        raise Forbidden("door_undeclared", permission=request.endpoint)
    if declared.who == "public":
        return None
    if declared.who == "patron":
        return None if current_patron_id() else _to_patron_sign_in()
    if not current_user.is_authenticated:
        return _to_sign_in()
    if current_user.is_locked and request.endpoint not in OPEN_WHILE_LOCKED:
        return _to_lock()
    actor = current_actor()
    if approver := approver_of(actor):  # rights lent to this request alone
        actor = g.actor = replace(actor, approver=approver)
    if declared.permission and not actor.can_somewhere(declared.permission):
        raise Forbidden("permission_missing", permission=declared.permission)
    if current_user.must_change_password and request.endpoint not in (
        "ils.password",
        "ils.sign_out",
    ):
        return redirect(url_for("ils.password"))
    return None


def _wants_json() -> bool:
    return request.path.startswith("/api/") or request.headers.get("X-Requested-With") == "fetch"


def _to_sign_in() -> Response:
    if _wants_json():
        abort(401)
    return redirect(url_for("ils.sign_in", next=request.full_path.rstrip("?")))


def _to_lock() -> Response:
    if _wants_json():
        abort(423)
    here = request.full_path.rstrip("?") if request.method == "GET" else ""
    return redirect(url_for("ils.lock", next=here or None))


def _to_patron_sign_in() -> Response:
    builder = current_app.extensions.get("sen.patron_sign_in_url")
    if builder is None or _wants_json():
        abort(401)
    return redirect(builder())
