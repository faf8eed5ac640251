"""Folding: from tallies of the event log to a figure. Pure.

A tally is a sum of like events: of one kind at one place, alike in age band, place of service,
material and part. Whatever made the tallies (raw events, kept totals, a declared source), the
figure is the same sum.
"""

from collections.abc import Callable, Iterable
from typing import NamedTuple

from ils.reporting.indicators import Condition, Fold


class Tally(NamedTuple):
    """A sum of like events. Empty words stand for 'not said'."""

    unit_id: int
    library_id: int
    kind: str
    age_band: str = ""
    place: str = ""
    material: str = ""
    part: str = ""
    n: int = 0
    quantity: int = 0
    amount: int = 0


def passes(tally: Tally, where: Iterable[Condition]) -> bool:
    """Tell whether a tally meets all conditions."""
    return all(condition.holds(getattr(tally, condition.field)) for condition in where)


def total(fold: Fold, tallies: Iterable[Tally], where: Iterable[Condition] = ()) -> int:
    """Return the figure of an additive fold over tallies."""
    wanted = tuple(where)
    figure = 0
    for tally in tallies:
        if tally.kind in fold.kinds:
            sign = 1
        elif tally.kind in fold.minus:
            sign = -1
        else:
            continue
        if passes(tally, fold.where) and passes(tally, wanted):
            figure += sign * getattr(tally, fold.measure)
    return figure


def total_by(
    fold: Fold,
    tallies: Iterable[Tally],
    key: Callable[[Tally], object],
    where: Iterable[Condition] = (),
) -> dict[object, int]:
    """Return the figures of an additive fold, one for each ``key`` of the tallies."""
    heaps: dict[object, list[Tally]] = {}
    for tally in tallies:
        heaps.setdefault(key(tally), []).append(tally)
    wanted = tuple(where)
    return {each: total(fold, heap, wanted) for each, heap in heaps.items()}


def quotient(over: float | None, under: float | None, *, percent: bool = False) -> float | None:
    """Return a ratio, to two places (small ones to four); None with nothing to divide by."""
    if over is None or not under:
        return None
    ratio = over / under * (100 if percent else 1)
    return round(ratio, 2 if ratio >= 0.1 else 4)


def combined(tallies: Iterable[Tally]) -> list[Tally]:
    """Add up tallies that are alike; those that come to nothing are left out."""
    sums: dict[tuple[object, ...], list[int]] = {}
    for tally in tallies:
        held = sums.setdefault(tally[:7], [0, 0, 0])
        held[0] += tally.n
        held[1] += tally.quantity
        held[2] += tally.amount
    return [Tally(*key, *held) for key, held in sums.items() if any(held)]  # type: ignore[arg-type]
