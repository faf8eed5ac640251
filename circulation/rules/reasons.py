"""Reasons: why an act is refused, asked about or commented on.

One table says for each code how strong it is by default, who may override it, whether an override
is remembered until the reader's session ends, and in which order reasons are shown.
Source: docs/circulation.md, reasons.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

REFUSE, QUESTION, INFO = "refuse", "question", "info"
_RANK = {REFUSE: 0, QUESTION: 1, INFO: 2}

DESK = "circulation:override:desk"
HEAD = "circulation:override:head"
FAR = "circulation:backdate:far"
ANSWER = ""  # a question: whoever may do the act may answer it


@dataclass(frozen=True)
class Kind:
    """What the table says about a code; ``override`` None means nobody."""

    order: int
    level: str
    override: str | None = None
    remembered: bool = False


def _refuse(order: int, override: str | None = None, *, remembered: bool = False) -> Kind:
    return Kind(order, REFUSE, override, remembered)


def _ask(order: int) -> Kind:
    return Kind(order, QUESTION, ANSWER)


def _tell(order: int) -> Kind:
    return Kind(order, INFO)


# The order numbers are the test numbers of check-out; holds and renewals use the same scale.
KINDS: dict[str, Kind] = {
    # 1 the thing scanned
    "item_unknown": _refuse(1),
    "card_not_item": _refuse(1),
    "record_unknown": _refuse(1),
    # 2 the reader and the card
    "card_unknown": _refuse(2),
    "item_not_card": _refuse(2),
    "card_replaced": _refuse(2),
    "patron_deleted": _refuse(2),
    "visitor_day_over": _refuse(2),
    "visitor_reads_here": _refuse(2),
    "patron_of_other_library": _refuse(2, DESK, remembered=True),
    "card_expired": _refuse(2, DESK, remembered=True),
    "card_of_reading_room": _refuse(2, DESK, remembered=True),
    "consent_missing": _refuse(2, DESK, remembered=True),
    "consent_withdrawn": _refuse(2, HEAD),
    "manual_block": _refuse(2, HEAD),
    "suspended": _refuse(2, HEAD),
    # 3 the reader's figures, this act included
    "lost_unsettled": _refuse(3, HEAD),
    "owed_over": _refuse(3, DESK, remembered=True),
    "overdue_over": _refuse(3, DESK, remembered=True),
    "overdue_days_over": _refuse(3, DESK, remembered=True),
    # 4 the copy's lifecycle and use
    "item_withdrawn": _refuse(4),
    "item_restricted": _refuse(4, HEAD),
    "not_for_loan": _refuse(4, HEAD),
    "take_home_of_reading_room": _refuse(4, HEAD),
    "not_lent_to_category": _refuse(4, HEAD),
    "not_read_here": _refuse(4, HEAD),
    "item_in_process": _refuse(4, DESK, remembered=True),
    "item_damaged": _refuse(4, DESK, remembered=True),
    "withdrawal_proposed": _refuse(4, DESK),
    "lifecycle_missing_or_lost": _ask(4),
    # 5 what the copy is doing
    "on_loan_other": _ask(5),
    "own_loan": _ask(5),
    "at_point": _ask(5),
    "on_shelf_for_other": _refuse(5, DESK),
    "in_transit_for_other": _refuse(5, DESK),
    "own_hold_other_copy": _ask(5),
    # 6 the queue
    "wanted_by_others": _ask(6),
    # 7 limits of number
    "limit_total": _refuse(7, DESK, remembered=True),
    "limit_kind": _refuse(7, DESK, remembered=True),
    "limit_reading_room": _refuse(7, DESK, remembered=True),
    "limit_holds": _refuse(7, DESK, remembered=True),
    "limit_holds_day": _refuse(7, DESK, remembered=True),
    "limit_slips": _refuse(7, DESK, remembered=True),
    # 8, 9 age and deposit
    "age_limit": _refuse(8, HEAD),
    "deposit_missing": _refuse(9, HEAD),
    # a date typed by hand
    "manual_due_past": _refuse(9),
    "manual_due_far": _refuse(9, HEAD),
    "manual_due_closed": _ask(9),
    "backdate_far": _refuse(9, FAR),
    # renewals
    "not_on_loan": _refuse(1),
    "reading_room": _refuse(4),
    "lifecycle": _refuse(4),
    "renewal_wanted": _refuse(6, DESK),
    "limit_reached": _refuse(7, DESK),
    "card_expires": _refuse(2, DESK, remembered=True),
    "overdue_too_long": _refuse(8, DESK),
    "too_early": _refuse(9, DESK),
    "no_gain": _refuse(9),
    # holds
    "nothing_holdable": _refuse(4),
    "item_not_holdable": _refuse(4),
    "volume_unknown": _refuse(4),
    "duplicate_hold": _refuse(5),
    "has_copy_on_loan": _refuse(5, DESK),
    "available_here": _refuse(6, DESK),
    "pickup_not_offered": _refuse(8),
    "need_by_past": _refuse(9),
    "hold_state": _refuse(5),
    "shelf_extended_enough": _refuse(7, DESK),
    "nothing_free_now": _refuse(6),
    "until_past": _refuse(9),
    "missing_question": _ask(4),
    # lost, claimed, damaged
    "lost_already": _refuse(4),
    "lost_in_transit": _refuse(5, DESK),
    "lost_on_shelf_for": _refuse(5, DESK),
    "loss_state": _refuse(5),
    "claim_open": _refuse(5),
    "search_not_due": _refuse(9, DESK),
    "search_both_first": _refuse(5, HEAD),
    "still_on_loan": _refuse(5),
    # undoing
    "undo_too_late": _refuse(9),
    "undo_done_already": _refuse(9),
    "changed_since": _refuse(9),
    "no_return_to_reverse": _refuse(9),
    "lost_procedure_runs": _refuse(9),
    "patron_forgotten": _refuse(9),
    # used on the premises
    "needs_return": _refuse(5),
    # money
    "amount_wrong": _refuse(9),
    "more_than_owed": _refuse(9),
    "more_than_deposit": _refuse(9),
    "entry_settled": _refuse(9),
    "more_than_overpaid": _refuse(9),
    "till_needed": _refuse(9),
    "till_open_already": _refuse(9),
    "till_taken": _refuse(9),
    "till_closed": _refuse(9),
    "more_than_in_till": _refuse(9),
    "difference_unexplained": _refuse(9),
    # sending
    "not_on_shelf": _refuse(5),
    "already_there": _refuse(9),
    "not_exchanged": _refuse(9),
    "open_here_already": _refuse(5),
    "transit_over": _refuse(5),
    "transit_for_hold": _refuse(5),
    "missing_too_early": _refuse(9),
    # 10 good to know
    "calendar_without_open_day": _tell(9),
    "due_cut_by_card": _tell(9),
    "parts": _tell(10),
    "note": _tell(10),
    "had_before": _tell(10),
    "queue_length": _tell(10),
    "card_expires_soon": _tell(10),
    "claims_many": _tell(10),
}


@dataclass(frozen=True)
class Reason:
    """One reason with the facts a sentence needs; ``override`` is the permission that lifts it."""

    code: str
    facts: Mapping[str, Any] = field(default_factory=dict)
    level: str = REFUSE
    override: str | None = None
    remembered: bool = False

    @property
    def stops(self) -> bool:
        """Tell whether the act waits for an answer or an override."""
        return self.level != INFO


def reason(code: str, /, **facts: Any) -> Reason:
    """Make a reason as the table says."""
    kind = KINDS[code]
    return Reason(code, facts, kind.level, kind.override, kind.remembered)


def stronger(found: Reason, *, level: str | None = None, override: str | None = None) -> Reason:
    """Return the reason at another level or with another permission than the table's."""
    return replace(
        found,
        level=level or found.level,
        override=found.override if override is None else override,
    )


def worst_first(found: Iterable[Reason]) -> list[Reason]:
    """Sort reasons: refusals, questions, information; within them by the order of the tests."""
    return sorted(found, key=lambda r: (_RANK[r.level], KINDS[r.code].order))


def unlifted(found: Iterable[Reason], answered: Collection[str]) -> list[Reason]:
    """Return the reasons that still stop the act: not answered, or nobody may lift them."""
    return [r for r in found if r.stops and (r.override is None or r.code not in answered)]
