"""Taking what was found for a list: all at once in one change set, or described in short by hand."""

from collections.abc import Mapping
from typing import Any, Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from cataloging.change_sets import change_set_for, new_change_set
from cataloging.editor.boxes import write
from cataloging.editor.drafts import keep_draft
from cataloging.editor.models import RecordDraft
from cataloging.imports.matching import first_match, keys_of, stored_matches
from cataloging.marc.model import Marc
from cataloging.marc.project import project
from cataloging.models import ChangeSet
from cataloging.quick import PRELIMINARY
from cataloging.records import create_record
from cataloging.targets.fields import prepared, tags_of
from cataloging.targets.lists import runs, settled
from cataloging.targets.models import IsbnLine, IsbnList, TargetAnswer, TargetFound
from ils.accounts.actor import Actor, actor_of_job
from ils.core.audit import audit
from ils.core.db import reading, transaction
from ils.core.errors import Invalid, NotFound, Refused
from ils.core.jobs import Progress, breathe, enqueue, job_kind
from ils.org.settings import setting

AT_ONCE: Final = 10
SHORT: Final = ("title", "authors", "publisher", "year")  # boxes of the short form


def begin_taking(session: Session, actor: Actor, isbn_list_id: int) -> None:
    """Queue the taking of every line for which one record is chosen.

    Raises ``Refused`` while the list is worked on, or when there is nothing to take.
    """
    found = runs.locked(session, actor, isbn_list_id)
    runs.give_back_undone(session, found)
    runs.note_ours(session, found)
    if not runs.counts_of(session, found.id)["one"]:
        raise Refused("isbn_list_nothing")
    made_in = _change_set(session, actor, found)
    audit(session, actor, "isbn_list_taken", "change_set", made_in.id)
    found.job_id = enqueue(session, actor, runs.TAKE, list_id=found.id).id


def _change_set(session: Session, actor: Actor, isbn_list: IsbnList) -> ChangeSet:
    """Return the one change set of a list; after an undo a new one."""
    runs.give_back_undone(session, isbn_list)
    if isbn_list.change_set_id is None:
        made_in = new_change_set(session, actor, "target", isbn_list.name)
        isbn_list.change_set_id = made_in.id
        return made_in
    return change_set_for(session, isbn_list.change_set_id)


@job_kind(runs.TAKE)
def take_list(progress: Progress, args: dict[str, Any]) -> dict[str, Any]:
    """Take what was found, part by part; a record and its line are written in one transaction."""
    list_id = int(args["list_id"])
    with reading() as session:
        actor = actor_of_job(session, progress.job_id)
        total = runs.counts_of(session, list_id)["one"]
    done = 0
    while True:
        with transaction() as session:
            count = _take_some(session, actor, session.get_one(IsbnList, list_id))
        if not count:
            return {"taken": done}
        done += count
        progress.tell(done, max(total, done))
        breathe()


def _take_some(session: Session, actor: Actor, isbn_list: IsbnList) -> int:
    if runs.is_undone(session, isbn_list):
        return 0
    lines = session.scalars(runs.lines_of(isbn_list, "one").limit(AT_ONCE)).all()
    if lines:
        made_in = change_set_for(session, isbn_list.change_set_id or 0)
        left_out = tags_of(setting(session, actor.library_id, "cataloging.left_out_fields"))
        for line in lines:
            _take_one(session, actor, line, made_in, left_out)
        session.flush()
    return len(lines)


def _take_one(
    session: Session, actor: Actor, line: IsbnLine, made_in: ChangeSet, left_out: tuple[str, ...]
) -> None:
    found = session.get(TargetFound, line.found_id) if line.found_id else None
    if found is None:  # its target was taken away meanwhile
        line.state = "unasked"
        return
    theirs: Marc = found.marc  # type: ignore[assignment]
    marc = prepared(theirs, left_out).marc
    seen = project(marc)
    if here := first_match(keys_of(seen), stored_matches(session, keys_of(seen)), seen):
        line.state, line.record_id = "ours", here.record_id
        return
    record = create_record(session, actor, marc, change_set=made_in, numbered=True)
    found.taken_as = record.id
    line.state, line.record_id, line.title = "taken", record.id, record.title[:200]


def choose(session: Session, actor: Actor, isbn_line_id: int, found_id: int | None) -> IsbnLine:
    """Choose which of the records found is the book of a line; None: none of them is.

    Raises ``Refused`` while the list is worked on, ``NotFound`` for a record found for another line.
    """
    _isbn_list, line = _open_line(session, actor, isbn_line_id)
    if found_id is None:
        line.found_id, line.state, line.reason = None, "none", "left"
        return line
    found = session.get(TargetFound, found_id)
    if found is None or found.answer_id not in _answers(session, line):
        raise NotFound("target_search_unknown")
    line.found_id, line.state, line.reason = found.id, "one", "chosen"
    line.title = project(found.marc).title[:200]  # type: ignore[arg-type]
    return line


def _answers(session: Session, line: IsbnLine) -> set[int]:
    query = select(TargetAnswer.id).where(TargetAnswer.search_id == line.search_id)
    return set(session.scalars(query))


def _open_line(session: Session, actor: Actor, isbn_line_id: int) -> tuple[IsbnList, IsbnLine]:
    isbn_list, line = runs.line_for(session, actor, isbn_line_id)
    runs.locked(session, actor, isbn_list.id)
    session.refresh(line)
    if line.state not in settled.OPEN:
        raise Refused("isbn_line_done")
    return isbn_list, line


def describe(
    session: Session, actor: Actor, isbn_line_id: int, values: Mapping[str, str]
) -> IsbnLine:
    """Store a short description of a book that nobody has, marked as preliminary.

    It belongs to the list's change set. A book that the catalogue has by now is not stored again: the
    line's state is ``ours`` then. Raises ``Invalid`` without a title.
    """
    isbn_list, line = _open_line(session, actor, isbn_line_id)
    runs.note_ours(session, isbn_list)
    if line.state == "ours":
        return line
    marc = _short(line, values)
    made_in = _change_set(session, actor, isbn_list)
    record = create_record(session, actor, marc, change_set=made_in, numbered=True)
    line.state, line.record_id, line.title = "taken", record.id, record.title[:200]
    line.found_id = None
    return line


def open_in_editor(
    session: Session, actor: Actor, isbn_line_id: int, values: Mapping[str, str]
) -> RecordDraft:
    """Put a line, with what was typed for it, into the editor as a draft."""
    _isbn_list, line = runs.line_for(session, actor, isbn_line_id)
    marc = _short(line, values, whole=False)
    return keep_draft(session, actor, marc, beside={settled.LINE: line.id})


def _short(line: IsbnLine, values: Mapping[str, str], *, whole: bool = True) -> Marc:
    typed = {name: values.get(name, "").strip()[:300] for name in SHORT}
    if whole and not typed["title"]:
        raise Invalid("title_missing", field="title")
    if typed["year"] and not typed["year"].isdecimal():
        raise Invalid("isbn_line_year", field="year")
    marc = write(None, {**typed, "isbn": line.isbn})
    leader = str(marc["leader"])
    marc["leader"] = leader[:17] + PRELIMINARY + leader[18:]
    return marc
