"""A run of rules over the records of a basket: looked at, carried out part by part, undone as one.

A record's line says what is to become of it and in which version it was looked at. Carrying out
changes a record and its line in one transaction, so that a run taken up again after a stop goes on
with the lines that are left; a record changed in the meantime is left as it is and told.
"""

import time
from collections import Counter
from collections.abc import Sequence
from typing import Any, Final

import orjson
from sqlalchemy import delete, func, insert, select, update
from sqlalchemy.orm import Session

from cataloging.baskets.contents import add_records, basket_for, open_basket, record_ids
from cataloging.batch.looking import Look, look_at
from cataloging.batch.models import BatchLine, BatchRules, BatchRun
from cataloging.batch.rules import Rule, faults
from cataloging.change_sets import change_set_for, new_change_set
from cataloging.marc.model import Marc
from cataloging.marc.project import project
from cataloging.models import Record
from cataloging.permissions import EDIT_RECORD
from cataloging.records import replace_many
from ils.accounts.actor import Actor, actor_of_job
from ils.core.audit import audit
from ils.core.db import Written, let_acts_end, reading, transaction
from ils.core.errors import Invalid, NotFound, Refused
from ils.core.jobs import Job, Progress, enqueue, has_stopped, job_kind, stop_job

LOOK: Final = "batch_look"
CHANGE: Final = "batch_change"
AT_ONCE: Final = 100  # a part keeps the others waiting for about 25 ms
PAUSE: Final = 0.02  # seconds; the rules are applied between two parts, so desks have longer
INSERTED_AT_ONCE: Final = 5000
MOST_RULES: Final = 20
# A run of so many records is looked at while the page waits; a larger one by the worker.
SMALL: Final = 200


def rules_of(run: BatchRun | BatchRules) -> list[Rule]:
    """Return the rules of a run, in order."""
    return [Rule.from_data(one) for one in run.rules]


def kept_rules(session: Session, actor: Actor) -> Sequence[BatchRules]:
    """Return the rules the actor keeps, by name."""
    own = select(BatchRules).where(BatchRules.staff_id == actor.staff_id)
    return session.scalars(own.order_by(BatchRules.name)).all()


def kept_for(session: Session, actor: Actor, rules_id: int) -> BatchRules:
    """Return rules the actor keeps. Raises ``NotFound``, also for another's."""
    found = session.get(BatchRules, rules_id)
    if found is None or found.staff_id != actor.staff_id:
        raise NotFound("batch_unknown", rules_id=rules_id)
    return found


def keep_rules(session: Session, actor: Actor, name: str, rules: Sequence[Rule]) -> BatchRules:
    """Keep rules under a name, in place of those that had it. Raises ``Invalid``."""
    actor.require(EDIT_RECORD)
    name = " ".join(name.split())
    if not name or len(name) > 80 or actor.staff_id is None:
        raise Invalid("batch_name_bad", field="name")
    _check(rules)
    data = [rule.as_data() for rule in rules]
    query = select(BatchRules).where(BatchRules.staff_id == actor.staff_id, BatchRules.name == name)
    found = session.scalar(query)
    if found is None:
        found = BatchRules(staff_id=actor.staff_id, name=name, rules=data)
        session.add(found)
    found.rules = data
    session.flush()
    return found


def forget_rules(session: Session, actor: Actor, rules_id: int) -> None:
    """Forget rules kept; runs made with them stay."""
    session.delete(kept_for(session, actor, rules_id))
    session.flush()


def _check(rules: Sequence[Rule]) -> None:
    if not rules:
        raise Invalid("batch_without_rules")
    if len(rules) > MOST_RULES or any(faults(rule) for rule in rules):
        raise Invalid("batch_rules_bad")


def run_for(session: Session, actor: Actor, batch_run_id: int) -> BatchRun:
    """Return a run of the actor's own. Raises ``NotFound``, also for another's."""
    actor.require(EDIT_RECORD)
    found = session.get(BatchRun, batch_run_id)
    if found is None or found.staff_id != actor.staff_id:
        raise NotFound("batch_unknown", batch_run_id=batch_run_id)
    return found


def runs_of(session: Session, actor: Actor) -> Any:
    """Return the query of the actor's runs, newest first."""
    return select(BatchRun).where(BatchRun.staff_id == actor.staff_id).order_by(BatchRun.id.desc())


