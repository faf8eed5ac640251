"""Consents with their texts, children with their guardians, families."""

import pytest

from circulation.blocks import patron_blocks
from circulation.patrons.consent import (
    agrees_to,
    consent_at_desk,
    consents_of,
    notice_for,
    withdraw_at_desk,
    write_notice,
)
from circulation.patrons.family import family_of, join_family, leave_family
from circulation.patrons.patrons import PatronFacts, change_patron, register_patron
from ils.accounts.actor import system_actor
from ils.core import clock
from ils.core.errors import Forbidden, Invalid, NotFound
from tests.factories import card_of, create_actor, create_patron, create_province

SYSTEM = system_actor()
TEXT = "Thư viện giữ tên và địa chỉ của bạn để cấp thẻ và cho mượn sách."


@pytest.fixture
def place(both_session):
    import ils.app  # noqa: F401 — declares settings and permissions

    return create_province(both_session)


def child(session, place, years=9, **more):
    born = clock.today().replace(year=clock.today().year - years, day=1)
    facts = {"guardian_name": "Lê Thị Hoa", "category": "child", "born_on": born, **more}
    return create_patron(session, place.branch, "Trần Bé", **facts)


def test_a_child_from_seven_agrees_together_with_its_guardian(both_session, place):
    s = both_session
    patron = child(s, place, consent=True, guardian_consent=False)
    assert patron.consent_at is None
    consent_at_desk(s, SYSTEM, patron.id, givers=["guardian"], purposes=["lending"])
    assert patron.consent_at is not None
    assert {(c.given_by, c.giver_name) for c in consents_of(s, patron.id)} == {
        ("self", ""),
        ("guardian", "Lê Thị Hoa"),
    }
    withdraw_at_desk(s, SYSTEM, patron.id, "guardian")
    assert patron.consent_at is None


def stopped(session, patron, place):
    codes = {one.code for one in patron_blocks(session, patron.id, "borrow", place.branch.id)}
    return "consent_withdrawn" in codes


def test_a_consent_taken_back_stops_the_card_until_it_is_given_again(both_session, place):
    s = both_session
    never_asked = create_patron(s, place.branch)
    grown = create_patron(s, place.branch, consent=True)
    assert not stopped(s, never_asked, place)
    consent_at_desk(s, SYSTEM, grown.id, givers=["self"], purposes=["lending"])  # a newer one
    assert not stopped(s, grown, place)
    withdraw_at_desk(s, SYSTEM, grown.id, "self")
    assert stopped(s, grown, place)
    consent_at_desk(s, SYSTEM, grown.id, givers=["self"], purposes=["lending"])
    assert not stopped(s, grown, place)


def test_for_a_smaller_child_the_guardian_agrees_alone(both_session, place):
    patron = child(both_session, place, 6, consent=False, guardian_consent=True)
    assert patron.consent_at is not None


def test_silence_is_not_consent(both_session, place):
    patron = create_patron(both_session, place.branch)
    assert patron.consent_at is None
    assert not consents_of(both_session, patron.id)


def test_a_consent_holds_for_its_purposes_and_its_text(both_session, place):
    s = both_session
    patron = create_patron(s, place.branch, consent=True, purposes=("messages",))
    first = notice_for(s, place.branch.id)
    assert first.id is None
    assert agrees_to(s, patron.id, "messages")
    assert not agrees_to(s, patron.id, "photo")
    write_notice(s, create_actor(s, "head", place.library), place.library.id, TEXT)
    second = notice_for(s, place.branch.id)
    assert (second.version, second.body) == (1, TEXT)
    consent_at_desk(s, SYSTEM, patron.id, givers=["self"], purposes=["lending"])
    new, old = consents_of(s, patron.id)
    assert (old.text_sha256, new.text_sha256) == (first.sha256, second.sha256)
    assert old.withdrawn_at is not None
    assert not agrees_to(s, patron.id, "messages")


def test_only_a_library_writes_its_own_text(both_session, place):
    head = create_actor(both_session, "head", place.library)
    with pytest.raises(Forbidden):
        write_notice(both_session, head, place.foreign_library.id, TEXT)
    with pytest.raises(Invalid, match="too_short"):
        write_notice(both_session, head, place.library.id, "Đồng ý")


def test_changing_a_record_does_not_renew_its_consent(both_session, place):
    patron = create_patron(both_session, place.branch, consent=True)
    facts = PatronFacts("Nguyễn Thị Lan Anh", "adult", place.branch.id, consent=True)
    change_patron(both_session, SYSTEM, patron.id, facts)
    assert len(consents_of(both_session, patron.id)) == 1


def test_a_child_is_registered_into_the_family_of_a_card(both_session, place):
    s = both_session
    mother = create_patron(s, place.branch, "Lê Thị Hoa", phone="0905123456")
    one = child(s, place, guardian_name="", guardian_card=card_of(s, mother).lower())
    two = child(s, place, 12)
    assert (one.guardian_id, one.guardian_name) == (mother.id, "Lê Thị Hoa")
    assert one.guardian_phone == "0905123456"
    join_family(s, SYSTEM, two.id, card_of(s, mother))
    for member in (mother, one, two):
        family = family_of(s, SYSTEM, member.id)
        assert [m.patron.id for m in family] == [mother.id, two.id, one.id]
        assert [m.guardian for m in family] == [True, False, False]
    leave_family(s, SYSTEM, two.id)
    assert [m.patron.id for m in family_of(s, SYSTEM, two.id)] == [two.id]


def test_a_family_is_one_step_deep_and_inside_what_one_may_see(both_session, place):
    s = both_session
    mother = create_patron(s, place.branch, "Lê Thị Hoa")
    one, two = child(s, place), child(s, place)
    join_family(s, SYSTEM, one.id, card_of(s, mother))
    for who, card in ((two, card_of(s, one)), (one, card_of(s, one)), (mother, card_of(s, two))):
        with pytest.raises(Invalid, match="guardian_is_child"):
            join_family(s, SYSTEM, who.id, card)
    stranger = create_patron(s, place.foreign_branch, "Người Xa")
    clerk = create_actor(s, "clerk", place.branch, place.library)
    with pytest.raises(Invalid, match="guardian_card_unknown"):
        join_family(s, clerk, two.id, card_of(s, stranger))
    with pytest.raises(NotFound):
        register_patron(
            s,
            clerk,
            PatronFacts("Em", "child", place.branch.id, guardian_card=card_of(s, stranger)),
        )
