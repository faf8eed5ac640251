"""Told once, merged, re-checked at the last moment, over a real mail server that misbehaves."""

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from circulation.hold_changes import cancel_hold
from circulation.losses.claims import make_claim
from circulation.models import Hold, Loan
from circulation.notices.lists import decide_unsure
from circulation.notices.models import (
    NoticeWish,
)
from circulation.notices.planning import plan_apology, plan_day
from circulation.notices.sending import form_messages
from circulation.patrons.erasure import erase_patron
from circulation.patrons.person_data import person_data
from circulation.renew import renew
from circulation.rules.consent import LENDING
from ils.core import clock
from ils.core.config import config, use
from tests.circulation.conftest import Library
from tests.circulation.notices.conftest import Desk, Post

Reader = Callable[..., Any]


def late(library: Library, days: int) -> None:
    """Let days pass after the due day of what was lent on the first one for a fortnight."""
    library.on(library.today + timedelta(days=14 + days))


def lent(library: Library, patron: Any, count: int = 1) -> list[Any]:
    items = [library.item(library.record(f"Sách số {n}")) for n in range(1, count + 1)]
    for item in items:
        assert library.lend(item, patron).ok
    return items


def test_ten_books_make_one_message_and_a_second_run_none(
    library: Library, desk: Desk, reader: Reader, post: Post
) -> None:
    lent(library, reader(), 5)
    late(library, 3)
    assert desk.day() == 1
    assert desk.day() == 0
    [mail] = post.taken
    assert post.to == ["lan@sen.example"]
    text = mail.get_content()
    assert all(f"Sách số {n}" in text for n in range(1, 6))
    assert "Kính gửi Nguyễn Thị Lan" in text
    assert "thông báo gửi Nguyễn Thị Lan" in mail["Subject"]
    assert mail["Auto-Submitted"] == "auto-generated"
    assert {one.state for one in desk.notices()} == {"sent"}
    assert [one.state for one in desk.messages()] == ["sent"]


def test_what_came_back_was_renewed_or_claimed_is_dropped_at_sending(
    library: Library, desk: Desk, reader: Reader, post: Post
) -> None:
    patron = reader()
    items = lent(library, patron, 4)
    late(library, 3)
    desk.plan()
    with library.reading() as session:
        loans = {item.id: session.query(Loan).filter_by(item_id=item.id).one() for item in items}
    library.take_back(items[0])
    assert library.do(renew, loan_id=loans[items[1].id].id).ok
    claim = {"loan_id": loans[items[2].id].id, "kind": "returned"}
    assert library.do(make_claim, library.head, **claim).ok
    assert desk.send() == 1
    assert sorted(desk.states()) == [
        ("overdue", "dropped", "claimed"),
        ("overdue", "dropped", "renewed"),
        ("overdue", "dropped", "returned"),
        ("overdue", "sent", ""),
    ]
    assert "Sách số 4" in post.taken[0].get_content()
    assert "Sách số 1" not in post.taken[0].get_content()


def test_what_comes_back_between_two_tries_is_not_told(
    library: Library, desk: Desk, reader: Reader, post: Post
) -> None:
    [item] = lent(library, reader())
    late(library, 3)
    post.at_data = ["451 later"]
    assert desk.day() == 0
    [message] = desk.messages()
    assert (message.state, message.tries) == ("waiting", 1)
    assert "451" in message.problem
    assert desk.send() == 0  # not before its time
    library.take_back(item)
    library.later(minutes=10)
    assert desk.send() == 0
    assert desk.states() == [("overdue", "dropped", "returned")]
    assert not post.taken


def test_a_server_that_is_busy_is_tried_again_under_the_same_number(
    library: Library, desk: Desk, reader: Reader, post: Post
) -> None:
    lent(library, reader())
    late(library, 3)
    post.at_rcpt = ["450 busy"]
    desk.day()
    first = desk.messages()[0].reference
    library.later(minutes=6)
    assert desk.send() == 1
    assert post.taken[0]["Message-ID"] == first
    assert desk.messages()[0].tries == 2


def test_an_address_that_is_refused_is_marked_and_the_notice_goes_to_the_call_list(
    library: Library, desk: Desk, reader: Reader, post: Post
) -> None:
    patron = reader()
    lent(library, patron)
    late(library, 3)
    post.at_rcpt = ["550 no such user"]
    assert desk.day() == 0
    assert [one.bad_email for one in library.all(NoticeWish)] == ["lan@sen.example"]
    failed, call = desk.messages()
    assert (failed.channel, failed.state) == ("email", "failed")
    assert (call.channel, call.state, call.address) == ("phone", "waiting", "0600123456")
    assert desk.states() == [("overdue", "planned", "")]
    assert "Sách số 1" in call.body


def test_a_message_refused_for_its_content_leaves_the_address_alone(
    library: Library, desk: Desk, reader: Reader, post: Post
) -> None:
    lent(library, reader())
    late(library, 3)
    post.at_data = ["554 looks like spam"]
    desk.day()
    assert not library.all(NoticeWish)
    assert [one.channel for one in desk.messages()] == ["email", "phone"]


