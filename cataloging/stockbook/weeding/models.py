"""Tables of weeding: lists with their council, minutes and decision; what became of the copies."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Date,
    ForeignKey,
    Index,
    Integer,
    String,
    Text,
    UniqueConstraint,
)
from sqlalchemy import text as sql
from sqlalchemy.orm import Mapped, mapped_column

from ils.core import clock
from ils.core.db import Base, UTCDateTime

STATES = ("proposed", "decided", "struck")
LINE_STATES = ("proposed", "withdrawn", "restored")
FATES = ("transferred", "sold", "destroyed")
STANDS = "state IN ('proposed', 'withdrawn')"


class Weeding(Base):
    """A list of copies to be weeded out. ``council`` are dicts of name and role."""

    __tablename__ = "weeding"

    id: Mapped[int] = mapped_column(primary_key=True)
    library_id: Mapped[int] = mapped_column(ForeignKey("org_unit.id"))
    name: Mapped[str] = mapped_column(String(120))
    state: Mapped[str] = mapped_column(String(10), default="proposed")
    council: Mapped[list[Any]] = mapped_column(default=list)
    minutes_no: Mapped[str] = mapped_column(String(40), default="")
    met_on: Mapped[date | None] = mapped_column(Date)
    decision_no: Mapped[str] = mapped_column(String(40), default="")
    decided_on: Mapped[date | None] = mapped_column(Date)
    decided_by: Mapped[str] = mapped_column(String(120), default="")
    note: Mapped[str] = mapped_column(Text, default="")
    made_at: Mapped[datetime] = mapped_column(UTCDateTime, default=clock.now)
    made_by: Mapped[int | None] = mapped_column(Integer)
    closed_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    closed_by: Mapped[int | None] = mapped_column(Integer)

    __table_args__ = (
        CheckConstraint(f"state IN {STATES!r}", name="state_known"),
        CheckConstraint(
            "state <> 'decided' OR (minutes_no <> '' AND met_on IS NOT NULL"
            " AND decision_no <> '' AND decided_on IS NOT NULL)",
            name="decided_with_papers",
        ),
        Index("ix_weeding_library", "library_id", "state"),
    )


class Disposal(Base):
    """The minutes by which withdrawn copies went: given to somebody, sold, destroyed."""

    __tablename__ = "disposal"

    id: Mapped[int] = mapped_column(primary_key=True)
    weeding_id: Mapped[int] = mapped_column(ForeignKey("weeding.id"))
    kind: Mapped[str] = mapped_column(String(12))
    number: Mapped[str] = mapped_column(String(40))
    dated_on: Mapped[date] = mapped_column(Date)
    receiver: Mapped[str] = mapped_column(String(200), default="")
    proceeds: Mapped[int | None] = mapped_column(BigInteger)  # đồng
    note: Mapped[str] = mapped_column(Text, default="")
    made_at: Mapped[datetime] = mapped_column(UTCDateTime, default=clock.now)
    made_by: Mapped[int | None] = mapped_column(Integer)

    __table_args__ = (
        CheckConstraint(f"kind IN {FATES!r}", name="kind_known"),
        CheckConstraint("proceeds IS NULL OR proceeds >= 0", name="proceeds_not_negative"),
        Index("ix_disposal_weeding", "weeding_id"),
    )


class WeedingLine(Base):
    """A copy on a list. ``was`` is its state before it was proposed, ``price`` its value when it was
    withdrawn, ``ground`` the rule that found it. A copy stands on at most one list."""

    __tablename__ = "weeding_line"

    id: Mapped[int] = mapped_column(primary_key=True)
    weeding_id: Mapped[int] = mapped_column(ForeignKey("weeding.id", ondelete="CASCADE"))
    item_id: Mapped[int] = mapped_column(ForeignKey("item.id", ondelete="CASCADE"))
    reason: Mapped[str] = mapped_column(String(20))
    ground: Mapped[str] = mapped_column(String(20), default="")
    note: Mapped[str] = mapped_column(String(200), default="")
    was: Mapped[str] = mapped_column(String(20))
    state: Mapped[str] = mapped_column(String(10), default="proposed")
    price: Mapped[int | None] = mapped_column(BigInteger)
    disposal_id: Mapped[int | None] = mapped_column(ForeignKey("disposal.id"))

    __table_args__ = (
        UniqueConstraint("weeding_id", "item_id"),
        CheckConstraint(f"state IN {LINE_STATES!r}", name="state_known"),
        CheckConstraint("disposal_id IS NULL OR state = 'withdrawn'", name="disposed_is_withdrawn"),
        Index(
            "uq_weeding_line_standing",
            "item_id",
            unique=True,
            sqlite_where=sql(STANDS),
            postgresql_where=sql(STANDS),
        ),
        Index("ix_weeding_line_disposal", "disposal_id"),
    )
