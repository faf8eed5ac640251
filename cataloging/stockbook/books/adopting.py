"""Copies that came in without a voucher (imported, or entered one by one) get their line in part I.

The copies stay as they are; a voucher is closed over them, so that the summary register balances.
"""

from dataclasses import dataclass
from datetime import date

from sqlalchemy import func, insert, select
from sqlalchemy.orm import Session

from cataloging.change_sets import new_change_set
from cataloging.models import Item
from cataloging.permissions import EDIT_ITEM
from cataloging.stockbook.books.balance import balance_of, in_year, without_voucher
from cataloging.stockbook.counting import counts_of
from cataloging.stockbook.models import StockEntry, Voucher
from cataloging.stockbook.vouchers import VoucherFacts, next_number, open_voucher
from ils.accounts.actor import Actor
from ils.core import clock
from ils.core.audit import audit
from ils.core.errors import Invalid, Refused
from ils.org.models import OrgUnit
from ils.org.units import unit

AT_ONCE = 500


@dataclass(frozen=True)
class Paper:
    """The paper that stands for copies entered without one."""

    kind: str
    number: str = ""
    dated_on: date | None = None
    source: str = ""


def take_opening_into_books(
    session: Session, actor: Actor, library_id: int, paper: Paper
) -> list[Voucher]:
    """Close an opening balance over each year's copies that were there before and have no voucher."""
    years = [year for year, opening, _n, _sum in balance_of(session, library_id).loose if opening]
    if not years:
        raise Refused("no_copies_without_voucher")
    return [
        take_into_books(session, actor, library_id, paper, year=year, opening=True)
        for year in years
    ]


def take_into_books(
    session: Session, actor: Actor, library_id: int, paper: Paper, *, year: int, opening: bool
) -> Voucher:
    """Close a voucher over the copies of a year that have none.

    Copies of an opening balance get a voucher of that kind, and only they. Raises ``Invalid``,
    ``Refused`` when there is no such copy.
    """
    actor.require(EDIT_ITEM, at=unit(session, library_id))
    session.execute(select(OrgUnit.id).where(OrgUnit.id == library_id).with_for_update())
    if opening != (paper.kind == "opening"):
        raise Invalid("voucher_kind_unknown", field="kind", value=paper.kind)
    if not opening and not (paper.number and paper.dated_on):
        raise Invalid("voucher_unnumbered", field="number")
    chosen = select(Item.id).where(
        without_voucher(library_id), in_year(year), Item.opening_balance.is_(opening)
    )
    ids = list(session.scalars(chosen.order_by(Item.id)))
    if not ids:
        raise Refused("no_copies_without_voucher")
    last = select(func.max(Item.accessioned_on)).where(Item.id.in_(chosen))
    facts = VoucherFacts(
        paper.kind,
        session.get_one(Item, ids[0]).branch_id,
        number=paper.number,
        dated_on=paper.dated_on,
        entered_on=session.scalar(last) or clock.today(),
        source=paper.source,
    )
    voucher = open_voucher(session, actor, facts)
    voucher.counts = counts_of(session, ids)
    for start in range(0, len(ids), AT_ONCE):
        rows = [{"item_id": i, "voucher_id": voucher.id} for i in ids[start : start + AT_ONCE]]
        session.execute(insert(StockEntry), rows)
    voucher.change_set_id = new_change_set(session, actor, "voucher", paper.number).id
    voucher.summary_no = next_number(session, library_id)
    voucher.state, voucher.closed_at, voucher.closed_by = "closed", clock.now(), actor.staff_id
    audit(session, actor, "voucher_closed", "voucher", voucher.id, number=voucher.summary_no)
    session.flush()
    return voucher
