"""The boxes of the forms: what they write, and that it drops nothing it does not show."""

import copy
from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cataloging.editor.boxes import fresh, read, write
from cataloging.editor.layouts import Layout, Placed
from cataloging.editor.materials import boxes, material_of, materials
from cataloging.editor.showing import boxes_shown
from cataloging.marc.model import Marc, data_field
from cataloging.marc.project import project
from cataloging.marc.text import write as as_text
from cataloging.marc.validate import validate

TODAY = date(2026, 1, 5)

DE_MEN = {
    "title": "Dế Mèn phiêu lưu ký",
    "subtitle": "truyện",
    "authors": "Tô Hoài\nTạ Huy Long (minh hoạ)",
    "responsibility": "Tô Hoài ; Minh hoạ: Tạ Huy Long",
    "edition": "Tái bản lần thứ 80",
    "place": "H.",
    "publisher": "Kim Đồng",
    "year": "2015",
    "pages": "143tr.",
    "illustrations": "tranh vẽ",
    "size": "21cm",
    "price": "35000đ",
    "print_run": "3000b",
    "class_number": "895.922332",
    "title_code": "D250M",
    "language": "vie",
    "audience": "j",
    "keywords": "Văn học thiếu nhi; Truyện",
    "summary": "Chuyện chú dế.",
}


def test_a_box_of_a_librarys_own_is_explained_by_its_subfield_or_else_by_its_field() -> None:
    book = materials()["book"]
    own = Layout(book, (Placed("650$x", "more"), Placed("586$a", "more")))
    ((_code, _name, shown),) = boxes_shown(fresh(book, TODAY), own, (), 1)
    assert [one.about for one in shown] == [
        "Khía cạnh của chủ đề: lịch sử, giảng dạy, điều trị.",
        "Giải thưởng của tác phẩm, kèm năm.",
    ]


def test_a_new_record_is_whole_and_valid() -> None:
    made = write(None, DE_MEN, TODAY)
    assert as_text(made) == (
        "LDR 00000nam#a2200000#a#4500\n"
        "008 260105s2015####vm####j########000#|#vie#d\n"
        "020 ## $c 35000đ $d 3000b\n"
        "082 04 $a 895.922332 $b D250M\n"
        "100 1# $a Tô Hoài\n"
        "245 10 $a Dế Mèn phiêu lưu ký : $b truyện / $c Tô Hoài ; Minh hoạ: Tạ Huy Long\n"
        "250 ## $a Tái bản lần thứ 80\n"
        "264 #1 $a H. : $b Kim Đồng, $c 2015\n"
        "300 ## $a 143tr. : $b tranh vẽ ; $c 21cm\n"
        "520 ## $a Chuyện chú dế.\n"
        "653 ## $a Văn học thiếu nhi\n"
        "653 ## $a Truyện\n"
        "700 1# $a Tạ Huy Long $e minh hoạ"
    ).replace("vm####j########000#|#vie", "vm     j      000 | vie".replace(" ", "#"))
    assert validate(made) == []
    assert {name: read(made)[name] for name in DE_MEN} == DE_MEN
    seen = project(made)
    assert (seen.year, seen.language, seen.audience) == (2015, "vie", "child")


def test_a_record_without_author_or_year_says_so() -> None:
    made = write(None, {"title": "Truyện cổ tích"}, TODAY)
    assert "245 00 $a Truyện cổ tích" in as_text(made)
    assert as_text(made).splitlines()[1].startswith("008 260105nuuuu####")


