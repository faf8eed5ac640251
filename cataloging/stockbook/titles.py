"""Why a record must stay: it is on a voucher or in a central purchase that somebody works on."""

from collections.abc import Iterable

from sqlalchemy import select
from sqlalchemy.orm import Session

from cataloging.hooks import Veto
from cataloging.stockbook.central.models import CentralPurchase, CentralTitle
from cataloging.stockbook.models import Voucher, VoucherLine


def record_vetoes_of(session: Session, record_ids: Iterable[int]) -> dict[int, list[Veto]]:
    """Return the records that drafts of vouchers and purchases speak of."""
    ids = list(record_ids)
    received = (
        select(VoucherLine.record_id)
        .join(Voucher, Voucher.id == VoucherLine.voucher_id)
        .where(VoucherLine.record_id.in_(ids), Voucher.state == "draft")
    )
    bought = (
        select(CentralTitle.record_id)
        .join(CentralPurchase, CentralPurchase.id == CentralTitle.purchase_id)
        .where(CentralTitle.record_id.in_(ids), CentralPurchase.state == "draft")
    )
    found: dict[int, list[Veto]] = {}
    for code, query in (("on_voucher", received), ("in_purchase", bought)):
        for record_id in session.scalars(query.distinct()):
            if record_id is not None:
                found.setdefault(record_id, []).append(Veto(code))
    return found
