"""Events of a box that were wrong are voided by events of their own; no figure counts either."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from ils.accounts.actor import Actor
from ils.core.events import EventRow, void_event
from ils.reporting.totals import not_undone


def void_of_box(session: Session, actor: Actor | None, box_id: int, *kinds: str) -> None:
    """Void what was told of a box, by kinds of events, and still counts."""
    rows = session.scalars(
        select(EventRow).where(
            EventRow.kind.in_(kinds),
            EventRow.facts["consignment"].as_integer() == box_id,
            not_undone(),
        )
    ).all()
    for row in rows:
        void_event(session, actor, row)
