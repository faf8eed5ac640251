"""How long a reader will wait for a title, told honestly: from the queue, the copies and how long
loans lasted here before. With too few past loans nothing is told.

Source: docs/circulation.md, holds.
"""

from collections.abc import Sequence
from heapq import heapify, heappop, heappush
from typing import NamedTuple

FEW = 10  # fewer past loans than this say nothing
SOON, LATE = 0.25, 0.75  # the shares of past loans that the range is made of


class Wait(NamedTuple):
    """Days from today until a copy is likely to be there: from ``low`` to ``high``."""

    low: int
    high: int


def waiting_time(place: int, copies: Sequence[int | None], past: Sequence[int]) -> Wait | None:
    """Return how long the reader at a place of the queue (1 is the first) waits, or None.

    ``copies`` are those that may serve the queue: for each the days it is out so far, None where
    it is free. ``past`` are the days that loans lasted. Everybody ahead keeps a copy as long as
    the quicker (slower) quarter of past readers did.
    """
    if len(past) < FEW or not copies or place < 1:
        return None
    lasted = sorted(past)
    low, high = (_until(place, copies, lasted, share) for share in (SOON, LATE))
    return Wait(min(low, high), max(low, high))


def _until(place: int, copies: Sequence[int | None], lasted: Sequence[int], share: float) -> int:
    typical = _quantile(lasted, share)
    free_in = [0 if out is None else _still(out, lasted, share, typical) for out in copies]
    heapify(free_in)
    for _ in range(place - 1):
        heappush(free_in, heappop(free_in) + max(1, typical))
    return free_in[0]


def _still(out: int, lasted: Sequence[int], share: float, typical: int) -> int:
    """Return the days a copy out for so long stays out, as of the loans that lasted longer."""
    longer = [days for days in lasted if days > out]
    return _quantile(longer, share) - out if longer else typical


def _quantile(ordered: Sequence[int], share: float) -> int:
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]
