"""Lending and taking back at the desk, on both databases."""

from datetime import date, timedelta

import pytest

from circulation.checkin import check_in
from circulation.checkout import check_out, enter_open_loan
from circulation.models import DeskCommand, LedgerEntry, Loan
from ils.core.errors import Forbidden, Invalid
from tests import factories
from tests.circulation.conftest import DAY_ONE, Library


def test_a_book_is_lent_and_comes_back(library: Library):
    item, patron = library.item(), library.patron()
    lent = library.lend(item, patron)
    assert (lent.ok, lent.code, lent.tone, lent.sound) == (True, "lent", "green", "done")
    assert lent.facts == {"due_on": "2026-05-29"}
    assert lent.item["title"] == "Dế Mèn phiêu lưu ký"
    assert lent.patron["name"] == "Nguyễn Thị Lan"
    assert lent.slip["kind"] == "loan"
    (loan,) = library.all(Loan)
    assert (loan.item_id, loan.patron_id, loan.due_on) == (item.id, patron.id, date(2026, 5, 29))
    assert loan.policy_json["values"]["loan_days"] == 14
    assert loan.trace_json == {"steps": [["BASE", "2026-05-29"]]}

    back = library.take_back(item)
    assert (back.ok, back.code, back.action, back.tone) == (True, "returned", "shelve", "green")
    (loan,) = library.all(Loan)
    assert (loan.closed_how, loan.effective_return_on) == ("returned", DAY_ONE)
    assert library.all(LedgerEntry) == []


def test_a_card_is_as_good_as_an_id(library: Library):
    item, patron = library.item(), library.patron()
    card = library.card(patron)
    lent = library.do(check_out, barcode=item.barcode.lower(), card=f" {card.lower()} ")
    assert lent.ok
    assert lent.patron["id"] == patron.id


def test_an_accession_number_is_as_good_as_a_barcode(library: Library):
    item = library.item(accession_key="VN77", accession_no="VN.00077", barcode="893000077")
    lent = library.do(check_out, barcode="VN.00077", patron_id=library.patron().id)
    assert lent.ok
    assert lent.item["id"] == item.id


def test_what_is_not_known_is_said_and_nothing_is_lent(lite: Library):
    item, patron = lite.item(), lite.patron()
    card = lite.card(patron)
    assert lite.do(check_out, barcode="NOPE", card=card).reason_codes() == ["item_unknown"]
    assert lite.do(check_out, barcode=card, card=card).reason_codes() == ["card_not_item"]
    by_item = lite.do(check_out, barcode=item.barcode, card=item.barcode)
    assert by_item.reason_codes() == ["item_not_card"]
    both = lite.do(check_out, barcode="NOPE", card="NOBODY")
    assert both.reason_codes() == ["item_unknown", "card_unknown"]
    assert lite.do(check_in, barcode="NOPE").code == "unknown"
    assert lite.all(Loan) == []


def test_the_same_key_twice_lends_once_and_answers_the_same(library: Library):
    item, patron = library.item(), library.patron()
    first = library.lend(item, patron, key="same")
    again = library.lend(item, patron, key="same")
    assert again.repeated
    assert {**again.to_json(), "repeated": False} == first.to_json()
    assert len(library.all(Loan)) == 1
    assert len(library.all(DeskCommand)) == 1


def test_a_refusal_is_repeated_too_and_the_override_has_a_key_of_its_own(lite: Library):
    item = lite.item()
    patron = lite.patron(issued_on=date(2025, 1, 1), expires_on=date(2026, 5, 14))
    refused = lite.lend(item, patron, key="a")
    assert refused.code == "refused"
    assert refused.reasons[0]["code"] == "card_expired"
    assert refused.reasons[0]["may_override"]
    assert lite.lend(item, patron, key="a").repeated
    lent = lite.lend(item, patron, key="b", overrides={"card_expired": "gia hạn chiều nay"})
    assert lent.ok
    (event,) = lite.events("loan_checked_out")
    assert event.facts["overrides"] == {"card_expired": "gia hạn chiều nay"}


def test_a_scanner_that_fires_twice_neither_renews_nor_returns(library: Library):
    item, patron = library.item(), library.patron()
    library.lend(item, patron)
    library.later(minutes=-1, seconds=5)
    twice = library.lend(item, patron)
    assert (twice.code, twice.tone, twice.undo_token) == ("lent_already", "green", None)
    (loan,) = library.all(Loan)
    assert loan.renewals == 0
    library.take_back(item)
    library.later(minutes=-1, seconds=5)
    assert library.take_back(item).repeated
    assert len(library.events("item_checked_in")) == 1
    assert library.events("in_house_use_counted") == []


