"""Totals, pages, facets, filters, orders and corrections."""

import pytest

from cataloging.search import index, matching_ids
from cataloging.search.request import SearchRequest
from ils.core import db


def facet(result, name):
    return {value.value: value.count for value in result.facets[name]}


def test_an_empty_query_finds_everything_newest_first(ask, bound):
    result = ask()
    assert result.total == len(bound.ids)
    assert result.ids[0] == max(bound.keys)
    assert result.pages == -(-len(bound.ids) // 20)


@pytest.mark.parametrize("typed", ["???", " … ", "#", '""'])
def test_signs_alone_find_nothing(ask, typed):
    assert ask(typed).total == 0


def test_pages_follow_each_other_without_gap_or_overlap(ask):
    seen = [one for page in range(1, 4) for one in ask("việt nam", page=page, page_size=4).ids]
    whole = ask("việt nam", page_size=100)
    assert len(seen) == len(set(seen)) == min(whole.total, 12)
    assert list(whole.ids[: len(seen)]) == seen


def test_a_page_behind_the_last_is_empty_and_the_total_still_exact(ask):
    result = ask("việt nam", page=50)
    assert result.ids == ()
    assert result.total == ask("việt nam").total


@pytest.mark.parametrize("size", [-1, 0, 10_000])
def test_page_and_size_stay_within_bounds(ask, size):
    result = ask("", page=-5, page_size=size)
    assert result.page == 1
    assert 1 <= len(result.ids) <= 200


def test_facets_count_the_whole_result(ask):
    result = ask("nguyễn nhật ánh", facets=True, page_size=1)
    assert facet(result, "author") == {"Nguyễn Nhật Ánh": 4}
    assert facet(result, "year") == {"2010": 1, "2000": 1, "1990": 2}
    assert facet(result, "language") == {"vie": 4}
    assert facet(result, "material") == {"book": 4}
    assert facet(result, "subject")["Truyện dài"] == 3
    assert [v.label for v in result.facets["year"]] == ["2010–2019", "2000–2009", "1990–1999"]


def test_facets_are_left_out_unless_asked_for(ask):
    assert ask("việt nam").facets == {}


def test_libraries_are_counted_by_name_and_inside_one_its_branches(ask, bound):
    province = bound.province
    names = {v.label: v.count for v in ask("", facets=True).facets["library"]}
    assert names == {"Thư viện huyện Thử": 4, "Thư viện huyện Khác": 1}
    inside = ask("", facets=True, library_id=province.library.id)
    assert {v.label: v.count for v in inside.facets["library"]} == {"Phòng mượn": 4}
    assert inside.total == 4


def test_available_is_counted_where_it_is_asked(ask, bound):
    province = bound.province
    assert facet(ask("", facets=True), "available") == {"1": 3}
    here = ask("", facets=True, library_id=province.library.id)
    assert facet(here, "available") == {"1": 3}
    there = ask("", facets=True, library_id=province.foreign_library.id)
    assert facet(there, "available") == {"1": 1}


def test_available_keeps_only_what_can_be_had(found, bound):
    keys = found("", filters={"available": ("1",)})
    assert set(keys) == {"de_men", "mat_biec", "kieu"}
    there = {"library": (str(bound.province.foreign_library.id),), "available": ("1",)}
    assert found("", filters=there) == ["kieu"]


def test_values_of_one_facet_are_alternatives_and_facets_add_up(found):
    authors = ("Nam Cao", "Tô Hoài")
    assert set(found("", filters={"author": authors})) == {
        "chi_pheo",
        "lao_hac",
        "de_men",
        "tay_bac",
    }
    both = {"author": authors, "subject": ("Truyện ngắn",)}
    assert set(found("", filters=both)) == {"chi_pheo", "lao_hac", "tay_bac"}


def test_a_chosen_facet_still_shows_what_else_could_be_chosen(ask):
    result = ask("truyện ngắn", facets=True, filters={"author": ("Nam Cao",)})
    assert result.total == 2
    authors = {v.value: (v.count, v.chosen) for v in result.facets["author"]}
    assert authors["Nam Cao"] == (2, True)
    assert authors["Tô Hoài"] == (1, False)
    assert sum(v.count for v in result.facets["language"]) == 2


def test_years_are_chosen_by_decade_or_span(found):
    assert set(found("tiểu thuyết", filters={"year": ("1930",)})) == {
        "so_do",
        "tat_den",
        "buoc_duong",
        "hon_buom",
    }
    assert found("tiểu thuyết", filters={"year": ("1930-1935",)}) == ["hon_buom"]
    assert "orwell" in found("tiểu thuyết", filters={"year": ("-1950",)})


def test_values_that_do_not_exist_find_nothing(found):
    for name, value in (("author", "X"), ("library", "x"), ("year", "x"), ("nothing", "x")):
        assert found("", filters={name: (value,)}) == []


def test_orders(found, bound):
    titles = found("nguyễn nhật ánh", sort="title")
    assert titles == ["ve_tuoi_tho", "kinh_van_hoa", "mat_biec", "hoa_vang"]
    years = found("nguyễn nhật ánh", sort="year")
    assert years == ["hoa_vang", "ve_tuoi_tho", "kinh_van_hoa", "mat_biec"]
    assert found("nguyễn nhật ánh", sort="oldest") == years[::-1]
    newest = found("nguyễn nhật ánh", sort="newest")
    assert newest == sorted(newest, key=lambda key: -bound.ids[key])
    authors = found("ma mà má mã OR mạ", sort="author")
    assert len(authors) == len(set(authors))
    assert found("nguyễn nhật ánh", sort="no such order") == found("nguyễn nhật ánh")


def test_titles_are_filed_in_vietnamese_order(found):
    keys = [key for key in found("", sort="title", page_size=200) if key.startswith("ma")]
    assert keys == ["ma", "ma_la", "ma_mo", "ma_ngua", "ma_me", "ma_lua", "mat_biec", "mat_troi", "mat_ma", "mat_ong"]  # fmt: skip


def test_exact_hits_are_counted_when_marks_are_typed(ask):
    assert ask("má").exact == 1
    assert ask("má").total == 7
    assert ask("ma").exact is None
    assert ask("truyện kiêu").exact == 0


@pytest.mark.parametrize(
    ("query", "kind", "text"),
    [
        ("tieesng vieejt", "keystrokes", "tiếng việt"),
        ("thuvien", "keystrokes", "thư viện"),
        ("harry poter", "spelling", "harry potter"),
        ("nguyn du", "spelling", "nguyễn du"),
        ("dat rugn", "spelling", "đất rừng"),
        ("dế mèn phiêu lưu ký abcxyz", "some_words", "dế mèn phiêu lưu ký"),
    ],
)
def test_a_correction_says_what_was_understood(ask, query, kind, text):
    correction = ask(query).correction
    assert (correction.kind, correction.text) == (kind, text)


def test_words_that_find_something_are_never_corrected(ask):
    assert ask("so do").correction is None


def test_nothing_found_is_an_answer(ask):
    result = ask("xyzzy qwrtp", facets=True)
    assert (result.total, result.ids, result.correction, result.pages) == (0, (), None, 1)


@pytest.mark.parametrize("typed", ["{code}", "  {code} ", "{lower}", "đkcb: {code}"])
def test_a_copy_is_found_by_its_number(ask, bound, typed):
    from sqlalchemy import select

    from cataloging.models import Item

    with db.reading() as session:
        item = session.scalars(select(Item).where(Item.record_id == bound.ids["de_men"])).one()
    query = typed.format(code=item.barcode, lower=item.barcode.lower())
    result = ask(query, facets=True)
    assert result.ids == (bound.ids["de_men"],)
    assert facet(result, "author") == {"Tô Hoài": 1}


def test_exports_get_every_id(bound):
    with db.reading() as session:
        everything = list(matching_ids(session, SearchRequest()))
        some = list(matching_ids(session, SearchRequest(query="nam cao", sort="title")))
    assert everything == sorted(bound.keys)
    assert len(some) == 4


def test_an_answer_from_memory_is_the_same(ask):
    assert ask("việt nam", facets=True) == ask("việt nam", facets=True)


def test_the_engine_never_fails_for_what_is_typed(ask):
    for query in ('"', "*", "a*", "-", "-x", "+ ", "tác giả:", "isbn:", "năm:", "OR OR", ":", "\\", "c++*", "'"):  # fmt: skip
        ask(query, facets=True)


def test_a_commit_empties_what_was_remembered(ask, bound):
    before = index.snapshot().state
    folder = index.current_generation()
    from cataloging.marc.project import Projection
    from cataloging.search.document import RecordFacts, build_document

    extra = build_document(Projection(title="Không có thật abcdef"), RecordFacts(999_999, 1))
    assert ask("abcdef").total == 0
    with index.writing(folder) as writer:
        writer.put(extra)
    assert index.snapshot().state != before
    assert ask("abcdef").total == 1
    with index.writing(folder) as writer:
        writer.drop(999_999)
    assert ask("abcdef").total == 0
