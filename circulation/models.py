"""Tables of lending. Names and states are those of docs/circulation.md.

The constraints here, not only the code, keep an item from being lent twice: one open loan, one
open transit and one hold in hand per item. Where an item is follows from these rows.
"""

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
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from cataloging.record_pointers import APART, WITH_ITEM
from ils.core import clock
from ils.core.db import Base, UTCDateTime
from ils.core.events import BigId
from ils.core.kept import SeldomChanged

HOLD_OPEN_STATES = ("queued", "suspended", "targeted", "in_transit", "ready")
HOLD_STATES = (
    *HOLD_OPEN_STATES,
    "fulfilled",
    "cancelled",
    "expired_unfilled",
    "expired_shelf",
    "not_collected",
)
# A hold has its item in hand in these states, and until `cleared_at` after it ended on the shelf.
HOLD_HAS_ITEM = (
    "item_id IS NOT NULL AND (state IN ('targeted', 'in_transit', 'ready', 'expired_shelf')"
    " OR (state IN ('cancelled', 'not_collected') AND ready_on IS NOT NULL"
    " AND cleared_at IS NULL))"
)
HOLD_IS_OPEN = f"state IN {HOLD_OPEN_STATES!r}"

DEBITS = (
    *("overdue", "lost_price", "damage", "processing", "card_fee", "service"),
    *("deposit_due", "payout"),
)
CREDITS = ("payment", "waiver", "reversal", "replacement_copy", "work")
LIABILITIES = ("deposit_in", "deposit_out", "deposit_to_debt")
RECEIPT_KINDS = ("payment", "sale", "payout", *LIABILITIES)


class PolicyRow(SeldomChanged, Base):
    """Lending values set at a unit for an item type and a patron category; empty means any.

    ``values`` holds only the fields set here; the rest is inherited, field by field.
    """

    __tablename__ = "policy_row"

    id: Mapped[int] = mapped_column(primary_key=True)
    unit_id: Mapped[int] = mapped_column(ForeignKey("org_unit.id"))
    item_type: Mapped[str] = mapped_column(String(30), default="")
    category: Mapped[str] = mapped_column(String(30), default="")
    values: Mapped[dict[str, Any]] = mapped_column(default=dict)
    changed_at: Mapped[datetime] = mapped_column(UTCDateTime, default=clock.now)
    changed_by: Mapped[int | None] = mapped_column(Integer)

    __table_args__ = (UniqueConstraint("unit_id", "item_type", "category"),)


