"""The editor's page: three views of one record, switched and saved without loss; copies, drafts,
two people, and forms of a library."""

from typing import Any

import lxml.html
import pytest
from sqlalchemy import select

from cataloging.editor.drafts import drafts_of, forget_draft, keep_draft
from cataloging.editor.layouts import Placed, layout_for, own_layout, set_layout
from cataloging.editor.materials import materials
from cataloging.editor.models import RecordDraft
from cataloging.editor.presence import tell_closed, tell_open
from cataloging.marc.model import Marc, data_field
from cataloging.marc.text import write
from cataloging.models import Item, Record
from cataloging.records import create_record as store
from cataloging.records import replace_marc
from ils.accounts.actor import system_actor
from ils.core.db import reading, transaction
from ils.core.errors import Forbidden, Invalid
from tests.cataloging.editor.test_rows import ODD
from tests.factories import (
    Province,
    create_actor,
    create_collection,
    create_province,
    create_record,
    create_register,
)

CATALOG = "/staff/catalog"
Boxes = list[tuple[str, str]]


@pytest.fixture
def record(province: Province) -> Record:
    with transaction() as session:
        return create_record(session, "Số đỏ", author="Vũ Trọng Phụng", year="2019")


@pytest.fixture
def staff(staff_client: Any, province: Province) -> Any:
    return staff_client("cataloguer")


def now(record: Record) -> Record:
    with reading() as session:
        return session.get_one(Record, record.id)


def boxes_of(answer: Any) -> Boxes:
    """Return what a browser would send from the page, but for the buttons."""
    page = lxml.html.fromstring(answer.get_data(as_text=True))
    [form] = page.xpath("//form[@data-editor]")
    for blank in form.xpath(".//template"):
        blank.drop_tree()
    return [(name, value or "") for name, value in form.form_values()]


def sent(boxes: Boxes, **changes: str) -> dict[str, list[str]]:
    """Change boxes by name (``b_title`` is ``b.title``) and press a button (``act``)."""
    data: dict[str, list[str]] = {}
    for name, value in boxes:
        data.setdefault(name, []).append(value)
    for name, value in changes.items():
        data[name.replace("b_", "b.", 1)] = [value]
    return data


def text_of(answer: Any) -> str:
    return " ".join(lxml.html.fromstring(answer.get_data(as_text=True)).text_content().split())


def test_odd_records_are_opened_switched_and_saved_in_every_view_without_loss(
    staff: Any, province: Province
) -> None:
    marc: Marc = {
        "leader": "00000cam a2200000 i 4500",
        "fields": [
            *ODD,
            {"008": "990101s1999    fr a   j      001 1 vie d"},
            data_field("245", "1", "0", ("a", "Truyện Kiều ="), ("b", "The tale /"), ("c", "N.")),
            data_field("650", " ", "7", ("a", "Huế"), ("x", "Lịch sử"), ("2", "x"), ("9", "7")),
            data_field("520", " ", " ", ("a", "dài " * 150_000 + "hết")),
            data_field("952", " ", " ", ("p", "VN.1")),
        ],
    }
    with transaction() as session:
        made = store(session, system_actor(), marc)
    before = now(made).marc
    path = f"{CATALOG}/{made.id}/edit"
    for view in ("form", "marc", "text"):
        page = staff.get(f"{path}?view={view}")
        for other in ("marc", "text", "form", view):
            page = staff.post(path, data=sent(boxes_of(page), act=f"view:{other}"))
            assert page.status_code == 200, text_of(page)[:300]
        saved = staff.post(path, data=sent(boxes_of(page), act="save"))
        assert saved.status_code == 302, view
        assert now(made).marc == before, view
        assert now(made).version == 1


@pytest.mark.parametrize("code", list(materials()))
def test_a_new_record_of_each_material_is_written_and_found_sound(
    staff: Any, province: Province, code: str
) -> None:
    page = staff.get(f"{CATALOG}/new?material={code}")
    changes = {"b_title": "Đất Hải Châu", "act": "save"}
    answer = staff.post(f"{CATALOG}/new", data=_without_copies(sent(boxes_of(page), **changes)))
    assert answer.status_code == 302, text_of(answer)
    with reading() as session:
        made = session.scalars(select(Record)).one()
    assert made.title == "Đất Hải Châu"
    assert made.marc["leader"][6:8] == materials()[code].leader


def _without_copies(data: dict[str, list[str]]) -> dict[str, list[str]]:
    data.pop("with_copies", None)
    return data


