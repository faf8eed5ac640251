"""The ground of the town: its units, patrons and copies, its clock, how an act is done and taken
back, and how all of it is put back as it was."""

from collections import deque
from collections.abc import Callable, Collection, Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import date, datetime, timedelta
from itertools import count
from typing import Any

from sqlalchemy import Table, delete, func, select, text

import circulation.lending
import circulation.patrons.settings
from cataloging.models import Barcode, Item, ItemType
from cataloging.records import create_record
from circulation.desk import DeskResult, perform
from circulation.facts import IS_OPEN
from circulation.models import Hold, LedgerEntry, Loan, PolicyRow
from circulation.money.rates import set_card_fee, set_price
from circulation.patrons.cards import active_card, issue_card
from circulation.patrons.models import Patron, PatronCategory
from circulation.patrons.patrons import PatronFacts, register_patron
from circulation.rotation.models import ConsignmentLine
from circulation.undo import undo
from ils.accounts.actor import Actor, system_actor
from ils.accounts.staff import create_staff
from ils.core import clock
from ils.core.db import is_sqlite, reading, transaction
from ils.core.errors import IlsError
from ils.core.events import EventRow
from ils.core.kept import changed
from ils.core.migrate import all_tables
from ils.org.models import CalendarDay, CalendarWeek, SettingRow
from ils.org.units import NewUnit, found_unit

START = date(2026, 1, 5)
TITLES, COPIES, PATRONS = 3, 2, 4
PAUSES = (5, 20, 50, 700, 4000)  # seconds between acts: a double scan, an undo, a coffee
FAULTS = ("lost_race", "busy", "key_used_otherwise", "clock_behind")
YES = dict.fromkeys(
    (
        *("on_loan_other", "own_loan", "wanted_by_others", "own_hold_other_copy"),
        *("lifecycle_missing_or_lost", "on_shelf_for_other", "in_transit_for_other"),
        *("limit_total", "overdue_over", "owed_over", "limit_reached", "renewal_wanted"),
        *("lost_in_transit", "lost_on_shelf_for", "search_both_first", "shelf_extended_enough"),
        "at_point",
    ),
    "thử",
)
_POLICY = {
    **{"limit_total": 3, "renew_limit": 2, "cap": 20000, "limit_owed": 15000},
    **{"reading_room": True, "lost_after_days": 30},
}
State = dict[str, Any]


@contextmanager
def _tills_may_go(session: Any) -> Iterator[None]:
    """Let closed tills be deleted inside the block, which the database refuses to everybody else."""
    if not is_sqlite(session):
        session.execute(text("ALTER TABLE till DISABLE TRIGGER till_closed"))
        yield
        session.execute(text("ALTER TABLE till ENABLE TRIGGER till_closed"))
        return
    guard = "SELECT sql FROM sqlite_master WHERE name = 'till_closed_DELETE'"
    statement = session.scalar(text(guard))
    session.execute(text("DROP TRIGGER till_closed_DELETE"))
    yield
    session.execute(text(statement))


