"""What speaks against weeding a copy out. Pure: facts in, codes out.

Source: Circular 02/2020: local history (địa chí) is never weeded. A copy that is on loan, on its
way, in a box or kept for a reader must come back first.
"""

from dataclasses import dataclass
from datetime import date

ALLOWED_OF_LOCAL_HISTORY = ("lost", "mistake")  # it is gone, or never was


@dataclass(frozen=True)
class CopyToJudge:
    """What is known of a copy on a list."""

    local_history: bool
    lifecycle: str
    accessioned_on: date | None
    vetoes: tuple[str, ...] = ()


def may_be_proposed(copy: CopyToJudge, reason: str) -> str:
    """Return why a copy cannot come on a list, or nothing."""
    if copy.lifecycle == "withdrawn":
        return "withdrawn"
    if copy.local_history and reason not in ALLOWED_OF_LOCAL_HISTORY:
        return "local_history"
    return ""


def against(copy: CopyToJudge, reason: str, decided_on: date | None) -> list[str]:
    """Return everything that keeps a copy on a list from being withdrawn on a day."""
    found = [code] if (code := may_be_proposed(copy, reason)) else []
    if decided_on and copy.accessioned_on and copy.accessioned_on > decided_on:
        found.append("entered_later")
    return found + list(copy.vetoes)
