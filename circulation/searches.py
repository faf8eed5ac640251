"""Copies that were not where they should be. A search flag asks somebody to look; the copy is left
out of pull lists meanwhile. A scan anywhere finds it, without a word."""

from collections.abc import Collection, Sequence
from datetime import datetime

from sqlalchemy import bindparam, or_, select
from sqlalchemy.orm import Session

from cataloging.models import Item, Record
from circulation.desk import Act, DeskResult
from circulation.events import ItemMissing
from circulation.facts import ItemAtDesk, item_at_desk, lock
from circulation.models import ItemSearch
from circulation.permissions import MANAGE_HOLDS
from circulation.policies import require_within
from circulation.queue import reassign
from circulation.returns import announce_moved
from circulation.rules.reasons import reason
from ils.accounts.actor import Actor
from ils.core.errors import NotFound


def flag_search(
    act: Act,
    item: Item,
    why: str,
    branches: Collection[int],
    *,
    hold_id: int | None = None,
    transit_id: int | None = None,
) -> None:
    """Ask for a copy to be looked for at branches; one already looked for there is asked for anew."""
    for row in act.session.scalars(_OPEN_OF_ITEM, {"item_id": item.id}).all():
        if row.branch_id in branches or _seen_since(row, item):
            _close(act, row, "found" if _seen_since(row, item) else "again")
    act.flush()
    for branch_id in sorted(set(branches)):
        act.session.add(
            ItemSearch(
                item_id=item.id,
                branch_id=branch_id,
                why=why,
                hold_id=hold_id,
                transit_id=transit_id,
                flagged_at=act.now,
                flagged_by=act.actor.staff_id,
            )
        )
    act.flush()


def sought_before(session: Session, item: Item, why: str) -> bool:
    """Tell whether the copy was flagged for the same reason and has not been seen since."""
    rows = session.scalars(select(ItemSearch).where(ItemSearch.item_id == item.id)).all()
    return any(
        row.why == why and row.outcome != "found" and not _seen_since(row, item) for row in rows
    )


def count_missing(act: Act, item: ItemAtDesk, why: str) -> None:
    """Record a copy as missing; its searches end. A scan finds it again."""
    act.journal.change(item.item, lifecycle="missing")
    act.event(ItemMissing(why), **item.statistics())
    for row in act.session.scalars(_OPEN_OF_ITEM, {"item_id": item.item.id}).all():
        _close(act, row, "missing")
    announce_moved(act.session, item.item.record_id)


def end_search(
    session: Session,
    actor: Actor,
    *,
    search_id: int,
    outcome: str,
    key: str | None = None,
    now: datetime | None = None,
) -> DeskResult:
    """Tick a search off: ``found`` (it is where it belongs) or ``missing``.

    A copy on its way is not recorded as missing here; that is an act on its transit.
    """
    found = session.get(ItemSearch, search_id)
    unknown = NotFound("search_unknown", search_id=search_id)
    if found is None:
        raise unknown
    require_within(session, actor, MANAGE_HOLDS, found.branch_id, unknown)
    act = Act(session, actor, "end_search", key, now)
    record_id = session.scalar(select(Item.record_id).where(Item.id == found.item_id)) or 0
    act.item_id = found.item_id
    lock(session, records=[record_id], items=[found.item_id])
    if stored := act.stored():
        return stored
    session.refresh(found)
    item = item_at_desk(session, found.item_id)
    lies_somewhere = item.position == "on_shelf" and item.item.lifecycle == "active"
    if found.closed_at is not None or (outcome == "missing" and not lies_somewhere):
        return act.refuse([reason("changed_since")], item=item.about())
    if outcome == "missing":
        count_missing(act, item, found.why)
    else:
        for row in session.scalars(_OPEN_OF_ITEM, {"item_id": found.item_id}).all():
            _close(act, row, "found")
    reassign(act, record_id)
    return act.answer("search_ended", undo=False, facts={"outcome": outcome}, item=item.about())


def _close(act: Act, row: ItemSearch, outcome: str) -> None:
    row.closed_at, row.closed_by, row.outcome = act.now, act.actor.staff_id, outcome


def _seen_since(row: ItemSearch, item: Item) -> bool:
    return item.last_seen_at is not None and item.last_seen_at > row.flagged_at


_OPEN_OF_ITEM = select(ItemSearch).where(
    ItemSearch.item_id == bindparam("item_id"), ItemSearch.closed_at.is_(None)
)


def searches_at(session: Session, branch_id: int) -> Sequence[tuple[ItemSearch, Item, str]]:
    """Return what is to be looked for at a branch, in shelf order: search, copy, title."""
    rows = session.execute(
        select(ItemSearch, Item, Record.title)
        .join(Item, Item.id == ItemSearch.item_id)
        .join(Record, Record.id == Item.record_id)
        .where(
            ItemSearch.branch_id == branch_id,
            ItemSearch.closed_at.is_(None),
            or_(Item.last_seen_at.is_(None), Item.last_seen_at <= ItemSearch.flagged_at),
        )
        .order_by(Item.shelf, Item.call_sort, Item.accession_key, ItemSearch.id)
    )
    return [(search, item, title) for search, item, title in rows]
