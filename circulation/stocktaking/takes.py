"""A stock-taking from its plan to its closing. Lending goes on meanwhile."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any, TypeVar

from flask_babel import lazy_gettext as _l
from sqlalchemy import Select, func, insert, or_, select
from sqlalchemy.orm import Session

from cataloging.hooks import Told
from cataloging.models import Item, Record
from circulation.availability import positions
from circulation.rules.stock_take import GROUPS, Counted, group_of
from circulation.stocktaking.models import StockTake, StockTakeItem, StockTakeScan
from ils.accounts.actor import Actor
from ils.accounts.permissions import declare_permission
from ils.core import clock
from ils.core.audit import audit
from ils.core.errors import Invalid, NotFound, Refused
from ils.org.units import branches_of, place, unit
from ils.text.normal import clean

MANAGE = declare_permission("circulation:stocktake:manage", _l("Plan and close stock-takings"))
COUNT = declare_permission("circulation:stocktake:count", _l("Count in stock-takings"))
AT_ONCE = 500
T = TypeVar("T")


@dataclass(frozen=True)
class Scope:
    """What is counted: branches; of them, collections, and call numbers that begin so ('' is all)."""

    branches: tuple[int, ...]
    collections: tuple[int, ...] = ()
    shelf: str = ""

    def to_json(self) -> dict[str, Any]:
        """Return the scope as stored."""
        return {
            "branches": list(self.branches),
            "collections": list(self.collections),
            "shelf": self.shelf,
        }


def scope_of_take(take: StockTake) -> Scope:
    """Return a stock-taking's scope."""
    stored = take.scope
    return Scope(
        tuple(stored.get("branches", ())),
        tuple(stored.get("collections", ())),
        stored.get("shelf", ""),
    )


@dataclass(frozen=True)
class Plan:
    """What the decision of the head says."""

    name: str
    scope: Scope
    decision: str = ""
    decided_on: date | None = None
    council: Sequence[dict[str, str]] = field(default_factory=tuple)


def plan_stock_take(session: Session, actor: Actor, plan: Plan) -> StockTake:
    """Plan a stock-taking of the library worked at. Raises ``Invalid`` naming the box."""
    library_id = actor.library_id or 0
    actor.require(MANAGE, at=unit(session, library_id))
    own = {one.id for one in branches_of(session, library_id)}
    if not clean(plan.name):
        raise Invalid("stock_take_unnamed", field="name")
    if not plan.scope.branches or not set(plan.scope.branches) <= own:
        raise Invalid("stock_take_without_branch", field="branches")
    made = StockTake(
        library_id=library_id,
        name=clean(plan.name)[:120],
        decision=clean(plan.decision)[:80],
        decided_on=plan.decided_on,
        council=[dict(one) for one in plan.council],
        scope=plan.scope.to_json(),
        created_by=actor.staff_id,
    )
    session.add(made)
    session.flush()
    audit(session, actor, "stock_take_planned", "stock_take", made.id)
    return made


def take_for(
    session: Session, actor: Actor, take_id: int, permission: str = COUNT, *, lock: bool = False
) -> StockTake:
    """Return a stock-taking of the library worked at. Raises ``NotFound``."""
    query = select(StockTake).where(StockTake.id == take_id)
    found = session.scalar(query.with_for_update() if lock else query)
    if found is None or found.library_id != actor.library_id:
        raise NotFound("stock_take_unknown")
    actor.require(permission)
    return found


def takes_of(session: Session, library_id: int) -> Sequence[StockTake]:
    """Return a library's stock-takings, the newest first."""
    return session.scalars(
        select(StockTake)
        .where(StockTake.library_id == library_id)
        .order_by(StockTake.created_at.desc(), StockTake.id.desc())
    ).all()


def freeze(session: Session, actor: Actor, take_id: int) -> int:
    """Freeze what is expected and begin to count; returns how many copies. Raises ``Refused``."""
    take = take_for(session, actor, take_id, MANAGE, lock=True)
    _require_state(take, "planned")
    count = 0
    for ids in _in_chunks(session.scalars(_expected(scope_of_take(take))).all()):
        session.execute(insert(StockTakeItem), list(_rows(session, take.id, ids, in_scope=True)))
        count += len(ids)
    if not count:
        raise Refused("stock_take_empty")
    take.state, take.frozen_at = "counting", clock.now()
    audit(session, actor, "stock_take_frozen", "stock_take", take.id, copies=count)
    return count


def _expected(scope: Scope) -> Select[int]:
    query = (
        select(Item.id)
        .where(Item.branch_id.in_(scope.branches), Item.lifecycle != "withdrawn")
        .order_by(Item.id)
    )
    if scope.collections:
        query = query.where(Item.collection_id.in_(scope.collections))
    if scope.shelf:
        begins = scope.shelf.upper().replace("%", "")
        call_number = func.coalesce(func.nullif(Item.call_number, ""), Record.call_number)
        query = query.join(Record, Record.id == Item.record_id).where(
            or_(
                func.upper(call_number).startswith(begins, autoescape=True),
                func.upper(Item.shelf).startswith(begins, autoescape=True),
            )
        )
    return query


def add_met(session: Session, take_id: int, item_id: int) -> StockTakeItem:
    """Note a copy that was met though it was not expected."""
    made = StockTakeItem(**next(_rows(session, take_id, [item_id], in_scope=False)))
    session.add(made)
    session.flush()
    return made


