"""The public sites in a real Chromium: phone and desk width, no complaint, and their weight."""

import json
import time
import urllib.request
from typing import Any

import pytest

from cataloging.search import follow
from circulation.models import Hold, Loan
from circulation.patrons.models import Patron
from ils.accounts.passwords import hash_password
from ils.core import clock, db
from tests import factories
from tests.live import PHONE, WIDE, Server, axe, overflow
from tests.opac.conftest import open_daily

pytestmark = pytest.mark.browser

PASSWORD = "con-meo-treo-cay-cau"
MOST_BYTES, MOST_REQUESTS = 60 * 1024, 12


@pytest.fixture
def lively(live_server: Server, province: Any) -> Server:
    """The served province with hours, thirty titles, and a reader with loans and a hold."""
    with db.transaction() as session:
        open_daily(session, province.library)
        items = [
            factories.create_item(
                session,
                branch,
                factories.create_record(session, f"Kính vạn hoa tập {n}", author="Nguyễn Nhật Ánh"),
                call_number="895.9 NG",
            )
            for n, branch in enumerate([province.branch, province.foreign_branch] * 15)
        ]
        patron = factories.create_patron(session, province.branch, "Nguyễn Thị Lan")
        patron.password_hash, patron.must_change_password = hash_password(PASSWORD), False
        for item in items[:2]:
            session.add(
                Loan(
                    item_id=item.id,
                    record_id=item.record_id,
                    patron_id=patron.id,
                    branch_id=province.branch.id,
                    started_at=clock.now(),
                    started_on=clock.today(),
                    due_on=clock.today(),
                )
            )
        session.add(
            Hold(
                record_id=items[4].record_id,
                patron_id=patron.id,
                pickup_branch_id=province.branch.id,
            )
        )
    follow.rebuild()
    _wait_for_index(live_server)
    return live_server


def _wait_for_index(server: Server) -> None:
    """Wait until the server has noticed the new index."""
    for _ in range(150):
        with urllib.request.urlopen(f"{server.url}/api/v1/search?q=kinh&facets=1") as answer:
            found = json.load(answer)
        if found["total"] == 30 and found["facets"].get("library"):
            return
        time.sleep(0.2)
    raise AssertionError(f"the index was not built: {found}\n{server.log()}")


def card(patron_name: str = "Nguyễn Thị Lan") -> str:
    with db.reading() as session:
        patron = session.query(Patron).filter_by(name=patron_name).one()
        return factories.card_of(session, patron)


@pytest.mark.parametrize("viewport", [PHONE, WIDE], ids=["phone", "desk"])
def test_public_pages_are_accessible_and_fit(
    lively: Server, province: Any, new_page: Any, viewport: dict[str, int]
) -> None:
    page = new_page(viewport)
    site = f"/{province.library.slug}"
    wrong = []
    paths = ["/", f"{site}/", "/search?q=kinh+van+hoa", f"{site}/record/1", f"{site}/about"]
    paths += ["/search?q=zzzz", f"{site}/new-books", f"{site}/news", "/account/sign-in"]
    paths += ["/-/patterns", "/staff/sign-in"]
    for path in paths:
        page.goto(lively.url + path)
        wrong += [f"{path}: {line}" for line in axe(page)]
        if overflow(page):
            wrong.append(f"{path}: {overflow(page)} pixels too wide")
    assert wrong == []


def test_every_choice_of_colors_can_be_read(lively: Server, new_page: Any) -> None:
    page = new_page(PHONE)
    wrong = []
    for theme in ("dark", "contrast"):
        page.context.add_cookies([{"name": "theme", "value": theme, "url": lively.url}])
        for path in ("/", "/search?q=kinh+van+hoa", "/record/1", "/-/patterns"):
            page.goto(lively.url + path)
            wrong += [f"{theme} {path}: {line}" for line in axe(page)]
    assert wrong == []


def test_a_reader_renews_and_reserves_without_javascript(
    lively: Server, province: Any, new_page: Any
) -> None:
    page = new_page(PHONE, javascript=False)
    page.goto(f"{lively.url}/{province.library.slug}/")
    page.fill("#q", "kinh van hoa")
    page.click("form[role=search] button")
    page.click(".hit__title a >> nth=3")
    page.click(".title__hold a")
    page.fill("[name=card]", card())
    page.fill("[name=password]", PASSWORD)
    page.click("main form button[type=submit]")
    page.click(".title__hold button")
    page.wait_for_selector(".notice")
    page.goto(f"{lively.url}/account")
    page.click("text=Gia hạn tất cả")
    page.wait_for_selector("text=đã gia hạn đến ngày")


def test_the_account_is_accessible_and_fits_a_phone(lively: Server, new_page: Any) -> None:
    page = new_page(PHONE)
    page.goto(f"{lively.url}/account")
    page.fill("[name=card]", card())
    page.fill("[name=password]", PASSWORD)
    page.click("main form button[type=submit]")
    page.wait_for_url("**/account")
    assert axe(page) == []
    assert overflow(page) == 0


def test_a_first_visit_to_the_results_is_light(lively: Server, new_page: Any) -> None:
    page = new_page(PHONE)
    answered: list[Any] = []
    page.on("requestfinished", lambda request: answered.append(request))
    page.goto(f"{lively.url}/search?q=kinh+van+hoa")
    page.wait_for_load_state("networkidle")
    sizes = [request.sizes() for request in answered]
    weight = sum(s["responseBodySize"] + s["responseHeadersSize"] for s in sizes)
    assert page.locator(".hit").count() == 20
    assert len(answered) <= MOST_REQUESTS
    assert weight <= MOST_BYTES, f"{weight} bytes in {len(answered)} requests"


def test_the_filters_open_on_a_phone_without_javascript(lively: Server, new_page: Any) -> None:
    page = new_page(PHONE, javascript=False)
    page.goto(f"{lively.url}/search?q=kinh+van+hoa")
    assert not page.locator("#narrow").is_visible()
    page.click(".finding__narrow")
    assert page.locator("#narrow").is_visible()
    page.click(".narrow__close")
    assert not page.locator("#narrow").is_visible()
