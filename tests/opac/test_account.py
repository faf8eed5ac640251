"""The reader's account: sign in, renew, reserve, cancel, pay nobody else's fines."""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from circulation.models import Hold, Loan, PolicyRow
from circulation.patrons.models import Patron
from ils.accounts.passwords import hash_password
from ils.core import clock, db
from ils.org.models import SettingRow
from opac.words import reasons_for_patron
from tests import factories
from tests.opac.conftest import text_of

PASSWORD = "con-meo-treo-cay-cau"


@pytest.fixture
def reader(province: Any) -> tuple[Patron, str]:
    """A reader with a password of their own, and the number of their card."""
    with db.transaction() as session:
        patron = factories.create_patron(session, province.branch, "Nguyễn Thị Lan")
        patron.password_hash = hash_password(PASSWORD)
        patron.must_change_password = False
        number = factories.card_of(session, patron)
    return patron, number


def lend(patron: Patron, branch: Any, days_left: int = 7, **more: Any) -> Loan:
    """Lend a copy, so many days before its due date."""
    with db.transaction() as session:
        item = factories.create_item(session, branch)
        loan = Loan(
            item_id=item.id,
            record_id=item.record_id,
            patron_id=patron.id,
            branch_id=branch.id,
            started_at=clock.now() - timedelta(days=10),
            started_on=clock.today() - timedelta(days=10),
            due_on=clock.today() + timedelta(days=days_left),
            **more,
        )
        session.add(loan)
    return loan


def sign_in(client: Any, number: str, password: str, path: str = "/account/sign-in") -> Any:
    return client.post(path, data={"card": number, "password": password})


def test_a_reader_signs_in_with_card_and_password(client: Any, province: Any, reader: Any) -> None:
    _, number = reader
    answer = sign_in(client, number.lower(), PASSWORD, f"/{province.library.slug}/account/sign-in")
    assert answer.status_code == 302
    assert answer.headers["Location"] == f"/{province.library.slug}/account"
    page = text_of(client.get(f"/{province.library.slug}/account"))
    assert "Nguyễn Thị Lan" in page
    assert number in page
    assert client.post("/account/sign-out").status_code == 302
    assert client.get("/account").status_code == 302


@pytest.mark.parametrize(("card", "password"), [("TV9999", PASSWORD), ("", ""), ("x" * 60, "y")])
def test_a_wrong_card_is_refused(
    client: Any, province: Any, reader: Any, card: str, password: str
) -> None:
    assert sign_in(client, card, password).status_code in (401, 422)
    assert client.get("/account").status_code == 302


def test_a_wrong_password_is_refused_and_guessing_slowed_down(
    client: Any, province: Any, reader: Any
) -> None:
    _, number = reader
    answer = sign_in(client, number, "sai")
    assert answer.status_code == 401
    assert "Số thẻ hoặc mật khẩu không đúng" in text_of(answer)
    assert number in text_of(answer)
    for _ in range(6):
        answer = sign_in(client, number, "sai")
    assert answer.status_code == 429
    assert sign_in(client, number, PASSWORD).status_code == 429


def test_after_signing_in_one_comes_to_the_page_asked_for_but_never_away(
    client: Any, province: Any, reader: Any, title: Any
) -> None:
    _, number = reader
    wanted = client.get(f"/record/{title.id}/hold").headers["Location"]
    answer = sign_in(client, number, PASSWORD, wanted)
    assert answer.headers["Location"] == f"/record/{title.id}/hold"
    assert client.get(f"/record/{title.id}/hold").headers["Location"].endswith("#hold")
    client.post("/account/sign-out")
    for evil in ("https://evil.example", "//evil.example", "/\\evil.example", "javascript:x"):
        answer = sign_in(client, number, PASSWORD, f"/account/sign-in?next={evil}")
        assert answer.headers["Location"] == "/account", evil
        client.post("/account/sign-out")


