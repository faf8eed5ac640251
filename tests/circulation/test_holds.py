"""Holds from the request to the shelf, between branches, and what goes wrong on the way."""

from datetime import date, timedelta

import pytest

from cataloging.models import Record
from circulation import lending_jobs
from circulation.checkin import check_in
from circulation.checkout import check_out
from circulation.hold_changes import (
    cancel_hold,
    change_pickup,
    extend_shelf,
    move_hold,
    put_back,
    resume_hold,
    suspend_hold,
)
from circulation.hold_lists import holds_of_patron, pull_list, shelf_list, to_clear
from circulation.losses.lost import declare_lost
from circulation.models import Hold, Loan, Transit
from circulation.pulling import not_on_shelf
from circulation.transit_lists import OnTheWay, transit_list
from ils.accounts.actor import Actor
from ils.core import clock
from ils.core.errors import Forbidden, NotFound
from tests.circulation.conftest import DAY_ONE, Library
from tests.factories import create_collection


def state(library: Library, answer) -> str:
    return library.get(Hold, answer.hold["id"]).state


def run(library: Library, job) -> None:
    with clock.at(library.now):
        job()


def test_a_hold_is_caught_at_return(library: Library):
    item, borrower, waiting = library.item(), library.patron("Trần An"), library.patron("Lê Bình")
    library.lend(item, borrower)
    placed = library.hold(item, waiting)
    assert (placed.code, placed.facts["place"], placed.facts["state"]) == (
        "hold_placed",
        1,
        "queued",
    )
    back = library.take_back(item)
    assert (back.code, back.action, back.tone) == ("hold_ready", "hold_shelf", "amber")
    assert back.hold["patron_id"] == waiting.id
    assert back.slip["kind"] == "hold"
    assert back.slip["patron_code"] == library.card(waiting)[-4:]
    hold = library.get(Hold, placed.hold["id"])
    assert (hold.state, hold.ready_on, hold.shelf_until) == ("ready", DAY_ONE, date(2026, 5, 18))
    lent = library.lend(item, waiting)
    assert lent.ok
    assert state(library, placed) == "fulfilled"
    (filled,) = library.events("hold_filled")
    assert filled.hold_id == hold.id
    assert filled.facts["days_waited"] == 0


def test_a_free_copy_is_targeted_at_once_and_stands_on_the_pull_list(library: Library):
    with library.writing() as session:
        kept_in = create_collection(session, library.place.library, "TN").id
    item, patron = library.item(shelf="A1", collection_id=kept_in), library.patron()
    placed = library.hold(item, patron)
    assert placed.facts["state"] == "targeted"
    with library.reading() as session:
        (row,) = pull_list(session, library.place.branch.id)
    assert row.where == "Kho TN, A1"
    assert (row.item.id, row.patron.id, row.title) == (item.id, patron.id, "Dế Mèn phiêu lưu ký")
    assert library.take_back(item).code == "hold_ready"
    with library.reading() as session:
        assert pull_list(session, library.place.branch.id) == []
        (row,) = shelf_list(session, library.place.branch.id)
    assert row.hold.state == "ready"


def test_any_suitable_copy_fills_the_hold_not_only_the_targeted_one(library: Library):
    record = library.record()
    first, second = library.item(record), library.item(record)
    library.lend(second, library.patron("Trần An"))
    placed = library.hold(first, library.patron("Lê Bình"))
    assert library.get(Hold, placed.hold["id"]).item_id == first.id
    assert library.take_back(second).code == "hold_ready"
    assert library.get(Hold, placed.hold["id"]).item_id == second.id


