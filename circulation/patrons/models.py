"""Tables of patrons.

A patron is a person; a card is what is scanned. A replaced card keeps its number and says so.
"""

import secrets
from datetime import date, datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    ColumnElement,
    Date,
    ForeignKey,
    Index,
    Integer,
    String,
    Text,
    UniqueConstraint,
    and_,
    select,
    text,
)
from sqlalchemy.orm import Mapped, aliased, mapped_column

import ils.core.files  # noqa: F401 — photos point at its table
from ils.core import clock
from ils.core.db import Base, UTCDateTime
from ils.core.events import BigId

REGISTRATION_STATES = ("waiting", "confirmed", "declined", "expired")
REQUEST_KINDS = ("correct", "erase", "restrict", "object", "other")
REQUEST_STATES = ("open", "done", "refused")


def new_event_ref() -> int:
    """Make the number under which the event log knows a patron: below zero, so never an id."""
    return -1 - secrets.randbits(52)


# What a card is for: taking home, reading rooms, the children's room, rare and multimedia rooms.
CARD_KINDS = ("lending", "reading", "children", "special")


class PatronCategory(Base):
    """A kind of patron that rules and statistics speak of (học sinh, công nhân, hưu trí …)."""

    __tablename__ = "patron_category"

    code: Mapped[str] = mapped_column(String(30), primary_key=True)
    name: Mapped[str] = mapped_column(String(80))
    name_en: Mapped[str] = mapped_column(String(80), default="")
    child: Mapped[bool] = mapped_column(Boolean, default=False)
    card_months: Mapped[int] = mapped_column(Integer, default=12)
    to_age: Mapped[int | None] = mapped_column(Integer)  # the last age at which it fits
    next_code: Mapped[str | None] = mapped_column(String(30))  # the kind that follows by age
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
    school_year: Mapped[str] = mapped_column(String(9), default="", server_default="")  # 2026–2027
    student_code: Mapped[str] = mapped_column(String(30), default="", server_default="")
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
    language: Mapped[str] = mapped_column(String(5), default="vi")
    note: Mapped[str] = mapped_column(Text, default="")
    photo_id: Mapped[int | None] = mapped_column(ForeignKey("kept_file.id"))
    # The log holds this number instead of the id; once it is gone nobody can tell whose acts.
    event_ref: Mapped[int | None] = mapped_column(BigInteger, default=new_event_ref)
    keep_history: Mapped[bool] = mapped_column(Boolean, default=False)
    password_hash: Mapped[str] = mapped_column(String(200), default="")
    must_change_password: Mapped[bool] = mapped_column(Boolean, default=True)
    registered_on: Mapped[date] = mapped_column(Date, default=clock.today)
    created_at: Mapped[datetime] = mapped_column(UTCDateTime, default=clock.now)
    deleted_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    # Stands for a visitor without a card on this day: nameless, on no list, reads here only.
    visitor_on: Mapped[date | None] = mapped_column(Date)
    # Registered twice: this record is set aside, its cards lead to that one.
    merged_into_id: Mapped[int | None] = mapped_column(ForeignKey("patron.id"))

    __table_args__ = (
        CheckConstraint("sex IS NULL OR sex IN ('m', 'f', 'x')", name="sex_known"),
        Index("ix_patron_library_name", "library_id", "name_key"),
        Index("ix_patron_folded", "name_folded"),
        Index("ix_patron_phone", "phone"),
        Index("ix_patron_guardian", "guardian_id"),
        Index("ix_patron_student_code", "library_id", "student_code"),
        Index("uq_patron_event_ref", "event_ref", unique=True),
        Index("ix_patron_merged", "merged_into_id"),
    )


