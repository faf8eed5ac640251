"""Tables of duplicates: a look over the catalogue, keys, likely pairs, merges, what matches them."""

from datetime import datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    ForeignKey,
    Index,
    Integer,
    SmallInteger,
    String,
    Text,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from cataloging.record_pointers import STAYS
from ils.core import clock
from ils.core.db import Base, UTCDateTime

PAIR_STATES = ("open", "distinct")


class DuplicateRun(Base):
    """One look over the whole catalogue: how far it is (phase, and the last key in it)."""

    __tablename__ = "duplicate_run"

    id: Mapped[int] = mapped_column(primary_key=True)
    started_at: Mapped[datetime] = mapped_column(UTCDateTime, default=clock.now)
    started_by: Mapped[int | None] = mapped_column(Integer)
    finished_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    job_id: Mapped[int | None] = mapped_column(ForeignKey("job.id", ondelete="SET NULL"))
    phase: Mapped[str] = mapped_column(String(10), default="keys")
    after: Mapped[str] = mapped_column(String(220), default="")
    looked_at: Mapped[int] = mapped_column(Integer, default=0)  # records


class DuplicateKey(Base):
    """The loose key of a record: title and author without marks, in any order of the author's
    words. Written by each look anew."""

    __tablename__ = "duplicate_key"

    record_id: Mapped[int] = mapped_column(
        ForeignKey("record.id", ondelete="CASCADE"),
        primary_key=True,
        autoincrement=False,
        info=STAYS,
    )
    key: Mapped[int] = mapped_column(BigInteger)

    __table_args__ = (Index("ix_duplicate_key_key", "key", "record_id"),)


class DuplicatePair(Base):
    """Two records that may be one title, how certainly (3 sure, 2 likely, 1 possible) and by what;
    or that somebody found to be two (``distinct``), which no look changes. Pairs that hang
    together have one ``group_id``, the lowest record of them."""

    __tablename__ = "duplicate_pair"

    low_id: Mapped[int] = mapped_column(
        ForeignKey("record.id", ondelete="CASCADE"),
        primary_key=True,
        autoincrement=False,
        info=STAYS,
    )
    high_id: Mapped[int] = mapped_column(
        ForeignKey("record.id", ondelete="CASCADE"),
        primary_key=True,
        autoincrement=False,
        info=STAYS,
    )
    group_id: Mapped[int] = mapped_column(Integer)
    certainty: Mapped[int] = mapped_column(SmallInteger)
    why: Mapped[str] = mapped_column(String(60), default="")
    run_id: Mapped[int | None] = mapped_column(Integer)
    state: Mapped[str] = mapped_column(String(10), default="open")
    judged_by: Mapped[int | None] = mapped_column(Integer)
    judged_at: Mapped[datetime | None] = mapped_column(UTCDateTime)

    __table_args__ = (
        CheckConstraint("low_id < high_id", name="in_order"),
        CheckConstraint(f"state IN {PAIR_STATES!r}", name="state_known"),
        CheckConstraint("certainty BETWEEN 0 AND 3", name="certainty_known"),
        Index("ix_duplicate_pair_group", "state", "group_id"),
        Index("ix_duplicate_pair_high", "high_id"),
    )


class RecordMerge(Base):
    """A record set aside for another, and which rows were moved for that, so that an undo gives
    back exactly those."""

    __tablename__ = "record_merge"

    id: Mapped[int] = mapped_column(primary_key=True)
    kept_id: Mapped[int] = mapped_column(ForeignKey("record.id"), info=STAYS)
    gone_id: Mapped[int] = mapped_column(ForeignKey("record.id"), info=STAYS)
    change_set_id: Mapped[int] = mapped_column(ForeignKey("change_set.id"))
    merged_at: Mapped[datetime] = mapped_column(UTCDateTime, default=clock.now)
    merged_by: Mapped[int | None] = mapped_column(Integer)
    moved: Mapped[dict[str, Any]] = mapped_column(default=dict)
    undone_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    undone_by: Mapped[int | None] = mapped_column(Integer)

    __table_args__ = (
        CheckConstraint("kept_id <> gone_id", name="two_records"),
        Index(
            "uq_record_merge_gone",
            "gone_id",
            unique=True,
            sqlite_where=text("undone_at IS NULL"),
            postgresql_where=text("undone_at IS NULL"),
        ),
        Index("ix_record_merge_kept", "kept_id"),
        Index("ix_record_merge_change_set", "change_set_id"),
    )


class RecordMergeKey(Base):
    """What one of the records of a merge was matched by before it (rule and value as in
    ``cataloging.imports.matching``), so that its file, brought in again, still finds the title.

    Counts while the merge stands. ``material`` and ``isbns`` (parted by spaces) are what the record
    said that may speak against a match by title.
    """

    __tablename__ = "record_merge_key"

    id: Mapped[int] = mapped_column(primary_key=True)
    merge_id: Mapped[int] = mapped_column(ForeignKey("record_merge.id", ondelete="CASCADE"))
    rule: Mapped[str] = mapped_column(String(10))
    value: Mapped[str] = mapped_column(String(220))
    material: Mapped[str] = mapped_column(String(20), default="")
    isbns: Mapped[str] = mapped_column(Text, default="")

    __table_args__ = (
        Index("ix_record_merge_key_value", "value", "rule"),
        Index("ix_record_merge_key_merge", "merge_id"),
    )
