"""The table of pages that were printed as final."""

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Integer, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from ils.core import clock
from ils.core.db import Base, UTCDateTime


class RegisterPage(Base):
    """A page of a register as it was printed first. It is never changed: what turned out wrong is
    a new line on a later page.

    ``book`` is ``accession-<register>``, ``additions``, ``withdrawals`` or ``balance``. ``lines``
    are dicts of ``key`` (what the line is about), ``kind`` (entry, correction, struck), ``shown``
    (the cells), ``state`` (what the line then said in whole, to find later changes by) and
    ``about``. ``sha256`` covers the page and the page before it. ``layout`` names the print
    template, so that a page keeps its looks.
    """

    __tablename__ = "register_page"

    id: Mapped[int] = mapped_column(primary_key=True)
    library_id: Mapped[int] = mapped_column(ForeignKey("org_unit.id"))
    book: Mapped[str] = mapped_column(String(24))
    page_no: Mapped[int] = mapped_column(Integer)
    layout: Mapped[int] = mapped_column(Integer, default=1)
    heading: Mapped[dict[str, Any]] = mapped_column(default=dict)
    lines: Mapped[list[Any]] = mapped_column(default=list)
    entries: Mapped[int] = mapped_column(Integer, default=0)
    carried: Mapped[dict[str, Any]] = mapped_column(default=dict)
    totals: Mapped[dict[str, Any]] = mapped_column(default=dict)
    sha256: Mapped[str] = mapped_column(String(64))
    printed_at: Mapped[datetime] = mapped_column(UTCDateTime, default=clock.now)
    printed_by: Mapped[int | None] = mapped_column(Integer)

    __table_args__ = (
        UniqueConstraint("library_id", "book", "page_no"),
        CheckConstraint("page_no > 0 AND entries >= 0", name="counted"),
    )
