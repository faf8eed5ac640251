"""Baskets: what was found, ticked or scanned is put together and goes on to export and labels."""

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy.orm import Session

from cataloging.baskets import contents
from ils.accounts.actor import Actor
from ils.core.db import reading, transaction
from ils.core.errors import NotFound
from tests.factories import Province, create_actor, create_item, create_province, create_record


@pytest.fixture
def staff(staff_client: Callable[..., Any]) -> Any:
    return staff_client("cataloguer")


def inside(basket_id: int) -> tuple[list[int], int]:
    with reading() as session:
        rows = session.query(contents.BasketRecord.record_id).filter_by(basket_id=basket_id)
        return sorted(r for (r,) in rows), contents.how_many_items(session, basket_id)


def basket_of(answer: Any) -> int:
    return int(answer.location.rsplit("/", 1)[1])


def test_what_a_search_finds_goes_into_a_basket_and_out_as_a_file(
    staff: Any, province: Province
) -> None:
    with transaction() as session:
        ids = [create_record(session, title).id for title in ("Số đỏ", "Số phận", "Tắt đèn")]
    ticked = {"basket": "Tháng này", "which": "ticked", "record": [str(ids[2])]}
    basket_id = basket_of(staff.post("/staff/baskets/take", data=ticked))
    assert inside(basket_id)[0] == [ids[2]]
    found = {"basket": "Tháng này", "which": "all", "q": "số"}
    assert basket_of(staff.post("/staff/baskets/take", data=found)) == basket_id
    assert inside(basket_id)[0] == ids
    lines = staff.get(f"/staff/export/?basket={basket_id}&format=ndjson&act=download").data
    assert len(lines.splitlines()) == 3
    assert "3 biểu ghi" in staff.get(f"/staff/export/?basket={basket_id}&act=count").text


def test_scanned_and_typed_numbers_are_copies_or_records_or_told(
    staff: Any, province: Province
) -> None:
    with transaction() as session:
        item = create_item(session, province.branch)
        other = create_item(session, province.branch)
        alone = create_record(session, "Không có bản nào")
        barcode, number = str(item.barcode), str(other.accession_no)
        ids = sorted((item.record_id, other.record_id, alone.id))
    basket_id = basket_of(staff.post("/staff/baskets/", data={"name": "Quét"}))
    typed = f"{barcode.lower()}\n{number}, #{alone.id}\n{barcode}\nXYZ-9"
    page = staff.post(
        f"/staff/baskets/{basket_id}/add", data={"numbers": typed}, follow_redirects=True
    ).text
    assert inside(basket_id) == (ids, 2)
    assert "XYZ-9" in page
    assert number in page
    assert number in staff.get(f"/staff/catalog/labels?basket={basket_id}").text


def test_baskets_are_combined_emptied_and_deleted(province: Province) -> None:
    with transaction() as session:
        actor = create_actor(session, "cataloguer", province.library)
        a, b, c = (create_record(session, title).id for title in ("A", "B", "C"))
        one, two = (contents.open_basket(session, actor, name) for name in ("một", "hai"))
        contents.add_records(session, actor, one.id, [a, b])
        contents.add_records(session, actor, two.id, [b, c])

        def after(way: str) -> tuple[int, ...]:
            contents.combine(session, actor, one.id, two.id, way)
            return contents.record_ids(session, actor, one.id)

        assert after("add") == (a, b, c)
        assert after("keep") == (b, c)
        assert after("take") == ()
        assert contents.record_ids(session, actor, two.id) == (b, c)
        contents.remove_records(session, actor, two.id, [b])
        assert contents.record_ids(session, actor, two.id) == (c,)
        contents.delete_basket(session, actor, two.id)
        assert [basket.name for basket, *_n in contents.baskets_of(session, actor)] == ["một"]


def test_a_copy_goes_out_with_its_record(both_session: Session) -> None:
    place = create_province(both_session)
    actor = create_actor(both_session, "cataloguer", place.library)
    item, other = (create_item(both_session, place.branch) for _ in range(2))
    scanned = contents.open_basket(both_session, actor, "Quét")
    done = contents.add_typed(
        both_session, actor, scanned.id, f"{item.barcode}\n{other.accession_no}\nX-1"
    )
    assert (done.records, done.items, done.unknown) == (2, 2, ["X-1"])
    found = contents.open_basket(both_session, actor, "Tìm")
    assert contents.add_records(both_session, actor, found.id, [item.record_id]) == 1
    contents.combine(both_session, actor, scanned.id, found.id, "take")
    assert contents.record_ids(both_session, actor, scanned.id) == (other.record_id,)
    assert contents.item_ids(both_session, actor, scanned.id) == (other.id,)
    assert [row[1:] for row in contents.baskets_of(both_session, actor)] == [(1, 1), (1, 0)]


def test_nobody_sees_the_basket_of_another(province: Province) -> None:
    with transaction() as session:
        mine: Actor = create_actor(session, "cataloguer", province.library)
        other: Actor = create_actor(session, "cataloguer", province.library)
        basket = contents.open_basket(session, mine, "của tôi")
        with pytest.raises(NotFound):
            contents.basket_for(session, other, basket.id)
