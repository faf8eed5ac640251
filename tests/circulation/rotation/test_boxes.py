"""Boxes of books lent to points, on both databases: packed, sent, back with what is missing."""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy.exc import IntegrityError

from cataloging.models import Item, Record
from circulation.availability import positions
from circulation.models import Hold, Loan
from circulation.rotation import boxes, figures, giving, returning, undoing
from circulation.rotation.models import Consignment, ConsignmentExtra, ConsignmentLine
from ils.core.errors import NotFound, Refused
from tests.circulation.conftest import Library
from tests.factories import create_actor


def act(library: Library, use_case: Any, **words: Any) -> Any:
    with library.writing() as session:
        return use_case(session, library.head, **words)


def box_of(library: Library, *items: Item, branch_id: int | None = None) -> int:
    """A box with these copies in it, not yet sent."""
    kind = "branch" if branch_id else "school"
    name = f"Điểm {kind} {len(library.all(Consignment))}"
    with library.writing() as session:
        facts = boxes.PointFacts(name, kind, branch_id)
        point = boxes.write_point(session, library.head, facts)
        box_id = boxes.open_box(session, library.head, point.id).id
    for item in items:
        act(library, boxes.pack, box_id=box_id, barcode=item.barcode)
    return box_id


def send(library: Library, box_id: int) -> None:
    due = library.today + timedelta(days=60)
    act(library, boxes.send_box, box_id=box_id, due_on=due, seal="NP-12")


def position(library: Library, item: Item) -> str:
    with library.reading() as session:
        return positions(session, [item.id])[item.id].position


def test_case_38_a_box_back_with_three_missing_charges_no_reader(library: Library) -> None:
    items = [library.item() for _ in range(5)]
    box_id = box_of(library, *items)
    send(library, box_id)
    assert {position(library, item) for item in items} == {"at_point"}
    for item in items[:2]:
        assert act(library, returning.take_back, box_id=box_id, barcode=item.barcode).code == (
            "returned"
        )
    with pytest.raises(Refused, match="box_copies_out"):
        act(library, returning.close_box, box_id=box_id)
    act(library, returning.close_box, box_id=box_id, missing=True)
    states = [line.state for line in library.all(ConsignmentLine)]
    assert states == ["returned"] * 2 + ["missing_at_point"] * 3
    assert [library.get(Item, item.id).lifecycle for item in items[2:]] == ["missing"] * 3
    assert library.all(Loan) == []
    assert library.events("charge_posted") == []
    found = act(library, returning.take_back, box_id=box_id, barcode=items[4].barcode)
    assert found.code == "found"
    assert library.get(Item, items[4].id).lifecycle == "active"


def test_only_free_copies_travel_and_each_in_one_box(library: Library) -> None:
    lent, free = library.item(), library.item()
    assert library.lend(lent, library.patron()).ok
    box_id = box_of(library, free)
    with pytest.raises(Refused, match="box_copy_on_loan"):
        act(library, boxes.pack, box_id=box_id, barcode=lent.barcode)
    other = box_of(library)
    with pytest.raises(Refused, match="box_copy_at_point"):
        act(library, boxes.pack, box_id=other, barcode=free.barcode)
    with pytest.raises(IntegrityError), library.writing() as session:
        session.add(ConsignmentLine(consignment_id=other, item_id=free.id))


def test_a_copy_of_a_box_at_a_desk_is_asked_about(library: Library) -> None:
    item = library.item()
    send(library, box_of(library, item))
    asked = library.take_back(item)
    assert (asked.ok, asked.reason_codes()) == (False, ["at_point"])
    assert position(library, item) == "at_point"
    assert library.take_back(item, overrides={"at_point": "x"}).code == "found"
    assert library.all(ConsignmentLine)[0].state == "returned"


def test_lending_a_copy_of_a_box_asks_and_takes_it_off(library: Library) -> None:
    item, patron = library.item(), library.patron()
    send(library, box_of(library, item))
    assert library.lend(item, patron).reason_codes() == ["at_point"]
    assert library.lend(item, patron, overrides={"at_point": "x"}).ok
    assert library.all(ConsignmentLine)[0].state == "returned"


def test_the_branch_that_has_the_box_lends_and_keeps_it(library: Library) -> None:
    item, patron = library.item(), library.patron()
    send(library, box_of(library, item, branch_id=library.place.other_branch.id))
    lent = library.do(
        library.lend.__globals__["check_out"],
        library.far_clerk,
        barcode=item.barcode,
        patron_id=patron.id,
    )
    assert lent.ok, lent
    back = library.do(library.lend.__globals__["check_in"], library.far_clerk, barcode=item.barcode)
    assert (back.ok, back.action) == (True, "shelve")
    assert position(library, item) == "at_point"


def test_what_was_not_on_the_list_is_surplus(library: Library) -> None:
    box_id = box_of(library, library.item())
    send(library, box_id)
    stranger = library.item()
    for code in (stranger.barcode, stranger.barcode, "LẠ-1"):
        assert act(library, returning.take_back, box_id=box_id, barcode=code).code == "extra"
    assert len(library.all(ConsignmentExtra)) == 2


def test_figures_of_a_month_count_once_and_may_be_told_anew(library: Library) -> None:
    box_id = box_of(library, library.item())
    send(library, box_id)
    month = library.today.replace(day=1)
    words = {"box_id": box_id, "month": month, "reads": 30, "loans": 12}
    act(library, figures.report_figures, visits=50, **words)
    act(library, figures.report_figures, visits=40, **words)
    assert sum(e.quantity for e in library.events("point_visits_reported")) == 40
    assert sum(e.quantity for e in library.events("point_uses_reported")) == 42


