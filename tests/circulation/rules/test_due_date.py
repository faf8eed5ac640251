"""Due dates and renewals: the test vectors of the lending rule book, then properties."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from circulation.rules.due_date import due_date, manual_due_reasons
from circulation.rules.policy import Policy
from circulation.rules.renewal import renew_due
from ils.org.calendar import Calendar

D1 = timedelta(days=1)
WEEKEND = Calendar(weekly_closed=(5, 6))
TET = Calendar(weekly_closed=(0,), closed=[date(2026, 2, 14) + i * D1 for i in range(9)])
NEVER = Calendar(weekly_closed=range(7))


def d(month: int, day: int) -> date:
    return date(2026, month, day)


@pytest.mark.parametrize(
    ("number", "start", "policy", "calendar", "card", "due", "trace"),
    [
        ("3.14/1", d(5, 15), Policy(), WEEKEND, None, d(5, 29), []),
        ("3.14/2", d(5, 16), Policy(), WEEKEND, None, d(6, 1), ["PUSHED_TO_OPEN"]),
        ("3.14/3", d(2, 3), Policy(), TET, None, d(2, 24), ["PUSHED_TO_OPEN"]),
        (
            "3.14/4",
            d(2, 3),
            Policy(ceiling=d(2, 14)),
            TET,
            None,
            d(2, 13),
            ["PUSHED_TO_OPEN", "CEILING"],
        ),
        ("3.14/5", d(5, 15), Policy(), WEEKEND, d(5, 24), d(5, 22), ["CARD_EXPIRY"]),
        (
            "3.14/6",
            d(6, 1),
            Policy(fixed_due=d(8, 30)),
            WEEKEND,
            None,
            d(8, 31),
            ["FIXED", "PUSHED_TO_OPEN"],
        ),
        ("3.14/7", d(5, 15), Policy(loan_days=5, loan_count="open"), WEEKEND, None, d(5, 22), []),
        ("3.14/8", d(5, 15), Policy(), NEVER, None, d(5, 29), ["NO_OPEN_DAY"]),
    ],
)
def test_due_dates_follow_the_rule_book(number, start, policy, calendar, card, due, trace):
    found = due_date(start, policy, calendar, card)
    assert (found.on, found.trace) == (due, trace), number


def test_a_ceiling_with_no_open_day_since_the_start_keeps_its_closed_day_and_says_so():
    closed = Calendar(closed=[d(5, 15) + i * D1 for i in range(20)])
    found = due_date(d(5, 15), Policy(ceiling=d(5, 20)), closed)
    assert found.on == d(5, 20)
    assert found.trace == ["PUSHED_TO_OPEN", "CEILING", "NO_OPEN_DAY"]


def test_a_ceiling_goes_back_over_a_closure_longer_than_sixty_days():
    summer = Calendar(closed=[d(6, 1) + i * D1 for i in range(100)])
    found = due_date(d(5, 15), Policy(loan_days=200, ceiling=d(8, 31)), summer)
    assert found.on == d(5, 31)
    assert found.trace == ["CEILING"]


def test_a_card_expired_before_the_loan_does_not_move_the_date():
    assert due_date(d(5, 15), Policy(), WEEKEND, d(5, 1)).on == d(5, 29)


def test_the_steps_name_the_day_each_led_to():
    steps = due_date(d(2, 3), Policy(), TET).steps
    assert [(s.code, s.day) for s in steps] == [
        ("BASE", d(2, 17)),
        ("PUSHED_TO_OPEN", d(2, 24)),
    ]


@pytest.mark.parametrize(
    ("number", "today", "due", "policy", "new"),
    [
        ("3.14/9", d(5, 20), d(5, 29), Policy(), d(6, 3)),
        ("3.14/10", d(5, 16), d(5, 29), Policy(), d(6, 1)),
        ("3.14/11", d(5, 15), d(5, 29), Policy(), None),
        ("3.14/12", d(5, 20), d(5, 29), Policy(renew_base="due"), d(6, 12)),
    ],
)
def test_renewals_follow_the_rule_book(number, today, due, policy, new):
    found = renew_due(today, due, policy, WEEKEND)
    assert (found.on if found else None) == new, number


def test_s07_rolling_renewal_from_the_due_date_and_from_today():
    policy = Policy(loan_days=21)
    assert renew_due(d(6, 1), d(6, 8), policy, Calendar()).on == d(6, 22)
    from_due = Policy(loan_days=21, renew_base="due")
    assert renew_due(d(6, 1), d(6, 8), from_due, Calendar()).on == d(6, 29)
    assert renew_due(d(6, 1), d(6, 22), policy, Calendar()) is None


def test_a_date_typed_by_hand_is_judged():
    def codes(wanted):
        found = manual_due_reasons(d(5, 15), wanted, Policy(max_manual_days=30), WEEKEND)
        return [(r.code, r.level) for r in found]

    assert codes(d(5, 14)) == [("manual_due_past", "refuse")]
    assert codes(d(5, 15)) == []
    assert codes(d(5, 30)) == [("manual_due_closed", "question")]
    assert codes(d(6, 15)) == [("manual_due_far", "refuse")]


calendars = st.builds(
    Calendar,
    weekly_closed=st.sets(st.integers(0, 6), max_size=7),
    closed=st.sets(st.dates(d(1, 1), date(2027, 12, 31)), max_size=40),
    opened=st.sets(st.dates(d(1, 1), date(2027, 12, 31)), max_size=5),
)
days = st.dates(d(1, 1), date(2027, 6, 30))
policies = st.builds(
    Policy,
    loan_days=st.integers(0, 200),
    loan_count=st.sampled_from(["calendar", "open"]),
    fixed_due=st.none() | days,
    ceiling=st.none() | days,
    renew_base=st.sampled_from(["today", "due"]),
)


@given(start=days, policy=policies, calendar=calendars, card=st.none() | days)
def test_a_due_date_is_an_open_day_unless_the_trace_says_there_was_none(
    start, policy, calendar, card
):
    due = due_date(start, policy, calendar, card)
    assert due.on >= start
    assert calendar.is_open(due.on) or "NO_OPEN_DAY" in due.trace


@given(start=days, policy=policies, calendar=calendars, card=st.none() | days)
def test_no_due_date_passes_a_limit_that_lies_ahead(start, policy, calendar, card):
    due = due_date(start, policy, calendar, card)
    for limit in (policy.ceiling, card):
        assert limit is None or limit < start or due.on <= limit


@given(today=days, ahead=st.integers(-30, 60), policy=policies, calendar=calendars)
def test_a_renewal_only_ever_lengthens_a_loan(today, ahead, policy, calendar):
    current = today + ahead * D1
    found = renew_due(today, current, policy, calendar)
    assert found is None or found.on > current
