"""A batch in a real browser: a search, a rule, every change seen, carried out, taken back."""

import time
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import expect
from sqlalchemy import select

from cataloging.models import Record
from ils.core.db import reading, transaction
from tests.factories import PASSWORD, Province, create_record, create_staff_account
from tests.live import PHONE, WIDE, Server, axe, overflow, sign_in_staff

pytestmark = [pytest.mark.browser, pytest.mark.slow]

NAMES = ["Lịch sử xã Sen, Tập 1", "Lịch sử xã Sen, Tập 2"]


def until(page: Any, shows: Callable[[], bool]) -> None:
    """Load the page again until it shows what the worker does; the loads are the wait."""
    deadline = time.monotonic() + 60
    while not shows():
        assert time.monotonic() < deadline, page.inner_text("main")
        page.reload()


def titles() -> list[str]:
    with reading() as session:
        return list(session.scalars(select(Record.title).order_by(Record.id)))


def test_a_rule_from_search_to_undo(page: Any, live_server: Server, province: Province) -> None:
    with transaction() as session:
        for name in [*NAMES, "Số đỏ"]:
            create_record(session, name)
        username = create_staff_account(session, "cataloguer", province.library)
    sign_in_staff(page, live_server, username, PASSWORD)

    page.goto(f"{live_server.url}/staff/catalog/?q=lich+su+xa+sen")
    until(page, lambda: page.locator("tbody tr").count() == 2)
    page.fill("[name=basket]", "Địa chí")
    page.click("button[value=all]")
    expect(page.locator("h1")).to_have_text("Địa chí")

    page.get_by_role("link", name="Sửa biểu ghi hàng loạt", exact=True).last.click()
    page.select_option("#act-1", "replace")
    page.fill("#tag-1", "245")
    page.fill("#code-1", "a")
    page.fill("#find-1", "Tập ")
    page.fill("#put-1", "T. ")
    page.click("button[value=look]")
    expect(page.locator("main del")).to_have_count(2)
    expect(page.locator("main ins").first).to_contain_text("T. 1")
    assert titles()[:2] == NAMES, "what is looked at is not changed"
    for width in (PHONE, WIDE):
        page.set_viewport_size(width)
        assert overflow(page) <= 0
    assert axe(page) == []

    page.get_by_role("button", name="Sửa 2 biểu ghi").click()
    until(page, lambda: page.get_by_text("Đã sửa (2)").count() == 1)
    assert titles() == ["Lịch sử xã Sen, T. 1", "Lịch sử xã Sen, T. 2", "Số đỏ"]

    page.get_by_role("link", name="hoàn tác").click()
    page.get_by_role("button", name="Hoàn tác").click()
    expect(page.get_by_text("Đã hoàn tác ngày")).to_be_visible()
    assert titles() == [*NAMES, "Số đỏ"]
