"""Load the sample province into an empty installation: the whole story, from founding to yesterday.

Everything is made through the use cases with the clock set, by ``random.Random`` with a fixed
seed. The days are played in stretches of one transaction each.
"""

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta
from random import Random

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from cataloging.models import Collection, ItemType
from circulation.lending_jobs import assign_all, holds_of_the_day
from circulation.models import Hold, Loan
from circulation.patrons.cards import add_months
from circulation.patrons.models import Patron
from circulation.sample.accession import Catalog, by_delivery
from circulation.sample.books import Book, books
from circulation.sample.lending import Desk, Lending
from circulation.sample.people import Reader, readers
from circulation.sample.province import (
    Account,
    Units,
    accounts,
    clerk_at,
    data,
    found_province,
    furnish,
    helper_at,
    hire_staff,
    opening_times,
    set_rules,
)
from circulation.sample.stock import POPULAR, Copy, plan
from circulation.sample.town import Borrower, Town
from ils.accounts.actor import system_actor
from ils.accounts.models import Staff
from ils.accounts.passwords import hash_password
from ils.core import clock
from ils.core.audit import AuditEntry, audit
from ils.core.db import reading, transaction
from ils.org.models import OrgUnit

SEED = 20260501
MONTHS = 26
STRETCH = 4  # days played in one transaction
BEFORE = timedelta(days=35)  # the province is founded and stocked so long before the first loan

Say = Callable[[str], None]


@dataclass(frozen=True)
class ReaderAccount:
    """A reader whose password is known, to try the public site with."""

    card: str
    password: str
    name: str
    library: str


@dataclass
class Summary:
    """What was loaded."""

    accounts: list[Account]
    readers: list[ReaderAccount] = field(default_factory=list)
    records: int = 0
    items: int = 0
    patrons: int = 0
    acts: Counter[str] = field(default_factory=Counter)


def sample_state() -> str:
    """Return ``none``, ``unfinished`` (a load was broken off) or ``loaded``."""
    with reading() as session:
        found = set(
            session.scalars(select(AuditEntry.action).where(AuditEntry.subject == "sample"))
        )
    return "loaded" if "sample_loaded" in found else "unfinished" if found else "none"


def seed(
    say: Say = print, *, until: date | None = None, months: int = MONTHS, number: int = SEED
) -> Summary:
    """Load the sample, with lending up to ``until`` (default: yesterday). Takes about a minute.

    The caller sees to it that the installation is empty and the packages are registered.
    """
    last = until or clock.today() - timedelta(days=1)
    first = add_months(last, -months) + timedelta(days=1)
    rng = Random(number)
    with clock.at(clock.at_local(first - BEFORE, 8)):
        units, staff = _found(say)
        stock = books()
        copies = plan(rng, stock, first, last)
        say("Nhập sách và đăng ký cá biệt…")
        town = Town(rng)
        catalog = _stock(units, staff, stock, [c for c in copies if c.opening], town, rng)
    play = Lending(rng, units, _desks(units, staff), town)
    waiting = readers(rng, units, first, last)
    _play(play, catalog, waiting, by_delivery(copies), (first, last), say)
    summary = Summary(accounts(), acts=play.done, patrons=len(town.borrowers))
    summary.records, summary.items = len(catalog.records), len(town.copies)
    with transaction() as session:
        summary.readers = _open_accounts(session, town, units)
        audit(session, system_actor(), "sample_loaded", "sample", None)
    return summary


def _found(say: Say) -> tuple[Units, dict[str, Staff]]:
    say("Lập tỉnh mẫu: thư viện, nhân viên, quy định…")
    with transaction() as session:
        audit(session, system_actor(), "sample_begun", "sample", None)
        units = found_province(session)
        staff = hire_staff(session, units)
        furnish(session, units)
        set_rules(session, units)
    return units, staff


