"""Who has a record open besides me: each editor page says every so often that it is still there."""

from datetime import datetime, timedelta

from sqlalchemy import delete, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from cataloging.editor.models import RecordOpen
from ils.accounts.actor import Actor
from ils.accounts.models import Staff
from ils.core import clock
from ils.core.db import is_sqlite

EVERY = 20  # seconds between two signs of life
GONE_AFTER = timedelta(seconds=65)  # three were missed


def is_open(seen_at: datetime, now: datetime) -> bool:
    """Tell whether a page that was heard of then is taken to be open."""
    return now - seen_at < GONE_AFTER


def tell_open(session: Session, actor: Actor, record_id: int) -> list[str]:
    """Note that the actor has a record open; return the names of the others who have."""
    if actor.staff_id is None:
        return []
    own = {"record_id": record_id, "staff_id": actor.staff_id}
    seen = (
        update(RecordOpen)
        .filter_by(**own)
        .values(seen_at=clock.now())
        .returning(RecordOpen.staff_id)
    )
    if session.scalar(seen) is None:
        dialect = sqlite if is_sqlite(session) else postgresql
        made = dialect.insert(RecordOpen).values(seen_at=clock.now(), **own)
        session.execute(made.on_conflict_do_nothing())  # two pages of one person began together
    return others(session, actor, record_id)


def others(session: Session, actor: Actor, record_id: int) -> list[str]:
    """Return the names of the other members of staff who have a record open, first come first."""
    now = clock.now()
    rows = session.execute(
        select(Staff.name, RecordOpen.seen_at)
        .join(Staff, Staff.id == RecordOpen.staff_id)
        .where(RecordOpen.record_id == record_id, RecordOpen.staff_id != actor.staff_id)
        .order_by(Staff.name)
    )
    return [name for name, seen_at in rows if is_open(seen_at, now)]


def tell_closed(session: Session, actor: Actor, record_id: int) -> None:
    """Note that the actor left a record; rows of pages long gone go with it."""
    session.execute(
        delete(RecordOpen).where(
            (RecordOpen.record_id == record_id) & (RecordOpen.staff_id == actor.staff_id)
            | (RecordOpen.seen_at < clock.now() - 10 * GONE_AFTER)
        )
    )
