"""Arithmetic of a drawer of cash. Pure.

Notes and coins are those in use; what the drawer should hold is the float, what came in, less what
went out. Source: docs/money.md, tills.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

NOTES = (500_000, 200_000, 100_000, 50_000, 20_000, 10_000, 5_000, 2_000, 1_000, 500, 200)


@dataclass(frozen=True)
class Cash:
    """A line that moved cash: of the ledger, or of the drawer itself (added, handed over)."""

    kind: str
    direction: str
    amount: int


def signed(line: Cash) -> int:
    """Return what a line adds to the drawer, negative for what leaves it."""
    comes_in = line.direction == "credit" or line.kind in ("deposit_in", "added")
    return line.amount if comes_in else -line.amount


def expected(float_amount: int, lines: Iterable[Cash]) -> int:
    """Return what a drawer should hold."""
    return float_amount + sum(signed(line) for line in lines)


def counted_total(counted: Mapping[int, int]) -> int:
    """Return the sum of counted notes. Raises ``ValueError`` for a note not in use or a count
    below zero."""
    for note, count in counted.items():
        if note not in NOTES or count < 0:
            raise ValueError(f"{count} x {note}")
    return sum(note * count for note, count in counted.items())