class Ground:
    """One library with three branches, the third without copies of its own, and what ought to be true of it.

    Every act takes small numbers that choose among what there is, so that any source of numbers
    can drive it: Hypothesis, which shrinks them, or a seeded generator.
    """

    def __init__(self) -> None:
        circulation.lending.register()
        self.keys = count(1)
        self.steps = 0
        self.now: datetime = clock.at_local(START, 9)
        self.on_loan: dict[int, int] = {}  # item → patron
        self.merged: dict[int, int] = {}  # patron set aside → patron kept
        self.last: tuple[Callable[..., Any], dict[str, Any], Any] | None = None
        self.before: State = {}  # what was before the last act
        self.recent: deque[Any] = deque(maxlen=8)  # shown when a law is broken
        with self.clock(), transaction() as session:
            self._found(session)
        self._kept_rows = self._read_all()
        self._own = (list(self.items), list(self.patrons))
        self.forget()

    def clock(self) -> AbstractContextManager[None]:
        """Set the clock to the town's time inside a block."""
        return clock.at(self.now)

    @property
    def today(self) -> date:
        """The town's day."""
        return clock.local_day(self.now)

    # --- founding -----------------------------------------------------------------------------

    def _found(self, session: Any) -> None:
        top = found_unit(session, NewUnit("province", "P", "p", "Tỉnh", valid_from=START))
        library = found_unit(session, NewUnit("library", "L", "l", "TV", valid_from=START), top)
        units = [
            found_unit(session, NewUnit("branch", c, c.lower(), c, valid_from=START), library)
            for c in ("B1", "B2", "B3")
        ]
        self.library = library.id
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
                PolicyRow(unit_id=top.id, values=_POLICY),
                PolicyRow(unit_id=units[1].id, values={"loan_days": 7, "grace": 2}),
                SettingRow(unit_id=library.id, key="circulation.closed_stack", value={"v": True}),
            ]
        )
        session.flush()
        whole = system_actor(session, library.id)
        since = START - timedelta(days=30)
        set_price(session, whole, unit_id=library.id, name="In", amount=500, valid_from=since)
        for occasion, amount in (("annual", 20_000), ("replacement", 5_000)):
            set_card_fee(
                session,
                whole,
                unit_id=library.id,
                amount=amount,
                resolution="NQ 1",
                valid_from=since,
                occasion=occasion,
            )
        self.items = [
            self._item(session, library.id, record_id, n)
            for record_id in self._titles(session)
            for n in range(COPIES)
        ]
        self.patrons = [self._patron(session, n) for n in range(PATRONS)]
        self.actors = [self._clerk(session, unit, library.id) for unit in units]

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
            volume_key=f"T.{n + 1}" if record_id % TITLES == 0 else "",  # one title in volumes
        )
        session.add(item)
        session.flush()
        session.add(Barcode(value=barcode, item_id=item.id))
        return item.id, barcode, record_id

    def _patron(self, session: Any, n: int) -> int:
        actor = system_actor()
        facts = PatronFacts(name=f"Bạn số {n}", category="adult", branch_id=self.branches[n % 2])
        patron: Patron = register_patron(session, actor, facts)
        ends = START + timedelta(days=4000)
        issue_card(session, actor, patron.id, expires_on=ends, charges=False)
        return patron.id

    def _clerk(self, session: Any, unit: Any, library_id: int) -> Actor:
        staff = create_staff(
            session,
            system_actor(),
            username=unit.code.lower(),
            name="thử",
            password="mat-khau-thu",
            home_unit_id=library_id,
            role="head",
            must_change=False,
        )
        return Actor(
            name="thử",
            unit_id=unit.id,
            unit_path=unit.path,
            library_id=library_id,
            staff_id=staff.id,
            all_rights=True,
            workstation=unit.code,
        )

    # --- as it was in the beginning -----------------------------------------------------------

    def _tables(self) -> list[Table]:
        return [t for t in all_tables().sorted_tables if t.name not in ("kept_mark", "staff")]

    def _read_all(self) -> dict[str, list[Any]]:
        with reading() as session:
            return {
                t.name: [row._asdict() for row in session.execute(select(t)).all()]
                for t in self._tables()
            }

    def reset(self) -> None:
        """Put every row back as it was when the town was founded."""
        with self.clock(), transaction() as session:
            self._restore(session, "item", "patron", "calendar_day")
            with _tills_may_go(session):
                for table in reversed(self._tables()):
                    kept, key = self._kept_rows[table.name], table.primary_key.columns
                    if not kept:
                        session.execute(delete(table))
                    elif len(key) == 1:
                        (only,) = key
                        those = [row[only.name] for row in kept]
                        session.execute(delete(table).where(only.not_in(those)))
            self._restore(session, "patron_card")
            changed(session.connection())
        self.now = clock.at_local(START, 9)
        self.on_loan.clear()
        self.merged.clear()
        self.items, self.patrons = list(self._own[0]), list(self._own[1])
        self.last = None
        self.forget()

    def _restore(self, session: Any, *names: str) -> None:
        for name in names:
            table = all_tables().tables[name]
            for row in self._kept_rows[name]:
                session.execute(table.update().where(table.c.id == row["id"]).values(row))

    def forget(self) -> None:
        """Forget what an area of the town remembers of its own."""

    # --- driving ------------------------------------------------------------------------------

    def do(self, use_case: Callable[..., Any], at: int = 0, **words: Any) -> Any:
        """Run a desk act at a branch with a new key, and remember it for undo and repetition.

        Returns the answer; raises what the use case raises, but never for a race or a lock.
        """
        self.before = self.state()
        words["key"] = f"k{next(self.keys)}"
        answer = self.run(use_case, at, **words)
        self.last = (use_case, {"at": at, **words}, answer)
        return answer

    def run(
        self,
        use_case: Callable[..., Any],
        at: int,
        *args: Any,
        by: Actor | None = None,
        **words: Any,
    ) -> Any:
        """Run a use case that is no desk act."""
        self.steps += 1
        self.last = None
        actor = by or self.actor(at)
        shown = {k: v for k, v in words.items() if v not in ("", None, {}) and v is not YES}
        told: list[Any] = [use_case, shown | ({"args": args} if args else {}), "…"]
        self.recent.append(told)
        try:
            with self.clock():
                told[2] = perform(use_case, actor, *args, **words)
        except IlsError as error:
            told[2] = error
            if error.code in FAULTS:
                raise AssertionError(f"nobody else is here: {error}") from error
            raise
        return told[2]

    def try_to(self, use_case: Callable[..., Any], at: int = 0, **words: Any) -> DeskResult | None:
        """Do a desk act that may be refused in any way; None where it was refused by an error."""
        try:
            answer: DeskResult = self.do(use_case, at, **words)
        except IlsError:
            return None
        assert answer.ok or answer.reasons, "a refusal without a reason"
        return answer

    def may(
        self,
        use_case: Callable[..., Any],
        at: int,
        *args: Any,
        by: Actor | None = None,
        **words: Any,
    ) -> Any:
        """Run a use case that may be refused; None where it was. ``by`` is who else does it."""
        try:
            return self.run(use_case, at, *args, by=by, **words)
        except IlsError:
            return None

    def wait(self, pause: int) -> None:
        """Let seconds pass."""
        self.now += timedelta(seconds=PAUSES[pause % len(PAUSES)])

    def item(self, n: int) -> tuple[int, str, int]:
        """Return the id, barcode and record of a copy."""
        return self.items[n % len(self.items)]

    def patron(self, n: int) -> int:
        """Return the id of a patron, none that was set aside."""
        standing = [one for one in self.patrons if one not in self.merged]
        return standing[n % len(standing)]

    def branch(self, n: int) -> int:
        """Return the id of a branch."""
        return self.branches[n % len(self.branches)]

    def actor(self, n: int) -> Actor:
        """Return who works at that branch."""
        return self.actors[n % len(self.actors)]

    def card(self, patron_id: int) -> str:
        """Return the number of a patron's valid card."""
        with reading() as session:
            card = active_card(session, patron_id)
            assert card is not None, f"patron {patron_id} lost the card"
            return card.number

    def newest(self, model: Any, most: int = 6, *where: Any) -> list[Any]:
        """Return the newest rows of a table."""
        with reading() as session:
            query = select(model).where(*where).order_by(model.id.desc()).limit(most)
            return list(session.scalars(query))

    def one_of(self, model: Any, pick: int, *where: Any, most: int = 6) -> Any:
        """Return one of the newest rows of a table; None where there is none."""
        rows = self.newest(model, most, *where)
        return rows[pick % len(rows)] if rows else None

    # --- what is, and what ought to be --------------------------------------------------------

    def rows_on_loan(self) -> dict[int, int]:
        """Return who has which copy, by the rows."""
        with reading() as session:
            rows = session.execute(
                select(Loan.item_id, Loan.patron_id).where(Loan.closed_at.is_(None))
            )
            return {item: who for item, who in rows if who is not None}

    def follow(self, touched: Collection[int] | None = None) -> None:
        """Take over from the rows what is on loan; only ``touched`` copies may have changed."""
        rows = self.rows_on_loan()
        if touched is not None:
            differ = {i for i in {*rows, *self.on_loan} if rows.get(i) != self.on_loan.get(i)}
            assert differ <= set(touched), f"copies {differ - set(touched)} changed hands"
        self.on_loan = rows

    def state(self) -> State:
        """Return what an undo has to bring back, whole."""
        with reading() as session:
            money = session.execute(
                select(LedgerEntry.patron_id, LedgerEntry.direction, func.sum(LedgerEntry.amount))
                .where(LedgerEntry.direction != "liability")
                .group_by(LedgerEntry.patron_id, LedgerEntry.direction)
            )
            owed: dict[Any, int] = {}
            for patron, direction, amount in money:
                sign = 1 if direction == "debit" else -1
                owed[patron] = owed.get(patron, 0) + sign * int(amount)
            life = {
                row.id: row.lifecycle for row in session.execute(select(Item.id, Item.lifecycle))
            }
            boxes = select(
                ConsignmentLine.item_id, ConsignmentLine.consignment_id, ConsignmentLine.state
            ).where(ConsignmentLine.closed_at.is_(None))
            places = select(Hold.id, Hold.order_ts, Hold.pickup_branch_id).where(IS_OPEN)
            return {
                "on loan": dict(self.on_loan),
                "owed": {k: v for k, v in owed.items() if v},
                "lifecycles": life,
                "boxes": {row.item_id: tuple(row) for row in session.execute(boxes)},
                "queues": {row.id: tuple(row) for row in session.execute(places)},
            }

    # --- taking back, repeating ---------------------------------------------------------------

    def undo_last(self) -> None:
        """Take the last act back: all is as it was before."""
        if self.last is None or not isinstance(self.last[2], DeskResult):
            return
        _, words, answer = self.last
        before = self.before
        if answer.undo_token is None:
            return
        undone = self.do(undo, words["at"], token=answer.undo_token)
        if undone.ok and answer.repeated:
            self.follow()  # the act itself is undone; what was before it is not known any more
        elif undone.ok and not undone.repeated:
            self.on_loan = dict(before["on loan"])
            after = self.state()
            known = before["lifecycles"]  # a copy entered to be lent stays entered
            after["lifecycles"] = {k: v for k, v in after["lifecycles"].items() if k in known}
            left = {k: (before[k], after[k]) for k in before if before[k] != after[k]}
            assert not left, f"an undone act left something: {left}"

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
        before = self.events()
        with self.clock():
            again = perform(use_case, self.actor(at), **words)
        assert again.repeated
        assert again.to_json() | {"repeated": False} == answer.to_json()
        assert self.events() == before, "a repeated key did something"

    def events(self) -> int:
        """Count the events of the log."""
        with reading() as session:
            return session.scalar(select(func.count()).select_from(EventRow)) or 0

    # --- checking -----------------------------------------------------------------------------

    def check(self) -> None:
        """Compare the rows with what ought to be, and hold them to the laws."""
        from bench.laws import check_all

        with self.clock(), reading() as session:
            rows = session.execute(
                select(Loan.item_id, Loan.patron_id).where(Loan.closed_at.is_(None))
            )
            assert {row[0]: row[1] for row in rows} == self.on_loan, "the model and the rows differ"
            check_all(session)
