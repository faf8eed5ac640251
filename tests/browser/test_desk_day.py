"""A day's scanning by scanner alone: fifty mixed scans, a thousand in a row, a locked screen."""

import re
import time
from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy import func, select

from circulation.bookdrop import open_drop
from circulation.checkout import check_out
from circulation.desk import perform
from circulation.models import DeskCommand, Loan
from circulation.notices.models import NoticeMessage
from circulation.notices.planning import plan_day
from circulation.notices.sending import form_messages
from circulation.patrons.models import Patron
from ils.core import clock
from ils.core.db import reading, transaction
from ils.org.settings import set_setting
from tests import factories
from tests.browser.conftest import Place
from tests.live import PHONE, Complaints, Server, axe, overflow, press, sign_in_staff

pytestmark = [pytest.mark.browser, pytest.mark.slow]


@pytest.fixture(scope="module")
def shop(place: Place) -> dict[str, Any]:
    """Readers, a class and forty books; a second scan of a book counts at once."""
    province = place.province
    with transaction() as session:
        head = factories.create_actor(session, "head", province.branch, province.library)
        set_setting(session, head, province.library.id, "circulation.double_scan_seconds", 0)
        items = [factories.create_item(session, province.branch) for _ in range(40)]
        patron = factories.create_patron(session, province.branch, "Nguyễn Thị Lan")
        pupils = [
            factories.create_patron(
                session, province.branch, name, school="THCS Sen", school_class="6A"
            )
            for name in ("Bùi An", "Đỗ Bình", "Lê Cúc")
        ]
        return {
            "username": factories.create_staff_account(session, "head", province.branch),
            "books": [str(item.barcode) for item in items],
            "card": factories.card_of(session, patron),
            "pupils": [p.id for p in pupils],
            "drop": open_drop(session, head).id,
        }


@pytest.fixture(scope="module")
def server(shop: dict[str, Any], serve: Callable[[], Server]) -> Server:
    return serve()


@pytest.fixture
def desk(page: Any, server: Server, shop: dict[str, Any]) -> Any:
    sign_in_staff(page, server, shop["username"], factories.PASSWORD)
    page.goto(f"{server.url}/staff/desk", wait_until="networkidle")
    return page


class Scanner:
    """Types codes as a scanner does and waits for each answer; it has no mouse."""

    def __init__(self, page: Any) -> None:
        self.page = page
        self.scans = 0

    def __call__(self, code: str) -> dict[str, Any]:
        page = self.page
        assert page.evaluate("document.activeElement.id") == "scan"
        with page.expect_response("**/staff/desk/scan") as answered:
            page.keyboard.insert_text(code)
            press(page, "Enter")
        self.scans += 1
        facts: dict[str, Any] = answered.value.json()
        page.wait_for_function(
            "text => document.getElementById('desk-polite').textContent === text"
            " || document.getElementById('desk-assertive').textContent === text",
            arg=facts["headline"],
        )
        return facts

    def mode(self, command: str, address: Any) -> None:
        """Scan a command that turns the desk to another mode: its page comes anew."""
        self.page.keyboard.insert_text(command)
        press(self.page, "Enter")
        self.page.wait_for_url(address, wait_until="networkidle")
        self.scans += 1


def open_loans() -> int:
    with reading() as session:
        return session.scalar(select(func.count()).where(Loan.closed_at.is_(None))) or 0


