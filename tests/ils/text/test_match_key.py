"""The key under which two descriptions of one book meet."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ils.text.match import LONGEST, match_key


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (("Số đỏ /", "Vũ Trọng Phụng", 1938), ("SỐ ĐỎ", "Phụng, Vũ Trọng", 1938)),
        (("Hòa bình", "Nguyễn Nhật Ánh", 2008), ("Hoà bình :", "Nguyễn, Nhật Ánh", 2008)),
        (("Kỹ thuật", "Lê Lý", None), ("Kĩ thuật", "Lê Lí", None)),
        (("Tắt đèn", "Ngô Tất Tố, 1894-1954", 1939), ("Tắt đèn", "Ngô Tất Tố", 1939)),
    ],
)
def test_one_book_described_twice_meets(one, other):
    assert match_key(*one) == match_key(*other) != ""


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (("Mà", "A", 1), ("Má", "A", 1)),
        (("Toán 6. Tập 1", "", 2021), ("Toán 6. Tập 2", "", 2021)),
        (("Thơ", "Tố Hữu", 1990), ("Thơ", "Tố Hữu", 1995)),
    ],
)
def test_different_books_do_not_meet(one, other):
    assert match_key(*one) != match_key(*other)


@pytest.mark.parametrize(
    "args", [("", "Tố Hữu", 1990), ("Truyện cổ tích", "", None), (" / ", "A", 2)]
)
def test_a_description_that_proves_nothing_has_no_key(args):
    assert match_key(*args) == ""


@given(st.text(max_size=600), st.text(max_size=300), st.none() | st.integers(1000, 2100))
def test_keys_are_bounded(title, author, year):
    assert len(match_key(title, author, year)) <= LONGEST


def test_long_titles_that_differ_late_do_not_meet():
    title = "báo cáo " * 60
    assert match_key(title + "a", "x", 2000) != match_key(title + "b", "x", 2000)
