"""Which step is reached, by which way, when, and how long an SMS is."""

from datetime import date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from circulation.rules.notices import (
    CHANNELS,
    STEPS,
    Reach,
    fill,
    is_due_soon,
    may_send,
    next_try,
    overdue_step,
    plain_letters,
    sms_size,
    steps_from,
    unknown_places,
    way_for,
)
from ils.core import clock
from ils.org.calendar import Calendar

DUE = date(2026, 5, 15)  # a Friday
EVERY_DAY = Calendar()
ALL = Reach(
    offered=frozenset({"email", "sms", "zalo"}), email=True, phone=True, letter=True, agrees=True
)


@pytest.mark.parametrize(
    ("day", "step"),
    [(15, 0), (16, 0), (17, 0), (18, 1), (24, 1), (25, 2), (31, 2)],
)
def test_a_late_loan_reaches_its_steps_one_by_one(day: int, step: int) -> None:
    assert overdue_step(DUE, date(2026, 5, day), STEPS, EVERY_DAY) == step


def test_after_a_long_pause_only_the_highest_step_counts() -> None:
    assert overdue_step(DUE, date(2026, 12, 1), STEPS, EVERY_DAY) == 3


def test_case_11_only_closed_days_passed_is_not_late() -> None:
    closed = Calendar(closed=[date(2026, 5, 16 + n) for n in range(5)])
    assert overdue_step(DUE, date(2026, 5, 20), STEPS, closed) == 0
    assert overdue_step(DUE, date(2026, 5, 21), STEPS, closed) == 1


def test_a_loan_is_due_soon_within_the_warning_and_only_if_it_is_longer() -> None:
    lent = date(2026, 5, 1)
    assert is_due_soon(lent, DUE, date(2026, 5, 12), 3)
    assert not is_due_soon(lent, DUE, date(2026, 5, 11), 3)
    assert not is_due_soon(lent, DUE, DUE, 3)
    assert not is_due_soon(date(2026, 5, 12), DUE, date(2026, 5, 13), 3)
    assert not is_due_soon(lent, DUE, date(2026, 5, 14), 0)


def test_steps_are_read_as_typed() -> None:
    assert steps_from("3, 10,24") == (3, 10, 24)
    assert steps_from("") == ()
    for wrong in ("3,3", "10,3", "0,1", "a", "400"):
        with pytest.raises(ValueError, match=wrong):
            steps_from(wrong)


def test_the_readers_own_way_comes_first_then_the_ladder() -> None:
    assert way_for("overdue", ALL).channel == "email"
    assert way_for("overdue", Reach(**{**vars(ALL), "wanted": "phone"})).channel == "phone"
    no_mail = Reach(**{**vars(ALL), "email": False})
    assert way_for("overdue", no_mail).channel == "zalo"
    nothing = Reach(**{**vars(ALL), "offered": frozenset()})
    assert way_for("overdue", nothing).channel == "phone"
    tried = Reach(**{**vars(nothing), "tried": frozenset({"phone"})})
    assert way_for("overdue", tried).channel == "letter"


def test_the_last_reminder_is_a_letter() -> None:
    assert way_for("overdue", ALL, last_step=True).channel == "letter"
    assert way_for("overdue", Reach(phone=True), last_step=True).channel == "phone"


def test_without_consent_nothing_electronic_is_sent() -> None:
    silent = Reach(**{**vars(ALL), "agrees": False})
    assert way_for("overdue", silent).channel == "phone"
    assert way_for("hold_ready", silent).channel == "phone"
    assert way_for("due_soon", silent).reason == "no_consent"


def test_a_courtesy_is_not_telephoned_unless_wished_and_may_be_declined() -> None:
    only_phone = Reach(phone=True, letter=True, agrees=True)
    assert way_for("due_soon", only_phone).reason == "no_channel"
    wished = Reach(wanted="phone", phone=True, agrees=False)
    assert way_for("due_soon", wished).channel == "phone"
    assert way_for("card_expiring", Reach(**{**vars(ALL), "courtesies": False})).channel is None


def test_who_cannot_be_reached_at_all_is_said_so() -> None:
    assert way_for("overdue", Reach()).reason == "unreachable"


@given(st.sampled_from(CHANNELS), st.booleans(), st.booleans(), st.booleans(), st.booleans())
def test_a_way_that_is_chosen_is_always_open(
    wanted: str, email: bool, phone: bool, letter: bool, agrees: bool
) -> None:
    reach = Reach(wanted, frozenset({"email"}), email, phone, letter, agrees)
    for last in (False, True):
        way = way_for("overdue", reach, last_step=last)
        assert way.channel is None or reach.can(way.channel)
        assert (way.channel is None) == bool(way.reason)


def test_messages_keep_to_their_hours_and_open_days() -> None:
    def at(hour: int, minute: int = 0) -> datetime:
        return datetime(2026, 5, 15, hour, minute, tzinfo=clock.ZONE)

    assert not may_send(at(7, 59), 8, 20, None)
    assert may_send(at(8), 8, 20, None)
    assert may_send(at(19, 59), 8, 20, None)
    assert not may_send(at(20), 8, 20, None)
    assert not may_send(at(9), 8, 20, Calendar(weekly_closed=[4]))


def test_tries_grow_apart_and_end() -> None:
    now = datetime(2026, 5, 15, 9, tzinfo=clock.ZONE)
    waits = [next_try(now, n) for n in range(1, 7)]
    assert waits[-1] is None
    gone = [found - now for found in waits[:-1] if found is not None]
    assert gone == sorted(gone)
    assert gone[0].total_seconds() == 300


def test_only_names_in_braces_are_filled_in() -> None:
    assert fill("{a} và {b}: {c}", {"a": "{b}", "b": "x"}) == "{b} và x: "
    assert unknown_places("{title} {tit le} {a.__class__} }", ("title",)) == [
        "tit le",
        "a.__class__",
        "}",
    ]


def test_an_sms_without_marks_holds_more() -> None:
    marked = "Sách “Đất rừng phương Nam” đã quá hạn… 3 ngày"
    plain = plain_letters(marked)
    assert plain == 'Sach "Dat rung phuong Nam" da qua han... 3 ngay'
    assert sms_size(plain) == (len(plain), 1)
    assert sms_size("a" * 161)[1] == 2
    assert sms_size("ă" * 71)[1] == 2
    assert sms_size("ă" * 70)[1] == 1
    assert sms_size("[" * 80) == (160, 1)
    assert sms_size("😀" * 36)[1] == 2
    assert plain_letters("漢") == "?"
