"""Tables of money besides the ledger: tills, dated rates, exemptions, amnesties.

Charges, payments and receipts are in ``circulation/models.py``. A till is one person's drawer from
its opening to its closing; a closed one is never changed, which the database itself holds.
"""

from datetime import date, datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Connection,
    Date,
    ForeignKey,
    Index,
    Integer,
    String,
    event,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from ils.core import clock
from ils.core.db import Base, UTCDateTime
from ils.core.events import BigId
from ils.core.kept import SeldomChanged

ANNUAL, REPLACEMENT = "annual", "replacement"
BATCH_STATES = ("draft", "giving", "given", "taking", "taken", "discarded")
BATCH_LINE_STATES = ("planned", "given", "changed", "taken", "kept")
ADDED, HANDED_OVER = "added", "handed_over"


class Till(Base):
    """A drawer of cash held by one member of staff: opened with a float, closed by counting."""

    __tablename__ = "till"

    id: Mapped[int] = mapped_column(primary_key=True)
    branch_id: Mapped[int] = mapped_column(ForeignKey("org_unit.id"))
    library_id: Mapped[int] = mapped_column(ForeignKey("org_unit.id"))
    name: Mapped[str] = mapped_column(String(40))
    clerk_id: Mapped[int] = mapped_column(ForeignKey("staff.id"))
    opened_at: Mapped[datetime] = mapped_column(UTCDateTime, default=clock.now)
    opened_on: Mapped[date] = mapped_column(Date, default=clock.today)
    float_amount: Mapped[int] = mapped_column(BigInteger, default=0)
    closed_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    closed_by: Mapped[int | None] = mapped_column(Integer)
    counted: Mapped[dict[str, Any]] = mapped_column(default=dict)  # note or coin -> how many
    counted_amount: Mapped[int | None] = mapped_column(BigInteger)
    expected_amount: Mapped[int | None] = mapped_column(BigInteger)
    difference: Mapped[int | None] = mapped_column(BigInteger)  # counted less expected
    reason: Mapped[str] = mapped_column(String(250), default="")

    __table_args__ = (
        CheckConstraint("float_amount >= 0", name="float_not_negative"),
        CheckConstraint(
            "(closed_at IS NULL AND counted_amount IS NULL AND expected_amount IS NULL"
            " AND difference IS NULL) OR (closed_at IS NOT NULL AND counted_amount IS NOT NULL"
            " AND expected_amount IS NOT NULL"
            " AND difference = counted_amount - expected_amount)",
            name="closed_whole",
        ),
        CheckConstraint("difference IS NULL OR difference = 0 OR reason <> ''", name="explained"),
        Index(
            "uq_till_open_clerk",
            "clerk_id",
            "branch_id",
            unique=True,
            sqlite_where=text("closed_at IS NULL"),
            postgresql_where=text("closed_at IS NULL"),
        ),
        Index(
            "uq_till_open_name",
            "branch_id",
            "name",
            unique=True,
            sqlite_where=text("closed_at IS NULL"),
            postgresql_where=text("closed_at IS NULL"),
        ),
        Index("ix_till_library_day", "library_id", "opened_on"),
    )


# The database itself refuses to change a till that is closed; the migration says the same.
_GUARDS = {
    "sqlite": tuple(
        f"CREATE TRIGGER till_closed_{act} BEFORE {act} ON till WHEN OLD.closed_at IS NOT NULL"
        " BEGIN SELECT RAISE(ABORT, 'a closed till is never changed'); END"
        for act in ("UPDATE", "DELETE")
    ),
    "postgresql": (
        "CREATE OR REPLACE FUNCTION till_is_closed() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
        " RAISE EXCEPTION 'a closed till is never changed' USING ERRCODE = 'restrict_violation';"
        " END $$",
        "CREATE TRIGGER till_closed BEFORE UPDATE OR DELETE ON till FOR EACH ROW"
        " WHEN (OLD.closed_at IS NOT NULL) EXECUTE FUNCTION till_is_closed()",
    ),
}


@event.listens_for(Till.__table__, "after_create")
def _guard(_table: Any, connection: Connection, **_words: Any) -> None:
    for statement in _GUARDS[connection.dialect.name]:
        connection.exec_driver_sql(statement)


