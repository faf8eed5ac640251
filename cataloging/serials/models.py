"""Tables of newspapers and magazines: the titles taken, how they appear, what came, what was claimed."""

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
)
from sqlalchemy.orm import Mapped, mapped_column

from cataloging.models import ITEM_USES
from cataloging.record_pointers import MOVES_ALONE
from ils.core import clock
from ils.core.db import Base, UTCDateTime
from ils.core.events import BigId

STATES = ("claimed", "arrived", "absent", "missing", "discarded")


class SerialTitle(Base):
    """A newspaper or magazine that a branch takes: how many copies, at what price, since when.

    An issue is due ``delay_days`` after the day on its cover (the post), and late after
    ``grace_days`` more. With ``as_items`` each issue that comes becomes copies with a barcode.
    """

    __tablename__ = "serial_title"

    id: Mapped[int] = mapped_column(primary_key=True)
    record_id: Mapped[int] = mapped_column(ForeignKey("record.id"), info=MOVES_ALONE)
    library_id: Mapped[int] = mapped_column(ForeignKey("org_unit.id"))
    branch_id: Mapped[int] = mapped_column(ForeignKey("org_unit.id"))
    copies: Mapped[int] = mapped_column(Integer, default=1)
    price: Mapped[int | None] = mapped_column(BigInteger)  # đồng, of one copy of an issue
    starts_on: Mapped[date] = mapped_column(Date)
    ends_on: Mapped[date | None] = mapped_column(Date)  # the last day taken
    delay_days: Mapped[int] = mapped_column(Integer, default=0)
    grace_days: Mapped[int] = mapped_column(Integer, default=1)
    as_items: Mapped[bool] = mapped_column(Boolean, default=False)
    item_type: Mapped[str | None] = mapped_column(ForeignKey("item_type.code"))
    use: Mapped[str] = mapped_column(String(15), default="reading_room")
    register_id: Mapped[int | None] = mapped_column(ForeignKey("accession_register.id"))
    collection_id: Mapped[int | None] = mapped_column(ForeignKey("collection.id"))
    supplier_id: Mapped[int | None] = mapped_column(ForeignKey("supplier.id"))
    note: Mapped[str] = mapped_column(Text, default="")
    made_at: Mapped[datetime] = mapped_column(UTCDateTime, default=clock.now)
    made_by: Mapped[int | None] = mapped_column(Integer)

    __table_args__ = (
        UniqueConstraint("branch_id", "record_id"),
        CheckConstraint("copies BETWEEN 1 AND 99", name="copies_counted"),
        CheckConstraint("price IS NULL OR price >= 0", name="price_not_negative"),
        CheckConstraint("ends_on IS NULL OR ends_on >= starts_on", name="ends_after_start"),
        CheckConstraint("delay_days BETWEEN 0 AND 60", name="delay_short"),
        CheckConstraint("grace_days BETWEEN 0 AND 90", name="grace_short"),
        CheckConstraint(f"use IN {ITEM_USES!r}", name="use_known"),
        Index("ix_serial_title_record", "record_id"),
        Index("ix_serial_title_library", "library_id"),
        Index("ix_serial_title_supplier", "supplier_id"),
    )


class SerialPattern(Base):
    """How a title appears from a day on, until its next pattern; see ``rules.pattern.Pattern``.

    Days in the lists are ISO dates: ``combined`` {day: how many numbers}, ``specials`` {day: name}.
    """

    __tablename__ = "serial_pattern"

    id: Mapped[int] = mapped_column(primary_key=True)
    serial_id: Mapped[int] = mapped_column(ForeignKey("serial_title.id", ondelete="CASCADE"))
    begins: Mapped[date] = mapped_column(Date)
    unit: Mapped[str] = mapped_column(String(5))
    weekdays: Mapped[list[Any]] = mapped_column(default=list)
    every: Mapped[int] = mapped_column(Integer, default=1)
    days: Mapped[list[Any]] = mapped_column(default=list)
    months: Mapped[list[Any]] = mapped_column(default=list)
    first_number: Mapped[int] = mapped_column(Integer, default=1)
    numbering: Mapped[str] = mapped_column(String(7), default="year")
    volume: Mapped[int | None] = mapped_column(Integer)
    skipped: Mapped[list[Any]] = mapped_column(default=list)
    combined: Mapped[dict[str, Any]] = mapped_column(default=dict)
    specials: Mapped[dict[str, Any]] = mapped_column(default=dict)

    __table_args__ = (
        UniqueConstraint("serial_id", "begins"),
        CheckConstraint("unit IN ('week', 'month')", name="unit_known"),
        CheckConstraint("numbering IN ('year', 'running', 'none')", name="numbering_known"),
        CheckConstraint("every BETWEEN 1 AND 52", name="every_counted"),
        CheckConstraint("first_number >= 1", name="number_positive"),
    )


