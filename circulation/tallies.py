"""Counting by a tap: visits, and copies used on the premises."""

from datetime import date, datetime

from sqlalchemy.orm import Session

from circulation.desk import Act, DeskResult
from circulation.events import InHouseUseCounted, VisitCounted
from circulation.permissions import TALLY
from ils.accounts.actor import Actor
from ils.core.errors import Invalid

MOST = 10_000


def count_in_house_use(
    session: Session,
    actor: Actor,
    *,
    key: str | None,
    quantity: int = 1,
    on: date | None = None,
    age_band: str | None = None,
    material: str | None = None,
    unit_id: int | None = None,
    now: datetime | None = None,
) -> DeskResult:
    """Count copies used on the premises from a tally of a day (today by default).

    Single copies are scanned: ``reading_room.scan_in_house_use``.
    """
    act, day = _begin(session, actor, "in_house_use", quantity, on, key, unit_id, now)
    if stored := act.stored():
        return stored
    act.event(
        InHouseUseCounted("tally"), on=day, quantity=quantity, age_band=age_band, material=material
    )
    return act.answer("counted", facts={"quantity": quantity, "on": day})


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
