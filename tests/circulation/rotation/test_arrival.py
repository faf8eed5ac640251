"""A box counted copy by copy where it arrives: what was missing then is nobody's debt."""

from typing import Any

import pytest

from circulation.rotation import arriving, boxes, lists, returning, undoing
from circulation.rotation.models import Consignment
from ils.core import clock
from ils.core.errors import Refused
from tests.circulation.conftest import Library
from tests.circulation.rotation.test_boxes import act, box_of, send
from tests.circulation.rotation.test_figures import figures_of


def at_the_point(library: Library, use_case: Any, box_id: int, **words: Any) -> Any:
    """Do what the point does on its page, without signing in."""
    with library.writing() as session:
        box, point = boxes.box_for(session, library.head, box_id, receiver=True)
        return use_case(session, None, box=box, point=point, **words)


def absent(library: Library, box_id: int) -> list[int]:
    with library.reading() as session, clock.at(library.now):
        box = session.get_one(Consignment, box_id)
        return [row["item_id"] for row in lists.not_arrived(session, box)]


def test_what_nobody_scanned_was_missing_on_arrival_until_it_comes_to_light(
    library: Library,
) -> None:
    first, second, gone = (library.item() for _ in range(3))
    box_id = box_of(library, first, second, gone)
    send(library, box_id)
    with pytest.raises(Refused, match="box_nothing_scanned"):
        at_the_point(library, arriving.receive_box, box_id)
    codes = [
        at_the_point(library, arriving.count_in, box_id, barcode=code).code
        for code in (first.barcode, second.barcode, first.barcode, "LẠ-3")
    ]
    assert codes == ["arrived", "arrived", "again", "extra"]
    assert absent(library, box_id) == []  # nothing is missing before the count is finished
    at_the_point(library, arriving.receive_box, box_id)
    assert library.get(Consignment, box_id).received_copies == 2
    assert absent(library, box_id) == [gone.id]
    with library.reading() as session, clock.at(library.now):
        rows = lists.with_proposals(session, session.get_one(Consignment, box_id))
    assert [row["proposal"] for row in rows] == ["missing", "missing", "never_came"]
    at_the_point(library, arriving.count_in, box_id, barcode=gone.barcode)
    assert library.get(Consignment, box_id).received_copies == 3
    assert absent(library, box_id) == []


def test_a_number_and_a_count_are_never_mixed(library: Library) -> None:
    first, second = library.item(), library.item()
    box_id = box_of(library, first, second)
    send(library, box_id)
    at_the_point(library, arriving.count_in, box_id, barcode=first.barcode)
    at_the_point(library, arriving.receive_box, box_id, copies=2)
    assert absent(library, box_id) == []
    with pytest.raises(Refused, match="box_told_already"):
        at_the_point(library, arriving.count_in, box_id, barcode=second.barcode)
    act(library, undoing.unreceive, box_id=box_id)
    assert at_the_point(library, arriving.count_in, box_id, barcode=second.barcode).code == (
        "arrived"
    )


def test_a_library_of_the_network_counts_what_it_found_and_counts_it_once(
    library: Library,
) -> None:
    first, second = library.item(), library.item()
    box_id = box_of(library, first, second, branch_id=library.place.foreign_branch.id)
    send(library, box_id)
    at_the_point(library, arriving.count_in, box_id, barcode=first.barcode)
    at_the_point(library, arriving.receive_box, box_id)
    day = library.today
    received = library.events("consignment_received")
    assert [event.quantity for event in received] == [1]
    at_the_point(library, arriving.count_in, box_id, barcode=second.barcode)
    assert figures_of(library, day, day, library.place.foreign_library)["TV.H03"] == 2


def test_too_much_on_arrival_and_back_with_the_box_is_told_once(library: Library) -> None:
    item, stray = library.item(), library.item()
    box_id = box_of(library, item)
    send(library, box_id)
    at_the_point(library, arriving.count_in, box_id, barcode=stray.barcode)
    act(library, returning.take_back, box_id=box_id, barcode=stray.barcode)
    with library.reading() as session:
        (extra,) = lists.extras_of(session, box_id)
    assert (extra.item_id, extra.on_arrival) == (stray.id, False)
