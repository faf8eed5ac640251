"""Tables of offline desks: each sending of a log, and each of its lines with what became of it."""

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, Integer, String, text
from sqlalchemy.orm import Mapped, mapped_column

from ils.core import clock
from ils.core.db import Base, UTCDateTime

WAITING, APPLIED, NOTED, CONFLICT, SETTLED = (
    *("waiting", "applied", "applied_with_note"),
    *("conflict", "settled"),
)
STATES = (WAITING, APPLIED, NOTED, CONFLICT, SETTLED)


class OfflineSend(Base):
    """A log as it arrived from one browser. ``shift_seconds`` is what its clock was off."""

    __tablename__ = "offline_send"

    id: Mapped[int] = mapped_column(primary_key=True)
    device: Mapped[str] = mapped_column(String(60))
    workstation: Mapped[str | None] = mapped_column(String(80))
    unit_id: Mapped[int] = mapped_column(ForeignKey("org_unit.id"))
    sent_by: Mapped[int | None] = mapped_column(Integer)
    received_at: Mapped[datetime] = mapped_column(UTCDateTime, default=clock.now)
    desk_clock: Mapped[datetime] = mapped_column(UTCDateTime)
    shift_seconds: Mapped[int] = mapped_column(Integer, default=0)
    copy_of: Mapped[datetime | None] = mapped_column(UTCDateTime)  # the age of its local copy


class OfflineLine(Base):
    """One command of an offline desk: what was said, when it counts for, and how it ended.

    ``key`` is the key of the scan, the same it would have had with the server. ``conflict`` names
    what a person should look at; the default of its class has been done already. ``facts`` hold
    what the page shows of it, ``result`` the answer of the use case.
    """

    __tablename__ = "offline_line"

    id: Mapped[int] = mapped_column(primary_key=True)
    send_id: Mapped[int] = mapped_column(ForeignKey("offline_send.id"))
    key: Mapped[str] = mapped_column(String(78), unique=True)
    device: Mapped[str] = mapped_column(String(60))
    number: Mapped[int] = mapped_column(Integer)  # the desk's own counter
    library_id: Mapped[int] = mapped_column(ForeignKey("org_unit.id"))
    unit_id: Mapped[int] = mapped_column(ForeignKey("org_unit.id"))
    actor_id: Mapped[int | None] = mapped_column(Integer)  # None: nobody could be proved
    command: Mapped[str] = mapped_column(String(20))
    item_code: Mapped[str] = mapped_column(String(80), default="")
    card: Mapped[str] = mapped_column(String(80), default="")
    quantity: Mapped[int] = mapped_column(Integer, default=1)
    options: Mapped[dict[str, Any]] = mapped_column(default=dict)
    said_at: Mapped[datetime] = mapped_column(UTCDateTime)
    effective_at: Mapped[datetime] = mapped_column(UTCDateTime)
    state: Mapped[str] = mapped_column(String(20), default=WAITING)
    conflict: Mapped[str | None] = mapped_column(String(30))
    notes: Mapped[list[Any]] = mapped_column(default=list)
    facts: Mapped[dict[str, Any]] = mapped_column(default=dict)
    result: Mapped[dict[str, Any]] = mapped_column(default=dict)
    item_id: Mapped[int | None] = mapped_column(Integer)
    patron_id: Mapped[int | None] = mapped_column(ForeignKey("patron.id"))
    loan_id: Mapped[int | None] = mapped_column(Integer)
    tries: Mapped[int] = mapped_column(Integer, default=0)
    replayed_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    settled_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    settled_by: Mapped[int | None] = mapped_column(Integer)
    settled_how: Mapped[str | None] = mapped_column(String(20))
    settled_note: Mapped[str] = mapped_column(String(200), default="")

    __table_args__ = (
        CheckConstraint(f"state IN {STATES!r}", name="state_known"),
        CheckConstraint("state != 'conflict' OR conflict IS NOT NULL", name="conflict_named"),
        CheckConstraint(
            "(state = 'settled') = (settled_at IS NOT NULL)", name="settled_by_someone"
        ),
        Index(
            "ix_offline_line_waiting",
            "library_id",
            "effective_at",
            sqlite_where=text("state = 'waiting'"),
            postgresql_where=text("state = 'waiting'"),
        ),
        Index("ix_offline_line_state", "library_id", "state", "id"),
        Index("ix_offline_line_send", "send_id"),
        Index("ix_offline_line_loan", "loan_id"),
        Index("ix_offline_line_patron", "patron_id"),
    )
