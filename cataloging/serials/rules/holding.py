"""What is held of a title, and what is missing, as Vietnamese libraries write it."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from cataloging.serials.rules.pattern import Issue


@dataclass(frozen=True)
class YearHeld:
    """A year of a title: the issues held and those that are wanting."""

    year: int
    held: tuple[Issue, ...]
    wanting: tuple[Issue, ...] = ()


def missing_numbers(numbers: Iterable[int]) -> list[int]:
    """Return the numbers lacking between the lowest and the highest held."""
    held = set(numbers)
    return [n for n in range(min(held), max(held) + 1) if n not in held] if held else []


def by_year(held: Iterable[Issue], wanting: Iterable[Issue] = ()) -> list[YearHeld]:
    """Sort issues into years; a year of which nothing is held is left out."""
    have, lack = list(held), list(wanting)
    return [
        YearHeld(
            year,
            tuple(one for one in have if one.day.year == year),
            tuple(one for one in lack if one.day.year == year),
        )
        for year in sorted({one.day.year for one in have})
    ]


def statement(held: Iterable[Issue], wanting: Iterable[Issue] = ()) -> list[str]:
    """Return one line a year, text for MARC 866 $a.

    ``2026: số 1-3, 5 (thiếu số 4)``; with a volume ``2026, tập 12: số 1-6``; a title without
    numbers by its months ``2026: tháng 1-3, 76 số (thiếu 2 số)``; special issues by their names.
    What is wanting are the numbers between those held, and what was due and has not come.
    """
    return [line_of(one) for one in by_year(held, wanting)]


def gaps_of(one: YearHeld) -> list[int]:
    """Return the numbers of a year that are wanting, between those held and as known."""
    held = {n for issue in one.held for n in issue.numbers}
    named = {n for issue in one.wanting for n in issue.numbers}
    return sorted((set(missing_numbers(held)) | named) - held)


def line_of(one: YearHeld) -> str:
    """Return the line of one year."""
    volumes = sorted({issue.volume for issue in one.held if issue.volume is not None})
    head = f"{one.year}, tập {runs(volumes)}" if volumes else str(one.year)
    numbers = sorted({n for issue in one.held for n in issue.numbers})
    plain = [issue for issue in one.held if not issue.numbers and not issue.name]
    parts = []
    if numbers:
        gaps = gaps_of(one)
        parts.append(f"số {runs(numbers)}" + (f" (thiếu số {runs(gaps)})" if gaps else ""))
    if plain:
        lack = sum(not issue.numbers and not issue.name for issue in one.wanting)
        months = runs(sorted({issue.day.month for issue in plain}))
        parts.append(f"tháng {months}, {len(plain)} số" + (f" (thiếu {lack} số)" if lack else ""))
    if names := [issue.name for issue in one.held if issue.name]:
        parts.append(f"số đặc biệt: {', '.join(names)}")
    return f"{head}: {'; '.join(parts)}"


def runs(numbers: Sequence[int]) -> str:
    """Write numbers in order, those that follow each other as from-to: ``1-3, 5``."""
    found: list[list[int]] = []
    for number in numbers:
        if found and number == found[-1][-1] + 1:
            found[-1].append(number)
        else:
            found.append([number])
    return ", ".join(f"{run[0]}-{run[-1]}" if len(run) > 1 else str(run[0]) for run in found)


def stands(due: date, today: date, grace_days: int) -> str:
    """Return how an issue that has not come stands: ``ahead``, ``due`` or ``late``."""
    if due > today:
        return "ahead"
    return "late" if (today - due).days > grace_days else "due"
