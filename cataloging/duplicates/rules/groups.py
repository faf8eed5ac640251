"""Pairs that hang together are one group. Pure."""

from collections.abc import Iterable


def group_ids(pairs: Iterable[tuple[int, int]]) -> dict[int, int]:
    """Return for each record the lowest one of its group."""
    above: dict[int, int] = {}

    def top(one: int) -> int:
        while above[one] != one:
            above[one] = above[above[one]]
            one = above[one]
        return one

    for low, high in pairs:
        first, second = (top(above.setdefault(one, one)) for one in (low, high))
        above[max(first, second)] = min(first, second)
    return {one: top(one) for one in above}
