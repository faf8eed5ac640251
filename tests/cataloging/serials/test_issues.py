"""Issues come, are claimed, bound, given away; each act is taken back, and what is held follows."""

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from cataloging.change_sets import undo_change_set
from cataloging.export.sources import Chosen as Asked
from cataloging.export.sources import rows_of
from cataloging.hooks import register_holdings, register_record_veto
from cataloging.items import withdraw_item
from cataloging.marc.model import fields, subfields
from cataloging.models import Item, ItemType, Record, Register
from cataloging.records import delete_record
from cataloging.serials import indicators
from cataloging.serials.binding import VolumeFacts, bind_issues, key_of, unbind, unbound
from cataloging.serials.cards import card_of, card_xlsx, register_pdf
from cataloging.serials.claims import (
    Chosen,
    claim_issues,
    claim_pdf,
    claims_of,
    late_at,
    lines_of,
    take_back_claim,
)
from cataloging.serials.holdings import fields_of, holding_of
from cataloging.serials.models import SerialIssue, SerialTitle
from cataloging.serials.old import discard_before, keep_again, old_issues
from cataloging.serials.receiving import (
    mark_issue,
    morning,
    receive_issue,
    receive_month,
    receive_rest,
    take_back,
)
from cataloging.serials.rules.pattern import Pattern
from cataloging.serials.titles import TitleFacts, drop_title, take_title, titles_of_record
from cataloging.serials.vetoes import record_vetoes_of
from ils.accounts.actor import Actor, system_actor
from ils.core import clock
from ils.core.errors import Forbidden, Invalid, NotFound, Refused
from ils.core.events import EventRow
from ils.reporting.figures import Measure, figures
from ils.reporting.scope import scope_of
from tests.factories import (
    Province,
    create_actor,
    create_province,
    create_record,
    create_register,
)

FRIDAY = date(2026, 3, 6)
EVERY_DAY = tuple(range(1, 8))
DAILY = Pattern("week", date(2026, 3, 1), weekdays=EVERY_DAY, first_number=60)


@pytest.fixture
def session(both_session: Session) -> Session:
    """Each act on both databases."""
    return both_session


@pytest.fixture
def place(session: Session) -> Province:
    made = create_province(session)
    session.add(ItemType(code="serial", name="Báo, tạp chí", order=3))
    session.flush()
    return made


@pytest.fixture
def clerk(session: Session, place: Province) -> Actor:
    return create_actor(session, "clerk", place.branch)


@pytest.fixture
def cataloger(session: Session, place: Province) -> Actor:
    return create_actor(session, "cataloguer", place.branch, place.library)


@pytest.fixture
def register(session: Session, place: Province) -> Register:
    return create_register(session, place.library, "BT")


@pytest.fixture
def facts(place: Province) -> TitleFacts:
    return TitleFacts(place.branch.id, DAILY.begins, price=7_000)


@pytest.fixture
def paper(session: Session, cataloger: Actor, facts: TitleFacts) -> SerialTitle:
    record = create_record(session, "Nhân dân")
    return take_title(session, cataloger, record.id, facts, DAILY)


@pytest.fixture(autouse=True)
def friday() -> Any:
    with clock.at(clock.at_local(FRIDAY, 7)):
        yield


def day(number: int) -> date:
    return date(2026, 3, number)


def figure(session: Session, unit: Any, code: str, last: date = FRIDAY) -> Any:
    indicators.declare()
    measure, scope = Measure(code), scope_of(session, unit.id)
    table = figures(session, scope, [measure], last, last)
    return (table.total if unit.kind == "province" else table.libraries[unit.id])[measure]


def held_volumes(session: Session, place: Province, last: date = FRIDAY) -> tuple[Any, list[str]]:
    """The figure of bound volumes on a day, and the rows behind it."""
    counted = figure(session, place.library, "TV.B05", last)
    found, rows = indicators.volume_rows(session, last, last, (place.branch.id,), 0, 50)
    assert found == counted
    return counted, [row.words for row in rows]


