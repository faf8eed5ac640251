"""Tables of rotation: the points, the boxes lent to them, what lay in each, what the points report.

A box is neither a loan to a reader nor a change of owner; where its copies are is read from the
open lines and stored nowhere else.
"""

from datetime import date, datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Date,
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

POINT_KINDS = (
    *("branch", "commune", "school", "post_office", "border_post"),
    *("factory", "pagoda", "prison", "other"),
)
STATES = ("draft", "sent", "closed", "given", "canceled")
LINE_STATES = (
    *("packed", "out"),
    *("returned", "damaged", "missing_at_point", "lost_at_point"),
    *("given", "taken_off", "moved_on"),
)
CHANNELS = ("paper", "phone", "scan")
LINE_IS_OPEN = "closed_at IS NULL"


class RotationPoint(Base):
    """A place that boxes are lent to: a unit of the network, or a point outside it."""

    __tablename__ = "rotation_point"

    id: Mapped[int] = mapped_column(primary_key=True)
    library_id: Mapped[int] = mapped_column(ForeignKey("org_unit.id"))  # whose boxes it gets
    branch_id: Mapped[int | None] = mapped_column(ForeignKey("org_unit.id"))
    kind: Mapped[str] = mapped_column(String(12))
    name: Mapped[str] = mapped_column(String(160))
    address: Mapped[str] = mapped_column(String(200), default="")
    contact: Mapped[str] = mapped_column(String(120), default="")
    phone: Mapped[str] = mapped_column(String(40), default="")
    active: Mapped[bool] = mapped_column(Boolean, default=True)

    __table_args__ = (
        UniqueConstraint("library_id", "name"),
        CheckConstraint(f"kind IN {POINT_KINDS!r}", name="kind_known"),
        CheckConstraint("(kind = 'branch') = (branch_id IS NOT NULL)", name="branch_is_unit"),
    )


class Consignment(Base):
    """A box: what was sent when to whom, under which seal, and how it came back."""

    __tablename__ = "consignment"

    id: Mapped[int] = mapped_column(primary_key=True)
    library_id: Mapped[int] = mapped_column(ForeignKey("org_unit.id"))
    branch_id: Mapped[int] = mapped_column(ForeignKey("org_unit.id"))
    point_id: Mapped[int] = mapped_column(ForeignKey("rotation_point.id"))
    # The box it was made of when a point handed its copies on to the next.
    from_id: Mapped[int | None] = mapped_column(ForeignKey("consignment.id"))
    year: Mapped[int] = mapped_column(Integer)
    serial: Mapped[int] = mapped_column(Integer)
    state: Mapped[str] = mapped_column(String(10), default="draft")
    seal: Mapped[str] = mapped_column(String(40), default="")
    seal_back: Mapped[str] = mapped_column(String(40), default="")
    note: Mapped[str] = mapped_column(Text, default="")
    made_at: Mapped[datetime] = mapped_column(UTCDateTime, default=clock.now)
    made_by: Mapped[int | None] = mapped_column(Integer)
    sent_on: Mapped[date | None] = mapped_column(Date)
    due_on: Mapped[date | None] = mapped_column(Date)
    handed_by: Mapped[str] = mapped_column(String(120), default="")
    taken_by: Mapped[str] = mapped_column(String(120), default="")
    received_on: Mapped[date | None] = mapped_column(Date)  # said by the point
    received_copies: Mapped[int | None] = mapped_column(Integer)
    closed_on: Mapped[date | None] = mapped_column(Date)
    closed_by: Mapped[int | None] = mapped_column(Integer)
    settlement: Mapped[str] = mapped_column(String(160), default="")  # paper on what is missing
    settlement_amount: Mapped[int | None] = mapped_column(BigInteger)
    decision: Mapped[str] = mapped_column(String(120), default="")  # by which it was given
    link: Mapped[int] = mapped_column(Integer, default=0)  # only the newest link of the point opens

    __table_args__ = (
        UniqueConstraint("library_id", "year", "serial"),
        CheckConstraint(f"state IN {STATES!r}", name="state_known"),
        CheckConstraint(
            "state IN ('draft', 'canceled') OR (sent_on IS NOT NULL AND due_on >= sent_on)",
            name="sent_has_days",
        ),
        CheckConstraint(
            "(state IN ('closed', 'given', 'canceled')) = (closed_on IS NOT NULL)",
            name="ended_has_day",
        ),
        CheckConstraint("received_copies IS NULL OR received_copies >= 0", name="copies_counted"),
        CheckConstraint("settlement_amount IS NULL OR settlement_amount >= 0", name="not_negative"),
        Index("ix_consignment_state", "library_id", "state", "due_on"),
        Index("ix_consignment_point", "point_id"),
    )

    @property
    def number(self) -> str:
        """Return the number as written on the papers."""
        return f"LC {self.serial:02}/{self.year}"


