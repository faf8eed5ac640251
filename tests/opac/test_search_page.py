"""The result page, without JavaScript."""

from typing import Any

import pytest

from cataloging.models import Record
from ils.core import db
from tests import factories
from tests.opac.conftest import text_of


@pytest.fixture
def books(province: Any) -> list[Record]:
    """Twenty-five titles of one author, the last without a copy."""
    with db.transaction() as session:
        made = [
            factories.create_record(session, f"Kính vạn hoa tập {n}", author="Nguyễn Nhật Ánh")
            for n in range(1, 26)
        ]
        for record in made[:-1]:
            factories.create_item(session, province.branch, record, call_number="895.9 NG")
    return made


def test_results_tell_the_total_and_page(client: Any, province: Any, books: Any) -> None:
    first = text_of(client.get("/search?q=kinh+van+hoa"))
    assert "25 tài liệu cho" in first
    assert first.count('class="hit"') == 20
    assert "1–20 trên 25" in first
    second = text_of(client.get("/search?q=kinh+van+hoa&page=2"))
    assert second.count('class="hit"') == 5


def test_a_page_behind_the_last_leads_to_the_last(client: Any, province: Any, books: Any) -> None:
    answer = client.get("/search?q=kinh+van+hoa&page=99")
    assert answer.status_code == 302
    assert "page=2" in answer.headers["Location"]


def test_a_result_shows_live_availability_and_where_the_copy_stands(
    client: Any, province: Any, books: Any
) -> None:
    page = text_of(client.get(f"/{province.library.slug}/search?q=kinh+van+hoa"))
    assert "Mượn được 1/1 bản" in page
    assert "Phòng mượn" in page
    assert "895.9 NG" in page


def test_a_library_site_finds_only_what_the_library_has(
    client: Any, province: Any, books: Any
) -> None:
    page = text_of(client.get(f"/{province.foreign_library.slug}/search?q=kinh+van+hoa"))
    assert "Không tìm thấy" in page
    assert "Các thư viện khác trong tỉnh có 25 tài liệu" in page
    assert 'href="/search?q=kinh+van+hoa"' in page


def test_what_another_library_has_is_told_before_a_guess(
    client: Any, province: Any, books: Any, indexed: Any
) -> None:
    with db.transaction() as session:
        record = factories.create_record(session, "Kính vạn hoe")
        factories.create_item(session, province.foreign_branch, record)
    indexed()
    page = text_of(client.get(f"/{province.foreign_library.slug}/search?q=kinh+van+hoa"))
    assert "Có phải bạn tìm" in page
    assert "Các thư viện khác trong tỉnh có 25 tài liệu" in page
    nowhere = text_of(client.get(f"/{province.foreign_library.slug}/search?q=kinh+van+hoo"))
    assert "Các thư viện khác trong tỉnh" not in nowhere


@pytest.mark.parametrize(
    "query",
    [
        "q=" + "x" * 5000,
        "q=%00%00",
        'q="',
        "q=(((",
        "q=title:",
        "q=*",
        "q=%F0%9F%98%80",
        "page=-1",
        "page=abc",
        "page=99999999999",
        "sort=nothing",
        "library=abc",
        "language=%3Cb%3E",
        "year=ninety",
        "available=yes&available=no",
    ],
)
def test_odd_questions_are_answered_calmly(
    client: Any, province: Any, books: Any, query: str
) -> None:
    assert client.get(f"/search?{query}").status_code in (200, 302)
    assert client.get(f"/api/v1/search?{query}").status_code in (200, 404)


def test_what_was_typed_is_shown_as_text(client: Any, province: Any) -> None:
    page = text_of(client.get("/search?q=%22%3E%3Cscript%3Ealert(1)%3C/script%3E"))
    assert "<script>alert(1)" not in page
    assert "&lt;script&gt;alert(1)" in page


def test_nothing_found_gives_advice(client: Any, province: Any, books: Any) -> None:
    page = text_of(client.get("/search?q=zzzz+qqqq"))
    assert "Hỏi thủ thư tại quầy" in page


def test_a_chosen_facet_can_be_taken_away(client: Any, province: Any, books: Any) -> None:
    page = text_of(client.get("/search?q=kinh&language=vie"))
    assert 'class="chosen__one"' in page
    assert 'href="/search?q=kinh"' in page


def test_facets_count_and_narrow_down(client: Any, province: Any, books: Any, indexed: Any) -> None:
    indexed()
    page = text_of(client.get("/search?q=kinh+van+hoa"))
    assert 'id="narrow"' in page
    assert "Mượn được ngay" in page
    narrowed = text_of(client.get("/search?q=kinh+van+hoa&available=1"))
    assert "24 tài liệu cho" in narrowed
    assert 'class="chosen__one"' in narrowed


def test_keystrokes_typed_without_unikey_are_understood(
    client: Any, province: Any, books: Any, indexed: Any
) -> None:
    indexed()
    page = text_of(client.get("/search?q=kisnh+vajn+hoa"))
    assert "Có vẻ bạn gõ khi chưa bật Unikey" in page
    assert "25 tài liệu" in page


def test_staff_are_told_when_there_is_no_index_and_readers_are_not(
    client: Any, province: Any, books: Any, staff_client: Any
) -> None:
    assert "Chỉ mục tìm kiếm" not in text_of(client.get("/search?q=kinh"))
    assert "Chỉ mục tìm kiếm" in text_of(staff_client("head").get("/search?q=kinh"))
