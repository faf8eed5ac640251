"""Sheets of labels that a library bought, measured and led to its printer."""

from sqlalchemy import CheckConstraint, Float, ForeignKey, Integer, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from ils.core.db import Base


class LabelSheetRow(Base):
    """A sheet or roll of labels of one library; lengths in millimeters as `LabelSheet` has them."""

    __tablename__ = "label_sheet"

    id: Mapped[int] = mapped_column(primary_key=True)
    library_id: Mapped[int] = mapped_column(ForeignKey("org_unit.id"))
    name: Mapped[str] = mapped_column(String(80))
    columns: Mapped[int] = mapped_column(Integer)
    rows: Mapped[int] = mapped_column(Integer)
    width: Mapped[float] = mapped_column(Float)
    height: Mapped[float] = mapped_column(Float)
    left: Mapped[float] = mapped_column(Float, default=0.0)
    top: Mapped[float] = mapped_column(Float, default=0.0)
    gap_x: Mapped[float] = mapped_column(Float, default=0.0)
    gap_y: Mapped[float] = mapped_column(Float, default=0.0)
    page_width: Mapped[float] = mapped_column(Float, default=210.0)
    page_height: Mapped[float] = mapped_column(Float, default=297.0)
    shift_x: Mapped[float] = mapped_column(Float, default=0.0)
    shift_y: Mapped[float] = mapped_column(Float, default=0.0)

    __table_args__ = (
        UniqueConstraint("library_id", "name"),
        CheckConstraint("columns > 0 AND rows > 0", name="has_places"),
        CheckConstraint("width > 0 AND height > 0", name="has_size"),
    )
