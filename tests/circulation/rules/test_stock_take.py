"""The groups of the council's minutes, and the fewest books to move on a shelf."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from circulation.rules.shelf_order import out_of_order
from circulation.rules.stock_take import GROUPS, Counted, group_of


@pytest.mark.parametrize(
    ("copy", "group"),
    [
        (Counted(True, "on_shelf", "active", seen=True), "present"),
        (Counted(True, "on_shelf", "active", seen=False), "missing"),
        (Counted(True, "on_shelf", "active", seen=True, damaged=True), "damaged"),
        (Counted(True, "on_loan", "active", seen=False), "on_loan"),
        (Counted(True, "on_loan", "active", seen=True), "lent_but_here"),
        (Counted(True, "in_transit", "active", seen=False), "away"),
        (Counted(True, "at_point", "active", seen=False), "away"),
        (Counted(True, "hold_shelf", "active", seen=False), "waiting"),
        (Counted(True, "hold_shelf", "active", seen=True), "present"),
        (Counted(True, "on_shelf", "missing", seen=False), "absent_before"),
        (Counted(True, "on_shelf", "lost", seen=True), "found_again"),
        (Counted(False, "on_shelf", "active", seen=True), "misplaced"),
        (Counted(False, "on_shelf", "withdrawn", seen=True), "surplus"),
        # lent and brought back while the stock was counted: it passed the desk
        (Counted(True, "on_shelf", "active", seen=False, seen_at_desk=True), "present"),
    ],
)
def test_each_copy_has_its_group(copy: Counted, group: str) -> None:
    assert group_of(copy) == group
    assert group in GROUPS


@pytest.mark.parametrize(
    ("keys", "moved"),
    [
        ([], []),
        (["a", "b", "c"], []),
        (["a", "z", "b", "c"], [1]),
        (["b", "c", "d", "a"], [3]),
        (["a", "a", "b"], []),
        (["c", "b", "a"], [0, 1]),
    ],
)
def test_the_fewest_books_are_moved(keys: list[str], moved: list[int]) -> None:
    assert out_of_order(keys) == moved


@given(st.lists(st.integers(0, 30), max_size=40))
def test_what_stays_is_in_order(keys: list[int]) -> None:
    moved = set(out_of_order(keys))
    stays = [key for n, key in enumerate(keys) if n not in moved]
    assert stays == sorted(stays)
    if keys != sorted(keys):
        assert moved
