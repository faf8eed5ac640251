"""Tables of vouchers: what came in, with which paper, and which copies were made of it."""

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
from sqlalchemy.orm import Mapped, mapped_column

from cataloging.record_pointers import MOVES
from ils.core import clock
from ils.core.db import Base, UTCDateTime

KINDS = ("invoice", "delivery_note", "gift", "allotment", "opening")
STATES = ("draft", "closed", "struck")


class Voucher(Base):
    """A paper with which stock came in: invoice, delivery note, gift record, allotment; or the
    opening balance of stock that was there before. Closed, it is one line of the summary register.

    ``summary_no`` runs on across the years, one series for each library, and stays with a voucher
    that is opened again or struck out. ``counts`` are the figures of that line as closed.
    """

    __tablename__ = "voucher"

    id: Mapped[int] = mapped_column(primary_key=True)
    library_id: Mapped[int] = mapped_column(ForeignKey("org_unit.id"))
    kind: Mapped[str] = mapped_column(String(15))
    number: Mapped[str] = mapped_column(String(60), default="")
    dated_on: Mapped[date | None] = mapped_column(Date)
    entered_on: Mapped[date] = mapped_column(Date)  # the day in the books
    source: Mapped[str] = mapped_column(String(200), default="")  # supplier or donor
    address: Mapped[str] = mapped_column(String(200), default="")
    funding: Mapped[str] = mapped_column(String(120), default="")
    total: Mapped[int | None] = mapped_column(BigInteger)  # đồng, as the paper says
    note: Mapped[str] = mapped_column(Text, default="")
    branch_id: Mapped[int] = mapped_column(ForeignKey("org_unit.id"))
    collection_id: Mapped[int | None] = mapped_column(ForeignKey("collection.id"))
    register_id: Mapped[int | None] = mapped_column(ForeignKey("accession_register.id"))
    item_type: Mapped[str] = mapped_column(ForeignKey("item_type.code"), default="book")
    corrects_id: Mapped[int | None] = mapped_column(ForeignKey("voucher.id"))
    state: Mapped[str] = mapped_column(String(8), default="draft")
    summary_no: Mapped[int | None] = mapped_column(Integer)
    counts: Mapped[dict[str, Any]] = mapped_column(default=dict)
    change_set_id: Mapped[int | None] = mapped_column(ForeignKey("change_set.id"))
    made_at: Mapped[datetime] = mapped_column(UTCDateTime, default=clock.now)
    made_by: Mapped[int | None] = mapped_column(Integer)
    closed_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    closed_by: Mapped[int | None] = mapped_column(Integer)

    __table_args__ = (
        UniqueConstraint("library_id", "summary_no"),
        CheckConstraint(f"kind IN {KINDS!r}", name="kind_known"),
        CheckConstraint(f"state IN {STATES!r}", name="state_known"),
        CheckConstraint(
            "state <> 'closed' OR (summary_no IS NOT NULL AND change_set_id IS NOT NULL)",
            name="closed_is_numbered",
        ),
        CheckConstraint("total IS NULL OR total >= 0", name="total_not_negative"),
        CheckConstraint("summary_no IS NULL OR summary_no > 0", name="number_positive"),
        Index("ix_voucher_state", "library_id", "state", "entered_on"),
    )


class VoucherLine(Base):
    """One title of a voucher: how many copies, at which prices, where they go.

    ``fresh`` are the boxes of a short new record, made at closing. ``numbers`` are accession
    numbers from the old book, or those the copies had when the voucher was closed before.
    """

    __tablename__ = "voucher_line"

    id: Mapped[int] = mapped_column(primary_key=True)
    voucher_id: Mapped[int] = mapped_column(ForeignKey("voucher.id", ondelete="CASCADE"))
    record_id: Mapped[int | None] = mapped_column(ForeignKey("record.id"), info=MOVES)
    fresh: Mapped[dict[str, Any]] = mapped_column(default=dict)
    copies: Mapped[int] = mapped_column(Integer)
    expected: Mapped[int | None] = mapped_column(Integer)  # of an allotment: as announced
    cover_price: Mapped[int | None] = mapped_column(BigInteger)
    paid_price: Mapped[int | None] = mapped_column(BigInteger)
    branch_id: Mapped[int] = mapped_column(ForeignKey("org_unit.id"))
    collection_id: Mapped[int | None] = mapped_column(ForeignKey("collection.id"))
    register_id: Mapped[int | None] = mapped_column(ForeignKey("accession_register.id"))
    item_type: Mapped[str] = mapped_column(ForeignKey("item_type.code"), default="book")
    numbers: Mapped[list[Any]] = mapped_column(default=list)

    __table_args__ = (
        CheckConstraint("copies >= 0", name="copies_counted"),
        CheckConstraint("expected IS NULL OR expected >= 0", name="expected_counted"),
        CheckConstraint(
            "(cover_price IS NULL OR cover_price >= 0) AND (paid_price IS NULL OR paid_price >= 0)",
            name="prices_not_negative",
        ),
        Index("ix_voucher_line_voucher", "voucher_id"),
        Index("ix_voucher_line_record", "record_id"),
    )


class StockEntry(Base):
    """The voucher a copy came in with: at most one."""

    __tablename__ = "stock_entry"

    item_id: Mapped[int] = mapped_column(
        ForeignKey("item.id", ondelete="CASCADE"), primary_key=True
    )
    voucher_id: Mapped[int] = mapped_column(ForeignKey("voucher.id"))

    __table_args__ = (Index("ix_stock_entry_voucher", "voucher_id"),)
