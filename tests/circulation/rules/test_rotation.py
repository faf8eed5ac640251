"""What may go into a box, whether it is the same box again, and what becomes of what is missing."""

import pytest

from circulation.rules.rotation import Packed, is_same_box, proposal, why_not_packed


@pytest.mark.parametrize(
    ("copy", "code"),
    [
        (Packed(), ""),
        (Packed(use="reading_room", position="to_shelve"), ""),
        (Packed(own=False, position="on_loan"), "box_foreign_copy"),
        (Packed(lifecycle="damaged"), "box_copy_not_active"),
        (Packed(use="restricted"), "box_copy_restricted"),
        (Packed(position="on_loan"), "box_copy_on_loan"),
        (Packed(position="at_point"), "box_copy_at_point"),
        (Packed(assigned=True), "box_copy_assigned"),
    ],
)
def test_only_free_copies_of_the_library_travel(copy: Packed, code: str) -> None:
    assert why_not_packed(copy) == code


def test_half_of_the_titles_make_it_the_same_box() -> None:
    assert is_same_box([1, 2, 3, 4], [1, 2])
    assert not is_same_box([1, 2, 3], [3, 9])
    assert not is_same_box([], [1])


@pytest.mark.parametrize(
    ("on_loan", "before", "late", "word"),
    [
        (True, True, 400, "lent"),
        (False, True, 0, "lost"),
        (False, False, 181, "lost"),
        (False, False, 180, "missing"),
    ],
)
def test_what_is_proposed_for_a_copy_that_is_not_back(
    on_loan: bool, before: bool, late: int, word: str
) -> None:
    assert proposal(on_loan=on_loan, missing_before=before, days_late=late) == word
