"""Undoing a large change set in the background, a part at a time, so that the desks can lend."""

from typing import Any, Final

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from cataloging.change_sets import Undone, begin_undo, change_set_for, undo_part
from cataloging.item_rows import copies_changed_in
from cataloging.models import Item
from cataloging.record_rows import version_count
from ils.accounts.actor import Actor, actor_of_job
from ils.core.db import reading, transaction
from ils.core.jobs import Job, Progress, breathe, enqueue, job_kind

# Change sets of more records and copies than this are undone by the worker.
LARGE: Final = 100
AT_ONCE: Final = 40  # in one transaction: what desks wait for
PAUSE: Final = 0.03  # seconds between two parts, about as long as one takes
KIND: Final = "undo_change_set"


def size_of(session: Session, change_set_id: int) -> int:
    """Count what a change set made or changed: records, headings, copies."""
    entered = select(func.count()).where(Item.change_set_id == change_set_id)
    return (
        version_count(session, change_set_id)
        + (session.scalar(entered) or 0)
        + copies_changed_in(session, [change_set_id]).get(change_set_id, 0)
    )


def undo_later(session: Session, actor: Actor, change_set_id: int, *, partial: bool) -> Job:
    """Queue the undoing of a change set, or return the job that has it in hand.

    Raises ``Refused`` at once when it may not be undone.
    """
    found = job_of(session, change_set_id)
    if found is not None and found.status in ("queued", "running"):
        return found
    begin_undo(session, actor, change_set_id, partial=partial)
    job = enqueue(session, actor, KIND, change_set_id=change_set_id)
    job.total = size_of(session, change_set_id)
    return job


def job_of(session: Session, change_set_id: int) -> Job | None:
    """Return the latest job that undoes, or undid, a change set."""
    query = select(Job).where(
        Job.kind == KIND, Job.args["change_set_id"].as_integer() == change_set_id
    )
    return session.scalar(query.order_by(Job.id.desc()).limit(1))


@job_kind(KIND)
def undo(progress: Progress, args: dict[str, Any]) -> dict[str, Any]:
    """Undo a change set part by part; taken up again after a stop, it goes on where it was."""
    change_set_id = int(args["change_set_id"])
    with reading() as session:
        actor = actor_of_job(session, progress.job_id)
        if change_set_for(session, change_set_id).undone_at is not None:
            return {}
        total = size_of(session, change_set_id)
    done = Undone()
    more = True
    while more:
        with transaction() as session:
            more = undo_part(session, actor, change_set_id, done, limit=AT_ONCE)
            progress.note(session, min(total, done.count), total)
        progress.go_on()
        if more:
            breathe(PAUSE)
    return {
        "records_removed": done.records_removed,
        "records_restored": done.records_restored,
        "items_removed": done.items_removed,
        "items_restored": done.items_restored,
        "authorities": done.authorities,
        "left": len(done.left),
    }
