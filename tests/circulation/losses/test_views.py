"""Losses in the browser, as clerk and head use the pages: nothing typed is lost, every act is told."""

import io
from typing import Any

import pytest
from PIL import Image
from sqlalchemy import select

from cataloging.models import Item
from circulation import desk
from circulation.checkin import check_in
from circulation.checkout import check_out
from circulation.losses.models import Claim, DamageRate, Loss, LossProposal
from circulation.losses.proposals import propose_lost
from circulation.models import Loan
from ils.core import clock, db
from ils.org.settings import set_setting
from tests import factories

HOME = "/staff/losses/"


@pytest.fixture
def head(staff_client: Any, province: factories.Province) -> Any:
    return staff_client("head", province.branch)


@pytest.fixture
def lent(province: factories.Province) -> Any:
    """A copy lent ninety days ago: (loan, item, patron)."""
    from datetime import timedelta

    with db.transaction() as session:
        item = factories.create_item(session, province.branch)
        patron = factories.create_patron(session, province.branch, "Đặng Văn Mất")
        actor = factories.create_actor(session, "head", province.branch)
    with clock.at(clock.now() - timedelta(days=90)):
        desk.perform(check_out, actor, barcode=item.barcode, patron_id=patron.id, key="v1")
    with db.reading() as session:
        return session.scalars(select(Loan)).one(), item, patron, actor


def one(model: Any) -> Any:
    with db.reading() as session:
        return session.scalars(select(model)).one()


def lifecycle(item: Item) -> str:
    with db.reading() as session:
        return session.get_one(Item, item.id).lifecycle


def test_a_loan_is_recorded_as_lost_paid_and_its_minutes_are_printed(head: Any, lent: Any) -> None:
    loan, item, _patron, _actor = lent
    page = head.get(f"{HOME}loan/{loan.id}").text
    assert "150.000 đ" in page
    made = head.post(
        f"{HOME}loan/{loan.id}",
        data={"act": "lost", "way": "money", "note": "rơi xuống sông"},
        follow_redirects=True,
    )
    case = one(Loss)
    assert made.request.path == f"{HOME}case/{case.id}"
    assert "160.000" in made.text
    minutes = head.get(f"{HOME}case/{case.id}/minutes.pdf")
    assert minutes.data.startswith(b"%PDF")
    assert head.get(f"{HOME}case/{case.id}/minutes.pdf?size=a4").status_code == 200
    paid = head.post(f"{HOME}case/{case.id}", data={"act": "pay"}, follow_redirects=True)
    assert paid.status_code == 200
    assert one(Loss).state == "settled"
    assert lifecycle(item) == "lost_settled"
    assert "Đặng Văn Mất" in head.get(f"{HOME}?tab=lost&state=settled").text


def test_a_day_that_is_none_keeps_what_was_typed(head: Any, lent: Any) -> None:
    answer = head.post(
        f"{HOME}loan/{lent[0].id}", data={"act": "lost", "on": "hôm kia", "note": "rơi ở đò"}
    )
    assert answer.status_code == 422
    assert "rơi ở đò" in answer.text


def test_a_claim_is_searched_for_twice_from_the_list(head: Any, lent: Any) -> None:
    loan, item, _patron, _actor = lent
    head.post(f"{HOME}loan/{loan.id}", data={"act": "returned", "note": "trả hôm 3/5"})
    claim = one(Claim)
    assert "Đặng Văn Mất" in head.get(f"{HOME}?tab=claims").text
    head.post(f"{HOME}claim/{claim.id}", data={"act": "tick"})
    assert one(Claim).searched_1 == clock.today()
    head.post(f"{HOME}claim/{claim.id}", data={"act": "tick"})  # the second is not due yet
    assert one(Claim).searched_2 is None
    head.post(f"{HOME}claim/{claim.id}", data={"act": "on_shelf"})
    assert one(Claim).resolution == "on_shelf"
    assert lifecycle(item) == "active"


def test_proposals_are_approved_by_ticking(
    head: Any, lent: Any, province: factories.Province
) -> None:
    _loan, item, _patron, actor = lent
    with db.transaction() as session:
        set_setting(session, actor, province.library.id, "notices.before_lost", False)
        propose_lost(session)
    proposal = one(LossProposal)
    assert "Đặng Văn Mất" in head.get(HOME).text
    head.post(f"{HOME}proposals", data={"act": "approve"})  # none ticked
    assert lifecycle(item) == "active"
    head.post(f"{HOME}proposals", data={"act": "approve", "proposal": proposal.id})
    assert lifecycle(item) == "lost"
    assert one(Loan).lost_on == clock.today()


