"""Charges, payments, receipts, waivers, reversals, deposits."""

from datetime import date

import pytest

from circulation.blocks import patron_blocks, patron_figures
from circulation.deposits import deposit_in, deposit_out, deposit_to_debt
from circulation.fees import charge, reverse, take_payment, waive
from circulation.ledger import account
from circulation.models import LedgerAllocation, LedgerEntry, Receipt
from ils.core.errors import Forbidden, Invalid, NotFound
from tests.circulation.conftest import Library
from tests.factories import create_actor


def known(library: Library, patron):
    with library.reading() as session:
        return account(session, patron.id, library.now)


def charged(library: Library, patron, amount: int, kind: str = "service") -> int:
    answer = library.do(charge, library.head, patron_id=patron.id, kind=kind, amount=amount)
    assert answer.ok
    return answer.facts["entry_id"]


def test_a_payment_settles_the_oldest_first_and_gives_a_receipt(library: Library):
    patron = library.patron()
    first, second = charged(library, patron, 5000), charged(library, patron, 7000, "card_fee")
    paid = library.do(take_payment, patron_id=patron.id, amount=6000)
    assert (paid.code, paid.facts["settled"]) == ("paid", {"service": 5000, "card_fee": 1000})
    assert paid.slip["number"] == "00001/2026"
    left = known(library, patron)
    assert [(d.entry.id, d.open_amount) for d in left.open_debits] == [(second, 6000)]
    assert left.balance == 6000
    assert first != second
    (event,) = library.events("payment_taken")
    assert (event.amount, event.facts["receipt"]) == (6000, "00001/2026")


def test_a_chosen_charge_is_settled_first(lite: Library):
    patron = lite.patron()
    charged(lite, patron, 5000)
    second = charged(lite, patron, 7000)
    lite.do(take_payment, patron_id=patron.id, amount=7000, chosen=[second])
    assert [d.open_amount for d in known(lite, patron).open_debits] == [5000]


def test_more_than_is_owed_and_nothing_at_all_are_refused(lite: Library):
    patron = lite.patron()
    charged(lite, patron, 5000)
    over = lite.do(take_payment, patron_id=patron.id, amount=5001)
    assert over.reasons[0]["facts"] == {"amount": 5001, "owed": 5000}
    assert lite.do(take_payment, patron_id=patron.id, amount=0).reason_codes() == ["amount_wrong"]
    assert lite.all(Receipt) == []


def test_receipts_have_no_gap_and_begin_anew_each_year(library: Library):
    patron = library.patron()
    charged(library, patron, 10_000)
    for _ in range(3):
        library.do(take_payment, patron_id=patron.id, amount=1000)
    library.on(date(2027, 1, 2))
    library.do(take_payment, patron_id=patron.id, amount=1000)
    assert [(r.year, r.number) for r in library.all(Receipt)] == [
        (2026, 1),
        (2026, 2),
        (2026, 3),
        (2027, 1),
    ]


def test_the_same_payment_key_takes_the_money_once(library: Library):
    patron = library.patron()
    charged(library, patron, 10_000)
    library.do(take_payment, patron_id=patron.id, amount=4000, key="pay")
    again = library.do(take_payment, patron_id=patron.id, amount=4000, key="pay")
    assert again.repeated
    assert known(library, patron).balance == 6000


def test_a_waiver_forgives_what_is_open_and_leaves_the_charge_on_record(lite: Library):
    patron = lite.patron()
    entry = charged(lite, patron, 5000)
    with pytest.raises(Forbidden):
        lite.do(waive, patron_id=patron.id, entry_id=entry, reason_text="x")
    part = lite.do(
        waive, lite.head, patron_id=patron.id, entry_id=entry, amount=2000, reason_text="hộ nghèo"
    )
    assert part.code == "waived"
    assert known(lite, patron).balance == 3000
    lite.do(waive, lite.head, patron_id=patron.id, entry_id=entry, reason_text="hộ nghèo")
    spent = lite.do(waive, lite.head, patron_id=patron.id, entry_id=entry, reason_text="nữa")
    assert spent.reason_codes() == ["entry_settled"]
    assert [e.kind for e in lite.all(LedgerEntry)] == ["service", "waiver", "waiver"]
    assert sum(e.amount for e in lite.events("waiver_given")) == 5000