def test_a_title_taken_by_two_libraries_is_one_title_of_the_province(
    session: Session, place: Province, paper: SerialTitle
) -> None:
    there = TitleFacts(place.foreign_branch.id, day(3), ends_on=day(5))
    take_title(session, system_actor(), paper.record_id, there, DAILY)
    for unit, last, taken in (
        (place.library, FRIDAY, 1),
        (place.foreign_library, day(2), 0),
        (place.foreign_library, day(5), 1),
        (place.top, day(5), 1),
        (place.foreign_library, FRIDAY, 0),
    ):
        assert figure(session, unit, "TV.B04", last) == taken
    found, rows = indicators.title_rows(session, FRIDAY, FRIDAY, (paper.branch_id,), 0, 50)
    assert (found, rows[0].words) == (1, "Nhân dân")


def test_the_morning_shows_what_is_due_and_what_is_late(
    session: Session, clerk: Actor, paper: SerialTitle
) -> None:
    assert receive_month(session, clerk, paper.id, day(1), day(3)) == 3
    days = session.scalars(select(EventRow.effective_on)).all()
    assert days[-3:] == [day(1), day(2), day(3)], "counted when they were due"
    found = morning(session, clerk, paper.branch_id)
    assert [row.slot.issue.label for row in found.due] == ["64", "65"]
    late = [row.slot for row in found.late]
    assert [(one.issue.label, one.state) for one in late][2:] == [
        ("62", "arrived"),
        ("63", "expected"),
    ]
    receive_issue(session, clerk, paper.id, FRIDAY)
    assert morning(session, clerk, paper.branch_id).done == 1
    tomorrow = morning(session, clerk, paper.branch_id, FRIDAY + timedelta(days=1))
    assert [row.slot.issue.label for row in tomorrow.late] == ["63", "64"], "what came is gone"


def test_an_issue_comes_once_and_is_counted_in_the_log(
    session: Session, clerk: Actor, paper: SerialTitle
) -> None:
    first = receive_issue(session, clerk, paper.id, FRIDAY, copies=2)
    assert receive_issue(session, clerk, paper.id, FRIDAY, copies=2).id == first.id
    event = session.scalars(select(EventRow).where(EventRow.kind == "serial_issue_arrived")).one()
    assert (event.quantity, event.amount, event.unit_id) == (2, 14_000, paper.branch_id)
    with pytest.raises(Refused, match="issue_here_already"):
        receive_issue(session, clerk, paper.id, FRIDAY, typed="99", copies=2)


def test_the_number_on_the_cover_leads_and_a_number_twice_is_asked_about(
    session: Session, clerk: Actor, paper: SerialTitle
) -> None:
    receive_issue(session, clerk, paper.id, day(5), typed="70+71")
    labels = [row.slot.issue.label for row in morning(session, clerk, paper.branch_id).due]
    assert labels == ["70+71"], "the combined number stands for Friday's too"
    with pytest.raises(Refused, match="issue_number_held"):
        receive_issue(session, clerk, paper.id, FRIDAY, typed="71")
    with pytest.raises(Invalid, match="issue_number_bad"):
        receive_issue(session, clerk, paper.id, FRIDAY, typed="bảy")


def test_what_did_not_appear_leaves_its_number_to_the_next(
    session: Session, clerk: Actor, paper: SerialTitle
) -> None:
    mark_issue(session, clerk, paper.id, day(5), "absent")
    assert receive_issue(session, clerk, paper.id, FRIDAY).first_no == 64
    assert holding_of(session, paper).lines == ["2026: số 64"]


def test_each_of_these_is_taken_back(session: Session, clerk: Actor, paper: SerialTitle) -> None:
    receive_issue(session, clerk, paper.id, FRIDAY)
    receive_issue(session, clerk, paper.id, FRIDAY, name="Xuân")
    mark_issue(session, clerk, paper.id, day(5), "missing")
    for when, name in ((FRIDAY, ""), (FRIDAY, "Xuân"), (day(5), "")):
        assert take_back(session, clerk, paper.id, when, name=name) is None
    assert session.scalars(select(SerialIssue)).all() == []
    undone = select(EventRow).where(EventRow.voids_id.is_not(None))
    assert len(session.scalars(undone).all()) == 2


