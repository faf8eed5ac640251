"""What an administrator changed in the table of title codes."""

from datetime import date, datetime

from sqlalchemy import CheckConstraint, Date, Integer, String
from sqlalchemy.orm import Mapped, mapped_column

from ils.core import clock
from ils.core.db import Base, UTCDateTime
from ils.core.kept import SeldomChanged


class RimeNumber(Base, SeldomChanged):
    """A rime given another number, or none, for the whole province, from a day on (at once where
    none is said). Rows are never changed: of a rime the one holds that came into force last, of two
    of one day the later row. ``number`` is empty when the rime has again what the program brings."""

    __tablename__ = "rime_number"

    id: Mapped[int] = mapped_column(primary_key=True)
    rime: Mapped[str] = mapped_column(String(10))
    number: Mapped[int | None] = mapped_column(Integer)
    in_force_from: Mapped[date | None] = mapped_column(Date)
    why: Mapped[str] = mapped_column(String(300), default="")
    set_at: Mapped[datetime] = mapped_column(UTCDateTime, default=clock.now)
    set_by: Mapped[int | None] = mapped_column(Integer)

    @property
    def since(self) -> date:
        """The day it is in force from."""
        return self.in_force_from or clock.local_day(self.set_at)

    __table_args__ = (
        CheckConstraint("number IS NULL OR number BETWEEN 1 AND 999", name="number_of_three"),
    )
