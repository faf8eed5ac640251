"""A title's issues are worked out from how it appears; what is held names its gaps."""

from datetime import date, timedelta

import pytest

from cataloging.serials.rules.holding import stands, statement
from cataloging.serials.rules.pattern import (
    Issue,
    Pattern,
    expected_issues,
    faults,
    read_numbers,
    schedule,
)

JANUARY_1 = date(2026, 1, 1)  # a Thursday
JANUARY_31 = date(2026, 1, 31)
EVERY_DAY = tuple(range(1, 8))


def days(pattern: Pattern, until: date = JANUARY_31) -> list[int]:
    return [issue.day.day for issue in expected_issues(pattern, JANUARY_1, until)]


def held(year: int, *numbers: int, **more: object) -> list[Issue]:
    first = date(year, 1, 1)
    return [Issue(first + timedelta(days=n), (n,), **more) for n in numbers]  # type: ignore[arg-type]


def test_daily_but_sunday() -> None:
    pattern = Pattern("week", JANUARY_1, weekdays=(1, 2, 3, 4, 5, 6))
    assert [d for d in range(1, 32) if d not in days(pattern)] == [4, 11, 18, 25]


def test_twice_a_week_and_fortnightly() -> None:
    assert days(Pattern("week", JANUARY_1, weekdays=(2, 5)))[:4] == [2, 6, 9, 13]
    assert days(Pattern("week", JANUARY_1, weekdays=(4,), every=2)) == [1, 15, 29]


def test_a_day_the_month_lacks_is_its_last() -> None:
    pattern = Pattern("month", JANUARY_1, days=(15, 31))
    issues = expected_issues(pattern, JANUARY_1, date(2026, 2, 28))
    assert issues[-1].day == date(2026, 2, 28)


def test_quarterly_and_yearly() -> None:
    quarterly = Pattern("month", JANUARY_1, days=(5,), months=(1, 4, 7, 10))
    issues = expected_issues(quarterly, JANUARY_1, date(2027, 1, 31))
    found = [(i.day.month, i.label) for i in issues]
    assert found == [(1, "1"), (4, "2"), (7, "3"), (10, "4"), (1, "1")]
    yearly = Pattern("month", JANUARY_1, days=(5,), months=(1,))
    assert len(expected_issues(yearly, JANUARY_1, date(2028, 12, 31))) == 3


def test_numbers_run_on_over_the_year_when_told_and_volumes_go_with_the_years() -> None:
    begins = date(2025, 12, 1)
    pattern = Pattern("month", begins, days=(1,), first_number=412, numbering="running", volume=36)
    issues = expected_issues(pattern, begins, date(2026, 2, 1))
    assert [(i.label, i.volume) for i in issues] == [("412", 36), ("413", 37), ("414", 37)]


def test_a_combined_number_takes_the_place_of_the_next() -> None:
    pattern = Pattern("week", JANUARY_1, weekdays=(4,), combined={JANUARY_1: 2})
    issues = expected_issues(pattern, JANUARY_1, JANUARY_31)
    assert [(i.day.day, i.label) for i in issues[:2]] == [(1, "1+2"), (15, "3")]


def test_nothing_comes_at_tet_and_no_number_is_lost() -> None:
    tet = frozenset(date(2026, 2, 16) + timedelta(days=n) for n in range(5))
    begins = date(2026, 2, 14)
    spring = {date(2026, 2, 15): "Xuân Bính Ngọ"}
    pattern = Pattern("week", begins, weekdays=EVERY_DAY, skipped=tet, specials=spring)
    found = [(i.day.day, i.label) for i in expected_issues(pattern, begins, date(2026, 2, 22))]
    assert found == [(14, "1"), (15, "2"), (15, "Xuân Bính Ngọ"), (21, "3"), (22, "4")]


def test_numbers_follow_what_really_came() -> None:
    pattern = Pattern("week", JANUARY_1, weekdays=EVERY_DAY)
    known = {date(2026, 1, 2): (5,), date(2026, 1, 3): None, date(2026, 1, 5): (7, 8)}
    found = expected_issues(pattern, JANUARY_1, date(2026, 1, 8), known)
    labels = [(i.day.day, i.label) for i in found]
    assert labels == [(1, "1"), (2, "5"), (4, "6"), (5, "7+8"), (7, "9"), (8, "10")]
    later = expected_issues(pattern, date(2026, 1, 7), date(2026, 1, 7), known)
    assert [i.label for i in later] == ["9"], "the same from whatever day one looks"


def test_a_title_that_changes_its_days_follows_the_new_pattern_from_then_on() -> None:
    weekly = Pattern("week", JANUARY_1, weekdays=(4,))
    daily = Pattern("week", date(2026, 1, 20), weekdays=(2, 4, 6), first_number=4)
    found = schedule([daily, weekly], JANUARY_1, JANUARY_31)
    assert [(i.day.day, i.label) for i in found[2:5]] == [(15, "3"), (20, "4"), (22, "5")]


def test_an_unsound_pattern_is_named_and_refused() -> None:
    pattern = Pattern("week", JANUARY_1, every=0)
    assert faults(pattern) == ["weekdays", "every"]
    with pytest.raises(ValueError, match="weekdays"):
        expected_issues(pattern, JANUARY_1, JANUARY_31)


@pytest.mark.parametrize(
    ("typed", "numbers"),
    [("5", (5,)), (" 1+2 ", (1, 2)), ("1-3", (1, 2, 3)), ("11/12", (11, 12)), ("", ())],
)
def test_numbers_are_read_as_they_stand_on_the_cover(typed: str, numbers: tuple[int, ...]) -> None:
    assert read_numbers(typed) == numbers


@pytest.mark.parametrize("typed", ["x", "5+", "3-1", "0", "1-99", "1234567"])
def test_what_is_no_number_is_refused(typed: str) -> None:
    with pytest.raises(ValueError, match=r".*"):
        read_numbers(typed)


def test_the_statement_names_runs_and_gaps_by_year() -> None:
    issues = held(2026, 1, 2, 3, 5) + held(2025, 51, 52)
    assert statement(issues) == ["2025: số 51-52", "2026: số 1-3, 5 (thiếu số 4)"]
    assert statement([]) == []


def test_the_statement_names_what_was_due_volumes_and_special_issues() -> None:
    issues = [*held(2026, 1, 2, volume=12), Issue(date(2026, 2, 1), name="Xuân", volume=12)]
    wanting = held(2026, 3, 4)
    said = statement(issues, wanting)
    assert said == ["2026, tập 12: số 1-2 (thiếu số 3-4); số đặc biệt: Xuân"]


def test_a_title_without_numbers_is_held_by_its_months() -> None:
    issues = [Issue(date(2026, month, 3)) for month in (1, 2, 4)]
    assert statement(issues, [Issue(date(2026, 3, 3))]) == ["2026: tháng 1-2, 4, 3 số (thiếu 1 số)"]


def test_an_issue_is_late_after_its_grace() -> None:
    found = [stands(JANUARY_1, JANUARY_1 + timedelta(days=n), 1) for n in (-1, 0, 1, 2)]
    assert found == ["ahead", "due", "due", "late"]
