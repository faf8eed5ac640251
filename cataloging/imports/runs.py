"""An import from receiving the file to the word 'go': its rules, its state, its undoing.

States of a run: ``new`` (received, rules may change), ``queued``, ``running``, ``done``, ``stopped``
(canceled or broken off; it can go on), ``undoing``, ``undone``.
"""

import hashlib
import os
import shutil
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from cataloging.change_sets import Undone, change_set_of_ours, new_change_set
from cataloging.imports.profiles import AUTO, NONE, profiles
from cataloging.imports.sheets.columns import Plan, plan_of
from cataloging.imports.sheets.kept import kept_plan
from cataloging.imports.sheets.staging import SHEET, plan_for
from cataloging.marc import formats
from cataloging.models import ChangeSet, ImportRun
from cataloging.permissions import EDIT_ITEM, EDIT_RECORD, IMPORT
from cataloging.record_rows import version_count
from cataloging.undo_job import LARGE, undo_later
from ils.accounts.actor import Actor
from ils.core import clock
from ils.core.audit import audit
from ils.core.config import config
from ils.core.errors import Invalid, NotFound, Refused
from ils.core.jobs import Job, enqueue, has_stopped, stop_job
from ils.org.units import province, unit

KIND: Final = "import_records"
FORMATS: Final = (*formats.FORMATS, SHEET)
ON_MATCH: Final = ("skip", "replace", "merge", "add")
OPTIONS: Final = ("branches", "branch_id", "opening_balance", "confirmed", "sheet")
RESUMABLE: Final = ("queued", "running", "stopped")


@dataclass(frozen=True)
class Looked:
    """What is known of a file from looking through it once. ``size`` in bytes."""

    size: int
    digest: str
    guess: formats.Guess
    plan: Plan | None = None  # of a spreadsheet


def look_at(source: Path) -> Looked:
    """Look through a file before the transaction opens, so that desks do not wait meanwhile."""
    size, digest = source.stat().st_size, digest_of(source)
    guess = formats.recognize(source)
    plan = plan_for(source) if size and guess.format in ("", "iso2709") else None
    if plan and guess.format and "title" not in {column.box for column in plan.columns}:
        plan = None  # it can be read as MARC, and nobody knows yet what its columns hold
    return Looked(size, digest, replace(guess, format=SHEET) if plan else guess, plan)


def receive(
    session: Session,
    actor: Actor,
    *,
    source: Path,
    file_name: str,
    library_id: int | None,
    on_match: str = "skip",
    encoding: str = formats.AUTO,
    format: str = formats.AUTO,
    profile: str = AUTO,
    options: dict[str, Any] | None = None,
    keep: bool = True,
    looked: Looked | None = None,
) -> ImportRun:
    """Take a file in: nothing is imported yet. ``keep`` copies it into the data folder.

    ``library_id`` None brings records alone, without copies; ``looked`` is what ``look_at`` found
    in the file before. Raises ``Invalid`` for a rule that does not exist and for an empty file.
    """
    _require(session, actor, library_id)
    if source.stat().st_size == 0:
        raise Invalid("import_file_empty", field="file")
    looked = looked or look_at(source)
    run = ImportRun(
        file_name=Path(file_name).name[:300],
        file_sha256=looked.digest,
        format=looked.guess.format if format == formats.AUTO else format,
        library_id=library_id,
        status="new",
        size=looked.size,
        created_by=actor.staff_id,
        options={},
    )
    if looked.plan is not None and run.format == SHEET:
        options = {"sheet": kept_plan(session, library_id, looked.plan).facts(), **(options or {})}
    _set_rules(run, on_match=on_match, encoding=encoding, profile=profile, options=options or {})
    session.add(run)
    session.flush()
    run.file_path = str(_kept(source, run.id) if keep else source.resolve())
    return run


