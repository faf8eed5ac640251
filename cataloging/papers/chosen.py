"""Which titles a paper is made of: those named, those found, or those that came in a period."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import islice

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session

from cataloging.marc.model import Marc
from cataloging.models import Collection, Item, Record
from cataloging.search import SearchRequest, matching_ids
from ils.core.errors import Invalid

MOST = 2000  # titles on one paper


@dataclass(frozen=True)
class Copy:
    """A copy of a title: its accession number and the stock (kho) it stands in."""

    number: str
    stock: str


@dataclass(frozen=True)
class Title:
    """A record as papers take it, with the copies of the library that prints."""

    id: int
    marc: Marc
    title: str
    title_sort: str
    author: str
    author_sort: str
    main_class: str
    class_number: str
    call_number: str
    copies: tuple[Copy, ...]


def titles_named(session: Session, library_id: int, ids: Sequence[int]) -> list[Title]:
    """Return titles by the ids of their records, in the order given."""
    known = {one.id: one for one in _read(session, library_id, ids)}
    return [known[i] for i in dict.fromkeys(ids) if i in known]


def titles_found(session: Session, library_id: int, query: str) -> list[Title]:
    """Return what a search finds in the stock of a library."""
    asked = SearchRequest(query=query, library_id=library_id, hidden=True)
    return _read(session, library_id, list(islice(matching_ids(session, asked), MOST + 1)))


def titles_entered(
    session: Session, library_id: int, first: date, last: date, collection_id: int | None = None
) -> list[Title]:
    """Return the titles of which the library entered copies between two days, both counted."""
    if first > last:
        raise Invalid("period_backward", field="until")
    wanted = [Item.owner_id == library_id, Item.accessioned_on.between(first, last), _IN_STOCK]
    if collection_id is not None:
        wanted.append(Item.collection_id == collection_id)
    ids = session.scalars(select(Item.record_id).where(*wanted).distinct().limit(MOST + 1)).all()
    return _read(session, library_id, ids, *wanted)


_IN_STOCK = Item.lifecycle != "withdrawn"


def _read(
    session: Session, library_id: int, ids: Iterable[int], *wanted: ColumnElement[bool]
) -> list[Title]:
    """Read titles with their copies. Raises ``Invalid`` for more than a paper holds."""
    chosen = list(dict.fromkeys(ids))
    if len(chosen) > MOST:
        raise Invalid("too_many_titles", most=MOST)
    copies = _copies(session, chosen, wanted or (Item.owner_id == library_id, _IN_STOCK))
    rows = session.scalars(
        select(Record).where(Record.id.in_(chosen), Record.deleted_at.is_(None))
    ).all()
    return [
        Title(
            id=row.id,
            marc=row.marc,  # type: ignore[arg-type]
            title=row.title,
            title_sort=row.title_sort,
            author=row.author,
            author_sort=row.author_sort,
            main_class=row.main_class or "x",
            class_number=row.class_number,
            call_number=row.call_number,
            copies=tuple(copies.get(row.id, ())),
        )
        for row in rows
    ]


def _copies(
    session: Session, ids: Sequence[int], wanted: Sequence[ColumnElement[bool]]
) -> dict[int, list[Copy]]:
    found: dict[int, list[Copy]] = {}
    rows = session.execute(
        select(Item.record_id, Item.accession_no, Item.barcode, Collection.name)
        .outerjoin(Collection, Collection.id == Item.collection_id)
        .where(Item.record_id.in_(ids), *wanted)
        .order_by(Item.register_id, Item.serial, Item.id)
    )
    for record_id, number, barcode, stock in rows:
        found.setdefault(record_id, []).append(Copy(number or barcode or "", stock or ""))
    return found
