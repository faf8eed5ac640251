"""Copies on their way between branches: wrong places, changed ways, what never comes."""

from dataclasses import replace
from datetime import timedelta

import pytest

from cataloging.models import Item, Record
from circulation.checkin import check_in
from circulation.hold_changes import change_pickup
from circulation.models import Hold, ItemSearch, Transit
from circulation.searches import end_search, searches_at
from circulation.transit_lists import OnTheWay, count_transits, transit_list
from circulation.transits import (
    cancel_transit,
    change_destination,
    missing_in_transit,
    not_arrived,
    receive_here,
    send,
    send_back,
)
from circulation.undo import undo
from ils.accounts.actor import Actor
from ils.core.errors import NotFound
from tests.circulation.conftest import DAY_ONE, Library
from tests.factories import create_actor, create_unit


@pytest.fixture
def third(library: Library) -> Actor:
    """A clerk at a third branch, where nothing is sent on purpose."""
    with library.writing() as session:
        unit = create_unit(session, "branch", "Cơ sở 3", library.place.library)
        return create_actor(session, "clerk", unit, library.place.library)


def sent_for_a_hold(library: Library) -> tuple[Item, int]:
    """Send a copy to the other branch for a reader; returns it and the hold."""
    item = library.item()
    placed = library.hold(item, library.patron(), pickup_branch_id=library.place.other_branch.id)
    library.take_back(item)
    return item, placed.hold["id"]


def test_a_copy_is_sent_by_hand_and_received_by_scan(library: Library):
    item = library.item()
    sent = library.do(send, barcode=item.barcode, to_branch_id=library.place.other_branch.id)
    assert (sent.code, sent.action) == ("sent", "send")
    again = library.do(send, barcode=item.barcode, to_branch_id=library.place.other_branch.id)
    assert again.reason_codes() == ["not_on_shelf"]
    home = library.do(check_in, library.far_clerk, barcode=item.barcode)
    assert home.code == "send_home"  # it belongs to the first branch
    lent = library.item()
    library.lend(lent, library.patron())
    no = library.do(send, barcode=lent.barcode, to_branch_id=library.place.other_branch.id)
    assert no.reason_codes() == ["not_on_shelf"]
    foreign = library.do(
        send, barcode=library.item().barcode, to_branch_id=library.place.foreign_branch.id
    )
    assert foreign.reason_codes() == ["not_exchanged"]


def test_case_22_a_copy_at_a_wrong_place_is_sent_on_and_the_scan_is_logged(
    library: Library, third: Actor
):
    item, _ = sent_for_a_hold(library)
    passed = library.do(check_in, third, barcode=item.barcode)
    assert (passed.code, passed.slip["from"]) == ("send_on", third.unit_id)
    assert passed.facts["transit_id"] == library.all(Transit)[0].id
    (logged,) = library.events("transit_rerouted")
    assert (logged.unit_id, logged.facts["how"]) == (third.unit_id, "passed")
    assert library.do(check_in, library.far_clerk, barcode=item.barcode).code == "hold_ready"


def test_case_22_a_copy_at_a_wrong_place_is_kept_there_and_its_hold_waits(
    library: Library, third: Actor
):
    item, hold_id = sent_for_a_hold(library)
    transit_id = library.do(check_in, third, barcode=item.barcode).facts["transit_id"]
    asked_at = library.get(Hold, hold_id).order_ts
    kept = library.do(receive_here, third, transit_id=transit_id)
    assert (kept.code, library.get(Item, item.id).located_id) == ("received_here", third.unit_id)
    hold = library.get(Hold, hold_id)
    assert (hold.state, hold.item_id, hold.order_ts) == ("queued", None, asked_at)
    assert library.do(receive_here, third, transit_id=transit_id).reason_codes() == ["transit_over"]


def test_a_copy_kept_at_a_wrong_place_goes_to_whoever_waits_there(library: Library, third: Actor):
    item, first = sent_for_a_hold(library)
    next_one = library.hold(item, library.patron("Lê Bình"), pickup_branch_id=third.unit_id)
    transit_id = library.do(check_in, third, barcode=item.barcode).facts["transit_id"]
    kept = library.do(receive_here, third, transit_id=transit_id)
    assert (kept.code, kept.hold["id"]) == ("hold_ready", next_one.hold["id"])
    assert kept.slip["kind"] == "hold"
    assert library.get(Hold, first).state == "queued"
    library.do(undo, third, token=kept.undo_token)
    assert library.get(Hold, first).state == "in_transit"
    assert library.get(Hold, next_one.hold["id"]).state == "queued"


def test_case_22_a_copy_sent_back_is_caught_again_for_its_hold(library: Library, third: Actor):
    item, hold_id = sent_for_a_hold(library)
    transit_id = library.do(check_in, third, barcode=item.barcode).facts["transit_id"]
    back = library.do(send_back, third, transit_id=transit_id)
    assert (back.code, back.slip["to"]) == ("sent_back", library.place.branch.id)
    assert library.get(Hold, hold_id).state == "queued"
    again = library.take_back(item)
    assert (again.code, again.hold["id"]) == ("hold_send", hold_id)


