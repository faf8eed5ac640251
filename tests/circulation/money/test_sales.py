"""Small sales, settling without money, amnesties, refunds, reversals of what has a receipt."""

from datetime import date, timedelta

import pytest

from circulation.deposits import deposit_in, deposit_out, deposit_to_debt, pay_back
from circulation.fees import charge, reverse, reverse_sale, take_payment, waive
from circulation.ledger import account
from circulation.models import LedgerEntry, Receipt
from circulation.money import rates
from circulation.money.sales import sell, settle_in_kind
from ils.core.errors import Forbidden, Invalid, NotFound
from tests.circulation.conftest import Library
from tests.circulation.money.rates_of_a_library import set_rate


def known(library: Library, patron):
    with library.reading() as session:
        return account(session, patron.id, library.now)


def charged(library: Library, patron, amount: int, kind: str = "lost_price") -> int:
    answer = library.do(charge, library.head, patron_id=patron.id, kind=kind, amount=amount)
    return int(answer.facts["entry_id"])


def entry(library: Library, kind: str) -> LedgerEntry:
    return next(e for e in library.all(LedgerEntry) if e.kind == kind)


def test_photocopies_are_sold_to_anybody_with_a_receipt(library: Library):
    copy = set_rate(library, rates.set_price, name="Phô tô A4", measure="trang", amount=500)
    sold = library.do(sell, quantities={copy: 12}, payer="Anh Ba")
    assert (sold.code, sold.facts["amount"], sold.facts["receipt"]) == (
        "sold",
        6_000,
        "00001/2026",
    )
    service, paid = library.all(LedgerEntry)
    assert (service.note, service.amount, paid.amount) == ("Phô tô A4: 12 trang", 6_000, 6_000)
    taken_back = library.do(
        reverse_sale, library.head, receipt_id=sold.slip["receipt_id"], reason_text="nhầm"
    )
    assert taken_back.ok
    signs = {"debit": 1, "credit": -1}
    assert sum(signs[e.direction] * e.amount for e in library.all(LedgerEntry)) == 0
    assert library.all(Receipt)[0].void_reason == "nhầm"


def test_a_patron_pays_a_sale_at_once_or_later_and_only_the_sale(lite: Library):
    copy = set_rate(lite, rates.set_price, name="Phô tô A4", amount=500)
    patron = lite.patron()
    old = charged(lite, patron, 20_000)
    lite.do(sell, quantities={copy: 2}, patron_id=patron.id)
    assert [(d.entry.id, d.open_amount) for d in known(lite, patron).open_debits] == [(old, 20_000)]
    later = lite.do(sell, quantities={copy: 4}, patron_id=patron.id, pay_now=False)
    assert later.slip is None
    assert known(lite, patron).balance == 22_000


def test_what_is_sold_is_on_the_list_of_the_day(lite: Library):
    old = set_rate(lite, rates.set_price, name="Phô tô A4", amount=500)
    new = set_rate(lite, rates.set_price, name="Phô tô A4", amount=700, valid_from=date(2026, 5, 1))
    set_rate(lite, rates.set_price, at=lite.place.branch, name="Bọc sách", amount=3_000)
    with lite.reading() as session:
        here = rates.offers(session, lite.place.branch.id, lite.today)
        there = rates.offers(session, lite.place.other_branch.id, lite.today)
    assert [(o.name, o.amount) for o in here] == [("Bọc sách", 3_000), ("Phô tô A4", 700)]
    assert [o.id for o in there] == [new]
    for basket in ({old: 1}, {new: 0}, {new: 10_000}, {}):
        with pytest.raises(Invalid):
            lite.do(sell, quantities=basket)