class ConsignmentLine(Base):
    """A copy in a box. While it is open the copy is at the point; one open line per copy."""

    __tablename__ = "consignment_line"

    id: Mapped[int] = mapped_column(primary_key=True)
    consignment_id: Mapped[int] = mapped_column(ForeignKey("consignment.id"))
    item_id: Mapped[int] = mapped_column(ForeignKey("item.id"))
    at_branch_id: Mapped[int | None] = mapped_column(ForeignKey("org_unit.id"))  # may lend it there
    state: Mapped[str] = mapped_column(String(16), default="packed")
    added_at: Mapped[datetime] = mapped_column(UTCDateTime, default=clock.now)
    arrived_at: Mapped[datetime | None] = mapped_column(UTCDateTime)  # scanned by its point
    closed_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    uses: Mapped[int] = mapped_column(Integer, default=0)  # counted by scanning
    new_item_id: Mapped[int | None] = mapped_column(ForeignKey("item.id"))  # at the receiver

    __table_args__ = (
        CheckConstraint(f"state IN {LINE_STATES!r}", name="state_known"),
        CheckConstraint(
            "(state IN ('packed', 'out')) = (closed_at IS NULL)", name="open_while_there"
        ),
        CheckConstraint("uses >= 0", name="uses_not_negative"),
        Index("ix_consignment_line_consignment", "consignment_id"),
        Index("ix_consignment_line_item", "item_id"),
        Index(
            "uq_consignment_line_open_item",
            "item_id",
            unique=True,
            sqlite_where=text(LINE_IS_OPEN),
            postgresql_where=text(LINE_IS_OPEN),
        ),
    )


class ConsignmentExtra(Base):
    """Something that was in a box and not on its list, when it came back or when it arrived."""

    __tablename__ = "consignment_extra"

    id: Mapped[int] = mapped_column(primary_key=True)
    consignment_id: Mapped[int] = mapped_column(ForeignKey("consignment.id"))
    item_id: Mapped[int | None] = mapped_column(ForeignKey("item.id"))
    scanned: Mapped[str] = mapped_column(String(60))
    on_arrival: Mapped[bool] = mapped_column(Boolean, default=False)
    at: Mapped[datetime] = mapped_column(UTCDateTime, default=clock.now)

    __table_args__ = (UniqueConstraint("consignment_id", "scanned"),)


class ConsignmentPayment(Base):
    """What settles the sum a point answers for: a receipt, or a part let off by a paper."""

    __tablename__ = "consignment_payment"

    id: Mapped[int] = mapped_column(primary_key=True)
    consignment_id: Mapped[int] = mapped_column(ForeignKey("consignment.id"))
    amount: Mapped[int] = mapped_column(BigInteger)
    receipt_id: Mapped[int | None] = mapped_column(ForeignKey("receipt.id"), unique=True)
    paper: Mapped[str] = mapped_column(String(160), default="")  # by which it was let off
    at: Mapped[datetime] = mapped_column(UTCDateTime, default=clock.now)
    by: Mapped[int | None] = mapped_column(Integer)
    ended_at: Mapped[datetime | None] = mapped_column(UTCDateTime)  # a letting-off taken back

    __table_args__ = (
        CheckConstraint("amount > 0", name="amount_positive"),
        CheckConstraint("(receipt_id IS NULL) = (paper <> '')", name="receipt_or_paper"),
        Index("ix_consignment_payment_consignment", "consignment_id"),
    )


class ConsignmentFigures(Base):
    """What a point reports of a month. ``event_ids`` are the events it was counted by."""

    __tablename__ = "consignment_figures"

    id: Mapped[int] = mapped_column(primary_key=True)
    consignment_id: Mapped[int] = mapped_column(ForeignKey("consignment.id"))
    month: Mapped[date] = mapped_column(Date)  # its first day
    visits: Mapped[int] = mapped_column(Integer, default=0)
    reads: Mapped[int] = mapped_column(Integer, default=0)
    loans: Mapped[int] = mapped_column(Integer, default=0)
    channel: Mapped[str] = mapped_column(String(8))
    told_by: Mapped[str] = mapped_column(String(120), default="")
    at: Mapped[datetime] = mapped_column(UTCDateTime, default=clock.now)
    event_ids: Mapped[list[Any]] = mapped_column(default=list)

    __table_args__ = (
        UniqueConstraint("consignment_id", "month"),
        CheckConstraint(f"channel IN {CHANNELS!r}", name="channel_known"),
        CheckConstraint("visits >= 0 AND reads >= 0 AND loans >= 0", name="not_negative"),
    )
