"""Tables of what befalls copies: cases of loss and damage, claims, proposals, the list of damages.

A reader is named nowhere here: it is the loan, or the line of the account, that knows.
"""

from datetime import date, datetime
from typing import Any

from sqlalchemy import BigInteger, CheckConstraint, Date, ForeignKey, Index, Integer, String, Text
from sqlalchemy import text as sql
from sqlalchemy.orm import Mapped, mapped_column

from ils.core import clock
from ils.core.db import Base, UTCDateTime
from ils.core.events import BigId

LOSS_KINDS = ("lost", "damaged")
LOSS_STATES = ("open", "settled", "found", "cancelled")
WAYS = ("money", "same_book", "none")
CLAIM_KINDS = ("returned", "never_had")
RESOLUTIONS = ("on_shelf", "by_reader", "given_up", "withdrawn")
PROPOSAL_STATES = ("proposed", "approved", "postponed", "gone")
LOST_IS_STANDING = "kind = 'lost' AND state IN ('open', 'settled')"
CLAIM_IS_OPEN = "resolved_at IS NULL"
IS_PROPOSED = "state = 'proposed'"


class Loss(Base):
    """A copy lost or damaged: what is asked for it, and how the case ended.

    ``reckoning`` keeps how the amount came about. The charges are lines of the account; what is
    still open of them is read there and never written here.
    """

    __tablename__ = "loss"

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(String(10))
    item_id: Mapped[int] = mapped_column(ForeignKey("item.id"))
    loan_id: Mapped[int | None] = mapped_column(ForeignKey("loan.id"))
    branch_id: Mapped[int] = mapped_column(ForeignKey("org_unit.id"))  # who deals with it
    happened_on: Mapped[date] = mapped_column(Date)
    why: Mapped[str] = mapped_column(String(20))  # declared | long_overdue | claim | check_in
    way: Mapped[str] = mapped_column(String(10))
    price_entry_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("ledger_entry.id"))
    processing_entry_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("ledger_entry.id"))
    reckoning: Mapped[dict[str, Any]] = mapped_column(default=dict)
    note: Mapped[str] = mapped_column(Text, default="")
    photo_id: Mapped[int | None] = mapped_column(ForeignKey("kept_file.id", ondelete="SET NULL"))
    state: Mapped[str] = mapped_column(String(10), default="open")
    settled_on: Mapped[date | None] = mapped_column(Date)
    settled_how: Mapped[str | None] = mapped_column(String(20))
    replacement_item_id: Mapped[int | None] = mapped_column(ForeignKey("item.id"))
    found_on: Mapped[date | None] = mapped_column(Date)
    found_money: Mapped[str | None] = mapped_column(String(20))  # what happened to the charges
    made_at: Mapped[datetime] = mapped_column(UTCDateTime, default=clock.now)
    made_by: Mapped[int | None] = mapped_column(Integer)

    __table_args__ = (
        CheckConstraint(f"kind IN {LOSS_KINDS!r}", name="kind_known"),
        CheckConstraint(f"state IN {LOSS_STATES!r}", name="state_known"),
        CheckConstraint(f"way IN {WAYS!r}", name="way_known"),
        Index(
            "uq_loss_standing_item",
            "item_id",
            unique=True,
            sqlite_where=sql(LOST_IS_STANDING),
            postgresql_where=sql(LOST_IS_STANDING),
        ),
        Index("ix_loss_branch", "branch_id", "kind", "state"),
        Index("ix_loss_loan", "loan_id"),
        Index("ix_loss_price_entry", "price_entry_id"),
        Index("ix_loss_processing_entry", "processing_entry_id"),
    )

    @property
    def entry_ids(self) -> list[int]:
        """Return the lines of the account that this case wrote."""
        return [i for i in (self.price_entry_id, self.processing_entry_id) if i is not None]


