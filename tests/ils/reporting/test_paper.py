"""Papers: numbers as typed and written, the frozen form, what looks odd, when it is late."""

from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ils.reporting.paper import Cell, Chapter, Line, Paper, from_json, read_number, shown, to_json
from ils.reporting.rules import allowed, hints, lateness, missing_rows


def line(row, now=None, then=None, under="", kind="flow"):
    cells = {"period": Cell(now), "cumulative": Cell(now), "last_year": Cell(then)}
    return Line(row, "1", f"TV.{row}", row, row, "bản", under, False, False, kind, "sum", cells)


def paper(*lines, first=date(2026, 5, 1), last=date(2026, 5, 31)):
    return Paper(
        template="monthly", template_version=1, title="Báo cáo", title_en="Report", unit_id=3,
        unit_name="Thư viện", unit_above="Sở", unit_place="Huế", receiver="Tỉnh", form_number="",
        issued_under="", first=first, last=last, period="Tháng 05/2026", period_en="May",
        due_on=date(2026, 6, 5), version=1, note="", roles=("A",), signatures={}, columns=("period",),
        chapters=(Chapter("I", "Một", "One", lines),),
    )  # fmt: skip


@pytest.mark.parametrize(
    ("typed", "value"),
    [
        ("", None),
        (" 12 ", 12),
        ("1.234", 1234),
        ("1 234 567", 1234567),
        ("1.234.567,5", 1234567.5),
        ("0", 0),
        ("2,25", 2.25),
    ],
)
def test_figures_are_read_as_people_type_them(typed, value):
    assert read_number(typed) == value


@pytest.mark.parametrize("typed", ["-1", "1.23", "1,2,3", "12a", ".5", "1..000", "1e3", "٣"])
def test_what_is_no_figure_is_refused(typed):
    with pytest.raises(ValueError, match=r".*"):
        read_number(typed)


@given(st.integers(0, 10**14))
def test_a_written_figure_is_read_back(value):
    assert read_number(shown(value)) == value


def test_a_paper_survives_being_kept():
    whole = paper(line("B01", 5, 4))
    kept = to_json(whole)
    assert from_json(kept) == whole
    assert from_json({**kept, "from_a_later_version": 1}) == whole


def test_the_typed_figure_goes_before_the_computed_one_and_both_stay():
    cell = Cell(10, 12, "đếm sót")
    assert (cell.shown, cell.computed, cell.corrected) == (12, 10, True)
    assert not Cell(None, 12).corrected


def test_empty_rows_are_missing_but_ratios_are_not():
    found = missing_rows(paper(line("B01", 0), line("H05"), line("G08", kind="ratio")))
    assert [one.id for one in found] == ["H05"]


def test_a_part_above_its_whole_is_pointed_out():
    found = hints(paper(line("F02", 10), line("F02tn", 12, under="F02")))
    assert [(hint.code, hint.line.id) for hint in found] == [("part_above_whole", "F02tn")]


def test_a_leap_is_pointed_out_unless_the_figures_are_small():
    assert [h.code for h in hints(paper(line("G02", 500, 100)))] == ["leap"]
    assert hints(paper(line("G02", 9, 1))) == []
    assert hints(paper(line("G02", 150, 100))) == []


def test_stock_that_does_not_balance_is_pointed_out():
    before = paper(line("B02", 100, kind="stock"), first=date(2026, 4, 1), last=date(2026, 4, 30))
    now = paper(line("B02", 103, kind="stock"), line("C02", 5), line("D01", 1))
    assert [h.facts for h in hints(now, before)] == [{"expected": 104, "now": 103}]
    assert hints(now, replace(before, last=date(2026, 3, 31))) == []


def test_the_whole_due_day_is_in_time():
    due = date(2026, 6, 5)
    assert lateness(due, date(2026, 6, 5), date(2026, 7, 1)).days == 0
    assert lateness(due, date(2026, 6, 8), date(2026, 7, 1)).days == 3
    assert lateness(due, None, date(2026, 6, 5)).days == 0
    missing = lateness(due, None, date(2026, 6, 7))
    assert (missing.days, missing.missing) == (2, True)


def test_each_act_has_its_states():
    assert allowed("submit", "draft")
    assert allowed("submit", "returned")
    assert not allowed("submit", "submitted")
    assert not allowed("write", "approved")
    assert allowed("correct", "approved")
