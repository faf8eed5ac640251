"""Entering the sample's records and copies through the cataloging use cases, with the clock set."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from itertools import groupby

from sqlalchemy import select
from sqlalchemy.orm import Session

from cataloging.change_sets import new_change_set
from cataloging.items import EDITABLE_LIFECYCLES, CopyFacts, add_items
from cataloging.models import ChangeSet, Collection, Register
from cataloging.records import create_record
from cataloging.title_code import title_code
from circulation.sample.books import Book, to_marc
from circulation.sample.province import Units, data
from circulation.sample.stock import Copy
from ils.accounts.actor import Actor
from ils.core import clock
from ils.text.normal import fold

LENT = ("book", "comic", "textbook")


@dataclass(frozen=True)
class Held:
    """A copy as the made-up readers see it on the shelf."""

    item_id: int
    record_id: int
    barcode: str
    branch: str
    library: str
    item_type: str
    volume: str
    child: bool
    lendable: bool
    reading_room: bool
    rank: int  # of the title's popularity, 1 is the most wanted


@dataclass
class Catalog:
    """What was entered so far: the records by position in the list of books, and the copies."""

    units: Units
    cataloguer: Actor
    books: tuple[Book, ...]
    ranks: list[int]
    collections: dict[tuple[int, str], int]
    registers: dict[tuple[int, str], int]
    records: dict[int, int]

    @classmethod
    def begin(
        cls, session: Session, units: Units, actor: Actor, books: tuple[Book, ...], ranks: list[int]
    ) -> "Catalog":
        """Begin with the stock collections and registers of the libraries."""
        found = session.execute(select(Collection.library_id, Collection.code, Collection.id))
        collections = {(library, code): id_ for library, code, id_ in found}
        rows = session.execute(select(Register.library_id, Register.prefix, Register.id))
        registers = {(library, prefix): id_ for library, prefix, id_ in rows}
        return cls(units, actor, books, ranks, collections, registers, {})

    def enter(self, session: Session, copies: Iterable[Copy]) -> list[Held]:
        """Enter copies that came together, and the records they need; the clock is theirs."""
        batch = new_change_set(session, self.cataloguer, "batch", "Dữ liệu mẫu")
        return [self._enter_one(session, copy, batch) for copy in copies]

    def _enter_one(self, session: Session, copy: Copy, batch: ChangeSet) -> Held:
        library = self.units[copy.library]
        facts = CopyFacts(
            branch_id=self.units[copy.branch].id,
            item_type=copy.item_type,
            collection_id=self.collections[library.id, copy.collection],
            volume_key=copy.volume,
            use=copy.use,
            lifecycle=copy.lifecycle if copy.lifecycle in EDITABLE_LIFECYCLES else "active",
            price=copy.price,
            source=copy.source,
            voucher=copy.voucher,
        )
        [item] = add_items(
            session,
            self.cataloguer,
            self._record(session, copy.book, batch),
            facts,
            register_id=self.registers[library.id, _prefix(copy)],
            accessioned_on=copy.accessioned_on,
            opening_balance=copy.opening,
            change_set=batch,
        )
        item.lifecycle = copy.lifecycle  # also what no form says: missing since before this program
        return Held(
            item_id=item.id,
            record_id=item.record_id,
            barcode=item.barcode or "",
            branch=copy.branch,
            library=copy.library,
            item_type=copy.item_type,
            volume=copy.volume,
            child=self.books[copy.book].child,
            lendable=copy.use == "loan" and copy.lifecycle == "active" and copy.item_type in LENT,
            reading_room=copy.use == "reading_room" and copy.lifecycle == "active",
            rank=self.ranks[copy.book],
        )

    def _record(self, session: Session, book: int, batch: ChangeSet) -> int:
        if book not in self.records:
            entered = f"{clock.today():%y%m%d}"
            code = label_code(self.books[book].title)
            marc = to_marc(self.books[book], f"SH{book + 1:05d}", entered, code)
            made = create_record(
                session, self.cataloguer, marc, why="Dữ liệu mẫu", change_set=batch
            )
            self.records[book] = made.id
        return self.records[book]


def label_code(title: str) -> str:
    """Return what stands under the class on the spine: three letters where the table has no code,
    as catalogers do for foreign names.
    """
    return title_code(title) or "".join(c for c in fold(title) if c.isalnum())[:3].upper()


def _prefix(copy: Copy) -> str:
    rows = data("units")["collection"]
    own = next(row["prefix"] for row in rows if row["code"] == copy.collection)
    return f"{data('units')['letters'][copy.library]}{own}"


def by_delivery(copies: Iterable[Copy]) -> list[tuple[date, list[Copy]]]:
    """Group later copies by the day they came."""
    late = sorted((c for c in copies if not c.opening), key=_day)
    return [(day, list(found)) for day, found in groupby(late, key=_day)]


def _day(copy: Copy) -> date:
    return copy.accessioned_on