def test_another_material_keeps_what_was_typed(staff: Any, province: Province) -> None:
    page = staff.get(f"{CATALOG}/new?material=book")
    typed = sent(boxes_of(page), b_title="Đà Nẵng", b_year="2020", material_wanted="map")
    page = staff.post(f"{CATALOG}/new", data=typed | {"act": "material"})
    assert dict(boxes_of(page))["b.title"] == "Đà Nẵng"
    assert "b.scale" in dict(boxes_of(page))
    text = staff.post(f"{CATALOG}/new", data=sent(boxes_of(page), act="view:text"))
    shown = dict(boxes_of(text))["text"]
    assert shown.splitlines()[0][10:12] == "em"
    assert "s2020" in shown


def test_errors_keep_it_from_being_saved_and_lead_to_their_place(
    staff: Any, record: Record
) -> None:
    path = f"{CATALOG}/{record.id}/edit"
    text = write(record.marc)  # type: ignore[arg-type]
    for wrong, said in (
        (text.replace("245 10 $a Số đỏ", "245 10 Số đỏ"), "Dòng 4"),
        (text.replace("245 10 $a", "245 10 $b"), "Thiếu nhan đề"),
        (text.replace("LDR ", "LDR x"), "25"),
    ):
        data = {"view": "text", "text": wrong, "version": "1", "act": "save"}
        answer = staff.post(path, data=data)
        assert answer.status_code == 422
        assert said in text_of(answer)
        assert "Kim Đồng" in answer.get_data(as_text=True)
    for view, target in (("form", "b-title"), ("marc", "f2")):
        page = boxes_of(staff.get(f"{path}?view={view}"))
        blank = {"b_title": ""} if view == "form" else {"f2.s": ""}
        answer = staff.post(path, data=sent(page, act="save", **blank))
        assert answer.status_code == 422
        assert f'data-target="{target}' in answer.get_data(as_text=True) or view == "marc"
    assert now(record).version == 1


def test_warnings_do_not_and_the_page_is_told_them_while_typing(staff: Any, record: Record) -> None:
    text = write(record.marc) + "\n020 ## $a 9780306406158"  # type: ignore[arg-type]
    data = {"view": "text", "text": text, "version": "1", "record": str(record.id)}
    checked = staff.post(f"{CATALOG}/editor/check", data=data).json
    assert checked["errors"] == 0
    assert "9780306406158" in checked["said"]
    assert "020 $a" in checked["said"]
    assert "bad_isbn" in checked["said"]
    assert checked["card"].startswith("VŨ TRỌNG PHỤNG. Số đỏ")
    saved = staff.post(f"{CATALOG}/{record.id}/edit", data=data | {"act": "save", "why": "thêm"})
    assert saved.status_code == 302
    assert "thêm" in text_of(staff.get(f"{CATALOG}/{record.id}/history"))


def test_rows_are_worked_on_without_scripts_and_taken_back(staff: Any, record: Record) -> None:
    path = f"{CATALOG}/{record.id}/edit"
    page = staff.get(f"{path}?view=marc")
    tags = lambda page: [v for n, v in boxes_of(page) if n.endswith(".t")]  # noqa: E731
    assert tags(page) == ["008", "100", "245", "264"]
    page = staff.post(path, data=sent(boxes_of(page), at="3", act="row:up"))
    assert tags(page) == ["008", "100", "264", "245"]
    page = staff.post(path, data=sent(boxes_of(page), act="row:undo"))
    assert tags(page) == ["008", "100", "245", "264"]
    page = staff.post(path, data=sent(boxes_of(page), at="0", act="row:delete"))
    page = staff.post(path, data=sent(boxes_of(page), at="1", act="row:field"))
    boxes = sent(boxes_of(page), act="row:double", at="90")
    [name] = [n for n, v in boxes_of(page) if n.endswith(".t") and not v]
    boxes |= {name: ["500"], name.replace(".t", ".s"): ["Ghi chú"], "at": [name[1:-2]]}
    page = staff.post(path, data=boxes)
    assert tags(page) == ["100", "245", "500", "500", "264"]
    page = staff.post(path, data=sent(boxes_of(page), at="2", act="row:subfield"))
    assert [v for n, v in boxes_of(page) if n == "f2.c"] == ["a", ""]


