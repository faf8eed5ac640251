"""The province: completeness, lateness, totals by each indicator's rule, closing."""

from datetime import UTC, date, datetime

import pytest

from ils.core import clock
from ils.core.errors import Forbidden, Invalid, Refused
from ils.reporting.paper import from_json
from ils.reporting.periods import clock_named
from ils.reporting.province import board, close, roll_up, total
from ils.reporting.reports import Entry, approve, correct, open_report, paper_of, submit, write
from ils.reporting.template import template_named
from tests.factories import create_actor, create_province
from tests.ils.reporting.makers import accession, event, loan

MAY = clock_named("calendar_month").containing(date(2026, 5, 1))
FORM = template_named("monthly")


def on(day, month=6):
    return clock.at(datetime(2026, month, day, 2, tzinfo=UTC))


@pytest.fixture
def place(session):
    return create_province(session)


@pytest.fixture
def officer(session, place):
    return create_actor(session, "province_officer", place.top)


def file(session, place, library, day=3, entries=(), approver=None):
    """Draft and submit May's report of a library on a day of June."""
    with on(day):
        head = create_actor(session, "head", library)
        report = open_report(session, head, library.id, "monthly", MAY.first)
        write(session, head, report.id, entries)
        submit(session, head, report.id, blanks_are_zero=True)
        if approver:
            approve(session, approver, report.id)
    return report


def test_the_board_shows_who_sent_and_who_is_late(session, place, officer):
    file(session, place, place.library, day=9)
    with on(8):
        months = [MAY.previous, MAY]
        found = board(session, officer, FORM, months)
    ours = found.cells[place.library.id, MAY.first]
    assert (ours.state, ours.late.days) == ("submitted", 4)
    theirs = found.cells[place.foreign_library.id, MAY.first]
    assert (theirs.state, theirs.late.days, theirs.late.missing) == ("missing", 3, True)
    assert found.sent(MAY) == 1
    assert len(found.libraries) == 2


def test_a_library_sees_only_its_own_line(session, place):
    head = create_actor(session, "head", place.library)
    with on(8):
        found = board(session, head, FORM, [MAY])
    assert [library.id for library in found.libraries] == [place.library.id]


def test_a_library_founded_later_owes_nothing_yet(session, place, officer):
    with on(8):
        found = board(
            session, officer, FORM, [clock_named("calendar_month").containing(date(2019, 5, 1))]
        )
    assert found.libraries == []


def both(session, place, officer, approver=None):
    for library, record in ((place.library, 1), (place.foreign_library, 1)):
        accession(session, date(2026, 5, 4), library, record)
    accession(session, date(2026, 5, 4), place.foreign_library, 2)
    for day in range(1, 7):
        loan(session, date(2026, 5, day), place.library)
    event(session, "visit_counted", date(2026, 5, 2), place.library, quantity=3)
    event(session, "visit_counted", date(2026, 5, 2), place.foreign_library, quantity=1)
    first = file(session, place, place.library, approver=approver)
    second = file(
        session,
        place,
        place.foreign_library,
        entries=[Entry("F03", "period", 4)],
        approver=approver,
    )
    return first, second


def test_the_total_follows_each_indicators_own_rule(session, place, officer):
    both(session, place, officer, approver=officer)
    with on(10):
        found = total(session, officer, FORM, MAY)
    assert (found.counted, found.sent, len(found.parts)) == (2, 2, 2)
    assert found.paper.value("B01") == 2  # titles once
    assert found.paper.value("B02") == 3  # copies summed
    assert found.paper.value("C01", "cumulative") == 2
    assert found.paper.value("G02") == 6
    assert found.paper.value("F01") == 8
    assert found.paper.value("G08") == 0.75  # not the mean of 2 and 0


def test_only_approved_papers_count_unless_asked(session, place, officer):
    first, _second = both(session, place, officer)
    with on(10):
        approve(session, officer, first.id)
        assert total(session, officer, FORM, MAY).counted == 1
        assert total(session, officer, FORM, MAY).sent == 2
        wider = total(session, officer, FORM, MAY, approved_only=False)
    assert wider.counted == 2


def test_titles_are_counted_over_the_libraries_in_the_total_only(session, place, officer):
    first, _second = both(session, place, officer)
    with on(10):
        approve(session, officer, first.id)
        assert total(session, officer, FORM, MAY).paper.value("B01") == 1


def test_what_a_library_corrected_in_titles_is_added(session, place, officer):
    accession(session, date(2026, 5, 4), place.library, 1)
    file(
        session,
        place,
        place.library,
        entries=[Entry("B01", "period", 11, "10 tên chưa nhập")],
        approver=officer,
    )
    file(session, place, place.foreign_library, approver=officer)
    with on(10):
        assert total(session, officer, FORM, MAY).paper.value("B01") == 11


def test_later_loans_change_neither_papers_nor_total(session, place, officer):
    both(session, place, officer, approver=officer)
    with on(10):
        before = total(session, officer, FORM, MAY).paper
        loan(session, date(2026, 5, 20), place.library)
        assert total(session, officer, FORM, MAY).paper.value("G02") == before.value("G02")
        closed = close(session, officer, FORM, MAY)
        frozen = paper_of(session, closed)
        accession(session, date(2026, 5, 4), place.library, 77)
    with on(20):
        assert paper_of(session, closed) == frozen
        assert frozen.value("B01") == 2
        assert total(session, officer, FORM, MAY).closed.id == closed.id


def test_closing_needs_all_papers_or_somebodys_word(session, place, officer):
    with on(10), pytest.raises(Refused) as refused:
        close(session, officer, FORM, MAY)
    assert refused.value.code == "province_nothing_approved"
    file(session, place, place.library, approver=officer)
    with on(10):
        with pytest.raises(Refused) as refused:
            close(session, officer, FORM, MAY)
        assert "Khác" in refused.value.facts["missing"]
        closed = close(session, officer, FORM, MAY, incomplete=True)
        told = from_json(closed.snapshot).facts["libraries"]
        assert [one["values"] is None for one in told] == [False, True]
        with pytest.raises(Invalid):
            close(session, officer, FORM, MAY, incomplete=True)
        again = close(session, officer, FORM, MAY, incomplete=True, why="Thêm báo cáo")
    assert (again.version, again.correction_of) == (2, closed.id)


def test_a_correction_counts_only_once_it_is_approved(session, place, officer):
    report = file(session, place, place.library, approver=officer)
    with on(10):
        head = create_actor(session, "head", place.library)
        newer = correct(session, head, report.id, "sót")
        write(session, head, newer.id, [Entry("F03", "period", 50)])
        standing = board(session, officer, FORM, [MAY]).cells[place.library.id, MAY.first]
        assert standing.correcting
        assert standing.sent
        submit(session, head, newer.id)
        assert total(session, officer, FORM, MAY).paper.value("F03") == 0
        approve(session, officer, newer.id)
        assert total(session, officer, FORM, MAY).paper.value("F03") == 50


def test_libraries_do_not_see_the_total_and_do_not_close_it(session, place):
    head = create_actor(session, "head", place.library)
    with on(10):
        with pytest.raises(Forbidden):
            total(session, head, FORM, MAY)
        with pytest.raises(Forbidden):
            close(session, head, FORM, MAY)


def test_nothing_adds_up_to_nothing_not_to_nought():
    assert roll_up(FORM, {}, {})["G02", "period"].shown is None
