"""When what an offline desk noted really happened, by a clock that may be wrong.

A desk's log is in order by its own counter, whatever its clock says. Three things can be known of
the clock: how far it is off when the log is sent, that it jumped back between two lines, and when
the desk last heard the server, before which it can have noted nothing.
Source: docs/offline.md, clocks.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

TOLERANCE = timedelta(minutes=5)
BEFORE_LAST_HEARD = timedelta(days=1)

SHIFTED, JUMPED, UNSURE = "clock_shifted", "clock_jumped", "clock_unsure"


class Moment(NamedTuple):
    """When a line counts for; ``code`` says why that is not what the desk's clock said."""

    at: datetime
    code: str = ""


def clock_shift(desk_clock: datetime, now: datetime) -> timedelta:
    """Return what is to be added to a desk's times: nothing while it is off by five minutes."""
    off = now - desk_clock
    return off if abs(off) > TOLERANCE else timedelta(0)


def moments(
    said: Sequence[datetime],
    *,
    desk_clock: datetime,
    now: datetime,
    last_heard: datetime | None = None,
) -> list[Moment]:
    """Return when the lines of one desk count for, in the order of its counter.

    Lines after the last jump back of the clock are shifted by what it is off now; lines before it
    are believed, but none counts later than the one noted after it, or than now. A line that would
    lie more than a day before the desk last heard the server is ``clock_unsure``: not to be posted
    without a person.
    """
    shift = clock_shift(desk_clock, now)
    first = _first_after_jump([*said, desk_clock])
    found: list[Moment] = []
    latest = now
    for n in range(len(said) - 1, -1, -1):
        at, code = said[n], ""
        if n >= first and shift:
            at, code = at + shift, SHIFTED
        if at > latest:
            at, code = latest, JUMPED
        if last_heard is not None and at < last_heard - BEFORE_LAST_HEARD:
            code = UNSURE
        else:
            latest = at
        found.append(Moment(at, code))
    return found[::-1]


def _first_after_jump(times: Sequence[datetime]) -> int:
    """Return the index of the first time noted after the clock's last jump back."""
    jumps = (n for n in range(len(times) - 1, 0, -1) if times[n] < times[n - 1] - TOLERANCE)
    return next(jumps, 0)
