"""Routing at check-in, renewal reasons, and the arithmetic of the ledger."""

from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from circulation.rules.blocks import Figures, Note, PatronFacts
from circulation.rules.checkin import Route, Scanned, clamp_return, route
from circulation.rules.holds import HoldFacts
from circulation.rules.ledger import (
    Allocation,
    Entry,
    allocate,
    balance,
    deposit,
    last_link,
    live,
    open_amounts,
)
from circulation.rules.policy import Policy
from circulation.rules.renewal import RenewalFacts, renew_due, renewal_reasons
from ils.org.calendar import Calendar

HERE, THERE = 1, 2
TODAY = date(2026, 5, 15)


def wanted(pickup: int) -> HoldFacts:
    return HoldFacts(1, 5, datetime(2026, 5, 1, tzinfo=UTC), pickup)


@pytest.mark.parametrize(
    ("scanned", "expected"),
    [
        (Scanned(HERE, HERE, was_on_loan=True), Route("to_shelve")),
        (Scanned(HERE, THERE, was_on_loan=True), Route("send_home", THERE)),
        (Scanned(HERE, HERE, was_on_loan=True, wanted=wanted(HERE)), Route("hold_ready", HERE)),
        (Scanned(HERE, HERE, was_on_loan=True, wanted=wanted(THERE)), Route("hold_send", THERE)),
        (Scanned(HERE, HERE, lifecycle="withdrawn"), Route("withdrawn_stop")),
        (
            Scanned(HERE, HERE, lifecycle="damaged", was_on_loan=True, wanted=wanted(HERE)),
            Route("not_lendable"),
        ),
        (Scanned(HERE, HERE, transit_to=HERE), Route("to_shelve", receives=True)),
        (Scanned(HERE, HERE, transit_to=THERE), Route("send_on", THERE)),
        (
            Scanned(HERE, THERE, transit_to=HERE, wanted=wanted(HERE)),
            Route("hold_ready", HERE, receives=True),
        ),
        (Scanned(HERE, HERE, in_hand_state="ready", in_hand_pickup=HERE), Route("keep_on_shelf")),
        (
            Scanned(HERE, HERE, in_hand_state="ready", in_hand_pickup=THERE),
            Route("to_pickup", THERE),
        ),
        (
            Scanned(HERE, HERE, in_hand_state="expired_shelf", in_hand_pickup=HERE),
            Route("to_shelve", clears_shelf=True),
        ),
        (
            Scanned(HERE, HERE, in_hand_state="cancelled", wanted=wanted(HERE)),
            Route("hold_ready", HERE, clears_shelf=True),
        ),
        (Scanned(HERE, HERE), Route("nothing_to_do")),
        (Scanned(HERE, HERE, in_house_counts=True), Route("in_house_use")),
        (
            Scanned(HERE, THERE, own_library=False, transport=False, was_on_loan=True),
            Route("foreign_book", THERE),
        ),
        (
            Scanned(HERE, THERE, own_library=False, transport=True),
            Route("send_home", THERE),
        ),
    ],
)
def test_where_a_scanned_copy_goes(scanned, expected):
    assert route(scanned) == expected


def test_s16_a_return_is_never_in_the_future_nor_before_the_loan():
    assert clamp_return(date(3001, 1, 1), date(2026, 5, 1), TODAY) == TODAY
    assert clamp_return(date(2020, 1, 1), date(2026, 5, 1), TODAY) == date(2026, 5, 1)
    assert clamp_return(None, date(2026, 5, 1), TODAY) == TODAY


PLAIN, EVERY_DAY = Policy(), Calendar()


def renewal(policy=PLAIN, calendar=EVERY_DAY, **facts):
    base = {
        "today": TODAY,
        "due_on": date(2026, 5, 20),
        "kind": "home",
        "renewals": 0,
        "lifecycle": "active",
        "patron": PatronFacts(id=1),
    }
    given_facts = RenewalFacts(**{**base, **facts})
    due = renew_due(given_facts.today, given_facts.due_on, policy, calendar)
    return [r.code for r in renewal_reasons(given_facts, policy, calendar, due)]


