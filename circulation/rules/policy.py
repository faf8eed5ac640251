"""Lending values and where each comes from.

A value is looked up field by field: first at the branch, then its library, then the province; at
one unit a row for item type and category comes before one for the item type alone, that before one
for the category alone, that before the unit's general row. There are no weights. Every value is
returned with the row it came from.
"""

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field, fields, replace
from datetime import date
from functools import cache
from types import UnionType
from typing import Any, get_args, get_type_hints

from ils.core.errors import Invalid


def _value(
    default: Any,
    group: str,
    *,
    low: int | None = None,
    high: int | None = None,
    choices: tuple[str, ...] = (),
) -> Any:
    return field(default=default, metadata=_about(group, low, high, choices))


def _about(
    group: str, low: int | None = None, high: int | None = None, choices: tuple[str, ...] = ()
) -> dict[str, Any]:
    return {"group": group, "low": low, "high": high, "choices": choices}


FIGURES = ("owed", "overdue", "overdue_days", "lost")


@dataclass(frozen=True)
class Policy:
    """All lending values for one branch, item type and patron category.

    Days are calendar days unless the name says open; money is whole đồng; None means no limit.
    A limit is the highest value still allowed.
    """

    # lending
    loanable: bool = _value(True, "loan")
    loan_days: int = _value(14, "loan", low=0, high=730)
    loan_count: str = _value("calendar", "loan", choices=("calendar", "open"))
    fixed_due: date | None = field(default=None, metadata=_about("loan"))
    ceiling: date | None = field(default=None, metadata=_about("loan"))
    within_card: bool = _value(True, "loan")
    max_manual_days: int = _value(90, "loan", low=0, high=730)
    limit_total: int | None = _value(5, "loan", low=0, high=999)
    limit_kind: int | None = _value(None, "loan", low=0, high=999)
    reading_room: bool = _value(True, "loan")
    limit_reading_room: int | None = _value(None, "loan", low=0, high=999)
    min_age: int | None = _value(None, "loan", low=0, high=99)
    deposit: int | None = _value(None, "loan", low=0)
    consent_needed: bool = _value(False, "loan")
    when_wanted: str = _value("ask", "loan", choices=("refuse", "ask", "allow"))
    # renewing
    renew_limit: int = _value(1, "renew", low=0, high=99)
    renew_base: str = _value("today", "renew", choices=("today", "due"))
    renew_when_overdue: bool = _value(True, "renew")
    renew_max_days_late: int = _value(7, "renew", low=0, high=365)
    renew_from_days_before: int | None = _value(None, "renew", low=0, high=365)
    renew_with_expired_card: bool = _value(False, "renew")
    # late returns
    penalty: str = _value("money", "fine", choices=("money", "days", "none"))
    per_day: int = _value(1000, "fine", low=0)
    skip_closed: bool = _value(True, "fine")
    grace: int = _value(0, "fine", low=0, high=365)
    grace_mode: str = _value("forgive", "fine", choices=("forgive", "free"))
    cap: int | None = _value(None, "fine", low=0)
    cap_to_price: bool = _value(True, "fine")
    patron_cap: int | None = _value(None, "fine", low=0)
    round_to: int = _value(500, "fine", low=1)
    suspend_factor: int = _value(1, "fine", low=1, high=30)
    suspend_max: int | None = _value(30, "fine", low=1, high=365)
    suspend_adds_up: bool = _value(True, "fine")
    # holds
    holdable: bool = _value(True, "hold")
    limit_holds: int | None = _value(5, "hold", low=0, high=999)
    limit_holds_day: int | None = _value(None, "hold", low=0, high=999)
    limit_slips: int | None = _value(1, "hold", low=0, high=99)
    hold_on_available: bool = _value(True, "hold")
    hold_with_copy: bool = _value(False, "hold")
    pickup_open_days: int = _value(3, "hold", low=0, high=90)
    pull_open_days: int = _value(2, "hold", low=1, high=30)
    local_first_days: int = _value(0, "hold", low=0, high=90)
    # blocks
    limit_owed: int | None = _value(20000, "block", low=0)
    limit_overdue: int | None = _value(0, "block", low=0)
    limit_overdue_days: int | None = _value(None, "block", low=0)
    limit_lost: int | None = _value(0, "block", low=0)
    borrow_stopped_by: tuple[str, ...] = _value(FIGURES, "block", choices=FIGURES)
    renew_stopped_by: tuple[str, ...] = _value(("owed", "lost"), "block", choices=FIGURES)
    hold_stopped_by: tuple[str, ...] = _value(FIGURES, "block", choices=FIGURES)
    capture_stopped_by: tuple[str, ...] = _value((), "block", choices=FIGURES)
    # lost copies; the rules of the day of the loss count
    loss_rule: str = _value("price", "loss", choices=("price", "fixed"))
    loss_band_1: int | None = _value(50_000, "loss", low=0)
    loss_percent_1: int = _value(300, "loss", low=0, high=1000)
    loss_band_2: int | None = _value(200_000, "loss", low=0)
    loss_percent_2: int = _value(200, "loss", low=0, high=1000)
    loss_percent: int = _value(100, "loss", low=0, high=1000)
    loss_fixed: int = _value(100_000, "loss", low=0)
    loss_price_unknown: int = _value(50_000, "loss", low=1)
    loss_processing: int = _value(10_000, "loss", low=0)
    loss_ways: tuple[str, ...] = _value(
        ("money", "same_book"), "loss", choices=("money", "same_book")
    )
    lost_after_days: int | None = _value(60, "loss", low=1, high=3650)
    loss_when_paid: str = _value("credit", "loss", choices=("payout", "credit", "keeps_paid"))
    loss_refund_days: int | None = _value(365, "loss", low=0, high=3650)


