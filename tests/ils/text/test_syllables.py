"""What a Vietnamese syllable is."""

import pytest

from ils.text.syllables import canonical, is_syllable, may_be_syllable, split_joined


@pytest.mark.parametrize(
    "word",
    [
        "nghiêng",
        "khuya",
        "quyển",
        "giếng",
        "gìn",
        "quốc",
        "hoàng",
        "thuở",
        "rượu",
        "xoong",
        "huỳnh",
        "uỷ",
        "ý",
        "yêu",
        "ăn",
        "êm",
        "khuỷu",
        "thuê",
        "quýt",
        "quét",
        "toét",
        "bướm",
        "hươu",
        "tuần",
        "loằng",
        "đứng",
        "giặc",
        "gì",
        "vở",
        "nguyễn",
        "trường",
        "quệch",
    ],
)
def test_words_of_the_language_are_syllables(word):
    assert is_syllable(word)


@pytest.mark.parametrize(
    "word",
    ["viöt", "häc", "fộ", "rượư", "thếp1", "hàc", "tàp", "zà", "ứứ", "nghề́", "bcd", "", "paris"],
)
def test_other_strings_are_not(word):
    assert not is_syllable(word)


def test_a_syllable_typed_without_marks_is_known_as_one():
    assert may_be_syllable("nguyen")
    assert may_be_syllable("duong")
    assert may_be_syllable("viêt")
    assert not may_be_syllable("truyx")
    assert not may_be_syllable("harry")


@pytest.mark.parametrize("word", ["ecole", "été", "straße", "hồ1", "война"])
def test_foreign_words_are_left_alone(word):
    assert canonical(word) == word


@pytest.mark.parametrize(
    ("joined", "apart"),
    [
        ("thuvien", ("thu", "vien")),
        ("vietnam", ("viet", "nam")),
        ("sachthieunhi", ("sach", "thieu", "nhi")),
        ("đắcnhântâm", ("đắc", "nhân", "tâm")),
    ],
)
def test_letters_run_together_come_apart(joined, apart):
    assert next(split_joined(joined)) == apart


@pytest.mark.parametrize("word", ["harrypotter", "abc", "x" * 80, "123456"])
def test_what_is_no_vietnamese_stays_whole(word):
    assert list(split_joined(word)) == []
