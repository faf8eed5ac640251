"""Pages of copies, labels, the lists of stock, and undoing changes."""

import re
from typing import Any

import pytest
from sqlalchemy import select

from cataloging.items import CopyFacts, add_items
from cataloging.marc.project import project
from cataloging.models import ChangeSet, Collection, Item, ItemType, Record, Register
from cataloging.records import create_records, new_change_set
from cataloging.undo_job import LARGE
from circulation.models import Loan
from ils.accounts.actor import system_actor
from ils.core import clock
from ils.core.db import reading, transaction
from ils.core.jobs import run_next_job
from ils.core.outbox import register_consumer
from tests.factories import (
    Province,
    create_actor,
    create_collection,
    create_patron,
    create_record,
    create_register,
)


def text_of(answer: Any) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", "", answer.get_data(as_text=True)))


@pytest.fixture
def register(province: Province) -> Register:
    with transaction() as session:
        return create_register(session, province.library, "TN")


@pytest.fixture
def record(province: Province) -> Record:
    with transaction() as session:
        return create_record(session)


@pytest.fixture
def item(province: Province, record: Record, register: Register) -> Item:
    with transaction() as session:
        facts = CopyFacts(province.branch.id, price=30000)
        cataloger = create_actor(session, "cataloguer", province.library)
        return add_items(session, cataloger, record.id, facts, register_id=register.id)[0]


def copy_boxes(province: Province, register: Register, **more: str) -> dict[str, str]:
    boxes = {
        "register_id": str(register.id),
        "copies": "3",
        "branch_id": str(province.branch.id),
        "item_type": "book",
        "collection_id": "0",
        "use": "loan",
        "source": "gift",
        "price": "45k",
    }
    return {f"copy-{name}": value for name, value in (boxes | more).items()}


def all_items() -> list[Item]:
    with reading() as session:
        return list(session.scalars(select(Item).order_by(Item.id)))


class TestAddCopies:
    """Copies at once."""

    def test_the_next_numbers_are_shown_and_given(
        self, staff_client: Any, province: Province, record: Record, register: Register
    ) -> None:
        browser = staff_client("cataloguer")
        path = f"/staff/catalog/{record.id}/items/new"
        assert "TN.00001" in text_of(browser.get(path))
        answer = browser.post(path, data=copy_boxes(province, register))
        assert answer.status_code == 302
        assert [i.accession_no for i in all_items()] == ["TN.00001", "TN.00002", "TN.00003"]
        assert {i.price for i in all_items()} == {45000}
        again = text_of(browser.get(path))
        assert "TN.00004" in again

    def test_old_stock_is_entered_with_its_numbers_day_and_as_opening_balance(
        self, staff_client: Any, province: Province, record: Record, register: Register
    ) -> None:
        boxes = copy_boxes(
            province,
            register,
            numbers="TN.00120\n118",
            accessioned_on="04/03/1998",
            opening_balance="y",
        )
        staff_client("cataloguer").post(f"/staff/catalog/{record.id}/items/new", data=boxes)
        assert [(i.serial, i.opening_balance) for i in all_items()] == [(120, True), (118, True)]
        assert all_items()[0].accessioned_on.isoformat() == "1998-03-04"  # type: ignore[union-attr]

    def test_what_is_refused_is_said_beside_its_box(
        self, staff_client: Any, province: Province, record: Record, item: Item, register: Register
    ) -> None:
        browser = staff_client("cataloguer")
        for boxes, said in (
            ({"numbers": "TN.00001"}, "TN.00001 đang là hoặc đã từng là"),
            ({"barcodes": "TN.00001"}, "đã có trên một bản sách"),
            ({"copies": "0"}, "Mỗi lần từ 1"),
            ({"price": "nhiều"}, "25000"),
            ({"accessioned_on": "31/12/2199"}, "tương lai"),
        ):
            answer = browser.post(
                f"/staff/catalog/{record.id}/items/new",
                data=copy_boxes(province, register, **boxes),
            )
            assert answer.status_code in (409, 422), boxes
            assert said in text_of(answer)
        assert len(all_items()) == 1

    def test_other_libraries_are_not_offered_and_not_taken(
        self, staff_client: Any, province: Province, record: Record, register: Register
    ) -> None:
        boxes = copy_boxes(province, register, branch_id=str(province.foreign_branch.id))
        browser = staff_client("cataloguer")
        answer = browser.post(f"/staff/catalog/{record.id}/items/new", data=boxes)
        assert answer.status_code == 422
        assert all_items() == []


