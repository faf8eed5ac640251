"""Two titles made one while readers have copies and wait: queues joined, nobody loses a place."""

import threading
from typing import Any

import pytest

from bench.laws import check_all
from cataloging.change_sets import obstacles, undo_change_set
from cataloging.duplicates.merging import look, merge_records
from cataloging.models import Item, Record
from circulation import desk
from circulation.checkin import check_in
from circulation.checkout import check_out
from circulation.hold_lists import to_clear
from circulation.holds import place_hold
from circulation.models import Hold, Loan
from circulation.notices.models import Notice
from ils.core import db
from ils.core.errors import IlsError, Refused
from tests.circulation.conftest import Library


def titles(library: Library, copies: int = 1) -> tuple[list[Item], list[Item]]:
    """Return copies of the record that will stay and of the one to be set aside."""
    kept, gone = library.record("Số đỏ"), library.record("So do")
    return tuple([library.item(r) for _ in range(copies)] for r in (kept, gone))  # type: ignore[return-value]


def merge(library: Library, kept: int, gone: int) -> int:
    with library.writing() as session:
        there = {one: session.get_one(Record, one) for one in (kept, gone)}
        versions = {one: record.version for one, record in there.items()}
        marc: Any = there[kept].marc
        return merge_records(session, library.head, kept, [gone], marc, versions=versions).id


def undo(library: Library, change_set_id: int) -> None:
    with library.writing() as session:
        undo_change_set(session, library.head, change_set_id)


def open_holds(library: Library, record_id: int) -> list[Hold]:
    rows = [h for h in library.all(Hold) if h.record_id == record_id and h.ended_at is None]
    return sorted(rows, key=lambda hold: hold.order_ts)


def laws(library: Library) -> None:
    with library.reading() as session:
        check_all(session)


def test_case_27_queues_are_joined_in_the_order_of_request(library: Library) -> None:
    (ours,), (theirs,) = titles(library)
    busy = [library.patron(f"Người mượn {n}") for n in range(2)]
    waiting = [library.patron(f"Người đợi {n}") for n in range(4)]
    for item, patron in zip((ours, theirs), busy, strict=True):
        assert library.lend(item, patron).ok
    for n, patron in enumerate(waiting):
        assert library.hold((ours, theirs)[n % 2], patron).ok
    made = merge(library, ours.record_id, theirs.record_id)
    queue = [hold.patron_id for hold in open_holds(library, ours.record_id)]
    assert queue == [patron.id for patron in waiting]
    assert {loan.record_id for loan in library.all(Loan)} == {ours.record_id}
    laws(library)
    assert library.take_back(theirs).hold["patron_id"] == waiting[0].id
    assert library.lend(theirs, waiting[0]).ok
    undo(library, made)
    assert [h.patron_id for h in open_holds(library, theirs.record_id)] == [
        waiting[1].id,
        waiting[3].id,
    ]
    loans = {loan.item_id: loan.record_id for loan in library.all(Loan)}
    assert loans == {ours.id: ours.record_id, theirs.id: theirs.record_id}
    laws(library)


def test_a_reader_who_waits_for_both_keeps_one_hold_at_the_earlier_place(library: Library) -> None:
    (ours,), (theirs,) = titles(library)
    for item in (ours, theirs):
        library.lend(item, library.patron("Người mượn"))
    other, twice = library.patron("Người khác"), library.patron("Người đợi")
    early = library.hold(theirs, twice).hold["id"]
    library.hold(ours, other)
    late = library.hold(ours, twice).hold["id"]
    with library.reading() as session:
        readers = look(session, ours.record_id, [theirs.record_id]).readers
    assert (readers.loans, readers.holds, readers.joined, readers.with_copy) == (2, 3, 1, 0)
    made = merge(library, ours.record_id, theirs.record_id)
    assert [h.id for h in open_holds(library, ours.record_id)] == [early, 2 + early - 1]
    (told,) = library.all(Notice)
    assert (told.what, told.patron_id, told.hold_id) == ("hold_joined", twice.id, early)
    closed = library.get(Hold, late)
    assert (closed.state, closed.end_reason) == ("cancelled", "merged")
    laws(library)
    undo(library, made)
    assert [h.id for h in open_holds(library, theirs.record_id)] == [early]
    assert late in [h.id for h in open_holds(library, ours.record_id)]
    assert library.get(Hold, late).end_reason is None
    assert [notice.state for notice in library.all(Notice)] == ["dropped"]
    laws(library)


def test_a_reader_who_waits_for_what_is_at_home_is_told(library: Library) -> None:
    (ours,), (theirs,) = titles(library)
    patron = library.patron()
    library.lend(theirs, patron)
    library.lend(ours, library.patron("Người khác"))
    waits = library.hold(ours, patron).hold["id"]
    merge(library, ours.record_id, theirs.record_id)
    (told,) = library.all(Notice)
    assert (told.what, told.hold_id) == ("hold_at_home", waits)


