"""What speaks against withdrawing a copy or deleting a record at once with many others. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from cataloging.batch.rules.copies import Judged

MISTAKE: Final = "mistake"
LOST: Final = ("missing", "lost", "lost_settled")
PROPOSED: Final = "withdrawal_proposed"


@dataclass(frozen=True)
class CopyToWithdraw:
    """What is known of a copy: its state, whether it stands in an accession register, whether it is
    local history, whether it was entered after the day of the withdrawal, and why it is not free."""

    lifecycle: str
    numbered: bool
    local_history: bool
    entered_later: bool
    may_withdraw: bool
    vetoes: tuple[str, ...] = ()


def judge_withdrawal(copy: CopyToWithdraw, reason: str) -> Judged:
    """Return whether a copy may be withdrawn at once: ``will``, ``decision`` or ``against``.

    What stands in an accession register goes by minutes and decision only (Circular 02/2020), unless
    it was entered by mistake; local history never goes, unless it is lost or never was.
    """
    if copy.lifecycle == "withdrawn":
        return Judged("against", ("withdrawn",))
    if not copy.may_withdraw:
        return Judged("against", ("no_right",))
    reasons = list(copy.vetoes)
    if copy.lifecycle == PROPOSED:
        reasons.append("on_a_list")
    if copy.lifecycle in LOST and reason == MISTAKE:
        reasons.append("state_of_its_own")
    if copy.local_history and reason not in (MISTAKE, "lost"):
        reasons.append("local_history")
    if copy.entered_later:
        reasons.append("entered_later")
    if reasons:
        return Judged("against", tuple(reasons))
    if reason != MISTAKE and (copy.numbered or copy.lifecycle in LOST):
        return Judged("decision", ("needs_decision",))
    return Judged("will")


def judge_deletion(copies: int, vetoes: Sequence[str]) -> Judged:
    """Return whether a record may be deleted: not while it has copies in stock, or while somebody
    waits for it, receives it, or goes on with it."""
    reasons = (*(("has_copies",) if copies else ()), *dict.fromkeys(vetoes))
    return Judged("against", reasons) if reasons else Judged("will")
