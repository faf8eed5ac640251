"""A cataloguer's morning in a real browser, by keyboard; and every page of hers as it should look."""

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import expect
from sqlalchemy import select

from cataloging.items import CopyFacts, add_items
from cataloging.models import Item, Record
from ils.core.db import reading, transaction
from tests.factories import (
    PASSWORD,
    Province,
    create_actor,
    create_collection,
    create_record,
    create_register,
    create_staff_account,
)
from tests.live import PHONE, WIDE, Server, axe, overflow, press, sign_in_staff

pytestmark = [pytest.mark.browser, pytest.mark.slow]


@pytest.fixture
def stock(province: Province) -> Item:
    with transaction() as session:
        register = create_register(session, province.library, "VV")
        create_collection(session, province.library, "MUON")
        record = create_record(session, "Số đỏ", author="Vũ Trọng Phụng", year="2019")
        cataloguer = create_actor(session, "cataloguer", province.library)
        facts = CopyFacts(province.branch.id, price=45000)
        return add_items(session, cataloguer, record.id, facts, register_id=register.id, copies=2)[
            0
        ]


@pytest.fixture
def sign_in(stock: Item, live_server: Server, province: Province) -> Callable[[Any], str]:
    """Sign a cataloguer in on a page and return the address of the catalogue."""
    with transaction() as session:
        username = create_staff_account(session, "cataloguer", province.library)

    def signed_in(page: Any) -> str:
        sign_in_staff(page, live_server, username, PASSWORD)
        return f"{live_server.url}/staff/catalog"

    return signed_in


def test_books_are_entered_one_after_another_without_a_mouse(
    page: Any, sign_in: Callable[[Any], str]
) -> None:
    catalog = sign_in(page)
    page.goto(f"{catalog}/")
    press(page, "Alt+KeyN")
    page.wait_for_url("**/staff/catalog/new")
    page.keyboard.type("Mắt biếc")
    press(page, "Enter")
    expect(page.locator("[name=title_code]")).to_have_value("M118B")
    page.fill("[name=authors]", "Nguyễn Nhật Ánh")
    page.fill("[name=publisher]", "Trẻ")
    page.fill("[name=year]", "2019")
    page.fill("[name=price]", "110000đ")
    press(page, "Control+Enter")
    page.wait_for_selector("text=Đã lưu “Mắt biếc”")
    assert page.evaluate("document.activeElement.name") == "title"
    page.keyboard.type("Cô gái đến từ hôm qua")
    page.focus("[name=publisher]")
    press(page, "Alt+KeyL")
    assert page.input_value("[name=publisher]") == "Trẻ"
    press(page, "Control+KeyS")
    page.wait_for_selector("h1:has-text('Cô gái đến từ hôm qua')")
    with reading() as session:
        numbers = session.scalars(select(Item.accession_no).order_by(Item.id)).all()
    assert numbers == ["VV.00001", "VV.00002", "VV.00003", "VV.00004"]


def test_the_editor_remarks_while_one_types_and_leads_to_the_line(
    page: Any, sign_in: Callable[[Any], str], stock: Item
) -> None:
    catalog = sign_in(page)
    page.goto(f"{catalog}/{stock.record_id}/marc")
    page.click("#text")
    press(page, "Control+End")
    page.keyboard.type("\n020 ## $a 9780306406158")
    page.wait_for_selector("#remarks >> text=9780306406158")
    page.click("#remarks [data-line]")
    chosen = "t => t.value.slice(t.selectionStart, t.selectionEnd)"
    assert page.eval_on_selector("#text", chosen) == "020 ## $a 9780306406158"
    press(page, "ArrowRight")
    page.wait_for_selector("#field-help >> text=Giá")
    press(page, "Control+KeyD")
    assert page.input_value("#text").count("9780306406158") == 2
    press(page, "Control+KeyS")
    page.wait_for_selector("text=Đã lưu biểu ghi")
    with reading() as session:
        assert session.get_one(Record, stock.record_id).version == 2


def test_entering_works_without_javascript(
    new_page: Callable[..., Any], sign_in: Callable[[Any], str]
) -> None:
    page = new_page(javascript=False)
    catalog = sign_in(page)
    page.goto(f"{catalog}/new")
    page.fill("[name=title]", "Ca dao")
    page.click("button[value=save]")
    page.get_by_text("Đã lưu “Ca dao”").first.wait_for()


PAGES = (
    "/",
    "/?q=so do",
    "/{record}",
    "/{record}?view=isbd",
    "/{record}?view=marc",
    "/{record}/marc",
    "/{record}/form",
    "/{record}/history",
    "/{record}/history/1",
    "/{record}/items/new",
    "/items/{item}",
    "/new",
    "/new/marc",
    "/labels",
    "/labels?items={item}",
    "/stock",
    "/changes",
    "/changes/{change_set}",
    "/fields",
    "/fields/008",
)


@pytest.mark.parametrize("viewport", [WIDE, PHONE], ids=["1280", "360"])
def test_every_page_is_open_to_everybody_and_fits(
    new_page: Callable[..., Any],
    sign_in: Callable[[Any], str],
    stock: Item,
    viewport: dict[str, int],
) -> None:
    page = new_page(viewport)
    catalog = sign_in(page)
    for path in PAGES:
        where = path.format(record=stock.record_id, item=stock.id, change_set=stock.change_set_id)
        page.goto(catalog + where)
        assert axe(page) == [], where
        assert overflow(page) == 0, where
