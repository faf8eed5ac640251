"""The desk without the server, in a real browser: nothing lost, nothing doubled."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
from sqlalchemy import select

from cataloging.models import Item
from circulation.models import Loan
from circulation.offline.models import OfflineLine
from ils.core.db import reading, transaction
from tests.factories import (
    PASSWORD,
    Province,
    card_of,
    create_item,
    create_patron,
    create_record,
    create_staff_account,
)
from tests.live import Complaints, Server, axe, press, sign_in_staff

pytestmark = [pytest.mark.browser, pytest.mark.slow]

READERS = 4
EACH = 4  # copies for each reader: 4 cards and 16 copies are 20 scans


@dataclass
class Morning:
    """Readers' cards, and the copies each of them takes."""

    cards: list[str]
    codes: list[list[str]]
    username: str

    def scans(self) -> list[str]:
        """Return the scans of the morning, cards and copies, in order."""
        return [
            code
            for card, codes in zip(self.cards, self.codes, strict=True)
            for code in (card, *codes)
        ]


@pytest.fixture
def morning(province: Province) -> Morning:
    with transaction() as session:
        readers = [create_patron(session, province.branch, f"Bạn đọc {n}") for n in range(READERS)]
        codes = [
            [
                str(
                    create_item(
                        session, province.branch, create_record(session, f"Sách {n}.{m}")
                    ).barcode
                )
                for m in range(EACH)
            ]
            for n in range(READERS)
        ]
        cards = [card_of(session, one) for one in readers]
        return Morning(cards, codes, create_staff_account(session, "clerk", province.branch))


@pytest.fixture
def desk(
    new_page: Callable[..., Any], live_server: Server, morning: Morning, complaints: Complaints
) -> Any:
    """The desk of a clerk, with its copy and its page kept."""
    complaints.expect("Failed to load resource")
    complaints.expect("net::ERR")
    page = new_page()
    sign_in_staff(page, live_server, morning.username, PASSWORD)
    page.goto(f"{live_server.url}/staff/desk")
    page.locator("html[data-kept='1']").wait_for(state="attached")
    assert page.evaluate("document.documentElement.dataset.copied") == "1"
    return page


def scan(page: Any, code: str) -> None:
    page.locator("#scan").fill(code)
    press(page, "Enter")


def is_taken(page: Any) -> None:
    left = "JSON.parse(sessionStorage.getItem('sen-queue') || '[]').length"
    for _ in range(300):
        if page.evaluate(left) == 0:
            return
        page.wait_for_timeout(50)
    raise AssertionError("scans are still waiting in the browser")


def loans() -> list[tuple[str, int]]:
    with reading() as session:
        query = select(Item.barcode, Loan.patron_id).join(Loan, Loan.item_id == Item.id)
        return sorted((str(code), patron) for code, patron in session.execute(query))


def nothing_lost_nothing_doubled(morning: Morning) -> None:
    found = [code for code, _patron in loans()]
    assert found == sorted(code for codes in morning.codes for code in codes)
    by_reader: dict[int, set[str]] = {}
    for code, patron in loans():
        by_reader.setdefault(patron, set()).add(code)
    assert sorted(map(sorted, by_reader.values())) == sorted(map(sorted, morning.codes))


def test_the_network_is_cut_and_the_server_killed_during_20_scans(
    desk: Any, morning: Morning, live_server: Server
) -> None:
    scans = morning.scans()
    assert len(scans) == 20
    for code in scans[:6]:
        scan(desk, code)
        is_taken(desk)
    desk.context.set_offline(True)
    for code in scans[6:12]:
        scan(desk, code)
    desk.locator("body.away").wait_for()
    is_taken(desk)
    assert "chưa gửi" in desk.locator("#away").inner_text()
    assert "dữ liệu lúc" in desk.locator("#away").inner_text()
    assert axe(desk) == []
    desk.context.set_offline(False)
    desk.locator(".answer", has_text="Đã có lại máy chủ").wait_for()
    is_taken(desk)
    live_server.kill()
    for code in scans[12:]:
        scan(desk, code)
    desk.locator("body.away").wait_for()
    is_taken(desk)
    live_server.start()
    desk.locator(".answer", has_text="Đã có lại máy chủ").wait_for()
    nothing_lost_nothing_doubled(morning)
    with reading() as session:
        states = set(session.scalars(select(OfflineLine.state)))
    assert states == {"applied"}


