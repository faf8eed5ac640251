"""Setting up machines that speak SIP2, and letting them sign in."""

import re
import secrets
from collections.abc import Sequence

from flask_babel import lazy_gettext as _l
from sqlalchemy import select
from sqlalchemy.orm import Session

from circulation.policies import require_branch
from circulation.sip2.models import Sip2Terminal
from ils.accounts import guessing
from ils.accounts.actor import Actor, Held
from ils.accounts.passwords import check_password, hash_password
from ils.accounts.permissions import declare_permission
from ils.core import clock
from ils.core.audit import audit
from ils.core.errors import Invalid, NotFound
from ils.org.models import OrgUnit
from ils.org.units import place, unit

MANAGE = declare_permission("circulation:terminal:manage", _l("Set up self-check machines"))
ROLE = "self_check"
REALM = "sip2"
CHANNEL = "sip2"
_NAME = re.compile(r"[a-z0-9][a-z0-9._-]{2,39}")


def terminals(session: Session, actor: Actor) -> Sequence[Sip2Terminal]:
    """Return the machines the actor may set up, by name."""
    rows = session.execute(
        select(Sip2Terminal, OrgUnit)
        .join(OrgUnit, OrgUnit.id == Sip2Terminal.branch_id)
        .order_by(Sip2Terminal.name)
    )
    return [terminal for terminal, at in rows if actor.can(MANAGE, at)]


def terminal_for(session: Session, actor: Actor, terminal_id: int) -> Sip2Terminal:
    """Return a machine the actor may set up. Raises ``NotFound``."""
    found = session.get(Sip2Terminal, terminal_id)
    if found is None or not actor.can(MANAGE, unit(session, found.branch_id)):
        raise NotFound("terminal_unknown")
    return found


def add_terminal(
    session: Session,
    actor: Actor,
    *,
    name: str,
    branch_id: int,
    asks_password: bool = True,
    takes_payments: bool = False,
    ascii_only: bool = False,
    note: str = "",
) -> tuple[Sip2Terminal, str]:
    """Set up a machine at a branch; returns it with its password, which is shown this once.

    Raises ``Invalid`` for a name that is taken or cannot be one.
    """
    actor.require(MANAGE, at=unit(session, branch_id))
    require_branch(session, branch_id)
    name = name.strip().lower()
    if not _NAME.fullmatch(name):
        raise Invalid("terminal_name_wrong", field="name")
    if session.scalar(select(Sip2Terminal.id).where(Sip2Terminal.name == name)) is not None:
        raise Invalid("terminal_name_taken", field="name")
    password = secrets.token_urlsafe(12)
    made = Sip2Terminal(
        name=name,
        branch_id=branch_id,
        password_hash=hash_password(password),
        asks_password=asks_password,
        takes_payments=takes_payments,
        ascii_only=ascii_only,
        note=note.strip()[:200],
        created_by=actor.staff_id,
    )
    session.add(made)
    session.flush()
    audit(session, actor, "terminal_added", "sip2_terminal", made.id, branch=branch_id)
    return made, password


def change_terminal(
    session: Session,
    actor: Actor,
    terminal_id: int,
    *,
    active: bool,
    asks_password: bool,
    takes_payments: bool,
    ascii_only: bool,
    note: str,
) -> Sip2Terminal:
    """Change what a machine may do; one switched off is turned away at its next message."""
    found = terminal_for(session, actor, terminal_id)
    found.active, found.asks_password = active, asks_password
    found.takes_payments, found.ascii_only = takes_payments, ascii_only
    found.note = note.strip()[:200]
    audit(session, actor, "terminal_changed", "sip2_terminal", found.id, active=active)
    return found


def new_password(session: Session, actor: Actor, terminal_id: int) -> str:
    """Give a machine a new password, shown this once; the old one holds no more."""
    found = terminal_for(session, actor, terminal_id)
    password = secrets.token_urlsafe(12)
    found.password_hash = hash_password(password)
    audit(session, actor, "terminal_password", "sip2_terminal", found.id)
    return password


def sign_in_terminal(
    session: Session, name: str, password: str, address: str
) -> Sip2Terminal | None:
    """Return the machine whose name and password these are, else None.

    Raises ``Refused('sign_in_wait')`` while guessing is slowed down.
    """
    name = name.strip().lower()
    guessing.require_may_try(session, REALM, name, address)
    found = session.scalar(select(Sip2Terminal).where(Sip2Terminal.name == name))
    fits = check_password(found.password_hash if found else "", password)
    if found is None or not fits or not found.active:
        guessing.note_failure(session, REALM, name, address)
        return None
    guessing.forget_failures(session, REALM, name)
    found.last_seen_at, found.last_address = clock.now(), address[:60]
    return found


def terminal_actor(session: Session, terminal: Sip2Terminal) -> Actor:
    """Return a machine as actor: the rights of its role, at its branch."""
    at = place(session, terminal.branch_id)
    return Actor(
        name=terminal.name,
        unit_id=at.id,
        unit_path=at.path,
        library_id=at.library_id,
        held=(Held(ROLE, at.path),),
        workstation=terminal.name,
        channel=CHANNEL,
    )
