"""The way of a report: computed, typed, corrected, sent, returned, approved, corrected again."""

from datetime import UTC, date, datetime

import pytest

from ils.core import clock
from ils.core.errors import Forbidden, Invalid, NotFound, Refused, StaleVersion
from ils.org.models import OrgUnitVersion
from ils.reporting.models import Report
from ils.reporting.reports import (
    Entry,
    Remark,
    approve,
    cells_of,
    comments_of,
    correct,
    discard,
    open_report,
    paper_of,
    recompute,
    send_back,
    steps_of,
    submit,
    write,
)
from tests.factories import create_actor, create_province
from tests.ils.reporting.makers import accession, event, loan

MAY = date(2026, 5, 1)
JUNE_3 = datetime(2026, 6, 3, 2, tzinfo=UTC)


@pytest.fixture
def place(session):
    return create_province(session)


@pytest.fixture
def clerk(session, place):
    return create_actor(session, "head", place.library)


@pytest.fixture
def officer(session, place):
    return create_actor(session, "province_officer", place.top)


@pytest.fixture(autouse=True)
def june():
    with clock.at(JUNE_3):
        yield


@pytest.fixture
def busy_may(session, place):
    """Three loans and forty visits in May, one loan a year before, two in April."""
    for day in (2, 3, 4):
        loan(session, date(2026, 5, day), place.library, place.branch, age_band="child")
    event(session, "visit_counted", date(2026, 5, 2), place.library, quantity=40)
    loan(session, date(2025, 5, 9), place.library, place.branch)
    for day in (1, 30):
        loan(session, date(2026, 4, day), place.library, place.branch)
    accession(session, date(2026, 5, 4), place.library, 1)


def draft(session, clerk, place):
    return open_report(session, clerk, place.library.id, "monthly", MAY)


def value(session, report, row, column="period"):
    return paper_of(session, report).value(row, column)


def test_a_draft_holds_the_computed_figures(session, place, clerk, busy_may):
    report = draft(session, clerk, place)
    assert report.state == "draft"
    assert report.due_on == date(2026, 6, 5)
    assert value(session, report, "G02") == 3
    assert value(session, report, "G02tn") == 3
    assert value(session, report, "G02", "cumulative") == 5
    assert value(session, report, "G02", "last_year") == 1
    assert value(session, report, "F02") == 40
    assert value(session, report, "B02") == 1
    assert value(session, report, "B02", "cumulative") is None
    assert value(session, report, "F03") is None
    assert value(session, report, "G08") == 3 / 40


def test_before_the_library_began_last_year_is_empty_not_nought(session, place, clerk):
    loan(session, date(2026, 2, 9), place.library, place.branch)
    assert value(session, draft(session, clerk, place), "G02", "last_year") is None


def test_opening_twice_gives_the_same_draft(session, place, clerk):
    assert draft(session, clerk, place).id == draft(session, clerk, place).id


def test_typed_rows_enter_sums_and_the_year(session, place, clerk, busy_may):
    report = draft(session, clerk, place)
    mobile = Entry("G05", "period", 100, "phục vụ lưu động")
    write(session, clerk, report.id, [Entry("F03", "period", 60), mobile])
    assert value(session, report, "F01") == 100
    assert value(session, report, "F01", "cumulative") == 100
    assert value(session, report, "F03", "cumulative") == 60
    assert value(session, report, "G01") == 103
    assert value(session, report, "G01", "cumulative") == 105
    write(session, clerk, report.id, [Entry("F03", "period", 50)])
    assert value(session, report, "F03", "cumulative") == 50
    assert value(session, report, "F01") == 90


def test_a_correction_needs_its_reason_and_both_figures_are_kept(session, place, clerk, busy_may):
    report = draft(session, clerk, place)
    with pytest.raises(Invalid) as refused:
        write(session, clerk, report.id, [Entry("G02", "period", 9)])
    assert refused.value.facts["cells"] == {("G02", "period"): "reason_missing"}
    write(session, clerk, report.id, [Entry("G02", "period", 9, "quên quét ngày 5/5")])
    cell = cells_of(session, report)["G02", "period"]
    assert (cell.computed, cell.value, cell.reason) == (3, 9, "quên quét ngày 5/5")
    assert value(session, report, "G02", "cumulative") == 11
    assert value(session, report, "G01") == 9
    write(session, clerk, report.id, [Entry("G02", "period", 3)])
    assert cells_of(session, report)["G02", "period"].value is None
    assert value(session, report, "G02", "cumulative") == 5