def test_lent_magazines_become_copies_until_taken_back(
    session: Session, clerk: Actor, cataloger: Actor, facts: TitleFacts
) -> None:
    record = create_record(session, "Hoa học trò")
    lent = replace(facts, as_items=True, item_type="serial", use="loan", copies=2)
    title = take_title(session, cataloger, record.id, lent, DAILY)
    row = receive_issue(session, clerk, title.id, FRIDAY)
    items = session.scalars(select(Item).order_by(Item.id)).all()
    assert [item.barcode for item in items] == [f"BC{row.id:06d}", f"BC{row.id:06d}-2"]
    assert {item.volume_key for item in items} == {"2026: 65"}
    take_back(session, clerk, title.id, FRIDAY)
    assert session.scalars(select(Item)).all() == []
    again = receive_issue(session, clerk, title.id, FRIDAY)
    used = session.scalars(select(Item.id).where(Item.change_set_id == again.change_set_id)).all()
    withdraw_item(session, cataloger, used[0], reason="lost")
    with pytest.raises(Refused, match="issue_used"):
        take_back(session, clerk, title.id, FRIDAY)
    assert holding_of(session, title).lines, "one copy is still there"
    withdraw_item(session, cataloger, used[1], reason="lost")
    assert holding_of(session, title).lines == []


def test_late_issues_are_claimed_by_a_letter_and_the_letter_taken_back(
    session: Session, clerk: Actor, paper: SerialTitle
) -> None:
    late = late_at(session, paper.branch_id)
    assert [one.slot.issue.day.day for one in late] == [1, 2, 3, 4]
    chosen = [Chosen(paper.id, day(1)), Chosen(paper.id, day(2))]
    claim = claim_issues(session, clerk, paper.branch_id, chosen, "Bưu điện huyện")
    assert (claim.number, claim.year) == (1, 2026)
    assert claim_pdf(session, claim).startswith(b"%PDF")
    assert [one.claims for one in late_at(session, paper.branch_id)] == [1, 1, 0, 0]
    receive_issue(session, clerk, paper.id, day(1))
    back = take_back(session, clerk, paper.id, day(1))
    assert back is not None
    assert back.state == "claimed", "it is still asked for"
    with pytest.raises(Refused, match="claim_not_late"):
        claim_issues(session, clerk, paper.branch_id, [Chosen(paper.id, FRIDAY)])
    receive_issue(session, clerk, paper.id, day(1))
    take_back_claim(session, clerk, claim.id)
    assert [row.state for row in session.scalars(select(SerialIssue))] == ["arrived"]


def test_a_copy_that_did_not_come_with_the_other_is_claimed_and_entered_later(
    session: Session, clerk: Actor, cataloger: Actor, facts: TitleFacts
) -> None:
    lent = replace(facts, as_items=True, item_type="serial", use="loan", copies=2)
    record = create_record(session, "Hoa học trò")
    title = take_title(session, cataloger, record.id, lent, DAILY)
    receive_month(session, clerk, title.id, day(1), day(4))
    take_back(session, clerk, title.id, day(2))
    row = receive_issue(session, clerk, title.id, day(2), copies=1)
    [late] = late_at(session, title.branch_id)
    assert (late.slot.issue.day, late.copies, late.claims) == (day(2), 1, 0)
    assert [one.slot.lacking for one in morning(session, clerk, title.branch_id).late] == [
        0,
        1,
        0,
        0,
    ]
    claim = claim_issues(session, clerk, title.branch_id, [Chosen(title.id, day(2))])
    [(line, *_rest)] = lines_of(session, claim.id)
    assert (line.copies, row.state) == (1, "arrived")
    assert claims_of(session, title.branch_id, limit=9)[0][0][2] == 0
    receive_rest(session, clerk, title.id, day(2))
    assert late_at(session, title.branch_id) == []
    assert claims_of(session, title.branch_id, limit=9)[0][0][2] == 1, "what was asked for is there"
    of_it = select(Item.barcode).where(Item.change_set_id == row.change_set_id)
    assert session.scalars(of_it).all() == [f"BC{row.id:06d}", f"BC{row.id:06d}-2"]
    told = session.get_one(EventRow, row.event_id or 0)
    assert (told.quantity, told.amount) == (2, 14_000)
    with pytest.raises(Refused, match="issue_whole"):
        receive_rest(session, clerk, title.id, day(2))
    back = take_back(session, clerk, title.id, day(2))
    assert back is not None
    assert (back.state, back.copies) == ("claimed", 0)
    receive_issue(session, clerk, title.id, day(2), copies=1)
    mark_issue(session, clerk, title.id, day(2), "missing")
    assert late_at(session, title.branch_id) == []
    assert back.state == "arrived", "the one that came is there"