class Loan(Base):
    """A copy in a patron's hands, or once so."""

    __tablename__ = "loan"

    id: Mapped[int] = mapped_column(primary_key=True)
    item_id: Mapped[int] = mapped_column(ForeignKey("item.id"))
    record_id: Mapped[int] = mapped_column(ForeignKey("record.id"), info=WITH_ITEM)
    patron_id: Mapped[int | None] = mapped_column(ForeignKey("patron.id"))
    branch_id: Mapped[int] = mapped_column(ForeignKey("org_unit.id"))  # where it was lent
    kind: Mapped[str] = mapped_column(String(20), default="home")
    started_at: Mapped[datetime] = mapped_column(UTCDateTime)
    started_on: Mapped[date] = mapped_column(Date)
    due_on: Mapped[date] = mapped_column(Date)
    renewals: Mapped[int] = mapped_column(Integer, default=0)
    policy_json: Mapped[dict[str, Any]] = mapped_column(default=dict)
    trace_json: Mapped[dict[str, Any]] = mapped_column(default=dict)
    closed_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    closed_how: Mapped[str | None] = mapped_column(String(20))
    closed_branch_id: Mapped[int | None] = mapped_column(ForeignKey("org_unit.id"))
    effective_return_on: Mapped[date | None] = mapped_column(Date)
    lost_on: Mapped[date | None] = mapped_column(Date)
    claimed_on: Mapped[date | None] = mapped_column(Date)  # a claim is open: the fine stands still
    fine_posted_to: Mapped[date | None] = mapped_column(Date)
    patron_snapshot: Mapped[dict[str, Any]] = mapped_column(default=dict)
    item_snapshot: Mapped[dict[str, Any]] = mapped_column(default=dict)
    staff_id: Mapped[int | None] = mapped_column(Integer)

    __table_args__ = (
        CheckConstraint("due_on >= started_on", name="due_not_before_start"),
        CheckConstraint("kind IN ('home', 'reading_room', 'consignment_point')", name="kind_known"),
        Index(
            "uq_loan_open_item",
            "item_id",
            unique=True,
            sqlite_where=text("closed_at IS NULL"),
            postgresql_where=text("closed_at IS NULL"),
        ),
        Index(
            "ix_loan_open_patron",
            "patron_id",
            sqlite_where=text("closed_at IS NULL"),
            postgresql_where=text("closed_at IS NULL"),
        ),
        Index(
            "ix_loan_open_due",
            "branch_id",
            "due_on",
            sqlite_where=text("closed_at IS NULL"),
            postgresql_where=text("closed_at IS NULL"),
        ),
        Index("ix_loan_patron", "patron_id", "closed_at"),
        Index("ix_loan_item", "item_id", "started_at"),
        Index("ix_loan_record_started", "record_id", "started_on"),
    )

    def fine_until(self, day: date) -> date:
        """Return the day up to which a fine runs: it stands still from a loss or a claim on."""
        return min(d for d in (day, self.lost_on, self.claimed_on) if d is not None)


class LoanRenewal(Base):
    """One renewal of a loan; the loan stays one."""

    __tablename__ = "loan_renewal"

    id: Mapped[int] = mapped_column(primary_key=True)
    loan_id: Mapped[int] = mapped_column(ForeignKey("loan.id"))
    n: Mapped[int] = mapped_column(Integer)
    at: Mapped[datetime] = mapped_column(UTCDateTime, default=clock.now)
    channel: Mapped[str] = mapped_column(String(10), default="desk")
    old_due: Mapped[date] = mapped_column(Date)
    new_due: Mapped[date] = mapped_column(Date)
    fine_entry_id: Mapped[int | None] = mapped_column(BigInteger)
    voided_at: Mapped[datetime | None] = mapped_column(UTCDateTime)

    __table_args__ = (Index("ix_loan_renewal_loan", "loan_id"),)