class TestCopies:
    """A new title with its copies, one after another."""

    def test_it_comes_with_its_copies_and_the_page_is_ready_for_the_next(
        self, staff: Any, province: Province
    ) -> None:
        with transaction() as session:
            create_register(session, province.library, "TN")
            kho = create_collection(session, province.library, "TN")
        page = staff.get(f"{CATALOG}/new")
        assert "TN.00001" in page.get_data(as_text=True)
        typed = sent(
            boxes_of(page),
            b_title="Mắt biếc",
            b_authors="Nguyễn Nhật Ánh",
            b_publisher="Trẻ",
            b_year="2019",
            b_price="110000đ",
            b_class_number="895.92234",
            b_keywords="Văn học hiện đại; Truyện dài",
            act="next",
        )
        typed |= {"copy-copies": ["2"], "copy-collection_id": [str(kho.id)]}
        typed |= {"copy-branch_id": [str(province.branch.id)], "pin": ["publisher", "keywords"]}
        answer = staff.post(f"{CATALOG}/new", data=typed)
        assert (answer.status_code, answer.location) == (302, f"{CATALOG}/new")
        with reading() as session:
            record = session.scalars(select(Record)).one()
            made = session.scalars(select(Item).order_by(Item.id)).all()
        assert (record.title, record.author, record.year) == ("Mắt biếc", "Nguyễn Nhật Ánh", 2019)
        assert record.control_number.startswith("sen")
        assert [(i.accession_no, i.price) for i in made] == [
            ("TN.00001", 110000),
            ("TN.00002", 110000),
        ]
        page = staff.get(f"{CATALOG}/new")
        boxes = dict(boxes_of(page))
        assert "TN.00003" in text_of(page)
        assert (boxes["b.title"], boxes["b.publisher"]) == ("", "Trẻ")
        assert boxes["b.keywords"] == "Văn học hiện đại; Truyện dài"
        assert boxes["copy-collection_id"] == str(kho.id)
        repeated = staff.post(f"{CATALOG}/new", data=sent(boxes_of(page), act="repeat"))
        assert dict(boxes_of(repeated))["b.class_number"] == "895.92234"
        assert staff.get(f"{CATALOG}/editor/last.json").json["boxes"]["title"] == "Mắt biếc"

    def test_a_book_that_is_there_already_is_shown_before_anything_is_saved(
        self, staff: Any, record: Record
    ) -> None:
        page = boxes_of(staff.get(f"{CATALOG}/new"))
        same = {"b_title": "Số đỏ", "b_authors": "Vũ Trọng Phụng", "b_year": "2019", "act": "save"}
        same_data = _without_copies(sent(page, **same))
        told = staff.post(f"{CATALOG}/editor/alike", data=same_data)
        assert f"{CATALOG}/{record.id}/items/new" in told.get_data(as_text=True)
        answer = staff.post(f"{CATALOG}/new", data=same_data)
        assert answer.status_code == 409
        assert "VŨ TRỌNG PHỤNG. Số đỏ" in text_of(answer)
        again = _without_copies(sent(boxes_of(answer), act="save"))
        assert staff.post(f"{CATALOG}/new", data=again).status_code == 302

    def test_what_is_wrong_is_said_and_nothing_typed_is_lost(
        self, staff: Any, province: Province
    ) -> None:
        page = boxes_of(staff.get(f"{CATALOG}/new"))
        typed = sent(page, b_keywords="Văn học", act="save")
        answer = staff.post(f"{CATALOG}/new", data=_without_copies(typed))
        assert answer.status_code == 422
        assert dict(boxes_of(answer))["b.keywords"] == "Văn học"
        wrong = sent(page, b_title="Ca dao", act="save") | {"copy-copies": ["9999"]}
        answer = staff.post(f"{CATALOG}/new", data=wrong)
        assert answer.status_code == 422
        assert dict(boxes_of(answer))["b.title"] == "Ca dao"
        with reading() as session:
            assert session.scalars(select(Record)).all() == []


