"""Change sets: what was changed together and can be undone whole.

A change set can be undone while what it made is as it made it: a record changed again since, or a
copy that was lent since, stands in the way and is named. Undoing removes the copies the set
entered, gives back the copies it changed or withdrew, deletes the records it created, and gives back
the content it replaced and the records it deleted, in new versions.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import ColumnElement, and_, delete, false, func, insert, or_, select, true
from sqlalchemy.orm import Session, aliased

from cataloging.authorities.undo import later_changed, undo_authorities
from cataloging.duplicates.undo import lock_merges, merge_obstacles, merges_in, undo_merges
from cataloging.item_rows import changed_since, undo_copies
from cataloging.marc.project import project
from cataloging.models import Barcode, ChangeSet, Item, Record, RecordVersion
from cataloging.permissions import UNDO_CHANGES
from cataloging.record_rows import (
    announce_changed,
    content_of,
    contents_of,
    hide_from_matching,
    set_columns,
    write_version,
    write_versions,
)
from ils.accounts.actor import Actor
from ils.core import clock
from ils.core.audit import audit
from ils.core.errors import NotFound, Refused
from ils.core.events import ActUndone, EventRow
from ils.org.models import OrgUnit
from ils.org.units import province, unit

UNDONE_AT_ONCE = 500
MOST_NAMED = 50
OF_ITS_MAKING = ("item_accessioned", "record_created")


def new_change_set(session: Session, actor: Actor, kind: str, why: str = "") -> ChangeSet:
    """Open a change set in the caller's transaction. Kinds: edit, import, items, batch …"""
    made = ChangeSet(kind=kind, why=why[:300], actor_id=actor.staff_id, unit_id=actor.unit_id)
    session.add(made)
    session.flush()
    return made


@dataclass(frozen=True)
class Obstacle:
    """What keeps a part of a change set from being undone; with ``forbids`` all of it."""

    # changed_later | has_other_items | item_used | copy_changed | copy_busy | authority_changed |
    # heading_taken; of merged records, and then nothing can be undone: kept_gone | copy_waits
    code: str
    record_id: int
    item_id: int | None = None
    name: str = ""
    authority_id: int | None = None
    forbids: bool = False


@dataclass
class Undone:
    """What an undo did, and what it had to leave."""

    records_removed: int = 0
    records_restored: int = 0
    items_removed: int = 0
    items_restored: int = 0
    authorities: int = 0
    # How far it is, by the number of the last one looked at.
    last_item: int = 0
    last_record: int = 0
    last_authority: int = 0
    left: list[Obstacle] = field(default_factory=list)

    @property
    def count(self) -> int:
        """Return how much was undone."""
        records = self.records_removed + self.records_restored
        return records + self.items_removed + self.items_restored + self.authorities


def change_set_for(session: Session, change_set_id: int) -> ChangeSet:
    """Return a change set. Raises ``NotFound``."""
    found = session.get(ChangeSet, change_set_id)
    if found is None:
        raise NotFound("change_set_unknown", change_set_id=change_set_id)
    return found


def change_set_of_ours(session: Session, actor: Actor, change_set_id: int) -> ChangeSet:
    """Return a change set made where the actor may undo changes; another's is not to be found.

    What the program itself changed belongs to the province. Raises ``NotFound``.
    """
    found = change_set_for(session, change_set_id)
    made_at = unit(session, found.unit_id) if found.unit_id else province(session)
    if not actor.can(UNDO_CHANGES, made_at):
        raise NotFound("change_set_unknown", change_set_id=change_set_id)
    return found


def are_ours(actor: Actor) -> ColumnElement[bool]:
    """SQL: change sets made at or below the units where the actor may undo changes."""
    paths = actor.scope_paths(UNDO_CHANGES)
    if "/" in paths:
        return true()
    made_at = or_(false(), *(OrgUnit.path.startswith(path) for path in paths))
    below = ChangeSet.unit_id.in_(select(OrgUnit.id).where(made_at))
    whole = select(OrgUnit.id).where(made_at, OrgUnit.parent_id.is_(None)).exists()
    return or_(below, and_(ChangeSet.unit_id.is_(None), whole))


def undo_change_set(
    session: Session, actor: Actor, change_set_id: int, *, partial: bool = False
) -> Undone:
    """Undo a change set whole, in the caller's transaction.

    Raises ``Refused`` naming what stands in the way; with ``partial`` that is left as it is.
    """
    done = Undone()
    begin_undo(session, actor, change_set_id, partial=partial)
    while undo_part(session, actor, change_set_id, done):
        pass
    return done