def test_s20_and_case_21_a_hold_picked_up_elsewhere_travels_there_and_home_again(library: Library):
    item, patron = library.item(), library.patron()
    placed = library.hold(item, patron, pickup_branch_id=library.place.other_branch.id)
    sent = library.take_back(item)
    assert (sent.code, sent.facts["to"]) == ("hold_send", library.place.other_branch.id)
    assert sent.slip == {
        "kind": "transit",
        "title": "Dế Mèn phiêu lưu ký",
        "accession_no": item.accession_no,
        "barcode": item.barcode,
        "on": "2026-05-15",
        "from": library.place.branch.id,
        "to": library.place.other_branch.id,
        "why": "hold",
        "patron_code": library.card(patron)[-4:],
    }
    assert state(library, placed) == "in_transit"
    with library.reading() as session:
        (row,) = transit_list(session, OnTheWay(library.place.other_branch.id), library.now)
    assert row.item.id == item.id
    library.later(minutes=5)
    again = library.take_back(item)  # twice at the sending branch
    assert (again.code, again.facts["to"]) == ("already_sent", library.place.other_branch.id)
    assert again.slip is None
    library.later(hours=5)
    arrived = library.do(check_in, library.far_clerk, barcode=item.barcode)
    assert arrived.code == "hold_ready"
    assert "received" in [d["code"] for d in arrived.details]
    lent = library.do(check_out, library.far_clerk, barcode=item.barcode, patron_id=patron.id)
    assert lent.ok
    library.on(DAY_ONE + timedelta(days=3))
    home = library.do(check_in, library.far_clerk, barcode=item.barcode)
    assert (home.code, home.slip["why"]) == ("send_home", "home")
    library.later(days=1)
    assert library.take_back(item).code == "received"
    assert all(t.received_at for t in library.all(Transit))


def test_a_scan_at_a_third_branch_leaves_it_on_its_way(lite: Library):
    with lite.writing() as session:
        from tests.factories import create_actor, create_unit

        third = create_unit(session, "branch", "Cơ sở 3", lite.place.library)
        clerk = create_actor(session, "clerk", third, lite.place.library)
    item = lite.item()
    lite.hold(item, lite.patron(), pickup_branch_id=lite.place.other_branch.id)
    lite.take_back(item)
    on_its_way = lite.do(check_in, clerk, barcode=item.barcode)
    assert (on_its_way.code, on_its_way.facts["to"]) == ("send_on", lite.place.other_branch.id)
    assert len(lite.all(Transit)) == 1


def test_the_queue_is_served_in_order_and_the_place_is_told(library: Library):
    item = library.item()
    library.lend(item, library.patron("Trần An"))
    first = library.hold(item, library.patron("Lê Bình"))
    second = library.hold(item, library.patron("Phạm Cúc"))
    assert (first.facts["place"], second.facts["place"]) == (1, 2)
    assert library.take_back(item).hold["id"] == first.hold["id"]
    with library.reading() as session:
        rows = holds_of_patron(session, library.get(Hold, second.hold["id"]).patron_id)
    assert [(r.hold.id, r.place) for r in rows] == [(second.hold["id"], 1)]


def test_a_patron_holds_a_title_once_and_not_what_is_at_home(lite: Library):
    item, patron = lite.item(), lite.patron()
    lite.lend(item, patron)
    assert lite.hold(item, patron).reason_codes() == ["has_copy_on_loan"]
    other = lite.item()
    assert lite.hold(other, patron).ok
    assert lite.hold(other, patron).reason_codes() == ["duplicate_hold"]


def test_limits_of_holds_and_titles_without_copies(lite: Library):
    lite.rules(limit_holds=1)
    patron = lite.patron()
    assert lite.hold(lite.item(), patron).ok
    assert lite.hold(lite.item(), patron).reason_codes() == ["limit_holds"]
    reading_only = lite.item(use="reading_room")
    assert lite.hold(reading_only, lite.patron("Lê Bình")).reason_codes() == ["nothing_holdable"]
    foreign = lite.item(at=lite.place.foreign_branch)
    assert lite.hold(foreign, lite.patron("Lê Bình")).reason_codes() == ["nothing_holdable"]


def test_a_hold_for_one_volume_waits_for_that_volume(library: Library):
    record = library.record("Tam quốc diễn nghĩa")
    one, two = library.item(record, volume_key="T.1"), library.item(record, volume_key="T.2")
    patron = library.patron()
    placed = library.hold(one, patron, volume_key="T.2")
    assert library.get(Hold, placed.hold["id"]).item_id == two.id
    assert library.hold(one, patron, volume_key="T.1").ok
    assert library.hold(one, patron, volume_key="T.9").reason_codes()[0] == "volume_unknown"