class TestOneCopy:
    """The page of a copy."""

    def edit(self, item: Item, province: Province, **more: str) -> dict[str, str]:
        boxes = {
            "branch_id": str(item.branch_id),
            "item_type": "book",
            "collection_id": "0",
            "use": "loan",
            "source": "",
            "price": "30000",
            "lifecycle": "active",
            "barcode": item.barcode or "",
            "version": str(item.version),
        }
        return boxes | more

    def test_it_is_changed_and_its_life_tells_so(
        self, staff_client: Any, province: Province, item: Item
    ) -> None:
        browser = staff_client("cataloguer")
        path = f"/staff/catalog/items/{item.id}"
        assert "Vào sổ đăng ký cá biệt" in text_of(browser.get(path))
        with transaction() as session:
            kho = create_collection(session, province.library, "TN")
        boxes = self.edit(item, province, price="60.000", collection_id=str(kho.id), note="có CD")
        assert browser.post(path, data=boxes).status_code == 302
        changed = all_items()[0]
        assert (changed.price, changed.collection_id, changed.note) == (60000, kho.id, "có CD")
        assert "Giá: 30.000 đ → 60.000 đ" in text_of(browser.get(path))

    def test_a_stale_change_is_refused_and_keeps_what_was_typed(
        self, staff_client: Any, province: Province, item: Item
    ) -> None:
        browser = staff_client("cataloguer")
        path = f"/staff/catalog/items/{item.id}"
        browser.post(path, data=self.edit(item, province, price="1000"))
        answer = browser.post(path, data=self.edit(item, province, note="của tôi"))
        assert answer.status_code == 409
        assert "của tôi" in answer.get_data(as_text=True)
        assert all_items()[0].price == 1000

    def test_it_is_withdrawn_with_reason_and_taken_back(
        self, staff_client: Any, item: Item
    ) -> None:
        browser = staff_client("cataloguer")
        path = f"/staff/catalog/items/{item.id}"
        browser.post(f"{path}/withdraw", data={"reason": "worn", "decision": "12/QĐ-TV", "on": ""})
        page = text_of(browser.get(path))
        assert "Rách nát" in page
        assert "12/QĐ-TV" in page
        browser.post(f"{path}/withdraw", data={"act": "take_back"})
        assert all_items()[0].lifecycle == "active"

    def test_one_that_is_lent_stays_and_the_reason_is_said(
        self, staff_client: Any, province: Province, item: Item
    ) -> None:
        with transaction() as session:
            patron = create_patron(session, province.branch)
            day = clock.today()
            session.add(
                Loan(
                    item_id=item.id, record_id=item.record_id, patron_id=patron.id,
                    branch_id=province.branch.id, started_at=clock.now(), started_on=day, due_on=day,
                )
            )  # fmt: skip
        browser = staff_client("cataloguer")
        answer = browser.post(
            f"/staff/catalog/items/{item.id}/withdraw",
            data={"reason": "worn", "on": ""},
            follow_redirects=True,
        )
        assert "phải giữ nguyên: đang cho mượn" in text_of(answer)
        assert all_items()[0].lifecycle == "active"

    def test_a_cataloguer_of_another_library_may_not_touch_it(
        self, staff_client: Any, province: Province, item: Item
    ) -> None:
        browser = staff_client("cataloguer", province.foreign_library)
        path = f"/staff/catalog/items/{item.id}"
        assert browser.get(path).status_code == 403
        assert browser.post(f"{path}/withdraw", data={"reason": "worn"}).status_code == 403


class TestLabels:
    """Labels as PDF."""

    def test_a_stretch_of_a_register_is_printed_from_any_place_on_the_sheet(
        self, staff_client: Any, province: Province, record: Record, register: Register
    ) -> None:
        browser = staff_client("cataloguer")
        browser.post(f"/staff/catalog/{record.id}/items/new", data=copy_boxes(province, register))
        query = f"?register_id={register.id}&first=1&last=2&sheet=3x8&kind=barcode&start=5"
        assert "2 bản" in text_of(browser.get(f"/staff/catalog/labels{query}"))
        pdf = browser.get(f"/staff/catalog/labels{query}&make=pdf")
        assert pdf.mimetype == "application/pdf"
        assert pdf.data[:4] == b"%PDF"
        spine = "?register_id=0&numbers=tn+1%0Atn3&kind=spine&sheet=4x11&make=pdf"
        assert browser.get(f"/staff/catalog/labels{spine}").data[:4] == b"%PDF"

    def test_other_libraries_copies_are_left_out(
        self, staff_client: Any, province: Province, item: Item
    ) -> None:
        browser = staff_client("cataloguer", province.foreign_library)
        page = text_of(browser.get(f"/staff/catalog/labels?items={item.id}"))
        assert "Không có bản sách nào" in page

    def test_a_barcode_always_has_letters_a_scanner_can_read(
        self, staff_client: Any, province: Province, record: Record
    ) -> None:
        with transaction() as session:
            register = create_register(session, province.library, "ĐC")
            made = add_items(
                session,
                system_actor(),
                record.id,
                CopyFacts(province.branch.id),
                register_id=register.id,
            )[0]
        assert (made.accession_no, made.barcode) == ("ĐC.00001", "DC.00001")
        pdf = staff_client("cataloguer").get(
            f"/staff/catalog/labels?items={made.id}&kind=barcode&sheet=3x8&register_id=0&make=pdf"
        )
        assert pdf.data[:4] == b"%PDF"