def begin_undo(session: Session, actor: Actor, change_set_id: int, *, partial: bool) -> None:
    """Check that a change set may be undone. Raises ``Refused`` when not."""
    actor.require(UNDO_CHANGES)
    change_set = change_set_of_ours(session, actor, change_set_id)
    if lock_merges(session, change_set_id):
        session.refresh(change_set)
    if change_set.undone_at is not None:
        raise Refused("change_set_already_undone", change_set_id=change_set_id)
    found = _forbidding(session, change_set_id) if partial else obstacles(session, change_set_id)
    if found:
        raise Refused("undo_blocked", change_set_id=change_set_id, count=len(found), first=found[0])


def undo_part(
    session: Session,
    actor: Actor,
    change_set_id: int,
    tally: Undone,
    *,
    limit: int = UNDONE_AT_ONCE,
) -> bool:
    """Undo up to ``limit`` records or copies of a change set; return whether there may be more.

    A job calls this once per transaction with one ``tally``, so that the desks can lend in between.
    """
    items = _removable_items(session, change_set_id, limit)
    if items:
        _remove_items(session, actor, items)
        tally.items_removed += len(items)
        return True
    if _undo_merges(session, actor, change_set_id, tally):
        return True
    last, count = undo_copies(session, actor, change_set_id, tally.last_item, limit)
    if last:
        tally.items_restored, tally.last_item = tally.items_restored + count, last
        return True
    ids = _next_records(session, change_set_id, tally.last_record, limit)
    if ids:
        records = _undoable_records(session, change_set_id, ids)
        if records:
            _undo_records(session, actor, change_set_id, records, tally)
        tally.last_record = ids[-1]
        return True
    if _undo_authorities(session, actor, change_set_id, tally, limit):
        return True
    change_set = change_set_for(session, change_set_id)
    change_set.undone_at = clock.now()
    change_set.undone_by = actor.staff_id
    tally.left += obstacles(session, change_set_id)
    audit(session, actor, "change_set_undone", "change_set", change_set_id)
    return False


def _undo_merges(session: Session, actor: Actor, change_set_id: int, tally: Undone) -> bool:
    if not merges_in(session, change_set_id):
        return False
    undoing = new_change_set(session, actor, "undo", _undo_of(change_set_id))
    tally.records_restored += undo_merges(session, actor, change_set_id, undoing)
    return True


def _undo_authorities(
    session: Session, actor: Actor, change_set_id: int, tally: Undone, limit: int
) -> bool:
    undoing = new_change_set(session, actor, "undo", _undo_of(change_set_id))
    after = tally.last_authority
    done, left = undo_authorities(session, actor, change_set_id, undoing, after, limit)
    if not done:
        session.delete(undoing)
        return False
    tally.authorities += len(done) - len(left)
    tally.last_authority = done[-1]
    tally.left += [Obstacle("heading_taken", 0, name=name, authority_id=one) for one, name in left]
    return True


def _forbidding(session: Session, change_set_id: int) -> list[Obstacle]:
    """Return what forbids any undoing."""
    return [
        Obstacle(code, record_id, item_id, name, forbids=True)
        for code, record_id, item_id, name in merge_obstacles(session, change_set_id)
    ]


def obstacles(session: Session, change_set_id: int, most: int = MOST_NAMED) -> list[Obstacle]:
    """Return what keeps a change set from being undone whole, the first ``most`` of it."""
    found = _forbidding(session, change_set_id)
    found += [
        Obstacle("item_used", record_id, item_id, number or "")
        for record_id, item_id, number in session.execute(
            select(Item.record_id, Item.id, Item.accession_no)
            .where(Item.change_set_id == change_set_id, _is_used())
            .limit(most)
        )
    ]
    mine, created = _own_rows(change_set_id)
    found += [
        Obstacle("changed_later", record_id, name=title)
        for record_id, title in session.execute(
            select(Record.id, Record.title)
            .join(mine, mine.c.record_id == Record.id)
            .where(Record.version > mine.c.last, Record.deleted_at.is_(None))
            .where(~_undone_before(change_set_id, mine))
            .limit(most)
        )
    ]
    found += [
        Obstacle("has_other_items", record_id, name=title)
        for record_id, title in session.execute(
            select(Record.id, Record.title)
            .where(Record.id.in_(select(created.c.record_id)), Record.deleted_at.is_(None))
            .where(_other_items(change_set_id))
            .limit(most)
        )
    ]
    found += [
        Obstacle(one.code, one.record_id, one.item_id, one.number)
        for one in changed_since(session, change_set_id, most)
    ]
    later = later_changed(session, change_set_id, _undo_of(change_set_id), most)
    found += [Obstacle("authority_changed", 0, name=name, authority_id=one) for one, name in later]
    return found[:most]


