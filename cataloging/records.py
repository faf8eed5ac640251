"""The one writer of records: creates, changes, deletes and brings back.

Every change makes a version with who, when and why and belongs to a change set; the columns are
set from the projection and `record_changed` is announced, all in the caller's transaction.
"""

import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, insert, select
from sqlalchemy.orm import Session

from cataloging.authorities.rows import insert_links
from cataloging.change_sets import new_change_set, undo_change_set, undo_part
from cataloging.duplicates.merged import lead_on, where_now
from cataloging.events import RecordCreated, record_facts
from cataloging.hooks import lock_titles, record_vetoes_of
from cataloging.marc.model import Marc, control
from cataloging.marc.project import PROJECTION_VERSION, Projection, project
from cataloging.models import ChangeSet, Item, Record, RecordVersion
from cataloging.permissions import DELETE_RECORD, EDIT_RECORD
from cataloging.record_rows import (
    announce_changed,
    columns_of,
    content_of,
    hide_from_matching,
    insert_identifiers,
    lock_record,
    set_columns,
    write_version,
    write_versions,
)
from ils.accounts.actor import Actor
from ils.core import clock
from ils.core.audit import audit
from ils.core.db import Written, next_ids
from ils.core.errors import Invalid, NotFound, Refused, StaleVersion
from ils.core.events import EventRow, publish_event

__all__ = [
    "NewRecord",
    "create_record",
    "create_records",
    "delete_record",
    "new_change_set",
    "record_for",
    "replace_many",
    "replace_marc",
    "restore_record",
    "restore_version",
    "set_suppressed",
    "undo_change_set",
    "undo_part",
    "version_marc",
    "versions_of",
]

NewRecord = tuple[Marc | Written, Projection]


def record_for(session: Session, record_id: int, *, deleted: bool = False) -> Record:
    """Return a record. Raises ``NotFound``, also for a deleted one unless asked for; it says into
    which one a record was merged."""
    found = session.get(Record, record_id)
    if found is None or (found.deleted_at is not None and not deleted):
        lead_on(session, record_id)
        raise NotFound("record_unknown", record_id=record_id)
    return found


def create_record(
    session: Session,
    actor: Actor,
    marc: Marc,
    *,
    why: str = "",
    change_set: ChangeSet | None = None,
    owner_id: int | None = None,
    numbered: bool = False,
) -> Record:
    """Create a record. ``numbered`` gives it our control number (001, 003) if it has none."""
    actor.require(EDIT_RECORD)
    made_in = change_set or new_change_set(session, actor, "edit", why)
    marc = _clean(marc)
    seen = project(marc)
    record = Record(
        marc=dict(marc),
        projection_version=PROJECTION_VERSION,
        created_by=actor.staff_id,
        owner_id=owner_id if owner_id is not None else actor.library_id,
    )
    session.add(record)
    session.flush()
    if numbered and not control(marc, "001"):
        marc = _numbered(marc, record.id)
        record.marc = dict(marc)
        seen = project(marc)
    set_columns(session, record, seen)
    session.add(
        RecordVersion(
            record_id=record.id,
            version=1,
            change="created",
            change_set_id=made_in.id,
            actor_id=actor.staff_id,
            why=why[:300],
        )
    )
    publish_event(
        session,
        actor,
        RecordCreated(made_in.kind),
        library_id=record.owner_id,
        **record_facts(record),
    )
    announce_changed(session, [record.id])
    session.flush()
    return record


def create_records(
    session: Session,
    actor: Actor,
    new: Sequence[NewRecord],
    change_set: ChangeSet,
    *,
    owner_id: int | None = None,
) -> list[int]:
    """Create many records at once, for imports; return their ids in the order given.

    The MARC must be NFC already and is stored as it is. One announcement tells of all of them.
    """
    actor.require(EDIT_RECORD)
    if not new:
        return []
    now = clock.now()
    owner = owner_id if owner_id is not None else actor.library_id
    table: Any = Record.__table__
    ids = next_ids(session, table, len(new))
    rows = [
        {
            "id": record_id,
            "marc": marc,
            "version": 1,
            "projection_version": PROJECTION_VERSION,
            "suppressed": False,
            "created_at": now,
            "updated_at": now,
            "created_by": actor.staff_id,
            "owner_id": owner,
            **columns_of(seen),
        }
        for record_id, (marc, seen) in zip(ids, new, strict=True)
    ]
    session.execute(insert(table), rows)
    insert_identifiers(session, zip(ids, (seen for _, seen in new), strict=True))
    insert_links(session, zip(ids, (seen.headings for _, seen in new), strict=True))
    _insert_first_versions(session, actor, ids, change_set, now)
    _insert_created_events(session, actor, ids, new, change_set, owner, now)
    announce_changed(session, ids)
    return ids


