"""Acts on many patrons at once, and taking one back whole.

Whatever such an act changes goes through ``Batch``, which remembers old and new values. For thirty
days the undo gives back to each patron what the act changed, if nobody has been there since; who
was touched stays as they are and is named. What is final forgets the values. How a long act is
done part by part is in ``batch_runs``.
"""

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy import Delete, delete, func, or_, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from cataloging.models import Barcode
from circulation.desk import Act
from circulation.facts import lock
from circulation.journal import loaded, plain
from circulation.ledger import reverse_entry
from circulation.models import LedgerAllocation, LedgerEntry
from circulation.money.models import ExemptCard
from circulation.patrons.batch_models import PatronBatch, PatronBatchLine, PatronBatchRow
from circulation.patrons.merge import pointers
from circulation.patrons.models import BlockNote, Consent, Patron, PatronCard, PatronLook
from circulation.patrons.patrons import EDIT
from circulation.undo import void_events
from ils.accounts.actor import Actor
from ils.core import clock
from ils.core.audit import audit
from ils.core.db import Base
from ils.core.errors import NotFound, Refused
from ils.core.events import EventRow
from ils.core.files import KeptFile, drop_file
from ils.core.jobs import Job, has_stopped
from ils.org.units import unit

UNDO_DAYS = 30
PART = 100  # lines taken back in one transaction, so that desks can lend meanwhile
DRAFT_KEPT = timedelta(days=1)
_ROWS: dict[str, type[Base]] = {
    table.__tablename__: table for table in (Patron, PatronCard, BlockNote)
}


class Batch:
    """One act on many patrons being done."""

    def __init__(self, session: Session, actor: Actor, row: PatronBatch) -> None:
        self.session, self.actor, self.row = session, actor, row
        self._lines: dict[int, PatronBatchLine] = {}
        self._before: tuple[int, int, int] = (0, 0, 0)

    @classmethod
    def begin(
        cls,
        session: Session,
        actor: Actor,
        kind: str,
        *,
        plan: dict[str, Any] | None = None,
        state: str = "running",
        library_id: int | None = None,
    ) -> "Batch":
        """Begin an act at the library the actor works for, unless another is named."""
        actor.require(EDIT)
        row = PatronBatch(
            library_id=library_id or actor.library_id or 0,
            kind=kind,
            by=actor.staff_id,
            until=clock.today() + timedelta(days=UNDO_DAYS),
            state=state,
            plan=plan or {},
        )
        session.add(row)
        session.flush()
        return cls(session, actor, row)

    def change(self, patron: Patron, row: Any, **values: Any) -> None:
        """Set columns of a patron or of a card, remembering what they were."""
        pairs = {}
        for name, value in values.items():
            old = getattr(row, name)
            if old != value:
                setattr(row, name, value)
                pairs[name] = [plain(old), plain(value)]
        if pairs:
            self.note(patron, [row.__tablename__, row.id, pairs])

    def note(self, patron: Patron, *changes: list[Any], **facts: Any) -> None:
        """Remember changes made elsewhere, and facts about this patron for pages."""
        line = self._line(patron)
        line.changes = [*line.changes, *changes]
        line.facts = {**line.facts, **facts}

    def registered(self, patron: Patron) -> None:
        """Remember that this act registered the patron, as the record is now."""
        self.session.flush()
        self._line(patron).made = summed_up(patron)

    def photo(self, patron: Patron, put: Callable[[], KeptFile]) -> None:
        """Have a photo put in place, remembering the one before; it is kept while this can be undone."""
        line, was = self._line(patron), patron.photo_id
        as_made = bool(line.made) and summed_up(patron) == line.made
        line.facts = {**line.facts, "photo": put().id}
        if line.photo_was_id is None:
            line.photo_was_id = was
        if as_made:
            self.registered(patron)

    def begin_money(self, patron: Patron) -> None:
        """Lock a patron before something is charged or published, so that ``end_money`` knows what."""
        lock(self.session, patrons=[patron.id])
        self._before = (
            self.session.scalar(select(func.max(LedgerEntry.id))) or 0,
            self.session.scalar(select(func.max(EventRow.id))) or 0,
            self.session.scalar(select(func.max(ExemptCard.id))) or 0,
        )

    def end_money(self, patron: Patron) -> list[LedgerEntry]:
        """Remember the lines and events of a patron since ``begin_money``; return the lines."""
        self.session.flush()
        entry, event, exempt = self._before
        lines = self.session.scalars(
            select(LedgerEntry).where(LedgerEntry.patron_id == patron.id, LedgerEntry.id > entry)
        ).all()
        events = self.session.scalars(
            select(EventRow.id).where(EventRow.patron_ref == patron.event_ref, EventRow.id > event)
        ).all()
        freed = self.session.scalars(
            select(ExemptCard.id).where(ExemptCard.patron_id == patron.id, ExemptCard.id > exempt)
        )
        line = self._line(patron)
        new = {"entries": [one.id for one in lines], "events": list(events), "exempt": list(freed)}
        line.facts = {**line.facts, **{k: [*line.facts.get(k, []), *v] for k, v in new.items()}}
        return list(lines)

    def _line(self, patron: Patron) -> PatronBatchLine:
        if patron.id not in self._lines:
            there = select(PatronBatchLine).where(
                PatronBatchLine.batch_id == self.row.id, PatronBatchLine.patron_id == patron.id
            )
            line = self.session.scalar(there) or PatronBatchLine(
                batch_id=self.row.id, patron_id=patron.id, changes=[], facts={}, made=""
            )
            self.session.add(line)
            self._lines[patron.id] = line
        return self._lines[patron.id]

    def close(self, **facts: Any) -> PatronBatch:
        """Write the act's figures down, once everything is done."""
        self.session.flush()
        lines = select(func.count()).where(PatronBatchLine.batch_id == self.row.id)
        self.row.facts = {**facts, "patrons": self.session.scalar(lines) or 0}
        self.row.state = "done"
        self.session.flush()
        kind = self.row.kind
        audit(self.session, self.actor, f"batch_{kind}", "patron_batch", self.row.id, **facts)
        return self.row


