"""Books read on the premises are counted by a scan; the evening list shows what is still out."""

from circulation.reading_room import scan_in_house_use, still_out
from circulation.rules.checkout import READING_ROOM
from circulation.undo import undo
from tests.circulation.conftest import Library


def test_a_book_left_on_a_table_is_counted_once_in_half_an_hour(library: Library) -> None:
    item = library.item()
    first = library.do(scan_in_house_use, barcode=item.barcode)
    again = library.do(scan_in_house_use, barcode=item.barcode)
    assert [first.code, again.code] == ["in_house_use", "counted_already"]
    library.later(minutes=31)
    library.do(scan_in_house_use, barcode=item.barcode)
    assert len(library.events("in_house_use_counted")) == 2


def test_an_undone_count_can_be_made_again(lite: Library) -> None:
    item = lite.item()
    first = lite.do(scan_in_house_use, barcode=item.barcode)
    lite.later(minutes=-1, seconds=5)
    lite.do(undo, token=first.undo_token)
    assert lite.do(scan_in_house_use, barcode=item.barcode).code == "in_house_use"
    assert len(lite.events("in_house_use_counted")) == 1


def test_what_is_more_than_a_book_of_this_shelf_comes_in_as_a_return(lite: Library) -> None:
    lent, lost = lite.item(), lite.item(lifecycle="missing")
    lite.lend(lent, lite.patron())
    for item in (lent, lost):
        refused = lite.do(scan_in_house_use, barcode=item.barcode)
        assert refused.reason_codes() == ["needs_return"]
    withdrawn = lite.item(lifecycle="withdrawn")
    assert lite.do(scan_in_house_use, barcode=withdrawn.barcode).reason_codes() == [
        "item_withdrawn"
    ]
    assert lite.do(scan_in_house_use, barcode=lite.card(lite.patron())).reason_codes() == [
        "card_not_item"
    ]
    assert lite.events("in_house_use_counted") == []


def test_a_reading_room_loan_is_on_the_evening_list_until_it_is_back(library: Library) -> None:
    item, other, patron = library.item(), library.item(), library.patron("Lý Đọc Sách")
    lent = library.lend(item, patron, kind=READING_ROOM)
    library.lend(other, patron)  # taken home: none of the reading room's business
    assert lent.facts["due_on"] == library.today.isoformat()
    with library.reading() as session:
        rows, total = still_out(session, library.clerk)
        assert [(r.loan.item_id, total) for r in rows] == [(item.id, 1)]
        assert still_out(session, library.clerk, text="không có")[1] == 0
        assert still_out(session, library.clerk, text="đọc sách", sort="-patron")[1] == 1
        assert still_out(session, library.far_clerk)[1] == 0
    library.take_back(item)
    with library.reading() as session:
        assert still_out(session, library.clerk) == ([], 0)