def _insert_first_versions(
    session: Session, actor: Actor, ids: list[int], change_set: ChangeSet, now: datetime
) -> None:
    table: Any = RecordVersion.__table__
    rows = [
        {
            "record_id": record_id,
            "version": 1,
            "change": "created",
            "change_set_id": change_set.id,
            "at": now,
            "actor_id": actor.staff_id,
            "why": "",
        }
        for record_id in ids
    ]
    session.execute(insert(table), rows)


def _insert_created_events(
    session: Session,
    actor: Actor,
    ids: list[int],
    new: Sequence[NewRecord],
    change_set: ChangeSet,
    owner_id: int | None,
    now: datetime,
) -> None:
    table: Any = EventRow.__table__
    facts = RecordCreated(change_set.kind).facts()
    day = clock.local_day(now)
    rows = [
        {
            "kind": RecordCreated.kind,
            "facts": facts,
            "unit_id": actor.unit_id,
            "library_id": owner_id,
            "actor_id": actor.staff_id,
            "recorded_at": now,
            "effective_at": now,
            "effective_on": day,
            "quantity": 1,
            "record_id": record_id,
            "item_class": seen.main_class,
            "language": seen.language[:3] or None,
            "material": seen.material,
        }
        for record_id, (_, seen) in zip(ids, new, strict=True)
    ]
    session.execute(insert(table), rows)


def replace_marc(
    session: Session,
    actor: Actor,
    record_id: int,
    marc: Marc,
    *,
    expected_version: int,
    why: str = "",
    change_set: ChangeSet | None = None,
    change: str = "replaced",
) -> Record:
    """Replace a record's content, if nobody did so since ``expected_version`` was read.

    The same content again changes nothing. Raises ``StaleVersion`` with both version numbers.
    """
    actor.require(EDIT_RECORD)
    record = lock_record(session, record_id)
    if record.version != expected_version:
        raise StaleVersion(
            "record_stale", record_id=record_id, expected=expected_version, found=record.version
        )
    marc = _clean(marc)
    if marc == record.marc:
        return record
    made_in = change_set or new_change_set(session, actor, "edit", why)
    write_version(session, actor, record, marc, change, made_in, why)
    set_columns(session, record, project(marc))
    announce_changed(session, [record.id])
    session.flush()
    return record


def replace_many(
    session: Session,
    actor: Actor,
    new: Mapping[int, tuple[int, Marc | Written, Projection]],
    change_set: ChangeSet,
) -> set[int]:
    """Replace the content of many records at once, for batches; return the ids of those replaced.

    Each is given with the version it was read in, NFC and different from what is stored. A record
    changed or deleted since is left as it is. One announcement tells of all of them.
    """
    actor.require(EDIT_RECORD)
    rows = session.execute(
        select(Record.id, Record.version)
        .where(Record.id.in_(new), Record.deleted_at.is_(None))
        .order_by(Record.id)
        .with_for_update()
    )
    fresh = {record_id for record_id, version in rows if version == new[record_id][0]}
    if fresh:
        write_versions(session, actor, {r: new[r] for r in sorted(fresh)}, change_set)
        announce_changed(session, sorted(fresh))
    return fresh


def restore_version(
    session: Session, actor: Actor, record_id: int, version: int, *, expected_version: int
) -> Record:
    """Make an earlier version the present one again; that is a new version, nothing is lost."""
    record = record_for(session, record_id)
    return replace_marc(
        session,
        actor,
        record_id,
        content_of(session, record, version),
        expected_version=expected_version,
        why=f"↩ {version}",
        change="restored",
    )


