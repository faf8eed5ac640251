"""The pages of holds and transits, without scripts: working off lists, the queue of a title."""

import re
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import select

from cataloging.models import Item, Record
from circulation.checkin import check_in
from circulation.desk import perform
from circulation.holds import place_hold
from circulation.models import Hold, ItemSearch, PolicyRow, Transit
from circulation.patrons.models import Patron
from circulation.pulling import not_on_shelf
from ils.accounts.actor import Actor
from ils.core import db
from ils.org.settings import set_setting
from tests import factories


@pytest.fixture
def clerk(app: Any, province: factories.Province) -> Actor:
    with db.transaction() as session:
        return factories.create_actor(session, "clerk", province.branch, province.library)


@pytest.fixture
def browser(clerk: Actor, province: factories.Province, staff_client: Callable[..., Any]) -> Any:
    return staff_client("head", province.branch)


def make(province: factories.Province, *names: str) -> tuple[Item, list[Patron]]:
    with db.transaction() as session:
        item = factories.create_item(session, province.branch)
        return item, [factories.create_patron(session, province.branch, n) for n in names]


def hold(clerk: Actor, item: Item, patron: Patron, at: Any, **words: Any) -> int:
    placed = perform(
        place_hold,
        clerk,
        record_id=item.record_id,
        patron_id=patron.id,
        pickup_branch_id=at.id,
        key=f"t{patron.id}",
        **words,
    )
    return int((placed.hold or {})["id"])


def get(model: Any, row_id: int) -> Any:
    with db.reading() as session:
        return session.get_one(model, row_id)


def text_of(answer: Any) -> str:
    return str(answer.get_data(as_text=True))


def test_not_on_the_shelf_twice_asks_and_a_no_lets_it_be_sought_again(
    browser: Any, clerk: Actor, province: factories.Province
) -> None:
    item, (first, second) = make(province, "Lê Bình", "Phạm Cúc")
    hold_id = hold(clerk, item, first, province.branch)
    hold(clerk, item, second, province.branch)
    told = browser.post(f"/staff/holds/{hold_id}", data={"act": "missing"}, follow_redirects=True)
    assert "không còn bản nào rỗi" in text_of(told)
    with db.transaction() as session:
        search = session.scalars(select(ItemSearch)).one()
        search.closed_at, search.outcome = search.flagged_at, "again"
        row = session.get_one(Hold, hold_id)
        row.state, row.item_id = "targeted", item.id
    asked = browser.post(f"/staff/holds/{hold_id}", data={"act": "missing"}, follow_redirects=True)
    assert "Đây là lần thứ hai không tìm thấy" in text_of(asked)
    assert get(Hold, hold_id).state == "targeted"
    browser.post(f"/staff/holds/{hold_id}", data={"act": "missing", "answer": "yes"})
    assert get(Item, item.id).lifecycle == "missing"


def test_a_hold_is_placed_on_a_copy_from_the_page_of_its_title(
    browser: Any, province: factories.Province
) -> None:
    item, (patron,) = make(province, "Lê Bình")
    with db.reading() as session:
        card = factories.card_of(session, patron)
    address = f"/staff/holds/title/{item.record_id}"
    words = {"card": card, "level": f"i{item.id}", "pickup": province.branch.id}
    wrong = browser.post(address, data=words | {"need_by": "hôm nào đó"})
    assert wrong.status_code == 422
    assert 'value="hôm nào đó"' in text_of(wrong)
    placed = browser.post(address, data=words | {"need_by": "h+10"})
    assert placed.status_code == 302
    with db.reading() as session:
        made = session.scalars(select(Hold)).one()
    assert (made.item_level_item_id, made.need_by is not None) == (item.id, True)
    again = browser.post(address, data=words)
    assert again.status_code == 409
    assert "đặt giữ" in text_of(again)


def test_a_refusal_the_desk_may_lift_is_lifted_with_a_reason(
    browser: Any, province: factories.Province
) -> None:
    item, (patron,) = make(province, "Lê Bình")
    with db.transaction() as session:
        card = factories.card_of(session, patron)
        session.add(PolicyRow(unit_id=province.library.id, values={"limit_holds": 0}))
    address = f"/staff/holds/title/{item.record_id}"
    words = {"card": card, "pickup": province.branch.id}
    refused = browser.post(address, data=words)
    assert refused.status_code == 409
    assert 'name="code" value="limit_holds"' in text_of(refused)
    unsaid = browser.post(address, data=words | {"code": "limit_holds", "why": ""})
    assert unsaid.status_code == 422
    done = browser.post(address, data=words | {"code": "limit_holds", "why": "bài thi"})
    assert done.status_code == 302


