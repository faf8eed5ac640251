"""What a late return costs. Pure; called at any time, the running value is never stored.

A chargeable day is a day after the due day, up to and including the day of return, on which the
lending branch is open (where ``skip_closed``). Source: docs/circulation.md, fines.
"""

from dataclasses import dataclass
from datetime import date

from circulation.rules.policy import Policy
from ils.core.money import round_down
from ils.org.calendar import ONE_DAY, Calendar


@dataclass(frozen=True)
class Fine:
    """An amount and how it came about; ``limits`` names what made it smaller, in order."""

    amount: int
    days_late: int  # chargeable days, before grace
    charged_days: int
    per_day: int
    limits: tuple[str, ...] = ()


NO_FINE = Fine(0, 0, 0, 0)


def late_days(due_on: date, until: date, policy: Policy, calendar: Calendar) -> int:
    """Count the chargeable days after ``due_on`` up to ``until``; 0 if only closed days passed."""
    if until <= due_on:
        return 0
    if policy.skip_closed:
        return calendar.open_days(due_on, until)
    return (until - due_on).days


def fine(
    due_on: date, until: date, policy: Policy, calendar: Calendar, price: int | None = None
) -> Fine:
    """Return the whole fine of a loan due on ``due_on`` and returned on ``until``, unrounded."""
    days = late_days(due_on, until, policy, calendar)
    charged = _after_grace(days, policy)
    amount, limits = charged * policy.per_day, []
    price_cap = price if policy.cap_to_price else None
    for limit, code in ((policy.cap, "CAP"), (price_cap, "PRICE")):
        if limit is not None and amount > limit:
            amount = limit
            limits.append(code)
    return Fine(amount, days, charged, policy.per_day, tuple(dict.fromkeys(limits)))


def _after_grace(days: int, policy: Policy) -> int:
    if policy.grace_mode == "forgive":
        return 0 if days <= policy.grace else days
    return max(0, days - policy.grace)


@dataclass(frozen=True)
class Posted:
    """What the ledger already holds: overdue charges of this loan (all, and since the present due
    date), and the reader's overdue charges still unpaid, over all loans."""

    on_loan: int = 0
    since_due: int = 0
    open_of_patron: int = 0


def charge(
    due_on: date,
    until: date,
    policy: Policy,
    calendar: Calendar,
    price: int | None = None,
    posted: Posted = Posted(),
) -> Fine:
    """Return what is still to be posted for the days up to ``until``: rounded, never negative.

    The cap of the loan counts what earlier periods of the loan were charged, the reader's cap what
    he still owes for late returns.
    """
    if policy.penalty != "money":
        return NO_FINE
    whole = fine(due_on, until, policy, calendar, price)
    amount, limits = whole.amount - posted.since_due, list(whole.limits)
    earlier = posted.on_loan - posted.since_due
    if earlier:
        amount, limits = _under_caps(amount, posted.on_loan, policy, price, limits)
    room = None if policy.patron_cap is None else policy.patron_cap - posted.open_of_patron
    if room is not None and amount > room:
        amount = room
        limits.append("PATRON_CAP")
    amount = round_down(max(0, amount), policy.round_to)
    return Fine(
        amount, whole.days_late, whole.charged_days, whole.per_day, tuple(dict.fromkeys(limits))
    )


def _under_caps(
    amount: int, spent: int, policy: Policy, price: int | None, limits: list[str]
) -> tuple[int, list[str]]:
    caps = (("CAP", policy.cap), ("PRICE", price if policy.cap_to_price else None))
    for code, limit in caps:
        if limit is not None and amount > limit - spent:
            amount, limits = limit - spent, [*limits, code]
    return amount, limits


def suspension_days(due_on: date, until: date, policy: Policy, calendar: Calendar) -> int:
    """Return the days without borrowing a late return brings, where the penalty is days."""
    if policy.penalty != "days":
        return 0
    days = _after_grace(late_days(due_on, until, policy, calendar), policy) * policy.suspend_factor
    return days if policy.suspend_max is None else min(days, policy.suspend_max)


def suspension_span(
    returned_on: date, days: int, policy: Policy, running_to: date | None
) -> tuple[date, date]:
    """Return the first and last day of a suspension; it follows a running one if they add up."""
    first = returned_on
    if policy.suspend_adds_up and running_to is not None and running_to >= returned_on:
        first = running_to + ONE_DAY
    return first, first + (days - 1) * ONE_DAY


def book_drop_date(scan_day: date, calendar: Calendar) -> date:
    """Return the day that counts for a copy found in the drop box at opening.

    It is the last open day before; without one in reach, the day before by the calendar.
    """
    return calendar.prev_open(scan_day - ONE_DAY) or scan_day - ONE_DAY
