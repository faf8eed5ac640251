"""The morning tray by keyboard: a figure mends, what must be typed is typed, all of it is so."""

from typing import Any

import pytest
from playwright.sync_api import expect
from sqlalchemy import select

from cataloging.models import Record
from cataloging.quality.scoring import judge
from cataloging.records import create_record
from ils.core.db import reading, transaction
from tests.cataloging.quality.test_quality import marc
from tests.factories import PASSWORD, Province, create_actor, create_staff_account
from tests.live import PHONE, WIDE, Server, axe, overflow, press, sign_in_staff

pytestmark = [pytest.mark.browser, pytest.mark.slow]


def test_a_morning_at_the_tray(page: Any, live_server: Server, province: Province) -> None:
    with transaction() as session:
        actor = create_actor(session, "cataloguer", province.library)
        judge(
            session,
            [
                create_record(session, actor, record).id
                for record in (
                    marc("Nhung nguoi khon kho"),
                    marc("TẮT ĐÈN VÀ LỀU CHÕNG"),
                    marc("Số đỏ", author="Phụng, Vũ Trọng"),
                )
            ],
        )
        username = create_staff_account(session, "cataloguer", province.library)
    sign_in_staff(page, live_server, username, PASSWORD)
    page.goto(f"{live_server.url}/staff/quality/tray")
    expect(page.locator(".tray__one")).to_have_count(3)
    for width in (PHONE, WIDE):
        page.set_viewport_size(width)
        assert overflow(page) <= 0
    assert axe(page) == []

    press(page, "1")  # the title without marks must be typed
    expect(page.locator(":focus")).to_have_value("Nhung nguoi khon kho")
    page.keyboard.type("Những người khốn khổ")
    press(page, "Enter")
    expect(page.locator(".tray__one")).to_have_count(2)
    expect(page.get_by_text("Đã sửa: Những người khốn khổ")).to_be_visible()
    press(page, "1")  # capitals: as proposed
    expect(page.get_by_text("Đã sửa: Tắt đèn và lều chõng")).to_be_visible()
    expect(page.locator(".tray__one")).to_have_count(1)
    press(page, "1")  # the inverted name
    expect(page.get_by_text("Đã sửa: Số đỏ")).to_be_visible()
    expect(page.locator(".tray__one")).to_have_count(0)
    with reading() as session:
        rows = session.execute(select(Record.title, Record.author).order_by(Record.id)).all()
    assert [tuple(row) for row in rows] == [
        ("Những người khốn khổ", ""),
        ("Tắt đèn và lều chõng", ""),
        ("Số đỏ", "Vũ Trọng Phụng"),
    ]