def summed_up(patron: Patron) -> str:
    """Return a checksum of what a record says, to see later whether anybody changed it."""
    skip = ("id", "event_ref", "password_hash", "must_change_password", "created_at")
    said = [
        f"{column.name}={plain(getattr(patron, column.name))}"
        for column in Patron.__table__.columns
        if column.name not in skip
    ]
    return hashlib.sha256("\n".join(said).encode()).hexdigest()


# --- taking it back ----------------------------------------------------------------------------


@dataclass(frozen=True)
class Stays:
    """Somebody whom an undo leaves alone."""

    id: int
    name: str


@dataclass(frozen=True)
class Undone:
    """What an undo did: for how many, and who stays since somebody has been there."""

    batch: PatronBatch
    back: int
    left: Sequence[Stays]


def batch_for(session: Session, actor: Actor, batch_id: int) -> PatronBatch:
    """Return an act of the actor, or of a library the actor may work for. Raises ``NotFound``."""
    row = session.get(PatronBatch, batch_id)
    if row is None or not _may(session, actor, row):
        raise NotFound("patron_batch_unknown")
    return row


def _may(session: Session, actor: Actor, row: PatronBatch) -> bool:
    own = actor.staff_id is not None and row.by == actor.staff_id
    return actor.can(EDIT, unit(session, row.library_id)) or (
        own and row.library_id == actor.library_id
    )


def batches_of(session: Session, actor: Actor, *, limit: int = 50) -> list[PatronBatch]:
    """Return the newest acts of the library the actor works for, as far as the actor may see.

    What is only being looked at is none yet, but of whoever looks.
    """
    query = select(PatronBatch).where(
        PatronBatch.library_id == actor.library_id,
        or_(PatronBatch.state.not_in(("trying", "draft")), PatronBatch.by == actor.staff_id),
    )
    rows = session.scalars(query.order_by(PatronBatch.id.desc()).limit(limit))
    return [row for row in rows if _may(session, actor, row)]


def undo_batch(session: Session, actor: Actor, batch_id: int) -> Undone:
    """Give back what an act on many changed, patron by patron where nobody has been since.

    Raises ``Refused`` when it is undone already, thirty days are over or it is at work.
    """
    row = begin_undo(session, actor, batch_id)
    while undo_part(session, actor, row):
        pass
    left = select(PatronBatchRow).where(
        PatronBatchRow.batch_id == row.id, PatronBatchRow.part == "left"
    )
    stays = [Stays(one.patron_id or 0, one.name) for one in session.scalars(left)]
    return Undone(row, int(row.facts["back"]), stays)


