"""Covers drawn in the house style."""

import re
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ils.web.covers import ORNAMENTS, PALETTES, cover_svg


def test_a_cover_bears_title_author_and_class() -> None:
    drawn = cover_svg("Số đỏ", "Vũ Trọng Phụng", "895.922332", 7)
    said = " ".join(ET.fromstring(drawn).itertext())
    assert "Số đỏ" in said
    assert "Vũ Trọng Phụng" in said
    assert "895.922332" in said


def test_the_same_title_always_gets_the_same_cover() -> None:
    assert cover_svg("A", "B", "8", 1) == cover_svg("A", "B", "8", 1)
    assert len({cover_svg("A", "B", "8", n) for n in range(40)}) > 10


@pytest.mark.parametrize("main_class", sorted(PALETTES))
def test_the_ground_follows_the_main_class(main_class: str) -> None:
    grounds = {ground for ground, _, _ in PALETTES[main_class]}
    for seed in range(20):
        drawn = cover_svg("Tên", "", f"{main_class}00", seed)
        found = re.search(r'<rect width="200" height="300" fill="(#\w{6})"', drawn)
        assert found
        assert found[1] in grounds


def test_every_ornament_is_drawn_by_some_title() -> None:
    bodies = [ornament(5)[:40] for ornament in ORNAMENTS]
    assert len(set(bodies)) == len(ORNAMENTS)


@given(st.text(max_size=600), st.text(max_size=200), st.text(max_size=30), st.integers(0, 2**31))
def test_any_words_give_well_formed_svg_that_fits(
    title: str, author: str, number: str, seed: int
) -> None:
    drawn = cover_svg(title, author, number, seed)
    ET.fromstring(drawn)
    assert len(drawn) < 16_000
    assert "style=" not in drawn
    assert "onload" not in re.sub(r">[^<]*<", "><", drawn)


def test_a_long_title_ends_in_an_ellipsis() -> None:
    assert "…" in cover_svg("Một nhan đề dài " * 40, "", "3", 1)