class TillMovement(Base):
    """Cash put into a till or taken out of it beside what patrons pay: change, hand-over."""

    __tablename__ = "till_movement"

    id: Mapped[int] = mapped_column(primary_key=True)
    till_id: Mapped[int] = mapped_column(ForeignKey("till.id"))
    kind: Mapped[str] = mapped_column(String(12))
    amount: Mapped[int] = mapped_column(BigInteger)
    reason: Mapped[str] = mapped_column(String(250))
    at: Mapped[datetime] = mapped_column(UTCDateTime, default=clock.now)
    actor_id: Mapped[int | None] = mapped_column(Integer)

    __table_args__ = (
        CheckConstraint("amount > 0", name="amount_positive"),
        CheckConstraint("kind IN ('added', 'handed_over')", name="kind_known"),
        Index("ix_till_movement_till", "till_id"),
    )


class CardFee(SeldomChanged, Base):
    """What a card costs from a day on, by a resolution; an empty kind or category means any.

    ``occasion`` is ``annual`` (issue and renewal: one term) or ``replacement`` (a lost card).
    """

    __tablename__ = "card_fee"

    id: Mapped[int] = mapped_column(primary_key=True)
    unit_id: Mapped[int] = mapped_column(ForeignKey("org_unit.id"))
    card_kind: Mapped[str] = mapped_column(String(20), default="")
    category: Mapped[str] = mapped_column(String(30), default="")
    occasion: Mapped[str] = mapped_column(String(12), default=ANNUAL)
    amount: Mapped[int] = mapped_column(BigInteger)
    resolution: Mapped[str] = mapped_column(String(120))
    valid_from: Mapped[date] = mapped_column(Date)
    valid_to: Mapped[date | None] = mapped_column(Date)

    __table_args__ = (
        CheckConstraint("amount >= 0", name="amount_not_negative"),
        CheckConstraint("occasion IN ('annual', 'replacement')", name="occasion_known"),
        CheckConstraint("valid_to IS NULL OR valid_to >= valid_from", name="days_in_order"),
        Index("ix_card_fee_unit", "unit_id"),
    )


class FeeExemption(SeldomChanged, Base):
    """Who need not pay for a card, and by which resolution.

    With ages it applies by itself; without, whoever gives the card chooses it.
    """

    __tablename__ = "fee_exemption"

    id: Mapped[int] = mapped_column(primary_key=True)
    unit_id: Mapped[int] = mapped_column(ForeignKey("org_unit.id"))
    name: Mapped[str] = mapped_column(String(120))
    resolution: Mapped[str] = mapped_column(String(120))
    age_below: Mapped[int | None] = mapped_column(Integer)
    age_from: Mapped[int | None] = mapped_column(Integer)
    valid_from: Mapped[date] = mapped_column(Date)
    valid_to: Mapped[date | None] = mapped_column(Date)

    __table_args__ = (
        CheckConstraint("valid_to IS NULL OR valid_to >= valid_from", name="days_in_order"),
        Index("ix_fee_exemption_unit", "unit_id"),
    )


class ExemptCard(Base):
    """A card given without its fee: to whom, by which ground, how much was not asked for."""

    __tablename__ = "exempt_card"

    id: Mapped[int] = mapped_column(primary_key=True)
    patron_id: Mapped[int] = mapped_column(ForeignKey("patron.id"))
    library_id: Mapped[int] = mapped_column(ForeignKey("org_unit.id"))
    exemption_id: Mapped[int] = mapped_column(ForeignKey("fee_exemption.id"))
    fee_id: Mapped[int] = mapped_column(ForeignKey("card_fee.id"))
    amount: Mapped[int] = mapped_column(BigInteger)
    on: Mapped[date] = mapped_column(Date)
    actor_id: Mapped[int | None] = mapped_column(Integer)

    __table_args__ = (
        CheckConstraint("amount > 0", name="amount_positive"),
        Index("ix_exempt_card_patron", "patron_id"),
        Index("ix_exempt_card_library_day", "library_id", "on"),
    )


