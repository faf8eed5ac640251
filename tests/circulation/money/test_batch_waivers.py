"""Old debts are forgiven together by a decision, after a look, and taken back as one."""

from datetime import timedelta
from typing import Any

import pytest

from circulation.fees import charge, take_payment, waive
from circulation.ledger import account
from circulation.losses.lost import declare_lost
from circulation.losses.models import Loss
from circulation.models import LedgerEntry
from circulation.money import batch_waivers as batches
from circulation.money.models import BatchWaiver, BatchWaiverLine
from circulation.money.waiver_book import waivers
from circulation.patrons.models import Patron
from ils.core import clock
from ils.core.errors import Forbidden, Invalid, NotFound, Refused
from ils.core.jobs import Progress, run_next_job
from tests.circulation.conftest import Library

ANY = batches.Asked(kinds=("service",))


def plan(library: Library, asked: batches.Asked = ANY, actor: Any = None, **more: Any) -> int:
    words = {"decision": "12/QĐ-TV", "decided_on": library.today, "reason": "Ngày sách"} | more
    with library.writing() as session:
        at = library.place.library.id
        return batches.plan_batch(session, actor or library.head, at, asked, **words).id


def act(library: Library, use_case: Any, batch_id: int, actor: Any = None) -> None:
    with library.writing() as session:
        use_case(session, actor or library.head, batch_id)


def work(library: Library) -> None:
    with clock.at(library.now):
        assert run_next_job()


def owes(library: Library, patron: Patron, amount: int, kind: str = "service") -> int:
    made = library.do(charge, library.head, patron_id=patron.id, kind=kind, amount=amount)
    return int(made.facts["entry_id"])


def owed(library: Library, patron: Patron) -> int:
    with library.reading() as session:
        return account(session, patron.id, library.now).owed


def lines(library: Library) -> list[tuple[int, int, str]]:
    return [(row.amount, row.given, row.state) for row in library.all(BatchWaiverLine)]


def test_debts_are_shown_forgiven_and_taken_back_as_one(library: Library) -> None:
    first, second = library.patron(), library.patron("Trần Văn Ba")
    owes(library, first, 5000)
    owes(library, first, 2000)
    owes(library, second, 9000)
    library.do(take_payment, patron_id=second.id, amount=4000)
    batch = plan(library)
    assert lines(library) == [(5000, 0, "planned"), (2000, 0, "planned"), (5000, 0, "planned")]
    assert owed(library, first) == 7000, "a look forgives nothing"
    act(library, batches.give_batch, batch)
    work(library)
    assert (owed(library, first), owed(library, second)) == (0, 0)
    assert library.get(BatchWaiver, batch).state == "given"
    made = [row for row in library.all(LedgerEntry) if row.kind == "waiver"]
    assert {row.actor_id for row in made} == {library.head.staff_id}
    assert all("12/QĐ-TV" in row.note for row in made)
    assert len(library.events("waiver_given")) == 3
    with library.reading() as session:
        branch = library.place.branch.id
        book = waivers(session, [branch], library.today, library.today)
    assert sum(one.counts for one in book) == 12_000
    assert {one.of for one in book} == {"service"}
    act(library, batches.take_batch_back, batch)
    work(library)
    assert (owed(library, first), owed(library, second)) == (7000, 5000)
    assert {state for _amount, _given, state in lines(library)} == {"taken"}
    with library.reading() as session:
        book = waivers(session, [branch], library.today, library.today)
    assert sum(one.counts for one in book) == 0
    assert all(one.back_on == library.today for one in book)


def test_what_was_settled_meanwhile_is_left_alone_and_never_more_than_shown(
    lite: Library,
) -> None:
    paid, partly = lite.patron(), lite.patron("Trần Văn Ba")
    owes(lite, paid, 3000)
    owes(lite, partly, 6000)
    batch = plan(lite)
    lite.do(take_payment, patron_id=paid.id, amount=3000)
    lite.do(take_payment, patron_id=partly.id, amount=4000)
    later = owes(lite, partly, 1000)
    act(lite, batches.give_batch, batch)
    work(lite)
    assert lines(lite) == [(3000, 0, "changed"), (6000, 2000, "given")]
    with lite.reading() as session:
        left = account(session, partly.id, lite.now).open_debits
    assert [(one.entry.id, one.open_amount) for one in left] == [(later, 1000)]


