"""Books to show: the newest and the most read of a library, kept for some minutes."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, TypeVar

from markupsafe import Markup
from sqlalchemy import Row, func, select
from sqlalchemy.orm import Session

from cataloging.models import Item, Record
from circulation.models import Loan
from ils.core import clock
from ils.core.config import config
from ils.org.models import OrgUnit
from ils.text.normal import fold, is_marked
from ils.web.covers import cover_svg
from opac.site import Site

KEEP_SECONDS = 300
READ_DAYS = 90


@dataclass(frozen=True)
class Book:
    """A title as shelves and lists show it."""

    id: int
    title: str
    author: str
    year: int | None
    class_number: str
    material: str = "book"

    @property
    def cover(self) -> Markup:
        """The drawn cover, to be set into a page."""
        # cover_svg escapes the words it sets
        return Markup(cover_svg(self.title, self.author, self.class_number, self.id))


def books(session: Session, record_ids: Sequence[int]) -> list[Book]:
    """Return titles in the order asked for; hidden and deleted ones are left out."""
    rows = {row.id: row for row in session.execute(_brief().where(Record.id.in_(record_ids)))}
    return [_book(rows[rid]) for rid in record_ids if rid in rows]


def newest(session: Session, site: Site, most: int = 12) -> list[Book]:
    """Return the titles of which copies came last into the libraries of a site."""
    return _kept(f"new:{site.id}:{most}", lambda: _newest(session, site, most))


def most_read(session: Session, site: Site, most: int = 12) -> list[Book]:
    """Return the titles lent most in the last three months."""
    return _kept(f"read:{site.id}:{most}", lambda: _most_read(session, site, most))


def examples(shown: Sequence[Book]) -> list[str]:
    """Return words to try that find something here: a title and another's author, without marks."""
    marked = [book for book in shown if is_marked(book.title)]
    found = [fold(book.title) for book in marked[:1]]
    found += [fold(book.author) for book in marked[1:] if is_marked(book.author)][:1]
    return found


def _brief() -> Any:
    return select(
        Record.id, Record.title, Record.author, Record.year, Record.class_number, Record.material
    ).where(Record.deleted_at.is_(None), Record.suppressed.is_(False))


def _book(row: Row[Any]) -> Book:
    return Book(row.id, row.title, row.author, row.year, row.class_number, row.material)


def _newest(session: Session, site: Site, most: int) -> list[Book]:
    query = (
        select(Item.record_id)
        .where(Item.lifecycle.in_(("active", "in_process")), Item.opening_balance.is_(False))
        .order_by(Item.accessioned_on.desc().nulls_last(), Item.id.desc())
        .limit(most * 12)
    )
    if site.library_id is not None:
        query = query.where(Item.owner_id == site.library_id)
    found = books(session, list(dict.fromkeys(session.scalars(query))))
    return found[:most]


def _most_read(session: Session, site: Site, most: int) -> list[Book]:
    branches = select(OrgUnit.id).where(OrgUnit.path.startswith(site.path))
    query = (
        select(Loan.record_id)
        .where(
            Loan.branch_id.in_(branches),
            Loan.started_on >= clock.today() - timedelta(days=READ_DAYS),
            Loan.kind == "home",
        )
        .group_by(Loan.record_id)
        .order_by(func.count().desc(), Loan.record_id.desc())
        .limit(most * 2)
    )
    return books(session, list(session.scalars(query)))[:most]


T = TypeVar("T")
_keep: dict[str, tuple[float, object]] = {}


def _kept(key: str, make: Callable[[], T]) -> T:
    """Return a value made at most some minutes ago; tests always make it anew."""
    if config().testing:
        return make()
    now = time.monotonic()
    found = _keep.get(key)
    if found is not None and now - found[0] < KEEP_SECONDS:
        return found[1]  # type: ignore[return-value]
    made = make()
    _keep[key] = (now, made)
    return made
