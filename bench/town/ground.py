"""A small lending library to try things in: units, patrons, copies, a clock, and acts at random.

``World`` knows what should be on loan and checks each answer against it; ``bench.laws`` checks
the rows. The state machine of the tests and ``./sen soak`` drive the same acts.
"""

from collections import deque
from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import date, datetime, timedelta
from itertools import count
from typing import Any

from sqlalchemy import delete, select

import circulation.lending
from cataloging.models import Barcode, Item, ItemType
from cataloging.records import create_record
from circulation import lending_jobs
from circulation.blocks import patron_figures
from circulation.checkin import check_in
from circulation.checkout import check_out, enter_open_loan
from circulation.deposits import deposit_in
from circulation.desk import DeskResult, perform
from circulation.fees import charge, reverse, take_payment, waive
from circulation.hold_changes import (
    cancel_hold,
    change_pickup,
    extend_shelf,
    move_hold,
    put_back,
    resume_hold,
    suspend_hold,
)
from circulation.holds import place_hold
from circulation.ledger import account
from circulation.models import (
    DeskCommand,
    Hold,
    ItemSearch,
    LedgerAllocation,
    LedgerEntry,
    Loan,
    LoanRenewal,
    PolicyRow,
    Receipt,
    Transit,
)
from circulation.patrons.cards import issue_card
from circulation.patrons.models import Patron, PatronCategory, Suspension
from circulation.patrons.patrons import PatronFacts, register_patron
from circulation.pulling import not_on_shelf
from circulation.renew import renew, renew_all
from circulation.tallies import count_visit
from circulation.transits import (
    cancel_transit,
    change_destination,
    missing_in_transit,
    not_arrived,
    receive_here,
    send,
    send_back,
)
from circulation.undo import undo
from circulation.why import why_due, why_fine
from ils.accounts.actor import Actor, system_actor
from ils.core import clock
from ils.core.audit import AuditEntry
from ils.core.db import reading, transaction
from ils.core.errors import NotFound
from ils.core.events import EventRow
from ils.core.outbox import OutboxDelivery, OutboxMessage
from ils.org.models import CalendarDay, CalendarWeek, SettingRow
from ils.org.units import NewUnit, found_unit, province

START = date(2026, 1, 5)
TITLES, COPIES, PATRONS = 3, 2, 4
PAUSES = (5, 20, 50, 700, 4000)  # seconds between acts: a double scan, an undo, a coffee

_EMPTIED: tuple[Any, ...] = (
    *(
        LedgerAllocation,
        LoanRenewal,
        LedgerEntry,
        Receipt,
        ItemSearch,
        Transit,
        Hold,
        Loan,
        Suspension,
    ),
    *(DeskCommand, EventRow, AuditEntry, OutboxDelivery, OutboxMessage),
)
_YES = dict.fromkeys(
    (
        *("on_loan_other", "own_loan", "wanted_by_others", "own_hold_other_copy"),
        *("lifecycle_missing_or_lost", "on_shelf_for_other", "in_transit_for_other"),
        *("limit_total", "overdue_over", "owed_over", "limit_reached", "renewal_wanted"),
    ),
    "thử",
)


