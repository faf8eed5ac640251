"""A run of an act over many copies or records: looked at, carried out part by part, undone as one.

A line says what is to become of a copy or record and what it was when it was looked at. A part and
its lines are one transaction, so a run that was killed goes on with the lines left as ``will``.
Before it acts, a part looks again at its copies, locked: what changed since is left and told.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import delete, func, insert, select, update
from sqlalchemy.orm import Session

from cataloging.baskets.contents import add_copies, add_records, open_basket
from cataloging.batch.acts.models import ActLine, ActRun
from cataloging.batch.runs import breathe
from cataloging.change_sets import change_set_for, new_change_set
from cataloging.models import ChangeSet
from ils.accounts.actor import Actor, actor_of_job
from ils.core.audit import audit
from ils.core.db import reading, transaction
from ils.core.errors import NotFound, Refused
from ils.core.jobs import Job, Progress, enqueue, has_stopped, job_kind, stop_job

LOOK: Final = "acts_look"
DO: Final = "acts_do"
SMALL: Final = 200  # so many are looked at while the page waits; more by the worker
LOOKED_AT_ONCE: Final = 400
INSERTED_AT_ONCE: Final = 5000
MOST: Final = 50_000
AGAIN: Final = ("stale", "against", "decision")


@dataclass(frozen=True)
class Seen:
    """What becomes, or became, of one: an outcome, reasons (codes), and what it was."""

    outcome: str
    reasons: tuple[str, ...] = ()
    facts: Mapping[str, Any] | None = None


# What is asked of the database once for a whole look: rights at branches, pages printed.
Memory = dict[Any, Any]
Look = Callable[[Session, Actor, Mapping[str, Any], Sequence[int], Memory], dict[int, Seen]]
Do = Callable[[Session, Actor, Mapping[str, Any], ChangeSet, Mapping[int, Any]], dict[int, Seen]]


@dataclass(frozen=True)
class ActKind:
    """An act: the right it needs, how many are done in one transaction, how to look and to do.

    ``look`` leaves out what is gone; ``do`` gets what was seen of each and says what became of it.
    """

    code: str
    permission: str
    at_once: int
    look: Look
    do: Do


KINDS: dict[str, ActKind] = {}


def act_kind(kind: ActKind) -> None:
    """Declare an act over many."""
    KINDS[kind.code] = kind


def run_for(session: Session, actor: Actor, act_run_id: int, *, lock: bool = False) -> ActRun:
    """Return a run of the actor's own. Raises ``NotFound``, also for another's."""
    found = session.get(ActRun, act_run_id, with_for_update=lock, populate_existing=lock)
    if found is None or found.staff_id != actor.staff_id:
        raise NotFound("batch_unknown", act_run_id=act_run_id)
    actor.require(KINDS[found.act].permission)
    return found


def runs_of(actor: Actor) -> Any:
    """Return the query of the actor's runs, newest first."""
    return select(ActRun).where(ActRun.staff_id == actor.staff_id).order_by(ActRun.id.desc())


def make_run(
    session: Session, actor: Actor, act: str, name: str, plan: Mapping[str, Any], ids: Iterable[int]
) -> ActRun:
    """Begin a run and look: at once when they are few, else by the worker.

    Raises ``Refused`` for none, or for more than one run takes.
    """
    kind = KINDS[act]
    actor.require(kind.permission)
    every = sorted(set(ids))
    if not every or actor.staff_id is None:
        raise Refused("acts_of_nothing")
    if len(every) > MOST:
        raise Refused("acts_too_many", most=MOST)
    run = ActRun(staff_id=actor.staff_id, act=act, name=name[:80], plan=dict(plan))
    session.add(run)
    session.flush()
    for start in range(0, len(every), INSERTED_AT_ONCE):
        part = every[start : start + INSERTED_AT_ONCE]
        rows = [{"run_id": run.id, "subject_id": one, "seen": {}, "reasons": ""} for one in part]
        session.execute(insert(ActLine), [row | {"outcome": "waiting"} for row in rows])
    if len(every) <= SMALL:
        _write(session, run.id, every, kind.look(session, actor, run.plan, every, {}))
    else:
        _queue(session, actor, run, LOOK, len(every))
    return run


def _queue(session: Session, actor: Actor, run: ActRun, kind: str, total: int) -> None:
    job = enqueue(session, actor, kind, run_id=run.id)
    job.total = total
    run.job_id = job.id
    session.flush()


def counts_of(session: Session, run_id: int) -> Counter[str]:
    """Count the lines of a run by outcome."""
    query = select(ActLine.outcome, func.count()).where(ActLine.run_id == run_id)
    return Counter(dict(session.execute(query.group_by(ActLine.outcome)).all()))


def reasons_of(session: Session, run_id: int, outcome: str) -> Counter[str]:
    """Count, of the lines with one outcome, how many have which reason."""
    query = select(ActLine.reasons, func.count()).where(
        ActLine.run_id == run_id, ActLine.outcome == outcome
    )
    found: Counter[str] = Counter()
    for reasons, count in session.execute(query.group_by(ActLine.reasons)):
        for code in reasons.split():
            found[code] += count
    return found


def is_at_work(session: Session, run: ActRun) -> bool:
    """Tell whether the worker has a run in hand."""
    job = session.get(Job, run.job_id) if run.job_id else None
    return job is not None and job.status in ("queued", "running")


def has_been_stopped(session: Session, run: ActRun) -> bool:
    """Tell whether the worker was stopped in the run, or failed in it."""
    return has_stopped(session.get(Job, run.job_id) if run.job_id else None)


