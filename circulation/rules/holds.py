"""The queue for a title: its order, which copy goes to whom, how long it waits on the shelf.

Source: docs/circulation.md, holds.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from typing import NamedTuple

from circulation.rules.blocks import PatronFacts, figure_reasons, note_reasons
from circulation.rules.policy import Policy
from circulation.rules.reasons import Reason, reason, worst_first
from ils.org.calendar import ONE_DAY, Calendar

FAR_AWAY = 99


@dataclass(frozen=True)
class HoldFacts:
    """A hold in the queue; ``item`` names the one copy wanted, ``target`` the one assigned."""

    id: int
    queue_class: int
    order_ts: datetime
    pickup: int
    item: int | None = None
    suspended: bool = False
    target: int | None = None
    volume: str = ""
    skip_item: int | None = None


@dataclass(frozen=True)
class CopyFacts:
    """A copy that may fill a hold; ``cost`` is the transport cost to a branch, ``uses`` its age in
    loans, so that copies wear evenly."""

    id: int
    at: int
    free: bool = True
    cost: Mapping[int, int] = field(default_factory=dict)
    uses: int = 0
    barcode: str = ""
    volume: str = ""


Fits = Callable[[HoldFacts, CopyFacts], bool]


def queue(holds: Iterable[HoldFacts]) -> list[HoldFacts]:
    """Return holds in the order they are served: class, time of request, id."""
    return sorted(holds, key=lambda h: (h.queue_class, h.order_ts, h.id))


def may_fill(hold: HoldFacts, copy: CopyFacts) -> bool:
    """Tell whether a copy is what a hold asks for: that copy, or that title and volume."""
    if hold.suspended or hold.skip_item == copy.id:
        return False
    if hold.item is not None:
        return hold.item == copy.id
    return hold.volume in ("", copy.volume)


def _any(_hold: HoldFacts, _copy: CopyFacts) -> bool:
    return True


def assign(
    holds: Iterable[HoldFacts], copies: Iterable[CopyFacts], fits: Fits = _any
) -> dict[int, int]:
    """Give free copies to holds, strictly in queue order: hold id → copy id.

    A title hold leaves alone a copy that a hold for that very copy waits for, if it can; then it
    keeps the copy it has, then prefers the pickup branch, the cheapest transport, the least used
    copy and the lowest barcode.
    """
    waiting = queue(holds)
    free = {c.id: c for c in copies if c.free}
    wanted = {h.item for h in waiting if h.item is not None and not h.suspended}
    given: dict[int, int] = {}
    for hold in waiting:
        choice = [c for c in free.values() if may_fill(hold, c) and fits(hold, c)]
        if choice:
            best = min(choice, key=lambda c: _preference(hold, c, wanted))
            given[hold.id] = best.id
            del free[best.id]
    return given


def _preference(
    hold: HoldFacts, copy: CopyFacts, wanted: set[int]
) -> tuple[bool, bool, bool, int, int, str, int]:
    return (
        hold.item is None and copy.id in wanted,
        copy.id != hold.target,
        copy.at != hold.pickup,
        copy.cost.get(hold.pickup, FAR_AWAY),
        copy.uses,
        copy.barcode,
        copy.id,
    )


def pick_for_scanned(
    holds: Iterable[HoldFacts],
    copy: CopyFacts,
    fits: Fits = _any,
    *,
    others: Iterable[CopyFacts] = (),
    now: datetime | None = None,
    local_first_days: int = 0,
) -> HoldFacts | None:
    """Return the first hold in the queue that a scanned copy may fill, whatever was targeted.

    For ``local_first_days`` after its request a hold picked up where the copy lies goes first.
    A title hold leaves the copy to a hold for this very copy while ``others``, the free copies
    besides it, have one for the title hold and for all who wait between the two.
    """
    waiting = queue(holds)
    if local_first_days and now is not None:
        waiting.sort(key=lambda h: not _is_local(h, copy, now, local_first_days))
    able = [h for h in waiting if may_fill(h, copy) and fits(h, copy)]
    if not able or able[0].item is not None:
        return able[0] if able else None
    this_very = next((h for h in able if h.item is not None), None)
    if this_very is not None:
        given = assign(waiting, [replace(copy, free=True), *others], fits)
        if given.get(this_very.id) == copy.id:
            return this_very
    return able[0]


def _is_local(hold: HoldFacts, copy: CopyFacts, now: datetime, days: int) -> bool:
    return hold.pickup == copy.at and now - hold.order_ts < days * ONE_DAY


def place_in_queue(hold_id: int, holds: Iterable[HoldFacts]) -> int | None:
    """Return a hold's place among those not suspended, 1 for the first; None if not waiting."""
    waiting = [h.id for h in queue(holds) if not h.suspended or h.id == hold_id]
    return waiting.index(hold_id) + 1 if hold_id in waiting else None


