"""Budget lines: money of a year by source. Over the amount is told, never forbidden."""

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from datetime import date
from typing import Any, Final

from sqlalchemy import delete, exists, func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from cataloging.acquisitions.models import (
    BudgetLine,
    BudgetVoucher,
    OrderLine,
    OrderReceipt,
    PurchaseOrder,
)
from cataloging.acquisitions.receipts import received_of
from cataloging.acquisitions.rules.ordering import Standing, net_price, stage_of
from cataloging.permissions import ORDER_BOOKS
from cataloging.stockbook.models import Voucher, VoucherLine
from ils.accounts.actor import Actor
from ils.core.audit import audit
from ils.core.errors import Invalid, NotFound, Refused
from ils.org.units import unit

HIGHEST_AMOUNT: Final = 100_000_000_000  # đồng; a sum above is a slip of the finger
YEARS: Final = (2000, 2100)
MOST_SHOWN: Final = 200


@dataclass(frozen=True)
class BudgetFacts:
    """A budget line as it is typed."""

    year: int
    name: str
    source: str
    amount: int
    note: str = ""
    closed: bool = False


def budget_for(session: Session, actor: Actor, budget_id: int) -> BudgetLine:
    """Return a budget line of a library the actor orders for. Raises ``NotFound``."""
    found = session.get(BudgetLine, budget_id)
    if found is None or not actor.can(ORDER_BOOKS, unit(session, found.library_id)):
        raise NotFound("budget_unknown", budget_id=budget_id)
    return found


def add_budget(session: Session, actor: Actor, library_id: int, facts: BudgetFacts) -> BudgetLine:
    """Write a budget line of a library down."""
    actor.require(ORDER_BOOKS, at=unit(session, library_id))
    values = _checked(session, library_id, facts)
    made = BudgetLine(library_id=library_id, made_by=actor.staff_id, **values)
    session.add(made)
    session.flush()
    audit(session, actor, "budget_added", "budget_line", made.id, amount=made.amount)
    return made


def change_budget(session: Session, actor: Actor, budget_id: int, facts: BudgetFacts) -> BudgetLine:
    """Change a budget line: name, amount, whether it takes further orders."""
    found = budget_for(session, actor, budget_id)
    before = found.amount
    for name, value in _checked(session, found.library_id, facts, but=found.id).items():
        setattr(found, name, value)
    audit(
        session, actor, "budget_changed", "budget_line", found.id, old=before, amount=found.amount
    )
    session.flush()
    return found


def delete_budget(session: Session, actor: Actor, budget_id: int) -> None:
    """Delete a budget line that no order and no voucher names. Raises ``Refused`` for others."""
    found = budget_for(session, actor, budget_id)
    try:
        with session.begin_nested():
            session.delete(found)
            session.flush()
    except IntegrityError as error:
        raise Refused("budget_in_use") from error
    audit(session, actor, "budget_deleted", "budget_line", budget_id, amount=found.amount)


def _checked(
    session: Session, library_id: int, facts: BudgetFacts, but: int | None = None
) -> dict[str, Any]:
    name, source = " ".join(facts.name.split()), " ".join(facts.source.split())
    if not name:
        raise Invalid("budget_unnamed", field="name")
    if not YEARS[0] <= facts.year <= YEARS[1]:
        raise Invalid("budget_year_impossible", field="year", value=facts.year)
    if not 0 <= facts.amount <= HIGHEST_AMOUNT:
        raise Invalid("budget_amount_impossible", field="amount", value=facts.amount)
    same = select(BudgetLine.id).where(
        BudgetLine.library_id == library_id, BudgetLine.year == facts.year, BudgetLine.name == name
    )
    if session.scalar(same.where(BudgetLine.id != (but or 0))):
        raise Invalid("budget_name_taken", field="name", year=facts.year)
    return asdict(facts) | {"name": name, "source": source}


def budgets_of(session: Session, library_id: int, year: int) -> Sequence[BudgetLine]:
    """Return the budget lines of a library and year, by name."""
    query = select(BudgetLine).where(BudgetLine.library_id == library_id, BudgetLine.year == year)
    return session.scalars(query.order_by(BudgetLine.name, BudgetLine.id)).all()


def years_of(session: Session, library_id: int) -> list[int]:
    """Return the years a library has budget lines of, newest first."""
    query = select(BudgetLine.year).where(BudgetLine.library_id == library_id).distinct()
    return list(session.scalars(query.order_by(BudgetLine.year.desc())))


def budgets_to_choose(
    session: Session, library_id: int, chosen: Iterable[int | None] = ()
) -> list[tuple[int, str]]:
    """Return number and name of the lines that take orders, and of those chosen, newest first."""
    there = BudgetLine.closed.is_(False) | BudgetLine.id.in_([one for one in chosen if one])
    query = select(BudgetLine).where(BudgetLine.library_id == library_id, there)
    order = (BudgetLine.year.desc(), BudgetLine.name)
    return [(one.id, f"{one.year} · {one.name}") for one in session.scalars(query.order_by(*order))]


