"""Imports in the browser: a file looked at, tried out, begun, reported, taken back; the export."""

import io
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from sqlalchemy import func, select

from cataloging.marc.formats import WRITERS
from cataloging.marc.model import Marc
from cataloging.models import ImportLine, ImportRun, Item, Record
from ils.core.db import reading, transaction
from ils.core.jobs import Job, run_next_job
from tests.factories import Province, create_record
from tests.live import PHONE, Server, axe, overflow, sign_in_staff

iso = WRITERS["iso2709"][1]
TITLES = ("Dế Mèn phiêu lưu ký", "Số đỏ", "Đất rừng phương Nam", "Tắt đèn")


def book(title: str, number: str, *, copy: str = "") -> Marc:
    fields: list[dict[str, Any]] = [
        {"001": number},
        {"003": "VN-Thu"},
        {"100": {"ind1": "0", "ind2": " ", "subfields": [{"a": "Tô Hoài"}]}},
        {"245": {"ind1": "1", "ind2": "0", "subfields": [{"a": title}]}},
        {"260": {"ind1": " ", "ind2": " ", "subfields": [{"c": "1999"}]}},
    ]
    if copy:
        fields.append({"952": {"ind1": " ", "ind2": " ", "subfields": [{"p": copy}]}})
    return {"leader": "00000nam a2200000   4500", "fields": fields}


def books(*, copies: bool = False) -> list[Marc]:
    return [
        book(title, f"b{n}", copy=f"TV{n:05d}" if copies else "")
        for n, title in enumerate(TITLES, start=1)
    ]


GOOD = b"".join(map(iso, books(copies=True)))
# A record whose length is wrong, and one that the file ends in.
BROKEN = (
    iso(books()[0])
    + b"99999"
    + iso(books()[1])[5:]
    + b"some words between\n"
    + iso(books()[2])
    + iso(books()[3])[:90]
)


@pytest.fixture
def staff(staff_client: Callable[..., Any]) -> Any:
    return staff_client("cataloguer")


def text_of(answer: Any) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", "", answer.get_data(as_text=True)))


def send(staff: Any, data: bytes, name: str = "sach.mrc", **headers: str) -> Any:
    return staff.post(
        "/staff/imports/new", data={"file": (io.BytesIO(data), name)}, headers=headers
    )


def sent(staff: Any, data: bytes, name: str = "sach.mrc") -> str:
    """Upload a file and return the address of its import."""
    answer = send(staff, data, name)
    assert answer.status_code == 302, text_of(answer)
    return str(answer.location)


def rules(province: Province, act: str, **more: Any) -> dict[str, Any]:
    return {
        "encoding": "auto",
        "format": "iso2709",
        "library_id": province.library.id,
        "branch_id": 0,
        "on_match": "skip",
        "profile": "auto",
        "opening_balance": "y",
        "act": act,
        **more,
    }


def finish() -> None:
    while run_next_job():
        pass


def imported(staff: Any, province: Province, data: bytes, **more: Any) -> str:
    """Bring a file in and return the address of its import."""
    url = sent(staff, data)
    answer = staff.post(f"{url}/rules", data=rules(province, "begin", **more))
    assert answer.status_code == 302
    finish()
    return url


def counted(table: Any) -> int:
    with reading() as session:
        return session.scalar(select(func.count()).select_from(table)) or 0


def test_the_list_leads_to_the_first_import(staff: Any, province: Province) -> None:
    assert "Chưa nhập tệp nào" in text_of(staff.get("/staff/imports/"))
    sent(staff, GOOD)
    listed = text_of(staff.get("/staff/imports/"))
    assert "sach.mrc" in listed
    assert "chưa nhập" in listed


def test_an_upload_without_a_file_or_with_an_empty_one_is_refused(staff: Any) -> None:
    answer = staff.post("/staff/imports/new", data={})
    assert answer.status_code == 422
    assert "Xin chọn tệp" in text_of(answer)
    empty = send(staff, b"")
    assert empty.status_code == 422
    assert "Tệp không có nội dung" in text_of(empty)
    script = send(staff, b"", **{"X-Requested-With": "fetch"})
    assert script.get_json()["errors"] == ["Tệp không có nội dung."]


def test_the_script_is_told_where_to_go_on(staff: Any) -> None:
    answer = send(staff, GOOD, **{"X-Requested-With": "fetch"})
    assert answer.get_json()["next"].startswith("/staff/imports/")