def test_a_reader_places_and_cancels_own_holds(library: Library):
    item, patron = library.item(), library.patron()
    phone = Actor(name=patron.name, patron_id=patron.id, channel="opac")
    with pytest.raises(NotFound):
        library.do(
            place_for,
            phone,
            record_id=item.record_id,
            patron_id=library.patron("Lê Bình").id,
            pickup_branch_id=library.place.branch.id,
        )
    placed = library.do(
        place_for,
        phone,
        record_id=item.record_id,
        patron_id=patron.id,
        pickup_branch_id=library.place.branch.id,
    )
    assert placed.ok
    stranger = Actor(name="x", patron_id=library.patron("Trần An").id, channel="opac")
    with pytest.raises(NotFound):
        library.do(cancel_hold, stranger, hold_id=placed.hold["id"])
    canceled = library.do(cancel_hold, phone, hold_id=placed.hold["id"])
    assert canceled.code == "hold_canceled"
    (event,) = library.events("hold_canceled")
    assert (event.place, event.facts) == ("opac", {"reason": "reader"})


def place_for(session, actor, **kwargs):
    from circulation.holds import place_hold

    return place_hold(session, actor, **kwargs)


def test_case_18_a_book_on_the_shelf_for_another_needs_a_reason_and_keeps_the_place(
    library: Library,
):
    item, waiting, other = library.item(), library.patron("Lê Bình"), library.patron("Trần An")
    placed = library.hold(item, waiting)
    library.take_back(item)
    before = library.get(Hold, placed.hold["id"]).order_ts
    refused = library.lend(item, other)
    assert refused.reason_codes() == ["on_shelf_for_other"]
    lent = library.lend(item, other, overrides={"on_shelf_for_other": "bạn đọc đồng ý"})
    assert [d["code"] for d in lent.details] == ["other_hold_put_back"]
    hold = library.get(Hold, placed.hold["id"])
    assert (hold.state, hold.item_id, hold.order_ts) == ("queued", None, before)
    assert library.take_back(item).code == "hold_ready"


def test_case_19_a_book_in_transit_is_lent_or_refused_by_whom_it_is_for(library: Library):
    item, patron, other = library.item(), library.patron("Lê Bình"), library.patron("Trần An")
    library.hold(item, patron, pickup_branch_id=library.place.other_branch.id)
    library.take_back(item)
    assert library.lend(item, other).reason_codes() == ["in_transit_for_other"]
    assert library.lend(item, patron).ok
    (transit,) = library.all(Transit)
    assert transit.cancel_reason == "intercepted"
    assert library.all(Hold)[0].state == "fulfilled"


def test_a_book_on_its_way_home_is_lent_without_ado(lite: Library):
    item, patron = lite.item(), lite.patron()
    lite.do(check_in, lite.far_clerk, barcode=item.barcode)
    assert lite.all(Transit)[0].reason == "home"
    lent = lite.do(check_out, lite.far_clerk, barcode=item.barcode, patron_id=patron.id)
    assert lent.ok
    assert lite.all(Transit)[0].cancel_reason == "intercepted"


def test_others_who_wait_are_asked_about_when_no_other_copy_is_free(library: Library):
    record = library.record()
    first, second = library.item(record), library.item(record)
    library.hold(first, library.patron("Lê Bình"))
    other = library.patron("Trần An")
    lent = library.lend(first, other)
    assert lent.ok
    assert lent.reason_codes() == ["queue_length"]
    assert library.all(Hold)[0].item_id == second.id
    third = library.patron("Phạm Cúc")
    asked = library.lend(second, third)
    assert (asked.code, asked.reason_codes()) == ("ask", ["wanted_by_others"])
    assert library.lend(second, third, overrides={"wanted_by_others": "cần gấp"}).ok
    hold = library.all(Hold)[0]
    assert (hold.state, hold.item_id) == ("queued", None)


