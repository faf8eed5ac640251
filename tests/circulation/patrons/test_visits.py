"""Visits at the door and visitors of a day: counted once, kept briefly, never a loan home."""

from datetime import date, timedelta

import pytest
from sqlalchemy import select

from circulation.checkout import check_out
from circulation.hold_lists import stack_list
from circulation.lending_jobs import pass_need_by
from circulation.models import Hold, Loan
from circulation.patrons.cards import replace_card
from circulation.patrons.erasure import erase_patron
from circulation.patrons.models import Patron
from circulation.patrons.patrons import find_patrons, patron_for
from circulation.patrons.visit_models import DayVisitor, DoorVisit
from circulation.patrons.visits import (
    VisitorFacts,
    count_at_door,
    forget_visits,
    masked_paper,
    register_visitor,
    stand_in_for,
)
from circulation.scan import recognize
from circulation.tallies import count_visit
from ils.core import clock
from ils.core.db import reading, transaction
from ils.core.errors import Invalid, NotFound
from tests import factories
from tests.circulation.conftest import Library


def scan(library, text):
    with library.writing() as session:
        return count_at_door(session, library.clerk, text)


def visitor(library, name="Trần Khách", **more):
    with library.writing() as session:
        return register_visitor(session, library.clerk, VisitorFacts(name, **more))


def visits(library):
    return [(e.facts["by"], e.quantity, e.category) for e in library.events("visit_counted")]


def test_a_card_counts_once_in_a_session_and_again_in_the_next(library: Library):
    card = library.card(library.patron("Nguyễn Thị Lan"))
    first = scan(library, card.lower())
    assert (first.code, first.name, first.tone) == ("welcome", "Lan", "green")
    library.later(minutes=20)
    assert scan(library, card).code == "again"
    assert visits(library) == [("card", 1, "adult")]
    library.on(library.today, 14)
    assert scan(library, card).code == "welcome"
    assert len(visits(library)) == 2


def test_by_the_setting_once_a_day(lite: Library):
    lite.setting("patrons.visit_once", "day")
    card = lite.card(lite.patron())
    scan(lite, card)
    lite.on(lite.today, 19)
    assert scan(lite, card).code == "again"
    lite.on(lite.today + timedelta(days=1))
    assert scan(lite, card).code == "welcome"
    assert len(visits(lite)) == 2


def test_taps_at_the_desk_are_other_people(lite: Library):
    scan(lite, lite.card(lite.patron()))
    lite.do(count_visit, quantity=3)
    assert sum(quantity for _, quantity, _ in visits(lite)) == 4


def test_lost_and_unknown_cards_do_not_count_an_expired_one_does(library: Library):
    lost = library.patron("Mất")
    old = library.card(lost)
    with library.writing() as session:
        replace_card(session, library.clerk, lost.id)
    assert scan(library, old).code == "ended"
    assert scan(library, "VN99999").code == "unknown"
    past = {"issued_on": date(2025, 1, 1), "expires_on": date(2026, 1, 1)}
    expired = scan(library, library.card(library.patron("Cũ", **past)))
    assert (expired.code, expired.tone, expired.counted) == ("expired", "amber", True)
    assert len(visits(library)) == 1


def test_the_name_of_another_librarys_reader_is_not_shown(lite: Library):
    far = lite.patron("Lê Người Xa", at=lite.place.foreign_branch)
    answer = scan(lite, lite.card(far))
    assert (answer.code, answer.name) == ("welcome", "")


def test_a_visitor_gets_a_number_for_today_and_is_one_visit(library: Library):
    made = visitor(library, paper="CCCD", paper_number="042 199 000 123", purpose="Đọc báo")
    assert made.number == f"K{library.today:%y%m%d}-001"
    assert made.paper == "CCCD ••••••123"
    assert visitor(library, "Khách hai").number.endswith("-002")
    assert [by for by, _, _ in visits(library)] == ["day_visitor", "day_visitor"]
    again = scan(library, made.number)
    assert (again.code, again.number, again.counted) == ("again", made.number, False)
    library.later(days=1)
    assert scan(library, made.number).code == "visitor_over"
    with pytest.raises(Invalid, match="visitor_name_missing"):
        visitor(library, "  ")


def test_nothing_is_lent_on_a_day_number(lite: Library):
    made = visitor(lite)
    with lite.reading() as session:
        assert recognize(session, lite.clerk, made.number).kind == "nothing"
    assert not lite.do(check_out, barcode=lite.item().barcode, card=made.number).ok
    assert lite.all(Loan) == []


def test_who_came_is_forgotten_the_visits_stay(library: Library):
    patron = library.patron()
    scan(library, library.card(patron))
    visitor(library)
    library.later(days=2)
    with library.writing() as session:
        forget_visits(session)
    assert library.all(DoorVisit) == []
    assert len(library.all(DayVisitor)) == 1
    library.later(days=29)
    with library.writing() as session:
        forget_visits(session)
    assert library.all(DayVisitor) == []
    assert len(visits(library)) == 2


