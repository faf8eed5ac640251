"""A closure is shown before it begins, moves what it concerns, and can be taken back."""

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy import select

import circulation.closures.moving  # noqa: F401 — its job
from cataloging.models import Item
from circulation.blocks import patron_figures
from circulation.closures import plans
from circulation.closures.giving_back import GivenBack, give_back_penalties
from circulation.closures.models import ClosureLine, ClosurePlan
from circulation.fees import take_payment
from circulation.ledger import account
from circulation.models import Hold, Loan
from circulation.notices.planning import plan_holds
from circulation.patrons.models import Patron, Suspension
from circulation.renew import renew
from ils.core import clock
from ils.core.errors import Forbidden, Invalid, NotFound, Refused
from ils.core.jobs import run_next_job
from ils.org.models import CalendarDay
from tests.circulation.conftest import DAY_ONE, Library

DAY = timedelta(days=1)
DUE = DAY_ONE + 14 * DAY  # 29 May, a Friday


def plan(library: Library, days: Sequence[date], unit: Any = None, actor: Any = None) -> int:
    at = (unit or library.place.library).id
    with library.writing() as session:
        made = plans.plan_closure(
            session, actor or library.head, at, dict.fromkeys(days, "Bão"), "Bão số 3"
        )
        return made.id


def act(library: Library, use_case: Any, plan_id: int, *more: Any, actor: Any = None) -> Any:
    with library.writing() as session:
        return use_case(session, actor or library.head, plan_id, *more)


def lines(library: Library, plan_id: int) -> list[ClosureLine]:
    return [row for row in library.all(ClosureLine) if row.plan_id == plan_id]


def lent(library: Library, **more: Any) -> tuple[Item, Patron, Loan]:
    item, patron = library.item(**more), library.patron()
    answer = library.lend(item, patron)
    assert answer.ok, answer
    return item, patron, library.get(Loan, (answer.loan or {})["id"])


def due(library: Library, loan: Loan) -> date:
    found: date = library.get(Loan, loan.id).due_on
    return found


def test_a_preview_changes_nothing_and_says_what_it_would(library: Library) -> None:
    _item, _patron, loan = lent(library)
    made = plan(library, [DUE, DUE + DAY])
    assert [(r.kind, r.old_on, r.new_on, r.state) for r in lines(library, made)] == [
        ("loan", DUE, DUE + 2 * DAY, "planned")
    ]
    assert due(library, loan) == DUE
    assert library.all(CalendarDay) == []


def test_applied_it_closes_the_days_and_moves_due_dates_forward(library: Library) -> None:
    _item, _patron, loan = lent(library)
    library.close(6)
    made = plan(library, [DUE, DUE + DAY])
    act(library, plans.apply_closure, made)
    assert due(library, loan) == DUE + 3 * DAY  # 31 May is a Sunday
    assert library.get(ClosurePlan, made).state == "applied"
    assert {row.day for row in library.all(CalendarDay)} == {DUE, DUE + DAY}
    moved = library.events("due_date_moved")
    assert [(e.loan_id, e.facts["why"]) for e in moved] == [(loan.id, "closure")]
    assert library.get(Loan, loan.id).trace_json["steps"][-1][0] == "CLOSURE"


def test_a_branch_that_stays_open_keeps_its_loans(library: Library) -> None:
    _item, _patron, loan = lent(library)
    with library.writing() as session:
        session.add(CalendarDay(unit_id=library.place.branch.id, day=DUE, open=True, reason="trực"))
    assert lines(library, plan(library, [DUE])) == []
    act(library, plans.apply_closure, plan(library, [DUE]))
    assert due(library, loan) == DUE


def test_a_closure_of_another_branch_moves_nothing_here(library: Library) -> None:
    _item, _patron, loan = lent(library)
    act(library, plans.apply_closure, plan(library, [DUE], library.place.other_branch))
    assert due(library, loan) == DUE


def test_undone_it_gives_back_what_nobody_touched(library: Library) -> None:
    _item, _patron, loan = lent(library)
    renewed_item, _reader, renewed = lent(library)
    made = plan(library, [DUE, DUE + DAY])
    act(library, plans.apply_closure, made)
    library.on(DAY_ONE + 5 * DAY)
    assert library.do(renew, barcode=renewed_item.barcode).ok
    later = due(library, renewed)
    act(library, plans.undo_closure, made)
    assert due(library, loan) == DUE
    assert due(library, renewed) == later
    assert {row.state for row in lines(library, made)} == {"undone", "kept"}
    assert library.all(CalendarDay) == []
    assert "CLOSURE" not in str(library.get(Loan, loan.id).trace_json)