@dataclass(frozen=True)
class FieldAbout:
    """What a page needs to know of a value: its type, group, bounds and choices."""

    name: str
    type: type
    optional: bool
    group: str
    default: Any
    low: int | None
    high: int | None
    choices: tuple[str, ...]


@cache
def policy_fields() -> dict[str, FieldAbout]:
    """Return every lending value by name, in the order of the pages."""
    hints = get_type_hints(Policy)
    found = {}
    for one in fields(Policy):
        hint = hints[one.name]
        optional = isinstance(hint, UnionType) and type(None) in get_args(hint)
        plain = next(a for a in get_args(hint) if a is not type(None)) if optional else hint
        base = tuple if getattr(plain, "__origin__", None) is tuple else plain
        about = one.metadata
        found[one.name] = FieldAbout(
            one.name,
            base,
            optional,
            about["group"],
            one.default,
            about["low"],
            about["high"],
            about["choices"],
        )
    return found


# Values an open loan keeps as they were when it was made.
LOAN_FIELDS = tuple(
    name
    for name, about in policy_fields().items()
    if about.group in ("renew", "fine")
    or name in ("loan_days", "loan_count", "fixed_due", "ceiling", "within_card")
)


@dataclass(frozen=True)
class Row:
    """A policy row as the rules see it. ``depth`` grows from province to branch; '' is any."""

    id: int
    unit_id: int
    depth: int
    item_type: str
    category: str
    values: Mapping[str, Any]


@dataclass(frozen=True)
class Change:
    """A value to be set at a unit for an item type and category, or (``inherit``) no longer set."""

    item_type: str
    category: str
    field: str
    value: Any = None
    inherit: bool = False