def test_the_page_is_opened_again_without_the_server_and_goes_on(
    desk: Any, morning: Morning, live_server: Server
) -> None:
    card, codes = morning.cards[0], morning.codes[0]
    live_server.kill()
    desk.reload()
    desk.locator("body.away").wait_for()
    scan(desk, card)
    desk.locator(".reader__name", has_text="Bạn đọc 0").wait_for()
    scan(desk, codes[0])
    desk.locator(".answer--green", has_text="Đã cho mượn, hạn trả").wait_for()
    assert "1 chưa gửi" in desk.locator("#away").inner_text()
    desk.reload()
    desk.locator("body.away").wait_for()
    assert "1 chưa gửi" in desk.locator("#away").inner_text()
    scan(desk, codes[0])  # on loan by the desk's own log: it comes back
    desk.locator(".answer--green", has_text="Đã ghi nhận trả").wait_for()
    live_server.start()
    desk.locator(".answer", has_text="đã gửi 2 việc").wait_for()
    with reading() as session:
        loan = session.scalars(select(Loan)).one()
    assert loan.closed_at is not None


def test_what_stands_against_a_loan_is_known_without_the_server(
    desk: Any, morning: Morning, province: Province, live_server: Server
) -> None:
    live_server.kill()
    desk.reload()
    desk.locator("body.away").wait_for()
    scan(desk, morning.cards[0])
    for codes in morning.codes[:1]:
        for code in codes:
            scan(desk, code)
    scan(desk, morning.codes[1][0])
    scan(desk, morning.codes[1][1])
    refused = desk.locator(".answer--red", has_text="Đây là bản thứ 6; chỉ được 5.")
    refused.wait_for()
    assert "5 chưa gửi" in desk.locator("#away").inner_text()
    desk.fill("#away-why", "thi học kỳ")
    press(desk, "Enter")
    desk.locator("#away", has_text="6 chưa gửi").wait_for()
    live_server.start()
    desk.locator(".answer", has_text="đã gửi 6 việc").wait_for()
    with reading() as session:
        noted = session.scalars(select(OfflineLine).where(OfflineLine.state == "applied_with_note"))
        assert [line.notes[0]["code"] for line in noted] == ["limit_total"]
        assert len(session.scalars(select(Loan)).all()) == 6


KEPT = """async () => {
  const db = await new Promise((done) => { const asked = indexedDB.open('sen-desk'); asked.onsuccess = () => done(asked.result); });
  const all = (store, how, key) => new Promise((done) => { const asked = db.transaction(store).objectStore(store)[how](key); asked.onsuccess = () => done(asked.result); });
  const [key, copy, seal, log] = [await all('kept', 'get', 'key'), await all('kept', 'get', 'copy'), await all('kept', 'get', 'seal'), await all('log', 'getAll')];
  db.close();
  const text = (data) => new TextDecoder('latin1').decode(data);
  return { key: key?.extractable, seal: seal?.key.extractable, text: copy ? text(copy.data) : null, caches: await caches.keys(),
           log: log.map((one) => JSON.stringify(one) + text(one.data)) };
}"""


def test_signing_out_takes_the_copy_away_and_it_was_never_readable(
    desk: Any, morning: Morning
) -> None:
    before = desk.evaluate(KEPT)
    assert before["key"] is False
    assert "Bạn đọc" not in before["text"]
    assert before["caches"] == ["sen-desk"]
    desk.evaluate("document.querySelector('form[action$=\"/sign-out\"]').requestSubmit()")
    desk.wait_for_url("**/staff/sign-in*")
    after = desk.evaluate(KEPT)
    assert after == {"key": None, "seal": None, "text": None, "caches": [], "log": []}


