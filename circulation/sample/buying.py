"""The sample's buying: suppliers of the province and of a library, budget lines, orders in every stage,
suggestions.

Names say that they are of the sample; no tax code is made up, since somebody may bear it, and no
ISBN: what is ordered anew is of the province that is not.
"""

from collections.abc import Sequence
from datetime import date, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from cataloging.acquisitions import orders
from cataloging.acquisitions.budgets import BudgetFacts, add_budget
from cataloging.acquisitions.orders import LineFacts, OrderFacts
from cataloging.acquisitions.receiving import receive_order
from cataloging.acquisitions.suggestions import (
    SuggestionFacts,
    answer,
    put_on_order,
    suggest,
)
from cataloging.acquisitions.suppliers import SupplierFacts, add_supplier
from cataloging.models import Record
from cataloging.stockbook import vouchers
from circulation.patrons.models import Patron
from circulation.patrons.sign_in import patron_actor
from circulation.sample.province import Units, at_work
from ils.accounts.actor import Actor, system_actor
from ils.accounts.models import Staff
from ils.core import clock

OF_PROVINCE = (
    ("Công ty Phát hành sách Sen Hồ (mẫu)", "8 đường Chợ Sen, phường Liên Hoa", "(0200) 3555 801"),
    ("Trung tâm Phát hành báo chí Sen Hồ (mẫu)", "2 đường Bưu Điện, phường Liên Hoa", ""),
)
CLOSED = "Đại lý sách cũ Cầu Gỗ (mẫu)"
WISHES = (
    ("Lịch sử xã Đồng Lạc (sách mẫu)", "Nhiều cụ trong xã hỏi."),
    ("Kỹ thuật trồng sen lấy hạt (sách mẫu)", "Bà con hỏi ở quầy."),
    ("Niên giám thống kê tỉnh Sen Hồ các năm trước (sách mẫu)", ""),
    ("Truyện cổ vùng hồ Sen (sách mẫu)", "Cho câu lạc bộ đọc sách thiếu nhi."),
)
YEARBOOK = {"title": "Niên giám thống kê tỉnh Sen Hồ", "authors": "Cục Thống kê tỉnh Sen Hồ"}


def buy(session: Session, units: Units, staff: dict[str, Staff], last: date) -> None:
    """Write suppliers and budget lines down, and order: one order late, one cancelled, one a draft,
    one that came in whole, one in part."""
    head = at_work(session, staff, "phutrach.bs", units["BS-TT"].id)
    company, shop = _suppliers(session, units, head, last)
    general, children = (
        add_budget(session, head, units["BS"].id, BudgetFacts(last.year, name, source, amount)).id
        for name, source, amount in (
            ("Sách chung", "Ngân sách nhà nước", 12_000_000),
            ("Sách thiếu nhi", "Xã hội hóa", 700_000),
        )
    )
    known = session.scalars(
        select(Record.id).where(Record.deleted_at.is_(None)).order_by(Record.id).limit(60)
    ).all()
    to_company = OrderFacts(company, units["BS-TT"].id, general, discount=20_00)
    to_shop = OrderFacts(shop, units["BS-TT"].id, children, discount=12_50)

    def order(facts: OrderFacts, ago: int, promised: int, titles: Sequence[int]) -> int:
        with clock.at(clock.at_local(last - timedelta(days=ago), 9)):
            due = last + timedelta(days=promised)
            made = orders.begin_order(session, head, _until(facts, due))
            for n, record_id in enumerate(titles):
                line = LineFacts(2 + n % 3, 45_000 + 10_000 * (n % 5))
                orders.add_title(session, head, made.id, line, record_id=record_id)
            return orders.send_order(session, head, made.id).id

    whole = order(to_company, 40, -8, known[3:9])
    part = order(to_company, 33, -5, known[12:20])
    order(to_company, 9, 21, known[24:30])
    given_up = order(to_shop, 60, -30, known[33:35])
    with clock.at(clock.at_local(last, 10)):
        _receive(session, head, whole, "HD-0412")
        _receive(session, head, part, "HD-0415", missing=2)
        orders.cancel_order(session, head, given_up, "Nhà sách báo hết, không tái bản")
        draft = orders.begin_order(session, head, to_shop)
        for record_id in known[40:44]:
            orders.add_title(session, head, draft.id, LineFacts(4, 62_000), record_id=record_id)
        yearbook = YEARBOOK | {"year": str(last.year)}
        orders.add_title(session, head, draft.id, LineFacts(1, 210_000), fresh=yearbook)
    _wish(session, units, head, staff, last, draft.id)


def _wish(
    session: Session,
    units: Units,
    head: Actor,
    staff: dict[str, Staff],
    last: date,
    order_id: int,
) -> None:
    """Let readers and the desk suggest: two waiting, one declined, one on the order."""
    clerk = at_work(session, staff, "thuthu.bs", units["BS-TT"].id)
    readers = session.scalars(
        select(Patron)
        .where(Patron.library_id == units["BS"].id, Patron.deleted_at.is_(None))
        .order_by(Patron.id)
        .limit(40)
    ).all()
    asked = []
    for n, (title, note) in enumerate(WISHES):
        who = patron_actor(session, readers[7 + 9 * n]) if n != 1 else clerk
        with clock.at(clock.at_local(last - timedelta(days=20 - 4 * n), 15)):
            facts = SuggestionFacts(title, note=note)
            asked.append(suggest(session, who, facts, in_spite=True).id)
    with clock.at(clock.at_local(last, 11)):
        put_on_order(session, head, asked[0], order_id, 2)
        why = "Sách đã có bản số đọc tại thư viện, xin mời bạn đến xem."
        answer(session, head, asked[2], accept=False, words=why)


def _until(facts: OrderFacts, due: date) -> OrderFacts:
    return OrderFacts(
        facts.supplier_id, facts.branch_id, facts.budget_line_id, facts.discount, expected_on=due
    )


def _receive(
    session: Session, actor: Actor, order_id: int, number: str, *, missing: int = 0
) -> None:
    """Receive an order but for its last titles, and close the voucher."""
    voucher = receive_order(session, actor, order_id)
    voucher.number, voucher.dated_on = number, clock.today()
    lines = [line for line, _record in vouchers.lines_of(session, voucher.id)]
    for line in lines[len(lines) - missing :]:
        line.copies = 0
    session.flush()
    vouchers.close_voucher(session, actor, voucher.id)


def _suppliers(session: Session, units: Units, head: Actor, last: date) -> tuple[int, int]:
    """Write down two suppliers of the province and two of a library, one laid aside; return the two
    that books are ordered from."""
    province = system_actor(session, units["SH"].id)
    year, made = last.year, []
    for name, address, phone in OF_PROVINCE:
        facts = SupplierFacts(
            name,
            address=f"{address}, tỉnh Sen Hồ",
            phone=phone,
            contract_no=f"{'12' if phone else '07'}/{year}/HĐ-TVT",
            contract_from=date(year, 1, 2),
            contract_until=date(year, 12, 31),
        )
        made.append(add_supplier(session, province, units["SH"].id, facts).id)
    shop = SupplierFacts(
        "Nhà sách Bến Sen (mẫu)",
        address="31 đường Hồ Sen, thị trấn Bình Sen",
        phone="(0200) 3555 812",
        email="nhasach@bensen.example",
        note="Giao tận nơi, cho trả sách lỗi trong 15 ngày.",
    )
    shop_id = add_supplier(session, head, units["BS"].id, shop).id
    add_supplier(
        session, head, units["BS"].id, SupplierFacts(CLOSED, note="Đã nghỉ bán.", active=False)
    )
    return made[0], shop_id
