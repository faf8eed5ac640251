"""When a loan is due, and why that day.

Days are days of the library's zone; the whole due day is free. The calendar is that of the branch
that lent the copy.
"""

from datetime import date
from typing import NamedTuple

from circulation.rules.policy import Policy
from circulation.rules.reasons import Reason, reason
from ils.org.calendar import ONE_DAY, Calendar

FAR_OPEN = 60  # days looked ahead for an open one


class Step(NamedTuple):
    """One step of the way to a date: what happened and the date after it."""

    code: str
    day: date


class Due(NamedTuple):
    """A date with the steps that led to it; ``BASE`` is the first."""

    on: date
    steps: tuple[Step, ...]

    @property
    def trace(self) -> list[str]:
        """Return the codes of the steps that changed the date, or failed to."""
        return [step.code for step in self.steps if step.code != "BASE"]


def due_date(
    start: date, policy: Policy, calendar: Calendar, card_expiry: date | None = None
) -> Due:
    """Return the last day of a loan with the trace of why.

    A day on which the branch is closed moves forward to the next open one; a ceiling or the card's
    expiry moves it back to the last open day before, never before ``start``.

    Never fails for want of an open day: keeps the date and traces ``NO_OPEN_DAY``.
    Source: docs/circulation.md, due dates.
    """
    due, steps = _base(start, policy, calendar)
    if not calendar.is_open(due):
        following = calendar.next_open(due, FAR_OPEN)
        due = following or due
        steps.append(Step("PUSHED_TO_OPEN" if following else "NO_OPEN_DAY", due))
    card_end = card_expiry if policy.within_card else None
    for limit, code in ((policy.ceiling, "CEILING"), (card_end, "CARD_EXPIRY")):
        if limit and start <= limit < due:  # a limit already past is not this rule's matter
            due = _back(limit, start, calendar)
            steps.append(Step(code, due))
            if not calendar.is_open(due):
                steps.append(Step("NO_OPEN_DAY", due))
    return Due(due, tuple(steps))


def _base(start: date, policy: Policy, calendar: Calendar) -> tuple[date, list[Step]]:
    if policy.fixed_due and policy.fixed_due >= start:
        return policy.fixed_due, [Step("FIXED", policy.fixed_due)]
    due = start + policy.loan_days * ONE_DAY
    if policy.loan_count == "open" and policy.loan_days:
        due = calendar.add_open(start, policy.loan_days) or due
    return due, [Step("BASE", due)]


def _back(limit: date, start: date, calendar: Calendar) -> date:
    """Return the last open day between ``start`` and ``limit``; the limit where there is none."""
    return calendar.prev_open(limit, (limit - start).days + 1) or limit


def manual_due_reasons(
    today: date, wanted: date, policy: Policy, calendar: Calendar
) -> list[Reason]:
    """Judge a due date typed by staff: not past, not too far, and a closed day is asked about."""
    if wanted < today:
        return [reason("manual_due_past", due_on=wanted)]
    found = []
    latest = today + policy.max_manual_days * ONE_DAY
    if wanted > latest:
        found.append(reason("manual_due_far", due_on=wanted, latest=latest))
    if not calendar.is_open(wanted):
        found.append(reason("manual_due_closed", due_on=wanted, next=calendar.next_open(wanted)))
    return found
