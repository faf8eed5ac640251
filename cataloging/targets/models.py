"""Tables of copy cataloguing: where to ask, what was asked and answered.

What was found is kept for some days, so that a page of results can be gone back to, and swept then.
"""

from datetime import datetime
from typing import Any

from sqlalchemy import (
    Boolean,
    CheckConstraint,
    ForeignKey,
    Index,
    Integer,
    String,
    UniqueConstraint,
)
from sqlalchemy.orm import Mapped, mapped_column

from cataloging.record_pointers import MOVES
from ils.core import clock
from ils.core.db import Base, UTCDateTime

PROTOCOLS = ("sru", "z3950")
VERSIONS = ("auto", "1.1", "1.2", "2.0")
SYNTAXES = ("marcxml", "usmarc")
ANSWERS = ("asking", "answered", "failed")
# of a line of a list of ISBNs
LINE_STATES = (
    *("wrong", "double", "ours", "waiting"),
    *("one", "several", "none", "unasked", "taken"),
)


class Target(Base):
    """A catalogue elsewhere that may be asked; used by its unit and those below.

    ``address`` is a URL for SRU, a host name for Z39.50. ``indexes`` names what it can be asked
    for: ``{"isbn": "bath.isbn", …}``, for Z39.50 attributes of Bib-1 (``1=7``). ``password`` is
    sealed (``ils.core.sealing``).
    """

    __tablename__ = "target"

    id: Mapped[int] = mapped_column(primary_key=True)
    unit_id: Mapped[int] = mapped_column(ForeignKey("org_unit.id"))
    name: Mapped[str] = mapped_column(String(80))
    protocol: Mapped[str] = mapped_column(String(6), default="sru")
    address: Mapped[str] = mapped_column(String(300))
    port: Mapped[int] = mapped_column(Integer, default=210)  # Z39.50
    database: Mapped[str] = mapped_column(String(80), default="")  # Z39.50
    version: Mapped[str] = mapped_column(String(4), default="auto")  # SRU
    syntax: Mapped[str] = mapped_column(String(10), default="marcxml")
    encoding: Mapped[str] = mapped_column(String(20), default="auto")
    seconds: Mapped[int] = mapped_column(Integer, default=10)
    per_minute: Mapped[int] = mapped_column(Integer, default=60)  # questions of a list; 0: any
    user_name: Mapped[str] = mapped_column(String(80), default="")
    user_group: Mapped[str] = mapped_column(String(80), default="")  # Z39.50
    password: Mapped[str] = mapped_column(String(600), default="")
    indexes: Mapped[dict[str, Any]] = mapped_column(default=dict)
    inside: Mapped[bool] = mapped_column(Boolean, default=False)  # may be a private address
    active: Mapped[bool] = mapped_column(Boolean, default=False)
    order: Mapped[int] = mapped_column(Integer, default=100)
    known: Mapped[str] = mapped_column(String(20), default="")  # its key in known.toml
    spoken: Mapped[str] = mapped_column(String(4), default="")  # version found by the last test
    tested_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    tested: Mapped[dict[str, Any]] = mapped_column(default=dict)  # what the last test gave

    __table_args__ = (
        UniqueConstraint("unit_id", "name"),
        CheckConstraint(f"protocol IN {PROTOCOLS!r}", name="protocol_known"),
        CheckConstraint(f"version IN {VERSIONS!r}", name="version_known"),
        CheckConstraint(f"syntax IN {SYNTAXES!r}", name="syntax_known"),
        CheckConstraint("seconds BETWEEN 1 AND 30", name="seconds_bounded"),
        CheckConstraint("per_minute BETWEEN 0 AND 600", name="per_minute_bounded"),
        CheckConstraint("port BETWEEN 1 AND 65535", name="port_known"),
    )


class TargetSearch(Base):
    """A question put to several targets by one person."""

    __tablename__ = "target_search"

    id: Mapped[int] = mapped_column(primary_key=True)
    made_by: Mapped[int] = mapped_column(Integer)
    made_at: Mapped[datetime] = mapped_column(UTCDateTime, default=clock.now)
    words: Mapped[str] = mapped_column(String(200), default="")
    title: Mapped[str] = mapped_column(String(200), default="")
    author: Mapped[str] = mapped_column(String(200), default="")
    record_id: Mapped[int | None] = mapped_column(Integer, info=MOVES)  # ours, to be merged into

    __table_args__ = (Index("ix_target_search_made_at", "made_at"),)


