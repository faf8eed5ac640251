"""MARC 21 as data: what fields and subfields are called."""

from cataloging.editor.materials import boxes
from cataloging.marc.standard import _toml, standard
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