def _kept(source: Path, run_id: int) -> Path:
    """Keep a file under the number of its run; one that lies with ours gets a second name only."""
    imports = config().files_dir / "imports"
    folder = imports / str(run_id)
    folder.mkdir(parents=True, exist_ok=True)
    target = folder / "file"
    target.unlink(missing_ok=True)
    if source.resolve().parent == imports.resolve():
        try:
            os.link(source, target)
            return target
        except OSError:  # a file system without links
            pass
    shutil.copyfile(source, target)
    return target


def digest_of(path: Path) -> str:
    """Return the SHA-256 of a file, by which the same file is known again."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _require(session: Session, actor: Actor, library_id: int | None) -> None:
    """Copies need the right at the library; records alone the right where the actor works."""
    if library_id is None:
        actor.require(IMPORT)
        actor.require(EDIT_RECORD)
        return
    at = unit(session, library_id)
    actor.require(IMPORT, at)
    actor.require(EDIT_RECORD, at)
    actor.require(EDIT_ITEM, at)


def _set_rules(run: ImportRun, **rules: Any) -> None:
    on_match = rules.get("on_match", run.on_match)
    encoding = rules.get("encoding", run.encoding)
    profile = rules.get("profile", run.profile)
    options = {**(run.options or {}), **rules.get("options", {})}
    if on_match not in ON_MATCH:
        raise Invalid("import_rule_unknown", field="on_match", value=on_match)
    if encoding != formats.AUTO and encoding not in formats.ENCODINGS:
        raise Invalid("import_encoding_unknown", field="encoding", value=encoding)
    if profile not in (AUTO, NONE, *profiles()):
        raise Invalid("import_profile_unknown", field="profile", value=profile)
    run.on_match, run.encoding, run.profile = on_match, encoding, profile
    run.options = options
    if "library_id" in rules:
        run.library_id = rules["library_id"]
    if rules.get("format") in FORMATS:
        run.format = rules["format"]


def run_for(session: Session, actor: Actor, run_id: int, *, lock: bool = False) -> ImportRun:
    """Return a run of a library the actor imports for. Raises ``NotFound`` for another's."""
    query = select(ImportRun).where(ImportRun.id == run_id)
    if lock:
        query = query.with_for_update().execution_options(populate_existing=True)
    found = session.scalar(query)
    if found is None or not _is_ours(session, actor, found):
        raise NotFound("import_unknown", run_id=run_id)
    return found


def _is_ours(session: Session, actor: Actor, run: ImportRun) -> bool:
    if run.created_by is not None and run.created_by == actor.staff_id:
        return True
    at = unit(session, run.library_id) if run.library_id else province(session)
    return actor.can(IMPORT, at)


def runs_of(session: Session, actor: Actor, *, limit: int = 50, offset: int = 0) -> list[ImportRun]:
    """Return the imports of the actor's libraries, newest first."""
    every = session.scalars(select(ImportRun).order_by(ImportRun.id.desc())).all()
    return [run for run in every if _is_ours(session, actor, run)][offset : offset + limit]


def same_file_before(session: Session, run: ImportRun) -> ImportRun | None:
    """Return an earlier import of the very same file that was begun and not undone, if any."""
    return session.scalar(
        select(ImportRun)
        .join(ChangeSet, ImportRun.change_set_id == ChangeSet.id, isouter=True)
        .where(ChangeSet.undone_at.is_(None))
        .where(ImportRun.file_sha256 == run.file_sha256, ImportRun.id != run.id)
        .where(ImportRun.status.not_in(("new", "undone")))
        .order_by(ImportRun.id.desc())
        .limit(1)
    )


def change_rules(session: Session, actor: Actor, run_id: int, **rules: Any) -> ImportRun:
    """Change ``library_id``, ``on_match``, ``encoding``, ``format``, ``profile``, ``options``.

    Raises ``Refused('import_begun')`` once it has begun.
    """
    run = run_for(session, actor, run_id, lock=True)
    if run.status != "new":
        raise Refused("import_begun", run_id=run_id)
    if "library_id" in rules:
        _require(session, actor, rules["library_id"])
    _set_rules(run, **rules)
    return run