def _rows(
    session: Session, take_id: int, ids: Sequence[int], *, in_scope: bool
) -> Iterator[dict[str, Any]]:
    doing = positions(session, ids)
    items = session.scalars(select(Item).where(Item.id.in_(ids)).order_by(Item.id))
    for item in items:
        yield {
            "take_id": take_id,
            "item_id": item.id,
            "in_scope": in_scope,
            "branch_id": item.branch_id,
            "position": doing[item.id].position,
            "lifecycle": item.lifecycle,
            "price": item.price,
            "damaged": False,
            "result": "",
            "lifecycle_before": "",
            "lifecycle_after": "",
        }


def close_stock_take(session: Session, actor: Actor, take_id: int) -> dict[str, int]:
    """End the count: each copy gets its group, and these stand. Returns how many are in each."""
    take = take_for(session, actor, take_id, MANAGE, lock=True)
    _require_state(take, "counting")
    counted: dict[str, int] = dict.fromkeys(GROUPS, 0)
    for row, group in _grouped(session, take):
        row.result = group
        counted[group] += 1
    take.state, take.closed_at, take.closed_by = "closed", clock.now(), actor.staff_id
    session.flush()
    audit(session, actor, "stock_take_closed", "stock_take", take.id, missing=counted["missing"])
    return counted


def reopen(session: Session, actor: Actor, take_id: int) -> None:
    """Count on after a closing, as long as nothing was changed by it."""
    take = take_for(session, actor, take_id, MANAGE, lock=True)
    _require_state(take, "closed")
    applied = select(StockTakeItem.id).where(
        StockTakeItem.take_id == take.id, StockTakeItem.applied_at.is_not(None)
    )
    if session.scalar(applied.limit(1)) is not None:
        raise Refused("stock_take_applied")
    for row in session.scalars(select(StockTakeItem).where(StockTakeItem.take_id == take.id)):
        row.result = ""
    take.state, take.closed_at, take.closed_by = "counting", None, None
    audit(session, actor, "stock_take_reopened", "stock_take", take.id)


def cancel_stock_take(session: Session, actor: Actor, take_id: int) -> None:
    """Give a stock-taking up; nothing of the stock is changed."""
    take = take_for(session, actor, take_id, MANAGE, lock=True)
    _require_state(take, "planned", "counting")
    take.state = "canceled"
    audit(session, actor, "stock_take_canceled", "stock_take", take.id)


def groups_now(session: Session, take: StockTake) -> dict[str, int]:
    """Return how many copies are in each group: as closed, or as it would be closed now."""
    counted: dict[str, int] = dict.fromkeys(GROUPS, 0)
    if take.state == "closed":
        rows = session.execute(
            select(StockTakeItem.result, func.count())
            .where(StockTakeItem.take_id == take.id)
            .group_by(StockTakeItem.result)
        )
        counted |= {group: int(n) for group, n in rows}
        return counted
    for _row, group in _grouped(session, take):
        counted[group] += 1
    return counted


def _grouped(session: Session, take: StockTake) -> Iterator[tuple[StockTakeItem, str]]:
    rows = session.scalars(
        select(StockTakeItem).where(StockTakeItem.take_id == take.id).order_by(StockTakeItem.id)
    ).all()
    for some in _in_chunks(rows):
        ids = [row.item_id for row in some]
        doing = positions(session, ids)
        items = {item.id: item for item in session.scalars(select(Item).where(Item.id.in_(ids)))}
        for row in some:
            item = items[row.item_id]
            yield (
                row,
                group_of(
                    Counted(
                        in_scope=row.in_scope,
                        position=doing[item.id].position,
                        lifecycle=item.lifecycle,
                        seen=row.seen_at is not None,
                        damaged=row.damaged,
                        seen_at_desk=_at_desk_since(take, item),
                    )
                ),
            )


def _at_desk_since(take: StockTake, item: Item) -> bool:
    return (
        take.frozen_at is not None
        and item.last_seen_at is not None
        and item.last_seen_at > take.frozen_at
    )


def surplus_scans(session: Session, take_id: int) -> Sequence[StockTakeScan]:
    """Return the scans of what no register knows, each code once."""
    rows = session.scalars(
        select(StockTakeScan)
        .where(StockTakeScan.take_id == take_id, StockTakeScan.item_id.is_(None))
        .order_by(StockTakeScan.id)
    )
    found: dict[str, StockTakeScan] = {}
    for row in rows:
        found.setdefault(row.code, row)
    return list(found.values())


def _require_state(take: StockTake, *states: str) -> None:
    if take.state not in states:
        raise Refused("stock_take_state", state=take.state)


def _in_chunks(rows: Sequence[T]) -> Iterable[Sequence[T]]:
    return (rows[n : n + AT_ONCE] for n in range(0, len(rows), AT_ONCE))


def branch_of_scanner(session: Session, actor: Actor, take: StockTake) -> int:
    """Return the branch a scanner counts at: where the actor works, else the first of the scope."""
    at = actor.unit_id or 0
    branches = scope_of_take(take).branches
    inside = place(session, at).library_id == take.library_id and at != take.library_id
    return at if inside else branches[0]


def counts_of_copy(session: Session, item_id: int) -> list[Told]:
    """Tell of a copy's life the stock-takings that it was counted in."""
    rows = session.execute(
        select(StockTakeItem, StockTake)
        .join(StockTake, StockTake.id == StockTakeItem.take_id)
        .where(StockTakeItem.item_id == item_id, StockTake.state == "closed")
    )
    return [
        Told(
            line.seen_at or take.closed_at or take.created_at,
            "stock_take",
            line.seen_branch_id or line.branch_id,
            {"name": take.name, "seen": line.seen_at is not None, "damaged": line.damaged},
        )
        for line, take in rows
    ]