def begin_undo(session: Session, actor: Actor, batch_id: int) -> PatronBatch:
    """Mark an act as being taken back; what is at work must be stopped first."""
    row = batch_for(session, actor, batch_id)
    lock_batch(session, row)
    if row.ended_at is not None or row.until < clock.today():
        raise Refused("batch_ended")
    if row.state in ("trying", "draft"):
        raise Refused("batch_not_begun")
    if row.state != "done" and not has_stopped(session.get(Job, row.job_id or 0)):
        raise Refused("patron_batch_at_work")
    row.state, row.done_to = "undoing", 0
    row.total = session.scalar(select(func.count()).where(PatronBatchLine.batch_id == row.id)) or 0
    row.facts = {**row.facts, "back": 0, "left": 0}
    session.flush()
    return row


def undo_part(session: Session, actor: Actor, row: PatronBatch) -> bool:
    """Take back some lines of an act, in the order of the patrons; False when none is left."""
    lines = lines_of(session, row.id, limit=PART)
    lock(session, patrons=[line.patron_id for line in lines])
    for line in lines:
        patron = session.get_one(Patron, line.patron_id, populate_existing=True)
        row.done_to += 1
        if _untouched(session, patron, line) and _given_back(session, actor, patron, line):
            row.facts = {**row.facts, "back": row.facts["back"] + 1}
        else:
            row.facts = {**row.facts, "left": row.facts["left"] + 1}
            stays = {"number": row.done_to, "patron_id": patron.id, "name": patron.name}
            session.add(PatronBatchRow(batch_id=row.id, part="left", what="left", **stays))
    done = [line.id for line in lines]
    session.execute(delete(PatronBatchLine).where(PatronBatchLine.id.in_(done)))
    session.flush()
    if len(lines) == PART:
        return True
    row.ended_at, row.undone, row.undone_by = clock.now(), True, actor.staff_id
    row.state = "done"
    session.execute(_rows_of(row.id).where(PatronBatchRow.part != "left"))
    session.flush()
    figures = {key: row.facts[key] for key in ("back", "left")}
    audit(session, actor, "batch_undone", "patron_batch", row.id, **figures)
    return False


def _rows_of(batch_id: int) -> Delete:
    return delete(PatronBatchRow).where(PatronBatchRow.batch_id == batch_id)


def lock_batch(session: Session, row: PatronBatch) -> None:
    """Read an act again, so that no two workers or people are at it at once."""
    session.refresh(row, with_for_update=True)


def forget_batch(session: Session, batch_id: int) -> None:
    """Take away an act that was only looked at."""
    session.execute(_rows_of(batch_id))
    session.execute(delete(PatronBatchLine).where(PatronBatchLine.batch_id == batch_id))
    session.execute(delete(PatronBatch).where(PatronBatch.id == batch_id))


def lines_of(
    session: Session, batch_id: int, *, limit: int | None = None
) -> Sequence[PatronBatchLine]:
    """Return what an act did, patron by patron."""
    query = select(PatronBatchLine).where(PatronBatchLine.batch_id == batch_id)
    return session.scalars(query.order_by(PatronBatchLine.patron_id).limit(limit)).all()


def _untouched(session: Session, patron: Patron, line: PatronBatchLine) -> bool:
    if patron.deleted_at is not None:
        return False
    if line.made and (summed_up(patron) != line.made or _used(session, patron, line)):
        return False
    if "photo" in line.facts and patron.photo_id != line.facts["photo"]:
        return False
    for table, row_id, columns in line.changes:
        row = session.get(_ROWS[table], row_id, populate_existing=True)
        if row is None or any(plain(getattr(row, k)) != v[1] for k, v in columns.items()):
            return False
    return not _paid(session, line.facts.get("entries", []))


def _paid(session: Session, entries: list[int]) -> bool:
    """Tell whether a charge of the act was paid, waived or taken back since."""
    paid = select(LedgerAllocation.id).where(LedgerAllocation.debit_id.in_(entries))
    turned = select(LedgerEntry.id).where(LedgerEntry.reverses_id.in_(entries))
    return bool(entries) and any(session.scalar(one.limit(1)) for one in (paid, turned))


