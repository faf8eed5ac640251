"""Doing an import: a few hundred records at a time, each step one short transaction.

A step stores its records, copies and lines together with how far the file is read. A run that was
killed goes on behind its last step, so that no record comes twice and the desks can lend meanwhile.
"""

import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import count, islice
from pathlib import Path
from typing import Any, Final

from sqlalchemy import insert
from sqlalchemy.exc import IntegrityError, OperationalError
from sqlalchemy.orm import Session

from cataloging.change_sets import change_set_for
from cataloging.imports.ahead import Look, Reading, looks, seldom_collecting
from cataloging.imports.copies import (
    Numbers,
    Outcome,
    Target,
    Wanted,
    pretend_copies,
    store_copies,
    target_for,
)
from cataloging.imports.matching import (
    Candidates,
    Key,
    Match,
    first_match,
    keys_of,
    remember,
    stored_matches,
)
from cataloging.imports.merging import merged, replaced
from cataloging.imports.profiles import AUTO, NONE, guessed_profile
from cataloging.imports.runs import KIND
from cataloging.imports.sheets.staging import SHEET, source_path, stage
from cataloging.marc import formats
from cataloging.marc.formats.opened import Opened
from cataloging.models import ImportLine, ImportRun, Record
from cataloging.records import NewRecord, create_records, replace_marc
from cataloging.search.document import Document
from ils.accounts.actor import Actor, actor_of_job
from ils.core import clock
from ils.core.db import Written, reading, transaction
from ils.core.jobs import JobCanceled, Progress, job_kind

SAMPLE: Final = 200  # records looked at to guess how copies are written
LARGEST_RAW: Final = 1 << 20
BREATH: Final = 0.004  # seconds in which a desk that waits for the lock gets it
ATTEMPTS: Final = 4

Known = dict[int, tuple[int, Document]]  # of records just written, for who indexes them
Tell = Callable[["Tally", Known], None]


@dataclass
class Tally:
    """How far a run is and what came of it; ``position`` in bytes, unpacked."""

    position: int = 0
    found: int = 0
    stored: int = 0
    matched: int = 0
    rejected: int = 0
    items_added: int = 0
    packing: int = 0
    items_there: int = 0
    repairs: Counter[str] = field(default_factory=Counter)
    reasons: Counter[str] = field(default_factory=Counter)

    def more(self) -> dict[str, Any]:
        """Return what is kept in the run's options."""
        return {
            "packing": self.packing,
            "items_there": self.items_there,
            "repairs": dict(self.repairs),
            "reasons": dict(self.reasons),
        }


@dataclass
class _Plan:
    """What a chunk will do: new records in order, and for each stretch which record it is."""

    new: list[NewRecord] = field(default_factory=list)
    match: dict[int, Match] = field(default_factory=dict)  # place in chunk → match
    made: dict[int, int] = field(default_factory=dict)  # place in chunk → place among the new


def proceed(
    run_id: int,
    actor: Actor,
    tell: Tell = lambda _tally, _known: None,
    *,
    dry: bool = False,
    indexing: bool = False,
) -> Tally:
    """Do what is left of a run. ``dry`` stores nothing and begins at the start of the file.

    ``tell`` hears of each step; with ``indexing``, also what the index is to hold of its records.
    """
    stage(run_id)
    with transaction() as session:
        run = session.get_one(ImportRun, run_id)
        tally = Tally() if dry else _tally_of(run)
        on_match, path = run.on_match, source_path(run)
        target = target_for(session, run.library_id, run.options) if run.library_id else None
        reading_on = Reading(
            path,
            run.format,
            run.encoding,
            tally.position,
            tally.found,
            _profile_of(run, path) if target else NONE,
            indexing,
        )
        if not dry:
            run.status = "running"
        here = actor.at_unit(session, run.library_id) if run.library_id else actor
    chunks = _Chunks(run_id, here, on_match, target, path, dry=dry)
    with seldom_collecting() as collect:
        for part in looks(reading_on):
            known = chunks.store(part, tally)
            tell(tally, known)
            collect()
            if not dry:
                time.sleep(BREATH)
    if not dry:
        with transaction() as session:
            run = session.get_one(ImportRun, run_id)
            run.status, run.finished_at = "done", clock.now()
    return tally


def _tally_of(run: ImportRun) -> Tally:
    more = run.options.get("tally", {})
    return Tally(
        run.position,
        run.found,
        run.stored,
        run.matched,
        run.rejected,
        run.items_added,
        more.get("packing", 0),
        more.get("items_there", 0),
        Counter(more.get("repairs", {})),
        Counter(more.get("reasons", {})),
    )


def _profile_of(run: ImportRun, path: Path) -> str:
    """Return how the copies of a file are written, guessed from its first records if need be."""
    if run.format == SHEET:
        return SHEET
    code = run.profile or AUTO
    if code == AUTO:
        sample = formats.read(path, format=run.format, encoding=run.encoding)
        marcs = [one.marc for one in islice(sample, SAMPLE) if one.marc is not None]
        code = guessed_profile(marcs)
    return code


