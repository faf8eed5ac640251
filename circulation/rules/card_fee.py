"""What a card costs, and who need not pay. Pure.

The nearest unit with a fee in force for the day decides; within it card kind before category before
any, and of two equally exact rows the one that came into force later.
Source: docs/money.md, card fees.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True)
class Fee:
    """A dated fee set at a unit; an empty kind or category means any."""

    id: int
    unit_id: int
    card_kind: str
    category: str
    occasion: str
    amount: int
    resolution: str
    valid_from: date
    valid_to: date | None = None


@dataclass(frozen=True)
class Exemption:
    """A ground for paying nothing; with ages it applies by itself."""

    id: int
    unit_id: int
    name: str
    resolution: str
    valid_from: date
    valid_to: date | None = None
    age_below: int | None = None
    age_from: int | None = None

    @property
    def by_age(self) -> bool:
        """Tell whether the patron's age alone decides."""
        return self.age_below is not None or self.age_from is not None


def in_force(row: Fee | Exemption, day: date) -> bool:
    """Tell whether a dated row counts on a day; both ends are inclusive."""
    return row.valid_from <= day and (row.valid_to is None or day <= row.valid_to)


def fee_for(
    rows: Iterable[Fee],
    *,
    path: Iterable[int],
    card_kind: str,
    category: str,
    occasion: str,
    day: date,
) -> Fee | None:
    """Return the fee of a card, None where no unit of the path (province first) sets one."""
    depth = {unit_id: n for n, unit_id in enumerate(path)}
    fitting = [
        row
        for row in rows
        if row.unit_id in depth
        and row.occasion == occasion
        and row.card_kind in ("", card_kind)
        and row.category in ("", category)
        and in_force(row, day)
    ]
    return max(
        fitting,
        key=lambda row: (
            depth[row.unit_id],
            row.card_kind != "",
            row.category != "",
            row.valid_from,
            row.id,
        ),
        default=None,
    )


def exemption_for(
    grounds: Iterable[Exemption], *, path: Iterable[int], age: int | None, day: date, chosen: int
) -> Exemption | None:
    """Return the ground on which nothing is asked: the one chosen, else one the age gives."""
    units = set(path)
    known = [g for g in grounds if g.unit_id in units and in_force(g, day)]
    named = next((g for g in known if g.id == chosen), None)
    if named is not None:
        return named
    return next((g for g in known if g.by_age and _fits(g, age)), None)


def _fits(ground: Exemption, age: int | None) -> bool:
    if age is None:
        return False
    young_enough = ground.age_below is None or age < ground.age_below
    return young_enough and (ground.age_from is None or age >= ground.age_from)
