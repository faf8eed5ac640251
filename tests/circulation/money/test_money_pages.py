"""The pages of money: what a clerk and a head do there, and what they are refused."""

from datetime import timedelta
from io import BytesIO
from typing import Any

import pytest
from openpyxl import load_workbook
from sqlalchemy import select

from circulation.desk import perform
from circulation.fees import charge
from circulation.models import LedgerEntry, Receipt
from circulation.money.models import CardFee, Till
from ils.core import clock, db
from ils.core.jobs import run_next_job
from tests import factories


@pytest.fixture
def patron(province: factories.Province) -> Any:
    with db.transaction() as session:
        found = factories.create_patron(session, province.branch)
        head = factories.create_actor(session, "head", province.branch)
    for n, amount in enumerate((5_000, 7_000)):
        perform(charge, head, patron_id=found.id, kind="service", amount=amount, key=f"c{n}")
    return found


def rows(table: Any) -> list[Any]:
    with db.reading() as session:
        return list(session.scalars(select(table).order_by(table.id)))


def text(answer: Any) -> str:
    return str(answer.get_data(as_text=True))


def test_a_clerk_takes_all_that_is_owed_by_an_empty_amount(staff_client, province, patron):
    clerk = staff_client("clerk", province.branch)
    address = f"/staff/money/patrons/{patron.id}"
    page = text(clerk.get(address))
    assert "12.000 đ" in page
    paid = clerk.post(address, data={"act": "pay", "key": "k1"})
    assert paid.status_code == 302
    assert "receipt=" in paid.location
    assert [r.amount for r in rows(Receipt)] == [12_000]
    again = clerk.post(address, data={"act": "pay", "key": "k1"})
    assert again.status_code in (302, 409)
    assert len(rows(Receipt)) == 1


def test_chosen_lines_are_paid_and_what_is_refused_stays_typed(staff_client, province, patron):
    clerk = staff_client("clerk", province.branch)
    address = f"/staff/money/patrons/{patron.id}"
    second = rows(LedgerEntry)[1].id
    too_much = clerk.post(address, data={"act": "pay", "amount": "99.000", "reason": "lời dặn"})
    assert too_much.status_code == 409
    assert "99.000" in text(too_much)
    assert "lời dặn" in text(too_much)
    nonsense = clerk.post(address, data={"act": "pay", "amount": "nhiều"})
    assert nonsense.status_code == 422
    clerk.post(address, data={"act": "pay", "entry": [second]})
    assert rows(LedgerEntry)[-1].trace["lines"] == [[second, 7_000]]


def test_a_head_waives_settles_reverses_and_uses_deposits(staff_client, province, patron):
    head = staff_client("head", province.branch)
    address = f"/staff/money/patrons/{patron.id}"
    first, second = (row.id for row in rows(LedgerEntry))
    silent = head.post(address, data={"act": "waive", "entry": [first]})
    assert silent.status_code == 422
    none_chosen = head.post(address, data={"act": "waive", "reason": "x"})
    assert none_chosen.status_code == 422
    head.post(address, data={"act": "waive", "entry": [first], "reason": "hộ nghèo"})
    work = {"act": "work", "entry": [second], "amount": "2k", "reason": "xếp sách"}
    head.post(address, data=work)
    head.post(address, data={"act": "deposit_in", "amount": "50k"})
    head.post(address, data={"act": "deposit_to_debt", "reason": "bạn đọc xin"})
    head.post(address, data={"act": "deposit_out"})
    head.post(address, data={"act": "charge", "kind": "processing", "amount": "3.000"})
    kinds = [row.kind for row in rows(LedgerEntry)][2:]
    assert kinds == [
        "waiver",
        "work",
        "deposit_in",
        "deposit_to_debt",
        "payment",
        "deposit_out",
        "processing",
    ]
    assert rows(LedgerEntry)[-2].amount == 45_000
    last = rows(LedgerEntry)[-1].id
    assert "3.000 đ" in text(head.get(f"{address}?reverse={last}"))
    head.post(address, data={"act": "reverse", "reverse": last, "reason": "nhầm"})
    assert rows(LedgerEntry)[-1].reverses_id == last


def test_a_till_is_opened_counted_and_closed_on_its_pages(staff_client, province, patron):
    clerk = staff_client("clerk", province.branch)
    opened = clerk.post("/staff/money/tills/", data={"name": "Quầy 1", "float": "100k"})
    assert opened.status_code == 302
    taken = clerk.post("/staff/money/tills/", data={"name": "Quầy 2", "float": "0"})
    assert taken.status_code == 409
    clerk.post(f"/staff/money/patrons/{patron.id}", data={"act": "pay"})
    (till,) = rows(Till)
    here = f"/staff/money/tills/{till.id}"
    clerk.post(f"{here}/cash", data={"act": "handed_over", "amount": "2k", "reason": "nộp quỹ"})
    short = clerk.post(f"{here}/close", data={"note-100000": "1"})
    assert short.status_code == 409
    assert 'value="1"' in text(short)
    wrong = clerk.post(f"{here}/close", data={"note-100000": "một"})
    assert wrong.status_code == 422
    counted = {"note-100000": "1", "note-10000": "1"}
    assert clerk.post(f"{here}/close", data=counted).status_code == 302
    assert rows(Till)[0].difference == 0
    assert clerk.get(f"{here}.pdf").data.startswith(b"%PDF")
    assert "110.000 đ" in text(clerk.get("/staff/money/tills/"))
    assert "110.000 đ" not in text(clerk.get("/staff/money/tills/?last=01/01/2020"))
    assert clerk.get("/staff/money/tills/closed.pdf").data.startswith(b"%PDF")
    sheet = load_workbook(BytesIO(clerk.get("/staff/money/tills/closed.xlsx").data)).active
    assert 110_000 in {cell.value for row in sheet.iter_rows() for cell in row}


