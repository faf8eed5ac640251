"""Pages of records: found, shown, edited as MARC and in boxes, brought back."""

import re
from html import unescape
from typing import Any

import pytest
from sqlalchemy import select

from cataloging.items import CopyFacts, add_items
from cataloging.marc.text import write
from cataloging.models import Item, Record
from cataloging.records import replace_marc
from cataloging.search import follow
from ils.accounts.actor import system_actor
from ils.core.db import reading, transaction
from tests.factories import Province, create_collection, create_record, create_register


@pytest.fixture
def record(province: Province) -> Record:
    with transaction() as session:
        made = create_record(session, "Số đỏ", author="Vũ Trọng Phụng", year="2019")
        register = create_register(session, province.library, "VV")
        add_items(
            session,
            system_actor(),
            made.id,
            CopyFacts(province.branch.id, price=45000),
            register_id=register.id,
        )
        return made


def now(record: Record) -> Record:
    with reading() as session:
        return session.get_one(Record, record.id)


def test_the_list_is_narrowed_by_facets_with_counts(
    staff_client: Any, province: Province, record: Record
) -> None:
    with transaction() as session:
        create_record(session, "Số phận con người", author="Mikhail Sholokhov", year="1985")
    follow.rebuild()
    browser = staff_client("cataloguer")
    page = browser.get("/staff/catalog/?q=so&sort=title")
    assert "2 biểu ghi" in text_of(page)
    assert "Lọc kết quả" in text_of(page)
    links = [unescape(a) for a in re.findall(r'href="(/staff/catalog/\?[^"]+)"', page.text)]
    (by_author,) = [a for a in links if "author=Mikhail" in a]
    assert "sort=title" in by_author
    narrowed = browser.get(by_author)
    assert "1 biểu ghi" in text_of(narrowed)
    assert "Số đỏ" not in text_of(narrowed)
    assert 'aria-current="true"' in narrowed.text
    kept = re.search(r'<input type="hidden" name="author" value="([^"]+)"', narrowed.text)
    assert kept  # another order keeps what was chosen
    assert kept.group(1).startswith("Mikhail")
    assert "1 biểu ghi" in text_of(browser.get("/staff/catalog/?q=so&available=1&library=x"))


def text_of(answer: Any) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", "", answer.get_data(as_text=True)))


def test_the_list_shows_records_and_finds_by_words_and_accession_number(
    staff_client: Any, record: Record
) -> None:
    browser = staff_client("cataloguer")
    assert "Số đỏ" in text_of(browser.get("/staff/catalog/"))
    assert "Số đỏ" in text_of(browser.get("/staff/catalog/?q=so do"))
    assert "Không có biểu ghi nào" in text_of(browser.get("/staff/catalog/?q=khongcogi"))
    leap = browser.get("/staff/catalog/?q=vv1")
    assert leap.status_code == 302
    assert leap.location.startswith(f"/staff/catalog/{record.id}#item-")
    sheet = browser.get("/staff/catalog/?export=xlsx&mine=1&sort=title")
    assert sheet.data[:2] == b"PK"


@pytest.mark.parametrize(
    ("view", "shown"),
    [
        ("labeled", "Nhan đề và thông tin trách nhiệm"),
        ("isbd", "VŨ TRỌNG PHỤNG. Số đỏ. - H. : Kim Đồng, 2019"),
        ("marc", "245 10 $a Số đỏ"),
    ],
)
def test_a_record_is_shown_in_three_ways_with_its_copies(
    staff_client: Any, record: Record, view: str, shown: str
) -> None:
    page = text_of(staff_client("clerk").get(f"/staff/catalog/{record.id}?view={view}"))
    assert shown in page
    assert "VV.00001" in page
    assert "45.000 đ" in page


def test_a_record_nobody_has_is_not_found(staff_client: Any, province: Province) -> None:
    browser = staff_client("cataloguer")
    for path in ("999", "999/marc", "999/form", "999/history", "999/items/new", "items/999"):
        assert browser.get(f"/staff/catalog/{path}").status_code == 404


