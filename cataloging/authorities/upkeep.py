"""Keeping links and forms right: after an upgrade, at night, and by command."""

from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from cataloging.authorities.rows import forget_unused, keep_links, nameless, unused_forms
from cataloging.marc.headings import headings_in
from cataloging.marc.project import PROJECTION_VERSION, project
from cataloging.models import Record
from cataloging.record_rows import announce_changed, set_columns
from ils.core.db import reading, transaction
from ils.core.jobs import breathe, periodic

AT_ONCE = 200


@periodic("records_of_old_projection", every=5)
def bring_up_to_date() -> None:
    """After an upgrade, write anew the columns and links of records projected by an older version."""
    while True:
        with reading() as session:
            if session.scalar(_old().with_only_columns(Record.id).limit(1)) is None:
                return
        with transaction() as session:
            records = session.scalars(_old().order_by(Record.id).limit(AT_ONCE)).all()
            for record in records:
                set_columns(session, record, project(record.marc))
            announce_changed(session, [record.id for record in records])
        breathe()


def _old() -> Any:
    return select(Record).where(
        Record.projection_version != PROJECTION_VERSION, Record.deleted_at.is_(None)
    )


@periodic("headings_swept", daily_at="03:00")
def sweep_nightly() -> None:
    """Once a night, forget provisional forms in no use and note again any form that was lost."""
    sweep()


def sweep() -> tuple[int, int]:
    """Forget provisional forms in no use, note lost ones again; return how many of each.

    Looked for without holding up anybody; only what is found is then changed, in short steps.
    """
    with reading() as session:
        unused, lost = unused_forms(session), list(nameless(session))
    for start in range(0, len(unused), AT_ONCE):
        with transaction() as session:
            forget_unused(session, unused[start : start + AT_ONCE])
        breathe()
    for start in range(0, len(lost), AT_ONCE):
        with transaction() as session:
            for _key, record_id, _place in lost[start : start + AT_ONCE]:
                _name_again(session, record_id)
        breathe()
    return len(unused), len(lost)


def _name_again(session: Session, record_id: int) -> None:
    record = session.get(Record, record_id)
    if record is not None:
        found = () if record.deleted_at else headings_in(record.marc)  # type: ignore[arg-type]
        keep_links(session, record_id, ())
        keep_links(session, record_id, found)


def rebuild_links(session: Session, after: int, limit: int = AT_ONCE) -> tuple[int, int]:
    """Write the links of the next records anew; return the last record's id and how many differed."""
    rows = session.execute(
        select(Record.id, Record.marc, Record.deleted_at)
        .where(Record.id > after)
        .order_by(Record.id)
        .limit(limit)
    ).all()
    wrong = 0
    for record_id, marc, deleted_at in rows:
        wrong += keep_links(session, record_id, () if deleted_at else headings_in(marc))
    return (rows[-1].id if rows else 0), wrong
