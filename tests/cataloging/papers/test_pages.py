"""Pages of cards, lists and label sheets."""

from typing import Any

import pytest

from cataloging.papers.models import LabelSheetRow
from ils.core.db import reading, transaction
from tests.factories import Province, create_item, create_record

SHEET = {
    "name": "Tomy 145",
    "columns": "3",
    "rows": "7",
    "width": "63,5",
    "height": "38,1",
    "left": "7,2",
    "top": "15",
    "gap_x": "2,5",
    "gap_y": "0",
    "page_width": "210",
    "page_height": "297",
    "shift_x": "-0,5",
    "shift_y": "1",
}


@pytest.fixture
def titled(province: Province) -> int:
    with transaction() as session:
        record = create_record(session)
        create_item(session, province.branch, record)
        return record.id


def test_cards_and_lists_are_made_of_titles_named(
    staff_client: Any, province: Province, titled: int
) -> None:
    cataloger = staff_client("cataloguer", province.library)
    asked = f"which=named&records={titled},999999"
    shown = cataloger.get(f"/staff/papers/cards?{asked}&kinds=main&kinds=title")
    assert "1 nhan đề · 2 phích" in shown.get_data(as_text=True)
    for address in (f"cards?{asked}", f"list?{asked}"):
        made = cataloger.get(f"/staff/papers/{address}&make=pdf")
        assert made.data.startswith(b"%PDF")
    assert cataloger.get(f"/staff/papers/list?{asked}&make=xlsx").data.startswith(b"PK")
    empty = cataloger.get("/staff/papers/list?which=found&q=khongcogi")
    assert "Không có nhan đề nào." in empty.get_data(as_text=True)


def test_a_paper_is_made_of_a_basket(staff_client: Any, province: Province, titled: int) -> None:
    cataloger = staff_client("cataloguer", province.library)
    made = cataloger.post("/staff/baskets/", data={"name": "Sách Tết"}).headers["Location"]
    basket = made.rpartition("/")[2]
    cataloger.post(f"{made}/add", data={"numbers": f"#{titled}"})
    assert f"which=basket&amp;basket={basket}" in cataloger.get(made).text
    asked = f"which=basket&basket={basket}"
    assert "1 nhan đề · 1 phích" in cataloger.get(f"/staff/papers/cards?{asked}").text
    assert cataloger.get(f"/staff/papers/list?{asked}&make=xlsx").data.startswith(b"PK")
    other = staff_client("head", province.library)  # a basket is its owner's alone
    assert "Không có nhan đề nào." in other.get(f"/staff/papers/cards?{asked}").text


def test_a_wrong_period_is_told_and_nothing_typed_is_lost(
    staff_client: Any, province: Province
) -> None:
    cataloger = staff_client("cataloguer", province.library)
    said = cataloger.get("/staff/papers/list?since=02/01/2026&until=01/01/2026&title=Sách Tết")
    assert said.status_code == 422
    text = said.get_data(as_text=True)
    assert "Thời gian kết thúc trước khi bắt đầu." in text
    assert 'value="Sách Tết"' in text


def test_a_sheet_is_measured_tried_and_printed_upon(
    staff_client: Any, province: Province, titled: int
) -> None:
    head = staff_client("head", province.library)
    assert head.post("/staff/papers/sheets", data=SHEET).status_code == 302
    again = head.post("/staff/papers/sheets", data=SHEET)
    assert again.status_code == 422
    assert "Đã có tờ nhãn tên Tomy 145." in again.get_data(as_text=True)
    with reading() as session:
        (row,) = session.query(LabelSheetRow).all()
    assert (row.width, row.shift_x) == (63.5, -0.5)
    page = head.get(f"/staff/papers/sheets/{row.id}").get_data(as_text=True)
    assert 'value="63,5"' in page
    wide = head.post(f"/staff/papers/sheets/{row.id}", data=SHEET | {"width": "80"})
    assert wide.status_code == 422
    assert "Các nhãn cần 252.2 mm, rộng hơn tờ giấy." in wide.get_data(as_text=True)
    assert head.get(f"/staff/papers/sheets/own-{row.id}/test.pdf").data.startswith(b"%PDF")
    assert head.get("/staff/papers/sheets/unknown/test.pdf").status_code == 404
    labels = head.get(f"/staff/catalog/labels?sheet=own-{row.id}").get_data(as_text=True)
    assert "Tomy 145" in labels
    other = staff_client("head", province.foreign_library)
    assert other.get(f"/staff/papers/sheets/{row.id}").status_code == 404
    assert other.post(f"/staff/papers/sheets/{row.id}", data={"act": "remove"}).status_code == 404
    assert head.post(f"/staff/papers/sheets/{row.id}", data={"act": "remove"}).status_code == 302
    with reading() as session:
        assert session.query(LabelSheetRow).count() == 0
