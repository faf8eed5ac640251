"""The encoding in which a form carries a record: nothing is lost on the way through a browser."""

from typing import Any
from urllib.parse import urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st
from werkzeug.test import EnvironBuilder
from werkzeug.wrappers import Request

from cataloging.editor.boxes import read, write
from cataloging.editor.materials import box
from cataloging.editor.rows import decode, encode
from cataloging.editor.showing import widget_of
from cataloging.marc import formats
from cataloging.marc.model import Marc, data_field
from tests.conftest import SHARED_MARC

LEADER = "00000nam a2200000 a 4500"


def through_a_browser(sent: list[tuple[str, str]]) -> dict[str, list[str]]:
    """Send boxes as a browser does, line breaks made CRLF, and read them as the server does."""
    crlf = [(n, v.replace("\r\n", "\n").replace("\r", "\n").replace("\n", "\r\n")) for n, v in sent]
    built = EnvironBuilder(
        method="POST",
        data=urlencode(crlf),
        content_type="application/x-www-form-urlencoded",
    )
    return Request(built.get_environ()).form.to_dict(flat=False)


def as_shown(values: dict[str, str]) -> list[tuple[str, str]]:
    """Return what boxes hold once a browser shows them: it drops the line breaks of a line."""
    found = []
    for name, value in values.items():
        about = box(name)
        if about is not None and widget_of(about, value) == "line":
            value = value.replace("\r", "").replace("\n", "")
        found.append((name, value))
    return found


ODD: list[dict[str, Any]] = [
    {"001": "x 1"},
    {"001": ""},
    {"008": "990101s1999    fr a   j      001 1 vie d"},
    {"007": "ta"},
    {"006": "  "},
    {"24": {"ind1": "1", "ind2": "0", "subfields": [{"a": "tag of two"}]}},
    {"LDR": {"ind1": "1", "ind2": "0", "subfields": [{"a": "a tag that means something else"}]}},
    {"245": "a data field without subfields"},
    {"005": {"ind1": " ", "ind2": " ", "subfields": [{"a": "a control field with them"}]}},
    data_field("245", "", "10", ("a", "marks that are none")),
    data_field("245", "#", "$", ("#", "marks that mean something else"), ("$", "x")),
    data_field("500", " ", " "),
    data_field("500", " ", " ", ("a", "")),
    data_field("500", " ", " ", ("a", " at the edge ")),
    data_field("500", " ", " ", ("a", "one\r\ntwo\x85three\x0bfour\x00"), ("ab", "x"), ("", "y")),
    data_field("500", " ", " ", ("a", "$5 ${20} \\ <b>&amp;\u00a0"), ("a", "soft\u00adhyphen")),
    data_field("880", "1", " ", ("6", "245-01/$1"), ("a", "金雲翹\U00020000")),
]


@pytest.mark.parametrize("field", ODD, ids=lambda one: next(iter(one)))
def test_an_odd_field_comes_back_as_it_was(field: dict[str, Any]) -> None:
    marc: Marc = {"leader": LEADER, "fields": [{"001": "a"}, field, {"009": "z"}]}
    assert decode(through_a_browser(encode(marc))).marc == marc


ANYTHING = st.text(st.sampled_from("aĐ $#{}()\t\n\r\x00\u00ad0"), max_size=6)
FIELD = st.tuples(
    ANYTHING | st.sampled_from(["245", "008", "LDR"]),
    ANYTHING
    | st.builds(
        lambda a, b, subs: {"ind1": a, "ind2": b, "subfields": [{c: v} for c, v in subs]},
        ANYTHING,
        st.sampled_from([" ", "1", "#"]),
        st.lists(st.tuples(ANYTHING | st.just("a"), ANYTHING), max_size=3),
    ),
)


@given(st.lists(FIELD, max_size=5), ANYTHING)
def test_any_record_comes_back_as_it_was(found: list[tuple[str, Any]], leader: str) -> None:
    marc: Marc = {"leader": leader, "fields": [{tag: content} for tag, content in found]}
    assert decode(through_a_browser(encode(marc))).marc == marc


@pytest.mark.shared
@pytest.mark.slow
def test_every_shared_record_goes_through_both_forms_unchanged() -> None:
    count = 0
    for path in sorted(p for p in SHARED_MARC.rglob("*") if p.is_file() and p.name != "README.md"):
        for found in formats.read(path):
            if found.marc is None:
                continue
            count += 1
            grid = decode(through_a_browser(encode(found.marc)))
            assert grid.marc == found.marc, path
            assert grid.problems == [], path
            boxes = through_a_browser(as_shown(read(found.marc)))
            assert write(found.marc, {n: v[0] for n, v in boxes.items()}) == found.marc, path
    assert count > 15_000


def test_fields_shown_in_one_line_stay_when_there_are_several() -> None:
    links = [data_field("856", "4", "0", ("u", f"https://example.org/{n}")) for n in (1, 2)]
    broken = data_field("250", " ", " ", ("a", "Tái bản\nlần 2"))
    marc: Marc = {"leader": LEADER, "fields": [broken, *links]}
    boxes = through_a_browser(as_shown(read(marc)))
    assert write(marc, {name: text[0] for name, text in boxes.items()}) == marc


def test_boxes_left_empty_are_no_field_and_codes_are_chosen_by_name() -> None:
    found = decode(
        {
            "ldr": [LEADER.replace(" ", "#")],
            "f1.t": ["008"],
            "f1.x": ["260105nuuuu####vm############000#|#und#d"],
            "f1.o": ["260105nuuuu####vm############000#|#und#d"],
            "f1.p22": ["j"],
            "f1.p15": ["vm#"],
            "f2.t": ["245"],
            "f2.1": ["0"],
            "f2.2": [""],
            "f2.c": ["a", "b", "c"],
            "f2.s": ["Một\r\nhai $5", "", "ai"],
            "f7.t": ["500"],
            "f7.c": ["a"],
            "f7.s": [" "],
            "f8.t": ["24"],
            "f8.c": ["a"],
            "f8.s": ["x"],
        }
    )
    assert found.marc["fields"] == [
        {"008": "260105nuuuu    vm     j      000 | und d"},
        data_field("245", "0", " ", ("a", "Một hai $5"), ("c", "ai")),
        data_field("24", " ", " ", ("a", "x")),
    ]
    assert found.numbers == [1, 2, 8]
