"""The calendar page and the closures, as the head of a library uses them in the browser."""

from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy import select

from circulation.closures.models import ClosurePlan
from ils.core import clock, db
from ils.org.holidays import vietnamese_holidays
from ils.org.hours import hours_on
from ils.org.models import CalendarDay, CalendarWeek
from tests import factories

PAGE = "/staff/admin/calendar"
DAY = timedelta(days=1)


@pytest.fixture
def head(app: Any, province: factories.Province) -> Any:
    with db.transaction() as session:
        name = factories.create_staff_account(session, "head", province.library)
    browser = app.test_client()
    browser.post("/staff/sign-in", data={"username": name, "password": factories.PASSWORD})
    return browser


def days() -> list[tuple[date, bool, str]]:
    with db.reading() as session:
        rows = session.scalars(select(CalendarDay).order_by(CalendarDay.day)).all()
        return [(row.day, row.open, row.reason) for row in rows]


def typed(day: date) -> str:
    return day.strftime("%d/%m/%Y")


def test_a_closed_day_ahead_is_previewed_before_it_is_closed(
    head: Any, province: factories.Province
) -> None:
    tomorrow = clock.today() + DAY
    form = {"kind": "closed", "first": typed(tomorrow), "reason": "Mất điện"}
    answer = head.post(PAGE, data=form, follow_redirects=True)
    assert "Mất điện" in answer.text
    assert "/staff/closures/" in answer.request.path
    assert days() == []
    head.post(answer.request.path, data={"act": "apply"})
    assert days() == [(tomorrow, False, "Mất điện")]
    assert head.get(answer.request.path + ".xlsx").status_code == 200
    head.post(answer.request.path, data={"act": "undo"})
    assert days() == []


def test_half_a_day_has_its_own_hours(head: Any, province: factories.Province) -> None:
    tomorrow = clock.today() + DAY
    form = {"kind": "hours", "first": typed(tomorrow), "opens": "7h30", "closes": "11:30"}
    assert head.post(PAGE, data={**form, "reason": "Họp"}).status_code == 302
    with db.reading() as session:
        found = hours_on(session, province.branch.id, tomorrow)
        assert (str(found.opens), str(found.closes)) == ("07:30:00", "11:30:00")
    wrong = head.post(PAGE, data={**form, "closes": "7h", "reason": "Họp"})
    assert wrong.status_code == 422


def test_a_closed_day_that_has_passed_is_not_taken_away(
    head: Any, province: factories.Province
) -> None:
    yesterday = clock.today() - DAY
    form = {"kind": "closed", "first": typed(yesterday), "reason": "Bão"}
    assert head.post(PAGE, data=form).status_code == 302
    with db.reading() as session:
        day_id = session.scalars(select(CalendarDay.id)).one()
    assert head.post(f"{PAGE}/remove/{day_id}").status_code == 409
    assert len(days()) == 1


def week(**more: str) -> dict[str, str]:
    rows = {}
    for n in range(6):
        rows |= {f"open_{n}": "on", f"opens_{n}": "7:30", f"closes_{n}": "17h"}
        rows |= {f"pause_from_{n}": "11h30", f"pause_to_{n}": "13:30"}
    return rows | more


def test_hours_begin_on_a_day_and_those_before_stay(
    head: Any, province: factories.Province
) -> None:
    in_a_month = clock.today() + 30 * DAY
    head.post(f"{PAGE}/week", data=week())
    head.post(f"{PAGE}/week", data=week(valid_from=typed(in_a_month), open_6="on"))
    with db.reading() as session:
        begins = set(session.scalars(select(CalendarWeek.valid_from)))
        assert begins == {date(2000, 1, 1), in_a_month}
        sunday = in_a_month + (6 - in_a_month.weekday()) % 7 * DAY
        assert hours_on(session, province.branch.id, sunday).open
        assert not hours_on(session, province.branch.id, sunday - 42 * DAY).open
    head.post(f"{PAGE}/week", data={"act": "remove", "valid_from": typed(in_a_month)})
    with db.reading() as session:
        assert set(session.scalars(select(CalendarWeek.valid_from))) == {date(2000, 1, 1)}


@pytest.mark.parametrize(
    "wrong",
    [{"pause_to_0": "11:00"}, {"closes_0": ""}, {"opens_0": "25:00"}, {"valid_from": "1/1/2020"}],
    ids=["pause backwards", "no end", "no such time", "in the past"],
)
def test_hours_that_cannot_be_are_refused(
    head: Any, province: factories.Province, wrong: dict[str, str]
) -> None:
    head.post(f"{PAGE}/week", data=week())
    head.post(f"{PAGE}/week", data=week(open_6="on") | wrong)
    with db.reading() as session:
        assert session.query(CalendarWeek).filter_by(weekday=6, open=True).count() == 0


def test_the_lunar_holidays_are_computed() -> None:
    found = {one.day: one for one in vietnamese_holidays(2027)}
    assert found[date(2027, 2, 6)].lunar, "Tết, the first day of the first lunar month"
    assert found[date(2027, 4, 16)].name == "Ngày Giỗ Tổ Hùng Vương"
    assert not found[date(2027, 9, 2)].lunar
    assert vietnamese_holidays(1800) == []


def test_holidays_are_proposed_and_only_the_accepted_are_closed(
    head: Any, province: factories.Province
) -> None:
    year = clock.today().year + 1
    page = head.get(f"/staff/closures/holidays?year={year}")
    assert "Quốc khánh" in page.text
    assert days() == []
    accepted = [f"{year}-01-01", f"{year}-05-01", f"{year}-07-07"]
    answer = head.post(
        f"/staff/closures/holidays?year={year}", data={"day": accepted}, follow_redirects=True
    )
    assert days() == []
    head.post(answer.request.path, data={"act": "apply"})
    closed = [day for day, _open, _reason in days()]
    assert closed == [date(year, 1, 1), date(year, 5, 1)], "a day nobody proposed is no holiday"


def test_a_closure_of_another_library_is_not_there(head: Any, province: factories.Province) -> None:
    with db.transaction() as session:
        foreign = ClosurePlan(
            unit_id=province.foreign_library.id,
            first_on=clock.today(),
            last_on=clock.today(),
            reason="của người khác",
        )
        session.add(foreign)
    for path in (f"/staff/closures/{foreign.id}", f"/staff/closures/{foreign.id}.xlsx"):
        assert head.get(path).status_code == 404
    assert "của người khác" not in head.get("/staff/closures/").text