def test_undone_too_late_it_makes_nobody_late_and_raises_no_fine(library: Library) -> None:
    _item, patron, loan = lent(library)
    made = plan(library, [DUE, DUE + DAY])
    act(library, plans.apply_closure, made)
    library.on(DUE + DAY)
    act(library, plans.undo_closure, made)
    assert due(library, loan) == DUE + 2 * DAY
    with library.reading() as session:
        assert patron_figures(session, [patron.id], library.now)[patron.id].owed == 0
    closed = {row.day for row in library.all(CalendarDay)}
    assert closed == {DUE}, "the day that has passed stays closed"


def test_a_fine_that_runs_follows_a_closure_entered_late(library: Library) -> None:
    _item, patron, _loan = lent(library)
    library.on(DUE + 4 * DAY)
    before = owed(library, patron)
    act(library, plans.apply_closure, plan(library, [DUE + DAY, DUE + 2 * DAY]))
    assert (before, owed(library, patron)) == (4000, 2000)


def owed(library: Library, patron: Patron) -> int:
    with library.reading() as session:
        return account(session, patron.id, library.now).owed


def test_a_fine_posted_for_closed_days_is_given_back_by_one_act(library: Library) -> None:
    whole_item, whole, _loan = lent(library)
    part_item, part, _loan = lent(library)
    library.on(DUE + 2 * DAY)
    library.take_back(whole_item)
    library.on(DUE + 4 * DAY)
    library.take_back(part_item)
    library.do(take_payment, patron_id=part.id, amount=4000)
    made = plan(library, [DUE + DAY, DUE + 2 * DAY])
    act(library, plans.apply_closure, made)
    assert sorted(row.amount for row in lines(library, made) if row.kind == "fine") == [2000, 2000]
    assert act(library, give_back_penalties, made) == GivenBack(2, 4000, 0)
    assert (owed(library, whole), owed(library, part)) == (0, -2000)
    assert act(library, give_back_penalties, made) == GivenBack(0, 0, 0)
    assert len(library.events("entry_reversed")) == 1
    assert len(library.events("waiver_given")) == 1


def suspended(library: Library) -> list[tuple[date, date]]:
    return [(row.from_on, row.to_on) for row in library.all(Suspension)]


def test_a_suspension_for_closed_days_is_shortened_with_the_one_that_follows_it(
    library: Library,
) -> None:
    library.rules(penalty="days", suspend_factor=2, suspend_adds_up=True)
    reader = library.patron()
    first, second = library.item(), library.item()
    for item in (first, second):
        assert library.lend(item, reader).ok
    library.on(DUE + 3 * DAY)
    library.take_back(first)
    library.take_back(second)
    back = DUE + 3 * DAY
    assert suspended(library) == [(back, back + 5 * DAY), (back + 6 * DAY, back + 11 * DAY)]
    made = plan(library, [DUE + DAY])
    act(library, plans.apply_closure, made)
    offered = [row for row in lines(library, made) if row.kind == "suspension"]
    assert [(row.old_on, row.new_on) for row in offered] == [
        (back + 5 * DAY, back + 3 * DAY),
        (back + 11 * DAY, back + 9 * DAY),
    ]
    assert act(library, give_back_penalties, made) == GivenBack(0, 0, 2)
    assert suspended(library) == [(back, back + 3 * DAY), (back + 4 * DAY, back + 7 * DAY)]
    assert act(library, give_back_penalties, made) == GivenBack(0, 0, 0)


def test_a_suspension_falls_away_where_nobody_was_late_after_all(lite: Library) -> None:
    lite.rules(penalty="days")
    item, _reader, _loan = lent(lite)
    lite.on(DUE + DAY)
    lite.take_back(item)
    assert len(suspended(lite)) == 1
    made = plan(lite, [DUE + DAY])
    act(lite, plans.apply_closure, made)
    assert act(lite, give_back_penalties, made) == GivenBack(0, 0, 1)
    assert suspended(lite) == []


def held_back(library: Library, plan_id: int) -> list[tuple[str, date | None, date | None, str]]:
    rows = [row for row in lines(library, plan_id) if row.kind == "notice"]
    return [(row.about, row.old_on, row.new_on, row.state) for row in rows]


def test_notices_of_the_closed_days_are_listed_with_the_day_they_go_out(library: Library) -> None:
    lent(library)
    soon, late = DUE - 3 * DAY, DUE + 3 * DAY
    made = plan(library, [soon, soon + DAY, late])
    assert held_back(library, made) == [
        ("due_soon", soon, soon + 2 * DAY, "planned"),
        ("overdue", late, late + DAY, "planned"),
    ]
    act(library, plans.apply_closure, made)
    assert {state for *_rest, state in held_back(library, made)} == {"done"}
    act(library, plans.undo_closure, made)
    assert {state for *_rest, state in held_back(library, made)} == {"undone"}


