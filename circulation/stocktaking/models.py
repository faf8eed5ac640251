"""Tables of stock-taking. The expected copies are frozen as rows, so that what is lent meanwhile
changes nothing of what was to be looked for."""

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
    UniqueConstraint,
)
from sqlalchemy.orm import Mapped, mapped_column

from ils.core import clock
from ils.core.db import Base, UTCDateTime

STATES = ("planned", "counting", "closed", "canceled")


class StockTake(Base):
    """A stock-taking by decision of the head: what of, by whom, how far.

    ``scope`` names branches, collections and shelves; ``council`` is a list of name and role.
    """

    __tablename__ = "stock_take"

    id: Mapped[int] = mapped_column(primary_key=True)
    library_id: Mapped[int] = mapped_column(ForeignKey("org_unit.id"))
    name: Mapped[str] = mapped_column(String(120))
    decision: Mapped[str] = mapped_column(String(80), default="")
    decided_on: Mapped[date | None] = mapped_column(Date)
    council: Mapped[list[Any]] = mapped_column(default=list)
    scope: Mapped[dict[str, Any]] = mapped_column(default=dict)
    state: Mapped[str] = mapped_column(String(10), default="planned")
    created_at: Mapped[datetime] = mapped_column(UTCDateTime, default=clock.now)
    created_by: Mapped[int | None] = mapped_column(Integer)
    frozen_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    closed_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    closed_by: Mapped[int | None] = mapped_column(Integer)

    __table_args__ = (
        CheckConstraint(f"state IN {STATES!r}", name="state_known"),
        Index("ix_stock_take_library", "library_id", "created_at"),
    )


class StockTakeItem(Base):
    """A copy of a stock-taking: expected, or met outside its place.

    ``place`` of the scan is where it was met. ``result`` is written at the closing and stands.
    """

    __tablename__ = "stock_take_item"

    id: Mapped[int] = mapped_column(primary_key=True)
    take_id: Mapped[int] = mapped_column(ForeignKey("stock_take.id"))
    item_id: Mapped[int] = mapped_column(ForeignKey("item.id"))
    in_scope: Mapped[bool] = mapped_column(Boolean, default=True)
    branch_id: Mapped[int] = mapped_column(Integer)  # where it was at home when frozen
    position: Mapped[str] = mapped_column(String(12))
    lifecycle: Mapped[str] = mapped_column(String(20))
    price: Mapped[int | None] = mapped_column(BigInteger)
    seen_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    seen_branch_id: Mapped[int | None] = mapped_column(Integer)
    damaged: Mapped[bool] = mapped_column(Boolean, default=False)
    result: Mapped[str] = mapped_column(String(14), default="")
    applied_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    lifecycle_before: Mapped[str] = mapped_column(String(20), default="")
    lifecycle_after: Mapped[str] = mapped_column(String(20), default="")

    __table_args__ = (
        UniqueConstraint("take_id", "item_id"),
        Index("ix_stock_take_item_result", "take_id", "result"),
    )


class StockTakeScan(Base):
    """One scan. Its key comes from the scanner, so that a scan sent twice is one."""

    __tablename__ = "stock_take_scan"

    id: Mapped[int] = mapped_column(primary_key=True)
    take_id: Mapped[int] = mapped_column(ForeignKey("stock_take.id"))
    key: Mapped[str] = mapped_column(String(80))
    code: Mapped[str] = mapped_column(String(60))
    item_id: Mapped[int | None] = mapped_column(ForeignKey("item.id"))
    outcome: Mapped[str] = mapped_column(String(14))
    place: Mapped[str] = mapped_column(String(60), default="")
    scanner: Mapped[str] = mapped_column(String(40), default="")
    branch_id: Mapped[int] = mapped_column(Integer)
    scanned_at: Mapped[datetime] = mapped_column(UTCDateTime)
    received_at: Mapped[datetime] = mapped_column(UTCDateTime, default=clock.now)
    staff_id: Mapped[int | None] = mapped_column(Integer)

    __table_args__ = (
        UniqueConstraint("take_id", "key"),
        Index("ix_stock_take_scan_take", "take_id", "scanner", "scanned_at"),
        Index("ix_stock_take_scan_item", "item_id"),
    )
