"""What the lint finds doubtful in lending rules, and what it leaves in peace."""

from datetime import date
from typing import Any

import pytest

from circulation.rules.lint import Finding, Lending, lint
from circulation.rules.policy import Row
from ils.org.calendar import Calendar

TODAY = date(2026, 6, 1)
PROVINCE, LIBRARY, BRANCH, OTHER, FOREIGN = 1, 2, 3, 4, 9
SOUND: dict[str, Any] = {
    "loan_days": 14,
    "limit_total": 5,
    "renew_limit": 1,
    "per_day": 1000,
    "limit_owed": 20000,
    "pickup_open_days": 3,
    "limit_overdue_days": 30,
    "limit_reading_room": 3,
}
_ids = iter(range(1, 10_000))


def row(unit: int = PROVINCE, item_type: str = "", category: str = "", **values: Any) -> Row:
    return Row(next(_ids), unit, unit - 1 if unit < OTHER else 2, item_type, category, values)


def found(
    *rows: Row,
    calendar: Calendar | None = None,
    sound: bool = True,
    within: set[int] | None = None,
) -> list[Finding]:
    rows = (row(**SOUND), *rows) if sound else rows
    branches = [
        Lending(BRANCH, [r for r in rows if r.unit_id != OTHER], calendar or Calendar()),
        Lending(OTHER, [r for r in rows if r.unit_id != BRANCH], calendar or Calendar()),
        Lending(FOREIGN, [r for r in rows if r.unit_id == PROVINCE], calendar or Calendar()),
    ]
    return lint(branches, ["book", "comic"], ["adult", "child"], TODAY, within)


def codes(findings: list[Finding]) -> set[str]:
    return {one.code for one in findings}


def test_sound_rules_raise_no_doubt() -> None:
    assert found() == []


def test_a_value_left_to_the_program_is_a_gap_told_once() -> None:
    gaps = [one for one in found(row(loan_days=14), sound=False) if one.code == "gap"]
    assert {one.name for one in gaps} == {
        *("limit_total", "renew_limit", "per_day", "limit_owed", "pickup_open_days")
    }
    assert gaps[0].facts["pairs"] == 12  # three branches, two types, two categories


def test_a_row_that_nearer_rows_always_beat_is_shadowed() -> None:
    beaten = row(LIBRARY, category="child", loan_days=7)
    nearer = [row(unit, category="child", loan_days=5) for unit in (BRANCH, OTHER)]
    (finding,) = found(beaten, *nearer)
    assert (finding.code, finding.unit_id, finding.category) == ("row_shadowed", LIBRARY, "child")
    assert finding.facts["by_unit"] == BRANCH


def test_a_row_that_still_decides_at_one_branch_is_not() -> None:
    assert (
        found(
            row(LIBRARY, category="child", loan_days=7), row(BRANCH, category="child", loan_days=5)
        )
        == []
    )


def test_of_a_row_that_decides_something_only_the_idle_value_is_told() -> None:
    row_of_all = row(LIBRARY, loan_days=7, limit_total=4)
    by_type = [row(LIBRARY, item_type=t, loan_days=5) for t in ("book", "comic")]
    (finding,) = found(row_of_all, *by_type)
    assert (finding.code, finding.name) == ("shadowed", "loan_days")


def test_a_limit_looked_up_without_an_item_type_is_not_shadowed_by_types() -> None:
    by_type = [row(LIBRARY, item_type=t, limit_owed=5) for t in ("book", "comic")]
    assert found(row(LIBRARY, limit_owed=7), *by_type) == []


def test_a_value_that_says_what_is_inherited_anyway_is_to_know() -> None:
    (finding,) = found(row(LIBRARY, loan_days=14))
    assert (finding.code, finding.level, finding.name) == ("same_as_above", "info", "loan_days")


def test_a_row_above_may_decide_at_branches_that_are_not_looked_at() -> None:
    shadowed = row(LIBRARY, category="child", loan_days=7)
    nearer = [row(unit, category="child", loan_days=5) for unit in (BRANCH, OTHER)]
    assert found(shadowed, *nearer, within={BRANCH}) == []


def test_rules_for_what_no_longer_exists_and_empty_rules_are_told() -> None:
    assert codes(found(row(LIBRARY, item_type="cassette", loan_days=3), row(LIBRARY))) == {
        "unknown_code",
        "row_empty",
    }


@pytest.mark.parametrize(
    ("values", "code"),
    [
        ({"per_day": 0}, "no_rate"),
        ({"cap": 500}, "cap_below_rate"),
        ({"patron_cap": 900}, "patron_cap_below_rate"),
        ({"cap": 3000, "round_to": 5000}, "cap_rounds_away"),
        ({"per_day": 200}, "rate_rounds_away"),
        ({"cap_to_price": False}, "fine_endless"),
        ({"penalty": "days", "suspend_max": None}, "suspension_endless"),
        ({"loanable": False}, "held_not_lent"),
        ({"pickup_open_days": 0}, "pickup_same_day"),
        ({"loan_days": 0}, "no_days"),
        ({"limit_total": 0}, "limit_nothing"),
        ({"limit_total": None}, "no_limit"),
        ({"limit_kind": 9}, "kind_above_total"),
        ({"limit_holds_day": 9}, "day_above_holds"),
        ({"renew_when_overdue": False}, "late_days_idle"),
        ({"limit_lost": None}, "stop_without_limit"),
        ({"fixed_due": "2026-05-30"}, "fixed_due_past"),
        ({"ceiling": "2026-05-30"}, "ceiling_past"),
        ({"fixed_due": "2026-06-07"}, "fixed_due_closed"),
        ({"ceiling": "2026-06-07"}, "ceiling_closed"),
        ({"fixed_due": "2026-06-10", "ceiling": "2026-06-09"}, "fixed_after_ceiling"),
    ],
)
def test_values_that_cannot_work_are_told_with_the_row_that_set_them(
    values: dict[str, Any], code: str
) -> None:
    sundays_closed = Calendar(weekly_closed=[6])
    told = [f for f in found(row(LIBRARY, **values), calendar=sundays_closed) if f.code == code]
    assert [(one.unit_id, one.name in values) for one in told] == [(LIBRARY, True)]


def test_a_closed_fixed_day_says_when_loans_will_be_due() -> None:
    told = found(row(LIBRARY, fixed_due="2026-06-07"), calendar=Calendar(weekly_closed=[6]))
    assert told[0].facts["becomes"] == date(2026, 6, 8)


def test_values_of_the_program_itself_are_not_the_librarys_to_mend() -> None:
    assert "stop_without_limit" not in codes(found(row(loan_days=14), sound=False))


def test_a_branch_that_never_opens_is_told() -> None:
    assert {f.unit_id for f in found(calendar=Calendar(weekly_closed=range(7)))} == {
        *(BRANCH, OTHER, FOREIGN)
    }
