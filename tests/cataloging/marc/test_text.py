"""MARC as text: what people type and see, and that nothing is lost on the way."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cataloging.marc.model import Marc, data_field
from cataloging.marc.text import Problem, parse, write

DE_MEN: Marc = {
    "leader": "00000nam a2200000 a 4500",
    "fields": [
        {"001": "vn 0001"},
        {"008": "250101s2020    vm a   j      000 1 vie d"},
        data_field("245", "1", "0", ("a", "Dế Mèn phiêu lưu ký /"), ("c", "Tô Hoài")),
        data_field("500", " ", " ", ("a", "Giá $5")),
    ],
}

DE_MEN_TEXT = """\
LDR 00000nam#a2200000#a#4500
001 vn 0001
008 250101s2020####vm#a###j######000#1#vie#d
245 10 $a Dế Mèn phiêu lưu ký / $c Tô Hoài
500 ## $a Giá $$5"""


def test_a_record_is_written_as_people_know_it() -> None:
    assert write(DE_MEN) == DE_MEN_TEXT


def test_the_text_is_read_back_with_the_line_of_each_field() -> None:
    parsed = parse(DE_MEN_TEXT.replace("001 vn", "\n\n001 vn").replace("\n", "\r\n"))
    assert parsed.marc == DE_MEN
    assert parsed.leader_line == 1
    assert parsed.lines == [4, 5, 6, 7]
    assert parsed.problems == []


# Any text at all, but more often the characters that mean something here.
TEXT = st.text(st.one_of(st.sampled_from("$#{}() \t\r\n\x1f\x1e\x00|=!ếa0\u0301\u200b\u2028"), st.characters()), max_size=8)  # fmt: skip
TAG = st.one_of(st.sampled_from(["001", "008", "006", "245", "9xx", "LDR", ""]), TEXT)
DATA = st.fixed_dictionaries(
    {"ind1": TEXT, "ind2": TEXT, "subfields": st.lists(st.dictionaries(TEXT, TEXT, min_size=1, max_size=1), max_size=4)}
)  # fmt: skip
RECORD = st.fixed_dictionaries(
    {
        "leader": TEXT,
        "fields": st.lists(
            st.tuples(TAG, st.one_of(TEXT, DATA)).map(lambda pair: {pair[0]: pair[1]}), max_size=5
        ),
    }
)


@given(RECORD)
def test_every_record_comes_back_from_its_text_as_it_was(marc: Marc) -> None:
    parsed = parse(write(marc))
    assert parsed.problems == []
    assert parsed.marc == marc


@given(st.text(st.sampled_from("$#{}() !a1\n0245LDR"), max_size=60))
def test_whatever_is_typed_is_read_or_its_line_named(text: str) -> None:
    parsed = parse(text)
    assert all(1 <= p.line <= text.count("\n") + 1 for p in parsed.problems)
    assert parse(write(parsed.marc)).marc == parsed.marc


@pytest.mark.parametrize(
    "typed",
    [
        "245 10 $aSố đỏ",
        "245 10$aSố đỏ",
        "  245 10   $a   Số đỏ  ",
    ],
)
def test_small_differences_in_typing_do_not_matter(typed: str) -> None:
    parsed = parse(f"LDR x\n{typed}")
    assert parsed.marc["fields"] == [data_field("245", "1", "0", ("a", "Số đỏ"))]


@pytest.mark.parametrize("typed", ["500 $a Phụ chú", "500 ## $a Phụ chú", "500    $a Phụ chú"])
def test_empty_indicators_may_be_left_out_or_typed_as_blanks(typed: str) -> None:
    assert parse(f"LDR x\n{typed}").marc["fields"] == [
        data_field("500", " ", " ", ("a", "Phụ chú"))
    ]


@pytest.mark.parametrize(
    ("typed", "code"),
    [
        ("24 10 $a x", "no_tag"),
        ("Tô Hoài", "no_tag"),
        ("245 10 Số đỏ", "no_subfield"),
        ("245 1", "no_indicators"),
        ("245 10 $ Số đỏ", "no_code"),
        ("245 10 $a ${zz}", "bad_escape"),
        ("001 a$b", "bad_escape"),
    ],
)
def test_a_line_that_cannot_be_read_is_named_and_the_others_are_kept(typed: str, code: str) -> None:
    parsed = parse(f"LDR x\n{typed}\n500 $a y")
    assert [(p.line, p.code) for p in parsed.problems] == [(2, code)]
    assert parsed.marc["fields"] == [data_field("500", " ", " ", ("a", "y"))]


def test_the_leader_must_be_there_once() -> None:
    assert parse("245 10 $a x").problems == [Problem(1, "no_leader")]
    assert parse("LDR x\nLDR y").problems == [Problem(2, "second_leader")]