def between(before: datetime | None, after: datetime | None) -> datetime:
    """Return a place in the queue between two neighbours; None where there is none on that side.

    Neighbours less than two microseconds apart leave no room: then it is the earlier one's time
    and a microsecond, and whoever stands behind has to move on.
    """
    if before is None:
        if after is None:
            raise ValueError("a place beside nobody")
        return after - timedelta(seconds=1)
    if after is None:
        return before + timedelta(seconds=1)
    return before + max((after - before) / 2, timedelta(microseconds=1))


class ShelfEnd(NamedTuple):
    """The last day a reader may collect, inclusive, with the trace of why."""

    on: date
    trace: tuple[str, ...] = ()


def shelf_expiry(
    ready_on: date, open_days: int, calendar: Calendar, need_by: date | None = None
) -> ShelfEnd:
    """Return the last day of collection: the n-th open day after, or an earlier ``need_by``.

    Without an open day in reach the days are counted by the calendar, and ``NO_OPEN_DAY`` traced.
    """
    last = ready_on if open_days == 0 else calendar.add_open(ready_on, open_days)
    trace: tuple[str, ...] = ()
    if last is None:
        last, trace = ready_on + open_days * ONE_DAY, ("NO_OPEN_DAY",)
    if need_by is not None and need_by < last:
        return ShelfEnd(max(need_by, ready_on), (*trace, "NEED_BY"))
    return ShelfEnd(last, trace)


@dataclass(frozen=True)
class HoldRequest:
    """What placing a hold is judged by. ``holdable`` counts copies that could ever fill it, ``free``
    those that lie on their shelf; a slip asks for one of these, to be read today."""

    today: date
    patron: PatronFacts
    holdable: int
    item_level: bool = False
    available_here: int = 0
    duplicate_hold_id: int | None = None
    has_copy: bool = False
    volume_known: bool = True
    pickup_offered: bool = True
    need_by: date | None = None
    slip: bool = False
    free: int = 0


def hold_reasons(facts: HoldRequest, policy: Policy) -> list[Reason]:
    """Return every reason against placing a hold, worst first."""
    found = [
        *card_reasons(facts.patron, facts.today),
        *note_reasons("hold", facts.patron, facts.today),
    ]
    found += figure_reasons("hold", facts.patron, policy)
    if facts.patron.visitor_on is not None and not facts.slip:
        found.append(reason("visitor_reads_here"))
    if not facts.volume_known:
        found.append(reason("volume_unknown"))
    if facts.holdable == 0 or not policy.holdable:
        found.append(reason("item_not_holdable" if facts.item_level else "nothing_holdable"))
    if facts.duplicate_hold_id is not None:
        found.append(reason("duplicate_hold", hold_id=facts.duplicate_hold_id))
    if facts.slip and facts.holdable and not facts.free:
        found.append(reason("nothing_free_now"))
    if facts.has_copy and not policy.hold_with_copy and not facts.slip:
        found.append(reason("has_copy_on_loan"))
    if facts.available_here and not policy.hold_on_available and not facts.slip:
        found.append(reason("available_here", copies=facts.available_here))
    if not facts.pickup_offered:
        found.append(reason("pickup_not_offered"))
    if facts.need_by is not None and facts.need_by < facts.today:
        found.append(reason("need_by_past", need_by=facts.need_by))
    return worst_first([*found, *_number_reasons(facts, policy)])


def _number_reasons(facts: HoldRequest, policy: Policy) -> list[Reason]:
    figures, found = facts.patron.figures, []
    numbers: tuple[tuple[str, int, int | None], ...] = (
        ("limit_holds", figures.holds + 1, policy.limit_holds),
        ("limit_holds_day", figures.holds_today + 1, policy.limit_holds_day),
    )
    if facts.slip:
        numbers = (("limit_slips", figures.slips + 1, policy.limit_slips),)
    for code, after, limit in numbers:
        if limit is not None and after > limit:
            found.append(reason(code, value=after, limit=limit))
    return found


def card_reasons(patron: PatronFacts, today: date) -> list[Reason]:
    """Return what is wrong with the card or the reader's file.

    A visitor has neither: the day is what counts.
    """
    if patron.visitor_on is not None:
        return [] if patron.visitor_on == today else [reason("visitor_day_over")]
    found = []
    if patron.deleted:
        found.append(reason("patron_deleted"))
    if patron.card_state != "active":
        found.append(reason("card_replaced", state=patron.card_state))
    if patron.card_expires_on and today > patron.card_expires_on:
        found.append(reason("card_expired", expires_on=patron.card_expires_on))
    if patron.consent_withdrawn:
        found.append(reason("consent_withdrawn"))
    return found
