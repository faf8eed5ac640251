"""Where a record went that was merged into another."""

from collections.abc import Collection, Sequence

from sqlalchemy import Row, select
from sqlalchemy.orm import Session

from cataloging.duplicates.models import RecordMerge
from cataloging.models import Record
from ils.core.errors import NotFound


class RecordMerged(NotFound):
    """The record was merged; ``facts['into']`` is the one that stayed. A page leads on to it."""


def where_now(session: Session, record_id: int) -> int | None:
    """Return the record that one set aside was merged into, in the end; None where it was not."""
    found, at = None, record_id
    while (at := _next(session, at)) is not None:  # type: ignore[assignment]
        found = at
    return found


def _next(session: Session, record_id: int) -> int | None:
    return session.scalar(
        select(RecordMerge.kept_id).where(
            RecordMerge.gone_id == record_id, RecordMerge.undone_at.is_(None)
        )
    )


def where_all_now(session: Session, record_ids: Collection[int]) -> dict[int, int]:
    """Return, of records that were merged, the ones they are now."""
    rows = session.scalars(
        select(RecordMerge.gone_id).where(
            RecordMerge.gone_id.in_(record_ids), RecordMerge.undone_at.is_(None)
        )
    )
    return {one: now for one in rows if (now := where_now(session, one)) is not None}


def lead_on(session: Session, record_id: int) -> None:
    """Raise ``RecordMerged`` where a record was merged into another."""
    into = where_now(session, record_id)
    if into is not None:
        raise RecordMerged("record_merged", record_id=record_id, into=into)


def merged_into(session: Session, record_id: int) -> Sequence[Row[RecordMerge, str]]:
    """Return what was merged into a record and still is: the merge, and the title set aside."""
    return session.execute(
        select(RecordMerge, Record.title)
        .join(Record, Record.id == RecordMerge.gone_id)
        .where(RecordMerge.kept_id == record_id, RecordMerge.undone_at.is_(None))
        .order_by(RecordMerge.id)
    ).all()
