"""Tables of the baskets: what a person puts together to export, change or print it at once."""

from datetime import datetime

from sqlalchemy import ForeignKey, Index, Integer, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from cataloging.record_pointers import MOVES, WITH_ITEM
from ils.core import clock
from ils.core.db import Base, UTCDateTime


class Basket(Base):
    """Records and copies of one person, under a name."""

    __tablename__ = "basket"

    id: Mapped[int] = mapped_column(primary_key=True)
    staff_id: Mapped[int] = mapped_column(ForeignKey("staff.id", ondelete="CASCADE"))
    name: Mapped[str] = mapped_column(String(80))
    created_at: Mapped[datetime] = mapped_column(UTCDateTime, default=clock.now)

    __table_args__ = (UniqueConstraint("staff_id", "name"),)


class BasketRecord(Base):
    """A record in a basket."""

    __tablename__ = "basket_record"

    basket_id: Mapped[int] = mapped_column(
        ForeignKey("basket.id", ondelete="CASCADE"), primary_key=True
    )
    record_id: Mapped[int] = mapped_column(
        ForeignKey("record.id", ondelete="CASCADE"), primary_key=True, info=MOVES
    )

    __table_args__ = (Index("ix_basket_record_record", "record_id"),)


class BasketItem(Base):
    """A copy that was scanned or typed into a basket; its record is there too."""

    __tablename__ = "basket_item"

    basket_id: Mapped[int] = mapped_column(
        ForeignKey("basket.id", ondelete="CASCADE"), primary_key=True
    )
    item_id: Mapped[int] = mapped_column(
        ForeignKey("item.id", ondelete="CASCADE"), primary_key=True
    )
    record_id: Mapped[int] = mapped_column(Integer, info=WITH_ITEM)

    __table_args__ = (Index("ix_basket_item_item", "item_id"),)
