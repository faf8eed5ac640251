"""Whether a newspaper taken twice at a branch can go on as one: one time after the other, or at once."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Final

from cataloging.serials.rules.pattern import Pattern, schedule

LONGEST_GAP: Final = 366  # issues that a pattern may be told not to expect


@dataclass(frozen=True)
class Span:
    """From when until when a title is taken, and the patterns in which it appears, the oldest first."""

    starts_on: date
    ends_on: date | None
    patterns: tuple[Pattern, ...]


def one_after_the_other(one: Span, other: Span) -> tuple[Pattern, ...] | None:
    """Return the patterns of two times as those of one, or None where the times or patterns overlap.

    What the earlier pattern would bring between both is marked as days without an issue.
    """
    first, second = sorted((one, other), key=lambda span: span.starts_on)
    if first.ends_on is None or first.ends_on >= second.starts_on:
        return None
    if not second.patterns or second.patterns[0].begins <= first.ends_on:
        return None
    both = (*first.patterns, *second.patterns)
    since, until = first.ends_on + timedelta(days=1), second.starts_on - timedelta(days=1)
    between = [issue.day for issue in schedule(both, since, until)]
    return None if len(between) > LONGEST_GAP else _without(both, between)


def _without(patterns: Sequence[Pattern], days: Sequence[date]) -> tuple[Pattern, ...]:
    found = []
    for place, pattern in enumerate(patterns):
        ends = patterns[place + 1].begins if place + 1 < len(patterns) else date.max
        own = frozenset(day for day in days if pattern.begins <= day < ends)
        specials = {day: name for day, name in pattern.specials.items() if day not in own}
        found.append(replace(pattern, skipped=pattern.skipped | own, specials=specials))
    return tuple(found)
