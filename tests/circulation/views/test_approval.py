"""A supervisor approves one act at a clerk's screen: one way for every act that wants a right."""

from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import select

from circulation.desk import perform
from circulation.fees import charge
from circulation.models import LedgerEntry, Loan
from circulation.patrons.models import BlockNote
from circulation.patrons.notes import write_note
from ils.accounts.actor import Actor, actor_for_staff
from ils.accounts.models import Staff
from ils.accounts.pins import new_card, set_pin
from ils.core import db
from ils.core.audit import AuditEntry
from tests import factories
from tests.circulation.views.conftest import FETCH, Desk, open_loans

PIN = "8350"


@pytest.fixture
def head(province: factories.Province) -> Actor:
    with db.transaction() as session:
        return factories.create_actor(session, "head", province.library)


def card_of(actor: Actor) -> dict[str, str]:
    """Give somebody a staff card with a PIN; the fields of whoever approves."""
    with db.transaction() as session:
        assert set_pin(session, actor, PIN, factories.PASSWORD, "")
        return {"approver_card": new_card(session, actor), "approver_pin": PIN}


@pytest.fixture
def owing(desk: Desk, head: Actor) -> Iterator[str]:
    """The page of the account of a reader who owes 5.000 đ."""
    perform(charge, head, patron_id=desk.patron.id, kind="service", amount=5000, key="c")
    return f"/staff/money/patrons/{desk.patron.id}"


def kinds() -> list[str]:
    with db.reading() as session:
        return list(session.scalars(select(LedgerEntry.kind).order_by(LedgerEntry.id)))


def waive(**more: Any) -> dict[str, Any]:
    form = {"act": "waive", "entry": latest(LedgerEntry).id, "reason": "hộ nghèo", "key": "w1"}
    return {**form, **more}


def latest(model: Any) -> Any:
    with db.reading() as session:
        return session.scalars(select(model).order_by(model.id.desc())).first()


def audited(action: str) -> list[AuditEntry]:
    with db.reading() as session:
        return list(session.scalars(select(AuditEntry).where(AuditEntry.action == action)))


def test_what_a_clerk_may_not_do_is_approved_on_the_spot_and_only_once(
    desk: Desk, head: Actor, owing: str
) -> None:
    approves = card_of(head)
    asked = desk.browser.post(owing, data=waive())
    assert asked.status_code == 403
    assert 'name="approver_card"' in asked.text
    assert 'value="hộ nghèo"' in asked.text, "nothing typed is lost"
    assert kinds() == ["service"]
    done = desk.browser.post(owing, data=waive(key="w1-ok", **approves))
    assert done.status_code == 302
    assert kinds() == ["service", "waiver"]
    waived, approved = audited("waived"), audited("act_approved")
    assert [row.facts["approved_by"] for row in waived] == [head.staff_id]
    assert waived[0].actor_id not in (None, head.staff_id)
    assert [row.subject_id for row in approved] == [head.staff_id]
    again = desk.browser.post(owing, data={"act": "charge", "amount": "1k", "kind": "service"})
    assert again.status_code == 403, "the rights were lent to one act"


def test_a_wrong_pin_ones_own_card_or_a_colleague_without_the_right_approve_nothing(
    desk: Desk, head: Actor, owing: str, province: factories.Province
) -> None:
    approves = card_of(head) | {"approver_for": "circulation:fee:waive"}
    wrong = desk.browser.post(owing, data=waive(**approves | {"approver_pin": "0000"}))
    assert "không khớp" in wrong.text
    assert 'value="hộ nghèo"' in wrong.text
    assert len(audited("approval_failed")) == 1
    with db.transaction() as session:
        colleague = factories.create_actor(session, "clerk", province.branch)
    neither = desk.browser.post(owing, data=waive(**card_of(colleague)))
    assert neither.status_code == 403
    assert colleague.name in neither.text
    with db.reading() as session:
        clerk = session.get_one(Staff, audited("approval_failed")[0].actor_id)
        own = card_of(actor_for_staff(session, clerk))
    itself = desk.browser.post(owing, data=waive(**approves | own))
    assert itself.status_code == 409
    assert "người khác duyệt" in itself.text
    assert kinds() == ["service"]


