"""The calendar of a unit: which days it is open. Pure.

Three layers, the first that speaks wins: an exception that opens a day, an exception that closes
it, the weekly pattern. Weekday 0 is Monday.
"""

from collections.abc import Callable, Iterable
from datetime import date, timedelta

ONE_DAY = timedelta(days=1)


class Calendar:
    """Open and closed days of one unit.

    ``weekly_closed`` are weekday numbers, ``closed`` and ``opened`` single days. ``weekly`` may
    be given instead of ``weekly_closed`` where the pattern itself changes with the years.
    """

    def __init__(
        self,
        weekly_closed: Iterable[int] = (),
        closed: Iterable[date] = (),
        opened: Iterable[date] = (),
        weekly: Callable[[date], bool] | None = None,
    ) -> None:
        self.weekly_closed = frozenset(weekly_closed)
        self.closed = frozenset(closed)
        self.opened = frozenset(opened)
        self._weekly = weekly
        self._sums: dict[date, int] = {}
        self._base: date | None = None
        self._last: date | None = None

    def is_open(self, day: date) -> bool:
        """Tell whether the unit is open on a day."""
        if day in self.opened:
            return True
        if day in self.closed:
            return False
        return self._weekly(day) if self._weekly else day.weekday() not in self.weekly_closed

    def next_open(self, day: date, limit: int = 60) -> date | None:
        """Return the first open day on or after ``day``, None if there is none within ``limit``."""
        days = (day + i * ONE_DAY for i in range(limit))
        return next((d for d in days if self.is_open(d)), None)

    def prev_open(self, day: date, limit: int = 60) -> date | None:
        """Return the last open day on or before ``day``, None if there is none within ``limit``."""
        days = (day - i * ONE_DAY for i in range(limit))
        return next((d for d in days if self.is_open(d)), None)

    def open_days(self, after: date, until: date) -> int:
        """Count open days ``d`` with ``after < d <= until``."""
        if until <= after:
            return 0
        if (until - after).days <= 40:
            return sum(
                self.is_open(after + i * ONE_DAY) for i in range(1, (until - after).days + 1)
            )
        return self._sum_to(until) - self._sum_to(after)

    def add_open(self, day: date, count: int, limit: int = 400) -> date | None:
        """Return the ``count``-th open day after ``day``, None if it is not within ``limit``."""
        for i in range(1, limit):
            count -= self.is_open(day + i * ONE_DAY)
            if count <= 0:
                return day + i * ONE_DAY
        return None

    def _sum_to(self, day: date) -> int:
        """Return a running count of open days, kept so that thousands of fines cost little."""
        if self._base is None or day < self._base:
            self._base = min(day, self._base or day) - timedelta(days=400)
            self._sums, self._last = {self._base: 0}, self._base
        last = self._last or self._base
        total = self._sums[last]
        while last < day:
            last += ONE_DAY
            total += self.is_open(last)
            self._sums[last] = total
        self._last = max(self._last or last, last)
        return self._sums[day]
