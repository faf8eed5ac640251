"""What an administrator changed in the table of title codes."""

from datetime import datetime

from sqlalchemy import CheckConstraint, Integer, String
from sqlalchemy.orm import Mapped, mapped_column

from ils.core import clock
from ils.core.db import Base, UTCDateTime
from ils.core.kept import SeldomChanged


class RimeNumber(Base, SeldomChanged):
    """A rime given another number, or none, for the whole province. Rows are never changed: the
    latest of a rime holds. ``number`` is empty when the rime has again what the program brings."""

    __tablename__ = "rime_number"

    id: Mapped[int] = mapped_column(primary_key=True)
    rime: Mapped[str] = mapped_column(String(10))
    number: Mapped[int | None] = mapped_column(Integer)
    why: Mapped[str] = mapped_column(String(300), default="")
    set_at: Mapped[datetime] = mapped_column(UTCDateTime, default=clock.now)
    set_by: Mapped[int | None] = mapped_column(Integer)

    __table_args__ = (
        CheckConstraint("number IS NULL OR number BETWEEN 1 AND 999", name="number_of_three"),
    )
