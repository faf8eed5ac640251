"""Who acts. A plain object passed to every use case, so that every door obeys the same rights."""

from dataclasses import dataclass, replace

from sqlalchemy import select
from sqlalchemy.orm import Session

from ils.accounts.models import Grant, Staff
from ils.accounts.permissions import roles
from ils.core.errors import Forbidden
from ils.core.jobs import Job
from ils.core.kept import kept
from ils.org.models import OrgUnit
from ils.org.units import is_below, place


@dataclass(frozen=True)
class Held:
    """A role held at the unit with this path, and below it."""

    role: str
    path: str


@dataclass(frozen=True)
class Actor:
    """The person or machine that acts, where, and with which rights.

    ``unit_id`` is the unit worked at (for the desk: the branch), ``unit_path`` its path. An
    ``approver`` lends their rights to one act without signing in; the audit log names both.
    """

    name: str
    unit_id: int | None = None
    unit_path: str = "/"
    library_id: int | None = None
    staff_id: int | None = None
    patron_id: int | None = None
    held: tuple[Held, ...] = ()
    workstation: str | None = None
    all_rights: bool = False
    channel: str = "desk"
    approver: "Actor | None" = None  # who stands by and approves this one act

    def can(self, permission: str, at: OrgUnit | str | None = None) -> bool:
        """Tell whether the actor holds a permission at a unit (default: where it works)."""
        if self.all_rights:
            return True
        path = self.unit_path if at is None else at if isinstance(at, str) else at.path
        known = roles()
        own = any(
            held.role in known and is_below(path, held.path) and known[held.role].gives(permission)
            for held in self.held
        )
        return own or (self.approver is not None and self.approver.can(permission, path))

    def can_somewhere(self, permission: str) -> bool:
        """Tell whether the actor holds a permission at any unit at all (to show a menu)."""
        known = roles()
        own = self.all_rights or any(
            held.role in known and known[held.role].gives(permission) for held in self.held
        )
        return own or (self.approver is not None and self.approver.can_somewhere(permission))

    def require(self, permission: str, at: OrgUnit | str | None = None) -> None:
        """Raise ``Forbidden`` unless the actor holds the permission at the unit."""
        if not self.can(permission, at):
            raise Forbidden("permission_missing", permission=permission)

    def scope_paths(self, permission: str) -> list[str]:
        """Return the paths of the units at and below which the actor holds a permission."""
        if self.all_rights:
            return ["/"]
        known = roles()
        return sorted(
            {h.path for h in self.held if h.role in known and known[h.role].gives(permission)}
        )

    def at_unit(self, session: Session, unit_id: int) -> "Actor":
        """Return the same actor working at another unit."""
        there = place(session, unit_id)
        return replace(self, unit_id=there.id, unit_path=there.path, library_id=there.library_id)


def actor_for_staff(
    session: Session, staff: Staff, unit_id: int | None = None, workstation: str | None = None
) -> Actor:
    """Build the actor for a member of staff working at a unit (default: the home unit)."""
    held = kept(session, ("held", staff.id), lambda: _held(session, staff.id))
    base = Actor(name=staff.name, staff_id=staff.id, held=held, workstation=workstation)
    return base.at_unit(session, unit_id or staff.home_unit_id)


def _held(session: Session, staff_id: int) -> tuple[Held, ...]:
    rows = session.execute(
        select(Grant.role, OrgUnit.path)
        .join(OrgUnit, OrgUnit.id == Grant.unit_id)
        .where(Grant.staff_id == staff_id)
    )
    return tuple(Held(role, path) for role, path in rows)


def actor_of_job(session: Session, job_id: int, unit_id: int | None = None) -> Actor:
    """Return who asked for a job, with the rights of today, at work where it was asked for or at
    ``unit_id``; the program itself where nobody did."""
    job = session.get_one(Job, job_id)
    staff = session.get(Staff, job.created_by) if job.created_by else None
    if staff is None:
        return system_actor(session, unit_id)
    return actor_for_staff(session, staff, unit_id or job.unit_id)


def system_actor(session: Session | None = None, unit_id: int | None = None) -> Actor:
    """Return the program itself as actor: jobs, the command line, the sample province."""
    base = Actor(name="system", all_rights=True, channel="auto")
    return base if session is None or unit_id is None else base.at_unit(session, unit_id)