class Hold(Base):
    """A patron waits for a title, a volume of it, or one copy."""

    __tablename__ = "hold"

    id: Mapped[int] = mapped_column(primary_key=True)
    record_id: Mapped[int] = mapped_column(ForeignKey("record.id"), info=APART)
    volume_key: Mapped[str] = mapped_column(String(40), default="")
    item_level_item_id: Mapped[int | None] = mapped_column(ForeignKey("item.id"))
    patron_id: Mapped[int | None] = mapped_column(ForeignKey("patron.id"))
    pickup_branch_id: Mapped[int] = mapped_column(ForeignKey("org_unit.id"))
    kind: Mapped[str] = mapped_column(String(10), default="hold")
    queue_class: Mapped[int] = mapped_column(Integer, default=5)
    order_ts: Mapped[datetime] = mapped_column(UTCDateTime, default=clock.now)
    requested_at: Mapped[datetime] = mapped_column(UTCDateTime, default=clock.now)
    need_by: Mapped[date | None] = mapped_column(Date)
    suspended_until: Mapped[date | None] = mapped_column(Date)
    state: Mapped[str] = mapped_column(String(20), default="queued")
    item_id: Mapped[int | None] = mapped_column(ForeignKey("item.id"))
    targeted_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    ready_on: Mapped[date | None] = mapped_column(Date)
    shelf_until: Mapped[date | None] = mapped_column(Date)
    ended_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    end_reason: Mapped[str | None] = mapped_column(String(40))
    ended_by: Mapped[int | None] = mapped_column(Integer)
    cleared_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    hopeless: Mapped[bool] = mapped_column(default=False)
    skip_item_id: Mapped[int | None] = mapped_column(Integer)
    skip_until: Mapped[datetime | None] = mapped_column(UTCDateTime)
    # The last day on the shelf, kept while the copy is to travel to another place of collecting.
    shelf_was: Mapped[date | None] = mapped_column(Date)
    printed_at: Mapped[datetime | None] = mapped_column(UTCDateTime)  # the slip, for the stack
    channel: Mapped[str] = mapped_column(String(10), default="desk")

    __table_args__ = (
        CheckConstraint(f"state IN {HOLD_STATES!r}", name="state_known"),
        Index(
            "uq_hold_item_in_hand",
            "item_id",
            unique=True,
            sqlite_where=text(HOLD_HAS_ITEM),
            postgresql_where=text(HOLD_HAS_ITEM),
        ),
        Index(
            "uq_hold_patron_title",
            "patron_id",
            "record_id",
            "volume_key",
            unique=True,
            sqlite_where=text(HOLD_IS_OPEN),
            postgresql_where=text(HOLD_IS_OPEN),
        ),
        Index(
            "ix_hold_queue",
            "record_id",
            "queue_class",
            "order_ts",
            "id",
            sqlite_where=text(HOLD_IS_OPEN),
            postgresql_where=text(HOLD_IS_OPEN),
        ),
        Index("ix_hold_pickup_state", "pickup_branch_id", "state"),
        Index("ix_hold_patron", "patron_id", "state"),
    )


class Transit(Base):
    """A copy on its way from one branch to another."""

    __tablename__ = "transit"

    id: Mapped[int] = mapped_column(primary_key=True)
    item_id: Mapped[int] = mapped_column(ForeignKey("item.id"))
    from_branch_id: Mapped[int] = mapped_column(ForeignKey("org_unit.id"))
    to_branch_id: Mapped[int] = mapped_column(ForeignKey("org_unit.id"))
    reason: Mapped[str] = mapped_column(String(12))
    hold_id: Mapped[int | None] = mapped_column(ForeignKey("hold.id"))
    sent_at: Mapped[datetime] = mapped_column(UTCDateTime, default=clock.now)
    received_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    cancelled_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    cancel_reason: Mapped[str | None] = mapped_column(String(40))

    __table_args__ = (
        CheckConstraint("reason IN ('hold', 'home', 'manual', 'consignment')", name="reason_known"),
        Index(
            "uq_transit_open_item",
            "item_id",
            unique=True,
            sqlite_where=text("received_at IS NULL AND cancelled_at IS NULL"),
            postgresql_where=text("received_at IS NULL AND cancelled_at IS NULL"),
        ),
        Index("ix_transit_to", "to_branch_id", "received_at"),
        Index("ix_transit_item", "item_id"),
    )


class ItemSearch(Base):
    """A copy that was not where it should be: somebody at the branch is to look for it.

    A search also ends when the copy is seen; that is read from ``item.last_seen_at``.
    """

    __tablename__ = "item_search"

    id: Mapped[int] = mapped_column(primary_key=True)
    item_id: Mapped[int] = mapped_column(ForeignKey("item.id"))
    branch_id: Mapped[int] = mapped_column(ForeignKey("org_unit.id"))  # where to look
    why: Mapped[str] = mapped_column(String(20))
    hold_id: Mapped[int | None] = mapped_column(ForeignKey("hold.id"))
    transit_id: Mapped[int | None] = mapped_column(ForeignKey("transit.id"))
    flagged_at: Mapped[datetime] = mapped_column(UTCDateTime, default=clock.now)
    flagged_by: Mapped[int | None] = mapped_column(Integer)
    closed_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    closed_by: Mapped[int | None] = mapped_column(Integer)
    outcome: Mapped[str | None] = mapped_column(String(10))

    __table_args__ = (
        CheckConstraint("why IN ('not_on_shelf', 'not_arrived')", name="why_known"),
        CheckConstraint("outcome IN ('found', 'missing', 'again')", name="outcome_known"),
        Index(
            "uq_item_search_open",
            "item_id",
            "branch_id",
            unique=True,
            sqlite_where=text("closed_at IS NULL"),
            postgresql_where=text("closed_at IS NULL"),
        ),
        Index("ix_item_search_branch", "branch_id", "closed_at"),
    )