def delete_record(
    session: Session,
    actor: Actor,
    record_id: int,
    *,
    why: str = "",
    change_set: ChangeSet | None = None,
) -> Record:
    """Delete a record that has no copies left in stock. It can be brought back.

    Raises ``Refused`` while copies are there, or while somebody waits for it or goes on with it.
    """
    actor.require(DELETE_RECORD)
    lock_titles(session, [record_id])
    record = lock_record(session, record_id)
    held = session.scalar(
        select(func.count())
        .select_from(Item)
        .where(Item.record_id == record_id, Item.lifecycle != "withdrawn")
    )
    if held:
        raise Refused("record_has_items", record_id=record_id, count=held)
    if vetoes := record_vetoes_of(session, [record_id]).get(record_id):
        codes = [veto.code for veto in vetoes]
        raise Refused("record_vetoed", record_id=record_id, reasons=codes)
    made_in = change_set or new_change_set(session, actor, "delete", why)
    write_version(session, actor, record, record.marc, "deleted", made_in, why)  # type: ignore[arg-type]
    record.deleted_at = clock.now()
    record.match_key = record.control_number = ""
    hide_from_matching(session, [record.id])
    audit(session, actor, "record_deleted", "record", record.id)
    announce_changed(session, [record.id])
    session.flush()
    return record


def restore_record(session: Session, actor: Actor, record_id: int, *, why: str = "") -> Record:
    """Bring a deleted record back as it was. Raises ``Refused`` for one that was merged: that is
    undone with its merge."""
    actor.require(DELETE_RECORD)
    record = lock_record(session, record_id, deleted=True)
    if record.deleted_at is None:
        return record
    if (into := where_now(session, record_id)) is not None:
        raise Refused("record_was_merged", record_id=record_id, into=into)
    made_in = new_change_set(session, actor, "restore", why)
    write_version(session, actor, record, record.marc, "restored", made_in, why)  # type: ignore[arg-type]
    record.deleted_at = None
    set_columns(session, record, project(record.marc))  # type: ignore[arg-type]
    audit(session, actor, "record_restored", "record", record.id)
    announce_changed(session, [record.id])
    session.flush()
    return record


def set_suppressed(session: Session, actor: Actor, record_id: int, *, suppressed: bool) -> Record:
    """Hide a record from the public sites, or show it again."""
    actor.require(DELETE_RECORD)
    record = lock_record(session, record_id)
    if record.suppressed != suppressed:
        record.suppressed = suppressed
        record.updated_at = clock.now()
        audit(session, actor, "record_suppressed", "record", record.id, suppressed=suppressed)
        announce_changed(session, [record.id])
        session.flush()
    return record


@dataclass(frozen=True)
class Version:
    """A version of a record for its history."""

    number: int
    change: str
    change_set_id: int
    kind: str
    at: datetime
    actor_id: int | None
    why: str


def versions_of(session: Session, record_id: int) -> list[Version]:
    """Return the versions of a record, newest first, without their content."""
    rows = session.execute(
        select(
            RecordVersion.version,
            RecordVersion.change,
            RecordVersion.change_set_id,
            ChangeSet.kind,
            RecordVersion.at,
            RecordVersion.actor_id,
            func.coalesce(func.nullif(RecordVersion.why, ""), ChangeSet.why),
        )
        .join(ChangeSet, ChangeSet.id == RecordVersion.change_set_id)
        .where(RecordVersion.record_id == record_id)
        .order_by(RecordVersion.version.desc())
    )
    return [Version(*row) for row in rows]


def version_marc(session: Session, record_id: int, version: int) -> Marc:
    """Return the content of a version, also of a deleted record. Raises ``NotFound``."""
    return content_of(session, record_for(session, record_id, deleted=True), version)


def _numbered(marc: Marc, record_id: int) -> Marc:
    """Put a control number of our own first; 003 says whose it is when the record has none."""
    rest = [f for f in marc["fields"] if "001" not in f]
    return {"leader": marc["leader"], "fields": [{"001": f"sen{record_id:08d}"}, *rest]}


def _clean(marc: Marc) -> Marc:
    """Return the record with all text NFC, in the shape MARC-in-JSON has, or refuse it."""
    try:
        return {
            "leader": _nfc(marc["leader"]),
            "fields": [
                {_nfc(tag): _clean_content(content)}
                for one in marc["fields"]
                for tag, content in one.items()
            ],
        }
    except (KeyError, TypeError, AttributeError) as error:
        raise Invalid("record_malformed") from error


def _clean_content(content: Any) -> Any:
    if isinstance(content, str):
        return _nfc(content)
    return {
        "ind1": _nfc(content["ind1"]),
        "ind2": _nfc(content["ind2"]),
        "subfields": [
            {_nfc(code): _nfc(value)} for sub in content["subfields"] for code, value in sub.items()
        ],
    }


def _nfc(text: str) -> str:
    return text if text.isascii() else unicodedata.normalize("NFC", text)
