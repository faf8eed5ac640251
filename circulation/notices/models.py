"""Tables of notices: the thing to be told, the message that tells it, calls, letters, wishes, texts."""

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
    UniqueConstraint,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from circulation.rules.notices import CHANNELS, KINDS
from ils.core import clock
from ils.core.db import Base, UTCDateTime

NOTICE_STATES = ("planned", "sent", "dropped", "failed", "unsure")
MESSAGE_STATES = ("waiting", "sending", "sent", "unsure", "failed", "dropped")
RECEIPT_WAYS = ("", "print", "email", "none")
CALL_RESULTS = ("reached", "no_answer", "wrong_number", "promised")
_WAITS = "state = 'planned' AND message_id IS NULL"


class Notice(Base):
    """One thing to tell one patron. ``key`` says what about and at which step, so that it is never
    planned twice; ``about_on`` is the day the notice speaks of, as it was when planned.

    Only who was declined as a patron is told without being one: ``registration_id`` says who.
    """

    __tablename__ = "notice"

    id: Mapped[int] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(String(80), unique=True)
    what: Mapped[str] = mapped_column(String(20))
    step: Mapped[int] = mapped_column(Integer, default=0)
    last_step: Mapped[bool] = mapped_column(Boolean, default=False)
    patron_id: Mapped[int | None] = mapped_column(ForeignKey("patron.id"))
    branch_id: Mapped[int] = mapped_column(ForeignKey("org_unit.id"))
    library_id: Mapped[int] = mapped_column(ForeignKey("org_unit.id"))
    registration_id: Mapped[int | None] = mapped_column(ForeignKey("registration.id"))
    receipt_id: Mapped[int | None] = mapped_column(ForeignKey("receipt.id"))
    loan_id: Mapped[int | None] = mapped_column(ForeignKey("loan.id"))
    hold_id: Mapped[int | None] = mapped_column(ForeignKey("hold.id"))
    card_id: Mapped[int | None] = mapped_column(ForeignKey("patron_card.id"))
    about_on: Mapped[date | None] = mapped_column(Date)
    planned_on: Mapped[date] = mapped_column(Date)
    planned_at: Mapped[datetime] = mapped_column(UTCDateTime, default=clock.now)
    state: Mapped[str] = mapped_column(String(10), default="planned")
    reason: Mapped[str] = mapped_column(String(30), default="")  # why dropped or failed
    tried: Mapped[str] = mapped_column(String(60), default="")  # ways that failed, with commas
    message_id: Mapped[int | None] = mapped_column(ForeignKey("notice_message.id"))
    ended_at: Mapped[datetime | None] = mapped_column(UTCDateTime)

    __table_args__ = (
        CheckConstraint(f"what IN {KINDS!r}", name="what_known"),
        CheckConstraint("(patron_id IS NULL) = (what = 'declined')", name="to_whom"),
        CheckConstraint("what <> 'declined' OR registration_id IS NOT NULL", name="who_declined"),
        CheckConstraint("(what = 'money_receipt') = (receipt_id IS NOT NULL)", name="of_receipt"),
        CheckConstraint(f"state IN {NOTICE_STATES!r}", name="state_known"),
        CheckConstraint("(state = 'planned') = (ended_at IS NULL)", name="ends_once"),
        Index("ix_notice_patron", "patron_id", "id"),
        Index("ix_notice_message", "message_id"),
        Index("ix_notice_library", "library_id", "state", "planned_on"),
        Index("ix_notice_loan", "loan_id"),
        Index("ix_notice_hold", "hold_id"),
        Index(
            "ix_notice_waiting",
            "patron_id",
            sqlite_where=text(_WAITS),
            postgresql_where=text(_WAITS),
        ),
    )


