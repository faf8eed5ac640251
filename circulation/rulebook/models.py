"""Tables of the work on rules: values being tried, and rules applied to open loans with their lines."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import CheckConstraint, Date, ForeignKey, Index, Integer, String
from sqlalchemy.orm import Mapped, mapped_column

from ils.core import clock
from ils.core.db import Base, UTCDateTime

DRAFT_STATES = ("draft", "saved", "discarded")
APPLIED_STATES = ("draft", "moving", "applied", "undone", "discarded")
LINE_STATES = ("planned", "done", "changed", "undone", "kept")


class RuleDraft(Base):
    """Values somebody thinks of setting at a unit. ``cells`` holds the list under ``changes``;
    ``result`` what they would have made of the loans of the last days."""

    __tablename__ = "rule_draft"

    id: Mapped[int] = mapped_column(primary_key=True)
    unit_id: Mapped[int] = mapped_column(ForeignKey("org_unit.id"))
    cells: Mapped[dict[str, Any]] = mapped_column(default=dict)
    result: Mapped[dict[str, Any]] = mapped_column(default=dict)
    state: Mapped[str] = mapped_column(String(10), default="draft")
    job_id: Mapped[int | None] = mapped_column(Integer)
    made_at: Mapped[datetime] = mapped_column(UTCDateTime, default=clock.now)
    made_by: Mapped[int | None] = mapped_column(Integer)
    ended_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    ended_by: Mapped[int | None] = mapped_column(Integer)

    __table_args__ = (
        CheckConstraint(f"state IN {DRAFT_STATES!r}", name="state_known"),
        Index("ix_rule_draft_unit", "unit_id", "made_at"),
    )


class RulesApplied(Base):
    """The rules of today given to loans already open at a unit and below."""

    __tablename__ = "rules_applied"

    id: Mapped[int] = mapped_column(primary_key=True)
    unit_id: Mapped[int] = mapped_column(ForeignKey("org_unit.id"))
    item_type: Mapped[str] = mapped_column(String(30), default="")
    category: Mapped[str] = mapped_column(String(30), default="")
    state: Mapped[str] = mapped_column(String(10), default="draft")
    looked_at: Mapped[int] = mapped_column(Integer, default=0)
    job_id: Mapped[int | None] = mapped_column(Integer)
    made_at: Mapped[datetime] = mapped_column(UTCDateTime, default=clock.now)
    made_by: Mapped[int | None] = mapped_column(Integer)
    applied_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    ended_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    ended_by: Mapped[int | None] = mapped_column(Integer)

    __table_args__ = (
        CheckConstraint(f"state IN {APPLIED_STATES!r}", name="state_known"),
        Index("ix_rules_applied_unit", "unit_id", "made_at"),
    )


class RulesLine(Base):
    """One open loan that gets other values: the old and the new, and a due day that moves."""

    __tablename__ = "rules_line"

    id: Mapped[int] = mapped_column(primary_key=True)
    applied_id: Mapped[int] = mapped_column(ForeignKey("rules_applied.id"))
    loan_id: Mapped[int] = mapped_column(ForeignKey("loan.id"))
    old_due: Mapped[date] = mapped_column(Date)
    new_due: Mapped[date] = mapped_column(Date)
    old_policy: Mapped[dict[str, Any]] = mapped_column(default=dict)
    new_policy: Mapped[dict[str, Any]] = mapped_column(default=dict)
    fine_before: Mapped[int] = mapped_column(Integer, default=0)
    fine_after: Mapped[int] = mapped_column(Integer, default=0)
    state: Mapped[str] = mapped_column(String(10), default="planned")
    done_at: Mapped[datetime | None] = mapped_column(UTCDateTime)

    __table_args__ = (
        CheckConstraint(f"state IN {LINE_STATES!r}", name="state_known"),
        CheckConstraint("new_due >= old_due", name="only_forward"),
        Index("uq_rules_line_loan", "applied_id", "loan_id", unique=True),
        Index("ix_rules_line_state", "applied_id", "state"),
        Index("ix_rules_line_loan", "loan_id"),
    )