def test_the_figures_of_the_old_papers_may_be_typed_too(session, place, clerk, busy_may):
    report = draft(session, clerk, place)
    entries = [
        Entry("G02", "cumulative", 900, "từ 01/01 còn ghi sổ tay"),
        Entry("G02", "last_year", 200, "báo cáo giấy năm trước"),
        Entry("F03", "last_year", 30),
    ]
    write(session, clerk, report.id, entries)
    assert value(session, report, "G02", "cumulative") == 900
    assert paper_of(session, report).line("G02").change == 1.5


@pytest.mark.parametrize(("figure", "code"), [(-1, "negative"), (2.5, "not_whole")])
def test_impossible_figures_are_refused_and_nothing_is_written(session, place, clerk, figure, code):
    report = draft(session, clerk, place)
    entries = [Entry("F03", "period", 5), Entry("H05", "period", figure)]
    with pytest.raises(Invalid) as refused:
        write(session, clerk, report.id, entries)
    assert refused.value.facts["cells"] == {("H05", "period"): code}
    assert value(session, report, "F03") is None


def test_a_stale_page_is_refused(session, place, clerk):
    report = draft(session, clerk, place)
    seen = report.revision
    write(session, clerk, report.id, [], note="Thuyết minh", revision=seen)
    assert report.revision == seen + 1
    with pytest.raises(StaleVersion):
        write(session, clerk, report.id, [], note="khác", revision=seen)
    seen = report.revision
    write(session, clerk, report.id, [Entry("F03", "period", 1)], revision=seen)
    with pytest.raises(StaleVersion):
        write(session, clerk, report.id, [Entry("F03", "period", 2)], revision=seen)


def test_recomputing_keeps_what_was_typed(session, place, clerk, busy_may):
    report = draft(session, clerk, place)
    write(session, clerk, report.id, [Entry("F03", "period", 60), Entry("G02", "period", 9, "sót")])
    loan(session, date(2026, 5, 20), place.library, place.branch)
    recompute(session, clerk, report.id)
    cell = cells_of(session, report)["G02", "period"]
    assert (cell.computed, cell.value) == (4, 9)
    assert value(session, report, "F01") == 100


def test_empty_rows_stop_a_submission_until_they_are_said_to_be_nought(session, place, clerk):
    report = draft(session, clerk, place)
    with pytest.raises(Refused) as refused:
        submit(session, clerk, report.id)
    assert refused.value.code == "report_incomplete"
    assert "F03" in refused.value.facts["rows"]
    submit(session, clerk, report.id, blanks_are_zero=True)
    assert report.state == "submitted"
    assert value(session, report, "F03") == 0


def test_a_period_that_is_not_over_cannot_be_submitted(session, place, clerk):
    report = open_report(session, clerk, place.library.id, "monthly", date(2026, 6, 1))
    with pytest.raises(Refused) as refused:
        submit(session, clerk, report.id, blanks_are_zero=True)
    assert refused.value.code == "period_not_over"
    with pytest.raises(Refused):
        open_report(session, clerk, place.library.id, "monthly", date(2026, 7, 1))


def sent(session, clerk, place):
    report = draft(session, clerk, place)
    return submit(session, clerk, report.id, blanks_are_zero=True)


def test_later_loans_and_names_never_change_a_sent_paper(session, place, clerk, officer, busy_may):
    report = sent(session, clerk, place)
    frozen = paper_of(session, report)
    loan(session, date(2026, 5, 20), place.library, place.branch)
    session.add(
        OrgUnitVersion(
            unit_id=place.library.id, valid_from=date(2026, 5, 1), name="Thư viện khu vực Thử"
        )
    )
    session.flush()
    approve(session, officer, report.id)
    assert paper_of(session, report) == frozen
    for act in (
        lambda: write(session, clerk, report.id, [Entry("F03", "period", 1)]),
        lambda: recompute(session, clerk, report.id),
        lambda: submit(session, clerk, report.id),
        lambda: send_back(session, officer, report.id, [Remark("", "", "x")]),
    ):
        with pytest.raises(Refused):
            act()
    assert paper_of(session, report) == frozen