def test_a_clerk_sees_and_does_not_edit(staff_client: Any, record: Record) -> None:
    browser = staff_client("clerk")
    assert "Sửa MARC" not in text_of(browser.get(f"/staff/catalog/{record.id}"))
    for path in (f"{record.id}/marc", f"{record.id}/form", "new", "new/marc", "stock", "changes"):
        assert browser.get(f"/staff/catalog/{path}").status_code == 403


class TestMarc:
    """A record as text."""

    def test_a_sound_change_is_saved_with_its_reason(
        self, staff_client: Any, record: Record
    ) -> None:
        browser = staff_client("cataloguer")
        page = browser.get(f"/staff/catalog/{record.id}/marc").get_data(as_text=True)
        assert "245 10 $a Số đỏ" in page
        text = write(record.marc).replace("Số đỏ", "Số đỏ : $b tiểu thuyết")  # type: ignore[arg-type]
        answer = browser.post(
            f"/staff/catalog/{record.id}/marc",
            data={"text": text, "version": "1", "why": "thêm phụ đề", "act": "save"},
        )
        assert answer.status_code == 302
        assert (now(record).version, now(record).title) == (2, "Số đỏ")
        history = text_of(browser.get(f"/staff/catalog/{record.id}/history"))
        assert "thêm phụ đề" in history
        difference = text_of(browser.get(f"/staff/catalog/{record.id}/history/2"))
        assert "+245 10 $a Số đỏ : $b tiểu thuyết" in difference

    def test_errors_keep_it_from_being_saved_and_name_their_line(
        self, staff_client: Any, record: Record
    ) -> None:
        browser = staff_client("cataloguer")
        text = write(record.marc)  # type: ignore[arg-type]
        for wrong, said in (
            (text.replace("245 10 $a Số đỏ", "245 10 Số đỏ"), "Dòng 4"),
            (text.replace("245 10 $a", "245 10 $b"), "Thiếu nhan đề"),
            (text.replace("LDR ", "LDR x"), "25"),
        ):
            answer = browser.post(
                f"/staff/catalog/{record.id}/marc", data={"text": wrong, "version": "1"}
            )
            assert answer.status_code == 422
            assert said in text_of(answer)
            assert "Kim Đồng" in answer.get_data(as_text=True)
        assert now(record).version == 1

    def test_warnings_do_not(self, staff_client: Any, record: Record) -> None:
        browser = staff_client("cataloguer")
        text = write(record.marc) + "\n020 ## $a 9780306406158"  # type: ignore[arg-type]
        checked = browser.post(
            f"/staff/catalog/{record.id}/marc",
            data={"text": text, "version": "1", "act": "check"},
            headers={"X-Requested-With": "fetch"},
        )
        assert "9780306406158" in text_of(checked)
        assert "<html" not in checked.get_data(as_text=True)
        saved = browser.post(
            f"/staff/catalog/{record.id}/marc", data={"text": text, "version": "1"}
        )
        assert saved.status_code == 302
        assert now(record).version == 2

    def test_a_stale_save_shows_both_and_loses_nothing(
        self, staff_client: Any, record: Record
    ) -> None:
        with transaction() as session:
            theirs = [
                *record.marc["fields"],
                {"500": {"ind1": " ", "ind2": " ", "subfields": [{"a": "của họ"}]}},
            ]
            marc: Any = {"leader": record.marc["leader"], "fields": theirs}
            replace_marc(session, system_actor(), record.id, marc, expected_version=1)
        browser = staff_client("cataloguer")
        mine = write(record.marc).replace("Số đỏ", "Số Đỏ")  # type: ignore[arg-type]
        answer = browser.post(
            f"/staff/catalog/{record.id}/marc", data={"text": mine, "version": "1"}
        )
        assert answer.status_code == 409
        page = answer.get_data(as_text=True)
        assert "của họ" in page
        assert "245 10 $a Số Đỏ" in page
        assert 'value="2"' in page
        again = browser.post(
            f"/staff/catalog/{record.id}/marc", data={"text": mine, "version": "2"}
        )
        assert again.status_code == 302
        assert (now(record).title, now(record).version) == ("Số Đỏ", 3)

    def test_a_new_record_is_written_as_text(self, staff_client: Any, record: Record) -> None:
        browser = staff_client("cataloguer")
        assert "245 10 $a" in browser.get("/staff/catalog/new/marc").get_data(as_text=True)
        text = "LDR 00000nam#a2200000#a#4500\n008 260101s2020####vm############000#1#vie#d\n"
        answer = browser.post("/staff/catalog/new/marc", data={"text": text + "245 00 $a Ca dao"})
        assert answer.status_code == 302
        same = browser.post("/staff/catalog/new/marc", data={"text": text + "245 00 $a Ca dao"})
        assert same.status_code == 409


