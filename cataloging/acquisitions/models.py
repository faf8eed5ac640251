"""Tables of acquisitions: who sells, what may be spent, what was ordered and how it came in, and
what people would like to have."""

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

from cataloging.record_pointers import MOVES
from ils.core import clock
from ils.core.db import Base, UTCDateTime

ORDER_STATES = ("draft", "sent", "cancelled")
DISCOUNT_PART = "discount_part BETWEEN 0 AND 99 AND (discount < 100 OR discount_part = 0)"
MAIL_STATES = ("waiting", "handing", "sent", "failed", "unsure")
SUGGESTION_STATES = ("new", "accepted", "declined")


class Supplier(Base):
    """Who sells books or delivers newspapers. Those of a unit serve the units below it too.

    ``search`` is name and tax code without marks; ``tax_code`` is digits, those of a branch office
    as ``0100109106-001``.
    """

    __tablename__ = "supplier"

    id: Mapped[int] = mapped_column(primary_key=True)
    unit_id: Mapped[int] = mapped_column(ForeignKey("org_unit.id"))
    name: Mapped[str] = mapped_column(String(200))
    tax_code: Mapped[str] = mapped_column(String(14), default="")
    address: Mapped[str] = mapped_column(String(200), default="")
    phone: Mapped[str] = mapped_column(String(40), default="")
    email: Mapped[str] = mapped_column(String(120), default="")
    contract_no: Mapped[str] = mapped_column(String(60), default="")
    contract_from: Mapped[date | None] = mapped_column(Date)
    contract_until: Mapped[date | None] = mapped_column(Date)
    note: Mapped[str] = mapped_column(Text, default="")
    active: Mapped[bool] = mapped_column(Boolean, default=True)
    search: Mapped[str] = mapped_column(String(300), default="")
    name_sort: Mapped[str] = mapped_column(String(240), default="")
    made_at: Mapped[datetime] = mapped_column(UTCDateTime, default=clock.now)
    made_by: Mapped[int | None] = mapped_column(Integer)

    __table_args__ = (
        Index(
            "ix_supplier_tax_code",
            "unit_id",
            "tax_code",
            unique=True,
            sqlite_where=text("tax_code <> ''"),
            postgresql_where=text("tax_code <> ''"),
        ),
        Index("ix_supplier_name", "unit_id", "name_sort"),
        CheckConstraint("name <> ''", name="name_given"),
        CheckConstraint(
            "contract_from IS NULL OR contract_until IS NULL OR contract_from <= contract_until",
            name="contract_runs_forward",
        ),
    )


class BudgetLine(Base):
    """Money of a year for buying. What is ordered and spent of it is worked out, never stored."""

    __tablename__ = "budget_line"

    id: Mapped[int] = mapped_column(primary_key=True)
    library_id: Mapped[int] = mapped_column(ForeignKey("org_unit.id"))
    year: Mapped[int] = mapped_column(Integer)
    name: Mapped[str] = mapped_column(String(120))
    source: Mapped[str] = mapped_column(String(120), default="")
    amount: Mapped[int] = mapped_column(BigInteger)  # đồng
    note: Mapped[str] = mapped_column(Text, default="")
    closed: Mapped[bool] = mapped_column(Boolean, default=False)  # takes no further orders
    made_at: Mapped[datetime] = mapped_column(UTCDateTime, default=clock.now)
    made_by: Mapped[int | None] = mapped_column(Integer)

    __table_args__ = (
        UniqueConstraint("library_id", "year", "name"),
        CheckConstraint("name <> ''", name="name_given"),
        CheckConstraint("amount >= 0", name="amount_not_negative"),
    )


class BudgetVoucher(Base):
    """A voucher that is paid from a budget line; its lines that came of an order count there."""

    __tablename__ = "budget_voucher"

    voucher_id: Mapped[int] = mapped_column(
        ForeignKey("voucher.id", ondelete="CASCADE"), primary_key=True
    )
    budget_line_id: Mapped[int] = mapped_column(ForeignKey("budget_line.id"))

    __table_args__ = (Index("ix_budget_voucher_line", "budget_line_id"),)


