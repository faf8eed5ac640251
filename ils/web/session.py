"""The signed-in member of staff, as Flask-Login sees it."""

from typing import Any
from urllib.parse import unquote

from flask import Flask, g, request, session
from flask_login import LoginManager

from ils.accounts.actor import Actor, actor_for_staff
from ils.accounts.staff import staff_of_session
from ils.core.db import reading
from ils.core.errors import IlsError

WORKSTATION_COOKIE = "workstation"


class StaffUser:
    """A signed-in member of staff. Its id is the key of a session kept on the server."""

    is_authenticated = True
    is_active = True
    is_anonymous = False

    def __init__(
        self,
        session_key: str,
        actor: Actor,
        *,
        must_change_password: bool,
        is_locked: bool = False,
    ) -> None:
        self.session_key = session_key
        self.is_locked = is_locked
        self.must_change_password = must_change_password
        self._actor = actor

    def get_id(self) -> str:
        """Return the session key, which Flask-Login keeps in the signed cookie."""
        return self.session_key

    def actor(self) -> Actor:
        """Return the actor of this request."""
        return self._actor


def install(app: Flask) -> None:
    """Load the member of staff of each request."""
    manager = LoginManager(app)
    manager.user_loader(_load)
    app.context_processor(_template_facts)


def _load(session_key: str) -> StaffUser | None:
    with reading() as db:
        found = staff_of_session(db, session_key)
        if found is None:
            return None
        staff, locked_at = found
        workstation = unquote(request.cookies.get(WORKSTATION_COOKIE, ""))[:80] or None
        try:
            actor = actor_for_staff(db, staff, session.get("unit_id"), workstation)
        except IlsError:
            actor = actor_for_staff(db, staff, None, workstation)
    return StaffUser(
        session_key,
        actor,
        must_change_password=staff.must_change_password,
        is_locked=locked_at is not None,
    )


def _template_facts() -> dict[str, Any]:
    from ils.web.door import current_actor
    from ils.web.menu import staff_menu

    return {
        "current_actor": current_actor,
        "staff_menu": staff_menu,
        "theme": request.cookies.get("theme", ""),
        "unit_label": _unit_label,
    }


def _unit_label() -> str:
    """Return the name of the unit worked at, for the bar on top."""
    from ils.org.units import unit_names
    from ils.web.door import current_actor

    actor = current_actor()
    if actor.unit_id is None:
        return ""
    if "unit_label" not in g:
        with reading() as db:
            g.unit_label = unit_names(db)[actor.unit_id]
    return str(g.unit_label)
