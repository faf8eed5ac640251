"""Who looked at a patron's record, when and what for: the log of looks.

A look is written once for a member of staff, a patron and a purpose within ten minutes, so that
one turn at the desk is one line. Lists that show many names are not logged line by line.
"""

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from circulation.patrons.models import Patron, PatronLook
from ils.accounts.actor import Actor
from ils.accounts.models import Staff
from ils.accounts.permissions import declare_permission
from ils.core import clock
from ils.core.db import transaction
from ils.org.models import OrgUnit

VIEW_LOOKS = declare_permission("patrons:look:view", "See who looked at patrons' records")

DESK, RECORD, EDIT, FAMILY, EXPORT, ERASE, DECIDE, MERGE = (
    "desk",
    "record",
    "edit",
    "family",
    "export",
    "erase",
    "registration",
    "merge",
)
ONE_TURN = timedelta(minutes=10)


def seen_lately(session: Session, actor: Actor, patron_id: int, why: str) -> bool:
    """Tell whether this look is written already, or need not be (the program, the patron)."""
    if actor.staff_id is None:
        return True
    since = clock.now() - ONE_TURN
    found = session.scalar(
        select(PatronLook.id)
        .where(PatronLook.patron_id == patron_id, PatronLook.at >= since)
        .where(PatronLook.staff_id == actor.staff_id, PatronLook.why == why)
        .limit(1)
    )
    return found is not None


def write_look(session: Session, actor: Actor, patron_id: int, why: str) -> None:
    """Write down a look, in the caller's transaction."""
    if actor.staff_id is not None:
        session.add(
            PatronLook(
                staff_id=actor.staff_id,
                unit_id=actor.unit_id,
                patron_id=patron_id,
                why=why,
                at=clock.now(),
            )
        )


def note_look(session: Session, actor: Actor, patron_id: int, why: str) -> None:
    """Write down a look of a page that only reads: asked first, written apart."""
    if not seen_lately(session, actor, patron_id, why):
        with transaction() as writing:
            write_look(writing, actor, patron_id, why)


def looks_at(session: Session, patron_id: int, limit: int = 200) -> Sequence[Any]:
    """Return the looks at a patron with the name of who looked, newest first."""
    return session.execute(
        select(PatronLook, Staff.name)
        .outerjoin(Staff, Staff.id == PatronLook.staff_id)
        .where(PatronLook.patron_id == patron_id)
        .order_by(PatronLook.id.desc())
        .limit(limit)
    ).all()


def find_looks(
    session: Session,
    actor: Actor,
    *,
    staff: str = "",
    first: date | None = None,
    last: date | None = None,
    limit: int = 50,
    offset: int = 0,
) -> tuple[int, Sequence[Any]]:
    """Return how many looks at the actor's patrons there were, and a page of them."""
    paths = actor.scope_paths(VIEW_LOOKS) or ["?"]
    query = (
        select(PatronLook, Staff.name, Patron.name, Patron.deleted_at)
        .join(Patron, Patron.id == PatronLook.patron_id)
        .join(OrgUnit, OrgUnit.id == Patron.branch_id)
        .outerjoin(Staff, Staff.id == PatronLook.staff_id)
        .where(or_(*(OrgUnit.path.startswith(path) for path in paths)))
    )
    if staff:
        query = query.where(Staff.name.contains(staff, autoescape=True))
    if first:
        query = query.where(PatronLook.at >= clock.at_local(first, 0))
    if last:
        query = query.where(PatronLook.at < clock.at_local(last + timedelta(days=1), 0))
    total = session.scalar(query.with_only_columns(func.count(PatronLook.id))) or 0
    rows = session.execute(query.order_by(PatronLook.id.desc()).limit(limit).offset(offset))
    return total, rows.all()