def test_damage_with_a_photo_of_a_phone(head: Any, lent: Any) -> None:
    loan, item, _patron, actor = lent
    desk.perform(check_in, actor, barcode=item.barcode, key="v2")
    head.post(f"{HOME}damages", data={"name": "Rách bìa", "amount": "5.000"})
    rate = one(DamageRate)
    picture = io.BytesIO()
    Image.new("RGB", (800, 600), "red").save(picture, "JPEG")
    typed = {"act": "damage", "asked": "1", "loan": loan.id, "rate": rate.id, "note": "gáy bong"}
    bad = head.post(
        f"{HOME}item/{item.id}", data={**typed, "photo": (io.BytesIO(b"no picture"), "x.jpg")}
    )
    assert bad.status_code == 422
    assert "gáy bong" in bad.text
    done = head.post(
        f"{HOME}item/{item.id}",
        data={**typed, "photo": (io.BytesIO(picture.getvalue()), "x.jpg")},
        follow_redirects=True,
    )
    case = one(Loss)
    assert done.request.path == f"{HOME}case/{case.id}"
    assert head.get(f"/staff/files/{case.photo_id}").mimetype == "image/jpeg"
    assert lifecycle(item) == "damaged"
    head.post(f"{HOME}damages/{rate.id}")
    assert "Rách bìa" not in head.get(f"{HOME}damages").text


def test_what_was_just_done_is_undone_by_one_press(head: Any, lent: Any) -> None:
    loan, item, _patron, _actor = lent
    address = f"{HOME}loan/{loan.id}"
    assert "just-done" not in head.get(address).text
    made = head.post(address, data={"act": "lost", "key": "j1"}, follow_redirects=True)
    token = "j1-lost"
    assert f'value="{token}"' in made.text
    head.post(f"{HOME}undo", data={"token": token, "back": address})
    assert lifecycle(item) == "active"
    assert "just-done" not in head.get(address).text


def test_a_mistake_is_taken_back_later_from_the_pages(head: Any, lent: Any) -> None:
    loan, item, _patron, _actor = lent
    address = f"{HOME}loan/{loan.id}"
    head.post(address, data={"act": "returned"})
    claim = f"{HOME}claim/{one(Claim).id}"
    head.post(claim, data={"act": "tick"})
    head.post(claim, data={"act": "untick"})
    assert one(Claim).searched_1 is None
    head.post(claim, data={"act": "free", "why": "sắp nghỉ"})
    assert lifecycle(item) == "missing"
    assert "take_up" in head.get(address).text
    head.post(claim, data={"act": "take_up", "why": "nhầm"})
    assert (one(Claim).resolution, lifecycle(item)) == (None, "active")
    head.post(claim, data={"act": "free", "why": "sắp nghỉ"})
    assert "losses/found" in head.get(f"{HOME}?tab=missing").text
    head.post(f"{HOME}found", data={"barcode": item.barcode, "key": "f1"})
    assert lifecycle(item) == "active"
    damaged = {"act": "damage", "asked": "1", "loan": loan.id, "amount": "4000"}
    head.post(f"{HOME}item/{item.id}", data=damaged)
    case = f"{HOME}case/{one(Loss).id}"
    assert "cancel_damage" in head.get(case).text
    head.post(case, data={"act": "cancel_damage", "why": "rách từ trước"})
    assert (one(Loss).state, lifecycle(item)) == ("cancelled", "active")


def test_a_clerk_decides_nothing(staff_client: Any, province: Any, lent: Any) -> None:
    clerk = staff_client("clerk", province.branch)
    assert clerk.get(HOME).status_code == 200
    assert clerk.post(f"{HOME}proposals", data={"proposal": 1}).status_code == 403
    assert clerk.get(f"{HOME}damages").status_code == 403
    refused = clerk.post(f"{HOME}loan/{lent[0].id}", data={"act": "lost", "way": "none"})
    assert refused.status_code == 403


@pytest.mark.parametrize("tab", ["proposals", "claims", "lost", "damaged", "missing"])
def test_every_list_is_taken_away(head: Any, lent: Any, tab: str) -> None:
    for form in ("xlsx", "pdf"):
        assert head.get(f"{HOME}list.{form}?tab={tab}&q=mất&sort=-title").status_code == 200
    assert head.get(f"{HOME}?tab={tab}&q=mất&sort=title&state=all&page=2").status_code == 200
