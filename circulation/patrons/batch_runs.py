"""Long acts on many patrons: looked at first, then done by the worker part by part.

A part is one short transaction: what it did to each patron, what came of each row and how far the
list is are written together. So an act whose worker was killed goes on behind its last part,
nobody is dealt with twice, and the desks can lend meanwhile. What is short is done at once.
"""

import time
from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any

from sqlalchemy import delete, func, select
from sqlalchemy.exc import IntegrityError, OperationalError
from sqlalchemy.orm import Session

from circulation.patrons.batch_models import PatronBatch, PatronBatchRow
from circulation.patrons.batches import (
    Batch,
    batch_for,
    begin_undo,
    forget_batch,
    lock_batch,
    undo_part,
)
from circulation.patrons.patrons import EDIT
from ils.accounts.actor import Actor, actor_of_job
from ils.core.db import transaction
from ils.core.errors import Refused
from ils.core.jobs import Job, Progress, breathe, enqueue, has_stopped, job_kind, stop_job

AT_ONCE = 60  # rows dealt with within a request, in a second; more is work for the worker
ATTEMPTS = 4
TELL_EVERY = 0.4  # seconds
KIND = "patron_batch"
WORKING = ("trying", "running", "undoing")


class Work(ABC):
    """What a kind of act does. Made anew for each run from what is stored of the act."""

    @abstractmethod
    def __init__(self, session: Session, actor: Actor, row: PatronBatch) -> None:
        """Read what the work needs to go on where it was."""

    @classmethod
    def begin(cls, session: Session, row: PatronBatch) -> None:
        """Make ready for doing what was looked at: what the look said of each row is said anew."""
        session.execute(delete(PatronBatchRow).where(PatronBatchRow.batch_id == row.id))

    @abstractmethod
    def part(self, batch: Batch) -> bool:
        """Deal with some rows behind ``batch.row.done_to``; False when none is left."""

    def ahead(self, done_to: int) -> None:  # noqa: B027 — most need nothing
        """Do what the next part needs and takes long, before anything is locked."""

    @abstractmethod
    def figures(self, session: Session, row: PatronBatch) -> dict[str, Any]:
        """Return what is told of the act in figures and words without names."""


WORKS: dict[str, type[Work]] = {}


def work_of(kind: str) -> Callable[[type[Work]], type[Work]]:
    """Declare what does acts of a kind."""

    def declare(work: type[Work]) -> type[Work]:
        WORKS[kind] = work
        return work

    return declare


# --- beginning, stopping, going on -------------------------------------------------------------


def carry_out(session: Session, actor: Actor, batch_id: int, **chosen: Any) -> PatronBatch:
    """Do what was looked at; ``chosen`` are facts of the plan that were decided on seeing it.

    Raises ``Refused`` where somebody has begun it already.
    """
    row = batch_for(session, actor, batch_id)
    actor.require(EDIT)
    lock_batch(session, row)
    if row.state != "draft":
        raise Refused("batch_begun")
    row.state, row.done_to = "running", 0
    row.plan = {**row.plan, "facts": {**row.plan.get("facts", {}), **chosen}}
    WORKS[row.kind].begin(session, row)
    _go(session, actor, row)
    return row


def do_many(session: Session, actor: Actor, batch: Batch, total: int) -> PatronBatch:
    """Do an act that was begun, or find out what it would do: then only its own rows change."""
    batch.row.total = total
    _go(session, actor, batch.row)
    return batch.row


def take_back(session: Session, actor: Actor, batch_id: int) -> PatronBatch:
    """Undo an act: at once where it is short, else by the worker."""
    row = begin_undo(session, actor, batch_id)
    _go(session, actor, row)
    return row


def stop(session: Session, actor: Actor, batch_id: int) -> PatronBatch:
    """Ask the worker to stop; what is done stays, and the act can go on or be undone."""
    row = batch_for(session, actor, batch_id)
    stop_job(session, row.job_id)
    return row


