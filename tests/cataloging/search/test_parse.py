"""Reading what a reader typed."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cataloging.search.parse import MOST_WORDS, parse


def shown(query: str) -> list[str]:
    """Write a parsed query on one line per clause: part:~phrase, - for excluded, | between."""
    return [
        "|".join(
            ("-" if clause.excluded else "")
            + (f"{clause.part}:" if clause.part else "")
            + ("~" if clause.phrase else "")
            + "+".join(word.exact + ("*" if word.prefix else "") for word in clause.words)
            for clause in either
        )
        for either in parse(query).clauses
    ]


@pytest.mark.parametrize(
    ("query", "clauses"),
    [
        ("số đỏ", ["số", "đỏ"]),
        ('"Chiến tranh" hòa', ["~chiến+tranh", "hoà"]),
        ("«chiến tranh»", ["~chiến+tranh"]),
        ('"một', ["một"]),
        ('"hai từ', ["~hai+từ"]),
        ("tác giả: nguyễn du nhan đề: kiều", ["author:nguyễn", "author:du", "title:kiều"]),
        ("thơ tac gia:to huu", ["thơ", "author:to", "author:huu"]),
        ("kí hiệu: 895.922", ["shelf:895+922*"]),
        ("chưa biết: gì", ["chưa", "biết", "gì"]),
        ("l'école", ["l+école"]),
        ("lịch s*", ["lịch", "s*"]),
        ("thơ -tình", ["thơ", "-tình"]),
        ("thơ NOT tình", ["thơ", "-tình"]),
        ("thơ OR ca dao", ["thơ|ca+dao"]),
        ('thơ HOẶC "ca dao" -vui', ["thơ|~ca+dao", "-vui"]),
        ("TO BE OR NOT TO BE", ["to", "be", "or", "not", "to", "be"]),
        ("chiến tranh VÀ hòa bình", ["chiến", "tranh", "hoà", "bình"]),
        ("OR", ["or"]),
        ("thơ OR", ["thơ"]),
        ("—", []),
        ("", []),
    ],
)
def test_words_phrases_parts_and_signs(query, clauses):
    assert shown(query) == clauses


@pytest.mark.parametrize(
    ("query", "numbers"),
    [
        ("978-604-1-00475-7", (("isbn", ("9786041004757",)),)),
        ("ISBN 9786041004757", (("isbn", ("9786041004757",)),)),
        ("0-307-34737-0", (("isbn", ("9780307347374", "0307347370")),)),
        ("6041004757", ()),
        ("8935244801234", (("isbn", ("8935244801234",)),)),
        ("isbn: 604-1", (("isbn", ("6041",)),)),
        ("1859-2871", ()),
        ("1859-2872", (("issn", ("18592872",)),)),
        ("0028-0836", (("issn", ("00280836",)),)),
        ("issn: 1859-2871", (("issn", ("18592871",)),)),
        ("1945-1975", ()),
    ],
)
def test_numbers_in_any_form(query, numbers):
    assert parse(query).numbers == numbers


@pytest.mark.parametrize(
    ("query", "years"),
    [
        ("năm: 1938", (1938, 1938)),
        ("nam: 1990-1999 thơ", (1990, 1999)),
        ("year: 2010-", (2010, 9999)),
        ("năm: -1975", (0, 1975)),
        ("năm: tháng", None),
        ("1938", None),
    ],
)
def test_years_are_read_after_their_name(query, years):
    assert parse(query).years == years


def test_a_word_knows_whether_its_marks_were_typed():
    words = parse("thư vien").free
    assert [word.marked for word in words] == [True, False]


@given(st.text(max_size=500))
def test_nothing_a_reader_can_type_is_an_error(query):
    parsed = parse(query)
    count = sum(len(c.words) for either in parsed.clauses for c in either)
    assert count <= MOST_WORDS


@given(st.text(alphabet='ab "-*:|ĐđOR()tácgiả: 0123456789X', max_size=60))
def test_signs_in_any_order_are_no_error(query):
    parse(query)
