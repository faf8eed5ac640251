"""What boxes and their points add to the figures of the libraries, each counted once."""

from datetime import date, timedelta
from typing import Any

import pytest

from cataloging.models import Item
from circulation.rotation import arriving, boxes, figures, giving, indicators, moving, undoing
from circulation.rotation.models import Consignment, ConsignmentLine
from circulation.undo import undo
from ils.core import clock
from ils.core.errors import Refused
from ils.reporting.figures import Measure
from ils.reporting.figures import figures as reckon
from ils.reporting.scope import scope_of
from tests.circulation.conftest import Library
from tests.circulation.rotation.test_boxes import act, box_of, position, send

CODES = ("TV.H01", "TV.H02", "TV.H03", "TV.H04", "TV.C06", "TV.F04", "TV.G05")


@pytest.fixture(autouse=True)
def declared() -> None:
    indicators.declare()


def figures_of(library: Library, first: date, last: date, unit: Any = None) -> dict[str, Any]:
    """The figures of a library (ours by default) over some days."""
    with library.reading() as session:
        scope = scope_of(session, (unit or library.place.library).id)
        measures = [Measure(code) for code in CODES]
        table = reckon(session, scope, measures, first, last)
        return {measure.code: figure for measure, figure in table.total.items()}


def test_a_month_of_rotation_in_the_figures(library: Library) -> None:
    box_id = box_of(library, library.item(), library.item())
    send(library, box_id)
    first = library.today.replace(day=1)
    told = {"box_id": box_id, "month": first}
    act(library, figures.report_figures, visits=50, reads=20, loans=10, **told)
    act(library, figures.report_figures, visits=40, reads=20, loans=12, **told)
    shown = figures_of(library, first, library.today)
    assert shown == {
        "TV.H01": 1,
        "TV.H02": 2,
        "TV.H03": 0,
        "TV.H04": 1,
        "TV.C06": 0,
        "TV.F04": 40,
        "TV.G05": 32,
    }
    act(library, figures.forget_figures, **told)
    assert figures_of(library, first, library.today)["TV.G05"] == 0


def test_a_box_opened_again_was_never_sent(library: Library) -> None:
    box_id = box_of(library, library.item())
    send(library, box_id)
    act(library, undoing.unsend, box_id=box_id)
    shown = figures_of(library, library.today, library.today)
    assert (shown["TV.H01"], shown["TV.H02"], shown["TV.H04"]) == (0, 0, 0)


def test_copies_from_another_library_are_received_there_and_given_from_here(
    library: Library,
) -> None:
    there = library.place.foreign_branch
    box_id = box_of(library, library.item(), branch_id=there.id)
    send(library, box_id)
    with library.writing() as session:
        box, point = boxes.box_for(session, library.head, box_id)
        arriving.receive_box(session, library.head, box=box, point=point, copies=1)
    day = library.today
    assert figures_of(library, day, day, library.place.foreign_library)["TV.H03"] == 1
    act(library, undoing.unreceive, box_id=box_id)
    assert figures_of(library, day, day, library.place.foreign_library)["TV.H03"] == 0
    act(library, giving.give_box, box_id=box_id, decision="15/QĐ-TV")
    assert figures_of(library, day, day)["TV.C06"] == 1
    act(library, undoing.take_back_gift, box_id=box_id)
    assert figures_of(library, day, day)["TV.C06"] == 0


def test_a_branch_of_the_library_keeps_what_it_is_given_as_its_own(library: Library) -> None:
    item, other = library.item(), library.place.other_branch
    box_id = box_of(library, item, branch_id=other.id)
    send(library, box_id)
    act(library, giving.give_box, box_id=box_id, decision="15/QĐ-TV")
    kept = library.get(Item, item.id)
    assert (kept.branch_id, kept.lifecycle) == (other.id, "active")
    assert figures_of(library, library.today, library.today)["TV.C06"] == 0
    act(library, undoing.take_back_gift, box_id=box_id)
    assert library.get(Item, item.id).branch_id == library.place.branch.id
    assert position(library, item) == "at_point"


def test_a_branch_that_lends_tells_no_figures(library: Library) -> None:
    box_id = box_of(library, library.item(), branch_id=library.place.other_branch.id)
    send(library, box_id)
    month = library.today.replace(day=1)
    words = {"box_id": box_id, "month": month, "visits": 1, "reads": 0, "loans": 0}
    with pytest.raises(Refused, match="point_counts_itself"):
        act(library, figures.report_figures, **words)


def test_a_month_counts_on_its_14th_or_the_nearest_day_of_the_box(library: Library) -> None:
    box_id = box_of(library, library.item())
    send(library, box_id)  # on the 15th of May
    library.on(date(2026, 7, 3))
    for month in (5, 6, 7):
        words = {"month": date(2026, month, 1), "visits": 1, "reads": 0, "loans": 0}
        act(library, figures.report_figures, box_id=box_id, **words)
    days = [event.effective_on for event in library.events("point_visits_reported")]
    assert days == [date(2026, 5, 15), date(2026, 6, 14), date(2026, 7, 3)]


def test_moved_on_the_next_point_is_served_and_the_copies_stay_out(library: Library) -> None:
    items = [library.item() for _ in range(2)]
    box_id = box_of(library, *items)
    send(library, box_id)
    with library.writing() as session:
        facts = boxes.PointFacts("Bưu điện xã", "post_office")
        point_id = boxes.write_point(session, library.head, facts).id
    due = library.today + timedelta(days=90)
    act(library, moving.move_on, box_id=box_id, point_id=point_id, due_on=due)
    assert [box.state for box in library.all(Consignment)] == ["closed", "sent"]
    assert {position(library, item) for item in items} == {"at_point"}
    shown = figures_of(library, library.today, library.today)
    assert (shown["TV.H01"], shown["TV.H02"], shown["TV.H04"]) == (2, 4, 1)


def test_the_undo_of_the_desk_puts_a_copy_back_into_its_box(library: Library) -> None:
    item = library.item()
    send(library, box_of(library, item))
    back = library.take_back(item, overrides={"at_point": "x"})
    assert position(library, item) != "at_point"
    assert library.do(undo, token=back.undo_token).ok
    assert position(library, item) == "at_point"


def test_a_copy_in_a_box_is_no_candidate_for_a_hold_until_it_is_back(library: Library) -> None:
    item, patron = library.item(), library.patron()
    box_id = box_of(library, item)
    send(library, box_id)
    held = library.hold(item, patron)
    assert held.ok
    assert library.all(ConsignmentLine)[0].state == "out"
    with clock.at(library.now):
        assert (held.hold or {}).get("state") == "queued"
    taken = library.take_back(item, overrides={"at_point": "x"})
    assert taken.action == "hold_shelf", taken
