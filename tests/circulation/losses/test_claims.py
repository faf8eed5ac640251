"""A reader says that a copy is back: the fine stands still, the shelves are searched twice."""

from datetime import timedelta
from threading import Event, Thread
from typing import Any

import pytest
from sqlalchemy import Engine, select, text

from bench.laws import check_all
from cataloging.models import Item
from circulation.blocks import patron_figures
from circulation.desk import DeskResult
from circulation.fees import charge, take_payment, waive
from circulation.ledger import account
from circulation.losses.claims import (
    claims_of,
    found_on_shelf,
    give_up,
    make_claim,
    on_shelf_after_all,
    take_up_again,
    tick_search,
    untick_search,
    withdraw_claim,
)
from circulation.losses.damage import record_damage
from circulation.losses.lost import cancel_loss, declare_lost
from circulation.losses.models import Claim, Loss, LossProposal
from circulation.losses.proposals import approve, postpone, propose_again, propose_lost
from circulation.models import Loan
from circulation.patrons.models import Patron
from circulation.renew import renew
from circulation.undo import undo
from ils.core.errors import Forbidden
from tests.circulation.conftest import Library, open_library


def claimed(library: Library, late: int = 3, **more: Any) -> tuple[Item, Any, Claim]:
    """Lend a copy and let its reader claim, some days late, that it is back."""
    item, patron = library.item(), library.patron()
    lent = library.lend(item, patron)
    library.on(library.today + timedelta(days=14 + late))
    more.setdefault("kind", "returned")
    made = library.do(make_claim, loan_id=lent.loan["id"], **more)
    assert made.ok, made.reasons
    return item, patron, library.all(Claim)[-1]


def owed(library: Library, patron: Any) -> int:
    with library.reading() as session:
        return account(session, patron.id, library.now).owed


def test_the_fine_stops_at_the_claim(library: Library) -> None:
    _item, patron, claim = claimed(library)
    library.later(days=20)
    assert owed(library, patron) == 3_000
    with library.reading() as session:
        assert patron_figures(session, [patron.id], library.now)[patron.id].overdue == 0
    loan = library.get(Loan, claim.loan_id)
    assert loan.closed_at is None
    (again,) = [library.do(make_claim, loan_id=loan.id, kind="returned")]
    assert again.reason_codes() == ["claim_open"]
    refused = library.do(renew, loan_id=loan.id)
    assert "claim_open" in refused.reason_codes()


def test_a_claim_is_undone_whole(library: Library) -> None:
    item, patron = library.item(), library.patron()
    lent = library.lend(item, patron)
    library.on(library.today + timedelta(days=17))
    made = library.do(make_claim, loan_id=lent.loan["id"], kind="never_had")
    assert library.do(undo, token=made.undo_token).ok
    assert library.all(Claim) == []
    library.later(days=1)
    assert owed(library, patron) == 4_000


def test_two_searches_are_ticked_off_before_it_is_given_up(library: Library) -> None:
    item, patron, claim = claimed(library)
    early = library.do(give_up, claim_id=claim.id, charge=True)
    assert early.reason_codes() == ["search_both_first"]
    assert library.do(tick_search, claim_id=claim.id).ok
    assert library.get(Item, item.id).lifecycle == "active"  # not missing yet
    assert library.do(tick_search, claim_id=claim.id).reason_codes() == ["search_not_due"]
    library.later(days=14)
    assert library.do(tick_search, claim_id=claim.id).facts["n"] == 2
    assert library.do(give_up, claim_id=claim.id, charge=True).code == "lost"
    assert library.get(Claim, claim.id).resolution == "given_up"
    assert library.get(Loan, claim.loan_id).lost_on == claim.claimed_on
    assert owed(library, patron) == 3_000 + 150_000 + 10_000
    assert library.all(Loss)[0].why == "claim"