def test_the_first_password_must_be_changed(client: Any, province: Any, reader: Any) -> None:
    patron, number = reader
    with db.transaction() as session:
        session.get_one(Patron, patron.id).must_change_password = True
    assert "/account/password" in sign_in(client, number, PASSWORD).headers["Location"]
    assert "/account/password" in client.get("/account").headers["Location"]
    wrong = {"old": "không phải", "new": "hoa sen nở giữa hồ", "again": "hoa sen nở giữa hồ"}
    answer = client.post("/account/password", data=wrong)
    assert answer.status_code == 409
    assert "Mật khẩu hiện tại" in text_of(answer)
    answer = client.post("/account/password", data={**wrong, "old": PASSWORD})
    assert answer.status_code == 302
    assert client.get("/account").status_code == 200


def test_a_new_password_ends_the_other_sessions(app: Any, province: Any, reader: Any) -> None:
    _, number = reader
    here, there = app.test_client(), app.test_client()
    for browser in (here, there):
        sign_in(browser, number, PASSWORD)
    new = "hoa sen nở giữa hồ"
    here.post("/account/password", data={"old": PASSWORD, "new": new, "again": new})
    assert here.get("/account").status_code == 200
    assert there.get("/account").status_code == 302


def test_the_account_shows_loans_lateness_and_fines(
    patron_client: Any, province: Any, reader: Any
) -> None:
    patron, _ = reader
    lend(patron, province.branch, 5)
    lend(patron, province.branch, -3)
    page = text_of(patron_client(patron).get("/account"))
    assert "còn 5 ngày" in page
    assert "quá hạn 3 ngày" in page
    assert "phạt tạm tính" in page
    assert "Bạn còn phải nộp" in page


def test_a_loan_is_renewed_and_the_new_date_said(
    patron_client: Any, province: Any, reader: Any
) -> None:
    patron, _ = reader
    loan = lend(patron, province.branch, 1)
    browser = patron_client(patron)
    answer = browser.post(
        "/account/renew", data={"loan_id": loan.id, "key": "k1"}, follow_redirects=True
    )
    due = clock.today() + timedelta(days=14)
    with db.reading() as session:
        after = session.get_one(Loan, loan.id)
    assert after.renewals == 1
    assert after.due_on >= due
    assert f"đã gia hạn đến ngày {after.due_on:%d/%m/%Y}" in text_of(answer)
    browser.post("/account/renew", data={"loan_id": loan.id, "key": "k1"})
    with db.reading() as session:
        assert session.get_one(Loan, loan.id).renewals == 1


def test_a_refused_renewal_gives_the_reason(
    patron_client: Any, province: Any, reader: Any, make: Any
) -> None:
    patron, _ = reader
    loan = lend(patron, province.branch, 1)
    other = make(factories.create_patron, province.branch, "Người Chờ")
    with db.transaction() as session:
        session.add(
            Hold(record_id=loan.record_id, patron_id=other.id, pickup_branch_id=province.branch.id)
        )
    browser = patron_client(patron)
    assert "Có bạn đọc khác đang chờ cuốn này" in text_of(browser.get("/account"))
    answer = browser.post("/account/renew", data={"loan_id": loan.id}, follow_redirects=True)
    assert "chưa gia hạn được" in text_of(answer)
    assert "Người Chờ" not in text_of(answer)
    with db.reading() as session:
        assert session.get_one(Loan, loan.id).renewals == 0


def test_all_loans_are_renewed_at_once(patron_client: Any, province: Any, reader: Any) -> None:
    patron, _ = reader
    loans = [lend(patron, province.branch, days) for days in (1, 2)]
    answer = patron_client(patron).post(
        "/account/renew-all", data={"key": "all"}, follow_redirects=True
    )
    assert text_of(answer).count("đã gia hạn đến ngày") == 2
    with db.reading() as session:
        assert all(session.get_one(Loan, one.id).renewals == 1 for one in loans)