def make_run(session: Session, actor: Actor, basket_id: int, rules: Sequence[Rule]) -> BatchRun:
    """Begin a run over what is in a basket now, and look at its records: at once when they are
    few, else by the worker. Raises ``Invalid`` for rules with faults, ``Refused`` when empty."""
    actor.require(EDIT_RECORD)
    _check(rules)
    basket = basket_for(session, actor, basket_id)
    ids = record_ids(session, actor, basket_id)
    if not ids:
        raise Refused("batch_of_nothing")
    run = BatchRun(
        staff_id=actor.staff_id, name=basket.name, rules=[rule.as_data() for rule in rules]
    )
    session.add(run)
    session.flush()
    for start in range(0, len(ids), INSERTED_AT_ONCE):
        rows = [
            {"run_id": run.id, "record_id": one, "version": 0, "outcome": "waiting"}
            for one in ids[start : start + INSERTED_AT_ONCE]
        ]
        session.execute(insert(BatchLine), rows)
    if len(ids) <= SMALL:
        seen = _seen(session, run.id, rules, SMALL, "waiting")
        _write_outcomes(session, run.id, {r: (v, look.outcome) for r, (v, look) in seen.items()})
        _gone(session, run.id, "waiting")
    else:
        job = enqueue(session, actor, LOOK, run_id=run.id)
        job.total = len(ids)
        run.job_id = job.id
    return run


def counts_of(session: Session, run_id: int) -> Counter[str]:
    """Count the records of a run by what becomes, or became, of them."""
    rows = session.execute(
        select(BatchLine.outcome, func.count())
        .where(BatchLine.run_id == run_id)
        .group_by(BatchLine.outcome)
    )
    return Counter(dict(rows.all()))


def lines_of(session: Session, run_id: int, outcome: str) -> Any:
    """Return the query of (record, version looked at) of a run with one outcome, by number."""
    return (
        select(Record, BatchLine.version)
        .join(BatchLine, BatchLine.record_id == Record.id)
        .where(BatchLine.run_id == run_id, BatchLine.outcome == outcome)
        .order_by(Record.id)
    )


def put_in_basket(session: Session, actor: Actor, run: BatchRun, outcome: str, name: str) -> int:
    """Put the records of a run with one outcome into a basket; return its id."""
    basket = open_basket(session, actor, name)
    ids = session.scalars(
        select(BatchLine.record_id).where(BatchLine.run_id == run.id, BatchLine.outcome == outcome)
    ).all()
    add_records(session, actor, basket.id, ids)
    return basket.id


def is_at_work(session: Session, run: BatchRun) -> bool:
    """Tell whether the worker has a run in hand."""
    job = session.get(Job, run.job_id) if run.job_id else None
    return job is not None and job.status in ("queued", "running")


def begin_change(session: Session, actor: Actor, batch_run_id: int) -> Job:
    """Queue the change of the records that a run found to change, also the rest of one stopped.

    Raises ``Refused`` while the run is looked at or changed, or when nothing is left to change.
    """
    run = run_for(session, actor, batch_run_id)
    session.refresh(run, with_for_update=True)
    counts = counts_of(session, run.id)
    if is_at_work(session, run) or counts["waiting"]:
        raise Refused("batch_at_work")
    if run.change_set_id and change_set_for(session, run.change_set_id).undone_at is not None:
        raise Refused("batch_undone")
    if not counts["will"]:
        raise Refused("batch_of_nothing")
    if run.change_set_id is None:
        run.change_set_id = new_change_set(session, actor, "batch", run.name).id
    audit(session, actor, "batch_begun", "change_set", run.change_set_id)
    job = enqueue(session, actor, CHANGE, run_id=run.id)
    job.total = counts["will"]
    run.job_id = job.id
    session.flush()
    return job


def look_again(session: Session, actor: Actor, batch_run_id: int) -> None:
    """Look anew at the records that were not changed: those of a look that was stopped, those that
    somebody changed in the meantime, and those a pattern was too slow on."""
    run = run_for(session, actor, batch_run_id)
    session.refresh(run, with_for_update=True)
    if is_at_work(session, run):
        raise Refused("batch_at_work")
    session.execute(
        update(BatchLine)
        .where(BatchLine.run_id == run.id, BatchLine.outcome.in_(("stale", "slow")))
        .values(outcome="waiting")
    )
    run.job_id = enqueue(session, actor, LOOK, run_id=run.id).id


def stop(session: Session, actor: Actor, batch_run_id: int) -> None:
    """Stop looking or changing after the part in hand; what was changed stays, and can be undone."""
    run = run_for(session, actor, batch_run_id)
    stop_job(session, run.job_id)


def has_been_stopped(session: Session, run: BatchRun) -> bool:
    """Tell whether the worker was stopped in the run, or failed in it."""
    return has_stopped(session.get(Job, run.job_id) if run.job_id else None)


def delete_run(session: Session, actor: Actor, batch_run_id: int) -> None:
    """Forget a run that changed nothing. Raises ``Refused`` for another."""
    run = run_for(session, actor, batch_run_id)
    if is_at_work(session, run) or run.change_set_id is not None:
        raise Refused("batch_at_work")
    session.execute(delete(BatchLine).where(BatchLine.run_id == run.id))
    session.delete(run)
    session.flush()


# The work, part by part: rules are applied outside of any writing transaction.

Seen = dict[int, tuple[int, Look]]


