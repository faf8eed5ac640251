"""Vietnamese public holidays of a year, the lunar ones computed; a proposal, never a decision.

Which days around Tết are free, and which are swapped, the Government says late in the year before:
what is computed here is shown to a person, who accepts, changes or leaves it.
"""

from datetime import date
from typing import NamedTuple

LUNAR = ("Tết Nguyên", "29 Tết", "Giỗ Tổ", "Giao thừa")
FIRST, LAST = 2000, 2100


class Holiday(NamedTuple):
    """A holiday with its Vietnamese name; ``lunar`` follows the moon and moves every year."""

    day: date
    name: str
    lunar: bool


def vietnamese_holidays(year: int) -> list[Holiday]:
    """Return the holidays of a year, in order; none for a year outside 2000–2100."""
    if not FIRST <= year <= LAST:
        return []
    import holidays  # asked for once a year: the program starts without it

    found = holidays.country_holidays("VN", years=year, language="vi")
    return [
        Holiday(day, name, any(word in name for word in LUNAR))
        for day, name in sorted(found.items())
    ]