def ids_with(session: Session, run_id: int, outcome: str, most: int | None = None) -> Sequence[int]:
    """Return the copies or records of a run with one outcome, by number, ``most`` of them."""
    query = select(ActLine.subject_id).where(ActLine.run_id == run_id, ActLine.outcome == outcome)
    return session.scalars(query.order_by(ActLine.subject_id).limit(most)).all()


def put_in_basket(session: Session, actor: Actor, run: ActRun, outcome: str, name: str) -> int:
    """Put the copies or records of a run with one outcome into a basket; return its id."""
    basket = open_basket(session, actor, name)
    put = add_records if run.act == "delete" else add_copies
    put(session, actor, basket.id, ids_with(session, run.id, outcome))
    return basket.id


def begin(session: Session, actor: Actor, act_run_id: int) -> None:
    """Queue what a run found to do, also the rest of one that was stopped.

    Raises ``Refused`` while it is at work, when it was undone, or when nothing is left.
    """
    run = run_for(session, actor, act_run_id, lock=True)
    counts = counts_of(session, run.id)
    if is_at_work(session, run) or counts["waiting"]:
        raise Refused("batch_at_work")
    _refuse_undone(session, run)
    if not counts["will"]:
        raise Refused("acts_of_nothing")
    if run.change_set_id is None:
        kind = "delete" if run.act == "delete" else "copies"
        run.change_set_id = new_change_set(session, actor, kind, run.name).id
    audit(session, actor, "batch_begun", "change_set", run.change_set_id)
    _queue(session, actor, run, DO, counts["will"])


def _refuse_undone(session: Session, run: ActRun) -> None:
    if run.change_set_id and change_set_for(session, run.change_set_id).undone_at is not None:
        raise Refused("batch_undone")


def look_again(session: Session, actor: Actor, act_run_id: int) -> None:
    """Look anew at what was not done: after a stop, or where something stood against it."""
    run = run_for(session, actor, act_run_id, lock=True)
    if is_at_work(session, run):
        raise Refused("batch_at_work")
    _refuse_undone(session, run)
    session.execute(
        update(ActLine)
        .where(ActLine.run_id == run.id, ActLine.outcome.in_(AGAIN))
        .values(outcome="waiting", reasons="")
    )
    _queue(session, actor, run, LOOK, counts_of(session, run.id)["waiting"])


def stop(session: Session, actor: Actor, act_run_id: int) -> None:
    """Stop after the part in hand; what was done stays, and can be undone."""
    stop_job(session, run_for(session, actor, act_run_id).job_id)


def forget(session: Session, actor: Actor, act_run_id: int) -> None:
    """Forget a run that has done nothing. Raises ``Refused`` for another."""
    run = run_for(session, actor, act_run_id, lock=True)
    if is_at_work(session, run) or run.change_set_id is not None:
        raise Refused("batch_at_work")
    session.execute(delete(ActLine).where(ActLine.run_id == run.id))
    session.delete(run)
    session.flush()


# --- the work, part by part ----------------------------------------------------------------------


def _write(
    session: Session,
    run_id: int,
    ids: Sequence[int],
    seen: Mapping[int, Seen],
    *,
    facts: bool = True,
) -> None:
    """Write what becomes of lines; those that are not seen are gone."""
    rows = []
    for one in ids:
        found = seen.get(one, Seen("gone"))
        row = {
            "run_id": run_id,
            "subject_id": one,
            "outcome": found.outcome,
            "reasons": " ".join(dict.fromkeys(found.reasons))[:200],
        }
        rows.append(row | ({"seen": dict(found.facts or {})} if facts else {}))
    session.execute(update(ActLine), rows)


@job_kind(LOOK)
def look(progress: Progress, args: dict[str, Any]) -> dict[str, Any]:
    """Look at the lines of a run, part by part; nothing is locked."""
    run_id, memory, done = int(args["run_id"]), Memory(), 0
    while True:
        with reading() as session:
            run = session.get_one(ActRun, run_id)
            ids = ids_with(session, run_id, "waiting", LOOKED_AT_ONCE)
            actor = actor_of_job(session, progress.job_id)
            seen = KINDS[run.act].look(session, actor, run.plan, ids, memory) if ids else {}
        if not ids:
            return {"looked_at": done}
        with transaction() as session:
            _write(session, run_id, ids, seen)
            done += len(ids)
            progress.note(session, done)
        progress.go_on()


@job_kind(DO)
def do(progress: Progress, args: dict[str, Any]) -> dict[str, Any]:
    """Carry out what a run found to do, each part in a transaction of its own."""
    run_id, done = int(args["run_id"]), 0
    while True:
        with transaction() as session:
            count = _do_part(session, progress.job_id, run_id)
            if not count:
                return {"done": done}
            done += count
            progress.note(session, done)
        progress.go_on()
        breathe()


def _do_part(session: Session, job_id: int, run_id: int) -> int:
    run = session.get_one(ActRun, run_id)
    kind, made_in = KINDS[run.act], change_set_for(session, run.change_set_id or 0)
    if made_in.undone_at is not None:
        return 0
    part: dict[int, Any] = dict(
        session.execute(
            select(ActLine.subject_id, ActLine.seen)
            .where(ActLine.run_id == run_id, ActLine.outcome == "will")
            .order_by(ActLine.subject_id)
            .limit(kind.at_once)
        ).all()
    )
    if part:
        actor = actor_of_job(session, job_id)
        became = kind.do(session, actor, run.plan, made_in, part)
        _write(session, run_id, list(part), became, facts=False)
    return len(part)
