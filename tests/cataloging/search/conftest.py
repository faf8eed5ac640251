"""A catalogue of known books, indexed once for all tests that only read it."""

import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from cataloging.marc.project import project
from cataloging.records import create_records, new_change_set
from cataloging.search import SearchRequest, SearchResult, follow, index, search
from ils.accounts.actor import system_actor
from ils.core import db
from ils.core.config import Config, use
from tests.cataloging.search.corpus import BOOKS, marc_of
from tests.factories import Province, create_item, create_province


@dataclass(frozen=True)
class Catalog:
    """Where the catalogue lies and what is in it."""

    folder: Path
    ids: dict[str, int]  # key of a book → record id
    keys: dict[int, str]
    province: Province


def store_books(books: tuple[tuple[str, ...], ...]) -> dict[str, int]:
    """Store books of the list; return their record ids by key."""
    with db.transaction() as session:
        actor = system_actor()
        change_set = new_change_set(session, actor, "import", "test")
        marcs = [marc_of(book) for book in books]
        new = [(marc, project(marc)) for marc in marcs]
        made = create_records(session, actor, new, change_set)
    return {book[0]: one for book, one in zip(books, made, strict=True)}


@pytest.fixture(scope="module")
def catalog(tmp_path_factory: pytest.TempPathFactory, _sqlite_template: Path) -> Iterator[Catalog]:
    """All books of the list, some with copies in two libraries, indexed."""
    folder = tmp_path_factory.mktemp("catalog")
    shutil.copyfile(_sqlite_template, folder / "sen.db")
    use(Config(data_dir=folder, secret_key="test", testing=True))
    db.connect()
    ids = store_books(BOOKS)
    with db.transaction() as session:
        province = create_province(session)
        for key in ("de_men", "mat_biec", "kieu"):
            create_item(session, province.branch, record=_record(session, ids[key]))
        create_item(session, province.foreign_branch, record=_record(session, ids["kieu"]))
        lost = _record(session, ids["so_do"])
        create_item(session, province.branch, record=lost, lifecycle="lost")
    follow.ensure()
    db.disconnect()
    yield Catalog(folder, ids, {one: key for key, one in ids.items()}, province)
    index.close_readers()


def _record(session, record_id):
    from cataloging.models import Record

    return session.get_one(Record, record_id)


@pytest.fixture
def bound(catalog: Catalog) -> Iterator[Catalog]:
    """Bind the process to the catalogue of known books."""
    use(Config(data_dir=catalog.folder, secret_key="test", testing=True))
    db.connect()
    yield catalog
    db.disconnect()


@pytest.fixture
def ask(bound: Catalog) -> Callable[..., SearchResult]:
    """Search the catalogue: ``ask("so do", facets=True)``."""

    def asked(query: str = "", **more) -> SearchResult:
        with db.reading() as session:
            return search(session, SearchRequest(query=query, **more))

    return asked


@pytest.fixture
def found(ask: Callable[..., SearchResult], bound: Catalog) -> Callable[..., list[str]]:
    """Search and return the keys of the books found, in order."""

    def keys(query: str = "", **more) -> list[str]:
        return [bound.keys[one] for one in ask(query, **more).ids]

    return keys
