"""Tables of the authorities.

``authority.marc`` is the truth; its rows in ``heading`` follow from it. ``record_heading`` follows
from the MARC of the records. Both are written with what they follow from, in one transaction.
"""

from datetime import datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    ForeignKey,
    Index,
    Integer,
    SmallInteger,
    String,
)
from sqlalchemy import text as sql
from sqlalchemy.orm import Mapped, mapped_column

from cataloging.record_pointers import STAYS
from ils.core import clock
from ils.core.db import Base, UTCDateTime
from ils.core.events import BigId

KINDS = ("person", "body", "place", "title", "subject", "genre")
ROLES = ("preferred", "variant", "provisional")
PROVINCE = 0  # scope of what all libraries share; a library's own has the library's id


class Authority(Base):
    """An authority record. ``scope`` is 0 for the province's, else the library whose own it is."""

    __tablename__ = "authority"

    id: Mapped[int] = mapped_column(primary_key=True)
    scope: Mapped[int] = mapped_column(Integer, default=PROVINCE)
    kind: Mapped[str] = mapped_column(String(8))
    heading: Mapped[str] = mapped_column(String(300))
    filing: Mapped[str] = mapped_column(String(240))
    key: Mapped[int] = mapped_column(BigInteger)
    marc: Mapped[dict[str, Any]] = mapped_column()
    control_number: Mapped[str] = mapped_column(String(80), default="")
    control_source: Mapped[str] = mapped_column(String(40), default="")
    version: Mapped[int] = mapped_column(Integer, default=1)
    merged_into: Mapped[int | None] = mapped_column(ForeignKey("authority.id"))
    deleted_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    created_at: Mapped[datetime] = mapped_column(UTCDateTime, default=clock.now)
    updated_at: Mapped[datetime] = mapped_column(UTCDateTime, default=clock.now)

    __table_args__ = (
        CheckConstraint(f"kind IN {KINDS!r}", name="kind_known"),
        Index(
            "uq_authority_preferred",
            "key",
            "scope",
            unique=True,
            sqlite_where=sql("deleted_at IS NULL"),
            postgresql_where=sql("deleted_at IS NULL"),
        ),
        Index("ix_authority_control", "control_number"),
        Index("ix_authority_merged", "merged_into"),
    )


class AuthorityVersion(Base):
    """One saved state of an authority, with its whole content: authorities are few and small."""

    __tablename__ = "authority_version"

    authority_id: Mapped[int] = mapped_column(
        ForeignKey("authority.id", ondelete="CASCADE"), primary_key=True
    )
    version: Mapped[int] = mapped_column(Integer, primary_key=True)
    marc: Mapped[dict[str, Any]] = mapped_column()
    change: Mapped[str] = mapped_column(String(10))  # created | replaced | deleted | restored
    merged_into: Mapped[int | None] = mapped_column(Integer)
    change_set_id: Mapped[int] = mapped_column(ForeignKey("change_set.id"))
    at: Mapped[datetime] = mapped_column(UTCDateTime, default=clock.now)
    actor_id: Mapped[int | None] = mapped_column(Integer)
    why: Mapped[str] = mapped_column(String(300), default="")

    __table_args__ = (Index("ix_authority_version_change_set", "change_set_id"),)


class Heading(Base):
    """A form of a heading: an authority's preferred form, one of its variants, or provisional.

    ``near`` is the form without marks and numbers, by which near-equal forms are found. ``mark``
    says what a tracing is: '' an ordinary variant, 'earlier' a form the authority had before.
    """

    __tablename__ = "heading"

    id: Mapped[int] = mapped_column(BigId, primary_key=True, autoincrement=True)
    key: Mapped[int] = mapped_column(BigInteger)
    scope: Mapped[int] = mapped_column(Integer, default=PROVINCE)
    kind: Mapped[str] = mapped_column(String(8))
    role: Mapped[str] = mapped_column(String(12))
    text: Mapped[str] = mapped_column(String(300))
    filing: Mapped[str] = mapped_column(String(240))
    near: Mapped[str] = mapped_column(String(120))
    mark: Mapped[str] = mapped_column(String(8), default="")
    authority_id: Mapped[int | None] = mapped_column(ForeignKey("authority.id", ondelete="CASCADE"))

    __table_args__ = (
        CheckConstraint(f"kind IN {KINDS!r}", name="kind_known"),
        CheckConstraint(f"role IN {ROLES!r}", name="role_known"),
        CheckConstraint(
            "(role = 'provisional') = (authority_id IS NULL)", name="provisional_has_no_authority"
        ),
        Index(
            "uq_heading_one_meaning",
            "key",
            "scope",
            unique=True,
            sqlite_where=sql("role <> 'variant'"),
            postgresql_where=sql("role <> 'variant'"),
        ),
        Index("ix_heading_key", "key"),
        Index("ix_heading_browse", "kind", "filing", "id"),
        Index("ix_heading_near", "kind", "near"),
        Index(
            "ix_heading_authority",
            "authority_id",
            sqlite_where=sql("authority_id IS NOT NULL"),
            postgresql_where=sql("authority_id IS NOT NULL"),
        ),
        {"sqlite_autoincrement": True},  # a page left open must never mean another form
    )


