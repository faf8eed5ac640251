"""What is said about a record, and what must not be saved."""

import pytest

from cataloging.marc.model import Marc, data_field
from cataloging.marc.standard import language_name, standard
from cataloging.marc.validate import ERROR, WARNING, validate

LEADER = "00000nam a2200000 a 4500"
BOOK = {"008": "250101s2020    vm a   j      000 1 vie d"}
TITLE = data_field("245", "1", "0", ("a", "Số đỏ"))


def record(*fields: dict, leader: str = LEADER) -> Marc:
    return {"leader": leader, "fields": list(fields)}


def rules(marc: Marc, level: str | None = None) -> list[str]:
    return [f"{f.rule} {f.tag}" for f in validate(marc) if level in (None, f.level)]


def test_a_good_record_has_nothing_to_be_told() -> None:
    good = record(
        {"001": "x1"},
        {"003": "TVH"},
        BOOK,
        data_field("020", " ", " ", ("a", "9780306406157"), ("c", "50000đ"), ("d", "1000b")),
        data_field("041", "0", " ", ("a", "vie"), ("a", "eng")),
        data_field("082", "0", "4", ("2", "23"), ("a", "895.92232"), ("b", "S450Đ")),
        data_field("100", "1", " ", ("a", "Vũ Trọng Phụng")),
        TITLE,
        data_field("653", " ", " ", ("a", "Tiểu thuyết")),
        data_field("773", "0", " ", ("t", "Báo Hà Nội"), ("g", "Số 1")),
        data_field("952", "z", "9", ("p", "TV.00001"), ("Q", "x")),
    )
    assert validate(good) == []


@pytest.mark.parametrize(
    ("marc", "rule"),
    [
        (record(BOOK), "missing_field 245"),
        (record(BOOK, data_field("245", "1", "0", ("b", "x"))), "missing_title 245"),
        (record(BOOK, TITLE, TITLE), "field_repeated 245"),
        (record(BOOK, TITLE, leader="short"), "length LDR"),
        (record({"008": "short"}, TITLE), "length 008"),
        (record(BOOK, TITLE, data_field("24", " ", " ", ("a", "x"))), "bad_tag 24"),
        (record(BOOK, TITLE, data_field("500", "", " ", ("a", "x"))), "bad_indicator 500"),
        (record(BOOK, TITLE, data_field("500", " ", " ", ("ab", "x"))), "bad_subfield 500"),
        (record(BOOK, {"245": "text"}), "wrong_kind 245"),
        (
            record(BOOK, TITLE, *(data_field(t, "1", " ", ("a", "x")) for t in ("100", "110"))),
            "two_main_entries 110",
        ),
    ],
)
def test_what_makes_no_record_is_an_error(marc: Marc, rule: str) -> None:
    assert rules(marc, ERROR) == [rule]


@pytest.mark.parametrize(
    ("field", "rule"),
    [
        (data_field("020", " ", " ", ("a", "9780306406158")), "bad_isbn 020"),
        (data_field("022", " ", " ", ("a", "2049-3631")), "bad_issn 022"),
        (data_field("100", "7", " ", ("a", "x")), "indicator1 100"),
        (data_field("650", " ", "9", ("a", "x")), "indicator2 650"),
        (data_field("250", " ", " ", ("z", "x")), "unknown_subfield 250"),
        (data_field("250", " ", " ", ("a", "x"), ("a", "y")), "subfield_repeated 250"),
        (data_field("402", " ", " ", ("a", "x")), "unknown_field 402"),
        (data_field("440", " ", " ", ("a", "x")), "obsolete_field 440"),
        (data_field("041", "0", " ", ("a", "vietnamese")), "unknown_language 041"),
        (data_field("041", "0", " ", ("a", "vie ")), "unknown_language 041"),
        (data_field("880", "7", " ", ("6", "100-01"), ("a", "武重鳳")), "indicator1 880"),
        (data_field("880", "1", " ", ("6", "100-01"), ("z", "武重鳳")), "unknown_subfield 880"),
        (data_field("500", " ", " "), "empty_field 500"),
        ({"006": "x" * 18}, "bad_code 006"),
        ({"007": "ta "}, "length 007"),
    ],
)
def test_what_is_odd_is_told_and_may_stay(field: dict, rule: str) -> None:
    found = validate(record(BOOK, TITLE, field))
    assert [f"{f.rule} {f.tag}" for f in found][:1] == [rule]
    assert {f.level for f in found} == {WARNING}
    assert found[0].index == 2


def test_codes_of_fixed_fields_are_checked_by_the_kind_of_material() -> None:
    wrong = {"008": BOOK["008"][:22] + "?" + BOOK["008"][23:35] + "vnm" + BOOK["008"][38:]}
    found = validate(record(wrong, TITLE))
    assert [(f.rule, f.position, f.value) for f in found] == [
        ("unknown_language", 35, "vnm"),
        ("bad_code", 22, "?"),
    ]
    old_vietnam = {"008": BOOK["008"].replace("vm ", "vn ")}
    assert rules(record(old_vietnam, TITLE)) == ["obsolete_country 008"]
    map_leader = LEADER.replace("nam", "nem")
    assert "bad_code 008" in rules(record(BOOK, TITLE, leader=map_leader))


def test_old_errors_do_not_stand_in_the_way_of_a_correction() -> None:
    before = record({"008": "short"}, TITLE)
    corrected = record({"008": "short"}, data_field("245", "1", "0", ("a", "Số Đỏ")))
    assert {f.level for f in validate(corrected, before)} == {WARNING}
    worse = record({"008": "shorter"}, TITLE)
    assert [f.level for f in validate(worse, before)] == [ERROR]
    assert ERROR in {f.level for f in validate(record({"008": "short"}), before)}


def test_names_are_known_in_both_languages() -> None:
    field = standard().fields["245"]
    assert field.name == ("Title Statement", "Nhan đề và thông tin trách nhiệm")
    assert field.subfields["a"].name == ("Title", "Nhan đề chính")
    assert language_name("vie") == "Tiếng Việt"
    assert language_name("vie", english=True) == "Vietnamese"
    assert language_name("zul") == "Tiếng Zulu"
    assert language_name("qqq") == "qqq"


def test_every_described_field_has_indicators_and_every_kind_of_008_fits() -> None:
    known = standard()
    for tag, field in known.fields.items():
        if not tag.startswith("00") and not field.local and not field.obsolete:
            assert field.indicators is not None, tag
    for positions in known.positions_008.values():
        taken = [n for p in positions for n in range(p.start, p.start + p.length)]
        assert len(taken) == len(set(taken))
        assert max(taken) < 40
