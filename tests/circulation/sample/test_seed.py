"""A short sample played through the use cases: what it leaves behind, and that it repeats."""

from datetime import date, timedelta

import pytest
from flask import Flask
from sqlalchemy import func, select

from cataloging.authorities.models import Heading
from cataloging.models import Item, Record
from circulation.models import Hold, Loan
from circulation.sample.seed import Summary, seed
from ils.core import clock
from ils.core.db import reading
from ils.core.events import EventRow
from ils.org.units import unit_by_code, version_on
from ils.reporting.models import Report, ReportCell
from ils.serve_cli import sample_state
from opac.models import NewsPost
from opac.sample.site import Sites

LAST = date(2026, 3, 8)


@pytest.fixture
def loaded(app: Flask) -> Summary:
    with app.app_context(), clock.at(clock.at_local(LAST + timedelta(days=1), 9)):
        return seed(lambda _text: None, until=LAST, months=2, each_day=[Sites()])


def test_the_sample_leaves_something_to_show_on_every_page(app: Flask, loaded: Summary) -> None:
    with reading() as session:
        assert session.scalar(select(func.count()).select_from(Record)) == loaded.records >= 300
        assert session.scalar(select(func.count()).select_from(Item)) == loaded.items >= 1100
        kinds = set(session.scalars(select(EventRow.kind).distinct()))
        assert kinds >= {
            "loan_checked_out",
            "reading_room_loan_made",
            "item_checked_in",
            "loan_renewed",
            "hold_placed",
            "visit_counted",
            "in_house_use_counted",
            "card_issued",
            "payment_taken",
            "site_visited",
            "opac_searched",
            "serial_issue_arrived",
        }
        assert session.scalar(select(func.max(EventRow.effective_on))) == LAST
        roles = session.execute(select(Heading.role, Heading.text)).all()
        assert ("preferred", "Tô Hoài") in roles
        assert ("variant", "Nguyễn Sen") in roles
        assert session.scalar(select(Loan.id).where(Loan.closed_at.is_(None)).limit(1))
        assert len(set(session.scalars(select(Hold.state)))) >= 3
        assert len(set(session.scalars(select(NewsPost.unit_id)))) >= 3
        states = [r.state for r in session.scalars(select(Report))]
        assert sorted(states) == ["approved", "approved", "draft", "returned"]
        at_points = select(ReportCell).where(ReportCell.row == "F04", ReportCell.column == "period")
        assert all(cell.value and cell.reason for cell in session.scalars(at_points))
    assert sample_state() == "loaded"
    assert len(loaded.readers) == 4


def test_the_district_is_a_dated_word(app: Flask, loaded: Summary) -> None:
    with reading() as session:
        library = unit_by_code(session, "BS")
        assert "huyện" in version_on(session, library.id, date(2025, 6, 30)).name
        assert "huyện" not in version_on(session, library.id, date(2025, 7, 1)).name