class Price(SeldomChanged, Base):
    """A small service for sale (photocopy, printing), at a unit, with its dated price."""

    __tablename__ = "price"

    id: Mapped[int] = mapped_column(primary_key=True)
    unit_id: Mapped[int] = mapped_column(ForeignKey("org_unit.id"))
    name: Mapped[str] = mapped_column(String(80))
    measure: Mapped[str] = mapped_column(String(20), default="")  # trang, tờ, lần
    amount: Mapped[int] = mapped_column(BigInteger)
    decision: Mapped[str] = mapped_column(String(120), default="")
    order: Mapped[int] = mapped_column(Integer, default=0)
    valid_from: Mapped[date] = mapped_column(Date)
    valid_to: Mapped[date | None] = mapped_column(Date)

    __table_args__ = (
        CheckConstraint("amount > 0", name="amount_positive"),
        CheckConstraint("valid_to IS NULL OR valid_to >= valid_from", name="days_in_order"),
        Index("ix_price_unit", "unit_id"),
    )


class Amnesty(SeldomChanged, Base):
    """Days on which late returns cost nothing, by a decision; fines are posted and waived."""

    __tablename__ = "amnesty"

    id: Mapped[int] = mapped_column(primary_key=True)
    unit_id: Mapped[int] = mapped_column(ForeignKey("org_unit.id"))
    decision: Mapped[str] = mapped_column(String(120))
    decided_on: Mapped[date] = mapped_column(Date)
    from_on: Mapped[date] = mapped_column(Date)
    to_on: Mapped[date] = mapped_column(Date)
    children_only: Mapped[bool] = mapped_column(Boolean, default=False)

    __table_args__ = (
        CheckConstraint("to_on >= from_on", name="days_in_order"),
        CheckConstraint("decision <> ''", name="decision_named"),
        Index("ix_amnesty_unit", "unit_id"),
    )


class BatchWaiver(Base):
    """Old debts forgiven together by a decision: what was asked for, and how far it is.

    ``asked`` keeps the filter as it was typed. The lines are drawn up by the preview.
    """

    __tablename__ = "batch_waiver"

    id: Mapped[int] = mapped_column(primary_key=True)
    unit_id: Mapped[int] = mapped_column(ForeignKey("org_unit.id"))
    decision: Mapped[str] = mapped_column(String(120))
    decided_on: Mapped[date] = mapped_column(Date)
    reason: Mapped[str] = mapped_column(String(250))
    asked: Mapped[dict[str, Any]] = mapped_column(default=dict)
    state: Mapped[str] = mapped_column(String(10), default="draft")
    made_at: Mapped[datetime] = mapped_column(UTCDateTime, default=clock.now)
    made_by: Mapped[int | None] = mapped_column(Integer)
    given_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    given_by: Mapped[int | None] = mapped_column(Integer)
    taken_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    taken_by: Mapped[int | None] = mapped_column(Integer)
    job_id: Mapped[int | None] = mapped_column(Integer)

    __table_args__ = (
        CheckConstraint(f"state IN {BATCH_STATES!r}", name="state_known"),
        CheckConstraint("decision <> '' AND reason <> ''", name="said_why"),
        Index("ix_batch_waiver_unit", "unit_id", "id"),
    )


class BatchWaiverLine(Base):
    """A charge of a batch: what was open of it at the preview, and the waiver that forgave it."""

    __tablename__ = "batch_waiver_line"

    id: Mapped[int] = mapped_column(primary_key=True)
    batch_id: Mapped[int] = mapped_column(ForeignKey("batch_waiver.id"))
    entry_id: Mapped[int] = mapped_column(BigId, ForeignKey("ledger_entry.id"))
    amount: Mapped[int] = mapped_column(BigInteger)
    waiver_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("ledger_entry.id"))
    given: Mapped[int] = mapped_column(BigInteger, default=0)
    state: Mapped[str] = mapped_column(String(10), default="planned")

    __table_args__ = (
        CheckConstraint(f"state IN {BATCH_LINE_STATES!r}", name="state_known"),
        CheckConstraint("amount > 0 AND given >= 0 AND given <= amount", name="never_more"),
        Index("uq_batch_waiver_line", "batch_id", "entry_id", unique=True),
        Index("ix_batch_waiver_line_state", "batch_id", "state", "id"),
        Index("ix_batch_waiver_line_entry", "entry_id"),
        Index("ix_batch_waiver_line_waiver", "waiver_id"),
    )
