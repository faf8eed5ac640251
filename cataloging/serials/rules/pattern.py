"""When a newspaper or magazine appears, and which number each issue bears."""

import calendar
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from types import MappingProxyType
from typing import Final

UNITS: Final = ("week", "month")
NUMBERINGS: Final = ("year", "running", "none")
HIGHEST_NUMBER: Final = 999_999
MOST_TOGETHER: Final = 12  # numbers that one combined issue may carry
Known = Mapping[date, tuple[int, ...] | None]
NOTHING_KNOWN: Final[Known] = MappingProxyType({})


@dataclass(frozen=True)
class Pattern:
    """How a title appears from ``begins`` on, the day of the issue that bears ``first_number``.

    ``unit`` week: on ``weekdays`` (1 Monday … 7 Sunday) of every ``every``-th week, counted from
    the week of ``begins``. ``unit`` month: on ``days`` of ``months`` (all twelve when empty); a day
    that a month lacks is its last. Daily but Sunday is week, 1 to 6; quarterly is month with four
    months. ``skipped`` days bring nothing (Tết). ``combined`` maps the day of a combined number to
    how many numbers it carries: "1+2" carries two, and the day that follows it in the pattern
    brings nothing of its own. ``specials`` maps days to the names of special issues, which bear no
    number and come beside the others. ``numbering`` year begins again with 1 each year; running
    goes on; none: issues are known by their day. ``volume`` is that of the year of ``begins``, and
    each further year is the next one.
    """

    unit: str
    begins: date
    weekdays: tuple[int, ...] = ()
    every: int = 1
    days: tuple[int, ...] = ()
    months: tuple[int, ...] = ()
    first_number: int = 1
    numbering: str = "year"
    volume: int | None = None
    skipped: frozenset[date] = frozenset()
    combined: Mapping[date, int] = field(default_factory=dict)
    specials: Mapping[date, str] = field(default_factory=dict)

    def volume_of(self, day: date) -> int | None:
        """Return the volume an issue of a day belongs to."""
        return None if self.volume is None else self.volume + day.year - self.begins.year


@dataclass(frozen=True)
class Issue:
    """An issue: its day and the numbers it carries, more than one when combined, none when it is
    special (then it has a name) or the title has no numbers."""

    day: date
    numbers: tuple[int, ...] = ()
    name: str = ""
    volume: int | None = None

    @property
    def label(self) -> str:
        """Its numbers as they stand on the cover: ``1+2``; or its name."""
        return self.name or "+".join(str(number) for number in self.numbers)


def faults(pattern: Pattern) -> list[str]:
    """Name what keeps a pattern from being used, as codes; empty when it is sound."""
    found = []
    if pattern.unit not in UNITS:
        found.append("unit")
    if pattern.unit == "week" and not _all_within(pattern.weekdays, 7):
        found.append("weekdays")
    if pattern.unit == "month" and not _all_within(pattern.days, 31):
        found.append("days")
    if pattern.months and not _all_within(pattern.months, 12):
        found.append("months")
    if not 1 <= pattern.every <= 52:
        found.append("every")
    if not 1 <= pattern.first_number <= HIGHEST_NUMBER:
        found.append("first_number")
    if pattern.numbering not in NUMBERINGS:
        found.append("numbering")
    if not all(2 <= count <= MOST_TOGETHER for count in pattern.combined.values()):
        found.append("combined")
    if not all(pattern.specials.values()):
        found.append("specials")
    return found


def expected_issues(
    pattern: Pattern, since: date, until: date, known: Known = NOTHING_KNOWN
) -> list[Issue]:
    """Return the issues of both days and all between, in order. Raises ValueError if unsound.

    ``known`` tells of days whose issue is on record: the numbers it bears (those that follow run
    on from them), or None where nothing appeared (its number goes to the next issue).
    """
    if wrong := faults(pattern):
        raise ValueError(", ".join(wrong))
    start, number, absorbed = _start(pattern, since, known)
    year = start.year
    issues = _specials(pattern, since, until)
    for day in _walk(pattern, start, until, known):
        if pattern.numbering == "year" and day.year != year:
            number = 1
        year = day.year
        if day in known:
            numbers = known[day]
        elif day in pattern.skipped:
            continue
        elif absorbed:
            absorbed -= 1
            continue
        else:
            numbers = tuple(range(number, number + pattern.combined.get(day, 1)))
        if numbers is None:
            continue
        absorbed = max(len(numbers) - 1, 0)
        number = numbers[-1] + 1 if numbers else number
        if day >= since:
            shown = () if pattern.numbering == "none" else numbers
            issues.append(Issue(day, shown, volume=pattern.volume_of(day)))
    return sorted(issues, key=lambda issue: (issue.day, issue.name != ""))