class World:
    """One library with two branches, and what ought to be true of it.

    Every act takes small numbers that choose among what there is, so that any source of numbers
    can drive it: Hypothesis, which shrinks them, or a seeded generator.
    """

    def __init__(self) -> None:
        circulation.lending.register()
        self.keys = count(1)
        self.steps = 0
        self.now: datetime = clock.at_local(START, 9)
        self.on_loan: dict[int, int] = {}  # item → patron
        self.last: tuple[Callable[..., Any], dict[str, Any], Any] | None = None
        self.recent: deque[Any] = deque(maxlen=8)  # shown when a law is broken
        with self._clock(), transaction() as session:
            self._found(session)

    def _clock(self) -> AbstractContextManager[None]:
        return clock.at(self.now)

    def _found(self, session: Any) -> None:
        top = found_unit(session, NewUnit("province", "P", "p", "Tỉnh", valid_from=START))
        library = found_unit(session, NewUnit("library", "L", "l", "TV", valid_from=START), top)
        units = [
            found_unit(session, NewUnit("branch", c, c.lower(), c, valid_from=START), library)
            for c in ("B1", "B2")
        ]
        self.branches = [unit.id for unit in units]
        for weekday in range(7):
            session.add(CalendarWeek(unit_id=library.id, weekday=weekday, open=weekday != 6))
        for n in range(9):
            tet = date(2026, 2, 14) + timedelta(days=n)
            session.add(CalendarDay(unit_id=top.id, day=tet, open=False, reason="Tết"))
        session.add_all(
            [
                ItemType(code="book", name="Sách"),
                PatronCategory(code="adult", name="Người lớn"),
                PolicyRow(
                    unit_id=top.id,
                    values={"limit_total": 3, "renew_limit": 2, "cap": 20000, "limit_owed": 15000},
                ),
                PolicyRow(unit_id=units[1].id, values={"loan_days": 7, "grace": 2}),
            ]
        )
        session.add(
            SettingRow(unit_id=library.id, key="circulation.closed_stack", value={"v": True})
        )
        session.flush()
        self.items = [
            self._item(session, library.id, record_id, n)
            for record_id in self._titles(session)
            for n in range(COPIES)
        ]
        self.patrons = [self._patron(session, n) for n in range(PATRONS)]
        self.actors = [
            Actor(
                name="thử",
                unit_id=unit.id,
                unit_path=unit.path,
                library_id=library.id,
                staff_id=None,
                all_rights=True,
                workstation=unit.code,
            )
            for unit in units
        ]

    def _titles(self, session: Any) -> list[int]:
        made = []
        for n in range(TITLES):
            title = {"245": {"ind1": "1", "ind2": "0", "subfields": [{"a": f"Sách {n}"}]}}
            marc: Any = {"leader": "00000nam a2200000 a 4500", "fields": [title]}
            made.append(create_record(session, system_actor(), marc, why="bench").id)
        return made

    def _item(self, session: Any, library_id: int, record_id: int, n: int) -> tuple[int, str, int]:
        barcode = f"S{record_id}-{n}"
        item = Item(
            record_id=record_id,
            owner_id=library_id,
            branch_id=self.branches[n % 2],
            located_id=self.branches[n % 2],
            issuing_library_id=library_id,
            accession_key=barcode,
            barcode=barcode,
            price=30_000,
        )
        session.add(item)
        session.flush()
        session.add(Barcode(value=barcode, item_id=item.id))
        return item.id, barcode, record_id

    def _patron(self, session: Any, n: int) -> int:
        actor = system_actor()
        facts = PatronFacts(name=f"Bạn số {n}", category="adult", branch_id=self.branches[n % 2])
        patron: Patron = register_patron(session, actor, facts)
        issue_card(session, actor, patron.id, expires_on=START + timedelta(days=4000))
        return patron.id

    def reset(self) -> None:
        """Forget everything that was lent, held and paid."""
        with self._clock(), transaction() as session:
            for table in _EMPTIED:
                session.execute(delete(table))
            items: Any = Item.__table__
            session.execute(
                items.update().values(last_seen_at=None, last_act="", lifecycle="active")
            )
        self.now = clock.at_local(START, 9)
        self.on_loan.clear()
        self.last = None

    # --- driving ------------------------------------------------------------------------------

    def do(self, use_case: Callable[..., Any], at: int = 0, **words: Any) -> Any:
        """Run a use case at a branch with a new key, and remember it for undo and repetition."""
        self.steps += 1
        words["key"] = f"k{next(self.keys)}"
        actor = self.actors[at % len(self.actors)]
        with self._clock():
            answer = perform(use_case, actor, **words)
        self.last = (use_case, {"at": at, **words}, answer)
        self.recent.append(self.last)
        return answer

    def wait(self, pause: int) -> None:
        """Let seconds pass."""
        self.now += timedelta(seconds=PAUSES[pause % len(PAUSES)])

    def item(self, n: int) -> tuple[int, str, int]:
        """Return the id, barcode and record of a copy."""
        return self.items[n % len(self.items)]

    def patron(self, n: int) -> int:
        """Return the id of a patron."""
        return self.patrons[n % len(self.patrons)]

    # --- acts ---------------------------------------------------------------------------------

    def lend(self, item: int, patron: int, at: int, *, insist: bool) -> None:
        """Lend; with ``insist`` every question is answered and every override used."""
        item_id, barcode, _ = self.item(item)
        who = self.patron(patron)
        answer = self.do(
            check_out, at, barcode=barcode, patron_id=who, overrides=_YES if insist else {}
        )
        if answer.ok and answer.code in ("lent", "lent_reading_room"):
            assert insist or item_id not in self.on_loan, "an item on loan was lent again"
            self.on_loan[item_id] = who
        elif not answer.ok:
            assert answer.reasons, "a refusal without a reason"

    def enter_paper(self, item: int, patron: int, days: int) -> None:
        """Enter a loan open on paper."""
        item_id, barcode, _ = self.item(item)
        started = clock.local_day(self.now) - timedelta(days=days % 60)
        answer = self.do(
            enter_open_loan,
            barcode=barcode,
            patron_id=self.patron(patron),
            started_on=started,
            due_on=started + timedelta(days=14),
        )
        if answer.ok:
            assert item_id not in self.on_loan
            self.on_loan[item_id] = self.patron(patron)

    def give_back(self, item: int, at: int, back_days: int, *, drop: bool) -> None:
        """Take back, perhaps dated back; what ran on the screen is what is charged."""
        item_id, barcode, _ = self.item(item)
        loan = self._open_loan(item_id)
        running = self._running(loan) if loan is not None else 0
        words: dict[str, Any] = {"book_drop": drop}
        if back_days:
            words["effective_on"] = clock.local_day(self.now) - timedelta(days=back_days)
        answer = self.do(check_in, at, barcode=barcode, **words)
        if answer.repeated:
            return
        if item_id in self.on_loan:
            assert answer.loan, "an item on loan was not taken back"
            if not back_days and not drop:
                assert answer.facts["charged"] == running, "charged is not what ran"
            del self.on_loan[item_id]
        assert item_id not in self.on_loan

    def _open_loan(self, item_id: int) -> Loan | None:
        with reading() as session:
            return session.scalar(
                select(Loan).where(Loan.item_id == item_id, Loan.closed_at.is_(None))
            )

    def _running(self, loan: Loan) -> int:
        with self._clock(), reading() as session:
            assert why_due(session, loan.id)["due_on"] == loan.due_on.isoformat()
            return int(why_fine(session, loan.id)["running"])

    def renew_one(self, item: int, at: int, *, insist: bool) -> None:
        """Renew by the barcode; a renewal never shortens."""
        item_id, barcode, _ = self.item(item)
        before = self._open_loan(item_id)
        answer = self.do(renew, at, barcode=barcode, overrides=_YES if insist else {})
        if answer.ok and not answer.repeated:
            assert before is not None
            assert date.fromisoformat(answer.loan["due_on"]) > before.due_on

    def renew_everything(self, patron: int) -> None:
        """Renew all from the reader's phone."""
        who = self.patron(patron)
        phone = Actor(name="x", patron_id=who, channel="opac")
        with self._clock():
            answers = perform(renew_all, phone, patron_id=who, key=f"k{next(self.keys)}")
        assert len(answers) == sum(p == who for p in self.on_loan.values())

    def hold(self, item: int, patron: int, at: int, *, this_copy: bool, asleep: bool) -> None:
        """Place a hold on a title or on one copy."""
        item_id, _, record_id = self.item(item)
        self.do(
            place_hold,
            at,
            record_id=record_id,
            patron_id=self.patron(patron),
            pickup_branch_id=self.branches[at % 2],
            item_id=item_id if this_copy else None,
            kind="slip" if at % 6 == 5 else "hold",
            suspended_until=clock.local_day(self.now) + timedelta(days=3) if asleep else None,
            need_by=clock.local_day(self.now) + timedelta(days=20) if asleep else None,
        )

    def change_hold(self, pick: int, how: int, at: int) -> None:
        """Do something to one of the holds there are, allowed in its state or not."""
        with reading() as session:
            ids = list(session.scalars(select(Hold.id).order_by(Hold.id.desc()).limit(12)))
        if not ids:
            return
        hold_id = ids[pick % len(ids)]
        acts: tuple[tuple[Callable[..., Any], dict[str, Any]], ...] = (
            (cancel_hold, {}),
            (change_pickup, {"pickup_branch_id": self.branches[at % 2]}),
            (suspend_hold, {"until": clock.local_day(self.now) + timedelta(days=2)}),
            (resume_hold, {}),
            (put_back, {"reason_text": "thử"}),
            (not_on_shelf, {"missing": None if at % 3 else bool(at % 2)}),
            (extend_shelf, {}),
            (move_hold, {"before_hold_id": ids[(pick + 1) % len(ids)], "reason_text": "thử"}),
        )
        use_case, words = acts[how % len(acts)]
        try:
            self.do(use_case, at, hold_id=hold_id, **words)
        except NotFound:
            return  # moved before a hold of another title

    def send_away(self, item: int, at: int) -> None:
        """Send a copy to the other branch."""
        self.do(send, at, barcode=self.item(item)[1], to_branch_id=self.branches[(at + 1) % 2])

    def change_transit(self, pick: int, how: int, at: int) -> None:
        """Do something to one of the copies that are or were on their way."""
        with reading() as session:
            ids = list(session.scalars(select(Transit.id).order_by(Transit.id.desc()).limit(4)))
        if not ids:
            return
        acts: tuple[tuple[Callable[..., Any], dict[str, Any]], ...] = (
            (receive_here, {}),
            (send_back, {}),
            (change_destination, {"to_branch_id": self.branches[at % 2]}),
            (cancel_transit, {"reason_text": "thử"}),
            (not_arrived, {}),
            (missing_in_transit, {}),
        )
        use_case, words = acts[how % len(acts)]
        self.do(use_case, at, transit_id=ids[pick % len(ids)], **words)

    def money(self, patron: int, how: int, amount: int) -> None:
        """Charge, pay, waive, reverse or deposit."""
        who = self.patron(patron)
        with self._clock(), reading() as session:
            known = account(session, who)
            figures = patron_figures(session, [who])[who]
        assert known.owed == figures.owed, "two ways to the same debt differ"
        some = 1000 * (1 + amount % 20)
        debits = [d.entry.id for d in known.open_debits]
        if how % 6 == 0:
            self.do(charge, patron_id=who, kind="service", amount=some)
        elif how % 6 in (1, 2):
            pay = min(some, known.owed) if how % 2 else known.owed
            answer = self.do(take_payment, patron_id=who, amount=pay, chosen=debits[-1:])
            assert answer.ok == (pay > 0), answer
        elif how % 6 == 3 and debits:
            self.do(waive, patron_id=who, entry_id=debits[0], reason_text="thử")
        elif how % 6 == 4 and known.entries:
            entry = known.entries[amount % len(known.entries)]
            self.do(reverse, entry_id=entry.id, reason_text="thử")
        else:
            self.do(deposit_in, patron_id=who, amount=some)

    def visit(self, people: int) -> None:
        """Count people coming in."""
        self.do(count_visit, quantity=1 + people % 9)

    def undo_last(self) -> None:
        """Take the last act back; the model follows the rows, which the laws check."""
        if self.last is None or not isinstance(self.last[2], DeskResult):
            return
        _, words, answer = self.last
        if answer.undo_token is None:
            return
        undone = self.do(undo, words["at"], token=answer.undo_token)
        if undone.ok:
            with reading() as session:
                rows = session.execute(
                    select(Loan.item_id, Loan.patron_id).where(Loan.closed_at.is_(None))
                )
                self.on_loan = {item: who for item, who in rows if who is not None}

    def repeat_last(self) -> None:
        """Send the last command again with its key: it answers the same and does nothing."""
        if self.last is None or not isinstance(self.last[2], DeskResult):
            return
        use_case, words, answer = self.last
        words = dict(words)
        at = words.pop("at")
        if use_case is undo or answer.repeated:
            return
        self.steps += 1
        with self._clock(), reading() as session:
            events = session.query(EventRow).count()
        with self._clock():
            again = perform(use_case, self.actors[at % len(self.actors)], **words)
        assert again.repeated
        assert again.to_json() | {"repeated": False} == answer.to_json()
        with reading() as session:
            assert session.query(EventRow).count() == events, "a repeated key did something"

    def days_pass(self, days: int) -> None:
        """Let days and their nights go by."""
        self.steps += 1
        self.now = clock.at_local(clock.local_day(self.now) + timedelta(days=1 + days % 12), 0, 10)
        with self._clock():
            lending_jobs.holds_of_the_day()
            lending_jobs.assign_all()
        self.now += timedelta(hours=8)

    # --- checking -----------------------------------------------------------------------------

    def check(self) -> None:
        """Compare the rows with what ought to be, and hold them to the laws."""
        from bench.laws import check_all

        with self._clock(), reading() as session:
            rows = session.execute(
                select(Loan.item_id, Loan.patron_id).where(Loan.closed_at.is_(None))
            )
            assert {row[0]: row[1] for row in rows} == self.on_loan, "the model and the rows differ"
            check_all(session)

    @staticmethod
    def exists() -> bool:
        """Tell whether the database bound to the process holds a province already."""
        with reading() as session:
            return province(session) is not None
