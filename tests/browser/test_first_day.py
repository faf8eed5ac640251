"""A library that has nothing yet: its first book, its first reader, its first loan, in the browser."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine

from bench.postgres import free_port
from tests.live import Server, press

pytestmark = [pytest.mark.browser, pytest.mark.slow]

PASSWORD = "hoa-sen-trong-ao"


@pytest.fixture
def empty(sqlite_db: Engine, tmp_path: Path) -> Any:
    """The program served on a database without a library."""
    server = Server(tmp_path, free_port())
    server.start()
    yield server
    server.stop()


def test_an_hour_after_the_first_start_a_book_is_lent(
    empty: Server, new_page: Callable[..., Any]
) -> None:
    page = new_page()
    page.goto(empty.url)
    page.fill("[name=name]", "Thư viện xã Sen Vàng")
    page.fill("[name=province]", "Tỉnh Sen Hồ")
    page.fill("[name=username]", "quantri")
    page.fill("[name=password]", PASSWORD)
    page.fill("[name=again]", PASSWORD)
    page.click("main form [type=submit]")
    page.fill("[name=username]", "quantri")
    page.fill("[name=password]", PASSWORD)
    page.click("main form [type=submit]")
    page.wait_for_url(lambda url: "/sign-in" not in url)
    # A book gets the first number of the register.
    press(page, "Alt+KeyN")
    page.wait_for_url("**/staff/catalog/new")
    page.fill("[name='b.title']", "Số đỏ")
    page.fill("[name='b.authors']", "Vũ Trọng Phụng")
    press(page, "Control+KeyS")
    page.wait_for_selector("h1:has-text('Số đỏ')")
    assert "VN.00001" in page.inner_text("main")
    # A reader gets the first card.
    press(page, "F4")
    page.wait_for_url("**/staff/patrons/")
    page.locator("a[href$='/patrons/new']").first.click()
    page.fill("[name=name]", "Nguyễn Thị Lan")
    page.select_option("[name=category]", label="Nông dân")
    page.click("main form [type=submit]")
    page.wait_for_selector("h1:has-text('Nguyễn Thị Lan')")
    assert "TV000001" in page.inner_text("body")
    # And the book goes home with the reader.
    page.locator("a", has_text="Cho bạn đọc này mượn").click()
    page.locator(".reader__name", has_text="Nguyễn Thị Lan").wait_for()
    with page.expect_response("**/staff/desk/scan"):
        page.keyboard.type("vn1")  # as written in the book, without its noughts
        press(page, "Enter")
    page.locator(".answer--green", has_text="hạn trả").wait_for()
