"""Orders: begun, filled with titles, sent under a number, put off, cancelled; each step taken back
while nothing after it forbids it. Receiving is in ``receiving.py``.

draft ⇄ sent → (received into vouchers) ; sent ⇄ cancelled with a reason
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date, timedelta
from typing import Final

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from cataloging.acquisitions.budgets import budget_for
from cataloging.acquisitions.models import BudgetLine, OrderLine, PurchaseOrder
from cataloging.acquisitions.receipts import Received, received_of
from cataloging.acquisitions.rules.ordering import WHOLE, net_price
from cataloging.acquisitions.settings import SUFFIX
from cataloging.acquisitions.suppliers import supplier_for
from cataloging.items import HIGHEST_PRICE, MOST_COPIES
from cataloging.marc.numbers import isbn13
from cataloging.models import Record
from cataloging.permissions import ORDER_BOOKS
from cataloging.records import record_for
from ils.accounts.actor import Actor
from ils.core import clock
from ils.core.audit import audit
from ils.core.errors import Invalid, NotFound, Refused
from ils.org.models import OrgUnit
from ils.org.settings import setting
from ils.org.units import library_of, unit

MOST_LINES: Final = 500
LONGEST_WAIT: Final = timedelta(days=3 * 366)


@dataclass(frozen=True)
class OrderFacts:
    """The head of an order as it is typed; budget line and discount (hundredths of a per cent) are
    what titles begin with."""

    supplier_id: int
    branch_id: int
    budget_line_id: int | None = None
    discount: int = 0
    expected_on: date | None = None
    note: str = ""


@dataclass(frozen=True)
class LineFacts:
    """What is typed of one title; what is left out comes from the head of the order. The discount is
    in hundredths of a per cent."""

    copies: int = 1
    price: int | None = None
    discount: int | None = None
    budget_line_id: int | None = None


def order_for(
    session: Session, actor: Actor, order_id: int, *, lock: bool = False
) -> PurchaseOrder:
    """Return an order of a library the actor orders for. Raises ``NotFound``."""
    query = select(PurchaseOrder).where(PurchaseOrder.id == order_id)
    if lock:
        query = query.with_for_update().execution_options(populate_existing=True)
    found = session.scalar(query)
    if found is None or not actor.can(ORDER_BOOKS, unit(session, found.library_id)):
        raise NotFound("order_unknown", order_id=order_id)
    return found


def draft_for(session: Session, actor: Actor, order_id: int) -> PurchaseOrder:
    """Return an order that can still be changed, locked. Raises ``Refused`` once it is sent."""
    found = order_for(session, actor, order_id, lock=True)
    if found.state != "draft":
        raise Refused("order_sent_already")
    return found


def begin_order(session: Session, actor: Actor, facts: OrderFacts) -> PurchaseOrder:
    """Begin an order to a supplier."""
    library = _check_head(session, actor, facts)
    made = PurchaseOrder(library_id=library.id, made_by=actor.staff_id)
    _set_head(made, facts)
    session.add(made)
    session.flush()
    audit(session, actor, "order_begun", "purchase_order", made.id)
    return made


def change_order(session: Session, actor: Actor, order_id: int, facts: OrderFacts) -> PurchaseOrder:
    """Change the head of a draft; titles that are on it keep what they have."""
    found = draft_for(session, actor, order_id)
    if _check_head(session, actor, facts, but=found).id != found.library_id:
        raise Invalid("branch_of_other_library", field="branch_id", value=facts.branch_id)
    _set_head(found, facts)
    session.flush()
    return found


def _set_head(order: PurchaseOrder, facts: OrderFacts) -> None:
    for name, value in asdict(facts).items():
        setattr(order, "off" if name == "discount" else name, value)


def put_off(
    session: Session, actor: Actor, order_id: int, expected_on: date | None, note: str
) -> PurchaseOrder:
    """Say of an order that was sent when it is awaited now, and what the supplier told."""
    found = order_for(session, actor, order_id, lock=True)
    if found.state != "sent":
        raise Refused("order_not_sent")
    _check_day(expected_on)
    audit(session, actor, "order_put_off", "purchase_order", found.id, number=found.number)
    found.expected_on, found.note = expected_on, note.strip()
    session.flush()
    return found


def _check_head(
    session: Session, actor: Actor, facts: OrderFacts, but: PurchaseOrder | None = None
) -> OrgUnit:
    library = library_of(session, facts.branch_id)
    actor.require(ORDER_BOOKS, at=library)
    supplier = supplier_for(session, actor.at_unit(session, library.id), facts.supplier_id)
    if not supplier.active and (but is None or but.supplier_id != supplier.id):
        raise Invalid("supplier_laid_aside", field="supplier_id")
    _check_budget(session, actor, library.id, facts.budget_line_id)
    _check_discount(facts.discount)
    _check_day(facts.expected_on)
    return library


def _check_day(expected_on: date | None) -> None:
    today = clock.today()
    if expected_on and not today - LONGEST_WAIT <= expected_on <= today + LONGEST_WAIT:
        raise Invalid("expected_day_impossible", field="expected_on")


def _check_discount(discount: int | None) -> None:
    if discount is not None and not 0 <= discount <= WHOLE:
        raise Invalid("discount_impossible", field="discount")


def _check_budget(
    session: Session, actor: Actor, library_id: int, budget_line_id: int | None
) -> None:
    if budget_line_id is None:
        return
    found = budget_for(session, actor, budget_line_id)
    if found.library_id != library_id:
        raise NotFound("budget_unknown", budget_id=budget_line_id)


# --- titles ------------------------------------------------------------------------------------


def add_title(
    session: Session,
    actor: Actor,
    order_id: int,
    facts: LineFacts,
    *,
    record_id: int | None = None,
    fresh: Mapping[str, str] | None = None,
) -> OrderLine:
    """Put a title on a draft: a record, or the boxes of a short new one.

    A title that is there already gets more copies.
    """
    order = draft_for(session, actor, order_id)
    boxes = {name: value.strip() for name, value in (fresh or {}).items() if value.strip()}
    if record_id is not None:
        record_for(session, record_id)
    elif not boxes.get("title"):
        raise Invalid("title_missing", field="title")
    lines = [line for line, _record in lines_of(session, order.id)]
    there = _line_of(lines, record_id, boxes)
    if there is not None:
        more = LineFacts(
            there.copies + facts.copies,
            facts.price if facts.price is not None else there.price,
            facts.discount if facts.discount is not None else there.off,
            facts.budget_line_id or there.budget_line_id,
        )
        return change_title(session, actor, there.id, more)
    if len(lines) >= MOST_LINES:
        raise Refused("order_full", most=MOST_LINES)
    _check_line(session, actor, order, facts)
    made = OrderLine(
        order_id=order.id,
        record_id=record_id,
        fresh=boxes if record_id is None else {},
        copies=facts.copies,
        price=facts.price,
        budget_line_id=facts.budget_line_id or order.budget_line_id,
    )
    made.off = order.off if facts.discount is None else facts.discount
    session.add(made)
    session.flush()
    return made


def _line_of(
    lines: Sequence[OrderLine], record_id: int | None, boxes: Mapping[str, str]
) -> OrderLine | None:
    if record_id is not None:
        return next((line for line in lines if line.record_id == record_id), None)
    isbn = isbn13(boxes.get("isbn", ""))
    own = (line for line in lines if line.record_id is None)
    return next((o for o in own if isbn and isbn13(str(o.fresh.get("isbn", ""))) == isbn), None)


def change_title(session: Session, actor: Actor, line_id: int, facts: LineFacts) -> OrderLine:
    """Change copies, price, discount and budget line of a title on a draft."""
    line = session.get(OrderLine, line_id)
    if line is None:
        raise NotFound("order_line_unknown", line_id=line_id)
    order = draft_for(session, actor, line.order_id)
    _check_line(session, actor, order, facts)
    line.copies, line.price = facts.copies, facts.price
    line.off = 0 if facts.discount is None else facts.discount
    line.budget_line_id = facts.budget_line_id
    session.flush()
    return line


def _check_line(session: Session, actor: Actor, order: PurchaseOrder, facts: LineFacts) -> None:
    if not 1 <= facts.copies <= MOST_COPIES:
        raise Invalid("order_copies_impossible", field="copies", most=MOST_COPIES)
    if facts.price is not None and not 0 <= facts.price <= HIGHEST_PRICE:
        raise Invalid("price_impossible", field="price", value=facts.price)
    _check_discount(facts.discount)
    _check_budget(session, actor, order.library_id, facts.budget_line_id)


def remove_title(session: Session, actor: Actor, line_id: int) -> int:
    """Take a title off a draft; return the order's number in the table."""
    line = session.get(OrderLine, line_id)
    if line is None:
        raise NotFound("order_line_unknown", line_id=line_id)
    order = draft_for(session, actor, line.order_id)
    session.delete(line)
    session.flush()
    return order.id


