"""Edge case 39: after the minute of undoing, a compensating act sets right what never happened."""

from datetime import timedelta

import pytest

from circulation.models import Hold, Loan
from circulation.renew import renew
from circulation.reversal import reverse_loan, reverse_return
from ils.core.audit import AuditEntry
from ils.core.errors import Invalid, NotFound
from tests.circulation.conftest import Library


def loan_of(library: Library) -> Loan:
    return library.all(Loan)[-1]


def test_case_39_a_loan_that_never_left_is_counted_by_nothing(library: Library) -> None:
    library.rules(per_day=1000, penalty="money", loan_days=7)
    item, patron = library.item(), library.patron()
    library.lend(item, patron)
    library.later(days=10)
    library.do(renew, barcode=item.barcode)  # late: its fine is posted
    loan = loan_of(library)
    result = library.do(reverse_loan, loan_id=loan.id, why="Quét nhầm thẻ")
    assert result.code == "never_left"
    assert loan_of(library).closed_how == "undone"
    assert library.events("loan_checked_out", "loan_renewed", "item_checked_in") == []
    assert balance(library, patron) == 0
    assert library.lend(item, patron).ok


def balance(library: Library, patron: object) -> int:
    from circulation.ledger import account

    with library.reading() as session:
        return account(session, patron.id, library.now).owed  # type: ignore[attr-defined]


def test_a_hold_that_the_wrong_loan_filled_waits_again_in_its_place(library: Library) -> None:
    item, first, second = library.item(), library.patron("Một"), library.patron("Hai")
    library.hold(item, first)
    library.hold(item, second)
    library.lend(item, first)
    before = library.all(Hold)[0].order_ts
    library.later(minutes=5)
    result = library.do(reverse_loan, loan_id=loan_of(library).id, why="Chưa lấy sách")
    assert [d["code"] for d in result.details] == ["hold_waits_again"]
    mine, others = library.all(Hold)
    assert (mine.state, mine.order_ts) == ("targeted", before)
    assert others.state == "queued"
    assert library.events("hold_filled") == []


def test_a_hold_given_up_for_another_copy_lies_ready_again(library: Library) -> None:
    record = library.record()
    first, second = library.item(record), library.item(record)
    patron = library.patron()
    library.hold(first, patron)
    library.take_back(first)
    library.lend(second, patron, overrides={"own_hold_other_copy": "close"})
    assert library.all(Hold)[0].end_reason == "fulfilled_by_other_copy"
    library.do(reverse_loan, loan_id=loan_of(library).id, why="Quét nhầm")
    (hold,) = library.all(Hold)
    assert (hold.state, hold.item_id, hold.ended_at) == ("ready", first.id, None)
    assert library.events("hold_filled") == []


def test_a_return_that_never_happened_opens_the_loan_again(library: Library) -> None:
    library.rules(per_day=1000, penalty="money", loan_days=7)
    item, patron = library.item(), library.patron()
    library.lend(item, patron)
    library.later(days=10)
    library.take_back(item)
    assert balance(library, patron) == 3000
    loan = loan_of(library)
    library.later(minutes=5)
    result = library.do(reverse_return, loan_id=loan.id, why="Nhầm bản sách")
    assert result.code == "never_returned"
    again = loan_of(library)
    assert again.closed_at is None
    assert again.due_on == loan.due_on
    assert library.events("item_checked_in") == []
    assert balance(library, patron) == 3000  # it runs again, and is not owed twice
    library.later(days=1)
    library.take_back(item)
    assert balance(library, patron) == 4000


def test_what_others_built_on_it_stands_in_the_way(lite: Library) -> None:
    item, patron = lite.item(), lite.patron()
    lite.lend(item, patron)
    lite.take_back(item)
    first = loan_of(lite)
    lite.later(minutes=5)
    lite.lend(item, lite.patron("Người Khác"))
    refused = lite.do(reverse_return, loan_id=first.id, why="x")
    assert refused.reason_codes() == ["changed_since"]
    assert lite.do(reverse_loan, loan_id=first.id, why="x").reason_codes() == ["not_on_loan"]


def test_it_needs_words_the_right_and_the_own_library(lite: Library) -> None:
    lite.lend(lite.item(), lite.patron())
    loan = loan_of(lite)
    with pytest.raises(Invalid):
        lite.do(reverse_loan, loan_id=loan.id, why=" ")
    with lite.writing() as session:
        from tests.factories import create_actor

        volunteer = create_actor(session, "volunteer", lite.place.branch)
        foreign = create_actor(session, "head", lite.place.foreign_branch)
    for nobody in (volunteer, foreign):
        with pytest.raises(NotFound):
            lite.do(reverse_loan, nobody, loan_id=loan.id, why="x")
    lite.do(reverse_loan, loan_id=loan.id, why="Nhầm")
    assert [a.facts["reason"] for a in lite.all(AuditEntry) if a.action == "loan_reversed"] == [
        "Nhầm"
    ]
    assert lite.now > loan.started_at + timedelta(minutes=1)
