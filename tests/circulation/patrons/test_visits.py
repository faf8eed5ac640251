"""Visits at the door and visitors of a day: counted once, kept briefly, never a loan home."""

from datetime import date, timedelta

import pytest

from circulation.checkout import check_out
from circulation.models import Loan
from circulation.patrons.cards import replace_card
from circulation.patrons.erasure import erase_patron
from circulation.patrons.visit_models import DayVisitor, DoorVisit
from circulation.patrons.visits import (
    VisitorFacts,
    count_at_door,
    forget_visits,
    masked_paper,
    register_visitor,
)
from circulation.scan import recognize
from circulation.tallies import count_visit
from ils.core import clock
from ils.core.errors import Invalid
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
