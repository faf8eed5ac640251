"""Tables of the editor: drafts, who has a record open, forms of libraries, what a person repeats."""

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, Integer, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from cataloging.record_pointers import STAYS
from ils.core import clock
from ils.core.db import Base, UTCDateTime
from ils.core.kept import SeldomChanged


class RecordDraft(Base):
    """What somebody typed and has not saved: a new record, or a change of one.

    ``marc`` is what stands in the editor, ``beside`` what is no MARC: the view and material, boxes
    of copies, a text that cannot be read yet. One draft for each person and record.
    """

    __tablename__ = "record_draft"

    id: Mapped[int] = mapped_column(primary_key=True)
    staff_id: Mapped[int] = mapped_column(ForeignKey("staff.id"))
    record_id: Mapped[int | None] = mapped_column(
        ForeignKey("record.id", ondelete="CASCADE"), info=STAYS
    )
    version: Mapped[int] = mapped_column(Integer, default=0)
    title: Mapped[str] = mapped_column(String(300), default="")
    marc: Mapped[dict[str, Any]] = mapped_column()
    beside: Mapped[dict[str, Any]] = mapped_column(default=dict)
    begun_at: Mapped[datetime] = mapped_column(UTCDateTime, default=clock.now)
    kept_at: Mapped[datetime] = mapped_column(UTCDateTime, default=clock.now)

    __table_args__ = (
        Index(
            "uq_record_draft_record",
            "staff_id",
            "record_id",
            unique=True,
            sqlite_where=text("record_id IS NOT NULL"),
            postgresql_where=text("record_id IS NOT NULL"),
        ),
        Index("ix_record_draft_staff", "staff_id", "kept_at"),
        Index("ix_record_draft_record", "record_id"),
    )


class RecordOpen(Base):
    """Who has a record open in the editor, and when their page was last heard of."""

    __tablename__ = "record_open"

    record_id: Mapped[int] = mapped_column(
        ForeignKey("record.id", ondelete="CASCADE"), primary_key=True, info=STAYS
    )
    staff_id: Mapped[int] = mapped_column(ForeignKey("staff.id"), primary_key=True)
    seen_at: Mapped[datetime] = mapped_column(UTCDateTime, default=clock.now)

    __table_args__ = (Index("ix_record_open_staff", "staff_id"),)


class EntryForm(Base, SeldomChanged):
    """A form as a unit and those below it use it: ``layout`` lists its boxes in order, each
    ``{box, group, required, value}``."""

    __tablename__ = "entry_form"

    id: Mapped[int] = mapped_column(primary_key=True)
    unit_id: Mapped[int] = mapped_column(ForeignKey("org_unit.id"))
    material: Mapped[str] = mapped_column(String(20))
    layout: Mapped[list[Any]] = mapped_column()
    changed_at: Mapped[datetime] = mapped_column(UTCDateTime, default=clock.now)
    changed_by: Mapped[int | None] = mapped_column(Integer)

    __table_args__ = (UniqueConstraint("unit_id", "material"),)


class EntryHabit(Base):
    """What a person's next new record begins with: boxes pinned, the last record for repeating,
    the boxes of copies that stay."""

    __tablename__ = "entry_habit"

    staff_id: Mapped[int] = mapped_column(ForeignKey("staff.id"), primary_key=True)
    material: Mapped[str] = mapped_column(String(20), default="book")
    pinned: Mapped[list[Any]] = mapped_column(default=list)
    last: Mapped[dict[str, Any] | None] = mapped_column()
    copies: Mapped[dict[str, Any]] = mapped_column(default=dict)