def test_a_line_that_breaks_after_the_text_is_doubtful_and_never_sent_twice(
    library: Library, desk: Desk, reader: Reader, post: Post
) -> None:
    lent(library, reader())
    late(library, 3)
    post.at_data = [None]
    assert desk.day() == 0
    assert desk.states() == [("overdue", "unsure", "")]
    library.later(hours=3)
    assert desk.day() == 0
    assert len(post.taken) == 1
    [message] = desk.messages()
    with library.writing() as session:
        decide_unsure(session, library.clerk, message.id, went=False)
    assert desk.send() == 1
    assert len(post.taken) == 2
    assert desk.states() == [("overdue", "sent", "")]


SENDER = """
import os, signal, sys
from datetime import datetime
import circulation.lending
from circulation.notices.carriers import carriers
from circulation.notices.sending import send_due
from ils.core import clock, db
from ils.core.config import config, load, use
use(load())
db.connect()
circulation.lending.register()
ways, (when, dies) = carriers(config()), sys.argv[1:]
send = ways["email"].send
def send_and_die(outgoing):
    send(outgoing)
    os.kill(os.getpid(), signal.SIGKILL)
if dies == "after":
    ways["email"].send = send_and_die
sys.stdin.readline()
with clock.at(datetime.fromisoformat(when)):
    send_due(ways)
"""


@pytest.mark.parametrize("dies", ["before", "after"])
def test_a_sender_killed_around_the_servers_answer_never_sends_twice(
    lite: Library, reader: Reader, post: Post, dies: str
) -> None:
    """``kill -9`` of the real process, the text with the server and nothing written down yet."""
    desk = Desk(lite)
    lent(lite, reader())
    late(lite, 3)
    desk.plan()
    with clock.at(lite.now):
        form_messages()
    settings = {name: str(getattr(config(), name)) for name in SETTINGS}
    child = subprocess.Popen(
        [sys.executable, "-c", SENDER, lite.now.isoformat(), dies],
        env={**os.environ, **{f"SEN_{name.upper()}": value for name, value in settings.items()}},
        stdin=subprocess.PIPE,
    )
    if dies == "before":
        post.then = lambda: os.kill(child.pid, signal.SIGKILL)
    child.communicate(b"go\n", timeout=60)
    post.then = None
    assert child.returncode == -signal.SIGKILL
    assert len(post.taken) == 1
    assert desk.messages()[0].state == "sending"
    assert desk.send() == 0
    lite.later(minutes=11)
    assert desk.send() == 0
    assert desk.states() == [("overdue", "unsure", "")]
    assert desk.messages()[0].problem == "interrupted"
    lite.later(days=1)
    assert desk.day() == 0
    assert len(post.taken) == 1


SETTINGS = ("data_dir", "smtp_host", "smtp_port", "smtp_security", "smtp_from")


def test_two_senders_at_once_plan_form_and_send_each_message_once(
    library: Library, desk: Desk, reader: Reader, post: Post
) -> None:
    patrons = [reader(f"Bạn đọc {n}", email=f"r{n}@sen.example") for n in range(4)]
    for patron in patrons:
        lent(library, patron)
    late(library, 3)
    post.two = True  # both are in the middle of handing over
    with ThreadPoolExecutor(2) as senders:
        sent = [one.result(60) for one in [senders.submit(desk.day) for _ in range(2)]]
    assert sum(sent) == 4
    assert min(sent) >= 1
    assert sorted(post.to) == [patron.email for patron in patrons]
    assert [one.state for one in desk.messages()] == ["sent"] * 4
    assert len(desk.notices()) == 4


def test_a_server_that_is_down_is_asked_once_a_round(
    library: Library, desk: Desk, reader: Reader, post: Post
) -> None:
    for n in range(3):
        lent(library, reader(f"Bạn đọc {n}", email=f"r{n}@sen.example"))
    late(library, 3)
    with socket.create_server(("127.0.0.1", 0)) as free:
        nobody = free.getsockname()[1]
    there = config()
    use(replace(there, smtp_port=nobody))
    desk.day()
    assert [one.tries for one in desk.messages()] == [1, 0, 0]
    use(there)
    library.later(minutes=6)
    assert desk.send() == 3


def test_nothing_goes_out_at_night_nor_on_a_closed_day(
    library: Library, desk: Desk, reader: Reader, post: Post
) -> None:
    lent(library, reader())
    late(library, 3)  # a Monday
    library.close(0)
    desk.plan()
    assert desk.send() == 0
    library.on(library.today + timedelta(days=1), hour=7)
    assert desk.send() == 0
    library.later(hours=1)
    assert desk.send() == 1


