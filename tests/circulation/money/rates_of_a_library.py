"""Setting dated rates in a library of the tests."""

from datetime import date
from typing import Any

from circulation.money import rates
from tests.circulation.conftest import Library

RESOLUTION = "35/2025/NQ-HĐND"
SINCE = date(2026, 1, 1)


def set_rate(library: Library, what: Any, *, at: Any = None, **words: Any) -> int:
    """Set a rate at a unit (the library by default); returns its id."""
    words.setdefault("unit_id", (at or library.place.library).id)
    if what is not rates.set_amnesty:
        words.setdefault("valid_from", SINCE)
    if what in (rates.set_card_fee, rates.set_exemption):
        words.setdefault("resolution", RESOLUTION)
    with library.writing() as session:
        return int(what(session, library.head, **words).id)