def test_case_16_a_later_scan_of_the_readers_own_book_asks_and_renews_on_yes(library: Library):
    item, patron = library.item(), library.patron()
    library.lend(item, patron)
    library.on(DAY_ONE + timedelta(days=5))
    asked = library.lend(item, patron)
    assert (asked.ok, asked.code, asked.reason_codes()) == (False, "ask", ["own_loan"])
    renewed = library.lend(item, patron, overrides={"own_loan": "renew"})
    assert (renewed.code, renewed.facts["due_on"]) == ("renewed", "2026-06-03")
    assert len(library.all(Loan)) == 1


def test_a_reader_at_the_limit_is_asked_about_an_own_book_not_refused(library: Library):
    library.rules(limit_total=1)
    item, patron = library.item(), library.patron()
    library.lend(item, patron)
    library.on(DAY_ONE + timedelta(days=5))
    asked = library.lend(item, patron)
    assert (asked.code, asked.reason_codes()) == ("ask", ["own_loan"])
    assert library.lend(item, patron, overrides={"own_loan": "renew"}).code == "renewed"


def test_case_17_a_book_lent_to_another_is_returned_first_and_then_lent(library: Library):
    item, first, second = library.item(), library.patron("Trần An"), library.patron("Lê Bình")
    library.lend(item, first)
    library.on(date(2026, 6, 1))
    asked = library.lend(item, second)
    assert (asked.code, asked.reason_codes()) == ("ask", ["on_loan_other"])
    lent = library.lend(item, second, overrides={"on_loan_other": "trả hộ"})
    assert lent.ok
    assert [d["code"] for d in lent.details] == ["fine_posted"]
    old, new = library.all(Loan)
    assert (old.closed_how, new.patron_id, new.closed_at) == ("returned", second.id, None)
    (charge,) = library.all(LedgerEntry)
    assert (charge.patron_id, charge.amount) == (first.id, 3000)


def test_limits_hold_to_the_last_loan_allowed(library: Library):
    library.rules(limit_total=2, limit_kind=1)
    library.rules(item_type="comic", limit_kind=1)
    patron = library.patron()
    assert library.lend(library.item(), patron).ok
    refused = library.lend(library.item(), patron)
    assert refused.reason_codes() == ["limit_kind"]
    assert library.lend(library.item(item_type="comic"), patron).ok
    both = library.lend(library.item(item_type="comic"), patron)
    assert both.reason_codes() == ["limit_total", "limit_kind"]


def test_s18_a_limit_for_one_kind_leaves_the_others_free(lite: Library):
    lite.rules(item_type="comic", limit_kind=1)
    patron = lite.patron()
    assert lite.lend(lite.item(item_type="comic"), patron).ok
    refused = lite.lend(lite.item(item_type="comic"), patron)
    assert refused.reasons[0]["facts"] == {"value": 2, "limit": 1, "item_type": "comic"}
    assert lite.lend(lite.item(), patron).ok


def test_an_overdue_loan_stops_the_next_one(lite: Library):
    item, patron = lite.item(), lite.patron()
    lite.lend(item, patron)
    lite.on(date(2026, 5, 29), 17)
    assert lite.lend(lite.item(), patron).ok  # the whole due day is free
    lite.on(date(2026, 5, 30))
    refused = lite.lend(lite.item(), patron)
    assert refused.reason_codes() == ["overdue_over"]


def test_running_fines_count_for_blocks(lite: Library):
    lite.rules(limit_overdue=None, limit_owed=2000)
    item, patron = lite.item(), lite.patron()
    lite.lend(item, patron)
    lite.on(date(2026, 5, 31))
    assert lite.lend(lite.item(), patron).ok
    lite.on(date(2026, 6, 1))
    refused = lite.lend(lite.item(), patron)
    assert refused.reason_codes() == ["owed_over"]
    assert refused.reasons[0]["facts"] == {"value": 3000, "limit": 2000}
    assert lite.all(LedgerEntry) == []


def test_an_override_needs_its_permission(lite: Library):
    item, patron = lite.item(use="not_for_loan"), lite.patron()
    by_clerk = lite.lend(item, patron, overrides={"not_for_loan": "xin phép"})
    assert not by_clerk.ok
    assert by_clerk.action == "stop"
    by_head = lite.do(
        check_out,
        lite.head,
        barcode=item.barcode,
        patron_id=patron.id,
        overrides={"not_for_loan": "xin phép"},
    )
    assert by_head.ok


def test_who_may_not_lend_is_refused_before_anything_is_read(lite: Library):
    with lite.writing() as session:
        reporter = factories.create_actor(session, "reporter", lite.place.branch)
    with pytest.raises(Forbidden):
        lite.do(check_out, reporter, barcode="X", card="Y")


def test_a_reading_room_copy_is_due_the_same_day(lite: Library):
    item, patron = lite.item(use="reading_room"), lite.patron()
    lent = lite.lend(item, patron)
    assert (lent.code, lent.facts["due_on"]) == ("lent_reading_room", "2026-05-15")
    assert [e.kind for e in lite.events("loan_checked_out", "reading_room_loan_made")] == [
        "reading_room_loan_made"
    ]
    lite.take_back(item)
    home = lite.lend(item, patron, kind="home")
    assert home.reason_codes()[0] == "take_home_of_reading_room"


