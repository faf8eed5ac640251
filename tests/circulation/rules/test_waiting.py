"""How long a reader waits, told honestly."""

from circulation.rules.waiting import Wait, waiting_time

TEN_DAYS = [10] * 10
MIXED = [4, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24, 26]


def test_fewer_than_ten_past_loans_say_nothing():
    assert waiting_time(1, [None], [10] * 9) is None
    assert waiting_time(1, [None], TEN_DAYS) == Wait(0, 0)


def test_without_a_copy_nothing_is_told():
    assert waiting_time(1, [], TEN_DAYS) is None


def test_each_reader_ahead_keeps_a_copy_as_long_as_readers_did():
    assert waiting_time(3, [0], TEN_DAYS) == Wait(30, 30)
    assert waiting_time(3, [0, 0], TEN_DAYS) == Wait(20, 20)
    assert waiting_time(3, [None], TEN_DAYS) == Wait(20, 20)


def test_the_range_is_that_of_the_quicker_and_the_slower_quarter():
    assert waiting_time(1, [0], MIXED) == Wait(10, 22)
    assert waiting_time(2, [0], MIXED) == Wait(20, 44)


def test_a_copy_out_for_long_is_judged_by_the_loans_that_lasted_longer():
    soon, late = waiting_time(1, [20], MIXED) or Wait(-1, -1)
    assert (soon, late) == (2, 6)


def test_a_copy_out_longer_than_any_loan_before_says_no_more_than_that():
    assert waiting_time(1, [300], TEN_DAYS) == Wait(10, 10)
