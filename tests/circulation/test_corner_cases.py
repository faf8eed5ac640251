"""Corner cases of lending by their numbers in the rule book, those with no room of their own.

``case_N`` are the edge cases, ``sNN`` the scenarios other systems test. What they ask for and our
rules decide otherwise is decided here as it is in docs/circulation.md.
"""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select

from circulation import desk, models
from circulation.availability import item_vetoes
from circulation.checkin import check_in
from circulation.closures.plans import apply_closure, plan_closure
from circulation.models import Loan
from circulation.patrons.cards import replace_card
from circulation.patrons.erasure import erase_patron
from circulation.patrons.models import Patron
from circulation.rules.fines import charge
from circulation.rules.policy import Policy
from ils.core import clock
from ils.core.config import config, use
from ils.core.errors import Invalid, Refused
from ils.core.events import EventRow
from ils.org.calendar import Calendar
from tests.circulation.conftest import DAY_ONE, Library

FRIDAY = date(2026, 5, 29)


def due_of(library: Library, **rules: Any) -> date:
    if rules:
        library.rules(**rules)
    answer = library.lend(library.item(), library.patron())
    assert answer.ok
    return date.fromisoformat(answer.facts["due_on"])


def test_case_1_a_due_day_that_is_closed_moves_forward(lite: Library) -> None:
    lite.close(4)  # Fridays
    assert due_of(lite) == FRIDAY + timedelta(days=1)


def test_case_2_a_closed_ceiling_goes_back(lite: Library) -> None:
    lite.close(2)  # Wednesdays; the ceiling is one
    assert due_of(lite, ceiling="2026-05-27") == date(2026, 5, 26)


def test_case_4_without_an_open_day_the_date_stays_and_the_loan_is_made(lite: Library) -> None:
    lite.close(*range(7))
    answer = lite.lend(lite.item(), lite.patron())
    assert answer.ok
    assert answer.facts["due_on"] == FRIDAY.isoformat()
    assert "calendar_without_open_day" in answer.reason_codes()


def test_case_5_a_due_day_closed_later_moves_by_a_plan(library: Library) -> None:
    answer = library.lend(library.item(), library.patron())
    days = {FRIDAY: "Sửa điện", FRIDAY + timedelta(days=1): "Sửa điện"}
    with library.writing() as session:
        plan = plan_closure(session, library.head, library.place.branch.id, days, "Sửa điện")
        apply_closure(session, library.head, plan.id)
    loan = library.get(Loan, (answer.loan or {})["id"])
    assert loan.due_on == FRIDAY + timedelta(days=2)


@pytest.mark.parametrize(
    ("mode", "back", "amount"),
    [("forgive", 2, 0), ("forgive", 3, 3000), ("free", 2, 0), ("free", 3, 1000)],
)
def test_case_12_within_grace_nothing_beyond_it_by_the_mode(
    lite: Library, mode: str, back: int, amount: int
) -> None:
    lite.rules(grace=2, grace_mode=mode, per_day=1000)
    item, patron = lite.item(), lite.patron()
    lite.lend(item, patron)
    lite.on(FRIDAY + timedelta(days=back))
    assert lite.take_back(item).facts["charged"] == amount


def test_case_28_a_copy_that_waits_or_travels_for_a_reader_is_not_moved(library: Library) -> None:
    item = library.item()
    library.hold(item, library.patron("An"))
    with library.writing() as session:
        assert item_vetoes(session, item.id) == []  # a copy only sought may go; the hold waits on
    library.take_back(item)
    with library.writing() as session:
        assert item_vetoes(session, item.id)


def test_case_29_a_patron_with_loans_debts_or_a_deposit_is_not_erased(library: Library) -> None:
    item, patron = library.item(), library.patron()
    library.lend(item, patron)
    with library.writing() as session, pytest.raises(Refused, match="erase_blocked") as told:
        erase_patron(session, library.head, patron.id)
    assert told.value.facts["against"]
    library.take_back(item)
    with library.writing() as session:
        erase_patron(session, library.head, patron.id)
    assert library.get(Patron, patron.id).deleted_at is not None


