"""Tables of the organisation.

A unit (province, library, branch, reading point) has an id for ever; its name, label and address
are dated versions, since administrative reforms rename and re-parent libraries.
"""

from datetime import date, datetime, time
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
    Time,
    UniqueConstraint,
)
from sqlalchemy.orm import Mapped, mapped_column

from ils.core import clock
from ils.core.db import Base, UTCDateTime
from ils.core.kept import SeldomChanged

KINDS = ("province", "library", "branch", "point")


class OrgUnit(SeldomChanged, Base):
    """A province, a library, a branch of a library or a reading point."""

    __tablename__ = "org_unit"

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(String(10))
    code: Mapped[str] = mapped_column(String(20), unique=True)
    slug: Mapped[str] = mapped_column(String(60), unique=True)
    parent_id: Mapped[int | None] = mapped_column(ForeignKey("org_unit.id"))
    path: Mapped[str] = mapped_column(String(200), unique=True)
    active: Mapped[bool] = mapped_column(Boolean, default=True)

    __table_args__ = (
        CheckConstraint(f"kind IN {KINDS!r}", name="kind_known"),
        Index("ix_org_unit_parent", "parent_id"),
    )


class OrgUnitVersion(SeldomChanged, Base):
    """What a unit was called and where it stood, from a day on."""

    __tablename__ = "org_unit_version"

    id: Mapped[int] = mapped_column(primary_key=True)
    unit_id: Mapped[int] = mapped_column(ForeignKey("org_unit.id"))
    valid_from: Mapped[date] = mapped_column(Date)
    name: Mapped[str] = mapped_column(String(200))
    short_name: Mapped[str] = mapped_column(String(80), default="")
    level_label: Mapped[str] = mapped_column(String(60), default="")
    parent_id: Mapped[int | None] = mapped_column(ForeignKey("org_unit.id"))
    managing_body: Mapped[str] = mapped_column(String(200), default="")
    address: Mapped[str] = mapped_column(String(300), default="")
    phone: Mapped[str] = mapped_column(String(40), default="")
    email: Mapped[str] = mapped_column(String(120), default="")
    about: Mapped[str] = mapped_column(Text, default="")
    population: Mapped[int | None] = mapped_column(Integer)
    event: Mapped[str] = mapped_column(String(20), default="founded")
    decision: Mapped[str] = mapped_column(String(120), default="")

    __table_args__ = (UniqueConstraint("unit_id", "valid_from"),)


class SettingRow(SeldomChanged, Base):
    """A value of a declared setting at a unit; units below inherit it."""

    __tablename__ = "setting"

    id: Mapped[int] = mapped_column(primary_key=True)
    unit_id: Mapped[int] = mapped_column(ForeignKey("org_unit.id"))
    key: Mapped[str] = mapped_column(String(80))
    value: Mapped[dict[str, Any]] = mapped_column()  # {"v": value}
    changed_at: Mapped[datetime] = mapped_column(UTCDateTime, default=clock.now)
    changed_by: Mapped[int | None] = mapped_column(Integer)

    __table_args__ = (UniqueConstraint("unit_id", "key"),)


class CalendarWeek(SeldomChanged, Base):
    """The weekly pattern of a unit from a day on. Weekday 0 is Monday."""

    __tablename__ = "calendar_week"

    id: Mapped[int] = mapped_column(primary_key=True)
    unit_id: Mapped[int] = mapped_column(ForeignKey("org_unit.id"))
    weekday: Mapped[int] = mapped_column(Integer)
    open: Mapped[bool] = mapped_column(Boolean, default=True)
    opens: Mapped[time | None] = mapped_column(Time)
    closes: Mapped[time | None] = mapped_column(Time)
    pause_from: Mapped[time | None] = mapped_column(Time)
    pause_to: Mapped[time | None] = mapped_column(Time)
    valid_from: Mapped[date] = mapped_column(Date, default=date(2000, 1, 1))

    __table_args__ = (
        UniqueConstraint("unit_id", "weekday", "valid_from"),
        CheckConstraint("weekday BETWEEN 0 AND 6", name="weekday"),
    )


class CalendarDay(SeldomChanged, Base):
    """One day that differs from the weekly pattern: closed, open against the rule, other hours.

    ``plan_id`` names the closure that was planned, for those who keep such plans.
    """

    __tablename__ = "calendar_day"

    id: Mapped[int] = mapped_column(primary_key=True)
    unit_id: Mapped[int] = mapped_column(ForeignKey("org_unit.id"))
    day: Mapped[date] = mapped_column(Date)
    open: Mapped[bool] = mapped_column(Boolean, default=False)
    reason: Mapped[str] = mapped_column(String(120), default="")
    opens: Mapped[time | None] = mapped_column(Time)
    closes: Mapped[time | None] = mapped_column(Time)
    plan_id: Mapped[int | None] = mapped_column(Integer)

    __table_args__ = (UniqueConstraint("unit_id", "day"),)