def test_fifty_mixed_scans_without_a_mouse(desk: Any, shop: dict[str, Any]) -> None:
    scan, books = Scanner(desk), iter(shop["books"])
    scan(shop["card"])
    lent = [next(books) for _ in range(3)]
    for book in lent:
        assert scan(book)["tone"] == "green"
    scan(";done")
    scan.mode(";checkin", "**mode=checkin**")
    for book in lent:
        assert scan(book)["tone"] == "green"
    scan(";undo")
    assert open_loans() == 1
    scan(lent[-1])
    scan.mode(";inhouse", "**mode=in_house**")
    for _ in range(12):
        assert scan(next(books))["tone"] == "green"
    scan.mode(";room", "**mode=room**")
    scan(shop["card"])
    here = [next(books) for _ in range(2)]
    for book in here:
        assert scan(book)["tone"] == "green"
    assert scan("KHONG-CO-1")["tone"] == "red"
    scan.mode(";bookdrop", "**mode=drop**")
    for book in here:
        assert scan(book)["silent"]
    assert scan(shop["card"])["tone"] == "red"  # a card is no book
    scan.mode(";lend", lambda url: "mode=" not in url)
    desk.goto(desk.url.partition("?")[0] + "?group=class:6A@THCS+Sen", wait_until="networkidle")
    for number in (1, 2, 3):
        assert scan(str(number))["patron"] == shop["pupils"][number - 1]
        assert scan(next(books))["tone"] == "green"
        assert scan(next(books))["tone"] == "green"
    assert_a_refusal_stands_above_the_list(desk, scan)
    scan("")
    for book in shop["books"][17:23]:
        scan(book)  # back in any order, with nobody open
    scan("")
    assert scan.scans >= 50
    assert open_loans() == 0
    assert axe(desk) == []


def assert_a_refusal_stands_above_the_list(desk: Any, scan: Any) -> None:
    """On a phone the list of the class comes first, but for what was refused."""
    desk.set_viewport_size({"width": 360, "height": 780})
    top, panel = desk.locator("#desk-top"), desk.locator("#desk-panel")
    assert panel.bounding_box()["y"] < top.bounding_box()["y"]
    assert scan("KHONG-CO-2")["tone"] == "red"
    assert top.bounding_box()["y"] < panel.bounding_box()["y"]
    desk.set_viewport_size({"width": 1280, "height": 900})


def test_a_thousand_scans_faster_than_hands_and_none_is_lost(
    desk: Any, shop: dict[str, Any]
) -> None:
    with reading() as session:
        before = session.scalar(select(func.count()).select_from(DeskCommand)) or 0
    press(desk, "F2")
    desk.wait_for_url("**mode=checkin**", wait_until="networkidle")
    desk.evaluate(
        """async books => {
          const box = document.getElementById("scan");
          for (let n = 0; n < 1000; n += 1) {
            box.value = books[n % books.length];
            box.form.requestSubmit();
            await new Promise((done) => setTimeout(done, 5));
          }
        }""",
        shop["books"],
    )
    desk.wait_for_function(
        "() => JSON.parse(sessionStorage.getItem('sen-queue')).length === 0", timeout=180_000
    )
    with reading() as session:
        after = session.scalar(select(func.count()).select_from(DeskCommand)) or 0
    assert after - before == 1000


def test_a_scan_that_is_half_typed_when_the_last_answer_comes_stays_whole(
    desk: Any, shop: dict[str, Any]
) -> None:
    first, second = shop["books"][30:32]
    seen: list[str] = []
    desk.on("request", lambda r: seen.extend(re.findall(r'name="scan"\s+(\S+)', r.post_data or "")))
    press(desk, "F2")
    desk.wait_for_url("**mode=checkin**", wait_until="networkidle")
    with desk.expect_response("**/staff/desk/scan") as answered:
        desk.keyboard.insert_text(first)
        press(desk, "Enter")
        desk.keyboard.type(second[:5])
    desk.locator("#desk-polite", has_text=answered.value.json()["headline"]).wait_for(
        state="attached"
    )
    with desk.expect_response("**/staff/desk/scan"):
        desk.keyboard.type(second[5:])
        press(desk, "Enter")
    assert seen == [first, second]


def test_a_scan_made_while_the_desk_still_loads_stays_whole(
    desk: Any, server: Server, shop: dict[str, Any]
) -> None:
    waiting: list[Any] = []
    desk.evaluate(  # it would bring the file itself, past the one who holds it back
        "navigator.serviceWorker?.getRegistrations()"
        ".then(all => Promise.all(all.map(one => one.unregister())))"
    )
    desk.goto("about:blank")
    desk.route("**/static/**desk.js*", lambda route: waiting.append(route))
    desk.goto(f"{server.url}/staff/desk?mode=checkin", wait_until="commit")
    desk.locator("#scan:focus").wait_for()
    desk.keyboard.type(shop["books"][32][:5])
    assert waiting
    waiting[0].continue_()
    desk.unroute("**/static/**desk.js*")
    desk.wait_for_load_state("networkidle")
    desk.keyboard.type(shop["books"][32][5:])
    assert desk.input_value("#scan") == shop["books"][32]


