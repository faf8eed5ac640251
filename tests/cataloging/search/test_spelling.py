"""Mending one slip."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cataloging.search.spelling import MOST, candidates, neighbors

WORDS = {"truyen": 900, "truyet": 2, "nguyen": 800, "potter": 3, "thu": 500, "vien": 400}


def frequency(word: str) -> int:
    return WORDS.get(word, 0)


@pytest.mark.parametrize(
    ("typed", "meant"),
    [("truyn", "truyen"), ("truyenn", "truyen"), ("turyen", "truyen"), ("truyem", "truyen"),
     ("ngyen", "nguyen"), ("poter", "potter"), ("vine", "vien"), ("xien", "vien")],
)  # fmt: skip
def test_one_slip_is_mended(typed, meant):
    assert candidates(typed, frequency)[0] == meant


@pytest.mark.parametrize("typed", ["th", "1984", "truyện", "abcdefg", ""])
def test_what_cannot_be_mended_stays(typed):
    assert candidates(typed, frequency) == ()


@given(st.text(alphabet="abcdxyz", min_size=1, max_size=9))
def test_neighbors_are_one_slip_away(word):
    for other in neighbors(word):
        assert abs(len(other) - len(word)) <= 1
    assert len(candidates(word, lambda _: 1)) <= MOST
