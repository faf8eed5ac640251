"""Classes to choose from, and the mark behind the class number."""

from datetime import date

import pytest
from sqlalchemy.orm import Session

from cataloging.classes.cutter import cutter
from cataloging.classes.marks import (
    KEY,
    declare_settings,
    history,
    mark_for,
    set_rime,
    table,
    to_come,
)
from cataloging.classes.tree import below, classes, find, path_to
from ils.accounts.actor import system_actor
from ils.core import clock
from ils.core.errors import Forbidden, Invalid
from ils.org.settings import set_setting
from tests.factories import create_actor, create_province


def numbers(found: list) -> list[str]:
    return [one.number for one in found]


def test_the_tree_leads_from_the_ten_classes_to_a_number() -> None:
    assert numbers(below("")) == [f"{n}00" for n in range(10)]
    assert numbers(path_to("895.92234")) == [
        "800",
        "890",
        "895",
        "895.922",
        "895.9223",
        "895.92234",
    ]
    assert numbers(path_to("895.9223408"))[-1] == "895.92234", "a longer number lies in a known one"
    assert all(one.above in classes() for one in classes().values() if one.above)
    assert {one.number for one in classes().values() if not one.above} == {
        f"{n}00" for n in range(10)
    }


@pytest.mark.parametrize(
    ("typed", "first"),
    [
        ("tư tưởng hồ chí minh", "335.4346"),
        ("tu tuong ho chi minh", "335.4346"),
        ("ca phe", "633.7"),
        ("959.7041", "959.7041"),
        ("lịch sử việt nam", "959.7"),
        ("đông y", "615.88"),
        ("tiểu thuyết", "895.9223"),  # ours before the same of other countries
        ("co tich", "398.209597"),
    ],
)
def test_a_class_is_found_by_words_with_or_without_marks_and_by_number(
    typed: str, first: str
) -> None:
    assert numbers(find(typed))[0] == first


def test_words_with_marks_do_not_find_other_words_and_nothing_is_no_class() -> None:
    assert "633.18" in numbers(find("lúa"))
    assert numbers(find("lụa")) == []
    assert numbers(find("")) == numbers(below(""))
    assert numbers(find("895.92234999")) == ["895.92234"]


@pytest.mark.parametrize(
    ("name", "mark"),
    [
        ("Nguyễn Nhật Ánh", "N48"),
        ("Tô Hoài", "T64"),
        ("Quang Dũng", "Q36"),
        ("Andersen", "A53"),
        ("Sơn Nam", "S66"),
        ("Đoàn Giỏi", "D63"),
        ("123", ""),
    ],
)
def test_an_authors_mark_is_that_of_the_cutter_table(name: str, mark: str) -> None:
    assert cutter(name) == mark


@pytest.fixture(autouse=True)
def settings() -> None:
    declare_settings()


def test_a_library_chooses_title_code_or_cutter(session: Session) -> None:
    place = create_province(session)
    library = place.library.id
    assert mark_for(session, library, "Mắt biếc", "Nguyễn Nhật Ánh") == "M118B"
    set_setting(session, system_actor(), library, KEY, "author")
    assert mark_for(session, library, "Mắt biếc", "Nguyễn Nhật Ánh") == "N48"
    assert mark_for(session, library, "Mắt biếc") == "M118B", "without an author it is the title's"
    assert mark_for(session, library, "Harry Potter") == "H37"


def test_a_change_of_the_table_is_in_force_from_its_day(session: Session) -> None:
    library = create_province(session).library.id
    with clock.at(clock.at_local(date(2026, 12, 30))):
        set_rime(session, system_actor(), "uy", 524, "QĐ 12", date(2027, 1, 1))
        set_rime(session, system_actor(), "uy", 525, "sửa lại", date(2027, 2, 1))
        set_rime(session, system_actor(), "uy", 600, "tạm")
        assert mark_for(session, library, "Huy Cận") == "H600C"
        assert [one.number for one in to_come(session)] == [524, 525]
    for day, mark in ((date(2027, 1, 1), "H524C"), (date(2027, 2, 3), "H525C")):
        with clock.at(clock.at_local(day)):
            assert mark_for(session, library, "Huy Cận") == mark
    assert len(history(session)) == 3


def test_the_provinces_table_changes_codes_and_keeps_its_history(session: Session) -> None:
    place = create_province(session)
    admin = system_actor()
    assert mark_for(session, place.library.id, "Huy Cận") == "H523C"
    set_rime(session, admin, "uy", 524, "as the provincial library's labels have it")
    assert mark_for(session, place.library.id, "Huy Cận") == "H524C"
    assert next(row for row in table(session) if row.rime == "uy").ours == 523
    set_rime(session, admin, "uy", None, "")
    assert mark_for(session, place.library.id, "Huy Cận") == "H523C"
    assert [one.number for one in history(session)] == [None, 524]
    for rime, number in (("12", 100), ("uy", 1000), ("xyz", None)):
        with pytest.raises(Invalid):
            set_rime(session, admin, rime, number, "")
    with pytest.raises(Forbidden):
        set_rime(session, create_actor(session, "cataloguer", place.library), "uy", 1, "")
