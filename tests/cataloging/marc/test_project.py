"""What the lists and the index see of a record."""

import pytest

from cataloging.marc.model import Marc, data_field
from cataloging.marc.names import credited, direct, persons
from cataloging.marc.numbers import isbn13, issn
from cataloging.marc.project import CONTENT_MARK, project

BOOK_008 = "250101s2020    vm a   j      000 1 vie d"


def record(*fields: dict, leader: str = "00000nam a2200000 a 4500") -> Marc:
    return {"leader": leader, "fields": list(fields)}


def subs(tag: str, text: str, ind: str = "  ") -> dict:
    pairs = [(part[0], part[1:].strip()) for part in text.split("$")[1:]]
    return data_field(tag, ind[0], ind[1], *pairs)


DE_MEN = record(
    {"001": "vn0001"},
    {"003": "NLV"},
    {"008": BOOK_008},
    subs("020", "$a978-0-306-40615-7$c35.000đ$d3000b"),
    subs("041", "$avie"),
    subs("082", "$223$a895.922332$bD250M", "04"),
    subs("100", "$aTô Hoài", "1 "),
    subs("245", "$aDế Mèn phiêu lưu ký :$btruyện /$cTô Hoài ; Minh hoạ: Tạ Huy Long", "10"),
    subs("250", "$aTái bản lần thứ 80"),
    subs("260", "$aH. :$bNxb. Kim Đồng,$c2015"),
    subs("300", "$a143tr. :$btranh vẽ ;$c21cm"),
    subs("653", "$aVăn học thiếu nhi; Truyện, Việt Nam"),
    subs("700", "$aTạ Huy Long$eminh hoạ", "1 "),
)


def test_a_vietnamese_book_is_projected_whole() -> None:
    seen = project(DE_MEN)
    assert seen.title == "Dế Mèn phiêu lưu ký"
    assert seen.subtitle == "truyện"
    assert seen.responsibility == "Tô Hoài ; Minh hoạ: Tạ Huy Long"
    assert seen.authors == ("Tô Hoài", "Tạ Huy Long")
    assert seen.subjects == ("Văn học thiếu nhi", "Truyện", "Việt Nam")
    assert (seen.place, seen.publisher, seen.year) == ("H.", "Kim Đồng", 2015)
    assert (seen.class_number, seen.main_class) == ("895.922332", "8")
    assert seen.call_number == "895.922332 D250M"
    assert (seen.language, seen.material, seen.audience) == ("vie", "book", "child")
    assert (seen.price, seen.print_run) == (35000, 3000)
    assert (seen.control_number, seen.control_source) == ("vn0001", "NLV")
    assert seen.extent == "143tr. : tranh vẽ ; 21cm"


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("Nguyễn, Nhật Ánh", "Nguyễn Nhật Ánh"),
        ("Phụng, Vũ Trọng", "Vũ Trọng Phụng"),
        ("Mai, Nguyễn Thị", "Nguyễn Thị Mai"),
        ("Hồ, Anh Thái", "Hồ Anh Thái"),
        ("Nguyen, Du", "Nguyen Du"),
        ("Rowling, J. K.", "Rowling, J. K."),
        ("Ho, David", "Ho, David"),
        ("Kim, Il-sung", "Kim, Il-sung"),
        ("Tô Hoài", "Tô Hoài"),
        ("Tôn Nữ, Thu Hồng", "Tôn Nữ Thu Hồng"),
        ("Hoàng Văn, Nam", "Hoàng Văn Nam"),
        ("Lan, Phương", "Lan, Phương"),
        ("Nguyễn Xuân Huy, Lê Hoài Bắc", "Nguyễn Xuân Huy, Lê Hoài Bắc"),
        ("García Márquez, Gabriel", "García Márquez, Gabriel"),
    ],
)
def test_a_vietnamese_name_loses_its_comma_and_a_foreign_one_keeps_it(
    written: str, read: str
) -> None:
    assert direct(written) == read


def test_names_run_together_in_one_subfield_are_parted_and_their_roles_taken_off() -> None:
    assert persons("Hiraki Noriko; Nguyễn Thị Thu Thủy dịch.") == (
        "Hiraki Noriko",
        "Nguyễn Thị Thu Thủy",
    )
    assert persons("Rowling, J. K.,") == ("Rowling, J. K.",)
    assert persons("Nguyễn Văn Dịch") == ("Nguyễn Văn Dịch",)


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("Nguyễn Xuân Huy, Lê Hoài Bắc", [("Nguyễn Xuân Huy", ""), ("Lê Hoài Bắc", "")]),
        (
            "Lê Trường Sơn biên soạn, Lê Đức Phương hiệu đính",
            [("Lê Trường Sơn", "biên soạn"), ("Lê Đức Phương", "hiệu đính")],
        ),
        ("Lê Quỳnh, sưu tầm và tuyển chọn", [("Lê Quỳnh", "sưu tầm và tuyển chọn")]),
        ("Lê Huy Lâm, chuyển ngữ phần chú giải", [("Lê Huy Lâm", "chuyển ngữ phần chú giải")]),
        (
            "Vũ Khánh, Đặng Văn Thái,... [và những người khác] biên soạn; Pete Johnson",
            [("Vũ Khánh", ""), ("Đặng Văn Thái", "biên soạn"), ("Pete Johnson", "")],
        ),
        (
            "Thomas L. Friedman;  dịch,  Lê Minh",
            [("Thomas L. Friedman", ""), ("Lê Minh", "dịch")],
        ),
        ("Minh họa: Tạ Huy Long", [("Tạ Huy Long", "minh họa")]),
        ("Handel, George Frideric", [("Handel, George Frideric", "")]),
        ("Martin Luther King, Jr.", [("Martin Luther King, Jr.", "")]),
    ],
)
def test_full_names_with_a_comma_between_them_are_several_persons_each_with_a_role(
    written: str, read: list[tuple[str, str]]
) -> None:
    assert [tuple(one) for one in credited(written)] == read


