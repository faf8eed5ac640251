"""Days kept on paper: typed, typed anew, taken back, and never counted twice."""

from datetime import timedelta

import pytest

from circulation.registers.daily_log import daily_log
from circulation.registers.models import IN_HOUSE, LOAN, VISIT
from circulation.registers.paper_days import paper_day, settle_paper_days, write_paper_day
from circulation.tallies import count_in_house_use, count_visit
from ils.core import clock
from ils.core.errors import Forbidden, Invalid
from ils.reporting.figures import Measure, figures
from ils.reporting.scope import scope_of
from tests.circulation.conftest import DAY_ONE, Library


def write(library: Library, figures: dict, whole: bool = True, **more):
    unit = library.place.branch.id
    return library.do(
        write_paper_day, unit_id=unit, day=more.pop("day", DAY_ONE), figures=figures, whole=whole
    )


def line(library: Library, day=DAY_ONE):
    with library.reading() as session:
        log = daily_log(session, [library.place.branch.id], day, library.today)
    return next(one for one in log.lines if one.day == day)


def test_a_typed_day_stands_in_the_log_and_in_the_figures(library: Library) -> None:
    answer = write(
        library,
        {(VISIT, "child"): 12, (VISIT, "adult"): 3, (LOAN, "8"): 20, (IN_HOUSE, "serial"): 7},
    )
    assert answer.ok
    assert answer.facts["counted"] == 42
    day = line(library)
    assert (day.visits, day.children, dict(day.visitors)) == (15, 12, {"child": 12, "adult": 3})
    assert (day.home, day.here, day.serials, dict(day.classes)) == (20, 7, 7, {"8": 20})
    assert day.from_paper


def test_what_the_machine_counted_the_same_day_is_not_counted_again(library: Library) -> None:
    for _ in range(4):
        library.do(count_visit, age_band="child")
    item, reader = library.item(), library.patron()
    assert library.lend(item, reader).ok
    write(library, {(VISIT, "child"): 10, (LOAN, "x"): 3})
    assert (line(library).visits, line(library).home) == (10, 3)
    library.do(count_visit, age_band="adult")  # the power is back, people come in
    with clock.at(library.now):
        settle_paper_days()
    assert line(library).visits == 10
    with clock.at(library.now):
        settle_paper_days()
    assert line(library).visits == 10


def test_what_came_beside_the_machine_is_added(library: Library) -> None:
    library.do(count_in_house_use, quantity=5)
    write(library, {(IN_HOUSE, ""): 6}, whole=False)
    assert line(library).here == 11


def test_a_day_typed_anew_takes_the_place_of_the_old_figures(library: Library) -> None:
    write(library, {(VISIT, "child"): 10, (VISIT, "adult"): 4})
    write(library, {(VISIT, "child"): 8})
    assert dict(line(library).visitors) == {"child": 8}
    write(library, {(VISIT, "child"): 8})
    assert line(library).visits == 8
    assert len(library.events("visit_counted")) == 1
    write(library, {})
    assert line(library).visits == 0
    assert not line(library).from_paper
    with library.reading() as session:
        assert paper_day(session, library.place.branch.id, DAY_ONE).typed == {}


def test_a_key_sent_twice_writes_once(library: Library) -> None:
    unit = library.place.branch.id
    words = {"unit_id": unit, "day": DAY_ONE, "figures": {(VISIT, ""): 9}, "whole": False}
    library.do(write_paper_day, key="same", **words)
    assert library.do(write_paper_day, key="same", **words).repeated
    assert line(library).visits == 9


def test_a_day_to_come_and_odd_numbers_are_refused(lite: Library) -> None:
    with pytest.raises(Invalid, match="day_in_future"):
        write(lite, {(VISIT, ""): 1}, day=lite.today + timedelta(days=1))
    with pytest.raises(Invalid, match="quantity_wrong"):
        write(lite, {(VISIT, ""): 10_001})


def test_another_librarys_day_is_not_ours_to_write(lite: Library) -> None:
    with pytest.raises(Forbidden):
        lite.do(
            write_paper_day,
            unit_id=lite.place.foreign_branch.id,
            day=DAY_ONE,
            figures={(VISIT, ""): 1},
            whole=True,
        )


def test_loans_of_a_paper_day_are_loans_in_the_report(lite: Library) -> None:
    item, reader = lite.item(), lite.patron()
    lite.lend(item, reader)
    write(lite, {(LOAN, "8"): 5}, whole=False)
    with lite.reading() as session:
        loans = Measure("TV.G02")
        scope = scope_of(session, lite.place.library.id)
        table = figures(session, scope, [loans], DAY_ONE, DAY_ONE)
        assert table.libraries[scope.libraries[0]][loans] == 6
