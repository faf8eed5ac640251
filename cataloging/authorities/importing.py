"""Bringing files of authorities in: looked at first, then done in parts by the worker.

A part and how far the file is read are one transaction, so an import that was killed goes on behind
its last part. What is there already is known by its control number, else by its heading. The same
file again changes nothing. The whole is one change set and is undone as one.
"""

import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any, Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from cataloging.authorities.described import Described, describe, in_direct_order, with_variants
from cataloging.authorities.models import PROVINCE, Authority, AuthorityImport
from cataloging.authorities.writing import create_authority, replace_authority
from cataloging.change_sets import change_set_for, new_change_set
from cataloging.marc import formats
from cataloging.marc.formats import Found
from cataloging.marc.model import Marc
from cataloging.models import ChangeSet
from cataloging.permissions import EDIT_AUTHORITY, IMPORT
from ils.accounts.actor import Actor, actor_of_job
from ils.core import clock
from ils.core.audit import audit
from ils.core.config import config
from ils.core.db import transaction
from ils.core.errors import Invalid, NotFound, Refused
from ils.core.jobs import Job, JobCanceled, Progress, breathe, enqueue, has_stopped, job_kind
from ils.org.units import province, unit

KIND: Final = "import_authorities"
ON_MATCH: Final = ("merge", "replace", "skip")
AT_ONCE: Final = 100
SHOWN: Final = 40
LOOKED_AT: Final = 5000
PROBLEMS_KEPT: Final = 50


def receive(
    session: Session,
    actor: Actor,
    *,
    source: Path,
    file_name: str,
    scope: int = PROVINCE,
    on_match: str = "merge",
) -> AuthorityImport:
    """Take a file in; nothing is imported yet. Raises ``Invalid`` for an empty or unknown file."""
    _require(session, actor, scope)
    if on_match not in ON_MATCH:
        raise Invalid("import_rule_unknown", field="on_match")
    size = source.stat().st_size
    if size == 0:
        raise Invalid("import_file_empty", field="file")
    guess = formats.recognize(source)
    if guess.format not in formats.FORMATS:
        raise Invalid("import_format_unknown", field="file")
    run = AuthorityImport(
        file_name=Path(file_name).name[:300],
        file_path="",
        format=guess.format,
        scope=scope,
        on_match=on_match,
        size=size,
        created_by=actor.staff_id,
    )
    session.add(run)
    session.flush()
    folder = _folder(run.id)
    folder.mkdir(parents=True, exist_ok=True)
    run.file_path = str(folder / "file")
    shutil.copyfile(source, run.file_path)
    return run


def _folder(run_id: int) -> Path:
    return config().files_dir / "authorities" / str(run_id)


def _require(session: Session, actor: Actor, scope: int) -> None:
    at = unit(session, scope) if scope != PROVINCE else province(session)
    actor.require(IMPORT, at)
    actor.require(EDIT_AUTHORITY, at)


def run_for(session: Session, actor: Actor, run_id: int, *, lock: bool = False) -> AuthorityImport:
    """Return an import the actor may see. Raises ``NotFound`` for another library's."""
    query = select(AuthorityImport).where(AuthorityImport.id == run_id)
    if lock:
        query = query.with_for_update().execution_options(populate_existing=True)
    found = session.scalar(query)
    if found is None or not _is_ours(session, actor, found):
        raise NotFound("import_unknown", run_id=run_id)
    return found


def _is_ours(session: Session, actor: Actor, run: AuthorityImport) -> bool:
    at = unit(session, run.scope) if run.scope != PROVINCE else province(session)
    return actor.can(IMPORT, at)


def runs_of(session: Session, actor: Actor) -> list[AuthorityImport]:
    """Return the imports the actor may see, newest first."""
    every = session.scalars(select(AuthorityImport).order_by(AuthorityImport.id.desc()).limit(200))
    return [run for run in every if _is_ours(session, actor, run)]


