"""A locked screen answers nothing until it is unlocked; the PIN page sets PIN and card."""

import re
from typing import Any

from tests.factories import PASSWORD

FETCH = {"X-Requested-With": "fetch"}


def test_a_locked_browser_gets_nothing_but_the_lock(staff_client: Any) -> None:
    browser = staff_client("head")
    assert browser.post("/staff/lock", headers=FETCH).status_code == 204
    away = browser.get("/staff/patrons/")
    assert away.status_code == 302
    assert "/staff/lock?next=/staff/patrons/" in away.headers["Location"]
    assert browser.post("/staff/desk/scan", data={"scan": "x"}, headers=FETCH).status_code == 423
    assert browser.get("/staff/lock").status_code == 200
    wrong = browser.post("/staff/unlock", data={"secret": "sai"})
    assert wrong.status_code == 401
    opened = browser.post("/staff/unlock?next=/staff/patrons/", data={"secret": PASSWORD})
    assert opened.headers["Location"].endswith("/staff/patrons/")
    assert browser.get("/staff/patrons/").status_code == 200


def test_unlocking_by_the_page_says_what_is_wrong(staff_client: Any) -> None:
    browser = staff_client("head")
    browser.post("/staff/lock", headers=FETCH)
    wrong = browser.post("/staff/unlock", data={"secret": "sai"}, headers=FETCH).json
    assert not wrong["unlocked"]
    assert "PIN" in wrong["detail"]
    assert browser.post("/staff/unlock", data={"secret": PASSWORD}, headers=FETCH).json["unlocked"]


def test_the_lock_never_leads_away(staff_client: Any) -> None:
    browser = staff_client("head")
    browser.post("/staff/lock")
    answer = browser.post("/staff/unlock?next=//evil.example/", data={"secret": PASSWORD})
    assert answer.headers["Location"] == "/staff/"


def test_pin_and_card_are_made_on_their_page(staff_client: Any) -> None:
    browser = staff_client("head")
    no_card = browser.post("/staff/pin", data={"act": "card"}, follow_redirects=True)
    assert "Hãy đặt mã PIN trước" in no_card.get_data(as_text=True)
    facts = {"password": "sai", "pin": "8350", "again": "8350"}
    assert browser.post("/staff/pin", data=facts).status_code == 422
    assert (
        browser.post("/staff/pin", data=facts | {"pin": "1234", "again": "1234"}).status_code == 422
    )
    assert browser.post("/staff/pin", data=facts | {"password": PASSWORD}).status_code == 302
    page = browser.post("/staff/pin", data={"act": "card"}).get_data(as_text=True)
    assert re.search(r"NV\d{14}", page)
    browser.post("/staff/lock", headers=FETCH)
    assert browser.post("/staff/unlock", data={"secret": "8350"}).status_code == 302
