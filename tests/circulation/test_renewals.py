"""Renewals at the desk and from the reader's phone."""

from datetime import date, timedelta

import pytest

from circulation.models import LedgerEntry, Loan, LoanRenewal
from circulation.renew import renew, renew_all, renewable
from ils.accounts.actor import Actor
from ils.core.errors import NotFound
from tests.circulation.conftest import DAY_ONE, Library


def reader(library: Library, patron) -> Actor:
    return Actor(name=patron.name, patron_id=patron.id, channel="opac")


def codes(library: Library, item, **kwargs) -> list[str]:
    return library.do(renew, barcode=item.barcode, **kwargs).reason_codes()


def test_a_loan_is_renewed_from_today_and_stays_one_loan(library: Library):
    item, patron = library.item(), library.patron()
    library.lend(item, patron)
    library.on(DAY_ONE + timedelta(days=10))
    renewed = library.do(renew, barcode=item.barcode)
    assert (renewed.code, renewed.facts["due_on"], renewed.facts["left"]) == (
        "renewed",
        "2026-06-08",
        0,
    )
    (loan,) = library.all(Loan)
    assert (loan.due_on, loan.renewals) == (date(2026, 6, 8), 1)
    (row,) = library.all(LoanRenewal)
    assert (row.old_due, row.new_due, row.channel) == (date(2026, 5, 29), loan.due_on, "desk")
    (event,) = library.events("loan_renewed")
    assert event.facts["channel"] == "desk"
    assert len(library.events("loan_checked_out")) == 1


def test_case_6_a_renewal_on_the_day_of_the_loan_gains_nothing(lite: Library):
    item = lite.item()
    lite.lend(item, lite.patron())
    assert codes(lite, item) == ["no_gain"]
    assert lite.all(Loan)[0].renewals == 0


def test_a_second_renewal_passes_the_limit_unless_the_desk_says_why(lite: Library):
    item = lite.item()
    lite.lend(item, lite.patron())
    lite.on(DAY_ONE + timedelta(days=10))
    lite.do(renew, barcode=item.barcode)
    lite.on(DAY_ONE + timedelta(days=20))
    assert codes(lite, item) == ["limit_reached"]
    again = lite.do(renew, barcode=item.barcode, overrides={"limit_reached": "đang ôn thi"})
    assert again.ok


def test_case_7_an_overdue_loan_is_renewed_from_today_and_its_fine_is_posted(library: Library):
    item, patron = library.item(), library.patron()
    library.lend(item, patron)
    library.on(date(2026, 6, 1))
    renewed = library.do(renew, barcode=item.barcode)
    assert (renewed.facts["due_on"], renewed.tone) == ("2026-06-15", "amber")
    (entry,) = library.all(LedgerEntry)
    assert (entry.amount, entry.charged_to) == (3000, date(2026, 6, 1))
    library.on(date(2026, 6, 16))
    assert library.take_back(item).facts["charged"] == 1000


def test_a_loan_too_long_overdue_is_not_renewed(lite: Library):
    item = lite.item()
    lite.lend(item, lite.patron())
    lite.on(date(2026, 6, 6))
    assert codes(lite, item) == ["overdue_too_long"]


def test_case_8_others_wait_but_another_copy_is_free(library: Library):
    record = library.record()
    lent, other = library.item(record), library.item(record)
    library.lend(lent, library.patron("Trần An"))
    library.hold(lent, library.patron("Lê Bình"))
    library.on(DAY_ONE + timedelta(days=5))
    assert library.do(renew, barcode=lent.barcode).ok
    library.hold(lent, library.patron("Phạm Cúc"))
    library.on(DAY_ONE + timedelta(days=9))
    refused = library.do(renew, barcode=lent.barcode)
    assert "renewal_wanted" in refused.reason_codes()
    assert other.id != lent.id