class PatronCard(Base):
    """A card. A patron has at most one active card."""

    __tablename__ = "patron_card"

    id: Mapped[int] = mapped_column(primary_key=True)
    patron_id: Mapped[int] = mapped_column(ForeignKey("patron.id"))
    number: Mapped[str] = mapped_column(String(40), unique=True)  # also in barcode, upper case
    state: Mapped[str] = mapped_column(String(10), default="active")
    kind: Mapped[str] = mapped_column(String(20), default="lending")
    issued_on: Mapped[date] = mapped_column(Date, default=clock.today)
    expires_on: Mapped[date] = mapped_column(Date)
    ended_on: Mapped[date | None] = mapped_column(Date)
    printed_at: Mapped[datetime | None] = mapped_column(UTCDateTime)

    __table_args__ = (
        CheckConstraint("state IN ('active', 'replaced', 'lost', 'canceled')", name="state_known"),
        CheckConstraint(f"kind IN {CARD_KINDS!r}", name="kind_known"),
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
    lifted_by: Mapped[int | None] = mapped_column(Integer)
    lifted_why: Mapped[str] = mapped_column(String(250), default="", server_default="")


class Suspension(Base):
    """Days without borrowing, the penalty where no money is taken."""

    __tablename__ = "suspension"

    id: Mapped[int] = mapped_column(primary_key=True)
    patron_id: Mapped[int] = mapped_column(ForeignKey("patron.id"), index=True)
    from_on: Mapped[date] = mapped_column(Date)
    to_on: Mapped[date] = mapped_column(Date)
    loan_id: Mapped[int | None] = mapped_column(Integer)
    lifted_by: Mapped[int | None] = mapped_column(Integer)


class PrivacyNotice(Base):
    """What a library tells people before it keeps their data; a changed text is a new version."""

    __tablename__ = "privacy_notice"

    id: Mapped[int] = mapped_column(primary_key=True)
    unit_id: Mapped[int] = mapped_column(ForeignKey("org_unit.id"))
    version: Mapped[int] = mapped_column(Integer)
    body: Mapped[str] = mapped_column(Text)
    body_en: Mapped[str] = mapped_column(Text, default="")
    valid_from: Mapped[date] = mapped_column(Date, default=clock.today)
    written_by: Mapped[int | None] = mapped_column(Integer)
    written_at: Mapped[datetime] = mapped_column(UTCDateTime, default=clock.now)

    __table_args__ = (UniqueConstraint("unit_id", "version"),)


class Consent(Base):
    """A person agreed to the keeping of data: to which text, for what, who, how, until when."""

    __tablename__ = "consent"

    id: Mapped[int] = mapped_column(primary_key=True)
    patron_id: Mapped[int] = mapped_column(ForeignKey("patron.id"))
    given_by: Mapped[str] = mapped_column(String(10))  # self | guardian
    giver_name: Mapped[str] = mapped_column(String(120), default="")  # the guardian's
    notice_id: Mapped[int | None] = mapped_column(ForeignKey("privacy_notice.id"))
    text_sha256: Mapped[str] = mapped_column(String(64), default="")
    purposes: Mapped[list[Any]] = mapped_column(default=list)
    channel: Mapped[str] = mapped_column(String(10), default="desk")
    given_at: Mapped[datetime] = mapped_column(UTCDateTime, default=clock.now)
    recorded_by: Mapped[int | None] = mapped_column(Integer)
    withdrawn_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    withdrawn_channel: Mapped[str | None] = mapped_column(String(10))
    withdrawn_by: Mapped[int | None] = mapped_column(Integer)

    __table_args__ = (
        CheckConstraint("given_by IN ('self', 'guardian')", name="giver_known"),
        Index("ix_consent_patron", "patron_id"),
        Index(
            "uq_consent_standing",
            "patron_id",
            "given_by",
            unique=True,
            sqlite_where=text("withdrawn_at IS NULL"),
            postgresql_where=text("withdrawn_at IS NULL"),
        ),
    )


def consent_taken_back() -> ColumnElement[bool]:
    """Return whether a patron of the query agreed once and somebody who had to agree took it back.

    Who never was asked is another thing, and so is an older consent that a newer one ended.
    """
    stands = aliased(Consent)
    newer = select(stands.id).where(
        stands.patron_id == Consent.patron_id,
        stands.given_by == Consent.given_by,
        stands.withdrawn_at.is_(None),
    )
    ended = select(Consent.id).where(
        Consent.patron_id == Patron.id, Consent.withdrawn_at.is_not(None), ~newer.exists()
    )
    return and_(Patron.consent_at.is_(None), ended.correlate(Patron).exists())


class Registration(Base):
    """What somebody sent from the public site to become a patron; counts for nothing until a
    member of staff has seen the person's paper."""

    __tablename__ = "registration"

    id: Mapped[int] = mapped_column(primary_key=True)
    reference: Mapped[str] = mapped_column(String(12), unique=True)
    library_id: Mapped[int] = mapped_column(ForeignKey("org_unit.id"))
    branch_id: Mapped[int] = mapped_column(ForeignKey("org_unit.id"))
    state: Mapped[str] = mapped_column(String(10), default="waiting")
    name: Mapped[str] = mapped_column(String(120))
    facts: Mapped[dict[str, Any]] = mapped_column(default=dict)
    sent_at: Mapped[datetime] = mapped_column(UTCDateTime, default=clock.now)
    expires_on: Mapped[date] = mapped_column(Date)
    decided_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    decided_by: Mapped[int | None] = mapped_column(Integer)
    reason: Mapped[str] = mapped_column(String(250), default="")
    patron_id: Mapped[int | None] = mapped_column(ForeignKey("patron.id"))

    __table_args__ = (
        CheckConstraint(f"state IN {REGISTRATION_STATES!r}", name="state_known"),
        Index("ix_registration_library_state", "library_id", "state", "id"),
        Index("ix_registration_patron", "patron_id"),
    )


class PatronLook(Base):
    """A member of staff looked at a patron's record: who, when, where and what for."""

    __tablename__ = "patron_look"

    id: Mapped[int] = mapped_column(BigId, primary_key=True, autoincrement=True)
    at: Mapped[datetime] = mapped_column(UTCDateTime, default=clock.now)
    staff_id: Mapped[int] = mapped_column(Integer)
    unit_id: Mapped[int | None] = mapped_column(Integer)
    patron_id: Mapped[int] = mapped_column(Integer)
    why: Mapped[str] = mapped_column(String(20))

    __table_args__ = (
        Index("ix_patron_look_patron", "patron_id", "at"),
        Index("ix_patron_look_at", "at"),
    )


class PersonRequest(Base):
    """A person asks for a right the law gives: to correct, erase, restrict or object."""

    __tablename__ = "person_request"

    id: Mapped[int] = mapped_column(primary_key=True)
    patron_id: Mapped[int] = mapped_column(ForeignKey("patron.id"), index=True)
    kind: Mapped[str] = mapped_column(String(10))
    text: Mapped[str] = mapped_column(Text, default="")
    channel: Mapped[str] = mapped_column(String(10), default="opac")
    asked_at: Mapped[datetime] = mapped_column(UTCDateTime, default=clock.now)
    due_on: Mapped[date] = mapped_column(Date)
    state: Mapped[str] = mapped_column(String(10), default="open")
    answer: Mapped[str] = mapped_column(Text, default="")
    decided_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    decided_by: Mapped[int | None] = mapped_column(Integer)

    __table_args__ = (
        CheckConstraint(f"kind IN {REQUEST_KINDS!r}", name="kind_known"),
        CheckConstraint(f"state IN {REQUEST_STATES!r}", name="state_known"),
    )


class PatronMerge(Base):
    """Two records of one person made one. ``moved`` is what an undo needs: rows by pointer, what
    was filled in, which holds were closed; emptied when the time for it is over."""

    __tablename__ = "patron_merge"

    id: Mapped[int] = mapped_column(primary_key=True)
    library_id: Mapped[int] = mapped_column(ForeignKey("org_unit.id"))
    kept_id: Mapped[int] = mapped_column(ForeignKey("patron.id"), index=True)
    gone_id: Mapped[int] = mapped_column(ForeignKey("patron.id"))
    at: Mapped[datetime] = mapped_column(UTCDateTime, default=clock.now)
    by: Mapped[int | None] = mapped_column(Integer)
    until: Mapped[date] = mapped_column(Date)  # the last day on which it can be undone
    moved: Mapped[dict[str, Any]] = mapped_column(default=dict)
    ended_at: Mapped[datetime | None] = mapped_column(UTCDateTime)  # undone, or final
    undone_by: Mapped[int | None] = mapped_column(Integer)
    undone: Mapped[bool] = mapped_column(Boolean, default=False)

    __table_args__ = (
        Index(
            "uq_patron_merge_gone",
            "gone_id",
            unique=True,
            sqlite_where=text("ended_at IS NULL"),
            postgresql_where=text("ended_at IS NULL"),
        ),
        Index("ix_patron_merge_library", "library_id", "ended_at", "until"),
    )


class PatronsDistinct(Base):
    """Somebody looked: two records that seem one person are two people."""

    __tablename__ = "patrons_distinct"

    id: Mapped[int] = mapped_column(primary_key=True)
    low_id: Mapped[int] = mapped_column(ForeignKey("patron.id"))
    high_id: Mapped[int] = mapped_column(ForeignKey("patron.id"))
    by: Mapped[int | None] = mapped_column(Integer)
    at: Mapped[datetime] = mapped_column(UTCDateTime, default=clock.now)

    __table_args__ = (
        UniqueConstraint("low_id", "high_id"),
        CheckConstraint("low_id < high_id", name="in_order"),
    )
