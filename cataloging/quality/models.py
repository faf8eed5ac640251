"""Tables of quality: the points of each record, its faults, what is left as it is, the months."""

from datetime import datetime

from sqlalchemy import ForeignKey, Index, Integer, SmallInteger, String
from sqlalchemy.orm import Mapped, mapped_column

from cataloging.record_pointers import STAYS
from ils.core import clock
from ils.core.db import Base, UTCDateTime


class RecordScore(Base):
    """The points of a record by the rules of a version, for the province (library 0) and for each
    library that has it or made it; they follow the record by the outbox."""

    __tablename__ = "record_score"

    record_id: Mapped[int] = mapped_column(
        ForeignKey("record.id", ondelete="CASCADE"),
        primary_key=True,
        autoincrement=False,
        info=STAYS,
    )
    library_id: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    score: Mapped[int] = mapped_column(SmallInteger)
    rules: Mapped[int] = mapped_column(SmallInteger)
    scored_at: Mapped[datetime] = mapped_column(UTCDateTime, default=clock.now)

    __table_args__ = (Index("ix_record_score_library", "library_id", "score"),)


class RecordFault(Base):
    """One fault of a record, for the province (library 0) and for each library that has it or made
    it; what copies lack is a fault of their own library only, and of the province."""

    __tablename__ = "record_fault"

    record_id: Mapped[int] = mapped_column(
        ForeignKey("record.id", ondelete="CASCADE"),
        primary_key=True,
        autoincrement=False,
        info=STAYS,
    )
    code: Mapped[str] = mapped_column(String(20), primary_key=True)
    library_id: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    word: Mapped[str] = mapped_column(String(120), default="")

    __table_args__ = (Index("ix_record_fault_library", "library_id", "code", "record_id"),)


class FaultLeft(Base):
    """A fault that a cataloguer looked at and left as it is: the book is so."""

    __tablename__ = "fault_left"

    record_id: Mapped[int] = mapped_column(
        ForeignKey("record.id", ondelete="CASCADE"),
        primary_key=True,
        autoincrement=False,
        info=STAYS,
    )
    code: Mapped[str] = mapped_column(String(20), primary_key=True)
    left_by: Mapped[int | None] = mapped_column(Integer)
    left_at: Mapped[datetime] = mapped_column(UTCDateTime, default=clock.now)


class QualityMonth(Base):
    """How many of a fault a library (0: the province) had when a month was last counted."""

    __tablename__ = "quality_month"

    month: Mapped[str] = mapped_column(String(7), primary_key=True)
    library_id: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    code: Mapped[str] = mapped_column(String(20), primary_key=True)
    count: Mapped[int] = mapped_column(Integer)
