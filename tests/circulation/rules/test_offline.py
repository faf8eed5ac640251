"""When an offline line counts for, by a clock that may be wrong."""

from datetime import UTC, datetime, timedelta

from circulation.rules.offline import JUMPED, SHIFTED, UNSURE, moments

NINE = datetime(2026, 5, 15, 2, tzinfo=UTC)


def after(minutes: float) -> datetime:
    return NINE + timedelta(minutes=minutes)


def test_a_clock_right_within_five_minutes_is_believed() -> None:
    said = [after(0), after(10)]
    found = moments(said, desk_clock=after(26), now=after(30))
    assert [(m.at, m.code) for m in found] == [(after(0), ""), (after(10), "")]


def test_a_clock_off_by_more_shifts_every_line_of_the_desk() -> None:
    said = [after(-60), after(-50)]
    found = moments(said, desk_clock=after(-30), now=after(30))
    assert [(m.at, m.code) for m in found] == [(after(0), SHIFTED), (after(10), SHIFTED)]


def test_case_40_a_clock_that_jumps_back_keeps_the_order_of_the_counter() -> None:
    """The battery is dead, the machine restarts in the year 2000."""
    wrong = datetime(2000, 1, 1, tzinfo=UTC)
    said = [after(0), after(10), wrong, wrong + timedelta(minutes=5)]
    found = moments(said, desk_clock=wrong + timedelta(minutes=15), now=after(35))
    assert [m.at for m in found] == [after(0), after(10), after(20), after(25)]
    assert [m.code for m in found] == ["", "", SHIFTED, SHIFTED]


def test_a_clock_that_was_ahead_and_was_set_right_counts_nothing_in_the_future() -> None:
    said = [after(600), after(10), after(20)]
    found = moments(said, desk_clock=after(30), now=after(30))
    assert [(m.at, m.code) for m in found] == [
        (after(10), JUMPED),
        (after(10), ""),
        (after(20), ""),
    ]


def test_case_40_a_line_long_before_the_server_was_last_heard_is_not_posted_by_itself() -> None:
    wrong = datetime(2000, 1, 1, tzinfo=UTC)
    found = moments([wrong, after(10)], desk_clock=after(30), now=after(30), last_heard=after(-10))
    assert [m.code for m in found] == [UNSURE, ""]
    assert found[1].at == after(10)


def test_moments_never_run_against_the_counter_nor_into_the_future() -> None:
    said = [after(n) for n in (5, 90, 3, 4, -500, 7, 2000)]
    found = [m.at for m in moments(said, desk_clock=after(9), now=after(60))]
    assert found == sorted(found)
    assert found[-1] <= after(60)
