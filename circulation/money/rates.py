"""Dated rates set at a unit and inherited below: card fees, exemptions, prices, amnesties.

A rate is never changed: it ends on a day and another begins. One that has not begun may be taken
away.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from flask_babel import lazy_gettext as _l
from sqlalchemy import select
from sqlalchemy.orm import Session

from circulation.money.models import Amnesty, CardFee, FeeExemption, Price
from circulation.patrons.models import CARD_KINDS
from circulation.permissions import GIVE_AMNESTY
from circulation.rules.card_fee import Exemption, Fee
from ils.accounts.actor import Actor
from ils.accounts.permissions import declare_permission
from ils.core import clock
from ils.core.audit import audit
from ils.core.db import Base
from ils.core.errors import Invalid, NotFound
from ils.core.kept import kept
from ils.org.units import place, unit

EDIT_RATES = declare_permission("circulation:fee:rates", _l("Set card fees and prices"))

TABLES: dict[str, Any] = {
    "card_fee": CardFee,
    "exemption": FeeExemption,
    "price": Price,
    "amnesty": Amnesty,
}


def card_fees(session: Session) -> Sequence[Fee]:
    """Return every card fee ever set, from memory."""
    return kept(session, "card_fees", lambda: _fees(session))


def _fees(session: Session) -> list[Fee]:
    return [
        Fee(
            row.id,
            row.unit_id,
            row.card_kind,
            row.category,
            row.occasion,
            row.amount,
            row.resolution,
            row.valid_from,
            row.valid_to,
        )
        for row in session.scalars(select(CardFee).order_by(CardFee.id))
    ]


def exemptions(session: Session) -> Sequence[Exemption]:
    """Return every ground of exemption ever set, from memory."""
    return kept(session, "fee_exemptions", lambda: _exemptions(session))


def _exemptions(session: Session) -> list[Exemption]:
    return [
        Exemption(
            row.id,
            row.unit_id,
            row.name,
            row.resolution,
            row.valid_from,
            row.valid_to,
            row.age_below,
            row.age_from,
        )
        for row in session.scalars(select(FeeExemption).order_by(FeeExemption.id))
    ]


@dataclass(frozen=True)
class Offer:
    """A service for sale at a branch today."""

    id: int
    name: str
    measure: str
    amount: int


def offers(session: Session, unit_id: int, day: date) -> list[Offer]:
    """Return what is for sale at a unit on a day; a nearer unit's price for a name wins."""
    path = place(session, unit_id).ids
    rows = session.scalars(
        select(Price)
        .where(Price.unit_id.in_(path), Price.valid_from <= day)
        .order_by(Price.order, Price.name, Price.id)
    ).all()
    found: dict[str, tuple[int, Price]] = {}
    for row in rows:
        if row.valid_to is not None and row.valid_to < day:
            continue
        depth = path.index(row.unit_id)
        known = found.get(row.name.casefold())
        if known is None or depth >= known[0]:
            found[row.name.casefold()] = (depth, row)
    return [
        Offer(row.id, row.name, row.measure, row.amount)
        for _depth, row in sorted(found.values(), key=lambda one: (one[1].order, one[1].name))
    ]


# --- setting them ----------------------------------------------------------------------------


def set_card_fee(
    session: Session,
    actor: Actor,
    *,
    unit_id: int,
    amount: int,
    resolution: str,
    valid_from: date,
    valid_to: date | None = None,
    card_kind: str = "",
    category: str = "",
    occasion: str = "annual",
) -> CardFee:
    """Set what a card costs from a day on. The same scope's earlier fee ends the day before."""
    if card_kind and card_kind not in CARD_KINDS:
        raise Invalid("card_kind_unknown", field="card_kind")
    if not resolution.strip():
        raise Invalid("resolution_missing", field="resolution")
    scope = {"card_kind": card_kind, "category": category, "occasion": occasion}
    row = CardFee(
        unit_id=unit_id,
        amount=amount,
        resolution=resolution.strip(),
        valid_from=valid_from,
        valid_to=valid_to,
        **scope,
    )
    _end_earlier(session, CardFee, row, scope)
    _set(session, actor, row, EDIT_RATES, "card_fee_set", amount=amount)
    return row


