"""What a point answers for: agreed on, paid with a receipt, let off, each taken back."""

from typing import Any

import pytest

from circulation.models import LedgerEntry, Receipt
from circulation.money.books import fee_book, income_of
from circulation.money.models import Till
from circulation.money.tills import open_till, till_report
from circulation.rotation import claims, lists, returning
from circulation.rotation.models import Consignment
from ils.core.errors import Refused
from tests.circulation.conftest import Library
from tests.circulation.rotation.test_boxes import act, box_of, send


def box_back_with_all_missing(library: Library, agreed: int) -> int:
    box_id = box_of(library, library.item(), library.item())
    send(library, box_id)
    act(library, returning.close_box, box_id=box_id, missing=True)
    act(library, claims.settle_box, box_id=box_id, paper="BB 02", amount=agreed)
    return box_id


def pay(library: Library, box_id: int, amount: int, **more: Any) -> Any:
    return library.do(claims.take_point_payment, library.head, box_id=box_id, amount=amount, **more)


def claim(library: Library, box_id: int) -> claims.Claim:
    with library.reading() as session:
        return claims.claim_of(session, session.get_one(Consignment, box_id))


def owed(library: Library) -> list[int]:
    with library.reading() as session:
        asked = lists.Asked(library.place.library.id, "owed")
        return [row["left"] for row in lists.boxes_of(session, asked, limit=9)]


def test_case_38_a_point_pays_what_was_agreed_with_a_receipt_of_the_series(
    library: Library,
) -> None:
    box_id = box_back_with_all_missing(library, 90_000)
    assert library.do(open_till, library.head, name="Két 1", float_amount=0).ok
    assert pay(library, box_id, 100_000).reason_codes() == ["amount_wrong"]
    first = pay(library, box_id, 50_000, payer="Cô Hà", key="a")
    assert first.ok, first.reasons
    assert pay(library, box_id, 50_000, payer="Cô Hà", key="a").repeated
    assert (claim(library, box_id).paid, owed(library)) == (50_000, [40_000])
    (receipt,) = library.all(Receipt)
    assert (receipt.number, receipt.patron_id, receipt.payer) == (
        1,
        None,
        "Điểm school 0 (Cô Hà)",
    )
    with library.reading() as session:
        report = till_report(session, session.query(Till).one())
        assert report.expected == 50_000
        assert income_of(session, report.receipts) == {"point_loss": 50_000}
        book = fee_book(session, library.place.library.id, library.today, library.today)
        assert (book.total("point_loss"), book.total("compensation")) == (50_000, 0)
    assert pay(library, box_id, 40_000, method="transfer").ok
    assert (claim(library, box_id).left, owed(library)) == (0, [])
    assert {entry.patron_id for entry in library.all(LedgerEntry)} == {None}


def test_a_payment_taken_back_is_owed_again_and_its_receipt_keeps_the_number(
    lite: Library,
) -> None:
    box_id = box_back_with_all_missing(lite, 90_000)
    paid = pay(lite, box_id, 90_000)
    words = {"box_id": box_id, "receipt_id": paid.facts["receipt_id"], "reason_text": "nhầm"}
    assert lite.do(claims.take_back_point_payment, lite.head, **words).ok
    assert (claim(lite, box_id).left, lite.all(Receipt)[0].number) == (90_000, 1)
    assert lite.all(Receipt)[0].voided_at is not None


def test_a_point_is_let_off_by_a_paper_and_never_more_than_it_owes(lite: Library) -> None:
    box_id = box_back_with_all_missing(lite, 90_000)
    assert pay(lite, box_id, 60_000).ok
    with pytest.raises(Refused, match="claim_let_off_wrong"):
        act(lite, claims.let_off, box_id=box_id, amount=31_000, paper="QĐ 5")
    act(lite, claims.let_off, box_id=box_id, amount=30_000, paper="QĐ 5")
    assert (claim(lite, box_id).left, claim(lite, box_id).let_off) == (0, 30_000)
    with pytest.raises(Refused, match="claim_below_settled"):
        act(lite, claims.settle_box, box_id=box_id, paper="BB 02", amount=80_000)
    let_off = claim(lite, box_id).settled[-1].payment.id
    act(lite, claims.take_back_let_off, box_id=box_id, payment_id=let_off)
    assert claim(lite, box_id).left == 30_000