def _keys_of(one: Look) -> list[Key]:
    return keys_of(one.seen) if one.seen is not None else []


class _Chunks:
    """Stores chunk after chunk of one run."""

    def __init__(
        self,
        run_id: int,
        actor: Actor,
        on_match: str,
        target: Target | None,
        path: Path,
        *,
        dry: bool,
    ) -> None:
        self.run_id = run_id
        self.actor = actor
        self.on_match = on_match
        self.target = target
        self.path = path
        self.dry = dry
        self._dry_known: Candidates = {}  # of records that a trial would have made, below 0
        self._dry_id = count(-1, -1)
        self._dry_numbers = Numbers()

    def store(self, part: list[Look], tally: Tally) -> Known:
        """Store a chunk and count it; tried again when a desk took a number or kept the lock."""
        if self.dry:
            return self._pretend(part, tally)
        for attempt in range(ATTEMPTS):
            try:
                with transaction() as session:
                    counted, known = self._step(session, part, tally)
                break
            except (IntegrityError, OperationalError):
                if attempt == ATTEMPTS - 1:
                    raise
        tally.__dict__.update(counted.__dict__)
        return known

    def _step(self, session: Session, part: list[Look], before: Tally) -> tuple[Tally, Known]:
        counted = Tally(**{**before.__dict__})
        counted.repairs, counted.reasons = Counter(before.repairs), Counter(before.reasons)
        run = session.get_one(ImportRun, self.run_id)
        change_set = change_set_for(session, run.change_set_id or 0)
        plan = self._plan(session, part)
        ids = create_records(session, self.actor, plan.new, change_set, owner_id=run.library_id)
        contents = [part[place].content for place in plan.made]
        known: Known = {i: (1, there) for i, there in zip(ids, contents, strict=True) if there}
        record_ids = self._record_ids(plan, ids)
        actions = {
            place: self._rewrite(session, part[place], match, ids, change_set, known)
            for place, match in plan.match.items()
        }
        outcomes = self._copies(session, part, record_ids, change_set)
        self._count(part, plan, outcomes, counted)
        self._write_lines(session, part, plan, record_ids, outcomes, actions)
        for name in ("position", "found", "stored", "matched", "rejected", "items_added"):
            setattr(run, name, getattr(counted, name))
        run.options = {**run.options, "tally": counted.more()}
        return counted, known

    def _plan(self, session: Session, part: list[Look]) -> _Plan:
        """Decide for each record of a chunk whether it is new; two alike in it are one."""
        plan = _Plan()
        keys = [_keys_of(one) for one in part]
        if self.on_match == "add":
            known: Candidates = {}
        else:
            known = stored_matches(session, (key for each in keys for key in each))
        for place, one in enumerate(part):
            if one.seen is None:
                continue
            is_added = self.on_match == "add"
            match = None if is_added else first_match(keys[place], known, one.seen)
            if match is not None:
                plan.match[place] = match
                continue
            plan.made[place] = len(plan.new)
            remember(known, keys[place], -1 - len(plan.new), one.seen)
            plan.new.append((Written(one.json), one.seen))
        return plan

    def _record_ids(self, plan: _Plan, ids: list[int]) -> dict[int, int]:
        found = {place: ids[at] for place, at in plan.made.items()}
        for place, match in plan.match.items():
            is_new = match.record_id < 0
            found[place] = ids[-1 - match.record_id] if is_new else match.record_id
        return found

    def _rewrite(
        self,
        session: Session,
        one: Look,
        match: Match,
        ids: list[int],
        change_set: Any,
        known: Known,
    ) -> str:
        """Replace or merge the record that is there already; return what was done."""
        if self.on_match not in ("replace", "merge") or not one.is_record:
            return "skipped"
        record_id = ids[-1 - match.record_id] if match.record_id < 0 else match.record_id
        record = session.get_one(Record, record_id)
        ours: Any = record.marc
        join = replaced if self.on_match == "replace" else merged
        new = join(ours, one.marc())
        if new == ours:
            return "unchanged"
        replace_marc(
            session,
            self.actor,
            record_id,
            new,
            expected_version=record.version,
            change_set=change_set,
        )
        known.pop(record_id, None)
        return "replaced" if self.on_match == "replace" else "merged"

    def _copies(
        self, session: Session, part: list[Look], record_ids: dict[int, int], change_set: Any
    ) -> dict[int, Outcome]:
        """Store the copies of a chunk; without a change set only count what would come of it."""
        if self.target is None:
            return {}
        places = [place for place, one in enumerate(part) if one.drafts]
        wanted = [
            Wanted(record_ids[place], seen, part[place].drafts)
            for place in places
            if (seen := part[place].seen) is not None
        ]
        if change_set is None:
            done = pretend_copies(session, self.target, wanted, self._dry_numbers)
        else:
            done = store_copies(session, self.actor, self.target, change_set, wanted)
        return dict(zip(places, done, strict=True))

    def _count(
        self, part: list[Look], plan: _Plan, outcomes: dict[int, Outcome], tally: Tally
    ) -> None:
        for place, one in enumerate(part):
            found = one.found
            tally.position = found.byte_end
            if found.is_packing:
                tally.packing += found.byte_end - found.byte_start
                continue
            tally.found = found.position
            tally.repairs.update(repair.code for repair in found.repairs)
            if not one.is_record:
                tally.rejected += 1
                tally.reasons[found.problem.code if found.problem else "unreadable"] += 1
            elif place in plan.match:
                tally.matched += 1
                tally.reasons[f"match_{plan.match[place].rule}"] += 1
            else:
                tally.stored += 1
        for outcome in outcomes.values():
            tally.items_added += outcome.added
            tally.items_there += outcome.there_already
            tally.reasons.update(problem["code"] for problem in outcome.problems)

    def _write_lines(
        self,
        session: Session,
        part: list[Look],
        plan: _Plan,
        record_ids: dict[int, int],
        outcomes: dict[int, Outcome],
        actions: dict[int, str],
    ) -> None:
        rows = []
        for place, one in enumerate(part):
            outcome = outcomes.get(place, Outcome())
            is_plain = one.is_record and not (
                one.found.repairs or place in plan.match or outcome.problems
            )
            if one.found.is_packing or is_plain:
                continue
            rows.append(self._line(one, plan.match.get(place), record_ids.get(place), outcome))
            if place in actions:
                rows[-1]["details"]["action"] = actions[place]
        if rows:
            session.execute(insert(ImportLine.__table__), rows)  # type: ignore[arg-type]

    def _line(
        self, one: Look, match: Match | None, record_id: int | None, outcome: Outcome
    ) -> dict[str, Any]:
        found = one.found
        details: dict[str, Any] = {}
        if found.repairs:
            details["repairs"] = formats.as_facts(found.repairs)
        if outcome.problems:
            details["items"] = outcome.problems
        raw = None
        if not one.is_record:
            kind, reason = "rejected", found.problem.code if found.problem else "unreadable"
            details["detail"] = (found.problem.detail if found.problem else "")[:400]
            raw = raw_bytes(self.path, found.byte_start, found.byte_end)
        elif match is not None:
            kind, reason = "matched", match.rule
        else:
            kind, reason = "warned", "items" if outcome.problems else "repaired"
        return {
            "run_id": self.run_id,
            "position": found.position,
            "byte_start": found.byte_start,
            "byte_end": found.byte_end,
            "outcome": kind,
            "record_id": record_id,
            "control_number": found.control_number,
            "title": (one.seen.title if one.seen else "")[:200],
            "reason": reason,
            "details": details,
            "raw": raw,
        }

    def _pretend(self, part: list[Look], tally: Tally) -> Known:
        """Count a chunk as if it were stored."""
        with reading() as session:
            plan = self._plan(session, part)
            record_ids = self._record_ids(plan, [next(self._dry_id) for _ in plan.new])
            if self.on_match != "add":
                for place in list(plan.made):
                    seen = part[place].seen
                    if seen is None:
                        continue
                    keys = keys_of(seen)
                    if match := first_match(keys, self._dry_known, seen):
                        record_ids[place] = match.record_id
                        plan.match[place] = match
                        del plan.made[place]
                    else:
                        remember(self._dry_known, keys, record_ids[place], seen)
            copies = self._copies(session, part, record_ids, None)
        self._count(part, plan, copies, tally)
        return {}


