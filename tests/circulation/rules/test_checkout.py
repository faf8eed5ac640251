"""Check-out reasons, one by one and together."""

from datetime import date

import pytest

from circulation.rules.blocks import Figures, Note, PatronFacts, blocks
from circulation.rules.checkout import (
    CheckoutFacts,
    CopyState,
    QueueFacts,
    checkout_reasons,
    due_reasons,
    loan_kind,
)
from circulation.rules.due_date import due_date
from circulation.rules.policy import Policy
from circulation.rules.reasons import DESK, HEAD, KINDS, Reason, reason, unlifted, worst_first
from ils.org.calendar import Calendar

TODAY = date(2026, 5, 15)


PLAIN, ON_SHELF, NOBODY_WAITS = Policy(), CopyState(), QueueFacts()


def found(policy=PLAIN, copy=ON_SHELF, patron=None, queue=NOBODY_WAITS, **more):
    facts = CheckoutFacts(
        today=TODAY,
        kind=more.pop("kind", "home"),
        library_id=1,
        copy=copy,
        patron=patron or PatronFacts(id=1, library_id=1),
        queue=queue,
        **more,
    )
    return checkout_reasons(facts, policy)


def codes(*args, **kwargs):
    return [r.code for r in found(*args, **kwargs)]


def reader(**more):
    return PatronFacts(id=1, library_id=1, **more)


def test_nothing_speaks_against_an_ordinary_loan():
    assert codes() == []


@pytest.mark.parametrize(
    ("patron", "code"),
    [
        (reader(deleted=True), "patron_deleted"),
        (reader(card_state="lost"), "card_replaced"),
        (reader(card_state="replaced"), "card_replaced"),
        (reader(card_expires_on=date(2026, 5, 14)), "card_expired"),
        (reader(suspended_to=TODAY), "suspended"),
        (reader(notes=(Note(1, ("borrow",), "x", 9, TODAY),)), "manual_block"),
        (reader(figures=Figures(overdue=1)), "overdue_over"),
        (reader(figures=Figures(posted=15000, running=6000)), "owed_over"),
        (reader(figures=Figures(lost=1)), "lost_unsettled"),
        (reader(figures=Figures(loans=5)), "limit_total"),
        (PatronFacts(id=1, library_id=2), "patron_of_other_library"),
    ],
)
def test_each_reason_that_lies_with_the_reader(patron, code):
    assert codes(patron=patron) == [code]


def test_the_card_is_good_on_its_last_day_and_the_limit_is_the_last_loan_allowed():
    assert codes(patron=reader(figures=Figures(loans=4, posted=20000))) == []
    assert codes(patron=reader(card_expires_on=TODAY)) == ["card_expires_soon"]


@pytest.mark.parametrize(
    ("lifecycle", "code", "level", "override"),
    [
        ("in_process", "item_in_process", "refuse", DESK),
        ("damaged", "item_damaged", "refuse", DESK),
        ("repair", "item_damaged", "refuse", DESK),
        ("missing", "lifecycle_missing_or_lost", "question", ""),
        ("lost", "lifecycle_missing_or_lost", "question", ""),
        ("lost_settled", "lifecycle_missing_or_lost", "question", ""),
        ("withdrawal_proposed", "withdrawal_proposed", "refuse", DESK),
        ("withdrawn", "item_withdrawn", "refuse", None),
    ],
)
def test_each_lifecycle_at_the_desk(lifecycle, code, level, override):
    (one,) = found(copy=CopyState(lifecycle=lifecycle))
    assert (one.code, one.level, one.override) == (code, level, override)


@pytest.mark.parametrize(
    ("use", "kind", "expected"),
    [
        ("reading_room", "reading_room", []),
        ("reading_room", "home", ["take_home_of_reading_room"]),
        ("not_for_loan", "home", ["not_for_loan"]),
        ("restricted", "reading_room", ["item_restricted"]),
        ("loan", "reading_room", []),
    ],
)
def test_each_use_at_the_desk(use, kind, expected):
    assert codes(copy=CopyState(use=use), kind=kind) == expected


def test_a_card_for_the_reading_room_takes_nothing_home():
    card = reader(card_kind="reading")
    assert codes(patron=card, kind="home") == ["card_of_reading_room"]
    assert codes(patron=card, kind="reading_room") == []


def test_a_copy_for_the_reading_room_is_lent_for_the_room_unless_asked_otherwise():
    assert loan_kind("reading_room", None) == "reading_room"
    assert loan_kind("loan", None) == "home"
    assert loan_kind("reading_room", "home") == "home"


@pytest.mark.parametrize(
    ("copy", "expected"),
    [
        (CopyState(position="on_loan", loan_patron_id=1), [("own_loan", "question")]),
        (CopyState(position="on_loan", loan_patron_id=2), [("on_loan_other", "question")]),
        (CopyState(position="in_transit"), []),
        (CopyState(position="in_transit", hold_id=5, hold_patron_id=1), []),
        (
            CopyState(position="in_transit", hold_id=5, hold_patron_id=2),
            [("in_transit_for_other", "refuse")],
        ),
        (CopyState(position="hold_shelf", hold_id=5, hold_patron_id=1), []),
        (
            CopyState(position="hold_shelf", hold_id=5, hold_patron_id=2),
            [("on_shelf_for_other", "refuse")],
        ),
        (CopyState(position="on_shelf", hold_id=5, hold_patron_id=2), []),
    ],
)
def test_each_position_at_the_desk(copy, expected):
    assert [(r.code, r.level) for r in found(copy=copy)] == expected


