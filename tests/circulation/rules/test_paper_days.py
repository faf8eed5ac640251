"""A day tallied on paper and by the machine is counted once."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from circulation.rules.paper_days import left_to_count

COUNTS = st.dictionaries(st.sampled_from(["child", "adult", "pupil", ""]), st.integers(0, 50))


@pytest.mark.parametrize(
    ("typed", "machine", "left"),
    [
        ({"child": 10, "adult": 5}, {}, {"child": 10, "adult": 5}),
        ({"child": 10, "adult": 5}, {"child": 4}, {"child": 6, "adult": 5}),
        # the machine did not ask who came: taken off where most are left
        ({"child": 10, "adult": 5}, {"": 4}, {"child": 6, "adult": 5}),
        # the machine counted more than the paper: nothing is added
        ({"child": 3}, {"child": 8}, {"child": 0}),
        ({"child": 3, "adult": 5}, {"child": 6}, {"child": 0, "adult": 2}),
        ({}, {"": 9}, {}),
    ],
)
def test_what_is_left_to_count(
    typed: dict[str, int], machine: dict[str, int], left: dict[str, int]
) -> None:
    assert left_to_count(typed, machine) == left


@given(COUNTS, COUNTS)
def test_the_day_is_the_larger_of_both_sums(typed: dict[str, int], machine: dict[str, int]) -> None:
    left = left_to_count(typed, machine)
    assert left.keys() == typed.keys()
    assert all(0 <= left[part] <= n for part, n in typed.items())
    day = sum(left.values()) + sum(machine.values())
    assert day == max(sum(typed.values()), sum(machine.values()))