def status_of(session: Session, run: AuthorityImport) -> str:
    """Return a run's state as it is now, by what its change set and its job say."""
    made = session.get(ChangeSet, run.change_set_id) if run.change_set_id else None
    if made is not None and made.undone_at is not None:
        return "undone"
    if run.status in ("queued", "running") and run.job_id is not None:
        return "stopped" if has_stopped(session.get(Job, run.job_id)) else run.status
    return run.status


def discard(session: Session, actor: Actor, run_id: int) -> None:
    """Forget a file that was never begun. Raises ``Refused('import_begun')`` otherwise."""
    run = run_for(session, actor, run_id, lock=True)
    if run.status != "new":
        raise Refused("import_begun", run_id=run_id)
    session.delete(run)
    session.flush()
    shutil.rmtree(_folder(run_id), ignore_errors=True)


def begin(session: Session, actor: Actor, run_id: int, on_match: str = "") -> Job:
    """Queue an import for the worker, or let a stopped one go on."""
    run = run_for(session, actor, run_id, lock=True)
    _require(session, actor, run.scope)
    if status_of(session, run) not in ("new", "stopped"):
        raise Refused("import_begun", run_id=run_id)
    if run.status == "new" and on_match:
        if on_match not in ON_MATCH:
            raise Invalid("import_rule_unknown", field="on_match")
        run.on_match = on_match
    if run.change_set_id is None:
        run.change_set_id = new_change_set(session, actor, "headings_in", run.file_name).id
        audit(session, actor, "authorities_imported", "authority_import", run.id)
    job = enqueue(session, actor, KIND, run_id=run.id)
    job.total = run.size
    run.job_id, run.status = job.id, "queued"
    return job


# What becomes of one record of the file.


@dataclass(frozen=True)
class Fate:
    """What a record of a file will be: added, changed, same or rejected, and why."""

    outcome: str
    found: Found
    marc: Marc | None = None
    seen: Described | None = None
    there: Authority | None = None
    reason: str = ""


def fate_of(session: Session, found: Found, scope: int, on_match: str) -> Fate:
    """Decide what becomes of a record."""
    if found.marc is None:
        return Fate("rejected", found, reason=found.problem.code if found.problem else "unreadable")
    marc = in_direct_order(found.marc)
    if marc["leader"][6:7] not in ("z", " ", ""):
        return Fate("rejected", found, reason="no_authority")
    seen = describe(marc)
    if seen is None:
        return Fate("rejected", found, reason="no_heading")
    there = _there(session, seen, scope)
    if there is None:
        return Fate("added", found, marc, seen)
    if there.scope != scope or on_match == "skip":
        return Fate("same", found, marc, seen, there)
    ours: Any = there.marc
    if on_match == "replace":
        own = [f for f in ours["fields"] if "001" in f or "003" in f]
        theirs = [f for f in marc["fields"] if "001" not in f and "003" not in f]
        keeps = seen.control_number == there.control_number
        new: Marc = marc if keeps else {"leader": marc["leader"], "fields": [*own, *theirs]}
    else:
        new = with_variants(ours, (f for f in marc["fields"] if _is_worth(f)))
    return Fate("same" if new == ours else "changed", found, new, seen, there)


def _is_worth(one: dict[str, Any]) -> bool:
    """Tell whether a merge takes a field: tracings, identifiers, notes and sources."""
    return any(t[0] in "45" or t in ("024", "670", "678", "680") for t in one)


def _there(session: Session, seen: Described, scope: int) -> Authority | None:
    """Return the authority a record is already: by control number with its source, or heading."""
    living = select(Authority).where(
        Authority.deleted_at.is_(None), Authority.scope.in_({scope, PROVINCE})
    )
    if seen.control_number and seen.control_source:
        by_number = living.where(
            Authority.control_number == seen.control_number,
            Authority.control_source == seen.control_source,
            Authority.kind == seen.kind,
        )
        if found := session.scalar(by_number.order_by(Authority.scope.desc()).limit(1)):
            return found
    return session.scalar(
        living.where(Authority.key == seen.key).order_by(Authority.scope.desc()).limit(1)
    )