def _own_rows(change_set_id: int) -> tuple[Any, Any]:
    """Return subqueries: the last version of each record in the set, and the records it made."""
    return _rows_where(RecordVersion.change_set_id == change_set_id)


def _rows_where(own: ColumnElement[bool]) -> tuple[Any, Any]:
    mine = (
        select(RecordVersion.record_id, func.max(RecordVersion.version).label("last"))
        .where(own)
        .group_by(RecordVersion.record_id)
        .subquery()
    )
    created = (
        select(RecordVersion.record_id).where(own, RecordVersion.change == "created").subquery()
    )
    return mine, created


def _undone_before(change_set_id: int, mine: Any) -> Any:
    """SQL: the record's later version is this very undoing, begun in an earlier transaction."""
    return (
        select(RecordVersion.record_id)
        .join(ChangeSet, ChangeSet.id == RecordVersion.change_set_id)
        .where(ChangeSet.kind == "undo", ChangeSet.why == _undo_of(change_set_id))
        .where(RecordVersion.record_id == Record.id, RecordVersion.version > mine.c.last)
        .exists()
    )


def _undo_of(change_set_id: int) -> str:
    return f"↩ {change_set_id}"


def _is_used() -> Any:
    """SQL: something was done with the item besides entering it."""
    undoing = aliased(EventRow)
    undone = select(undoing.id).where(undoing.voids_id == EventRow.id).exists()
    return (
        select(EventRow.id)
        .where(EventRow.item_id == Item.id, EventRow.kind.not_in((*OF_ITS_MAKING, "act_undone")))
        .where(~undone)
        .exists()
    )


def _other_items(change_set_id: int) -> Any:
    """SQL: the record has copies that the change set did not enter, or that must stay."""
    other = Item.change_set_id.is_(None) | (Item.change_set_id != change_set_id)
    return (
        select(Item.id)
        .where(Item.record_id == Record.id, Item.lifecycle != "withdrawn", other | _is_used())
        .exists()
    )


def _removable_items(session: Session, change_set_id: int, limit: int) -> list[tuple[int, int]]:
    rows = session.execute(
        select(Item.id, Item.record_id)
        .where(Item.change_set_id == change_set_id, ~_is_used())
        .order_by(Item.id)
        .limit(limit)
    )
    return [(item_id, record_id) for item_id, record_id in rows]


def _remove_items(session: Session, actor: Actor, items: list[tuple[int, int]]) -> None:
    """Take copies back as if never entered: their lines in the log are voided, not deleted."""
    ids = [item_id for item_id, _ in items]
    _void_events(session, actor, EventRow.item_id.in_(ids))
    session.execute(delete(Barcode).where(Barcode.item_id.in_(ids)))
    session.execute(delete(Item).where(Item.id.in_(ids)))
    announce_changed(session, [record_id for _, record_id in items])


def _next_records(session: Session, change_set_id: int, after: int, limit: int) -> Sequence[int]:
    """Return the next records of a change set, by number: one look into an index."""
    query = select(RecordVersion.record_id).where(
        RecordVersion.change_set_id == change_set_id, RecordVersion.record_id > after
    )
    return session.scalars(query.distinct().order_by(RecordVersion.record_id).limit(limit)).all()


def _undoable_records(session: Session, change_set_id: int, ids: Sequence[int]) -> Sequence[Record]:
    """Return, of some records, those whose present version the set made and that nothing holds."""
    own = (RecordVersion.change_set_id == change_set_id) & RecordVersion.record_id.in_(ids)
    mine, created = _rows_where(own)
    is_created = Record.id.in_(select(created.c.record_id))
    deleted = select(RecordVersion.record_id).where(
        RecordVersion.record_id == Record.id,
        RecordVersion.version == Record.version,
        RecordVersion.change == "deleted",
    )
    is_here = Record.deleted_at.is_(None) | (~is_created & deleted.exists())
    return session.scalars(
        select(Record)
        .join(mine, (mine.c.record_id == Record.id) & (mine.c.last == Record.version))
        .where(is_here, ~(is_created & _other_items(change_set_id)))
        .order_by(Record.id)
        .with_for_update(of=Record)
    ).all()


