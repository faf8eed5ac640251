"""Tables of reporting: reports with their cells, comments and history, and totals of the log.

A report is a paper of one unit for one period. What was computed and what somebody put in its
place are both kept; from submission on the paper is its ``snapshot``, which nothing changes.
"""

from datetime import date, datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Date,
    Float,
    ForeignKey,
    Index,
    Integer,
    String,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from ils.core import clock
from ils.core.db import Base, UTCDateTime
from ils.core.events import BigId, EventRow

STATES = ("draft", "submitted", "returned", "approved")
COLUMNS = ("period", "cumulative", "last_year")


class Report(Base):
    """One version of one unit's report for one period of a template's clock."""

    __tablename__ = "report"

    id: Mapped[int] = mapped_column(primary_key=True)
    template: Mapped[str] = mapped_column(String(30))
    template_version: Mapped[int] = mapped_column(Integer)
    unit_id: Mapped[int] = mapped_column(ForeignKey("org_unit.id"))
    period_start: Mapped[date] = mapped_column(Date)
    period_end: Mapped[date] = mapped_column(Date)
    due_on: Mapped[date] = mapped_column(Date)
    state: Mapped[str] = mapped_column(String(10), default="draft")
    version: Mapped[int] = mapped_column(Integer, default=1)
    correction_of: Mapped[int | None] = mapped_column(ForeignKey("report.id"))
    note: Mapped[str] = mapped_column(Text, default="")
    signatures: Mapped[dict[str, Any]] = mapped_column(default=dict)  # preparer, checker, head
    computed_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    created_at: Mapped[datetime] = mapped_column(UTCDateTime, default=clock.now)
    created_by: Mapped[int | None] = mapped_column(Integer)
    first_submitted_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    submitted_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    submitted_by: Mapped[int | None] = mapped_column(Integer)
    approved_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    approved_by: Mapped[int | None] = mapped_column(Integer)
    snapshot: Mapped[dict[str, Any] | None] = mapped_column()
    revision: Mapped[int] = mapped_column(Integer, default=1)

    __mapper_args__ = {"version_id_col": revision}
    __table_args__ = (
        UniqueConstraint("template", "unit_id", "period_start", "version"),
        CheckConstraint(f"state IN {STATES!r}", name="state_known"),
        CheckConstraint("period_end >= period_start", name="period_ordered"),
        CheckConstraint(
            "state NOT IN ('submitted', 'approved') OR snapshot IS NOT NULL", name="sent_is_frozen"
        ),
        Index("ix_report_period", "template", "period_start"),
        Index(
            "uq_report_in_hand",
            "template",
            "unit_id",
            "period_start",
            unique=True,
            sqlite_where=text("state != 'approved'"),
            postgresql_where=text("state != 'approved'"),
        ),
    )


class ReportCell(Base):
    """One figure. ``value`` is typed and goes before ``computed``; both are kept and printed."""

    __tablename__ = "report_cell"

    id: Mapped[int] = mapped_column(primary_key=True)
    report_id: Mapped[int] = mapped_column(ForeignKey("report.id", ondelete="CASCADE"))
    row: Mapped[str] = mapped_column(String(30))
    column: Mapped[str] = mapped_column(String(12))
    computed: Mapped[float | None] = mapped_column(Float)
    value: Mapped[float | None] = mapped_column(Float)
    reason: Mapped[str] = mapped_column(String(300), default="")
    corrected_by: Mapped[int | None] = mapped_column(Integer)
    corrected_at: Mapped[datetime | None] = mapped_column(UTCDateTime)

    __table_args__ = (
        UniqueConstraint("report_id", "row", "column"),
        CheckConstraint(f'"column" IN {COLUMNS!r}', name="column_known"),
    )


class ReportComment(Base):
    """What the province found odd in a cell (or in the whole paper, when the row is empty)."""

    __tablename__ = "report_comment"

    id: Mapped[int] = mapped_column(primary_key=True)
    report_id: Mapped[int] = mapped_column(ForeignKey("report.id", ondelete="CASCADE"), index=True)
    row: Mapped[str] = mapped_column(String(30), default="")
    column: Mapped[str] = mapped_column(String(12), default="")
    text: Mapped[str] = mapped_column(Text)
    author_id: Mapped[int | None] = mapped_column(Integer)
    at: Mapped[datetime] = mapped_column(UTCDateTime, default=clock.now)
    answered_at: Mapped[datetime | None] = mapped_column(UTCDateTime)


class ReportStep(Base):
    """One step of a paper's way. A submission keeps the figures it sent."""

    __tablename__ = "report_step"

    id: Mapped[int] = mapped_column(primary_key=True)
    report_id: Mapped[int] = mapped_column(ForeignKey("report.id", ondelete="CASCADE"), index=True)
    step: Mapped[str] = mapped_column(String(20))
    at: Mapped[datetime] = mapped_column(UTCDateTime, default=clock.now)
    actor_id: Mapped[int | None] = mapped_column(Integer)
    actor_name: Mapped[str] = mapped_column(String(120), default="")
    facts: Mapped[dict[str, Any]] = mapped_column(default=dict)


class EventTotal(Base):
    """Sums of the event log for half a month (1st-14th, 15th-end), where every clock can cut.

    Empty words stand for 'not said', so that the key is unique in every database. ``part`` is the
    fact that splits a kind further: kind of payment, source of an addition, reason of a withdrawal.
    """

    __tablename__ = "event_total"

    id: Mapped[int] = mapped_column(BigId, primary_key=True, autoincrement=True)
    starts_on: Mapped[date] = mapped_column(Date)
    unit_id: Mapped[int] = mapped_column(Integer, default=0)
    library_id: Mapped[int] = mapped_column(Integer, default=0)
    kind: Mapped[str] = mapped_column(String(40))
    age_band: Mapped[str] = mapped_column(String(10), default="")
    place: Mapped[str] = mapped_column(String(12), default="")
    material: Mapped[str] = mapped_column(String(20), default="")
    part: Mapped[str] = mapped_column(String(40), default="")
    n: Mapped[int] = mapped_column(BigInteger, default=0)
    quantity: Mapped[int] = mapped_column(BigInteger, default=0)
    amount: Mapped[int] = mapped_column(BigInteger, default=0)

    __table_args__ = (
        UniqueConstraint(
            *("kind", "starts_on", "unit_id", "library_id", "age_band", "place", "material"),
            "part",
            name="uq_event_total_key",
        ),
    )


class EventTotalMark(Base):
    """Up to which event the totals are folded. One row; later events are added when asked.

    ``scheme`` names the kinds and parts folded; when the program's differs, all is folded anew.
    """

    __tablename__ = "event_total_mark"

    id: Mapped[int] = mapped_column(primary_key=True)
    event_id: Mapped[int] = mapped_column(BigInteger, default=0)
    scheme: Mapped[str] = mapped_column(String(32), default="")
    folded_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    checked_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    differences: Mapped[int] = mapped_column(Integer, default=0)


# Counting titles means counting distinct records: additions and withdrawals lie here by record.
STOCK_KINDS = ("item_accessioned", "item_withdrawn")
_STOCK = text(f"kind IN {STOCK_KINDS!r}")
Index(
    "ix_event_stock",
    EventRow.record_id,
    EventRow.library_id,
    EventRow.effective_on,
    EventRow.kind,
    EventRow.material,
    EventRow.id,
    sqlite_where=_STOCK,
    postgresql_where=_STOCK,
)
