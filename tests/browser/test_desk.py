"""The clerk's day by keyboard and scanner alone: no test here touches a mouse."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from cataloging.models import Item
from circulation.checkout import check_out
from circulation.desk import perform
from circulation.fees import charge
from circulation.holds import place_hold
from circulation.models import Hold, LedgerEntry, Loan, PolicyRow, Transit
from ils.core import clock
from ils.core.db import reading, transaction
from ils.org.models import OrgUnit
from tests.factories import (
    PASSWORD,
    Province,
    card_of,
    create_actor,
    create_item,
    create_patron,
    create_record,
    create_staff_account,
)
from tests.live import Server, axe, press

pytestmark = [pytest.mark.browser, pytest.mark.slow]

TITLES = ("Số đỏ", "Lão Hạc", "Chí Phèo", "Đất rừng phương Nam", "Tắt đèn")


@dataclass
class Morning:
    """What lies on the desk: the reader's card, books by title, another reader's card."""

    card: str
    other_card: str
    codes: dict[str, str]
    province: Province

    def loans(self, title: str) -> list[Loan]:
        """Return the loans of a book, oldest first."""
        with reading() as session:
            query = select(Loan).join(Item, Item.id == Loan.item_id)
            query = query.where(Item.barcode == self.codes[title]).order_by(Loan.id)
            return list(session.scalars(query))


@pytest.fixture
def morning(province: Province) -> Morning:
    """Three loans are allowed; one reader owes money, another waits for a book elsewhere."""
    with transaction() as session:
        session.scalars(select(PolicyRow)).one().values = {"limit_total": 3}
        patron = create_patron(session, province.branch, "Nguyễn Thị Lan")
        other = create_patron(session, province.other_branch, "Phạm Văn Chờ")
        items = {
            t: create_item(session, province.branch, create_record(session, t)) for t in TITLES
        }
        head = create_actor(session, "head", province.branch, province.library)
        facts = Morning(
            card_of(session, patron),
            card_of(session, other),
            {title: str(item.barcode) for title, item in items.items()},
            province,
        )
    perform(charge, head, patron_id=patron.id, kind="service", amount=15_000, key="c1")
    perform(
        place_hold,
        head,
        record_id=items["Tắt đèn"].record_id,
        patron_id=other.id,
        pickup_branch_id=province.other_branch.id,
        key="h1",
    )
    return facts


@pytest.fixture
def desk_at(
    new_page: Callable[..., Any], live_server: Server, morning: Morning
) -> Callable[[OrgUnit], Any]:
    """Sign somebody in at a branch, by keyboard, and open the desk there."""

    def opened(branch: OrgUnit) -> Any:
        with transaction() as session:
            username = create_staff_account(session, "head", branch)
        page = new_page()
        page.goto(f"{live_server.url}/staff/sign-in")
        page.focus("[name=username]")
        page.keyboard.type(username)
        press(page, "Tab")
        page.keyboard.type(PASSWORD)
        press(page, "Enter")
        page.wait_for_url(lambda url: "/sign-in" not in url)
        if not page.url.endswith("/staff/desk"):
            press(page, "Alt+KeyU")
            page.wait_for_url("**/staff/desk")
        page.wait_for_load_state("networkidle")
        return page

    return opened


def scan(page: Any, code: str) -> None:
    """Type as a scanner does, and wait for the answer."""
    assert page.evaluate("document.activeElement.id") == "scan"
    with page.expect_response("**/staff/desk/scan"):
        page.keyboard.type(code)
        press(page, "Enter")


def lent_before(morning: Morning, *titles: str) -> None:
    """Lend books to the reader some days ago."""
    with transaction() as session:
        clerk = create_actor(session, "head", morning.province.branch, morning.province.library)
    with clock.at(clock.now() - timedelta(days=5)):
        for title in titles:
            code = morning.codes[title]
            assert perform(check_out, clerk, barcode=code, card=morning.card, key=title).ok


def answer(page: Any, tone: str, words: str) -> None:
    """Wait for the answer of that tone with those words."""
    page.locator(f".answer--{tone}", has_text=words).wait_for()


def test_a_queue_is_served_without_a_mouse(
    desk_at: Callable[[OrgUnit], Any], morning: Morning
) -> None:
    page = desk_at(morning.province.branch)
    scan(page, morning.card)
    page.locator(".reader__name", has_text="Nguyễn Thị Lan").wait_for()
    for title in TITLES[:3]:
        scan(page, morning.codes[title].lower())
        answer(page, "green", "Đã cho mượn")
    # One more than the rules allow: asked, and a scan does not answer for the clerk.
    scan(page, morning.codes[TITLES[3]])
    answer(page, "red", "cho phép 3")
    page.keyboard.type("VN99999")
    press(page, "Enter")
    page.locator("#desk-assertive", has_text="lượt quét này chưa dùng").wait_for()
    assert page.locator("form[data-question]").is_visible()
    page.wait_for_timeout(200)  # a hand is slower than a scanner
    press(page, "y")
    page.locator("#why:focus").wait_for()
    page.keyboard.type("Nhà xa, đi thi học sinh giỏi")
    press(page, "Enter")
    answer(page, "green", "Đã cho mượn")
    assert len(morning.loans(TITLES[3])) == 1
    # The debt is taken, then the turn ends.
    press(page, "Alt+KeyP")
    press(page, "Enter")
    answer(page, "green", "15.000")
    with reading() as session:
        kinds = session.scalars(select(LedgerEntry.kind).order_by(LedgerEntry.id)).all()
    assert kinds[0] == "service"
    assert len(kinds) == 2
    press(page, "Enter")
    page.locator(".reader--none").wait_for()
    # What came back, once too many.
    press(page, "F2")
    page.wait_for_url("**mode=checkin**", wait_until="networkidle")
    scan(page, morning.codes["Chí Phèo"])
    answer(page, "green", "lên giá")
    press(page, "Control+KeyZ")
    answer(page, "green", "Đã hoàn tác")
    assert morning.loans("Chí Phèo")[-1].closed_at is None
    scan(page, morning.codes["Chí Phèo"])
    answer(page, "green", "lên giá")
    assert morning.loans("Chí Phèo")[-1].closed_at is not None
    assert page.locator("#desk-rows > li").count() == 9
    # A card among the books is asked about: N leaves the books coming in, Y opens the reader.
    for letter, opened in (("n", 0), ("y", 1)):
        scan(page, morning.card)
        answer(page, "red", "thẻ, không phải sách")
        page.wait_for_timeout(200)  # a hand is slower than a scanner
        press(page, letter)
        page.locator(".answer--red").wait_for(state="detached")
        page.wait_for_load_state("networkidle")
        assert page.locator(".reader__name", has_text="Nguyễn Thị Lan").count() == opened


def test_a_held_book_travels_and_is_lent_where_it_is_awaited(
    desk_at: Callable[[OrgUnit], Any], morning: Morning
) -> None:
    here, there = desk_at(morning.province.branch), desk_at(morning.province.other_branch)
    press(here, "Alt+KeyR")
    here.wait_for_url("**mode=checkin**", wait_until="networkidle")
    scan(here, morning.codes["Tắt đèn"])
    answer(here, "amber", "Chuyển")
    here.locator(".answer__next", has_text="Cơ sở 2").wait_for()
    with reading() as session:
        transit = session.scalars(select(Transit)).one()
    assert transit.to_branch_id == morning.province.other_branch.id
    press(there, "F2")
    there.wait_for_url("**mode=checkin**", wait_until="networkidle")
    scan(there, morning.codes["Tắt đèn"])
    answer(there, "amber", "giữ chỗ")
    press(there, "Alt+KeyU")
    there.wait_for_url(lambda url: "checkin" not in url, wait_until="networkidle")
    scan(there, morning.other_card)
    there.locator(".reader", has_text="mời đến nhận").wait_for()
    scan(there, morning.codes["Tắt đèn"])
    answer(there, "green", "Đã cho mượn")
    with reading() as session:
        assert session.scalars(select(Hold.state)).all() == ["fulfilled"]


def test_the_keys_are_listed_and_why_is_a_key_too(
    desk_at: Callable[[OrgUnit], Any], morning: Morning
) -> None:
    lent_before(morning, "Lão Hạc", "Chí Phèo", "Đất rừng phương Nam")
    page = desk_at(morning.province.branch)
    scan(page, morning.card)
    # Three are out, as many as allowed; a book of the reader's own is still only asked about.
    for title, letter, words in (("Lão Hạc", "r", "gia hạn"), ("Chí Phèo", "t", "lên giá")):
        scan(page, morning.codes[title])
        answer(page, "amber", "Gia hạn?")
        page.wait_for_timeout(200)  # a hand is slower than a scanner
        press(page, letter)
        answer(page, "green", words)
    assert [len(morning.loans(t)) for t in ("Lão Hạc", "Chí Phèo")] == [1, 1]
    assert morning.loans("Lão Hạc")[0].renewals == 1
    assert morning.loans("Chí Phèo")[0].closed_at is not None
    scan(page, morning.codes["Số đỏ"])
    answer(page, "green", "Đã cho mượn")
    press(page, "?")
    page.locator("#keys[open]").wait_for()
    keys = page.locator("#keys dt").all_inner_texts()
    assert {"F2 Alt+R", "F8", "Alt+W", "Alt+Y", "Alt+P", "Ctrl+Z", "F4", "/ Esc"} <= set(keys)
    assert axe(page) == []
    press(page, "Escape")
    page.locator("#keys[open]").wait_for(state="hidden")
    assert page.evaluate("document.activeElement.id") == "scan"
    press(page, "Alt+KeyY")
    page.wait_for_url("**/staff/desk/why/**")
    page.locator("h2", has_text="Hạn trả").wait_for()
    page.go_back(wait_until="networkidle")
    # Several of a name: the arrows choose, Enter opens.
    with transaction() as session:
        create_patron(session, morning.province.branch, "Nguyễn Thị Lan Anh")
    press(page, "Escape")
    scan(page, "nguyen thi lan")
    second = page.locator(".choice__list > li").nth(1).locator("b").inner_text()
    for key in ("ArrowDown", "ArrowDown", "ArrowUp", "ArrowDown", "Enter"):
        press(page, key)
    page.locator(".reader__name", has_text=re.compile(f"^{second}$")).wait_for()
    press(page, "F4")
    page.wait_for_url("**/staff/patrons/**")
    press(page, "Escape")
    assert page.evaluate("document.activeElement.id") == "scan"
    page.keyboard.type(morning.card)
    press(page, "Enter")
    page.locator(".reader__name", has_text="Nguyễn Thị Lan").wait_for()
