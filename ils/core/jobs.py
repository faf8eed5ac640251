"""Long work, done by the worker: queued jobs with progress and a way to cancel, and periodic jobs.

A job is a row, so nothing is lost when the machine goes off: a job whose worker died is taken
up again, and every job function must therefore be able to begin again where it was.
"""

import time
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Boolean, Date, Index, Integer, String, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from ils.core import clock
from ils.core.db import Base, UTCDateTime, is_sqlite, reading, transaction

HEARTBEAT_EXPIRES = timedelta(seconds=60)
# Seconds between parts: on SQLite whoever waits for the lock looks every tenth of a second.
BREATH = 0.11


class Job(Base):
    """A piece of long work and how far it is."""

    __tablename__ = "job"

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(String(40))
    args: Mapped[dict[str, Any]] = mapped_column(default=dict)
    status: Mapped[str] = mapped_column(String(10), default="queued")
    done: Mapped[int] = mapped_column(Integer, default=0)
    total: Mapped[int] = mapped_column(Integer, default=0)
    message: Mapped[str | None] = mapped_column(String(500))
    result: Mapped[dict[str, Any]] = mapped_column(default=dict)
    cancel_requested: Mapped[bool] = mapped_column(Boolean, default=False)
    attempts: Mapped[int] = mapped_column(Integer, default=0)
    unit_id: Mapped[int | None] = mapped_column(Integer)
    created_by: Mapped[int | None] = mapped_column(Integer)
    created_at: Mapped[datetime] = mapped_column(UTCDateTime, default=clock.now)
    started_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    finished_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    heartbeat_at: Mapped[datetime | None] = mapped_column(UTCDateTime)

    __table_args__ = (Index("ix_job_status", "status", "id"),)


class PeriodicRun(Base):
    """When a periodic job last ran, so that one missed while the power was off is caught up."""

    __tablename__ = "periodic_run"

    name: Mapped[str] = mapped_column(String(60), primary_key=True)
    last_day: Mapped[Any] = mapped_column(Date, nullable=True)
    last_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    error: Mapped[str | None] = mapped_column(String(500))


class JobCanceled(Exception):
    """Raised inside a job when its cancellation was asked for."""


JobFunction = Callable[["Progress", dict[str, Any]], dict[str, Any] | None]
JOB_KINDS: dict[str, JobFunction] = {}


@dataclass(frozen=True)
class Periodic:
    """A job that runs every ``every`` (minutes) or daily at ``daily_at`` ('HH:MM', local)."""

    name: str
    run: Callable[[], None]
    every: int | None = None
    daily_at: str | None = None


PERIODIC: dict[str, Periodic] = {}


def periodic(
    name: str, *, every: int | None = None, daily_at: str | None = None
) -> Callable[[Callable[[], None]], Callable[[], None]]:
    """Declare a periodic job. It must be idempotent: it may run twice and after a long pause."""

    def declare(run: Callable[[], None]) -> Callable[[], None]:
        PERIODIC[name] = Periodic(name, run, every, daily_at)
        return run

    return declare


def job_kind(name: str) -> Callable[[JobFunction], JobFunction]:
    """Declare the function that does jobs of a kind; it opens its own short transactions."""

    def declare(function: JobFunction) -> JobFunction:
        JOB_KINDS[name] = function
        return function

    return declare


def enqueue(session: Session, actor: Any, kind: str, **args: Any) -> Job:
    """Queue a job in the caller's transaction."""
    job = Job(
        kind=kind,
        args=args,
        unit_id=getattr(actor, "unit_id", None),
        created_by=getattr(actor, "staff_id", None),
    )
    session.add(job)
    session.flush()
    return job


def has_stopped(job: Job | None) -> bool:
    """Tell whether a job ended without being done, so that what it did may be gone on with."""
    return job is not None and job.status in ("failed", "canceled")


def stop_job(session: Session, job_id: int | None) -> None:
    """Ask for a job to stop: one that waits never begins, one that runs ends where it next tells
    how far it is. One that ended, or that there never was, is left."""
    locked: dict[str, Any] = {"with_for_update": True, "populate_existing": True}
    job = session.get(Job, job_id, **locked) if job_id is not None else None
    if job is not None and job.status == "queued":
        job.status, job.finished_at = "canceled", clock.now()
    elif job is not None and job.status == "running":
        job.cancel_requested = True


