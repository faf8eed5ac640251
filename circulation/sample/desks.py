"""The sample's desks: who stands where and when, cards and money."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from random import Random

from sqlalchemy.orm import Session

from circulation.deposits import deposit_in
from circulation.fees import take_payment, waive
from circulation.ledger import OpenDebit, account
from circulation.patrons.cards import issue_card, renew_card, replace_card
from circulation.patrons.patrons import register_patron
from circulation.policies import branch
from circulation.sample.people import Reader
from circulation.sample.province import Units
from circulation.sample.town import Borrower, Town
from ils.accounts.actor import Actor
from ils.core import clock

DEPOSIT = {"PL": 50_000}  # where grown-ups who take books home leave one


@dataclass
class Desk:
    """One desk: the unit, who stands there, and the time of its next act today."""

    code: str
    library: str
    unit_id: int
    actor: Actor  # lends and takes back; at a reading point a helper
    clerk: Actor  # cards, payments and holds
    head: Actor  # fees and waivers
    opens: time
    moment: datetime = field(default_factory=clock.now)


class Desks:
    """All desks of the province, with what is done there for readers besides lending."""

    def __init__(self, rng: Random, units: Units, desks: list[Desk], town: Town) -> None:
        self.rng = rng
        self.units = units
        self.desks = {desk.code: desk for desk in desks}
        self.codes = {units[code].id: code for code in units}
        self.town = town
        self.session: Session
        self.done: Counter[str] = Counter()

    def opens(self, desk: Desk, day: date) -> bool:
        """Open a desk, unless its calendar says no."""
        if not branch(self.session, desk.unit_id).calendar.is_open(day):
            return False
        start = clock.at_local(day, desk.opens.hour, desk.opens.minute)
        desk.moment = start + timedelta(minutes=self.rng.randint(2, 9))
        return True

    @contextmanager
    def at(self, desk: Desk) -> Iterator[None]:
        """Set the clock for one act; the next comes a little later."""
        with clock.at(desk.moment):
            yield
        desk.moment += timedelta(seconds=self.rng.randint(40, 240))

    # cards

    def register(self, reader: Reader, day: date, *, pays: bool) -> Borrower:
        """Register a reader; the card is issued, and paid for where it costs, the same day."""
        code = self.codes[reader.facts.branch_id]
        desk = self.desks[code]
        patron = register_patron(self.session, desk.clerk, reader.facts, on=day)
        card = issue_card(self.session, desk.clerk, patron.id, on=day, charges=pays)
        borrower = Borrower(
            patron_id=patron.id,
            card=card.number,
            library=reader.library,
            branch=code,
            category=reader.facts.category,
            eagerness=reader.eagerness,
            expires_on=card.expires_on,
        )
        self.town.add_borrower(borrower)
        if pays:
            desk.moment = clock.now()
            self._pays_for_card(desk, borrower)
            self._leaves_deposit(desk, borrower)
        return borrower

    def card_in_order(self, desk: Desk, borrower: Borrower, day: date) -> bool:
        """Renew a card that is out of date, replace one that was lost; some never come again."""
        if borrower.expires_on < day:
            if self.rng.random() < 0.12:
                borrower.gone = True
                return False
            with self.at(desk):
                card = renew_card(self.session, desk.clerk, borrower.patron_id)
            borrower.expires_on = card.expires_on
            self.done["renew_card"] += 1
            self._pays_for_card(desk, borrower)
        elif self.rng.random() < 0.003:
            with self.at(desk):
                card = replace_card(self.session, desk.clerk, borrower.patron_id)
            borrower.card = card.number
            self.done["replace_card"] += 1
        return True

    def _pays_for_card(self, desk: Desk, borrower: Borrower) -> None:
        fees = [d for d in self._open_debits(desk, borrower) if d.entry.kind == "card_fee"]
        if fees:
            owed = sum(debit.open_amount for debit in fees)
            self._take(desk, borrower, owed, [debit.entry.id for debit in fees])

    def _leaves_deposit(self, desk: Desk, borrower: Borrower) -> None:
        amount = DEPOSIT.get(desk.library, 0)
        if amount and not borrower.young:
            with self.at(desk):
                deposit_in(
                    self.session,
                    desk.clerk,
                    patron_id=borrower.patron_id,
                    amount=amount,
                    key=None,
                )
            self.done["deposit"] += 1

    # fines

    def settles(self, desk: Desk, borrower: Borrower) -> None:
        """Two in three pay at once, some pay a part, a few are forgiven, others pay later."""
        debits = self._open_debits(desk, borrower)
        owed = sum(debit.open_amount for debit in debits)
        luck = self.rng.random()
        if not owed or luck > 0.85:
            return
        if luck > 0.82:
            self._forgive(desk, borrower, debits[-1])
            return
        amount = owed if luck < 0.66 else owed // 2000 * 1000
        if amount:
            self._take(desk, borrower, amount, [])

    def _open_debits(self, desk: Desk, borrower: Borrower) -> list[OpenDebit]:
        return account(self.session, borrower.patron_id, desk.moment).open_debits

    def _forgive(self, desk: Desk, borrower: Borrower, debit: OpenDebit) -> None:
        with self.at(desk):
            waive(
                self.session,
                desk.head,
                patron_id=borrower.patron_id,
                entry_id=debit.entry.id,
                reason_text=self.rng.choice(("Bạn đọc nằm viện", "Nhà bị ngập", "Trả trễ lần đầu")),
                key=None,
            )
        self.done["waiver"] += 1

    def _take(self, desk: Desk, borrower: Borrower, amount: int, chosen: list[int]) -> None:
        with self.at(desk):
            take_payment(
                self.session,
                desk.clerk,
                patron_id=borrower.patron_id,
                amount=amount,
                chosen=chosen,
                key=None,
                post_running=False,
            )
        self.done["payment"] += 1
