"""A cataloguer's morning in a real browser, by keyboard; and every page of hers as it should look."""

import re
import subprocess
import time
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import expect
from sqlalchemy import select

from bench.postgres import free_port
from cataloging.authorities.models import Heading
from cataloging.items import CopyFacts, add_items
from cataloging.marc.model import data_field
from cataloging.models import Item, Record
from cataloging.records import create_record as store
from cataloging.targets.models import Target
from ils.accounts.actor import system_actor
from ils.core.db import reading, transaction
from ils.core.jobs import Job, run_next_job
from tests.cataloging.editor.test_rows import ODD
from tests.factories import (
    PASSWORD,
    Province,
    create_actor,
    create_collection,
    create_record,
    create_register,
    create_staff_account,
)
from tests.live import PHONE, WIDE, Complaints, Server, axe, overflow, press, sign_in_staff
from tests.setup import find

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


class Keyboard:
    """A person at the keyboard: every key counted, and every box passed or filled."""

    def __init__(self, page: Any) -> None:
        self.page, self.keys, self.boxes, self.began = page, 0, 0, time.monotonic()

    def type(self, text: str) -> None:
        self.keys += len(text)
        self.page.keyboard.type(text)

    def press(self, *names: str) -> None:
        for name in names:
            self.keys += 1
            self.boxes += name in ("Enter", "Tab")
            press(self.page, name)

    def focused(self) -> str:
        return str(self.page.evaluate("document.activeElement.name"))

    def go_to(self, name: str) -> None:
        """Pass boxes until the one wanted."""
        for _ in range(30):
            if self.focused() == name:
                return
            self.press("Tab" if "authors" in self.focused() else "Enter")
        raise AssertionError(f"never came to {name}")


def test_a_book_with_three_copies_is_entered_by_keyboard_alone(
    page: Any, sign_in: Callable[[Any], str], capsys: pytest.CaptureFixture[str]
) -> None:
    catalog = sign_in(page)
    page.goto(f"{catalog}/")
    hand = Keyboard(page)
    hand.press("Alt+KeyN")
    page.wait_for_url("**/staff/catalog/new")
    hand.type("Mắt biếc")
    hand.press("Enter")
    expect(page.locator("[name='b.title_code']")).to_have_value("M118B")
    for name, value in (
        ("authors", "Nguyễn Nhật Ánh"),
        ("place", "Tp. Hồ Chí Minh"),
        ("publisher", "Trẻ"),
        ("year", "2019"),
        ("pages", "300tr."),
        ("size", "20cm"),
        ("price", "110000đ"),
        ("class_number", "895.92234"),
    ):
        hand.go_to(f"b.{name}")
        hand.type(value)
    hand.press("Alt+KeyI")
    assert hand.focused() == "copy-copies"
    hand.type("3")
    expect(page.locator("#card")).to_contain_text("110000đ")
    hand.press("Control+Enter")
    page.wait_for_selector("text=Đã lưu “Mắt biếc”")
    seconds = time.monotonic() - hand.began
    with reading() as session:
        numbers = session.scalars(select(Item.accession_no).order_by(Item.id)).all()
    assert numbers[2:] == ["VV.00003", "VV.00004", "VV.00005"]
    assert hand.focused() == "b.title"
    assert hand.keys < 140
    assert hand.boxes <= 18
    with capsys.disabled():
        print(
            f"\na book with three copies: {hand.keys} keys, {hand.boxes} boxes passed,"
            f" {seconds:.1f} s by machine"
        )
    hand.type("Cô gái đến từ hôm qua")
    page.focus("[name='b.publisher']")
    hand.press("Alt+KeyL")
    expect(page.locator("[name='b.publisher']")).to_have_value("Trẻ")
    hand.press("Alt+KeyP", "Control+Enter")
    page.wait_for_selector("text=Đã lưu “Cô gái đến từ hôm qua”")
    expect(page.locator("[name='b.publisher']")).to_have_value("Trẻ")
    hand.type("Mắt biếc")
    page.focus("[name='b.authors']")
    hand.type("Nguyễn Nhật Ánh")
    page.wait_for_selector("#alike a[href$='/items/new']")