def test_the_reader_at_the_head_of_the_queue_is_served_silently(library: Library):
    item = library.item()
    waiting = library.patron("Lê Bình")
    placed = library.hold(item, waiting)
    library.hold(item, library.patron("Phạm Cúc"))
    assert library.lend(item, waiting).ok
    assert state(library, placed) == "fulfilled"


def test_another_copy_for_a_reader_whose_own_is_ready_is_asked_about(library: Library):
    record = library.record()
    first, second = library.item(record), library.item(record)
    patron = library.patron()
    placed = library.hold(first, patron)
    library.take_back(first)
    asked = library.lend(second, patron)
    assert (asked.code, asked.reason_codes()) == ("ask", ["own_hold_other_copy"])
    library.lend(second, patron, overrides={"own_hold_other_copy": "close"})
    hold = library.get(Hold, placed.hold["id"])
    assert (hold.state, hold.end_reason) == ("cancelled", "fulfilled_by_other_copy")
    with library.reading() as session:
        assert [r.item.id for r in to_clear(session, library.place.branch.id)] == [first.id]
    assert library.take_back(first).code == "cleared"
    with library.reading() as session:
        assert to_clear(session, library.place.branch.id) == []


def test_however_an_expired_hold_leaves_the_shelf_it_is_counted(library: Library):
    one, two, three = library.item(), library.item(), library.item()
    holders = [library.patron(name) for name in ("Lê Bình", "Phạm Cúc", "Đỗ Dung")]
    for item, patron in zip((one, two, three), holders, strict=True):
        library.hold(item, patron)
        library.take_back(item)
    library.on(date(2026, 5, 28), 0)
    run(library, lending_jobs.expire_shelf)
    library.lend(one, holders[0])  # it still lay there
    library.lend(two, library.patron("Người khác"))
    library.do(declare_lost, item_id=three.id)
    assert [h.state for h in library.all(Hold)] == ["fulfilled", "not_collected", "not_collected"]
    assert [e.loan_id for e in library.events("hold_filled")] == [library.all(Loan)[0].id]
    assert [e.facts["how"] for e in library.events("hold_expired")] == ["not_collected"] * 2


def test_case_25_a_hold_not_collected_is_listed_and_the_next_is_served_only_by_the_scan(
    library: Library,
):
    library.close(5, 6)
    item = library.item()
    first = library.hold(item, library.patron("Lê Bình"))
    second = library.hold(item, library.patron("Phạm Cúc"))
    library.take_back(item)
    assert library.get(Hold, first.hold["id"]).shelf_until == date(2026, 5, 20)
    library.on(date(2026, 5, 20), 23)
    run(library, lending_jobs.expire_shelf)
    assert state(library, first) == "ready"
    library.on(date(2026, 5, 28), 0)  # the job slept for a week
    run(library, lending_jobs.expire_shelf)
    assert state(library, first) == "expired_shelf"
    assert state(library, second) == "queued"
    with library.reading() as session:
        assert [r.hold.id for r in to_clear(session, library.place.branch.id)] == [first.hold["id"]]
    cleared = library.take_back(item)
    assert (cleared.code, cleared.hold["id"]) == ("hold_ready", second.hold["id"])
    assert state(library, first) == "not_collected"
    (expired,) = library.events("hold_expired")
    assert expired.facts["how"] == "not_collected"


def test_a_reader_who_comes_late_for_a_book_still_on_the_shelf_gets_it(lite: Library):
    item, patron = lite.item(), lite.patron()
    placed = lite.hold(item, patron)
    lite.take_back(item)
    lite.on(date(2026, 5, 25))
    run(lite, lending_jobs.expire_shelf)
    assert lite.lend(item, patron).ok
    assert state(lite, placed) == "fulfilled"