def test_nobody_renews_another_readers_loan(
    patron_client: Any, province: Any, reader: Any, make: Any
) -> None:
    patron, _ = reader
    loan = lend(patron, province.branch, 1)
    stranger = make(factories.create_patron, province.branch, "Người Lạ")
    browser = patron_client(stranger)
    browser.post("/account/renew", data={"loan_id": loan.id, "key": "x"})
    browser.post("/account/renew", data={"loan_id": 999_999, "key": "y"})
    with db.reading() as session:
        assert session.get_one(Loan, loan.id).renewals == 0


def test_a_title_is_reserved_and_the_place_in_the_queue_shown(
    patron_client: Any, province: Any, reader: Any, make: Any
) -> None:
    patron, _ = reader
    other = make(factories.create_patron, province.branch, "Người Khác")
    loan = lend(other, province.branch)
    browser = patron_client(patron)
    assert 'name="pickup"' in text_of(browser.get(f"/record/{loan.record_id}"))
    answer = browser.post(
        f"/record/{loan.record_id}/hold",
        data={"pickup": province.other_branch.id, "key": "h1"},
        follow_redirects=True,
    )
    page = text_of(answer)
    assert "Bạn đứng thứ 1 trong hàng chờ" in page
    assert "Thứ 1 trong 1 người chờ" in page
    assert "Cơ sở 2" in page
    assert "Bạn đã đặt giữ cuốn này" in text_of(browser.get(f"/record/{loan.record_id}"))


def test_a_hold_is_moved_to_another_branch_and_canceled(
    patron_client: Any, province: Any, reader: Any, make: Any
) -> None:
    patron, _ = reader
    other = make(factories.create_patron, province.branch, "Người Khác")
    loan = lend(other, province.branch)
    browser = patron_client(patron)
    browser.post(f"/record/{loan.record_id}/hold", data={"pickup": province.branch.id})
    with db.reading() as session:
        hold_id = session.scalars(select(Hold.id).where(Hold.patron_id == patron.id)).one()
    browser.post(f"/account/holds/{hold_id}/pickup", data={"pickup": province.other_branch.id})
    with db.reading() as session:
        assert session.get_one(Hold, hold_id).pickup_branch_id == province.other_branch.id
    answer = browser.post(f"/account/holds/{hold_id}/cancel", follow_redirects=True)
    assert "Đã hủy đặt giữ" in text_of(answer)
    with db.reading() as session:
        assert session.get_one(Hold, hold_id).state == "cancelled"


def test_a_hold_is_paused_let_go_on_and_kept_longer_by_its_reader(
    client: Any, province: Any, reader: Any
) -> None:
    _, number = reader
    with db.transaction() as session:
        item = factories.create_item(session, province.branch)
    sign_in(client, number, PASSWORD)
    words = {"pickup": province.branch.id, "item": item.id, "need_by": "h+30"}
    client.post(f"/record/{item.record_id}/hold", data=words)
    with db.reading() as session:
        hold = session.scalars(select(Hold)).one()
    assert (hold.item_level_item_id, hold.need_by is not None) == (item.id, True)
    address = f"/account/holds/{hold.id}/change"
    wrong = client.post(address, data={"act": "pause", "until": "xx"}, follow_redirects=True)
    assert "không phải" in text_of(wrong)
    paused = client.post(address, data={"act": "pause", "until": "h+5"}, follow_redirects=True)
    assert "vẫn giữ nguyên thứ tự" in text_of(paused)
    client.post(address, data={"act": "resume"})
    with db.transaction() as session:
        row = session.get_one(Hold, hold.id)
        assert row.state == "targeted"
        row.state, row.ready_on, row.shelf_until = "ready", clock.today(), clock.today()
    kept = client.post(address, data={"act": "extend"}, follow_redirects=True)
    assert "Giữ cho bạn đến" in text_of(kept)
    assert client.post(address, data={"act": "else"}).status_code == 400


