"""No hold is lost, doubled or starved: queues, searches, places of collecting, slips."""

from datetime import date, timedelta

import pytest

from cataloging.models import Item, Record
from circulation import lending_jobs
from circulation.hold_changes import (
    cancel_hold,
    change_pickup,
    extend_shelf,
    move_hold,
    put_back,
    suspend_hold,
)
from circulation.hold_lists import to_clear
from circulation.models import Hold, ItemSearch, Loan
from circulation.pulling import not_on_shelf
from circulation.searches import end_search, searches_at
from ils.core import clock
from tests.circulation.conftest import DAY_ONE, Library


def hold_of(library: Library, answer) -> Hold:
    return library.get(Hold, answer.hold["id"])


def test_a_title_hold_leaves_the_scanned_copy_to_a_hold_for_that_very_copy(library: Library):
    record = library.record()
    wanted, other = library.item(record), library.item(record)
    elder = library.hold(wanted, library.patron("Lê Bình"))
    younger = library.hold(wanted, library.patron("Phạm Cúc"), item_id=wanted.id)
    assert hold_of(library, elder).item_id == other.id
    assert library.take_back(wanted).hold["id"] == younger.hold["id"]
    assert hold_of(library, elder).item_id == other.id


def test_case_34_the_last_copy_goes_to_the_elder_title_hold(library: Library):
    record = library.record()
    wanted, other = library.item(record), library.item(record)
    library.lend(other, library.patron("Trần An"))
    elder = library.hold(wanted, library.patron("Lê Bình"))
    younger = library.hold(wanted, library.patron("Phạm Cúc"), item_id=wanted.id)
    assert library.take_back(wanted).hold["id"] == elder.hold["id"]
    assert hold_of(library, younger).state == "queued"


def test_two_title_holds_and_one_other_copy_leave_nothing_for_the_hold_for_one_copy(
    library: Library,
):
    record = library.record()
    wanted, _other = library.item(record), library.item(record)
    first = library.hold(wanted, library.patron("Lê Bình"))
    library.hold(wanted, library.patron("Trần An"))
    library.hold(wanted, library.patron("Phạm Cúc"), item_id=wanted.id)
    assert library.take_back(wanted).hold["id"] == first.hold["id"]


def test_a_copy_not_found_is_sought_and_pulled_for_nobody_until_it_is_seen(library: Library):
    item = library.item()
    first = library.hold(item, library.patron("Lê Bình"))
    second = library.hold(item, library.patron("Phạm Cúc"))
    answer = library.do(not_on_shelf, hold_id=first.hold["id"])
    assert answer.code == "hold_waits_again"
    assert [hold_of(library, h).state for h in (first, second)] == ["queued", "queued"]
    with library.reading() as session:
        ((search, sought, _),) = searches_at(session, library.place.branch.id)
    assert (search.why, sought.id) == ("not_on_shelf", item.id)
    assert library.take_back(item).hold["id"] == first.hold["id"]
    with library.reading() as session:
        assert searches_at(session, library.place.branch.id) == []


def test_the_second_time_not_on_shelf_asks_whether_the_copy_is_missing(library: Library):
    item = library.item()
    placed = library.hold(item, library.patron("Lê Bình"))
    library.do(not_on_shelf, hold_id=placed.hold["id"])
    library.on(DAY_ONE + timedelta(days=15), 4)
    with clock.at(library.now):
        lending_jobs.assign_all()
    assert hold_of(library, placed).state == "targeted"
    asked = library.do(not_on_shelf, hold_id=placed.hold["id"])
    assert (asked.code, asked.reason_codes()) == ("ask", ["missing_question"])
    assert hold_of(library, placed).state == "targeted"
    once_more = library.do(not_on_shelf, hold_id=placed.hold["id"], missing=False)
    assert once_more.code == "hold_waits_again"
    library.on(DAY_ONE + timedelta(days=30), 5)
    with clock.at(library.now):
        lending_jobs.assign_all()
    library.do(not_on_shelf, hold_id=placed.hold["id"], missing=True)
    assert library.get(Item, item.id).lifecycle == "missing"
    assert hold_of(library, placed).hopeless
    assert {s.outcome for s in library.all(ItemSearch)} == {"again", "missing"}
    (event,) = library.events("item_missing")
    assert event.facts["why"] == "not_on_shelf"