def test_case_24_the_shelf_period_ends_after_tet(lite: Library):
    from ils.org.models import CalendarDay

    lite.on(date(2026, 2, 12))
    item, patron = lite.item(), lite.patron()
    with lite.writing() as session:
        from tests.factories import close_weekdays

        close_weekdays(session, lite.place.library, 0)
        for n in range(9):
            session.add(
                CalendarDay(
                    unit_id=lite.place.library.id,
                    day=date(2026, 2, 14) + timedelta(days=n),
                    open=False,
                    reason="Tết",
                )
            )
    placed = lite.hold(item, patron)
    lite.take_back(item)
    assert lite.get(Hold, placed.hold["id"]).shelf_until == date(2026, 2, 25)


def test_a_closure_entered_later_lengthens_the_shelf_period(lite: Library):
    from ils.org.models import CalendarDay

    item = lite.item()
    placed = lite.hold(item, lite.patron())
    lite.take_back(item)
    with lite.writing() as session:
        session.add(
            CalendarDay(
                unit_id=lite.place.library.id, day=date(2026, 5, 17), open=False, reason="bão"
            )
        )
    lite.on(date(2026, 5, 19), 0)
    run(lite, lending_jobs.expire_shelf)
    hold = lite.get(Hold, placed.hold["id"])
    assert (hold.state, hold.shelf_until) == ("ready", date(2026, 5, 19))


def test_case_23_a_hold_canceled_on_its_way_goes_to_the_next_at_the_receiving_scan(
    library: Library,
):
    item = library.item()
    first = library.hold(
        item, library.patron("Lê Bình"), pickup_branch_id=library.place.other_branch.id
    )
    second = library.hold(
        item, library.patron("Phạm Cúc"), pickup_branch_id=library.place.other_branch.id
    )
    library.take_back(item)
    library.do(cancel_hold, hold_id=first.hold["id"])
    assert library.all(Transit)[0].cancelled_at is None
    arrived = library.do(check_in, library.far_clerk, barcode=item.barcode)
    assert (arrived.code, arrived.hold["id"]) == ("hold_ready", second.hold["id"])


def test_a_hold_canceled_on_its_way_with_nobody_waiting_goes_home(lite: Library):
    item = lite.item()
    placed = lite.hold(item, lite.patron(), pickup_branch_id=lite.place.other_branch.id)
    lite.take_back(item)
    lite.do(cancel_hold, hold_id=placed.hold["id"])
    assert lite.do(check_in, lite.far_clerk, barcode=item.barcode).code == "send_home"


def test_a_hold_canceled_on_the_shelf_keeps_its_copy_until_the_scan(library: Library):
    item = library.item()
    first = library.hold(item, library.patron("Lê Bình"))
    second = library.hold(item, library.patron("Phạm Cúc"))
    library.take_back(item)
    canceled = library.do(cancel_hold, hold_id=first.hold["id"])
    assert canceled.details == [{"code": "copy_to_clear", "facts": {"item_id": item.id}}]
    assert state(library, second) == "queued"
    library.later(minutes=5)
    assert library.take_back(item).hold["id"] == second.hold["id"]
    assert library.do(cancel_hold, hold_id=first.hold["id"]).reason_codes() == ["hold_state"]


@pytest.mark.parametrize("elsewhere", [False, True])
def test_a_copy_cleared_from_the_shelf_goes_to_a_hold_placed_before(
    library: Library, *, elsewhere: bool
):
    here, there = library.place.branch.id, library.place.other_branch.id
    item = library.item()
    pickup = there if elsewhere else here
    elder = library.hold(item, library.patron("Lê Bình"), pickup_branch_id=pickup)
    library.do(suspend_hold, hold_id=elder.hold["id"], until=None)
    younger = library.hold(item, library.patron("Phạm Cúc"))
    assert library.take_back(item).hold["id"] == younger.hold["id"]
    library.do(cancel_hold, hold_id=younger.hold["id"])
    library.do(resume_hold, hold_id=elder.hold["id"])
    library.later(minutes=5)
    back = library.take_back(item)
    assert back.code == ("hold_send" if elsewhere else "hold_ready")
    assert back.hold["id"] == elder.hold["id"]


