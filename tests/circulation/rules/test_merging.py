"""Two records of one person wait for the same title."""

from datetime import UTC, datetime

import pytest

from circulation.rules.merging import HoldOfTwo, join_holds

MONDAY, TUESDAY = datetime(2026, 5, 18, tzinfo=UTC), datetime(2026, 5, 19, tzinfo=UTC)


def hold(number, state="queued", at=MONDAY, title=(1, "")):
    return HoldOfTwo(number, title, state, at)


def test_the_earlier_hold_stays():
    joined = join_holds([hold(1, at=TUESDAY)], [hold(2, at=MONDAY)])
    assert [(one.keep, one.close, one.order_ts) for one in joined] == [(2, 1, MONDAY)]


@pytest.mark.parametrize("state", ["ready", "in_transit"])
def test_a_copy_in_hand_is_not_lost_and_the_earlier_place_stays(state):
    joined = join_holds([hold(1, at=MONDAY)], [hold(2, state, at=TUESDAY)])
    assert [(one.keep, one.close, one.order_ts) for one in joined] == [(2, 1, MONDAY)]


def test_other_titles_and_other_volumes_stay_apart():
    mine = [hold(1, title=(1, "1")), hold(2, title=(2, ""))]
    assert join_holds(mine, [hold(3, title=(1, "2")), hold(4, title=(3, ""))]) == []