def lines_of(session: Session, order_id: int) -> list[tuple[OrderLine, Record | None]]:
    """Return the titles of an order with their records, in the order they were typed."""
    query = (
        select(OrderLine, Record)
        .outerjoin(Record, Record.id == OrderLine.record_id)
        .where(OrderLine.order_id == order_id)
        .order_by(OrderLine.id)
    )
    return [(line, record) for line, record in session.execute(query)]


def cost_of(lines: Iterable[OrderLine]) -> int:
    """Return what titles cost together at the expected prices less discount, in đồng."""
    return sum(line.copies * net_price(line.price or 0, line.off) for line in lines)


# --- sending, cancelling, taking back ----------------------------------------------------------


def send_order(
    session: Session, actor: Actor, order_id: int, dated_on: date | None = None
) -> PurchaseOrder:
    """Give a draft its number and day, and hold it as sent; it is not changed any more.

    One that was sent before keeps its number.
    """
    order = draft_for(session, actor, order_id)
    if not lines_of(session, order.id):
        raise Refused("order_empty")
    day = dated_on or clock.today()
    if not clock.today() - LONGEST_WAIT <= day <= clock.today():
        raise Invalid("order_day_impossible", field="dated_on")
    if order.expected_on and order.expected_on < day:
        raise Invalid("expected_before_sent", field="expected_on")
    if order.serial is None:
        order.year = day.year
        order.serial = _next_serial(session, order.library_id, day.year)
        suffix = str(setting(session, order.library_id, SUFFIX) or "").strip()
        parts = (f"{order.serial:02}", str(day.year), suffix)
        order.number = "/".join(part for part in parts if part)[:40]
    order.state, order.dated_on = "sent", day
    order.sent_at, order.sent_by = clock.now(), actor.staff_id
    audit(session, actor, "order_sent", "purchase_order", order.id, number=order.number)
    session.flush()
    return order


