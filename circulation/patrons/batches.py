"""Acts on many patrons at once, and taking one back whole.

Whatever such an act changes goes through ``Batch``, which remembers old and new values. For thirty
days the undo gives back to each patron what the act changed, if nobody has been there since; who
was touched stays as they are and is named. What is final forgets the values.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy import delete, func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from cataloging.models import Barcode
from circulation.desk import Act
from circulation.facts import lock
from circulation.journal import loaded, plain
from circulation.ledger import reverse_entry
from circulation.models import LedgerAllocation, LedgerEntry
from circulation.money.models import ExemptCard
from circulation.patrons.batch_models import PatronBatch, PatronBatchLine
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
from ils.core.files import drop_file
from ils.org.units import unit

UNDO_DAYS = 30
_ROWS: dict[str, type[Base]] = {
    table.__tablename__: table for table in (Patron, PatronCard, BlockNote)
}


class Batch:
    """One act on many patrons being done."""

    def __init__(self, session: Session, actor: Actor, kind: str, library_id: int) -> None:
        actor.require(EDIT)
        self.session, self.actor = session, actor
        self.row = PatronBatch(
            library_id=library_id,
            kind=kind,
            by=actor.staff_id,
            until=clock.today() + timedelta(days=UNDO_DAYS),
        )
        session.add(self.row)
        session.flush()
        self._lines: dict[int, PatronBatchLine] = {}
        self._before: tuple[int, int, int] = (0, 0, 0)

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
            line = PatronBatchLine(
                batch_id=self.row.id, patron_id=patron.id, changes=[], facts={}, made=""
            )
            self.session.add(line)
            self._lines[patron.id] = line
        return self._lines[patron.id]

    def close(self, **facts: Any) -> PatronBatch:
        """Write the act's figures down, once everything is done."""
        self.row.facts = {**facts, "patrons": len(self._lines)}
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
        raise NotFound("batch_unknown")
    return row


def _may(session: Session, actor: Actor, row: PatronBatch) -> bool:
    own = actor.staff_id is not None and row.by == actor.staff_id
    return actor.can(EDIT, unit(session, row.library_id)) or (
        own and row.library_id == actor.library_id
    )


def batches_of(session: Session, actor: Actor, *, limit: int = 50) -> list[PatronBatch]:
    """Return the newest acts of the library the actor works for, as far as the actor may see."""
    query = select(PatronBatch).where(PatronBatch.library_id == actor.library_id)
    rows = session.scalars(query.order_by(PatronBatch.id.desc()).limit(limit))
    return [row for row in rows if _may(session, actor, row)]


def undo_batch(session: Session, actor: Actor, batch_id: int) -> Undone:
    """Give back what an act on many changed, patron by patron where nobody has been since.

    Raises ``Refused`` when it is undone already or thirty days are over.
    """
    row = batch_for(session, actor, batch_id)
    lines = lines_of(session, row.id)
    lock(session, patrons=[line.patron_id for line in lines])
    session.refresh(row)
    if row.ended_at is not None or row.until < clock.today():
        raise Refused("batch_ended")
    left, back = [], 0
    for line in lines:
        patron = session.get_one(Patron, line.patron_id, populate_existing=True)
        if _untouched(session, patron, line) and _given_back(session, actor, patron, line):
            back += 1
        else:
            left.append(Stays(patron.id, patron.name))
    session.execute(delete(PatronBatchLine).where(PatronBatchLine.batch_id == row.id))
    row.ended_at, row.undone, row.undone_by = clock.now(), True, actor.staff_id
    row.facts = {**row.facts, "back": back, "left": len(left)}
    session.flush()
    audit(session, actor, "batch_undone", "patron_batch", row.id, back=back, left=len(left))
    return Undone(row, back, left)


def lines_of(session: Session, batch_id: int) -> Sequence[PatronBatchLine]:
    """Return what an act did, patron by patron."""
    query = select(PatronBatchLine).where(PatronBatchLine.batch_id == batch_id)
    return session.scalars(query.order_by(PatronBatchLine.patron_id)).all()


def _untouched(session: Session, patron: Patron, line: PatronBatchLine) -> bool:
    if patron.deleted_at is not None:
        return False
    if line.made and (summed_up(patron) != line.made or _used(session, patron, line)):
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
    if "photo" in line.facts and patron.photo_id == line.facts["photo"]:
        patron.photo_id = None
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
    for table in (PatronCard, Consent, PatronBatchLine, PatronLook):
        session.execute(delete(table).where(table.patron_id == patron.id))
    session.delete(patron)
    session.flush()
    drop_file(session, photo)


def end_batches(session: Session) -> int:
    """Make acts final that can no longer be undone: what was changed is forgotten. How many?"""
    over = session.scalars(
        select(PatronBatch).where(PatronBatch.ended_at.is_(None), PatronBatch.until < clock.today())
    ).all()
    for row in over:
        session.execute(delete(PatronBatchLine).where(PatronBatchLine.batch_id == row.id))
        row.ended_at = clock.now()
    return len(over)