def test_a_hold_on_this_very_copy_stops_the_renewal(lite: Library):
    record = lite.record()
    lent, _other = lite.item(record), lite.item(record)
    lite.lend(lent, lite.patron("Trần An"))
    lite.hold(lent, lite.patron("Lê Bình"), item_id=lent.id)
    lite.on(DAY_ONE + timedelta(days=5))
    assert codes(lite, lent) == ["renewal_wanted"]


def test_s17_an_expired_card_is_not_renewed_for_unless_the_library_says_so(lite: Library):
    patron = lite.patron(issued_on=date(2025, 6, 1), expires_on=date(2026, 5, 25))
    item = lite.item()
    lite.rules(within_card=False)
    lite.lend(item, patron)
    lite.on(date(2026, 5, 27))
    assert codes(lite, item) == ["card_expires"]
    lite.rules(renew_with_expired_card=True)
    assert codes(lite, item) == ["card_expires"]  # an open loan keeps its rules
    other = lite.item()
    lite.lend(other, patron, overrides={"card_expired": "x"})
    lite.on(date(2026, 6, 3))
    assert lite.do(renew, barcode=other.barcode).ok


def test_a_reader_renews_own_loans_only_and_overrides_nothing(library: Library):
    item, patron = library.item(), library.patron()
    stranger = library.patron("Trần An")
    loan_id = library.lend(item, patron).loan["id"]
    library.on(DAY_ONE + timedelta(days=5))
    with pytest.raises(NotFound):
        library.do(renew, reader(library, stranger), loan_id=loan_id)
    renewed = library.do(renew, reader(library, patron), loan_id=loan_id)
    assert renewed.ok
    (event,) = library.events("loan_renewed")
    assert (event.place, event.unit_id) == ("opac", library.place.branch.id)
    library.on(DAY_ONE + timedelta(days=9))
    refused = library.do(
        renew, reader(library, patron), loan_id=loan_id, overrides={"limit_reached": "đi mà"}
    )
    assert refused.reason_codes() == ["limit_reached"]
    assert not refused.reasons[0]["may_override"]


def test_all_loans_are_renewed_each_with_its_own_answer(library: Library):
    patron = library.patron()
    items = [library.item() for _ in range(3)]
    library.lend(items[0], patron)
    library.on(DAY_ONE + timedelta(days=3))
    for item in items[1:]:
        library.lend(item, patron)
    library.hold(items[1], library.patron("Lê Bình"))
    library.on(DAY_ONE + timedelta(days=6))
    answers = library.do(renew_all, reader(library, patron), patron_id=patron.id, key="all")
    assert [a.ok for a in answers] == [True, False, True]
    again = library.do(renew_all, reader(library, patron), patron_id=patron.id, key="all")
    assert [a.repeated for a in again] == [True, True, True]


def test_a_page_can_ask_beforehand_without_changing_anything(lite: Library):
    patron = lite.patron()
    first, second = lite.item(), lite.item()
    lite.rules(renew_limit=1)
    one = lite.lend(first, patron).loan["id"]
    two = lite.lend(second, patron).loan["id"]
    lite.on(DAY_ONE + timedelta(days=4))
    lite.do(renew, loan_id=two)
    with lite.reading() as session:
        found = renewable(session, [one, two], lite.now)
    assert found[one].due_on == date(2026, 6, 2)
    assert found[one].reasons == []
    assert [r.code for r in found[two].reasons] == ["limit_reached", "no_gain"]


def test_what_is_not_on_loan_cannot_be_renewed(lite: Library):
    item = lite.item()
    assert codes(lite, item) == ["not_on_loan"]
    assert lite.do(renew, barcode="NOPE").reason_codes() == ["item_unknown"]


def test_another_librarys_loan_is_not_found(lite: Library):
    loan_id = lite.lend(lite.item(), lite.patron()).loan["id"]
    with lite.writing() as session:
        from tests.factories import create_actor

        stranger = create_actor(session, "clerk", lite.place.foreign_branch)
    with pytest.raises(NotFound):
        lite.do(renew, stranger, loan_id=loan_id)