def test_a_locked_screen_keeps_what_was_open(
    desk: Any, server: Server, shop: dict[str, Any]
) -> None:
    scan = Scanner(desk)
    scan(shop["card"])
    with desk.expect_response("**/staff/lock"):
        press(desk, "Control+Alt+KeyL")
    desk.locator("#lock[open]").wait_for()
    assert not desk.locator(".reader__name").is_visible()
    assert axe(desk) == []
    desk.keyboard.insert_text("sai")
    with desk.expect_response("**/staff/unlock"):
        press(desk, "Enter")
    desk.locator("#lock-problem", has_text="Không phải").wait_for()
    desk.keyboard.insert_text(factories.PASSWORD)
    press(desk, "Enter")
    desk.locator(".reader__name", has_text="Nguyễn Thị Lan").wait_for()
    assert desk.evaluate("document.activeElement.id") == "scan"
    scan(";done")


def test_keys_changed_for_this_workstation_act_and_are_shown(desk: Any, server: Server) -> None:
    desk.goto(f"{server.url}/staff/desk/workstation", wait_until="networkidle")
    desk.focus("[name='key:F2']")
    press(desk, "Alt+Digit7")
    desk.focus("[name=name]")
    with desk.expect_navigation():
        press(desk, "Control+KeyS")  # the button's own key, also while its form is typed in
    desk.goto(f"{server.url}/staff/desk", wait_until="networkidle")
    assert desk.locator("[data-mode=checkin] kbd").inner_text() == "Alt+7"
    press(desk, "F2")
    assert "mode=" not in desk.url
    press(desk, "Alt+Digit7")
    desk.wait_for_url("**mode=checkin**")


def test_calls_are_told_by_one_digit_and_a_scan_is_no_digit(
    desk: Any, server: Server, place: Place
) -> None:
    with transaction() as session:
        clerk = factories.create_actor(session, "head", place.province.branch)
        called = factories.create_patron(
            session, place.province.branch, "Lý Thị Gọi", phone="0600111222"
        )
        code = factories.create_item(session, place.province.branch).barcode
    with clock.at(clock.now() - timedelta(days=45)):
        perform(check_out, clerk, barcode=code, patron_id=called.id, key="to-be-called")
    with transaction() as session:
        plan_day(session)
    form_messages()
    desk.goto(f"{server.url}/staff/notices/calls", wait_until="networkidle")
    desk.keyboard.type("2212")  # a scanner types without a pause, and where nobody looks
    press(desk, "4")
    desk.wait_for_timeout(200)  # a pause of a hand
    assert desk.evaluate("document.activeElement.id") != "promised_on"
    assert "đã gọi" not in desk.locator("section.sheet").inner_text()
    with desk.expect_navigation():
        press(desk, "2")
    desk.locator("main", has_text="Hôm nay không phải gọi cho ai").wait_for()
    with reading() as session:
        assert [one.tries for one in session.scalars(select(NoticeMessage))] == [1]


def test_on_a_phone_from_plain_http_a_photo_is_offered(
    new_page: Callable[..., Any], server: Server, shop: dict[str, Any]
) -> None:
    page = new_page(PHONE)
    sign_in_staff(page, server, shop["username"], factories.PASSWORD)
    page.goto(f"{server.url}/staff/desk", wait_until="networkidle")
    assert overflow(page) == 0
    assert axe(page) == []
    page.evaluate("Object.defineProperty(navigator, 'mediaDevices', { value: undefined })")
    page.click("[data-camera]")
    page.locator(".camera__said", has_text="máy ảnh").wait_for()
    page.set_input_files("#camera input[type=file]", [_photo(shop["card"])])
    page.locator(".reader__name", has_text="Nguyễn Thị Lan").wait_for(state="attached")