def test_case_32_no_card_bears_the_number_of_a_book(library: Library) -> None:
    item, patron = library.item(), library.patron()
    with library.writing() as session, pytest.raises((Invalid, Refused), match="card_number_taken"):
        replace_card(session, library.head, patron.id, number=item.barcode)


def test_case_37_a_birthday_during_a_loan_changes_the_next_loan_not_this_one(lite: Library) -> None:
    born = DAY_ONE.replace(year=DAY_ONE.year - 16) + timedelta(days=3)
    child = lite.patron("Bé Na", category="child", born_on=born, guardian_name="Mẹ Na")
    first = lite.item()
    lite.lend(first, child)
    lite.later(days=5)
    lite.take_back(first)
    lite.lend(lite.item(), child)
    bands = [event.age_band for event in lite.events("loan_checked_out", "item_checked_in")]
    assert bands == ["child", "adult", "adult"]
    assert [loan.patron_snapshot["age_band"] for loan in lite.all(Loan)] == ["child", "adult"]


@pytest.mark.parametrize("number", ["S01", "S02", "S03", "S04"])
def test_s01_to_s04_a_loan_is_never_recalled(lite: Library, number: str) -> None:
    """Recall is not offered: a hold never shortens a loan that is out, nor one made for it."""
    item, reader = lite.item(), lite.patron()
    lite.lend(item, reader)
    (loan,) = lite.all(Loan)
    assert lite.hold(item, lite.patron("Người chờ")).ok
    assert lite.get(Loan, loan.id).due_on == loan.due_on
    assert "recall" not in models.Hold.__table__.c
    if number == "S04":  # the next reader's loan has its full length, whoever waits behind
        assert lite.hold(item, lite.patron("Người sau")).ok
        ready = lite.take_back(item)
        waiting = lite.get(Patron, (ready.hold or {})["patron_id"])
        lent = lite.lend(item, waiting)
        assert date.fromisoformat(lent.facts["due_on"]) >= lite.today + timedelta(days=14)


def test_s08_a_closed_day_between_two_open_ones_costs_nothing() -> None:
    closed_on_the_9th = Calendar(closed=(date(2026, 1, 9),))
    cost = charge(date(2026, 1, 7), date(2026, 1, 10), Policy(per_day=1000), closed_on_the_9th)
    assert cost.amount == 2000  # the 8th and the 10th


def test_case_40_while_the_clock_of_the_server_is_behind_nothing_is_written(
    library: Library,
) -> None:
    """The battery died in the night: the machine is two days back, and knows it by its own log."""
    item, patron = library.item(), library.patron()
    library.lend(item, patron)
    ahead = datetime.now(UTC) + timedelta(days=2)
    with library.writing() as session:
        newest = select(EventRow).order_by(EventRow.id.desc()).limit(1)
        session.scalars(newest).one().recorded_at = ahead
    with pytest.raises(Refused, match="clock_behind") as told:
        desk.perform(check_in, library.clerk, barcode=item.barcode, key="k")
    assert told.value.facts["newest"] == f"{clock.local(ahead):%d/%m/%Y %H:%M}"
    assert library.all(Loan)[0].closed_at is None
    use(replace(config(), clock_may_go_back=True))  # it had been ahead, and somebody says so
    assert desk.perform(check_in, library.clerk, barcode=item.barcode, key="k").ok


def test_case_40_the_log_is_in_the_order_of_its_ids_whatever_a_clock_says(lite: Library) -> None:
    item, patron = lite.item(), lite.patron()
    lite.lend(item, patron)
    lite.later(hours=-3)  # less than a day: work goes on
    assert lite.take_back(item).ok
    kinds = [row.kind for row in lite.all(EventRow)]
    assert kinds[-2:] == ["loan_checked_out", "item_checked_in"]
    (loan,) = lite.all(Loan)
    assert loan.effective_return_on == loan.started_on
