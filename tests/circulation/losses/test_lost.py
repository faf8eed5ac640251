"""A copy is lost, charged, settled, or found again; nothing of it is silent or twice."""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from cataloging.models import Item
from circulation.checkout import check_out
from circulation.fees import reverse, take_payment, waive
from circulation.ledger import account
from circulation.losses.lost import (
    bring_copy,
    cancel_loss,
    decide_money,
    declare_lost,
    pay_back_found,
)
from circulation.losses.models import Loss
from circulation.models import Hold, LedgerEntry, Loan, Transit
from circulation.transits import send
from circulation.undo import undo
from tests.circulation.conftest import Library

ALL = 100_000 + 10_000  # a book of 50,000 at two hundred percent, and processing


def rules(library: Library, **more: Any) -> None:
    library.rules(loss_percent_1=200, **more)


def lose(library: Library, **more: Any) -> tuple[Item, Any, Loss]:
    """Lend a copy of 50,000 for a fortnight and record it as lost on the due day."""
    item, patron = library.item(), library.patron()
    library.lend(item, patron)
    library.on(library.today + timedelta(days=14))
    lost = library.do(declare_lost, item_id=item.id, **more)
    assert lost.ok, lost.reasons
    return item, patron, library.get(Loss, lost.facts["loss_id"])


def owed(library: Library, patron: Any) -> int:
    with library.reading() as session:
        return account(session, patron.id, library.now).owed


def loan_of(library: Library, item: Item) -> Loan:
    with library.reading() as session:
        found = session.scalars(
            select(Loan).where(Loan.item_id == item.id).order_by(Loan.id.desc())
        ).first()
        assert found is not None
        return found


def pay(library: Library, patron: Any, amount: int, case: Loss) -> Any:
    return library.do(take_payment, patron_id=patron.id, amount=amount, chosen=case.entry_ids)


def test_a_lost_copy_is_charged_and_its_loan_stays_open(library: Library) -> None:
    rules(library)
    item, patron, case = lose(library, note="rơi xuống sông")
    loan = loan_of(library, item)
    assert (loan.closed_at, loan.lost_on) == (None, library.today)
    assert library.get(Item, item.id).lifecycle == "lost"
    assert owed(library, patron) == ALL
    assert case.reckoning["percent"] == 200
    (event,) = library.events("item_lost")
    assert (event.amount, event.facts) == (ALL, {"why": "declared", "way": "money"})
    library.later(days=30)
    assert owed(library, patron) == ALL  # no fine runs on
    blocked = library.lend(library.item(), patron)
    assert {"lost_unsettled", "owed_over"} <= set(blocked.reason_codes())


def test_a_fine_is_posted_to_the_day_of_the_loss(lite: Library) -> None:
    rules(lite)
    item, patron = lite.item(), lite.patron()
    lite.lend(item, patron)
    lite.on(lite.today + timedelta(days=20))
    lite.do(declare_lost, item_id=item.id, on=lite.today - timedelta(days=3))
    assert owed(lite, patron) == ALL + 3_000
    again = lite.do(declare_lost, item_id=item.id)
    assert again.reason_codes() == ["lost_already"]


def test_who_waits_for_a_lost_copy_gets_another(library: Library) -> None:
    record = library.record()
    item, other = library.item(record), library.item(record)
    waiting = library.patron("Phạm Văn Chờ")
    held = library.hold(item, waiting)
    hold = library.get(Hold, held.hold["id"])
    first = hold.item_id
    library.do(declare_lost, item_id=first)
    assert library.get(Hold, hold.id).item_id == ({item.id, other.id} - {first}).pop()
    assert library.get(Item, first).lifecycle == "lost"
    assert library.events("charge_posted") == []


def test_a_copy_on_its_way_is_lost_only_by_override(lite: Library) -> None:
    item = lite.item()
    lite.do(send, barcode=item.barcode, to_branch_id=lite.place.other_branch.id)
    assert lite.do(declare_lost, item_id=item.id).reason_codes() == ["lost_in_transit"]
    assert lite.do(declare_lost, item_id=item.id, overrides={"lost_in_transit": "cháy xe"}).ok
    assert lite.all(Transit)[0].cancelled_at is not None