def test_a_charge_reversed_after_payment_leaves_a_credit_that_settles_the_next(library: Library):
    """S13 and S14 as we decide them: nothing is lost and nothing is forced below zero by itself."""
    patron = library.patron()
    entry = charged(library, patron, 5000)
    library.do(take_payment, patron_id=patron.id, amount=5000)
    undone = library.do(reverse, library.head, entry_id=entry, reason_text="nhầm người")
    assert undone.code == "reversed"
    after = known(library, patron)
    assert (after.balance, after.open_debits, sum(after.unspent.values())) == (-5000, [], 5000)
    charged(library, patron, 8000)
    left = known(library, patron)
    assert [d.open_amount for d in left.open_debits] == [3000]
    twice = library.do(reverse, library.head, entry_id=entry, reason_text="nhầm")
    assert twice.reason_codes() == ["entry_settled"]


def test_a_payment_reversed_opens_its_charges_and_voids_its_receipt(library: Library):
    patron = library.patron()
    charged(library, patron, 5000)
    library.do(take_payment, patron_id=patron.id, amount=5000)
    payment = next(e for e in library.all(LedgerEntry) if e.kind == "payment")
    library.do(reverse, library.head, entry_id=payment.id, reason_text="tiền giả")
    assert [d.open_amount for d in known(library, patron).open_debits] == [5000]
    (receipt,) = library.all(Receipt)
    assert (receipt.number, receipt.void_reason) == (1, "tiền giả")
    assert library.all(LedgerAllocation) == []


def test_deposits_are_no_income_and_pay_a_debt_only_by_an_act_of_their_own(library: Library):
    patron = library.patron()
    taken = library.do(deposit_in, patron_id=patron.id, amount=50_000)
    assert (taken.code, taken.slip["kind"]) == ("deposit_taken", "receipt")
    charged(library, patron, 20_000)
    assert known(library, patron).balance == 20_000
    too_much = library.do(deposit_out, patron_id=patron.id, amount=60_000)
    assert too_much.reason_codes() == ["more_than_deposit"]
    used = library.do(
        deposit_to_debt, patron_id=patron.id, amount=20_000, reason_text="bạn đọc yêu cầu"
    )
    assert used.code == "deposit_used"
    after = known(library, patron)
    assert (after.balance, after.deposit) == (0, 30_000)
    library.do(deposit_out, patron_id=patron.id, amount=30_000)
    assert known(library, patron).deposit == 0
    assert library.events("payment_taken") == []


def test_a_deposit_that_is_missing_stops_a_loan(lite: Library):
    lite.rules(deposit=50_000)
    item, patron = lite.item(), lite.patron()
    assert lite.lend(item, patron).reason_codes() == ["deposit_missing"]
    lite.do(deposit_in, patron_id=patron.id, amount=50_000)
    assert lite.lend(item, patron).ok


def test_another_librarys_patron_is_not_found(lite: Library):
    patron = lite.patron()
    with lite.writing() as session:
        stranger = create_actor(session, "head", lite.place.foreign_branch)
    for use_case, more in (
        (take_payment, {"amount": 1}),
        (charge, {"amount": 1, "kind": "service"}),
        (deposit_in, {"amount": 1}),
    ):
        with pytest.raises(NotFound):
            lite.do(use_case, stranger, patron_id=patron.id, **more)


def test_a_kind_of_charge_that_does_not_exist_is_an_error(lite: Library):
    with pytest.raises(Invalid):
        lite.do(charge, lite.head, patron_id=lite.patron().id, kind="gift", amount=1)


def test_the_figures_of_many_readers_come_together(library: Library):
    patrons = [library.patron(n) for n in ("Bạn một", "Bạn hai", "Bạn ba")]
    for patron in patrons[:2]:
        library.lend(library.item(), patron)
    charged(library, patrons[2], 9000)
    library.on(date(2026, 6, 2))
    library.hold(library.item(), patrons[2])
    with library.reading() as session:
        figures = patron_figures(session, [p.id for p in patrons], library.now)
    assert [figures[p.id].owed for p in patrons] == [4000, 4000, 9000]
    assert [figures[p.id].overdue for p in patrons] == [1, 1, 0]
    assert figures[patrons[0].id].overdue_days == 4
    assert figures[patrons[2].id].holds == 1
    assert figures[patrons[2].id].holds_today == 1


def test_blocks_are_told_with_their_numbers(lite: Library):
    patron = lite.patron()
    charged(lite, patron, 25_000)
    with lite.reading() as session:
        found = patron_blocks(session, patron.id, "borrow", lite.place.branch.id, lite.now)
    assert [(r.code, dict(r.facts)) for r in found] == [
        ("owed_over", {"value": 25_000, "limit": 20_000})
    ]