def test_a_copy_found_in_its_place_is_pulled_again(library: Library):
    item = library.item()
    placed = library.hold(item, library.patron("Lê Bình"))
    library.do(not_on_shelf, hold_id=placed.hold["id"])
    (search,) = library.all(ItemSearch)
    library.do(end_search, search_id=search.id, outcome="found")
    assert hold_of(library, placed).state == "targeted"


def test_a_ready_hold_to_be_collected_elsewhere_waits_without_end_until_changed_back(
    library: Library,
):
    here, there = library.place.branch.id, library.place.other_branch.id
    item = library.item()
    placed = library.hold(item, library.patron())
    library.take_back(item)
    hold_id, until = placed.hold["id"], hold_of(library, placed).shelf_until
    library.do(change_pickup, hold_id=hold_id, pickup_branch_id=there)
    assert hold_of(library, placed).shelf_until is None
    library.on(DAY_ONE + timedelta(days=10), 1)
    with clock.at(library.now):
        lending_jobs.expire_shelf()
    assert hold_of(library, placed).state == "ready"
    assert library.do(extend_shelf, hold_id=hold_id).reason_codes() == ["hold_state"]
    library.on(DAY_ONE + timedelta(days=1))
    library.do(change_pickup, hold_id=hold_id, pickup_branch_id=here)
    assert hold_of(library, placed).shelf_until == until


def test_a_hold_expires_on_the_first_open_day_after_its_last(library: Library):
    library.close(5, 6)
    library.rules(pickup_open_days=5)
    item = library.item()
    placed = library.hold(item, library.patron())
    library.take_back(item)
    assert hold_of(library, placed).shelf_until == date(2026, 5, 22)  # a Friday
    for day, state in ((23, "ready"), (25, "expired_shelf")):
        library.on(date(2026, 5, day), 1)
        with clock.at(library.now):
            lending_jobs.expire_shelf()
        assert hold_of(library, placed).state == state


def test_s19_on_its_way_again_a_hold_has_no_last_day(library: Library):
    item = library.item()
    placed = library.hold(item, library.patron())
    library.take_back(item)
    library.do(
        change_pickup,
        hold_id=placed.hold["id"],
        pickup_branch_id=library.place.other_branch.id,
    )
    library.later(minutes=5)
    assert library.take_back(item).code == "to_pickup"
    hold = hold_of(library, placed)
    assert (hold.state, hold.ready_on, hold.shelf_until, hold.shelf_was) == (
        "in_transit",
        None,
        None,
        None,
    )


def test_holds_of_the_same_instant_are_moved_between_each_other(library: Library):
    item = library.item()
    library.lend(item, library.patron("Trần An"))
    names = ("Một", "Hai", "Ba", "Bốn")
    ids = [library.hold(item, library.patron(n)).hold["id"] for n in names]
    with library.writing() as session:
        for hold_id in ids:
            session.get_one(Hold, hold_id).order_ts = library.now
    library.do(move_hold, hold_id=ids[3], before_hold_id=ids[1], reason_text="thi")
    assert order(library) == [ids[0], ids[3], ids[1], ids[2]]
    library.do(move_hold, hold_id=ids[0], before_hold_id=None, reason_text="thi")
    assert order(library) == [ids[3], ids[1], ids[2], ids[0]]


def order(library: Library) -> list[int]:
    rows = sorted(library.all(Hold), key=lambda h: (h.queue_class, h.order_ts, h.id))
    return [row.id for row in rows]


def test_a_hold_is_not_paused_until_a_day_past(lite: Library):
    placed = lite.hold(lite.item(), lite.patron())
    no = lite.do(suspend_hold, hold_id=placed.hold["id"], until=lite.today)
    assert no.reason_codes() == ["until_past"]


# --- slips for the closed stack ------------------------------------------------------------------


@pytest.fixture
def stack(library: Library) -> Library:
    """A library whose books are fetched from a closed stack."""
    library.setting("circulation.closed_stack", value=True)
    return library


