"""Pages of headings, as staff of the province and of a library use them."""

import io
import re
from html import unescape
from typing import Any

import pytest
from sqlalchemy import select

from cataloging.authorities.models import Authority, Heading
from cataloging.change_sets import undo_change_set
from cataloging.marc import formats
from cataloging.marc.model import data_field
from cataloging.models import ChangeSet, Record
from ils.accounts.actor import system_actor
from ils.core.db import reading, transaction
from ils.core.jobs import run_next_job
from tests.factories import Province, create_record


@pytest.fixture
def cataloger(staff_client: Any, province: Province) -> Any:
    """A cataloger of the whole province."""
    return staff_client("cataloguer", province.top)


def text_of(answer: Any) -> str:
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", answer.text)).split())


def established(browser: Any, name: str, **more: str) -> Authority:
    sent = {"kind": "person", "scope": "0", "name": name, **more}
    answer = browser.post("/staff/authorities/new", data=sent)
    assert answer.status_code == 302, text_of(answer)
    with reading() as session:
        return session.scalars(select(Authority).order_by(Authority.id.desc()).limit(1)).one()


def test_a_heading_is_established_from_the_tray_and_lists_its_records(
    cataloger: Any, province: Province
) -> None:
    with transaction() as session:
        for n in range(2):
            create_record(session, f"Mắt biếc {n}", author="Nguyễn, Nhật Ánh")
        form = session.scalars(select(Heading)).one()
    tray = cataloger.get("/staff/authorities/provisional")
    assert "Nguyễn Nhật Ánh" in text_of(tray)
    cataloger.post(f"/staff/authorities/headings/{form.id}/establish", data={"scope": "0"})
    page = cataloger.get("/staff/authorities/headings/" + str(form.id), follow_redirects=True)
    assert page.status_code == 404  # the provisional form is no more
    listed = cataloger.get("/staff/authorities/?q=nhat+anh")
    (link,) = set(re.findall(r"/staff/authorities/\d+(?=\")", listed.text))
    shown = cataloger.get(link)
    assert "Biểu ghi (2)" in text_of(shown)
    assert "100 1# $a Nguyễn Nhật Ánh" in text_of(shown)


def test_many_of_the_tray_are_established_at_once_and_undone_as_one(
    cataloger: Any, province: Province
) -> None:
    with transaction() as session:
        for name in ("Tô Hoài", "Nam Cao", "Xuân Diệu"):
            create_record(session, "Tuyển tập", author=name)
        ids = {one.text: one.id for one in session.scalars(select(Heading))}
    tray = cataloger.get("/staff/authorities/provisional?sort=filing")
    assert 'data-hotkey="Ctrl+Enter"' in tray.text, "a key shown on a button works"
    sent = {"which": "ticked", "ticked": [ids["Tô Hoài"], ids["Nam Cao"]], "sort": "filing"}
    done = cataloger.post("/staff/authorities/provisional", data=sent)
    assert "sort=filing" in done.headers["Location"]
    assert "Đã xác lập 2 tiêu đề" in text_of(cataloger.get(done.headers["Location"]))
    with transaction() as session:
        made = session.scalars(select(Authority.heading).order_by(Authority.heading)).all()
        assert made == ["Nam Cao", "Tô Hoài"]
        undo_change_set(session, system_actor(), session.scalars(select(ChangeSet.id)).all()[-1])
        assert set(session.scalars(select(Heading.role))) == {"provisional"}
    with transaction() as session:
        ids = {one.text: one.id for one in session.scalars(select(Heading))}
    sent = {"which": "page", "shown": list(ids.values())}
    cataloger.post("/staff/authorities/provisional", data=sent)
    with reading() as session:
        assert set(session.scalars(select(Heading.role))) == {"preferred"}