@dataclass
class Preview:
    """What would come of a file, counted over its first records."""

    counts: dict[str, int] = field(
        default_factory=lambda: dict.fromkeys(("added", "changed", "same", "rejected"), 0)
    )
    shown: list[Fate] = field(default_factory=list)
    looked_at: int = 0
    whole: bool = True


def preview(session: Session, run: AuthorityImport, on_match: str = "") -> Preview:
    """Look at the first records of a file and tell what would come of them."""
    result = Preview()
    known: set[int] = set()
    for found in _records(run, 0, 0):
        if result.looked_at >= LOOKED_AT:
            result.whole = False
            break
        result.looked_at += 1
        fate = fate_of(session, found, run.scope, on_match or run.on_match)
        if fate.outcome == "added" and fate.seen is not None:
            twice = fate.seen.key in known
            known.add(fate.seen.key)
            fate = Fate("same", found, fate.marc, fate.seen, reason="twice") if twice else fate
        result.counts[fate.outcome] += 1
        if len(result.shown) < SHOWN:
            result.shown.append(fate)
    return result


def _records(run: AuthorityImport, start: int, position: int) -> Iterator[Found]:
    for found in formats.read(
        Path(run.file_path), format=run.format, start=start, position=position
    ):
        if not found.is_packing:
            yield found


@job_kind(KIND)
def import_authorities(progress: Progress, args: dict[str, Any]) -> dict[str, Any]:
    """Do an import; taken up again after a stop, it goes on behind its last part."""
    run_id = int(args["run_id"])
    with transaction() as session:
        run = session.get_one(AuthorityImport, run_id)
        actor = actor_of_job(session, progress.job_id)
        if run.status == "done":
            return {}
        run.status = "running"
        stretches = _records(run, run.position, run.found)
        total = run.size
    try:
        while part := list(islice(stretches, AT_ONCE)):
            with transaction() as session:
                _store(session, actor, session.get_one(AuthorityImport, run_id), part)
            progress.tell(min(part[-1].byte_end, total), total)
            breathe()
    except JobCanceled:
        with transaction() as session:
            session.get_one(AuthorityImport, run_id).status = "stopped"
        raise
    with transaction() as session:
        run = session.get_one(AuthorityImport, run_id)
        run.status, run.finished_at = "done", clock.now()
        return {"added": run.added, "changed": run.changed}


def _store(session: Session, actor: Actor, run: AuthorityImport, part: list[Found]) -> None:
    """Store a part of a file, with how far it is."""
    change_set = change_set_for(session, run.change_set_id or 0)
    counts = {"added": 0, "changed": 0, "same": 0, "rejected": 0}
    problems = list(run.problems)
    for found in part:
        fate = fate_of(session, found, run.scope, run.on_match)
        outcome, reason = _apply(session, actor, run, fate, change_set)
        counts[outcome] += 1
        if outcome == "rejected" and len(problems) < PROBLEMS_KEPT:
            heading = fate.seen.heading if fate.seen else found.control_number
            problems.append([found.position, reason, heading[:120]])
    for name, count in counts.items():
        setattr(run, name, getattr(run, name) + count)
    run.found += len(part)
    run.position = part[-1].byte_end
    run.problems = problems


def _apply(
    session: Session, actor: Actor, run: AuthorityImport, fate: Fate, change_set: ChangeSet
) -> tuple[str, str]:
    if fate.marc is None or fate.outcome in ("same", "rejected"):
        return fate.outcome, fate.reason
    try:
        if fate.there is None:
            create_authority(session, actor, fate.marc, scope=run.scope, change_set=change_set)
        else:
            replace_authority(
                session,
                actor,
                fate.there.id,
                fate.marc,
                expected_version=fate.there.version,
                change_set=change_set,
            )
    except Refused as refusal:
        return "rejected", refusal.code
    return fate.outcome, ""
