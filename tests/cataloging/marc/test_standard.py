"""MARC 21 as data: what fields and subfields are called."""

from cataloging.marc.standard import standard
from ils.text.normal import is_marked

SAME = {"ISBN", "ISSN", "ISSN-L"}


def test_every_field_and_every_subfield_is_named_in_both_languages() -> None:
    known = standard().fields.values()
    named = [(one.tag, "", one.name) for one in known]
    named += [(one.tag, code, sub.name) for one in known for code, sub in one.subfields.items()]
    assert [one for one in named if one[2][0] == one[2][1] and one[2][0] not in SAME] == []
    assert [one for one in named if is_marked(one[2][0])] == []
    linking = standard().fields["780"].subfields
    assert linking["t"].name == ("Title", "Nhan đề")
    assert standard().fields["020"].subfields["d"].name == ("Print run", "Số lượng in")