def _undo_records(
    session: Session, actor: Actor, change_set_id: int, records: Sequence[Record], tally: Undone
) -> None:
    undoing = _undoing(session, actor, change_set_id)
    every = [record.id for record in records]
    first = dict(
        session.execute(
            select(RecordVersion.record_id, func.min(RecordVersion.version))
            .where(RecordVersion.change_set_id == change_set_id)
            .where(RecordVersion.record_id.in_(every))
            .group_by(RecordVersion.record_id)
        ).all()
    )
    removed = [record for record in records if first[record.id] == 1]
    changed = [r for r in records if first[r.id] > 1 and r.deleted_at is None]
    _give_back(session, actor, {record: first[record.id] - 1 for record in changed}, undoing)
    for record in records:
        if record in changed:
            continue
        if first[record.id] == 1:
            write_version(session, actor, record, record.marc, "deleted", undoing, "")  # type: ignore[arg-type]
            record.deleted_at = clock.now()
            record.match_key = record.control_number = ""
        else:
            before = content_of(session, record, first[record.id] - 1)
            write_version(session, actor, record, before, "restored", undoing, "")
            record.deleted_at = None
            set_columns(session, record, project(before))
    if removed:
        ids = [record.id for record in removed]
        hide_from_matching(session, ids)
        made = (RecordVersion.change_set_id == change_set_id) & RecordVersion.record_id.in_(ids)
        days = {clock.local_day(at) for at in session.scalars(select(RecordVersion.at).where(made))}
        _void_events(
            session,
            actor,
            (EventRow.kind == "record_created")
            & EventRow.effective_on.in_(days)
            & EventRow.record_id.in_(ids),
        )
    announce_changed(session, every)
    tally.records_removed += len(removed)
    tally.records_restored += len(records) - len(removed)
    session.flush()


def _undoing(session: Session, actor: Actor, change_set_id: int) -> ChangeSet:
    """Return the change set of an undoing that goes on part by part, opened with the first."""
    begun = select(ChangeSet).where(
        ChangeSet.kind == "undo",
        ChangeSet.why == _undo_of(change_set_id),
        ChangeSet.actor_id == actor.staff_id,
        ChangeSet.undone_at.is_(None),
        ChangeSet.id > change_set_id,
    )
    found = session.scalar(begun.order_by(ChangeSet.id.desc()).limit(1))
    return found or new_change_set(session, actor, "undo", _undo_of(change_set_id))


def _give_back(
    session: Session, actor: Actor, versions: Mapping[Record, int], undoing: ChangeSet
) -> None:
    """Give records back what they were in a version, all at once."""
    old = contents_of(session, versions)
    new = {record.id: (record.version, marc, project(marc)) for record, marc in old.items()}
    if new:
        write_versions(session, actor, new, undoing, "restored")
    for record in versions:
        session.expire(record)


def _void_events(session: Session, actor: Actor, chosen: Any) -> None:
    """Append, for each chosen event of a making, an event that takes it back."""
    undoing = aliased(EventRow)
    already = select(undoing.id).where(undoing.voids_id == EventRow.id).exists()
    events = session.execute(
        select(EventRow.id, EventRow.kind, EventRow.unit_id, EventRow.library_id, EventRow.item_id)
        .add_columns(EventRow.record_id)
        .where(chosen, EventRow.kind.in_(OF_ITS_MAKING), ~already)
    ).all()
    now = clock.now()
    rows = [
        {
            "kind": ActUndone.kind,
            "facts": ActUndone(event.kind).facts(),
            "unit_id": event.unit_id,
            "library_id": event.library_id,
            "item_id": event.item_id,
            "record_id": event.record_id,
            "actor_id": actor.staff_id,
            "recorded_at": now,
            "effective_at": now,
            "effective_on": clock.local_day(now),
            "quantity": 1,
            "voids_id": event.id,
        }
        for event in events
    ]
    if rows:
        table: Any = EventRow.__table__
        session.execute(insert(table), rows)