def test_an_earlier_version_comes_back_and_a_stale_one_is_refused(
    staff_client: Any, record: Record
) -> None:
    browser = staff_client("cataloguer")
    text = write(record.marc).replace("Số đỏ", "Giông tố")  # type: ignore[arg-type]
    browser.post(f"/staff/catalog/{record.id}/marc", data={"text": text, "version": "1"})
    path = f"/staff/catalog/{record.id}/history/1/restore"
    assert browser.post(path, data={"version": "1"}).status_code == 409
    assert browser.post(path, data={"version": "2"}).status_code == 302
    assert now(record).title == "Số đỏ"
    assert "Số đỏ" in text_of(browser.get(f"/staff/catalog/{record.id}/history/2?against=now"))


def test_a_record_is_hidden_deleted_and_brought_back(staff_client: Any, record: Record) -> None:
    browser = staff_client("cataloguer")
    path = f"/staff/catalog/{record.id}/act"
    browser.post(path, data={"act": "hide"})
    assert now(record).suppressed
    browser.post(path, data={"act": "unhide"})
    refused = browser.post(path, data={"act": "delete"})
    assert refused.status_code == 409
    with transaction() as session:
        item = session.scalars(select(Item)).one()
    browser.post(f"/staff/catalog/items/{item.id}/withdraw", data={"reason": "worn", "on": ""})
    assert browser.post(path, data={"act": "delete", "why": "trùng"}).status_code == 302
    assert now(record).deleted_at is not None
    assert "đã bị xóa" in text_of(browser.get(f"/staff/catalog/{record.id}"))
    browser.post(path, data={"act": "bring_back"})
    assert now(record).deleted_at is None
    assert browser.post(path, data={"act": "nonsense"}).status_code == 400


BOOK = {
    "title": "Mắt biếc",
    "authors": "Nguyễn Nhật Ánh",
    "place": "Tp. Hồ Chí Minh",
    "publisher": "Trẻ",
    "year": "2019",
    "price": "110000đ",
    "class_number": "895.92234",
    "language": "vie",
    "audience": "",
    "keywords": "Văn học hiện đại; Truyện dài",
}


