"""The cataloger's way through duplicates: found, side by side, merged, the old address, undone."""

import re
from collections.abc import Callable
from typing import Any

import pytest

from cataloging.models import Record
from cataloging.records import replace_marc
from ils.accounts.actor import system_actor
from ils.core.db import reading, transaction
from ils.core.jobs import run_next_job
from tests.factories import Province, create_item, create_record

TICKED = re.compile(r'name="(field|once\.\w+)" value="([^"]*)" checked')


@pytest.fixture
def two(province: Province) -> tuple[int, int]:
    with transaction() as session:
        kept = create_record(session, "Số đỏ")
        gone = create_record(
            session,
            "Số đỏ",
            fields=[{"300": {"ind1": " ", "ind2": " ", "subfields": [{"a": "250 tr."}]}}],
        )
        create_item(session, province.branch, gone)
        return kept.id, gone.id


def sent_for(page: str, *ids: int, **more: Any) -> dict[str, Any]:
    """Return what the form on the page would send."""
    form: dict[str, Any] = {"record": list(map(str, ids)), "field": []}
    form |= dict(re.findall(r'name="(version\.\d+)" value="(\d+)"', page))
    for name, value in TICKED.findall(page):
        if name == "field":
            form["field"].append(value)
        else:
            form[name] = value
    return form | more


def test_from_the_look_to_the_merge_and_back(
    staff_client: Callable[..., Any], client: Any, two: tuple[int, int]
) -> None:
    kept, gone = two
    staff = staff_client("cataloguer")
    assert "Chưa tìm biểu ghi trùng lần nào" in staff.get("/staff/duplicates/").text
    staff.post("/staff/duplicates/", data={"act": "find"})
    assert "Dừng" in staff.get("/staff/duplicates/").text
    while run_next_job():
        pass
    listed = staff.get("/staff/duplicates/").text
    assert f"/staff/duplicates/compare?record={kept}&amp;record={gone}" in listed
    assert "cùng nhan đề, tác giả, năm" in listed or "trùng nhan đề" in listed
    page = staff.get(f"/staff/duplicates/compare?record={kept}&record={gone}").text
    assert "250 tr." in page
    merged = staff.post("/staff/duplicates/compare", data=sent_for(page, kept, gone))
    assert merged.location == f"/staff/catalog/{kept}"
    shown = staff.get(merged.location).text
    assert "Đã gộp vào biểu ghi này" in shown
    assert "250 tr." in shown
    change = re.search(r"/staff/catalog/changes/\d+", shown)
    assert change is not None
    assert staff.get("/staff/duplicates/").text.count("twins__one") == 0

    for old, new in (
        (f"/staff/catalog/{gone}?view=marc", f"/staff/catalog/{kept}?view=marc"),
        (f"/staff/catalog/{gone}/edit", f"/staff/catalog/{kept}/edit"),
        (f"/record/{gone}", f"/record/{kept}"),
        (f"/record/{gone}/export/ris", f"/record/{kept}/export/ris"),
        (f"/cover/{gone}.svg", f"/cover/{kept}.svg"),
    ):
        answer = (staff if old.startswith("/staff") else client).get(old)
        assert (answer.status_code, answer.location) == (302, new), old
    assert "Gộp" in staff.get(f"/staff/catalog/{gone}/history").text
    back = staff.post(f"/staff/catalog/{gone}/act", data={"act": "bring_back"})
    assert back.status_code == 409
    page = staff.get(change[0]).text
    assert "Hoàn tác" in page
    assert "1 bản, 0 lượt đặt giữ và 0 dòng khác đã được chuyển" in page

    assert staff.post(f"{change[0]}/undo").status_code == 302
    page = staff.get(change[0]).text
    assert "2 biểu ghi, 1 bản sách" in page, "what went then, not what is there now"
    assert "đã được chuyển; việc đó đã hoàn tác." in page
    assert staff.get(f"/staff/catalog/{gone}").status_code == 200
    with reading() as session:
        assert session.get_one(Record, kept).marc["fields"][-1].get("300") is None


