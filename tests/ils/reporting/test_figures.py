"""Figures from hand-made events whose answers are known."""

from datetime import date

import pytest

from ils.org.models import OrgUnitVersion
from ils.org.settings import set_setting
from ils.org.units import version_on
from ils.reporting.figures import Measure, figures
from ils.reporting.folds import Tally
from ils.reporting.indicators import Condition, conditions, groups, indicator, indicators
from ils.reporting.registry import SOURCES, indicator_source
from ils.reporting.scope import scope_of
from ils.reporting.totals import advance
from tests.factories import create_province
from tests.ils.reporting.makers import accession, event, loan, undo

MAY = (date(2026, 5, 1), date(2026, 5, 31))


@pytest.fixture
def place(both_session):
    return create_province(both_session)


def figure(session, unit, code, first=MAY[0], last=MAY[1], where=()):
    scope = scope_of(session, unit.id)
    measure = Measure(code, where)
    table = figures(session, scope, [measure], first, last)
    if unit.kind == "province":
        return table.total[measure]
    return table.libraries[scope.libraries[0]][measure]


def test_loans_of_the_period_are_counted_and_undone_ones_are_not(both_session, place):
    s = both_session
    loan(s, date(2026, 4, 30), place.library, place.branch)
    loan(s, date(2026, 5, 1), place.library, place.branch, age_band="child")
    loan(s, date(2026, 5, 31), place.library, place.other_branch, age_band="adult")
    loan(s, date(2026, 6, 1), place.library, place.branch)
    loan(s, date(2026, 5, 9), place.foreign_library, place.foreign_branch)
    undo(s, loan(s, date(2026, 5, 10), place.library, place.branch))
    assert figure(s, place.library, "TV.G02") == 2
    assert figure(s, place.branch, "TV.G02") == 1
    assert figure(s, place.top, "TV.G02") == 3
    child = conditions({"age_band": ["child"]})
    assert figure(s, place.library, "TV.G02", where=child) == 1


def test_in_house_use_adds_tallies_and_reading_room_loans(both_session, place):
    s = both_session
    event(s, "in_house_use_counted", date(2026, 5, 2), place.library, quantity=12)
    event(s, "reading_room_loan_made", date(2026, 5, 3), place.library)
    assert figure(s, place.library, "TV.G03") == 13


def test_outreach_visits_are_not_visits_on_the_premises(both_session, place):
    s = both_session
    event(s, "visit_counted", date(2026, 5, 2), place.library, quantity=30, place="desk")
    event(s, "visit_counted", date(2026, 5, 2), place.library, quantity=70, place="outreach")
    assert figure(s, place.library, "TV.F02") == 30
    assert figure(s, place.library, "TV.F01") == 30


def test_stock_is_opening_plus_additions_less_withdrawals(both_session, place):
    s = both_session
    accession(s, date(2010, 3, 1), place.library, 1, opening=True)
    accession(s, date(2026, 5, 4), place.library, 1)
    accession(s, date(2026, 5, 4), place.library, 2, source="gift")
    accession(s, date(2026, 6, 4), place.library, 3)
    accession(s, date(2026, 5, 4), place.library, 9, material="serial")
    event(s, "item_withdrawn", date(2026, 5, 20), place.library, record_id=2, material="book")
    assert figure(s, place.library, "TV.B02") == 2
    assert figure(s, place.library, "TV.B01") == 1
    assert figure(s, place.library, "TV.C02") == 2
    assert figure(s, place.library, "TV.C01") == 2
    assert figure(s, place.library, "TV.D01") == 1
    assert figure(s, place.library, "TV.B02", last=date(2026, 4, 30)) == 1
    bought = conditions({"part": ["purchase"]})
    assert figure(s, place.library, "TV.C02", where=bought) == 1


def test_opening_stock_is_never_an_addition(both_session, place):
    s = both_session
    accession(s, date(2026, 5, 4), place.library, 1, opening=True)
    assert figure(s, place.library, "TV.C02") == 0
    assert figure(s, place.library, "TV.C01") == 0
    assert figure(s, place.library, "TV.B14") == 1
    assert figure(s, place.library, "TV.B02") == 1


def test_titles_held_in_two_libraries_count_once_for_the_province(both_session, place):
    s = both_session
    for library in (place.library, place.foreign_library):
        accession(s, date(2026, 5, 4), library, 1)
    accession(s, date(2026, 5, 4), place.foreign_library, 2)
    assert figure(s, place.library, "TV.B01") == 1
    assert figure(s, place.foreign_library, "TV.B01") == 2
    assert figure(s, place.top, "TV.B01") == 2
    assert figure(s, place.top, "TV.B02") == 3
    assert figure(s, place.top, "TV.C01") == 2


def test_an_undone_accession_is_no_stock(both_session, place):
    s = both_session
    undo(s, accession(s, date(2026, 5, 4), place.library, 1))
    assert figure(s, place.library, "TV.B01") == 0
    assert figure(s, place.library, "TV.B02") == 0


