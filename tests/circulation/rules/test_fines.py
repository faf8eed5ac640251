"""Fines: the test vectors of the lending rule book, then properties."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from circulation.rules.fines import (
    NO_FINE,
    Posted,
    book_drop_date,
    charge,
    fine,
    late_days,
    suspension_days,
    suspension_span,
)
from circulation.rules.policy import Policy
from ils.org.calendar import Calendar
from tests.circulation.rules.test_due_date import TET, WEEKEND, calendars, d, days

DUE, BACK = d(5, 29), d(6, 2)  # Friday, and the Tuesday after a closed weekend


@pytest.mark.parametrize(
    ("number", "until", "policy", "price", "amount"),
    [
        ("3.14/13", BACK, Policy(), None, 2000),
        ("3.14/14", BACK, Policy(skip_closed=False), None, 4000),
        ("3.14/15", BACK, Policy(grace=2), None, 0),
        ("3.14/16", BACK, Policy(grace=1), None, 2000),
        ("3.14/17", BACK, Policy(grace=1, grace_mode="free"), None, 1000),
        ("3.14/18", DUE, Policy(), None, 0),
        ("3.14/19", d(5, 31), Policy(), None, 0),
        ("3.14/20", d(12, 1), Policy(cap=20000), None, 20000),
        ("3.14/21", d(12, 1), Policy(cap=20000), 15000, 15000),
    ],
)
def test_fines_follow_the_rule_book(number, until, policy, price, amount):
    assert fine(DUE, until, policy, WEEKEND, price).amount == amount, number


def test_a_copy_from_the_drop_box_counts_for_the_last_open_day_before():
    assert book_drop_date(d(2, 24), TET) == d(2, 13)  # 3.14/24
    assert book_drop_date(d(6, 1), WEEKEND) == d(5, 29)
    assert fine(DUE, book_drop_date(d(6, 1), WEEKEND), Policy(), WEEKEND).amount == 0


def test_a_drop_box_with_no_open_day_behind_it_keeps_the_calendar():
    assert book_drop_date(d(6, 1), Calendar(weekly_closed=range(7))) == d(5, 31)


def test_s09_grace_is_a_threshold_and_not_a_deduction():
    assert fine(DUE, d(6, 8), Policy(grace=3), WEEKEND).amount == 6000
    assert fine(DUE, d(6, 8), Policy(grace=6), WEEKEND).amount == 0


def test_s10_one_closed_day_in_the_span_is_one_fine_fewer():
    due, back = d(6, 1), d(6, 14)
    without = fine(due, back, Policy(), Calendar()).amount
    with_one = fine(due, back, Policy(), Calendar(closed=[d(6, 5)])).amount
    assert (without, with_one) == (13000, 12000)


def test_a_second_charge_of_the_same_days_is_nothing():
    posted = Posted(on_loan=2000, since_due=2000)
    assert charge(DUE, BACK, Policy(), WEEKEND, posted=posted).amount == 0
    assert charge(DUE, d(6, 3), Policy(), WEEKEND, posted=posted).amount == 1000


def test_grace_is_counted_over_the_whole_delay_though_part_was_posted():
    policy = Policy(grace=3)
    assert charge(DUE, BACK, policy, WEEKEND).amount == 0
    assert charge(DUE, d(6, 5), policy, WEEKEND).amount == 5000


def test_the_cap_of_a_loan_counts_what_was_charged_before_a_renewal():
    posted = Posted(on_loan=15000, since_due=0)
    found = charge(DUE, d(7, 1), Policy(cap=20000), WEEKEND, posted=posted)
    assert (found.amount, found.limits) == (5000, ("CAP",))


def test_the_cap_of_a_reader_leaves_only_the_room_there_is():
    found = charge(
        DUE, d(6, 12), Policy(patron_cap=12000), WEEKEND, posted=Posted(open_of_patron=9000)
    )
    assert (found.amount, found.limits) == (3000, ("PATRON_CAP",))
    full = charge(DUE, BACK, Policy(patron_cap=5000), WEEKEND, posted=Posted(open_of_patron=9000))
    assert full.amount == 0


def test_a_charge_is_rounded_down_to_what_can_be_paid():
    assert charge(DUE, d(6, 3), Policy(per_day=700), WEEKEND).amount == 2000  # 2.100


def test_where_the_penalty_is_days_no_money_is_taken():
    policy = Policy(penalty="days", suspend_factor=2, suspend_max=5)
    assert charge(DUE, BACK, policy, WEEKEND) == NO_FINE
    assert suspension_days(DUE, BACK, policy, WEEKEND) == 4
    assert suspension_days(DUE, d(6, 10), policy, WEEKEND) == 5
    assert suspension_days(DUE, BACK, Policy(), WEEKEND) == 0


def test_a_second_suspension_follows_the_first_or_runs_beside_it():
    assert suspension_span(d(6, 2), 3, Policy(), None) == (d(6, 2), d(6, 4))
    assert suspension_span(d(6, 2), 3, Policy(), d(6, 10)) == (d(6, 11), d(6, 13))
    beside = Policy(suspend_adds_up=False)
    assert suspension_span(d(6, 2), 3, beside, d(6, 10)) == (d(6, 2), d(6, 4))


fine_policies = st.builds(
    Policy,
    per_day=st.sampled_from([0, 500, 700, 1000, 5000]),
    skip_closed=st.booleans(),
    grace=st.integers(0, 10),
    grace_mode=st.sampled_from(["forgive", "free"]),
    cap=st.none() | st.sampled_from([5000, 20000]),
    patron_cap=st.none() | st.sampled_from([5000, 50000]),
)
prices = st.none() | st.sampled_from([0, 15000, 90000])


@given(due=days, late=st.integers(0, 300), policy=fine_policies, calendar=calendars, price=prices)
def test_a_fine_never_falls_as_days_pass_and_never_passes_its_caps(
    due, late, policy, calendar, price
):
    until = due + timedelta(days=late)
    now = fine(due, until, policy, calendar, price).amount
    later = fine(due, until + timedelta(days=1), policy, calendar, price).amount
    assert 0 <= now <= later
    assert policy.cap is None or now <= policy.cap
    assert price is None or now <= price


@given(due=days, late=st.integers(0, 120), policy=fine_policies, calendar=calendars, price=prices)
def test_a_fine_is_nothing_where_no_chargeable_day_passed(due, late, policy, calendar, price):
    until = due + timedelta(days=late)
    if late_days(due, until, policy, calendar) == 0:
        assert fine(due, until, policy, calendar, price).amount == 0


@given(
    due=days,
    stops=st.lists(st.integers(0, 90), min_size=1, max_size=6),
    policy=fine_policies,
    calendar=calendars,
    price=prices,
)
def test_posting_in_parts_never_comes_to_more_than_posting_once(
    due, stops, policy, calendar, price
):
    posted = 0
    for late in sorted(stops):
        until = due + timedelta(days=late)
        given_now = charge(
            due, until, policy, calendar, price, Posted(posted, posted, open_of_patron=posted)
        )
        assert given_now.amount >= 0
        posted += given_now.amount
    assert posted <= fine(due, due + timedelta(days=max(stops)), policy, calendar, price).amount


def test_the_calendar_counts_the_same_over_long_and_short_spans():
    start = date(2024, 1, 1)
    for length in (39, 40, 41, 200, 700):
        until = start + timedelta(days=length)
        slow = sum(TET.is_open(start + timedelta(days=i)) for i in range(1, length + 1))
        assert TET.open_days(start, until) == slow