def test_the_readers_own_loan_is_only_asked_about_whatever_stands_against_lending():
    one_more = Policy(limit_total=0)
    copy = CopyState(position="on_loan", loan_patron_id=1)
    assert codes(one_more, copy=copy, queue=QueueFacts(ahead=2)) == ["own_loan"]
    assert codes(one_more, copy=CopyState()) == ["limit_total"]


def test_others_who_wait_are_asked_about_unless_other_copies_serve_them():
    assert codes(queue=QueueFacts(ahead=2, free_copies=1, length=2)) == ["wanted_by_others"]
    assert codes(queue=QueueFacts(ahead=1, free_copies=1, length=1)) == ["queue_length"]
    assert codes(Policy(when_wanted="allow"), queue=QueueFacts(ahead=2)) == []
    (one,) = found(Policy(when_wanted="refuse"), queue=QueueFacts(ahead=2))
    assert (one.level, one.override) == ("refuse", DESK)


def test_another_copy_ready_for_the_same_reader_is_asked_about():
    assert codes(queue=QueueFacts(own_hold_elsewhere=8)) == ["own_hold_other_copy"]


def test_limits_of_kind_age_deposit_and_consent():
    comics = Figures(loans=2, loans_of_kind={"comic": 2})
    copy = CopyState(item_type="comic")
    assert codes(Policy(limit_kind=2), copy, reader(figures=comics)) == ["limit_kind"]
    assert codes(Policy(limit_kind=2), patron=reader(figures=comics)) == []
    assert codes(Policy(min_age=16), patron=reader(age=15)) == ["age_limit"]
    assert codes(Policy(min_age=16), patron=reader(age=16)) == []
    assert codes(Policy(deposit=50000)) == ["deposit_missing"]
    assert codes(Policy(deposit=50000), kind="reading_room") == []
    assert codes(Policy(consent_needed=True), patron=reader(child=True, consent=False)) == [
        "consent_missing"
    ]


def test_a_kind_not_lent_to_a_category_may_still_be_read_in_the_room():
    assert codes(Policy(loanable=False)) == ["not_lent_to_category"]
    assert codes(Policy(loanable=False), kind="reading_room") == []


def test_reading_room_loans_do_not_count_against_the_limit_of_loans():
    assert codes(patron=reader(figures=Figures(loans=5)), kind="reading_room") == []


def test_debts_up_to_twice_the_limit_are_the_desks_matter_and_above_the_heads():
    for owed, who in ((20001, DESK), (40000, DESK), (40001, HEAD)):
        (one,) = found(patron=reader(figures=Figures(posted=owed)))
        assert one.override == who


def test_all_reasons_are_collected_and_the_worst_comes_first():
    patron = reader(
        card_expires_on=date(2026, 5, 1),
        figures=Figures(loans=5, overdue=2),
        notes=(Note(1, (), "Hay quên", 9, TODAY),),
    )
    copy = CopyState(position="on_loan", loan_patron_id=2, lifecycle="damaged", parts=2)
    assert codes(copy=copy, patron=patron) == [
        "card_expired",
        "overdue_over",
        "item_damaged",
        "limit_total",
        "on_loan_other",
        "parts",
        "note",
    ]


def test_an_override_lifts_only_what_somebody_may_lift():
    reasons = worst_first([reason("limit_total"), reason("item_withdrawn"), reason("note")])
    left = unlifted(reasons, {"limit_total", "item_withdrawn"})
    assert [r.code for r in left] == ["item_withdrawn"]


def test_every_code_of_the_table_makes_a_reason():
    for code, kind in KINDS.items():
        assert reason(code) == Reason(code, {}, kind.level, kind.override, kind.remembered)
        assert kind.level != "question" or kind.override == ""


def test_blocks_compare_with_the_highest_value_still_allowed():
    limits = {"loans": 5, "owed": 20000}
    assert blocks({"loans": 5, "owed": 20000}, limits) == []  # 3.14/30
    assert blocks({"loans": 6, "owed": 20001}, limits) == ["loans", "owed"]  # 3.14/31
    assert blocks({"loans": 600}, {"loans": None}) == []


def test_the_desk_is_told_when_the_card_cuts_the_date_or_the_calendar_has_no_open_day():
    cut = due_date(TODAY, Policy(), Calendar(), date(2026, 5, 20))
    assert [r.code for r in due_reasons(cut)] == ["due_cut_by_card"]
    closed = due_date(TODAY, Policy(), Calendar(weekly_closed=range(7)))
    assert [r.code for r in due_reasons(closed)] == ["calendar_without_open_day"]


def test_a_consent_taken_back_stops_the_card():
    assert codes(patron=reader(consent_withdrawn=True)) == ["consent_withdrawn"]
    assert codes(kind="reading_room", patron=reader(consent_withdrawn=True)) == [
        "consent_withdrawn"
    ]
