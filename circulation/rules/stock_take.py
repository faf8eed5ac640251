"""Which group of the council's minutes a copy belongs to once the shelves were gone through.

Source: practice of Vietnamese public libraries: còn, mất, sai kho, đang mượn, đang luân chuyển, rách
nát, thừa. A copy the books say is elsewhere is accounted for, not missing.
"""

from dataclasses import dataclass

PRESENT, DAMAGED, MISPLACED = "present", "damaged", "misplaced"
ON_LOAN, AWAY, WAITING = "on_loan", "away", "waiting"
MISSING, ABSENT_BEFORE = "missing", "absent_before"
FOUND_AGAIN, LENT_BUT_HERE, SURPLUS = "found_again", "lent_but_here", "surplus"

# In the order of the minutes: accounted for, then what somebody must do something about.
GROUPS = (
    *(PRESENT, ON_LOAN, AWAY, WAITING, ABSENT_BEFORE),
    *(MISSING, DAMAGED, MISPLACED, FOUND_AGAIN, LENT_BUT_HERE, SURPLUS),
)
ACCOUNTED = (PRESENT, ON_LOAN, AWAY, WAITING, ABSENT_BEFORE)
GONE = ("missing", "lost", "lost_settled")


@dataclass(frozen=True)
class Counted:
    """A copy at the end of the count. ``position`` and ``lifecycle`` are those of the books now.

    ``seen_at_desk``: it passed a desk since the stock was frozen, so it is there or was.
    """

    in_scope: bool
    position: str
    lifecycle: str
    seen: bool
    damaged: bool = False
    seen_at_desk: bool = False


def group_of(copy: Counted) -> str:
    """Return the group of a copy."""
    return _group_seen(copy) if copy.seen else _group_unseen(copy)


def _group_seen(copy: Counted) -> str:
    if copy.lifecycle == "withdrawn":
        return SURPLUS
    if copy.position == "on_loan":
        return LENT_BUT_HERE
    if copy.lifecycle in GONE:
        return FOUND_AGAIN
    if not copy.in_scope:
        return MISPLACED
    return DAMAGED if copy.damaged else PRESENT


def _group_unseen(copy: Counted) -> str:
    if copy.position == "on_loan":
        return ON_LOAN
    if copy.position in ("in_transit", "at_point"):
        return AWAY
    if copy.position == "hold_shelf":
        return WAITING
    if copy.lifecycle in GONE:
        return ABSENT_BEFORE
    return PRESENT if copy.seen_at_desk else MISSING
