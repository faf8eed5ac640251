"""Tables of the door: who came in with a card or as a visitor of the day. Kept for days, not years."""

from datetime import date, datetime

from sqlalchemy import (
    CheckConstraint,
    Date,
    ForeignKey,
    Index,
    Integer,
    String,
    UniqueConstraint,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

import circulation.patrons.models  # noqa: F401 — visits point at its patrons
from ils.core import clock
from ils.core.db import Base, UTCDateTime
from ils.core.events import BigId

SESSIONS = ("day", "morning", "afternoon", "evening")


class DayVisitor(Base):
    """Somebody without a card who reads here today: a name, a paper seen, a purpose, a number."""

    __tablename__ = "day_visitor"

    id: Mapped[int] = mapped_column(primary_key=True)
    library_id: Mapped[int] = mapped_column(ForeignKey("org_unit.id"))
    branch_id: Mapped[int] = mapped_column(ForeignKey("org_unit.id"))
    day: Mapped[date] = mapped_column(Date, default=clock.today)
    number: Mapped[str] = mapped_column(String(20))
    name: Mapped[str] = mapped_column(String(120))
    paper: Mapped[str] = mapped_column(String(40), default="")  # kind of ID, number masked
    purpose: Mapped[str] = mapped_column(String(120), default="")
    at: Mapped[datetime] = mapped_column(UTCDateTime, default=clock.now)
    by: Mapped[int | None] = mapped_column(Integer)
    # what stands for the visitor where something is asked for or read
    patron_id: Mapped[int | None] = mapped_column(ForeignKey("patron.id"))

    __table_args__ = (
        UniqueConstraint("library_id", "number"),
        Index("ix_day_visitor_branch", "branch_id", "day"),
    )


class DoorVisit(Base):
    """A visit counted at the door: once for a person, branch, day and session."""

    __tablename__ = "door_visit"

    id: Mapped[int] = mapped_column(BigId, primary_key=True, autoincrement=True)
    branch_id: Mapped[int] = mapped_column(ForeignKey("org_unit.id"))
    day: Mapped[date] = mapped_column(Date)
    session: Mapped[str] = mapped_column(String(10), default="day")
    patron_id: Mapped[int | None] = mapped_column(ForeignKey("patron.id"))
    visitor_id: Mapped[int | None] = mapped_column(ForeignKey("day_visitor.id"))
    at: Mapped[datetime] = mapped_column(UTCDateTime, default=clock.now)

    __table_args__ = (
        CheckConstraint(f"session IN {SESSIONS!r}", name="session_known"),
        CheckConstraint("(patron_id IS NULL) != (visitor_id IS NULL)", name="of_one"),
        Index(
            "uq_door_visit_patron",
            "patron_id",
            "branch_id",
            "day",
            "session",
            unique=True,
            sqlite_where=text("patron_id IS NOT NULL"),
            postgresql_where=text("patron_id IS NOT NULL"),
        ),
        Index(
            "uq_door_visit_visitor",
            "visitor_id",
            "branch_id",
            "day",
            "session",
            unique=True,
            sqlite_where=text("visitor_id IS NOT NULL"),
            postgresql_where=text("visitor_id IS NOT NULL"),
        ),
        Index("ix_door_visit_day", "branch_id", "day"),
    )
