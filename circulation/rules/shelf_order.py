"""Which copies of a shelf stand out of order: the fewest to move so that all others are in order."""

from bisect import bisect_right
from collections.abc import Sequence
from typing import Any


def out_of_order(keys: Sequence[Any]) -> list[int]:
    """Return the places (from 0) of the copies to move, of keys as the copies stand.

    What stays is a longest run that never falls, so one book put far away is one book to move,
    not the whole shelf behind it.
    """
    tails: list[Any] = []  # smallest last key of a run of each length
    ends: list[int] = []  # where that key stands
    before: list[int] = []
    for place, key in enumerate(keys):
        at = bisect_right(tails, key)
        before.append(ends[at - 1] if at else -1)
        if at == len(tails):
            tails.append(key)
            ends.append(place)
        else:
            tails[at], ends[at] = key, place
    stays = set()
    place = ends[-1] if ends else -1
    while place >= 0:
        stays.add(place)
        place = before[place]
    return [n for n in range(len(keys)) if n not in stays]