class TestDrafts:
    """What was typed and not saved."""

    def test_it_is_kept_found_again_and_dropped_when_saved(
        self, staff: Any, province: Province
    ) -> None:
        page = boxes_of(staff.get(f"{CATALOG}/new?material=comic"))
        typed = sent(page, b_title="Thần đồng") | {"copy-copies": ["3"], "pin": ["title"]}
        number = staff.post(f"{CATALOG}/editor/keep", data=typed).json["draft"]
        typed |= {"draft": [str(number)], "b.year": ["2002"]}
        assert staff.post(f"{CATALOG}/editor/keep", data=typed).json["draft"] == number
        assert "Thần đồng" in text_of(staff.get(f"{CATALOG}/new"))
        assert "Thần đồng" in text_of(staff.get(f"{CATALOG}/drafts"))
        opened = staff.get(f"{CATALOG}/drafts/{number}", follow_redirects=True)
        boxes = dict(boxes_of(opened))
        assert (boxes["b.title"], boxes["b.year"]) == ("Thần đồng", "2002")
        assert (boxes["material"], boxes["copy-copies"], boxes["pin"]) == ("comic", "3", "title")
        saved = _without_copies(sent(boxes_of(opened), act="save"))
        assert staff.post(f"{CATALOG}/new", data=saved).status_code == 302
        assert staff.get(f"{CATALOG}/drafts/{number}").status_code == 404

    def test_a_text_that_cannot_be_read_yet_is_kept_as_typed(
        self, staff: Any, record: Record
    ) -> None:
        half = "LDR x\n245 10 Nửa chừng"
        data = {"view": "text", "text": half, "record": str(record.id), "version": "1"}
        number = staff.post(f"{CATALOG}/editor/keep", data=data).json["draft"]
        assert "Bạn đã sửa biểu ghi này" in text_of(staff.get(f"{CATALOG}/{record.id}/edit"))
        opened = staff.get(f"{CATALOG}/drafts/{number}", follow_redirects=True)
        assert dict(boxes_of(opened))["text"] == half
        assert staff.post(f"{CATALOG}/drafts/{number}/discard").status_code == 302
        with reading() as session:
            assert session.scalars(select(RecordDraft)).all() == []

    def test_one_a_person_and_record_and_nobody_elses(self, both_session: Any) -> None:
        session = both_session
        province = create_province(session)
        record = create_record(session, "Số đỏ")
        marc: Any = record.marc
        one = create_actor(session, "cataloguer", province.library)
        other = create_actor(session, "cataloguer", province.library)
        mine = keep_draft(session, one, marc, record.id)
        assert mine.version == 1
        assert keep_draft(session, one, marc, record.id).id == mine.id
        theirs = keep_draft(session, other, marc, record.id)
        found = keep_draft(session, other, marc, draft_id=mine.id)
        assert len({mine.id, theirs.id, found.id}) == 3
        assert drafts_of(session, one)[1] == 1
        with pytest.raises(Invalid):
            keep_draft(session, system_actor(), marc)
        forget_draft(session, one, record_id=record.id)
        assert drafts_of(session, one)[1] == 0
        assert tell_open(session, one, record.id) == []
        assert tell_open(session, one, record.id) == []
        assert tell_open(session, other, record.id) == [one.name]
        tell_closed(session, one, record.id)
        assert tell_open(session, other, record.id) == []


class TestTwoPeople:
    """Two people on one record."""

    def test_both_are_told(self, staff: Any, staff_client: Any, record: Record) -> None:
        other = staff_client("head")
        here = f"{CATALOG}/editor/open/{record.id}"
        page = f"{CATALOG}/{record.id}/edit"
        assert "Người khác cũng đang mở: C" not in text_of(staff.get(page))
        assert "Người khác cũng đang mở: Cán bộ cataloguer" in text_of(other.get(page))
        assert staff.post(here).json == {"others": ["Cán bộ head"], "version": 1}
        assert other.post(here, data={"leave": "1"}).status_code == 204
        assert staff.post(here).json["others"] == []

    def test_a_stale_save_shows_both_and_makes_one_of_them(
        self, staff: Any, record: Record
    ) -> None:
        path = f"{CATALOG}/{record.id}/edit"
        page = boxes_of(staff.get(f"{path}?view=form"))
        marc: Any = {
            "leader": record.marc["leader"],
            "fields": [
                *record.marc["fields"][:3],
                data_field("264", " ", "1", ("a", "H. :"), ("b", "Văn học,"), ("c", "2019")),
                data_field("500", " ", " ", ("a", "của họ")),
            ],
        }
        with transaction() as session:
            replace_marc(session, system_actor(), record.id, marc, expected_version=1)
        answer = staff.post(path, data=sent(page, b_title="Số Đỏ", b_publisher="Trẻ", act="save"))
        assert answer.status_code == 409
        shown = answer.get_data(as_text=True)
        assert "của họ" in shown
        assert "$a Số Đỏ" in shown
        assert now(record).version == 2
        found = lxml.html.fromstring(shown)
        [form] = found.xpath("//form[@class='merge']")
        boxes = dict(form.form_values()) | {"act": "merge"}
        open_parts = [n for n in form.fields if n.startswith("m.") and n not in boxes]
        assert len(open_parts) == 1
        assert staff.post(path, data=boxes).status_code == 409
        made = staff.post(path, data=boxes | {open_parts[0]: "theirs"})
        assert made.status_code == 200
        assert staff.post(path, data=sent(boxes_of(made), act="save")).status_code == 302
        after = write(now(record).marc)  # type: ignore[arg-type]
        assert (now(record).version, now(record).title) == (3, "Số Đỏ")
        assert "$b Văn học," in after
        assert "của họ" in after


