"""Pages of quality: dashboard, tray, list, mending, and whose records they are about."""

from typing import Any

import pytest
from sqlalchemy import select

from cataloging.marc.model import data_field
from cataloging.models import Record
from cataloging.quality.scoring import judge
from cataloging.records import create_record
from ils.core.db import reading, transaction
from ils.core.jobs import run_next_job
from tests.cataloging.quality.test_quality import marc
from tests.factories import Province, create_actor


@pytest.fixture
def cataloger(province: Province, staff_client: Any) -> Any:
    with transaction() as session:
        actor = create_actor(session, "cataloguer", province.library)
        made = [
            create_record(session, actor, marc("DẾ MÈN PHIÊU LƯU KÝ")).id,
            create_record(session, actor, marc("Số đỏ", author="Phụng, Vũ Trọng")).id,
        ]
        judge(session, made)
    return staff_client("cataloguer")


def titles() -> set[str]:
    with reading() as session:
        return set(session.scalars(select(Record.title)))


def test_the_tray_mends_and_leaves(cataloger: Any) -> None:
    page = cataloger.get("/staff/quality/tray").get_data(as_text=True)
    assert 'value="Dế mèn phiêu lưu ký"' in page
    with reading() as session:
        ids = dict(session.execute(select(Record.title, Record.id)).all())
    sent = {"record": ids["DẾ MÈN PHIÊU LƯU KÝ"], "code": "capitals", "version": 1}
    cataloger.post("/staff/quality/mend", data=sent | {"typed": "Dế Mèn phiêu lưu ký"})
    assert titles() == {"Dế Mèn phiêu lưu ký", "Số đỏ"}
    sent = {"record": ids["Số đỏ"], "code": "inverted", "version": 1, "act": "leave"}
    cataloger.post("/staff/quality/mend", data=sent)
    assert "Khay đã hết việc" in cataloger.get("/staff/quality/tray").get_data(as_text=True)


def test_a_fault_is_listed_sent_as_a_sheet_and_mended_over_all(cataloger: Any) -> None:
    page = cataloger.get("/staff/quality/").get_data(as_text=True)
    assert "/staff/quality/faults/inverted" in page
    assert "Phụng, Vũ Trọng" in cataloger.get("/staff/quality/faults/inverted").get_data(
        as_text=True
    )
    assert cataloger.get("/staff/quality/faults/inverted.xlsx").data[:2] == b"PK"
    assert cataloger.get("/staff/quality/faults/nothing").status_code == 404
    preview = cataloger.get("/staff/quality/faults/inverted/all").get_data(as_text=True)
    assert "Vũ Trọng Phụng" in preview
    begun = cataloger.post("/staff/quality/faults/inverted/all")
    assert run_next_job()
    done = cataloger.get(begun.headers["Location"]).get_data(as_text=True)
    assert "Đã sửa 1 biểu ghi" in done


def test_a_breach_of_a_rule_is_said_in_a_sentence_and_all_go_into_a_basket(
    cataloger: Any, province: Province
) -> None:
    with transaction() as session:
        actor = create_actor(session, "cataloguer", province.library)
        odd = [
            marc("Số đỏ", data_field("082", "7", "9", ("a", "8"), ("b", "X"))),
            marc("Tắt đèn", data_field("245", "1", "0", ("z", "Lều chõng"))),
        ]
        judge(session, [create_record(session, actor, one).id for one in odd])
    address = "/staff/quality/faults/marc_warning"
    page = cataloger.get(address).get_data(as_text=True)
    assert "082: Chỉ thị 2 không thể là" in page
    assert "indicator2" not in page.replace("word=082+indicator2", "")
    narrowed = cataloger.get(address + "?word=082+indicator2").get_data(as_text=True)
    assert "Tắt đèn" not in narrowed.partition("<table")[2].partition("</table")[0]
    sent = cataloger.post(address + "/basket?word=082+indicator2", data={"basket": "Lỗi"})
    basket = cataloger.get(sent.headers["Location"]).get_data(as_text=True)
    assert "Số đỏ" in basket
    assert "Tắt đèn" not in basket


def test_the_tray_shows_a_few_of_each_fault_and_leads_to_all_like_it(
    cataloger: Any, province: Province
) -> None:
    with transaction() as session:
        actor = create_actor(session, "cataloguer", province.library)
        many = [marc(f"TẮT ĐÈN SỐ {n}") for n in range(12)]
        judge(session, [create_record(session, actor, one).id for one in many])
    page = cataloger.get("/staff/quality/tray").get_data(as_text=True)
    assert page.count('class="tray__one"') == 10
    assert 'value="inverted"' in page
    assert "Cả 13 biểu ghi cùng lỗi" in page


def test_another_librarys_dashboard_is_not_to_be_found(cataloger: Any, province: Province) -> None:
    for path in ("", "tray", "faults/inverted", "faults/inverted/all"):
        address = f"/staff/quality/{path}?library={province.foreign_library.id}"
        assert cataloger.get(address).status_code == 404
