"""Tables of acquisitions: who sells."""

from datetime import date, datetime

from sqlalchemy import (
    Boolean,
    CheckConstraint,
    Date,
    ForeignKey,
    Index,
    Integer,
    String,
    Text,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from ils.core import clock
from ils.core.db import Base, UTCDateTime


class Supplier(Base):
    """Who sells books or delivers newspapers. Those of a unit serve the units below it too.

    ``search`` is name and tax code without marks; ``tax_code`` is digits, those of a branch office
    as ``0100109106-001``.
    """

    __tablename__ = "supplier"

    id: Mapped[int] = mapped_column(primary_key=True)
    unit_id: Mapped[int] = mapped_column(ForeignKey("org_unit.id"))
    name: Mapped[str] = mapped_column(String(200))
    tax_code: Mapped[str] = mapped_column(String(14), default="")
    address: Mapped[str] = mapped_column(String(200), default="")
    phone: Mapped[str] = mapped_column(String(40), default="")
    email: Mapped[str] = mapped_column(String(120), default="")
    contract_no: Mapped[str] = mapped_column(String(60), default="")
    contract_from: Mapped[date | None] = mapped_column(Date)
    contract_until: Mapped[date | None] = mapped_column(Date)
    note: Mapped[str] = mapped_column(Text, default="")
    active: Mapped[bool] = mapped_column(Boolean, default=True)
    search: Mapped[str] = mapped_column(String(300), default="")
    name_sort: Mapped[str] = mapped_column(String(240), default="")
    made_at: Mapped[datetime] = mapped_column(UTCDateTime, default=clock.now)
    made_by: Mapped[int | None] = mapped_column(Integer)

    __table_args__ = (
        Index(
            "ix_supplier_tax_code",
            "unit_id",
            "tax_code",
            unique=True,
            sqlite_where=text("tax_code <> ''"),
            postgresql_where=text("tax_code <> ''"),
        ),
        Index("ix_supplier_name", "unit_id", "name_sort"),
        CheckConstraint("name <> ''", name="name_given"),
        CheckConstraint(
            "contract_from IS NULL OR contract_until IS NULL OR contract_from <= contract_until",
            name="contract_runs_forward",
        ),
    )