class LedgerEntry(Base):
    """A line of a patron's account. Never changed, never deleted: a mistake is reversed."""

    __tablename__ = "ledger_entry"

    id: Mapped[int] = mapped_column(BigId, primary_key=True, autoincrement=True)
    patron_id: Mapped[int | None] = mapped_column(ForeignKey("patron.id"))
    library_id: Mapped[int] = mapped_column(ForeignKey("org_unit.id"))
    branch_id: Mapped[int | None] = mapped_column(ForeignKey("org_unit.id"))
    kind: Mapped[str] = mapped_column(String(20))
    direction: Mapped[str] = mapped_column(String(9))  # debit | credit | liability
    amount: Mapped[int] = mapped_column(BigInteger)
    loan_id: Mapped[int | None] = mapped_column(ForeignKey("loan.id"))
    item_id: Mapped[int | None] = mapped_column(ForeignKey("item.id"))
    hold_id: Mapped[int | None] = mapped_column(ForeignKey("hold.id"))
    reverses_id: Mapped[int | None] = mapped_column(ForeignKey("ledger_entry.id"))
    charged_to: Mapped[date | None] = mapped_column(Date)  # an overdue charge: up to this day
    receipt_id: Mapped[int | None] = mapped_column(ForeignKey("receipt.id"))
    till_id: Mapped[int | None] = mapped_column(ForeignKey("till.id"))  # cash went in or out there
    actor_id: Mapped[int | None] = mapped_column(Integer)
    at: Mapped[datetime] = mapped_column(UTCDateTime, default=clock.now)
    effective_on: Mapped[date] = mapped_column(Date, default=clock.today)
    trace: Mapped[dict[str, Any]] = mapped_column(default=dict)
    note: Mapped[str] = mapped_column(Text, default="")

    __table_args__ = (
        CheckConstraint("amount > 0", name="amount_positive"),
        CheckConstraint("direction IN ('debit', 'credit', 'liability')", name="direction_known"),
        Index(
            "uq_ledger_overdue_once",
            "loan_id",
            "charged_to",
            unique=True,
            sqlite_where=text("kind = 'overdue'"),
            postgresql_where=text("kind = 'overdue'"),
        ),
        Index(
            "uq_ledger_reversed_once",
            "reverses_id",
            unique=True,
            sqlite_where=text("reverses_id IS NOT NULL"),
            postgresql_where=text("reverses_id IS NOT NULL"),
        ),
        Index("ix_ledger_entry_patron", "patron_id"),
        Index("ix_ledger_entry_loan", "loan_id"),
        Index("ix_ledger_entry_library_day", "library_id", "effective_on"),
        Index("ix_ledger_entry_receipt", "receipt_id"),
        Index("ix_ledger_entry_till", "till_id"),
    )


class LedgerAllocation(Base):
    """How much of a credit settles which debit."""

    __tablename__ = "ledger_allocation"

    id: Mapped[int] = mapped_column(BigId, primary_key=True, autoincrement=True)
    credit_id: Mapped[int] = mapped_column(ForeignKey("ledger_entry.id"))
    debit_id: Mapped[int] = mapped_column(ForeignKey("ledger_entry.id"))
    amount: Mapped[int] = mapped_column(BigInteger)

    __table_args__ = (
        UniqueConstraint("credit_id", "debit_id"),
        CheckConstraint("amount > 0", name="amount_positive"),
        Index("ix_ledger_allocation_debit", "debit_id"),
    )