def test_the_log_cannot_be_read_and_is_sent_by_whoever_signs_in_next(
    desk: Any, morning: Morning, live_server: Server, province: Province
) -> None:
    card, codes = morning.cards[0], morning.codes[0]
    live_server.kill()
    desk.reload()
    desk.locator("body.away").wait_for()
    for code in (card, *codes[:2]):
        scan(desk, code)
    desk.locator("#away", has_text="2 chưa gửi").wait_for()
    kept = desk.evaluate(KEPT)
    assert kept["seal"] is False
    assert len(kept["log"]) == 2
    assert not any(one in line for line in kept["log"] for one in (card, *codes, "check_out"))
    desk.evaluate("document.querySelector('form[action$=\"/sign-out\"]').requestSubmit()")
    desk.locator(".answer__ask").wait_for()  # nobody signs out by mistake while the line is down
    desk.keyboard.press("y")
    desk.get_by_text("Đã đăng xuất trên máy này").wait_for()  # and with it every key is gone
    live_server.start()
    desk.wait_for_url("**/staff/sign-in*")  # the server hears of it as well
    with transaction() as session:
        other = create_staff_account(session, "clerk", province.branch)
    sign_in_staff(desk, live_server, other, PASSWORD)
    assert desk.evaluate(KEPT)["seal"] is None
    desk.goto(f"{live_server.url}/staff/desk")
    desk.locator(".answer", has_text="đã gửi 2 việc").wait_for()
    assert [code for code, _patron in loans()] == sorted(codes[:2])
    with reading() as session:
        lines = session.scalars(select(OfflineLine)).all()
    assert {line.state for line in lines} == {"applied"}
    assert len({line.actor_id for line in lines}) == 1  # who lent, not who sent


def test_readers_and_copies_are_looked_up_without_the_server_and_a_mistake_taken_back(
    desk: Any, morning: Morning, live_server: Server
) -> None:
    codes = morning.codes[1]
    scan(desk, morning.cards[1])
    scan(desk, codes[0])
    scan(desk, "")
    is_taken(desk)
    desk.reload()
    desk.locator("html[data-copied='1']").wait_for(state="attached")
    live_server.kill()
    scan(desk, "sach 1.0")  # a title, without marks
    desk.locator("body.away").wait_for()
    hit = desk.locator(".choice__list > li", has_text="Sách 1.0")
    hit.get_by_text("Bạn đọc 1 đang mượn, hạn trả").wait_for()
    assert axe(desk) == []
    scan(desk, "ban doc 1")
    hit.wait_for(state="detached")  # the list before names the reader as well
    desk.locator(".choice__one", has_text="Bạn đọc 1").wait_for()
    desk.wait_for_function("document.activeElement.id === 'scan' && !document.activeElement.value")
    desk.keyboard.press("ArrowDown")
    desk.locator(".choice__one:focus").wait_for()
    desk.keyboard.press("Enter")
    panel = desk.locator("#desk-panel")
    panel.locator(".reader__name", has_text="Bạn đọc 1").wait_for()
    assert "Sách 1.0" in panel.inner_text()
    assert "Đang mượn (1)" in panel.inner_text()
    scan(desk, codes[1])
    panel.get_by_text("Đang mượn (2)").wait_for()
    desk.keyboard.press("Control+z")
    panel.get_by_text("Đang mượn (1)").wait_for()
    scan(desk, "09999")  # neither a telephone number nor a code of the branch
    desk.locator(".answer__ask").wait_for()
    desk.keyboard.press("n")
    help_ = desk.locator("#away-help")
    help_.locator("summary").click()
    assert "quyển biên lai giấy" in help_.inner_text()
    live_server.start()
    desk.locator(".answer", has_text="Đã có lại máy chủ").wait_for()
    assert [code for code, _patron in loans()] == [codes[0], codes[1]]
    with reading() as session:
        open_ones = session.scalars(select(Loan).where(Loan.closed_at.is_(None))).all()
    assert len(open_ones) == 1