def test_given_up_without_charge_nothing_is_owed_and_the_copy_is_missing(
    library: Library,
) -> None:
    item, patron, claim = claimed(library)
    library.do(tick_search, claim_id=claim.id)
    library.later(days=14)
    library.do(tick_search, claim_id=claim.id)
    with pytest.raises(Forbidden):
        library.do(give_up, claim_id=claim.id, charge=False)
    assert library.do(give_up, library.head, claim_id=claim.id, charge=False).ok
    assert owed(library, patron) == 0
    assert library.get(Item, item.id).lifecycle == "missing"
    assert library.get(Loan, claim.loan_id).closed_how == "claimed_closed"
    back = library.take_back(item)
    assert (back.code, library.get(Item, item.id).lifecycle) == ("found", "active")


def test_case_35_found_on_the_shelf_the_fine_is_off_and_the_claim_not_counted(
    library: Library,
) -> None:
    item, patron, claim = claimed(library)
    with library.reading() as session:
        assert claims_of(session, patron.id) == 1
    library.later(days=2)
    back = library.take_back(item, from_shelf=True)
    codes = [line["code"] for line in back.details]
    assert {"fine_taken_off", "claim_resolved_on_shelf"} <= set(codes)
    assert owed(library, patron) == 0
    loan = library.get(Loan, claim.loan_id)
    assert (loan.closed_how, loan.effective_return_on) == ("returned", loan.due_on)
    with library.reading() as session:
        assert claims_of(session, patron.id) == 0
    assert [e.facts["how"] for e in library.events("claim_resolved")] == ["on_shelf"]
    assert library.do(undo, token=back.undo_token).ok
    assert owed(library, patron) == 3_000
    assert library.get(Claim, claim.id).resolution is None


def test_a_loss_taken_back_opens_the_claim_again_that_it_had_ended(library: Library) -> None:
    item, _patron, claim = claimed(library)
    lost = library.do(declare_lost, item_id=item.id)
    assert library.get(Claim, claim.id).resolution == "given_up"
    library.later(hours=1)
    library.do(cancel_loss, loss_id=lost.facts["loss_id"], reason_text="nhầm cuốn")
    assert library.get(Claim, claim.id).resolved_at is None
    assert library.events("claim_resolved") == []
    assert library.do(tick_search, claim_id=claim.id).ok


def test_a_fine_taken_back_pays_what_else_is_owed_and_that_case_ends_by_it(
    library: Library,
) -> None:
    item, patron, _claim = claimed(library)  # 3,000 are owed for the days before it
    library.do(take_payment, patron_id=patron.id, amount=3_000)
    other = library.item()
    library.lend(other, patron)
    library.take_back(other)
    loan = library.all(Loan)[-1]
    torn = library.do(record_damage, item_id=other.id, loan_id=loan.id, amount=2_000)
    back = library.take_back(item, from_shelf=True)
    assert "loss_settled" in [line["code"] for line in back.details]
    case = library.get(Loss, torn.facts["loss_id"])
    assert (case.state, case.settled_how) == ("settled", "payment")
    assert library.do(undo, token=back.undo_token).ok
    assert owed(library, patron) == 2_000  # of the fine; what it had paid is paid


def test_a_search_ticked_by_mistake_is_open_again(lite: Library) -> None:
    _item, _patron, claim = claimed(lite)
    assert lite.do(tick_search, claim_id=claim.id).ok
    lite.later(days=14)
    assert lite.do(tick_search, claim_id=claim.id).ok
    assert lite.do(untick_search, claim_id=claim.id).ok
    row = lite.get(Claim, claim.id)
    assert row.searched_2 is None
    assert row.searched_1 is not None
    assert lite.do(untick_search, claim_id=claim.id).ok
    assert not lite.do(untick_search, claim_id=claim.id).ok