def set_exemption(
    session: Session,
    actor: Actor,
    *,
    unit_id: int,
    name: str,
    resolution: str,
    valid_from: date,
    valid_to: date | None = None,
    age_below: int | None = None,
    age_from: int | None = None,
) -> FeeExemption:
    """Say who need not pay for a card; with ages it applies by itself."""
    if not name.strip():
        raise Invalid("name_missing", field="name")
    if not resolution.strip():
        raise Invalid("resolution_missing", field="resolution")
    row = FeeExemption(
        unit_id=unit_id,
        name=name.strip(),
        resolution=resolution.strip(),
        age_below=age_below,
        age_from=age_from,
        valid_from=valid_from,
        valid_to=valid_to,
    )
    _set(session, actor, row, EDIT_RATES, "exemption_set", name=row.name)
    return row


def set_price(
    session: Session,
    actor: Actor,
    *,
    unit_id: int,
    name: str,
    amount: int,
    valid_from: date,
    measure: str = "",
    decision: str = "",
    order: int = 0,
    valid_to: date | None = None,
) -> Price:
    """Set the price of a service from a day on; its earlier price ends the day before."""
    if not name.strip():
        raise Invalid("name_missing", field="name")
    if amount <= 0:
        raise Invalid("amount_missing", field="amount")
    row = Price(
        unit_id=unit_id,
        name=name.strip(),
        measure=measure.strip(),
        amount=amount,
        decision=decision.strip(),
        order=order,
        valid_from=valid_from,
        valid_to=valid_to,
    )
    _end_earlier(session, Price, row, {"name": row.name})
    _set(session, actor, row, EDIT_RATES, "price_set", name=row.name, amount=amount)
    return row


def set_amnesty(
    session: Session,
    actor: Actor,
    *,
    unit_id: int,
    decision: str,
    decided_on: date,
    from_on: date,
    to_on: date,
    children_only: bool = False,
) -> Amnesty:
    """Waive the fines of what is returned between two days, by a decision with its date."""
    if not decision.strip():
        raise Invalid("decision_missing", field="decision")
    row = Amnesty(
        unit_id=unit_id,
        decision=decision.strip(),
        decided_on=decided_on,
        from_on=from_on,
        to_on=to_on,
        children_only=children_only,
    )
    _set(session, actor, row, GIVE_AMNESTY, "amnesty_given", decision=row.decision)
    return row


def _end_earlier(session: Session, table: Any, row: Any, scope: dict[str, Any]) -> None:
    earlier = session.scalars(
        select(table)
        .where(table.unit_id == row.unit_id, table.valid_from < row.valid_from)
        .where(*(getattr(table, name) == value for name, value in scope.items()))
    ).all()
    for one in earlier:
        if one.valid_to is None or one.valid_to >= row.valid_from:
            one.valid_to = row.valid_from - timedelta(days=1)


def _set(session: Session, actor: Actor, row: Any, permission: str, act: str, **facts: Any) -> None:
    at = unit(session, row.unit_id)
    actor.require(permission, at)
    first, last = (
        (row.from_on, row.to_on) if isinstance(row, Amnesty) else (row.valid_from, row.valid_to)
    )
    if last is not None and last < first:
        raise Invalid(
            "days_out_of_order", field="to_on" if isinstance(row, Amnesty) else "valid_to"
        )
    session.add(row)
    session.flush()
    audit(session, actor, act, "org_unit", row.unit_id, **facts)


def end_rate(session: Session, actor: Actor, *, which: str, rate_id: int, last_day: date) -> None:
    """Let a rate end on a day; one that has not begun by then is taken away."""
    table = TABLES.get(which)
    row: Base | None = session.get(table, rate_id) if table is not None else None
    if row is None:
        raise NotFound("rate_unknown")
    permission = GIVE_AMNESTY if which == "amnesty" else EDIT_RATES
    unit_id: int = row.unit_id  # type: ignore[attr-defined]
    if not actor.can(permission, unit(session, unit_id)):
        raise NotFound("rate_unknown")
    begins, ends = ("from_on", "to_on") if which == "amnesty" else ("valid_from", "valid_to")
    if getattr(row, begins) > last_day:
        if getattr(row, begins) <= clock.today():
            raise Invalid("days_out_of_order", field="last_day")
        session.delete(row)
    else:
        setattr(row, ends, last_day)
    audit(session, actor, "rate_ended", "org_unit", unit_id, rate=which, on=last_day.isoformat())


def rates_at(session: Session, which: str, unit_id: int) -> list[Any]:
    """Return the rates that hold or held at a unit: its own and those above, nearest last."""
    table = TABLES[which]
    path = list(place(session, unit_id).ids)
    rows = session.scalars(select(table).where(table.unit_id.in_(path)).order_by(table.id)).all()
    return sorted(rows, key=lambda row: (path.index(row.unit_id), row.id))