def test_erasing_a_person_takes_todays_visit_row_along(lite: Library):
    patron = lite.patron()
    scan(lite, lite.card(patron))
    with lite.writing() as session:
        erase_patron(session, lite.head, patron.id)
    assert lite.all(DoorVisit) == []
    assert len(visits(lite)) == 1


def test_short_numbers_are_masked_too():
    assert masked_paper("Thẻ SV", "12") == "Thẻ SV 12"
    assert masked_paper("", "") == ""


def test_the_door_page_counts_by_keyboard_alone(staff_client, province):
    browser = staff_client("clerk", province.branch)
    page = "/staff/patrons/door"
    assert b"autofocus" in browser.get(page).data
    told = browser.post(page, data={"text": "KHÔNG-CÓ"}).get_data(as_text=True)
    assert "Không có thẻ này" in told
    made = browser.post("/staff/patrons/visitors", data={"name": "Trần Khách"})
    assert made.status_code == 302
    number = f"K{clock.today():%y%m%d}-001"
    assert number in browser.get(made.location).get_data(as_text=True)
    again = browser.post(page, data={"text": number}).get_data(as_text=True)
    assert "door__answer--green" in again
    assert "1 người" in again


# --- what a visitor reads ------------------------------------------------------------------------


def stand_in(library, made):
    with library.writing() as session:
        return stand_in_for(session, library.clerk, made.number)


def test_a_visitor_gets_a_slip_for_the_stack_and_reads_here_today(library: Library):
    library.setting("circulation.closed_stack", value=True)
    item, made = library.item(), visitor(library)
    guest = stand_in(library, made)
    assert stand_in(library, made).id == guest.id
    assert library.hold(item, guest).reasons[0]["code"] == "visitor_reads_here"
    slip = library.hold(item, guest, kind="slip")
    assert (slip.ok, slip.hold["patron_code"]) == (True, made.number[-4:])
    with library.reading() as session:
        (row,) = stack_list(session, library.place.branch.id)
    assert (row.card, row.item.id) == (made.number, item.id)
    assert library.take_back(item).action == "hold_shelf"
    refused = library.lend(item, guest, kind="home")
    assert "visitor_reads_here" in [one["code"] for one in refused.reasons]
    lent = library.lend(item, guest)
    assert (lent.ok, lent.loan["kind"]) == (True, "reading_room")
    assert lent.loan["due_on"] == library.today.isoformat()
    (read,) = library.events("reading_room_loan_made")
    assert (read.patron_ref, read.category, read.quantity) == (None, None, 1)


def test_the_slip_of_a_visitor_ends_with_the_day(lite: Library):
    lite.setting("circulation.closed_stack", value=True)
    item, other, guest = lite.item(), lite.item(), stand_in(lite, visitor(lite))
    assert lite.hold(item, guest, kind="slip").ok
    lite.on(lite.today + timedelta(days=1))
    with clock.at(lite.now):
        pass_need_by(lite.today)
    assert [hold.state for hold in lite.all(Hold)] == ["expired_unfilled"]
    for refused in (lite.hold(other, guest, kind="slip"), lite.lend(other, guest)):
        assert refused.reasons[0]["code"] == "visitor_day_over"


def test_what_stands_for_a_visitor_is_no_patron_and_the_name_stays_while_a_book_is_out(
    lite: Library,
):
    item, made = lite.item(), visitor(lite)
    guest = stand_in(lite, made)
    with lite.reading() as session:
        assert find_patrons(session, lite.clerk, made.number) == ([], 0)
        with pytest.raises(NotFound):
            patron_for(session, lite.clerk, guest.id)
    assert lite.lend(item, guest).ok
    lite.later(days=60)
    with lite.writing() as session:
        forget_visits(session)
    assert [one.name for one in lite.all(DayVisitor)] == ["Trần Khách"]
    assert lite.take_back(item).ok
    with lite.writing() as session:
        forget_visits(session)
    assert lite.all(DayVisitor) == []
    assert lite.get(Patron, guest.id).name == made.number


def test_at_the_desk_the_number_opens_the_visitor_and_a_book_is_read_here(
    app, province, staff_client
):
    browser = staff_client("head", province.branch)
    browser.post("/staff/patrons/visitors", data={"name": "Trần Khách"})
    with transaction() as session:
        item = factories.create_item(session, province.branch)
        number = session.scalars(select(DayVisitor.number)).one()
    opened = browser.post("/staff/desk/scan", data={"scan": number, "key": "v1"})
    page = opened.get_data(as_text=True)
    assert f"Khách {number}" in page
    with reading() as session:
        guest = session.scalars(select(DayVisitor.patron_id)).one()
    facts = {"scan": item.barcode, "key": "v2", "patron": str(guest)}
    assert browser.post("/staff/desk/scan", data=facts).status_code == 200
    with reading() as session:
        assert [loan.kind for loan in session.scalars(select(Loan))] == ["reading_room"]
    assert number in browser.get("/staff/desk/reading-room").get_data(as_text=True)
    assert browser.get(f"/staff/patrons/{guest}").status_code == 404
