"""The page of a title: what it is, where it stands, and nothing of what it might smuggle in."""

import json
import re
from datetime import timedelta
from typing import Any

import pytest

from circulation.models import Hold, Loan
from ils.core import clock, db
from tests import factories
from tests.opac.conftest import text_of

EVIL = "\"><script>alert('x')</script><img src=x onerror=alert(1)>"


def test_copies_are_listed_with_shelf_and_call_number(
    client: Any, province: Any, title: Any
) -> None:
    page = text_of(client.get(f"/{province.library.slug}/record/{title.id}"))
    assert "Giá 4" in page
    assert "895.92 ĐO" in page
    assert "1 bản ở các thư viện khác trong tỉnh" in page
    assert "Mượn được" in page


def test_a_lent_copy_says_when_it_is_expected(
    client: Any, province: Any, make: Any, tuesday: Any
) -> None:
    def lend(session: Any, days: int) -> Any:
        item = factories.create_item(session, province.branch)
        patron = factories.create_patron(session, province.branch)
        session.add(
            Loan(
                item_id=item.id,
                record_id=item.record_id,
                patron_id=patron.id,
                branch_id=province.branch.id,
                started_at=clock.now(),
                started_on=clock.today() - timedelta(days=30),
                due_on=clock.today() + timedelta(days=days),
            )
        )
        return item.record_id

    coming = make(lend, 5)
    assert "hẹn trả 29/11/2026" in text_of(client.get(f"/record/{coming}"))
    late = make(lend, -5)
    page = text_of(client.get(f"/record/{late}"))
    assert "đã quá hạn trả" in page
    assert "19/11/2026" not in page


def test_marc_text_never_becomes_markup(client: Any, province: Any, make: Any) -> None:
    fields = [
        {"520": {"ind1": " ", "ind2": " ", "subfields": [{"a": EVIL}]}},
        {"650": {"ind1": " ", "ind2": "4", "subfields": [{"a": EVIL}]}},
        {
            "856": {
                "ind1": "4",
                "ind2": "0",
                "subfields": [{"u": "javascript:alert(1)"}, {"u": 'https://x/"><script>'}],
            }
        },
    ]
    record = make(factories.create_record, EVIL, author=EVIL, fields=fields)
    for path in (
        f"/record/{record.id}",
        "/search?q=alert",
        "/",
        "/new-books",
        f"/cover/{record.id}.svg",
    ):
        page = text_of(client.get(path))
        assert "<script>alert" not in page, path
        assert "<img src=x" not in page, path
        assert 'href="javascript' not in page, path


def test_linked_data_is_valid_and_cannot_leave_its_script(
    client: Any, province: Any, make: Any
) -> None:
    record = make(factories.create_record, "</script><script>alert(1)</script>")
    page = text_of(client.get(f"/record/{record.id}"))
    found = re.search(r'<script type="application/ld\+json">(.*?)</script>', page, re.DOTALL)
    assert found
    data = json.loads(found[1])
    assert data["@type"] == "Book"
    assert data["name"].startswith("</script>")
    assert data["author"][0]["name"] == "Tô Hoài"


@pytest.mark.parametrize(
    "words",
    ["", "x" * 3000, "Một nhan đề rất dài " * 60, "كتاب ألف ليلة وليلة", "\u202eabc", "字" * 500],
)
def test_weird_titles_have_a_page_a_cover_and_a_place_in_lists(
    client: Any, province: Any, make: Any, words: str
) -> None:
    record = make(factories.create_record, words)
    make(factories.create_item, province.branch, record)
    assert client.get(f"/record/{record.id}").status_code == 200
    assert client.get(f"/cover/{record.id}.svg").status_code == 200
    assert client.get("/new-books").status_code == 200
    assert client.get("/search?q=to+hoai").status_code == 200


def test_hidden_and_deleted_titles_are_not_shown(client: Any, province: Any, title: Any) -> None:
    with db.transaction() as session:
        session.get_one(type(title), title.id).suppressed = True
    assert client.get(f"/record/{title.id}").status_code == 404
    assert client.get(f"/cover/{title.id}.svg").status_code == 404
    assert f"/record/{title.id}" not in text_of(client.get("/"))
    assert f"/record/{title.id}" not in text_of(client.get("/sitemap-1.xml"))


def test_lost_and_withdrawn_copies_are_not_shown(client: Any, province: Any, make: Any) -> None:
    item = make(factories.create_item, province.branch, lifecycle="withdrawn", shelf="Giá 99")
    assert "Giá 99" not in text_of(client.get(f"/record/{item.record_id}"))


def test_the_number_of_waiting_readers_is_shown_but_never_who(
    client: Any, province: Any, title: Any, make: Any
) -> None:
    patron = make(factories.create_patron, province.branch, "Lê Thị Kín Đáo")
    with db.transaction() as session:
        session.add(
            Hold(record_id=title.id, patron_id=patron.id, pickup_branch_id=province.branch.id)
        )
    page = text_of(client.get(f"/record/{title.id}"))
    assert "1 bạn đọc đang chờ" in page
    assert "Kín Đáo" not in page


def test_a_cover_is_kept_by_the_browser(client: Any, province: Any, title: Any) -> None:
    answer = client.get(f"/cover/{title.id}.svg")
    assert answer.mimetype == "image/svg+xml"
    assert "max-age" in answer.headers["Cache-Control"]
    again = client.get(f"/cover/{title.id}.svg", headers={"If-None-Match": answer.headers["ETag"]})
    assert again.status_code == 304


def test_a_librarys_page_counts_its_own_copies(client: Any, province: Any, make: Any) -> None:
    def both(session: Any) -> tuple[int, int]:
        record = factories.create_record(session)
        for branch in (province.branch, province.foreign_branch, province.foreign_branch):
            factories.create_item(session, branch, record)
        alone = factories.create_item(session, province.foreign_branch)
        return record.id, alone.record_id

    shared, foreign = make(both)
    ours = province.library.slug
    assert "Mượn được 1/1 bản" in text_of(client.get(f"/{ours}/record/{shared}"))
    assert "Mượn được 3/3 bản" in text_of(client.get(f"/record/{shared}"))
    page = text_of(client.get(f"/{ours}/record/{foreign}"))
    assert "Có ở thư viện khác trong tỉnh" in page
    assert f"/{ours}/record/{foreign}/hold" in page


def test_whom_a_book_is_for_is_no_note(client: Any, province: Any, make: Any) -> None:
    fields = [
        {"521": {"ind1": " ", "ind2": " ", "subfields": [{"a": "Thiếu nhi"}]}},
        {"500": {"ind1": " ", "ind2": " ", "subfields": [{"a": "Ra đời: 1941"}]}},
    ]
    record = make(factories.create_record, fields=fields)
    page = re.sub(r"\s+", " ", text_of(client.get(f"/record/{record.id}")))
    assert re.search(r"<dt>Dành cho</dt> ?<dd[^>]*>Thiếu nhi</dd>", page)
    assert re.search(r"<dt>Ghi chú</dt> ?<dd[^>]*>Ra đời: 1941</dd>", page)


def test_what_is_only_read_in_the_library_is_not_offered_for_a_hold(
    client: Any, province: Any, make: Any
) -> None:
    item = make(factories.create_item, province.branch, use="reading_room")
    page = text_of(client.get(f"/record/{item.record_id}"))
    assert "Đọc tại chỗ" in page
    assert "Hiện chưa mượn được" not in page
    assert f"/record/{item.record_id}/hold" not in page