def test_library_of_congress_and_local_description_of_one_book_share_a_match_key() -> None:
    ours = record(
        subs("100", "$aNguyễn Nhật Ánh"), subs("245", "$aMắt biếc"), subs("260", "$c2019")
    )
    theirs = record(
        {"008": BOOK_008},
        subs("100", "$aNguyễn, Nhật Ánh,$d1955-", "1 "),
        subs("245", "$aMắt biếc /$cNguyễn Nhật Ánh.", "10"),
        subs("264", "$aThành phố Hồ Chí Minh :$bNhà xuất bản Trẻ,$c2019.", " 1"),
    )
    assert project(ours).match_key == project(theirs).match_key != ""
    assert project(theirs).publisher == "Trẻ"


def test_parts_belong_to_the_title_and_a_lone_series_number_to_the_match_key() -> None:
    part = record(
        subs("245", "$aHarry Potter.$nTập 1,$pHarry Potter và hòn đá phù thuỷ /$cRowling")
    )
    assert project(part).title == "Harry Potter. Tập 1. Harry Potter và hòn đá phù thuỷ"
    first, second = (
        record(subs("100", "$aA"), subs("245", "$aToán"), subs("490", f"$vT.0{n}")) for n in (1, 2)
    )
    assert project(first).match_key != project(second).match_key


@pytest.mark.parametrize(
    ("field", "number", "call"),
    [
        (subs("082", "$a001 DY-V"), "001", "001 DY-V"),
        (subs("082", "$a005.133--CA-M"), "005.133", "005.133 CA-M"),
        (subs("082", "$a895.9/2234$bTR527K"), "895.92234", "895.92234 TR527K"),
        (subs("082", "$a895.922 334"), "895.922334", "895.922334"),
        (subs("084", "$aĐV13"), "ĐV13", "ĐV13"),
    ],
)
def test_class_and_mark_are_found_however_they_were_boxed(
    field: dict, number: str, call: str
) -> None:
    seen = project(record(field))
    assert (seen.class_number, seen.call_number) == (number, call)


def test_old_national_classes_count_under_the_main_class_they_lie_in() -> None:
    assert project(record(subs("084", "$aV24"))).main_class == "8"
    assert project(record(subs("084", "$a3K5H"))).main_class == "3"
    assert project(record()).main_class == "x"


@pytest.mark.parametrize(
    ("leader", "fixed", "material"),
    [
        ("00000nam a2200000 a 4500", BOOK_008, "book"),
        ("00000nas a2200000 a 4500", BOOK_008, "serial"),
        ("00000nem a2200000 a 4500", BOOK_008, "map"),
        ("00000njm a2200000 a 4500", BOOK_008, "music"),
        ("00000nam a2200000 a 4500", BOOK_008[:23] + "o" + BOOK_008[24:], "ebook"),
        ("00000naa a2200000 a 4500", BOOK_008, "article"),
        ("00000nab a2200000 a 4500", BOOK_008, "article"),
        ("", "", "book"),
    ],
)
def test_the_material_follows_leader_and_008(leader: str, fixed: str, material: str) -> None:
    assert project(record({"008": fixed}, leader=leader)).material == material


def test_the_language_typed_in_041_wins_over_008() -> None:
    assert project(record({"008": BOOK_008}, subs("041", "$aengfre"))).languages == ("eng", "fre")
    assert project(record({"008": BOOK_008})).language == "vie"
    assert project(record({"008": BOOK_008.replace("vie", "und")})).language == ""


def test_an_article_is_skipped_in_english_and_never_in_vietnamese() -> None:
    english = record({"008": BOOK_008.replace("vie", "eng")}, subs("245", "$aThe sea", "14"))
    assert project(english).title_sort == "SEA"
    wrong = record({"008": BOOK_008}, subs("245", "$aCác loài hoa", "14"))
    assert project(wrong).title_sort.startswith("CAC4")


def test_only_numbers_that_pass_their_check_digit_are_believed() -> None:
    assert isbn13("978-0-306-40615-7") == "9780306406157"
    assert isbn13("0-306-40615-2 (bìa cứng)") == "9780306406157"
    assert isbn13("080442957X") == "9780804429573"
    assert isbn13("1") is None
    assert isbn13("9780306406158") is None
    assert issn("2049-3630") == "2049-3630"
    junk = project(record(subs("020", "$a1"), subs("020", "$a978-0-306-40615-0")))
    assert junk.isbns == ()
    assert junk.other_numbers == ("9780306406150",)


def test_the_oddest_record_is_projected_without_an_error() -> None:
    odd = record(
        {"245": "a control field where data should be"},
        {"008": data_field("008", " ", " ", ("a", "x"))["008"]},
        {"100": {"ind1": "", "ind2": "", "subfields": []}},
        {"653": {"ind1": " ", "ind2": " ", "subfields": [{"": ""}]}},
        {"": ""},
        leader="",
    )
    seen = project(odd)
    assert seen.title == ""
    assert seen.match_key.startswith(CONTENT_MARK)


def test_notes_of_catalogers_for_catalogers_are_not_searched() -> None:
    seen = project(
        record(
            subs("245", "$aĐò dọc", "00"),
            subs("500", "$aRa đời: 1958"),
            subs("541", "$aNgười tặng: Lê Văn A", "0 "),
            subs("588", "$aThông tin ấn bản cần đối chiếu"),
        )
    )
    assert seen.notes == ("Ra đời: 1958",)
