"""Drafts: what was typed and not saved, kept on the server, and found again after a crash.

Others hand work to the editor here: what copy cataloguing finds elsewhere is kept as a draft, and
the editor opens it (``/staff/catalog/drafts/ID``).
"""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from cataloging.editor.models import RecordDraft
from cataloging.marc.model import Marc
from cataloging.marc.project import project
from cataloging.models import Record
from cataloging.permissions import EDIT_RECORD
from cataloging.records import record_for
from ils.accounts.actor import Actor
from ils.core import clock
from ils.core.errors import Invalid, NotFound


def keep_draft(
    session: Session,
    actor: Actor,
    marc: Marc,
    record_id: int | None = None,
    *,
    draft_id: int | None = None,
    version: int | None = None,
    beside: dict[str, Any] | None = None,
) -> RecordDraft:
    """Keep what somebody has typed and return the draft.

    ``draft_id`` continues a draft of theirs, a new one is begun where that is gone; for a record
    there is one draft a person. ``version`` is the version of the record that was changed (default:
    the present one). ``beside`` is what the editor keeps that is no MARC. Raises ``NotFound`` for
    an unknown record.
    """
    actor.require(EDIT_RECORD)
    if actor.staff_id is None:
        raise Invalid("draft_of_nobody")
    record = record_for(session, record_id) if record_id is not None else None
    draft = _there(session, actor, draft_id, record_id)
    if draft is None:
        draft = RecordDraft(
            staff_id=actor.staff_id, record_id=record_id, version=record.version if record else 0
        )
        session.add(draft)
    draft.marc, draft.title = dict(marc), _title(marc)
    draft.beside = {**(draft.beside or {}), **(beside or {})}
    if version is not None:
        draft.version = version
    draft.kept_at = clock.now()
    session.flush()
    return draft


def _there(
    session: Session, actor: Actor, draft_id: int | None, record_id: int | None
) -> RecordDraft | None:
    own = select(RecordDraft).where(RecordDraft.staff_id == actor.staff_id)
    if record_id is not None:
        return session.scalar(own.where(RecordDraft.record_id == record_id))
    if draft_id is None:
        return None
    return session.scalar(
        own.where(RecordDraft.id == draft_id, RecordDraft.record_id.is_(None)).with_for_update()
    )


def _title(marc: Marc) -> str:
    try:
        return project(marc).title[:300]
    except (KeyError, IndexError, TypeError):
        return ""


def draft_for(session: Session, actor: Actor, draft_id: int) -> RecordDraft:
    """Return a draft of the actor's own. Raises ``NotFound``, also for somebody else's."""
    found = session.get(RecordDraft, draft_id)
    if found is None or found.staff_id != actor.staff_id:
        raise NotFound("draft_unknown")
    return found


def beside_of(session: Session, actor: Actor, draft_id: int) -> dict[str, Any]:
    """Return what was kept beside a draft of the actor's; nothing where it is gone."""
    found = session.get(RecordDraft, draft_id)
    return found.beside if found is not None and found.staff_id == actor.staff_id else {}


def draft_of_record(session: Session, actor: Actor, record_id: int) -> RecordDraft | None:
    """Return what the actor left unsaved in a record, if anything."""
    return _there(session, actor, None, record_id)


def drafts_of(
    session: Session, actor: Actor, *, limit: int = 50, offset: int = 0
) -> tuple[Sequence[tuple[RecordDraft, str]], int]:
    """Return the actor's drafts with the titles of their records, last kept first, and how many."""
    own = RecordDraft.staff_id == actor.staff_id
    total = session.scalar(select(func.count()).select_from(RecordDraft).where(own)) or 0
    rows = session.execute(
        select(RecordDraft, func.coalesce(Record.title, ""))
        .outerjoin(Record, Record.id == RecordDraft.record_id)
        .where(own)
        .order_by(RecordDraft.kept_at.desc(), RecordDraft.id.desc())
        .limit(limit)
        .offset(offset)
    )
    return [(draft, title) for draft, title in rows], total


def discard_draft(session: Session, actor: Actor, draft_id: int) -> None:
    """Throw a draft of the actor's own away. Raises ``NotFound``."""
    session.delete(draft_for(session, actor, draft_id))


def forget_draft(
    session: Session, actor: Actor, *, draft_id: int | None = None, record_id: int | None = None
) -> None:
    """Drop the draft of what was saved just now; that it is gone already is no error."""
    own = delete(RecordDraft).where(RecordDraft.staff_id == actor.staff_id)
    if record_id is not None:
        session.execute(own.where(RecordDraft.record_id == record_id))
    if draft_id is not None:
        session.execute(own.where(RecordDraft.id == draft_id))
