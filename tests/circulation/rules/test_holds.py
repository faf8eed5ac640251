"""The queue, targeting, capture and the hold shelf: the rule book's vectors and more."""

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from circulation.rules.blocks import Figures, Note, PatronFacts
from circulation.rules.holds import (
    CopyFacts,
    HoldFacts,
    HoldRequest,
    assign,
    hold_reasons,
    pick_for_scanned,
    place_in_queue,
    queue,
    shelf_expiry,
)
from circulation.rules.policy import Policy
from circulation.rules.states import OPEN, TABLE, IllegalStep, may, next_state
from ils.org.calendar import Calendar
from tests.circulation.rules.test_due_date import TET, d

X, Y = 1, 2
BEGAN = datetime(2026, 5, 1, tzinfo=UTC)


def hold(id_: int, queue_class: int = 5, minutes: int = 0, pickup: int = X, **more) -> HoldFacts:
    return HoldFacts(id_, queue_class, BEGAN + timedelta(minutes=minutes), pickup, **more)


def copy(id_: int, at: int = X, **more) -> CopyFacts:
    return CopyFacts(id_, at, barcode=more.pop("barcode", str(id_)), **more)


A, B = copy(1), copy(2)
ELDER, YOUNGER = hold(1, minutes=100), hold(2, minutes=200, item=1)


def test_an_elder_title_hold_leaves_the_copy_to_the_item_hold():  # 3.14/25
    assert assign([ELDER, YOUNGER], [A, B]) == {1: 2, 2: 1}


def test_the_only_copy_goes_to_the_elder():  # 3.14/26, and case 34
    assert assign([ELDER, YOUNGER], [A]) == {1: 1}
    assert pick_for_scanned([ELDER, YOUNGER], A).id == 1  # 3.14/27


def test_a_suspended_hold_is_passed_over():  # 3.14/28
    asleep = hold(1, minutes=100, suspended=True)
    assert pick_for_scanned([asleep, YOUNGER], A).id == 2
    assert assign([asleep, YOUNGER], [A, B]) == {2: 1}


def test_class_comes_before_the_time_of_request():  # 3.14/29
    assert [h.id for h in queue([hold(3, 5, 50), hold(4, 1, 99)])] == [4, 3]


def test_the_pickup_branch_the_road_the_wear_and_the_barcode_decide_in_turn():
    one = [hold(1)]
    assert assign(one, [copy(7, at=Y), copy(9)]) == {1: 9}
    far, near = copy(7, at=Y, cost={X: 5}), copy(9, at=3, cost={X: 2})
    assert assign(one, [far, near]) == {1: 9}
    assert assign(one, [copy(7, uses=10), copy(9, uses=3)]) == {1: 9}
    assert assign(one, [copy(9, barcode="B"), copy(7, barcode="C")]) == {1: 9}


def test_a_hold_keeps_the_copy_it_has_while_that_is_free():
    assert assign([hold(1, target=7)], [copy(7, at=Y), copy(9)]) == {1: 7}


def test_a_hold_for_a_volume_takes_that_volume_only():
    wanted = hold(1, volume="T.2")
    assert assign([wanted], [copy(7, volume="T.1"), copy(8, volume="T.2")]) == {1: 8}
    assert pick_for_scanned([wanted], copy(7, volume="T.1")) is None
    assert pick_for_scanned([hold(1)], copy(7, volume="T.1")).id == 1


def test_a_copy_put_back_is_not_caught_again_for_the_same_hold():
    assert pick_for_scanned([hold(1, skip_item=7), hold(2, minutes=5)], copy(7)).id == 2


def test_a_copy_that_does_not_fit_the_reader_is_left_for_the_next():
    fits = lambda h, _c: h.id != 1  # noqa: E731
    assert pick_for_scanned([hold(1), hold(2, minutes=5)], A, fits).id == 2
    assert assign([hold(1), hold(2, minutes=5)], [A], fits) == {2: 1}


def test_local_holds_go_first_for_as_long_as_the_library_says():
    far, near = hold(1, pickup=Y), hold(2, minutes=60, pickup=X)
    soon = BEGAN + timedelta(days=1)
    assert pick_for_scanned([far, near], A, now=soon, local_first_days=3).id == 2
    late = BEGAN + timedelta(days=10)
    assert pick_for_scanned([far, near], A, now=late, local_first_days=3).id == 1


def test_the_place_in_the_queue_counts_those_not_suspended():
    holds = [hold(1, suspended=True), hold(2, minutes=1), hold(3, minutes=2)]
    assert place_in_queue(2, holds) == 1
    assert place_in_queue(3, holds) == 2
    assert place_in_queue(1, holds) == 1
    assert place_in_queue(9, holds) is None


