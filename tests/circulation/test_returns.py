"""Returns: the day that counts, fines, drop box, amnesty, found and withdrawn copies."""

from datetime import date, timedelta

import pytest

from circulation.checkin import check_in
from circulation.fees import take_payment
from circulation.ledger import account
from circulation.models import LedgerEntry, Loan, LoanRenewal
from circulation.patrons.models import Suspension
from circulation.renew import renew
from ils.core.errors import Forbidden
from tests.circulation.conftest import DAY_ONE, Library

DUE = date(2026, 5, 29)


def open_on_weekdays(library: Library) -> None:
    library.close(5, 6)


def balance(library: Library, patron) -> int:
    with library.reading() as session:
        return account(session, patron.id, library.now).balance


def test_case_10_a_return_late_on_the_due_day_is_free(lite: Library):
    item, patron = lite.item(), lite.patron()
    lite.lend(item, patron)
    lite.now = lite.now.replace(day=29, hour=16, minute=50)  # 23:50 in the library
    back = lite.take_back(item)
    assert (back.code, back.facts["charged"]) == ("returned", 0)


def test_case_11_only_closed_days_passed_costs_nothing(lite: Library):
    open_on_weekdays(lite)
    item, patron = lite.item(), lite.patron()
    lite.lend(item, patron)
    lite.on(date(2026, 5, 31))
    assert lite.lend(lite.item(), patron).ok  # not overdue for blocks either
    back = lite.take_back(item)
    assert (back.code, back.facts["days_late"]) == ("returned", 0)


def test_a_late_return_is_charged_once_with_the_trace(library: Library):
    open_on_weekdays(library)
    item, patron = library.item(), library.patron()
    library.lend(item, patron)
    library.on(date(2026, 6, 2))
    back = library.take_back(item)
    assert (back.code, back.tone) == ("returned_late", "amber")
    assert (back.facts["days_late"], back.facts["charged"]) == (2, 2000)
    (entry,) = library.all(LedgerEntry)
    assert (entry.kind, entry.direction, entry.amount) == ("overdue", "debit", 2000)
    assert (entry.charged_to, entry.effective_on) == (date(2026, 6, 2), date(2026, 6, 2))
    assert entry.trace["days"] == 2
    assert entry.trace["per_day"] == 1000
    (event,) = library.events("charge_posted")
    assert (event.amount, event.facts) == (2000, {"kind": "overdue"})


def test_the_drop_box_dates_a_return_by_itself(lite: Library):
    open_on_weekdays(lite)
    item, patron = lite.item(), lite.patron()
    lite.lend(item, patron)
    lite.on(date(2026, 6, 1), 7)
    back = lite.take_back(item, book_drop=True)
    assert (back.code, back.facts["returned_on"]) == ("returned", "2026-05-29")
    (event,) = lite.events("item_checked_in")
    assert event.effective_on == DUE
    assert event.facts["book_drop"] is True


def test_a_return_may_be_dated_back_but_not_before_the_loan_nor_far(lite: Library):
    item, patron = lite.item(), lite.patron()
    lite.lend(item, patron)
    lite.on(date(2026, 7, 10))
    refused = lite.take_back(item, effective_on=date(2026, 6, 1))
    assert refused.reason_codes() == ["backdate_far"]
    by_head = lite.do(check_in, lite.head, barcode=item.barcode, effective_on=date(2026, 5, 1))
    assert by_head.facts["returned_on"] == "2026-05-15"


def test_s16_a_return_is_never_dated_ahead(lite: Library):
    item, patron = lite.item(), lite.patron()
    lite.lend(item, patron)
    assert lite.take_back(item, effective_on=date(3001, 1, 1)).facts["returned_on"] == "2026-05-15"