def test_given_up_without_charge_by_mistake_it_is_taken_up_again(library: Library) -> None:
    item, patron, claim = claimed(library)
    done = {"charge": False, "overrides": {"search_both_first": "sắp nghỉ việc"}}
    assert library.do(give_up, library.head, claim_id=claim.id, **done).ok
    library.later(hours=2)
    with pytest.raises(Forbidden):
        library.do(take_up_again, claim_id=claim.id, reason_text="nhầm")
    up = library.do(take_up_again, library.head, claim_id=claim.id, reason_text="nhầm")
    assert up.ok, up.reasons
    loan = library.get(Loan, claim.loan_id)
    assert (loan.closed_at, loan.claimed_on) == (None, claim.claimed_on)
    assert library.get(Item, item.id).lifecycle == "active"
    assert library.events("claim_resolved", "item_missing") == []
    assert library.take_back(item).ok
    assert owed(library, patron) == 3_000
    assert not library.do(take_up_again, library.head, claim_id=claim.id, reason_text="nữa").ok


@pytest.mark.postgres
def test_a_copy_whose_case_a_reversal_ends_is_locked_before_the_reader(postgres_db: Engine) -> None:
    library = open_library()
    item, patron, _claim = claimed(library)
    library.do(take_payment, patron_id=patron.id, amount=3_000)
    other = library.item()
    library.lend(other, patron)
    library.take_back(other)
    library.do(record_damage, item_id=other.id, loan_id=library.all(Loan)[-1].id, amount=2_000)
    answers: list[DeskResult] = []
    returning = Thread(target=lambda: answers.append(library.take_back(item, from_shelf=True)))
    with postgres_db.connect() as elsewhere:  # another desk has the damaged copy, then wants him
        elsewhere.execute(select(Item.id).where(Item.id == other.id).with_for_update())
        returning.start()
        wait_for_a_lock(postgres_db)
        elsewhere.execute(
            select(Patron.id).where(Patron.id == patron.id).with_for_update(nowait=True)
        )
        elsewhere.rollback()
    returning.join(timeout=30)
    assert "loss_settled" in [line["code"] for line in answers[0].details]


def wait_for_a_lock(engine: Engine) -> None:
    """Wait until a session of the database waits for a row that another has."""
    waiting = text("SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'")
    for _turn in range(400):
        with engine.connect() as connection:
            if connection.scalar(waiting):
                return
        Event().wait(0.025)
    raise AssertionError("nobody waits for a lock")


def test_found_on_the_shelf_sent_twice_with_one_key_is_answered_alike(lite: Library) -> None:
    _item, _patron, claim = claimed(lite)
    first = lite.do(found_on_shelf, claim_id=claim.id, key="once")
    again = lite.do(found_on_shelf, claim_id=claim.id, key="once")
    assert (again.code, again.repeated) == (first.code, True)


def test_brought_by_the_reader_the_fine_runs_to_that_day(library: Library) -> None:
    item, patron, claim = claimed(library)
    library.later(days=4)
    library.take_back(item)
    assert owed(library, patron) == 7_000
    assert library.get(Claim, claim.id).resolution == "by_reader"
    assert library.do(on_shelf_after_all, claim_id=claim.id).ok  # it had stood on our shelf
    assert owed(library, patron) == 0
    assert library.get(Claim, claim.id).resolution == "on_shelf"


def test_a_fine_brought_back_by_an_undo_comes_with_what_was_waived_of_it(library: Library) -> None:
    item, patron, claim = claimed(library)
    charged = library.do(
        charge, actor=library.head, patron_id=patron.id, kind="service", amount=9_000
    )
    library.later(days=4)
    library.take_back(item)
    with library.reading() as session:
        fine = max(e.id for e in account(session, patron.id, library.now).entries)
    waived = library.do(
        waive,
        library.head,
        patron_id=patron.id,
        entry_id=fine,
        amount=3_000,
        reason_text="khó khăn",
    )
    assert charged.ok
    assert waived.ok, waived.reasons
    assert owed(library, patron) == 9_000 + 4_000
    found = library.do(on_shelf_after_all, claim_id=claim.id)
    assert owed(library, patron) == 9_000
    assert library.do(undo, token=found.undo_token).ok
    assert owed(library, patron) == 9_000 + 4_000
    with library.reading() as session:
        known = account(session, patron.id, library.now)
        check_all(session)
    assert {d.entry.id: d.open_amount for d in known.open_debits}[fine] == 1_000


