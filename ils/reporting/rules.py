"""What may be done with a report, what it lacks, what looks odd in it, when it is late. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta

from ils.reporting.paper import Line, Paper

# act → (states it is allowed in, state it leads to)
ACTS: Mapping[str, tuple[tuple[str, ...], str]] = {
    "recompute": (("draft", "returned"), ""),
    "write": (("draft", "returned"), ""),
    "submit": (("draft", "returned"), "submitted"),
    "return": (("submitted",), "returned"),
    "approve": (("submitted",), "approved"),
    "correct": (("approved",), ""),
    "discard": (("draft",), ""),
}


def allowed(act: str, state: str) -> bool:
    """Tell whether an act is possible in a state."""
    return state in ACTS[act][0]


@dataclass(frozen=True)
class Lateness:
    """How a report stands against its due day. ``days`` late, 0 when in time."""

    due_on: date
    days: int
    missing: bool


def lateness(due_on: date, submitted_on: date | None, today: date) -> Lateness:
    """Judge a report: submitted on a day, or not yet. The whole due day is in time."""
    reached = submitted_on or today
    return Lateness(due_on, max(0, (reached - due_on).days), submitted_on is None)


def missing_rows(paper: Paper) -> list[Line]:
    """Return the rows that need a figure of the period and have none."""
    return [
        line for line in paper.lines if line.kind != "ratio" and line.cells["period"].shown is None
    ]


@dataclass(frozen=True)
class Hint:
    """Something odd that a person should look at. ``code`` says what; it never stops anybody."""

    code: str
    line: Line
    facts: Mapping[str, float | str]


def hints(paper: Paper, before: Paper | None = None) -> list[Hint]:
    """Return what looks odd: parts above their whole, leaps, stock that does not balance."""
    return [*_parts(paper), *_leaps(paper), *_balance(paper, before)]


def _parts(paper: Paper) -> list[Hint]:
    by_id = {line.id: line for line in paper.lines}
    found = []
    for line in paper.lines:
        whole = by_id.get(line.under)
        part = line.cells["period"].shown
        total = whole.cells["period"].shown if whole else None
        if whole and part is not None and total is not None and part > total:
            found.append(Hint("part_above_whole", line, {"part": part, "whole": total}))
    return found


LEAP = 2.0  # so many times as much, or as little, as a year ago
LEAST = 20  # small figures leap by nature


def _leaps(paper: Paper) -> list[Hint]:
    found = []
    for line in paper.lines:
        now, then = line.cells["period"].shown, line.cells["last_year"].shown
        if line.kind != "flow" or now is None or not then or max(now, then) < LEAST:
            continue
        if now > then * LEAP or now * LEAP < then:
            found.append(Hint("leap", line, {"now": now, "then": then}))
    return found


def _balance(paper: Paper, before: Paper | None) -> list[Hint]:
    if before is None or before.last + timedelta(days=1) != paper.first:
        return []
    now, then = paper.value("B02"), before.value("B02")
    added, gone = paper.value("C02"), paper.value("D01")
    line = paper.line("B02")
    if line is None or None in (now, then, added, gone):
        return []
    expected = (then or 0) + (added or 0) - (gone or 0)
    if expected == now:
        return []
    return [Hint("stock_does_not_balance", line, {"expected": expected, "now": now or 0})]
