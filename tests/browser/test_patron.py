"""A reader with a phone: finds a book, reserves it, renews, sees what is owed. With scripts and without."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from cataloging.models import Record
from cataloging.search import follow
from circulation.checkout import check_out
from circulation.desk import perform
from circulation.fees import charge
from circulation.holds import place_hold
from circulation.models import Hold, Loan
from ils.accounts.passwords import hash_password
from ils.core import clock
from ils.core.db import reading, transaction
from tests.factories import (
    PASSWORD,
    Province,
    card_of,
    create_actor,
    create_item,
    create_patron,
    create_record,
)
from tests.live import PHONE, Server, axe, overflow
from tests.opac.conftest import open_daily

pytestmark = [pytest.mark.browser, pytest.mark.slow]

WANTED, AWAITED = "Đất rừng phương Nam", "Kính vạn hoa"
RENEWABLE, ALSO = "Dế Mèn phiêu lưu ký", "Tắt đèn"


@dataclass
class Reader:
    """A reader's card, the site of the library, and how many wait for what is wanted."""

    card: str
    site: str


@pytest.fixture
def reader(live_server: Server, province: Province) -> Reader:
    """Three loans, one of them wanted by another; a debt; the wanted book is lent, one waits."""
    with transaction() as session:
        open_daily(session, province.library)
        head = create_actor(session, "head", province.branch, province.library)
        lan, other, third = (
            create_patron(session, province.branch, name)
            for name in ("Nguyễn Thị Lan", "Phạm Văn Chờ", "Lê Văn Ba")
        )
        lan.password_hash, lan.must_change_password = hash_password(PASSWORD), False
        items = {
            title: create_item(
                session,
                province.branch,
                create_record(session, title, author="Đoàn Giỏi"),
                call_number="895.9223 Đ",
                shelf="Giá 4",
            )
            for title in (WANTED, RENEWABLE, ALSO, AWAITED)
        }
        card = card_of(session, lan)
    lent = ((WANTED, third), (RENEWABLE, lan), (ALSO, lan), (AWAITED, lan))
    with clock.at(clock.now() - timedelta(days=10)):
        for n, (title, patron) in enumerate(lent):
            code = items[title].barcode
            assert perform(check_out, head, barcode=code, patron_id=patron.id, key=f"l{n}").ok
    for n, title in enumerate((WANTED, AWAITED)):
        held = perform(
            place_hold,
            head,
            record_id=items[title].record_id,
            patron_id=other.id,
            pickup_branch_id=province.branch.id,
            key=f"h{n}",
        )
        assert held.ok, held
    perform(charge, head, patron_id=lan.id, kind="service", amount=15_000, key="c")
    follow.rebuild()
    return Reader(card, f"{live_server.url}/{province.library.slug}")


def holds(title: str) -> list[Hold]:
    """Return the holds on a title, oldest first."""
    with reading() as session:
        query = select(Hold).join(Record, Record.id == Hold.record_id).order_by(Hold.id)
        return list(session.scalars(query.where(Record.title == title)))


def fits(page: Any) -> None:
    """The page that is shown fits a phone and can be read by everybody."""
    assert overflow(page) == 0, page.url
    assert axe(page) == [], page.url


@pytest.mark.parametrize("javascript", [True, False], ids=["with scripts", "without scripts"])
def test_a_reader_does_everything_from_a_phone(
    new_page: Callable[..., Any], reader: Reader, province: Province, *, javascript: bool
) -> None:
    page = new_page(PHONE, javascript=javascript)
    look = fits if javascript else (lambda _page: None)  # axe is a script itself
    # Found without tone marks, though it is lent.
    page.goto(f"{reader.site}/")
    page.fill("#q", "dat rung phuong nam")
    page.click("form[role=search] button")
    page.locator(".hit", has_text=WANTED).wait_for()
    look(page)
    page.click(f".hit__title a:has-text('{WANTED}')")
    page.locator("h1", has_text=WANTED).wait_for()
    assert "Giá 4" in page.content()
    assert "1 bạn đọc đang chờ" in page.content()
    look(page)
    # Reserving asks for the card, then where to collect.
    page.click(".title__hold a")
    page.fill("[name=card]", reader.card.lower())
    page.fill("[name=password]", PASSWORD)
    page.click("main form button[type=submit]")
    page.select_option("#pickup", label="Cơ sở 2")
    page.click(".title__hold button")
    page.locator(".notice").first.wait_for()
    page.goto(f"{reader.site}/account")
    mine = page.locator("#holds .ledger__line", has_text=WANTED)
    assert "Thứ 2 trong 2 người chờ" in mine.inner_text()
    assert "Cơ sở 2" in mine.inner_text()
    assert "15.000" in page.locator("#fees").inner_text()
    look(page)
    # One may be renewed, the other is awaited: the page says so.
    refused = page.locator("#loans .ledger__line", has_text=AWAITED)
    assert "Chưa gia hạn được" in refused.inner_text()
    before = due(RENEWABLE)
    page.locator("#loans .ledger__line", has_text=RENEWABLE).locator("button").click()
    page.locator(".notice", has_text="gia hạn").first.wait_for()
    assert due(RENEWABLE) > before == due(ALSO)
    page.locator("#loans form[action*=renew-all] button").click()
    page.locator(".notice", has_text=ALSO).first.wait_for()
    page.locator(".notice", has_text=f"“{AWAITED}” chưa gia hạn được").first.wait_for()
    assert due(ALSO) == due(RENEWABLE)
    # It is given up again, once what is lost by it was shown.
    mine.locator("summary", has_text="Hủy đặt giữ").click()
    mine.locator("form[action*=cancel]", has_text="chỗ thứ 2 trong 2").wait_for()
    mine.locator("form[action*=cancel] button").click()
    page.locator("#holds", has_text="chưa đặt giữ").wait_for()
    assert [one.state for one in holds(WANTED)] == ["queued", "cancelled"]
    # In English, and back.
    page.click("a[hreflang=en]")
    page.locator("h2", has_text="Loans").wait_for()
    look(page)
    page.click("a[hreflang=vi]")
    page.locator("h2", has_text="Sách đang mượn").wait_for()


def due(title: str) -> Any:
    """Return when a reader must bring a title back."""
    with reading() as session:
        query = select(Loan.due_on).join(Record, Record.id == Loan.record_id)
        return session.scalars(query.where(Record.title == title)).one()
