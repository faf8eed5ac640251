"""Valid cards and overdue loans, as they stood on a day in the past."""

from datetime import UTC, date, datetime

import pytest

from circulation.indicators import overdue, overdue_rows, valid_card_rows, valid_cards
from circulation.models import Loan, LoanRenewal
from circulation.patrons.cards import renew_card, replace_card
from ils.accounts.actor import system_actor
from ils.core import clock
from tests.factories import create_item, create_patron, create_province

MAY_END = date(2026, 5, 31)


@pytest.fixture
def place(both_session):
    return create_province(both_session)


def cards(session, day, library=None):
    found = valid_cards(session, day, day)
    return {
        band: sum(t.n for t in found if t.age_band == band and t.library_id == library.id)
        for band in ("child", "adult")
    }


def test_cards_are_counted_as_they_stood_on_the_day(both_session, place):
    s = both_session
    year = {"issued_on": date(2026, 1, 5), "expires_on": date(2027, 1, 5)}
    create_patron(s, place.branch, born_on=date(2010, 6, 1), guardian_name="Mẹ", **year)
    create_patron(s, place.branch, born_on=date(1980, 1, 1), **year)
    create_patron(s, place.branch, issued_on=date(2025, 1, 5), expires_on=date(2026, 5, 30))
    create_patron(s, place.branch, issued_on=date(2025, 5, 31), expires_on=date(2026, 5, 31))
    create_patron(s, place.branch, issued_on=date(2026, 6, 1), expires_on=date(2027, 6, 1))
    create_patron(s, place.foreign_branch, **year)
    assert cards(s, MAY_END, place.library) == {"child": 1, "adult": 2}
    assert cards(s, date(2026, 6, 1), place.library) == {"child": 0, "adult": 3}
    total, rows = valid_card_rows(s, MAY_END, MAY_END, (place.branch.id,), 0, 2)
    assert (total, len(rows)) == (3, 2)
    assert "31/05/2026" not in rows[0].words


def test_a_card_renewed_later_was_not_valid_in_between(both_session, place):
    s = both_session
    patron = create_patron(s, place.branch, issued_on=date(2025, 3, 1), expires_on=date(2026, 3, 1))
    with clock.at(datetime(2026, 7, 1, tzinfo=UTC)):
        renew_card(s, system_actor(), patron.id)
    assert cards(s, date(2026, 2, 1), place.library) == {"child": 0, "adult": 1}
    assert cards(s, MAY_END, place.library) == {"child": 0, "adult": 0}
    assert cards(s, date(2026, 7, 1), place.library) == {"child": 0, "adult": 1}


def test_a_lost_card_and_its_successor_count_once(both_session, place):
    s = both_session
    patron = create_patron(s, place.branch, issued_on=date(2026, 1, 5), expires_on=date(2027, 1, 5))
    with clock.at(datetime(2026, 5, 10, tzinfo=UTC)):
        replace_card(s, system_actor(), patron.id)
    for day in (date(2026, 5, 9), date(2026, 5, 10), MAY_END):
        assert cards(s, day, place.library) == {"child": 0, "adult": 1}


def lend(session, branch, started, due, closed=None):
    item = create_item(session, branch)
    loan = Loan(
        item_id=item.id,
        record_id=item.record_id,
        branch_id=branch.id,
        started_at=clock.at_local(started),
        started_on=started,
        due_on=due,
        closed_at=clock.at_local(closed) if closed else None,
        closed_how="returned" if closed else None,
        patron_snapshot={"age_band": "child"},
    )
    session.add(loan)
    session.flush()
    return loan


def late(session, day):
    return sum(t.n for t in overdue(session, day, day))


def test_overdue_is_what_was_out_and_past_due_on_the_day(both_session, place):
    s = both_session
    april = date(2026, 4, 20)
    lend(s, place.branch, april, date(2026, 5, 4))
    lend(s, place.branch, april, date(2026, 5, 31))  # due on the day itself: not late
    lend(s, place.branch, april, date(2026, 5, 4), closed=date(2026, 6, 1))
    lend(s, place.branch, april, date(2026, 5, 4), closed=date(2026, 5, 31))
    lend(s, place.branch, date(2026, 6, 1), date(2026, 6, 15))
    assert late(s, MAY_END) == 2
    assert {t.library_id for t in overdue(s, MAY_END, MAY_END)} == {place.library.id}
    total, rows = overdue_rows(s, MAY_END, MAY_END, (place.branch.id,), 0, 50)
    assert total == 2
    assert "Dế Mèn" in rows[0].words


def test_a_renewal_made_later_does_not_heal_the_past(both_session, place):
    s = both_session
    loan = lend(s, place.branch, date(2026, 4, 20), date(2026, 6, 30))
    s.add(
        LoanRenewal(
            loan_id=loan.id,
            n=1,
            at=clock.at_local(date(2026, 6, 2)),
            old_due=date(2026, 5, 4),
            new_due=date(2026, 6, 30),
        )
    )
    s.flush()
    assert late(s, MAY_END) == 1
    assert late(s, date(2026, 6, 2)) == 0