RICH: Marc = {
    "leader": "00000cam a2200000 i 4500",
    "fields": [
        {"001": "x1"},
        {"008": "990101s1999    fr a   j      001 1 vie d"},
        data_field("020", " ", " ", ("a", "9780306406157"), ("q", "bìa mềm")),
        data_field("020", " ", " ", ("a", "0306406152"), ("c", "$5")),
        data_field("100", "1", " ", ("a", "Nguyễn, Du,"), ("d", "1765-1820."), ("9", "77")),
        data_field(
            "245", "1", "4", ("a", "Truyện Kiều ="), ("b", "The tale of Kiều /"), ("c", "N. Du."),
            ("h", "[x]"),
        ),
        data_field("264", " ", "1", ("a", "Paris ;"), ("a", "H. :"), ("b", "VH,"), ("c", "1999.")),
        data_field("264", " ", "4", ("c", "©1998")),
        data_field("300", " ", " ", ("a", "xx, 200tr. ;"), ("c", "19 cm +"), ("e", "1 CD")),
        data_field("490", "1", " ", ("a", "Tủ sách ;"), ("v", "5")),
        data_field("653", "0", " ", ("a", "Thơ; Truyện thơ, Việt Nam"), ("5", "L")),
        data_field("700", "1", " ", ("a", "Huỳnh, Sanh Thông."), ("e", "dịch."), ("4", "trl")),
        data_field("700", "1", "2", ("a", "Khác."), ("t", "Tác phẩm.")),
        data_field("952", " ", " ", ("p", "VN.1")),
    ],
}  # fmt: skip


def test_saving_without_a_change_changes_nothing() -> None:
    assert write(RICH, read(RICH), TODAY) == RICH


@pytest.mark.parametrize(
    ("box", "value", "before", "after"),
    [
        ("title", "Kim Vân Kiều", "$a Truyện Kiều =", "$a Kim Vân Kiều ="),
        ("subtitle", "", "$a Truyện Kiều = $b The tale of Kiều / $c", "$a Truyện Kiều / $c"),
        ("year", "2001", "$c 1999.", "$c 2001"),
        ("size", "", "200tr. ; $c 19 cm + $e", "200tr. + $e"),
        ("illustrations", "ảnh", "200tr. ; $c", "200tr. : $b ảnh ; $c"),
        ("series_number", "", "$a Tủ sách ; $v 5", "$a Tủ sách"),
        ("isbn", "9786040000000", "9780306406157", "9786040000000"),
        ("keywords", "Thơ; Kiều", "Thơ; Truyện thơ, Việt Nam", "Thơ"),
        ("authors", "Nguyễn, Du", "\n700 1# $a Huỳnh, Sanh Thông. $e dịch. $4 trl", ""),
    ],
)
def test_a_change_touches_its_own_box_and_keeps_the_rest(
    box: str, value: str, before: str, after: str
) -> None:
    changed = write(RICH, read(RICH) | {box: value}, TODAY)
    expected = as_text(RICH).replace(before, after, 1)
    if box == "year":
        expected = expected.replace("s1999", "s2001")
    if box == "keywords":
        expected = expected.replace("$5 L", "$5 L\n653 ## $a Kiều")
    assert as_text(changed) == expected
    assert read(changed)[box] == value


def test_an_author_struck_out_or_moved_keeps_what_is_known_of_the_others() -> None:
    lines = read(RICH)["authors"].splitlines()
    assert lines == ["Nguyễn, Du", "Huỳnh, Sanh Thông. (dịch)"]
    turned = write(RICH, {"authors": "\n".join(reversed(lines))}, TODAY)
    text = as_text(turned)
    assert "100 1# $a Huỳnh, Sanh Thông. $e dịch. $4 trl" in text
    assert "700 1# $a Nguyễn, Du, $d 1765-1820. $9 77" in text
    assert "700 12 $a Khác. $t Tác phẩm." in text


def test_the_years_of_a_heading_that_is_offered_go_into_their_subfield() -> None:
    old: Marc = {"leader": "00000nam a2200000   4500", "fields": []}
    typed = {"authors": "Nguyễn Nhật Ánh, 1955- (dịch)", "persons": "Hồ Chí Minh, 1890-1969"}
    changed = write(old, {"title": "Bác Hồ", **typed}, TODAY)
    assert "100 1# $a Nguyễn Nhật Ánh, $d 1955- $e dịch" in as_text(changed)
    assert "600 17 $a Hồ Chí Minh, $d 1890-1969 $2 Bộ TK TVQG" in as_text(changed)
    shown = read(changed)
    assert (shown["authors"], shown["persons"]) == ("Nguyễn Nhật Ánh (dịch)", "Hồ Chí Minh")
    assert write(changed, shown, TODAY) == changed


