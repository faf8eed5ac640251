"""Weeding: a list, its council, the decision that withdraws, and what became of the copies."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

import circulation.lending
from cataloging.baskets.contents import add_records, add_typed, open_basket
from cataloging.hooks import register_let_back
from cataloging.items import take_back_withdrawal
from cataloging.models import Item, ItemType, Register
from cataloging.stockbook.books.balance import balance_of
from cataloging.stockbook.books.pages import print_final
from cataloging.stockbook.books.shelf import book_for
from cataloging.stockbook.vouchers import (
    LineFacts,
    VoucherFacts,
    add_title,
    close_voucher,
    open_voucher,
    reopen_voucher,
)
from cataloging.stockbook.weeding import candidates, carrying, papers
from cataloging.stockbook.weeding.deciding import (
    DisposalFacts,
    correct_papers,
    decide,
    disposals_of,
    dispose,
    let_back,
    papers_of,
    restore,
    take_back_disposal,
)
from cataloging.stockbook.weeding.judging import CopyToJudge, against, may_be_proposed
from cataloging.stockbook.weeding.models import Weeding, WeedingLine
from cataloging.stockbook.weeding.proposals import (
    HeadFacts,
    begin_weeding,
    change_head,
    give_up,
    lines_of,
    propose,
    sums_of,
    take_off,
)
from circulation.losses.models import Loss
from circulation.models import Loan
from ils.accounts.actor import Actor
from ils.core import clock, jobs
from ils.core.db import transaction
from ils.core.errors import Forbidden, IlsError, Invalid, NotFound, Refused
from ils.core.events import EventRow
from tests.factories import (
    LONG_AGO,
    Province,
    create_actor,
    create_collection,
    create_item,
    create_patron,
    create_province,
    create_record,
    create_register,
)

COUNCIL = ({"name": "Trần Thị Sen", "role": "Chủ tịch Hội đồng"},)


@pytest.fixture(autouse=True)
def the_house() -> None:
    """The rooms that answer the catalogue, as the application installs them."""
    circulation.lending.register()
    register_let_back(let_back)


@pytest.fixture
def place(both_session: Session) -> Province:
    made = create_province(both_session)
    both_session.add_all(
        ItemType(code=code, name=code, order=9)
        for code in ("local", "serial")
        if both_session.get(ItemType, code) is None
    )
    both_session.flush()
    return made


@pytest.fixture
def head(both_session: Session, place: Province) -> Actor:
    return create_actor(both_session, "head", place.library)


@pytest.fixture
def register(both_session: Session, place: Province) -> Register:
    return create_register(both_session, place.library, "VN")


def with_papers(**more: Any) -> HeadFacts:
    today = clock.today()
    facts = {"minutes_no": "02/BB", "met_on": today, "decision_no": "12/QĐ", "decided_on": today}
    return HeadFacts("Đợt 1", COUNCIL, **(facts | more))


def copies(session: Session, place: Province, count: int, **more: Any) -> list[Item]:
    return [create_item(session, place.branch, **more) for _ in range(count)]


def listed(
    session: Session, head: Actor, place: Province, items: list[Item], reason: str = "worn"
) -> Weeding:
    weeding = begin_weeding(session, head, place.library.id, with_papers())
    done = propose(session, head, weeding.id, [item.id for item in items], reason=reason)
    assert done.count == len(items)
    return weeding


def ids_of_lines(session: Session, weeding: Weeding) -> list[int]:
    return [one.line.id for one in lines_of(session, weeding)]


def lend(session: Session, place: Province, item: Item) -> Loan:
    loan = Loan(
        item_id=item.id,
        patron_id=create_patron(session, place.branch).id,
        branch_id=place.branch.id,
        record_id=item.record_id,
        started_on=clock.today(),
        due_on=clock.today(),
        started_at=clock.now(),
    )
    session.add(loan)
    session.flush()
    return loan


def withdrawals(session: Session) -> list[EventRow]:
    voided = select(EventRow.voids_id).where(EventRow.voids_id.is_not(None))
    query = select(EventRow).where(EventRow.kind == "item_withdrawn", EventRow.id.not_in(voided))
    return list(session.scalars(query))


@pytest.mark.parametrize(
    ("copy", "reason", "said"),
    [
        (CopyToJudge(True, "active", None), "outdated", ["local_history"]),
        (CopyToJudge(True, "lost_settled", None), "lost", []),
        (CopyToJudge(False, "withdrawn", None), "worn", ["withdrawn"]),
        (CopyToJudge(False, "active", None, ("on_loan",)), "worn", ["on_loan"]),
        (CopyToJudge(False, "active", clock.today()), "worn", ["entered_later"]),
    ],
)
def test_what_speaks_against_a_copy(copy: CopyToJudge, reason: str, said: list[str]) -> None:
    assert against(copy, reason, clock.today() - timedelta(days=1)) == said
    assert may_be_proposed(copy, reason) == (said[0] if said[:1] in (["local_history"], ["withdrawn"]) else "")  # fmt: skip


def test_a_decision_withdraws_writes_part_two_and_the_accession_lines(
    both_session: Session, place: Province, head: Actor, register: Register
) -> None:
    session = both_session
    items = copies(session, place, 3, register_id=register.id)
    for serial, item in enumerate(items, 1):
        item.serial = serial
    weeding = listed(session, head, place, items[:2])
    assert {item.lifecycle for item in items} == {"withdrawal_proposed", "active"}
    assert decide(session, head, weeding.id) == 2
    assert [item.lifecycle for item in items] == ["withdrawn", "withdrawn", "active"]
    today = f"{clock.today():%d/%m/%Y}"
    assert papers_of(weeding) == f"BB 02/BB, {today}; QĐ 12/QĐ"
    (line,) = book_for(session, place.library.id, "withdrawals").lines(session)
    assert line.values["paper"] == papers_of(weeding)
    assert [line.values[k] for k in ("copies", "value", "r_worn")] == [2, 100_000, 2]
    first = book_for(session, place.library.id, f"accession-{register.id}").lines(session)[0]
    assert first.values["out"] == f"{today} – {papers_of(weeding)}"
    assert [event.facts["decision"] for event in withdrawals(session)] == [papers_of(weeding)] * 2
    assert balance_of(session, place.library.id).now.gone == 2
    with pytest.raises(Refused, match="weeding_decided"):
        give_up(session, head, weeding.id)


def test_what_is_in_use_is_named_and_nothing_is_withdrawn_until_it_is_back(
    both_session: Session, place: Province, head: Actor
) -> None:
    session = both_session
    free, lent = copies(session, place, 2)
    lend(session, place, lent)
    weeding = listed(session, head, place, [free, lent])
    assert {one.item.id: one.against for one in lines_of(session, weeding) if one.against} == {
        lent.id: ["on_loan"]
    }
    with pytest.raises(Refused, match="weeding_stopped"):
        decide(session, head, weeding.id)
    assert withdrawals(session) == []
    stopped = [one.line.id for one in lines_of(session, weeding) if one.against]
    assert take_off(session, head, weeding.id, stopped) == 1
    assert lent.lifecycle == "active"
    assert decide(session, head, weeding.id) == 1


def test_local_history_never_comes_on_a_list_and_no_copy_on_two(
    both_session: Session, place: Province, head: Actor
) -> None:
    session = both_session
    shelf = create_collection(session, place.library, "DC")
    shelf.name = "Kho địa chí"
    (local,) = copies(session, place, 1, collection_id=shelf.id)
    (kind,) = copies(session, place, 1, item_type="local")
    (plain,) = copies(session, place, 1)
    foreign = create_item(session, place.foreign_branch)
    weeding = begin_weeding(session, head, place.library.id, with_papers())
    ids = [one.id for one in (local, kind, plain, foreign)]
    done = propose(session, head, weeding.id, ids, reason="outdated")
    assert done.count == 1
    assert {code: len(n) for code, n in done.refused.items()} == {
        "local_history": 2,
        "other_library": 1,
    }
    other = begin_weeding(session, head, place.library.id, HeadFacts("Đợt 2"))
    done = propose(session, head, other.id, [plain.id], reason="worn")
    assert (done.count, list(done.refused)) == (0, ["on_a_list"])
    local.lifecycle = "lost_settled"
    assert propose(session, head, other.id, [local.id], reason="lost").count == 1


def test_given_up_before_the_decision_every_copy_is_as_it_was(
    both_session: Session, place: Province, head: Actor
) -> None:
    session = both_session
    (whole,) = copies(session, place, 1)
    (torn,) = copies(session, place, 1, lifecycle="damaged")
    weeding = listed(session, head, place, [whole, torn])
    give_up(session, head, weeding.id)
    assert (weeding.state, whole.lifecycle, torn.lifecycle) == ("struck", "active", "damaged")
    assert listed(session, head, place, [whole, torn]).state == "proposed"


def test_a_decision_needs_its_papers_and_the_right(
    both_session: Session, place: Province, head: Actor
) -> None:
    session = both_session
    weeding = listed(session, head, place, copies(session, place, 1))
    change_head(session, head, weeding.id, HeadFacts("Đợt 1", COUNCIL, minutes_no="1"))
    with pytest.raises(Invalid, match="weeding_papers_missing"):
        decide(session, head, weeding.id)
    tomorrow = clock.today() + timedelta(days=1)
    with pytest.raises(Invalid, match="weeding_day_impossible"):
        change_head(session, head, weeding.id, with_papers(decided_on=tomorrow))
    yesterday = clock.today() - timedelta(days=1)
    with pytest.raises(Invalid, match="weeding_decided_before_meeting"):
        change_head(session, head, weeding.id, with_papers(decided_on=yesterday))
    with pytest.raises((Forbidden, NotFound)):
        decide(session, create_actor(session, "clerk", place.library), weeding.id)
    with pytest.raises(NotFound):
        decide(session, create_actor(session, "head", place.foreign_library), weeding.id)


def test_a_lost_copy_made_good_at_the_desk_comes_into_part_two_with_the_desks_minutes(
    both_session: Session, place: Province, head: Actor
) -> None:
    session = both_session
    (lost,) = copies(session, place, 1, lifecycle="lost_settled")
    case = Loss(
        kind="lost",
        item_id=lost.id,
        branch_id=place.branch.id,
        happened_on=clock.today(),
        why="declared",
        way="money",
        state="settled",
        settled_on=clock.today(),
        settled_how="payment",
    )
    session.add(case)
    session.flush()
    assert candidates.by_rule(session, place.library.id, "lost") == [lost.id]
    weeding = listed(session, head, place, [lost], "lost")
    assert lost.lifecycle == "lost_settled"
    (one,) = lines_of(session, weeding)
    assert f"MT-{case.id:05d}" in one.line.note
    decide(session, head, weeding.id)
    (line,) = book_for(session, place.library.id, "withdrawals").lines(session)
    assert (line.values["copies"], line.values["r_lost"]) == (1, 1)
    restore(session, head, weeding.id, ids_of_lines(session, weeding), "tìm thấy lại")
    assert papers.rows_of(session, weeding) == sums_of(session, weeding.id) == []
    assert sums_of(session, weeding.id, restored=True)[0][:2] == ("lost", 1), "as it was signed"
    assert lost.lifecycle == "lost_settled"


def test_what_became_of_the_copies_is_recorded_by_minutes_and_can_be_taken_back(
    both_session: Session, place: Province, head: Actor
) -> None:
    session = both_session
    weeding = listed(session, head, place, copies(session, place, 3))
    decide(session, head, weeding.id)
    first, second, third = ids_of_lines(session, weeding)
    sold = DisposalFacts("sold", "3/BB", clock.today(), "Cơ sở thu mua", 15_000)
    with pytest.raises(Invalid, match="disposal_receiver_missing"):
        dispose(session, head, weeding.id, [first], DisposalFacts("sold", "3", clock.today()))
    sale = dispose(session, head, weeding.id, [first, second], sold)
    dispose(session, head, weeding.id, [second, third], DisposalFacts("destroyed", "4", clock.today()))  # fmt: skip
    assert [d.kind for d in disposals_of(session, weeding.id)] == ["sold", "destroyed"]
    for disposal in disposals_of(session, weeding.id):
        assert papers.disposal_pdf(session, weeding, disposal)[:5] == b"%PDF-"
    with pytest.raises(Refused, match="weeding_disposed"):
        restore(session, head, weeding.id, [first], "nhầm")
    item_id = session.get_one(WeedingLine, first).item_id
    with pytest.raises(Refused, match="weeding_disposed"):
        take_back_withdrawal(session, head, item_id)
    take_back_disposal(session, head, weeding.id, sale.id)
    assert restore(session, head, weeding.id, [first], "nhầm") == 1
    assert session.get_one(Item, item_id).lifecycle == "active"
    assert len(withdrawals(session)) == 2
    assert [(code, n) for code, n, _value in sums_of(session, weeding.id)] == [("worn", 2)]
    assert listed(session, head, place, [session.get_one(Item, item_id)]).id != weeding.id


def test_a_copy_taken_back_on_its_own_page_leaves_the_list_too(
    both_session: Session, place: Province, head: Actor
) -> None:
    session = both_session
    (item,) = copies(session, place, 1)
    weeding = listed(session, head, place, [item])
    decide(session, head, weeding.id)
    take_back_withdrawal(session, head, item.id)
    assert [one.line.state for one in lines_of(session, weeding)] == ["restored"]


def test_numbers_typed_wrong_are_put_right_on_the_copies_too(
    both_session: Session, place: Province, head: Actor
) -> None:
    session = both_session
    (item,) = copies(session, place, 1)
    weeding = listed(session, head, place, [item])
    decide(session, head, weeding.id)
    words = {"minutes_no": "5/BB", "met_on": clock.today(), "decided_by": "Giám đốc"}
    correct_papers(session, head, weeding.id, decision_no="21/QĐ", **words)
    assert item.withdrawal_decision == papers_of(weeding) != ""
    (line,) = book_for(session, place.library.id, "withdrawals").lines(session)
    assert line.values["paper"].endswith("QĐ 21/QĐ")


def test_rules_find_what_they_say(both_session: Session, place: Province, head: Actor) -> None:
    session, library = both_session, place.library.id
    used, unused = copies(session, place, 2, accessioned_on=LONG_AGO)
    (paper,) = copies(session, place, 1, accessioned_on=LONG_AGO, item_type="serial")
    copies(session, place, 1, accessioned_on=clock.today())
    (torn,) = copies(session, place, 1, accessioned_on=clock.today(), lifecycle="damaged")
    session.add(
        EventRow(
            kind="loan_checked_out",
            item_id=used.id,
            recorded_at=clock.now(),
            effective_at=clock.now(),
            effective_on=clock.today(),
            facts={},
        )
    )
    session.flush()
    assert candidates.by_rule(session, library, "unused") == [unused.id, paper.id]
    assert candidates.by_rule(session, library, "newspapers") == [paper.id]
    assert candidates.by_rule(session, library, "damaged") == [torn.id]
    law = create_record(session, "Bộ luật Dân sự")
    law.class_number, law.year = "346.597", clock.today().year - 8
    (code,) = copies(session, place, 1, record=law, accessioned_on=clock.today())
    assert candidates.by_rule(session, library, "law") == [code.id]
    assert candidates.by_rule(session, library, "law", 9) == []
    assert code.id in candidates.by_rule(session, library, "old", 8)
    law.material = "serial"
    assert code.id not in candidates.by_rule(session, library, "old", 8), "begun then, not printed"
    listed(session, head, place, [unused])
    assert candidates.by_rule(session, library, "unused") == [paper.id]
    with pytest.raises(Invalid):
        candidates.by_rule(session, library, "nonsense")


def test_lists_are_filled_from_scans_baskets_and_searches(
    both_session: Session, place: Province, head: Actor
) -> None:
    session, library = both_session, place.library.id
    one, two = copies(session, place, 2)
    foreign = create_item(session, place.foreign_branch)
    found, unknown = candidates.by_numbers(session, head, f"{one.barcode}\n{two.accession_no},X9")
    assert (found, unknown) == ([one.id, two.id], ["X9"])
    basket = open_basket(session, head, "Rách")
    add_records(session, head, basket.id, [one.record_id, foreign.record_id])
    assert candidates.by_basket(session, head, library, basket.id) == [one.id]
    add_typed(session, head, basket.id, two.barcode or "")
    assert candidates.by_basket(session, head, library, basket.id) == [two.id]
    with pytest.raises(Invalid):
        candidates.by_search(session, library, " ")


def test_a_list_goes_its_whole_way_in_the_browser(
    staff_client: Callable[..., Any], province: Province
) -> None:
    browser = staff_client("head", province.library)
    with transaction() as session:
        items = copies(session, province, 2)
        codes = [item.barcode for item in items]
        item_ids = [item.id for item in items]
    made = browser.post("/staff/stockbook/weeding/", data={"name": "Đợt 1"})
    path = made.headers["Location"]
    assert browser.post("/staff/stockbook/weeding/", data={"name": ""}).status_code == 422
    browser.post(f"{path}/add", data={"numbers": "\n".join([*codes, "X9"]), "reason": "worn"})
    page = browser.get(path).text
    assert "X9" in page
    assert browser.get(f"{path}?rule=unused&years=0").status_code == 200
    today = f"{clock.today():%d/%m/%Y}"
    papers = {"name": "Đợt 1", "minutes_no": "1/BB", "met_on": today, "decision_no": "2/QĐ"}
    seats = {"seat_name": ["Trần Thị Sen", ""], "seat_role": ["Chủ tịch", ""]}
    short = browser.post(f"{path}/act", data=papers | seats | {"act": "decide"})
    assert short.status_code == 422
    assert "Trần Thị Sen" in short.text
    for name in ("list.pdf", "list.xlsx", "minutes.pdf"):
        assert browser.get(f"{path}/{name}").status_code == 200
    whole = papers | seats | {"decided_on": today}
    assert browser.post(f"{path}/act", data=whole | {"act": "decide"}).status_code == 302
    with transaction() as session:
        gone = select(func.count()).where(Item.lifecycle == "withdrawn", Item.id.in_(item_ids))
        assert session.scalar(gone) == 2
        lines = session.scalars(select(WeedingLine.id)).all()
    facts = {"act": "dispose", "kind": "destroyed", "number": "3/BB", "dated_on": today}
    browser.post(f"{path}/act", data=facts | {"line": [lines[0]]})
    assert "3/BB" in browser.get(path).text
    browser.post(f"{path}/act", data={"act": "restore", "line": [lines[1]], "why": "nhầm"})
    with transaction() as session:
        assert session.scalar(gone) == 1
    assert browser.get("/staff/stockbook/weeding/").status_code == 200


def test_a_voucher_opened_again_takes_its_copies_off_a_list(
    both_session: Session, place: Province, head: Actor
) -> None:
    session = both_session
    facts = VoucherFacts("gift", place.branch.id, number="1", dated_on=clock.today())
    voucher = open_voucher(session, head, facts)
    add_title(session, head, voucher.id, LineFacts(1), record_id=create_record(session).id)
    weeding = listed(session, head, place, close_voucher(session, head, voucher.id))
    reopen_voucher(session, head, voucher.id)
    session.expire_all()
    assert lines_of(session, weeding) == []


def test_two_who_decide_at_once_withdraw_every_copy_once(both: Any) -> None:
    with transaction() as session:
        place = create_province(session)
        actor = create_actor(session, "head", place.library)
        weeding_id = listed(session, actor, place, copies(session, place, 3)).id

    def judge(_n: int) -> str:
        try:
            with transaction() as session:
                return str(decide(session, actor, weeding_id))
        except IlsError as error:
            return error.code

    with ThreadPoolExecutor(3) as pool:
        said = sorted(pool.map(judge, range(3)))
    assert said == ["3", "weeding_decided", "weeding_decided"]
    with transaction() as session:
        assert len(withdrawals(session)) == 3


def test_a_long_list_is_withdrawn_part_by_part_and_put_back_as_one(
    both: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(carrying, "LARGE", 3)
    monkeypatch.setattr(carrying, "AT_ONCE", 2)
    monkeypatch.setattr(carrying, "PAUSE", 0)
    with transaction() as session:
        place = create_province(session)
        actor = create_actor(session, "head", place.library)
        items = copies(session, place, 5)
        weeding_id = listed(session, actor, place, items).id
        assert carrying.decide_list(session, actor, weeding_id) is None
        with pytest.raises(Refused, match="weeding_under_way"):
            restore(session, actor, weeding_id, [], "nhầm")
        with pytest.raises(Refused, match="book_on_the_move"):
            print_final(session, actor, place.library.id, "withdrawals", with_rest=True)
        loan_id = lend(session, place, items[3]).id
    assert jobs.run_next_job()
    with transaction() as session:
        weeding = session.get_one(Weeding, weeding_id)
        assert len(withdrawals(session)) == 4, "all but the one lent meanwhile"
        [left] = [one for one in lines_of(session, weeding) if one.line.state == "proposed"]
        assert (weeding.state, left.against) == ("decided", ["on_loan"])
        session.delete(session.get_one(Loan, loan_id))
        session.flush()
        carrying.go_on(session, actor, weeding_id)
    assert jobs.run_next_job()
    with transaction() as session:
        assert len(withdrawals(session)) == 5
        [line] = book_for(session, place.library.id, "withdrawals").lines(session)
        assert line.values["copies"] == 5
        assert carrying.restore_all(session, actor, weeding_id, "nhầm") is None
    assert jobs.run_next_job()
    with transaction() as session:
        assert withdrawals(session) == []