class SerialIssue(Base):
    """An issue something befell: it came, was claimed, did not appear, never came, was given away.

    What is only expected has no row: it is worked out from the pattern. ``name`` is empty but for
    special issues, so a title has one ordinary issue a day. ``event_id`` is the line of the log
    that an undoing takes back; ``change_set_id`` holds the copies made of it. ``awaited`` is how
    many copies should have come where fewer did; empty where nothing is awaited any more.
    """

    __tablename__ = "serial_issue"

    id: Mapped[int] = mapped_column(primary_key=True)
    serial_id: Mapped[int] = mapped_column(ForeignKey("serial_title.id"))
    day: Mapped[date] = mapped_column(Date)
    name: Mapped[str] = mapped_column(String(80), default="")
    first_no: Mapped[int | None] = mapped_column(Integer)
    last_no: Mapped[int | None] = mapped_column(Integer)
    volume: Mapped[int | None] = mapped_column(Integer)
    state: Mapped[str] = mapped_column(String(10))
    copies: Mapped[int] = mapped_column(Integer, default=0)
    awaited: Mapped[int | None] = mapped_column(Integer)
    arrived_on: Mapped[date | None] = mapped_column(Date)
    event_id: Mapped[int | None] = mapped_column(BigId)
    change_set_id: Mapped[int | None] = mapped_column(ForeignKey("change_set.id"))
    done_at: Mapped[datetime] = mapped_column(UTCDateTime, default=clock.now)
    done_by: Mapped[int | None] = mapped_column(Integer)

    __table_args__ = (
        UniqueConstraint("serial_id", "day", "name"),
        CheckConstraint(f"state IN {STATES!r}", name="state_known"),
        CheckConstraint(
            "(first_no IS NULL AND last_no IS NULL) OR (first_no >= 1 AND last_no >= first_no)",
            name="numbers_in_order",
        ),
        CheckConstraint(
            "state NOT IN ('arrived', 'discarded') OR (arrived_on IS NOT NULL AND copies >= 1)",
            name="arrived_counted",
        ),
        Index("ix_serial_issue_day", "day"),
        Index("ix_serial_issue_change_set", "change_set_id"),
    )


class SerialClaim(Base):
    """Issues that did not come, asked for in writing; numbered by library and year."""

    __tablename__ = "serial_claim"

    id: Mapped[int] = mapped_column(primary_key=True)
    library_id: Mapped[int] = mapped_column(ForeignKey("org_unit.id"))
    branch_id: Mapped[int] = mapped_column(ForeignKey("org_unit.id"))
    year: Mapped[int] = mapped_column(Integer)
    number: Mapped[int] = mapped_column(Integer)
    made_on: Mapped[date] = mapped_column(Date)
    receiver: Mapped[str] = mapped_column(String(200), default="")
    made_at: Mapped[datetime] = mapped_column(UTCDateTime, default=clock.now)
    made_by: Mapped[int | None] = mapped_column(Integer)

    __table_args__ = (UniqueConstraint("library_id", "year", "number"),)


class SerialClaimLine(Base):
    """An issue on a claim; one that is claimed again stands on each. ``copies``: how many are asked
    for; empty in letters of old, which asked for all."""

    __tablename__ = "serial_claim_line"

    claim_id: Mapped[int] = mapped_column(
        ForeignKey("serial_claim.id", ondelete="CASCADE"), primary_key=True
    )
    issue_id: Mapped[int] = mapped_column(
        ForeignKey("serial_issue.id", ondelete="CASCADE"), primary_key=True
    )
    copies: Mapped[int | None] = mapped_column(Integer)

    __table_args__ = (Index("ix_serial_claim_line_issue", "issue_id"),)


class SerialVolume(Base):
    """Issues bound together: one copy with an accession number."""

    __tablename__ = "serial_volume"

    id: Mapped[int] = mapped_column(primary_key=True)
    serial_id: Mapped[int] = mapped_column(ForeignKey("serial_title.id"))
    label: Mapped[str] = mapped_column(String(120))
    item_id: Mapped[int] = mapped_column(ForeignKey("item.id", ondelete="CASCADE"))
    change_set_id: Mapped[int] = mapped_column(ForeignKey("change_set.id"))
    bound_on: Mapped[date] = mapped_column(Date)
    made_at: Mapped[datetime] = mapped_column(UTCDateTime, default=clock.now)
    made_by: Mapped[int | None] = mapped_column(Integer)

    __table_args__ = (UniqueConstraint("item_id"), Index("ix_serial_volume_serial", "serial_id"))


class SerialVolumeIssue(Base):
    """An issue in a bound volume: at most one. ``item_id`` is the copy of the issue that went into
    it, where issues are copies."""

    __tablename__ = "serial_volume_issue"

    issue_id: Mapped[int] = mapped_column(ForeignKey("serial_issue.id"), primary_key=True)
    volume_id: Mapped[int] = mapped_column(ForeignKey("serial_volume.id", ondelete="CASCADE"))
    item_id: Mapped[int | None] = mapped_column(ForeignKey("item.id", ondelete="SET NULL"))

    __table_args__ = (Index("ix_serial_volume_issue_volume", "volume_id"),)