def test_only_the_newest_link_opens_a_box(library: Library) -> None:
    box_id = box_of(library, library.item())
    send(library, box_id)
    act(library, figures.new_link, box_id=box_id)
    old = figures.link_of(library.get(Consignment, box_id))
    act(library, figures.new_link, box_id=box_id)
    new = figures.link_of(library.get(Consignment, box_id))
    with library.writing() as session:
        assert figures.box_of_link(session, new)[0].id == box_id
        for bad in (old, new + "x"):
            with pytest.raises(NotFound):
                figures.box_of_link(session, bad)


def test_given_for_good_leaves_the_books_of_the_giver(library: Library) -> None:
    item = library.item()
    box_id = box_of(library, item)
    send(library, box_id)
    act(library, giving.give_box, box_id=box_id, decision="15/QĐ-TV")
    gone = library.get(Item, item.id)
    assert (gone.lifecycle, gone.withdrawal_reason) == ("withdrawn", "transferred")


def test_what_a_branch_keeps_is_fetched_for_who_waits_and_taken_back_from_there(
    library: Library,
) -> None:
    item = library.item()
    box_id = box_of(library, item, branch_id=library.place.other_branch.id)
    send(library, box_id)
    hold_id = library.hold(item, library.patron()).hold["id"]
    assert library.get(Hold, hold_id).state == "queued"
    act(library, giving.give_box, box_id=box_id, decision="15/QĐ-TV")
    assert (library.get(Hold, hold_id).state, library.get(Hold, hold_id).item_id) == (
        "targeted",
        item.id,
    )
    act(library, undoing.take_back_gift, box_id=box_id)
    assert library.get(Hold, hold_id).state == "queued"
    assert position(library, item) == "at_point"


def test_a_copy_lent_since_it_came_back_is_not_called_damaged_with_its_box(
    library: Library,
) -> None:
    item = library.item()
    box_id = box_of(library, item, library.item())
    send(library, box_id)
    act(library, returning.take_back, box_id=box_id, barcode=item.barcode)
    library.lend(item, library.patron())
    with pytest.raises(Refused, match="box_copy_moved"):
        act(library, returning.take_back, box_id=box_id, barcode=item.barcode, damaged=True)
    assert library.get(Item, item.id).lifecycle == "active"
    assert act(library, returning.take_back, box_id=box_id, barcode=item.barcode).code == "again"


def test_a_copy_ticked_by_mistake_is_out_again_though_somebody_waits(library: Library) -> None:
    item = library.item()
    box_id = box_of(library, item)
    send(library, box_id)
    hold_id = library.hold(item, library.patron()).hold["id"]
    act(library, returning.take_back, box_id=box_id, barcode=item.barcode)
    assert library.get(Hold, hold_id).state == "targeted"
    (line,) = library.all(ConsignmentLine)
    act(library, undoing.untick, box_id=box_id, line_id=line.id)
    assert library.get(Hold, hold_id).state == "queued"
    assert position(library, item) == "at_point"


def test_a_copy_given_away_in_another_box_is_not_out_again_in_the_first(library: Library) -> None:
    item = library.item()
    first = box_of(library, item, library.item())
    send(library, first)
    act(library, returning.take_back, box_id=first, barcode=item.barcode)
    second = box_of(library, item)
    send(library, second)
    act(library, giving.give_box, box_id=second, decision="15/QĐ-TV")
    line = next(one for one in library.all(ConsignmentLine) if one.consignment_id == first)
    with pytest.raises(Refused, match="box_copy_moved"):
        act(library, undoing.untick, box_id=first, line_id=line.id)
    assert library.get(Item, item.id).lifecycle == "withdrawn"


def test_what_another_library_enters_is_fetched_for_who_waits_there(library: Library) -> None:
    item, there = library.item(), library.place.foreign_branch
    with library.writing() as session:
        head = create_actor(session, "head", there, library.place.foreign_library)
    another = library.item(library.get(Record, item.record_id), at=there)
    library.lend(another, library.patron("Trần Văn Mượn", at=there), actor=head)
    box_id = box_of(library, item, branch_id=there.id)
    send(library, box_id)
    hold_id = library.hold(
        item, library.patron(at=there), pickup_branch_id=there.id, actor=head
    ).hold["id"]
    act(library, giving.give_box, box_id=box_id, decision="15/QĐ-TV")
    assert library.get(Hold, hold_id).state == "queued"
    with library.writing() as session:
        (made,) = giving.enter_given(session, head, box_id=box_id, register_id=None)
    assert library.get(Hold, hold_id).item_id == made.id


def test_the_same_box_does_not_go_to_a_point_twice_unasked(library: Library) -> None:
    item = library.item()
    box_id = box_of(library, item)
    send(library, box_id)
    act(library, returning.take_back, box_id=box_id, barcode=item.barcode)
    act(library, returning.close_box, box_id=box_id)
    point_id = library.get(Consignment, box_id).point_id
    again = act(library, boxes.open_box, point_id=point_id).id
    act(library, boxes.pack, box_id=again, barcode=item.barcode)
    with pytest.raises(Refused, match="box_same_again"):
        send(library, again)
    due = library.today + timedelta(days=60)
    act(library, boxes.send_box, box_id=again, due_on=due, again=True)
