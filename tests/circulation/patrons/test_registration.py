"""Registering from the public site: nothing counts until staff have seen the paper."""

from datetime import timedelta

import pytest
from sqlalchemy import func, select

from circulation.patrons.consent import consents_of
from circulation.patrons.models import Patron, PatronCard, Registration
from circulation.patrons.registration import expire_registrations
from ils.core import clock, db
from ils.core.events import EventRow
from ils.org.settings import set_setting
from tests.factories import create_patron


@pytest.fixture
def sent(province):
    """What somebody types on the public site."""
    return {
        "branch_id": province.branch.id,
        "name": "Trần Thị Mai",
        "born_on": "12/03/1990",
        "sex": "f",
        "phone": "0123 456 7890",
        "commune": "Xã Bình Sơn",
        "consent": "1",
        "agrees_messages": "1",
    }


def rows():
    with db.reading() as session:
        return session.scalars(select(Registration).order_by(Registration.id)).all()


def send(client, province, data):
    return client.post(f"/{province.library.slug}/register", data=data)


def count(table):
    with db.reading() as session:
        return session.scalar(select(func.count()).select_from(table))


def test_what_is_sent_waits_and_is_confirmed_with_the_paper_in_hand(
    client, province, staff_client, sent
):
    answer = send(client, province, sent)
    row = rows()[0]
    assert answer.headers["Location"].endswith(f"code={row.reference}")
    assert row.reference in client.get(answer.headers["Location"]).text
    assert (count(Patron), count(EventRow)) == (0, 0) or count(Patron) == 0
    clerk = staff_client("clerk", province.branch)
    assert "Trần Thị Mai" in clerk.get("/staff/patrons/registrations").text
    page = f"/staff/patrons/registrations/{row.id}"
    assert 'value="12/03/1990"' in clerk.get(page).text
    boxes = sent | {"category": "adult", "id_number": "066190001234", "name": "Trần Thị Mai Anh"}
    unseen = clerk.post(page, data=boxes)
    assert unseen.status_code == 422
    assert count(Patron) == 0
    done = clerk.post(page, data=boxes | {"paper_seen": "1"})
    assert done.status_code == 302
    with db.reading() as session:
        patron = session.scalars(select(Patron)).one()
        consent = consents_of(session, patron.id)[0]
        assert (patron.name, patron.phone) == ("Trần Thị Mai Anh", "0834567890")
        assert patron.id_number_masked == "•••••••••234"
        assert (consent.channel, consent.given_at) == ("opac", row.sent_at)
        assert consent.purposes == ["lending", "messages"]
        assert session.scalars(select(PatronCard.state)).one() == "active"
    row = rows()[0]
    assert (row.state, row.facts, row.name, row.patron_id) == ("confirmed", {}, "", patron.id)
    assert clerk.post(page, data=boxes | {"paper_seen": "1"}).status_code == 302
    assert count(Patron) == 1  # a second tap changes nothing


def test_a_registration_is_declined_with_a_reason_and_erased(client, province, staff_client, sent):
    send(client, province, sent)
    clerk = staff_client("clerk", province.branch)
    page = f"/staff/patrons/registrations/{rows()[0].id}/decline"
    clerk.post(page, data={"reason": " "})
    assert rows()[0].state == "waiting"
    clerk.post(page, data={"reason": "Đã có thẻ"})
    row = rows()[0]
    assert (row.state, row.reason, row.facts, row.name) == ("declined", "Đã có thẻ", {}, "")


def test_what_nobody_came_for_is_erased(client, province, sent):
    send(client, province, sent)
    with db.transaction() as session:
        assert expire_registrations(session, clock.now() + timedelta(days=30)) == 0
        assert expire_registrations(session, clock.now() + timedelta(days=31)) == 1
    row = rows()[0]
    assert (row.state, row.facts, row.name) == ("expired", {}, "")


def test_a_child_needs_its_guardian_and_both_must_agree(client, province, sent):
    child = sent | {"born_on": f"01/01/{clock.today().year - 9}"}
    missing = send(client, province, child)
    assert missing.status_code == 422
    assert "cha mẹ" in missing.text
    child |= {"guardian_name": "Lê Thị Hoa", "guardian_phone": "0905123456"}
    assert send(client, province, child).status_code == 422  # the guardian has not agreed
    assert rows() == []
    assert send(client, province, child | {"guardian_consent": "1"}).status_code == 302


@pytest.mark.parametrize("without", ["name", "born_on", "phone", "consent"])
def test_what_is_needed_is_asked_for_and_nothing_typed_is_lost(client, province, sent, without):
    answer = send(client, province, {k: v for k, v in sent.items() if k != without})
    assert answer.status_code == 422
    assert "Xã Bình Sơn" in answer.text
    assert rows() == []


def test_doubles_are_hinted_to_staff_and_not_to_the_public(client, province, staff_client, sent):
    with db.transaction() as session:
        create_patron(session, province.branch, "Trần Thị Mai", phone="0834567890")
    answer = send(client, province, sent)
    assert answer.status_code == 302
    listed = staff_client("clerk", province.branch).get("/staff/patrons/registrations").text
    assert "có thể đã đăng ký" in listed


def test_many_registrations_of_one_person_are_slowed_and_a_class_is_not(client, province, sent):
    for n in range(12):
        assert send(client, province, sent | {"name": f"Em số {n}"}).status_code == 302
    answers = [send(client, province, sent).status_code for _ in range(6)]
    assert answers == [302] * 5 + [429]


def test_a_program_that_fills_every_box_is_thanked_and_forgotten(client, province, sent):
    assert send(client, province, sent | {"website": "http://x"}).status_code == 302
    assert rows() == []


def test_a_library_may_take_no_registrations(client, province, sent):
    with db.transaction() as session:
        set_setting(session, None, province.library.id, "patrons.online", False)
    assert "tại quầy" in client.get(f"/{province.library.slug}/register").text
    assert send(client, province, sent).status_code == 422
    assert rows() == []
