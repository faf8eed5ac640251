"""What a list is asked for, and how a list describes itself. No page, no paper is known here."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

from ils.printing.listing import Column

Row = dict[str, Any]
Query = Select[*tuple[Any, ...]]


@dataclass(frozen=True)
class Asked:
    """Which rows are wanted: of which branches, between which days, and other words typed.

    ``branches`` are ids the actor may see; a list never looks beyond them.
    """

    library_id: int
    branches: tuple[int, ...]
    today: date
    first: date | None = None
    last: date | None = None
    category: str = ""
    item_type: str = ""
    school_class: str = ""
    at_least: int = 0
    state: str = ""


@dataclass(frozen=True)
class RegisterList:
    """A list: its words, columns, and the query whose labels are the columns' keys.

    ``filters`` name the boxes offered; ``sorts`` say by what a column sorts; ``complete`` adds what
    SQL cannot say to the rows of a page. ``title_vi`` heads the paper.
    """

    code: str
    title: Any
    title_vi: str
    lead: Any
    columns: Sequence[Column]
    query: Callable[[Asked], Query]
    sorts: Mapping[str, Sequence[Any]]
    by_default: Sequence[Any]
    filters: Sequence[str] = ("branch",)
    complete: Callable[[Session, Asked, list[Row]], None] | None = None
    first_days: int | None = None  # how far back the list looks when no days are given
    about: Sequence[str] = field(default_factory=tuple)
    signers: Sequence[str] = ("Người lập biểu", "Phụ trách thư viện")


MOST_PRINTED = 5000


def how_many(session: Session, one: RegisterList, asked: Asked) -> int:
    """Return how many rows a list has."""
    inner = one.query(asked).order_by(None).subquery()
    return session.scalar(select(func.count()).select_from(inner)) or 0


def rows_of(
    session: Session,
    one: RegisterList,
    asked: Asked,
    *,
    sort: str = "",
    limit: int,
    offset: int = 0,
) -> list[Row]:
    """Return rows of a list, sorted by a column (``-key``: downward), else by its own order."""
    order = list(one.by_default)
    chosen = one.sorts.get(sort.removeprefix("-"))
    if chosen:
        order = [c.desc() if sort.startswith("-") else c.asc() for c in chosen] + order
    query = one.query(asked).order_by(*order).limit(limit).offset(offset)
    found = [dict(row) for row in session.execute(query).mappings()]
    if one.complete is not None:
        one.complete(session, asked, found)
    return found
