"""Which records are given out: all, those of a search, or those named; one after another, with
constant memory."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Any, TypeVar

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session

from cataloging.hooks import holdings_of
from cataloging.marc.model import Marc
from cataloging.models import Item, Record
from cataloging.search import SearchRequest, matching_ids

BATCH = 500
T = TypeVar("T")
Row = tuple[int, Marc]  # id of the record, its content


@dataclass(frozen=True)
class Chosen:
    """Records of a search (words, facets), of a library (titles it has copies of), or by ``ids``.

    Nothing chosen means all. ``hidden`` gives those kept from the public too.
    """

    query: str = ""
    library_id: int | None = None
    filters: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    ids: tuple[int, ...] | None = None
    hidden: bool = True


def rows_of(session: Session, chosen: Chosen) -> Iterator[Row]:
    """Yield the records chosen in order of their ids."""
    if chosen.ids is None and not chosen.query and not chosen.filters:
        yield from _table(session, chosen)
        return
    for part in batched(ids_of(session, chosen), BATCH):
        wanted = select(Record.id, Record.marc).where(
            Record.id.in_(part), Record.deleted_at.is_(None)
        )
        if not chosen.hidden:
            wanted = wanted.where(Record.suppressed.is_(False))
        yield from _with_holdings(session, session.execute(wanted.order_by(Record.id)).all())


def ids_of(session: Session, chosen: Chosen) -> Iterable[int]:
    """Yield the ids of the records chosen, in their order."""
    if chosen.ids is not None:
        return sorted(set(chosen.ids))
    if chosen.query or chosen.filters:
        return matching_ids(
            session,
            SearchRequest(
                query=chosen.query,
                library_id=chosen.library_id,
                filters=chosen.filters,
                hidden=chosen.hidden,
            ),
        )
    return _table_ids(session, chosen)


def how_many(session: Session, chosen: Chosen) -> int:
    """Return how many records are chosen."""
    if chosen.ids is not None:
        parts = batched(chosen.ids, BATCH)
        return sum(session.scalar(_counted(chosen, part)) or 0 for part in parts)
    if chosen.query or chosen.filters:
        return sum(1 for _id in ids_of(session, chosen))
    return session.scalar(_counted(chosen)) or 0


def _counted(chosen: Chosen, ids: list[int] | None = None) -> Any:
    query = select(func.count()).select_from(Record).where(*_conditions(chosen))
    return query if ids is None else query.where(Record.id.in_(ids))


def _conditions(chosen: Chosen) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = [Record.deleted_at.is_(None)]
    if chosen.library_id is not None:
        held = select(Item.id).where(
            Item.record_id == Record.id,
            Item.owner_id == chosen.library_id,
            Item.lifecycle != "withdrawn",
        )
        found.append(held.exists())
    if not chosen.hidden:
        found.append(Record.suppressed.is_(False))
    return found


def _table(session: Session, chosen: Chosen) -> Iterator[Row]:
    last = 0
    while True:
        some = select(Record.id, Record.marc).where(Record.id > last, *_conditions(chosen))
        rows = session.execute(some.order_by(Record.id).limit(BATCH)).all()
        if not rows:
            return
        last = rows[-1][0]
        yield from _with_holdings(session, rows)


def _with_holdings(session: Session, rows: Sequence[Any]) -> Iterator[Row]:
    """Add what is held of newspapers and magazines, at its place among the fields.

    The same field that came with the record from elsewhere is not doubled.
    """
    held = holdings_of(session, [record_id for record_id, _marc in rows])
    for record_id, marc in rows:
        more = [one for one in held.get(record_id, ()) if one not in marc["fields"]]
        if not more:
            yield record_id, marc
            continue
        fields = list(marc["fields"])
        at = next((n for n, one in enumerate(fields) if next(iter(one)) > "866"), len(fields))
        yield record_id, {"leader": marc["leader"], "fields": [*fields[:at], *more, *fields[at:]]}


def _table_ids(session: Session, chosen: Chosen) -> Iterator[int]:
    last = 0
    while True:
        some = select(Record.id).where(Record.id > last, *_conditions(chosen))
        ids = session.scalars(some.order_by(Record.id).limit(10 * BATCH)).all()
        if not ids:
            return
        last = ids[-1]
        yield from ids


def batched(some: Iterable[T], size: int) -> Iterator[list[T]]:
    """Yield lists of up to ``size``."""
    rest = iter(some)
    while part := list(islice(rest, size)):
        yield part
