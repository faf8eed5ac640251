"""What is changed after the closing, group by group, in the background; and taking it back.

Missing copies are recorded as missing, damaged ones as damaged, those found again as in stock; a
copy on loan that stood on the shelf is checked in, one of another branch is sent home. Surplus
and withdrawn copies are for a person to look into.
"""

from collections.abc import Callable
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from cataloging.models import Item
from circulation.checkin import check_in
from circulation.desk import Act, perform
from circulation.events import ItemDamaged, ItemFound
from circulation.facts import ItemAtDesk, item_at_desk, lock
from circulation.losses.found import find_item, payers_of
from circulation.models import Loan
from circulation.queue import reassign
from circulation.returns import LEAVES_BOX, announce_moved
from circulation.rules.stock_take import (
    DAMAGED,
    FOUND_AGAIN,
    GONE,
    LENT_BUT_HERE,
    MISPLACED,
    MISSING,
)
from circulation.searches import count_missing
from circulation.stocktaking.models import StockTake, StockTakeItem
from circulation.stocktaking.takes import MANAGE, take_for
from ils.accounts.actor import Actor, actor_of_job
from ils.core import clock
from ils.core.audit import audit
from ils.core.db import reading, transaction
from ils.core.errors import Invalid, Refused
from ils.core.jobs import Job, Progress, enqueue, job_kind

APPLICABLE = (MISSING, DAMAGED, FOUND_AGAIN, LENT_BUT_HERE, MISPLACED)
UNDOABLE = (MISSING, DAMAGED, FOUND_AGAIN)
SETTLED_BY_FINDING = ("lost", "lost_settled")  # its case ended and money was put right: it is here
WHY = "stock_take"
APPLY, UNDO = "circulation.stock_take_apply", "circulation.stock_take_undo"


def apply_groups(session: Session, actor: Actor, take_id: int, groups: list[str]) -> Job:
    """Queue the changes of groups of a closed stock-taking. Raises ``Invalid``, ``Refused``."""
    take = take_for(session, actor, take_id, MANAGE, lock=True)
    if take.state != "closed":
        raise Refused("stock_take_state", state=take.state)
    if not groups or not set(groups) <= set(APPLICABLE):
        raise Invalid("stock_take_groups", field="groups")
    audit(session, actor, "stock_take_applied", "stock_take", take.id, groups=groups)
    return enqueue(session, actor, APPLY, take_id=take.id, groups=sorted(groups))


def undo_groups(session: Session, actor: Actor, take_id: int) -> Job:
    """Queue taking back what was recorded as missing, damaged or found, where untouched since."""
    take = take_for(session, actor, take_id, MANAGE, lock=True)
    audit(session, actor, "stock_take_undone", "stock_take", take.id)
    return enqueue(session, actor, UNDO, take_id=take.id)


@job_kind(APPLY)
def _apply(progress: Progress, args: dict[str, Any]) -> dict[str, Any]:
    return _each(progress, args, _pending, _apply_one)


@job_kind(UNDO)
def _undo(progress: Progress, args: dict[str, Any]) -> dict[str, Any]:
    return _each(progress, args, _applied, _undo_one)


def _each(
    progress: Progress,
    args: dict[str, Any],
    find: Callable[[Session, dict[str, Any]], list[int]],
    change: Callable[[Actor, int], str],
) -> dict[str, Any]:
    """Change copy by copy, each in its own transaction, so that the desk waits for none of it."""
    with reading() as session:
        ids = find(session, args)
        take = session.get_one(StockTake, args["take_id"])
        actor = _actor(session, progress.job_id, take)
    told: dict[str, int] = {}
    for n, row_id in enumerate(ids, 1):
        outcome = change(actor, row_id)
        told[outcome] = told.get(outcome, 0) + 1
        if n % 20 == 0 or n == len(ids):
            progress.tell(n, len(ids))
    return told


def _actor(session: Session, job_id: int, take: StockTake) -> Actor:
    """Return who asked for the job, at work in the library that is counted."""
    return actor_of_job(session, job_id, int(take.scope["branches"][0]))


def _pending(session: Session, args: dict[str, Any]) -> list[int]:
    return list(
        session.scalars(
            select(StockTakeItem.id)
            .where(
                StockTakeItem.take_id == args["take_id"],
                StockTakeItem.result.in_(args["groups"]),
                StockTakeItem.applied_at.is_(None),
            )
            .order_by(StockTakeItem.id)
        )
    )


