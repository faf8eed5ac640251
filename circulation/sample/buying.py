"""The sample's buying: who sells, kept by the province for all and by a library for itself.

Names say that they are of the sample; no tax code is made up, since somebody may bear it.
"""

from datetime import date

from sqlalchemy.orm import Session

from cataloging.acquisitions.suppliers import SupplierFacts, add_supplier
from circulation.sample.province import Units, at_work
from ils.accounts.actor import system_actor
from ils.accounts.models import Staff

OF_PROVINCE = (
    ("Công ty Phát hành sách Sen Hồ (mẫu)", "8 đường Chợ Sen, phường Liên Hoa", "0200 3555 801"),
    ("Trung tâm Phát hành báo chí Sen Hồ (mẫu)", "2 đường Bưu Điện, phường Liên Hoa", ""),
)
CLOSED = "Đại lý sách cũ Cầu Gỗ (mẫu)"


def buy(session: Session, units: Units, staff: dict[str, Staff], last: date) -> None:
    """Write suppliers down: two of the province, two of a library, one of them laid aside."""
    province = system_actor(session, units["SH"].id)
    for name, address, phone in OF_PROVINCE:
        year = last.year
        facts = SupplierFacts(
            name,
            address=f"{address}, tỉnh Sen Hồ",
            phone=phone,
            contract_no=f"{'12' if phone else '07'}/{year}/HĐ-TVT",
            contract_from=date(year, 1, 1),
            contract_until=date(year, 12, 31),
        )
        add_supplier(session, province, units["SH"].id, facts)
    head = at_work(session, staff, "phutrach.bs", units["BS"].id)
    shop = SupplierFacts(
        "Nhà sách Bến Sen (mẫu)",
        address="31 đường Hồ Sen, thị trấn Bình Sen",
        phone="0200 3555 812",
        email="nhasach@bensen.example",
        note="Giao tận nơi, cho trả sách lỗi trong 15 ngày.",
    )
    add_supplier(session, head, units["BS"].id, shop)
    closed = SupplierFacts(CLOSED, note="Đã nghỉ bán.", active=False)
    add_supplier(session, head, units["BS"].id, closed)
