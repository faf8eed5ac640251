"""Copies withdrawn and records deleted at once: what stands against it, decisions, undone as one."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import pytest
from sqlalchemy import Engine, select

from cataloging import hooks
from cataloging.acquisitions.models import OrderLine, PurchaseOrder, Supplier
from cataloging.acquisitions.titles import record_vetoes_of as order_vetoes
from cataloging.batch.acts import deleting, runs, withdrawing
from cataloging.batch.acts.choosing import Source, copies_from, records_from
from cataloging.batch.acts.models import ActLine, ActRun
from cataloging.batch.rules.going import CopyToWithdraw, judge_deletion, judge_withdrawal
from cataloging.change_sets import undo_change_set
from cataloging.models import Item, Record
from cataloging.record_rows import drift
from cataloging.records import delete_record, set_suppressed
from cataloging.serials.models import SerialTitle
from cataloging.serials.vetoes import record_vetoes_of as serial_vetoes
from cataloging.stockbook.models import Voucher, VoucherLine
from cataloging.stockbook.titles import record_vetoes_of as stockbook_vetoes
from cataloging.stockbook.weeding.models import WeedingLine
from circulation import desk, lending
from circulation.checkout import check_out
from circulation.holds import place_hold
from ils.accounts.actor import Actor
from ils.core import clock
from ils.core.db import reading, transaction
from ils.core.errors import Invalid, Refused
from ils.core.events import EventRow
from ils.core.jobs import run_next_job
from tests.factories import (
    Province,
    card_of,
    create_actor,
    create_item,
    create_patron,
    create_province,
    create_record,
)

NUMBERED = CopyToWithdraw("active", True, False, False, True)


@pytest.mark.parametrize(
    ("copy", "reason", "outcome", "reasons"),
    [
        (NUMBERED, "mistake", "will", ()),
        (NUMBERED, "worn", "decision", ("needs_decision",)),
        (replace(NUMBERED, numbered=False), "worn", "will", ()),
        (replace(NUMBERED, lifecycle="withdrawn"), "mistake", "against", ("withdrawn",)),
        (replace(NUMBERED, may_withdraw=False), "mistake", "against", ("no_right",)),
        (replace(NUMBERED, vetoes=("on_loan",)), "worn", "against", ("on_loan",)),
        (replace(NUMBERED, lifecycle="withdrawal_proposed"), "worn", "against", ("on_a_list",)),
        (replace(NUMBERED, lifecycle="lost_settled"), "lost", "decision", ("needs_decision",)),
        (replace(NUMBERED, lifecycle="lost"), "mistake", "against", ("state_of_its_own",)),
        (replace(NUMBERED, local_history=True), "outdated", "against", ("local_history",)),
        (replace(NUMBERED, local_history=True), "lost", "decision", ("needs_decision",)),
        (replace(NUMBERED, entered_later=True), "mistake", "against", ("entered_later",)),
    ],
)
def test_what_stands_in_the_register_goes_by_decision_only(
    copy: CopyToWithdraw, reason: str, outcome: str, reasons: tuple[str, ...]
) -> None:
    judged = judge_withdrawal(copy, reason)
    assert (judged.outcome, judged.reasons) == (outcome, reasons)


def test_a_record_goes_only_when_nothing_hangs_on_it() -> None:
    assert judge_deletion(0, []).outcome == "will"
    held = judge_deletion(2, ["on_loan", "on_loan", "title_on_hold"])
    assert held.reasons == ("has_copies", "on_loan", "title_on_hold")


@dataclass
class Stock:
    province: Province
    actor: Actor


@pytest.fixture
def stock(both: Engine) -> Stock:
    assert both
    lending.register()  # which says what copies are doing
    for vetoes in (stockbook_vetoes, order_vetoes, serial_vetoes):
        hooks.register_record_veto(vetoes)
    with transaction() as session:
        place = create_province(session)
        return Stock(place, create_actor(session, "head", place.branch, place.library))


def look_at(stock: Stock, act: str, plan: dict[str, Any], ids: list[int]) -> int:
    with transaction() as session:
        return runs.make_run(session, stock.actor, act, "Lượt thử", plan, ids).id


def carry_out(stock: Stock, run_id: int) -> int:
    with transaction() as session:
        runs.begin(session, stock.actor, run_id)
    while run_next_job():
        pass
    with reading() as session:
        return session.get_one(ActRun, run_id).change_set_id or 0


def outcomes(run_id: int) -> dict[int, str]:
    with reading() as session:
        lines = session.scalars(
            select(ActLine).where(ActLine.run_id == run_id).order_by(ActLine.subject_id)
        )
        return {one.subject_id: f"{one.outcome} {one.reasons}".strip() for one in lines}


def test_copies_entered_by_mistake_go_and_all_come_back(stock: Stock) -> None:
    with transaction() as session:
        ids = [
            create_item(session, stock.province.branch, lifecycle=state).id
            for state in ("active", "damaged", "withdrawal_proposed")
        ]
    run_id = look_at(stock, "withdraw", withdrawing.plan_of("mistake", "BB 7", None), ids)
    assert list(outcomes(run_id).values()) == ["will", "will", "against on_a_list"]
    change_set_id = carry_out(stock, run_id)

    def states() -> list[str]:
        with reading() as session:
            return list(session.scalars(select(Item.lifecycle).order_by(Item.id)))

    assert states() == ["withdrawn", "withdrawn", "withdrawal_proposed"]
    with reading() as session:
        gone = session.get_one(Item, ids[0])
        assert (gone.withdrawal_reason, gone.withdrawal_decision) == ("mistake", "BB 7")
        kinds = session.scalars(select(EventRow.kind).where(EventRow.item_id == ids[0])).all()
        assert kinds == ["item_withdrawn"]
    with transaction() as session:
        assert undo_change_set(session, stock.actor, change_set_id).items_restored == 2
    assert states() == ["active", "damaged", "withdrawal_proposed"]
    with reading() as session:
        assert session.get_one(Item, ids[0]).withdrawn_on is None
        kinds = session.scalars(select(EventRow.kind).where(EventRow.item_id == ids[0])).all()
        assert kinds == ["item_withdrawn", "act_undone"]


def test_worn_copies_of_the_register_come_on_a_weeding_list(stock: Stock) -> None:
    with transaction() as session:
        ids = [create_item(session, stock.province.branch).id for _ in range(2)]
        unnumbered = create_item(
            session, stock.province.branch, accession_no=None, accession_key=None
        )
        card = card_of(session, create_patron(session, stock.province.branch))
        barcode = session.get_one(Item, ids[1]).barcode
    assert desk.perform(check_out, stock.actor, barcode=barcode, card=card, key="l1").ok
    plan = withdrawing.plan_of("worn", "", None)
    run_id = look_at(stock, "withdraw", plan, [*ids, unnumbered.id])
    assert list(outcomes(run_id).values()) == ["decision needs_decision", "against on_loan", "will"]
    with transaction() as session:
        weeding_id = withdrawing.put_on_list(session, stock.actor, run_id)
    assert outcomes(run_id)[ids[0]] == "listed"
    with reading() as session:
        (line,) = session.scalars(select(WeedingLine)).all()
        assert (line.weeding_id, line.item_id, line.reason) == (weeding_id, ids[0], "worn")
        assert session.get_one(Item, ids[0]).lifecycle == "withdrawal_proposed"
    with transaction() as session, pytest.raises(Refused):
        withdrawing.put_on_list(session, stock.actor, run_id)
    with pytest.raises(Invalid):
        withdrawing.plan_of("bored", "", None)


def test_a_copy_lent_since_it_was_looked_at_stays(stock: Stock) -> None:
    with transaction() as session:
        item = create_item(session, stock.province.branch)
        card = card_of(session, create_patron(session, stock.province.branch))
    plan = withdrawing.plan_of("mistake", "", None)
    run_id = look_at(stock, "withdraw", plan, [item.id])
    assert desk.perform(check_out, stock.actor, barcode=item.barcode, card=card, key="l1").ok
    carry_out(stock, run_id)
    assert outcomes(run_id)[item.id] == "against on_loan"


def test_records_are_deleted_where_nothing_hangs_on_them_and_all_come_back(stock: Stock) -> None:
    place = stock.province
    with transaction() as session:
        free, changed, held, asked, received, ordered, daily = (
            create_record(session, f"Sách {n}", fields=[{"001": f"n{n}"}]).id for n in range(7)
        )
        create_item(session, place.foreign_branch, session.get_one(Record, held))
        patron = create_patron(session, place.branch)
        item = create_item(session, place.branch, session.get_one(Record, asked))
        voucher = Voucher(
            library_id=place.library.id,
            kind="gift",
            entered_on=clock.today(),
            branch_id=place.branch.id,
        )
        supplier = Supplier(name="Nhà sách Sen", unit_id=place.library.id)
        session.add_all([voucher, supplier])
        session.flush()
        order = PurchaseOrder(
            library_id=place.library.id, branch_id=place.branch.id, supplier_id=supplier.id
        )
        session.add(order)
        session.flush()
        session.add_all(
            [
                VoucherLine(
                    voucher_id=voucher.id, record_id=received, copies=1, branch_id=place.branch.id
                ),
                OrderLine(order_id=order.id, record_id=ordered, copies=1),
                SerialTitle(
                    record_id=daily,
                    library_id=place.library.id,
                    branch_id=place.branch.id,
                    starts_on=clock.today(),
                ),
            ]
        )
    asking = desk.perform(
        place_hold,
        stock.actor,
        record_id=asked,
        patron_id=patron.id,
        pickup_branch_id=place.branch.id,
        key="h1",
    )
    assert asking.ok
    with transaction() as session:
        session.get_one(Item, item.id).lifecycle = "withdrawn"
    ids = [free, changed, held, asked, received, ordered, daily]
    run_id = look_at(stock, "delete", {}, ids)
    assert list(outcomes(run_id).values()) == [
        "will",
        "will",
        "against has_copies",
        "against title_on_hold",
        "against on_voucher",
        "against on_order",
        "against serial_title",
    ]
    with transaction() as session:
        for one in (asked, received, ordered):
            with pytest.raises(Refused, match="record_vetoed"):
                delete_record(session, stock.actor, one)
        create_item(session, place.branch, session.get_one(Record, changed))
    change_set_id = carry_out(stock, run_id)
    assert outcomes(run_id)[free] == "done"
    assert outcomes(run_id)[changed] == "against has_copies"
    with reading() as session:
        assert session.get_one(Record, free).deleted_at is not None
        found = records_from(session, stock.actor, Source("numbers", numbers=f"#{free} n1"))
        assert found.unknown == [f"#{free} n1"]
        found = records_from(session, stock.actor, Source("numbers", numbers=f"#{free}, n1, n2"))
        assert (list(found.ids), found.unknown) == ([changed, held], [f"#{free}"])
    with transaction() as session:
        assert undo_change_set(session, stock.actor, change_set_id).records_restored == 1
    with reading() as session:
        back = session.get_one(Record, free)
        assert (back.deleted_at, back.control_number, back.version) == (None, "n0", 3)
        assert list(drift(session)) == []


def test_a_record_brought_back_by_hand_is_left_by_the_undo(stock: Stock) -> None:
    from cataloging.records import restore_record

    with transaction() as session:
        record_id = create_record(session).id
    change_set_id = carry_out(stock, look_at(stock, "delete", {}, [record_id]))
    with transaction() as session:
        restore_record(session, stock.actor, record_id)
        set_suppressed(session, stock.actor, record_id, suppressed=True)
    with transaction() as session:
        done = undo_change_set(session, stock.actor, change_set_id, partial=True)
        assert (done.records_restored, len(done.left)) == (0, 1)
    with reading() as session:
        assert session.get_one(Record, record_id).version == 3


def test_the_librarian_clears_out_titles(
    staff_client: Callable[..., Any], client: Any, province: Province
) -> None:
    with transaction() as session:
        free, held = (create_record(session, f"Cũ {n}").id for n in range(2))
        item = create_item(session, province.branch, session.get_one(Record, held))
    staff = staff_client("cataloguer")
    assert staff.post("/staff/batch/acts/delete", data={}).status_code == 422
    numbers = f"#{free}\n{item.barcode}"
    answer = staff.post("/staff/batch/acts/delete", data={"numbers": numbers})
    page = staff.get(answer.location).text
    assert "Xóa 1 biểu ghi" in page
    against = staff.get(answer.location + "?outcome=against").text
    assert "còn bản trong kho" in against
    there = staff.post(answer.location + "/act", data={"act": "copies", "outcome": "against"})
    assert "/staff/batch/acts/withdraw?basket=" in there.location
    basket_id = there.location.rsplit("=", 1)[1]
    staff.post(answer.location + "/act", data={"act": "do"})
    while run_next_job():
        pass
    assert client.get(f"/record/{free}").status_code == 410
    assert client.get(f"/record/{held}").status_code == 200
    sent = {"basket": basket_id, "reason": "worn", "on": "", "decision": ""}
    assert staff.post("/staff/batch/acts/withdraw", data=sent | {"on": "x"}).status_code == 422
    withdrawal = staff.post("/staff/batch/acts/withdraw", data=sent).location
    assert "Đưa 1 bản vào danh sách thanh lọc" in staff.get(withdrawal).text
    listed = staff.post(withdrawal + "/act", data={"act": "list"})
    assert "Cũ 1" in staff.get(listed.location).text
    with reading() as session:
        set_id = session.scalars(select(ActRun.change_set_id).where(ActRun.act == "delete")).one()
        assert copies_from(session, create_nobody(), Source("numbers", numbers="x")).ids == []
    staff.post(f"/staff/catalog/changes/{set_id}/undo")
    assert client.get(f"/record/{free}").status_code == 200
    with transaction() as session:
        session.add(
            VoucherLine(
                voucher_id=_draft(session, province), record_id=free, copies=1,
                branch_id=province.branch.id,
            )
        )  # fmt: skip
    refused = staff.post(
        f"/staff/catalog/{free}/act", data={"act": "delete"}, follow_redirects=True
    )
    assert "đang trong một chứng từ chưa khóa" in refused.text


def create_nobody() -> Actor:
    return Actor(name="ai đó")


def _draft(session: Any, province: Province) -> int:
    voucher = Voucher(
        library_id=province.library.id,
        kind="gift",
        entered_on=clock.today(),
        branch_id=province.branch.id,
    )
    session.add(voucher)
    session.flush()
    return voucher.id


assert deleting.ACT in runs.KINDS