def discard(session: Session, actor: Actor, run_id: int) -> None:
    """Forget a file that was received and never begun, and delete the kept copy of it."""
    run = run_for(session, actor, run_id, lock=True)
    if run.status != "new":
        raise Refused("import_begun", run_id=run_id)
    stop_job(session, run.job_id)
    folder = config().files_dir / "imports" / str(run.id)
    session.delete(run)
    session.flush()
    shutil.rmtree(folder, ignore_errors=True)


def prepare(session: Session, actor: Actor, run_id: int) -> ImportRun:
    """Open the change set of a run that may begin or go on.

    Raises ``Refused('import_must_be_confirmed')`` for *add* without ``options['confirmed']``, which
    makes a second record of every title that is there already.
    """
    run = run_for(session, actor, run_id, lock=True)
    is_undone = status_of(session, run) == "undone"
    if is_undone or run.status not in ("new", *RESUMABLE):
        raise Refused("import_begun", run_id=run_id)
    if run.on_match == "add" and not run.options.get("confirmed"):
        raise Refused("import_must_be_confirmed", run_id=run_id)
    if run.format not in FORMATS:
        raise Refused("import_format_unknown", run_id=run_id)
    if code := unready(run):
        raise Refused(code, run_id=run_id)
    _require(session, actor, run.library_id)
    if run.change_set_id is None:
        here = actor.at_unit(session, run.library_id) if run.library_id else actor
        run.change_set_id = new_change_set(session, here, "import", run.file_name).id
        audit(session, actor, "import_begun", "import_run", run.id, file=run.file_name)
    return run


def unready(run: ImportRun) -> str:
    """Return what a spreadsheet lacks before its rows can be read, '' where nothing does."""
    if run.format != SHEET:
        return ""
    sheet = run.options.get("sheet")
    return "" if sheet and plan_of(sheet).has("title") else "sheet_needs_title"


def begin(session: Session, actor: Actor, run_id: int) -> Job:
    """Queue a run for the worker, or let a stopped one go on."""
    run = prepare(session, actor, run_id)
    job = enqueue(session, actor, KIND, run_id=run.id)
    job.total = run.size
    run.job_id, run.status = job.id, "queued"
    return job


def undo_run(
    session: Session, actor: Actor, run_id: int, *, partial: bool = False
) -> tuple[Undone | None, Job | None]:
    """Take a whole import back: at once a small one, as a job a large one.

    Raises ``Refused`` naming what stands in the way (a copy lent since, a record changed since),
    which with ``partial`` is left as it is.
    """
    from cataloging.change_sets import undo_change_set

    run = run_for(session, actor, run_id, lock=True)
    state = status_of(session, run)
    if run.change_set_id is None or state not in ("done", "stopped"):
        raise Refused("import_cannot_be_undone", run_id=run_id, status=state)
    change_set_of_ours(session, actor, run.change_set_id)
    if version_count(session, run.change_set_id) > LARGE:
        job = undo_later(session, actor, run.change_set_id, partial=partial)
        run.status, run.job_id = "undoing", job.id
        return None, job
    done = undo_change_set(session, actor, run.change_set_id, partial=partial)
    run.status, run.finished_at = "undone", clock.now()
    return done, None


def status_of(session: Session, run: ImportRun) -> str:
    """Return a run's state as it is now, by what its change set and its job say."""
    change_set = session.get(ChangeSet, run.change_set_id) if run.change_set_id else None
    if change_set is not None and change_set.undone_at is not None:
        return "undone"
    at_work = run.status in ("queued", "running", "undoing") and run.job_id is not None
    if at_work and has_stopped(session.get(Job, run.job_id)):
        return "stopped"
    return run.status
