"""A cataloger finds a title elsewhere, takes it or merges it; an administrator sets the targets up."""

import re
from dataclasses import replace
from html import unescape
from typing import Any

import pytest
from sqlalchemy import select

from cataloging.editor.models import RecordDraft
from cataloging.marc.model import data_field
from cataloging.models import ChangeSet, Record
from cataloging.targets.fields import groups, joined, tags_of
from cataloging.targets.models import Target, TargetAnswer, TargetFound
from ils.core.audit import AuditEntry
from ils.core.config import config, use
from ils.core.db import reading, transaction
from tests.cataloging.targets.conftest import PASSWORD, USER
from tests.factories import Province, create_record


def add(province: Province, name: str, address: str, **more: Any) -> int:
    facts: dict[str, Any] = {
        "unit_id": province.library.id,
        "version": "1.2",
        "seconds": 1,
        "indexes": {"isbn": "bath.isbn", "any": "cql.anywhere", "title": "dc.title"},
        "inside": True,
        "active": True,
    }
    with transaction() as session:
        target = Target(name=name, address=address, **{**facts, **more})
        session.add(target)
        session.flush()
        return target.id


def text_of(answer: Any) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", "", answer.get_data(as_text=True)))


def found_at(answer: Any) -> str:
    return str(re.search(r"/staff/targets/found/\d+", answer.get_data(as_text=True))[0])  # type: ignore[index]


@pytest.fixture
def searched(staff_client: Any, province: Province, sru: Any) -> tuple[Any, Any]:
    """A cataloger's browser and the page of what a good, a dead and a double target gave."""
    add(province, "Tỉnh", f"{sru.url}/good", order=1)
    add(province, "Chậm", f"{sru.url}/hang", order=2)
    add(province, "Nơi khác", f"{sru.url}/zip", order=3)
    browser = staff_client("cataloguer")
    made = browser.post("/staff/targets/", data={"words": "978-0-13-110362-7"})
    assert made.status_code == 302
    return browser, browser.get(made.location)


def test_a_record_leads_to_the_search_for_its_title_elsewhere(
    staff_client: Any, province: Province
) -> None:
    add(province, "Tỉnh", "http://127.0.0.1:9/never-asked")
    with transaction() as session:
        record = create_record(session, "Số đỏ")
    browser = staff_client("cataloguer")
    shown = browser.get(f"/staff/catalog/{record.id}").text
    (address,) = re.findall(r'href="(/staff/targets/\?[^"]*)"', shown)
    boxes = re.findall(r"<input[^>]*>", browser.get(unescape(address)).text)
    assert any('name="record"' in box and f'value="{record.id}"' in box for box in boxes)
    assert any('value="Số đỏ"' in box for box in boxes)


def test_answers_stand_side_by_side_and_a_slow_one_holds_up_none(searched: Any) -> None:
    page = text_of(searched[1])
    assert "không trả lời trong thời hạn" in page
    assert "Mục lục của ta chưa có" in page
    with reading() as session:
        states = session.scalars(select(TargetAnswer.state).order_by(TargetAnswer.id)).all()
    assert states == ["answered", "failed", "answered"]


def test_one_record_of_two_targets_stands_once_and_names_both(searched: Any) -> None:
    page = searched[1].get_data(as_text=True)
    assert page.count(" data-found>") == 1
    assert page.count('<section class="target-part"') == 1, "what gave nothing new takes no column"
    assert re.search(r'cũng có ở <a href="/staff/targets/found/\d+">Nơi khác</a>', page)
    assert "cho 1 biểu ghi, đều đã nêu ở trên" in page


def test_what_is_taken_waits_in_the_editor_as_a_draft(searched: Any) -> None:
    browser, page = searched
    look = browser.get(found_at(page))
    assert "Kho xa" in text_of(look)  # left out by the rule, and shown
    answer = browser.post(found_at(page) + "/take")
    assert "/staff/catalog/new?draft=" in answer.location
    assert "Mắt biếc" in browser.get(answer.location).get_data(as_text=True)
    with reading() as session:
        draft = session.scalars(select(RecordDraft)).one()
        assert not session.scalars(select(Record)).all()
    tags = [tag for one in draft.marc["fields"] for tag in one]
    assert tags == ["020", "035", "245"]
    assert data_field("035", " ", " ", ("a", "(XX)77")) in draft.marc["fields"]


def test_a_merge_keeps_protected_fields_and_is_undone_as_one(
    searched: Any, province: Province
) -> None:
    browser, page = searched
    with transaction() as session:
        record = create_record(
            session, "Mat biec", fields=[data_field("020", " ", " ", ("a", "9780131103627"))]
        )
        before = dict(record.marc)
    path = f"{found_at(page)}/merge/{record.id}"
    shown = browser.get(path)
    assert shown.status_code == 200
    sent = {"act": "save", "version": "1", "why": "theo tỉnh", "f.245": "theirs"}
    assert browser.post(path, data={**sent, "version": "9"}).status_code == 409
    saved = browser.post(path, data=sent)
    assert saved.status_code == 302
    with reading() as session:
        now = session.get_one(Record, record.id)
        assert (now.title, now.version) == ("Mắt biếc", 2)
        made_in = session.scalars(select(ChangeSet).where(ChangeSet.kind == "target")).one()
    assert saved.location.endswith(f"/changes/{made_in.id}")
    browser.post(f"/staff/catalog/changes/{made_in.id}/undo")
    with reading() as session:
        assert session.get_one(Record, record.id).marc == before