class Discounted:
    """Has a discount: whole per cent, and hundredths of one beside them."""

    discount: Mapped[int]
    discount_part: Mapped[int]

    @property
    def off(self) -> int:
        """The discount in hundredths of a per cent."""
        return self.discount * 100 + self.discount_part

    @off.setter
    def off(self, hundredths: int) -> None:
        self.discount, self.discount_part = divmod(hundredths, 100)


class PurchaseOrder(Base, Discounted):
    """An order to a supplier. How much of it came in is worked out from the vouchers.

    ``serial`` runs within the year of a library; once given it stays with the order.
    ``budget_line_id`` and ``discount`` are what its titles begin with.
    """

    __tablename__ = "purchase_order"

    id: Mapped[int] = mapped_column(primary_key=True)
    library_id: Mapped[int] = mapped_column(ForeignKey("org_unit.id"))
    branch_id: Mapped[int] = mapped_column(ForeignKey("org_unit.id"))
    supplier_id: Mapped[int] = mapped_column(ForeignKey("supplier.id"))
    budget_line_id: Mapped[int | None] = mapped_column(ForeignKey("budget_line.id"))
    discount: Mapped[int] = mapped_column(Integer, default=0)  # whole per cent
    discount_part: Mapped[int] = mapped_column(Integer, default=0)  # and hundredths of one
    state: Mapped[str] = mapped_column(String(10), default="draft")
    year: Mapped[int | None] = mapped_column(Integer)
    serial: Mapped[int | None] = mapped_column(Integer)
    number: Mapped[str] = mapped_column(String(40), default="")
    dated_on: Mapped[date | None] = mapped_column(Date)  # the day it was sent
    expected_on: Mapped[date | None] = mapped_column(Date)
    note: Mapped[str] = mapped_column(Text, default="")
    reason: Mapped[str] = mapped_column(String(300), default="")  # why it was cancelled
    made_at: Mapped[datetime] = mapped_column(UTCDateTime, default=clock.now)
    made_by: Mapped[int | None] = mapped_column(Integer)
    sent_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    sent_by: Mapped[int | None] = mapped_column(Integer)

    __table_args__ = (
        UniqueConstraint("library_id", "year", "serial"),
        CheckConstraint(f"state IN {ORDER_STATES!r}", name="state_known"),
        CheckConstraint(
            "state <> 'sent' OR (serial IS NOT NULL AND year IS NOT NULL AND dated_on IS NOT NULL)",
            name="sent_is_numbered",
        ),
        CheckConstraint("state <> 'cancelled' OR reason <> ''", name="cancelled_with_reason"),
        CheckConstraint("discount BETWEEN 0 AND 100", name="discount_possible"),
        CheckConstraint(DISCOUNT_PART, name="discount_part_possible"),
        Index("ix_purchase_order_state", "library_id", "state", "expected_on"),
        Index("ix_purchase_order_supplier", "supplier_id"),
    )


class OrderLine(Base, Discounted):
    """A title of an order: a record, or the boxes of a short new one, made when it is received."""

    __tablename__ = "order_line"

    id: Mapped[int] = mapped_column(primary_key=True)
    order_id: Mapped[int] = mapped_column(ForeignKey("purchase_order.id", ondelete="CASCADE"))
    record_id: Mapped[int | None] = mapped_column(ForeignKey("record.id"), info=MOVES)
    fresh: Mapped[dict[str, Any]] = mapped_column(default=dict)
    copies: Mapped[int] = mapped_column(Integer)
    price: Mapped[int | None] = mapped_column(BigInteger)  # đồng, expected on the book
    discount: Mapped[int] = mapped_column(Integer, default=0)  # whole per cent
    discount_part: Mapped[int] = mapped_column(Integer, default=0)  # and hundredths of one
    budget_line_id: Mapped[int | None] = mapped_column(ForeignKey("budget_line.id"))

    __table_args__ = (
        CheckConstraint("copies > 0", name="copies_counted"),
        CheckConstraint("price IS NULL OR price >= 0", name="price_not_negative"),
        CheckConstraint("discount BETWEEN 0 AND 100", name="discount_possible"),
        CheckConstraint(DISCOUNT_PART, name="discount_part_possible"),
        Index("ix_order_line_order", "order_id"),
        Index("ix_order_line_record", "record_id"),
        Index("ix_order_line_budget", "budget_line_id"),
    )