@pytest.mark.parametrize(
    ("number", "ready", "days", "calendar", "need_by", "last", "trace"),
    [
        ("3.14/22", d(2, 12), 3, TET, None, d(2, 25), ()),
        ("3.14/23", d(2, 12), 3, TET, d(2, 13), d(2, 13), ("NEED_BY",)),
        ("S19", d(5, 1), 30, Calendar(weekly_closed=(5, 6)), None, d(6, 12), ()),
        ("same day", d(5, 4), 0, TET, None, d(5, 4), ()),
        ("never", d(5, 4), 3, Calendar(weekly_closed=range(7)), None, d(5, 7), ("NO_OPEN_DAY",)),
        ("past need", d(5, 4), 3, Calendar(), d(5, 1), d(5, 4), ("NEED_BY",)),
    ],
)
def test_the_shelf_period_counts_open_days(number, ready, days, calendar, need_by, last, trace):
    assert shelf_expiry(ready, days, calendar, need_by) == (last, trace), number


def test_a_closure_added_later_lengthens_the_shelf_period_and_never_shortens_it():
    plain = shelf_expiry(d(5, 4), 3, Calendar()).on
    assert shelf_expiry(d(5, 4), 3, Calendar(closed=[d(5, 6)])).on > plain


hold_lists = st.lists(
    st.tuples(st.integers(1, 9), st.integers(0, 50), st.none() | st.integers(1, 5), st.booleans()),
    max_size=8,
).map(
    lambda rows: [
        hold(n, c, minutes=m, item=i, suspended=s) for n, (c, m, i, s) in enumerate(rows, 1)
    ]
)
copy_lists = st.sets(st.integers(1, 5)).map(lambda ids: [copy(i) for i in sorted(ids)])


@given(holds=hold_lists, copies=copy_lists)
def test_each_copy_is_given_once_and_only_where_it_fits(holds, copies):
    given_out = assign(holds, copies)
    assert len(set(given_out.values())) == len(given_out)
    by_id = {h.id: h for h in holds}
    for hold_id, item_id in given_out.items():
        assert not by_id[hold_id].suspended
        assert by_id[hold_id].item in (None, item_id)


@given(holds=hold_lists, copies=copy_lists)
def test_nobody_waits_while_a_fitting_copy_lies_idle(holds, copies):
    given_out = assign(holds, copies)
    idle = {c.id for c in copies} - set(given_out.values())
    for one in holds:
        if one.id not in given_out and not one.suspended:
            assert not any(one.item in (None, i) for i in idle)


@given(holds=hold_lists, copies=copy_lists)
def test_the_head_of_the_queue_is_served_first(holds, copies):
    eligible = [
        h for h in queue(holds) if not h.suspended and any(h.item in (None, c.id) for c in copies)
    ]
    if eligible:
        assert eligible[0].id in assign(holds, copies)


PLAIN = Policy()


def _codes(policy: Policy = PLAIN, **facts) -> list[str]:
    patron = facts.pop("patron", PatronFacts(id=1))
    base = HoldRequest(today=d(5, 1), patron=patron, holdable=1)
    request = HoldRequest(**{**base.__dict__, **facts})
    return [r.code for r in hold_reasons(request, policy)]


def test_a_hold_is_placed_when_nothing_speaks_against_it():
    assert _codes() == []


@pytest.mark.parametrize(
    ("facts", "policy", "codes"),
    [
        ({"holdable": 0}, Policy(), ["nothing_holdable"]),
        ({"holdable": 0, "item_level": True}, Policy(), ["item_not_holdable"]),
        ({}, Policy(holdable=False), ["nothing_holdable"]),
        ({"duplicate_hold_id": 4}, Policy(), ["duplicate_hold"]),
        ({"has_copy": True}, Policy(), ["has_copy_on_loan"]),
        ({"has_copy": True}, Policy(hold_with_copy=True), []),
        ({"available_here": 1}, Policy(hold_on_available=False), ["available_here"]),
        ({"available_here": 1}, Policy(), []),
        ({"pickup_offered": False}, Policy(), ["pickup_not_offered"]),
        ({"need_by": date(2026, 4, 30)}, Policy(), ["need_by_past"]),
        ({"volume_known": False}, Policy(), ["volume_unknown"]),
        ({"patron": PatronFacts(figures=Figures(holds=5))}, Policy(), ["limit_holds"]),
        ({"patron": PatronFacts(figures=Figures(holds=4))}, Policy(), []),
        (
            {"patron": PatronFacts(figures=Figures(holds_today=2))},
            Policy(limit_holds_day=2),
            ["limit_holds_day"],
        ),
        ({"patron": PatronFacts(card_expires_on=date(2026, 4, 30))}, Policy(), ["card_expired"]),
        (
            {"patron": PatronFacts(notes=(Note(1, ("hold",), "…", 3, date(2026, 1, 1)),))},
            Policy(),
            ["manual_block"],
        ),
        ({"patron": PatronFacts(figures=Figures(posted=20001))}, Policy(), ["owed_over"]),
    ],
)
def test_each_reason_against_a_hold(facts, policy, codes):
    assert _codes(policy, **facts) == codes


def test_every_open_hold_can_be_canceled_and_no_ended_one_can_do_anything():
    for state in OPEN:
        assert next_state(state, "cancel") == "cancelled"
    events = {event for _, event in TABLE}
    for state in ("fulfilled", "cancelled", "expired_unfilled", "not_collected"):
        assert not any(may(state, event) for event in events)


def test_a_hold_on_the_shelf_cannot_be_suspended():
    assert not may("ready", "suspend")
    with pytest.raises(IllegalStep):
        next_state("ready", "suspend")
