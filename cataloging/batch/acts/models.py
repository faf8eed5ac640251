"""Tables of acts over many: a run, and what becomes of each copy or record."""

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, Integer, String
from sqlalchemy.orm import Mapped, mapped_column

from ils.core import clock
from ils.core.db import Base, UTCDateTime

ACTS = ("change", "withdraw", "delete")
OUTCOMES = ("waiting", "same", "will", "against", "decision", "listed", "gone", "done", "stale")


class ActRun(Base):
    """An act over many: copies changed (``change``) or withdrawn, records deleted. ``plan`` says how."""

    __tablename__ = "act_run"

    id: Mapped[int] = mapped_column(primary_key=True)
    staff_id: Mapped[int] = mapped_column(ForeignKey("staff.id", ondelete="CASCADE"))
    act: Mapped[str] = mapped_column(String(10))
    name: Mapped[str] = mapped_column(String(80))
    plan: Mapped[dict[str, Any]] = mapped_column(default=dict)
    made_at: Mapped[datetime] = mapped_column(UTCDateTime, default=clock.now)
    job_id: Mapped[int | None] = mapped_column(ForeignKey("job.id", ondelete="SET NULL"))
    change_set_id: Mapped[int | None] = mapped_column(ForeignKey("change_set.id"))

    __table_args__ = (
        CheckConstraint(f"act IN {ACTS!r}", name="act_known"),
        Index("ix_act_run_staff", "staff_id"),
    )


class ActLine(Base):
    """One copy or record of a run. ``seen`` is what it was when it was looked at; ``reasons`` are
    codes, parted by blanks. No foreign key: one that is taken out of the catalogue meanwhile
    leaves its line, which tells so."""

    __tablename__ = "act_line"

    run_id: Mapped[int] = mapped_column(
        ForeignKey("act_run.id", ondelete="CASCADE"), primary_key=True
    )
    subject_id: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    seen: Mapped[dict[str, Any]] = mapped_column(default=dict)
    outcome: Mapped[str] = mapped_column(String(10), default="waiting")
    reasons: Mapped[str] = mapped_column(String(200), default="")

    __table_args__ = (
        CheckConstraint(f"outcome IN {OUTCOMES!r}", name="outcome_known"),
        Index("ix_act_line_outcome", "run_id", "outcome", "subject_id"),
    )
