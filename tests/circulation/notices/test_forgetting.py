"""What was told is forgotten in time, but for what says which steps were taken."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from circulation.models import Loan
from circulation.notices.calls import record_call, waiting_calls
from circulation.notices.jobs import forget_detached, forget_old, forget_strangers
from circulation.notices.letters import print_letters, waiting_letters
from circulation.notices.models import Notice, NoticeCall, NoticeLetters, NoticeMessage
from tests.circulation.conftest import Library
from tests.circulation.notices.conftest import Desk, Post
from tests.circulation.notices.test_answers import decline, sent
from tests.circulation.notices.test_sending import late, lent

Reader = Callable[..., Any]


def test_a_loan_that_left_the_history_leaves_the_notices_too(
    library: Library, desk: Desk, reader: Reader, post: Post
) -> None:
    [item] = lent(library, reader())
    late(library, 3)
    desk.day()
    library.take_back(item)
    with library.writing() as session:
        session.query(Loan).update({"patron_id": None})
        forget_detached(session)
    assert [one.loan_id for one in library.all(Notice)] == [None]
    assert [one.body for one in library.all(NoticeMessage)] == [""]


def test_what_was_told_long_ago_is_forgotten_but_for_what_is_still_open(
    library: Library, desk: Desk, reader: Reader, post: Post
) -> None:
    reads = reader(expires_on=library.today + timedelta(days=400))
    back, out = lent(library, reads, 2)
    called = reader("Trần Văn Hai", email="", phone="0600999888")
    [other] = lent(library, called)
    late(library, 3)
    desk.day()
    with library.writing() as session:
        [call] = waiting_calls(session, library.place.library.id, library.today)
        record_call(session, library.clerk, message_id=call.id, result="reached", tries=0)
    library.take_back(back)
    library.take_back(other)

    def forget(days: int) -> None:
        library.later(days=days)
        with library.writing() as session:
            forget_old(session)

    forget(179)
    assert len(desk.notices()) == 3
    assert len(library.all(NoticeCall)) == 1
    forget(2)
    loans = {loan.item_id: loan.id for loan in library.all(Loan)}
    assert [one.loan_id for one in desk.notices()] == [loans[out.id]]
    [message] = desk.messages()
    assert (message.body, message.state) == ("", "sent")
    assert not library.all(NoticeCall)
    assert desk.plan() == 1  # the next step of what is still out; the first is not told again
    library.take_back(out)
    forget(1)
    assert [one.step for one in desk.notices()] == [3]


def test_a_cards_end_is_remembered_until_it_is_past_and_letters_go_with_their_batch(
    library: Library, desk: Desk, reader: Reader, post: Post
) -> None:
    library.setting("notices.keep_days", 30)
    library.setting("notices.card_days", 60)
    reader(expires_on=library.today + timedelta(days=60))
    by_post = reader("Đỗ Văn Ba", email="", phone="")
    [item] = lent(library, by_post)
    desk.day()
    late(library, 3)
    desk.day()
    with library.writing() as session:
        groups = [one.key for one in waiting_letters(session, library.place.library.id)]
        print_letters(session, library.clerk, groups=groups)
    library.take_back(item)
    library.later(days=32)
    with library.writing() as session:
        forget_old(session)
    assert [one.what for one in desk.notices()] == ["card_expiring"]
    assert not library.all(NoticeLetters)
    assert desk.plan() == 0
    library.later(days=15)
    with library.writing() as session:
        forget_old(session)
    assert not desk.notices()
    assert not desk.messages()


def test_an_answer_that_nobody_could_send_keeps_no_address(
    library: Library, desk: Desk, post: Post
) -> None:
    waits, _facts = sent(library)
    decline(library, waits)
    doubtful, _facts = sent(library, email="ba@sen.example")
    decline(library, doubtful)
    with library.writing() as session:
        session.get_one(NoticeMessage, desk.messages()[1].id).state = "unsure"
    for days, kept in ((7, 2), (2, 0)):
        library.later(days=days)
        with library.writing() as session:
            forget_strangers(session)
        assert sum(bool(one.address or one.body) for one in desk.messages()) == kept
    assert [one.state for one in desk.messages()] == ["dropped", "unsure"]