def _used(session: Session, patron: Patron, line: PatronBatchLine) -> bool:
    """Tell whether a patron registered by the act did anything since, or got a card on paper."""
    for table, column in pointers():
        if table.name == "exempt_card":
            continue
        found = select(func.count()).select_from(table).where(table.c[column] == patron.id)
        if table.name == "ledger_entry":
            found = found.where(table.c.id.not_in(line.facts.get("entries", [])))
        if session.scalar(found):
            return True
    cards = select(PatronCard).where(PatronCard.patron_id == patron.id)
    return any(c.state != "active" or c.printed_at is not None for c in session.scalars(cards))


def _given_back(session: Session, actor: Actor, patron: Patron, line: PatronBatchLine) -> bool:
    """Take one line back whole; False where the rows of today do not bear it (a new card)."""
    try:
        with session.begin_nested():
            _take_back(session, actor, patron, line)
    except (IntegrityError, Refused):
        return False
    return True


def _take_back(session: Session, actor: Actor, patron: Patron, line: PatronBatchLine) -> None:
    act = Act(session, actor, "batch_undo", None, unit_id=patron.branch_id)
    for table, row_id, columns in reversed(line.changes):
        row: Any = session.get_one(_ROWS[table], row_id)
        for name, (old, _new) in columns.items():
            setattr(row, name, loaded(row, name, old))
    for entry_id in line.facts.get("entries", []):
        reverse_entry(act, session.get_one(LedgerEntry, entry_id), note="undone")
    session.flush()
    notes = delete(BlockNote).where(BlockNote.id.in_(line.facts.get("notes", [])))
    session.execute(notes.where(BlockNote.lifted_at.is_(None)))
    exempt = delete(ExemptCard).where(ExemptCard.id.in_(line.facts.get("exempt", [])))
    session.execute(exempt)
    void_events(act, line.facts.get("events", []))
    if "photo" in line.facts:
        patron.photo_id, line.photo_was_id = line.photo_was_id, None
        session.flush()
        drop_file(session, line.facts["photo"])
    if line.made:
        _unregister(session, patron)
    session.flush()


def _unregister(session: Session, patron: Patron) -> None:
    """Take a record away that should never have been: nothing points at it but its own rows.

    Where money was charged and taken back, the shell stays for the account's sake.
    """
    from circulation.patrons.erasure import empty_record  # it knows the batches

    money = select(LedgerEntry.id).where(LedgerEntry.patron_id == patron.id)
    if session.scalar(money.limit(1)) is not None:
        empty_record(session, patron)
        return
    mine = select(PatronCard.id).where(PatronCard.patron_id == patron.id)
    session.execute(delete(Barcode).where(Barcode.card_id.in_(mine)))
    photo = patron.photo_id
    for table in (PatronCard, Consent, PatronBatchLine, PatronBatchRow, PatronLook):
        session.execute(delete(table).where(table.patron_id == patron.id))
    session.delete(patron)
    session.flush()
    drop_file(session, photo)


def end_batches(session: Session) -> int:
    """Make acts final that can no longer be undone: what was changed is forgotten. How many?

    What somebody only looked at and left is thrown away after a day.
    """
    over = session.scalars(
        select(PatronBatch).where(
            PatronBatch.ended_at.is_(None),
            PatronBatch.until < clock.today(),
            PatronBatch.state == "done",
        )
    ).all()
    for row in over:
        session.execute(delete(PatronBatchLine).where(PatronBatchLine.batch_id == row.id))
        session.execute(_rows_of(row.id))
        row.ended_at = clock.now()
    undone = select(PatronBatch.id).where(
        PatronBatch.undone, PatronBatch.ended_at < clock.now() - timedelta(days=UNDO_DAYS)
    )
    session.execute(delete(PatronBatchRow).where(PatronBatchRow.batch_id.in_(undone)))
    looked = select(PatronBatch.id).where(
        PatronBatch.state.in_(("trying", "draft")), PatronBatch.at < clock.now() - DRAFT_KEPT
    )
    for batch_id in session.scalars(looked).all():
        forget_batch(session, batch_id)
    return len(over)