def test_another_person_does_not_see_the_search(searched: Any, staff_client: Any) -> None:
    page = searched[1]
    other = staff_client("cataloguer")
    assert other.get(page.request.path).status_code == 404
    assert other.get(found_at(page)).status_code == 404
    assert other.post(found_at(page) + "/take").status_code == 404


def test_both_sides_of_a_merge_are_chosen_field_by_field() -> None:
    ours: Any = {
        "leader": "o",
        "fields": [
            {"001": "1"},
            data_field("245", "1", "0", ("a", "Cũ")),
            data_field("650", " ", "4", ("a", "Biển")),
            data_field("690", " ", " ", ("a", "Địa chí")),
        ],
    }
    theirs: Any = {
        "leader": "t",
        "fields": [
            data_field("245", "1", "0", ("a", "Mới")),
            data_field("520", " ", " ", ("a", "Tóm tắt")),
            data_field("650", " ", "4", ("a", "Đảo")),
            data_field("690", " ", " ", ("a", "Khác")),
        ],
    }
    kept = tags_of("690 9xx")
    assert {g.tag: g.chosen for g in groups(ours, theirs, kept)} == {
        "245": "theirs",
        "520": "theirs",
        "650": "both",
        "690": "ours",
    }
    new = joined(ours, theirs, {"245": "ours"}, kept)
    assert new["leader"] == "o"
    assert [v for one in new["fields"] for v in one.values()] == [
        "1",
        ours["fields"][1]["245"],
        theirs["fields"][1]["520"],
        ours["fields"][2]["650"],
        theirs["fields"][2]["650"],
        ours["fields"][3]["690"],
    ]
    with pytest.raises(ValueError, match="69"):
        tags_of("69 9xx")


class TestSetUp:
    """Targets are an administrator's."""

    def test_a_known_target_is_added_switched_off(
        self, staff_client: Any, province: Province
    ) -> None:
        browser = staff_client("admin")
        assert "Library of Congress (SRU)" in text_of(browser.get("/staff/targets/setup"))
        browser.post("/staff/targets/setup/offer", data={"known": "lc-sru"})
        with reading() as session:
            target = session.scalars(select(Target)).one()
        assert not target.active
        assert not target.inside

    def test_a_target_is_tested_in_the_page(
        self, staff_client: Any, province: Province, sru: Any
    ) -> None:
        browser = staff_client("admin")
        sent = {"name": "Tỉnh", "protocol": "sru", "address": f"{sru.url}/good", "port": "210"}
        sent |= {"version": "auto", "syntax": "marcxml", "encoding": "auto", "seconds": "2"}
        made = browser.post("/staff/targets/setup/new", data={**sent, "order": "1"})
        assert made.status_code == 302
        refused = browser.post(f"{made.location}/test", follow_redirects=True)
        assert "mạng riêng" in text_of(refused)
        browser.post(made.location, data={**sent, "order": "1", "inside": "y", "active": "y"})
        tested = browser.post(f"{made.location}/test", follow_redirects=True)
        assert "1 kết quả, đọc được 1 biểu ghi" in text_of(tested)
        wrong = browser.post(made.location, data={**sent, "order": "1", "address": "ftp://x"})
        assert wrong.status_code == 422

    def test_a_password_is_kept_sealed_and_never_shown(
        self, staff_client: Any, province: Province, sru: Any
    ) -> None:
        browser = staff_client("admin")
        sent = {"name": "Tỉnh", "protocol": "sru", "address": f"{sru.url}/closed", "port": "210"}
        sent |= {"version": "1.2", "syntax": "marcxml", "encoding": "auto", "seconds": "2"}
        sent |= {"order": "1", "inside": "y", "user_name": USER}
        new = "/staff/targets/setup/new"
        path = browser.post(new, data={**sent, "password": PASSWORD}).location
        tested = text_of(browser.post(f"{path}/test", follow_redirects=True))
        assert "1 kết quả, đọc được 1 biểu ghi" in tested
        assert PASSWORD not in browser.get(path).text
        with reading() as session:
            kept = session.scalars(select(Target.password)).one()
            assert PASSWORD not in kept
            assert PASSWORD not in str(session.execute(select(AuditEntry.facts)).all())
        browser.post(path, data={**sent, "name": "Tỉnh nhà"})  # the box left empty keeps it
        assert "1 kết quả" in text_of(browser.post(f"{path}/test", follow_redirects=True))
        moved = {**sent, "address": f"{sru.url}/good"}
        assert browser.post(path, data=moved).status_code == 422, "it goes to no other address"
        assert browser.post(path, data={**moved, "no_password": "y"}).status_code == 302
        browser.post(path, data={**sent, "password": "khác"})
        refused = text_of(browser.post(f"{path}/test", follow_redirects=True))
        assert "không nhận tên và mật khẩu của ta" in refused
        use(replace(config(), secret_key="another"))
        lost = text_of(browser.post(f"{path}/test", follow_redirects=True))
        assert "không còn đọc được mật khẩu" in lost

    def test_a_cataloger_sets_up_nothing(self, staff_client: Any) -> None:
        browser = staff_client("cataloguer")
        assert browser.get("/staff/targets/setup").status_code == 403

    def test_what_was_found_is_forgotten_with_its_target(
        self, searched: Any, staff_client: Any
    ) -> None:
        admin = staff_client("admin")
        with reading() as session:
            targets = session.scalars(select(Target.id)).all()
        for one in targets:
            admin.post(f"/staff/targets/setup/{one}", data={"act": "remove"})
        with reading() as session:
            assert not session.scalars(select(TargetFound)).all()
