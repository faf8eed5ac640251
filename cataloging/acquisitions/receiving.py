"""Receiving an order: a voucher is made of what is still missing, and filled with what came.

The voucher is the place where copies are counted, priced and entered; this only begins it and notes
which of its lines are of which title ordered (``OrderReceipt``).
"""

from sqlalchemy.orm import Session

from cataloging.acquisitions.models import (
    BudgetLine,
    BudgetVoucher,
    OrderReceipt,
    Supplier,
)
from cataloging.acquisitions.orders import lines_of, order_for
from cataloging.acquisitions.receipts import received_of
from cataloging.acquisitions.rules.ordering import net_price
from cataloging.stock import first_register
from cataloging.stockbook import vouchers
from cataloging.stockbook.models import Voucher
from ils.accounts.actor import Actor
from ils.core.audit import audit
from ils.core.errors import Refused


def receive_order(session: Session, actor: Actor, order_id: int) -> Voucher:
    """Begin a voucher with every copy of an order that is missing and on no other voucher.

    Raises ``Refused`` when nothing is missing, ``Forbidden`` without the right to enter copies.
    """
    order = order_for(session, actor, order_id, lock=True)
    if order.state != "sent":
        raise Refused("order_not_sent")
    lines = lines_of(session, order.id)
    came = received_of(session, [line.id for line, _record in lines])
    missing = {
        line.id: line.copies - came[line.id].copies - came[line.id].arriving for line, _r in lines
    }
    if not any(count > 0 for count in missing.values()):
        raise Refused("order_nothing_missing")
    supplier = session.get_one(Supplier, order.supplier_id)
    budget = session.get(BudgetLine, order.budget_line_id) if order.budget_line_id else None
    voucher = vouchers.open_voucher(
        session,
        actor,
        vouchers.VoucherFacts(
            kind="invoice",
            branch_id=order.branch_id,
            source=supplier.name,
            address=supplier.address,
            funding=budget.source if budget else "",
            register_id=first_register(session, order.library_id) or None,
        ),
    )
    if budget is not None:
        session.add(BudgetVoucher(voucher_id=voucher.id, budget_line_id=budget.id))
    taken: set[int] = set()
    for line, _record in lines:
        if missing[line.id] <= 0:
            continue
        net = net_price(line.price, line.off) if line.price is not None else None
        facts = vouchers.LineFacts(missing[line.id], line.price, net)
        record_id = line.record_id or came[line.id].record_id
        if record_id in taken:
            continue  # two titles ordered turned out to be one: the other comes with the next
        made = vouchers.add_title(
            session, actor, voucher.id, facts, record_id=record_id, fresh=line.fresh
        )
        made.expected = missing[line.id]
        taken |= {record_id} if record_id else set()
        session.add(OrderReceipt(voucher_line_id=made.id, order_line_id=line.id))
    audit(session, actor, "order_received", "purchase_order", order.id, number=order.number)
    session.flush()
    return voucher
