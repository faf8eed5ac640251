"""A record as people read it."""

from cataloging.marc.display import isbd, labeled, notes
from cataloging.marc.model import Marc, data_field

DE_MEN: Marc = {
    "leader": "00000nam a2200000 a 4500",
    "fields": [
        {"008": "250101s2015    vm a   j      000 1 vie d"},
        data_field("020", " ", " ", ("c", "35000 đ"), ("d", "3000b")),
        data_field("100", "0", " ", ("a", "Tô Hoài")),
        data_field(
            "245", "1", "0",
            ("a", "Dế Mèn phiêu lưu ký /"), ("c", "Tô Hoài ; Minh hoạ: Tạ Huy Long"),
        ),
        data_field("250", " ", " ", ("a", "Tái bản lần thứ 80")),
        data_field("260", " ", " ", ("a", "H. :"), ("b", "Kim Đồng,"), ("c", "2015")),
        data_field("300", " ", " ", ("a", "143tr. :"), ("b", "tranh vẽ ;"), ("c", "21cm")),
        data_field("520", " ", " ", ("a", "Chuyện chú dế.")),
    ],
}  # fmt: skip


def test_the_card_is_set_as_the_national_library_sets_it() -> None:
    assert isbd(DE_MEN) == (
        "TÔ HOÀI. Dế Mèn phiêu lưu ký / Tô Hoài ; Minh hoạ: Tạ Huy Long. - Tái bản lần thứ 80. - "
        "H. : Kim Đồng, 2015. - 143tr. : tranh vẽ ; 21cm. - 35000đ. - 3000b"
    )


def test_the_card_is_the_same_whether_or_not_the_record_holds_its_marks() -> None:
    bare: Marc = {
        "leader": "",
        "fields": [
            data_field("100", "1", " ", ("a", "Nguyễn, Nhật Ánh,")),
            data_field("245", "1", "0", ("a", "Mắt biếc"), ("b", "truyện dài"), ("c", "N. N. Ánh; Vẽ: Ý.")),
            data_field("264", " ", "4", ("c", "©2018")),
            data_field("264", " ", "1", ("a", "Tp. Hồ Chí Minh"), ("b", "Trẻ"), ("c", "2019")),
            data_field("300", " ", " ", ("a", "300tr."), ("c", "20cm")),
            data_field("490", "0", " ", ("a", "Truyện dài"), ("v", "T.3")),
        ],
    }  # fmt: skip
    assert isbd(bare) == (
        "NGUYỄN NHẬT ÁNH. Mắt biếc : truyện dài / N. N. Ánh ; Vẽ: Ý. - Tp. Hồ Chí Minh : Trẻ, 2019. - "
        "300tr. ; 20cm. - (Truyện dài ; T.3)"
    )
    assert isbd({"leader": "", "fields": []}) == ""


def test_fields_are_labeled_in_both_languages_and_codes_explained() -> None:
    shown = {one.tag: one for one in labeled(DE_MEN)}
    assert shown["245"].label == "Nhan đề và thông tin trách nhiệm"
    assert [p.label for p in shown["245"].parts] == ["Nhan đề chính", "Thông tin trách nhiệm"]
    assert shown["245"].indicators == "10"
    assert shown["245"].line.startswith("245 10 $a Dế Mèn")
    meanings = {p.code: p.meaning for p in shown["008"].parts}
    assert meanings["35-37"] == "Tiếng Việt"
    assert meanings["22"] == "Thiếu nhi"
    assert meanings["15-17"] == "Việt Nam"
    english = {one.tag: one for one in labeled(DE_MEN, english=True)}
    assert english["008"].label == "Fixed-Length Data Elements-General Information"
    assert {p.code: p.meaning for p in english["LDR"].parts}["06"] == "Language material"


def test_odd_fields_are_shown_too() -> None:
    odd: Marc = {"leader": "", "fields": [{"245": "text"}, {"ABC": "x"}, {"008": "short"}]}
    assert [one.text for one in labeled(odd)][1:] == ["text", "x", "short"]
    assert isbd(odd) == ""
    assert notes(DE_MEN) == ["Chuyện chú dế."]