def raw_bytes(path: Path, start: int, end: int, most: int = LARGEST_RAW) -> bytes:
    """Return the bytes of a stretch of a file as they stand there, up to ``most``."""
    with Opened(path) as stream:
        out = stream.skip(start)
        wanted = min(end - start, most)
        while len(out) < wanted and (block := stream.read(wanted - len(out))):
            out += block
    return out[:wanted]


@job_kind(KIND)
def import_records(progress: Progress, args: dict[str, Any]) -> dict[str, Any]:
    """Do a run as the worker's job; taken up again after a stop, it goes on."""
    run_id = int(args["run_id"])
    stage(run_id)
    with reading() as session:
        run = session.get_one(ImportRun, run_id)
        actor = actor_of_job(session, progress.job_id)
        total = run.size
        if run.status == "done":
            return {}
    told = 0.0

    def tell(tally: Tally, _known: Known) -> None:
        nonlocal told
        if time.monotonic() - told > 0.4:
            told = time.monotonic()
            progress.tell(min(tally.position, total), total)

    try:
        tally = proceed(run_id, actor, tell)
    except JobCanceled:
        with transaction() as session:
            session.get_one(ImportRun, run_id).status = "stopped"
        raise
    return {"found": tally.found, "stored": tally.stored, "matched": tally.matched}
