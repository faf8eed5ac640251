"""Newspapers that were made one with their records, two again.

What was moved goes back where it still is; what came since stays with the title that stayed, and
so does an issue that was bound since. Terms and patterns of that one are given back unless somebody
changed them meanwhile. Imports nothing that writes records, which undo themselves through it.
"""

from collections.abc import Iterable
from typing import Any

from sqlalchemy import delete, insert, select, update
from sqlalchemy.orm import Session

from cataloging.duplicates.pointers import plain_row, typed_row
from cataloging.serials.models import (
    SerialIssue,
    SerialPattern,
    SerialTitle,
    SerialVolume,
    SerialVolumeIssue,
)

OWN = ("id", "serial_id")


def patterns_as_told(session: Session, serial_id: int) -> list[dict[str, Any]]:
    """Return the patterns of a title as they are kept with a merge."""
    rows = session.scalars(
        select(SerialPattern)
        .where(SerialPattern.serial_id == serial_id)
        .order_by(SerialPattern.begins)
    )
    return [{k: v for k, v in plain_row(row).items() if k not in OWN} for row in rows]


def part_twins(session: Session, told: Iterable[dict[str, Any]]) -> None:
    """Take titles apart again that ``joining`` made one."""
    session.flush()
    for one in told:
        _part(session, one)
    session.expire_all()


def _part(session: Session, told: dict[str, Any]) -> None:
    kept = session.get(SerialTitle, told["kept"], populate_existing=True)
    row = typed_row(SerialTitle.__table__, told["row"])  # type: ignore[arg-type]
    if session.get(SerialTitle, row["id"]) is not None:  # SQLite gave its number away
        del row["id"]
    gone = SerialTitle(**row)
    session.add(gone)
    session.flush()
    _set_patterns(session, gone.id, told["patterns_gone"])
    if kept is None:
        return
    volumes = SerialVolume.id.in_(told["volumes"]), SerialVolume.serial_id == kept.id
    session.execute(update(SerialVolume).where(*volumes).values(serial_id=gone.id))
    bound = (
        select(SerialVolumeIssue.issue_id)
        .join(SerialVolume, SerialVolume.id == SerialVolumeIssue.volume_id)
        .where(SerialVolume.serial_id == kept.id)
    )
    issues = SerialIssue.id.in_(told["issues"]), SerialIssue.serial_id == kept.id
    session.execute(
        update(SerialIssue)
        .where(*issues, SerialIssue.id.not_in(bound))
        .values(serial_id=gone.id)
        .execution_options(synchronize_session=False)
    )
    if patterns_as_told(session, kept.id) == told["patterns_after"]:
        _set_patterns(session, kept.id, told["patterns"])
    now = plain_row(kept)
    before = typed_row(SerialTitle.__table__, told["before"])  # type: ignore[arg-type]
    for name, value in before.items():
        if now[name] == told["after"][name]:
            setattr(kept, name, value)
    session.flush()


def _set_patterns(session: Session, serial_id: int, rows: Iterable[dict[str, Any]]) -> None:
    table: Any = SerialPattern.__table__
    session.execute(delete(SerialPattern).where(SerialPattern.serial_id == serial_id))
    for row in rows:
        session.execute(insert(table).values(**typed_row(table, row), serial_id=serial_id))