def test_nothing_chosen_is_lost_when_somebody_saved_meanwhile(
    staff_client: Callable[..., Any], two: tuple[int, int]
) -> None:
    kept, gone = two
    staff = staff_client("cataloguer")
    page = staff.get(f"/staff/duplicates/compare?record={kept}&record={gone}").text
    form = sent_for(page, kept, gone)
    form["field"] = form["field"][:-1]
    with transaction() as session:
        record = session.get_one(Record, gone)
        marc: Any = {**record.marc, "fields": [*record.marc["fields"], {"009": "x"}]}
        replace_marc(session, system_actor(), gone, marc, expected_version=1)
    again = staff.post("/staff/duplicates/compare", data=form)
    assert again.status_code == 409
    assert "Vừa có người sửa" in again.text
    shown = sent_for(again.text, kept, gone)
    assert shown["field"] == form["field"]
    assert staff.post("/staff/duplicates/compare", data=shown).status_code == 302


def test_what_is_typed_into_a_record_merged_meanwhile_is_not_lost(
    staff_client: Callable[..., Any], two: tuple[int, int]
) -> None:
    kept, gone = two
    staff = staff_client("cataloguer")
    page = staff.get(f"/staff/duplicates/compare?record={kept}&record={gone}").text
    staff.post("/staff/duplicates/compare", data=sent_for(page, kept, gone))
    typed = "LDR 00000nam#a2200000#a#4500\n245 10 $a Số đỏ gõ dở"
    form = {"view": "text", "text": typed, "version": "1", "act": "save"}
    answer = staff.post(f"/staff/catalog/{gone}/edit", data=form)
    assert answer.status_code == 404
    assert "Số đỏ gõ dở" in answer.text
    assert f"đã được gộp vào biểu ghi #{kept}" in answer.text


def test_an_error_in_the_fields_chosen_is_told_and_nothing_merged(
    staff_client: Callable[..., Any], two: tuple[int, int]
) -> None:
    kept, gone = two
    staff = staff_client("cataloguer")
    page = staff.get(f"/staff/duplicates/compare?record={kept}&record={gone}").text
    form = {k: v for k, v in sent_for(page, kept, gone).items() if k != "once.245"}
    form["field"] = [one for one in form["field"] if not one.startswith("245")]
    assert staff.post("/staff/duplicates/compare", data=form).status_code == 422
    assert staff.get(f"/staff/catalog/{gone}").status_code == 200


def test_not_the_same_is_said_from_the_list_and_taken_back(
    staff_client: Callable[..., Any], two: tuple[int, int]
) -> None:
    kept, gone = two
    staff = staff_client("cataloguer")
    sent = {"record": [str(kept), str(gone)]}
    staff.post("/staff/duplicates/judge", data=sent)
    assert f"/staff/catalog/{gone}" in staff.get("/staff/duplicates/judged").text
    staff.post("/staff/duplicates/judge", data={**sent, "act": "again"})
    assert f"/staff/catalog/{gone}" not in staff.get("/staff/duplicates/judged").text


def test_merging_begins_at_the_record_and_in_a_basket_too(
    staff_client: Callable[..., Any], two: tuple[int, int]
) -> None:
    kept, gone = two
    staff = staff_client("cataloguer")
    compare = f"/staff/duplicates/compare?record={kept}&amp;record={gone}"
    assert f"/staff/duplicates/with/{kept}" in staff.get(f"/staff/catalog/{kept}").text
    assert compare in staff.get(f"/staff/duplicates/with/{kept}").text
    assert compare in staff.get(f"/staff/duplicates/with/{kept}?q=%23{gone}").text
    sent = {"basket": "Giỏ", "which": "ticked", "record": [str(kept), str(gone)]}
    basket = staff.post("/staff/baskets/take", data=sent).location
    led = staff.post(f"{basket}/act", data={"act": "merge"})
    assert led.location == compare.replace("&amp;", "&")
    one = staff.post(f"{basket}/act", data={"act": "merge", "record": [str(kept)]})
    assert one.location == basket


def test_the_list_is_a_spreadsheet_too(
    staff_client: Callable[..., Any], two: tuple[int, int]
) -> None:
    assert two
    staff = staff_client("cataloguer")
    staff.post("/staff/duplicates/", data={"act": "find"})
    while run_next_job():
        pass
    answer = staff.get("/staff/duplicates/duplicates.xlsx")
    assert answer.status_code == 200
    assert answer.data[:2] == b"PK"


def test_who_may_not_delete_records_does_not_merge(
    staff_client: Callable[..., Any], two: tuple[int, int]
) -> None:
    kept, gone = two
    clerk = staff_client("clerk")
    assert clerk.get("/staff/duplicates/").status_code == 403
    form = {"record": [str(kept), str(gone)]}
    assert clerk.post("/staff/duplicates/compare", data=form).status_code == 403