def _next_serial(session: Session, library_id: int, year: int) -> int:
    session.execute(select(OrgUnit.id).where(OrgUnit.id == library_id).with_for_update())
    last = session.scalar(
        select(func.max(PurchaseOrder.serial)).where(
            PurchaseOrder.library_id == library_id, PurchaseOrder.year == year
        )
    )
    return (last or 0) + 1


def _came_in(session: Session, order: PurchaseOrder) -> list[Received]:
    ids = [line.id for line, _record in lines_of(session, order.id)]
    return list(received_of(session, ids).values())


def take_sending_back(session: Session, actor: Actor, order_id: int) -> PurchaseOrder:
    """Make an order a draft again while nothing of it came in; its number stays its own."""
    order = order_for(session, actor, order_id, lock=True)
    if order.state != "sent":
        raise Refused("order_not_sent")
    if any(one.copies or one.arriving for one in _came_in(session, order)):
        raise Refused("order_came_in")
    order.state = "draft"
    audit(session, actor, "order_taken_back", "purchase_order", order.id, number=order.number)
    session.flush()
    return order


def cancel_order(session: Session, actor: Actor, order_id: int, reason: str) -> PurchaseOrder:
    """Expect nothing more of an order, and say why; what came in stays.

    Raises ``Refused`` while copies stand on a voucher that is not closed.
    """
    order = order_for(session, actor, order_id, lock=True)
    reason = " ".join(reason.split())[:300]
    if order.serial is None or order.state == "cancelled":
        raise Refused("order_not_sent")
    if not reason:
        raise Invalid("order_reason_missing", field="reason")
    if any(one.arriving for one in _came_in(session, order)):
        raise Refused("order_arriving")
    order.state, order.reason = "cancelled", reason
    audit(session, actor, "order_cancelled", "purchase_order", order.id, number=order.number)
    session.flush()
    return order


def revive_order(session: Session, actor: Actor, order_id: int) -> PurchaseOrder:
    """Take a cancelling back: what is missing is awaited again."""
    order = order_for(session, actor, order_id, lock=True)
    if order.state != "cancelled":
        raise Refused("order_not_cancelled")
    order.state, order.reason = "sent", ""
    audit(session, actor, "order_revived", "purchase_order", order.id, number=order.number)
    session.flush()
    return order


def delete_order(session: Session, actor: Actor, order_id: int) -> None:
    """Give a draft up that never had a number. Raises ``Refused`` for others: cancel them."""
    order = draft_for(session, actor, order_id)
    if order.serial is not None:
        raise Refused("order_numbered")
    session.delete(order)
    audit(session, actor, "order_given_up", "purchase_order", order_id)
    session.flush()


def budgets_used(
    session: Session, lines: Iterable[OrderLine]
) -> list[tuple[BudgetLine, list[OrderLine]]]:
    """Return the budget lines that titles are paid from, each with its titles."""
    by: dict[int, list[OrderLine]] = {}
    for line in lines:
        if line.budget_line_id:
            by.setdefault(line.budget_line_id, []).append(line)
    query = select(BudgetLine).where(BudgetLine.id.in_(by)).order_by(BudgetLine.name)
    return [(budget, by[budget.id]) for budget in session.scalars(query)]
