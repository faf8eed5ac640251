"""A box of books received in a real browser by keyboard alone, and what that took."""

from typing import Any

import pytest
from playwright.sync_api import expect
from sqlalchemy import func, select

from cataloging.models import Item, Record
from cataloging.stockbook.models import Voucher
from ils.core.db import reading, transaction
from tests.factories import (
    PASSWORD,
    Province,
    create_record,
    create_register,
    create_staff_account,
)
from tests.live import Server, press, sign_in_staff

pytestmark = [pytest.mark.browser, pytest.mark.slow]

KNOWN = [f"97860420{n:04d}" for n in range(10)]
NEW = [f"97860421{n:04d}" for n in range(2)]


def isbn(twelve: str) -> str:
    total = sum(int(digit) * (3 if at % 2 else 1) for at, digit in enumerate(twelve))
    return twelve + str(-total % 10)


def test_a_box_of_twelve_titles_is_received_by_keyboard_alone(
    page: Any, live_server: Server, province: Province, record_property: Any
) -> None:
    with transaction() as session:
        create_register(session, province.library, "VN")
        username = create_staff_account(session, "cataloguer", province.library)
        for n, code in enumerate(KNOWN):
            field = {"020": {"ind1": " ", "ind2": " ", "subfields": [{"a": isbn(code)}]}}
            create_record(session, f"Sách số {n}", fields=[field])
    sign_in_staff(page, live_server, username, PASSWORD)
    page.goto(f"{live_server.url}/staff/stockbook/new")
    keys = 0

    def tap(*names: str) -> None:
        nonlocal keys
        for name in names:
            press(page, name)
            keys += 1

    def write(text: str) -> None:
        nonlocal keys
        page.keyboard.type(text)
        keys += len(text)

    tap("Tab")
    write("HD 17")
    tap("Tab")
    write("h")
    tap("Tab")
    write("Nha sach Sen")
    for _box in range(5):  # past address, funds and sum to the register
        tap("Tab")
    tap("ArrowDown", "Control+KeyS")
    page.wait_for_selector("#receive")
    scans = 0
    for n, twelve in enumerate([*KNOWN, *NEW]):
        assert page.evaluate("document.activeElement.name") == "code"
        page.keyboard.type(isbn(twelve))  # the scanner types, and ends with Enter
        press(page, "Enter")
        scans += 1
        write("3")
        tap("Enter")
        if twelve in NEW:
            page.wait_for_selector("#fresh")
            write(f"Moi {n}")
            if twelve == NEW[0]:
                tap("Tab", "Tab", "Tab", "Tab")
                write("895.922")
                expect(page.locator("[role=option]:visible").first).to_be_visible()
                tap("ArrowDown", "Enter")
            tap("Enter")
        expect(page.locator("tfoot")).to_contain_text(f"{n + 1} nhan đề")
    tap("Control+Enter")
    page.wait_for_selector("text=Đã khóa chứng từ: 36 bản")
    record_property("keys", keys)
    record_property("scans", scans)
    assert scans == 12
    assert keys <= 80  # 13 of them pick a class
    with reading() as session:
        assert session.scalars(select(Voucher.summary_no)).all() == [1]
        numbers = session.scalars(select(Item.accession_no).order_by(Item.id)).all()
        assert numbers == [f"VN.{n:05d}" for n in range(1, 37)]
        assert session.scalar(select(func.count()).select_from(Record)) == 12