def go_on(session: Session, actor: Actor, batch_id: int) -> PatronBatch:
    """Go on with what was stopped or failed, behind the last part that was done."""
    row = batch_for(session, actor, batch_id)
    lock_batch(session, row)
    if row.state in WORKING and has_stopped(session.get(Job, row.job_id or 0)):
        row.job_id = enqueue(session, actor, KIND, batch_id=row.id).id
    return row


def discard(session: Session, actor: Actor, batch_id: int) -> None:
    """Throw away what was only looked at."""
    row = batch_for(session, actor, batch_id)
    lock_batch(session, row)
    looked = row.state == "draft" or (
        row.state == "trying" and has_stopped(session.get(Job, row.job_id or 0))
    )
    if not looked:
        raise Refused("batch_begun")
    forget_batch(session, row.id)


def _go(session: Session, actor: Actor, row: PatronBatch) -> None:
    session.flush()
    if row.total > AT_ONCE:
        row.job_id = enqueue(session, actor, KIND, batch_id=row.id).id
        return
    work = _work(session, actor, row)
    while _part(session, actor, row, work):
        pass


# --- part by part ------------------------------------------------------------------------------


def _work(session: Session, actor: Actor, row: PatronBatch) -> Work | None:
    return None if row.state == "undoing" else WORKS[row.kind](session, actor, row)


def _part(session: Session, actor: Actor, row: PatronBatch, work: Work | None) -> bool:
    """Do the next part of an act and, after the last one, write its figures down."""
    if work is None:
        return undo_part(session, actor, row)
    batch = Batch(session, actor, row)
    more = work.part(batch)
    session.flush()
    if not more:
        figures = work.figures(session, row)
        if row.state == "running":
            batch.close(**figures)
        else:
            row.state, row.facts = "draft", figures
            session.flush()
    return more


@job_kind(KIND)
def do_batch(progress: Progress, args: dict[str, Any]) -> dict[str, Any]:
    """Do an act as the worker's job; taken up again after a stop, it goes on."""
    batch_id = int(args["batch_id"])
    work: Work | None = None
    failed, told = 0, 0.0
    done, more = 0, True
    while more:
        if work is not None:
            work.ahead(done)
        try:
            with transaction() as session:
                row = session.get(PatronBatch, batch_id)
                if row is None:  # thrown away meanwhile
                    return {}
                lock_batch(session, row)
                if row.state not in WORKING or row.job_id != progress.job_id:
                    return {}
                actor = actor_of_job(session, progress.job_id)
                work = work or _work(session, actor, row)
                more = _part(session, actor, row, work)
                done, total = row.done_to, row.total
        except (IntegrityError, OperationalError):  # a desk took a number, or kept the lock
            work, failed = None, failed + 1
            if failed == ATTEMPTS:
                raise
            continue
        failed = 0
        if not more or time.monotonic() - told > TELL_EVERY:
            told = time.monotonic()
            progress.tell(done, total)
        breathe()
    return {}


# --- what came of it ---------------------------------------------------------------------------


def counts_of(session: Session, batch_id: int, part: str = "row") -> Counter[str]:
    """Return how many rows, or photos, came to what."""
    query = (
        select(PatronBatchRow.what, func.count())
        .where(PatronBatchRow.batch_id == batch_id, PatronBatchRow.part == part)
        .group_by(PatronBatchRow.what)
    )
    return Counter({what: count for what, count in session.execute(query)})  # noqa: C416


def rows_of(
    session: Session,
    batch_id: int,
    *,
    part: str = "row",
    what: Sequence[str] = (),
    limit: int | None = None,
    offset: int = 0,
) -> Sequence[PatronBatchRow]:
    """Return what came of rows, in their order; ``what`` narrows them."""
    query = select(PatronBatchRow).where(
        PatronBatchRow.batch_id == batch_id, PatronBatchRow.part == part
    )
    if what:
        query = query.where(PatronBatchRow.what.in_(what))
    return session.scalars(query.order_by(PatronBatchRow.number).limit(limit).offset(offset)).all()