def test_a_charge_is_settled_by_the_same_book_or_by_work(library: Library):
    patron = library.patron()
    lost = charged(library, patron, 60_000)
    part = library.do(
        settle_in_kind,
        library.head,
        patron_id=patron.id,
        entry_id=lost,
        how="work",
        amount=10_000,
        reason_text="xếp kho một buổi",
    )
    assert part.code == "settled_in_kind"
    library.do(
        settle_in_kind,
        library.head,
        patron_id=patron.id,
        entry_id=lost,
        how="replacement_copy",
        reason_text="nộp bản mới",
    )
    assert known(library, patron).balance == 0
    assert library.all(Receipt) == []
    assert [(e.facts["how"], e.amount) for e in library.events("settled_in_kind")] == [
        ("work", 10_000),
        ("replacement_copy", 50_000),
    ]
    with pytest.raises(Forbidden):
        library.do(settle_in_kind, patron_id=patron.id, entry_id=lost, how="work", reason_text="x")


def test_in_days_of_amnesty_a_fine_is_posted_and_waived_by_its_decision(library: Library):
    library.rules(per_day=1_000, grace=0, loan_days=14)
    item, patron = library.item(), library.patron()
    library.lend(item, patron)
    library.later(days=20)
    set_rate(
        library,
        rates.set_amnesty,
        decision="12/QĐ-TV",
        decided_on=library.today - timedelta(days=3),
        from_on=library.today,
        to_on=library.today + timedelta(days=6),
    )
    back = library.take_back(item)
    assert [line["code"] for line in back.details] == ["fine_posted", "fine_waived"]
    fine, waiver = library.all(LedgerEntry)
    assert (fine.kind, waiver.kind, fine.amount) == ("overdue", "waiver", waiver.amount)
    assert waiver.note == f"12/QĐ-TV ({library.today - timedelta(days=3):%d/%m/%Y})"
    assert known(library, patron).balance == 0


def test_before_and_after_the_amnesty_and_for_grown_ups_of_a_childrens_one_fines_stay(
    lite: Library,
):
    lite.rules(per_day=1_000, grace=0, loan_days=14)
    items = [lite.item() for _ in range(2)]
    patron = lite.patron()
    for one in items:
        lite.lend(one, patron)
    lite.later(days=20)
    days = {"decided_on": lite.today, "to_on": lite.today + timedelta(days=1)}
    set_rate(
        lite,
        rates.set_amnesty,
        decision="1/QĐ",
        from_on=lite.today + timedelta(days=1),
        **days,
    )
    set_rate(
        lite, rates.set_amnesty, decision="2/QĐ", from_on=lite.today, children_only=True, **days
    )
    lite.take_back(items[0])
    assert [e.kind for e in lite.all(LedgerEntry)] == ["overdue"]
    lite.later(days=2)
    lite.take_back(items[1])
    assert [e.kind for e in lite.all(LedgerEntry)] == ["overdue", "overdue"]


def test_s14_a_fine_partly_paid_and_then_waived_leaves_no_credit(library: Library):
    """S14: 700 owed, 200 paid; the amnesty forgives the 500 left and gives nothing back."""
    patron = library.patron()
    fine = charged(library, patron, 700, "service")
    library.do(take_payment, patron_id=patron.id, amount=200)
    library.do(waive, library.head, patron_id=patron.id, entry_id=fine, reason_text="ân hạn")
    after = known(library, patron)
    assert (after.balance, sum(after.unspent.values())) == (0, 0)


def test_s12_a_lost_price_unpaid_and_taken_back_leaves_nothing(library: Library):
    patron = library.patron()
    lost = charged(library, patron, 50_000)
    library.do(reverse, library.head, entry_id=lost, reason_text="tìm thấy")
    assert (known(library, patron).balance, known(library, patron).open_debits) == (0, [])