def test_staff_move_a_hold_with_a_reason_that_stays_to_be_read(
    browser: Any, clerk: Actor, province: factories.Province
) -> None:
    item, patrons = make(province, "Bạn Một", "Bạn Hai", "Bạn Ba")
    ids = [hold(clerk, item, p, province.branch) for p in patrons]
    address = f"/staff/holds/{ids[2]}"
    words = {"act": "move", "before": ids[0], "from": "title"}
    silent = browser.post(address, data=words | {"why": " "}, follow_redirects=True)
    assert "Xin ghi lý do" in text_of(silent)
    moved = browser.post(address, data=words | {"why": "bài thi học kỳ"}, follow_redirects=True)
    page = text_of(moved)
    assert page.index("Bạn Ba") < page.index("Bạn Một")
    assert "bài thi học kỳ" in page


@pytest.mark.parametrize("act", ["suspend", "cancel", "pickup"])
def test_a_hold_is_paused_canceled_and_collected_elsewhere_by_staff(
    browser: Any, clerk: Actor, province: factories.Province, act: str
) -> None:
    item, (patron,) = make(province, "Lê Bình")
    hold_id = hold(clerk, item, patron, province.branch)
    words = {"until": "h+5", "pickup": province.other_branch.id, "why": "gọi điện"}
    browser.post(f"/staff/holds/{hold_id}", data={"act": act, "from": "title", **words})
    row = get(Hold, hold_id)
    assert (row.state, row.pickup_branch_id == province.other_branch.id) == {
        "suspend": ("suspended", False),
        "cancel": ("cancelled", False),
        "pickup": ("targeted", True),
    }[act]


def test_all_holds_are_filtered_and_exported(
    browser: Any, clerk: Actor, province: factories.Province
) -> None:
    item, patrons = make(province, "Bạn Một", "Bạn Hai")
    ids = [hold(clerk, item, p, province.branch) for p in patrons]
    assert [get(Hold, one).state for one in ids] == ["targeted", "queued"]
    every = text_of(browser.get("/staff/holds/all"))
    assert "Bạn Một" in every
    assert "Bạn Hai" in every
    queued = text_of(browser.get("/staff/holds/all?state=queued&sort=-requested"))
    assert "Bạn Một" not in queued
    assert "Bạn Hai" in queued
    assert "Bạn Hai" in text_of(browser.get("/staff/holds/all?q=D%E1%BA%BF+m%C3%A8n"))
    assert "Bạn Hai" not in text_of(browser.get("/staff/holds/all?hopeless=1"))
    sheet = browser.get("/staff/holds/all.xlsx?state=queued")
    assert sheet.data[:2] == b"PK"


def test_the_list_to_fetch_is_printed(
    browser: Any, clerk: Actor, province: factories.Province
) -> None:
    item, (patron,) = make(province, "Lê Bình")
    hold(clerk, item, patron, province.branch)
    assert browser.get("/staff/holds/to-fetch.pdf").data[:5] == b"%PDF-"


def test_slips_are_printed_once_and_served_by_the_stack(
    browser: Any, clerk: Actor, province: factories.Province
) -> None:
    item, (patron,) = make(province, "Lê Bình")
    with db.transaction() as session:
        set_setting(
            session,
            replace(clerk, all_rights=True),
            province.library.id,
            "circulation.closed_stack",
            True,
        )
    hold_id = hold(clerk, item, patron, province.branch, kind="slip")
    page = text_of(browser.get("/staff/holds/stack"))
    assert re.search(rf'data-new="{hold_id}"', page)
    part = text_of(browser.get("/staff/holds/stack", headers={"X-Requested-With": "fetch"}))
    assert "<html" not in part
    assert browser.get("/staff/holds/slips.pdf").data[:5] == b"%PDF-"
    browser.post("/staff/holds/stack/printed", data={"ids": str(hold_id)})
    assert 'data-new=""' in text_of(browser.get("/staff/holds/stack"))
    panel = text_of(browser.get(f"/staff/desk?patron={patron.id}"))
    assert f"/staff/holds/slips.pdf?ids={hold_id}" in panel


