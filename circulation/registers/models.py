"""The figures of days that were kept on paper."""

from datetime import date, datetime

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Date,
    ForeignKey,
    Index,
    Integer,
    String,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from ils.core import clock
from ils.core.db import Base, UTCDateTime

VISIT, IN_HOUSE, LOAN = "visit", "in_house", "loan"
MEASURES = (VISIT, IN_HOUSE, LOAN)


class PaperFigure(Base):
    """A figure of a branch and day as typed from the paper log, and how much of it is counted.

    ``part`` is the patron category of visits, the main class (or ``serial``) of uses; '' is not
    split. ``whole`` means the paper tells of the whole day: what the machine counted itself is in
    it. ``counted`` is what the event adds. A figure typed anew replaces the older row.
    """

    __tablename__ = "paper_figure"

    id: Mapped[int] = mapped_column(primary_key=True)
    unit_id: Mapped[int] = mapped_column(ForeignKey("org_unit.id"))
    day: Mapped[date] = mapped_column(Date)
    measure: Mapped[str] = mapped_column(String(10))
    part: Mapped[str] = mapped_column(String(30), default="")
    typed: Mapped[int] = mapped_column(Integer)
    whole: Mapped[bool] = mapped_column(Boolean, default=True)
    counted: Mapped[int] = mapped_column(Integer, default=0)
    event_id: Mapped[int | None] = mapped_column(BigInteger)
    typed_by: Mapped[int | None] = mapped_column(Integer)
    typed_at: Mapped[datetime] = mapped_column(UTCDateTime, default=clock.now)
    replaced_at: Mapped[datetime | None] = mapped_column(UTCDateTime)

    __table_args__ = (
        CheckConstraint("typed >= 0 AND counted >= 0", name="not_negative"),
        CheckConstraint(f"measure IN {MEASURES!r}", name="measure_known"),
        Index(
            "uq_paper_figure_current",
            "unit_id",
            "day",
            "measure",
            "part",
            unique=True,
            sqlite_where=text("replaced_at IS NULL"),
            postgresql_where=text("replaced_at IS NULL"),
        ),
    )
