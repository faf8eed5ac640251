"""Whether the worker has a list in hand: a long one is withdrawn, or put back, in parts."""

from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from cataloging.stockbook.weeding.models import Weeding
from ils.core.jobs import Job

KIND: Final = "weeding"


def job_of(session: Session, weeding_id: int) -> Job | None:
    """Return the latest job over a list."""
    query = select(Job).where(Job.kind == KIND, Job.args["weeding_id"].as_integer() == weeding_id)
    return session.scalar(query.order_by(Job.id.desc()).limit(1))


def library_at_work(session: Session, library_id: int) -> bool:
    """Tell whether the worker is at some list of a library: its registers are on the move."""
    query = select(Job.id).where(
        Job.kind == KIND,
        Job.status.in_(("queued", "running")),
        Job.args["weeding_id"]
        .as_integer()
        .in_(select(Weeding.id).where(Weeding.library_id == library_id)),
    )
    return session.scalar(query.limit(1)) is not None


def at_work(session: Session, weeding_id: int) -> bool:
    """Tell whether the worker is at a list, or is going to be."""
    job = job_of(session, weeding_id)
    return job is not None and job.status in ("queued", "running")