def _stock(
    units: Units,
    staff: dict[str, Staff],
    stock: tuple[Book, ...],
    opening: list[Copy],
    town: Town,
    rng: Random,
) -> Catalog:
    with transaction() as session:
        actor = system_actor(session, units["TVT"].id)
        catalog = Catalog.begin(session, units, actor, stock, _ranks(rng, stock))
        town.add_copies(catalog.enter(session, opening))
    return catalog


def _ranks(rng: Random, stock: tuple[Book, ...]) -> list[int]:
    """Return how wanted each book is, 1 first: chance, but the great names lead."""
    draw = [
        rng.random() * (0.25 if any(name in POPULAR for name in book.authors) else 1.0)
        for book in stock
    ]
    order = sorted(range(len(stock)), key=lambda n: draw[n])
    ranks = [0] * len(stock)
    for rank, number in enumerate(order, 1):
        ranks[number] = rank
    return ranks


def _desks(units: Units, staff: dict[str, Staff]) -> list[Desk]:
    with reading() as session:
        return [
            Desk(
                code=code,
                library=code.partition("-")[0],
                unit_id=units[code].id,
                actor=helper_at(session, staff, code.partition("-")[0], units[code]),
                clerk=clerk_at(session, staff, code.partition("-")[0], units[code].id),
                opens=opens,
            )
            for code, opens in opening_times().items()
        ]


def _play(
    play: Lending,
    catalog: Catalog,
    waiting: list[Reader],
    deliveries: list[tuple[date, list[Copy]]],
    span: tuple[date, date],
    say: Say,
) -> None:
    first, last = span
    with transaction() as session:
        play.session = session
        _register(play, waiting, first - timedelta(days=1))
    for stretch in _stretches(first, last):
        if stretch[0].day <= STRETCH:
            say(f"Mượn trả tháng {stretch[0]:%m/%Y}…")
        with clock.at(clock.at_local(stretch[0], 0, 5)):
            holds_of_the_day()
            assign_all()
        with transaction() as session:
            play.session = session
            known = _known(session)  # kept alive, so that acts find them without a query
            for day in stretch:
                while deliveries and deliveries[0][0] <= day:
                    with clock.at(clock.at_local(day, 7)):
                        play.town.add_copies(catalog.enter(session, deliveries.pop(0)[1]))
                _register(play, waiting, day)
                play.day(session, day)
            del known


def _known(session: Session) -> list[object]:
    return [
        row for table in (OrgUnit, ItemType, Collection) for row in session.scalars(select(table))
    ]


def _register(play: Lending, waiting: list[Reader], until: date) -> None:
    while waiting and waiting[0].registered_on <= until:
        reader = waiting.pop(0)
        with clock.at(clock.at_local(reader.registered_on, 9, 15)):
            play.register(reader, reader.registered_on)


def _stretches(first: date, last: date) -> Iterator[list[date]]:
    days = [first + timedelta(days=n) for n in range((last - first).days + 1)]
    for start in range(0, len(days), STRETCH):
        yield days[start : start + STRETCH]


def _open_accounts(session: Session, town: Town, units: Units) -> list[ReaderAccount]:
    """Give one busy reader of each library a known password."""
    password: str = data("staff")["patron_password"]
    loans = _counts(session, select(Loan.patron_id).where(Loan.closed_at.is_(None)))
    holds = _counts(session, select(Hold.patron_id).where(Hold.state.in_(("queued", "ready"))))
    opened = []
    for library in data("units")["letters"]:
        here = [b for b in town.borrowers if b.library == library and not b.gone and not b.young]

        def interest(one: Borrower) -> tuple[int, int]:
            return (
                min(loans[one.patron_id], 3) + 2 * min(holds[one.patron_id], 1),
                -one.patron_id,
            )

        chosen = max(here, key=interest)
        patron = session.get_one(Patron, chosen.patron_id)
        patron.password_hash = hash_password(password)
        patron.must_change_password = False
        opened.append(ReaderAccount(chosen.card, password, patron.name, library))
    return opened


def _counts(session: Session, patrons: Select[int | None]) -> Counter[int]:
    return Counter(found for found in session.scalars(patrons) if found is not None)
