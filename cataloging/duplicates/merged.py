"""Where a record went that was merged into another."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from sqlalchemy import Row, select
from sqlalchemy.orm import Session

from cataloging.duplicates.models import RecordMerge
from cataloging.models import Record
from ils.core.errors import NotFound


class RecordMerged(NotFound):
    """The record was merged; ``facts['into']`` is the one that stayed. A page leads on to it."""


@dataclass(frozen=True)
class Went:
    """What a merge moved: copies, holds, rows of other tables; ``back``: copies that an undo gave
    back, None while the merge stands."""

    change_set_id: int
    kept_id: int
    gone_id: int
    title: str
    copies: int
    holds: int
    rows: int
    back: int | None


def went_in(session: Session, change_set_ids: Collection[int]) -> list[Went]:
    """Return what the merges of change sets moved, also of those undone."""
    rows = session.execute(
        select(RecordMerge, Record.title)
        .join(Record, Record.id == RecordMerge.gone_id)
        .where(RecordMerge.change_set_id.in_(change_set_ids))
        .order_by(RecordMerge.id)
    )
    return [_went(merge, title) for merge, title in rows]


def _went(merge: RecordMerge, title: str) -> Went:
    moved = merge.moved
    copies = len(moved.get("items", ()))
    tables = moved.get("rows", {}).values()
    readers = moved.get("readers", {})
    return Went(
        change_set_id=merge.change_set_id,
        kept_id=merge.kept_id,
        gone_id=merge.gone_id,
        title=title,
        copies=copies,
        holds=len(readers.get("holds", ())) + len(readers.get("joined", ())),
        rows=sum(len(one["moved"]) + len(one["doubled"]) for one in tables),
        # Merges undone before that was kept gave all of them back.
        back=moved.get("back", copies) if merge.undone_at is not None else None,
    )


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
