"""A spreadsheet in the browser: its columns seen and changed, brought in, mended, taken back."""

import io
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from sqlalchemy import func, select
from werkzeug.http import parse_options_header

from cataloging.imports.sheets.columns import boxes_for
from cataloging.models import Item, Record, SheetMapping
from ils.core.db import reading, transaction
from tests.cataloging.imports.test_sheets import LIST, xlsx
from tests.cataloging.test_import_pages import finish, rules, sent, text_of
from tests.factories import PASSWORD, Province, create_staff_account
from tests.live import PHONE, Server, axe, overflow, sign_in_staff

STRANGE = xlsx(("Tên sách", "Năm XB", "Mã số"), ("Số đỏ", 2018, "7"), ("Tắt đèn", 1939, "8-9"))


@pytest.fixture
def staff(staff_client: Callable[..., Any]) -> Any:
    return staff_client("cataloguer")


def sheet_rules(province: Province, act: str, **more: Any) -> dict[str, Any]:
    return rules(province, act, format="sheet", **more)


def live(table: Any) -> int:
    with reading() as session:
        query = select(func.count()).select_from(table)
        if table is Record:
            query = query.where(Record.deleted_at.is_(None))
        return session.scalar(query) or 0


def test_the_columns_are_shown_and_can_be_changed_and_kept(staff: Any, province: Province) -> None:
    url = sent(staff, STRANGE, "so.xlsx")
    page = text_of(staff.get(url))
    assert "Mã số" in page
    assert "Không có cột số ĐKCB hay mã vạch" in page
    changed = {"box-2": "accession_no", "header": "1"}
    named = {"mapping_name": "Sổ tay"}
    staff.post(f"{url}/rules", data=sheet_rules(province, "keep", **changed, **named))
    page = text_of(staff.get(url))
    assert "Không có cột số ĐKCB" not in page
    assert "Sổ tay" in page
    assert live(SheetMapping) == 1
    assert live(Record) == 0
    staff.post(f"{url}/rules", data=sheet_rules(province, "begin", **changed))
    finish()
    assert (live(Record), live(Item)) == (2, 3)


def test_another_header_row_is_looked_at_anew(staff: Any, province: Province) -> None:
    url = sent(staff, LIST, "sach.xlsx")
    staff.post(f"{url}/rules", data=sheet_rules(province, "look", header="4"))
    page = text_of(staff.get(url))
    assert "Xin chọn cột nào là nhan đề" in page
    staff.post(f"{url}/rules", data=sheet_rules(province, "begin", header="4"))
    assert live(Record) == 0
    staff.post(f"{url}/rules", data=sheet_rules(province, "look", header="3"))
    assert "Dế Mèn phiêu lưu ký" in text_of(staff.get(url))


def test_the_wrong_rows_are_sent_with_their_reasons(staff: Any, province: Province) -> None:
    url = sent(staff, LIST, "Sổ cũ.xlsx")
    staff.post(f"{url}/rules", data=sheet_rules(province, "begin"))
    finish()
    page = staff.get(f"{url}/report").get_data(as_text=True)
    assert "1 dòng không nhập được" in page
    assert "dòng 5: Đây không phải giá tiền bằng đồng: abc" in page
    assert re.search(r"/wrong\.xlsx", page)
    answer = staff.get(f"{url}/wrong.xlsx")
    named = answer.headers["Content-Disposition"]
    assert named.isascii()
    assert parse_options_header(named)[1]["filename"] == "Sổ cũ, các dòng cần sửa.xlsx"
    book = openpyxl.load_workbook(io.BytesIO(answer.data))
    rows = [[c.value for c in row] for row in book.worksheets[0].iter_rows()]
    at = next(n for n, row in enumerate(rows) if "Tên sách" in row)
    assert rows[at][0] == "Lý do chưa nhập"
    assert "Đây không phải giá tiền" in str(rows[at + 1][0])


def test_the_columns_of_the_template_are_all_recognized(staff: Any) -> None:
    book = openpyxl.load_workbook(io.BytesIO(staff.get("/staff/imports/template.xlsx").data))
    rows = [[c.value for c in row] for row in book.worksheets[0].iter_rows()]
    heads = next(row for row in rows if "Nhan đề" in row)
    assert all(boxes_for(heads))


@pytest.mark.browser
def test_a_cataloguer_brings_a_list_in_and_takes_it_back(
    live_server: Server, new_page: Callable[..., Any], province: Province, tmp_path: Path
) -> None:
    file = tmp_path / "sach.xlsx"
    file.write_bytes(LIST)
    with transaction() as session:
        name = create_staff_account(session, "cataloguer", province.library)
    page = new_page()
    sign_in_staff(page, live_server, name, PASSWORD)
    page.goto(f"{live_server.url}/staff/imports/new")
    page.set_input_files("input[type=file]", file)
    page.click("form[data-upload] button[type=submit]")
    page.wait_for_url(re.compile(r"/staff/imports/\d+$"))
    assert "Dế Mèn phiêu lưu ký" in page.inner_text("main")
    assert not axe(page)
    page.set_viewport_size(PHONE)
    assert overflow(page) == 0
    page.select_option("select[name=box-8]", "")
    page.click("button[value=begin]")
    page.wait_for_url(re.compile(r"/report"))
    assert page.inner_text("[data-figure=stored]") == "1"
    assert not axe(page)
    page.goto(page.url.split("/report")[0] + "/undo")
    page.click("main form.buttons button[type=submit]")
    page.wait_for_url(re.compile(r"/report"))
    assert (live(Record), live(Item)) == (0, 0)
