"""Filing order of titles and of people."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ils.text.filing import LONGEST, filing_key, given_name, name_key, shelf_key

SHELF = [
    "10 vạn câu hỏi vì sao",
    "1945",
    "An Nam",
    "Ánh trăng",
    "Ăn",
    "Âm vang",
    "Ba",
    "Ba chú lợn",
    "Ba Vì",
    "Bà",
    "Bà Triệu",
    "Bả",
    "Bã",
    "Bá",
    "Bạ",
    "Ban mai",
    "Băng",
    "Bâng khuâng",
    "Da",
    "Đa",
    "Để",
    "Em",
    "Ê đê",
    "Kỹ nghệ",
    "La",
    "Lá",
    "Lan",
    "Tấp",
    "Tập 2",
    "Tập 2 bis",
    "Tập 10",
    "Ưng",
    "Zalo",
    "Война",
    "中国",
]


def test_titles_file_as_in_a_card_catalogue():
    mixed = SHELF[:]
    random.Random(7).shuffle(mixed)
    assert sorted(mixed, key=filing_key) == SHELF


@pytest.mark.parametrize(
    ("one", "other"), [("hoà bình", "HÒA BÌNH"), ("Tập 02", "tập 2"), ("“Đất” — nước", "đất nước")]
)
def test_case_signs_and_tone_style_do_not_file(one, other):
    assert filing_key(one) == filing_key(other)


@given(st.integers(0, 10**30), st.integers(0, 10**30))
def test_numbers_file_as_numbers(one, other):
    assert (filing_key(f"Tập {one}") < filing_key(f"Tập {other}")) == (one < other)


@given(st.text(max_size=400))
def test_keys_are_ascii_and_bounded(text):
    key = filing_key(text)
    assert key.isascii()
    assert len(key) <= LONGEST
    assert not key.startswith(" ")


@given(st.text(alphabet="aàảãáạăâbcdđeêgho 12", max_size=12), st.text(alphabet="aàbđ", max_size=5))
def test_a_title_files_before_the_longer_one_that_begins_with_it(title, more):
    assert filing_key(title) <= filing_key(f"{title} {more}")


def test_people_file_by_given_then_family_name():
    people = [
        "Nguyễn Văn An",
        "Trần An",
        "Lê Ân",
        "K'Brêu",
        "Lan",
        "Nguyễn Thị Lan",
        "Trần Hoàng Lan",
        "Trần Thị Lan",
        "Y Moan Ênuôl",
    ]
    mixed = people[:]
    random.Random(3).shuffle(mixed)
    assert sorted(mixed, key=name_key) == people


@pytest.mark.parametrize(
    ("full", "given_"),
    [
        ("Nguyễn Thị Lan", "Lan"),
        ("H'Hen Niê", "H'Hen"),
        ("Y Moan Ênuôl", "Moan"),
        ("Lan", "Lan"),
        ("", ""),
        ("Nguyễn, Nhật Ánh", "Ánh"),
    ],
)
def test_people_are_addressed_by_the_given_name(full, given_):
    assert given_name(full) == given_


def test_the_fraction_of_a_class_stands_as_a_fraction_on_the_shelf() -> None:
    shelf = [
        "5",
        "158 Đ113NH",
        "158.2 Đ113NH",
        "813.54 B118TR",
        "895 V115H",
        "895.1 T102",
        "895.922 C",
        "895.922332 V460Đ",
        "895.922334 C450G",
        "895.922334 C460A",
        "895,922334 Đ",
        "895.92234 CH527X",
        "TR 5",
        "TR 12",
    ]
    mixed = random.Random(3).sample(shelf, len(shelf))
    assert sorted(mixed, key=shelf_key) == shelf
    assert len(shelf_key("895." + "9" * 400)) <= LONGEST
