"""MARC 21 as data: what fields and subfields are called."""

from cataloging.editor.materials import boxes
from cataloging.marc.standard import _toml, authority_standard, standard
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
    assert set(_toml("help")) <= standard().fields.keys()


def test_every_field_and_every_subfield_is_named_in_both_languages() -> None:
    known = standard().fields.values()
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