def test_the_first_records_are_shown_and_nothing_is_stored(staff: Any) -> None:
    page = text_of(staff.get(sent(staff, GOOD)))
    assert "Dế Mèn phiêu lưu ký" in page
    assert "245 10 $a Số đỏ" in page
    assert "Koha (952)" in page
    assert "Unicode (UTF-8)" in page
    assert counted(Record) == 0


def test_an_unknown_file_says_so(staff: Any) -> None:
    page = text_of(staff.get(sent(staff, b"mua sach, 12 cuon\n" * 20, "sach.csv")))
    assert "Không nhận ra khuôn dạng" in page or "không nhận ra" in page


def test_who_knows_the_kind_of_an_unknown_file_chooses_it(staff: Any, province: Province) -> None:
    lines = "Sách cũ chép tay\n\n=LDR  00000nam\\a22\\\\\\\\\\a\\4500\n=245  10$aTắt đèn\n"
    url = sent(staff, ("mua sach\n" * 400 + lines).encode(), "cu.txt")
    page = staff.get(url).text
    assert 'name="format"' in page
    boxes = dict(re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', page))
    staff.post(f"{url}/rules", data={**boxes, "format": "mrk", "act": "look"})
    assert "Tắt đèn" in text_of(staff.get(url))


def test_a_file_that_was_not_begun_is_put_away(staff: Any, province: Province) -> None:
    url = sent(staff, GOOD)
    with reading() as session:
        kept = Path(session.scalars(select(ImportRun.file_path)).one())
    assert kept.exists()
    assert "Đã bỏ tệp" in text_of(staff.post(f"{url}/discard", follow_redirects=True))
    assert not kept.exists()
    assert counted(ImportRun) == 0
    begun = imported(staff, province, GOOD)
    assert "đã bắt đầu" in text_of(staff.post(f"{begun}/discard", follow_redirects=True))
    assert counted(ImportRun) == 1


def test_the_branches_of_a_file_are_led_to_ours(staff: Any, province: Province) -> None:
    marc = book("Số đỏ", "b1", copy="TV1")
    marc["fields"][-1]["952"]["subfields"].append({"b": "KHO-CU"})
    url = sent(staff, iso(marc))
    assert "KHO-CU" in text_of(staff.get(url))
    chosen = {"branch:KHO-CU": str(province.other_branch.id)}
    staff.post(f"{url}/rules", data=rules(province, "begin", **chosen))
    finish()
    with reading() as session:
        assert session.scalars(select(Item.branch_id)).one() == province.other_branch.id


def test_an_encoding_is_chosen_by_a_sample_of_the_text(staff: Any, province: Province) -> None:
    raw = iso(book("@", "b1")).replace(b"@", "Số đỏ".encode("utf-16-le")[:1] + b"\xe8 \xae\xe1")
    length = b"%05d" % len(raw)
    url = sent(staff, length + raw[5:10] + b" " * 2 + raw[12:])
    assert "TCVN3 (ABC)" in text_of(staff.get(url))
    staff.post(f"{url}/rules", data=rules(province, "look", encoding="tcvn3"))
    assert "Số đỏ" in text_of(staff.get(url))
    with reading() as session:
        assert session.scalars(select(ImportRun.encoding)).one() == "tcvn3"


def test_an_import_runs_in_the_background_and_reports(staff: Any, province: Province) -> None:
    url = sent(staff, GOOD)
    staff.post(f"{url}/rules", data=rules(province, "begin"))
    waiting = staff.get(url)
    assert "Đang chờ đến lượt" in text_of(waiting)
    assert 'http-equiv="refresh"' in waiting.get_data(as_text=True)
    assert staff.get(f"{url}/progress").get_json()["busy"] is True
    finish()
    told = staff.get(f"{url}/progress").get_json()
    assert (told["busy"], told["found"], told["stored"]) == (False, "4", "4")
    report = staff.get(url, follow_redirects=True)
    assert "Mọi biểu ghi của tệp đều đã có trong mục lục" in text_of(report)
    assert "Tắt đèn" in text_of(staff.get(f"{url}/report?outcome=stored"))
    assert (counted(Record), counted(Item)) == (4, 4)


def test_a_trial_counts_and_stores_nothing(staff: Any, province: Province) -> None:
    url = sent(staff, BROKEN)
    staff.post(f"{url}/rules", data=rules(province, "try"))
    assert staff.get(f"{url}/progress").get_json()["busy"] is True
    finish()
    page = text_of(staff.get(url))
    assert "Nếu nhập thì kết quả sẽ là" in page
    assert counted(Record) == counted(ImportLine) == 0
    with reading() as session:
        result = session.scalars(select(Job.result)).one()
    assert (result["found"], result["stored"], result["rejected"]) == (5, 3, 2)


def test_every_line_leads_to_its_reason_its_record_and_its_bytes(
    staff: Any, province: Province
) -> None:
    url = imported(staff, province, BROKEN)
    page = staff.get(f"{url}/report").get_data(as_text=True)
    assert "Không nhập được (2)" in page
    assert "Tệp hết giữa chừng biểu ghi" in page
    lines = re.findall(rf"{url}/line/\d+", page)
    first = text_of(staff.get(lines[0]))
    assert "some words between" in first
    assert staff.get(f"{lines[0]}/raw").data == b"some words between\n"
    assert staff.get(f"{url}/rejected").data == b"some words between\n" + iso(books()[3])[:90]
    repaired = staff.get(f"{url}/report?outcome=warned&code=length").get_data(as_text=True)
    assert "Số đỏ" in repaired
    assert re.search(r"/staff/catalog/\d+", repaired)
    assert staff.get(f"{url}/report?outcome=nothing").status_code == 404
    assert staff.get(f"{url}/line/99999").status_code == 404


def test_the_report_is_downloaded_as_a_workbook(staff: Any, province: Province) -> None:
    url = imported(staff, province, BROKEN)
    book = openpyxl.load_workbook(io.BytesIO(staff.get(f"{url}/report.xlsx").data))
    sums, lines = book.worksheets
    cells = {row[0].value: row[1].value for row in sums.iter_rows()}
    assert cells["Biểu ghi tìm thấy"] == 5
    assert cells["Không nhập được"] == 2
    shown = [[cell.value for cell in row] for row in lines.iter_rows()]
    assert any("Độ dài ghi trong biểu ghi bị sai" in str(row) for row in shown)


def test_the_same_file_again_is_announced_and_changes_nothing(
    staff: Any, province: Province
) -> None:
    imported(staff, province, GOOD)
    again = sent(staff, GOOD)
    assert "Chính tệp này đã được nhập" in text_of(staff.get(again))
    assert "trùng số kiểm soát" in text_of(staff.get(again))
    staff.post(f"{again}/rules", data=rules(province, "begin"))
    finish()
    assert "Đã có (4)" in text_of(staff.get(f"{again}/report"))
    assert (counted(Record), counted(Item)) == (4, 4)


def test_adding_every_record_again_asks_first(staff: Any, province: Province) -> None:
    imported(staff, province, GOOD)
    url = sent(staff, GOOD)
    asked = staff.post(f"{url}/rules", data=rules(province, "begin", on_match="add"))
    assert asked.location.endswith("?confirm=add")
    assert "Thêm mọi biểu ghi lần thứ hai?" in text_of(staff.get(asked.location))
    finish()
    assert counted(Record) == 4
    staff.post(f"{url}/begin", data={"confirmed": "1"})
    finish()
    assert counted(Record) == 8


def test_rules_that_do_not_exist_are_refused(staff: Any, province: Province) -> None:
    url = sent(staff, GOOD)
    answer = staff.post(
        f"{url}/rules", data=rules(province, "begin", on_match="eat"), follow_redirects=True
    )
    assert "Mỗi ô hãy chọn một trong các giá trị có sẵn" in text_of(answer)
    finish()
    assert counted(Record) == 0


def test_an_interrupted_import_goes_on(staff: Any, province: Province) -> None:
    url = sent(staff, GOOD)
    staff.post(f"{url}/rules", data=rules(province, "begin"))
    staff.post(f"{url}/stop")
    stopped = staff.get(url, follow_redirects=True)
    assert "Việc nhập dừng ở" in text_of(stopped)
    assert counted(Record) == 0
    staff.post(f"{url}/continue")
    finish()
    assert counted(Record) == 4


def test_a_whole_import_is_undone_after_asking(staff: Any, province: Province) -> None:
    url = imported(staff, province, GOOD)
    assert "Không có gì vướng" in text_of(staff.get(f"{url}/undo"))
    done = staff.post(f"{url}/undo", follow_redirects=True)
    assert "Mục lục không còn gì của lần nhập này" in text_of(done)
    assert counted(Item) == 0
    with reading() as session:
        assert all(session.scalars(select(Record.deleted_at)))
    assert staff.get(f"{url}/undo").status_code == 302


def test_what_was_changed_since_is_named_and_left(staff: Any, province: Province) -> None:
    url = imported(staff, province, GOOD)
    with reading() as session:
        record = session.scalars(select(Record).where(Record.title == "Số đỏ")).one()
    staff.post(
        f"/staff/catalog/{record.id}/edit",
        data={
            "view": "text",
            "text": "LDR 00000nam#a2200000###4500\n001 b2\n003 VN-Thu\n245 10 $a Số đỏ mới",
            "version": str(record.version),
            "act": "save",
        },
    )
    asked = text_of(staff.get(f"{url}/undo"))
    assert "Không hoàn tác hết được" in asked
    assert "Số đỏ mới" in asked
    refused = staff.post(f"{url}/undo")
    assert refused.location.endswith("/undo")
    done = staff.post(f"{url}/undo", data={"partial": "1"}, follow_redirects=True)
    assert "nhưng chưa hết" in text_of(done)
    with reading() as session:
        kept = session.scalars(select(Record.title).where(Record.deleted_at.is_(None))).all()
    assert kept == ["Số đỏ mới"]


def test_who_may_not_import_sees_no_page_of_it(staff_client: Any, province: Province) -> None:
    clerk = staff_client("clerk")
    for url in ("/staff/imports/", "/staff/imports/new", "/staff/export/"):
        assert clerk.get(url).status_code == 403
    assert "Nhập biểu ghi" not in text_of(clerk.get("/staff/catalog/"))


@pytest.mark.parametrize(
    ("format_", "begins"),
    [
        ("iso2709", b"00"),
        ("marcxml", b"<?xml"),
        ("json", b"[{"),
        ("ndjson", b'{"leader'),
        ("mrk", b"=LDR"),
    ],
)
def test_records_are_exported_in_every_format_and_come_in_again(
    staff: Any, province: Province, format_: str, begins: bytes
) -> None:
    with transaction() as session:
        for title in TITLES:
            create_record(session, title)
    answer = staff.get(f"/staff/export/?act=download&format={format_}")
    assert answer.data.startswith(begins)
    assert "attachment" in answer.headers["Content-Disposition"]
    assert "Đất rừng phương Nam" in text_of(staff.get(sent(staff, answer.data)))


def test_an_export_is_counted_and_narrowed_by_words(staff: Any, province: Province) -> None:
    with transaction() as session:
        for title in TITLES:
            create_record(session, title)
    assert "4 biểu ghi" in text_of(staff.get("/staff/export/?act=count"))
    assert "1 biểu ghi" in text_of(staff.get("/staff/export/?act=count&q=tắt đèn"))
    lines = staff.get("/staff/export/?act=download&format=ndjson&q=tắt đèn").data.splitlines()
    assert len(lines) == 1
    assert staff.get("/staff/export/?act=download&format=doc").status_code == 422


# -- a real browser ----------------------------------------------------------------------------


@pytest.mark.browser
def test_a_cataloguer_imports_a_file_in_a_browser(
    live_server: Server, new_page: Callable[..., Any], province: Province, tmp_path: Path
) -> None:
    from tests.factories import PASSWORD, create_staff_account

    with transaction() as session:
        name = create_staff_account(session, "cataloguer", province.library)
    file = tmp_path / "sach.mrc"
    file.write_bytes(BROKEN)
    page = new_page()
    sign_in_staff(page, live_server, name, PASSWORD)
    page.goto(f"{live_server.url}/staff/imports/new")
    page.set_input_files("input[type=file]", file)
    assert "sach.mrc" in page.inner_text("[data-chosen]")
    assert not axe(page)
    page.click("form[data-upload] button[type=submit]")
    page.wait_for_url(re.compile(r"/staff/imports/\d+$"))
    assert "Dế Mèn phiêu lưu ký" in page.inner_text("main")
    assert not axe(page)
    page.click("button[value=begin]")
    page.wait_for_url(re.compile(r"/report"))
    assert page.inner_text("[data-figure=stored]") == "3"
    assert not axe(page)
    url = page.url
    phone = new_page(PHONE, javascript=False)
    sign_in_staff(phone, live_server, name, PASSWORD)
    phone.goto(url)
    assert "Không nhập được" in phone.inner_text("main")
    assert overflow(page) == 0
