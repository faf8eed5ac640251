"""The rows behind a change of many copies: what each was before, and giving it back.

Written by ``cataloging.batch.acts``, undone by ``cataloging.change_sets``. Only the boxes that were
changed are compared and given back, so what others did to a copy meanwhile stays.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from cataloging.hooks import lock_items, vetoes_of
from cataloging.models import ChangeSet, Item, ItemChange, Record
from cataloging.record_rows import announce_changed
from ils.accounts.actor import Actor
from ils.core.audit import audit
from ils.text.filing import shelf_key

AT_ONCE: Final = 500
# A copy goes back to another branch, or to another state, only while it is here and free.
NEEDS_COPY: Final = ("branch_id", "lifecycle")


@dataclass(frozen=True)
class Left:
    """A copy that could not be given back: changed again since, or in use."""

    code: str  # copy_changed | copy_busy
    item_id: int
    record_id: int
    number: str


def change_boxes(session: Session, actor: Actor, item: Item, new: Mapping[str, Any]) -> None:
    """Set boxes of a locked copy with all that goes with them, and note it in its life."""
    changes = {name: [getattr(item, name), value] for name, value in new.items()}
    for name, value in new.items():
        setattr(item, name, value)
    if "call_number" in new:
        record = session.get_one(Record, item.record_id)
        item.call_sort = shelf_key(item.call_number or record.call_number)[:200]
    if "branch_id" in new and item.located_id == changes["branch_id"][0]:
        item.located_id = item.branch_id
    audit(session, actor, "item_changed", "item", item.id, changes=changes)


def keep_change(
    session: Session, change_set: ChangeSet, item: Item, before: Mapping[str, Any]
) -> None:
    """Keep what a change set did to a copy; called when it is done."""
    after = {name: getattr(item, name) for name in before}
    session.add(
        ItemChange(change_set_id=change_set.id, item_id=item.id, before=dict(before), after=after)
    )


def locked(session: Session, ids: Sequence[int]) -> dict[int, Item]:
    """Return copies, locked in the order of their numbers."""
    query = select(Item).where(Item.id.in_(ids)).order_by(Item.id).with_for_update()
    rows = session.scalars(query.execution_options(populate_existing=True))
    return {item.id: item for item in rows}


def copies_changed_in(session: Session, change_set_ids: Sequence[int]) -> dict[int, int]:
    """Count the copies that change sets changed or withdrew, by set."""
    query = select(ItemChange.change_set_id, func.count()).where(
        ItemChange.change_set_id.in_(change_set_ids)
    )
    return dict(session.execute(query.group_by(ItemChange.change_set_id)).all())


def changed_since(session: Session, change_set_id: int, most: int) -> list[Left]:
    """Return copies that cannot be given back as they are now, the first ``most`` of them."""
    found: list[Left] = []
    for part in _standing(session, change_set_id):
        rows = {change.item_id: (change, item) for change, item in part}
        busy = _busy(session, [change for change, _item in rows.values()])
        for change, item in rows.values():
            if code := _stands_against(change, item, busy):
                found.append(_left(code, item))
                if len(found) == most:
                    return found
    return found


def _standing(session: Session, change_set_id: int) -> Iterator[list[tuple[ItemChange, Item]]]:
    after = 0
    while True:
        rows = session.execute(
            select(ItemChange, Item)
            .join(Item, Item.id == ItemChange.item_id)
            .where(ItemChange.change_set_id == change_set_id, ItemChange.undone.is_(False))
            .where(ItemChange.item_id > after)
            .order_by(ItemChange.item_id)
            .limit(AT_ONCE)
        ).all()
        if not rows:
            return
        after = rows[-1][0].item_id
        yield [(change, item) for change, item in rows]


def _busy(session: Session, changes: Sequence[ItemChange]) -> set[int]:
    moved = [one.item_id for one in changes if any(box in one.after for box in NEEDS_COPY)]
    return set(vetoes_of(session, moved)) if moved else set()


def _stands_against(change: ItemChange, item: Item, busy: set[int]) -> str:
    if any(getattr(item, name) != value for name, value in change.after.items()):
        return "copy_changed"
    return "copy_busy" if item.id in busy else ""


def _left(code: str, item: Item) -> Left:
    return Left(code, item.id, item.record_id, item.accession_no or item.barcode or "")


def undo_copies(
    session: Session, actor: Actor, change_set_id: int, after: int, limit: int
) -> tuple[int, int]:
    """Give copies with numbers above ``after`` back what they were, up to ``limit`` of them.

    What was changed since or is in use stays as it is. Returns the last number looked at (0: none
    was left) and how many were given back.
    """
    own = select(ItemChange).where(
        ItemChange.change_set_id == change_set_id,
        ItemChange.undone.is_(False),
        ItemChange.item_id > after,
    )
    changes = session.scalars(own.order_by(ItemChange.item_id).limit(limit)).all()
    if not changes:
        return 0, 0
    lock_items(session, [one.item_id for one in changes])
    items = locked(session, [one.item_id for one in changes])
    busy = _busy(session, changes)
    records = []
    for change in changes:
        item = items[change.item_id]
        if not _stands_against(change, item, busy):
            _give_back(session, actor, change, item)
            change.undone = True
            records.append(item.record_id)
    announce_changed(session, sorted(set(records)))
    session.flush()
    return changes[-1].item_id, len(records)


def _give_back(session: Session, actor: Actor, change: ItemChange, item: Item) -> None:
    if change.after.get("lifecycle") != "withdrawn":
        change_boxes(session, actor, item, change.before)
        return
    from cataloging.items import take_back_withdrawal  # which knows change sets, as we do below

    # Who may undo the whole may undo its parts.
    take_back_withdrawal(session, replace(actor, all_rights=True), item.id)
    item.lifecycle = change.before["lifecycle"]
