"""What the tests of the public sites share: a library with hours, a few titles, a reader."""

from collections.abc import Callable
from datetime import UTC, date, datetime, time
from typing import Any

import pytest

from cataloging.models import Record
from ils.core import clock, db
from ils.org.models import CalendarWeek
from tests import factories

# Tuesday, 11:00 in Vietnam.
TUESDAY = datetime(2026, 11, 24, 4, 0, tzinfo=UTC)
NOBODY = {"User-Agent": "Mozilla/5.0 (Linux; Android 10) Chrome/120"}


@pytest.fixture
def tuesday() -> Any:
    """It is Tuesday, 24/11/2026, 11:00."""
    with clock.at(TUESDAY):
        yield TUESDAY


@pytest.fixture
def make() -> Callable[..., Any]:
    """Run a factory in a transaction of its own: ``make(factories.create_item, branch)``."""

    def made(factory: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        with db.transaction() as session:
            return factory(session, *args, **kwargs)

    return made


@pytest.fixture
def title(province: Any, make: Any) -> Record:
    """A title with two copies in our branch and one in the other library."""

    def made(session: Any) -> Record:
        record = factories.create_record(session, "Đất rừng phương Nam", author="Đoàn Giỏi")
        for branch in (province.branch, province.branch, province.foreign_branch):
            factories.create_item(session, branch, record, call_number="895.92 ĐO", shelf="Giá 4")
        return record

    return make(made)  # type: ignore[no-any-return]


@pytest.fixture
def indexed() -> Callable[[], None]:
    """Build the search index of what has been made so far: ``indexed()``."""
    from cataloging.search import follow

    def build() -> None:
        follow.rebuild()

    return build


def open_daily(session: Any, unit: Any) -> None:
    """Open a unit every day but Monday, 07:30–17:00 with a pause at noon."""
    for weekday in range(7):
        session.add(
            CalendarWeek(
                unit_id=unit.id,
                weekday=weekday,
                open=weekday != 0,
                opens=time(7, 30),
                closes=time(17, 0),
                pause_from=time(11, 30),
                pause_to=time(13, 30),
                valid_from=date(2020, 1, 1),
            )
        )


def text_of(answer: Any) -> str:
    """Return a page's text."""
    return str(answer.get_data(as_text=True))