class SeeAlso(Base):
    """A reference from an authority to another heading (5XX). The key says to which."""

    __tablename__ = "heading_see_also"

    authority_id: Mapped[int] = mapped_column(
        ForeignKey("authority.id", ondelete="CASCADE"), primary_key=True
    )
    key: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    kind: Mapped[str] = mapped_column(String(8))
    text: Mapped[str] = mapped_column(String(300))
    relation: Mapped[str] = mapped_column(String(8), default="")  # earlier | later | broader …

    __table_args__ = (Index("ix_heading_see_also_key", "key"),)


class RecordHeading(Base):
    """A controlled heading of a record: the place of its field (from 0), its tag, its key."""

    __tablename__ = "record_heading"

    record_id: Mapped[int] = mapped_column(
        ForeignKey("record.id", ondelete="CASCADE"), primary_key=True, info=STAYS
    )
    place: Mapped[int] = mapped_column(SmallInteger, primary_key=True, autoincrement=False)
    tag: Mapped[str] = mapped_column(String(3))
    key: Mapped[int] = mapped_column(BigInteger)

    __table_args__ = (
        Index("ix_record_heading_key", "key", "record_id"),
        {"sqlite_with_rowid": False},
    )


class HeadingPair(Base):
    """Two forms that may be one, or that somebody said are not. The lower key stands first."""

    __tablename__ = "heading_pair"

    low: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    high: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    kind: Mapped[str] = mapped_column(String(8))
    why: Mapped[str] = mapped_column(String(8))  # marks | dates | order | letter
    filing: Mapped[str] = mapped_column(String(240))
    apart: Mapped[bool] = mapped_column(Boolean, default=False)
    found_at: Mapped[datetime] = mapped_column(UTCDateTime, default=clock.now)

    __table_args__ = (
        CheckConstraint("low < high", name="lower_first"),
        Index("ix_heading_pair_list", "apart", "kind", "filing"),
    )


class AuthorityImport(Base):
    """A file of authorities brought in: its rules, how far it is, what came of it."""

    __tablename__ = "authority_import"

    id: Mapped[int] = mapped_column(primary_key=True)
    file_name: Mapped[str] = mapped_column(String(300))
    file_path: Mapped[str] = mapped_column(String(500))
    format: Mapped[str] = mapped_column(String(20))
    scope: Mapped[int] = mapped_column(Integer, default=PROVINCE)
    on_match: Mapped[str] = mapped_column(String(10), default="merge")
    status: Mapped[str] = mapped_column(String(10), default="new")
    change_set_id: Mapped[int | None] = mapped_column(ForeignKey("change_set.id"))
    job_id: Mapped[int | None] = mapped_column(ForeignKey("job.id", ondelete="SET NULL"))
    size: Mapped[int] = mapped_column(BigInteger, default=0)
    position: Mapped[int] = mapped_column(BigInteger, default=0)  # bytes done
    found: Mapped[int] = mapped_column(Integer, default=0)
    added: Mapped[int] = mapped_column(Integer, default=0)
    changed: Mapped[int] = mapped_column(Integer, default=0)
    same: Mapped[int] = mapped_column(Integer, default=0)
    rejected: Mapped[int] = mapped_column(Integer, default=0)
    problems: Mapped[list[Any]] = mapped_column(default=list)  # the first: [position, reason, text]
    created_by: Mapped[int | None] = mapped_column(Integer)
    created_at: Mapped[datetime] = mapped_column(UTCDateTime, default=clock.now)
    finished_at: Mapped[datetime | None] = mapped_column(UTCDateTime)

    __table_args__ = (
        CheckConstraint("on_match IN ('merge', 'replace', 'skip')", name="on_match_known"),
        CheckConstraint(
            "status IN ('new', 'queued', 'running', 'done', 'stopped')", name="status_known"
        ),
        CheckConstraint("found = added + changed + same + rejected", name="counts_add_up"),
    )
