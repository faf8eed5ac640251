"""Why a record must stay: copies of it are ordered and have not all come in."""

from collections.abc import Iterable

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from cataloging.acquisitions.models import OrderLine, OrderReceipt, PurchaseOrder
from cataloging.hooks import Veto
from cataloging.stockbook.models import VoucherLine


def record_vetoes_of(session: Session, record_ids: Iterable[int]) -> dict[int, list[Veto]]:
    """Return the records of orders that are drafts, or sent and not received whole."""
    received = (
        select(func.coalesce(func.sum(VoucherLine.copies), 0))
        .join(OrderReceipt, OrderReceipt.voucher_line_id == VoucherLine.id)
        .where(OrderReceipt.order_line_id == OrderLine.id)
        .scalar_subquery()
    )
    query = (
        select(OrderLine.record_id)
        .join(PurchaseOrder, PurchaseOrder.id == OrderLine.order_id)
        .where(OrderLine.record_id.in_(list(record_ids)), OrderLine.copies > received)
        .where(PurchaseOrder.state.in_(("draft", "sent")))
    )
    return {one: [Veto("on_order")] for one in session.scalars(query.distinct()) if one is not None}