def test_each_step_is_told_once_and_the_last_is_a_letter(
    library: Library, desk: Desk, reader: Reader, post: Post
) -> None:
    lent(library, reader())
    start = library.today
    for days in range(1, 40):
        library.on(start + timedelta(days=days))
        desk.day()
    told = [(one.what, one.step, one.last_step) for one in desk.notices()]
    assert told == [
        ("due_soon", 0, False),
        ("overdue", 1, False),
        ("overdue", 2, False),
        ("overdue", 3, True),
    ]
    assert len(post.taken) == 3
    assert [one.channel for one in desk.messages()] == ["email", "email", "email", "letter"]


def test_a_hold_is_told_when_ready_and_not_after_it_was_given_up(
    library: Library, desk: Desk, reader: Reader, post: Post
) -> None:
    item = library.item(library.record("Số đỏ"))
    borrower, waiting = library.patron("Trần Văn Hai"), reader()
    library.lend(item, borrower)
    assert library.hold(item, waiting).ok
    assert library.take_back(item).ok
    assert desk.day() == 1
    text = post.taken[0].get_content()
    assert "Số đỏ" in text
    assert "nhận tại" in text
    [hold] = library.all(Hold)
    assert library.do(cancel_hold, library.clerk, hold_id=hold.id).ok
    library.later(days=1)
    assert desk.day() == 1
    assert [one.what for one in desk.notices()] == ["hold_ready", "hold_cancelled"]


def test_a_childs_message_goes_to_the_parent_and_says_whom_it_is_about(
    library: Library, desk: Desk, reader: Reader, post: Post
) -> None:
    parent = reader("Trần Thị Hạnh", email="hanh@sen.example")
    child = reader(
        "Trần Gia Bảo",
        email="",
        phone="",
        category="child",
        born_on=library.today.replace(year=library.today.year - 9),
        guardian_card=library.card(parent),
        guardian_consent=True,
    )
    lent(library, child)
    late(library, 3)
    assert desk.day() == 1
    text = post.taken[0].get_content()
    assert post.to == ["hanh@sen.example"]
    assert "Kính gửi Trần Thị Hạnh" in text
    assert "bạn đọc Trần Gia Bảo" in text


def test_who_reads_english_is_written_to_in_english(
    library: Library, desk: Desk, reader: Reader, post: Post
) -> None:
    lent(library, reader("Mary Smith", language="en"))
    late(library, 3)
    desk.day()
    assert "Dear Mary Smith" in post.taken[0].get_content()
    assert "3 days overdue" in post.taken[0].get_content()


def test_without_consent_nothing_is_mailed(
    library: Library, desk: Desk, reader: Reader, post: Post
) -> None:
    lent(library, reader(purposes=(LENDING,)))
    late(library, -2)
    desk.day()
    library.on(library.today + timedelta(days=5))
    desk.day()
    assert not post.taken
    assert desk.states() == [("due_soon", "dropped", "no_consent"), ("overdue", "planned", "")]
    assert [one.channel for one in desk.messages()] == ["phone"]


def test_a_card_that_ends_soon_is_told_once(
    library: Library, desk: Desk, reader: Reader, post: Post
) -> None:
    reader(expires_on=library.today + timedelta(days=30))
    assert desk.day() == 1
    library.on(library.today + timedelta(days=2))
    assert desk.day() == 0
    assert "14/06/2026" in post.taken[0].get_content()


def test_an_apology_is_told_where_a_kept_copy_was_lent(
    library: Library, desk: Desk, reader: Reader, post: Post
) -> None:
    item = library.item(library.record("Số đỏ"))
    assert library.hold(item, reader()).ok
    [hold] = library.all(Hold)
    with library.writing() as session:
        assert plan_apology(session, session.get_one(Hold, hold.id)) == 1
        assert plan_apology(session, session.get_one(Hold, hold.id)) == 0
    assert desk.send() == 1
    assert "xin lỗi" in post.taken[0].get_content()


def test_no_apology_is_told_once_a_copy_waits_for_the_reader_again(
    library: Library, desk: Desk, reader: Reader, post: Post
) -> None:
    item = library.item(library.record("Số đỏ"))
    assert library.hold(item, reader()).ok
    [hold] = library.all(Hold)
    with library.writing() as session:
        plan_apology(session, session.get_one(Hold, hold.id))
    library.take_back(item)
    desk.send()
    assert not any("xin lỗi" in one.get_content() for one in post.taken)


def test_planning_twice_at_once_writes_each_notice_once(
    library: Library, desk: Desk, reader: Reader
) -> None:
    lent(library, reader(), 3)
    late(library, 3)
    with library.writing() as session:
        assert plan_day(session) == 3
        assert plan_day(session) == 0
    assert len(desk.notices()) == 3


def test_what_was_told_is_the_persons_own_and_goes_with_them(
    library: Library, desk: Desk, reader: Reader, post: Post
) -> None:
    patron = reader()
    [item] = lent(library, patron)
    late(library, -2)
    desk.day()
    with library.reading() as session:
        [told] = person_data(session, patron.id)["messages"]
        assert "Sách số 1" in told["body"]
    library.take_back(item)
    with library.writing() as session:
        erase_patron(session, library.head, patron.id)
    assert not desk.notices()
    assert not desk.messages()
