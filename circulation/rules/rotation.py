"""May a copy go into a box, and is the box the same the point had before? Pure.

Only free copies travel: what a reader has or waits for, what is on its way and what lies in another
box stays out. A point should not get the same set twice.
"""

from collections.abc import Iterable
from dataclasses import dataclass

PROPOSALS = ("lent", "never_came", "lost", "missing")
SAME_BOX = 0.5  # from this share of titles on, a set counts as the one the point had before
LOST_AFTER = 180  # days
READ_AT_POINTS = ("loan", "reading_room")


@dataclass(frozen=True)
class Packed:
    """A copy to be packed. ``position`` as in docs/circulation.md; ``assigned`` to a hold."""

    position: str = "on_shelf"
    lifecycle: str = "active"
    use: str = "loan"
    own: bool = True
    assigned: bool = False


def why_not_packed(copy: Packed) -> str:
    """Return the code of the first reason why a copy does not go into a box; empty: it goes."""
    if not copy.own:
        return "box_foreign_copy"
    if copy.lifecycle != "active":
        return "box_copy_not_active"
    if copy.use not in READ_AT_POINTS:
        return "box_copy_restricted"
    if copy.position not in ("on_shelf", "to_shelve"):
        return f"box_copy_{copy.position}"
    if copy.assigned:
        return "box_copy_assigned"
    return ""


def same_share(records: Iterable[int], held_before: Iterable[int]) -> float:
    """Return which share of the titles in a box the point has had before (0 to 1)."""
    now = set(records)
    return len(now & set(held_before)) / len(now) if now else 0.0


def is_same_box(records: Iterable[int], held_before: Iterable[int]) -> bool:
    """Tell whether a box is much the same as what the point had before."""
    return same_share(records, held_before) >= SAME_BOX


def proposal(*, on_loan: bool, missing_before: bool, days_late: int, arrived: bool = True) -> str:
    """Return what to do with a copy that did not come back with its box.

    ``lent``: a reader has it, so it leaves the box and comes back over the desk. ``never_came``: it
    was missing when the point counted the box, so it is missing and the point owes nothing. ``lost``: it was
    missing before, or nobody has found it half a year after the box was due. Else ``missing``: the
    point goes on looking, and a scan puts it in order.
    """
    if on_loan:
        return "lent"
    if not arrived:
        return "never_came"
    return "lost" if missing_before or days_late > LOST_AFTER else "missing"
