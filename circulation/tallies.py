"""Counting by a tap: visits, and copies used on the premises."""

from datetime import date, datetime
from typing import Any

from sqlalchemy.orm import Session

from circulation.desk import Act, DeskResult
from circulation.events import InHouseUseCounted, VisitCounted
from circulation.facts import find_scanned, item_at_desk, lock, touch
from circulation.permissions import TALLY
from circulation.rules.reasons import reason
from ils.accounts.actor import Actor
from ils.core.errors import Invalid

MOST = 10_000


def count_in_house_use(
    session: Session,
    actor: Actor,
    *,
    key: str | None,
    quantity: int = 1,
    barcode: str | None = None,
    on: date | None = None,
    age_band: str | None = None,
    material: str | None = None,
    unit_id: int | None = None,
    now: datetime | None = None,
) -> DeskResult:
    """Count copies used on the premises: a scanned one, or a tally for a day (today by default)."""
    act, day = _begin(session, actor, "in_house_use", quantity, on, key, unit_id, now)
    if barcode is None:
        if stored := act.stored():
            return stored
        act.event(
            InHouseUseCounted("tally"),
            on=day,
            quantity=quantity,
            age_band=age_band,
            material=material,
        )
        return act.answer("counted", facts={"quantity": quantity, "on": day})
    found = find_scanned(session, barcode, act.here.library_id)
    if found.item_id is None or found.record_id is None:
        code = "card_not_item" if found.card_id else "item_unknown"
        return act.stored() or act.refuse([reason(code, scanned=barcode)])
    act.item_id = found.item_id
    lock(session, records=[found.record_id], items=[found.item_id])
    if stored := act.stored():
        return stored
    last = act.last_on_item()
    if last is not None and last.command == act.command:
        return act.again(last)
    item = item_at_desk(session, found.item_id)
    if item.loan is not None:
        return act.refuse([reason("open_here_already", due_on=item.loan.due_on)], item=item.about())
    columns: dict[str, Any] = item.statistics()
    act.event(InHouseUseCounted("scan"), on=day, quantity=quantity, age_band=age_band, **columns)
    touch(session, item.item, act.here.id, act.now, "in_house")
    return act.answer("counted", facts={"quantity": quantity, "on": day}, item=item.about())


def count_visit(
    session: Session,
    actor: Actor,
    *,
    key: str | None,
    quantity: int = 1,
    on: date | None = None,
    age_band: str | None = None,
    sex: str | None = None,
    unit_id: int | None = None,
    now: datetime | None = None,
) -> DeskResult:
    """Count people who came in, by tap or from a tally sheet of a day."""
    act, day = _begin(session, actor, "visit", quantity, on, key, unit_id, now)
    if stored := act.stored():
        return stored
    act.event(VisitCounted("tally"), on=day, quantity=quantity, age_band=age_band, sex=sex)
    return act.answer("counted", facts={"quantity": quantity, "on": day})


def _begin(
    session: Session,
    actor: Actor,
    command: str,
    quantity: int,
    on: date | None,
    key: str | None,
    unit_id: int | None,
    now: datetime | None,
) -> tuple[Act, date]:
    actor.require(TALLY)
    if unit_id is not None and unit_id != actor.unit_id:
        actor = actor.at_unit(session, unit_id)
        actor.require(TALLY)
    act = Act(session, actor, command, key, now)
    day = on or act.today
    if not 0 < quantity <= MOST:
        raise Invalid("quantity_wrong", field="quantity", most=MOST)
    if day > act.today:
        raise Invalid("day_in_future", field="on")
    return act, day