def test_the_pickup_place_changes_on_the_way_and_on_the_shelf(library: Library):
    here, there = library.place.branch.id, library.place.other_branch.id
    item = library.item()
    placed = library.hold(item, library.patron(), pickup_branch_id=there)
    library.take_back(item)
    library.do(change_pickup, hold_id=placed.hold["id"], pickup_branch_id=here)
    arrived = library.do(check_in, library.far_clerk, barcode=item.barcode)
    assert (arrived.code, arrived.facts["to"]) == ("hold_send", here)
    assert library.take_back(item).code == "hold_ready"
    library.do(change_pickup, hold_id=placed.hold["id"], pickup_branch_id=there)
    library.later(minutes=5)
    moved = library.take_back(item)
    assert (moved.code, moved.facts["to"]) == ("to_pickup", there)
    assert library.do(check_in, library.far_clerk, barcode=item.barcode).code == "hold_ready"
    no = library.do(
        change_pickup,
        hold_id=placed.hold["id"],
        pickup_branch_id=library.place.foreign_branch.id,
    )
    assert no.reason_codes() == ["pickup_not_offered"]


def test_a_pickup_changed_back_before_the_scan_arrives_as_if_nothing_happened(lite: Library):
    here, there = lite.place.branch.id, lite.place.other_branch.id
    item = lite.item()
    placed = lite.hold(item, lite.patron(), pickup_branch_id=there)
    lite.take_back(item)
    lite.do(change_pickup, hold_id=placed.hold["id"], pickup_branch_id=here)
    lite.later(minutes=5)
    at_home = lite.take_back(item)
    assert at_home.code == "hold_ready"
    assert lite.all(Transit)[0].cancel_reason == "rerouted"


def test_a_suspended_hold_is_passed_over_and_keeps_its_place(library: Library):
    item = library.item()
    library.lend(item, library.patron("Trần An"))
    first = library.hold(item, library.patron("Lê Bình"))
    second = library.hold(item, library.patron("Phạm Cúc"))
    library.do(suspend_hold, hold_id=first.hold["id"], until=date(2026, 5, 20))
    assert library.take_back(item).hold["id"] == second.hold["id"]
    library.lend(item, library.get_patron(second), overrides={})
    library.on(date(2026, 5, 20), 1)
    run(library, lending_jobs.resume_suspended)
    assert state(library, first) == "queued"
    assert library.take_back(item).hold["id"] == first.hold["id"]
    no = library.do(suspend_hold, hold_id=first.hold["id"])
    assert no.reason_codes() == ["hold_state"]


def test_a_suspension_can_be_ended_by_hand(lite: Library):
    placed = lite.hold(lite.item(), lite.patron(), suspended_until=date(2026, 8, 1))
    assert placed.facts["state"] == "suspended"
    assert lite.do(resume_hold, hold_id=placed.hold["id"]).hold["state"] == "targeted"


def test_a_hold_needed_no_longer_ends_by_itself(lite: Library):
    item = lite.item()
    lite.lend(item, lite.patron("Trần An"))
    placed = lite.hold(item, lite.patron("Lê Bình"), need_by=date(2026, 5, 20))
    lite.on(date(2026, 5, 20), 1)
    run(lite, lending_jobs.pass_need_by)
    assert state(lite, placed) == "queued"
    lite.on(date(2026, 5, 21), 1)
    run(lite, lending_jobs.pass_need_by)
    assert state(lite, placed) == "expired_unfilled"
    assert lite.events("hold_expired")[0].facts["how"] == "unfilled"
    assert lite.take_back(item).code == "returned"


def test_not_this_time_puts_the_hold_back_and_leaves_the_copy_alone_for_a_day(library: Library):
    item = library.item()
    placed = library.hold(item, library.patron())
    library.take_back(item)
    with pytest.raises(Forbidden):
        library.do(
            put_back, Actor(name="x", patron_id=1), hold_id=placed.hold["id"], reason_text="x"
        )
    library.do(put_back, hold_id=placed.hold["id"], reason_text="bìa rách, đang dán")
    hold = library.get(Hold, placed.hold["id"])
    assert (hold.state, hold.item_id, hold.skip_item_id) == ("queued", None, item.id)
    library.later(minutes=5)
    assert library.take_back(item).code in ("nothing_to_do", "in_house_use")
    library.later(hours=25)
    assert library.take_back(item).code == "hold_ready"


