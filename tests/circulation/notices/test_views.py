"""The pages of notices, as clerk, head and reader use them."""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from circulation import desk
from circulation.checkout import check_out
from circulation.notices.models import Notice, NoticeMessage, NoticeText, NoticeWish
from circulation.notices.planning import plan_day
from circulation.notices.sending import form_messages
from ils.core import clock, db
from tests import factories
from tests.circulation.notices.conftest import Post

HOME = "/staff/notices/"


@pytest.fixture
def told(province: factories.Province) -> Any:
    """A reader whose book is late, on the call list: (patron, message id)."""
    with db.transaction() as session:
        item = factories.create_item(
            session, province.branch, factories.create_record(session, "Đất rừng phương Nam")
        )
        patron = factories.create_patron(session, province.branch, "Lý Thị Gọi", phone="0600111222")
        actor = factories.create_actor(session, "head", province.branch)
    with clock.at(clock.now() - timedelta(days=20)):
        desk.perform(check_out, actor, barcode=item.barcode, patron_id=patron.id, key="n1")
    with db.transaction() as session:
        plan_day(session)
    form_messages()
    with db.reading() as session:
        return patron, session.scalars(select(NoticeMessage.id)).one()


def test_a_clerk_works_the_call_list_off(
    staff_client: Any, province: factories.Province, told: Any
) -> None:
    clerk = staff_client("clerk", province.branch)
    page = clerk.get(f"{HOME}calls").text
    assert "0600111222" in page
    assert clerk.get(f"{HOME}calls.xlsx").data.startswith(b"PK")
    assert clerk.get(f"{HOME}calls.pdf").data.startswith(b"%PDF")
    where = f"{HOME}calls/{told[1]}"
    refused = clerk.post(
        where,
        data={"result": "promised", "promised_on": "hôm nào", "tries": 0},
        follow_redirects=True,
    )
    assert "60 ngày tới" in refused.text
    clerk.post(where, data={"result": "promised", "promised_on": "h+3", "tries": 0})
    assert "0600111222" not in clerk.get(f"{HOME}calls").text
    assert "Lý Thị Gọi" in clerk.get(f"{HOME}?state=sent").text
    assert "Hẹn ngày trả" in clerk.get(f"{HOME}message/{told[1]}").text
    assert clerk.get(f"{HOME}texts").status_code == 403


@pytest.mark.parametrize("words", ["đất rừng", "ĐẤT RỪNG", "lý thị gọi", "Ly Thi"])
def test_notices_are_found_by_title_or_name_however_it_is_written(
    staff_client: Any, province: factories.Province, told: Any, words: str
) -> None:
    clerk = staff_client("clerk", province.branch)
    found = clerk.get(HOME, query_string={"q": words}).text
    assert "Đất rừng phương Nam" in found
    nothing = clerk.get(HOME, query_string={"q": "Tắt đèn"}).text
    assert "Đất rừng phương Nam" not in nothing


def test_a_planned_notice_can_be_taken_out(
    staff_client: Any, province: factories.Province, told: Any
) -> None:
    clerk = staff_client("clerk", province.branch)
    with db.reading() as session:
        notice_id = session.scalars(select(Notice.id)).one()
    clerk.post(f"{HOME}drop/{notice_id}")
    assert "0600111222" not in clerk.get(f"{HOME}calls").text
    assert "thư viện bỏ" in clerk.get(f"{HOME}?state=dropped").text


def test_the_head_writes_a_text_sees_it_first_and_is_told_what_is_wrong(
    staff_client: Any, province: factories.Province, told: Any
) -> None:
    head = staff_client("head", province.library)
    where = {"unit": province.library.id, "what": "overdue", "language": "vi"}
    wrong = head.post(f"{HOME}texts", data={**where, "line": "{tên}", "act": "save"})
    assert wrong.status_code == 422
    assert "{tên}" in wrong.text
    seen = head.post(f"{HOME}texts", data={**where, "intro": "Mời trả sách:", "act": "preview"})
    assert "Kính gửi Lý Thị Gọi" in seen.text
    with db.reading() as session:
        assert not session.scalars(select(NoticeText)).all()
    head.post(f"{HOME}texts", data={**where, "intro": "Mời trả sách:", "act": "save"})
    assert "Mời trả sách:" in head.get(f"{HOME}texts", query_string=where).text


def test_a_test_message_really_goes_out(
    staff_client: Any, province: factories.Province, post: Post
) -> None:
    head = staff_client("head", province.library)
    post.at_rcpt = ["550 unknown"]
    sent = {"channel": "email", "to": "thu@sen.example"}
    assert "550 unknown" in head.post(f"{HOME}test", data=sent).text
    assert head.post(f"{HOME}test", data=sent).status_code == 200
    assert post.to == ["thu@sen.example"]


def test_a_reader_chooses_how_to_be_told(patron_client: Any, told: Any) -> None:
    browser = patron_client(told[0])
    assert browser.get("/account/notices").status_code == 200
    assert browser.post("/account/notices", data={"channel": "dove"}).status_code == 422
    browser.post("/account/notices", data={"channel": "letter", "language": "en"})
    with db.reading() as session:
        wish = session.scalars(select(NoticeWish)).one()
        assert (wish.channel, wish.courtesies) == ("letter", False)
