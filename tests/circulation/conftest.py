"""A small library to lend in, on both databases."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from itertools import count
from typing import Any

import pytest
from sqlalchemy import Engine, select

import circulation.lending
from cataloging.models import Item, Record
from circulation import desk
from circulation.checkin import check_in
from circulation.checkout import check_out
from circulation.desk import DeskResult
from circulation.holds import place_hold
from circulation.models import PolicyRow
from circulation.patrons.models import Patron
from ils.accounts.actor import Actor
from ils.core import clock, db
from ils.core.events import EventRow
from tests import factories

DAY_ONE = date(2026, 5, 15)  # a Friday


@dataclass
class Library:
    """A library with a settable clock; every act goes through a transaction of its own."""

    place: factories.Province
    clerk: Actor
    head: Actor
    far_clerk: Actor
    now: datetime
    keys: Iterator[int] = field(default_factory=lambda: count(1))

    @property
    def today(self) -> date:
        return clock.local_day(self.now)

    def on(self, day: date, hour: int = 9) -> None:
        """Set the clock to a morning."""
        self.now = clock.at_local(day, hour)

    def later(self, **delta: int) -> None:
        """Let time pass."""
        self.now += timedelta(**delta)

    def do(self, use_case: Callable[..., Any], actor: Actor | None = None, **kwargs: Any) -> Any:
        """Run a use case at the present moment, with a new key; time moves on by a minute."""
        kwargs.setdefault("key", f"k{next(self.keys)}")
        with clock.at(self.now):
            result = desk.perform(use_case, actor or self.clerk, **kwargs)
        self.later(minutes=1)
        return result

    def lend(self, item: Item, patron: Patron, **kwargs: Any) -> DeskResult:
        result: DeskResult = self.do(check_out, barcode=item.barcode, patron_id=patron.id, **kwargs)
        return result

    def take_back(self, item: Item, **kwargs: Any) -> DeskResult:
        result: DeskResult = self.do(check_in, barcode=item.barcode, **kwargs)
        return result

    def hold(self, item: Item, patron: Patron, **kwargs: Any) -> DeskResult:
        kwargs.setdefault("pickup_branch_id", self.place.branch.id)
        result: DeskResult = self.do(
            place_hold, record_id=item.record_id, patron_id=patron.id, **kwargs
        )
        return result

    @contextmanager
    def writing(self) -> Iterator[Any]:
        with clock.at(self.now), db.transaction() as session:
            yield session

    @contextmanager
    def reading(self) -> Iterator[Any]:
        with clock.at(self.now), db.reading() as session:
            yield session

    def record(self, title: str = "Dế Mèn phiêu lưu ký") -> Record:
        with self.writing() as session:
            return factories.create_record(session, title)

    def item(self, record: Record | None = None, **more: Any) -> Item:
        branch = more.pop("at", self.place.branch)
        with self.writing() as session:
            return factories.create_item(session, branch, record, **more)

    def patron(self, name: str = "Nguyễn Thị Lan", **more: Any) -> Patron:
        branch = more.pop("at", self.place.branch)
        more.setdefault("expires_on", self.today + timedelta(days=365))
        with self.writing() as session:
            return factories.create_patron(session, branch, name, **more)

    def get_patron(self, answer: DeskResult) -> Patron:
        """The reader an answer is about."""
        found: Patron = self.get(Patron, (answer.patron or {})["id"])
        return found

    def card(self, patron: Patron) -> str:
        with self.reading() as session:
            return factories.card_of(session, patron)

    def rules(
        self, unit: Any = None, item_type: str = "", category: str = "", **values: Any
    ) -> None:
        """Set lending values at a unit (the library by default)."""
        from circulation.rules.policy import checked

        where = (unit or self.place.library).id
        with self.writing() as session:
            row = session.scalar(
                select(PolicyRow).where(
                    PolicyRow.unit_id == where,
                    PolicyRow.item_type == item_type,
                    PolicyRow.category == category,
                )
            ) or PolicyRow(unit_id=where, item_type=item_type, category=category, values={})
            row.values = {**row.values, **checked(values)}
            session.add(row)

    def close(self, *weekdays: int) -> None:
        with self.writing() as session:
            factories.close_weekdays(session, self.place.library, *weekdays)

    def setting(self, key: str, value: Any) -> None:
        from ils.org.settings import set_setting

        with self.writing() as session:
            set_setting(session, self.head, self.place.library.id, key, value)

    def get(self, model: Any, row_id: int) -> Any:
        with self.reading() as session:
            return session.get_one(model, row_id)

    def all(self, model: Any) -> list[Any]:
        with self.reading() as session:
            return list(session.scalars(select(model).order_by(*model.__table__.primary_key)))

    def events(self, *kinds: str) -> list[EventRow]:
        """Events of some kinds, undone ones left out."""
        rows = self.all(EventRow)
        gone = {row.voids_id for row in rows if row.voids_id}
        return [row for row in rows if row.kind in kinds and row.id not in gone]


def open_library() -> Library:
    """Found a library in the database bound to the process."""
    circulation.lending.register()
    moment = clock.at_local(DAY_ONE, 9)
    with clock.at(moment), db.transaction() as session:
        place = factories.create_province(session)
        clerk = factories.create_actor(session, "clerk", place.branch, place.library)
        head = factories.create_actor(session, "head", place.branch, place.library)
        far = factories.create_actor(session, "clerk", place.other_branch, place.library)
    return Library(place, clerk, head, far, moment)


@pytest.fixture
def library(both: Engine) -> Library:
    """A library open every day, on SQLite and on PostgreSQL."""
    return open_library()


@pytest.fixture
def lite(sqlite_db: Engine) -> Library:
    """A library on SQLite, where the database makes no difference."""
    return open_library()