def test_at_the_desk_the_script_is_told_and_the_page_asks(
    desk: Desk, head: Actor, owing: str
) -> None:
    form = waive(act="waive", patron=desk.patron.id, why="hộ nghèo")
    told = desk.browser.post("/staff/desk/act", data=form, headers=FETCH)
    assert told.status_code == 403
    assert told.json["approvable"] == "circulation:fee:waive"
    page = desk.browser.post("/staff/desk/act", data=form)
    assert 'name="approver_pin"' in page.text
    done = desk.browser.post("/staff/desk/act", data={**form, **card_of(head)})
    assert done.status_code == 200
    assert kinds() == ["service", "waiver"]


def test_a_return_dated_far_back_is_approved_in_the_question_bar(desk: Desk, head: Actor) -> None:
    from datetime import timedelta

    from circulation.checkout import check_out
    from ils.core import clock

    with clock.at(clock.now() - timedelta(days=60)):
        perform(check_out, head, barcode=desk.item.barcode, patron_id=desk.patron.id, key="o")
    back = (clock.today() - timedelta(days=50)).strftime("%d/%m/%Y")
    refused = desk.scan(desk.item.barcode, mode="checkin", returned_on=back, key="q")
    assert 'name="approver_card"' in refused["top"]
    facts = {"mode": "checkin", "returned_on": back, "question": "q", "code": "backdate_far"}
    facts |= {"command": "check_in", "barcode": desk.item.barcode, "needs_reason": "1"}
    desk.act("override", **facts, why="tìm thấy trong hộp", **card_of(head))
    assert open_loans() == 0


def test_a_block_of_somebody_else_is_lifted_with_approval(desk: Desk, head: Actor) -> None:
    with db.transaction() as session:
        note = write_note(session, head, desk.patron.id, "Nợ sách cũ", acts=["borrow"])
    address = f"/staff/patrons/{desk.patron.id}/notes/{note.id}/lift"
    assert desk.browser.post(address, data={"why": "đã trả"}).status_code == 403
    assert latest(BlockNote).lifted_at is None
    assert desk.browser.post(address, data={"why": "đã trả", **card_of(head)}).status_code == 302
    assert latest(BlockNote).lifted_at is not None


def test_a_helper_undoes_and_adds_quickly_with_approval(
    desk: Desk, head: Actor, staff_client: Any, province: factories.Province
) -> None:
    helper = staff_client("volunteer", province.branch)
    approves = card_of(head)
    lent = {"scan": desk.item.barcode, "patron": desk.patron.id, "key": "l1"}
    helper.post("/staff/desk/scan", data=lent, headers=FETCH)
    undo = {"act": "undo", "token": "l1"}
    assert helper.post("/staff/desk/act", data=undo).status_code == 403
    assert helper.post("/staff/desk/act", data=undo | approves).status_code == 200
    assert open_loans() == 0
    helper.post("/staff/desk/scan", data=lent | {"key": "l2"}, headers=FETCH)
    late = f"/staff/desk/correct/{latest(Loan).id}"
    assert helper.get(late).status_code == 200
    assert helper.post(late, data={"why": "nhầm thẻ"}).status_code == 403
    assert helper.post(late, data={"why": "nhầm thẻ"} | approves).status_code == 302
    assert open_loans() == 0
    quick = {"act": "fast_add", "title": "Sổ tay", "barcode": "Q0001", "patron": desk.patron.id}
    assert helper.post("/staff/desk/act", data=quick | {"key": "f1"}).status_code == 403
    assert helper.post("/staff/desk/act", data=quick | approves | {"key": "f2"}).status_code == 200
    assert open_loans() == 1


def test_what_is_no_business_of_the_desk_is_never_lent(desk: Desk, head: Actor) -> None:
    refused = desk.browser.post("/staff/admin/staff", data={"name": "x"})
    assert refused.status_code == 403
    assert "approver_card" not in refused.text
    seen = desk.browser.get("/staff/losses/damages")
    assert seen.status_code == 403
    assert "approver_card" not in seen.text, "looking is no act"
