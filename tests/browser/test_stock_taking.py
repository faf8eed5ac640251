"""Counting in the store room: a phone that has no line, and whose page was loaded again there."""

from typing import Any

import pytest
from sqlalchemy import select

from circulation.stocktaking.models import StockTakeScan
from circulation.stocktaking.takes import Plan, Scope, freeze, plan_stock_take
from ils.core import db
from tests import factories
from tests.factories import PASSWORD
from tests.live import PHONE, Complaints, axe, overflow, sign_in_staff

pytestmark = [pytest.mark.browser, pytest.mark.slow]


def scan(page: Any, code: str) -> None:
    page.keyboard.type(code)
    page.keyboard.press("Enter")


def test_a_shelf_is_counted_without_a_line_and_a_mistake_taken_back(
    new_page: Any, place: Any, serve: Any, complaints: Complaints
) -> None:
    complaints.expect("Failed to load resource")
    complaints.expect("net::ERR")
    with db.transaction() as session:
        branch = place.province.branch
        codes = [str(factories.create_item(session, branch).barcode) for _ in range(4)]
        head = factories.create_actor(session, "head", branch, place.province.library)
        take = plan_stock_take(session, head, Plan("Kho sách", Scope((branch.id,))))
        freeze(session, head, take.id)
        username, take_id = factories.create_staff_account(session, "clerk", branch), take.id
    server = serve()
    page = new_page(PHONE)
    sign_in_staff(page, server, username, PASSWORD)
    page.goto(f"{server.url}/staff/stock-takings/{take_id}/count")
    page.locator("html[data-kept='1']").wait_for(state="attached")
    page.evaluate(
        "window.heard = []; document.addEventListener('sen:sound', (e) => heard.push(e.detail))"
    )
    scan(page, codes[0])
    page.locator("#count-line", has_text="đúng chỗ").wait_for()
    scan(page, "LẠ-9")
    page.locator("#count-line", has_text="LẠ-9").wait_for()
    assert page.evaluate("window.heard") == ["green", "red"]
    page.locator("#count-rows li", has_text="LẠ-9").get_by_role("button").click()
    page.locator("#count-rows li", has_text="LẠ-9").wait_for(state="detached")
    assert axe(page) == []
    assert overflow(page) == 0

    server.kill()
    scan(page, codes[1])
    page.locator("#count-line", has_text="1 lượt quét").wait_for()
    page.reload()  # the phone had dropped the page
    page.locator("#count-rows li", has_text=codes[1]).wait_for()
    page.locator("#code").focus()
    for code in codes[2:]:
        scan(page, code)
    page.locator("#count-line", has_text="3 lượt quét").wait_for()
    server.start()
    page.evaluate("dispatchEvent(new Event('online'))")
    page.locator("#count-far", has_text="4 trên 4 bản").wait_for()
    with db.reading() as session:
        assert sorted(session.scalars(select(StockTakeScan.code))) == sorted(codes)
