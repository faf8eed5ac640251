"""Makers of hand-made events for the tests of reporting."""

from dataclasses import dataclass
from datetime import date
from typing import Any, ClassVar

from sqlalchemy.orm import Session

from ils.accounts.actor import system_actor
from ils.core import clock
from ils.core.events import ActUndone, Event, EventRow, publish_event


@dataclass(frozen=True)
class Happened(Event):
    """Any event; the kind is set by the maker."""

    kind: ClassVar[str] = ""


def event(
    session: Session, kind: str, day: date, library: Any, unit: Any = None, **columns: Any
) -> EventRow:
    """Write an event of any kind on a day at a library (and branch)."""
    facts = columns.pop("facts", {})
    row = publish_event(
        session,
        system_actor(),
        Happened(),
        unit_id=(unit or library).id,
        library_id=library.id,
        effective_at=clock.at_local(day),
        effective_on=day,
        **columns,
    )
    row.kind, row.facts = kind, facts
    session.flush()
    return row


def undo(session: Session, row: EventRow) -> EventRow:
    """Take an event back."""
    undone = publish_event(
        session,
        system_actor(),
        ActUndone(of_kind=row.kind),
        voids_id=row.id,
        unit_id=row.unit_id,
        library_id=row.library_id,
    )
    session.flush()
    return undone


def loan(session: Session, day: date, library: Any, unit: Any = None, **columns: Any) -> EventRow:
    """Lend a book."""
    return event(session, "loan_checked_out", day, library, unit, **{"material": "book", **columns})


def accession(session: Session, day: date, library: Any, record: int, **columns: Any) -> EventRow:
    """Register a copy of a record."""
    facts = {"source": columns.pop("source", "purchase")}
    if columns.pop("opening", False):
        facts["opening_balance"] = True
    words = {"material": "book", "record_id": record, "item_id": record * 100, **columns}
    return event(session, "item_accessioned", day, library, facts=facts, **words)
