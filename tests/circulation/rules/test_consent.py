"""Whose consent is needed."""

import pytest

from circulation.rules.consent import consented, givers_needed


@pytest.mark.parametrize(
    ("age", "child", "givers"),
    [
        (30, False, ("self",)),
        (None, False, ("self",)),
        (6, True, ("guardian",)),
        (7, True, ("self", "guardian")),
        (15, True, ("self", "guardian")),
        (None, True, ("self", "guardian")),
    ],
)
def test_who_must_agree(age, child, givers):
    assert givers_needed(age, child=child) == givers
    assert consented(set(givers), age, child=child)
    assert not consented(set(givers[1:]), age, child=child)
