"""Tables of patrons.

A patron is a person; a card is what is scanned. A replaced card keeps its number and says so.
"""

from datetime import date, datetime
from typing import Any

from sqlalchemy import (
    Boolean,
    CheckConstraint,
    Date,
    ForeignKey,
    Index,
    Integer,
    String,
    Text,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from ils.core import clock
from ils.core.db import Base, UTCDateTime


class PatronCategory(Base):
    """A kind of patron that rules and statistics speak of (học sinh, công nhân, hưu trí …)."""

    __tablename__ = "patron_category"

    code: Mapped[str] = mapped_column(String(30), primary_key=True)
    name: Mapped[str] = mapped_column(String(80))
    name_en: Mapped[str] = mapped_column(String(80), default="")
    child: Mapped[bool] = mapped_column(Boolean, default=False)
    card_months: Mapped[int] = mapped_column(Integer, default=12)
    hold_class: Mapped[int] = mapped_column(Integer, default=5)
    order: Mapped[int] = mapped_column(Integer, default=0)


class Patron(Base):
    """A reader of a library."""

    __tablename__ = "patron"

    id: Mapped[int] = mapped_column(primary_key=True)
    library_id: Mapped[int] = mapped_column(ForeignKey("org_unit.id"))
    branch_id: Mapped[int] = mapped_column(ForeignKey("org_unit.id"))
    category: Mapped[str] = mapped_column(ForeignKey("patron_category.code"))
    name: Mapped[str] = mapped_column(String(120))
    name_key: Mapped[str] = mapped_column(String(250), default="")  # filed by given name
    name_folded: Mapped[str] = mapped_column(String(120), default="")
    born_on: Mapped[date | None] = mapped_column(Date)
    born_year: Mapped[int | None] = mapped_column(Integer)
    sex: Mapped[str | None] = mapped_column(String(1))
    ethnicity: Mapped[str] = mapped_column(String(40), default="")
    occupation: Mapped[str] = mapped_column(String(80), default="")
    school: Mapped[str] = mapped_column(String(120), default="")
    school_class: Mapped[str] = mapped_column(String(30), default="")
    commune: Mapped[str] = mapped_column(String(80), default="")
    address: Mapped[str] = mapped_column(String(250), default="")
    phone: Mapped[str] = mapped_column(String(20), default="")
    email: Mapped[str] = mapped_column(String(120), default="")
    id_number_masked: Mapped[str] = mapped_column(String(20), default="")
    id_number_hash: Mapped[str | None] = mapped_column(String(64), index=True)
    guardian_name: Mapped[str] = mapped_column(String(120), default="")
    guardian_phone: Mapped[str] = mapped_column(String(20), default="")
    guardian_id: Mapped[int | None] = mapped_column(ForeignKey("patron.id"))
    consent_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    consent_facts: Mapped[dict[str, Any]] = mapped_column(default=dict)
    language: Mapped[str] = mapped_column(String(5), default="vi")
    note: Mapped[str] = mapped_column(Text, default="")
    keep_history: Mapped[bool] = mapped_column(Boolean, default=False)
    password_hash: Mapped[str] = mapped_column(String(200), default="")
    must_change_password: Mapped[bool] = mapped_column(Boolean, default=True)
    registered_on: Mapped[date] = mapped_column(Date, default=clock.today)
    created_at: Mapped[datetime] = mapped_column(UTCDateTime, default=clock.now)
    deleted_at: Mapped[datetime | None] = mapped_column(UTCDateTime)

    __table_args__ = (
        CheckConstraint("sex IS NULL OR sex IN ('m', 'f', 'x')", name="sex_known"),
        Index("ix_patron_library_name", "library_id", "name_key"),
        Index("ix_patron_folded", "name_folded"),
        Index("ix_patron_phone", "phone"),
    )


class PatronCard(Base):
    """A card. A patron has at most one active card."""

    __tablename__ = "patron_card"

    id: Mapped[int] = mapped_column(primary_key=True)
    patron_id: Mapped[int] = mapped_column(ForeignKey("patron.id"))
    number: Mapped[str] = mapped_column(String(40), unique=True)  # also in barcode, upper case
    state: Mapped[str] = mapped_column(String(10), default="active")
    issued_on: Mapped[date] = mapped_column(Date, default=clock.today)
    expires_on: Mapped[date] = mapped_column(Date)
    ended_on: Mapped[date | None] = mapped_column(Date)

    __table_args__ = (
        CheckConstraint("state IN ('active', 'replaced', 'lost', 'canceled')", name="state_known"),
        Index(
            "uq_patron_card_active",
            "patron_id",
            unique=True,
            sqlite_where=text("state = 'active'"),
            postgresql_where=text("state = 'active'"),
        ),
        Index("ix_patron_card_patron", "patron_id"),
    )


class BlockNote(Base):
    """A block or note a person wrote on a patron, with its author and end."""

    __tablename__ = "block_note"

    id: Mapped[int] = mapped_column(primary_key=True)
    patron_id: Mapped[int] = mapped_column(ForeignKey("patron.id"), index=True)
    acts: Mapped[list[Any]] = mapped_column(default=list)  # [] is a note; else borrow, renew, hold
    text: Mapped[str] = mapped_column(Text, default="")
    author_id: Mapped[int | None] = mapped_column(Integer)
    from_on: Mapped[date] = mapped_column(Date, default=clock.today)
    to_on: Mapped[date | None] = mapped_column(Date)
    lifted_at: Mapped[datetime | None] = mapped_column(UTCDateTime)


class Suspension(Base):
    """Days without borrowing, the penalty where no money is taken."""

    __tablename__ = "suspension"

    id: Mapped[int] = mapped_column(primary_key=True)
    patron_id: Mapped[int] = mapped_column(ForeignKey("patron.id"), index=True)
    from_on: Mapped[date] = mapped_column(Date)
    to_on: Mapped[date] = mapped_column(Date)
    loan_id: Mapped[int | None] = mapped_column(Integer)
    lifted_by: Mapped[int | None] = mapped_column(Integer)
