"""The words a text is cut into, for the index and for queries alike."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ils.text.normal import fold
from ils.text.words import LONGEST, exact_words, folded_words


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Thư viện, tỉnh-lẻ!", "thư viện tỉnh lẻ"),
        ("L'école d'été", "l école d été"),
        ("H'Mông", "h mông"),
        ("Hmông", "h mông"),
        ("Hrê và Hiền", "h rê và hiền"),
        ("C++ và C# cơ bản", "c++ và c# cơ bản"),
        ("ABC++", "abc"),
        ("Tập 2 (1945-1975)", "tập 2 1945 1975"),
        ("中国历史", "中 国 历 史"),
        ("nôm 喃字 tự", "nôm 喃 字 tự"),
        ("_snake_case_ _", "snake case"),
        ("ភាសាខ្មែរ", "ភាសាខ្មែរ"),
        ("", ""),
        ("— / :", ""),
    ],
)
def test_texts_are_cut_into_words(text, words):
    assert exact_words(text) == words


def test_overlong_runs_are_left_out():
    assert exact_words("một " + "a" * (LONGEST + 1) + " hai") == "một hai"


@given(st.text(max_size=80))
def test_decomposed_and_upper_case_text_gives_the_same_words(text):
    words = exact_words(text)
    assert exact_words(unicodedata.normalize("NFD", text)) == words
    assert "  " not in words
    assert words == words.strip()


@given(st.text(alphabet="aàáâấăđeêoơuưycghnmt ABC'-", max_size=80))
def test_folded_words_match_the_exact_ones_one_to_one(text):
    words = exact_words(text)
    folded = folded_words(words)
    assert len(folded.split()) == len(words.split())
    assert folded == fold(words)
    assert exact_words(folded).split() == folded.split()
