"""Whether two records are one title is judged by numbers and words together."""

from typing import Any

import pytest

from cataloging.duplicates.rules.groups import group_ids
from cataloging.duplicates.rules.likeness import Facts, facts_of, likeness, loose_key, pairs_among
from cataloging.marc.model import Marc, data_field
from cataloging.marc.project import project

ISBN, OTHER_ISBN = "9786042095358", "9786041034167"


def facts(
    number: int,
    title: str = "Số đỏ",
    author: str = "Vũ Trọng Phụng",
    year: str = "2019",
    *more: dict[str, Any],
    leader: str = "00000nam a2200000 a 4500",
    publisher: str = "Văn học",
) -> Facts:
    fields = [
        {"008": f"260101s{year or '    '}    vm            000 1 vie d"},
        data_field("100", "0", " ", ("a", author)),
        data_field("245", "1", "0", ("a", title)),
        data_field("264", " ", "1", ("b", publisher), ("c", year)),
        *more,
    ]
    marc: Marc = {"leader": leader, "fields": fields}
    return facts_of(number, marc, project(marc))


def isbn(value: str) -> dict[str, Any]:
    return data_field("020", " ", " ", ("a", value))


NUMBERED = isbn(ISBN)
SUBTITLE = data_field("245", "1", "0", ("a", "Số đỏ :"), ("b", "tiểu thuyết"))


@pytest.mark.parametrize(
    ("one", "two", "degree", "why"),
    [
        ((NUMBERED,), (NUMBERED,), 3, {"isbn", "key"}),
        ((), (), 2, {"key"}),
        ((NUMBERED,), (), 2, {"key"}),
        ((NUMBERED,), (isbn(OTHER_ISBN),), 0, set()),
        ((isbn("9786042095350"),), (isbn("9786042095350"),), 2, {"key"}),
        (
            (data_field("490", "0", " ", ("v", "1")),),
            (data_field("490", "0", " ", ("v", "2")),),
            0,
            set(),
        ),
    ],
)
def test_numbers_and_words_are_weighed_together(
    one: Any, two: Any, degree: int, why: set[str]
) -> None:
    found = likeness(
        facts(1, "Số đỏ", "Vũ Trọng Phụng", "2019", *one),
        facts(2, "Số đỏ", "Phụng, Vũ Trọng", "2019", *two),
    )
    assert (found.certainty if found else 0) == degree
    assert set(found.why if found else ()) == why


def test_one_number_on_two_titles_is_only_possible() -> None:
    """Volumes of a set share an ISBN, and numbers are mistyped."""
    found = likeness(
        facts(1, "Tuyển tập. Tập 1", "Nam Cao", "2019", NUMBERED),
        facts(2, "Tuyển tập. Tập 2", "Nam Cao", "2019", NUMBERED),
    )
    assert found is not None
    assert (found.certainty, found.why) == (1, ("isbn",))


def test_another_year_with_one_number_is_for_somebody_to_look_at() -> None:
    found = likeness(
        facts(1, "Số đỏ", "Vũ Trọng Phụng", "2019", NUMBERED),
        facts(2, "Số đỏ", "Vũ Trọng Phụng", "2021", NUMBERED),
    )
    assert found is not None
    assert found.certainty == 1


def test_words_without_marks_are_only_possible_and_other_years_are_other_editions() -> None:
    bare = facts(2, "So do", "Vu Trong Phung", "2019")
    found = likeness(facts(1), bare)
    assert found is not None
    assert (found.certainty, found.why) == (1, ("marks",))
    assert likeness(facts(1), facts(2, year="2005")) is None
    assert likeness(facts(1), facts(2, author="Nam Cao")) is None


def test_a_missing_year_or_subtitle_does_not_hide_a_duplicate() -> None:
    undated = likeness(facts(1), facts(2, year=""))
    assert undated is not None
    assert (undated.certainty, undated.why) == (1, ("title",))


def test_another_material_is_another_title() -> None:
    disc = facts(2, "Số đỏ", "Vũ Trọng Phụng", "2019", leader="00000nim a2200000 a 4500")
    assert likeness(facts(1), disc) is None


def test_control_numbers_count_with_their_source() -> None:
    own = ({"001": "77"}, {"003": "VNL"})
    same = likeness(
        facts(1, "Số đỏ", "Vũ Trọng Phụng", "2019", *own),
        facts(2, "Số đỏ", "Vũ Trọng Phụng", "2005", *own),
    )
    assert same is not None
    assert same.certainty == 3
    without = likeness(
        facts(1, "Số đỏ", "A", "2019", {"001": "77"}),
        facts(2, "Tắt đèn", "B", "2019", {"001": "77"}),
    )
    assert without is None, "every system numbers from 1"


def test_the_loose_key_knows_neither_marks_nor_order_nor_years_of_life() -> None:
    one = loose_key("Số đỏ", "Vũ Trọng Phụng", 2019)
    assert one == loose_key("SO DO", "Phung, Vu Trong, 1912-1939", None)
    assert one != loose_key("Số đỏ", "Nam Cao", 2019)
    assert loose_key("Truyện cổ tích", "", None) == 0, "a bare title fits too many books"


def test_a_title_that_a_thousand_records_have_is_compared_near_by_only() -> None:
    some = [facts(n, year=str(1900 + n % 100)) for n in range(1, 301)]
    found = list(pairs_among(some))
    assert len(found) == 300, "three of each year"
    assert all(low.record_id < high.record_id for low, high, _alike in found)


def test_pairs_that_hang_together_are_one_group() -> None:
    assert group_ids([(4, 9), (2, 4), (7, 8)]) == {2: 2, 4: 2, 9: 2, 7: 7, 8: 7}