def test_twelve_books_in_a_row_take_a_title_each_and_the_page_does_not_grow(
    page: Any, sign_in: Callable[[Any], str], capsys: pytest.CaptureFixture[str]
) -> None:
    catalog = sign_in(page)
    page.goto(f"{catalog}/new?view=form")
    hand = Keyboard(page)
    hand.type("Tập 0")
    pinned = {"authors": "Tô Hoài", "place": "H.", "publisher": "Kim Đồng", "year": "2019"}
    for name, value in pinned.items():
        hand.go_to(f"b.{name}")
        hand.type(value)
        hand.press("Alt+KeyP")
    expect(page.locator("#box-about")).to_contain_text("trang thông tin xuất bản")
    hand.press("Alt+KeyI")
    hand.type("2")
    hand.press("Control+Enter")
    page.wait_for_selector("text=Đã lưu “Tập 0”")
    devtools = page.context.new_cdp_session(page)
    devtools.send("Performance.enable")

    def size() -> dict[str, float]:
        devtools.send("HeapProfiler.collectGarbage")
        told = devtools.send("Performance.getMetrics")["metrics"]
        return {one["name"]: one["value"] for one in told}

    first, sizes = Keyboard(page), []
    for n in range(1, 13):
        assert first.focused() == "b.title"
        if n % 4 == 0:  # a volume of the same: all of the last record, but its title
            first.press("Alt+KeyA")
            expect(page.locator("[name='b.title']")).to_have_value(f"Tập {n - 1}")
            page.focus("[name='b.title']")
            first.press("Control+KeyA")
        first.type(f"Tập {n}")
        for name, value in pinned.items():
            expect(page.locator(f"[name='b.{name}']")).to_have_value(value)
        expect(page.locator("[name='copy-copies']")).to_have_value("1")
        first.press("Control+Enter")
        page.wait_for_selector(f"text=Đã lưu “Tập {n}”")
        sizes.append(size())
    seconds = time.monotonic() - first.began
    assert first.keys <= 12 * 8 + 3 * 2, "a title, and one key to save it"
    for what in ("Nodes", "JSEventListeners", "JSHeapUsedSize"):  # pages left go when they go
        assert min(one[what] for one in sizes[-4:]) <= 1.1 * max(one[what] for one in sizes[:4])
    with capsys.disabled():
        print(
            f"\ntwelve books in a row: {first.keys} keys, {seconds:.1f} s by machine;"
            f" {sizes[1]['Nodes']:.0f} nodes after the second, {sizes[-1]['Nodes']:.0f} after the last;"
            f" {sizes[1]['JSHeapUsedSize'] / 1e6:.1f} and {sizes[-1]['JSHeapUsedSize'] / 1e6:.1f} MB"
        )
    with reading() as session:
        made = session.scalars(select(Record).order_by(Record.id)).all()[1:]
        assert [one.title for one in made] == [f"Tập {n}" for n in range(13)]
        assert {(one.author, one.publisher, one.year) for one in made} == {
            ("Tô Hoài", "Kim Đồng", 2019)
        }
        assert len(session.scalars(select(Item)).all()) == 2 + 2 + 12


def test_rows_are_worked_on_by_keyboard_and_taken_back(
    page: Any, sign_in: Callable[[Any], str], stock: Item
) -> None:
    catalog = sign_in(page)
    page.goto(f"{catalog}/{stock.record_id}/edit?view=marc")
    page.focus("[name='f2.s']")
    press(page, "Alt+KeyF")
    page.keyboard.type("020")
    for _ in range(4):  # two indicators and the code are passed
        press(page, "Enter")
    page.keyboard.type("9780306406158")
    page.wait_for_selector("#remarks >> text=9780306406158")
    page.wait_for_selector("#field-help >> text=Giá")
    page.click("#remarks [data-target]")
    assert page.evaluate("document.activeElement.value") == "9780306406158"
    tags = "[...document.querySelectorAll('#rows .mrow__tag')].map(t => t.value)"
    before = page.evaluate(tags)
    press(page, "Alt+KeyC")
    press(page, "Alt+ArrowUp")
    press(page, "Alt+Delete")
    assert page.evaluate(tags) == before
    for _ in range(3):
        press(page, "Alt+KeyZ")
    assert page.evaluate(tags) == before
    with page.expect_response("**/editor/keep"):  # from the view turned to, without another key
        press(page, "Alt+Digit3")
        page.wait_for_selector("#text")
    expect(page.locator("#text")).to_have_value(re.compile("020 ## .a 9780306406158"))
    press(page, "Alt+Digit1")
    expect(page.locator("[name='b.isbn']")).to_have_value("9780306406158")
    press(page, "Control+KeyS")
    page.wait_for_selector("text=Đã lưu biểu ghi")
    with reading() as session:
        assert session.get_one(Record, stock.record_id).version == 2