def _photo(text: str) -> Any:
    import io

    import segno

    out = io.BytesIO()
    segno.make(text, error="m").save(out, kind="png", scale=6, border=4)
    return {"name": "p.png", "mimeType": "image/png", "buffer": out.getvalue()}


def scan_as_a_machine_types(page: Any, text: str) -> None:
    """Type as fast as a scanner, however busy this machine is: the presses carry their times."""
    keyboard = page.context.new_cdp_session(page)
    at = time.time()
    for letter in [*text, "\r"]:
        at += 0.004
        key = "Enter" if letter == "\r" else letter
        words = {"key": key, "code": key, "text": letter, "timestamp": at}
        if key == "Enter":
            words["windowsVirtualKeyCode"] = 13
        keyboard.send("Input.dispatchKeyEvent", {"type": "keyDown", **words})
        keyboard.send("Input.dispatchKeyEvent", {"type": "keyUp", "key": key, "timestamp": at})
    keyboard.detach()


def test_a_scan_made_in_another_form_asks_to_save_first(
    desk: Any, server: Server, shop: dict[str, Any], complaints: Complaints
) -> None:
    page, card = desk, shop["card"]
    complaints.expected.append("422")  # a form that is not taken

    def scanned(box: str) -> None:
        page.focus(box)
        scan_as_a_machine_types(page, card)

    ask = page.locator("#scan-ask")
    page.goto(f"{server.url}/staff/patrons/new", wait_until="networkidle")
    page.focus("#name")
    page.keyboard.type("Vũ Thị Lưu", delay=60)
    scanned("#address")
    ask.get_by_text("chưa lưu").wait_for()
    assert axe(page) == []
    assert (page.input_value("#address"), page.input_value("#name")) == ("", "Vũ Thị Lưu")
    # A second scan is no answer; a letter alone is. Who writes on has lost nothing.
    scan_as_a_machine_types(page, f"n{card}n")
    assert ask.is_visible()
    page.wait_for_timeout(300)  # a hand is slower than a scanner
    press(page, "n")
    ask.wait_for(state="hidden")
    assert page.evaluate("document.activeElement.id") == "address"
    # What cannot be saved keeps the scan waiting, too.
    page.fill("#born_on", "32/13/2012")
    scanned("#address")
    ask.get_by_text("chưa lưu").wait_for()
    page.wait_for_timeout(300)
    press(page, "y")
    ask.get_by_text("đang chờ").wait_for()
    page.fill("#born_on", "2/5/2012")
    scanned("#address")
    ask.get_by_text("chưa lưu").wait_for()
    page.wait_for_timeout(300)
    press(page, "y")
    page.locator(".reader__name", has_text="Nguyễn Thị Lan").wait_for()
    with reading() as session:
        saved = session.scalars(select(Patron).where(Patron.name == "Vũ Thị Lưu")).one()
        assert (saved.born_on, saved.address) == (date(2012, 5, 2), "")
    # Where nothing is unsaved the scan goes where it belongs, and is not left in the box.
    page.goto(f"{server.url}/staff/patrons/new", wait_until="networkidle")
    scanned("#name")
    page.locator(".reader__name", has_text="Nguyễn Thị Lan").wait_for()


def test_a_reader_is_closed_after_three_idle_minutes(
    desk: Any, server: Server, shop: dict[str, Any]
) -> None:
    desk.clock.install()
    desk.goto(f"{server.url}/staff/desk", wait_until="networkidle")
    with desk.expect_response("**/staff/desk/scan"):
        desk.keyboard.insert_text(shop["card"])
        desk.keyboard.press("Enter")  # the page's time stands still
    desk.locator(".reader__name", has_text="Nguyễn Thị Lan").wait_for()
    desk.clock.run_for(175_000)
    assert desk.locator(".reader__name").count() == 1
    with desk.expect_response("**/staff/desk/act"):
        desk.clock.run_for(10_000)
    desk.locator(".reader--none").wait_for()
