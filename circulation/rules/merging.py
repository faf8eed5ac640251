"""Two records of one person have a hold on the same title each: which stays, and with what place.

Source of the rule: docs/circulation.md, two holds of a reader on a title. No database here.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

IN_HAND = ("ready", "in_transit")  # a copy lies or travels for it


@dataclass(frozen=True)
class HoldOfTwo:
    """An open hold of one of the two records. ``title`` is (record, volume)."""

    id: int
    title: tuple[int, str]
    state: str
    order_ts: datetime


@dataclass(frozen=True)
class Joined:
    """``keep`` stays, at the place of ``order_ts``; ``close`` ends as merged."""

    keep: int
    close: int
    order_ts: datetime


def join_holds(kept: Iterable[HoldOfTwo], gone: Iterable[HoldOfTwo]) -> list[Joined]:
    """Return what becomes of titles both records wait for.

    A hold for which a copy lies or travels stays, else the earlier one; the earlier place in the
    queue stays in any case.
    """
    mine = {hold.title: hold for hold in kept}
    joined = []
    for other in gone:
        own = mine.get(other.title)
        if own is None:
            continue
        first, second = sorted((own, other), key=_worth)
        joined.append(Joined(first.id, second.id, min(own.order_ts, other.order_ts)))
    return joined


def _worth(hold: HoldOfTwo) -> tuple[bool, bool, datetime, int]:
    return (hold.state != "ready", hold.state not in IN_HAND, hold.order_ts, hold.id)
