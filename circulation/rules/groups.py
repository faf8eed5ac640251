"""Who of a class or family a scanned copy is for.

Source: docs/circulation.md, classes and families.
"""

from collections.abc import Sequence


def who_carries(
    members: Sequence[int], *, chosen: int, holder: int | None, awaited_by: int | None
) -> int:
    """Return for whom a copy is scanned: the member who has it or for whom it waits, else the
    one chosen. One parent so fetches and renews for all."""
    for one in (holder, awaited_by):
        if one is not None and one in members:
            return one
    return chosen


def next_member(members: Sequence[int], served: int | None) -> int | None:
    """Return whose turn it is after a member, in the order of the list; None at its end."""
    if not members:
        return None
    if served not in members:
        return members[0]
    place = members.index(served) + 1
    return members[place] if place < len(members) else None