def test_a_copy_on_the_shelf_stays_for_its_reader(library: Library) -> None:
    (ours,), (theirs,) = titles(library)
    twice = library.patron("Người đợi")
    library.lend(theirs, library.patron("Người mượn"))
    waits = library.hold(ours, twice)
    library.take_back(ours)
    later = library.hold(theirs, twice)
    assert library.get(Hold, waits.hold["id"]).state == "ready"
    made = merge(library, ours.record_id, theirs.record_id)
    (stays,) = open_holds(library, ours.record_id)
    assert (stays.id, stays.state, stays.item_id) == (waits.hold["id"], "ready", ours.id)
    laws(library)
    undo(library, made)
    assert library.get(Hold, later.hold["id"]).state == "queued"
    assert library.get(Hold, waits.hold["id"]).state == "ready"
    laws(library)


def test_two_copies_on_the_shelf_for_one_reader_one_goes_back(library: Library) -> None:
    (ours,), (theirs,) = titles(library)
    twice = library.patron("Người đợi")
    for item in (ours, theirs):
        library.hold(item, twice)
        library.take_back(item)
    assert [h.state for h in library.all(Hold)] == ["ready", "ready"]
    made = merge(library, ours.record_id, theirs.record_id)
    assert len(open_holds(library, ours.record_id)) == 1
    with library.reading() as session:
        cleared = to_clear(session, library.place.branch.id)
    assert len(cleared) == 1
    laws(library)
    undo(library, made)
    assert [h.state for h in library.all(Hold)] == ["ready", "ready"]
    laws(library)


def test_a_copy_that_lies_for_a_reader_of_the_other_title_forbids_the_undo(
    library: Library,
) -> None:
    (ours,), (theirs,) = titles(library)
    library.lend(theirs, library.patron("Người mượn"))
    library.lend(ours, library.patron("Người mượn 2"))
    patron = library.patron("Người đợi")
    library.hold(ours, patron)
    made = merge(library, ours.record_id, theirs.record_id)
    library.take_back(theirs)
    with library.reading() as session:
        found = obstacles(session, made)
    assert [(o.code, o.item_id, o.forbids) for o in found] == [("copy_waits", theirs.id, True)]
    with pytest.raises(Refused, match="undo_blocked"):
        undo(library, made)
    library.lend(theirs, patron)
    undo(library, made)
    assert {loan.item_id: loan.record_id for loan in library.all(Loan)}[theirs.id] == (
        theirs.record_id
    )
    laws(library)


def test_a_hold_on_the_old_address_is_placed_on_the_record_that_stays(library: Library) -> None:
    (ours,), (theirs,) = titles(library)
    merge(library, ours.record_id, theirs.record_id)
    placed = library.hold(theirs, library.patron())
    assert placed.ok
    assert library.get(Hold, placed.hold["id"]).record_id == ours.record_id


def test_free_copies_given_to_holds_are_given_out_anew_both_ways(library: Library) -> None:
    ours, theirs = titles(library, copies=2)
    patrons = [library.patron(f"Bạn {n}") for n in range(3)]
    for n, patron in enumerate(patrons):
        library.hold((ours, theirs)[n % 2][0], patron)
    made = merge(library, ours[0].record_id, theirs[0].record_id)
    assert [h.state for h in open_holds(library, ours[0].record_id)] == ["targeted"] * 3
    laws(library)
    undo(library, made)
    given = {h.item_id for h in open_holds(library, theirs[0].record_id)}
    assert given <= {one.id for one in theirs}
    laws(library)


def test_lending_returning_and_asking_while_titles_are_merged_and_parted(
    library: Library,
) -> None:
    """Desks at work on both titles meanwhile: no raw error, and every law holds."""
    ours, theirs = titles(library, copies=3)
    items = [*ours, *theirs]
    patrons = [library.patron(f"Bạn {n}") for n in range(4)]
    start, wrong = threading.Barrier(4), []

    def desk_at_work(number: int) -> None:
        for n in range(12):
            item, patron = items[(n * 5 + number) % 6], patrons[(n + number) % 4]
            key = f"{number}-{n}"
            about = {"barcode": item.barcode, "key": key}
            if n % 3 == 0:
                desk.perform(check_out, library.clerk, patron_id=patron.id, **about)
            elif n % 3 == 1:
                asked = {"record_id": (ours, theirs)[number % 2][0].record_id, "key": key}
                pickup = library.place.branch.id
                desk.perform(
                    place_hold,
                    library.clerk,
                    patron_id=patron.id,
                    pickup_branch_id=pickup,
                    **asked,
                )
            else:
                desk.perform(check_in, library.clerk, **about)

    def merging() -> None:
        for _ in range(3):
            made = merge(library, ours[0].record_id, theirs[0].record_id)
            with db.transaction() as session:
                try:
                    undo_change_set(session, library.head, made)
                except Refused:  # a copy waits for a reader: it stays merged
                    return

    def work(number: int) -> None:
        start.wait()
        try:
            merging() if number == 3 else desk_at_work(number)
        except IlsError as error:
            if error.code not in ("busy", "lost_race"):
                wrong.append(error)
        except BaseException as error:
            wrong.append(error)

    threads = [threading.Thread(target=work, args=(n,)) for n in range(4)]
    for one in threads:
        one.start()
    for one in threads:
        one.join(timeout=120)
    assert wrong == []
    laws(library)
    records = {item.id: item.record_id for item in library.all(Item)}
    assert all(loan.record_id == records[loan.item_id] for loan in library.all(Loan))