def test_old_records_keep_their_260_and_bodies_their_main_entry() -> None:
    old: Marc = {
        "leader": "00000nam a2200000   4500",
        "fields": [
            data_field("110", "1", " ", ("a", "Việt Nam"), ("b", "Quốc hội")),
            data_field("245", "1", "0", ("a", "Luật Thư viện")),
            data_field("260", " ", " ", ("a", "H."), ("c", "2019")),
        ],
    }
    changed = write(old, {"publisher": "Chính trị quốc gia", "authors": "Trần A"}, TODAY)
    assert "260 ## $a H. $b Chính trị quốc gia $c 2019" in as_text(changed)
    assert "700 1# $a Trần A" in as_text(changed)


TEXT = st.text(st.sampled_from("abĐế ỳ.,;:/=()$0195\n"), max_size=12)
TAGS = ("008", "020", "041", "082", "100", "245", "264", "300", "490", "520", "653", "700", "952")
FIELD = st.tuples(
    st.sampled_from(TAGS), st.lists(st.tuples(st.sampled_from("abcdevt9"), TEXT), max_size=4)
).map(lambda pair: data_field(pair[0], "1", "1", *pair[1]) if pair[0] != "008" else {"008": "x"})


@given(st.lists(FIELD, max_size=8))
def test_any_record_survives_the_form_unchanged(found: list[dict[str, Any]]) -> None:
    marc: Marc = {"leader": "00000nam a2200000 a 4500", "fields": found}
    before = copy.deepcopy(marc)
    assert write(marc, read(marc), TODAY) == before
    assert marc == before


@given(st.lists(FIELD, max_size=8), st.sampled_from(sorted(boxes())), TEXT)
def test_a_change_of_one_box_leaves_fields_of_others_alone(
    found: list[dict[str, Any]], box: str, value: str
) -> None:
    marc: Marc = {"leader": "00000nam a2200000 a 4500", "fields": found}
    changed = write(marc, {box: value}, TODAY)
    tags = (*boxes()[box].tags, "008", "245" if box == "script_title" else "")

    def others(one: Marc) -> list[dict[str, Any]]:
        return [f for f in one["fields"] if next(iter(f)) not in tags]

    assert others(changed) == others(marc)


@pytest.mark.parametrize("code", list(materials()))
def test_a_new_record_of_each_material_is_sound_and_is_known_again(code: str) -> None:
    kind = materials()[code]
    made = write(None, {"title": "Gia phả", "language": kind.language}, TODAY, kind)
    assert validate(made) == []
    assert material_of(made) == (code if code != "local" else "book")
    names = [name for some in kind.boxes.values() for name in some]
    assert len(names) == len(set(names)) >= 15
    assert all(name in boxes() for name in names)
    assert fresh(kind, TODAY)["fields"][0]["008"][:6] == "260105"


def test_a_line_for_each_field_keeps_what_it_does_not_show() -> None:
    marc: Marc = {
        "leader": "00000nam a2200000 a 4500",
        "fields": [
            data_field("245", "0", "0", ("a", "Huế")),
            data_field("651", " ", "7", ("a", "Huế"), ("x", "Lịch sử"), ("0", "x7")),
            data_field("651", " ", "4", ("a", "Hội An")),
        ],
    }
    assert read(marc)["places"] == "Huế -- Lịch sử\nHội An"
    changed = write(marc, {"places": "Huế -- Lịch sử\nMỹ Sơn -- Di tích"}, TODAY)
    assert as_text(changed).endswith(
        "651 #7 $a Huế $x Lịch sử $0 x7\n651 #7 $a Mỹ Sơn $x Di tích $2 Bộ TK TVQG"
    )


def test_a_title_in_han_nom_is_linked_and_unlinked() -> None:
    made = write(None, {"title": "Kim Vân Kiều", "script_title": "金雲翹"}, TODAY)
    assert "245 00 $6 880-01 $a Kim Vân Kiều\n880 10 $6 245-01/$$1 $a 金雲翹" in as_text(made)
    assert validate(made) == []
    gone = as_text(write(made, {"script_title": ""}, TODAY))
    assert "880" not in gone