def standings_of(session: Session, budgets: Iterable[BudgetLine]) -> dict[int, Standing]:
    """Return how budget lines stand, by their number.

    Ordered is what is still to come of orders sent, at the expected price less discount; spent is
    what closed vouchers paid: for copies of orders, and on the other lines of vouchers put there.
    """
    amounts = {one.id: one.amount for one in budgets}
    ordered, spent = dict.fromkeys(amounts, 0), dict.fromkeys(amounts, 0)
    rows = session.execute(
        select(OrderLine, PurchaseOrder.state)
        .join(PurchaseOrder, PurchaseOrder.id == OrderLine.order_id)
        .where(OrderLine.budget_line_id.in_(amounts))
    ).all()
    got = received_of(session, [line.id for line, _state in rows])
    for line, state in rows:
        budget, came = line.budget_line_id or 0, got[line.id]
        spent[budget] += came.paid
        if state == "sent":
            missing = max(0, line.copies - came.copies)
            ordered[budget] += missing * net_price(line.price or 0, line.off)
    for budget, _voucher, paid in _direct(session, list(amounts)):
        spent[budget] += paid
    return {
        budget: Standing(amount, ordered[budget], spent[budget])
        for budget, amount in amounts.items()
    }


def _direct(session: Session, budget_ids: Sequence[int]) -> list[tuple[int, int, int]]:
    """Return (budget line, voucher, đồng) of what closed vouchers paid for outside of orders."""
    of_order = exists().where(OrderReceipt.voucher_line_id == VoucherLine.id)
    paid = VoucherLine.copies * func.coalesce(VoucherLine.paid_price, 0)
    query = (
        select(BudgetVoucher.budget_line_id, Voucher.id, func.sum(paid))
        .join(Voucher, Voucher.id == BudgetVoucher.voucher_id)
        .join(VoucherLine, VoucherLine.voucher_id == Voucher.id)
        .where(BudgetVoucher.budget_line_id.in_(budget_ids), Voucher.state == "closed", ~of_order)
        .group_by(BudgetVoucher.budget_line_id, Voucher.id)
    )
    return [(budget, voucher, int(sum_)) for budget, voucher, sum_ in session.execute(query)]


# --- what stands behind the figures ------------------------------------------------------------


@dataclass(frozen=True)
class Behind:
    """An order or a voucher that a budget line pays, with its part of the figures in đồng."""

    order: PurchaseOrder | None
    voucher: Voucher | None
    ordered: int
    spent: int
    stage: str = ""


def behind(session: Session, budget: BudgetLine) -> list[Behind]:
    """Return the orders and vouchers behind the figures of a budget line, newest first."""
    rows = session.execute(
        select(OrderLine, PurchaseOrder)
        .join(PurchaseOrder, PurchaseOrder.id == OrderLine.order_id)
        .where(OrderLine.budget_line_id == budget.id, PurchaseOrder.state != "draft")
        .order_by(PurchaseOrder.id.desc(), OrderLine.id)
    ).all()
    got = received_of(session, [line.id for line, _order in rows])
    sums: dict[int, list[int]] = {}
    counts: dict[int, list[tuple[int, int]]] = {}
    orders: dict[int, PurchaseOrder] = {}
    for line, order in rows:
        orders[order.id] = order
        one = sums.setdefault(order.id, [0, 0])
        one[1] += got[line.id].paid
        counts.setdefault(order.id, []).append((line.copies, got[line.id].copies))
        if order.state == "sent":
            missing = max(0, line.copies - got[line.id].copies)
            one[0] += missing * net_price(line.price or 0, line.off)
    paid = {voucher: sum_ for _budget, voucher, sum_ in _direct(session, [budget.id])}
    vouchers = session.scalars(
        select(Voucher)
        .join(BudgetVoucher, BudgetVoucher.voucher_id == Voucher.id)
        .where(BudgetVoucher.budget_line_id == budget.id)
        .order_by(Voucher.id.desc())
    )
    return [
        Behind(order, None, sums[one][0], sums[one][1], stage_of(order.state, counts[one]))
        for one, order in orders.items()
    ] + [
        Behind(None, one, 0, paid.get(one.id, 0))
        for one in vouchers
        if one.id in paid or one.state == "draft"  # the others are counted with their orders
    ]


def vouchers_to_put(session: Session, budget: BudgetLine) -> Sequence[Voucher]:
    """Return the invoices and delivery notes of the line's year that no budget line pays yet."""
    query = select(Voucher).where(
        Voucher.library_id == budget.library_id,
        Voucher.kind.in_(("invoice", "delivery_note")),
        Voucher.state != "struck",
        Voucher.entered_on.between(date(budget.year, 1, 1), date(budget.year, 12, 31)),
        ~exists().where(BudgetVoucher.voucher_id == Voucher.id),
    )
    return session.scalars(query.order_by(Voucher.id.desc()).limit(MOST_SHOWN)).all()


def put_voucher(session: Session, actor: Actor, budget_id: int, voucher_id: int) -> None:
    """Say that a budget line pays a voucher of its library."""
    budget = budget_for(session, actor, budget_id)
    voucher = session.get(Voucher, voucher_id)
    if voucher is None or voucher.library_id != budget.library_id:
        raise NotFound("voucher_unknown", voucher_id=voucher_id)
    session.execute(delete(BudgetVoucher).where(BudgetVoucher.voucher_id == voucher_id))
    session.add(BudgetVoucher(voucher_id=voucher_id, budget_line_id=budget.id))
    audit(session, actor, "voucher_budgeted", "budget_line", budget.id, voucher_id=voucher_id)
    session.flush()


def take_voucher_off(session: Session, actor: Actor, budget_id: int, voucher_id: int) -> None:
    """Take a voucher off a budget line again."""
    budget = budget_for(session, actor, budget_id)
    session.execute(
        delete(BudgetVoucher).where(
            BudgetVoucher.voucher_id == voucher_id, BudgetVoucher.budget_line_id == budget.id
        )
    )
    audit(session, actor, "voucher_unbudgeted", "budget_line", budget.id, voucher_id=voucher_id)
    session.flush()