class OrderMail(Base):
    """An order sent by mail: to which address, who asked for it when, and what became of it.

    ``handing`` while it is handed over; ``unsure`` where nobody can know whether it went. ``said`` is
    the mail server's answer.
    """

    __tablename__ = "order_mail"

    id: Mapped[int] = mapped_column(primary_key=True)
    order_id: Mapped[int] = mapped_column(ForeignKey("purchase_order.id", ondelete="CASCADE"))
    address: Mapped[str] = mapped_column(String(120))
    state: Mapped[str] = mapped_column(String(10), default="waiting")
    said: Mapped[str] = mapped_column(String(280), default="")
    asked_at: Mapped[datetime] = mapped_column(UTCDateTime, default=clock.now)
    asked_by: Mapped[int | None] = mapped_column(Integer)
    done_at: Mapped[datetime | None] = mapped_column(UTCDateTime)

    __table_args__ = (
        CheckConstraint(f"state IN {MAIL_STATES!r}", name="state_known"),
        Index("ix_order_mail_order", "order_id"),
    )


class OrderReceipt(Base):
    """The line of a voucher with which copies of an order came in; it goes with the voucher."""

    __tablename__ = "order_receipt"

    voucher_line_id: Mapped[int] = mapped_column(
        ForeignKey("voucher_line.id", ondelete="CASCADE"), primary_key=True
    )
    order_line_id: Mapped[int] = mapped_column(ForeignKey("order_line.id"))

    __table_args__ = (Index("ix_order_receipt_order_line", "order_line_id"),)


class Suggestion(Base):
    """What a reader or somebody of the staff would like the library to buy.

    ``patron_id`` and the reader's own words (``note``) are cut some weeks after the answer.
    ``match`` is the title without marks, by which the same wish of several people is told.
    """

    __tablename__ = "suggestion"

    id: Mapped[int] = mapped_column(primary_key=True)
    library_id: Mapped[int] = mapped_column(ForeignKey("org_unit.id"))
    patron_id: Mapped[int | None] = mapped_column(ForeignKey("patron.id"))
    staff_id: Mapped[int | None] = mapped_column(Integer)
    title: Mapped[str] = mapped_column(String(300))
    authors: Mapped[str] = mapped_column(String(200), default="")
    publisher: Mapped[str] = mapped_column(String(200), default="")
    year: Mapped[str] = mapped_column(String(10), default="")
    isbn: Mapped[str] = mapped_column(String(20), default="")
    note: Mapped[str] = mapped_column(Text, default="")
    match: Mapped[str] = mapped_column(String(120))
    record_id: Mapped[int | None] = mapped_column(ForeignKey("record.id"), info=MOVES)
    order_line_id: Mapped[int | None] = mapped_column(
        ForeignKey("order_line.id", ondelete="SET NULL")
    )
    state: Mapped[str] = mapped_column(String(10), default="new")
    answer: Mapped[str] = mapped_column(Text, default="")
    made_at: Mapped[datetime] = mapped_column(UTCDateTime, default=clock.now)
    answered_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    answered_by: Mapped[int | None] = mapped_column(Integer)

    __table_args__ = (
        CheckConstraint(f"state IN {SUGGESTION_STATES!r}", name="state_known"),
        CheckConstraint("title <> ''", name="title_given"),
        CheckConstraint("state = 'new' OR answered_at IS NOT NULL", name="answered_when"),
        Index("ix_suggestion_state", "library_id", "state"),
        Index("ix_suggestion_match", "library_id", "match"),
        Index("ix_suggestion_patron", "patron_id"),
        Index("ix_suggestion_order_line", "order_line_id"),
        Index("ix_suggestion_record", "record_id"),
    )
