"""Tables of central purchases: titles, how many copies each library gets, the vouchers made."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import BigInteger, CheckConstraint, Date, ForeignKey, Index, Integer, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from cataloging.record_pointers import MOVES
from ils.core import clock
from ils.core.db import Base, UTCDateTime

STATES = ("draft", "sent")


class CentralPurchase(Base):
    """A paper of the province by which books go to libraries."""

    __tablename__ = "central_purchase"

    id: Mapped[int] = mapped_column(primary_key=True)
    number: Mapped[str] = mapped_column(String(60))
    dated_on: Mapped[date] = mapped_column(Date)
    source: Mapped[str] = mapped_column(String(200), default="")
    funding: Mapped[str] = mapped_column(String(120), default="")
    note: Mapped[str] = mapped_column(Text, default="")
    state: Mapped[str] = mapped_column(String(8), default="draft")
    made_at: Mapped[datetime] = mapped_column(UTCDateTime, default=clock.now)
    made_by: Mapped[int | None] = mapped_column(Integer)
    sent_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    sent_by: Mapped[int | None] = mapped_column(Integer)

    __table_args__ = (
        CheckConstraint(f"state IN {STATES!r}", name="state_known"),
        CheckConstraint("state <> 'sent' OR sent_at IS NOT NULL", name="sent_when"),
    )


class CentralTitle(Base):
    """A title of a purchase: a record, or the boxes of a short new one, made when it is sent."""

    __tablename__ = "central_title"

    id: Mapped[int] = mapped_column(primary_key=True)
    purchase_id: Mapped[int] = mapped_column(ForeignKey("central_purchase.id", ondelete="CASCADE"))
    record_id: Mapped[int | None] = mapped_column(ForeignKey("record.id"), info=MOVES)
    fresh: Mapped[dict[str, Any]] = mapped_column(default=dict)
    price: Mapped[int | None] = mapped_column(BigInteger)  # đồng, paid for a copy

    __table_args__ = (
        CheckConstraint("price IS NULL OR price >= 0", name="price_not_negative"),
        Index("ix_central_title_purchase", "purchase_id"),
    )


class CentralShare(Base):
    """How many copies of a title a library gets."""

    __tablename__ = "central_share"

    title_id: Mapped[int] = mapped_column(
        ForeignKey("central_title.id", ondelete="CASCADE"), primary_key=True
    )
    library_id: Mapped[int] = mapped_column(ForeignKey("org_unit.id"), primary_key=True)
    copies: Mapped[int] = mapped_column(Integer)

    __table_args__ = (CheckConstraint("copies > 0", name="copies_counted"),)


class CentralVoucher(Base):
    """The voucher a library was sent. A library that gives its voucher up has none any more."""

    __tablename__ = "central_voucher"

    purchase_id: Mapped[int] = mapped_column(
        ForeignKey("central_purchase.id", ondelete="CASCADE"), primary_key=True
    )
    library_id: Mapped[int] = mapped_column(ForeignKey("org_unit.id"), primary_key=True)
    voucher_id: Mapped[int] = mapped_column(ForeignKey("voucher.id", ondelete="CASCADE"))

    __table_args__ = (Index("ix_central_voucher_voucher", "voucher_id"),)