class TestShortForm:
    """About fifteen boxes."""

    def test_a_new_title_comes_with_its_copies_and_the_form_is_ready_for_the_next(
        self, staff_client: Any, province: Province
    ) -> None:
        with transaction() as session:
            register = create_register(session, province.library, "TN")
            kho = create_collection(session, province.library, "TN")
        browser = staff_client("cataloguer")
        assert "TN.00001" in browser.get("/staff/catalog/new").get_data(as_text=True)
        copies = {
            "with_copies": "1",
            "copy-register_id": str(register.id),
            "copy-copies": "2",
            "copy-branch_id": str(province.branch.id),
            "copy-item_type": "book",
            "copy-collection_id": str(kho.id),
            "copy-use": "loan",
            "copy-source": "purchase",
            "copy-price": "",
            "copy-accessioned_on": "01/02/2020",
            "copy-opening_balance": "y",
        }
        answer = browser.post("/staff/catalog/new", data=BOOK | copies | {"act": "next"})
        assert answer.status_code == 302
        assert answer.location == "/staff/catalog/new"
        with reading() as session:
            record = session.scalars(select(Record)).one()
            made = session.scalars(select(Item).order_by(Item.id)).all()
        assert (record.title, record.author, record.year, record.main_class) == (
            "Mắt biếc",
            "Nguyễn Nhật Ánh",
            2019,
            "8",
        )
        assert record.control_number.startswith("sen")
        assert [(i.accession_no, i.price, i.opening_balance) for i in made] == [
            ("TN.00001", 110000, True),
            ("TN.00002", 110000, True),
        ]
        page = text_of(browser.get("/staff/catalog/new"))
        assert "TN.00001, TN.00002" in page
        assert "TN.00003" in page

    def test_a_book_that_is_there_already_is_shown_before_anything_is_saved(
        self, staff_client: Any, record: Record
    ) -> None:
        browser = staff_client("cataloguer")
        same = BOOK | {"title": "Số đỏ", "authors": "Vũ Trọng Phụng"}
        answer = browser.post("/staff/catalog/new", data=same)
        assert answer.status_code == 409
        page = text_of(answer)
        assert "VŨ TRỌNG PHỤNG. Số đỏ" in page
        assert f"/staff/catalog/{record.id}/items/new" in answer.get_data(as_text=True)
        with reading() as session:
            assert len(session.scalars(select(Record)).all()) == 1
        assert browser.post("/staff/catalog/new", data=same | {"sure": "1"}).status_code == 302

    def test_what_is_wrong_is_said_and_nothing_typed_is_lost(
        self, staff_client: Any, province: Province
    ) -> None:
        browser = staff_client("cataloguer")
        answer = browser.post("/staff/catalog/new", data=BOOK | {"title": ""})
        assert answer.status_code == 422
        page = answer.get_data(as_text=True)
        assert "Nguyễn Nhật Ánh" in page
        assert "Văn học hiện đại; Truyện dài" in page
        with reading() as session:
            assert session.scalars(select(Record)).all() == []

    def test_changing_a_record_in_boxes_drops_nothing(
        self, staff_client: Any, record: Record
    ) -> None:
        browser = staff_client("cataloguer")
        page = browser.get(f"/staff/catalog/{record.id}/form").get_data(as_text=True)
        assert 'value="Số đỏ"' in page
        boxes = {"title": "Số Đỏ", "authors": "Vũ Trọng Phụng", "place": "H.", "year": "2019"}
        rest = {"publisher": "Kim Đồng", "language": "vie", "audience": "", "version": "1"}
        answer = browser.post(f"/staff/catalog/{record.id}/form", data=boxes | rest)
        assert answer.status_code == 302
        before = write(record.marc)  # type: ignore[arg-type]
        after = write(now(record).marc)  # type: ignore[arg-type]
        assert after == before.replace("Số đỏ", "Số Đỏ")

    def test_a_stale_form_shows_both(self, staff_client: Any, record: Record) -> None:
        browser = staff_client("cataloguer")
        text = write(record.marc).replace("Số đỏ", "Giông tố")  # type: ignore[arg-type]
        browser.post(f"/staff/catalog/{record.id}/marc", data={"text": text, "version": "1"})
        boxes = {"title": "Số Đỏ", "language": "vie", "audience": "", "version": "1"}
        answer = browser.post(f"/staff/catalog/{record.id}/form", data=boxes)
        assert answer.status_code == 409
        page = answer.get_data(as_text=True)
        assert "Giông tố" in page
        assert 'value="Số Đỏ"' in page

    def test_the_code_of_a_title_is_suggested(self, staff_client: Any, province: Province) -> None:
        answer = staff_client("cataloguer").get("/staff/catalog/title-code?title=Truyện Kiều")
        assert answer.json == {"code": "TR527K"}


def test_every_field_of_the_standard_is_explained(staff_client: Any, province: Province) -> None:
    browser = staff_client("cataloguer")
    assert "Nhan đề và thông tin trách nhiệm" in text_of(browser.get("/staff/catalog/fields"))
    for tag, said in (("245", "Nhan đề chính"), ("008", "Minh họa"), ("LDR", "Trạng thái")):
        assert said in text_of(browser.get(f"/staff/catalog/fields/{tag}"))
    assert browser.get("/staff/catalog/fields/999").status_code == 404
