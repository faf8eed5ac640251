"""One reader has two holds on one title, for two records of the person or of the title were made
one: which hold stays, and with what place.

Source of the rule: docs/circulation.md, two holds of a reader on a title. No database here.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

IN_HAND = ("ready", "in_transit")  # a copy lies or travels for it


@dataclass(frozen=True)
class HoldOfTwo:
    """An open hold of one of the two records. ``about`` is what both may have in common: (record,
    volume) where two people are one, (patron, volume) where two titles are."""

    id: int
    about: tuple[int, str]
    state: str
    order_ts: datetime
    slip: bool = False  # to be read here today


@dataclass(frozen=True)
class Joined:
    """``keep`` stays, at the place of ``order_ts``; ``close`` ends as merged."""

    keep: int
    close: int
    order_ts: datetime


def join_holds(kept: Iterable[HoldOfTwo], gone: Iterable[HoldOfTwo]) -> list[Joined]:
    """Return what becomes of what both records wait for.

    A hold for which a copy lies or travels stays, else one to take home, else the earlier one; the
    earlier place in the queue stays in any case.
    """
    mine = {hold.about: hold for hold in kept}
    joined = []
    for other in gone:
        own = mine.get(other.about)
        if own is None:
            continue
        first, second = sorted((own, other), key=_worth)
        joined.append(Joined(first.id, second.id, min(own.order_ts, other.order_ts)))
    return joined


def _worth(hold: HoldOfTwo) -> tuple[bool, bool, bool, datetime, int]:
    in_hand = hold.state in IN_HAND
    return (hold.state != "ready", not in_hand, hold.slip, hold.order_ts, hold.id)