def test_case_9_a_return_dated_before_a_renewal_takes_the_renewal_back(library: Library):
    item, patron = library.item(), library.patron()
    library.lend(item, patron)
    library.on(date(2026, 6, 3))
    renewed = library.do(renew, barcode=item.barcode)
    assert renewed.details == [
        {"code": "fine_posted", "facts": {"amount": 5000, "days": 5, "entry_id": 1}}
    ]
    library.on(date(2026, 6, 5))
    back = library.take_back(item, effective_on=date(2026, 5, 30))
    assert "renewal_taken_back" in [d["code"] for d in back.details]
    assert back.facts["charged"] == 1000
    assert balance(library, patron) == 1000
    (renewal,) = library.all(LoanRenewal)
    assert renewal.voided_at is not None
    (loan,) = library.all(Loan)
    assert (loan.due_on, loan.renewals) == (DUE, 0)


def test_case_14_a_running_fine_that_was_paid_goes_on_from_that_day(library: Library):
    item, patron = library.item(), library.patron()
    library.lend(item, patron)
    library.on(date(2026, 6, 1))
    paid = library.do(take_payment, patron_id=patron.id, amount=3000)
    assert paid.code == "paid"
    library.on(date(2026, 6, 3))
    assert library.take_back(item).facts["charged"] == 2000
    assert [e.amount for e in library.all(LedgerEntry)] == [3000, 3000, 2000]
    assert balance(library, patron) == 2000


def test_case_15_rules_changed_later_do_not_touch_open_loans(lite: Library):
    lite.rules(per_day=500, cap=2000)
    item, patron = lite.item(), lite.patron()
    lite.lend(item, patron)
    lite.rules(per_day=5000, cap=None)
    lite.on(date(2026, 6, 20))
    assert lite.take_back(item).facts["charged"] == 2000


def test_case_13_the_last_step_is_cut_to_the_cap_and_nothing_follows(lite: Library):
    lite.rules(per_day=3000, cap=7000)
    item, patron = lite.item(), lite.patron()
    lite.lend(item, patron)
    lite.on(date(2026, 6, 1))  # three days late: 9000 but for the cap
    lite.do(take_payment, patron_id=patron.id, amount=7000)
    lite.on(date(2026, 6, 5))
    assert lite.take_back(item).facts["charged"] == 0
    assert [e.amount for e in lite.all(LedgerEntry) if e.kind == "overdue"] == [7000]


def test_the_calendar_is_that_of_the_branch_that_lent(lite: Library):
    with lite.writing() as session:
        from tests.factories import close_weekdays

        close_weekdays(session, lite.place.branch, 5, 6)
    item, patron = lite.item(), lite.patron()
    lite.lend(item, patron)
    lite.on(date(2026, 6, 2))
    back = lite.do(check_in, lite.far_clerk, barcode=item.barcode)
    assert back.facts["days_late"] == 2


def test_an_amnesty_posts_and_waives_in_one_pair(lite: Library):
    item, patron = lite.item(), lite.patron()
    lite.lend(item, patron)
    lite.on(date(2026, 6, 2))
    with pytest.raises(Forbidden):
        lite.take_back(item, amnesty="12/QĐ-TV")
    back = lite.do(check_in, lite.head, barcode=item.barcode, amnesty="12/QĐ-TV")
    assert [d["code"] for d in back.details] == ["fine_posted", "fine_waived"]
    assert [(e.kind, e.amount) for e in lite.all(LedgerEntry)] == [
        ("overdue", 4000),
        ("waiver", 4000),
    ]
    assert balance(lite, patron) == 0
    assert lite.events("waiver_given")[0].facts["reason"] == "12/QĐ-TV"


def test_where_the_penalty_is_days_the_reader_is_suspended_and_pays_nothing(lite: Library):
    lite.rules(penalty="days", suspend_factor=2)
    item, patron = lite.item(), lite.patron()
    lite.lend(item, patron)
    lite.on(date(2026, 6, 1))
    lite.take_back(item)
    (row,) = lite.all(Suspension)
    assert (row.from_on, row.to_on) == (date(2026, 6, 1), date(2026, 6, 6))
    assert lite.all(LedgerEntry) == []
    assert lite.lend(lite.item(), patron).reason_codes() == ["suspended"]
    lite.on(date(2026, 6, 7))
    assert lite.lend(lite.item(), patron).ok