def test_a_wrong_declaration_is_undone_whole_within_a_minute(library: Library) -> None:
    item, patron = library.item(), library.patron()
    library.lend(item, patron)
    lost = library.do(declare_lost, item_id=item.id)
    assert library.do(undo, token=lost.undo_token).ok
    assert owed(library, patron) == 0
    assert library.all(Loss) == []
    assert loan_of(library, item).lost_on is None
    assert library.get(Item, item.id).lifecycle == "active"
    assert library.events("item_lost") == []
    assert library.do(declare_lost, item_id=item.id).ok


def test_and_later_it_is_canceled_with_a_reason(library: Library) -> None:
    rules(library)
    item, patron, case = lose(library)
    library.later(days=3)
    assert library.do(cancel_loss, loss_id=case.id, reason_text="nhầm người").ok
    assert owed(library, patron) == 3_000  # the loan goes on, and it is late
    assert library.events("item_lost") == []
    assert library.get(Item, item.id).lifecycle == "active"


def test_paid_already_it_is_canceled_too_and_the_money_stands_to_the_readers_credit(
    library: Library,
) -> None:
    rules(library)
    item, patron, case = lose(library)
    pay(library, patron, ALL, case)
    assert library.get(Loss, case.id).state == "settled"
    library.later(days=1)
    back = library.do(cancel_loss, loss_id=case.id, reason_text="nhầm cuốn")
    assert back.ok, back.reasons
    loan = loan_of(library, item)
    assert (loan.closed_at, loan.lost_on) == (None, None)
    assert library.get(Item, item.id).lifecycle == "active"
    assert library.events("item_lost", "loss_settled") == []
    with library.reading() as session:
        assert account(session, patron.id, library.now).balance < 0
    assert library.take_back(item).ok
    assert not library.do(cancel_loss, loss_id=case.id, reason_text="nữa").ok


def test_replaced_by_the_same_book_it_is_not_canceled(lite: Library) -> None:
    rules(lite)
    _item, patron, case = lose(lite)
    brought = lite.do(bring_copy, loss_id=case.id)
    lite.do(take_payment, patron_id=patron.id, amount=owed(lite, patron))
    assert lite.get(Loss, case.id).state == "settled"
    assert not lite.do(cancel_loss, loss_id=case.id, reason_text="nhầm").ok
    assert brought.undo_token


def test_a_copy_brought_is_undone_within_a_minute(library: Library) -> None:
    rules(library)
    _item, patron, case = lose(library)
    before = owed(library, patron)
    brought = library.do(bring_copy, loss_id=case.id)
    assert owed(library, patron) < before
    assert library.do(undo, token=brought.undo_token).ok
    assert owed(library, patron) == before
    assert library.get(Loss, case.id).state == "open"


# --- settled ---------------------------------------------------------------------------------


def test_paid_in_full_the_loan_closes_by_itself(library: Library) -> None:
    rules(library)
    item, patron, case = lose(library)
    assert library.do(take_payment, patron_id=patron.id, amount=60_000).ok
    assert loan_of(library, item).closed_at is None
    paid = library.do(take_payment, patron_id=patron.id, amount=50_000)
    assert "loss_settled" in [line["code"] for line in paid.details]
    assert loan_of(library, item).closed_how == "lost_settled"
    assert library.get(Item, item.id).lifecycle == "lost_settled"
    settled = library.get(Loss, case.id)
    assert (settled.state, settled.settled_how) == ("settled", "payment")
    assert library.lend(library.item(), patron).ok


def test_a_payment_taken_back_opens_the_case_again(library: Library) -> None:
    rules(library)
    item, patron, case = lose(library)
    pay(library, patron, ALL, case)
    payment = next(e for e in library.all(LedgerEntry) if e.kind == "payment")
    back = library.do(reverse, library.head, entry_id=payment.id, reason_text="nhầm")
    assert back.ok
    assert library.get(Loss, case.id).state == "open"
    loan = loan_of(library, item)
    assert (loan.closed_at, library.get(Item, item.id).lifecycle) == (None, "lost")
    assert owed(library, patron) == ALL