def test_a_claim_taken_back_lets_loan_and_fine_go_on(lite: Library) -> None:
    _item, patron, claim = claimed(lite)
    lite.later(days=4)
    assert lite.do(withdraw_claim, claim_id=claim.id).ok
    assert owed(lite, patron) == 7_000
    with lite.reading() as session:
        assert claims_of(session, patron.id) == 0


def test_many_claims_are_told(lite: Library) -> None:
    patron = lite.patron()
    lite.setting("circulation.claims_warn_from", 2)
    for n in (1, 2):
        lent = lite.lend(lite.item(), patron)
        made = lite.do(make_claim, loan_id=lent.loan["id"], kind="returned")
        assert made.reason_codes() == (["claims_many"] if n == 2 else [])


# --- long overdue ----------------------------------------------------------------------------


def proposals(library: Library, state: str = "proposed") -> list[LossProposal]:
    return [row for row in library.all(LossProposal) if row.state == state]


def night(library: Library) -> int:
    library.setting("notices.before_lost", False)
    with library.writing() as session:
        return propose_lost(session, library.today)


def test_long_overdue_is_proposed_and_never_silent(library: Library) -> None:
    library.rules(lost_after_days=60)
    item, patron = library.item(), library.patron()
    library.lend(item, patron)
    library.on(library.today + timedelta(days=14 + 59))
    assert night(library) == 0
    library.later(days=1)
    assert night(library) == 1
    assert night(library) == 0  # not twice
    assert library.get(Item, item.id).lifecycle == "active"
    (one,) = proposals(library)
    with pytest.raises(Forbidden):
        library.do(approve, proposal_id=one.id)
    assert library.do(approve, library.head, proposal_id=one.id).code == "lost"
    assert library.get(Item, item.id).lifecycle == "lost"
    assert library.all(Loss)[0].why == "long_overdue"
    assert proposals(library) == []


def test_a_proposal_postponed_comes_again(lite: Library) -> None:
    lite.lend(lite.item(), lite.patron())
    lite.on(lite.today + timedelta(days=80))
    night(lite)
    (one,) = proposals(lite)
    lite.do(postpone, lite.head, proposal_id=one.id, days=30, note="đã gọi, hẹn tháng sau")
    lite.later(days=29)
    assert night(lite) == 0
    lite.later(days=1)
    assert night(lite) == 1


def test_a_loan_left_alone_by_mistake_is_proposed_again(lite: Library) -> None:
    lite.rules(lost_after_days=60)
    lite.setting("notices.before_lost", False)
    item, patron = lite.item(), lite.patron()
    lite.lend(item, patron)
    lite.on(lite.today + timedelta(days=80))
    with lite.writing() as session:
        propose_lost(session, lite.today)
    proposal = lite.all(LossProposal)[0].id
    lite.do(postpone, lite.head, proposal_id=proposal, days=30)
    assert lite.do(propose_again, lite.head, proposal_id=proposal).ok
    row = lite.get(LossProposal, proposal)
    assert (row.state, row.until, row.decided_by) == ("proposed", None, None)
    assert not lite.do(propose_again, lite.head, proposal_id=proposal).ok


def test_what_came_back_is_proposed_no_longer(lite: Library) -> None:
    item = lite.item()
    lite.lend(item, lite.patron())
    lite.on(lite.today + timedelta(days=80))
    night(lite)
    lite.take_back(item)
    assert [row.state for row in lite.all(LossProposal)] == ["gone"]


def test_without_days_in_the_rule_nothing_is_proposed(lite: Library) -> None:
    lite.rules(lost_after_days=None)
    lite.lend(lite.item(), lite.patron())
    lite.on(lite.today + timedelta(days=400))
    assert night(lite) == 0
