"""Tables of planned closures: the plan, and a line for each loan, hold, penalty, notice concerned."""

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
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from ils.core import clock
from ils.core.db import Base, UTCDateTime

PLAN_STATES = ("draft", "moving", "applied", "lifted", "undone", "discarded")
LINE_KINDS = ("loan", "hold", "fine", "suspension", "notice")
LINE_STATES = ("planned", "done", "changed", "no_day", "undone", "kept")


class ClosurePlan(Base):
    """Days a unit is to be closed. ``days`` maps each to its reason, ``before`` to what the
    calendar said: null, or {open, reason, opens, closes}."""

    __tablename__ = "closure_plan"

    id: Mapped[int] = mapped_column(primary_key=True)
    unit_id: Mapped[int] = mapped_column(ForeignKey("org_unit.id"))
    first_on: Mapped[date] = mapped_column(Date)
    last_on: Mapped[date] = mapped_column(Date)
    reason: Mapped[str] = mapped_column(String(120))
    days: Mapped[dict[str, Any]] = mapped_column(default=dict)
    before: Mapped[dict[str, Any]] = mapped_column(default=dict)
    state: Mapped[str] = mapped_column(String(10), default="draft")
    pulling: Mapped[int] = mapped_column(Integer, default=0)  # copies being fetched meanwhile
    made_at: Mapped[datetime] = mapped_column(UTCDateTime, default=clock.now)
    made_by: Mapped[int | None] = mapped_column(Integer)
    applied_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    applied_by: Mapped[int | None] = mapped_column(Integer)
    ended_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    ended_by: Mapped[int | None] = mapped_column(Integer)
    job_id: Mapped[int | None] = mapped_column(Integer)

    __table_args__ = (
        CheckConstraint(f"state IN {PLAN_STATES!r}", name="state_known"),
        CheckConstraint("last_on >= first_on", name="forward"),
        Index("ix_closure_plan_unit", "unit_id", "first_on"),
    )


class ClosureLine(Base):
    """What a closure means for one loan or hold (its last day), one posted fine (its excess), one
    suspension (its last day; no new one where it falls away) or one notice (the day it goes out;
    ``about`` says which)."""

    __tablename__ = "closure_line"

    id: Mapped[int] = mapped_column(primary_key=True)
    plan_id: Mapped[int] = mapped_column(ForeignKey("closure_plan.id"))
    kind: Mapped[str] = mapped_column(String(10))
    branch_id: Mapped[int] = mapped_column(ForeignKey("org_unit.id"))
    loan_id: Mapped[int | None] = mapped_column(ForeignKey("loan.id"))
    hold_id: Mapped[int | None] = mapped_column(ForeignKey("hold.id"))
    entry_id: Mapped[int | None] = mapped_column(ForeignKey("ledger_entry.id"))
    old_on: Mapped[date | None] = mapped_column(Date)
    new_on: Mapped[date | None] = mapped_column(Date)
    amount: Mapped[int | None] = mapped_column(BigInteger)
    about: Mapped[str] = mapped_column(String(20), default="")
    state: Mapped[str] = mapped_column(String(10), default="planned")
    done_at: Mapped[datetime | None] = mapped_column(UTCDateTime)

    __table_args__ = (
        CheckConstraint(f"kind IN {LINE_KINDS!r}", name="kind_known"),
        CheckConstraint(f"state IN {LINE_STATES!r}", name="state_known"),
        CheckConstraint(
            "new_on IS NULL OR (kind = 'suspension' AND new_on < old_on)"
            " OR (kind <> 'suspension' AND new_on > old_on)",
            name="only_forward",
        ),
        CheckConstraint("amount IS NULL OR amount > 0", name="amount_positive"),
        Index("ix_closure_line_plan", "plan_id", "kind", "state"),
        Index(
            "uq_closure_line_loan",
            "plan_id",
            "loan_id",
            unique=True,
            sqlite_where=text("kind = 'loan'"),
            postgresql_where=text("kind = 'loan'"),
        ),
        Index("ix_closure_line_loan", "loan_id"),
        Index("ix_closure_line_hold", "hold_id"),
        Index("ix_closure_line_entry", "entry_id"),
    )
