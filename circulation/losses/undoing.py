"""The act on losses that was done last and can still be taken back by one press."""

from datetime import timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from circulation.models import DeskCommand
from circulation.policies import branch
from ils.accounts.actor import Actor
from ils.core import clock

ACTS = (
    *("lost", "bring_copy", "decide_money", "damage", "claim", "give_up", "withdraw_claim"),
    *("on_shelf", "approve_lost", "check_in"),
)


def last_undoable(session: Session, actor: Actor) -> DeskCommand | None:
    """Return the newest act on losses of this person here, while it is young enough to be undone."""
    if actor.unit_id is None:
        return None
    seconds = branch(session, actor.unit_id).settings.undo_seconds
    last = session.scalar(
        select(DeskCommand)
        .where(DeskCommand.actor_id == actor.staff_id, DeskCommand.unit_id == actor.unit_id)
        .where(DeskCommand.at >= clock.now() - timedelta(seconds=seconds))
        .where(DeskCommand.undone_at.is_(None), DeskCommand.event_id.is_not(None))
        .order_by(DeskCommand.at.desc())
        .limit(1)
    )
    known = last is not None and last.command in ACTS and bool(last.undo)
    return last if known else None