def test_what_is_held_names_its_gaps_and_goes_out_as_866(
    session: Session, clerk: Actor, paper: SerialTitle
) -> None:
    for number in (1, 2, 5):
        receive_issue(session, clerk, paper.id, day(number))
    held = holding_of(session, paper)
    assert held.lines == ["2026: số 60-61, 64 (thiếu số 62-63)"]
    assert [slot.issue.label for slot in held.wanting] == ["62", "63"]
    assert [one.label for one in held.latest] == ["64", "61", "60"]
    register_holdings(fields_of)
    [(_id, marc)] = rows_of(session, Asked(ids=(paper.record_id,)))
    [out] = fields(marc, "866")
    assert subfields(out, "a") == held.lines
    assert subfields(out, "z") == ["Thư viện huyện Thử, Phòng mượn"]
    stored = session.get_one(Record, paper.record_id)
    assert not fields(stored.marc, "866"), "the cataloger's record is left alone"  # type: ignore[arg-type]


def test_bound_issues_are_one_copy_with_a_number_and_single_again_when_taken_back(
    session: Session, cataloger: Actor, paper: SerialTitle, register: Register
) -> None:
    receive_month(session, cataloger, paper.id, day(1), day(5))
    rows = unbound(session, paper.id)
    wanted = VolumeFacts(register_id=register.id, item_type="serial", price=35_000)
    volume = bind_issues(session, cataloger, paper.id, [row.id for row in rows], wanted)
    item = session.get_one(Item, volume.item_id)
    assert (item.accession_no, item.volume_key) == ("BT.00001", "2026: số 60-64")
    assert holding_of(session, paper).volumes == [("2026: số 60-64", "BT.00001")]
    with pytest.raises(Refused, match="issue_bound"):
        take_back(session, cataloger, paper.id, day(1))
    with pytest.raises(Refused, match="volume_issues_gone"):
        bind_issues(session, cataloger, paper.id, [rows[0].id], wanted)
    left = receive_issue(session, cataloger, paper.id, FRIDAY)
    with pytest.raises(Invalid, match="volume_needs_register"):
        bind_issues(session, cataloger, paper.id, [left.id], VolumeFacts())
    assert key_of("2026: số " + ", ".join("1234567890123"), rows) == "2026: số 60-64"
    unbind(session, cataloger, volume.id)
    assert len(unbound(session, paper.id)) == 6
    assert session.scalars(select(Item)).all() == []


def test_copies_of_issues_go_into_the_volume_and_come_back_from_it(
    session: Session, place: Province, cataloger: Actor, facts: TitleFacts, register: Register
) -> None:
    record = create_record(session, "Hoa học trò")
    record.material = "serial"
    lent = replace(facts, as_items=True, item_type="serial", use="loan")
    title = take_title(session, cataloger, record.id, lent, DAILY)
    row = receive_issue(session, cataloger, title.id, FRIDAY)
    assert held_volumes(session, place) == (0, []), "issues that are lent are no volumes"
    wanted = VolumeFacts(register_id=register.id, item_type="serial")
    volume = bind_issues(session, cataloger, title.id, [row.id], wanted)
    bound = "Hoa học trò · 2026: số 65 · BT.00001"
    assert held_volumes(session, place) == (1, [bound])
    assert held_volumes(session, place, day(5)) == (0, [])
    single = session.scalars(select(Item).where(Item.change_set_id == row.change_set_id)).one()
    assert single.lifecycle == "withdrawn"
    assert holding_of(session, title).lines == ["2026: số 65"], "it is in the volume"
    unbind(session, cataloger, volume.id)
    assert single.lifecycle == "active"
    assert held_volumes(session, place) == (0, [])
    again = bind_issues(session, cataloger, title.id, [row.id], wanted)
    undo_change_set(session, system_actor(), again.change_set_id)
    session.expire_all()
    assert single.lifecycle == "active", "also when it is undone among the changes"
    assert [one.id for one in unbound(session, title.id)] == [row.id]