def _seen(
    session: Session, run_id: int, rules: Sequence[Rule], limit: int, outcome: str, after: int = 0
) -> Seen:
    rows = session.execute(
        select(Record.id, Record.version, Record.marc)
        .join(BatchLine, BatchLine.record_id == Record.id)
        .where(BatchLine.run_id == run_id, BatchLine.outcome == outcome, Record.id > after)
        .where(Record.deleted_at.is_(None))
        .order_by(BatchLine.record_id)
        .limit(limit)
    ).all()
    found: Seen = {}
    for record_id, version, marc in rows:
        let_acts_end()
        found[record_id] = (version, look_at(marc, rules))
    return found


def _write_outcomes(session: Session, run_id: int, new: dict[int, tuple[int, str]]) -> None:
    groups: dict[tuple[int, str], list[int]] = {}
    for record_id, key in new.items():
        groups.setdefault(key, []).append(record_id)
    for (version, outcome), ids in groups.items():
        session.execute(
            update(BatchLine)
            .where(BatchLine.run_id == run_id, BatchLine.record_id.in_(ids))
            .values(outcome=outcome, version=version)
        )


def _gone(session: Session, run_id: int, outcome: str) -> None:
    """Note what is left of an outcome once all records were seen: those deleted since."""
    session.execute(
        update(BatchLine)
        .where(BatchLine.run_id == run_id, BatchLine.outcome == outcome)
        .values(outcome="gone")
    )


@job_kind(LOOK)
def look(progress: Progress, args: dict[str, Any]) -> dict[str, Any]:
    """Look at the records of a run, part by part."""
    run_id = int(args["run_id"])
    with reading() as session:
        rules = rules_of(session.get_one(BatchRun, run_id))
        left = counts_of(session, run_id)["waiting"]
    total, done = left, 0
    while True:
        with reading() as session:
            seen = _seen(session, run_id, rules, AT_ONCE, "waiting")
        with transaction() as session:
            if not seen:
                _gone(session, run_id, "waiting")
                return {"looked_at": done}
            outcomes = {r: (version, look.outcome) for r, (version, look) in seen.items()}
            _write_outcomes(session, run_id, outcomes)
            done += len(seen)
            progress.note(session, done, max(total, done))
        progress.go_on()


def breathe() -> None:
    """Let those at the desks have the database between two parts."""
    time.sleep(PAUSE)


@job_kind(CHANGE)
def change(progress: Progress, args: dict[str, Any]) -> dict[str, Any]:
    """Change the records of a run, part by part, each part in a transaction of its own.

    The rules are applied before it, so that it is short and desks get their turn.
    """
    run_id = int(args["run_id"])
    with reading() as session:
        run = session.get_one(BatchRun, run_id)
        actor = actor_of_job(session, progress.job_id)
        rules, change_set_id = rules_of(run), run.change_set_id or 0
        total = counts_of(session, run_id)["will"]
    done = 0
    while True:
        with reading() as session:
            ready = _ready(session, run_id, rules)
        with transaction() as session:
            is_undone = change_set_for(session, change_set_id).undone_at is not None
            if is_undone or not ready:
                if not is_undone:
                    _gone(session, run_id, "will")
                return {"changed": done, "change_set_id": change_set_id}
            done += _store(session, actor, run_id, change_set_id, ready)
            progress.note(session, done, max(total, done))
        progress.go_on()
        breathe()


Ready = dict[int, tuple[int, str, Any]]  # version looked at, outcome, what to store


def _ready(session: Session, run_id: int, rules: Sequence[Rule]) -> Ready:
    """Apply the rules to the next records; one changed since it was looked at is only told."""
    rows = session.execute(
        select(Record.id, Record.version, BatchLine.version, Record.marc)
        .join(BatchLine, BatchLine.record_id == Record.id)
        .where(BatchLine.run_id == run_id, BatchLine.outcome == "will")
        .where(Record.deleted_at.is_(None))
        .order_by(BatchLine.record_id)
        .limit(AT_ONCE)
    ).all()
    found: Ready = {}
    for record_id, version, looked_at, marc in rows:
        if version != looked_at:
            found[record_id] = (looked_at, "stale", None)
            continue
        let_acts_end()
        seen = look_at(marc, rules)
        stored = (looked_at, _written(seen.marc), project(seen.marc))
        found[record_id] = (
            looked_at,
            "changed" if seen.outcome == "will" else seen.outcome,
            stored,
        )
    return found


def _written(marc: Marc) -> Written:
    return Written(orjson.dumps(marc).decode())


def _store(session: Session, actor: Actor, run_id: int, change_set_id: int, ready: Ready) -> int:
    new = {r: stored for r, (_v, outcome, stored) in ready.items() if outcome == "changed"}
    made_in = change_set_for(session, change_set_id)
    changed = replace_many(session, actor, new, made_in) if new else set()
    _write_outcomes(
        session,
        run_id,
        {
            record_id: (
                looked_at,
                "stale" if outcome == "changed" and record_id not in changed else outcome,
            )
            for record_id, (looked_at, outcome, _stored) in ready.items()
        },
    )
    return len(changed)
