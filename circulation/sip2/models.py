"""Machines that may speak SIP2, each with an account and a branch of its own."""

from datetime import datetime

from sqlalchemy import Boolean, ForeignKey, Integer, String
from sqlalchemy.orm import Mapped, mapped_column

from ils.core import clock
from ils.core.db import Base, UTCDateTime


class Sip2Terminal(Base):
    """A self-check machine, gate or payment station at a branch."""

    __tablename__ = "sip2_terminal"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(40), unique=True)  # what it signs in with
    branch_id: Mapped[int] = mapped_column(ForeignKey("org_unit.id"))
    password_hash: Mapped[str] = mapped_column(String(200))
    active: Mapped[bool] = mapped_column(Boolean, default=True)
    asks_password: Mapped[bool] = mapped_column(Boolean, default=True)  # of its readers
    takes_payments: Mapped[bool] = mapped_column(Boolean, default=False)
    ascii_only: Mapped[bool] = mapped_column(Boolean, default=False)  # shows no marks
    note: Mapped[str] = mapped_column(String(200), default="")
    created_at: Mapped[datetime] = mapped_column(UTCDateTime, default=clock.now)
    created_by: Mapped[int | None] = mapped_column(Integer)
    last_seen_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    last_address: Mapped[str] = mapped_column(String(60), default="")
