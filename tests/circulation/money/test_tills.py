"""Tills: who holds which drawer, what is in it, closing it by counting."""

import threading
from typing import Any

import pytest
from sqlalchemy import delete, update
from sqlalchemy.exc import DBAPIError

from circulation import desk
from circulation.deposits import deposit_in, deposit_out
from circulation.fees import charge, reverse, take_payment
from circulation.models import LedgerEntry, Receipt
from circulation.money.models import Till
from circulation.money.tills import (
    NEEDED,
    close_till,
    move_cash,
    open_till,
    till_report,
    till_seen,
)
from ils.core import clock
from ils.core.errors import Invalid, NotFound
from tests import factories
from tests.circulation.conftest import Library


def opened(library: Library, name: str = "Quầy 1", amount: int = 100_000, who: Any = None) -> int:
    answer = library.do(open_till, who, name=name, float_amount=amount)
    assert answer.ok, answer
    return int(answer.facts["till_id"])


def holds(library: Library, till_id: int) -> int:
    with library.reading() as session:
        return till_report(session, session.get_one(Till, till_id)).expected


def owing(library: Library, amount: int = 30_000) -> Any:
    patron = library.patron()
    library.do(charge, library.head, patron_id=patron.id, kind="service", amount=amount)
    return patron


def test_what_is_paid_in_cash_lies_in_the_till_of_whoever_took_it(library: Library):
    till = opened(library)
    patron = owing(library)
    library.do(take_payment, patron_id=patron.id, amount=20_000)
    library.do(deposit_in, patron_id=patron.id, amount=50_000)
    library.do(deposit_out, patron_id=patron.id, amount=10_000)
    library.do(take_payment, patron_id=patron.id, amount=5_000, method="transfer")
    library.do(move_cash, till_id=till, kind="handed_over", amount=40_000, reason_text="nộp quỹ")
    library.do(move_cash, till_id=till, kind="added", amount=1_000, reason_text="tiền lẻ")
    assert holds(library, till) == 100_000 + 20_000 + 50_000 - 10_000 - 40_000 + 1_000
    assert [r.till_id for r in library.all(Receipt)] == [till] * 4


def test_a_payment_taken_back_takes_its_cash_out_again(lite: Library):
    till = opened(lite, who=lite.head)
    patron = owing(lite)
    lite.do(take_payment, lite.head, patron_id=patron.id, amount=20_000)
    paid = next(e for e in lite.all(LedgerEntry) if e.kind == "payment")
    lite.do(reverse, lite.head, entry_id=paid.id, reason_text="nhầm")
    assert holds(lite, till) == 100_000


def test_a_till_closes_by_its_notes_and_a_difference_needs_words(library: Library):
    till = opened(library)
    patron = owing(library)
    library.do(take_payment, patron_id=patron.id, amount=30_000)
    short = {100_000: 1, 20_000: 1}
    refused = library.do(close_till, till_id=till, counted=short)
    assert refused.reasons[0]["facts"] == {"amount": -10_000, "held": 130_000}
    closed = library.do(close_till, till_id=till, counted=short, reason_text="thối nhầm")
    assert (closed.code, closed.facts["difference"]) == ("till_closed", -10_000)
    kept = library.get(Till, till)
    assert (kept.counted, kept.counted_amount) == ({"100000": 1, "20000": 1}, 120_000)
    with pytest.raises(Invalid):
        library.do(close_till, till_id=opened(library), counted={30_000: 1})


def test_a_closed_till_is_never_changed_not_even_by_hand(library: Library):
    till = opened(library, amount=0)
    library.do(close_till, till_id=till, counted={})
    again = library.do(close_till, till_id=till, counted={}, reason_text="x")
    moved = library.do(move_cash, till_id=till, kind="added", amount=1, reason_text="x")
    assert again.reason_codes() == moved.reason_codes() == ["till_closed"]
    for statement in (update(Till).values(counted_amount=5), delete(Till)):
        with pytest.raises(DBAPIError), library.writing() as session:
            session.execute(statement)


def test_one_drawer_for_one_person_and_one_person_for_one_drawer(library: Library):
    opened(library)
    assert library.do(open_till, name="Quầy 2", float_amount=0).reason_codes() == [
        "till_open_already"
    ]
    other = library.do(open_till, library.head, name="Quầy 1", float_amount=0)
    assert other.reason_codes() == ["till_taken"]


def test_where_a_till_is_needed_no_money_moves_without_one(lite: Library):
    lite.setting(NEEDED, True)
    patron = owing(lite)
    for act, words in ((take_payment, {}), (deposit_in, {})):
        answer = lite.do(act, patron_id=patron.id, amount=1_000, **words)
        assert answer.reason_codes() == ["till_needed"]
    assert lite.all(Receipt) == []
    opened(lite)
    assert lite.do(take_payment, patron_id=patron.id, amount=1_000).ok


def test_nobody_sees_the_till_of_a_colleague_but_the_head(lite: Library):
    till = opened(lite)
    with lite.writing() as session:
        colleague = factories.create_actor(session, "clerk", lite.place.branch)
        stranger = factories.create_actor(session, "head", lite.place.foreign_branch)
        assert till_seen(session, lite.head, till).id == till
        for one in (colleague, stranger):
            with pytest.raises(NotFound):
                till_seen(session, one, till)


def test_no_more_is_handed_over_than_is_there(lite: Library):
    till = opened(lite, amount=5_000)
    answer = lite.do(move_cash, till_id=till, kind="handed_over", amount=6_000, reason_text="x")
    assert answer.reason_codes() == ["more_than_in_till"]


def test_a_till_closed_while_money_is_taken_balances_to_the_last_dong(library: Library):
    """Every payment is either in the closed count or outside of it, never half."""
    till = opened(library, amount=0)
    patrons = [owing(library) for _ in range(4)]
    moment, failures = library.now, []

    def pay(patron: Any) -> None:
        try:
            with clock.at(moment):
                for n in range(3):
                    desk.perform(
                        take_payment,
                        library.clerk,
                        patron_id=patron.id,
                        amount=1_000,
                        key=f"{patron.id}-{n}",
                    )
        except Exception as error:
            failures.append(error)

    workers = [threading.Thread(target=pay, args=(patron,)) for patron in patrons]
    for one in workers:
        one.start()
    with clock.at(moment):
        desk.perform(
            close_till, library.clerk, till_id=till, counted={}, reason_text="thử", key="close"
        )
    for one in workers:
        one.join()
    assert failures == []
    inside = sum(e.amount for e in library.all(LedgerEntry) if e.till_id == till)
    assert library.get(Till, till).expected_amount == inside
