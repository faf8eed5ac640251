"""Copies changed: what each is, what the changes make of it, and the writing."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from cataloging.batch.acts.runs import ActKind, Memory, Seen, act_kind
from cataloging.batch.rules.copies import (
    BOXES,
    NEEDS_COPY,
    Change,
    CopyToChange,
    Goal,
    faults,
    judge,
)
from cataloging.hooks import lock_items, vetoes_of
from cataloging.item_rows import change_boxes, keep_change, locked
from cataloging.items import HIGHEST_PRICE
from cataloging.models import ChangeSet, Collection, Item, ItemType
from cataloging.permissions import EDIT_ITEM
from cataloging.record_rows import announce_changed
from cataloging.stockbook.books.pages import items_printed
from ils.accounts.actor import Actor
from ils.core.errors import Invalid
from ils.org.units import place

ACT: Final = "change"
AT_ONCE: Final = 50


def plan_of(session: Session, actor: Actor, changes: Sequence[Change]) -> dict[str, Any]:
    """Return changes as a run keeps them. Raises ``Invalid`` for none, or for what there is not."""
    if not changes:
        raise Invalid("acts_without_changes")
    if faults(changes, highest_price=HIGHEST_PRICE):
        raise Invalid("acts_bad")
    for one in changes:
        table = {"item_type": ItemType, "collection_id": Collection}.get(one.box)
        if table and one.how == "set" and session.get(table, one.value) is None:
            raise Invalid("acts_bad", field=one.box)
        if one.box == "branch_id":
            place(session, one.value)
    return {"changes": [one.as_data() for one in changes]}


def changes_of(plan: Mapping[str, Any]) -> list[Change]:
    """Return the changes a run keeps."""
    return [Change.from_data(one) for one in plan["changes"]]


def goal_of(session: Session, actor: Actor, changes: Sequence[Change]) -> Goal:
    """Return what is known of where copies are to go."""
    value = {one.box: one.value for one in changes if one.how == "set"}
    branch = place(session, value["branch_id"]) if "branch_id" in value else None
    kho = session.get(Collection, value["collection_id"]) if value.get("collection_id") else None
    return Goal(
        branch_library_id=branch.library_id if branch else None,
        may_edit_there=branch is None or actor.can(EDIT_ITEM, branch.path),
        collection_library_id=kho.library_id if kho else None,
    )


def boxes_of(item: Item) -> dict[str, Any]:
    """Return what the boxes of a copy hold."""
    return {box: getattr(item, box) for box in BOXES}


def look(
    session: Session, actor: Actor, plan: Mapping[str, Any], ids: Sequence[int], memory: Memory
) -> dict[int, Seen]:
    """Say what would become of copies; nothing is locked."""
    items = session.scalars(select(Item).where(Item.id.in_(ids))).all()
    return _judged(session, actor, changes_of(plan), items, memory)


def _judged(
    session: Session,
    actor: Actor,
    changes: Sequence[Change],
    items: Sequence[Item],
    memory: Memory,
    *,
    remarks: bool = True,
) -> dict[int, Seen]:
    goal, touched = goal_of(session, actor, changes), {one.box for one in changes}
    vetoes = vetoes_of(session, [i.id for i in items]) if touched & {*NEEDS_COPY} else {}
    found = {}
    for item in items:
        boxes = boxes_of(item)
        asked = remarks and "price" in touched
        printed = asked and item.id in _printed(session, item.register_id, memory)
        copy = CopyToChange(
            boxes,
            item.owner_id,
            may_at(session, actor, EDIT_ITEM, item.branch_id, memory),
            tuple(veto.code for veto in vetoes.get(item.id, ())),
            printed,
        )
        judged = judge(copy, changes, goal)
        facts = {box: value for box, value in boxes.items() if box in touched}
        found[item.id] = Seen(judged.outcome, judged.reasons, facts)
    return found


def may_at(session: Session, actor: Actor, permission: str, branch_id: int, memory: Memory) -> bool:
    """Tell whether the actor holds a right at a branch, asked once for each."""
    key = (permission, branch_id)
    if key not in memory:
        memory[key] = actor.can(permission, place(session, branch_id).path)
    return bool(memory[key])


def _printed(session: Session, register_id: int | None, memory: Memory) -> set[int]:
    key = ("printed", register_id)
    if key not in memory:
        memory[key] = items_printed(session, register_id) if register_id else set()
    found: set[int] = memory[key]
    return found


def do(
    session: Session,
    actor: Actor,
    plan: Mapping[str, Any],
    made_in: ChangeSet,
    part: Mapping[int, Mapping[str, Any]],
) -> dict[int, Seen]:
    """Change copies, each locked and looked at again; one whose boxes others changed since is left."""
    changes, ids = changes_of(plan), sorted(part)
    if any(one.box in NEEDS_COPY for one in changes):
        lock_items(session, ids)
    items = locked(session, ids)
    seen = _judged(session, actor, changes, list(items.values()), {}, remarks=False)
    became: dict[int, Seen] = {}
    records = set()
    for item_id, item in items.items():
        now = seen[item_id]
        if now.facts != part[item_id]:
            became[item_id] = Seen("stale")
        elif now.outcome != "will":
            became[item_id] = now
        else:
            before = _change(session, actor, item, changes)
            keep_change(session, made_in, item, before)
            records.add(item.record_id)
            became[item_id] = Seen("done")
    announce_changed(session, sorted(records))
    session.flush()
    return became


def _change(
    session: Session, actor: Actor, item: Item, changes: Sequence[Change]
) -> dict[str, Any]:
    before = boxes_of(item)
    new = {one.box: one.made_of(before[one.box]) for one in changes}
    new = {box: value for box, value in new.items() if value != before[box]}
    change_boxes(session, actor, item, new)
    return {box: before[box] for box in new}


act_kind(ActKind(ACT, EDIT_ITEM, AT_ONCE, look, do))
