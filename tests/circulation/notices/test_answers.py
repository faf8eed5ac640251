"""Whoever registered on the public site is told what came of it."""

from datetime import timedelta
from typing import Any

import pytest

from circulation.notices.carriers import carriers
from circulation.notices.lists import decide_unsure
from circulation.notices.models import NoticeMessage
from circulation.notices.sending import send_due
from circulation.patrons.models import Registration
from circulation.patrons.patrons import PatronFacts
from circulation.patrons.registration import (
    confirm_registration,
    decline_registration,
    send_registration,
)
from circulation.rules.consent import LENDING
from ils.core import clock
from ils.core.config import config
from tests.circulation.conftest import Library
from tests.circulation.notices.conftest import Desk, Gateway, Post


def sent(library: Library, **more: Any) -> tuple[int, PatronFacts]:
    """Somebody registers on the public site; they agree to lending alone."""
    given: dict[str, Any] = {"email": "mai@sen.example", "phone": "0834567890", **more}
    facts = PatronFacts(
        name="Trần Thị Mai",
        category="adult",
        branch_id=library.place.branch.id,
        born_year=1990,
        consent=True,
        purposes=(LENDING,),
        **given,
    )
    with library.writing() as session:
        return send_registration(session, facts).id, facts


def decline(library: Library, number: int, *, tell: bool = True) -> bool:
    with library.writing() as session:
        reason = "Thiếu giấy tờ của người giám hộ."
        return decline_registration(session, library.clerk, number, reason, tell=tell)


def test_a_confirmed_registration_is_told_with_the_number_of_the_card(
    library: Library, desk: Desk, post: Post
) -> None:
    number, facts = sent(library)
    with library.writing() as session:
        _patron, card = confirm_registration(session, library.clerk, number, facts, paper_seen=True)
    assert desk.send() == 1
    assert post.to == ["mai@sen.example"]
    text = post.taken[0].get_content()
    assert "đã được xác nhận" in text
    assert card.number in text
    assert desk.states() == [("registered", "sent", "")]
    assert desk.day() == 0


def test_who_confirmed_left_only_a_telephone_is_not_called_for_it(
    library: Library, desk: Desk, post: Post
) -> None:
    number, facts = sent(library, email="")
    with library.writing() as session:
        confirm_registration(session, library.clerk, number, facts, paper_seen=True)
    assert desk.send() == 0
    assert desk.states() == [("registered", "dropped", "no_channel")]


def test_a_declined_registration_is_told_why_and_then_nothing_of_it_is_kept(
    library: Library, desk: Desk, post: Post
) -> None:
    number, _facts = sent(library)
    assert decline(library, number)
    [row] = library.all(Registration)
    assert (row.facts, row.name) == ({}, "")
    assert desk.send() == 1
    text = post.taken[0].get_content()
    assert "Kính gửi Trần Thị Mai" in text
    assert f"{row.reference}: Thiếu giấy tờ của người giám hộ" in text
    [message] = desk.messages()
    assert (message.state, message.address, message.body, message.subject) == ("sent", "", "", "")
    assert desk.states() == [("declined", "sent", "")]


def test_the_answer_waits_for_the_hours_and_a_week_at_most(
    library: Library, desk: Desk, post: Post
) -> None:
    library.on(library.today, hour=22)
    number, _facts = sent(library)
    decline(library, number)
    assert desk.send() == 0
    assert desk.messages()[0].address == "mai@sen.example"
    library.later(days=8)
    library.on(library.today)
    assert desk.send() == 0
    assert desk.states() == [("declined", "dropped", "past")]
    assert desk.messages()[0].address == ""


def test_staff_may_decline_without_a_word(library: Library, desk: Desk, post: Post) -> None:
    number, _facts = sent(library)
    assert not decline(library, number, tell=False)
    assert not desk.messages()


def test_without_mail_the_answer_is_an_sms_and_without_either_staff_are_told(
    lite: Library, gateway: Gateway
) -> None:
    number, _facts = sent(lite, email="")
    assert decline(lite, number)
    with clock.at(lite.now):
        assert send_due(carriers(config())) == 1
    [posted] = gateway.posted
    assert posted["phone"] == "0834567890"
    assert "Thieu giay to" in posted["message"]


def test_where_no_message_can_go_nothing_is_written(lite: Library) -> None:
    number, _facts = sent(lite)
    assert not decline(lite, number)
    assert not lite.all(NoticeMessage)


@pytest.mark.parametrize("went", [True, False])
def test_a_doubtful_answer_is_decided_by_a_person(
    library: Library, desk: Desk, post: Post, went: bool
) -> None:
    number, _facts = sent(library)
    decline(library, number)
    post.at_data = [None]
    desk.send()
    [message] = desk.messages()
    assert (message.state, message.address) == ("unsure", "mai@sen.example")
    with library.writing() as session:
        decide_unsure(session, library.clerk, message.id, went=went)
    assert desk.send() == (0 if went else 1)
    assert desk.messages()[0].address == ""
    library.later(days=1)
    assert desk.send() == 0


def test_a_refused_answer_is_shown_as_failed_and_forgotten(
    library: Library, desk: Desk, post: Post
) -> None:
    number, _facts = sent(library)
    decline(library, number)
    post.at_rcpt = ["550 unknown"]
    desk.send()
    assert desk.states() == [("declined", "failed", "way_failed")]
    assert desk.messages()[0].address == ""
    library.later(days=1)
    assert library.today - timedelta(days=1) == desk.messages()[0].day