def test_s13_what_was_paid_of_a_lost_price_is_kept_as_credit_until_it_is_paid_back(
    library: Library,
):
    """S13 as we decide it: 10,000 paid are the patron's; they go back by an act with a receipt."""
    patron = library.patron()
    lost = charged(library, patron, 50_000)
    library.do(take_payment, patron_id=patron.id, amount=10_000)
    library.do(reverse, library.head, entry_id=lost, reason_text="tìm thấy")
    assert known(library, patron).balance == -10_000
    more = library.do(
        pay_back, library.head, patron_id=patron.id, amount=10_001, reason_text="trả lại"
    )
    assert more.reason_codes() == ["more_than_overpaid"]
    back = library.do(
        pay_back, library.head, patron_id=patron.id, amount=10_000, reason_text="trả lại"
    )
    assert (back.code, back.facts["receipt"]) == ("paid_back", "00002/2026")
    assert known(library, patron).balance == 0


def test_s15_a_fine_unpaid_at_return_stays_until_it_is_settled(lite: Library):
    lite.rules(per_day=1_000, grace=0, loan_days=14)
    item, patron = lite.item(), lite.patron()
    lite.lend(item, patron)
    lite.later(days=20)
    lite.take_back(item)
    owed = known(lite, patron)
    assert (owed.balance, owed.running) == (6_000, 0)
    lite.do(take_payment, patron_id=patron.id, amount=6_000)
    assert known(lite, patron).owed == 0


def test_a_waiver_goes_with_its_charge_and_never_turns_into_cash(library: Library):
    patron = library.patron()
    lost = charged(library, patron, 50_000)
    library.do(waive, library.head, patron_id=patron.id, entry_id=lost, reason_text="hộ nghèo")
    library.do(reverse, library.head, entry_id=lost, reason_text="tìm thấy")
    after = known(library, patron)
    assert (after.balance, after.unspent) == (0, {})
    refused = library.do(pay_back, library.head, patron_id=patron.id, amount=1, reason_text="x")
    assert refused.reason_codes() == ["more_than_overpaid"]


def test_a_deposit_taken_by_mistake_is_taken_back_with_its_receipt(library: Library):
    patron = library.patron()
    library.do(deposit_in, patron_id=patron.id, amount=50_000)
    library.do(deposit_in, patron_id=patron.id, amount=5_000)
    first = entry(library, "deposit_in")
    library.do(reverse, library.head, entry_id=first.id, reason_text="ghi thừa số 0")
    assert known(library, patron).deposit == 5_000
    again = library.do(reverse, library.head, entry_id=first.id, reason_text="nữa")
    assert again.reason_codes() == ["entry_settled"]
    assert [r.voided_at is not None for r in library.all(Receipt)] == [True, False]
    library.do(deposit_out, patron_id=patron.id, amount=5_000)
    second = library.all(LedgerEntry)[1]
    spent = library.do(reverse, library.head, entry_id=second.id, reason_text="x")
    assert spent.reason_codes() == ["more_than_deposit"]


def test_a_deposit_used_for_a_debt_is_taken_back_whole(library: Library):
    patron = library.patron()
    library.do(deposit_in, patron_id=patron.id, amount=50_000)
    charged(library, patron, 20_000)
    with pytest.raises(Invalid):
        library.do(deposit_to_debt, patron_id=patron.id, amount=20_000, reason_text=" ")
    library.do(deposit_to_debt, patron_id=patron.id, amount=20_000, reason_text="bạn đọc xin")
    library.do(
        reverse,
        library.head,
        entry_id=entry(library, "deposit_to_debt").id,
        reason_text="bạn đọc đổi ý",
    )
    after = known(library, patron)
    assert (after.balance, after.deposit) == (20_000, 50_000)


def test_the_sale_of_another_library_is_not_there(lite: Library):
    from tests import factories

    copy = set_rate(lite, rates.set_price, name="Phô tô", amount=500)
    sold = lite.do(sell, quantities={copy: 1})
    with lite.writing() as session:
        stranger = factories.create_actor(session, "head", lite.place.foreign_branch)
    with pytest.raises(NotFound):
        lite.do(reverse_sale, stranger, receipt_id=sold.slip["receipt_id"], reason_text="x")