def test_a_class_is_picked_in_a_row_by_keyboard(
    page: Any, sign_in: Callable[[Any], str], stock: Item
) -> None:
    catalog = sign_in(page)
    late: list[Any] = []  # the names of fields come when the box is typed in already
    page.route("**/standard.json", lambda route: late.append(route))
    page.goto(f"{catalog}/{stock.record_id}/edit?view=marc")
    page.focus("[name='f2.s']")
    press(page, "Alt+KeyF")
    page.keyboard.type("082")
    for _ in range(4):
        press(page, "Enter")
    offered = page.locator("#rows [role=option]:visible")
    page.keyboard.type("lúa")
    for asked in late:
        asked.continue_()
    assert late
    expect(offered.first).to_be_visible()
    assert axe(page) == []
    asked = re.compile("/classes.*q=")
    page.route(asked, lambda route: late.append(route))
    with page.expect_request(asked):
        page.keyboard.type(" ")
    press(page, "ArrowDown")  # among what is seen: an answer that comes now changes nothing
    number = offered.first.locator(".code").inner_text()
    with page.expect_response(asked):
        late.pop().continue_()
    press(page, "Enter")
    expect(offered).to_have_count(0)
    assert page.evaluate("document.activeElement.value") == number
    press(page, "Alt+KeyC")  # doubled, the row picks for itself; 084 only when it is called
    page.locator("#rows .mrow__tag").evaluate_all(
        "tags => tags.findLast(t => t.value === '082').focus()"
    )
    page.keyboard.press("Control+KeyA")
    page.keyboard.type("084")
    for _ in range(4):
        press(page, "Enter")
    expect(page.locator("#rows textarea[data-on-call]")).to_be_focused()
    press(page, "ArrowDown")
    expect(offered).to_have_count(10)
    press(page, "ArrowRight")
    expect(offered.first.locator(".code")).not_to_have_text("000")
    press(page, "Escape")
    page.keyboard.press("Control+KeyA")
    page.keyboard.type("V23")
    press(page, "Control+KeyS")
    page.wait_for_selector("text=Đã lưu biểu ghi")
    with reading() as session:
        marc = str(session.get_one(Record, stock.record_id).marc)
        assert number in marc
        assert "V23" in marc


def test_an_odd_record_goes_through_the_browser_unchanged(
    page: Any, sign_in: Callable[[Any], str]
) -> None:
    catalog = sign_in(page)
    title = data_field("245", "1", "0", ("a", "Lạ"))
    links = [data_field("856", "4", "0", ("u", f"https://example.org/{n}")) for n in (1, 2)]
    fields = [*ODD, title, *links]
    with transaction() as session:
        made = store(session, system_actor(), {"leader": "x" * 24, "fields": fields})
        before = made.marc
    for view in ("Digit2", "Digit3", "Digit1"):
        page.goto(f"{catalog}/{made.id}/edit")
        press(page, f"Alt+{view}")
        page.wait_for_selector(".segment[aria-current]")
        press(page, "Control+KeyS")
        page.wait_for_url(f"**/catalog/{made.id}")
    with reading() as session:
        after = session.get_one(Record, made.id)
        assert (after.marc, after.version) == (before, 1)


def test_two_people_on_one_record_are_told_and_overwrite_nothing(
    new_page: Callable[..., Any],
    sign_in: Callable[[Any], str],
    stock: Item,
    live_server: Server,
    province: Province,
    complaints: Complaints,
) -> None:
    complaints.expect("409")
    mine, theirs = new_page(), new_page()
    catalog = sign_in(mine)
    with transaction() as session:
        other = create_staff_account(session, "head", province.library)
    sign_in_staff(theirs, live_server, other, PASSWORD)
    for page in (mine, theirs):
        page.goto(f"{catalog}/{stock.record_id}/edit?view=form")
    expect(theirs.locator("#others")).to_contain_text("Cán bộ cataloguer")
    theirs.fill("[name='b.title']", "Số đỏ (của họ)")
    press(theirs, "Control+KeyS")
    theirs.wait_for_selector("h1:has-text('của họ')")
    mine.fill("[name='b.title']", "Số Đỏ")
    press(mine, "Control+KeyS")
    mine.get_by_text("của họ").first.wait_for()
    mine.check("[value=mine]")
    mine.click("[value=merge]")
    expect(mine.locator("[name='b.title']")).to_have_value("Số Đỏ")
    press(mine, "Control+KeyS")
    mine.wait_for_selector("h1:has-text('Số Đỏ')")
    with reading() as session:
        assert session.get_one(Record, stock.record_id).version == 3


