"""Staff accounts: making them, granting roles, signing in and out."""

import secrets
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import bindparam, delete, select
from sqlalchemy.orm import Session

from ils.accounts import guessing
from ils.accounts.actor import Actor
from ils.accounts.models import Grant, Staff, StaffPin, StaffSession
from ils.accounts.passwords import (
    check_password,
    hash_password,
    needs_rehash,
    require_good_password,
)
from ils.accounts.permissions import declare_permission, peoples_roles, roles
from ils.core import clock
from ils.core.audit import audit
from ils.core.errors import Forbidden, Invalid, NotFound, Refused
from ils.core.kept import MARK, note_mark
from ils.org.models import OrgUnit
from ils.org.units import unit

MANAGE = declare_permission("accounts:staff:manage", "Manage staff accounts")


@dataclass(frozen=True)
class SignedIn:
    """A successful sign-in: the account and the key of its server-side session."""

    staff: Staff
    session_key: str


def create_staff(
    session: Session,
    actor: Actor,
    *,
    username: str,
    name: str,
    password: str,
    home_unit_id: int,
    role: str,
    must_change: bool = True,
) -> Staff:
    """Make an account with one role at its home unit.

    Raises ``Invalid`` for a name in use, an unknown role or a bad password, ``Forbidden`` when
    the actor may not manage accounts there or lacks what the role would give.
    """
    home = unit(session, home_unit_id)
    actor.require(MANAGE, home)
    username = username.strip().lower()
    if not username or session.scalar(select(Staff.id).where(Staff.username == username)):
        raise Invalid("username_taken", field="username")
    require_good_password(password)
    staff = Staff(
        username=username,
        name=name.strip() or username,
        password_hash=hash_password(password),
        home_unit_id=home.id,
        must_change_password=must_change,
    )
    session.add(staff)
    session.flush()
    grant_role(session, actor, staff.id, role, home)
    audit(session, actor, "staff_created", "staff", staff.id)
    return staff


def grant_role(session: Session, actor: Actor, staff_id: int, role: str, at: OrgUnit) -> None:
    """Grant a role at a unit. Nobody can give what they do not hold there themselves."""
    actor.require(MANAGE, at)
    if role not in peoples_roles():
        raise Invalid("role_unknown", field="role", role=role)
    if not all(
        actor.can(p.rstrip("*"), at) or _holds(actor, p, at) for p in roles()[role].permissions
    ):
        raise Forbidden("role_above_own", permission=MANAGE)
    wanted = (Grant.staff_id == staff_id, Grant.role == role, Grant.unit_id == at.id)
    if session.scalar(select(Grant.id).where(*wanted)) is None:
        session.add(Grant(staff_id=staff_id, role=role, unit_id=at.id))
    audit(session, actor, "role_granted", "staff", staff_id, role=role, unit_id=at.id)


def _holds(actor: Actor, wanted: str, at: OrgUnit) -> bool:
    """Tell whether a wildcard permission is covered by one the actor holds there."""
    known = roles()
    return actor.all_rights or any(
        at.path.startswith(h.path)
        and h.role in known
        and any(
            p == wanted or (p.endswith("*") and wanted.startswith(p[:-1]))
            for p in known[h.role].permissions
        )
        for h in actor.held
    )


def revoke_role(session: Session, actor: Actor, grant_id: int) -> None:
    """Take a role away, never one's own."""
    grant = session.get(Grant, grant_id)
    if grant is None:
        raise NotFound("grant_unknown")
    actor.require(MANAGE, unit(session, grant.unit_id))
    if grant.staff_id == actor.staff_id:
        raise Refused("own_account")
    audit(session, actor, "role_revoked", "staff", grant.staff_id, role=grant.role)
    session.delete(grant)


