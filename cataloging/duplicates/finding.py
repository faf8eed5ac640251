"""A look over the whole catalogue for records that describe one title, as a job.

Keys that more than one record has are read from the indexes: valid numbers, the keys imports match
by, control numbers; and, without marks, a loose key of title and author that this job writes itself.
Records under one key are compared (``rules.likeness``). Reading and comparing is done outside of
any writing transaction; what is found and how far the look is are stored together, so a job taken
up again after a stop goes on behind its last part.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Final

from sqlalchemy import bindparam, delete, func, insert, literal_column, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from cataloging.duplicates.models import DuplicateKey, DuplicatePair, DuplicateRun
from cataloging.duplicates.rules.groups import group_ids
from cataloging.duplicates.rules.likeness import Facts, facts_of, loose_key, pairs_among
from cataloging.marc.project import project
from cataloging.models import Record, RecordIdentifier
from cataloging.permissions import EDIT_RECORD
from ils.accounts.actor import Actor
from ils.core import clock
from ils.core.audit import audit
from ils.core.db import is_sqlite, reading, transaction
from ils.core.errors import Refused
from ils.core.jobs import Job, Progress, breathe, enqueue, has_stopped, job_kind, stop_job

FIND: Final = "find_duplicates"
PHASES: Final = ("keys", "isbn", "issn", "title", "control", "loose", "groups")
RECORDS_AT_ONCE: Final = 2000  # of which only the key is made
KEYS_AT_ONCE: Final = 200
MOST_UNDER_A_KEY: Final = 400  # a key of more records is no key: some field filled in the same way
ROWS_AT_ONCE: Final = 500
_NONE: Final[Any] = literal_column("''")  # written out: only so is the partial index used


@dataclass
class Part:
    """What a step found: rows to store, and behind which key the next one begins."""

    pairs: list[dict[str, Any]] = field(default_factory=list)
    keys: list[dict[str, int]] = field(default_factory=list)
    among: tuple[int, int] = (0, 0)  # the ids whose keys are written anew: above, up to
    after: str = ""
    done: bool = False


def begin(session: Session, actor: Actor) -> DuplicateRun:
    """Queue a look over the catalogue, or go on with one that was stopped.

    Raises ``Refused`` while one is at work.
    """
    actor.require(EDIT_RECORD)
    latest = latest_run(session)
    if latest is not None and is_at_work(session, latest):
        raise Refused("duplicates_at_work")
    run = latest
    if run is None or run.finished_at is not None:
        run = DuplicateRun(started_by=actor.staff_id)
        session.add(run)
        session.flush()
        audit(session, actor, "duplicates_looked_for", "duplicate_run", run.id)
    job = enqueue(session, actor, FIND, run_id=run.id)
    job.total = record_count(session)
    run.job_id = job.id
    return run


def stop(session: Session, actor: Actor) -> None:
    """Stop the look at work; what it found stays, and it can be gone on with."""
    actor.require(EDIT_RECORD)
    run = latest_run(session)
    if run is not None:
        stop_job(session, run.job_id)


def latest_run(session: Session) -> DuplicateRun | None:
    """Return the last look over the catalogue."""
    return session.scalar(select(DuplicateRun).order_by(DuplicateRun.id.desc()).limit(1))


def job_of(session: Session, run: DuplicateRun | None) -> Job | None:
    """Return the job of a look."""
    return session.get(Job, run.job_id) if run is not None and run.job_id else None


def is_at_work(session: Session, run: DuplicateRun) -> bool:
    """Tell whether the worker has a look in hand."""
    job = job_of(session, run)
    return job is not None and job.status in ("queued", "running")


def has_been_stopped(session: Session, run: DuplicateRun) -> bool:
    """Tell whether a look ended before it was done, so that it can be gone on with."""
    return run.finished_at is None and has_stopped(job_of(session, run))


def record_count(session: Session) -> int:
    """Count the records of the catalogue."""
    live = select(func.count()).select_from(Record).where(Record.deleted_at.is_(None))
    return session.scalar(live) or 0


# --- the work ------------------------------------------------------------------------------------


@job_kind(FIND)
def find(progress: Progress, args: dict[str, Any]) -> dict[str, Any]:
    """Look over the catalogue, part by part."""
    run_id = int(args["run_id"])
    while True:
        with reading() as session:
            run = session.get_one(DuplicateRun, run_id)
            phase, total = run.phase, record_count(session)
            if run.finished_at is not None:
                return {"looked_at": run.looked_at}
            part = _STEPS[phase](session, run.after) if phase in _STEPS else None
        if part is None:
            _group_all(run_id)
        with transaction() as session:
            run = session.get_one(DuplicateRun, run_id)
            _store(session, run, part)
            progress.note(session, min(run.looked_at, total), total)
        progress.go_on()
        breathe()


def _store(session: Session, run: DuplicateRun, part: Part | None) -> None:
    if part is None:  # the groups are there: what the look did not find again is none any more
        session.execute(
            delete(DuplicatePair).where(
                DuplicatePair.state == "open",
                DuplicatePair.run_id.is_not(None),
                DuplicatePair.run_id < run.id,
            )
        )
        run.finished_at = clock.now()
        return
    above, up_to = part.among
    if up_to:
        here = DuplicateKey.record_id > above, DuplicateKey.record_id <= up_to
        session.execute(delete(DuplicateKey).where(*here))
        run.looked_at += len(part.keys)
    if part.keys:
        session.execute(insert(DuplicateKey), part.keys)
    write_pairs(session, part.pairs, run.id)
    run.after = part.after
    if part.done:
        run.phase, run.after = PHASES[PHASES.index(run.phase) + 1], ""


def write_pairs(session: Session, pairs: Sequence[dict[str, Any]], run_id: int | None) -> None:
    """Write pairs, or what is known of them by now; a judgement on them stays."""
    dialect: Any = sqlite if is_sqlite(session) else postgresql
    for start in range(0, len(pairs), ROWS_AT_ONCE):
        rows = [
            {**pair, "group_id": pair["low_id"], "run_id": run_id, "state": "open"}
            for pair in pairs[start : start + ROWS_AT_ONCE]
        ]
        statement = dialect.insert(DuplicatePair)
        session.execute(
            statement.on_conflict_do_update(
                index_elements=["low_id", "high_id"],
                set_={name: statement.excluded[name] for name in ("certainty", "why", "run_id")},
            ),
            rows,
        )


# --- keys that more than one record has ----------------------------------------------------------


def _keys(session: Session, after: str) -> Part:
    """Make the loose keys of the next records."""
    last = int(after or 0)
    rows = session.execute(
        select(Record.id, Record.title, Record.author, Record.year)
        .where(Record.id > last, Record.deleted_at.is_(None))
        .order_by(Record.id)
        .limit(RECORDS_AT_ONCE)
    ).all()
    if not rows:
        return Part(done=True, among=(last, 2**31 - 1))
    keys = [
        {"record_id": record_id, "key": loose_key(title, author, year)}
        for record_id, title, author, year in rows
    ]
    return Part(keys=keys, among=(last, rows[-1][0]), after=str(rows[-1][0]))


def _numbers(session: Session, after: str, scheme: str) -> Part:
    """Compare records that have a valid number in common."""
    value, own = RecordIdentifier.value, RecordIdentifier.scheme == scheme
    shared = session.scalars(
        select(value)
        .where(own, value > after)
        .group_by(value)
        .having(func.count() > 1)
        .order_by(value)
        .limit(KEYS_AT_ONCE)
    ).all()
    rows = session.execute(select(value, RecordIdentifier.record_id).where(own, value.in_(shared)))
    return _compared(session, shared, rows)


def _titles(session: Session, after: str) -> Part:
    """Compare records that an import would take for one by title, author and year, or content."""
    return _by_column(session, Record.match_key, after)


def _controls(session: Session, after: str) -> Part:
    """Compare records that have the control number in common."""
    return _by_column(session, Record.control_number, after)


def _by_column(session: Session, column: Any, after: str) -> Part:
    shared = session.scalars(
        select(column)
        .where(column > after, column != _NONE)
        .group_by(column)
        .having(func.count() > 1)
        .order_by(column)
        .limit(KEYS_AT_ONCE)
    ).all()
    rows = session.execute(select(column, Record.id).where(column != _NONE, column.in_(shared)))
    return _compared(session, shared, rows)


def _loose(session: Session, after: str) -> Part:
    """Compare records with the same title and author but for marks."""
    key = DuplicateKey.key
    shared = session.scalars(
        select(key)
        .where(key > int(after or 0))
        .group_by(key)
        .having(func.count() > 1)
        .order_by(key)
        .limit(KEYS_AT_ONCE)
    ).all()
    rows = session.execute(select(key, DuplicateKey.record_id).where(key.in_(shared)))
    return _compared(session, shared, rows)


_STEPS: Final[dict[str, Callable[[Session, str], Part]]] = {
    "keys": _keys,
    "isbn": partial(_numbers, scheme="isbn"),
    "issn": partial(_numbers, scheme="issn"),
    "title": _titles,
    "control": _controls,
    "loose": _loose,
}


def _compared(session: Session, shared: Sequence[Any], rows: Iterable[Any]) -> Part:
    """Compare the records under each key; ``shared`` are the keys, in order."""
    if not shared:
        return Part(done=True)
    under: dict[Any, list[int]] = {}
    for key, record_id in rows:
        under.setdefault(key, []).append(record_id)
    fitting = [ids for ids in under.values() if 1 < len(ids) <= MOST_UNDER_A_KEY]
    facts = read_facts(session, {one for ids in fitting for one in ids})
    found = {
        (low.record_id, high.record_id): alike
        for ids in fitting
        for low, high, alike in pairs_among(facts[one] for one in ids if one in facts)
    }
    pairs = [
        {"low_id": low, "high_id": high, "certainty": a.certainty, "why": " ".join(a.why)}
        for (low, high), a in found.items()
    ]
    return Part(pairs=pairs, after=str(shared[-1]))


def read_facts(session: Session, record_ids: Iterable[int]) -> dict[int, Facts]:
    """Return what speaks of the identity of records; deleted ones are left out."""
    ids = sorted(record_ids)
    found = {}
    for start in range(0, len(ids), ROWS_AT_ONCE):
        query = select(Record.id, Record.marc).where(
            Record.id.in_(ids[start : start + ROWS_AT_ONCE]), Record.deleted_at.is_(None)
        )
        for record_id, marc in session.execute(query):
            found[record_id] = facts_of(record_id, marc, project(marc))
    return found


# --- groups --------------------------------------------------------------------------------------


def _group_all(run_id: int) -> None:
    """Give pairs that hang together one group, a part at a time."""
    pair = DuplicatePair
    with reading() as session:
        rows = session.execute(
            select(pair.low_id, pair.high_id, pair.group_id).where(
                pair.state == "open", pair.run_id == run_id
            )
        ).all()
    changed = changed_groups(rows)
    for start in range(0, len(changed), ROWS_AT_ONCE):
        with transaction() as session:
            write_groups(session, changed[start : start + ROWS_AT_ONCE])
        breathe()


def changed_groups(rows: Iterable[Any]) -> list[dict[str, int]]:
    """Return the pairs (low, high, group) that belong to another group than they say."""
    told = list(rows)
    groups = group_ids((low, high) for low, high, _group in told)
    return [
        {"low": low, "high": high, "to": groups[low]}
        for low, high, group in told
        if groups[low] != group
    ]


def write_groups(session: Session, changed: Sequence[dict[str, int]]) -> None:
    """Write the groups of pairs."""
    if changed:
        table: Any = DuplicatePair.__table__
        session.connection().execute(
            update(table)
            .where(table.c.low_id == bindparam("low"), table.c.high_id == bindparam("high"))
            .values(group_id=bindparam("to")),
            list(changed),
        )