def test_what_was_typed_comes_back_after_server_and_browser_were_killed(
    new_page: Callable[..., Any],
    sign_in: Callable[[Any], str],
    live_server: Server,
    complaints: Complaints,
) -> None:
    complaints.expect("ERR_CONNECTION")
    page = new_page()
    catalog = sign_in(page)
    page.goto(f"{catalog}/new?view=form")
    with page.expect_response("**/editor/keep"):
        page.keyboard.type("Đất rừng phương Nam")
    page.wait_for_selector("#kept >> text=Đã giữ")
    live_server.kill()
    page.fill("[name='b.year']", "1957")
    page.wait_for_selector("#kept >> text=Chưa giữ được")
    live_server.start(worker=False)
    page.wait_for_selector("#kept >> text=Đã giữ", timeout=30_000)
    state = page.context.storage_state()
    page.context.close()
    again = new_page()
    again.context.add_cookies(state["cookies"])
    again.goto(f"{catalog}/new")
    again.click("text=Đất rừng phương Nam")
    expect(again.locator("[name='b.title']")).to_have_value("Đất rừng phương Nam")
    expect(again.locator("[name='b.year']")).to_have_value("1957")


def test_entering_works_without_javascript(
    new_page: Callable[..., Any], sign_in: Callable[[Any], str]
) -> None:
    page = new_page(javascript=False)
    catalog = sign_in(page)
    page.goto(f"{catalog}/new?view=form")
    page.fill("[name='b.title']", "Ca dao")
    page.select_option("[name=material_wanted]", "child")
    page.click("button[value=material]")
    page.fill("[name='b.age']", "6-11 tuổi")
    page.click(".editor__actions button[value=save]")
    page.get_by_text("Đã lưu “Ca dao”").first.wait_for()


