"""What an order costs, how far it has come, and what is left of a budget line."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date


def net_price(price: int, discount: int) -> int:
    """Return a price in whole đồng less a discount per cent; half a đồng is rounded up."""
    return (price * (100 - discount) + 50) // 100


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
