"""What a planned closure does to days already promised."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from circulation.rules.closures import (
    Moved,
    PostedFine,
    may_go_back,
    moved_due,
    moved_shelf,
    too_much,
)
from circulation.rules.policy import Policy
from ils.org.calendar import Calendar

MONDAY = date(2026, 6, 1)
DAY = timedelta(days=1)
WEEKENDS = (5, 6)


def open_but(*closed: date) -> Calendar:
    return Calendar(weekly_closed=WEEKENDS, closed=closed)


USUAL = open_but()


def test_a_due_day_that_becomes_closed_moves_to_the_next_open_day() -> None:
    closed = open_but(MONDAY, MONDAY + DAY)
    assert moved_due(MONDAY, USUAL, closed) == Moved(MONDAY + 2 * DAY)


def test_it_never_lands_on_a_weekly_closed_day() -> None:
    friday = MONDAY + 4 * DAY
    assert moved_due(friday, USUAL, open_but(friday)) == Moved(MONDAY + 7 * DAY)


def test_a_due_day_outside_the_closure_stays() -> None:
    assert moved_due(MONDAY, USUAL, open_but(MONDAY + DAY)) is None


def test_a_due_day_typed_on_a_closed_day_is_left_alone() -> None:
    saturday = MONDAY + 5 * DAY
    assert moved_due(saturday, USUAL, open_but(saturday, saturday + 2 * DAY)) is None


def test_a_loan_counted_in_open_days_keeps_their_number() -> None:
    due = MONDAY + 4 * DAY  # four open days after Monday
    closed = open_but(MONDAY + DAY, MONDAY + 2 * DAY)
    assert moved_due(due, USUAL, closed, MONDAY) == Moved(MONDAY + 8 * DAY)


def test_without_an_open_day_in_reach_the_day_stays_and_is_told() -> None:
    never = Calendar(weekly_closed=range(7))
    assert moved_due(MONDAY, USUAL, never) == Moved(None)


def test_a_shelf_period_keeps_its_open_days() -> None:
    closed = open_but(MONDAY + 2 * DAY)
    assert moved_shelf(MONDAY, MONDAY + 3 * DAY, USUAL, closed) == Moved(MONDAY + 4 * DAY)


def test_a_shelf_period_does_not_pass_the_day_the_reader_named() -> None:
    closed = open_but(MONDAY + 2 * DAY, MONDAY + 3 * DAY)
    until, need_by = MONDAY + 3 * DAY, MONDAY + 4 * DAY
    assert moved_shelf(MONDAY, until, USUAL, closed, need_by) == Moved(need_by)
    assert moved_shelf(MONDAY, until, USUAL, closed, until) is None


def test_a_fine_for_closed_days_is_too_much_by_those_days() -> None:
    policy = Policy(per_day=1000)
    posted = PostedFine(amount=4000, due_on=MONDAY, until=MONDAY + 4 * DAY)
    closed = open_but(MONDAY + DAY, MONDAY + 2 * DAY)
    assert too_much(posted, policy, USUAL) == 0
    assert too_much(posted, policy, closed) == 2000


def test_what_was_forgiven_is_not_offered_again() -> None:
    posted = PostedFine(amount=4000, due_on=MONDAY, until=MONDAY + 4 * DAY, waived=1500)
    closed = open_but(MONDAY + DAY, MONDAY + 2 * DAY)
    assert too_much(posted, Policy(per_day=1000), closed) == 500


@pytest.mark.parametrize(
    ("now", "today", "back"),
    [
        (MONDAY + 3 * DAY, MONDAY, True),
        (MONDAY + 9 * DAY, MONDAY, False),
        (MONDAY + 3 * DAY, MONDAY + DAY, False),
    ],
    ids=["untouched", "changed since", "already passed"],
)
def test_only_an_untouched_day_that_has_not_passed_goes_back(
    now: date, today: date, back: bool
) -> None:
    assert may_go_back(MONDAY, MONDAY + 3 * DAY, now, today) is back


days = st.integers(0, 60).map(lambda n: MONDAY + n * DAY)


@given(due=days, closed=st.integers(0, 2**40), first=st.none() | st.just(MONDAY))
def test_days_only_move_forward_and_never_onto_a_closed_day(
    due: date, closed: int, first: date | None
) -> None:
    after = open_but(*(MONDAY + n * DAY for n in range(41) if closed >> n & 1))
    moved = moved_due(due, USUAL, after, first)
    if moved is None or moved.on is None:
        return
    assert moved.on > due
    assert after.is_open(moved.on)
    if first is not None:
        assert after.open_days(first, moved.on) >= USUAL.open_days(first, due)