def changed_rows(
    rows: Iterable[Row], unit_id: int, depth: int, changes: Iterable[Change]
) -> list[Row]:
    """Return the rows of a branch's path as they would be after changes at one of its units.

    A row that does not exist yet gets the id 0; one that loses its last value goes.
    """
    by_pair = {(r.item_type, r.category): r for r in rows if r.unit_id == unit_id}
    others = [r for r in rows if r.unit_id != unit_id]
    for one in changes:
        pair = one.item_type, one.category
        row = by_pair.get(pair) or Row(0, unit_id, depth, *pair, {})
        values = {k: v for k, v in row.values.items() if k != one.field}
        if not one.inherit:
            values[one.field] = one.value
        by_pair[pair] = replace(row, values=values)
    return [*others, *(row for row in by_pair.values() if row.values)]


@dataclass(frozen=True)
class Resolved:
    """The policy found, and for each value set somewhere the row it came from."""

    policy: Policy
    origins: Mapping[str, Row]


def resolve(rows: Iterable[Row], item_type: str, category: str) -> Resolved:
    """Find the policy for an item type and a category among the rows of a branch's path."""
    fitting = [r for r in rows if r.item_type in ("", item_type) and r.category in ("", category)]
    fitting.sort(key=lambda r: (r.depth, r.item_type != "", r.category != ""))
    values: dict[str, Any] = {}
    origins: dict[str, Row] = {}
    for row in fitting:
        for name, stored in row.values.items():
            values[name] = stored
            origins[name] = row
    return Resolved(from_json(values), origins)


def from_json(values: Mapping[str, Any]) -> Policy:
    """Build a policy from stored values; a value unknown to this release is left aside."""
    known = policy_fields()
    return Policy(**{k: _loaded(known[k], v) for k, v in values.items() if k in known})


def loan_snapshot(found: Resolved) -> dict[str, Any]:
    """Return what is copied onto a loan: the values it keeps and the rows they came from."""
    values = {k: v for k, v in to_json(asdict(found.policy)).items() if k in LOAN_FIELDS}
    origins: dict[str, Any] = {}
    for name, row in found.origins.items():
        if name in LOAN_FIELDS:
            about = {"unit": row.unit_id, "item_type": row.item_type, "category": row.category}
            origins.setdefault(str(row.id), {**about, "fields": []})["fields"].append(name)
    return {"values": values, "rows": origins}


def to_json(values: Mapping[str, Any]) -> dict[str, Any]:
    """Return values as JSON holds them: dates as ISO text, tuples as lists."""
    return {k: _stored(v) for k, v in values.items()}


def checked(values: Mapping[str, Any]) -> dict[str, Any]:
    """Check values typed on a page or sent by a program and return them as stored.

    Raises ``Invalid`` naming the field when it is unknown, of the wrong type or out of bounds.
    """
    return {name: _stored(_checked_one(name, value)) for name, value in values.items()}


def _stored(value: Any) -> Any:
    if isinstance(value, date):
        return value.isoformat()
    return list(value) if isinstance(value, tuple) else value


def _loaded(about: FieldAbout, value: Any) -> Any:
    if about.type is date and isinstance(value, str):
        return date.fromisoformat(value)
    return tuple(value) if about.type is tuple and isinstance(value, list) else value


def _checked_one(name: str, value: Any) -> Any:
    about = policy_fields().get(name)
    if about is None:
        raise Invalid("policy_field_unknown", field=name)
    if value is None:
        if about.optional:
            return None
        raise Invalid("policy_value_missing", field=name)
    try:
        value = _loaded(about, value)
    except ValueError as error:
        raise Invalid("policy_value_wrong", field=name, value=value) from error
    wrong_type = not isinstance(value, about.type) or (about.type is int and value is True)
    if wrong_type or (value is False and about.type is int):
        raise Invalid("policy_value_wrong", field=name, value=value)
    picked = value if about.type is tuple else (value,)
    if about.choices and any(one not in about.choices for one in picked):
        raise Invalid("policy_value_wrong", field=name, value=value)
    if about.type is int and not _within(about, value):
        raise Invalid("policy_value_out_of_bounds", field=name, low=about.low, high=about.high)
    return value


def _within(about: FieldAbout, value: int) -> bool:
    return (about.low is None or value >= about.low) and (about.high is None or value <= about.high)
