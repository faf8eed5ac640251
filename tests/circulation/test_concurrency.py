"""Eight desks at once, on both databases: nothing twice, nothing over a limit, no raw errors."""

import random
import threading
from collections import Counter
from collections.abc import Callable
from datetime import timedelta

from sqlalchemy import Engine, func, select

from bench.laws import check_all
from circulation import desk
from circulation.checkin import check_in
from circulation.checkout import check_out
from circulation.fees import charge, take_payment
from circulation.hold_changes import cancel_hold
from circulation.holds import place_hold
from circulation.ledger import account
from circulation.models import DeskCommand, Hold, LedgerEntry, Loan, Receipt
from circulation.renew import renew
from ils.core import clock, db
from ils.core.errors import IlsError
from tests.circulation.conftest import Library

DESKS = 8


def at_once(work: Callable[[int], None]) -> list[BaseException]:
    """Run the work of eight desks at the same moment; return what went wrong."""
    start, wrong = threading.Barrier(DESKS), []

    def one(number: int) -> None:
        start.wait()
        try:
            work(number)
        except BaseException as error:
            wrong.append(error)

    threads = [threading.Thread(target=one, args=(n,)) for n in range(DESKS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=120)
    return wrong


def test_no_item_is_lent_twice(library: Library):
    items = [library.item() for _ in range(12)]
    patrons = [library.patron(f"Bạn số {n}") for n in range(DESKS)]
    library.rules(limit_total=None)
    answers = []

    def work(number: int) -> None:
        mine = list(items)
        random.Random(number).shuffle(mine)
        for item in mine:
            answer = desk.perform(
                check_out,
                library.clerk,
                barcode=item.barcode,
                patron_id=patrons[number].id,
                key=f"{number}-{item.id}",
            )
            answers.append(answer)

    assert at_once(work) == []
    lent = [a for a in answers if a.ok]
    assert len(lent) == len(items)
    assert len({a.item["id"] for a in lent}) == len(items)
    refused = {code for a in answers if not a.ok for code in a.reason_codes()}
    assert refused == {"on_loan_other"}
    assert len(library.all(Loan)) == len(items)


def test_a_limit_is_kept_though_all_desks_lend_to_one_reader(library: Library):
    library.rules(limit_total=5)
    patron = library.patron()
    items = [library.item() for _ in range(DESKS * 3)]

    def work(number: int) -> None:
        for item in items[number::DESKS]:
            desk.perform(
                check_out,
                library.clerk,
                barcode=item.barcode,
                patron_id=patron.id,
                key=f"{item.id}",
            )

    assert at_once(work) == []
    assert len(library.all(Loan)) == 5


def test_one_key_from_all_desks_at_once_acts_once(library: Library):
    item, patron = library.item(), library.patron()
    answers = []

    def work(_number: int) -> None:
        answers.append(
            desk.perform(
                check_out, library.clerk, barcode=item.barcode, patron_id=patron.id, key="one"
            )
        )

    assert at_once(work) == []
    assert [a.ok for a in answers] == [True] * DESKS
    assert sum(not a.repeated for a in answers) == 1
    assert len(library.all(Loan)) == 1
    assert len(library.all(DeskCommand)) == 1


def test_one_unknown_barcode_with_one_key_from_all_desks_is_answered_everywhere(library: Library):
    answers = []

    def work(_number: int) -> None:
        answers.append(desk.perform(check_in, library.clerk, barcode="KHONG-CO", key="one"))

    assert at_once(work) == []
    assert [a.code for a in answers] == ["unknown"] * DESKS


def test_one_hold_per_reader_and_title_though_the_phone_sends_eight(library: Library):
    item, patron = library.item(), library.patron()
    answers = []

    def work(number: int) -> None:
        answers.append(
            desk.perform(
                place_hold,
                library.clerk,
                record_id=item.record_id,
                patron_id=patron.id,
                pickup_branch_id=library.place.branch.id,
                key=f"h{number}",
            )
        )

    assert at_once(work) == []
    assert sum(a.ok for a in answers) == 1
    assert {c for a in answers if not a.ok for c in a.reason_codes()} == {"duplicate_hold"}
    assert len(library.all(Hold)) == 1


def test_receipts_have_no_gap_though_all_desks_take_money(library: Library):
    patrons = [library.patron(f"Bạn số {n}") for n in range(DESKS)]
    for patron in patrons:
        library.do(charge, library.head, patron_id=patron.id, kind="service", amount=10_000)

    def work(number: int) -> None:
        for turn in range(4):
            desk.perform(
                take_payment,
                library.clerk,
                patron_id=patrons[number].id,
                amount=1000,
                key=f"p{number}-{turn}",
            )

    with clock.at(library.now):
        moment = library.now
    assert at_once(lambda n: _at(moment, work, n)) == []
    assert sorted(r.number for r in library.all(Receipt)) == list(range(1, DESKS * 4 + 1))


def _at(moment, work, number: int) -> None:
    with clock.at(moment):
        work(number)


def test_a_fine_is_posted_once_though_desks_return_and_take_money_together(library: Library):
    item, patron = library.item(), library.patron()
    library.lend(item, patron)
    library.later(days=20)
    moment = library.now

    def work(number: int) -> None:
        with clock.at(moment + timedelta(seconds=number)):
            if number % 2:
                desk.perform(check_in, library.clerk, barcode=item.barcode, key=f"r{number}")
            else:
                desk.perform(
                    take_payment, library.clerk, patron_id=patron.id, amount=1000, key=f"r{number}"
                )

    assert at_once(work) == []
    charges = [e for e in library.all(LedgerEntry) if e.kind == "overdue"]
    assert sum(e.amount for e in charges) == 6000
    with library.reading() as session:
        assert account(session, patron.id, library.now).balance == 2000


def test_everything_at_once_keeps_every_law(both: Engine, library: Library):
    """Lend, return, renew, hold, cancel and pay over the same few copies, in any order."""
    records = [library.record(f"Sách {n}") for n in range(3)]
    items = [library.item(r, at=b) for r in records for b in _branches(library)]
    patrons = [library.patron(f"Bạn số {n}") for n in range(6)]
    library.rules(limit_total=4, limit_owed=None, limit_overdue=None)
    outcomes: Counter[str] = Counter()

    def work(number: int) -> None:
        choose = random.Random(number)
        actor = library.clerk if number % 2 else library.far_clerk
        for turn in range(25):
            with clock.at(library.now + timedelta(minutes=turn * 15)):
                try:
                    answer = _any_act(choose, library, actor, items, patrons, f"{number}-{turn}")
                except IlsError as error:
                    outcomes[error.code] += 1
                else:
                    outcomes[answer.code if answer else "none"] += 1

    assert at_once(work) == []
    assert outcomes["lost_race"] == 0
    assert outcomes["busy"] == 0
    with db.reading() as session:
        check_all(session)
        doubled = session.execute(
            select(Loan.item_id)
            .where(Loan.closed_at.is_(None))
            .group_by(Loan.item_id)
            .having(func.count() > 1)
        ).all()
    assert doubled == []


def _branches(library: Library):
    return library.place.branch, library.place.other_branch


def _any_act(choose, library, actor, items, patrons, key):
    item, patron = choose.choice(items), choose.choice(patrons)
    act = choose.choice(["lend", "lend", "lend", "return", "return", "renew", "hold", "cancel"])
    if act == "lend":
        return desk.perform(
            check_out,
            actor,
            barcode=item.barcode,
            patron_id=patron.id,
            key=key,
            overrides={"on_loan_other": "x", "wanted_by_others": "x", "own_loan": "x"},
        )
    if act == "return":
        return desk.perform(check_in, actor, barcode=item.barcode, key=key)
    if act == "renew":
        return desk.perform(renew, actor, barcode=item.barcode, key=key)
    if act == "hold":
        return desk.perform(
            place_hold,
            actor,
            record_id=item.record_id,
            patron_id=patron.id,
            pickup_branch_id=choose.choice(_branches(library)).id,
            key=key,
        )
    with db.reading() as session:
        hold_id = session.scalar(
            select(Hold.id).where(Hold.patron_id == patron.id).order_by(Hold.id.desc()).limit(1)
        )
    return desk.perform(cancel_hold, actor, hold_id=hold_id, key=key) if hold_id else None
