"""Orders: sent under a number, received into vouchers, cancelled; budget lines reckoned from them."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from cataloging.acquisitions import order_lists as lists
from cataloging.acquisitions.budgets import (
    BudgetFacts,
    add_budget,
    behind,
    change_budget,
    delete_budget,
    put_voucher,
    standings_of,
    take_voucher_off,
    vouchers_to_put,
)
from cataloging.acquisitions.models import BudgetLine, OrderLine, PurchaseOrder
from cataloging.acquisitions.orders import (
    LineFacts,
    OrderFacts,
    add_title,
    begin_order,
    cancel_order,
    change_order,
    delete_order,
    order_for,
    put_off,
    revive_order,
    send_order,
    take_sending_back,
)
from cataloging.acquisitions.receiving import receive_order
from cataloging.acquisitions.suppliers import (
    SupplierFacts,
    add_supplier,
    change_supplier,
    delete_supplier,
)
from cataloging.models import Item
from cataloging.stockbook import vouchers
from cataloging.stockbook.models import Voucher, VoucherLine
from ils.accounts.actor import Actor
from ils.core import clock
from ils.core.db import reading, transaction
from ils.core.errors import IlsError, Invalid, NotFound, Refused
from tests.factories import (
    Province,
    create_actor,
    create_item,
    create_province,
    create_record,
    create_register,
)


@pytest.fixture
def place(both_session: Session) -> Province:
    return create_province(both_session)


@pytest.fixture
def buyer(both_session: Session, place: Province) -> Actor:
    create_register(both_session, place.library)
    return create_actor(both_session, "cataloguer", place.library)


@pytest.fixture
def budget(both_session: Session, place: Province, buyer: Actor) -> BudgetLine:
    facts = BudgetFacts(clock.today().year, "Sách chung", "Ngân sách nhà nước", 1_000_000)
    return add_budget(both_session, buyer, place.library.id, facts)


@pytest.fixture
def facts(both_session: Session, place: Province, buyer: Actor, budget: BudgetLine) -> OrderFacts:
    shop = add_supplier(both_session, buyer, place.library.id, SupplierFacts("Nhà sách Mẫu"))
    return OrderFacts(shop.id, place.branch.id, budget.id, discount=20_00)


def sent(session: Session, buyer: Actor, facts: OrderFacts) -> PurchaseOrder:
    """An order of three copies of a known title at 50.000 and two of a new one at 30.000 đồng."""
    order = begin_order(session, buyer, facts)
    known = create_record(session)
    add_title(session, buyer, order.id, LineFacts(3, 50_000), record_id=known.id)
    add_title(session, buyer, order.id, LineFacts(2, 30_000), fresh={"title": "Sách mới in"})
    return send_order(session, buyer, order.id)


def arrive(session: Session, buyer: Actor, order: PurchaseOrder, *copies: int) -> Voucher:
    """Receive so many copies of each title that is missing, and close the voucher."""
    voucher = receive_order(session, buyer, order.id)
    for (line, _record), count in zip(vouchers.lines_of(session, voucher.id), copies, strict=True):
        line.copies = count
    voucher.number, voucher.dated_on = "HD-1", clock.today()
    session.flush()
    vouchers.close_voucher(session, buyer, voucher.id)
    return voucher


def stage(session: Session, order: PurchaseOrder) -> str:
    rows, _total = lists.orders_of(session, lists.Asked(order.library_id, ""))
    found = next(row.stage for row in rows if row.order.id == order.id)
    for one in ("draft", "sent", "partly", "received", "cancelled"):  # the database agrees
        listed = lists.orders_of(session, lists.Asked(order.library_id, one))[0]
        assert (order.id in [row.order.id for row in listed]) == (one == found)
    return found


def stand(session: Session, budget: BudgetLine) -> tuple[int, int, int]:
    one = standings_of(session, [budget])[budget.id]
    return one.ordered, one.spent, one.left


def test_an_order_is_received_in_two_parts_and_the_budget_follows(
    both_session: Session, buyer: Actor, facts: OrderFacts, budget: BudgetLine
) -> None:
    order = sent(both_session, buyer, facts)
    year = clock.today().year
    assert (order.number, stage(both_session, order)) == (f"01/{year}/ĐĐH", "sent")
    assert stand(both_session, budget) == (168_000, 0, 832_000)
    first = arrive(both_session, buyer, order, 2, 0)
    assert stage(both_session, order) == "partly"
    assert stand(both_session, budget) == (88_000, 80_000, 832_000)
    assert (first.source, first.funding) == ("Nhà sách Mẫu", "Ngân sách nhà nước")
    lines = vouchers.lines_of(both_session, first.id)
    assert [(line.cover_price, line.paid_price) for line, _r in lines] == [
        (50_000, 40_000),
        (30_000, 24_000),
    ]
    second = receive_order(both_session, buyer, order.id)
    rest = [(line.copies, line.expected) for line, _r in vouchers.lines_of(both_session, second.id)]
    assert rest == [(1, 1), (2, 2)]
    with pytest.raises(Refused, match="order_nothing_missing"):
        receive_order(both_session, buyer, order.id)
    vouchers.strike_voucher(both_session, buyer, second.id)
    arrive(both_session, buyer, order, 1, 2)
    assert stage(both_session, order) == "received"
    assert stand(both_session, budget) == (0, 168_000, 832_000)
    assert len(both_session.scalars(select(Item)).all()) == 5


def test_a_voucher_opened_again_is_missing_from_the_order_again(
    both_session: Session, buyer: Actor, facts: OrderFacts, budget: BudgetLine
) -> None:
    order = sent(both_session, buyer, facts)
    voucher = arrive(both_session, buyer, order, 3, 2)
    assert stage(both_session, order) == "received"
    vouchers.reopen_voucher(both_session, buyer, voucher.id)
    assert stage(both_session, order) == "sent"
    assert stand(both_session, budget) == (168_000, 0, 832_000)
    vouchers.close_voucher(both_session, buyer, voucher.id)
    assert stage(both_session, order) == "received"


def test_a_new_title_received_in_two_parts_is_one_record(
    both_session: Session, buyer: Actor, facts: OrderFacts
) -> None:
    order = sent(both_session, buyer, facts)
    arrive(both_session, buyer, order, 3, 1)
    arrive(both_session, buyer, order, 1)
    items = both_session.scalars(select(Item)).all()
    assert sorted({i.record_id: 1 for i in items}) == sorted({i.record_id for i in items})
    assert len({i.record_id for i in items}) == 2


def test_each_step_is_taken_back_while_nothing_after_forbids_it(
    both_session: Session, buyer: Actor, facts: OrderFacts
) -> None:
    order = sent(both_session, buyer, facts)
    number = order.number
    take_sending_back(both_session, buyer, order.id)
    with pytest.raises(Refused, match="order_numbered"):
        delete_order(both_session, buyer, order.id)
    change_order(both_session, buyer, order.id, replace(facts, note="gói kỹ"))
    assert send_order(both_session, buyer, order.id).number == number
    with pytest.raises(Refused, match="order_sent_already"):
        change_order(both_session, buyer, order.id, facts)
    with pytest.raises(Invalid, match="order_reason_missing"):
        cancel_order(both_session, buyer, order.id, " ")
    draft = receive_order(both_session, buyer, order.id)
    with pytest.raises(Refused, match="order_arriving"):
        cancel_order(both_session, buyer, order.id, "Hết sách")
    vouchers.strike_voucher(both_session, buyer, draft.id)
    arrive(both_session, buyer, order, 1, 0)
    with pytest.raises(Refused, match="order_came_in"):
        take_sending_back(both_session, buyer, order.id)
    cancel_order(both_session, buyer, order.id, "Nhà sách báo hết")
    assert stage(both_session, order) == "cancelled"
    with pytest.raises(Refused, match="order_not_sent"):
        receive_order(both_session, buyer, order.id)
    revive_order(both_session, buyer, order.id)
    assert stage(both_session, order) == "partly"
    never = begin_order(both_session, buyer, facts)
    delete_order(both_session, buyer, never.id)
    assert both_session.get(PurchaseOrder, never.id) is None


def test_numbers_run_within_the_year_of_a_library(
    both_session: Session, buyer: Actor, facts: OrderFacts
) -> None:
    first, second = (sent(both_session, buyer, facts) for _n in range(2))
    order = begin_order(both_session, buyer, facts)
    add_title(both_session, buyer, order.id, LineFacts(), fresh={"title": "x"})
    last_year = send_order(both_session, buyer, order.id, date(clock.today().year - 1, 12, 30))
    numbers = [(one.year, one.serial) for one in (first, second, last_year)]
    year = clock.today().year
    assert numbers == [(year, 1), (year, 2), (year - 1, 1)]


def test_late_orders_are_listed_until_they_came_or_are_put_off(
    both_session: Session, place: Province, buyer: Actor, facts: OrderFacts
) -> None:
    day = clock.today() - timedelta(days=3)
    with clock.at(clock.now() - timedelta(days=30)):
        order = sent(both_session, buyer, replace(facts, expected_on=day))
    on_time = sent(both_session, buyer, replace(facts, expected_on=clock.today()))
    [row] = lists.orders_of(both_session, lists.Asked(place.library.id, "late"))[0]
    assert (row.order.id, row.late) == (order.id, 3)
    assert lists.how_many_late(both_session, place.library.id) == 1
    assert (
        lists.listing_of(both_session, lists.Asked(place.library.id, "late")).rows[0]["late"] == 3
    )
    put_off(both_session, buyer, order.id, clock.today() + timedelta(days=9), "Chờ tái bản")
    assert lists.how_many_late(both_session, place.library.id) == 0
    found = lists.orders_of(both_session, lists.Asked(place.library.id, "open", "sach mau 02/"))
    assert [one.order.id for one in found[0]] == [on_time.id]


def test_what_is_held_or_awaited_already_is_told(
    both_session: Session, place: Province, buyer: Actor, facts: OrderFacts
) -> None:
    known = create_record(both_session)
    create_item(both_session, place.branch, known)
    create_item(both_session, place.foreign_branch, known)
    order = begin_order(both_session, buyer, facts)
    add_title(both_session, buyer, order.id, LineFacts(4), record_id=known.id)
    assert lists.there_of(both_session, place.library.id, [known.id])[known.id].awaited == 0
    send_order(both_session, buyer, order.id)
    there = lists.there_of(both_session, place.library.id, [known.id])[known.id]
    assert (there.held, there.awaited) == (1, 4)


def test_over_the_amount_is_no_wall(
    both_session: Session, buyer: Actor, facts: OrderFacts, budget: BudgetLine
) -> None:
    change_budget(
        both_session, buyer, budget.id, BudgetFacts(budget.year, budget.name, "", 100_000)
    )
    sent(both_session, buyer, facts)
    assert stand(both_session, budget) == (168_000, 0, -68_000)


def test_an_invoice_without_an_order_counts_where_it_is_put(
    both_session: Session, place: Province, buyer: Actor, facts: OrderFacts, budget: BudgetLine
) -> None:
    order = sent(both_session, buyer, facts)
    voucher = receive_order(both_session, buyer, order.id)  # the shop added a book to the parcel
    extra = vouchers.LineFacts(1, 10_000)
    vouchers.add_title(both_session, buyer, voucher.id, extra, fresh={"title": "Thêm"})
    head = vouchers.VoucherFacts("invoice", place.branch.id, "HD-9", clock.today())
    direct = vouchers.open_voucher(both_session, buyer, head)
    vouchers.add_title(
        both_session, buyer, direct.id, vouchers.LineFacts(1, 70_000), fresh={"title": "Mua lẻ"}
    )
    assert [one.id for one in vouchers_to_put(both_session, budget)] == [direct.id]
    put_voucher(both_session, buyer, budget.id, direct.id)
    voucher.number, voucher.dated_on = "HD-8", clock.today()
    for one in (voucher, direct):
        vouchers.close_voucher(both_session, buyer, one.id)
    assert stand(both_session, budget) == (0, 168_000 + 10_000 + 70_000, 752_000)
    shown = [(one.ordered, one.spent) for one in behind(both_session, budget)]
    assert shown == [(0, 168_000), (0, 70_000), (0, 10_000)]
    take_voucher_off(both_session, buyer, budget.id, direct.id)
    assert stand(both_session, budget)[1] == 178_000


def test_what_names_a_supplier_or_budget_line_keeps_it(
    both_session: Session, buyer: Actor, facts: OrderFacts, budget: BudgetLine
) -> None:
    sent(both_session, buyer, facts)
    with pytest.raises(Refused, match="supplier_in_use"):
        delete_supplier(both_session, buyer, facts.supplier_id)
    with pytest.raises(Refused, match="budget_in_use"):
        delete_budget(both_session, buyer, budget.id)
    change_supplier(
        both_session, buyer, facts.supplier_id, SupplierFacts("Nhà sách Mẫu", active=False)
    )
    with pytest.raises(Invalid, match="supplier_laid_aside"):
        begin_order(both_session, buyer, facts)


def test_what_cannot_be_is_refused(
    both_session: Session, place: Province, buyer: Actor, facts: OrderFacts, budget: BudgetLine
) -> None:
    for wrong, code in (
        (replace(facts, discount=100_01), "discount_impossible"),
        (replace(facts, expected_on=date(1999, 1, 1)), "expected_day_impossible"),
    ):
        with pytest.raises(Invalid, match=code):
            begin_order(both_session, buyer, wrong)
    order = begin_order(both_session, buyer, facts)
    with pytest.raises(Refused, match="order_empty"):
        send_order(both_session, buyer, order.id)
    for line, code in (
        (LineFacts(0), "order_copies_impossible"),
        (LineFacts(1, -1), "price_impossible"),
        (LineFacts(1, discount=-1), "discount_impossible"),
    ):
        with pytest.raises(Invalid, match=code):
            add_title(both_session, buyer, order.id, line, fresh={"title": "x"})
    with pytest.raises(Invalid, match="budget_name_taken"):
        add_budget(
            both_session, buyer, place.library.id, BudgetFacts(budget.year, budget.name, "", 1)
        )
    stranger = create_actor(both_session, "head", place.foreign_library)
    with pytest.raises(NotFound):
        order_for(both_session, stranger, order.id)
    with pytest.raises(NotFound):
        put_voucher(both_session, stranger, budget.id, 1)


class TestPages:
    """The pages of orders and budget lines."""

    def test_an_order_goes_out_and_comes_in(self, staff_client: Any, province: Province) -> None:
        year = clock.today().year
        browser = staff_client("head")
        with transaction() as session:
            actor = create_actor(session, "cataloguer", province.library)
            shop = add_supplier(
                session, actor, province.library.id, SupplierFacts("Nhà sách Mẫu", "0100233488")
            )
            known = create_record(session, "Số đỏ")
            create_record(session, "Số đỏ và những truyện khác")
        told = {"year": year, "name": "Sách chung", "amount": "100k", "source": "Xã hội hóa"}
        assert browser.post("/staff/acquisitions/budgets/new", data=told).status_code == 302
        with reading() as session:
            budget_id = session.scalars(select(BudgetLine.id)).one()
        head = {
            "supplier_id": shop.id,
            "branch_id": province.branch.id,
            "budget_line_id": budget_id,
            "discount": "10,5 %",
            "expected_on": "h+20",
        }
        answer = browser.post("/staff/acquisitions/orders/new", data=head)
        path = answer.location
        asked = browser.post(f"{path}/add", data={"code": "số đỏ", "copies": "4", "price": "30k"})
        assert "Cuốn nào" in asked.get_data(as_text=True) or "record_id" in asked.get_data(
            as_text=True
        )
        browser.post(f"{path}/add", data={"record_id": known.id, "copies": "4", "price": "30k"})
        unknown = browser.post(f"{path}/add", data={"code": "Chưa có ở đây", "copies": "1"})
        assert "Chưa có trong mục lục" in unknown.get_data(as_text=True)
        fresh = {"title": "Chưa có ở đây", "copies": "1", "price": "20k", "there": "1"}
        for _twice in range(2):  # Enter pressed twice
            browser.post(f"{path}/add", data=fresh)
        page = browser.get(path).get_data(as_text=True)
        assert "vượt 25.300" in page.replace("\u00a0", " ")
        with reading() as session:
            [line, _new] = session.scalars(select(OrderLine).order_by(OrderLine.id))
        changed = {f"line-{line.id}-{k}": v for k, v in (("copies", "2"), ("price", "30000"))}
        changed |= {f"line-{line.id}-discount": "10.5", f"line-{line.id}-budget_line_id": budget_id}
        assert browser.post(f"{path}/lines", data=changed).status_code == 302
        sent = browser.post(f"{path}/act", data=changed | {"act": "send", "dated_on": "h"})
        assert sent.status_code == 302
        for name in ("order.pdf", "order.xlsx"):
            assert browser.get(f"{path}/{name}").data[:2] in (b"%P", b"PK")
        for name in ("orders/list.pdf", "orders/list.xlsx", "budgets/list.pdf"):
            assert browser.get(f"/staff/acquisitions/{name}").data[:2] in (b"%P", b"PK")
        moved = head | {"expected_on": "h+40", "note": "báo chậm"}
        assert browser.post(f"{path}/head", data=moved).status_code == 302
        voucher = browser.post(f"{path}/act", data={"act": "receive"}).location
        assert voucher.endswith("/head")
        shown = browser.get(voucher.removesuffix("/head")).get_data(as_text=True)
        assert f"01/{year}/ĐĐH" in shown
        refused = browser.post(f"{path}/act", data={"act": "cancel", "reason": "x"})
        assert refused.status_code == 409
        with transaction() as session:
            lines = session.scalars(select(VoucherLine)).all()
            assert [(one.copies, one.paid_price) for one in lines] == [(2, 26_850), (1, 17_900)]

    def test_two_who_receive_at_once_begin_one_voucher(self, province: Province) -> None:
        with transaction() as session:
            actor = create_actor(session, "cataloguer", province.library)
            shop = add_supplier(session, actor, province.library.id, SupplierFacts("Mẫu"))
            order = sent(session, actor, OrderFacts(shop.id, province.branch.id))

        def receive(_n: int) -> str:
            try:
                with transaction() as session:
                    return str(bool(receive_order(session, actor, order.id)))
            except IlsError as error:
                return error.code

        with ThreadPoolExecutor(3) as pool:
            said = sorted(pool.map(receive, range(3)))
        assert said == ["True", *["order_nothing_missing"] * 2]

    def test_another_library_chooses_none_of_ours(
        self, staff_client: Callable[..., Any], province: Province
    ) -> None:
        with transaction() as session:
            actor = create_actor(session, "cataloguer", province.library)
            shop = add_supplier(session, actor, province.library.id, SupplierFacts("Mẫu"))
        stranger = staff_client("head", province.foreign_library)
        head = {"supplier_id": shop.id, "branch_id": province.branch.id, "budget_line_id": "0"}
        assert stranger.post("/staff/acquisitions/orders/new", data=head).status_code == 422
