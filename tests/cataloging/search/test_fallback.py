"""Searching in the database while there is no index, on both databases."""

import pytest

from cataloging.models import Record
from cataloging.search import SearchRequest, fulltext, matching_ids, search
from ils.accounts.actor import system_actor
from ils.core import db
from tests.cataloging.search.conftest import store_books
from tests.cataloging.search.corpus import BOOKS
from tests.factories import create_item, create_province


@pytest.fixture(params=["with table", "without table"])
def books(request, both):
    if request.param == "with table":
        with db.transaction() as session:
            assert fulltext.install(session) is True
            assert fulltext.install(session) is False
    return store_books(BOOKS)


@pytest.fixture
def found(books):
    keys = {one: key for key, one in books.items()}

    def asked(query="", **more):
        with db.reading() as session:
            result = search(session, SearchRequest(query=query, **more))
        assert result.mode == "database"
        assert result.facets == {}
        assert result.total >= len(result.ids)
        return {keys[one] for one in result.ids}

    return asked


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("so do", {"so_do", "so_do_2"}),
        ("SỐ ĐỎ", {"so_do", "so_do_2"}),
        ("đất rừng", {"dat_rung"}),
        ("dat rung", {"dat_rung"}),
        ("kỹ thuật", {"ky_thuat", "ki_thuat"}),
        ("ki thuat", {"ky_thuat", "ki_thuat"}),
        ("thuỷ trâm", {"thuy_tram", "peace"}),
        ("mắt biếc nguyễn nhật ánh", {"mat_biec"}),
        ("khon kh*", {"khon_kho"}),
        ("carnegie OR hawking", {"dac_nhan_tam", "thoi_gian"}),
        ("địa chí -sông", {"binh_duong"}),
        ("9786041004757", {"ve_tuoi_tho"}),
        ("978-604-1-00475-7", {"ve_tuoi_tho"}),
        ("nguyễn nhật ánh năm: 1990-1999", {"mat_biec", "kinh_van_hoa"}),
        ("không có gì như thế", set()),
        ("x'y \"z", set()),
    ],
)
def test_words_are_found_in_titles_and_authors(found, query, expected):
    assert found(query) == expected


def test_scope_filters_orders_and_pages(found, books):
    with db.transaction() as session:
        province = create_province(session)
        create_item(session, province.branch, record=session.get_one(Record, books["kieu"]))
        library = province.library.id
    assert found("", library_id=library) == {"kieu"}
    assert found("nguyễn", filters={"year": ("2000",)}) >= {"ve_tuoi_tho"}
    assert found("kieu", filters={"language": ("eng",)}) == {"kieu_eng"}
    with db.reading() as session:
        for sort in ("relevance", "newest", "title", "author", "year", "oldest"):
            pages = [
                one
                for page in (1, 2, 3)
                for one in search(
                    session, SearchRequest(query="nam", sort=sort, page=page, page_size=3)
                ).ids
            ]
            assert len(pages) == len(set(pages))
        assert list(matching_ids(session, SearchRequest(query="so do"))) == sorted(
            [books["so_do"], books["so_do_2"]]
        )


def test_the_table_follows_changes_and_deletions(both):
    from cataloging.records import delete_record

    with db.transaction() as session:
        fulltext.install(session)
    books = store_books(BOOKS[:5])
    with db.transaction() as session:
        session.get_one(Record, books["so_do"]).title = "Giông tố"
        delete_record(session, system_actor(), books["kieu"], why="test")
    with db.reading() as session:
        assert search(session, SearchRequest(query="giong to")).ids == (books["so_do"],)
        assert search(session, SearchRequest(query="số đỏ")).ids == (books["so_do_2"],)
        assert search(session, SearchRequest(query="truyện kiều")).ids == ()
