"""Records that were made one, apart again. Called by ``cataloging.change_sets`` only, which gives the
record that stayed its old content back.

Forbidden while the record that stayed is itself set aside or deleted, and while a copy lies or
travels for a reader who would then wait for the other record. All else that came since stays with
the record it was done to; loans and holds on a copy go with the copy.
"""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from cataloging.duplicates import pointers
from cataloging.duplicates.models import RecordMerge
from cataloging.hooks import title_merging
from cataloging.marc.project import project
from cataloging.models import ChangeSet, Item, Record
from cataloging.record_rows import announce_changed, lock_record, set_columns, write_version
from cataloging.serials.parting import part_twins
from ils.accounts.actor import Actor
from ils.core import clock

Found = tuple[str, int, int | None, str]  # code, record, copy, name


def merges_in(session: Session, change_set_id: int) -> Sequence[RecordMerge]:
    """Return the merges of a change set that stand, the last first."""
    mine = select(RecordMerge).where(
        RecordMerge.change_set_id == change_set_id, RecordMerge.undone_at.is_(None)
    )
    fresh = mine.order_by(RecordMerge.id.desc()).execution_options(populate_existing=True)
    return session.scalars(fresh).all()


def merge_obstacles(session: Session, change_set_id: int) -> list[Found]:
    """Return what forbids taking merges apart: nothing of them can be undone then."""
    found: list[Found] = []
    for merge in merges_in(session, change_set_id):
        kept = session.get_one(Record, merge.kept_id)
        if kept.deleted_at is not None:
            return [("kept_gone", kept.id, None, kept.title)]
        merging = title_merging()
        if merging is not None:
            ids = _items_of(merge)
            lying = merging.obstacles(session, merge.kept_id, merge.moved.get("readers", {}), ids)
            numbers = select(Item.id, Item.accession_no).where(Item.id.in_(lying))
            found += [
                ("copy_waits", kept.id, item_id, number or "")
                for item_id, number in session.execute(numbers)
            ]
    return list(dict.fromkeys(found))


def lock_merges(session: Session, change_set_id: int) -> bool:
    """Lock queues and copies of the records concerned, before anything of the catalogue; return
    whether the set merged any."""
    merges = merges_in(session, change_set_id)
    merging = title_merging()
    if merges and merging is not None:
        merging.lock(session, {i for m in merges for i in (m.kept_id, m.gone_id)})
    return bool(merges)


def undo_merges(session: Session, actor: Actor, change_set_id: int, undoing: ChangeSet) -> int:
    """Take the merges of a change set apart; return how many records came back."""
    merges = merges_in(session, change_set_id)
    for one in sorted({i for m in merges for i in (m.kept_id, m.gone_id)}):
        lock_record(session, one, deleted=True)
    for merge in merges:
        _take_apart(session, actor, merge, undoing)
    return len(merges)


def _take_apart(session: Session, actor: Actor, merge: RecordMerge, undoing: ChangeSet) -> None:
    gone = session.get_one(Record, merge.gone_id)
    kept = session.get_one(Record, merge.kept_id)
    moved: dict[str, Any] = dict(merge.moved)
    merge.undone_at, merge.undone_by = clock.now(), actor.staff_id
    write_version(session, actor, gone, gone.marc, "restored", undoing, "")  # type: ignore[arg-type]
    gone.deleted_at = None
    set_columns(session, gone, project(gone.marc))  # type: ignore[arg-type]
    session.flush()
    ids = _give_items_back(session, merge, gone, kept)
    merge.moved = {**moved, "back": len(ids)}
    pointers.give_back(session, merge.kept_id, merge.gone_id, moved.get("rows", {}), ids)
    part_twins(session, moved.get("serials", ()))
    merging = title_merging()
    if merging is not None:
        merging.part(session, actor, merge.kept_id, merge.gone_id, moved.get("readers", {}), ids)
    announce_changed(session, [merge.gone_id, merge.kept_id])
    session.flush()


def _items_of(merge: RecordMerge) -> list[int]:
    return [one[0] for one in merge.moved.get("items", [])]


def _give_items_back(session: Session, merge: RecordMerge, gone: Record, kept: Record) -> list[int]:
    """Move copies back that are where the merge put them; return which."""
    told = dict(merge.moved.get("items", []))
    there = Item.id.in_(told), Item.record_id == kept.id
    ids = list(session.scalars(select(Item.id).where(*there)))
    session.execute(update(Item).where(Item.id.in_(ids)).values(record_id=gone.id))
    for item_id in ids:
        if told[item_id] is not None:
            written = Item.id == item_id, Item.call_number == gone.call_number
            session.execute(
                update(Item).where(*written).values(call_number="", call_sort=told[item_id])
            )
    session.expire_all()
    return ids
