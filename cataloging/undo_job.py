"""Undoing a large change set in the background, a part at a time, so that the desks can lend."""

from typing import Any

from sqlalchemy.orm import Session

from cataloging.change_sets import Undone, begin_undo, change_set_for, undo_part
from cataloging.record_rows import version_count
from ils.accounts.actor import Actor, actor_of_job
from ils.core.db import reading, transaction
from ils.core.jobs import Job, Progress, enqueue, job_kind

# Change sets of more records than this are undone by the worker.
LARGE = 500
KIND = "undo_change_set"


def undo_later(session: Session, actor: Actor, change_set_id: int, *, partial: bool) -> Job:
    """Queue the undoing of a change set. Raises ``Refused`` at once when it may not be undone."""
    begin_undo(session, actor, change_set_id, partial=partial)
    return enqueue(session, actor, KIND, change_set_id=change_set_id)


@job_kind(KIND)
def undo(progress: Progress, args: dict[str, Any]) -> dict[str, Any]:
    """Undo a change set part by part; taken up again after a stop, it goes on where it was."""
    change_set_id = int(args["change_set_id"])
    with reading() as session:
        actor = actor_of_job(session, progress.job_id)
        if change_set_for(session, change_set_id).undone_at is not None:
            return {}
        total = version_count(session, change_set_id)
    done = Undone()
    more = True
    while more:
        with transaction() as session:
            more = undo_part(session, actor, change_set_id, done)
        progress.tell(
            min(total, done.records_removed + done.records_restored + done.authorities), total
        )
    return {
        "records_removed": done.records_removed,
        "records_restored": done.records_restored,
        "items_removed": done.items_removed,
        "authorities": done.authorities,
        "left": len(done.left),
    }
