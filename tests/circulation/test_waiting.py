"""The waiting time of a hold comes from this library's own loans."""

from datetime import timedelta

from flask import Flask

from cataloging.models import Record
from circulation.hold_changes import cancel_hold
from circulation.holds import place_hold
from circulation.models import Hold
from circulation.queue import queue_of
from circulation.waiting import waiting_for, waiting_sentence
from tests.circulation.conftest import DAY_ONE, Library
from tests.factories import create_actor


def told(library: Library, hold_id: int):
    with library.reading() as session:
        hold = session.get_one(Hold, hold_id)
        return waiting_for(session, queue_of(session, hold.record_id, library.now), hold)


def test_ten_loans_of_the_past_make_a_number_and_nine_do_not(library: Library):
    item, patron, waiting = library.item(), library.patron("Trần An"), library.patron("Lê Bình")
    for n in range(9):
        library.on(DAY_ONE + timedelta(days=20 * n))
        library.lend(item, patron)
        library.later(days=14)
        library.take_back(item)
    library.later(days=1)
    library.lend(item, patron)
    placed = library.hold(item, waiting)
    assert told(library, placed.hold["id"]) is None
    library.do(cancel_hold, hold_id=placed.hold["id"])
    library.later(days=14)
    library.take_back(item)
    library.later(days=1)
    library.lend(item, patron)
    again = library.hold(item, waiting)
    assert told(library, again.hold["id"]) == (14, 14)
    second = library.hold(item, library.patron("Phạm Cúc"))
    assert told(library, second.hold["id"]) == (28, 28)


def test_what_waits_for_nothing_has_no_waiting_time(library: Library):
    placed = library.hold(library.item(), library.patron("Lê Bình"))
    assert told(library, placed.hold["id"]) is None  # its copy is being fetched
    assert waiting_sentence(None) == ""


def test_a_waiting_time_is_said_once_when_its_ends_meet(app: Flask):
    with app.test_request_context():
        assert waiting_sentence((12, 12)) == "khoảng 12 ngày"
        assert waiting_sentence((4, 13)) == "có thể 4 đến 13 ngày"


def test_another_librarys_readers_are_no_part_of_the_queue(library: Library):
    item, elsewhere = library.item(), library.place.foreign_branch
    library.item(library.get(Record, item.record_id), at=elsewhere)
    with library.writing() as session:
        far = create_actor(session, "clerk", elsewhere)
    foreigner = library.patron("Người Xa", at=elsewhere)
    library.do(
        place_hold,
        far,
        record_id=item.record_id,
        patron_id=foreigner.id,
        pickup_branch_id=elsewhere.id,
    )
    library.lend(item, library.patron("Trần An"))
    assert library.hold(item, library.patron("Lê Bình")).facts["place"] == 1