def test_the_same_book_settles_the_price_and_the_work_is_paid(library: Library) -> None:
    rules(library)
    item, patron, case = lose(library, way="same_book")
    brought = library.item()
    assert library.do(bring_copy, loss_id=case.id, barcode=brought.barcode).ok
    assert owed(library, patron) == 10_000
    assert loan_of(library, item).closed_at is None
    assert pay(library, patron, 10_000, case).ok
    case = library.get(Loss, case.id)
    assert (case.state, case.settled_how) == ("settled", "replacement_copy")
    assert case.replacement_item_id == brought.id


def test_a_waiver_settles_too(lite: Library) -> None:
    rules(lite)
    item, patron, case = lose(lite)
    for entry_id in case.entry_ids:
        done = lite.do(
            waive, lite.head, patron_id=patron.id, entry_id=entry_id, reason_text="hộ nghèo"
        )
        assert done.ok
    assert lite.get(Loss, case.id).settled_how == "waiver"
    assert lite.get(Item, item.id).lifecycle == "lost_settled"


def test_without_charge_is_for_those_who_decide(lite: Library) -> None:
    from ils.core.errors import Forbidden

    item, patron = lite.item(), lite.patron()
    lite.lend(item, patron)
    with pytest.raises(Forbidden):
        lite.do(declare_lost, item_id=item.id, way="none")
    assert lite.do(declare_lost, lite.head, item_id=item.id, way="none").code == "lost_free"
    assert loan_of(lite, item).closed_how == "lost_settled"
    assert owed(lite, patron) == 0


# --- found again -----------------------------------------------------------------------------


def test_s12_found_unpaid_nothing_is_owed(library: Library) -> None:
    rules(library)
    item, patron, case = lose(library)
    back = library.take_back(item)
    assert back.code == "returned"
    assert owed(library, patron) == 0
    assert library.get(Item, item.id).lifecycle == "active"
    assert library.get(Loss, case.id).found_money == "charges_off"
    assert loan_of(library, item).closed_how == "returned"


def test_found_late_the_fine_runs_to_the_return_under_its_cap(lite: Library) -> None:
    rules(lite, cap=4_000)
    item, patron, _case = lose(lite)
    lite.later(days=9)
    lite.take_back(item)
    assert owed(lite, patron) == 4_000


@pytest.mark.parametrize(
    ("when_paid", "balance", "open_credit"),
    [("keeps_paid", 0, 0), ("credit", -10_000, 10_000), ("payout", -10_000, 10_000)],
)
def test_s13_found_partly_paid(
    lite: Library, when_paid: str, balance: int, open_credit: int
) -> None:
    """Where nothing is given back the balance is 0, never negative; else it is the reader's."""
    rules(lite, loss_when_paid=when_paid)
    item, patron, case = lose(lite)
    pay(lite, patron, 10_000, case)
    lite.take_back(item)
    with lite.reading() as session:
        known = account(session, patron.id, lite.now)
    assert (known.balance, sum(known.unspent.values())) == (balance, open_credit)
    assert known.open_debits == []


def test_s14_an_amnesty_at_return_forgives_what_is_open_and_gives_nothing_back(
    lite: Library,
) -> None:
    item, patron = lite.item(), lite.patron()
    lite.lend(item, patron)
    lite.on(lite.today + timedelta(days=21))
    lite.do(take_payment, patron_id=patron.id, amount=2_000)  # of 7,000
    lite.take_back(item, actor=lite.head, amnesty="12/QĐ-TV")
    with lite.reading() as session:
        known = account(session, patron.id, lite.now)
    assert (known.balance, known.unspent) == (0, {})


def test_s15_a_returned_copy_leaves_its_debt_on_the_account(lite: Library) -> None:
    """Ours: the loan is closed by the return; the debt stays in the ledger until it is settled."""
    item, patron = lite.item(), lite.patron()
    lite.lend(item, patron)
    lite.on(lite.today + timedelta(days=16))
    lite.take_back(item)
    assert loan_of(lite, item).closed_at is not None
    assert owed(lite, patron) == 2_000


def test_s16_a_return_is_never_dated_ahead(lite: Library) -> None:
    item, patron = lite.item(), lite.patron()
    lite.lend(item, patron)
    lite.take_back(item, effective_on=lite.today.replace(year=3001))
    assert loan_of(lite, item).effective_return_on == lite.today


