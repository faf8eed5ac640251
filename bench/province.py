"""A province for the benches: libraries, branches, desks with staff, books, copies, readers."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from random import Random
from typing import Any, Final

from sqlalchemy import insert
from sqlalchemy.orm import Session

import circulation.lending
from bench.books import FAMILIES, GIVENS, MIDDLES, SEED, Book, book, marc_of
from cataloging.marc.project import project
from cataloging.models import Barcode, Item, ItemType
from cataloging.records import create_records, new_change_set
from circulation.models import PolicyRow
from circulation.patrons.cards import issue_card
from circulation.patrons.models import PatronCategory
from circulation.patrons.patrons import PatronFacts, register_patron
from ils.accounts.actor import system_actor
from ils.accounts.staff import create_staff
from ils.core import clock
from ils.core.db import transaction
from ils.org.units import NewUnit, found_unit

LONG_AGO: Final = date(2020, 1, 1)
PASSWORD: Final = "mat-khau-do-thu"
AT_ONCE: Final = 1000

Tell = Callable[[int, int], None]


@dataclass(frozen=True)
class Library:
    """A library of the province, by ids; the slug is its address on the public site."""

    id: int
    slug: str
    branches: tuple[int, ...]


@dataclass(frozen=True)
class Reader:
    """A registered patron and the number on the card."""

    id: int
    card: str


def found_province(libraries: int, branches: int = 2) -> list[Library]:
    """Found a province with code lists and one generous lending rule."""
    circulation.lending.register()
    with transaction() as session:
        top = found_unit(session, _unit("province", "T", "tinh", "Thư viện tỉnh"))
        session.add_all(
            [
                ItemType(code="book", name="Sách", name_en="Book"),
                PatronCategory(code="adult", name="Người lớn", name_en="Adult"),
                PolicyRow(unit_id=top.id, values={"limit_total": 500}),
            ]
        )
        session.flush()
        found = []
        for n in range(1, libraries + 1):
            above = found_unit(
                session, _unit("library", f"L{n}", f"thu-vien-{n}", f"Thư viện huyện {n}"), top
            )
            below = [
                found_unit(
                    session, _unit("branch", f"L{n}B{b}", f"l{n}b{b}", f"Phòng mượn {n}.{b}"), above
                )
                for b in range(1, branches + 1)
            ]
            found.append(Library(above.id, above.slug, tuple(one.id for one in below)))
    return found


def _unit(kind: str, code: str, slug: str, name: str) -> NewUnit:
    return NewUnit(kind, code, slug, name, population=90_000, valid_from=LONG_AGO)


def stock(libraries: list[Library], records: int, tell: Tell = lambda done, total: None) -> None:
    """Store so many books through the catalogue's writer, each with one copy, some with two."""
    for first in range(0, records, AT_ONCE):
        with transaction() as session:
            _store(session, libraries, range(first, min(records, first + AT_ONCE)))
        tell(min(records, first + AT_ONCE), records)


def _store(session: Session, libraries: list[Library], numbers: range) -> None:
    actor = system_actor()
    books = [book(n) for n in numbers]
    new = [(marc, project(marc)) for marc in map(marc_of, books)]
    change_set = new_change_set(session, actor, "import", "bench")
    ids = create_records(session, actor, new, change_set)
    rows = [row for one in zip(books, ids, strict=True) for row in _copies(libraries, *one)]
    table: Any = Item.__table__
    made = session.execute(insert(table).returning(table.c.id, sort_by_parameter_order=True), rows)
    barcodes: Any = Barcode.__table__
    session.execute(
        insert(barcodes),
        [
            {"value": row["barcode"], "item_id": item_id}
            for row, item_id in zip(rows, made.scalars(), strict=True)
        ],
    )


def _copies(libraries: list[Library], one: Book, record_id: int) -> Iterator[dict[str, Any]]:
    """Yield the rows of a book's copies: every fourth book stands in two libraries."""
    for copy in range(2 if one.number % 4 == 0 else 1):
        library = libraries[(one.number + copy) % len(libraries)]
        branch = library.branches[one.number // len(libraries) % len(library.branches)]
        barcode = one.barcode if copy == 0 else f"{one.barcode}-2"
        yield {
            "record_id": record_id,
            "owner_id": library.id,
            "branch_id": branch,
            "located_id": branch,
            "issuing_library_id": library.id,
            "accession_no": barcode,
            "accession_key": barcode.replace("-", ""),
            "barcode": barcode,
            "call_number": one.call_number,
            "price": 50_000,
            "accessioned_on": LONG_AGO,
        }


def register_readers(library: Library, count: int) -> list[Reader]:
    """Register readers with cards, at the branches of a library in turn."""
    dice, found = Random(SEED), []
    for first in range(0, count, 200):
        with transaction() as session:
            for n in range(first, min(count, first + 200)):
                facts = PatronFacts(
                    name=f"{dice.choice(FAMILIES)} {dice.choice(MIDDLES)} {dice.choice(GIVENS)}",
                    category="adult",
                    branch_id=library.branches[n % len(library.branches)],
                    born_on=date(1960, 1, 1) + timedelta(days=dice.randrange(15_000)),
                )
                patron = register_patron(session, system_actor(), facts)
                card = issue_card(
                    session,
                    system_actor(),
                    patron.id,
                    expires_on=clock.today() + timedelta(days=900),
                )
                found.append(Reader(patron.id, card.number))
    return found


def hire(library: Library, count: int) -> list[str]:
    """Make accounts for the desks of a library, one at each branch in turn; return their names."""
    names = [f"quay{n}" for n in range(1, count + 1)]
    with transaction() as session:
        for n, name in enumerate(names):
            create_staff(
                session,
                system_actor(),
                username=name,
                name=f"Quầy {n + 1}",
                password=PASSWORD,
                home_unit_id=library.branches[n % len(library.branches)],
                role="clerk",
                must_change=False,
            )
    return names