def test_a_copy_not_on_its_shelf_is_left_alone_and_the_next_is_tried(library: Library):
    record = library.record()
    first, second = library.item(record), library.item(record)
    placed = library.hold(first, library.patron())
    target = library.get(Hold, placed.hold["id"]).item_id
    library.do(not_on_shelf, hold_id=placed.hold["id"])
    after = library.get(Hold, placed.hold["id"])
    assert after.state == "targeted"
    assert {target, after.item_id} == {first.id, second.id}


def test_the_pull_list_names_the_call_number_of_the_title_where_a_copy_has_none(library: Library):
    item, patron = library.item(), library.patron()
    library.hold(item, patron)
    with library.writing() as session:
        session.get_one(Record, item.record_id).call_number = "895.9223 D250M"
    with library.reading() as session:
        (row,) = pull_list(session, library.place.branch.id)
    assert row.call_number == "895.9223 D250M"


def test_a_copy_untouched_on_the_pull_list_gives_way_to_the_next(lite: Library):
    record = lite.record()
    first, second = lite.item(record), lite.item(record)
    placed = lite.hold(first, lite.patron())
    target = lite.get(Hold, placed.hold["id"]).item_id
    lite.on(DAY_ONE + timedelta(days=2), 4)
    run(lite, lending_jobs.assign_all)
    assert lite.get(Hold, placed.hold["id"]).item_id == target
    lite.on(DAY_ONE + timedelta(days=3), 4)
    run(lite, lending_jobs.assign_all)
    assert lite.get(Hold, placed.hold["id"]).item_id == ({first.id, second.id} - {target}).pop()


def test_the_shelf_period_is_extended_once(lite: Library):
    item = lite.item()
    placed = lite.hold(item, lite.patron())
    lite.take_back(item)
    lite.on(DAY_ONE + timedelta(days=2))
    extended = lite.do(extend_shelf, hold_id=placed.hold["id"])
    assert extended.facts["shelf_until"] == "2026-05-20"
    again = lite.do(extend_shelf, hold_id=placed.hold["id"])
    assert again.reason_codes() == ["shelf_extended_enough"]


def test_staff_move_a_hold_with_a_reason_and_the_time_of_request_stays(library: Library):
    item = library.item()
    library.lend(item, library.patron("Trần An"))
    holds = [library.hold(item, library.patron(n)) for n in ("Bạn một", "Bạn hai", "Bạn ba")]
    ids = [h.hold["id"] for h in holds]
    asked_at = library.get(Hold, ids[2]).requested_at
    library.do(move_hold, hold_id=ids[2], before_hold_id=ids[1], reason_text="bài thi")
    assert library.get(Hold, ids[2]).requested_at == asked_at
    order = sorted(library.all(Hold), key=lambda h: (h.queue_class, h.order_ts, h.id))
    assert [h.id for h in order] == [ids[0], ids[2], ids[1]]
    library.do(move_hold, hold_id=ids[1], before_hold_id=ids[0], reason_text="bài thi")
    assert library.take_back(item).hold["id"] == ids[1]


def test_a_hold_that_nothing_can_ever_fill_is_flagged(lite: Library):
    item = lite.item()
    lite.lend(item, lite.patron("Trần An"))
    placed = lite.hold(item, lite.patron("Lê Bình"))
    with lite.writing() as session:
        from cataloging.models import Item

        session.get_one(Item, item.id).lifecycle = "lost"
    run(lite, lending_jobs.assign_all)
    assert lite.get(Hold, placed.hold["id"]).hopeless
    with lite.writing() as session:
        session.get_one(Item, item.id).lifecycle = "active"
    run(lite, lending_jobs.assign_all)
    assert not lite.get(Hold, placed.hold["id"]).hopeless
