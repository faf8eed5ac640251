"""Load the sample province into an empty installation: the whole story, from founding to yesterday.

Everything is made through the use cases with the clock set, by ``random.Random`` with a fixed
seed. The days are played in stretches of one transaction each.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date, time, timedelta
from random import Random

from sqlalchemy import Select, event, func, select
from sqlalchemy.orm import Session

from cataloging.models import Collection, Item, ItemType
from circulation.lending_jobs import assign_all, holds_of_the_day
from circulation.models import Hold, Loan
from circulation.patrons.cards import add_months
from circulation.patrons.models import Patron
from circulation.sample.accession import Catalog, by_delivery
from circulation.sample.books import Book, books
from circulation.sample.buying import buy
from circulation.sample.closing import plan_closures
from circulation.sample.counting import count_stock
from circulation.sample.desk_days import desk_days
from circulation.sample.desks import Desk
from circulation.sample.headings import establish_some
from circulation.sample.lending import Lending
from circulation.sample.losses import lose_some
from circulation.sample.newspapers import take_newspapers
from circulation.sample.notices import tell_some
from circulation.sample.offline import work_offline
from circulation.sample.papers import Papers, withdraw_worn
from circulation.sample.people import Reader, readers
from circulation.sample.persons import add_persons
from circulation.sample.province import (
    Account,
    Units,
    accounts,
    at_work,
    data,
    found_province,
    furnish,
    helper_at,
    hire_staff,
    opening_times,
    set_rates,
    set_rules,
)
from circulation.sample.rotation import rotate
from circulation.sample.stock import Copy, plan, ranks
from circulation.sample.town import Borrower, Town
from circulation.sample.twins import describe_twice
from ils.accounts.actor import system_actor
from ils.accounts.models import Staff
from ils.accounts.passwords import hash_password
from ils.core import clock
from ils.core.audit import audit
from ils.core.db import reading, transaction
from ils.org.models import OrgUnit

SEED = 20260501
MONTHS = 26
STRETCH = 4  # days played in one transaction
BEFORE = timedelta(days=35)  # the province is founded and stocked so long before the first loan

Say = Callable[[str], None]
Daily = Callable[[Session, date, Units], None]


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


def seed(
    say: Say = print,
    *,
    until: date | None = None,
    months: int = MONTHS,
    number: int = SEED,
    each_day: Iterable[Daily] = (),
) -> Summary:
    """Load the sample, with lending up to ``until`` (default: yesterday). Takes a minute or two.

    The caller sees to it that the installation is empty and the packages are registered.
    ``each_day`` adds what rooms above this one did on a day, in its transaction.
    """
    last = until or clock.today() - timedelta(days=1)
    first = add_months(last, -months) + timedelta(days=1)
    rng = Random(number)
    with clock.at(clock.at_local(first - BEFORE, 8)):
        units, staff = _found(say)
        stock = books()
        copies = plan(rng, stock, first, last)
        say("sample: books and accession registers")
        town = Town(rng)
        catalog = _stock(units, stock, [c for c in copies if c.opening], town, rng)
    play = Lending(rng, units, _desks(units, staff), town)
    play.last = last
    story = Story(
        play=play,
        catalog=catalog,
        papers=Papers(rng, units, staff, first, last),
        waiting=readers(rng, units, first, last),
        deliveries=by_delivery(copies),
        each_day=tuple(each_day),
    )
    story.tell(first, last, say)
    summary = Summary(accounts(), acts=play.done, patrons=len(town.borrowers))
    summary.records, summary.items = len(catalog.records), len(town.copies)
    with clock.at(clock.at_local(last, 16)), transaction() as session:
        plan_closures(session, units, staff, last)
        count_stock(session, units, staff, last)
    morning = play.desks["BS-TT"]
    with clock.at(clock.at_local(last, 7, 30)), transaction() as session:
        added = desk_days(session, units, morning, last)
    summary.records += added
    summary.items += added
    with transaction() as session:
        tell_some(session, units, staff, last)
        lose_some(session, units, staff, last)
        work_offline(session, units, staff, last)
        rotate(session, units, staff, last)
        before = _copies(session)
        buy(session, units, staff, last)
        take_newspapers(session, units, staff, last)
        summary.items += _copies(session) - before
    with transaction() as session:
        summary.readers = _open_accounts(session, town)
        add_persons(session, units)
        establish_some(session)
        with clock.at(clock.at_local(last, 15)):
            records, items = describe_twice(session, units)
        summary.records += records
        summary.items += items
        audit(session, system_actor(), "sample_loaded", "sample", None)
    return summary


def _copies(session: Session) -> int:
    return session.scalar(select(func.count()).select_from(Item)) or 0


def _found(say: Say) -> tuple[Units, dict[str, Staff]]:
    say("sample: the province, its libraries, staff and rules")
    with transaction() as session:
        audit(session, system_actor(), "sample_begun", "sample", None)
        units = found_province(session)
        staff = hire_staff(session, units)
        furnish(session, units)
        set_rules(session, units)
        set_rates(session, units)
    return units, staff


def _stock(
    units: Units,
    stock: tuple[Book, ...],
    opening: list[Copy],
    town: Town,
    rng: Random,
) -> Catalog:
    with transaction() as session:
        actor = system_actor(session, units["TVT"].id)
        catalog = Catalog.begin(session, units, actor, stock, ranks(rng, stock))
        town.add_copies(catalog.enter(session, opening))
    return catalog


def _desks(units: Units, staff: dict[str, Staff]) -> list[Desk]:
    def desk(session: Session, code: str, opens: time) -> Desk:
        library, unit_id = code.partition("-")[0], units[code].id
        return Desk(
            code=code,
            library=library,
            unit_id=unit_id,
            actor=helper_at(session, staff, library, units[code]),
            clerk=at_work(session, staff, f"thuthu.{library.lower()}", unit_id),
            head=at_work(session, staff, f"phutrach.{library.lower()}", unit_id),
            opens=opens,
        )

    with reading() as session:
        return [desk(session, code, opens) for code, opens in opening_times().items()]


@dataclass
class Story:
    """All that happens from the first day to the last, in the order of the days."""

    play: Lending
    catalog: Catalog
    papers: Papers
    waiting: list[Reader]
    deliveries: list[tuple[date, list[Copy]]]
    each_day: tuple[Daily, ...]

    def tell(self, first: date, last: date, say: Say) -> None:
        """Play the days, a stretch of them in one transaction, and file the reports between."""
        with transaction() as session:
            self.play.session = session
            self._register(first - timedelta(days=1), pays=False)
        for stretch in _stretches(first, last):
            if stretch[0].day <= STRETCH:
                say(f"sample: lending of {stretch[0]:%m/%Y}")
            with clock.at(clock.at_local(stretch[0], 0, 5)):
                holds_of_the_day()
                assign_all()
            with transaction() as session:
                known = _known(session)  # kept alive, so that acts find them without a query
                event.listen(session, "loaded_as_persistent", _keeper(known))
                for day in stretch:
                    self._day(session, day)
                known.clear()
            self.papers.file_due(stretch[-1])

    def _day(self, session: Session, day: date) -> None:
        self.play.session = session
        while self.deliveries and self.deliveries[0][0] <= day:
            with clock.at(clock.at_local(day, 7)):
                copies = self.catalog.enter(session, self.deliveries.pop(0)[1])
            self.play.town.add_copies(copies)
        self._register(day, pays=True)
        self.play.day(session, day)
        heads = {d.library: d.head for d in self.play.desks.values() if d.library != "PL"}
        gone = withdraw_worn(session, heads, self.play.town, day, self.play.rng)
        self.play.done["withdrawn"] += gone
        for add in self.each_day:
            add(session, day, self.play.units)

    def _register(self, until: date, *, pays: bool) -> None:
        while self.waiting and self.waiting[0].registered_on <= until:
            reader = self.waiting.pop(0)
            with clock.at(clock.at_local(reader.registered_on, 9, 15)):
                self.play.register(reader, reader.registered_on, pays=pays)


def _keeper(known: list[object]) -> Callable[[Session, object], None]:
    def keep(_session: Session, row: object) -> None:
        known.append(row)

    return keep


def _known(session: Session) -> list[object]:
    return [
        row for table in (OrgUnit, ItemType, Collection) for row in session.scalars(select(table))
    ]


def _stretches(first: date, last: date) -> Iterator[list[date]]:
    days = [first + timedelta(days=n) for n in range((last - first).days + 1)]
    for start in range(0, len(days), STRETCH):
        yield days[start : start + STRETCH]


def _open_accounts(session: Session, town: Town) -> list[ReaderAccount]:
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