def test_registers_collections_and_kinds_of_copies_are_set_up(
    staff_client: Any, province: Province
) -> None:
    browser = staff_client("head")
    for kind, boxes in (
        ("register", {"prefix": "vl.", "name": "Sách khổ lớn", "width": "5", "next_serial": "120"}),
        ("collection", {"code": "luu dong", "name": "Kho lưu động"}),
        ("item_type", {"code": "Media", "name": "Băng đĩa", "name_en": "Disc"}),
    ):
        data = {"kind": kind} | {f"{kind}-{name}": value for name, value in boxes.items()}
        assert browser.post("/staff/catalog/stock", data=data).status_code == 302, kind
        again = browser.post("/staff/catalog/stock", data=data)
        assert again.status_code == 422, kind
    page = text_of(browser.get("/staff/catalog/stock"))
    assert "VL.00120" in page
    with reading() as session:
        assert session.scalars(select(Collection.code)).all() == ["LUUDONG"]
        assert session.get(ItemType, "media") is not None


class TestChanges:
    """Undoing what was done together."""

    def entered(self, count: int, province: Province) -> ChangeSet:
        with transaction() as session:
            register_consumer(session, "test", ["record_changed"])
            cataloger = create_actor(session, "cataloguer", province.library)
            change_set = new_change_set(session, cataloger, "import", "tệp.mrc")
            marc: Any = {"leader": "", "fields": [{"001": "x"}]}
            create_records(session, system_actor(), [(marc, project(marc))] * count, change_set)
            return change_set

    def live(self) -> int:
        with reading() as session:
            return len(session.scalars(select(Record.id).where(Record.deleted_at.is_(None))).all())

    def test_a_change_is_shown_and_undone(self, staff_client: Any, province: Province) -> None:
        change_set = self.entered(3, province)
        browser = staff_client("cataloguer")
        assert "tệp.mrc" in text_of(browser.get("/staff/catalog/changes"))
        path = f"/staff/catalog/changes/{change_set.id}"
        assert "3 biểu ghi" in text_of(browser.get(path))
        answer = browser.post(f"{path}/undo", follow_redirects=True)
        assert "bỏ 3 biểu ghi" in text_of(answer)
        assert self.live() == 0
        assert browser.post(f"{path}/undo").status_code == 409

    def test_a_large_one_is_undone_in_the_background(
        self, staff_client: Any, province: Province
    ) -> None:
        change_set = self.entered(LARGE + 5, province)
        browser = staff_client("cataloguer")
        answer = browser.post(f"/staff/catalog/changes/{change_set.id}/undo")
        assert self.live() == LARGE + 5
        assert f"0 trong {LARGE + 5}" in text_of(browser.get(answer.location))
        again = browser.post(f"/staff/catalog/changes/{change_set.id}/undo")
        assert again.location == answer.location, "one that is at work is not begun twice"
        browser.post(answer.location + "/undo", data={"act": "stop"})
        assert not run_next_job()
        assert "Việc hoàn tác bị dừng" in text_of(browser.get(answer.location))
        browser.post(answer.location + "/undo")
        assert run_next_job()
        assert self.live() == 0
        assert "Đã hoàn tác ngày" in text_of(browser.get(answer.location))

    def test_what_stands_in_the_way_is_said_and_the_rest_can_be_undone(
        self, staff_client: Any, province: Province, item: Item
    ) -> None:
        with reading() as session:
            set_id = session.get_one(Item, item.id).change_set_id
        browser = staff_client("cataloguer")
        browser.post(f"/staff/catalog/items/{item.id}/withdraw", data={"reason": "lost", "on": ""})
        path = f"/staff/catalog/changes/{set_id}"
        assert "Bản TN.00001 đã được sử dụng" in text_of(browser.get(path))
        assert browser.post(f"{path}/undo").status_code == 409
        assert browser.post(f"{path}/undo", data={"partial": "1"}).status_code == 302
        assert len(all_items()) == 1