def test_debts_are_chosen_by_age_kind_and_reader(lite: Library) -> None:
    pupil = lite.patron("Lò Thị Mai", school_class="5A", commune="Mường Phăng")
    other = lite.patron("Trần Văn Ba", commune="Thanh Nưa")
    owes(lite, pupil, 1000)
    owes(lite, other, 2000, kind="damage")
    lite.on(lite.today + timedelta(days=400))
    owes(lite, other, 4000)

    def found(**words: Any) -> int:
        asked = batches.Asked(**{"kinds": ("service", "damage")} | words)
        with lite.reading() as session:
            at = session.get_one(type(lite.place.library), lite.place.library.id)
            return sum(a for _id, a in batches.open_debts(session, at, asked, lite.today))

    assert found() == 7000
    assert found(days=400) == 3000
    assert found(days=401) == 0
    assert found(kinds=("damage",)) == 2000
    assert found(school_class="5A") == 1000
    assert found(commune="Thanh Nưa") == 6000
    assert found(category=pupil.category) == 7000
    assert found(category="nobody") == 0


def test_a_waiver_taken_back_by_hand_is_chosen_again_and_one_brought_back_is_not(
    lite: Library,
) -> None:
    from circulation.fees import reverse

    reader = lite.patron()
    entry = owes(lite, reader, 3000)
    forgiven = lite.do(waive, lite.head, patron_id=reader.id, entry_id=entry, reason_text="nghèo")
    assert forgiven.ok
    with pytest.raises(Invalid):
        plan(lite)
    waiver = next(row for row in lite.all(LedgerEntry) if row.kind == "waiver")
    lite.do(reverse, lite.head, entry_id=waiver.id, reason_text="nhầm")
    batch = plan(lite)
    assert lines(lite) == [(3000, 0, "planned")]
    lite.do(reverse, lite.head, entry_id=entry, reason_text="nhầm")
    act(lite, batches.give_batch, batch)
    work(lite)
    assert lines(lite) == [(3000, 0, "changed")]


def test_the_price_of_a_lost_copy_forgiven_ends_its_case_and_taken_back_opens_it(
    library: Library,
) -> None:
    library.rules(loss_processing=0)
    item, reader = library.item(price=50_000), library.patron()
    library.lend(item, reader)
    assert library.do(declare_lost, item_id=item.id).ok
    batch = plan(library, batches.Asked(kinds=("lost_price",)))
    act(library, batches.give_batch, batch)
    work(library)
    assert library.all(Loss)[0].state == "settled"
    act(library, batches.take_batch_back, batch)
    work(library)
    assert library.all(Loss)[0].state == "open"


def test_a_job_that_was_stopped_goes_on(lite: Library, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(batches, "AT_ONCE", 1)
    for n in range(3):
        owes(lite, lite.patron(f"Bạn số {n}"), 1000)
    batch = plan(lite)
    act(lite, batches.give_batch, batch)
    go_on = Progress.go_on

    def stopped(self: Progress) -> None:
        act(lite, batches.stop_batch, batch)
        go_on(self)

    with monkeypatch.context() as patched:
        patched.setattr(Progress, "go_on", stopped)
        work(lite)
    assert lite.get(BatchWaiver, batch).state == "giving"
    assert [state for *_rest, state in lines(lite)] == ["given", "given", "planned"]
    act(lite, batches.go_on, batch)
    work(lite)
    assert lite.get(BatchWaiver, batch).state == "given"


def test_only_who_may_decide_forgives_and_each_step_is_taken_once(lite: Library) -> None:
    owes(lite, lite.patron(), 1000)
    with pytest.raises(Forbidden):
        plan(lite, actor=lite.clerk)
    for wrong in ({"decision": " "}, {"reason": ""}):
        with pytest.raises(Invalid):
            plan(lite, **wrong)
    with pytest.raises(Invalid):
        plan(lite, batches.Asked(kinds=("payment",)))
    batch = plan(lite)
    with pytest.raises(NotFound):
        act(lite, batches.give_batch, batch, actor=lite.clerk)
    with pytest.raises(Refused):
        act(lite, batches.take_batch_back, batch)
    act(lite, batches.give_batch, batch)
    with pytest.raises(Refused):
        act(lite, batches.give_batch, batch)
    with pytest.raises(Refused):
        act(lite, batches.discard_batch, batch)
