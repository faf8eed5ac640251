"""What the soak found in boxes: taking back never puts a copy where it is not."""

import pytest

from cataloging.models import Item
from circulation.checkin import check_in
from circulation.checkout import check_out
from circulation.losses.lost import declare_lost
from circulation.losses.models import Loss
from circulation.models import Hold
from circulation.rotation import figures, giving, returning, undoing
from circulation.rotation.models import ConsignmentLine
from circulation.undo import undo
from ils.core.errors import Refused
from tests.circulation.conftest import Library
from tests.circulation.rotation.test_boxes import act, box_of, position, send


def states(library: Library) -> list[str]:
    return [line.state for line in library.all(ConsignmentLine)]


def test_the_undo_of_the_desk_finds_the_box_closed_and_changes_nothing(lite: Library) -> None:
    item = lite.item()
    box_id = box_of(lite, item)
    send(lite, box_id)
    back = lite.take_back(item, overrides={"at_point": "x"})
    act(lite, returning.close_box, box_id=box_id)
    refused = lite.do(undo, token=back.undo_token)
    assert refused.reason_codes() == ["changed_since"]
    assert states(lite) == ["returned"]


def test_a_copy_declared_lost_while_away_stays_lost_when_the_box_is_opened_again(
    lite: Library,
) -> None:
    item = lite.item()
    box_id = box_of(lite, item)
    send(lite, box_id)
    assert lite.do(declare_lost, lite.head, item_id=item.id, way="none").ok
    act(lite, returning.close_box, box_id=box_id, missing=True)
    act(lite, undoing.reopen_box, box_id=box_id)
    assert lite.get(Item, item.id).lifecycle == "lost"
    assert len(lite.events("item_lost")) == 1
    act(lite, returning.take_back, box_id=box_id, barcode=item.barcode)
    assert lite.get(Item, item.id).lifecycle == "active"
    assert lite.all(Loss)[0].state == "found"


def test_what_waits_at_the_branch_for_its_reader_stays_there_when_the_box_ends(
    lite: Library,
) -> None:
    item, first, second = lite.item(), lite.patron(), lite.patron("Trần Văn Hai")
    there = lite.place.other_branch
    box_id = box_of(lite, item, branch_id=there.id)
    send(lite, box_id)
    assert lite.do(check_out, lite.far_clerk, barcode=item.barcode, patron_id=first.id).ok
    with pytest.raises(Refused, match="box_left_already"):
        act(lite, undoing.unsend, box_id=box_id)  # it is being read there
    lite.hold(item, second, pickup_branch_id=there.id)
    lite.later(hours=2)
    caught = lite.do(check_in, lite.far_clerk, barcode=item.barcode)
    assert caught.action == "hold_shelf"
    act(lite, returning.close_box, box_id=box_id)
    assert states(lite) == ["taken_off"]
    assert lite.all(Hold)[0].state == "ready"


def test_a_copy_back_in_its_box_is_kept_for_nobody_at_the_point(lite: Library) -> None:
    item, first, second = lite.item(), lite.patron(), lite.patron("Trần Văn Hai")
    there = lite.place.other_branch
    box_id = box_of(lite, item, branch_id=there.id)
    send(lite, box_id)
    assert lite.do(check_out, lite.far_clerk, barcode=item.barcode, patron_id=first.id).ok
    lite.hold(item, second, pickup_branch_id=there.id)
    lite.later(hours=2)
    lite.do(check_in, lite.far_clerk, barcode=item.barcode)
    act(lite, returning.take_back, box_id=box_id, barcode=item.barcode)
    assert states(lite) == ["returned"]
    assert lite.all(Hold)[0].state == "targeted"  # it is fetched from here


def test_a_copy_that_left_a_box_being_packed_is_on_no_list(lite: Library) -> None:
    item, other = lite.item(), lite.item()
    box_id = box_of(lite, item, other)
    lite.take_back(item, overrides={"at_point": "x"})
    send(lite, box_id)
    assert states(lite) == ["out"]
    assert [event.quantity for event in lite.events("consignment_sent")] == [1]
    assert position(lite, item) != "at_point"


def test_uses_scanned_of_a_copy_go_with_the_figures_taken_back(lite: Library) -> None:
    item = lite.item()
    box_id = box_of(lite, item)
    send(lite, box_id)
    words = {"box_id": box_id, "month": lite.today.replace(day=1)}
    for _ in range(2):
        act(lite, figures.count_scanned, barcode=item.barcode, **words)
    assert lite.all(ConsignmentLine)[0].uses == 2
    act(lite, figures.report_figures, visits=1, reads=5, loans=0, **words)
    assert lite.all(ConsignmentLine)[0].uses == 0


def test_found_and_lent_since_it_cannot_be_scanned_back_into_the_closed_box(
    lite: Library,
) -> None:
    item, patron = lite.item(), lite.patron()
    box_id = box_of(lite, item)
    send(lite, box_id)
    act(lite, returning.close_box, box_id=box_id, missing=True)
    lite.take_back(item)  # found by itself
    lite.later(hours=2)
    assert lite.lend(item, patron).ok
    with pytest.raises(Refused, match="box_copy_moved"):
        act(lite, returning.take_back, box_id=box_id, barcode=item.barcode)


def test_a_copy_recorded_as_lost_is_not_given_with_its_box(lite: Library) -> None:
    lost, there = lite.item(), lite.item()
    box_id = box_of(lite, lost, there)
    send(lite, box_id)
    assert lite.do(declare_lost, lite.head, item_id=lost.id, way="none").ok
    act(lite, giving.give_box, box_id=box_id, decision="15/QĐ-TV")
    assert states(lite) == ["lost_at_point", "given"]
    assert [lite.get(Item, one.id).lifecycle for one in (lost, there)] == ["lost", "withdrawn"]