def test_a_page_left_open_is_given_each_slip_once_and_again_for_another_copy(
    browser: Any, clerk: Actor, province: factories.Province
) -> None:
    item, (patron,) = make(province, "Lê Bình")
    with db.transaction() as session:
        other = factories.create_item(session, province.branch, session.get(Record, item.record_id))
        admin = replace(clerk, all_rights=True)
        set_setting(session, admin, province.library.id, "circulation.closed_stack", value=True)
    hold_id = hold(clerk, item, patron, province.branch, kind="slip")

    def given() -> list[int]:
        fetched = {"X-Requested-With": "fetch"}
        ids: list[int] = browser.post("/staff/holds/stack/printed", headers=fetched).json["ids"]
        return ids

    assert (given(), given()) == ([hold_id], [])
    first = get(Hold, hold_id).item_id
    perform(not_on_shelf, replace(clerk, all_rights=True), hold_id=hold_id, key="n1")
    assert get(Hold, hold_id).item_id == ({item.id, other.id} - {first}).pop()
    assert (given(), given()) == ([hold_id], [])
    browser.post(f"/staff/holds/{hold_id}", data={"act": "cancel", "from": "stack", "key": "c1"})
    assert browser.get(f"/staff/holds/slips.pdf?ids={hold_id}").status_code == 404


def test_titles_with_many_readers_for_each_copy_are_proposed_for_buying(
    browser: Any, clerk: Actor, province: factories.Province
) -> None:
    item, patrons = make(province, "Một", "Hai", "Ba")
    with db.transaction() as session:
        other = factories.create_item(session, province.branch)
        other.lifecycle = "active"
    for patron in patrons:
        hold(clerk, item, patron, province.branch)
    page = text_of(browser.get("/staff/holds/demand"))
    assert f"/staff/holds/title/{item.record_id}" in page
    assert f"/staff/holds/title/{other.record_id}" not in page


def test_what_is_on_its_way_is_called_back_and_sent_by_hand(
    browser: Any, clerk: Actor, province: factories.Province
) -> None:
    item, (patron,) = make(province, "Lê Bình")
    hold(clerk, item, patron, province.other_branch)
    perform(check_in, clerk, barcode=item.barcode, key="c1")
    with db.reading() as session:
        transit = session.scalars(select(Transit)).one()
    page = text_of(browser.get("/staff/transits/"))
    assert f"transit-{transit.id}" in page
    for words in ("late=1", "way=in", "q=khong-co", "why=manual", "other=0"):
        assert f"transit-{transit.id}" not in text_of(browser.get(f"/staff/transits/?{words}"))
    assert browser.get(f"/staff/desk/slips/transit/{transit.id}.pdf").data.startswith(b"%PDF")
    assert browser.get("/staff/transits/list.pdf").data.startswith(b"%PDF")
    assert browser.get("/staff/transits/list.xlsx?late=1").data.startswith(b"PK")
    address = f"/staff/transits/{transit.id}"
    browser.post(address, data={"act": "not_arrived"})
    with db.reading() as session:
        assert len(session.scalars(select(ItemSearch)).all()) == 2
    silent = browser.post(f"{address}?sort=title", data={"act": "cancel"}, follow_redirects=True)
    assert silent.request.full_path.endswith("?sort=title")
    assert "Xin ghi lý do" in text_of(silent)
    browser.post(address, data={"act": "cancel", "why": "xe không chạy"})
    assert get(Transit, transit.id).cancelled_at is not None
    words = {"barcode": item.barcode, "to": province.other_branch.id}
    told = browser.post("/staff/transits/send", data=words, follow_redirects=True)
    assert "Gửi" in text_of(told)


def test_the_page_of_a_record_leads_to_its_queue(
    browser: Any, province: factories.Province
) -> None:
    item, _ = make(province, "Lê Bình")
    page = text_of(browser.get(f"/staff/catalog/{item.record_id}"))
    assert f"/staff/holds/title/{item.record_id}" in page


def test_a_copy_at_a_wrong_place_is_kept_there_from_the_desk(
    clerk: Actor, province: factories.Province, staff_client: Callable[..., Any]
) -> None:
    item, (patron,) = make(province, "Lê Bình")
    hold_id = hold(clerk, item, patron, province.other_branch)
    perform(check_in, clerk, barcode=item.barcode, key="c1")
    with db.transaction() as session:
        third = factories.create_unit(session, "branch", "Cơ sở 3", province.library)
    there = staff_client("clerk", third)
    page = text_of(there.post("/staff/desk/scan", data={"scan": item.barcode, "mode": "checkin"}))
    (address,) = re.findall(r'action="(/staff/transits/\d+)"', page)
    kept = there.post(address, data={"act": "receive_here", "from": "desk"})
    assert kept.headers["Location"].startswith("/staff/desk")
    assert get(Hold, hold_id).state == "queued"
    assert get(Item, item.id).located_id == third.id
