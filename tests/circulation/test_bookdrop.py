"""The book drop dates itself and says at its end what it brought."""

from datetime import date

import pytest
from sqlalchemy import select

from circulation.bookdrop import close_drop, drop_summary, open_drop, return_from_drop
from circulation.models import BookDrop, DeskCommand
from circulation.undo import undo
from ils.core.errors import NotFound, Refused
from tests.circulation.conftest import Library

FRIDAY, TUESDAY = date(2026, 5, 15), date(2026, 5, 19)


def test_what_lay_in_the_box_counts_for_the_last_open_day(library: Library) -> None:
    library.close(5, 6, 0)  # weekend and Monday
    library.rules(loan_days=14, per_day=1000, penalty="money")
    item, patron = library.item(), library.patron()
    library.on(date(2026, 5, 1))
    library.lend(item, patron)
    library.on(TUESDAY)
    drop = _open(library)
    assert drop.counts_for == FRIDAY
    back = library.do(return_from_drop, drop_id=drop.id, barcode=item.barcode)
    assert back.facts["returned_on"] == FRIDAY.isoformat()
    assert back.facts["charged"] == 0
    [event] = library.events("item_checked_in")
    assert event.effective_on == FRIDAY
    assert event.facts["book_drop"]


def _open(library: Library) -> BookDrop:
    with library.writing() as session:
        return open_drop(session, library.clerk)


def test_the_day_is_fixed_when_the_session_begins(lite: Library) -> None:
    lite.on(FRIDAY, hour=23)
    drop = _open(lite)
    lite.later(hours=2)  # past midnight
    item = lite.item()
    lite.on(FRIDAY, hour=22)
    lite.lend(item, lite.patron())
    lite.on(date(2026, 5, 16), hour=1)
    back = lite.do(return_from_drop, drop_id=drop.id, barcode=item.barcode)
    assert back.facts["returned_on"] == FRIDAY.isoformat()  # never before it was lent
    assert _open(lite).id == drop.id  # gone on with, not begun anew


def test_the_summary_has_slips_in_shelf_order_and_leaves_out_what_was_undone(
    lite: Library,
) -> None:
    waiting = [lite.patron(f"Người Chờ {n}") for n in range(3)]
    items = [lite.item(lite.record(f"Sách {n}")) for n in range(3)]
    reader = lite.patron("Trần Văn Mượn")
    for item, patron in zip(items, waiting, strict=True):
        lite.lend(item, reader, overrides={"wanted_by_others": "x"})
        lite.hold(item, patron)
    drop = _open(lite)
    for item in reversed(items):
        lite.do(return_from_drop, drop_id=drop.id, barcode=item.barcode)
    lite.do(return_from_drop, drop_id=drop.id, barcode="KHONG-CO")
    used = lite.do(return_from_drop, drop_id=drop.id, barcode=lite.item().barcode)
    lite.later(minutes=-1, seconds=5)
    lite.do(undo, token=used.undo_token)
    with lite.writing() as session:
        summary = close_drop(session, lite.clerk, drop.id)
    codes = [slip["patron_code"] for slip in summary.holds]
    assert codes == sorted(codes, key=lambda c: c[-3:])
    assert len(codes) == 3
    assert summary.returned == 3
    assert [r["reasons"][0]["code"] for r in summary.not_taken] == ["item_unknown"]
    assert lite.get(BookDrop, drop.id).totals == summary.totals()
    with pytest.raises(Refused):
        lite.do(return_from_drop, drop_id=drop.id, barcode=items[0].barcode)


def test_a_key_sent_twice_is_one_return_of_the_session(library: Library) -> None:
    item = library.item()
    library.lend(item, library.patron())
    drop = _open(library)
    for _ in range(2):
        library.do(return_from_drop, drop_id=drop.id, barcode=item.barcode, key="same")
    with library.reading() as session:
        rows = session.scalars(select(DeskCommand).where(DeskCommand.drop_id == drop.id)).all()
        assert drop_summary(session, session.get_one(BookDrop, drop.id)).scanned == len(rows) == 1


def test_another_branch_does_not_see_the_session(lite: Library) -> None:
    drop = _open(lite)
    with pytest.raises(NotFound):
        lite.do(return_from_drop, lite.far_clerk, drop_id=drop.id, barcode="x")
