"""A reader suggests what to buy: from a search that finds nothing, in the account, within limits."""

from typing import Any

import pytest
from sqlalchemy import select

from cataloging.acquisitions.models import Suggestion
from cataloging.acquisitions.settings import SUGGESTIONS
from ils.accounts.passwords import hash_password
from ils.core import db
from ils.org.models import SettingRow
from tests import factories

PASSWORD = "con-meo-treo-cay-cau"


@pytest.fixture
def reader(client: Any, province: Any) -> Any:
    """A browser in which a reader is signed in."""
    with db.transaction() as session:
        patron = factories.create_patron(session, province.branch, "Nguyễn Thị Lan")
        patron.password_hash = hash_password(PASSWORD)
        patron.must_change_password = False
        number = factories.card_of(session, patron)
        record = factories.create_record(session, "Số đỏ", author="Vũ Trọng Phụng")
        factories.create_item(session, province.branch, record)
    signed_in = client.post("/account/sign-in", data={"card": number, "password": PASSWORD})
    assert signed_in.status_code == 302
    return client


def test_a_search_that_finds_nothing_leads_to_a_suggestion(reader: Any) -> None:
    page = reader.get("/search?q=tuoi+tho+du+doi").get_data(as_text=True)
    assert "/account/suggest?title=tuoi+tho+du+doi" in page
    form = reader.get("/account/suggest?title=tuổi thơ dữ dội").get_data(as_text=True)
    assert 'value="tuổi thơ dữ dội"' in form
    sent = reader.post("/account/suggest", data={"title": "Tuổi thơ dữ dội", "note": "hay"})
    assert sent.location.endswith("/account#suggestions")
    account = reader.get("/account").get_data(as_text=True)
    assert "Tuổi thơ dữ dội" in account
    assert "Chờ trả lời" in account
    with db.reading() as session:
        wish = session.scalars(select(Suggestion)).one().id
    assert reader.post(f"/account/suggestions/{wish + 1}/withdraw").status_code == 302
    reader.post(f"/account/suggestions/{wish}/withdraw")
    with db.reading() as session:
        assert session.scalars(select(Suggestion)).all() == []


def test_what_is_there_is_told_and_may_be_suggested_all_the_same(reader: Any) -> None:
    told = reader.post("/account/suggest", data={"title": "số đỏ"})
    assert told.status_code == 409
    page = told.get_data(as_text=True)
    assert "thư viện của bạn có 1 bản" in page
    assert "in_spite" in page
    again = reader.post("/account/suggest", data={"title": "số đỏ", "in_spite": "1"})
    assert again.status_code == 302
    twice = reader.post("/account/suggest", data={"title": "Số đỏ", "in_spite": "1"})
    assert "Bạn đã đề nghị" in twice.get_data(as_text=True)
    wrong = reader.post("/account/suggest", data={"title": "x", "isbn": "12"})
    assert "không phải số ISBN" in wrong.get_data(as_text=True)


def test_a_library_may_take_no_suggestions(reader: Any, province: Any) -> None:
    with db.transaction() as session:
        unit_id = province.top.id
        session.add(SettingRow(unit_id=unit_id, key=SUGGESTIONS, value={"v": False}))
    assert "/account/suggest" not in reader.get("/search?q=zzzz").get_data(as_text=True)
    assert reader.post("/account/suggest", data={"title": "x"}).status_code == 409
    with db.reading() as session:
        assert session.scalars(select(Suggestion)).all() == []
