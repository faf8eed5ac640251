"""What is doubtful in lending rules: rows that decide nothing, gaps, blanks, values that cannot work.

A finding is a code with facts and the row and value it speaks of; sentences are made by the page.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from circulation.rules.policy import Policy, Row, from_json, policy_fields, to_json
from ils.org.calendar import Calendar

WARN, INFO = "warn", "info"
AHEAD = 60  # days in which a branch is expected to be open once

# Values that a library should have decided itself, and not left to the program.
EXPECTED = ("loan_days", "limit_total", "renew_limit", "per_day", "limit_owed", "pickup_open_days")
# Values looked up without an item type, and without a category.
ANY_TYPE = {n for n, a in policy_fields().items() if a.group in ("block", "hold")}
ANY_CATEGORY = {"pull_open_days", "local_first_days"}


@dataclass(frozen=True)
class Lending:
    """A branch as the lint sees it: the rows of its path, and its calendar."""

    unit_id: int
    rows: Sequence[Row]
    calendar: Calendar


@dataclass(frozen=True)
class Finding:
    """Something doubtful: at which unit, for which pair, in which value ('' is the whole row)."""

    code: str
    level: str
    unit_id: int
    item_type: str = ""
    category: str = ""
    name: str = ""
    facts: Mapping[str, Any] = field(default_factory=dict, compare=False)


def lint(
    branches: Sequence[Lending],
    types: Sequence[str],
    categories: Sequence[str],
    today: date,
    within: Collection[int] | None = None,
) -> list[Finding]:
    """Return what is doubtful in the rules of some branches, warnings first, each once.

    Whether a row decides anything is told of rows at the units ``within``: one above may decide at
    branches that are not looked at. None stands for all units.
    """
    seen = _decided(branches, types, categories)
    found = dict.fromkeys(
        [
            *(
                one
                for one in _never_deciding(branches, types, categories, seen)
                if within is None or one.unit_id in within
            ),
            *_gaps(seen),
            *_values(branches, types, categories, today),
            *_calendars(branches, today),
        ]
    )
    order = {WARN: 0, INFO: 1}
    return sorted(found, key=lambda f: (order[f.level], f.unit_id, f.code, f.name))


# --- which row decides what ------------------------------------------------------------------

Key = tuple[int, str, str, str]  # unit, item type, category, field


@dataclass
class Seen:
    """Which values decide somewhere, what beats the others, and what no row sets."""

    deciding: set[Key] = field(default_factory=set)
    telling: set[Key] = field(default_factory=set)  # decides, and differs from what it hides
    beaten_by: dict[Key, Row] = field(default_factory=dict)
    unset: dict[str, list[tuple[int, str, str]]] = field(default_factory=dict)


def _decided(branches: Sequence[Lending], types: Sequence[str], categories: Sequence[str]) -> Seen:
    seen = Seen()
    defaults = to_json(vars(Policy()))
    for one in branches:
        rows = sorted(one.rows, key=lambda r: (r.depth, r.item_type != "", r.category != ""))
        for item_type in ("", *types):
            for category in ("", *categories):
                fitting = [
                    r
                    for r in rows
                    if r.item_type in ("", item_type) and r.category in ("", category)
                ]
                for name in _asked_for(item_type, category):
                    chain = [r for r in fitting if name in r.values]
                    _note(seen, one.unit_id, item_type, category, name, chain, defaults[name])
    return seen


def _asked_for(item_type: str, category: str) -> Iterable[str]:
    """Return the values that lending looks up for a pair; '' is a look-up without type or category."""
    if item_type and category:
        return policy_fields()
    if category:
        return ANY_TYPE
    return ANY_CATEGORY if item_type else ()


def _note(
    seen: Seen,
    unit_id: int,
    item_type: str,
    category: str,
    name: str,
    chain: Sequence[Row],
    default: Any,
) -> None:
    if not chain:
        if name in EXPECTED and item_type and category:
            seen.unset.setdefault(name, []).append((unit_id, item_type, category))
        return
    last = chain[-1]
    seen.deciding.add(_key(last, name))
    hidden = chain[-2].values[name] if len(chain) > 1 else default
    if last.values[name] != hidden or len(chain) == 1:
        seen.telling.add(_key(last, name))
    for beaten in chain[:-1]:
        seen.beaten_by.setdefault(_key(beaten, name), last)


def _key(row: Row, name: str) -> Key:
    return row.unit_id, row.item_type, row.category, name


def _never_deciding(
    branches: Sequence[Lending], types: Sequence[str], categories: Sequence[str], seen: Seen
) -> Iterator[Finding]:
    rows = {(r.unit_id, r.item_type, r.category): r for one in branches for r in one.rows}
    known = policy_fields()
    for (unit_id, item_type, category), row in rows.items():
        about = (unit_id, item_type, category)
        if (item_type and item_type not in types) or (category and category not in categories):
            yield Finding("unknown_code", WARN, *about)
            continue
        names = [name for name in row.values if name in known]
        if not names:
            yield Finding("row_empty", INFO, *about)
            continue
        idle = [name for name in names if _key(row, name) not in seen.deciding]
        if len(idle) == len(names):
            yield Finding("row_shadowed", WARN, *about, facts=_by(seen, row, names[0]))
            continue
        for name in idle:
            yield Finding("shadowed", WARN, *about, name, _by(seen, row, name))
        for name in names:
            if name not in idle and _key(row, name) not in seen.telling:
                yield Finding("same_as_above", INFO, *about, name)


def _by(seen: Seen, row: Row, name: str) -> dict[str, Any]:
    by = seen.beaten_by.get(_key(row, name))
    if by is None:
        return {}
    return {"by_unit": by.unit_id, "by_type": by.item_type, "by_category": by.category}


def _gaps(seen: Seen) -> Iterator[Finding]:
    """Report each value left to the program, once, with an example and how many pairs."""
    for name, pairs in seen.unset.items():
        unit_id, item_type, category = pairs[0]
        yield Finding("gap", WARN, unit_id, item_type, category, name, {"pairs": len(pairs)})


# --- values that cannot work -----------------------------------------------------------------


def _values(
    branches: Sequence[Lending], types: Sequence[str], categories: Sequence[str], today: date
) -> Iterator[Finding]:
    for one in branches:
        for item_type in types:
            for category in categories:
                values, origins = _resolved(one.rows, item_type, category)
                policy = from_json(values)
                for code, level, names, facts in _doubts(policy, one.calendar, today):
                    row = next((origins[n] for n in names if n in origins), None)
                    if row is None:
                        continue  # the program's own values are not the library's to mend
                    about = row.unit_id, row.item_type, row.category
                    yield Finding(code, level, *about, _set_by(row, names), facts)


def _resolved(
    rows: Iterable[Row], item_type: str, category: str
) -> tuple[dict[str, Any], dict[str, Row]]:
    values: dict[str, Any] = {}
    origins: dict[str, Row] = {}
    fitting = [r for r in rows if r.item_type in ("", item_type) and r.category in ("", category)]
    for row in sorted(fitting, key=lambda r: (r.depth, r.item_type != "", r.category != "")):
        for name, value in row.values.items():
            values[name], origins[name] = value, row
    return values, origins


def _set_by(row: Row, names: Sequence[str]) -> str:
    return next(name for name in names if name in row.values)


Doubt = tuple[str, str, tuple[str, ...], dict[str, Any]]


def _doubts(policy: Policy, calendar: Calendar, today: date) -> Iterator[Doubt]:
    if policy.penalty == "money":
        yield from _money(policy)
    if policy.penalty == "days" and policy.suspend_max is None:
        yield "suspension_endless", INFO, ("suspend_max",), {}
    if policy.loanable:
        yield from _lent(policy)
        yield from _dates(policy, calendar, today)
    elif policy.holdable:
        yield "held_not_lent", WARN, ("loanable", "holdable"), {}
    if policy.holdable and policy.pickup_open_days == 0:
        yield "pickup_same_day", WARN, ("pickup_open_days",), {}
    yield from _numbers(policy)


def _money(policy: Policy) -> Iterator[Doubt]:
    rate, cap = policy.per_day, policy.cap
    if rate == 0:
        yield "no_rate", WARN, ("per_day", "penalty"), {}
        return
    if cap is not None and cap < rate:
        yield "cap_below_rate", WARN, ("cap", "per_day"), {"cap": cap, "rate": rate}
    if policy.patron_cap is not None and policy.patron_cap < rate:
        facts = {"cap": policy.patron_cap, "rate": rate}
        yield "patron_cap_below_rate", WARN, ("patron_cap", "per_day"), facts
    if cap is not None and cap < policy.round_to:
        facts = {"cap": cap, "step": policy.round_to}
        yield "cap_rounds_away", WARN, ("cap", "round_to"), facts
    if rate < policy.round_to:
        days = -(-policy.round_to // rate)
        facts = {"rate": rate, "step": policy.round_to, "days": days}
        yield "rate_rounds_away", INFO, ("per_day", "round_to"), facts
    if cap is None and policy.patron_cap is None and not policy.cap_to_price:
        yield "fine_endless", WARN, ("cap", "cap_to_price", "per_day"), {}


def _lent(policy: Policy) -> Iterator[Doubt]:
    if policy.loan_days == 0 and policy.fixed_due is None:
        yield "no_days", WARN, ("loan_days",), {}
    if policy.limit_total == 0:
        yield "limit_nothing", WARN, ("limit_total",), {}
    if policy.limit_total is None:
        yield "no_limit", INFO, ("limit_total",), {}
    kind, total = policy.limit_kind, policy.limit_total
    if kind is not None and total is not None and kind > total:
        yield (
            "kind_above_total",
            INFO,
            ("limit_kind", "limit_total"),
            {"kind": kind, "total": total},
        )


def _dates(policy: Policy, calendar: Calendar, today: date) -> Iterator[Doubt]:
    fixed, ceiling = policy.fixed_due, policy.ceiling
    for name, day in (("fixed_due", fixed), ("ceiling", ceiling)):
        if day is None:
            continue
        if day < today:
            yield f"{name}_past", WARN, (name,), {"day": day}
        elif not calendar.is_open(day):
            moved = calendar.next_open(day) if name == "fixed_due" else calendar.prev_open(day)
            yield f"{name}_closed", WARN, (name,), {"day": day, "becomes": moved}
    if fixed is not None and ceiling is not None and fixed > ceiling >= today:
        yield (
            "fixed_after_ceiling",
            WARN,
            ("fixed_due", "ceiling"),
            {"day": fixed, "limit": ceiling},
        )


def _numbers(policy: Policy) -> Iterator[Doubt]:
    day, at_once = policy.limit_holds_day, policy.limit_holds
    if day is not None and at_once is not None and day > at_once:
        facts = {"kind": day, "total": at_once}
        yield "day_above_holds", INFO, ("limit_holds_day", "limit_holds"), facts
    if not policy.renew_when_overdue and policy.renew_max_days_late:
        yield "late_days_idle", INFO, ("renew_when_overdue",), {"days": policy.renew_max_days_late}
    for figure in policy.borrow_stopped_by:
        if getattr(policy, f"limit_{figure}") is None:
            names = (f"limit_{figure}", "borrow_stopped_by")
            yield "stop_without_limit", INFO, names, {"figure": figure}


def _calendars(branches: Sequence[Lending], today: date) -> Iterator[Finding]:
    for one in branches:
        if one.calendar.next_open(today, AHEAD) is None:
            yield Finding("never_open", WARN, one.unit_id, facts={"days": AHEAD})
