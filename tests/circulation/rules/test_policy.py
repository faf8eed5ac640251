"""Where lending values come from."""

from datetime import date
from itertools import product

import pytest

from circulation.rules.policy import (
    LOAN_FIELDS,
    Policy,
    Row,
    checked,
    from_json,
    loan_snapshot,
    policy_fields,
    resolve,
)
from ils.core.errors import Invalid

PROVINCE, LIBRARY, BRANCH = 0, 1, 2


def row(id_: int, depth: int, item_type: str = "", category: str = "", **values) -> Row:
    return Row(id_, depth + 100, depth, item_type, category, values)


def test_without_rows_the_defaults_hold_and_have_no_origin():
    found = resolve([], "book", "student")
    assert found.policy == Policy()
    assert found.origins == {}


def test_a_value_is_looked_up_field_by_field():
    rows = [
        row(1, PROVINCE, loan_days=10, per_day=500),
        row(2, LIBRARY, loan_days=20),
        row(3, BRANCH, renew_limit=3),
    ]
    found = resolve(rows, "book", "student")
    assert (found.policy.loan_days, found.policy.per_day, found.policy.renew_limit) == (20, 500, 3)
    assert {k: r.id for k, r in found.origins.items()} == {
        "loan_days": 2,
        "per_day": 1,
        "renew_limit": 3,
    }


def test_the_order_of_precedence_is_branch_library_province_then_item_type_then_category():
    shapes = [("book", "student"), ("book", ""), ("", "student"), ("", "")]
    ranked = list(product((BRANCH, LIBRARY, PROVINCE), shapes))
    rows = [row(n, depth, *shape, loan_days=n) for n, (depth, shape) in enumerate(ranked, 1)]
    for first in range(len(rows)):
        left = rows[first:]
        assert resolve(reversed(left), "book", "student").origins["loan_days"].id == first + 1


def test_rows_for_other_item_types_and_categories_do_not_speak():
    rows = [row(1, BRANCH, "comic", loan_days=3), row(2, BRANCH, "", "teacher", loan_days=90)]
    assert resolve(rows, "book", "student").policy.loan_days == Policy().loan_days


def test_a_limit_can_be_lifted_by_setting_it_to_none():
    rows = [row(1, PROVINCE, limit_total=3), row(2, BRANCH, limit_total=None)]
    assert resolve(rows, "book", "x").policy.limit_total is None


def test_a_loan_keeps_its_own_values_and_where_they_came_from():
    rows = [row(1, PROVINCE, loan_days=10, limit_total=2, ceiling="2026-06-30")]
    kept = loan_snapshot(resolve(rows, "book", "x"))
    assert kept["rows"]["1"]["fields"] == ["loan_days", "ceiling"]
    assert "limit_total" not in kept["values"]
    again = from_json(kept["values"])
    assert (again.loan_days, again.ceiling) == (10, date(2026, 6, 30))
    assert set(kept["values"]) == set(LOAN_FIELDS)


def test_a_value_of_a_later_release_is_left_aside():
    assert from_json({"loan_days": 7, "of_the_future": 1}).loan_days == 7


@pytest.mark.parametrize(
    "values",
    [
        {"no_such_field": 1},
        {"loan_days": "ten"},
        {"loan_days": True},
        {"loan_days": -1},
        {"loan_days": None},
        {"loan_count": "weeks"},
        {"ceiling": "31/08/2026"},
        {"borrow_stopped_by": ["money"]},
        {"loanable": 1},
    ],
)
def test_a_value_that_cannot_be_right_is_refused(values):
    with pytest.raises(Invalid) as refused:
        checked(values)
    assert refused.value.facts["field"] == next(iter(values))


def test_good_values_are_stored_as_json():
    stored = checked(
        {"ceiling": date(2026, 8, 31), "limit_total": None, "borrow_stopped_by": ["owed"]}
    )
    assert stored == {"ceiling": "2026-08-31", "limit_total": None, "borrow_stopped_by": ["owed"]}


def test_every_value_tells_a_page_its_type_and_group():
    known = policy_fields()
    groups = {"loan", "renew", "fine", "hold", "block", "loss"}
    assert {about.group for about in known.values()} == groups
    assert known["ceiling"].type is date
    assert known["ceiling"].optional
    assert known["borrow_stopped_by"].type is tuple