class TargetAnswer(Base):
    """What became of a question at one target."""

    __tablename__ = "target_answer"

    id: Mapped[int] = mapped_column(primary_key=True)
    search_id: Mapped[int] = mapped_column(ForeignKey("target_search.id", ondelete="CASCADE"))
    target_id: Mapped[int] = mapped_column(ForeignKey("target.id", ondelete="CASCADE"))
    state: Mapped[str] = mapped_column(String(10), default="asking")
    until: Mapped[datetime] = mapped_column(UTCDateTime)  # given up then, whatever happens
    hits: Mapped[int] = mapped_column(Integer, default=0)
    milliseconds: Mapped[int] = mapped_column(Integer, default=0)
    problem: Mapped[str] = mapped_column(String(40), default="")
    detail: Mapped[str] = mapped_column(String(400), default="")
    unread: Mapped[int] = mapped_column(Integer, default=0)

    __table_args__ = (
        UniqueConstraint("search_id", "target_id"),
        CheckConstraint(f"state IN {ANSWERS!r}", name="state_known"),
    )


class TargetFound(Base):
    """A record that a target gave, and what had to be repaired to read it."""

    __tablename__ = "target_found"

    id: Mapped[int] = mapped_column(primary_key=True)
    answer_id: Mapped[int] = mapped_column(ForeignKey("target_answer.id", ondelete="CASCADE"))
    position: Mapped[int] = mapped_column(Integer)
    marc: Mapped[dict[str, Any]] = mapped_column()
    repairs: Mapped[list[Any]] = mapped_column(default=list)
    taken_as: Mapped[int | None] = mapped_column(Integer)  # record id

    __table_args__ = (UniqueConstraint("answer_id", "position"),)


class IsbnList(Base):
    """A list of ISBNs of one person, asked at some targets in the background.

    ``lost`` says, by target, how often it failed in a row and why: a dead one is asked no more. What
    is taken is one change set.
    """

    __tablename__ = "isbn_list"

    id: Mapped[int] = mapped_column(primary_key=True)
    staff_id: Mapped[int] = mapped_column(ForeignKey("staff.id", ondelete="CASCADE"))
    name: Mapped[str] = mapped_column(String(80))
    target_ids: Mapped[list[Any]] = mapped_column()
    lost: Mapped[dict[str, Any]] = mapped_column(default=dict)
    made_at: Mapped[datetime] = mapped_column(UTCDateTime, default=clock.now)
    job_id: Mapped[int | None] = mapped_column(ForeignKey("job.id", ondelete="SET NULL"))
    change_set_id: Mapped[int | None] = mapped_column(ForeignKey("change_set.id"))

    __table_args__ = (Index("ix_isbn_list_staff", "staff_id"),)


class IsbnLine(Base):
    """One line of a list: what was typed, what became of it, and what is or was taken for it."""

    __tablename__ = "isbn_line"

    id: Mapped[int] = mapped_column(primary_key=True)
    list_id: Mapped[int] = mapped_column(ForeignKey("isbn_list.id", ondelete="CASCADE"))
    number: Mapped[int] = mapped_column(Integer)  # of the line or row it stands in, from 1
    typed: Mapped[str] = mapped_column(String(80))
    isbn: Mapped[str] = mapped_column(String(13), default="")
    state: Mapped[str] = mapped_column(String(10))
    reason: Mapped[str] = mapped_column(String(20), default="")
    title: Mapped[str] = mapped_column(String(200), default="")
    search_id: Mapped[int | None] = mapped_column(
        ForeignKey("target_search.id", ondelete="SET NULL")
    )
    found_id: Mapped[int | None] = mapped_column(ForeignKey("target_found.id", ondelete="SET NULL"))
    record_id: Mapped[int | None] = mapped_column(Integer, info=MOVES)  # ours: had, or taken

    __table_args__ = (
        CheckConstraint(f"state IN {LINE_STATES!r}", name="state_known"),
        Index("ix_isbn_line_list", "list_id", "state"),
        Index("ix_isbn_line_search", "search_id"),
        Index("ix_isbn_line_found", "found_id"),
    )
