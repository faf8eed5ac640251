"""Books ordered, sent, received into a voucher and entered in a real browser, by keyboard alone."""

from typing import Any

import pytest
from playwright.sync_api import expect
from sqlalchemy import func, select

from cataloging.acquisitions.budgets import BudgetFacts, add_budget
from cataloging.acquisitions.models import BudgetLine, PurchaseOrder
from cataloging.acquisitions.suppliers import SupplierFacts, add_supplier
from cataloging.models import Item
from ils.core import clock
from ils.core.db import reading, transaction
from tests.factories import (
    PASSWORD,
    Province,
    create_actor,
    create_record,
    create_register,
    create_staff_account,
)
from tests.live import Server, press, sign_in_staff

pytestmark = [pytest.mark.browser, pytest.mark.slow]


def test_an_order_goes_out_and_comes_in_by_keyboard_alone(
    page: Any, live_server: Server, province: Province
) -> None:
    with transaction() as session:
        create_register(session, province.library, "VN")
        username = create_staff_account(session, "cataloguer", province.library)
        head = create_actor(session, "head", province.library)
        library_id = province.library.id
        add_supplier(session, head, library_id, SupplierFacts("Nhà sách Mẫu"))
        money = BudgetFacts(clock.today().year, "Sách chung", "Xã hội hóa", 100_000)
        add_budget(session, head, library_id, money)
        create_record(session, "Số đỏ")
    sign_in_staff(page, live_server, username, PASSWORD)
    page.goto(f"{live_server.url}/staff/acquisitions/orders/new")
    for key in ("Tab", "Tab", "ArrowDown", "Control+KeyS"):  # supplier and branch as they are
        press(page, key)
    page.wait_for_selector("#receive")
    for n, title in enumerate(("Số đỏ", "Chưa có trong mục lục")):
        expect(page.locator("#scan")).to_be_focused()
        page.keyboard.type(title)
        press(page, "Enter")
        page.keyboard.type("3")
        press(page, "Tab")
        page.keyboard.type("20k")
        press(page, "Enter")
        if n:
            page.wait_for_selector("#fresh")
            press(page, "Enter")
        expect(page.locator("tfoot")).to_contain_text(f"{n + 1} nhan đề")
    expect(page.locator("main")).to_contain_text("vượt 20.000")
    press(page, "Control+Enter")
    page.wait_for_selector("text=Đã ghi đơn là đã gửi")
    press(page, "Control+Enter")
    page.wait_for_selector("#number")
    press(page, "Tab")
    page.keyboard.type("HD 17")
    press(page, "Tab")
    page.keyboard.type("h")
    press(page, "Control+KeyS")
    page.wait_for_selector("#receive")
    press(page, "Control+Enter")
    page.wait_for_selector("text=Đã khóa chứng từ: 6 bản")
    with reading() as session:
        order_id = session.scalars(select(PurchaseOrder.id)).one()
        budget_id = session.scalars(select(BudgetLine.id)).one()
        assert session.scalar(select(func.count()).select_from(Item)) == 6
    page.goto(f"{live_server.url}/staff/acquisitions/orders/{order_id}")
    expect(page.locator("main")).to_contain_text("Đã nhận đủ")
    page.goto(f"{live_server.url}/staff/acquisitions/budgets/{budget_id}")
    expect(page.locator(".stats")).to_contain_text("120.000 đ")