def test_a_book_is_requested_from_the_closed_stack(client: Any, province: Any, reader: Any) -> None:
    _, number = reader
    with db.transaction() as session:
        item = factories.create_item(session, province.branch, use="reading_room")
        row = SettingRow(unit_id=province.branch.id, key="circulation.closed_stack")
        row.value = {"v": True}
        session.add(row)
    page = f"/record/{item.record_id}"
    assert "Yêu cầu lấy từ kho" in text_of(client.get(page))
    sign_in(client, number, PASSWORD)
    assert 'name="kind" value="slip"' in text_of(client.get(page))
    words = {"pickup": province.branch.id, "kind": "slip"}
    told = client.post(f"{page}/hold", data=words, follow_redirects=True)
    assert "đang được lấy từ kho" in text_of(told)
    assert "đọc tại chỗ hôm nay" in text_of(told)


def test_a_refused_hold_leads_back_to_the_title_with_the_reason(
    patron_client: Any, province: Any, reader: Any, make: Any
) -> None:
    patron, _ = reader
    item = make(factories.create_item, province.branch, use="not_for_loan")
    answer = patron_client(patron).post(
        f"/record/{item.record_id}/hold", data={"pickup": province.branch.id}
    )
    assert f"/record/{item.record_id}" in answer.headers["Location"]
    with db.reading() as session:
        assert session.scalars(select(Hold)).all() == []


def test_nobody_cancels_another_readers_hold(
    patron_client: Any, province: Any, reader: Any, make: Any, title: Any
) -> None:
    patron, _ = reader
    with db.transaction() as session:
        hold = Hold(record_id=title.id, patron_id=patron.id, pickup_branch_id=province.branch.id)
        session.add(hold)
    stranger = patron_client(make(factories.create_patron, province.branch, "Người Lạ"))
    stranger.post(f"/account/holds/{hold.id}/cancel")
    stranger.post(f"/account/holds/{hold.id}/change", data={"act": "pause"})
    stranger.post(f"/account/holds/{hold.id}/pickup", data={"pickup": province.other_branch.id})
    with db.reading() as session:
        after = session.get_one(Hold, hold.id)
    assert after.state in ("queued", "targeted")
    assert after.pickup_branch_id == province.branch.id


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("get", "/account"),
        ("get", "/account/password"),
        ("post", "/account/renew"),
        ("post", "/account/renew-all"),
        ("post", "/account/holds/1/cancel"),
        ("post", "/account/holds/1/change"),
        ("post", "/record/1/hold"),
    ],
)
def test_strangers_are_led_to_the_sign_in(
    client: Any, province: Any, method: str, path: str
) -> None:
    answer = getattr(client, method)(path)
    assert answer.status_code == 302
    assert "/account/sign-in" in answer.headers["Location"]


def test_a_patron_is_no_member_of_staff(patron_client: Any, province: Any, reader: Any) -> None:
    browser = patron_client(reader[0])
    assert "/staff/sign-in" in browser.get("/staff/patrons/").headers["Location"]


def test_forms_carry_a_token_against_forgery(app: Any, province: Any, reader: Any) -> None:
    app.config["WTF_CSRF_ENABLED"] = True
    _, number = reader
    answer = sign_in(app.test_client(), number, PASSWORD)
    assert answer.status_code == 400
    app.config["WTF_CSRF_ENABLED"] = False


def test_a_library_without_fines_shows_none(patron_client: Any, province: Any, reader: Any) -> None:
    with db.transaction() as session:
        session.scalars(select(PolicyRow)).one().values = {"penalty": "none"}
    page = text_of(patron_client(reader[0]).get("/account"))
    assert "Không phải nộp khoản nào" in page
    assert "Bạn không mượn cuốn nào" in page


def test_trying_later_is_advised_only_where_it_may_help(app: Any) -> None:
    later, spent = ("no_gain", {}), ("limit_reached", {"limit": 1})
    with app.test_request_context("/?lang=en"):
        assert reasons_for_patron([later])[0].endswith("Try again nearer to the date.")
        assert reasons_for_patron([spent, later]) == reasons_for_patron([spent])
