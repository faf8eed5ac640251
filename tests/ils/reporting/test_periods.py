"""Clocks: where periods begin and end, and what 'since the beginning of the year' means."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ils.core.errors import NotFound
from ils.reporting.periods import clock_named, clocks, period_starting


@pytest.mark.parametrize(
    ("clock", "day", "first", "last", "label"),
    [
        ("calendar_month", date(2026, 2, 28), date(2026, 2, 1), date(2026, 2, 28), "Tháng 02/2026"),
        ("calendar_month", date(2024, 2, 3), date(2024, 2, 1), date(2024, 2, 29), "Tháng 02/2024"),
        ("calendar_quarter", date(2026, 5, 9), date(2026, 4, 1), date(2026, 6, 30), "Quý 2/2026"),
        ("calendar_year", date(2026, 5, 9), date(2026, 1, 1), date(2026, 12, 31), "Năm 2026"),
        (
            "administrative_month",
            date(2026, 1, 3),
            date(2025, 12, 15),
            date(2026, 1, 14),
            "Tháng 01/2026",
        ),
        (
            "administrative_month",
            date(2026, 1, 15),
            date(2026, 1, 15),
            date(2026, 2, 14),
            "Tháng 02/2026",
        ),
        (
            "administrative_quarter",
            date(2026, 3, 14),
            date(2025, 12, 15),
            date(2026, 3, 14),
            "Quý 1/2026",
        ),
        (
            "assessment_year",
            date(2025, 12, 1),
            date(2025, 12, 1),
            date(2026, 11, 30),
            "Năm đánh giá 2026",
        ),
        (
            "assessment_year",
            date(2025, 11, 30),
            date(2024, 12, 1),
            date(2025, 11, 30),
            "Năm đánh giá 2025",
        ),
    ],
)
def test_a_day_lies_in_the_period_of_its_clock(clock, day, first, last, label):
    period = clock_named(clock).containing(day)
    assert (period.first, period.last, period.label()) == (first, last, label)


@given(st.sampled_from(sorted(clocks())), st.dates(date(1990, 1, 1), date(2090, 1, 1)))
def test_periods_follow_one_another_without_gap(code, day):
    period = clock_named(code).containing(day)
    assert period.first <= day <= period.last
    assert period.next.first == period.last + timedelta(days=1)
    assert period.next.previous == period
    assert period.year_first <= period.first
    assert period_starting(period.clock, period.first) == period


@given(st.sampled_from(sorted(clocks())), st.dates(date(1990, 1, 1), date(2090, 1, 1)))
def test_the_same_period_last_year_bears_the_same_name_with_another_year(code, day):
    period = clock_named(code).containing(day)
    before = period.year_ago
    assert before.label() == period.label().replace(
        str(period.last.year), str(period.last.year - 1)
    )


def test_the_cumulative_figure_begins_where_the_clock_says():
    may = clock_named("calendar_month").containing(date(2026, 5, 20))
    assert may.year_first == date(2026, 1, 1)
    assert [p.last.month for p in may.earlier_this_year] == [1, 2, 3, 4]
    admin = clock_named("administrative_month").containing(date(2026, 5, 20))
    assert admin.year_first == date(2025, 12, 15)
    assert [p.last.month for p in admin.earlier_this_year] == [1, 2, 3, 4, 5]
    assert admin.label() == "Tháng 06/2026"


def test_a_day_on_which_no_period_begins_is_refused():
    with pytest.raises(NotFound):
        period_starting(clock_named("calendar_month"), date(2026, 5, 2))
    with pytest.raises(NotFound):
        clock_named("lunar")
