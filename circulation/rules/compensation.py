"""What a lost or damaged copy costs, and what happens to the money when it is found again.

The price is multiplied by the percentage of its band, or a fixed sum is asked; the same book may be
brought instead. Rules are those in force on the day of the loss, not those kept on the loan: houses
decide compensation by a regulation that has its own date.
Source: docs/losses.md.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from circulation.rules.policy import Policy
from ils.core.money import round_down


@dataclass(frozen=True)
class Compensation:
    """What is asked for a lost copy and how it came about. ``band`` counts from 1; a fixed sum has
    band 0. ``price_unknown`` tells that the rule's price stands for the missing one."""

    amount: int
    processing: int
    price: int
    price_unknown: bool
    rule: str
    band: int
    percent: int
    ways: tuple[str, ...]

    @property
    def total(self) -> int:
        """Return all that is asked in money."""
        return self.amount + self.processing


def compensation(price: int | None, policy: Policy) -> Compensation:
    """Reckon what a lost copy costs. A price of 0 counts as unknown."""
    known = price or policy.loss_price_unknown
    band, percent = 0, 100
    if policy.loss_rule == "fixed":
        amount = policy.loss_fixed
    else:
        band, percent = _band(known, policy)
        amount = round_down(known * percent // 100, policy.round_to)
    return Compensation(
        amount=amount,
        processing=policy.loss_processing,
        price=known,
        price_unknown=not price,
        rule=policy.loss_rule,
        band=band,
        percent=percent,
        ways=policy.loss_ways or ("money",),
    )


def _band(price: int, policy: Policy) -> tuple[int, int]:
    bands = (
        (policy.loss_band_1, policy.loss_percent_1),
        (policy.loss_band_2, policy.loss_percent_2),
    )
    for n, (limit, percent) in enumerate(bands, 1):
        if limit is not None and price <= limit:
            return n, percent
    return 3, policy.loss_percent


@dataclass(frozen=True)
class Damage:
    """A line of the list of damages: an amount, or a percentage of the price."""

    name: str
    amount: int | None = None
    percent: int | None = None


def damage_amount(damages: Iterable[Damage], price: int | None, policy: Policy) -> int:
    """Add up damages; together never more than a lost copy costs."""
    known = price or policy.loss_price_unknown
    total = sum(
        d.amount if d.amount is not None else known * (d.percent or 0) // 100 for d in damages
    )
    return round_down(min(total, compensation(price, policy).amount), policy.round_to)


@dataclass(frozen=True)
class FoundCase:
    """A lost copy in hand again: what came in for it, in money and in kind, and since when."""

    settled: bool
    paid: int = 0
    in_kind: int = 0
    days_since: int = 0  # since it was settled, or recorded as lost


# what happens to the charges of a copy found again
CHARGES_OFF = "charges_off"  # nothing was paid: price and processing are taken back
CREDIT = "credit"  # taken back; what was paid stands to the reader's credit
PAYOUT = "payout"  # taken back; what was paid is to be given back, with a receipt
KEEPS_PAID = "keeps_paid"  # too late, or by rule: what was paid stays, the open rest is forgiven
REPLACED = "replaced"  # the reader brought another copy: asked whether this one is a gift
NOTHING = "nothing"  # it was waived, or nothing was asked


def money_when_found(case: FoundCase, policy: Policy) -> str:
    """Decide what happens to the charges."""
    if case.settled and case.in_kind:
        return REPLACED
    if not case.paid:
        return NOTHING if case.settled else CHARGES_OFF
    if policy.loss_refund_days is not None and case.days_since > policy.loss_refund_days:
        return KEEPS_PAID
    return policy.loss_when_paid
