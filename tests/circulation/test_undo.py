"""Undo within a minute, whole or not at all."""

from datetime import date

import pytest

from circulation.checkout import check_out
from circulation.ledger import account
from circulation.models import Hold, LedgerEntry, Loan, LoanRenewal, Transit
from circulation.reading_room import scan_in_house_use
from circulation.renew import renew
from circulation.tallies import count_in_house_use, count_visit
from circulation.undo import undo
from ils.core.errors import NotFound
from ils.core.events import EventRow
from tests.circulation.conftest import Library

LATE = date(2026, 6, 2)


def soon(library: Library, answer, **kwargs):
    """Undo a few seconds after the act."""
    library.later(minutes=-1, seconds=20)
    return library.do(undo, token=answer.undo_token, **kwargs)


def test_a_loan_undone_is_no_loan(library: Library):
    item, patron = library.item(), library.patron()
    lent = library.lend(item, patron)
    undone = soon(library, lent)
    assert (undone.code, undone.facts) == ("undone", {"command": "check_out"})
    (loan,) = library.all(Loan)
    assert loan.closed_how == "undone"
    assert library.events("loan_checked_out") == []
    voids = [e for e in library.all(EventRow) if e.kind == "act_undone"]
    assert [v.facts for v in voids] == [{"of_kind": "loan_checked_out"}]
    assert library.lend(item, patron).ok


def test_a_return_undone_is_a_loan_again_and_its_fine_is_reversed(library: Library):
    item, patron = library.item(), library.patron()
    library.lend(item, patron)
    library.on(LATE)
    back = library.take_back(item)
    soon(library, back)
    (loan,) = library.all(Loan)
    assert (loan.closed_at, loan.fine_posted_to) == (None, None)
    with library.reading() as session:
        known = account(session, patron.id, library.now)
    assert (known.balance, known.running) == (0, 4000)


def test_a_return_undone_and_done_again_on_the_same_day_is_charged_once(library: Library):
    item, patron = library.item(), library.patron()
    library.lend(item, patron)
    library.on(LATE)
    for _ in range(2):
        soon(library, library.take_back(item))
        library.later(minutes=1)
    back = library.take_back(item)
    assert back.facts["charged"] == 4000
    with library.reading() as session:
        assert account(session, patron.id, library.now).balance == 4000
    entries = library.all(LedgerEntry)
    assert [e.kind for e in entries].count("overdue") == 1
    assert [e.direction for e in entries] == ["debit", "credit", "debit", "credit", "debit"]


def test_a_renewal_undone_gives_the_old_date_back(library: Library):
    item, patron = library.item(), library.patron()
    library.lend(item, patron)
    library.on(LATE)
    soon(library, library.do(renew, barcode=item.barcode))
    (loan,) = library.all(Loan)
    assert (loan.due_on, loan.renewals) == (date(2026, 5, 29), 0)
    assert library.all(LoanRenewal)[0].voided_at is not None
    with library.reading() as session:
        assert account(session, patron.id, library.now).balance == 0
    assert library.events("loan_renewed", "charge_posted") == []


def test_a_captured_hold_undone_waits_again_at_its_place(library: Library):
    item = library.item()
    library.lend(item, library.patron("Trần An"))
    placed = library.hold(
        item, library.patron("Lê Bình"), pickup_branch_id=library.place.other_branch.id
    )
    back = library.take_back(item)
    assert back.code == "hold_send"
    soon(library, back)
    hold = library.get(Hold, placed.hold["id"])
    assert (hold.state, hold.item_id) == ("queued", None)
    (transit,) = library.all(Transit)
    assert transit.cancel_reason == "undone"
    assert library.all(Loan)[0].closed_at is None


def test_a_loan_through_a_hold_undone_puts_the_book_back_on_its_shelf(library: Library):
    item, patron = library.item(), library.patron()
    placed = library.hold(item, patron)
    library.take_back(item)
    soon(library, library.lend(item, patron))
    hold = library.get(Hold, placed.hold["id"])
    assert (hold.state, hold.item_id) == ("ready", item.id)
    assert library.lend(item, patron).ok


def test_return_and_loan_in_one_act_are_undone_together(library: Library):
    item, first, second = library.item(), library.patron("Trần An"), library.patron("Lê Bình")
    library.lend(item, first)
    lent = library.lend(item, second, overrides={"on_loan_other": "trả hộ"})
    soon(library, lent)
    old, new = library.all(Loan)
    assert (old.closed_at, new.closed_how) == (None, "undone")


def test_after_a_minute_it_is_too_late(lite: Library):
    lent = lite.lend(lite.item(), lite.patron())
    lite.later(minutes=1)
    assert lite.do(undo, token=lent.undo_token).reason_codes() == ["undo_too_late"]
    assert lite.all(Loan)[0].closed_at is None


def test_what_was_built_upon_is_not_undone(library: Library):
    item, patron = library.item(), library.patron()
    lent = library.lend(item, patron)
    library.later(minutes=-1, seconds=15)
    library.take_back(item)
    library.later(minutes=-1, seconds=5)
    assert library.do(undo, token=lent.undo_token).reason_codes() == ["changed_since"]


def test_an_act_is_undone_once(library: Library):
    item, patron = library.item(), library.patron()
    lent = library.lend(item, patron)
    soon(library, lent)
    library.later(minutes=-1, seconds=5)
    assert library.do(undo, token=lent.undo_token).reason_codes() == ["undo_done_already"]
    assert len([e for e in library.all(EventRow) if e.kind == "act_undone"]) == 1


def test_another_branch_cannot_undo_it_and_nothing_is_nothing(lite: Library):
    lent = lite.lend(lite.item(), lite.patron())
    lite.later(minutes=-1)
    with pytest.raises(NotFound):
        lite.do(undo, lite.far_clerk, token=lent.undo_token)
    with pytest.raises(NotFound):
        lite.do(undo, token="nothing")


def test_tallies_are_counted_and_undone(library: Library):
    visits = library.do(count_visit, quantity=12, age_band="child")
    assert visits.code == "counted"
    library.do(count_visit, quantity=3, on=date(2026, 5, 14))
    item = library.item()
    used = library.do(scan_in_house_use, barcode=item.barcode)
    library.do(count_in_house_use, quantity=30)
    assert [e.quantity for e in library.events("visit_counted")] == [12, 3]
    assert [e.quantity for e in library.events("in_house_use_counted")] == [1, 30]
    library.later(minutes=-2, seconds=10)
    library.do(undo, token=used.undo_token)
    assert [e.quantity for e in library.events("in_house_use_counted")] == [30]


def test_a_loan_without_a_key_has_no_undo(lite: Library):
    lent = lite.do(check_out, barcode=lite.item().barcode, patron_id=lite.patron().id, key=None)
    assert lent.undo_token is None