class Claim(Base):
    """A reader says that a copy was returned, or never borrowed. The loan stays open meanwhile.

    Two searches on the shelves are ticked off before anything else is decided.
    """

    __tablename__ = "claim"

    id: Mapped[int] = mapped_column(primary_key=True)
    loan_id: Mapped[int] = mapped_column(ForeignKey("loan.id"))
    branch_id: Mapped[int] = mapped_column(ForeignKey("org_unit.id"))  # who deals with it
    kind: Mapped[str] = mapped_column(String(10))
    claimed_on: Mapped[date] = mapped_column(Date)
    note: Mapped[str] = mapped_column(Text, default="")
    searched_1: Mapped[date | None] = mapped_column(Date)
    searched_1_by: Mapped[int | None] = mapped_column(Integer)
    second_from: Mapped[date] = mapped_column(Date)  # the second search is due
    searched_2: Mapped[date | None] = mapped_column(Date)
    searched_2_by: Mapped[int | None] = mapped_column(Integer)
    resolved_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    resolved_by: Mapped[int | None] = mapped_column(Integer)
    resolution: Mapped[str | None] = mapped_column(String(10))
    made_by: Mapped[int | None] = mapped_column(Integer)

    __table_args__ = (
        CheckConstraint(f"kind IN {CLAIM_KINDS!r}", name="kind_known"),
        CheckConstraint(f"resolution IN {RESOLUTIONS!r}", name="resolution_known"),
        CheckConstraint(
            "(resolved_at IS NULL) = (resolution IS NULL)", name="resolved_with_resolution"
        ),
        CheckConstraint("searched_2 IS NULL OR searched_1 IS NOT NULL", name="searched_in_order"),
        Index(
            "uq_claim_open_loan",
            "loan_id",
            unique=True,
            sqlite_where=sql(CLAIM_IS_OPEN),
            postgresql_where=sql(CLAIM_IS_OPEN),
        ),
        Index("ix_claim_branch", "branch_id", "resolved_at"),
    )


class LossProposal(Base):
    """A loan so long overdue that the night proposes it as lost. A person decides."""

    __tablename__ = "loss_proposal"

    id: Mapped[int] = mapped_column(primary_key=True)
    loan_id: Mapped[int] = mapped_column(ForeignKey("loan.id"))
    branch_id: Mapped[int] = mapped_column(ForeignKey("org_unit.id"))
    due_on: Mapped[date] = mapped_column(Date)
    proposed_on: Mapped[date] = mapped_column(Date)
    state: Mapped[str] = mapped_column(String(10), default="proposed")
    until: Mapped[date | None] = mapped_column(Date)  # postponed: not proposed again before
    note: Mapped[str] = mapped_column(String(200), default="")
    decided_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    decided_by: Mapped[int | None] = mapped_column(Integer)

    __table_args__ = (
        CheckConstraint(f"state IN {PROPOSAL_STATES!r}", name="state_known"),
        Index(
            "uq_loss_proposal_loan",
            "loan_id",
            unique=True,
            sqlite_where=sql(IS_PROPOSED),
            postgresql_where=sql(IS_PROPOSED),
        ),
        Index("ix_loss_proposal_branch", "branch_id", "state"),
    )


class DamageRate(Base):
    """A line of a library's list of damages: an amount, or a part of the price."""

    __tablename__ = "damage_rate"

    id: Mapped[int] = mapped_column(primary_key=True)
    library_id: Mapped[int] = mapped_column(ForeignKey("org_unit.id"))
    name: Mapped[str] = mapped_column(String(120))
    amount: Mapped[int | None] = mapped_column(BigInteger)
    percent: Mapped[int | None] = mapped_column(Integer)
    order: Mapped[int] = mapped_column("position", Integer, default=0)
    ended_at: Mapped[datetime | None] = mapped_column(UTCDateTime)

    __table_args__ = (
        CheckConstraint("(amount IS NULL) <> (percent IS NULL)", name="amount_or_percent"),
        CheckConstraint("amount IS NULL OR amount > 0", name="amount_positive"),
        CheckConstraint("percent IS NULL OR percent BETWEEN 1 AND 500", name="percent_bounds"),
        Index("ix_damage_rate_library", "library_id"),
    )
