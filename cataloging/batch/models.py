"""Tables of batch change: rules under a name, a run over records, what becomes of each."""

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, Integer, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from cataloging.record_pointers import STAYS
from ils.core import clock
from ils.core.db import Base, UTCDateTime

OUTCOMES = ("waiting", "same", "will", "invalid", "slow", "gone", "changed", "stale")


class BatchRules(Base):
    """Rules of one person, kept under a name."""

    __tablename__ = "batch_rules"

    id: Mapped[int] = mapped_column(primary_key=True)
    staff_id: Mapped[int] = mapped_column(ForeignKey("staff.id", ondelete="CASCADE"))
    name: Mapped[str] = mapped_column(String(80))
    rules: Mapped[list[Any]] = mapped_column()

    __table_args__ = (UniqueConstraint("staff_id", "name"),)


class BatchRun(Base):
    """Rules applied to records: looked at first, then carried out in one change set."""

    __tablename__ = "batch_run"

    id: Mapped[int] = mapped_column(primary_key=True)
    staff_id: Mapped[int] = mapped_column(ForeignKey("staff.id", ondelete="CASCADE"))
    name: Mapped[str] = mapped_column(String(80))
    rules: Mapped[list[Any]] = mapped_column()
    made_at: Mapped[datetime] = mapped_column(UTCDateTime, default=clock.now)
    job_id: Mapped[int | None] = mapped_column(ForeignKey("job.id", ondelete="SET NULL"))
    change_set_id: Mapped[int | None] = mapped_column(ForeignKey("change_set.id"))

    __table_args__ = (Index("ix_batch_run_staff", "staff_id"),)


class BatchLine(Base):
    """One record of a run: the version that was looked at and what becomes, or became, of it."""

    __tablename__ = "batch_line"

    run_id: Mapped[int] = mapped_column(
        ForeignKey("batch_run.id", ondelete="CASCADE"), primary_key=True
    )
    record_id: Mapped[int] = mapped_column(
        ForeignKey("record.id", ondelete="CASCADE"), primary_key=True, info=STAYS
    )
    version: Mapped[int] = mapped_column(Integer, default=0)
    outcome: Mapped[str] = mapped_column(String(10), default="waiting")

    __table_args__ = (
        CheckConstraint(f"outcome IN {OUTCOMES!r}", name="outcome_known"),
        Index("ix_batch_line_outcome", "run_id", "outcome", "record_id"),
        Index("ix_batch_line_record", "record_id"),
    )
