"""The rows behind a record: its columns, identifiers, versions, and telling others of a change.

Only ``cataloging.records`` and ``cataloging.change_sets`` write through here. The columns of a
record are its projection; ``drift`` shows where they are not, ``reproject`` mends it.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, cast

from sqlalchemy import bindparam, delete, func, insert, select, update
from sqlalchemy.orm import Session

from cataloging.authorities.models import AuthorityVersion, RecordHeading
from cataloging.authorities.rows import drop_links, keep_links, keep_links_of_many
from cataloging.duplicates.merged import lead_on
from cataloging.marc.model import Marc
from cataloging.marc.project import PROJECTION_VERSION, Projection, project
from cataloging.models import ChangeSet, Record, RecordIdentifier, RecordVersion
from ils.accounts.actor import Actor
from ils.core import clock
from ils.core.db import Written
from ils.core.errors import NotFound
from ils.core.outbox import announce

ANNOUNCED_AT_ONCE = 500

Identifier = tuple[str, str]  # scheme, value


def columns_of(seen: Projection) -> dict[str, Any]:
    """Return the columns of a record that its projection fills, cut to their lengths."""
    return {
        "title": seen.title,
        "title_sort": seen.title_sort[:400],
        "author": seen.author,
        "author_sort": seen.author_sort[:400],
        "year": seen.year,
        "language": seen.language[:3],
        "material": seen.material,
        "publisher": seen.publisher[:300],
        "class_number": seen.class_number[:60],
        "main_class": seen.main_class,
        "call_number": seen.call_number[:120],
        "isbn": seen.isbns[0] if seen.isbns else "",
        "control_number": seen.control_number[:80],
        "control_source": seen.control_source[:40],
        "match_key": seen.match_key[:200],
        "audience": seen.audience,
    }


def identifiers_of(seen: Projection) -> list[Identifier]:
    """Return the standard numbers by which a record is found and matched."""
    gtins = (n for n in seen.other_numbers if n.isdecimal() and len(n) in (8, 12, 13, 14))
    return [
        *(("isbn", number) for number in seen.isbns),
        *(("issn", number) for number in seen.issns),
        *(("gtin", number) for number in dict.fromkeys(gtins) if number not in seen.isbns),
    ]


def lock_record(session: Session, record_id: int, *, deleted: bool = False) -> Record:
    """Return a record, locked until the transaction ends. Raises ``NotFound``."""
    found = session.scalar(
        select(Record)
        .where(Record.id == record_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    if found is None or (found.deleted_at is not None and not deleted):
        lead_on(session, record_id)
        raise NotFound("record_unknown", record_id=record_id)
    return found


def lock_present(session: Session, record_id: int) -> Record:
    """Return a record that stays there until the transaction ends; others may use it too.
    Raises ``NotFound``."""
    found = session.scalar(
        select(Record)
        .where(Record.id == record_id)
        .with_for_update(read=True, key_share=True)
        .execution_options(populate_existing=True)
    )
    if found is None or found.deleted_at is not None:
        lead_on(session, record_id)
        raise NotFound("record_unknown", record_id=record_id)
    return found


def set_columns(session: Session, record: Record, seen: Projection) -> None:
    """Bring the columns and identifiers of a record in line with its projection."""
    for name, value in columns_of(seen).items():
        setattr(record, name, value)
    record.projection_version = PROJECTION_VERSION
    wanted = set(identifiers_of(seen))
    rows = session.scalars(select(RecordIdentifier).where(RecordIdentifier.record_id == record.id))
    for row in rows:
        if (row.scheme, row.value) in wanted:
            wanted.discard((row.scheme, row.value))
        else:
            session.delete(row)
    session.add_all(
        RecordIdentifier(record_id=record.id, scheme=scheme, value=value)
        for scheme, value in sorted(wanted)
    )
    keep_links(session, record.id, seen.headings)


def write_version(
    session: Session,
    actor: Actor,
    record: Record,
    marc: Marc,
    change: str,
    change_set: ChangeSet,
    why: str,
) -> None:
    """Store new content as the next version; the old content moves to the row of its version."""
    last = session.get(RecordVersion, (record.id, record.version))
    if last is not None and record.marc != marc:
        last.marc = record.marc
    record.marc = dict(marc)
    record.version += 1
    record.updated_at = clock.now()
    session.add(
        RecordVersion(
            record_id=record.id,
            version=record.version,
            change=change,
            change_set_id=change_set.id,
            at=record.updated_at,
            actor_id=actor.staff_id,
            why=why[:300],
        )
    )


def write_versions(
    session: Session,
    actor: Actor,
    new: Mapping[int, tuple[int, Marc | Written, Projection]],
    change_set: ChangeSet,
    change: str = "replaced",
) -> None:
    """Store new content of many records, each given with its present version, as the next ones:
    ``write_version`` and ``set_columns`` for all of them at once."""
    now = clock.now()
    records: Any = Record.__table__
    versions: Any = RecordVersion.__table__
    own = select(Record.marc).where(Record.id == RecordVersion.record_id).scalar_subquery()
    last = select(Record.version).where(Record.id == RecordVersion.record_id).scalar_subquery()
    session.execute(
        update(versions)
        .where(versions.c.record_id.in_(new), versions.c.version == last)
        .values(marc=own)
    )
    for names, rows in _by_columns(session, new).items():
        fixed = {
            "projection_version": PROJECTION_VERSION,
            "version": records.c.version + 1,
            "updated_at": now,
        }
        sent: dict[str, Any] = {name: bindparam(f"new_{name}") for name in ("marc", *names)}
        session.connection().execute(
            update(records).where(records.c.id == bindparam("of_id")).values(**fixed, **sent), rows
        )
    session.execute(
        insert(versions),
        [
            {
                "record_id": record_id,
                "version": version + 1,
                "change": change,
                "change_set_id": change_set.id,
                "at": now,
                "actor_id": actor.staff_id,
                "why": "",
            }
            for record_id, (version, _marc, _seen) in new.items()
        ],
    )
    _keep_identifiers(session, {record_id: seen for record_id, (*_v, seen) in new.items()})
    keep_links_of_many(session, {r: seen.headings for r, (*_v, seen) in new.items()})


def _by_columns(
    session: Session, new: Mapping[int, tuple[int, Marc | Written, Projection]]
) -> dict[tuple[str, ...], list[dict[str, Any]]]:
    """Return what to write, by the columns that differ: each column written costs its index."""
    found: dict[tuple[str, ...], list[dict[str, Any]]] = {}
    records: Any = Record.__table__
    some = next(iter(new.values()))[2]
    wanted = [records.c.id, *(records.c[name] for name in columns_of(some))]
    for row in session.execute(select(*wanted).where(records.c.id.in_(new))).mappings():
        _version, marc, seen = new[row["id"]]
        differs = {name: v for name, v in columns_of(seen).items() if row[name] != v}
        values = {f"new_{name}": value for name, value in differs.items()}
        found.setdefault(tuple(differs), []).append(
            {"of_id": row["id"], "new_marc": marc, **values}
        )
    return found


def _keep_identifiers(session: Session, new: Mapping[int, Projection]) -> None:
    stored: dict[tuple[int, str, str], int] = {
        (row.record_id, row.scheme, row.value): row.id
        for row in session.execute(
            select(
                RecordIdentifier.record_id,
                RecordIdentifier.scheme,
                RecordIdentifier.value,
                RecordIdentifier.id,
            ).where(RecordIdentifier.record_id.in_(new))
        )
    }
    wanted = {(r, *one) for r, seen in new.items() for one in identifiers_of(seen)}
    gone = [row_id for key, row_id in stored.items() if key not in wanted]
    if gone:
        session.execute(delete(RecordIdentifier).where(RecordIdentifier.id.in_(gone)))
    rows = [
        {"record_id": record_id, "scheme": scheme, "value": value}
        for record_id, scheme, value in sorted(wanted - stored.keys())
    ]
    if rows:
        session.execute(insert(RecordIdentifier.__table__), rows)  # type: ignore[arg-type]


def hide_from_matching(session: Session, record_ids: Sequence[int]) -> None:
    """Take what a deleted record could be found by: numbers, so that no import matches it, headings."""
    session.execute(delete(RecordIdentifier).where(RecordIdentifier.record_id.in_(record_ids)))
    drop_links(session, record_ids)


def content_of(session: Session, record: Record, version: int) -> Marc:
    """Return a record's MARC as of a version. Raises ``NotFound``.

    Content is kept once: a version row without it has the content of the next row that has some,
    and in the end of the record itself.
    """
    if version < 1 or version > record.version:
        raise NotFound("version_unknown", record_id=record.id, version=version)
    later = select(RecordVersion.marc).where(
        RecordVersion.record_id == record.id,
        RecordVersion.version >= version,
        RecordVersion.marc.is_not(None),
    )
    kept = session.scalar(later.order_by(RecordVersion.version).limit(1))
    return kept if kept is not None else record.marc  # type: ignore[return-value]


def contents_of(session: Session, versions: Mapping[Record, int]) -> dict[Record, Marc]:
    """Return the MARC of many records, each as of a version it has: ``content_of`` in two questions."""
    wanted = {record.id: number for record, number in versions.items()}
    row = RecordVersion
    later = select(row.record_id, row.version).where(
        row.record_id.in_(wanted),
        row.version >= min(wanted.values(), default=0),
        row.marc.is_not(None),
    )
    keeps: dict[int, int] = {}  # the first version, from the one wanted on, that has content
    for record_id, number in session.execute(later.order_by(row.version.desc())):
        if number >= wanted[record_id]:
            keeps[record_id] = number
    kept = select(row.record_id, row.version, row.marc).where(
        row.record_id.in_(keeps), row.version.in_(set(keeps.values()))
    )
    rows = session.execute(kept).all()
    found = {one.record_id: one.marc for one in rows if keeps[one.record_id] == one.version}
    return {record: cast(Marc, found.get(record.id) or record.marc) for record in versions}


def version_count(session: Session, change_set_id: int) -> int:
    """Count the versions of records and authorities a change set made."""
    return sum(
        session.scalar(
            select(func.count()).select_from(rows).where(rows.change_set_id == change_set_id)
        )
        or 0
        for rows in (RecordVersion, AuthorityVersion)
    )


def announce_changed(session: Session, record_ids: Iterable[int]) -> None:
    """Tell the index and whoever else listens that records changed, in this transaction."""
    ids = list(dict.fromkeys(record_ids))
    for start in range(0, len(ids), ANNOUNCED_AT_ONCE):
        part = ids[start : start + ANNOUNCED_AT_ONCE]
        announce(session, "record_changed", {"record_ids": part})


def insert_identifiers(session: Session, found: Iterable[tuple[int, Projection]]) -> None:
    """Insert the identifiers of new records, all at once."""
    rows = [
        {"record_id": record_id, "scheme": scheme, "value": value}
        for record_id, seen in found
        for scheme, value in identifiers_of(seen)
    ]
    if rows:
        session.execute(insert(RecordIdentifier.__table__), rows)  # type: ignore[arg-type]


def drift(session: Session, *, batch: int = 500) -> Iterator[tuple[int, list[str]]]:
    """Yield each record whose columns or identifiers are not its projection, with their names."""
    for records in _batches(session, batch, stale_only=False):
        stored: dict[int, set[Identifier]] = {record.id: set() for record in records}
        for row in session.scalars(
            select(RecordIdentifier).where(RecordIdentifier.record_id.in_(stored))
        ):
            stored[row.record_id].add((row.scheme, row.value))
        links: dict[int, set[tuple[int, str, int]]] = {record.id: set() for record in records}
        for link in session.scalars(
            select(RecordHeading).where(RecordHeading.record_id.in_(links))
        ):
            links[link.record_id].add((link.place, link.tag, link.key))
        for record in records:
            seen = project(record.marc)  # type: ignore[arg-type]
            wrong = [n for n, v in columns_of(seen).items() if getattr(record, n) != v]
            if stored[record.id] != set(identifiers_of(seen)):
                wrong.append("identifiers")
            if links[record.id] != {heading[:3] for heading in seen.headings}:
                wrong.append("headings")
            if wrong:
                yield record.id, wrong


def reproject(session: Session, *, everything: bool = False, batch: int = 500) -> int:
    """Bring records of an older projection (or all) up to date; return how many were written."""
    count = 0
    for records in _batches(session, batch, stale_only=not everything):
        for record in records:
            set_columns(session, record, project(record.marc))  # type: ignore[arg-type]
        announce_changed(session, [record.id for record in records])
        count += len(records)
        session.flush()
    return count


def _batches(session: Session, size: int, *, stale_only: bool) -> Iterator[Sequence[Record]]:
    last = 0
    while True:
        query = select(Record).where(Record.id > last, Record.deleted_at.is_(None))
        if stale_only:
            query = query.where(Record.projection_version != PROJECTION_VERSION)
        records = session.scalars(query.order_by(Record.id).limit(size)).all()
        if not records:
            return
        last = records[-1].id
        yield records