def schedule(
    patterns: Sequence[Pattern], since: date, until: date, known: Known = NOTHING_KNOWN
) -> list[Issue]:
    """Return what is expected of a title that changed its pattern: each holds until the next."""
    in_order = sorted(patterns, key=lambda pattern: pattern.begins)
    issues: list[Issue] = []
    for place, pattern in enumerate(in_order):
        last = until
        if place + 1 < len(in_order):
            last = min(until, in_order[place + 1].begins - timedelta(days=1))
        first = max(since, pattern.begins)
        if first <= last:
            own = {day: one for day, one in known.items() if pattern.begins <= day <= last}
            issues += expected_issues(pattern, first, last, own)
    return issues


def _start(pattern: Pattern, since: date, known: Known) -> tuple[date, int, int]:
    """Return where to begin counting: behind the last issue on record before ``since``."""
    before = [day for day, numbers in known.items() if pattern.begins <= day < since and numbers]
    if not before:
        return pattern.begins, pattern.first_number, 0
    day = max(before)
    numbers = known[day] or ()
    start, number = day + timedelta(days=1), numbers[-1] + 1
    if pattern.numbering == "year" and start.year != day.year:
        number = 1
    return start, number, len(numbers) - 1


def _specials(pattern: Pattern, since: date, until: date) -> list[Issue]:
    first = max(since, pattern.begins)
    return [
        Issue(day, name=name, volume=pattern.volume_of(day))
        for day, name in pattern.specials.items()
        if first <= day <= until
    ]


def _walk(pattern: Pattern, start: date, until: date, known: Known) -> list[date]:
    """Return the days of the pattern and those on record, in order."""
    days = _week_days if pattern.unit == "week" else _month_days
    on_record = {day for day in known if start <= day <= until}
    return sorted(on_record.union(days(pattern, start, until)))


def _all_within(values: tuple[int, ...], highest: int) -> bool:
    return bool(values) and all(1 <= value <= highest for value in values)


def _week_days(pattern: Pattern, start: date, until: date) -> Iterator[date]:
    monday = pattern.begins - timedelta(days=pattern.begins.isoweekday() - 1)
    weeks = max((start - monday).days // 7 // pattern.every, 0)
    monday += timedelta(weeks=weeks * pattern.every)
    while monday <= until:
        for weekday in sorted(set(pattern.weekdays)):
            day = monday + timedelta(days=weekday - 1)
            if max(start, pattern.begins) <= day <= until:
                yield day
        monday += timedelta(weeks=pattern.every)


def _month_days(pattern: Pattern, start: date, until: date) -> Iterator[date]:
    first = max(start, pattern.begins)
    year, month = first.year, first.month
    while (year, month) <= (until.year, until.month):
        if not pattern.months or month in pattern.months:
            last = calendar.monthrange(year, month)[1]
            for number in sorted({min(day, last) for day in pattern.days}):
                day = date(year, month, number)
                if first <= day <= until:
                    yield day
        year, month = (year, month + 1) if month < 12 else (year + 1, 1)


def read_numbers(typed: str) -> tuple[int, ...]:
    """Read the number on a cover: ``5``, ``1+2``, ``1-3`` or ``1/2``; nothing means none.

    Raises ``ValueError`` for anything else, and for more than a dozen numbers at once.
    """
    parts = re.split(r"\s*[+\-–/,]\s*", typed.strip()) if typed.strip() else []
    if not all(part.isascii() and part.isdecimal() and len(part) <= 6 for part in parts):
        raise ValueError(typed)
    found = [int(part) for part in parts]
    numbers = tuple(range(found[0], found[-1] + 1)) if found else ()
    if found and (not numbers or found[0] < 1 or len(numbers) > MOST_TOGETHER):
        raise ValueError(typed)
    return numbers
