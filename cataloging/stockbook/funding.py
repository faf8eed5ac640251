"""Sources of funds, offered while typing: those every library has, and those it wrote before."""

from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from cataloging.stockbook.models import Voucher

USUAL: Final = (
    "Ngân sách nhà nước",
    "Chương trình mục tiêu quốc gia",
    "Nguồn thu sự nghiệp",
    "Xã hội hóa",
    "Tài trợ, hiến tặng",
)
MOST: Final = 40


def fundings(session: Session, library_id: int) -> list[str]:
    """Return the sources of funds a library may choose from; any other may be typed."""
    query = select(Voucher.funding).where(Voucher.library_id == library_id, Voucher.funding != "")
    own = session.scalars(query.distinct().order_by(Voucher.funding).limit(MOST))
    return list(dict.fromkeys([*USUAL, *own]))
