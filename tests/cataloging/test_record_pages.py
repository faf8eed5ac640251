"""Pages of records: found, shown, brought back."""

import re
from html import unescape
from typing import Any

import pytest
from sqlalchemy import select

from cataloging.items import CopyFacts, add_items
from cataloging.marc.text import write
from cataloging.models import Item, Record
from cataloging.search import follow
from ils.accounts.actor import system_actor
from ils.core.db import reading, transaction
from tests.factories import Province, create_record, create_register


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
    for path in ("999", "999/edit", "999/history", "999/items/new", "items/999"):
        assert browser.get(f"/staff/catalog/{path}").status_code == 404


def test_a_clerk_sees_and_does_not_edit(staff_client: Any, record: Record) -> None:
    browser = staff_client("clerk")
    assert "Sửa MARC" not in text_of(browser.get(f"/staff/catalog/{record.id}"))
    for path in (f"{record.id}/edit", "new", "drafts", "forms", "stock", "changes"):
        assert browser.get(f"/staff/catalog/{path}").status_code == 403


def test_an_earlier_version_comes_back_and_a_stale_one_is_refused(
    staff_client: Any, record: Record
) -> None:
    browser = staff_client("cataloguer")
    text = write(record.marc).replace("Số đỏ", "Giông tố")  # type: ignore[arg-type]
    typed = {"view": "text", "text": text, "version": "1", "act": "save"}
    browser.post(f"/staff/catalog/{record.id}/edit", data=typed)
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


def test_every_field_of_the_standard_is_explained(staff_client: Any, province: Province) -> None:
    browser = staff_client("cataloguer")
    assert "Nhan đề và thông tin trách nhiệm" in text_of(browser.get("/staff/catalog/fields"))
    for tag, said in (
        ("245", "ghi theo trang nhan đề"),
        ("245", "245 10 $a Dế Mèn phiêu lưu ký / $c Tô Hoài"),
        ("072", "Mã của Thư viện Nông nghiệp Mỹ"),
        ("008", "Minh họa"),
        ("006", "Phép chiếu"),
        ("007", "33 1/3 vòng/phút"),
        ("LDR", "Trạng thái"),
    ):
        assert said in text_of(browser.get(f"/staff/catalog/fields/{tag}"))
    assert browser.get("/staff/catalog/fields/999").status_code == 404


def test_fields_of_authority_records_have_pages_of_their_own(
    staff_client: Any, province: Province
) -> None:
    browser = staff_client("cataloguer")
    assert "Xem từ: tên cá nhân" in text_of(browser.get("/staff/catalog/authority-fields"))
    page = text_of(browser.get("/staff/catalog/authority-fields/400"))
    assert "bút danh" in page
    assert "Có họ (kể cả họ tên người Việt)" in page
    assert "Loại tiêu đề" in text_of(browser.get("/staff/catalog/authority-fields/008"))
    assert browser.get("/staff/catalog/authority-fields/245").status_code == 404
