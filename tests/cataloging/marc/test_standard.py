"""MARC 21 as data: what fields and subfields are called."""

from cataloging.editor.materials import boxes
from cataloging.marc.field_help import help_of
from cataloging.marc.standard import (
    _toml,
    authority_standard,
    language_of,
    place_of,
    standard,
)
from cataloging.marc.text import parse
from cataloging.marc.validate import validate, validate_authority
from ils.text.normal import is_marked

SAME = {"ISBN", "ISSN", "ISSN-L"}


def test_what_the_forms_boxes_fill_is_explained_in_both_languages() -> None:
    filled = {(tag, one.code) for one in boxes().values() for tag in one.tags[:1] if one.code}
    helps = {
        (tag, code): sub.help
        for tag, one in standard().fields.items()
        for code, sub in one.subfields.items()
        if any(sub.help)
    }
    assert filled - helps.keys() == set()
    assert {key for key, said in helps.items() if not all(s.endswith(".") for s in said)} == set()
    assert {key for key, (english, own) in helps.items() if not is_marked(own)} == set()
    assert set(_toml("help")) - {"common"} <= standard().fields.keys()
    unused = {
        (tag, code)
        for tag, subs in _toml("help").items()
        for code in subs
        if tag != "common" and code not in standard().fields[tag].subfields
    }
    assert unused == set()


def test_every_field_is_explained_in_both_languages() -> None:
    for known, authority in ((standard(), False), (authority_standard(), True)):
        said = {tag: help_of(tag, authority=authority).said for tag in ["LDR", *known.fields]}
        assert [tag for tag, both in said.items() if not all(s.endswith(".") for s in both)] == []
        assert [tag for tag, (english, own) in said.items() if is_marked(english)] == []
        assert [tag for tag, (_english, own) in said.items() if not spoken_here(own)] == []
    assert set(_toml("field_help")["bibliographic"]) == {"LDR", *standard().fields}
    assert set(_toml("field_help")["authority"]) == {"LDR", *authority_standard().fields}


def spoken_here(sentence: str) -> bool:
    """Tell whether a good part of the words carry Vietnamese marks."""
    words = sentence.split()
    return sum(map(is_marked, words)) >= len(words) / 3


def test_the_example_of_a_field_is_right_by_the_same_data() -> None:
    wrong = []
    for known, check in ((standard(), validate), (authority_standard(), validate_authority)):
        for tag in known.fields:
            example = help_of(tag, authority=check is validate_authority).example
            read = parse(f"LDR 00000nam a2200000 a 4500\n{tag} {example}")
            found = check(read.marc) if example else []
            wrong += [(tag, f.rule, f.value) for f in found if f.index == 0] + read.problems
    assert wrong == [("440", "obsolete_field", "")]


def test_every_field_and_every_subfield_is_named_in_both_languages() -> None:
    known = [*standard().fields.values(), *authority_standard().fields.values()]
    named = [(one.tag, "", one.name) for one in known]
    named += [(one.tag, code, sub.name) for one in known for code, sub in one.subfields.items()]
    assert [one for one in named if one[2][0] == one[2][1] and one[2][0] not in SAME] == []
    assert [one for one in named if is_marked(one[2][0])] == []
    linking = standard().fields["780"].subfields
    assert linking["t"].name == ("Title", "Nhan đề")
    assert standard().fields["020"].subfields["d"].name == ("Print run", "Số lượng in")


def test_every_value_of_every_indicator_is_said_in_both_languages() -> None:
    choices = [
        (one.tag, number, ind)
        for known in (standard(), authority_standard())
        for one in known.fields.values()
        for number, ind in enumerate(one.indicators or (), 1)
        if ind.values and len(ind.values) > 1
    ]
    assert len(choices) > 200
    assert [(t, n) for t, n, ind in choices if ind.values != ind.meanings.keys()] == []
    said = {(t, n, *name) for t, n, ind in choices for name in ind.meanings.values()}
    assert {one for one in said if is_marked(one[2]) or not is_marked(one[3])} == set()
    nonfiling = (standard().fields["245"].indicators or ())[1]
    assert nonfiling.meanings["4"][1] == "Số ký tự đầu bỏ qua khi sắp xếp: 4"
    assert [value for value, _ in nonfiling.lines] == ["0", "1-9"]


def test_no_indicator_is_explained_that_has_nothing_to_choose() -> None:
    said = _toml("meanings")
    for table, known in (said, standard()), (said["authority"], authority_standard()):
        listed = {(tag, n) for tag, marks in table.items() if tag.isdigit() for n in marks}
        choices = {
            (one.tag, str(n))
            for one in known.fields.values()
            for n, ind in enumerate(one.indicators or (), 1)
            if ind.values and ind.values != {" "}
        }
        assert listed - choices == set()


def test_every_code_of_every_language_and_place_has_a_name() -> None:
    known = standard()
    languages = {code: language_of(code) for code in known.languages | known.obsolete_languages}
    places = {code: place_of(code) for code in known.countries | known.obsolete_countries}
    for named in (languages, places):
        assert {code for code, name in named.items() if not name or name[0] == name[1]} == set()
    assert places["pf"] == ("Paracel Islands", "Quần đảo Hoàng Sa (Việt Nam)")
