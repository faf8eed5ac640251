"""MARC 21 as data: what fields and subfields are called."""

from cataloging.marc.standard import standard


def test_every_field_and_what_is_met_of_subfields_has_its_vietnamese() -> None:
    known = standard().fields.values()
    assert [one.tag for one in known if one.name[0] == one.name[1]] == []
    subs = [sub for one in known for sub in one.subfields.values()]
    same = [sub for sub in subs if sub.name[0] == sub.name[1] and len(sub.name[0]) > 4]
    assert len(same) < 0.15 * len(subs)
    linking = standard().fields["780"].subfields
    assert linking["t"].name == ("Title", "Nhan đề")
    assert standard().fields["020"].subfields["d"].name == ("Print run", "Số lượng in")
