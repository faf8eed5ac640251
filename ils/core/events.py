"""The event log: what happened, for statistics, disputes and repairs. Append-only.

An event is a frozen dataclass in the past tense; its class says what it means and which facts it
freezes. Erasing a person or a loan leaves the log standing: it holds ids and facts for counting
(age band, sex, category, class of the item), never names. Undoing an act appends an event whose
``voids_id`` names the undone one; folds leave both out.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass, fields
from datetime import date, datetime, timedelta
from typing import Any, ClassVar
from weakref import WeakKeyDictionary

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Date,
    Engine,
    Index,
    Integer,
    String,
    select,
    text,
)
from sqlalchemy.orm import Mapped, Session, mapped_column

from ils.core import clock
from ils.core.config import config
from ils.core.db import Base, UTCDateTime, engine
from ils.core.errors import Refused

# SQLite gives rowids only to a plain INTEGER key.
BigId = BigInteger().with_variant(Integer, "sqlite")

KINDS: dict[str, type["Event"]] = {}


@dataclass(frozen=True)
class Event:
    """Base of all event kinds. A subclass names its ``kind`` and declares its own facts."""

    kind: ClassVar[str] = ""

    def __init_subclass__(cls) -> None:
        if cls.kind:
            KINDS[cls.kind] = cls

    def facts(self) -> dict[str, Any]:
        """Return the declared facts that are not None, ready for JSON."""
        pairs = ((f.name, getattr(self, f.name)) for f in fields(self))
        return {k: v.isoformat() if isinstance(v, date) else v for k, v in pairs if v is not None}


class EventRow(Base):
    """One line of the log. Ids are plain numbers on purpose: the log outlives what they named."""

    __tablename__ = "event"

    id: Mapped[int] = mapped_column(BigId, primary_key=True, autoincrement=True)
    kind: Mapped[str] = mapped_column(String(40))
    unit_id: Mapped[int | None] = mapped_column(Integer)
    library_id: Mapped[int | None] = mapped_column(Integer)
    workstation: Mapped[str | None] = mapped_column(String(80))
    actor_id: Mapped[int | None] = mapped_column(Integer)
    patron_ref: Mapped[int | None] = mapped_column(BigId)  # a number kept for this, see below
    item_id: Mapped[int | None] = mapped_column(Integer)
    record_id: Mapped[int | None] = mapped_column(Integer)
    loan_id: Mapped[int | None] = mapped_column(Integer)
    hold_id: Mapped[int | None] = mapped_column(Integer)
    transit_id: Mapped[int | None] = mapped_column(Integer)
    ledger_id: Mapped[int | None] = mapped_column(Integer)
    recorded_at: Mapped[datetime] = mapped_column(UTCDateTime)
    effective_at: Mapped[datetime] = mapped_column(UTCDateTime)
    effective_on: Mapped[date] = mapped_column(Date)
    quantity: Mapped[int] = mapped_column(Integer, default=1)
    amount: Mapped[int | None] = mapped_column(BigInteger)
    age_band: Mapped[str | None] = mapped_column(String(10))
    sex: Mapped[str | None] = mapped_column(String(1))
    category: Mapped[str | None] = mapped_column(String(30))
    commune: Mapped[str | None] = mapped_column(String(80))
    item_class: Mapped[str | None] = mapped_column(String(4))
    item_type: Mapped[str | None] = mapped_column(String(30))
    language: Mapped[str | None] = mapped_column(String(3))
    collection: Mapped[str | None] = mapped_column(String(30))
    material: Mapped[str | None] = mapped_column(String(20))
    place: Mapped[str | None] = mapped_column(String(12))
    facts: Mapped[dict[str, Any]] = mapped_column(default=dict)
    voids_id: Mapped[int | None] = mapped_column(BigId)

    __table_args__ = (
        CheckConstraint("voids_id IS NULL OR kind = 'act_undone'", name="only_undo_voids"),
        Index("ix_event_library_day_kind", "library_id", "effective_on", "kind"),
        Index("ix_event_kind_day", "kind", "effective_on"),
        Index(
            "ix_event_item",
            "item_id",
            sqlite_where=text("item_id IS NOT NULL"),
            postgresql_where=text("item_id IS NOT NULL"),
        ),
        Index(
            "ix_event_patron",
            "patron_ref",
            sqlite_where=text("patron_ref IS NOT NULL"),
            postgresql_where=text("patron_ref IS NOT NULL"),
        ),
        Index(
            "uq_event_voids",
            "voids_id",
            unique=True,
            sqlite_where=text("voids_id IS NOT NULL"),
            postgresql_where=text("voids_id IS NOT NULL"),
        ),
    )


@dataclass(frozen=True)
class ActUndone(Event):
    """A recorded act was taken back; the log keeps both and statistics count neither."""

    kind: ClassVar[str] = "act_undone"
    of_kind: str | None = None


BEHIND = timedelta(days=1)
LOOK_EVERY = 30.0  # seconds: a clock jumps seldom, and the desk is not to wait for the question
_looked: "WeakKeyDictionary[Engine, float]" = WeakKeyDictionary()


def require_sound_clock(session: Session) -> None:
    """Refuse to write while the clock of the server lies more than a day before the newest event.

    A dead battery sets a machine back by years: loans made then would be due long ago. The order
    of the log is that of its ids and does not suffer. Raises ``Refused('clock_behind')``. Where the
    clock had been ahead and was set right, the setting ``clock_may_go_back`` lets the desks go on.
    """
    if clock.is_set() or time.monotonic() - _looked.get(engine(), -LOOK_EVERY) < LOOK_EVERY:
        return
    newest = session.scalar(select(EventRow.recorded_at).order_by(EventRow.id.desc()).limit(1))
    now = clock.now()
    if newest is not None and now < newest - BEHIND and not config().clock_may_go_back:
        shown = [f"{clock.local(one):%d/%m/%Y %H:%M}" for one in (now, newest)]
        raise Refused("clock_behind", now=shown[0], newest=shown[1])
    _looked[engine()] = time.monotonic()


# Package patrons gives the number that stands for a patron in the log; it can be thrown away.
REFERENCES: list[Callable[[Session, int], int]] = []


def publish_event(
    session: Session,
    actor: Any,
    happened: Event,
    *,
    unit_id: int | None = None,
    library_id: int | None = None,
    effective_at: datetime | None = None,
    effective_on: date | None = None,
    **columns: Any,
) -> EventRow:
    """Append an event to the log in the caller's transaction and return its row.

    ``columns`` are the log's own columns (item_id, patron_ref, age_band, amount, quantity …);
    place and workstation default to the actor's. A patron's id is written as the number that
    stands for it.
    """
    who = columns.get("patron_ref")
    if who is not None and who > 0 and REFERENCES:
        columns["patron_ref"] = REFERENCES[0](session, who)
    now = clock.now()
    at = effective_at or now
    row = EventRow(
        kind=happened.kind,
        facts=happened.facts(),
        unit_id=unit_id if unit_id is not None else getattr(actor, "unit_id", None),
        library_id=library_id if library_id is not None else getattr(actor, "library_id", None),
        workstation=columns.pop("workstation", getattr(actor, "workstation", None)),
        actor_id=columns.pop("actor_id", getattr(actor, "staff_id", None)),
        recorded_at=now,
        effective_at=at,
        effective_on=effective_on or clock.local_day(at),
        **columns,
    )
    session.add(row)
    return row


def void_event(
    session: Session, actor: Any, row: EventRow, *, effective_at: datetime | None = None
) -> None:
    """Append the event that takes one back: of the same day and place, about the same things."""
    publish_event(
        session,
        actor,
        ActUndone(row.kind),
        unit_id=row.unit_id,
        library_id=row.library_id,
        effective_at=effective_at,
        effective_on=row.effective_on,
        item_id=row.item_id,
        record_id=row.record_id,
        loan_id=row.loan_id,
        patron_ref=row.patron_ref,
        voids_id=row.id,
    )
