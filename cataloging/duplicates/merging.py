"""Two or more records made one: one stays, with the fields chosen; the others are set aside.

Everything that points at a record set aside is pointed at the one that stays: copies, loans, holds,
baskets, lines of vouchers. Nothing is copied; the event log is not touched, so what was counted stays
counted. The records set aside are deleted in the same change set and their addresses lead on. All of
it is taken back by undoing the change set (``undo``).
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from cataloging import records
from cataloging.duplicates import pointers
from cataloging.duplicates.judging import MOST_AT_ONCE, forget_pairs
from cataloging.duplicates.models import RecordMerge
from cataloging.editor.models import RecordDraft
from cataloging.hooks import Readers, title_merging
from cataloging.imports.matching import keep_keys
from cataloging.marc.model import Marc
from cataloging.marc.project import project
from cataloging.marc.validate import ERROR, validate
from cataloging.models import ChangeSet, Item, Record
from cataloging.permissions import DELETE_RECORD, EDIT_RECORD
from cataloging.record_rows import announce_changed, lock_record
from cataloging.serials.joining import Twin, join_twins, twins_of
from ils.accounts.actor import Actor
from ils.core.audit import audit
from ils.core.errors import Invalid, StaleVersion
from ils.text.filing import shelf_key

CHANGE: Final = "merge"


@dataclass(frozen=True)
class Coming:
    """What a merge would move: copies (and of how many libraries), what readers have, rows of
    other tables, people with an unsaved draft of a record to be set aside."""

    items: int = 0
    libraries: int = 0
    readers: Readers = field(default_factory=Readers)
    rows: Mapping[str, int] = field(default_factory=dict)
    drafts: tuple[int, ...] = ()
    twins: Sequence[Twin] = ()  # newspapers taken at one branch by both


def look(session: Session, kept_id: int, gone_ids: Sequence[int]) -> Coming:
    """Return what merging records into one would move."""
    items, libraries = session.execute(
        select(func.count(), func.count(Item.owner_id.distinct())).where(
            Item.record_id.in_(gone_ids)
        )
    ).one()
    drafts = select(RecordDraft.staff_id).where(RecordDraft.record_id.in_(gone_ids)).distinct()
    merging = title_merging()
    return Coming(
        items=items,
        libraries=libraries,
        readers=merging.look(session, [kept_id, *gone_ids]) if merging else Readers(),
        rows=pointers.counted(session, gone_ids),
        drafts=tuple(session.scalars(drafts)),
        twins=twins_of(session, kept_id, gone_ids),
    )


def merge_records(
    session: Session,
    actor: Actor,
    kept_id: int,
    gone_ids: Sequence[int],
    marc: Marc,
    *,
    versions: Mapping[int, int],
    serials: Collection[int] = (),
) -> ChangeSet:
    """Make records one, as one change set. ``versions`` are those that were looked at; ``serials``
    the titles of newspapers whose pattern goes on, where a branch takes both.

    Locks the queues and copies of all of them, then the records. Raises ``Invalid`` for too few or
    too many, or a record with new errors, ``StaleVersion`` where one was changed since, ``Refused``
    where an issue of a newspaper is on record in both,
    ``NotFound`` where one is gone by now.
    """
    actor.require(EDIT_RECORD)
    actor.require(DELETE_RECORD)
    gone_ids = [one for one in dict.fromkeys(gone_ids) if one != kept_id]
    every = [kept_id, *gone_ids]
    if not 2 <= len(every) <= MOST_AT_ONCE:
        raise Invalid("merge_how_many", most=MOST_AT_ONCE)
    merging = title_merging()
    if merging is not None:
        merging.lock(session, every)
    there = {one: lock_record(session, one) for one in sorted(every)}
    for one, record in there.items():
        if record.version != versions.get(one):
            raise StaleVersion("record_stale", record_id=one, found=record.version)
    kept = there[kept_id]
    _refuse_errors(marc, kept)
    told = ", ".join(f"#{one}" for one in gone_ids)
    change_set = records.new_change_set(session, actor, CHANGE, f"{told} → #{kept_id}")
    for one in gone_ids:
        merge = _set_aside(session, actor, kept, there[one], change_set, serials)
    keep_keys(session, merge, project(kept.marc))  # type: ignore[arg-type]
    records.replace_marc(
        session,
        actor,
        kept_id,
        marc,
        expected_version=kept.version,
        why=f"← {told}",
        change_set=change_set,
    )
    audit(session, actor, "records_merged", "record", kept_id, gone=gone_ids)
    announce_changed(session, [kept_id])
    session.flush()
    return change_set


def _refuse_errors(marc: Marc, kept: Record) -> None:
    """Refuse a record with errors that the one that stays did not have."""
    found = [f for f in validate(marc, kept.marc) if f.level == ERROR]  # type: ignore[arg-type]
    if found:
        raise Invalid("merge_has_errors", field="fields", findings=found)


def _set_aside(
    session: Session,
    actor: Actor,
    kept: Record,
    gone: Record,
    change_set: ChangeSet,
    serials: Collection[int],
) -> RecordMerge:
    merge = RecordMerge(
        kept_id=kept.id, gone_id=gone.id, change_set_id=change_set.id, merged_by=actor.staff_id
    )
    moved: dict[str, Any] = {"items": _move_items(session, kept, gone)}
    moved["serials"] = join_twins(session, kept.id, gone.id, serials)
    moved["rows"] = pointers.move(session, gone.id, kept.id)
    merging = title_merging()
    if merging is not None:
        moved["readers"] = merging.merge(session, actor, kept.id, gone.id)
    records.delete_record(session, actor, gone.id, why=f"→ #{kept.id}", change_set=change_set)
    forget_pairs(session, kept.id, gone.id)
    merge.moved = moved
    session.add(merge)
    session.flush()
    keep_keys(session, merge, project(gone.marc))  # type: ignore[arg-type]
    return merge


def _move_items(session: Session, kept: Record, gone: Record) -> list[list[Any]]:
    """Move the copies; return each, with its place in shelf order before where its call number was
    written in.

    A copy without a call number of its own stood on the shelf by its record's: it gets that one
    written in where the two differ, for its label stays.
    """
    rows = session.execute(
        select(Item.id, Item.call_number, Item.call_sort).where(Item.record_id == gone.id)
    ).all()
    own = gone.call_number if gone.call_number != kept.call_number else ""
    lacking = {item_id: order for item_id, number, order in rows if own and not number}
    session.execute(update(Item).where(Item.record_id == gone.id).values(record_id=kept.id))
    if lacking:
        session.execute(
            update(Item)
            .where(Item.id.in_(lacking))
            .values(call_number=own[:120], call_sort=shelf_key(own)[:200])
        )
    session.expire_all()
    return [[item_id, lacking.get(item_id)] for item_id, _number, _order in rows]