def test_a_slip_is_fetched_read_here_and_goes_back_by_a_scan(stack: Library):
    item, patron = stack.item(use="reading_room", shelf="K2"), stack.patron()
    placed = stack.hold(item, patron, kind="slip")
    assert (placed.code, placed.facts["state"]) == ("slip_placed", "targeted")
    assert (placed.slip["kind"], placed.slip["shelf"]) == ("stack", "K2")
    fetched = stack.take_back(item)
    assert (fetched.code, hold_of(stack, placed).shelf_until) == ("hold_ready", stack.today)
    lent = stack.lend(item, patron)
    assert lent.code == "lent_reading_room"
    assert hold_of(stack, placed).state == "fulfilled"
    assert stack.take_back(item).code == "returned"


def test_a_copy_for_home_asked_for_by_slip_is_read_here(stack: Library):
    item, patron = stack.item(), stack.patron()
    stack.hold(item, patron, kind="slip")
    stack.take_back(item)
    stack.lend(item, patron)
    assert stack.all(Loan)[0].kind == "reading_room"


def test_a_reader_has_one_book_from_the_stack_at_a_time(stack: Library):
    patron, first, second = stack.patron(), stack.item(), stack.item()
    assert stack.hold(first, patron, kind="slip").ok
    assert stack.hold(second, patron, kind="slip").reason_codes() == ["limit_slips"]
    stack.take_back(first)
    stack.lend(first, patron)
    assert stack.hold(second, patron, kind="slip").reason_codes() == ["limit_slips"]
    stack.take_back(first)
    assert stack.hold(second, patron, kind="slip").ok
    stack.rules(limit_holds=1)
    assert stack.hold(stack.item(), patron).ok  # holds are counted apart


def test_a_slip_needs_a_copy_that_lies_in_the_stack_there(stack: Library):
    item, patron = stack.item(), stack.patron()
    stack.lend(item, stack.patron("Trần An"))
    assert stack.hold(item, patron, kind="slip").reason_codes() == ["nothing_free_now"]
    elsewhere = stack.item(at=stack.place.other_branch)
    assert stack.hold(elsewhere, patron, kind="slip").reason_codes() == ["nothing_holdable"]


def test_slips_are_not_taken_where_the_stack_is_open(library: Library):
    no = library.hold(library.item(), library.patron(), kind="slip")
    assert no.reason_codes() == ["pickup_not_offered"]


def test_a_slip_ends_with_its_day_and_what_was_fetched_is_cleared(stack: Library):
    fetched, not_fetched = stack.item(), stack.item()
    one = stack.hold(fetched, stack.patron("Lê Bình"), kind="slip")
    two = stack.hold(not_fetched, stack.patron("Phạm Cúc"), kind="slip")
    stack.take_back(fetched)
    stack.on(DAY_ONE + timedelta(days=7), 1)  # case 25: the machine was off for a week
    with clock.at(stack.now):
        lending_jobs.holds_of_the_day()
    assert (hold_of(stack, one).state, hold_of(stack, two).state) == (
        "expired_shelf",
        "expired_unfilled",
    )
    with stack.reading() as session:
        assert [r.item.id for r in to_clear(session, stack.place.branch.id)] == [fetched.id]
    assert stack.take_back(fetched).code == "cleared"


def test_a_hold_to_take_home_does_not_wait_for_what_stays_here(stack: Library):
    item = stack.item(use="reading_room")
    assert stack.hold(item, stack.patron()).reason_codes() == ["nothing_holdable"]
    both = stack.item(stack.get(Record, item.record_id))
    placed = stack.hold(both, stack.patron("Lê Bình"))
    assert hold_of(stack, placed).item_id == both.id
    assert stack.take_back(item).code in ("nothing_to_do", "in_house_use")


def test_canceling_and_putting_back_lose_no_place(library: Library):
    item = library.item()
    first = library.hold(item, library.patron("Lê Bình"))
    second = library.hold(item, library.patron("Phạm Cúc"))
    library.take_back(item)
    library.do(put_back, hold_id=first.hold["id"], reason_text="bìa rách")
    library.do(cancel_hold, hold_id=second.hold["id"])
    library.on(date(2026, 5, 17))
    assert library.take_back(item).hold["id"] == first.hold["id"]
