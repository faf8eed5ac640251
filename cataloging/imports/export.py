"""Giving records out: any search or a whole catalogue, one after another, with constant memory."""

from collections.abc import Iterable, Iterator
from itertools import islice

from sqlalchemy import select
from sqlalchemy.orm import Session

from cataloging.marc.model import Marc
from cataloging.models import Item, Record
from cataloging.search import SearchRequest, matching_ids

BATCH = 500


def records_of(
    session: Session, *, library_id: int | None = None, query: str = "", hidden: bool = True
) -> Iterator[Marc]:
    """Yield the MARC of records in order of their ids.

    ``library_id`` limits to titles a library has copies of, ``query`` to what a search finds;
    ``hidden`` also gives records kept from the public.
    """
    if query:
        request = SearchRequest(query=query, library_id=library_id, hidden=hidden)
        for part in batched(matching_ids(session, request), BATCH):
            wanted = select(Record.marc).where(Record.id.in_(part), Record.deleted_at.is_(None))
            yield from session.scalars(wanted.order_by(Record.id))
        return
    last = 0
    while True:
        select_some = select(Record.id, Record.marc).where(
            Record.id > last, Record.deleted_at.is_(None)
        )
        if library_id is not None:
            held = select(Item.id).where(
                Item.record_id == Record.id,
                Item.owner_id == library_id,
                Item.lifecycle != "withdrawn",
            )
            select_some = select_some.where(held.exists())
        if not hidden:
            select_some = select_some.where(Record.suppressed.is_(False))
        rows = session.execute(select_some.order_by(Record.id).limit(BATCH)).all()
        if not rows:
            return
        last = rows[-1][0]
        for _, marc in rows:
            yield marc


def batched(ids: Iterable[int], size: int) -> Iterator[list[int]]:
    """Yield lists of up to ``size``."""
    rest = iter(ids)
    while part := list(islice(rest, size)):
        yield part
