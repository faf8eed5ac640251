"""Lines of a list that were settled outside of it: in the editor, by a colleague, by an undo."""

from collections.abc import Iterable
from typing import Any, Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from cataloging.models import Record
from cataloging.targets.models import IsbnLine, IsbnList, TargetAnswer, TargetFound
from ils.accounts.actor import Actor

OPEN: Final = ("one", "several", "none", "unasked")  # what still may become ours
FOUND, LINE = "found", "isbn_line"  # kept beside a draft: what it was made of


def note_draft(session: Session, actor: Actor, beside: dict[str, Any], record_id: int) -> None:
    """A draft that was made of a line, or of what was found for it, was saved as a record."""
    if (found_id := beside.get(FOUND)) and (found := session.get(TargetFound, found_id)):
        note_found(session, actor, found, "taken", record_id)
    if line_id := beside.get(LINE):
        _settle(session, actor, IsbnLine.id == line_id, "taken", record_id)


def note_found(
    session: Session, actor: Actor, found: TargetFound, state: str, record_id: int
) -> None:
    """A record found elsewhere became one of ours, or was merged into one."""
    found.taken_as = record_id
    answer = session.get_one(TargetAnswer, found.answer_id)
    _settle(session, actor, IsbnLine.search_id == answer.search_id, state, record_id, found.id)


def _settle(
    session: Session,
    actor: Actor,
    which: Any,
    state: str,
    record_id: int,
    found_id: int | None = None,
) -> None:
    own = select(IsbnList.id).where(IsbnList.staff_id == actor.staff_id)
    mine = which, IsbnLine.list_id.in_(own), IsbnLine.state.in_(OPEN)
    for line in session.scalars(select(IsbnLine).where(*mine)):
        line.state, line.reason, line.record_id = state, "", record_id
        line.found_id = found_id
        line.title = session.get_one(Record, record_id).title[:200]
    session.flush()


def gone_again(session: Session, list_id: int) -> Iterable[IsbnLine]:
    """Return the settled lines whose record is no more: undone, or deleted."""
    gone = select(Record.id).where(Record.deleted_at.is_not(None))
    return session.scalars(
        select(IsbnLine).where(
            IsbnLine.list_id == list_id,
            IsbnLine.state.in_(("taken", "ours")),
            IsbnLine.record_id.in_(gone),
        )
    ).all()


def reopen(line: IsbnLine) -> None:
    """Let a line stand as before its record: with what was found for it, or described, or not yet
    asked."""
    was_ours = line.state == "ours"
    line.state = "one" if line.found_id else "unasked" if was_ours else "none"
    line.record_id = None
