"""Kept totals: whatever is folded when, the figure is that of the log."""

import random
from collections import Counter
from datetime import date, timedelta

import pytest
from sqlalchemy import select

from ils.core.events import EventRow
from ils.reporting.indicators import folded_kinds
from ils.reporting.models import EventTotal, EventTotalMark
from ils.reporting.totals import (
    Stretch,
    advance,
    cut,
    differences,
    half_starting,
    next_half,
    rebuild,
    tallies,
)
from tests.factories import create_unit
from tests.ils.reporting.makers import event, loan, undo


@pytest.mark.parametrize(
    ("first", "last", "whole", "edges"),
    [
        ("2026-05-01", "2026-05-31", ("2026-05-01", "2026-05-31"), []),
        ("2026-04-15", "2026-05-14", ("2026-04-15", "2026-05-14"), []),
        ("2026-05-01", "2026-05-14", ("2026-05-01", "2026-05-14"), []),
        (
            "2026-04-20",
            "2026-06-16",
            ("2026-05-01", "2026-06-14"),
            [("2026-04-20", "2026-04-30"), ("2026-06-15", "2026-06-16")],
        ),
        ("2026-05-03", "2026-05-09", None, [("2026-05-03", "2026-05-09")]),
        ("2026-05-10", "2026-05-20", None, [("2026-05-10", "2026-05-20")]),
    ],
)
def test_days_are_cut_into_half_months_and_edges(first, last, whole, edges):
    found, rest = cut(date.fromisoformat(first), date.fromisoformat(last))
    assert found == (whole and Stretch(*map(date.fromisoformat, whole)))
    assert rest == [Stretch(*map(date.fromisoformat, edge)) for edge in edges]


def test_half_months_follow_one_another():
    day = date(2023, 12, 31)
    for _ in range(60):
        start = half_starting(day)
        assert next_half(start) > day >= start
        day = next_half(start)


def by_hand(session, first, last, kinds):
    """Count in Python, row by row."""
    rows = session.scalars(select(EventRow)).all()
    gone = {row.voids_id for row in rows if row.voids_id}
    found = Counter()
    for row in rows:
        if row.kind in kinds and row.id not in gone and first <= row.effective_on <= last:
            key = (row.unit_id, row.kind, row.age_band or "", row.facts.get("kind", ""))
            found[key] += row.quantity
    return {key: count for key, count in found.items() if count}


def from_totals(session, first, last, kinds):
    found = Counter()
    for tally in tallies(session, first, last, kinds):
        found[(tally.unit_id, tally.kind, tally.age_band, tally.part)] += tally.quantity
    return {key: count for key, count in found.items() if count}


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_totals_and_later_events_make_the_figure_of_the_log(both_session, seed, at_time):
    session, chance = both_session, random.Random(seed)
    library = create_unit(session, "library", "Thư viện")
    kinds = ["loan_checked_out", "visit_counted", "payment_taken"]
    rows: list[EventRow] = []
    for turn in range(6):
        for _ in range(25):
            day = date(2026, 1, 1) + timedelta(days=chance.randrange(120))
            kind = chance.choice(kinds)
            facts = {"kind": chance.choice(["payment", "other"])} if "pay" in kind else {}
            columns = {"quantity": chance.randint(1, 5), "facts": facts}
            columns["age_band"] = chance.choice(["child", "adult", None])
            rows.append(event(session, kind, day, library, **columns))
        for _ in range(4):
            undo(session, rows.pop(chance.randrange(len(rows))))
        if turn in (1, 3):
            settle(session)
            advance(session)
        first = date(2026, 1, 1) + timedelta(days=chance.randrange(60))
        last = first + timedelta(days=chance.randrange(60))
        assert from_totals(session, first, last, kinds) == by_hand(session, first, last, kinds)
    settle(session)
    advance(session)
    assert differences(session) == []


def settle(session):
    """Let everything recorded so far count as long past."""
    from datetime import UTC, datetime

    for row in session.scalars(select(EventRow)):
        row.recorded_at = datetime(2026, 1, 1, tzinfo=UTC)
    session.flush()


def test_a_rebuild_shows_no_difference_and_a_lost_total_does(session):
    library = create_unit(session, "library", "Thư viện")
    for day in (1, 14, 15, 31):
        loan(session, date(2026, 5, day), library)
    advance(session)
    assert differences(session) == []
    row = session.scalars(select(EventTotal)).first()
    row.n += 1
    session.flush()
    assert len(differences(session)) == 1
    rebuild(session)
    assert differences(session) == []


def test_an_undo_after_folding_takes_the_act_from_its_own_day(session):
    library = create_unit(session, "library", "Thư viện")
    lent = loan(session, date(2026, 3, 3), library)
    loan(session, date(2026, 3, 4), library)
    advance(session)
    undo(session, lent)
    march = (date(2026, 3, 1), date(2026, 3, 31), ["loan_checked_out"])
    assert sum(t.n for t in tallies(session, *march)) == 1
    assert advance(session) == 1
    assert sum(t.n for t in tallies(session, *march)) == 1
    assert differences(session) == []


def test_folding_twice_adds_nothing(session):
    library = create_unit(session, "library", "Thư viện")
    loan(session, date(2026, 3, 3), library)
    advance(session)
    assert advance(session) == 0
    assert sum(t.n for t in tallies(session, None, date(2026, 4, 30), ["loan_checked_out"])) == 1


def test_totals_of_another_version_of_the_program_are_not_used(session):
    library = create_unit(session, "library", "Thư viện")
    loan(session, date(2026, 3, 3), library)
    advance(session)
    mark = session.get(EventTotalMark, 1)
    mark.scheme = "older"
    session.flush()
    assert sum(t.n for t in tallies(session, None, date(2026, 4, 30), ["loan_checked_out"])) == 1
    advance(session)
    assert mark.scheme != "older"
    assert differences(session) == []


def test_totals_are_kept_of_every_kind_that_an_additive_indicator_folds():
    assert {"loan_checked_out", "visit_counted", "item_withdrawn"} <= set(folded_kinds())
