"""Tables of acts on many patrons at once, kept so that each can be taken back as one."""

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
    UniqueConstraint,
)
from sqlalchemy.orm import Mapped, mapped_column

import circulation.patrons.models  # noqa: F401 — lines point at its patrons
from ils.core import clock
from ils.core.db import Base, UTCDateTime

# a list of a school, cards for another term, a new school year, kinds by age
BATCH_KINDS = ("classes", "renewal", "new_year", "ages")
# being looked at, looked at and waiting for a person, being done, done, being taken back
BATCH_STATES = ("trying", "draft", "running", "done", "undoing")
ROW_PARTS = ("row", "photo", "left")


class PatronBatch(Base):
    """One act on many patrons. ``facts`` are figures and words without names.

    ``plan`` is what was chosen, ``done_to`` how many of ``total`` rows are dealt with; so an act
    that was stopped goes on where it was.
    """

    __tablename__ = "patron_batch"

    id: Mapped[int] = mapped_column(primary_key=True)
    library_id: Mapped[int] = mapped_column(ForeignKey("org_unit.id"))
    kind: Mapped[str] = mapped_column(String(10))
    at: Mapped[datetime] = mapped_column(UTCDateTime, default=clock.now)
    by: Mapped[int | None] = mapped_column(Integer)
    until: Mapped[date] = mapped_column(Date)  # the last day on which it can be taken back
    facts: Mapped[dict[str, Any]] = mapped_column(default=dict)
    ended_at: Mapped[datetime | None] = mapped_column(UTCDateTime)  # taken back, or final
    undone: Mapped[bool] = mapped_column(Boolean, default=False)
    undone_by: Mapped[int | None] = mapped_column(Integer)
    state: Mapped[str] = mapped_column(String(10), default="done", server_default="done")
    plan: Mapped[dict[str, Any]] = mapped_column(default=dict, server_default="{}")
    done_to: Mapped[int] = mapped_column(Integer, default=0, server_default="0")
    total: Mapped[int] = mapped_column(Integer, default=0, server_default="0")
    job_id: Mapped[int | None] = mapped_column(Integer)

    __table_args__ = (
        CheckConstraint(f"kind IN {BATCH_KINDS!r}", name="kind_known"),
        CheckConstraint(f"state IN {BATCH_STATES!r}", name="state_known"),
        Index("ix_patron_batch_library", "library_id", "ended_at", "until"),
    )


class PatronBatchLine(Base):
    """What an act on many did to one patron: columns with old and new value, by row; what it made.

    Deleted when the act is final or the person is erased: old values are personal data.
    """

    __tablename__ = "patron_batch_line"

    id: Mapped[int] = mapped_column(primary_key=True)
    batch_id: Mapped[int] = mapped_column(ForeignKey("patron_batch.id"))
    patron_id: Mapped[int] = mapped_column(ForeignKey("patron.id"))
    made: Mapped[str] = mapped_column(String(64), default="")  # the record as registered, summed up
    changes: Mapped[list[Any]] = mapped_column(default=list)
    facts: Mapped[dict[str, Any]] = mapped_column(default=dict)
    # the photo that another took the place of, kept as long as the act can be undone
    photo_was_id: Mapped[int | None] = mapped_column(ForeignKey("kept_file.id"))

    __table_args__ = (
        UniqueConstraint("batch_id", "patron_id"),
        Index("ix_patron_batch_line_patron", "patron_id"),
    )


class PatronBatchRow(Base):
    """What came of one row of a list, one card or one photo; or who was left alone by an undo.

    Deleted with the lines: names are in it.
    """

    __tablename__ = "patron_batch_row"

    id: Mapped[int] = mapped_column(primary_key=True)
    batch_id: Mapped[int] = mapped_column(ForeignKey("patron_batch.id"))
    part: Mapped[str] = mapped_column(String(5), default="row")
    number: Mapped[int] = mapped_column(Integer)  # of the row, from 1
    patron_id: Mapped[int | None] = mapped_column(ForeignKey("patron.id"))
    what: Mapped[str] = mapped_column(String(10), default="")
    name: Mapped[str] = mapped_column(String(250), default="")
    code: Mapped[str] = mapped_column(String(40), default="")  # why it was not taken
    facts: Mapped[dict[str, Any]] = mapped_column(default=dict)

    __table_args__ = (
        UniqueConstraint("batch_id", "part", "number"),
        CheckConstraint(f"part IN {ROW_PARTS!r}", name="part_known"),
        Index("ix_patron_batch_row_what", "batch_id", "part", "what", "number"),
        Index("ix_patron_batch_row_patron", "patron_id"),
    )