def test_rates_are_set_inherited_and_ended_by_a_head_and_only_seen_by_a_clerk(
    staff_client, province
):
    head, clerk = (staff_client(role, province.library) for role in ("head", "clerk"))
    address = "/staff/money/rates/"
    fee = {"which": "card_fee", "amount": "10.000", "resolution": "35/2025/NQ-HĐND"}
    assert head.post(address, data=fee).status_code == 302
    assert head.post(address, data=fee | {"resolution": ""}).status_code == 422
    assert clerk.post(address, data=fee).status_code == 403
    below = text(clerk.get(f"{address}?unit={province.branch.id}"))
    assert "35/2025/NQ-HĐND" in below
    for which, words in (
        ("exemption", {"name": "Hộ nghèo", "resolution": "35/2025"}),
        ("price", {"name": "Phô tô A4", "amount": "500", "measure": "trang"}),
        ("amnesty", {"decision": "12/QĐ", "to_on": "h+7"}),
    ):
        assert head.post(address, data={"which": which, **words}).status_code == 302
    (row,) = rows(CardFee)
    yesterday = clock.today() - timedelta(days=1)
    early = {"which": "card_fee", "act": "end", "rate": row.id, "last_day": f"{yesterday:%d/%m/%Y}"}
    assert head.post(address, data=early).status_code == 422
    head.post(address, data=early | {"last_day": "h"})
    assert rows(CardFee)[0].valid_to == clock.today()


def test_the_books_are_shown_and_taken_away(staff_client, province, patron):
    head = staff_client("head", province.library)
    price = {"which": "price", "name": "Phô tô A4", "amount": "500"}
    head.post("/staff/money/rates/", data=price)
    sold = head.post("/staff/money/sale/", data={"price-1": "3", "payer": "Chị Tư"})
    assert sold.status_code == 302
    assert head.post("/staff/money/sale/", data={"price-1": "ba"}).status_code == 422
    page = text(head.get("/staff/money/fees"))
    assert "Chị Tư" in page
    assert "1.500 đ" in page
    (receipt,) = rows(Receipt)
    for address, begins in (
        (f"receipts/{receipt.id}.pdf", b"%PDF"),
        ("fees.pdf", b"%PDF"),
        ("fees.xlsx", b"PK"),
        ("deposits.pdf", b"%PDF"),
        ("deposits.xlsx", b"PK"),
        ("running.pdf", b"%PDF"),
        ("running.xlsx", b"PK"),
    ):
        assert head.get(f"/staff/money/{address}").data.startswith(begins), address
    back = head.post(f"/staff/money/sale/{receipt.id}/reverse", data={"reason": "nhầm"})
    assert back.status_code == 302
    assert rows(Receipt)[0].void_reason == "nhầm"


def test_a_card_is_given_with_its_fee_or_free_on_the_page_of_the_patron(staff_client, province):
    head = staff_client("head", province.library)
    address = "/staff/money/rates/"
    fee = {"which": "card_fee", "amount": "10.000", "resolution": "35/2025"}
    head.post(address, data=fee)
    head.post(address, data={"which": "exemption", "name": "Hộ nghèo", "resolution": "35/2025"})
    with db.transaction() as session:
        pays, free = (
            factories.create_patron(session, province.branch, with_card=False) for _ in range(2)
        )
    assert "Hộ nghèo" in text(head.get(f"/staff/patrons/{free.id}"))
    head.post(f"/staff/patrons/{pays.id}/card", data={"act": "issue", "kind": "reading"})
    head.post(f"/staff/patrons/{free.id}/card", data={"act": "issue", "exemption": "1"})
    assert [(row.patron_id, row.amount) for row in rows(LedgerEntry)] == [(pays.id, 10_000)]
    assert "Hộ nghèo" in text(head.get(f"/staff/money/patrons/{free.id}"))


def test_old_debts_are_looked_at_printed_and_forgiven_by_the_head(staff_client, province, patron):
    head = staff_client("head", province.library)
    home = "/staff/money/waivers/batches"
    form = {"kind": ["service"], "days": "0", "decision": "12/QĐ-TV", "reason": "Ngày sách"}
    wrong = head.post(home, data=form | {"days": "nhiều"})
    assert wrong.status_code == 422
    assert "Ngày sách" in text(wrong)
    made = head.post(home, data=form)
    assert made.status_code == 302
    page = text(head.get(made.location))
    assert "12.000 đ" in page
    assert head.get(f"{made.location}.pdf").data.startswith(b"%PDF")
    head.post(made.location, data={"act": "give"})
    assert run_next_job()
    assert [row.kind for row in rows(LedgerEntry)][2:] == ["waiver", "waiver"]
    book = text(head.get("/staff/money/waivers/"))
    assert "12/QĐ-TV" in book
    assert head.get("/staff/money/waivers/book.xlsx").status_code == 200
    head.post(made.location, data={"act": "back"})
    assert run_next_job()
    assert "đã hủy" in text(head.get(made.location))
    clerk = staff_client("clerk", province.branch)
    assert clerk.get(home).status_code == 403
    assert clerk.get("/staff/money/waivers/").status_code == 200