def test_a_reminder_follows_the_new_day_of_its_loan(lite: Library) -> None:
    lent(lite)
    week = [DUE - 3 * DAY + n * DAY for n in range(6)]  # the due day too
    opens = DUE + 3 * DAY
    assert held_back(lite, plan(lite, week)) == [("due_soon", DUE - 3 * DAY, opens, "planned")]
    lite.setting("notices.wait_closed", False)
    only_due = [DUE - 3 * DAY, DUE]
    assert held_back(lite, plan(lite, only_due)) == [
        ("due_soon", DUE - 3 * DAY, DUE - 2 * DAY, "planned")
    ], "it would go out on a closed day, but its day has moved"
    assert held_back(lite, plan(lite, [DUE - 3 * DAY])) == [], "nothing waits here"


def test_what_is_not_told_yet_of_a_hold_waits_too(lite: Library) -> None:
    item, reader = lite.item(), lite.patron("Trần Văn Ba")
    lite.hold(item, reader)
    lite.take_back(item)
    with lite.writing() as session:
        plan_holds(session)
    made = plan(lite, [lite.today])
    assert held_back(lite, made) == [("hold_ready", lite.today, lite.today + DAY, "planned")]


def test_opened_earlier_the_promised_days_stay(library: Library) -> None:
    _item, _patron, loan = lent(library)
    made = plan(library, [DUE, DUE + DAY, DUE + 2 * DAY])
    act(library, plans.apply_closure, made)
    library.on(DUE)
    with pytest.raises(Invalid):
        act(library, plans.lift_closure, made, DUE - DAY)
    act(library, plans.lift_closure, made, DUE + DAY)
    assert due(library, loan) == DUE + 3 * DAY
    assert [row.day for row in library.all(CalendarDay)] == [DUE]


def test_a_hold_on_the_shelf_waits_as_many_open_days(library: Library) -> None:
    item, first, second = library.item(), library.patron(), library.patron("Trần Văn Ba")
    library.lend(item, first)
    held = library.hold(item, second)
    library.take_back(item)
    hold_id = (held.hold or {})["id"]
    until = library.get(Hold, hold_id).shelf_until
    made = plan(library, [until])
    act(library, plans.apply_closure, made)
    assert library.get(Hold, hold_id).shelf_until == until + DAY
    act(library, plans.undo_closure, made)
    assert library.get(Hold, hold_id).shelf_until == until


def test_days_that_said_something_else_come_back_as_they_were(lite: Library) -> None:
    with lite.writing() as session:
        session.add(
            CalendarDay(unit_id=lite.place.library.id, day=DUE, open=True, reason="hội sách")
        )
    made = plan(lite, [DUE])
    act(lite, plans.apply_closure, made)
    act(lite, plans.undo_closure, made)
    assert [(row.open, row.reason) for row in lite.all(CalendarDay)] == [(True, "hội sách")]


def test_what_changed_between_preview_and_applying_is_seen_anew(lite: Library) -> None:
    item, _patron, _loan = lent(lite)
    made = plan(lite, [DUE])
    lite.take_back(item)
    _item, _reader, lent_since = lent(lite)
    act(lite, plans.apply_closure, made)
    assert [row.loan_id for row in lines(lite, made)] == [lent_since.id]


def test_a_large_closure_is_moved_by_a_job(lite: Library, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(plans, "AT_ONCE", 2)
    loans = [lent(lite)[2] for _ in range(5)]
    made = plan(lite, [DUE])
    act(lite, plans.apply_closure, made)
    assert lite.get(ClosurePlan, made).state == "moving"
    with clock.at(lite.now):
        assert run_next_job()
    assert {due(lite, loan) for loan in loans} == {DUE + DAY}
    assert lite.get(ClosurePlan, made).state == "applied"


def test_a_job_that_stopped_is_gone_on_with(lite: Library, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(plans, "AT_ONCE", 2)
    loans = [lent(lite)[2] for _ in range(3)]
    made = plan(lite, [DUE])
    act(lite, plans.apply_closure, made)
    with pytest.raises(Refused):
        act(lite, plans.go_on, made)
    with lite.writing() as session:
        job = plans.job_of(session, session.get_one(ClosurePlan, made))
        assert job is not None
        job.status = "failed"
    act(lite, plans.go_on, made)
    with clock.at(lite.now):
        assert run_next_job()
    assert {due(lite, loan) for loan in loans} == {DUE + DAY}


def test_each_step_is_taken_once(lite: Library) -> None:
    made = plan(lite, [DUE])
    act(lite, plans.apply_closure, made)
    with pytest.raises(Refused):
        act(lite, plans.apply_closure, made)
    with pytest.raises(Refused):
        act(lite, plans.discard_closure, made)
    act(lite, plans.undo_closure, made)
    with pytest.raises(Refused):
        act(lite, plans.undo_closure, made)


def test_who_may_not_edit_the_calendar_closes_nothing(lite: Library) -> None:
    with pytest.raises(Forbidden):
        plan(lite, [DUE], actor=lite.clerk)
    made = plan(lite, [DUE])
    with pytest.raises(NotFound):
        act(lite, plans.apply_closure, made, actor=lite.clerk)
    with lite.reading() as session:
        assert session.scalar(select(ClosurePlan.state)) == "draft"