def sign_in_staff(session: Session, username: str, password: str, address: str) -> SignedIn | None:
    """Check a name and password; return None when they do not fit, with the failure noted.

    Raises ``Refused('sign_in_wait')`` while guessing is slowed down.
    """
    guessing.require_may_try(session, "staff", username, address)
    staff = session.scalar(select(Staff).where(Staff.username == username.strip().lower()))
    fits = check_password(staff.password_hash if staff and staff.active else "", password)
    if staff is None or not fits:
        guessing.note_failure(session, "staff", username, address)
        return None
    guessing.forget_failures(session, "staff", username)
    if needs_rehash(staff.password_hash):
        staff.password_hash = hash_password(password)
    key = secrets.token_urlsafe(32)
    session.add(StaffSession(id=key, staff_id=staff.id))
    return SignedIn(staff, key)


def staff_of_session(session: Session, session_key: str) -> tuple[Staff, datetime | None] | None:
    """Return the account of a live session, and since when its screen is locked."""
    row = session.execute(_OF_SESSION, {"key": session_key}).first()
    if row is None:
        return None
    staff, locked_at, mark = row
    note_mark(session, mark)
    return staff, locked_at


_OF_SESSION = (
    select(Staff, StaffSession.locked_at, MARK)
    .join(StaffSession, StaffSession.staff_id == Staff.id)
    .where(StaffSession.id == bindparam("key"), StaffSession.ended_at.is_(None), Staff.active)
)


def sign_out_staff(session: Session, session_key: str) -> None:
    """End a session on the server."""
    row = session.get(StaffSession, session_key)
    if row is not None:
        row.ended_at = clock.now()


def change_password(
    session: Session,
    actor: Actor,
    staff: Staff,
    old: str,
    new: str,
    *,
    keep_session: str | None = None,
) -> None:
    """Change one's own password and end all other sessions. Raises ``Refused``, ``Invalid``."""
    if not check_password(staff.password_hash, old):
        raise Refused("password_wrong", field="old")
    require_good_password(new)
    _set_password(session, staff, new, must_change=False, keep_session=keep_session)
    audit(session, actor, "password_changed", "staff", staff.id)


def require_may_manage(session: Session, actor: Actor, staff: Staff) -> None:
    """Raise ``Forbidden`` unless the actor manages staff wherever this person has rights.

    Else the head of a library could take over the account of somebody with rights above theirs.
    """
    actor.require(MANAGE, unit(session, staff.home_unit_id))
    for unit_id in session.scalars(select(Grant.unit_id).where(Grant.staff_id == staff.id)):
        actor.require(MANAGE, unit(session, unit_id))


def set_active(session: Session, actor: Actor, staff_id: int, *, active: bool) -> None:
    """Close or reopen an account. Nobody closes their own: the house would be locked from inside."""
    staff = session.get(Staff, staff_id)
    if staff is None:
        raise NotFound("staff_unknown")
    require_may_manage(session, actor, staff)
    if staff.id == actor.staff_id:
        raise Refused("own_account")
    staff.active = active
    audit(session, actor, "staff_opened" if active else "staff_closed", "staff", staff.id)


def reset_password(session: Session, actor: Actor, staff_id: int, new: str) -> None:
    """Set somebody's password; they must change it at the next sign-in. PIN and card end."""
    staff = session.get(Staff, staff_id)
    if staff is None:
        raise NotFound("staff_unknown")
    require_may_manage(session, actor, staff)
    require_good_password(new)
    _set_password(session, staff, new, must_change=True, keep_session=None)
    session.execute(delete(StaffPin).where(StaffPin.staff_id == staff.id))
    audit(session, actor, "password_reset", "staff", staff.id)


def _set_password(
    session: Session, staff: Staff, new: str, *, must_change: bool, keep_session: str | None
) -> None:
    staff.password_hash = hash_password(new)
    staff.password_changed_at = clock.now()
    staff.must_change_password = must_change
    rows = select(StaffSession).where(
        StaffSession.staff_id == staff.id, StaffSession.ended_at.is_(None)
    )
    for row in session.scalars(rows):
        if row.id != keep_session:
            row.ended_at = clock.now()
