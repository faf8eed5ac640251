"""Notes and blocks that people write on a patron: who wrote them, from when to when, what they stop,
who ended them and why."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import Session

from circulation.patrons.models import BlockNote
from circulation.patrons.patrons import EDIT, patron_for
from circulation.rules.reasons import HEAD
from ils.accounts.actor import Actor
from ils.accounts.models import Staff
from ils.core import clock
from ils.core.audit import audit
from ils.core.errors import Forbidden, Invalid, NotFound
from ils.org.units import unit
from ils.text.normal import clean

ACTS = ("borrow", "renew", "hold")


@dataclass(frozen=True)
class WrittenNote:
    """A note or block with the name of who wrote it; empty: a machine, or the program."""

    note: BlockNote
    author: str
    may_lift: bool = True

    @property
    def begins_later(self) -> bool:
        """Tell whether a block does not stop anything yet."""
        return self.note.from_on > clock.today()


def write_note(
    session: Session,
    actor: Actor,
    patron_id: int,
    text: str,
    *,
    acts: Sequence[str] = (),
    from_on: date | None = None,
    to_on: date | None = None,
) -> BlockNote:
    """Write a note on a patron, or a block when ``acts`` (borrow, renew, hold) are named."""
    patron = patron_for(session, actor, patron_id, EDIT)
    if not text.strip():
        raise Invalid("note_empty", field="text")
    if any(act not in ACTS for act in acts):
        raise Invalid("note_act_unknown", field="block")
    begins = from_on or clock.today()
    if to_on is not None and to_on < begins:
        raise Invalid("note_ends_before", field="to_on")
    note = BlockNote(
        patron_id=patron.id,
        acts=list(acts),
        text=clean(text),
        author_id=actor.staff_id,
        from_on=begins,
        to_on=to_on,
    )
    session.add(note)
    session.flush()
    audit(session, actor, "block_written" if acts else "note_written", "patron", patron.id)
    return note


def lift_note(session: Session, actor: Actor, note_id: int, why: str = "") -> None:
    """End a note or block now. A block is lifted by its author or by a head of library, who say
    why; what a machine wrote has no author, so a head decides."""
    note = session.get(BlockNote, note_id)
    if note is None:
        raise NotFound("note_unknown")
    patron = patron_for(session, actor, note.patron_id, EDIT)
    if not may_lift(session, actor, note, patron.branch_id):
        raise Forbidden("block_of_other", permission=HEAD)
    if note.acts and not why.strip():
        raise Invalid("block_why_missing", field="why")
    if note.lifted_at is not None:
        return
    note.lifted_at, note.lifted_by = clock.now(), actor.staff_id
    note.lifted_why = clean(why).strip()[:250]
    audit(session, actor, "note_lifted", "patron", patron.id, reason=note.lifted_why)


def may_lift(session: Session, actor: Actor, note: BlockNote, branch_id: int) -> bool:
    """Tell whether the actor may end a note: a block is its author's or a head's."""
    own = note.author_id is not None and note.author_id == actor.staff_id
    return not note.acts or own or actor.can(HEAD, unit(session, branch_id))


def standing_notes(session: Session, actor: Actor, patron_id: int) -> list[WrittenNote]:
    """Return the notes and blocks of a patron that have not ended, blocks first."""
    patron = patron_for(session, actor, patron_id)
    today = clock.today()
    query = (
        select(BlockNote)
        .where(BlockNote.patron_id == patron_id, BlockNote.lifted_at.is_(None))
        .order_by(BlockNote.from_on, BlockNote.id)
    )
    rows = [n for n in session.scalars(query) if n.to_on is None or n.to_on >= today]
    names = author_names(session, [n.author_id for n in rows])
    found = [
        WrittenNote(
            note,
            names.get(note.author_id or 0, ""),
            may_lift(session, actor, note, patron.branch_id),
        )
        for note in rows
    ]
    return sorted(found, key=lambda one: not one.note.acts)


def author_names(session: Session, ids: Collection[int | None]) -> dict[int, str]:
    """Return the names of staff by id."""
    wanted = {one for one in ids if one is not None}
    if not wanted:
        return {}
    rows = session.execute(select(Staff.id, Staff.name).where(Staff.id.in_(wanted)))
    return {staff_id: name for staff_id, name in rows}  # noqa: C416 — rows are no pairs to mypy
