"""Two people changed one record: nothing of either is lost, what is clear is chosen already."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from cataloging.editor.merging import compare, merge
from cataloging.marc.model import Marc, data_field
from cataloging.marc.text import write


def record(**changes: str) -> Marc:
    said = {"245": "Số đỏ", "250": "", "300": "200tr.", "520": "", "653": "Truyện"} | changes
    return {
        "leader": "00000nam a2200000 a 4500",
        "fields": [data_field(t.strip("f"), " ", " ", ("a", v)) for t, v in said.items() if v],
    }


def test_what_only_one_of_us_changed_is_chosen_already() -> None:
    parts = compare(
        record(),
        record(**{"300": "201tr.", "520": "Tóm tắt"}),
        record(**{"245": "Số Đỏ", "250": "In lần 2", "653": ""}),
    )
    assert {p.tag: p.chosen for p in parts if p.number >= 0} == {
        "245": "mine",
        "250": "mine",
        "300": "theirs",
        "520": "theirs",
        "653": "mine",
    }
    made = merge(parts, {})
    assert made is not None
    assert [line[8:] for line in write(made).splitlines()[1:]] == [
        *("a Số Đỏ", "a In lần 2", "a 201tr.", "a Tóm tắt")
    ]


def test_what_both_changed_is_not_decided_for_us() -> None:
    parts = compare(record(), record(**{"300": "201tr."}), record(**{"300": "202tr."}))
    asked = next(p for p in parts if p.number >= 0)
    assert (asked.mine, asked.theirs) == (("300 ## $a 202tr.",), ("300 ## $a 201tr.",))
    assert merge(parts, {}) is None
    both = merge(parts, {asked.number: "both"})
    assert both is not None
    assert write(both).count("300 ##") == 2


FIELD = st.tuples(st.sampled_from(["245", "500", "653"]), st.sampled_from(["x", "y", "z"]))
RECORD = st.lists(FIELD, max_size=5).map(
    lambda found: {
        "leader": "0" * 24,
        "fields": [data_field(tag, " ", " ", ("a", value)) for tag, value in found],
    }
)


@given(RECORD, RECORD, RECORD)
def test_one_side_chosen_throughout_has_all_of_its_fields(base: Any, a: Any, b: Any) -> None:
    parts = compare(base, a, b)
    for side, whole in (("theirs", a), ("mine", b)):
        made = merge(parts, {part.number: side for part in parts})
        assert made is not None
        assert sorted(write(made).split("\n")) == sorted(write(whole).split("\n"))