def _applied(session: Session, args: dict[str, Any]) -> list[int]:
    return list(
        session.scalars(
            select(StockTakeItem.id)
            .where(
                StockTakeItem.take_id == args["take_id"],
                StockTakeItem.result.in_(UNDOABLE),
                StockTakeItem.applied_at.is_not(None),
                StockTakeItem.lifecycle_after != "",
            )
            .order_by(StockTakeItem.id)
        )
    )


def _apply_one(actor: Actor, row_id: int) -> str:
    with reading() as session:
        row = session.get_one(StockTakeItem, row_id)
        barcode = session.get_one(Item, row.item_id).barcode or ""
        at = row.seen_branch_id
        counter = actor.at_unit(session, at) if at else actor
        lent = row.result == FOUND_AGAIN and is_lent(session, row.item_id)
    if lent or row.result in (LENT_BUT_HERE, MISPLACED):
        done = perform(
            check_in,
            counter,
            barcode=barcode,
            key=f"take-{row.take_id}-{row.id}",
            from_shelf=row.result != MISPLACED,
            overrides=LEAVES_BOX,
        )
        with transaction() as session:
            session.get_one(StockTakeItem, row_id).applied_at = clock.now()
        return "done" if done.ok else "refused"
    return perform(_set_lifecycle, counter, row_id=row_id)


def is_lent(session: Session, item_id: int) -> bool:
    """Tell whether a copy is on loan by the books: one recorded as lost still is."""
    query = select(Loan.id).where(Loan.item_id == item_id, Loan.closed_at.is_(None))
    return session.scalar(query) is not None


def _set_lifecycle(session: Session, actor: Actor, *, row_id: int) -> str:
    row = session.get_one(StockTakeItem, row_id)
    act, at = _begin(session, actor, row)
    item = at.item
    if row.applied_at is not None:
        return "done"
    row.applied_at = act.now
    wanted = _wanted(row, at)
    if wanted is None:
        return "changed_since"
    row.lifecycle_before = item.lifecycle
    if row.result == MISSING:
        count_missing(act, at, WHY)
    elif row.result == DAMAGED:
        item.lifecycle = "damaged"
        act.event(ItemDamaged(WHY), **at.statistics())
    else:
        lock(session, patrons=payers_of(session, item.id))
        find_item(act, at, None, gift=True, from_shelf=True)
    row.lifecycle_after = item.lifecycle
    _end(act, item)
    return "done"


def _wanted(row: StockTakeItem, at: ItemAtDesk) -> str | None:
    """Return the result where it still holds: nobody has lent, found or moved the copy since."""
    lifecycle = at.item.lifecycle
    idle = at.loan is None and at.transit is None
    holds = {
        MISSING: idle and lifecycle in ("active", "in_process", "damaged", "repair"),
        DAMAGED: lifecycle == "active",
        FOUND_AGAIN: at.loan is None and lifecycle in GONE,
    }
    return row.result if holds.get(row.result) else None


def _undo_one(actor: Actor, row_id: int) -> str:
    return perform(_take_back, actor, row_id=row_id)


def _take_back(session: Session, actor: Actor, *, row_id: int) -> str:
    row = session.get_one(StockTakeItem, row_id)
    act, at = _begin(session, actor, row)
    item = at.item
    if item.lifecycle != row.lifecycle_after:
        return "changed_since"
    if row.lifecycle_before in SETTLED_BY_FINDING:
        return "refused"
    item.lifecycle = row.lifecycle_before
    if row.result == MISSING:
        act.event(ItemFound("missing"), **at.statistics())
    row.applied_at, row.lifecycle_after = None, ""
    _end(act, item)
    return "done"


def _begin(session: Session, actor: Actor, row: StockTakeItem) -> tuple[Act, ItemAtDesk]:
    record_id = session.scalar(select(Item.record_id).where(Item.id == row.item_id)) or 0
    lock(session, records=[record_id], items=[row.item_id])
    session.refresh(row)
    act = Act(session, actor, WHY, None)
    return act, item_at_desk(session, row.item_id)


def _end(act: Act, item: Item) -> None:
    act.look_at_freed()
    act.flush()
    announce_moved(act.session, item.record_id)
    reassign(act, item.record_id)
