"""A rule tried on loans as they went."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest

from circulation.rules.blocks import Figures, PatronFacts
from circulation.rules.policy import Change, Policy, Row, changed_rows, resolve
from circulation.rules.replay import Difference, PastLoan, outcome
from ils.org.calendar import Calendar

LENT = date(2026, 5, 1)
DAY = timedelta(days=1)
EVERY_DAY = Calendar()
TODAY = date(2026, 7, 1)


def loan(**more: Any) -> PastLoan:
    return PastLoan(**{"id": 1, "started_on": LENT, "ended_on": LENT + 20 * DAY, **more})


def went(policy: Policy, **more: Any) -> Any:
    return outcome(loan(**more), policy, EVERY_DAY, TODAY)


def test_a_longer_period_moves_the_due_date_and_lowers_the_fine() -> None:
    before, after = went(Policy(loan_days=14)), went(Policy(loan_days=18))
    assert (before.due_on, before.fine) == (LENT + 14 * DAY, 6000)
    assert (after.due_on, after.fine) == (LENT + 18 * DAY, 2000)


def test_an_open_loan_costs_what_it_costs_today() -> None:
    assert went(Policy(loan_days=14), ended_on=None).fine == 47_000


def test_a_date_typed_by_hand_is_moved_by_no_rule() -> None:
    typed = LENT + 5 * DAY
    assert went(Policy(loan_days=30), given_due=typed).due_on == typed


def test_renewals_are_made_as_they_were_as_far_as_the_rule_allows() -> None:
    renewed = (LENT + 10 * DAY, LENT + 20 * DAY)
    twice = went(Policy(renew_limit=2), renewed_on=renewed, ended_on=LENT + 34 * DAY)
    once = went(Policy(renew_limit=1), renewed_on=renewed, ended_on=LENT + 34 * DAY)
    assert (twice.fine, twice.renewals_refused) == (0, 0)
    assert (once.fine, once.renewals_refused) == (10_000, 1)


def test_suspension_instead_of_money_is_counted_in_days() -> None:
    told = went(Policy(penalty="days"))
    assert (told.fine, told.suspended) == (0, 6)


def test_a_reading_room_loan_is_due_the_same_day_and_costs_nothing() -> None:
    told = went(Policy(limit_reading_room=0), kind="reading_room", patron=PatronFacts())
    assert (told.due_on, told.fine, told.refused) == (LENT, 0, {"limit_reading_room"})


@pytest.mark.parametrize(
    ("facts", "policy", "refused"),
    [
        ({"figures": Figures(loans=3)}, {"limit_total": 3}, {"limit_total"}),
        ({"figures": Figures(loans_of_kind={"book": 2})}, {"limit_kind": 2}, {"limit_kind"}),
        ({"figures": Figures(posted=20_001)}, {}, {"owed_over"}),
        ({"age": 11, "child": True}, {"min_age": 12}, {"age_limit"}),
        ({"child": True, "consent": False}, {"consent_needed": True}, {"consent_missing"}),
        ({"figures": Figures(deposit=10)}, {"deposit": 50_000}, {"deposit_missing"}),
        ({}, {"loanable": False}, {"not_lent_to_category"}),
        ({}, {"when_wanted": "ask"}, set()),
    ],
)
def test_what_would_be_refused_follows_the_rules_of_checking_out(
    facts: Mapping[str, Any], policy: Mapping[str, Any], refused: set[str]
) -> None:
    patron = replace(PatronFacts(), **facts)
    assert went(Policy(**policy), patron=patron).refused == refused


def test_a_difference_counts_what_appears_and_what_vanishes() -> None:
    told = Difference()
    patron = PatronFacts(figures=Figures(loans=3))
    strict, loose = Policy(limit_total=3), Policy(limit_total=4, loan_days=15)
    assert told.add(went(strict, patron=patron), went(loose, patron=patron))
    assert told.add(went(loose, patron=patron), went(strict, patron=patron))
    assert not told.add(went(loose), went(loose))
    assert (told.loans, told.differing, told.later, told.earlier, told.days) == (3, 2, 1, 1, 0)
    assert (told.appear, told.vanish) == ({"limit_total": 1}, {"limit_total": 1})
    assert (told.stopped, told.allowed) == (1, 1)


def test_changes_are_seen_as_if_they_were_saved() -> None:
    rows = [Row(1, 7, 1, "", "", {"loan_days": 10}), Row(2, 7, 1, "comic", "", {"loan_days": 5})]
    after = changed_rows(
        rows,
        7,
        1,
        [
            Change("", "", "loan_days", 12),
            Change("comic", "", "loan_days", inherit=True),
            Change("book", "child", "limit_total", None),
        ],
    )
    assert resolve(after, "comic", "adult").policy.loan_days == 12
    assert resolve(after, "book", "child").policy.limit_total is None
    assert len(after) == 2
    assert rows[0].values == {"loan_days": 10}