def test_deposits_are_not_income_until_they_pay_a_debt(both_session, place):
    s = both_session
    day, library = date(2026, 5, 4), place.library
    for kind, of, amount in (
        ("payment_taken", "payment", 5000),
        ("payment_taken", "payment", 20000),
        ("deposit_moved", "deposit_in", 200000),
        ("deposit_moved", "deposit_to_debt", 3000),
        ("deposit_moved", "deposit_out", 197000),
        ("entry_reversed", "payment", 1000),
        ("entry_reversed", "overdue", 9000),
    ):
        event(s, kind, day, library, amount=amount, facts={"kind": of})
    undo(s, event(s, "payment_taken", day, library, amount=7000, facts={"kind": "payment"}))
    assert figure(s, library, "TV.M03") == 27000


def test_renewals_count_as_uses_only_where_the_province_says_so(both_session, place, app_settings):
    s = both_session
    loan(s, date(2026, 5, 2), place.library, place.branch)
    event(s, "loan_renewed", date(2026, 5, 9), place.library, place.branch)
    assert figure(s, place.library, "TV.G01") == 1
    assert figure(s, place.library, "TV.G04") == 1
    set_setting(s, None, place.library.id, "reporting.renewals_are_uses", True)
    assert figure(s, place.library, "TV.G01") == 2
    assert figure(s, place.top, "TV.G01") == 2
    assert figure(s, place.foreign_library, "TV.G01") == 0


def test_a_ratio_is_computed_anew_over_the_province(both_session, place):
    s = both_session
    for day in range(1, 7):
        loan(s, date(2026, 5, day), place.library, place.branch)
    event(s, "visit_counted", date(2026, 5, 2), place.library, quantity=3)
    event(s, "visit_counted", date(2026, 5, 2), place.foreign_library, quantity=1)
    assert figure(s, place.library, "TV.G08") == 2
    assert figure(s, place.foreign_library, "TV.G08") == 0
    assert figure(s, place.top, "TV.G08") == 1.5
    version_on(s, place.library.id).population = 50_000
    accession(s, date(2026, 5, 4), place.library, 1)
    assert figure(s, place.library, "TV.B12") == 0
    assert figure(s, place.foreign_library, "TV.B12") is None


def test_the_same_patron_is_one_active_user(both_session, place):
    s = both_session
    for patron in (1, 1, 2):
        loan(s, date(2026, 5, 5), place.library, place.branch, patron_ref=patron)
    assert figure(s, place.library, "TV.E04") == 2


def test_a_declared_source_is_split_like_any_other_figure(both_session, place, monkeypatch):
    s = both_session

    def overdue(session, first, last):
        assert last == MAY[1]
        return [
            Tally(place.branch.id, place.library.id, "TV.G09", age_band="child", n=2),
            Tally(place.other_branch.id, place.library.id, "TV.G09", age_band="adult", n=3),
        ]

    monkeypatch.setattr("ils.reporting.registry.SOURCES", SOURCES)
    monkeypatch.delitem(SOURCES, "TV.G09", raising=False)
    indicator_source("TV.G09", overdue)
    assert figure(s, place.library, "TV.G09") == 5
    assert figure(s, place.branch, "TV.G09") == 2
    child = (Condition("age_band", ("child",)),)
    assert figure(s, place.library, "TV.G09", where=child) == 2
    SOURCES.pop("TV.G09")


def test_a_branch_that_changed_hands_counts_by_the_tree_of_the_last_day(both_session, place):
    s = both_session
    loan(s, date(2026, 4, 10), place.library, place.other_branch)
    accession(s, date(2026, 4, 10), place.library, 1, unit=place.other_branch)
    s.add(
        OrgUnitVersion(
            unit_id=place.other_branch.id,
            valid_from=date(2026, 5, 15),
            name="Cơ sở 2",
            parent_id=place.foreign_library.id,
        )
    )
    s.flush()
    april, may = date(2026, 4, 1), date(2026, 5, 31)
    assert figure(s, place.library, "TV.G02", april, date(2026, 4, 30)) == 1
    assert figure(s, place.foreign_library, "TV.G02", april, may) == 1
    assert figure(s, place.library, "TV.G02", april, may) == 0
    assert figure(s, place.foreign_library, "TV.B01", april, may) == 1
    assert figure(s, place.top, "TV.B01", april, may) == 1


def test_figures_are_the_same_after_folding(session, at_time):
    place = create_province(session)
    for day in range(1, 29):
        loan(session, date(2026, 5, day), place.library, place.branch)
        accession(session, date(2026, 5, day), place.library, day % 5)
    before = [figure(session, place.top, code) for code in ("TV.G02", "TV.B01", "TV.B02")]
    advance(session)
    assert [figure(session, place.top, c) for c in ("TV.G02", "TV.B01", "TV.B02")] == before
    assert before == [28, 5, 28]


def test_all_indicators_are_there_with_their_words():
    assert len(indicators()) == 86
    assert [group.letter for group in groups()] == list("ABCDEFGHIJKLMN")
    for one in indicators().values():
        assert all((one.vi, one.en, one.definition, one.definition_en))
        assert one.kind in ("flow", "stock", "ratio")
        assert one.rollup in ("sum", "distinct", "recompute", "share", "list")
        for code in (*one.total_of, *(code for _key, code in one.total_if)):
            assert indicator(code).rollup == "sum"
        if one.fold and one.fold.distinct:
            assert one.rollup == "distinct"
