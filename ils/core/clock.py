"""The one source of time. Instants are aware UTC; days are days of the library's zone.

Everything that needs 'now' asks here, so that tests and the sample province can set the clock.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, date, datetime, time
from zoneinfo import ZoneInfo

ZONE = ZoneInfo("Asia/Ho_Chi_Minh")

_set_to: ContextVar[datetime | None] = ContextVar("clock", default=None)


def now() -> datetime:
    """Return the present instant, aware, in UTC."""
    return _set_to.get() or datetime.now(UTC)


def is_set() -> bool:
    """Tell whether somebody set the clock in this context: the machine's own is not asked then."""
    return _set_to.get() is not None


def today() -> date:
    """Return the present day where the libraries are."""
    return now().astimezone(ZONE).date()


def local(instant: datetime) -> datetime:
    """Return the instant on the wall clock of the libraries."""
    return instant.astimezone(ZONE)


def local_day(instant: datetime) -> date:
    """Return the libraries' calendar day of an instant."""
    return instant.astimezone(ZONE).date()


def at_local(day: date, hour: int = 9, minute: int = 0, second: int = 0) -> datetime:
    """Return the UTC instant of a wall-clock time on a day."""
    return datetime.combine(day, time(hour, minute, second), tzinfo=ZONE).astimezone(UTC)


@contextmanager
def at(instant: datetime) -> Iterator[None]:
    """Set the clock to an aware instant inside the block; may be nested."""
    if instant.tzinfo is None:
        raise ValueError("the clock is set with an aware instant only")
    token = _set_to.set(instant.astimezone(UTC))
    try:
        yield
    finally:
        _set_to.reset(token)
