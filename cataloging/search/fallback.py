"""Searching in the database while there is no index: slower, no facets, but an answer.

Words are found in title, author and publisher, without marks. The site tells staff that the index
is missing (``SearchResult.mode``).
"""

from collections.abc import Iterator
from typing import Any

from sqlalchemy import Select, exists, func, or_, select
from sqlalchemy.orm import Session

from cataloging.models import Item, Record, RecordIdentifier
from cataloging.search.chosen import year_spans
from cataloging.search.fulltext import with_words
from cataloging.search.lookup import copy_number, records_of_number
from cataloging.search.parse import Parsed, parse
from cataloging.search.request import DATABASE, SearchRequest, SearchResult
from ils.core.db import in_parts

_ORDERS: dict[str, Any] = {
    "newest": (Record.id.desc(),),
    "title": (Record.title_sort, Record.id),
    "author": (Record.author_sort == "", Record.author_sort, Record.title_sort),
    "year": (Record.year.is_(None), Record.year.desc(), Record.id.desc()),
    "oldest": (Record.year.is_(None), Record.year, Record.id),
    "relevance": (Record.title_sort, Record.id),
}


def search(session: Session, request: SearchRequest) -> SearchResult:
    """Answer a request from the database."""
    number, certain = copy_number(request.query)
    ids = _of_number(session, request, number) if number else ()
    if ids and certain:
        return _result(request, len(ids), ids[: request.page_size])
    matching = _matching(session, request, parse(request.query))
    total = session.scalar(select(func.count()).select_from(matching.subquery())) or 0
    if not total and ids:
        return _result(request, len(ids), ids[: request.page_size])
    page = (
        matching.order_by(*_ORDERS[request.sort])
        .limit(request.page_size)
        .offset((request.page - 1) * request.page_size)
    )
    return _result(request, total, tuple(session.scalars(page)))


def matching_ids(session: Session, request: SearchRequest) -> Iterator[int]:
    """Yield the ids of everything found, in ascending order."""
    query = _matching(session, request, parse(request.query))
    for (record_id,) in in_parts(session, query, Record.id):
        yield record_id


def _result(request: SearchRequest, total: int, ids: tuple[int, ...]) -> SearchResult:
    pages = max(1, -(-total // request.page_size))
    return SearchResult(total=total, page=request.page, pages=pages, ids=ids, mode=DATABASE)


def _of_number(session: Session, request: SearchRequest, number: str) -> tuple[int, ...]:
    ids = records_of_number(session, number, hidden=request.hidden)
    within = _within(select(Record.id).where(Record.id.in_(ids)), request)
    kept = set(session.scalars(within)) if ids else set()
    return tuple(one for one in ids if one in kept)


def _matching(session: Session, request: SearchRequest, parsed: Parsed) -> Select[int]:
    query = with_words(session, _within(select(Record.id), request), parsed)
    for name, keys in parsed.numbers:
        query = query.where(_has_number(name, keys))
    if parsed.years:
        query = query.where(Record.year.between(*parsed.years))
    return query


def _has_number(name: str, keys: tuple[str, ...]) -> Any:
    if name == "control":
        return func.upper(Record.control_number).in_(keys)
    schemes = ("isbn", "gtin") if name == "isbn" else (name,)
    return exists().where(
        RecordIdentifier.record_id == Record.id,
        RecordIdentifier.scheme.in_(schemes),
        func.replace(RecordIdentifier.value, "-", "").in_(keys),
    )


def _within(query: Select[int], request: SearchRequest) -> Select[int]:
    """Keep the scope, and those chosen values that columns can answer."""
    query = query.where(Record.deleted_at.is_(None))
    if not request.hidden:
        query = query.where(Record.suppressed.is_(False))
    chosen = [int(v) for v in request.filters.get("library", ()) if v.isdecimal()]
    for units in ([request.library_id] if request.library_id is not None else [], chosen):
        if units:
            query = query.where(_has_copies_in(units))
    for name, column in (
        ("language", Record.language),
        ("material", Record.material),
        ("author", Record.author),
        ("audience", Record.audience),
    ):
        if request.filters.get(name):
            query = query.where(column.in_(request.filters[name]))
    spans = list(year_spans(request.filters.get("year", ())))
    return query.where(or_(*(Record.year.between(*span) for span in spans))) if spans else query


def _has_copies_in(units: list[int]) -> Any:
    return exists().where(
        Item.record_id == Record.id,
        Item.owner_id.in_(units) | Item.branch_id.in_(units),
        Item.lifecycle != "withdrawn",
    )
