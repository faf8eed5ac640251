"""A box of books: packed with the scanner, received on a phone, told of, back with one missing."""

from typing import Any

import pytest

from circulation.rotation import returning
from circulation.rotation.models import Consignment, ConsignmentFigures, ConsignmentLine
from ils.core import db
from tests import factories
from tests.factories import PASSWORD
from tests.live import PHONE, WIDE, axe, overflow, press, sign_in_staff

pytestmark = [pytest.mark.browser, pytest.mark.slow]


def scan(page: Any, code: str, tone: str) -> None:
    """Scan into the page's box as a scanner does, and wait for what is said of it."""
    page.keyboard.type(code)
    press(page, "Enter")
    page.wait_for_selector(f"#box-scan-rows li:first-child:has-text('{code}') .chip--{tone}")


def test_a_box_goes_to_a_school_and_comes_back_with_one_missing(
    page: Any, new_page: Any, place: Any, serve: Any
) -> None:
    with db.transaction() as session:
        branch = place.province.branch
        codes = [str(factories.create_item(session, branch).barcode) for _ in range(3)]
        username = factories.create_staff_account(session, "clerk", branch)
    server = serve()
    sign_in_staff(page, server, username, PASSWORD)
    page.goto(f"{server.url}/staff/rotation/points/new")
    page.fill("#name", "Trường THCS Sen")
    page.select_option("#kind", "school")
    page.fill("#contact", "Cô Hà")
    page.click("main form [type=submit]")
    page.goto(f"{server.url}/staff/rotation/new")
    page.click("main form [type=submit]")

    page.wait_for_selector("#box-scan")
    for code in codes:  # the scan box has the focus: no mouse
        scan(page, code, "ok")
    scan(page, codes[0], "info")
    scan(page, "LẠ-1", "bad")
    page.fill("#due_on", "h+60")
    page.fill("#seal", "NP 12")
    page.click("button[value=send]")
    link = page.wait_for_selector("a[href*='/points/']").get_attribute("href")

    phone = new_page(PHONE, javascript=False)
    phone.goto(link)
    assert "Trường THCS Sen" in phone.inner_text("h1")
    phone.click("#count summary")
    for code in codes:  # counted book by book
        phone.fill("#code", code)
        phone.click("#box-scan [type=submit]")
        phone.wait_for_selector("#code")
    assert phone.inner_text("#box-left b") == "0"
    phone.click("[name=scanned] ~ * button[value=received]")
    phone.wait_for_selector("button[value=not_received]")
    for name, figure in (("visits", "31"), ("reads", "12"), ("loans", "9")):
        phone.fill(f"#{name}", figure)
    phone.click("button[value=figures]")
    phone.wait_for_selector("text=31")

    page.reload()
    assert axe(page) == []
    for code in codes[:2]:
        scan(page, code, "ok")
    page.wait_for_selector("#box-left .stat__figure:text-is('1')")
    page.wait_for_selector("#live-out tbody:not(:has(tr + tr))")  # the page looks again by itself
    with db.transaction() as session:  # somebody else scans at the same box
        head = factories.create_actor(session, "head", branch, place.province.library)
        returning.take_back(session, head, box_id=1, barcode="LẠ-2")
    page.wait_for_selector("#live-extra:has-text('LẠ-2')")
    page.set_viewport_size(PHONE)
    assert overflow(page) == 0
    page.set_viewport_size(WIDE)
    page.check("[name=missing]")
    page.click("button[value=close]")
    page.wait_for_selector("button[value=reopen]")

    with db.reading() as session:
        box = session.query(Consignment).one()
        states = [line.state for line in session.query(ConsignmentLine).order_by("id")]
        told = session.query(ConsignmentFigures).one()
    assert (box.state, box.received_copies) == ("closed", 3)
    assert states == ["returned", "returned", "missing_at_point"]
    assert (told.visits, told.reads, told.loans, told.channel) == (31, 12, 9, "phone")
