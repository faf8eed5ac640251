"""``./sen report``."""

import json
from datetime import UTC, date, datetime

import pytest
from click.testing import CliRunner
from sqlalchemy import select

from ils.core import clock, db
from ils.reporting.cli import report
from ils.reporting.models import EventTotal
from tests.ils.reporting.makers import loan


@pytest.fixture(autouse=True)
def june():
    with clock.at(datetime(2026, 6, 3, 2, tzinfo=UTC)):
        yield


@pytest.fixture
def code(province):
    with db.transaction() as s:
        for day in (2, 3):
            loan(s, date(2026, 5, day), province.library, province.branch)
    return province.library.code


def run(*words, status=0):
    done = CliRunner().invoke(report, words)
    assert done.exit_code == status, done.output
    return done.output


def test_figures_are_shown(code):
    assert "Lượt mượn về nhà" in run("show", code)
    told = json.loads(run("show", code, "--month", "2026-05", "--json"))
    assert told["figures"]["TV.G02"] == 2
    run("show", code, "--month", "May", status=2)


def test_a_report_is_drafted_and_printed(code, tmp_path):
    file = tmp_path / "x.pdf"
    output = run("compute", code, "--month", "2026-05", "--pdf", str(file))
    assert "[draft]" in output
    assert file.read_bytes().startswith(b"%PDF")
    assert "[draft]" in run("compute", code)


def test_totals_are_rebuilt_and_checked(code):
    assert "1 totals" in run("rebuild-totals")
    assert "those of the event log" in run("check")
    with db.transaction() as s:
        s.scalars(select(EventTotal)).one().n = 7
    assert "1 totals differ" in run("check", status=1)
    run("rebuild-totals")
    run("check")