def test_a_returned_paper_shows_comments_and_goes_again(session, place, clerk, officer, busy_may):
    report = sent(session, clerk, place)
    with pytest.raises(Invalid):
        send_back(session, officer, report.id, [Remark("G02", "period", "  ")])
    send_back(session, officer, report.id, [Remark("G02", "period", "Thấp bất thường, kiểm lại.")])
    assert report.state == "returned"
    assert [c.row for c in comments_of(session, report, open_only=True)] == ["G02"]
    write(session, clerk, report.id, [Entry("G02", "period", 9, "bổ sung phiếu giấy")])
    submit(session, clerk, report.id)
    assert comments_of(session, report, open_only=True) == []
    assert value(session, report, "G02") == 9
    approve(session, officer, report.id)
    steps = steps_of(session, report)
    assert [s.step for s in steps if s.step != "written"] == [
        *("drafted", "submitted", "returned", "submitted", "approved"),
    ]
    papers = [s.facts["paper"] for s in steps if s.step == "submitted"]
    assert [_figure(p, "G02") for p in papers] == [3, 9]


def _figure(paper, row):
    for chapter in paper["chapters"]:
        for line in chapter["lines"]:
            if line["id"] == row:
                cell = line["cells"]["period"]
                return cell["computed"] if cell["value"] is None else cell["value"]
    return None


def test_a_correction_is_a_new_version_and_the_old_one_stands(session, place, clerk, officer):
    report = sent(session, clerk, place)
    approve(session, officer, report.id)
    with pytest.raises(Refused):
        draft(session, clerk, place)
    with pytest.raises(Invalid):
        correct(session, clerk, report.id, " ")
    newer = correct(session, clerk, report.id, "Sót sổ mượn giấy")
    assert (newer.version, newer.correction_of, newer.state) == (2, report.id, "draft")
    assert value(session, newer, "F03") == 0
    with pytest.raises(Refused):
        correct(session, clerk, report.id, "lần nữa")
    write(session, clerk, newer.id, [Entry("F03", "period", 12)])
    submit(session, clerk, newer.id)
    approve(session, officer, newer.id)
    assert value(session, report, "F03") == 0
    assert value(session, newer, "F03") == 12


def test_the_year_adds_up_the_papers_not_the_log(session, place, clerk, officer):
    for month in (4, 5):
        loan(session, date(2026, month, 10), place.library, place.branch)
    april = open_report(session, clerk, place.library.id, "monthly", date(2026, 4, 1))
    write(
        session, clerk, april.id, [Entry("G02", "period", 10, "sổ giấy"), Entry("F03", "period", 4)]
    )
    submit(session, clerk, april.id, blanks_are_zero=True)
    may = draft(session, clerk, place)
    assert value(session, may, "G02", "cumulative") == 11
    assert value(session, may, "F03", "cumulative") == 4
    with clock.at(datetime(2027, 5, 20, tzinfo=UTC)):
        next_april = open_report(session, clerk, place.library.id, "monthly", date(2027, 4, 1))
    assert value(session, next_april, "G02", "last_year") == 10
    assert value(session, next_april, "F03", "last_year") == 4


def test_nobody_approves_a_paper_of_their_own(session, place, clerk):
    report = sent(session, clerk, place)
    with pytest.raises(Forbidden):
        approve(session, clerk, report.id)
    own_admin = create_actor(session, "admin", place.library)
    with pytest.raises(Forbidden):
        approve(session, own_admin, report.id)


def test_a_paper_of_another_library_does_not_exist(session, place, clerk):
    foreign = create_actor(session, "head", place.foreign_library)
    report = sent(session, clerk, place)
    with pytest.raises(NotFound):
        write(session, foreign, report.id, [])
    with pytest.raises(Forbidden):
        open_report(session, foreign, place.library.id, "monthly", MAY)


def test_the_officer_sees_but_does_not_write(session, place, officer, clerk):
    report = draft(session, clerk, place)
    other = create_actor(session, "province_officer", place.top)
    assert paper_of(session, report).value("G02") == 0
    approve_right = other.can("reporting:report:approve", place.top)
    assert approve_right


def test_a_draft_never_sent_may_be_thrown_away(session, place, clerk, officer):
    report = draft(session, clerk, place)
    discard(session, clerk, report.id)
    assert session.get(Report, report.id) is None
    report = sent(session, clerk, place)
    send_back(session, officer, report.id, [Remark("", "", "kiểm lại")])
    with pytest.raises(Refused):
        discard(session, clerk, report.id)