def test_a_patron_of_another_library_is_refused_unless_the_library_lends_to_all(lite: Library):
    stranger = lite.patron(at=lite.place.foreign_branch)
    item = lite.item()
    assert lite.lend(item, stranger).reason_codes() == ["patron_of_other_library"]
    lite.setting("circulation.foreign_patrons", value=True)
    assert lite.lend(item, stranger).ok


def test_a_missing_book_in_hand_is_found_first(lite: Library):
    item, patron = lite.item(lifecycle="missing"), lite.patron()
    assert lite.lend(item, patron).reason_codes() == ["lifecycle_missing_or_lost"]
    lent = lite.lend(item, patron, overrides={"lifecycle_missing_or_lost": "thấy lại"})
    assert lent.ok
    assert lent.details[0]["code"] == "item_found"
    assert [e.facts["was"] for e in lite.events("item_found")] == ["missing"]


def test_a_due_date_by_hand_is_taken_as_it_is_or_asked_about(lite: Library):
    lite.close(5, 6)
    patron = lite.patron()
    far = lite.lend(lite.item(), patron, due_on=date(2026, 12, 1))
    assert far.reason_codes() == ["manual_due_far"]
    closed = lite.lend(lite.item(), patron, due_on=date(2026, 5, 30))
    assert (closed.code, closed.reason_codes()) == ("ask", ["manual_due_closed"])
    item = lite.item()
    yes = lite.lend(item, patron, due_on=date(2026, 5, 30), overrides={"manual_due_closed": "ừ"})
    assert yes.facts["due_on"] == "2026-05-30"
    past = lite.lend(lite.item(), patron, due_on=date(2026, 5, 1))
    assert past.reason_codes() == ["manual_due_past"]


def test_case_3_and_s05_the_card_cuts_the_due_date_and_the_desk_is_told(lite: Library):
    lite.close(5, 6)
    patron = lite.patron(issued_on=date(2025, 5, 24), expires_on=date(2026, 5, 24))
    lent = lite.lend(lite.item(), patron)
    assert lent.facts["due_on"] == "2026-05-22"
    assert lent.tone == "amber"
    assert lent.reason_codes() == ["due_cut_by_card", "card_expires_soon"]


def test_s06_a_loan_late_in_the_evening_counts_for_the_local_day(lite: Library):
    lite.on(DAY_ONE, 23)
    lite.lend(lite.item(), lite.patron())
    (loan,) = lite.all(Loan)
    assert (loan.started_on, loan.due_on) == (DAY_ONE, date(2026, 5, 29))
    assert lite.events("loan_checked_out")[0].effective_on == DAY_ONE


def test_had_before_is_told_and_nothing_more(lite: Library):
    item, patron = lite.item(), lite.patron()
    lite.lend(item, patron)
    lite.take_back(item)
    lite.on(date(2026, 5, 20))
    again = lite.lend(item, patron)
    assert again.ok
    assert again.reasons[0]["facts"] == {"on": "2026-05-15"}


def test_the_event_freezes_who_and_what(library: Library):
    item = library.item()
    patron = library.patron(
        category="child", born_on=date(2014, 3, 1), sex="f", commune="Xã Mẫu", guardian_name="Mẹ"
    )
    library.lend(item, patron)
    (event,) = library.events("loan_checked_out")
    assert (event.age_band, event.sex, event.category, event.commune) == (
        "child",
        "f",
        "child",
        "Xã Mẫu",
    )
    assert (event.unit_id, event.library_id) == (
        library.place.branch.id,
        library.place.library.id,
    )
    assert (event.item_id, event.record_id, event.item_type, event.place) == (
        item.id,
        item.record_id,
        "book",
        "desk",
    )
    assert event.facts == {"due_on": "2026-05-29"}


def test_loans_open_on_paper_are_entered_with_their_dates_and_not_counted(library: Library):
    item, patron = library.item(), library.patron()
    entered = library.do(
        enter_open_loan,
        barcode=item.barcode,
        patron_id=patron.id,
        started_on=date(2026, 4, 20),
        due_on=date(2026, 5, 10),
    )
    assert entered.code == "open_loan_entered"
    (loan,) = library.all(Loan)
    assert (loan.started_on, loan.due_on) == (date(2026, 4, 20), date(2026, 5, 10))
    assert library.events("loan_checked_out") == []
    back = library.take_back(item)
    assert back.facts["days_late"] == 5
    twice = library.do(
        enter_open_loan,
        barcode=library.item().barcode,
        card=library.card(patron),
        started_on=date(2026, 5, 1),
        due_on=date(2026, 5, 30),
    )
    assert twice.ok
    with pytest.raises(Invalid):
        library.do(
            enter_open_loan,
            barcode=item.barcode,
            patron_id=patron.id,
            started_on=date(2026, 6, 1),
            due_on=date(2026, 6, 10),
        )
