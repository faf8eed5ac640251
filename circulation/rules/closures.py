"""What a planned closure does to what was promised: days only move forward, never back.

Source: docs/circulation.md, closures.
"""

from dataclasses import dataclass
from datetime import date

from circulation.rules.fines import Posted, charge, suspension_days
from circulation.rules.policy import Policy
from ils.org.calendar import Calendar

FAR = 400  # days looked ahead: a library may be closed for a year of building


@dataclass(frozen=True)
class Moved:
    """The new last day; None where no open day is in reach and the old one stays."""

    on: date | None


def moved_due(
    due_on: date, before: Calendar, after: Calendar, counted_from: date | None = None
) -> Moved | None:
    """Return the new due day of a loan, None where the closure does not concern it.

    A due day that becomes closed moves to the next open one. Of a loan counted in open days
    (``counted_from`` its first day) the number of open days stays. A due day that was closed
    before, typed so by hand, is left alone.
    """
    moved: date | None = due_on
    if before.is_open(due_on) and not after.is_open(due_on):
        moved = after.next_open(due_on, FAR)
    if moved is not None and counted_from is not None:
        moved = _counted_again(counted_from, moved, due_on, before, after)
    return None if moved == due_on else Moved(moved)


def _counted_again(
    first: date, moved: date, due_on: date, before: Calendar, after: Calendar
) -> date | None:
    days = before.open_days(first, due_on)
    if days <= after.open_days(first, due_on):
        return moved
    counted = after.add_open(first, days, FAR)
    return None if counted is None else max(moved, counted)


def moved_shelf(
    ready_on: date,
    shelf_until: date,
    before: Calendar,
    after: Calendar,
    need_by: date | None = None,
) -> Moved | None:
    """Return the new last day of collection: as many open days as were promised before.

    A day the reader named (``need_by``) is not passed by.
    """
    if need_by is not None and need_by <= shelf_until:
        return None
    days = before.open_days(ready_on, shelf_until)
    if after.open_days(ready_on, shelf_until) >= days:
        return None
    last = after.add_open(ready_on, days, FAR)
    if last is not None and need_by is not None:
        last = max(shelf_until, min(last, need_by))
    return None if last == shelf_until else Moved(last)


@dataclass(frozen=True)
class PostedFine:
    """An overdue charge as it was posted, with what was posted on the loan before it."""

    amount: int
    due_on: date
    until: date
    price: int | None = None
    posted_before: int = 0
    waived: int = 0


def too_much(posted: PostedFine, policy: Policy, after: Calendar) -> int:
    """Return by how much a posted fine exceeds what the days of the closure leave of it.

    What was forgiven already is not offered again; a fine is never raised.
    """
    right = charge(
        posted.due_on,
        posted.until,
        policy,
        after,
        posted.price,
        Posted(on_loan=posted.posted_before, since_due=posted.posted_before),
    )
    return max(0, posted.amount - right.amount - posted.waived)


@dataclass(frozen=True)
class Penalty:
    """Days without borrowing as a late return brought them."""

    from_on: date
    to_on: date
    due_on: date
    returned_on: date


def days_too_many(penalty: Penalty, policy: Policy, before: Calendar, after: Calendar) -> int:
    """Return by how many days a suspension shrinks when days turn out to have been closed.

    Never more than it has, and only what this closure changes: one is never made longer.
    """
    was = suspension_days(penalty.due_on, penalty.returned_on, policy, before)
    right = suspension_days(penalty.due_on, penalty.returned_on, policy, after)
    has = (penalty.to_on - penalty.from_on).days + 1
    return max(0, min(was, has) - right) if right < was else 0


def told_later(on: date, before: Calendar, after: Calendar) -> Moved | None:
    """Return when a message of a day goes out instead, None where the closure does not hold it."""
    if not before.is_open(on) or after.is_open(on):
        return None
    return Moved(after.next_open(on, FAR))


def may_go_back(old: date, promised: date, now: date, today: date) -> bool:
    """Tell whether undoing a closure may restore a day: untouched since, and not yet passed."""
    return now == promised and old >= today