@pytest.mark.parametrize(
    ("facts", "policy", "expected"),
    [
        ({}, Policy(), []),
        ({"kind": "reading_room"}, Policy(), ["reading_room"]),
        ({"lifecycle": "lost"}, Policy(), ["lifecycle"]),
        ({"renewals": 1}, Policy(), ["limit_reached"]),
        ({"waiting": 1}, Policy(), ["renewal_wanted"]),
        ({"waiting": 1, "free": 1}, Policy(), []),
        ({"patron": PatronFacts(figures=Figures(posted=20001))}, Policy(), ["owed_over"]),
        ({"patron": PatronFacts(figures=Figures(overdue=3))}, Policy(), []),
        ({"patron": PatronFacts(card_expires_on=date(2026, 5, 1))}, Policy(), ["card_expires"]),
        (
            {"patron": PatronFacts(card_expires_on=date(2026, 5, 1))},
            Policy(renew_with_expired_card=True),
            [],
        ),
        (
            {"patron": PatronFacts(notes=(Note(1, ("renew",), "x", 2, TODAY),))},
            Policy(),
            ["manual_block"],
        ),
        ({"due_on": date(2026, 5, 7)}, Policy(), ["overdue_too_long"]),
        ({"due_on": date(2026, 5, 8)}, Policy(), []),
        ({"due_on": date(2026, 5, 14)}, Policy(renew_when_overdue=False), ["overdue_too_long"]),
        ({}, Policy(renew_from_days_before=3), ["too_early"]),
        ({}, Policy(renew_from_days_before=5), []),
        ({"due_on": date(2026, 5, 29)}, Policy(), ["no_gain"]),
    ],
)
def test_each_reason_against_a_renewal(facts, policy, expected):
    assert renewal(policy, **facts) == expected


def test_all_reasons_against_a_renewal_come_together():
    patron = PatronFacts(figures=Figures(posted=30000), card_expires_on=date(2026, 5, 1))
    assert renewal(due_on=date(2026, 5, 29), renewals=1, waiting=2, patron=patron) == [
        "card_expires",
        "owed_over",
        "renewal_wanted",
        "limit_reached",
        "no_gain",
    ]


def debit(id_: int, amount: int, **more) -> Entry:
    return Entry(id_, "overdue", "debit", amount, **more)


def credit(id_: int, amount: int, **more) -> Entry:
    return Entry(id_, more.pop("kind", "payment"), "credit", amount, **more)


def test_credits_settle_the_oldest_debits_first():
    assert allocate([(7, 3000), (5, 2000)], 4000) == ([(5, 2000), (7, 2000)], 0)
    assert allocate([(5, 2000)], 5000) == ([(5, 2000)], 3000)
    assert allocate([], 100) == ([], 100)


def test_a_chosen_debit_is_settled_before_older_ones():
    assert allocate([(5, 2000), (7, 3000)], 4000, chosen=[7]) == ([(7, 3000), (5, 1000)], 0)


def test_a_reversed_entry_no_longer_counts_until_its_reversal_is_reversed():
    charge, undone = debit(1, 1000), credit(2, 1000, kind="reversal", reverses_id=1)
    again = Entry(3, "reversal", "debit", 1000, reverses_id=2)
    assert set(live([charge])) == {1}
    assert set(live([charge, undone])) == set()
    assert set(live([charge, undone, again])) == {1}
    assert balance([charge, undone, again]) == 1000
    assert last_link(1, [charge, undone, again]) == 3


def test_a_payment_of_a_charge_taken_back_is_open_again_for_others():
    entries = [debit(1, 1000), credit(2, 1000), credit(3, 1000, kind="reversal", reverses_id=1)]
    assert open_amounts(entries, [Allocation(2, 1, 1000)]) == {2: 1000}
    assert balance(entries) == -1000


def test_deposits_are_apart_from_what_is_owed():
    entries = [
        Entry(1, "deposit_in", "liability", 50000),
        Entry(2, "deposit_out", "liability", 20000),
        debit(3, 1000),
    ]
    assert (deposit(entries), balance(entries)) == (30000, 1000)


@given(
    debits=st.lists(st.integers(500, 50000), max_size=8),
    amount=st.integers(0, 200000),
    chosen=st.lists(st.integers(1, 8), max_size=3, unique=True),
)
def test_an_allocation_never_exceeds_either_side(debits, amount, chosen):
    open_debits = list(enumerate(debits, 1))
    spread, rest = allocate(open_debits, amount, chosen)
    assert sum(part for _, part in spread) + rest == amount
    assert all(0 < part <= dict(open_debits)[i] for i, part in spread)
    assert rest == 0 or sum(debits) + rest == amount