@pytest.mark.parametrize("was", ["missing", "lost", "lost_settled"])
def test_a_lost_copy_that_turns_up_is_in_stock_again(lite: Library, was: str):
    item = lite.item(lifecycle=was)
    back = lite.take_back(item)
    assert (back.code, back.action) == ("found", "shelve")
    assert back.details[0]["facts"] == {"was": was}
    assert lite.lend(item, lite.patron()).ok


def test_a_withdrawn_copy_is_stopped(lite: Library):
    back = lite.take_back(lite.item(lifecycle="withdrawn"))
    assert (back.code, back.tone) == ("withdrawn_stop", "red")


def test_a_damaged_copy_does_not_go_to_the_shelf(lite: Library):
    item = lite.item(lifecycle="damaged")
    assert lite.take_back(item).code == "not_lendable"


def test_case_20_a_copy_not_on_loan_counts_as_used_in_the_house_once_in_half_an_hour(
    library: Library,
):
    item = library.item()
    assert library.take_back(item).code == "in_house_use"
    library.later(minutes=10)
    assert library.take_back(item).code == "nothing_to_do"
    library.later(minutes=31)
    assert library.take_back(item).code == "in_house_use"
    assert len(library.events("in_house_use_counted")) == 2


def test_a_copy_just_returned_is_not_counted_as_used(lite: Library):
    item = lite.item()
    lite.lend(item, lite.patron())
    lite.take_back(item)
    lite.later(minutes=5)
    assert lite.take_back(item).code == "nothing_to_do"


def test_in_house_use_at_return_can_be_switched_off(lite: Library):
    lite.setting("circulation.in_house_on_return", value=False)
    assert lite.take_back(lite.item()).code == "nothing_to_do"


def test_case_33_a_book_of_another_library_is_put_aside(lite: Library):
    stranger = lite.item(at=lite.place.foreign_branch)
    assert lite.take_back(stranger).code == "foreign_book"
    lite.setting("circulation.transport", "province")
    lite.later(minutes=5)
    sent = lite.take_back(stranger)
    assert (sent.code, sent.facts["to"]) == ("send_home", lite.place.foreign_branch.id)


def test_s10_and_s11_a_closed_day_in_the_span_is_one_fine_fewer_and_none_in_time(lite: Library):
    from ils.org.models import CalendarDay

    patron = lite.patron()
    first, second = lite.item(), lite.item()
    lite.lend(first, patron)
    lite.lend(second, patron)
    lite.on(DUE)
    assert lite.take_back(first).facts["charged"] == 0
    with lite.writing() as session:
        session.add(
            CalendarDay(unit_id=lite.place.library.id, day=date(2026, 6, 3), open=False, reason="x")
        )
    lite.on(DUE + timedelta(days=13))
    assert lite.take_back(second).facts["charged"] == 12_000


def test_s15_the_charge_stays_open_after_the_return(lite: Library):
    item, patron = lite.item(), lite.patron()
    lite.lend(item, patron)
    lite.on(date(2026, 6, 2))
    lite.take_back(item)
    with lite.reading() as session:
        known = account(session, patron.id, lite.now)
    assert [(d.entry.kind, d.open_amount) for d in known.open_debits] == [("overdue", 4000)]
    assert known.running == 0


def test_the_fine_runs_on_the_screen_and_is_posted_at_the_return_the_same(lite: Library):
    item, patron = lite.item(), lite.patron()
    lite.lend(item, patron)
    lite.on(DAY_ONE + timedelta(days=20))
    with lite.reading() as session:
        running = account(session, patron.id, lite.now).running
    assert running == 6000
    assert lite.take_back(item).facts["charged"] == running