class Progress:
    """What a running job tells: how far it is. Raises ``JobCanceled`` when it was canceled."""

    def __init__(self, job_id: int) -> None:
        self.job_id = job_id
        self.canceled = False

    def tell(self, done: int, total: int | None = None, message: str | None = None) -> None:
        """Write progress, in its own short transaction."""
        with transaction() as session:
            self.note(session, done, total, message)
        self.go_on()

    def note(
        self, session: Session, done: int, total: int | None = None, message: str | None = None
    ) -> None:
        """Write progress in the transaction of the part it tells of; ``go_on`` follows it."""
        job = session.get_one(Job, self.job_id)
        job.done = done
        if total is not None:
            job.total = total
        if message is not None:
            job.message = message[:500]
        job.heartbeat_at = clock.now()
        self.canceled = job.cancel_requested

    def go_on(self) -> None:
        """Raise ``JobCanceled`` when the last note found that the job is to end."""
        if self.canceled:
            raise JobCanceled


def breathe(seconds: float = BREATH) -> None:
    """Let those at the desks have the database between two parts of long work."""
    if is_sqlite():
        time.sleep(seconds)


def do_in_parts(progress: Progress, size: int, part: Callable[[Session], int]) -> None:
    """Do long work in short transactions. ``part`` does ``size`` pieces and returns how many are left.

    Between parts the job tells how far it is, so it can be stopped there, and desks get their turn.
    """
    done = 0
    while True:
        with transaction() as session:
            left = part(session)
            done += size
            if left:
                progress.note(session, done, done + left)
        if not left:
            return
        progress.go_on()
        breathe()


def run_next_job() -> bool:
    """Take and do the oldest waiting job; return False when there is none."""
    with reading() as session:
        if session.scalar(_takable().with_only_columns(Job.id)) is None:
            return False
    with transaction() as session:
        query = _takable()
        if not is_sqlite(session):
            query = query.with_for_update(skip_locked=True)
        job = session.scalar(query)
        if job is None:
            return False
        job.status, job.started_at = "running", clock.now()
        job.heartbeat_at = clock.now()
        job.attempts += 1
        job_id, kind, args = job.id, job.kind, dict(job.args)
    _finish(job_id, *_do(job_id, kind, args))
    return True


def _takable() -> Any:
    stale = clock.now() - HEARTBEAT_EXPIRES
    return (
        select(Job)
        .where((Job.status == "queued") | ((Job.status == "running") & (Job.heartbeat_at < stale)))
        .order_by(Job.id)
        .limit(1)
    )


def _do(job_id: int, kind: str, args: dict[str, Any]) -> tuple[str, str | None, dict[str, Any]]:
    try:
        return "done", None, JOB_KINDS[kind](Progress(job_id), args) or {}
    except JobCanceled:
        return "canceled", None, {}
    except Exception as error:  # the worker's loop: a job that fails must not stop the others
        return (
            "failed",
            f"{type(error).__name__}: {error}",
            {"trace": traceback.format_exc()[-4000:]},
        )


def _finish(job_id: int, status: str, message: str | None, result: dict[str, Any]) -> None:
    with transaction() as session:
        job = session.get_one(Job, job_id)
        job.status, job.finished_at = status, clock.now()
        job.result = result
        if message:
            job.message = message[:500]


def run_due_periodic() -> None:
    """Run each periodic job that is due, also one missed while the program was off."""
    for declared in PERIODIC.values():
        if _is_due(declared):
            _run_periodic(declared)


def _is_due(declared: Periodic) -> bool:
    now = clock.local(clock.now())
    with reading() as session:
        last = session.get(PeriodicRun, declared.name)
        if last is None or last.last_at is None:
            return True
        if declared.every:
            return clock.now() - last.last_at >= timedelta(minutes=declared.every)
        return last.last_day != now.date() and now.strftime("%H:%M") >= (declared.daily_at or "")


def _run_periodic(declared: Periodic) -> None:
    error = None
    try:
        declared.run()
    except Exception as problem:  # the worker's loop, as above
        error = f"{type(problem).__name__}: {problem}"[:500]
    with transaction() as session:
        row = session.get(PeriodicRun, declared.name) or PeriodicRun(name=declared.name)
        row.last_day, row.last_at, row.error = clock.today(), clock.now(), error
        session.add(row)
