"""A morning of twelve newspapers, in a real browser and by keyboard alone, and what that took."""

from datetime import timedelta
from typing import Any

import pytest
from playwright.sync_api import expect
from sqlalchemy import select

from cataloging.serials.models import SerialIssue
from cataloging.serials.rules.pattern import Pattern
from cataloging.serials.titles import TitleFacts, take_title
from ils.accounts.actor import system_actor
from ils.core import clock
from ils.core.db import reading, transaction
from tests.factories import PASSWORD, Province, create_record, create_staff_account
from tests.live import Server, press, sign_in_staff

pytestmark = [pytest.mark.browser, pytest.mark.slow]

TITLES = [f"Báo số {n:02d}" for n in range(1, 13)]


def test_a_morning_of_twelve_newspapers_by_keyboard_alone(
    page: Any, live_server: Server, province: Province, record_property: Any
) -> None:
    today = clock.today()
    with transaction() as session:
        username = create_staff_account(session, "clerk", province.branch)
        daily = Pattern("week", today, weekdays=(1, 2, 3, 4, 5, 6, 7), first_number=100)
        for title in TITLES:
            record = create_record(session, title)
            facts = TitleFacts(province.branch.id, today - timedelta(days=9))
            take_title(session, system_actor(), record.id, facts, daily)
    sign_in_staff(page, live_server, username, PASSWORD)
    page.goto(f"{live_server.url}/staff/serials/")
    keys = 0

    def tap(*names: str) -> None:
        nonlocal keys
        for name in names:
            press(page, name)
            keys += 1

    def line(n: int) -> Any:
        return page.locator("tr[data-slot]").nth(n - 1)

    expect(line(1).locator("[data-number]")).to_be_focused()
    for _paper in range(9):
        tap("Enter")
    expect(page.locator("#tally")).to_contain_text("9 trên 12")
    page.keyboard.type("205")  # the tenth bears another number than was expected
    keys += 3
    tap("Enter")
    tap("+", "Enter")  # the eleventh came with a special issue: two keys
    expect(page.locator("tr[data-slot]")).to_have_count(13)
    expect(line(11).locator("[data-number]")).to_be_focused()
    tap("Enter", "-")  # the twelfth did not appear
    expect(page.locator("#tally")).to_contain_text("13 trên 13")
    assert keys == 17
    record_property("keys", keys)
    with reading() as session:
        rows = session.scalars(select(SerialIssue).order_by(SerialIssue.serial_id, SerialIssue.id))
        told = [(row.first_no, row.state, bool(row.name)) for row in rows]
    assert told[:9] == [(100, "arrived", False)] * 9
    assert told[9] == (205, "arrived", False)
    assert sorted(told[10:12], key=str) == [(100, "arrived", False), (None, "arrived", True)]
    assert told[12] == (None, "absent", False)
    line(1).locator("[data-back]").focus()  # a slip: taken back where it stands
    press(page, "Enter")
    expect(line(1).locator("[data-number]")).to_have_value("100")
    expect(page.locator("#tally")).to_contain_text("12 trên 13")


def test_the_grid_works_without_javascript(
    browser: Any, live_server: Server, province: Province
) -> None:
    today = clock.today()
    with transaction() as session:
        username = create_staff_account(session, "clerk", province.branch)
        daily = Pattern("week", today, weekdays=(1, 2, 3, 4, 5, 6, 7))
        for title in TITLES[:3]:
            facts = TitleFacts(province.branch.id, today)
            take_title(session, system_actor(), create_record(session, title).id, facts, daily)
    plain = browser.new_context(java_script_enabled=False)
    page = plain.new_page()
    sign_in_staff(page, live_server, username, PASSWORD)
    page.goto(f"{live_server.url}/staff/serials/")
    boxes = page.locator("tr[data-slot] [data-number]")
    boxes.nth(0).press("Enter")
    expect(page.locator("#tally")).to_contain_text("1 trên 3")
    boxes.nth(0).fill("x")
    boxes.nth(0).press("Enter")
    expect(page.locator(".slot--wrong")).to_contain_text("không phải số báo")
    expect(page.locator(".slot--wrong [data-number]")).to_have_value("x")
    plain.close()