class TestForms:
    """The form of a library."""

    def test_it_is_set_in_the_browser_and_asks_for_what_it_wants(
        self, staff_client: Any, province: Province, record: Record
    ) -> None:
        head = staff_client("head")
        assert "Sách thiếu nhi" in text_of(head.get(f"{CATALOG}/forms"))
        page = lxml.html.fromstring(head.get(f"{CATALOG}/forms/book").get_data(as_text=True))
        [form] = page.xpath("//main//form[@method='post']")
        typed = sent([(n, v or "") for n, v in form.form_values()])
        typed |= {"need.class_number": ["1"], "value.place": ["H."], "order.isbn": ["1"]}
        typed |= {"own": ["690$a"], "act": ["set"]}
        typed.pop("show.print_run")
        assert head.post(f"{CATALOG}/forms/book", data=typed).status_code == 302
        page = staff_client("cataloguer").get(f"{CATALOG}/new?material=book")
        boxes = dict(boxes_of(page))
        assert boxes["b.place"] == "H."
        assert "b.690$a" in boxes
        assert "b.print_run" not in boxes
        data = _without_copies(sent(boxes_of(page), b_title="Ca dao", act="save"))
        refused = staff_client("cataloguer").post(f"{CATALOG}/new", data=data)
        assert refused.status_code == 422
        assert "Thư viện yêu cầu điền ô" in text_of(refused)
        wrong = typed | {"own": ["69$a"], "value.publisher": ["Kim Đồng"]}
        refused = head.post(f"{CATALOG}/forms/book", data=wrong)
        assert refused.status_code == 422
        assert "Không có ô “69$a”" in text_of(refused)
        page = lxml.html.fromstring(refused.get_data(as_text=True))
        kept = dict(page.xpath("//main//form[@method='post']")[0].form_values())
        assert (kept["own"], kept["value.publisher"]) == ("69$a", "Kim Đồng"), "nothing is lost"
        inherit = {"unit": typed["unit"], "act": ["inherit"]}
        assert head.post(f"{CATALOG}/forms/book", data=inherit).status_code == 302
        with reading() as session:
            assert layout_for(session, province.library.id, "book").unit_id is None

    def test_what_was_empty_before_is_only_told(
        self, staff: Any, record: Record, province: Province
    ) -> None:
        placed = [Placed("title", "title"), Placed("isbn", "publication", required=True)]
        with transaction() as session:
            head = create_actor(session, "head", province.library)
            set_layout(session, head, province.library.id, "book", placed)
        path = f"{CATALOG}/{record.id}/edit"
        page = staff.get(f"{path}?view=form")
        assert "Thư viện yêu cầu điền ô" in text_of(page)
        saved = staff.post(path, data=sent(boxes_of(page), b_title="Số Đỏ", act="save"))
        assert saved.status_code == 302

    def test_it_is_inherited_from_the_province_until_a_library_has_its_own(
        self, session: Any
    ) -> None:
        province = create_province(session)
        everywhere = create_actor(session, "admin", province.top)
        here = create_actor(session, "head", province.library)
        short = [Placed("title", "title"), Placed("year", "publication")]
        with pytest.raises(Forbidden):
            set_layout(session, here, province.top.id, "map", short)
        set_layout(session, everywhere, province.top.id, "map", short)
        assert layout_for(session, province.branch.id, "map").unit_id == province.top.id
        set_layout(session, here, province.library.id, "map", own_layout(materials()["map"]))
        assert layout_for(session, province.branch.id, "map").unit_id == province.library.id
        assert layout_for(session, province.foreign_library.id, "map").unit_id == (province.top.id)
        for wrong in (
            [Placed("year", "publication")],
            [Placed("title", "title"), Placed("title", "more")],
            [Placed("title", "nowhere")],
            [Placed("title", "title"), Placed("001$a", "more")],
        ):
            with pytest.raises(Invalid):
                set_layout(session, here, province.library.id, "map", wrong)


def test_the_code_of_a_title_is_suggested(staff: Any) -> None:
    answer = staff.get(f"{CATALOG}/title-code?title=Truyện Kiều")
    assert answer.json == {"code": "TR527K"}
    names = staff.get(f"{CATALOG}/editor/standard.json").json
    assert names["245"]["subs"]["a"] == "Nhan đề chính"
    assert names["100"]["heading"] == "person"