class Receipt(Base):
    """A numbered receipt: one gapless series per library and year; a void keeps its number."""

    __tablename__ = "receipt"

    id: Mapped[int] = mapped_column(primary_key=True)
    library_id: Mapped[int] = mapped_column(ForeignKey("org_unit.id"))
    year: Mapped[int] = mapped_column(Integer)
    number: Mapped[int] = mapped_column(Integer)
    kind: Mapped[str] = mapped_column(String(20), default="payment")
    method: Mapped[str] = mapped_column(String(10), default="cash")
    branch_id: Mapped[int | None] = mapped_column(ForeignKey("org_unit.id"))
    till_id: Mapped[int | None] = mapped_column(ForeignKey("till.id"))
    patron_id: Mapped[int | None] = mapped_column(ForeignKey("patron.id"))
    payer: Mapped[str] = mapped_column(String(120), default="")  # who paid, when no patron did
    amount: Mapped[int] = mapped_column(BigInteger)
    at: Mapped[datetime] = mapped_column(UTCDateTime, default=clock.now)
    actor_id: Mapped[int | None] = mapped_column(Integer)
    voided_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    void_reason: Mapped[str] = mapped_column(String(200), default="")

    __table_args__ = (
        UniqueConstraint("library_id", "year", "number"),
        CheckConstraint(f"kind IN {RECEIPT_KINDS!r}", name="kind_known"),
        CheckConstraint("method IN ('cash', 'transfer')", name="method_known"),
        Index("ix_receipt_till", "till_id"),
    )


class DeskCommand(Base):
    """A command of a desk, by its key, with the answer given: played twice, it happens once."""

    __tablename__ = "desk_command"

    key: Mapped[str] = mapped_column(String(80), primary_key=True)
    command: Mapped[str] = mapped_column(String(20))
    unit_id: Mapped[int | None] = mapped_column(Integer)
    actor_id: Mapped[int | None] = mapped_column(Integer)
    at: Mapped[datetime] = mapped_column(UTCDateTime, default=clock.now)
    item_id: Mapped[int | None] = mapped_column(Integer)
    patron_id: Mapped[int | None] = mapped_column(Integer)
    event_id: Mapped[int | None] = mapped_column(BigInteger)
    result: Mapped[dict[str, Any]] = mapped_column(default=dict)
    undo: Mapped[dict[str, Any]] = mapped_column(default=dict)  # what an undo needs to know
    undone_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    drop_id: Mapped[int | None] = mapped_column(Integer)  # the book-drop session it was part of

    __table_args__ = (
        Index("ix_desk_command_item", "item_id", "at"),
        Index("ix_desk_command_at", "at"),
        Index(
            "ix_desk_command_drop",
            "drop_id",
            sqlite_where=text("drop_id IS NOT NULL"),
            postgresql_where=text("drop_id IS NOT NULL"),
        ),
    )


class BookDrop(Base):
    """A session of emptying the book drop. All its returns count for one day.

    ``totals`` keeps the figures when the answers themselves are gone.
    """

    __tablename__ = "book_drop"

    id: Mapped[int] = mapped_column(primary_key=True)
    unit_id: Mapped[int] = mapped_column(ForeignKey("org_unit.id"))
    actor_id: Mapped[int | None] = mapped_column(Integer)
    started_at: Mapped[datetime] = mapped_column(UTCDateTime, default=clock.now)
    ended_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    counts_for: Mapped[date] = mapped_column(Date)
    totals: Mapped[dict[str, Any]] = mapped_column(default=dict)

    __table_args__ = (
        Index(
            "uq_book_drop_open",
            "unit_id",
            "actor_id",
            unique=True,
            sqlite_where=text("ended_at IS NULL"),
            postgresql_where=text("ended_at IS NULL"),
        ),
    )