class NoticeMessage(Base):
    """What one patron is told on one day by one way. ``once`` is patron, way and day.

    A message ``alone`` is none of the day's: a receipt, or the answer to somebody who did not
    become a patron (``patron_id`` empty; address and words go as soon as it is told).

    ``reference`` is the Message-ID of a mail, the same at every try. A message found in ``sending``
    long after may have gone out: it becomes ``unsure`` and is not sent again by itself.
    """

    __tablename__ = "notice_message"

    id: Mapped[int] = mapped_column(primary_key=True)
    once: Mapped[str] = mapped_column(String(60), unique=True)
    alone: Mapped[bool] = mapped_column(Boolean, default=False)
    patron_id: Mapped[int | None] = mapped_column(ForeignKey("patron.id"))
    branch_id: Mapped[int] = mapped_column(ForeignKey("org_unit.id"))
    library_id: Mapped[int] = mapped_column(ForeignKey("org_unit.id"))
    channel: Mapped[str] = mapped_column(String(10))
    day: Mapped[date] = mapped_column(Date)
    state: Mapped[str] = mapped_column(String(10), default="waiting")
    reference: Mapped[str] = mapped_column(String(120), default="")
    address: Mapped[str] = mapped_column(String(200), default="")
    language: Mapped[str] = mapped_column(String(5), default="vi")
    subject: Mapped[str] = mapped_column(String(250), default="")
    body: Mapped[str] = mapped_column(Text, default="")
    paper: Mapped[dict[str, Any]] = mapped_column(default=dict)  # what a printed letter says
    parts: Mapped[int] = mapped_column(Integer, default=0)  # of an SMS, as charged
    tries: Mapped[int] = mapped_column(Integer, default=0)
    next_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    claimed_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    ended_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    problem: Mapped[str] = mapped_column(String(300), default="")
    batch_id: Mapped[int | None] = mapped_column(ForeignKey("notice_letters.id"))
    made_at: Mapped[datetime] = mapped_column(UTCDateTime, default=clock.now)

    __table_args__ = (
        CheckConstraint(f"channel IN {CHANNELS!r}", name="channel_known"),
        CheckConstraint("alone OR patron_id IS NOT NULL", name="to_whom"),
        CheckConstraint(f"state IN {MESSAGE_STATES!r}", name="state_known"),
        Index("ix_notice_message_state", "state", "channel", "next_at"),
        Index("ix_notice_message_library", "library_id", "channel", "state"),
        Index("ix_notice_message_patron", "patron_id", "id"),
        Index("ix_notice_message_batch", "batch_id"),
    )


class NoticeCall(Base):
    """One try to reach somebody by telephone."""

    __tablename__ = "notice_call"

    id: Mapped[int] = mapped_column(primary_key=True)
    message_id: Mapped[int] = mapped_column(ForeignKey("notice_message.id"))
    at: Mapped[datetime] = mapped_column(UTCDateTime, default=clock.now)
    by: Mapped[int | None] = mapped_column(Integer)
    result: Mapped[str] = mapped_column(String(15))
    promised_on: Mapped[date | None] = mapped_column(Date)

    __table_args__ = (
        CheckConstraint(f"result IN {CALL_RESULTS!r}", name="result_known"),
        CheckConstraint("(result = 'promised') = (promised_on IS NOT NULL)", name="promise_dated"),
        Index("ix_notice_call_message", "message_id"),
    )


class NoticeLetters(Base):
    """Letters printed together. What each says is kept with its message, so that a reprint is the
    same."""

    __tablename__ = "notice_letters"

    id: Mapped[int] = mapped_column(primary_key=True)
    library_id: Mapped[int] = mapped_column(ForeignKey("org_unit.id"))
    made_at: Mapped[datetime] = mapped_column(UTCDateTime, default=clock.now)
    made_by: Mapped[int | None] = mapped_column(Integer)
    count: Mapped[int] = mapped_column(Integer, default=0)

    __table_args__ = (Index("ix_notice_letters_library", "library_id", "id"),)


class NoticeWish(Base):
    """How a patron wants to be told and to have receipts (empty: as the library does), and which of
    their addresses turned out not to work."""

    __tablename__ = "notice_wish"

    id: Mapped[int] = mapped_column(primary_key=True)
    patron_id: Mapped[int] = mapped_column(ForeignKey("patron.id"), unique=True)
    channel: Mapped[str] = mapped_column(String(10), default="")  # empty: the library chooses
    courtesies: Mapped[bool] = mapped_column(Boolean, default=True)
    receipt: Mapped[str] = mapped_column(String(10), default="", server_default="")
    bad_email: Mapped[str] = mapped_column(String(120), default="")
    bad_phone: Mapped[str] = mapped_column(String(20), default="")
    changed_at: Mapped[datetime] = mapped_column(UTCDateTime, default=clock.now)
    changed_by: Mapped[int | None] = mapped_column(Integer)

    __table_args__ = (
        CheckConstraint(f"channel IN {('', *CHANNELS)!r}", name="channel_known"),
        CheckConstraint(f"receipt IN {RECEIPT_WAYS!r}", name="receipt_known"),
    )


class NoticeText(Base):
    """A text a unit wrote instead of the one it would inherit."""

    __tablename__ = "notice_text"

    id: Mapped[int] = mapped_column(primary_key=True)
    unit_id: Mapped[int] = mapped_column(ForeignKey("org_unit.id"))
    what: Mapped[str] = mapped_column(String(20))  # a kind, or ``message`` for what frames them
    language: Mapped[str] = mapped_column(String(5))
    part: Mapped[str] = mapped_column(String(12))
    body: Mapped[str] = mapped_column(Text)
    changed_at: Mapped[datetime] = mapped_column(UTCDateTime, default=clock.now)
    changed_by: Mapped[int | None] = mapped_column(Integer)

    __table_args__ = (UniqueConstraint("unit_id", "what", "language", "part"),)