def test_the_destination_of_a_copy_is_changed_but_not_of_one_for_a_reader(
    library: Library, third: Actor
):
    item = library.item()
    library.do(send, barcode=item.barcode, to_branch_id=library.place.other_branch.id)
    (transit,) = library.all(Transit)
    changed = library.do(change_destination, transit_id=transit.id, to_branch_id=third.unit_id)
    assert (changed.code, library.get(Transit, transit.id).to_branch_id) == (
        "destination_changed",
        third.unit_id,
    )
    _, hold_id = sent_for_a_hold(library)
    for_reader = library.all(Transit)[-1]
    no = library.do(change_destination, transit_id=for_reader.id, to_branch_id=third.unit_id)
    assert no.reason_codes() == ["transit_for_hold"]
    library.do(change_pickup, hold_id=hold_id, pickup_branch_id=third.unit_id)
    assert library.get(Transit, for_reader.id).to_branch_id == library.place.other_branch.id


def test_a_copy_that_never_left_is_on_the_shelf_again_and_its_hold_has_it_on_the_pull_list(
    library: Library,
):
    item, hold_id = sent_for_a_hold(library)
    (transit,) = library.all(Transit)
    done = library.do(cancel_transit, transit_id=transit.id, reason_text="xe không chạy")
    assert done.code == "transit_canceled"
    hold = library.get(Hold, hold_id)
    assert (hold.state, hold.item_id) == ("targeted", item.id)
    assert library.get(Item, item.id).located_id == library.place.branch.id


def test_a_copy_that_never_arrives_is_late_then_sought_at_both_ends_then_missing(
    library: Library,
):
    here, there = library.place.branch.id, library.place.other_branch.id
    item, hold_id = sent_for_a_hold(library)
    (transit,) = library.all(Transit)
    library.on(DAY_ONE + timedelta(days=14))
    with library.reading() as session:
        assert not transit_list(session, OnTheWay(there))[0].late
    library.on(DAY_ONE + timedelta(days=15), 10)
    with library.reading() as session:
        for at, way in ((there, "in"), (here, "out")):
            assert [row.late for row in transit_list(session, OnTheWay(at, way, late=True))] == [
                True
            ]
    assert library.do(missing_in_transit, transit_id=transit.id).reason_codes() == [
        "missing_too_early"
    ]
    library.do(not_arrived, library.far_clerk, transit_id=transit.id)
    with library.reading() as session:
        assert [len(searches_at(session, at)) for at in (here, there)] == [1, 1]
    library.on(DAY_ONE + timedelta(days=30), 10)
    gone = library.do(missing_in_transit, transit_id=transit.id)
    assert (gone.code, library.get(Item, item.id).lifecycle) == ("counts_as_missing", "missing")
    assert library.get(Hold, hold_id).state == "queued"
    assert {row.outcome for row in library.all(ItemSearch)} == {"missing"}
    found = library.take_back(item)
    assert "item_found" in [d["code"] for d in found.details]
    assert found.hold["id"] == hold_id


def test_what_is_on_its_way_is_filtered_sorted_and_paged(library: Library, third: Actor):
    here, there = library.place.branch.id, library.place.other_branch.id
    by_hand = [library.item() for _ in range(3)]
    for item, to in zip(by_hand, (there, there, third.unit_id), strict=True):
        library.do(send, barcode=item.barcode, to_branch_id=to)
    held, _ = sent_for_a_hold(library)

    def shown(asked: OnTheWay, **part: int) -> list[int]:
        with library.reading() as session:
            return [row.item.id for row in transit_list(session, asked, **part)]

    out = OnTheWay(here, "out")
    first, second, third_one = (item.id for item in by_hand)
    assert shown(out) == [first, second, third_one, held.id]
    assert shown(out, limit=2, offset=2) == [third_one, held.id]
    assert shown(replace(out, reason="hold")) == [held.id]
    assert shown(replace(out, other_id=third.unit_id)) == [third_one]
    assert shown(OnTheWay(there)) == [first, second, held.id]
    assert shown(replace(out, words=by_hand[1].barcode or "")) == [second]
    with library.reading() as session:
        title = session.get_one(Record, by_hand[0].record_id).title
        assert count_transits(session, replace(out, words=title.lower())) >= 1
        assert count_transits(session, replace(out, words="không có sách này")) == 0
        assert count_transits(session, replace(out, late=True)) == 0
    ordered = shown(replace(out, sort="number"))
    assert shown(replace(out, sort="-number")) == ordered[::-1]
    assert shown(replace(out, sort="odd")) == shown(out)


def test_a_search_ends_by_itself_when_the_copy_is_scanned(library: Library):
    item, _ = sent_for_a_hold(library)
    (transit,) = library.all(Transit)
    library.do(not_arrived, library.far_clerk, transit_id=transit.id)
    library.do(check_in, library.far_clerk, barcode=item.barcode)
    with library.reading() as session:
        assert searches_at(session, library.place.branch.id) == []


def test_a_search_is_ticked_off(library: Library):
    sent_for_a_hold(library)
    (transit,) = library.all(Transit)
    library.do(not_arrived, transit_id=transit.id)
    first, second = library.all(ItemSearch)
    no = library.do(end_search, search_id=first.id, outcome="missing")
    assert no.reason_codes() == ["changed_since"]  # it is on its way: that is decided there
    library.do(end_search, search_id=first.id, outcome="found")
    assert library.get(ItemSearch, second.id).outcome == "found"


def test_another_library_has_no_say_over_a_transit(library: Library):
    sent_for_a_hold(library)
    with library.writing() as session:
        stranger = create_actor(
            session, "head", library.place.foreign_branch, library.place.foreign_library
        )
    with pytest.raises(NotFound):
        library.do(receive_here, stranger, transit_id=library.all(Transit)[0].id)
