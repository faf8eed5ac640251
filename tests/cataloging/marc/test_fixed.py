"""Leader, 006, 007 and 008: each place by name, in the editor and for readers of a record."""

from collections.abc import Iterator

import pytest

from cataloging.editor.showing import CodeShown, codes_of, leader_codes
from cataloging.marc.display import labeled
from cataloging.marc.model import Marc
from cataloging.marc.standard import authority_standard, standard

TYPED = {"date", "year", "minutes", "free"}  # places of a number or a day, which no list can hold
LEADERS = {
    kind: f"00000n{types[0]}{levels[:1] or 'm'} a2200000 a 4500"
    for kind, (types, levels, _name) in standard().kinds.items()
}


def every_place(at: int) -> Iterator[tuple[str, CodeShown]]:
    """Yield what the editor shows of each fixed field of each material."""
    known = standard()
    for kind, leader in LEADERS.items():
        marc: Marc = {"leader": leader, "fields": []}
        yield from ((f"{kind} LDR", one) for one in leader_codes(marc, at))
        yield from ((f"{kind} 008", one) for one in codes_of(marc, "008", "#" * 40, at))
        form = "s" if kind == "CR" else leader[6]
        yield from ((f"{kind} 006", one) for one in codes_of(marc, "006", f"{form:#<18}", at))
    for code, thing in known.physical.items():
        text = f"{code:#<{max(thing.lengths)}}"
        yield from ((f"007 {code}", one) for one in codes_of(marc, "007", text, at))


@pytest.mark.parametrize("at", [0, 1], ids=["English", "Vietnamese"])
def test_every_place_of_every_material_is_chosen_by_name(at: int) -> None:
    shown = list(every_place(at))
    assert len(shown) > 250
    assert [(where, one.start) for where, one in shown if not one.label] == []
    bare = {
        (where, one.start, code)
        for where, one in shown
        for code, name in one.choices
        if name.strip() in ("", code, code.strip("#"))
    }
    assert bare == set()
    typed = {(where.split(" ", 1)[1], one.start) for where, one in shown if not one.choices}
    assert typed == {
        *{("008", 0), ("008", 7), ("008", 11)},  # the day of the record, the two years
        *{("008", 18), ("006", 1)},  # the minutes of a film
        *{("c", 6), ("h", 6), ("m", 17)},  # 007: bits of color, times reduced, day of inspection
    }


def test_the_two_languages_never_say_the_same() -> None:
    known = standard()
    here = [
        *known.leader,
        *(p for some in known.positions_008.values() for p in some),
        *(p for kind in known.physical.values() for p in kind.positions),
        *authority_standard().leader,
        *authority_standard().positions_008["all"],
    ]
    assert [p.name for p in here if p.name[0] == p.name[1]] == []
    assert [n for p in here for n in p.codes.values() if n[0] == n[1] or not all(n)] == []
    assert [
        p.name for p in here if not p.codes and p.check not in TYPED | {"language", "country"}
    ] == []


def test_places_lie_within_their_field_and_never_over_each_other() -> None:
    known = standard()
    fields = [(24, known.leader), (40, authority_standard().positions_008["all"])]
    fields += [(40, (*known.positions_008["all"], *known.positions_008[kind])) for kind in LEADERS]
    fields += [(max(kind.lengths), kind.positions) for kind in known.physical.values()]
    for length, here in fields:
        taken = [at for p in here for at in range(p.start, p.start + p.length)]
        assert len(taken) == len(set(taken))
        assert max(taken) < length
    for kind in known.physical.values():
        assert (kind.positions[0].start, kind.positions[0].length) == (1, 1)
        assert all(len(code) in (1, p.length) for p in kind.positions for code in p.codes)


def test_codes_of_a_disc_a_map_and_a_score_are_read_out() -> None:
    marc: Marc = {
        "leader": LEADERS["MU"],
        "fields": [
            {"007": "sd fsngnnmmned"},
            {"006": "e  bd|  a     0   "},
            {"008": "240115s2024    vm fmuub       n    sun||"},
        ],
    }
    said = {(field.tag, part.code): part.meaning for field in labeled(marc) for part in field.parts}
    assert said["007", "03"] == "1,4 m/giây (đĩa CD)"
    assert said["007", "10"] == "Nhựa phủ kim loại (CD)"
    assert said["006", "00"] == "Bản đồ"
    assert said["006", "05-06"] == ""
    assert said["008", "18-19"] == "Dân ca, nhạc dân gian"
    assert said["008", "35-37"] == "Tiếng Sunda"


def test_a_code_no_list_holds_stands_there_and_is_not_changed() -> None:
    marc: Marc = {"leader": LEADERS["BK"], "fields": []}
    shown = {
        one.start: one
        for one in codes_of(marc, "008", "240115s2024####zz#####Q######000#1#zul#d", 1)
    }
    assert shown[22].value == "Q"
    assert "Q" not in dict(shown[22].choices)
    assert dict(shown[35].choices)["zul"] == "Tiếng Zulu"
    assert dict(shown[35].choices)["###"] == "Không nêu"
    assert dict(shown[15].choices)["vm#"] == "Việt Nam"
    assert shown[15].value == "zz#"