def test_old_issues_are_given_away_and_kept_again(
    session: Session, cataloger: Actor, paper: SerialTitle
) -> None:
    receive_month(session, cataloger, paper.id, day(1), day(5))
    assert old_issues(session, paper.library_id) == []
    with clock.at(clock.at_local(date(2028, 4, 1))):
        assert len(old_issues(session, paper.library_id)) == 5
        assert discard_before(session, cataloger, paper.id, day(4)) == 3
        assert holding_of(session, paper).lines[0].startswith("2026: số 63-64")
        assert keep_again(session, cataloger, paper.id, clock.today()) == 3
        with pytest.raises(Invalid, match="discard_too_new"):
            discard_before(session, cataloger, paper.id, clock.today())


def test_the_card_shows_months_and_days_and_is_printed(
    session: Session, cataloger: Actor, paper: SerialTitle
) -> None:
    receive_issue(session, cataloger, paper.id, day(5))
    mark_issue(session, cataloger, paper.id, day(4), "missing")
    card = card_of(session, paper, 2026)
    march = card.lines[2]
    assert march[1][2:6] == [("?", "late"), ("x", "missing"), ("64", "arrived"), ("", "ahead")]
    assert (march[2], card.total) == (1, 1)
    record = session.get_one(Record, paper.record_id)
    assert register_pdf(session, paper.branch_id, 2026).startswith(b"%PDF")
    assert card_xlsx(session, paper, record, 2026).startswith(b"PK")


def test_the_card_of_a_magazine_shows_years_and_months(
    session: Session, cataloger: Actor, facts: TitleFacts
) -> None:
    record = create_record(session, "Thuốc và sức khỏe")
    twice = Pattern("month", date(2025, 11, 1), days=(1, 15))
    title = take_title(session, cataloger, record.id, replace(facts, starts_on=twice.begins), twice)
    receive_month(session, cataloger, title.id, date(2025, 11, 1), date(2025, 12, 31))
    card = card_of(session, title, 2026)
    assert [line[0] for line in card.lines] == ["2025", "2026"]
    assert card.lines[0][1][10:] == [("1, 2", "arrived"), ("3, 4", "arrived")]


def test_rights_and_slips_are_refused(
    session: Session, clerk: Actor, cataloger: Actor, paper: SerialTitle, place: Province
) -> None:
    stranger = create_actor(session, "clerk", place.foreign_branch)
    with pytest.raises(NotFound):
        receive_issue(session, stranger, paper.id, FRIDAY)
    facts = TitleFacts(place.branch.id, DAILY.begins)
    with pytest.raises(Forbidden):
        take_title(session, clerk, create_record(session, "Tuổi trẻ").id, facts, DAILY)
    with pytest.raises(Refused, match="serial_taken_already"):
        take_title(session, cataloger, paper.record_id, facts, DAILY)
    with pytest.raises(Invalid, match="pattern_weekdays"):
        take_title(
            session,
            cataloger,
            create_record(session, "Thanh niên").id,
            facts,
            replace(DAILY, weekdays=()),
        )
    register_record_veto(record_vetoes_of)
    with pytest.raises(Refused, match="record_vetoed"):
        delete_record(session, cataloger, paper.record_id)
    receive_issue(session, clerk, paper.id, FRIDAY)
    with pytest.raises(Refused, match="serial_has_issues"):
        drop_title(session, cataloger, paper.id)
    take_back(session, clerk, paper.id, FRIDAY)
    drop_title(session, cataloger, paper.id)
    assert titles_of_record(session, paper.record_id, place.library.id) == []
