"""Buying, for a look at every page: a supplier, budget lines, orders in every stage."""

from datetime import timedelta
from typing import Any

from sqlalchemy.orm import Session

from cataloging.acquisitions import budgets, orders
from cataloging.acquisitions.orders import LineFacts, OrderFacts
from cataloging.acquisitions.receiving import receive_order
from cataloging.acquisitions.suggestions import SuggestionFacts, put_on_order, suggest
from cataloging.acquisitions.suppliers import SupplierFacts, add_supplier
from circulation.patrons.models import Patron
from circulation.patrons.sign_in import patron_actor
from ils.accounts.actor import Actor
from ils.core import clock


def furnish(session: Session, head: Actor, record_id: int, patron_id: int) -> dict[str, Any]:
    """Order from a supplier whose contract is over: a draft, one late, one being received, one
    cancelled; the budget line is overdrawn."""
    library_id, branch_id = head.library_id or 0, head.unit_id or 0
    today = clock.today()
    over = today - timedelta(days=9)
    shop = SupplierFacts("Nhà sách Mẫu", "0100233488", phone="0200 3555 812", contract_until=over)
    supplier_id = add_supplier(session, head, library_id, shop).id
    line = budgets.BudgetFacts(today.year, "Sách chung", "Xã hội hóa", 50_000)
    budget_id = budgets.add_budget(session, head, library_id, line).id
    made = []
    for n in range(4):
        with clock.at(clock.now() - timedelta(days=20)):
            facts = OrderFacts(supplier_id, branch_id, budget_id, 10, over, "Gói kỹ")
            order = orders.begin_order(session, head, facts)
            orders.add_title(session, head, order.id, LineFacts(2, 40_000), record_id=record_id)
            fresh = {"title": "Sách chưa có", "authors": "Ai đó"}
            orders.add_title(session, head, order.id, LineFacts(1), fresh=fresh)
            if n:
                orders.send_order(session, head, order.id)
        made.append(order.id)
    receive_order(session, head, made[2])
    orders.cancel_order(session, head, made[3], "Nhà sách đóng cửa")
    wish = SuggestionFacts("Sách ai cũng chờ", "Ai đó", note="Hay")
    asked = suggest(session, head, wish)
    put_on_order(session, head, asked.id, made[0])
    more = suggest(session, head, SuggestionFacts("Sách khác"))
    reader = session.get_one(Patron, patron_id)
    wish = SuggestionFacts("Dế Mèn phiêu lưu ký", note="Thêm bản")
    for_reader = suggest(session, patron_actor(session, reader), wish, in_spite=True)
    wishes = [asked.id, more.id, for_reader.id]
    return {
        "suggestion_ids": wishes,
        "supplier_id": supplier_id,
        "budget_id": budget_id,
        "order_ids": made,
    }
