"""A rule tried on loans that were made: what it would have said, and where two rules differ.

Nothing is stored. What the reader was and owed at that moment is a fact; only the policy changes.
"""

from collections import Counter
from dataclasses import dataclass, field, replace
from datetime import date

from circulation.rules.blocks import PatronFacts
from circulation.rules.checkout import (
    HOME,
    CheckoutFacts,
    CopyState,
    checkout_reasons,
)
from circulation.rules.due_date import due_date
from circulation.rules.fines import Posted, charge, suspension_days
from circulation.rules.policy import Policy
from circulation.rules.reasons import REFUSE
from circulation.rules.renewal import RenewalFacts, renew_due, renewal_reasons
from ils.org.calendar import Calendar


@dataclass(frozen=True)
class PastLoan:
    """A loan as it was made, with the reader's figures of that moment.

    ``given_due`` is a due date typed by hand, which no rule moves; ``ended_on`` None means it is
    open. ``patron`` is None where the reader is no longer known: then nothing is refused.
    """

    id: int
    started_on: date
    ended_on: date | None
    kind: str = HOME
    renewed_on: tuple[date, ...] = ()
    given_due: date | None = None
    card_expires_on: date | None = None
    item_type: str = "book"
    price: int | None = None
    patron: PatronFacts | None = None


@dataclass(frozen=True)
class Outcome:
    """What a policy makes of a loan: its first due date, the fine, what would be refused."""

    due_on: date
    fine: int
    suspended: int
    refused: frozenset[str]
    renewals_refused: int


def outcome(loan: PastLoan, policy: Policy, calendar: Calendar, today: date) -> Outcome:
    """Return what a policy makes of a loan as it went: lent, renewed, returned or still out."""
    refused = _refused(loan, policy)
    if loan.kind != HOME:
        return Outcome(loan.started_on, 0, 0, refused, 0)
    first = loan.given_due or due_date(loan.started_on, policy, calendar, loan.card_expires_on).on
    due, cost, renewals = first, 0, 0
    for day in loan.renewed_on:
        later = renew_due(day, due, policy, calendar, loan.card_expires_on)
        asked = RenewalFacts(day, due, HOME, renewals, "active", PatronFacts())
        if later is None or renewal_reasons(asked, policy, calendar, later):
            continue
        cost += _charge(due, day, policy, calendar, loan.price, cost)
        due, renewals = later.on, renewals + 1
    until = loan.ended_on or today
    cost += _charge(due, until, policy, calendar, loan.price, cost)
    days = suspension_days(due, until, policy, calendar)
    return Outcome(first, cost, days, refused, len(loan.renewed_on) - renewals)


def _charge(
    due: date, until: date, policy: Policy, calendar: Calendar, price: int | None, spent: int
) -> int:
    return charge(due, until, policy, calendar, price, Posted(on_loan=spent)).amount


def _refused(loan: PastLoan, policy: Policy) -> frozenset[str]:
    if loan.patron is None:
        return frozenset()
    facts = CheckoutFacts(
        today=loan.started_on,
        kind=loan.kind,
        library_id=loan.patron.library_id,
        copy=CopyState(item_type=loan.item_type, price=loan.price),
        patron=replace(loan.patron, policy=policy),
    )
    return frozenset(r.code for r in checkout_reasons(facts, policy) if r.level == REFUSE)


@dataclass
class Difference:
    """Where two rules differ over many loans. Money is đồng; ``refused`` maps each reason to how
    many loans it would newly stop and how many it would stop no more."""

    loans: int = 0
    differing: int = 0
    later: int = 0
    earlier: int = 0
    days: int = 0  # all due dates together, later less earlier
    fine_before: int = 0
    fine_after: int = 0
    fined_before: int = 0
    fined_after: int = 0
    suspended_before: int = 0
    suspended_after: int = 0
    renewals_refused_before: int = 0
    renewals_refused_after: int = 0
    appear: Counter[str] = field(default_factory=Counter)
    vanish: Counter[str] = field(default_factory=Counter)
    stopped: int = 0  # loans that would not have been made
    allowed: int = 0  # loans no longer refused that needed an override

    def add(self, before: Outcome, after: Outcome) -> bool:
        """Count a loan; tell whether the two rules differ about it."""
        self.loans += 1
        self.fine_before += before.fine
        self.fine_after += after.fine
        self.fined_before += before.fine > 0
        self.fined_after += after.fine > 0
        self.suspended_before += before.suspended
        self.suspended_after += after.suspended
        self.renewals_refused_before += before.renewals_refused
        self.renewals_refused_after += after.renewals_refused
        self.later += after.due_on > before.due_on
        self.earlier += after.due_on < before.due_on
        self.days += (after.due_on - before.due_on).days
        self.appear.update(after.refused - before.refused)
        self.vanish.update(before.refused - after.refused)
        self.stopped += bool(after.refused) and not before.refused
        self.allowed += bool(before.refused) and not after.refused
        self.differing += before != after
        return before != after