PAGES = (
    "/",
    "/?q=so do",
    "/{record}",
    "/{record}?view=isbd",
    "/{record}?view=marc",
    "/{record}/edit?view=marc",
    "/{record}/edit?view=text",
    "/{record}/edit?view=form",
    "/{record}/history",
    "/{record}/history/1",
    "/{record}/items/new",
    "/items/{item}",
    "/new?view=marc",
    "/new?view=form",
    "/drafts",
    "/forms",
    "/forms/book",
    "/labels",
    "/labels?items={item}",
    "/stock",
    "/changes",
    "/changes/{change_set}",
    "/fields",
    "/fields/008",
    "/authority-fields/400",
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


def test_headings_are_offered_while_typed_and_taken_by_keyboard(
    page: Any, sign_in: Callable[[Any], str]
) -> None:
    with transaction() as session:
        made = create_record(session, "Chí Phèo", author="Nam Cao")
        forms = {form.text: form.id for form in session.scalars(select(Heading))}
    address = sign_in(page).replace("/catalog", "/authorities")
    page.goto(f"{address}/merge?drop={forms['Vũ Trọng Phụng']}")
    page.locator("[name=q]").press_sequentially("nam c")
    offered = page.locator("[role=option]:visible")
    expect(offered).to_have_count(1)
    expect(offered).to_contain_text("Nam Cao")
    assert axe(page) == []
    press(page, "ArrowDown")
    assert page.get_attribute("[name=q]", "aria-activedescendant")
    press(page, "Enter")
    expect(offered).to_have_count(0)
    assert page.input_value("[name=q]") == "Nam Cao"
    press(page, "Enter")
    page.click("main a:has-text('Nam Cao')")
    page.wait_for_selector("text=Giữ làm dạng chuẩn")
    page.goto(address.replace("/authorities", "/catalog/new"))
    page.locator("[name='b.authors']").press_sequentially("Tô Hoài\nvu trong")
    expect(offered).to_contain_text("Vũ Trọng Phụng")
    assert axe(page) == []
    press(page, "ArrowDown")
    press(page, "Enter")
    assert page.input_value("[name='b.authors']") == "Tô Hoài\nVũ Trọng Phụng"
    # In a new row too, though what the row is comes late.
    late: list[Any] = []
    page.route("**/standard.json", lambda route: late.append(route))
    page.goto(address.replace("/authorities", f"/catalog/{made.id}/edit?view=marc"))
    press(page, "Alt+KeyF")
    page.keyboard.type("700")
    for _ in range(4):
        press(page, "Enter")
    page.keyboard.type("vu trong")
    for asked in late:
        asked.continue_()
    expect(offered).to_contain_text("Vũ Trọng Phụng")


def wait_for_jobs(page: Any) -> None:
    """Wait until nothing is left to do in the background, here or at the server's worker."""
    for _ in range(300):
        if run_next_job():
            continue
        with reading() as session:
            at_work = Job.status.in_(("queued", "running"))
            if session.scalar(select(Job.id).where(at_work).limit(1)) is None:
                return
        page.wait_for_timeout(100)
    raise AssertionError("jobs are still at work")


def list_taken(page: Any) -> None:
    """A parcel of two: the one chosen among those found, the other taken through the editor."""
    page.keyboard.type("9780131103627\n9786040000071")
    press(page, "Control+Enter")
    page.wait_for_url(re.compile(r"/lists/\d+$"))
    listed = page.url
    wait_for_jobs(page)
    page.goto(listed)
    page.locator("td.main a").first.click()
    page.wait_for_url("**/lists/lines/*")
    first = page.url
    press(page, "3")
    page.wait_for_url(lambda url: url != first)  # the next to choose for
    page.locator("a[href*='/targets/found/']").nth(4).click()
    page.locator("form[action$='/take'] button").first.click()
    page.wait_for_url("**/staff/catalog/new?draft=*")
    press(page, "Control+KeyS")
    page.wait_for_url(re.compile(r"/staff/catalog/\d+$"))
    page.goto(listed)
    expect(page.locator(".tabs")).to_contain_text("Đã lấy về (1)")
    page.locator("button[name='act'][value='take']").click()
    expect(page.locator("button[name='act'][value='stop']")).to_be_visible()
    wait_for_jobs(page)
    page.goto(listed)
    expect(page.locator(".tabs")).to_have_text(re.compile(r"^\s*Đã lấy về \(2\)\s*$"))


def test_a_title_is_taken_from_a_target_by_keyboard_alone(
    page: Any, sign_in: Callable[[Any], str], province: Province
) -> None:
    program, port = find("yaz-ztest"), free_port()
    if program is None:
        pytest.skip("YAZ is not installed")
    with transaction() as session:
        indexes = {"any": "cql.serverChoice", "isbn": "cql.serverChoice"}
        facts = {"indexes": indexes, "per_minute": 0, "inside": True, "active": True}
        at = province.library.id
        address = f"http://127.0.0.1:{port}/Default"
        session.add(Target(unit_id=at, name="YAZ", address=address, version="1.2", **facts))
        dead = f"http://127.0.0.1:{free_port()}/"
        session.add(Target(unit_id=at, name="Hỏng", address=dead, version="1.2", **facts))
    server = subprocess.Popen([program, "-S", "-v", "none", f"tcp:127.0.0.1:{port}"])
    try:
        page.goto(f"{sign_in(page)}/")
        begun, keys = time.monotonic(), 0

        def key(name: str) -> None:
            nonlocal keys
            keys += 1
            press(page, name)

        key("Alt+KeyJ")
        page.wait_for_url("**/staff/targets/")
        page.keyboard.type("computer")
        keys += len("computer")
        key("Enter")
        page.wait_for_selector("[data-found]")
        key("ArrowDown")
        title = page.evaluate("document.activeElement.textContent")
        key("t")
        page.wait_for_url("**/staff/catalog/new?draft=*")
        expect(page.locator("[name='b.title']")).to_have_value(title)
        key("Control+KeyS")
        page.wait_for_url(re.compile(r"/staff/catalog/\d+"))
        print(f"a title from a target: {keys} keys, {time.monotonic() - begun:.1f} seconds")
        assert keys <= 20
        page.goto(page.url.partition("/staff/")[0] + "/staff/targets/lists")
        list_taken(page)
    finally:
        server.kill()
        server.wait(timeout=10)
    with reading() as session:
        assert session.scalars(select(Record).order_by(Record.id.desc())).first() is not None
