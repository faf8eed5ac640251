"""Whether the worker has a list in hand: a long one is withdrawn, or put back, in parts."""

from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from ils.core.jobs import Job

KIND: Final = "weeding"


def job_of(session: Session, weeding_id: int) -> Job | None:
    """Return the latest job over a list."""
    query = select(Job).where(Job.kind == KIND, Job.args["weeding_id"].as_integer() == weeding_id)
    return session.scalar(query.order_by(Job.id.desc()).limit(1))


def at_work(session: Session, weeding_id: int) -> bool:
    """Tell whether the worker is at a list, or is going to be."""
    job = job_of(session, weeding_id)
    return job is not None and job.status in ("queued", "running")