def test_paid_and_brought_within_the_time_stands_to_the_readers_credit(library: Library) -> None:
    rules(library)
    item, patron, case = lose(library)
    pay(library, patron, ALL, case)
    library.later(days=100)
    back = library.take_back(item)
    assert back.code == "found"
    assert "found_credit" in [line["code"] for line in back.details]
    assert owed(library, patron) == -ALL
    assert library.do(undo, token=back.undo_token).ok  # the wrong copy was scanned
    assert owed(library, patron) == 0
    assert library.get(Item, item.id).lifecycle == "lost_settled"
    assert library.get(Loss, case.id).state == "settled"


def test_case_36_paid_and_brought_after_a_year_is_a_gift_unless_decided_otherwise(
    library: Library,
) -> None:
    rules(library)
    item, patron, case = lose(library)
    pay(library, patron, ALL, case)
    library.later(days=366)
    back = library.take_back(item)
    assert "found_keeps_paid" in [line["code"] for line in back.details]
    assert owed(library, patron) == 0
    assert library.get(Item, item.id).lifecycle == "active"
    assert library.do(decide_money, library.head, loss_id=case.id, money="credit").ok
    assert owed(library, patron) == -ALL


def test_what_was_paid_is_paid_back_with_a_receipt_and_never_twice(library: Library) -> None:
    rules(library, loss_when_paid="payout")
    item, patron, case = lose(library)
    pay(library, patron, ALL, case)
    back = library.take_back(item)
    assert "found_payout" in [line["code"] for line in back.details]
    paid = library.do(pay_back_found, library.head, loss_id=case.id, key="once")
    assert (paid.code, paid.facts["amount"]) == ("paid_back", ALL)
    sent_again = library.do(pay_back_found, library.head, loss_id=case.id, key="once")
    assert (sent_again.code, sent_again.repeated) == ("paid_back", True)
    assert owed(library, patron) == 0
    assert library.get(Loss, case.id).found_money == "paid_back"
    again = library.do(pay_back_found, library.head, loss_id=case.id)
    assert again.reason_codes() == ["loss_state"]


def test_a_waived_loss_that_is_found_gives_nothing_back(library: Library) -> None:
    rules(library)
    item, patron, case = lose(library)
    waived = case.entry_ids[0]
    library.do(waive, library.head, patron_id=patron.id, entry_id=waived, reason_text="hộ nghèo")
    library.take_back(item)
    assert owed(library, patron) == 0
    with library.reading() as session:
        assert account(session, patron.id, library.now).unspent == {}


def test_a_copy_that_was_replaced_is_asked_for(lite: Library) -> None:
    rules(lite, loss_processing=0)
    item, _patron, case = lose(lite, way="same_book")
    lite.do(bring_copy, loss_id=case.id)
    lite.later(days=1)
    back = lite.take_back(item)
    assert back.code == "found_replaced"
    assert lite.get(Item, item.id).lifecycle == "lost_settled"
    assert lite.do(decide_money, lite.head, loss_id=case.id, money="gift").ok
    assert lite.get(Item, item.id).lifecycle == "active"


def test_case_31_a_lost_copy_lent_elsewhere_is_found_and_the_loan_stands(
    library: Library,
) -> None:
    rules(library)
    item, patron, case = lose(library)
    other = library.patron("Lê Văn Ba")
    asked = library.lend(item, other)
    assert "lifecycle_missing_or_lost" in asked.reason_codes()
    yes = dict.fromkeys(asked.reason_codes(), "máy quầy khác đã cho mượn")
    lent = library.do(check_out, barcode=item.barcode, patron_id=other.id, overrides=yes)
    assert lent.ok
    assert owed(library, patron) == 0
    assert library.get(Loss, case.id).state == "found"
    assert loan_of(library, item).patron_id == other.id


def test_it_may_be_lost_twice(lite: Library) -> None:
    rules(lite)
    item, patron, _case = lose(lite)
    lite.take_back(item)
    lite.later(minutes=5)
    lite.lend(item, patron)
    assert lite.do(declare_lost, item_id=item.id).ok
    assert owed(lite, patron) == ALL
