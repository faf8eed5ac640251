"""What an order costs, how far it has come, and what is left of a budget line."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from re import compile as pattern
from typing import Final

_PERCENT: Final = pattern(r"([0-9]{1,4})(?:[.,]([0-9]{1,2}))?\s*%?")
WHOLE: Final = 10_000  # hundredths of a per cent


def net_price(price: int, discount: int) -> int:
    """Return the price of one copy in whole đồng less a discount in hundredths of a per cent; half
    a đồng is rounded up."""
    return (price * (WHOLE - discount) + WHOLE // 2) // WHOLE


def read_percent(text: str) -> int:
    """Return a discount as people type it (12, 12,5, 12.25 %) in hundredths of a per cent.

    Raises ``ValueError`` for more than two decimals and for what is no number.
    """
    found = _PERCENT.fullmatch(text.strip())
    if found is None:
        raise ValueError(text)
    return int(found[1]) * 100 + int((found[2] or "").ljust(2, "0"))


def written_percent(discount: int) -> str:
    """Write a discount in hundredths of a per cent: 12,5."""
    whole, part = divmod(discount, 100)
    return f"{whole},{part:02}".rstrip("0") if part else str(whole)


def stage_of(state: str, counts: Iterable[tuple[int, int]]) -> str:
    """Return how far an order has come, from (copies ordered, copies received) of its titles.

    ``draft``, ``sent``, ``partly``, ``received`` or ``cancelled``. A title that came in with more
    copies than ordered does not stand for another one that is missing.
    """
    if state != "sent":
        return state
    pairs = list(counts)
    if not any(received for _ordered, received in pairs):
        return "sent"
    return "partly" if any(received < ordered for ordered, received in pairs) else "received"


def is_late(stage: str, expected_on: date | None, today: date) -> bool:
    """Tell whether copies are still awaited after the day they were promised for."""
    return stage in ("sent", "partly") and expected_on is not None and expected_on < today


@dataclass(frozen=True)
class Standing:
    """How a budget line stands, in đồng: granted, still to come of orders sent, spent."""

    amount: int
    ordered: int = 0
    spent: int = 0

    @property
    def left(self) -> int:
        """Return what is left; below zero it is overdrawn."""
        return self.amount - self.ordered - self.spent

    def after(self, more: int) -> int:
        """Return what is left once an order of so much is sent too."""
        return self.left - more