def test_a_changed_form_stays_as_reference_and_is_carried_after_its_count(
    cataloger: Any, province: Province, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ils.core.jobs.BREATH", 0)
    with transaction() as session:
        record = create_record(session, "Chí Phèo", author="Trần Hữu Tri")
    made = established(cataloger, "Trần Hữu Tri", dates="")
    assert made.heading == "Trần Hữu Tri"
    sent = {"name": "Nam Cao", "dates": "1915-1951", "version": "1", "keep_old": "y"}
    changed = cataloger.post(f"/staff/authorities/{made.id}/edit", data=sent, follow_redirects=True)
    assert "1 biểu ghi đang dùng dạng khác" in text_of(changed)
    (key,) = re.findall(r'name="key" value="(-?\d+)"', changed.text)
    asked = cataloger.get(f"/staff/authorities/{made.id}/carry?key={key}")
    assert "Sẽ sửa 1 biểu ghi" in text_of(asked)
    cataloger.post(f"/staff/authorities/{made.id}/carry", data={"key": key})
    assert run_next_job()
    with reading() as session:
        assert session.get_one(Record, record.id).author == "Nam Cao"
    assert "Nam Cao" in text_of(cataloger.get(f"/staff/catalog/{record.id}"))
    history = text_of(cataloger.get(f"/staff/authorities/{made.id}/history"))
    assert "Phiên bản 2" in history


def test_what_somebody_else_saved_meanwhile_is_shown_and_nothing_typed_is_lost(
    cataloger: Any,
) -> None:
    made = established(cataloger, "Nam Cao")
    url = f"/staff/authorities/{made.id}/edit"
    cataloger.post(url, data={"name": "Nam Cao", "variants": "Xuân Du", "version": "1"})
    late = cataloger.post(url, data={"name": "Nam Cao", "note": "Nhà văn", "version": "1"})
    assert late.status_code == 409
    assert "Nhà văn" in late.text
    assert "Xuân Du" in late.text
    assert 'value="2"' in late.text


def test_a_heading_that_is_there_is_named_and_marc_text_is_checked(cataloger: Any) -> None:
    made = established(cataloger, "Nam Cao")
    sent = {"kind": "person", "scope": "0", "name": "nam cao"}
    twice = cataloger.post("/staff/authorities/new", data=sent)
    assert twice.status_code == 409
    assert f"/staff/authorities/{made.id}" in twice.text
    url = f"/staff/authorities/{made.id}/marc"
    text = re.search(r"<textarea[^>]*>\s*(.*?)</textarea>", cataloger.get(url).text, re.S)
    assert text
    lines = unescape(text[1]).replace("\r", "")
    assert 'data-fields="/staff/catalog/authority-fields"' in cataloger.get(url).text
    wrong = cataloger.post(url, data={"text": lines.replace("100 1#", "245 1#"), "version": "1"})
    assert wrong.status_code == 422
    right = f"{lines}\n510 2# $a Nhóm Tao Đàn\n"
    assert cataloger.post(url, data={"text": right, "version": "1"}).status_code == 302
    assert "Nhóm Tao Đàn" in text_of(cataloger.get(f"/staff/authorities/{made.id}"))


def test_a_record_offers_the_preferred_form_of_its_heading(cataloger: Any) -> None:
    made = established(cataloger, "Nam Cao", variants="Trần Hữu Tri")
    with transaction() as session:
        record = create_record(session, "Chí Phèo", author="Trần Hữu Tri")
    page = cataloger.get(f"/staff/catalog/{record.id}")
    assert "Trần Hữu Tri → Nam Cao" in text_of(page)
    sent = dict(
        re.findall(r'name="(record_id|version|place|authority_id)" value="(\d+)"', page.text)
    )
    assert sent["authority_id"] == str(made.id)
    taken = cataloger.post("/staff/authorities/take", data=sent, follow_redirects=True)
    assert "→" not in text_of(taken).partition("Tiêu đề")[2][:60]
    with reading() as session:
        assert session.get_one(Record, record.id).author == "Nam Cao"


def test_two_headings_are_chosen_and_made_one(cataloger: Any) -> None:
    with transaction() as session:
        create_record(session, "Mắt biếc", author="Nguyễn Nhật Ánh")
        create_record(session, "Kính vạn hoa", author="Nguyễn Nhật Anh")
        forms = {f.text: f.id for f in session.scalars(select(Heading))}
    drop, keep = forms["Nguyễn Nhật Anh"], forms["Nguyễn Nhật Ánh"]
    page = cataloger.get(f"/staff/authorities/merge?drop={drop}&q=nguyen+nhat")
    assert f"keep={keep}&amp;drop={drop}" in page.text
    sure = cataloger.get(f"/staff/authorities/merge?keep={keep}&drop={drop}")
    assert "1 biểu ghi đang dùng dạng kia" in text_of(sure)
    done = cataloger.post(
        "/staff/authorities/merge",
        data={"keep": keep, "drop": drop, "records": "1"},
        follow_redirects=True,
    )
    assert "Đã gộp thành một" in text_of(done)
    cataloger.post("/staff/authorities/near")
    while run_next_job():
        pass
    assert "Không có tiêu đề gần giống" in text_of(cataloger.get("/staff/authorities/near"))


def test_suggestions_are_found_without_marks_and_lead_from_variants(cataloger: Any) -> None:
    established(cataloger, "Nam Cao", variants="Trần Hữu Tri", dates="1915-1951")
    with transaction() as session:
        create_record(session, "Nam quốc", author="Nam Trân")
    found = cataloger.get("/staff/authorities/suggest?kind=person&q=nam").json
    assert [(one["text"], one["established"]) for one in found] == [
        ("Nam Cao, 1915-1951", True),
        ("Nam Trân", False),
    ]
    (one,) = cataloger.get("/staff/authorities/suggest?kind=person&q=huu+tri").json
    assert (one["name"], one["dates"], one["see"]) == ("Nam Cao", "1915-1951", "Trần Hữu Tri")
    assert cataloger.get("/staff/authorities/suggest?kind=x&q=nam").status_code == 404


def test_a_file_is_uploaded_looked_at_begun_and_undone(cataloger: Any) -> None:
    stream = io.BytesIO()
    heading = data_field("150", " ", " ", ("a", "Văn học thiếu nhi"))
    formats.write(
        [{"leader": "00000nz  a2200000n  4500", "fields": [{"001": "1"}, heading]}],
        "marcxml",
        stream,
    )
    stream.seek(0)
    sent = {"file": (stream, "chu-de.xml"), "scope": "0", "on_match": "merge"}
    page = cataloger.post("/staff/authorities/imports", data=sent, follow_redirects=True)
    assert "Văn học thiếu nhi" in text_of(page)
    url = page.request.path
    cataloger.post(url, data={"act": "begin"})
    assert run_next_job()
    done = cataloger.get(url)
    (change,) = set(re.findall(r"/staff/catalog/changes/\d+", done.text))
    assert "Văn học thiếu nhi" in text_of(cataloger.get(change))
    cataloger.post(f"{change}/undo")
    assert "Hoàn tác" in text_of(cataloger.get(url)) or "Đã hoàn tác" in text_of(cataloger.get(url))
    assert "Không có tiêu đề phù hợp" in text_of(cataloger.get("/staff/authorities/?kind=subject"))


def test_a_library_keeps_headings_of_its_own_and_changes_none_of_the_provinces(
    staff_client: Any, cataloger: Any, province: Province
) -> None:
    shared = established(cataloger, "Nam Cao")
    own = staff_client("cataloguer", province.library)
    page = own.get("/staff/authorities/new")
    assert f'value="{province.library.id}"' in page.text
    assert "Mọi thư viện" not in page.text
    edit = f"/staff/authorities/{shared.id}/edit"
    assert own.post(edit, data={"name": "Nam", "version": "1"}).status_code == 403
    made = established(own, "Cụ Đồ Quê", scope=str(province.library.id))
    assert made.scope == province.library.id
    listed = own.get("/staff/authorities/?own=1")
    assert "Cụ Đồ Quê" in listed.text
    assert "Nam Cao" not in listed.text
    foreign = staff_client("cataloguer", province.foreign_library)
    assert foreign.get(f"/staff/authorities/{made.id}").status_code == 404
    assert "Cụ Đồ Quê" not in foreign.get("/staff/authorities/").text


def test_letters_lead_to_the_page_on_which_they_begin(cataloger: Any) -> None:
    with transaction() as session:
        for n in range(60):
            create_record(session, f"A {n}", author=f"Bá Nhân {n}")
        create_record(session, "Đ", author="Đặng Thai Mai")
    answer = cataloger.get("/staff/authorities/?kind=person&from=Đ")
    assert "page=2" in answer.location
    assert answer.location.rpartition("#")[2].startswith("h")
    sheet = cataloger.get("/staff/authorities/?export=xlsx")
    assert sheet.data.startswith(b"PK")
