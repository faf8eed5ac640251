"""A copy comes back damaged: photo, amount, lifecycle, and who waits for it."""

import io
from typing import Any

import pytest
from PIL import Image

from cataloging.models import Item
from circulation.fees import take_payment
from circulation.ledger import account
from circulation.losses.damage import (
    add_rate,
    cancel_damage,
    end_rate,
    made_small,
    record_damage,
)
from circulation.losses.lost import declare_lost
from circulation.losses.missing import start_search
from circulation.losses.models import Loss
from circulation.models import Hold, ItemSearch, Loan
from circulation.searches import end_search
from circulation.undo import undo
from ils.core.errors import Forbidden, Invalid
from ils.core.files import KeptFile
from tests.circulation.conftest import Library


def photo(width: int = 3000) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (width, width // 2), "red").save(out, "PNG")
    return out.getvalue()


def returned(library: Library) -> tuple[Item, Any, Loan]:
    item, patron = library.item(), library.patron()
    library.lend(item, patron)
    library.take_back(item)
    return item, patron, library.all(Loan)[-1]


def rates(library: Library) -> list[int]:
    with library.writing() as session:
        return [
            add_rate(
                session,
                library.head,
                library_id=library.place.library.id,
                name=name,
                amount=amount,
                percent=percent,
            ).id
            for name, amount, percent in (
                ("Rách bìa", 5_000, None),
                ("Mất trang", None, 50),
                ("Ướt, mốc", None, 100),
            )
        ]


def test_damage_is_recorded_with_photo_and_amount_of_the_list(library: Library) -> None:
    item, patron, loan = returned(library)
    torn, pages, _wet = rates(library)
    done = library.do(
        record_damage,
        item_id=item.id,
        loan_id=loan.id,
        rate_ids=[torn, pages],
        photo=photo(),
        note="trẻ nhỏ xé",
    )
    assert (done.code, done.facts["amount"]) == ("damaged", 30_000)
    case = library.all(Loss)[0]
    assert library.get(Item, item.id).lifecycle == "damaged"
    assert library.get(KeptFile, case.photo_id).mime == "image/jpeg"
    with library.reading() as session:
        assert account(session, patron.id, library.now).owed == 30_000
    (event,) = library.events("item_damaged")
    assert event.amount == 30_000
    library.do(take_payment, patron_id=patron.id, amount=30_000)
    assert library.get(Loss, case.id).state == "settled"
    assert library.get(Item, item.id).lifecycle == "damaged"  # mending is another matter


def test_damages_never_cost_more_than_the_lost_copy(lite: Library) -> None:
    lite.rules(loss_percent_1=100)
    item, _patron, loan = returned(lite)
    done = lite.do(record_damage, item_id=item.id, loan_id=loan.id, rate_ids=rates(lite))
    assert done.facts["amount"] == 50_000


def test_an_amount_set_by_hand_beats_the_list_and_nobody_may_be_asked(lite: Library) -> None:
    item, patron, loan = returned(lite)
    done = lite.do(
        record_damage, item_id=item.id, loan_id=loan.id, amount=7_000, lifecycle="active"
    )
    assert (done.facts["amount"], done.action) == (7_000, "shelve")
    free = lite.do(record_damage, item_id=item.id, lifecycle="repair", amount=9_000)
    assert free.code == "damaged_free"
    assert lite.get(Item, item.id).lifecycle == "repair"
    with lite.reading() as session:
        assert account(session, patron.id, lite.now).owed == 7_000


def test_who_waits_for_a_damaged_copy_waits_again_and_an_undo_brings_it_back(
    library: Library,
) -> None:
    item, patron = library.item(), library.patron()
    library.lend(item, patron)
    held = library.hold(item, library.patron("Phạm Văn Chờ"))
    library.take_back(item)
    assert library.get(Hold, held.hold["id"]).state == "ready"
    loan = library.all(Loan)[-1]
    done = library.do(record_damage, item_id=item.id, loan_id=loan.id, amount=5_000)
    assert library.get(Hold, held.hold["id"]).state == "queued"
    assert library.do(undo, token=done.undo_token).ok
    assert library.get(Hold, held.hold["id"]).state == "ready"
    assert library.get(Item, item.id).lifecycle == "active"
    with library.reading() as session:
        assert account(session, patron.id, library.now).owed == 0


def test_damage_recorded_by_mistake_is_taken_back_also_when_it_was_paid(
    library: Library,
) -> None:
    item, patron, loan = returned(library)
    done = library.do(record_damage, item_id=item.id, loan_id=loan.id, amount=4_000)
    case = done.facts["loss_id"]
    library.do(take_payment, patron_id=patron.id, amount=4_000)
    assert library.get(Loss, case).state == "settled"
    library.later(days=1)
    with pytest.raises(Invalid):
        library.do(cancel_damage, loss_id=case, reason_text=" ")
    assert library.do(cancel_damage, loss_id=case, reason_text="rách từ trước").ok
    assert library.get(Loss, case).state == "cancelled"
    assert library.get(Item, item.id).lifecycle == "active"
    assert library.events("item_damaged", "loss_settled") == []
    with library.reading() as session:
        assert account(session, patron.id, library.now).balance == -4_000
    assert not library.do(cancel_damage, loss_id=case, reason_text="nữa").ok


def test_a_copy_repaired_since_stays_as_it_is(lite: Library) -> None:
    item, _patron, loan = returned(lite)
    done = lite.do(record_damage, item_id=item.id, loan_id=loan.id, amount=4_000)
    with lite.writing() as session:
        session.get_one(Item, item.id).lifecycle = "repair"
    assert lite.do(cancel_damage, loss_id=done.facts["loss_id"], reason_text="nhầm").ok
    assert lite.get(Item, item.id).lifecycle == "repair"


def test_a_copy_on_loan_is_taken_back_first(lite: Library) -> None:
    item = lite.item()
    lite.lend(item, lite.patron())
    assert lite.do(record_damage, item_id=item.id).reason_codes() == ["still_on_loan"]


def test_a_copy_recorded_as_lost_is_taken_back_before_its_damage_is_noted(lite: Library) -> None:
    item = lite.item()
    lite.do(declare_lost, item_id=item.id)
    refused = lite.do(record_damage, item_id=item.id)
    assert refused.reason_codes() == ["needs_return"]
    lite.take_back(item)
    assert lite.do(record_damage, item_id=item.id).ok
    assert lite.get(Item, item.id).lifecycle == "damaged"


def test_photos_are_small_upright_and_real() -> None:
    small = Image.open(io.BytesIO(made_small(photo())))
    assert (small.format, small.size) == ("JPEG", (1600, 800))
    with pytest.raises(Invalid):
        made_small(b"<svg/>")


def test_the_list_is_for_those_who_decide(lite: Library) -> None:
    (first, *_) = rates(lite)
    with pytest.raises(Forbidden), lite.writing() as session:
        end_rate(session, lite.clerk, first)
    with lite.writing() as session:
        end_rate(session, lite.head, first)
    item, _patron, loan = returned(lite)
    from ils.core.errors import NotFound

    with pytest.raises(NotFound):
        lite.do(record_damage, item_id=item.id, loan_id=loan.id, rate_ids=[first])


def test_missing_is_only_what_was_searched_for(lite: Library) -> None:
    item = lite.item()
    assert lite.do(start_search, barcode=item.barcode).ok
    (search,) = lite.all(ItemSearch)
    assert lite.get(Item, item.id).lifecycle == "active"
    ended = lite.do(end_search, search_id=search.id, outcome="missing")
    assert ended.ok
    assert lite.get(Item, item.id).lifecycle == "missing"
    back = lite.take_back(item)
    assert back.code == "found"
