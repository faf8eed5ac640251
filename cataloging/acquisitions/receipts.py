"""What of an order came in, read from the vouchers its copies stand on. Nothing of it is stored.

A copy counts as received when its voucher is closed, and no longer once that is opened again.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from cataloging.acquisitions.models import OrderLine, OrderReceipt, PurchaseOrder
from cataloging.stockbook.models import Voucher, VoucherLine


@dataclass
class Received:
    """Of one title: copies that came in, copies on a voucher not closed yet, what was paid (đồng),
    and the record that was made of a new title."""

    copies: int = 0
    arriving: int = 0
    paid: int = 0
    record_id: int | None = None


def received_of(session: Session, order_line_ids: Iterable[int]) -> dict[int, Received]:
    """Return what came in, by order line; every line asked for is there."""
    found = {one: Received() for one in order_line_ids}
    paid = VoucherLine.copies * func.coalesce(VoucherLine.paid_price, 0)
    query = (
        select(
            OrderReceipt.order_line_id,
            Voucher.state,
            func.sum(VoucherLine.copies),
            func.sum(paid),
            func.max(VoucherLine.record_id),
        )
        .join(VoucherLine, VoucherLine.id == OrderReceipt.voucher_line_id)
        .join(Voucher, Voucher.id == VoucherLine.voucher_id)
        .where(OrderReceipt.order_line_id.in_(found))
        .group_by(OrderReceipt.order_line_id, Voucher.state)
    )
    for line_id, state, copies, cost, record_id in session.execute(query):
        one = found[line_id]
        if state == "closed":
            one.copies, one.paid = int(copies), int(cost)
            one.record_id = record_id
        elif state == "draft":
            one.arriving = int(copies)
    return found


def vouchers_of(session: Session, order_id: int) -> list[Voucher]:
    """Return the vouchers that copies of an order came in with, those struck out too."""
    query = (
        select(Voucher)
        .where(
            Voucher.id.in_(
                select(VoucherLine.voucher_id)
                .join(OrderReceipt, OrderReceipt.voucher_line_id == VoucherLine.id)
                .join(OrderLine, OrderLine.id == OrderReceipt.order_line_id)
                .where(OrderLine.order_id == order_id)
            )
        )
        .order_by(Voucher.id)
    )
    return list(session.scalars(query))


def order_of_voucher(session: Session, voucher_id: int) -> PurchaseOrder | None:
    """Return the order a voucher was made of, if any."""
    query = (
        select(PurchaseOrder)
        .join(OrderLine, OrderLine.order_id == PurchaseOrder.id)
        .join(OrderReceipt, OrderReceipt.order_line_id == OrderLine.id)
        .join(VoucherLine, VoucherLine.id == OrderReceipt.voucher_line_id)
        .where(VoucherLine.voucher_id == voucher_id)
        .limit(1)
    )
    return session.scalar(query)
