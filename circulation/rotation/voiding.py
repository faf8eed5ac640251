"""Events of a box that were wrong are voided by events of their own; no figure counts either."""

from collections.abc import Iterable

from sqlalchemy import select
from sqlalchemy.orm import Session

from ils.accounts.actor import Actor
from ils.core.events import ActUndone, EventRow, publish_event
from ils.reporting.totals import not_undone


def void_events(session: Session, actor: Actor | None, event_ids: Iterable[int]) -> None:
    """Append the events that make these count no more."""
    for event_id in event_ids:
        old = session.get_one(EventRow, event_id)
        publish_event(
            session,
            actor,
            ActUndone(old.kind),
            unit_id=old.unit_id,
            library_id=old.library_id,
            effective_on=old.effective_on,
            item_id=old.item_id,
            voids_id=old.id,
        )


def void_of_box(session: Session, actor: Actor | None, box_id: int, *kinds: str) -> None:
    """Void what was told of a box, by kinds of events, and still counts."""
    ids = session.scalars(
        select(EventRow.id).where(
            EventRow.kind.in_(kinds),
            EventRow.facts["consignment"].as_integer() == box_id,
            not_undone(),
        )
    ).all()
    void_events(session, actor, ids)


def void_last(session: Session, actor: Actor, item_id: int, *kinds: str) -> None:
    """Void the newest event of these kinds about a copy."""
    event_id = session.scalar(
        select(EventRow.id)
        .where(EventRow.item_id == item_id, EventRow.kind.in_(kinds), not_undone())
        .order_by(EventRow.id.desc())
        .limit(1)
    )
    if event_id is not None:
        void_events(session, actor, [event_id])
