"""Who has outgrown a kind of patrons: proposed, changed when a person says so, taken back."""

from datetime import date

import pytest

from circulation.patrons.ages import change_kinds, outgrown
from circulation.patrons.batches import undo_batch
from circulation.patrons.categories import CategoryFacts, add_category, change_category
from circulation.patrons.models import Patron
from ils.accounts.actor import system_actor
from ils.core.db import transaction
from ils.core.errors import Invalid
from tests.circulation.conftest import Library
from tests.factories import create_patron


def proposed(library):
    with library.reading() as session:
        return {
            one.patron.name: (one.age, one.then.code if one.then else None)
            for one in outgrown(session, library.clerk)
        }


def child(library, name, born_on, **more):
    return library.patron(name, category="child", born_on=born_on, guardian_name="Mẹ", **more)


def kinds(library):
    """Children up to 11 become pupils up to 15, then adults."""
    with library.writing() as session:
        actor = system_actor()
        add_category(session, actor, CategoryFacts("Học sinh", to_age=15, next_code="adult"))
        facts = CategoryFacts("Thiếu nhi", child=True, to_age=11, next_code="hoc_sinh")
        change_category(session, actor, "child", facts)


def test_on_the_birthday_the_next_kind_is_proposed_and_nothing_changes(library: Library):
    kinds(library)
    an = child(library, "An", date(2014, 5, 16))
    assert proposed(library) == {}
    library.later(days=1)
    assert proposed(library) == {"An": (12, "hoc_sinh")}
    assert library.get(Patron, an.id).category == "child"


def test_a_grown_up_skips_the_kinds_between(lite: Library):
    kinds(lite)
    child(lite, "Lớn", date(2008, 1, 1))
    lite.patron("Chỉ năm", category="child", born_year=2013, guardian_name="Mẹ")
    lite.patron("Không rõ", category="child", guardian_name="Mẹ")
    assert proposed(lite) == {"Lớn": (18, "adult"), "Chỉ năm": (13, "hoc_sinh")}


def test_children_without_a_last_age_are_children_to_the_librarys_age(lite: Library):
    child(lite, "Mười lăm", date(2010, 6, 1))
    child(lite, "Mười sáu", date(2010, 5, 1))
    assert proposed(lite) == {"Mười sáu": (16, None)}


def test_those_chosen_are_changed_as_one_act_and_taken_back(library: Library):
    kinds(library)
    an, be = (child(library, name, date(2013, 1, 1)) for name in ("An", "Bé"))
    fits = child(library, "Vừa", date(2018, 1, 1))
    with library.writing() as session:
        batch = change_kinds(session, library.clerk, [an.id, fits.id])
    assert batch.facts["changed"] == 1
    assert [library.get(Patron, one.id).category for one in (an, be, fits)] == [
        "hoc_sinh",
        "child",
        "child",
    ]
    assert list(proposed(library)) == ["Bé"]
    with library.writing() as session:
        assert undo_batch(session, library.clerk, batch.id).back == 1
    assert library.get(Patron, an.id).category == "child"
    with library.writing() as session, pytest.raises(Invalid, match="ages_none_chosen"):
        change_kinds(session, library.clerk, [])


def test_where_no_kind_is_named_one_is_chosen(lite: Library):
    an = child(lite, "An", date(2009, 1, 1))
    with lite.writing() as session:
        assert change_kinds(session, lite.clerk, [an.id]).facts["changed"] == 0
        change_kinds(session, lite.clerk, [an.id], otherwise="adult")
    assert lite.get(Patron, an.id).category == "adult"


def test_a_kind_does_not_follow_itself(lite: Library):
    with lite.writing() as session:
        for facts in (
            CategoryFacts("Thiếu nhi", to_age=11, next_code="child"),
            CategoryFacts("Thiếu nhi", to_age=11, next_code="nothing"),
            CategoryFacts("Thiếu nhi", to_age=0),
        ):
            with pytest.raises(Invalid):
                change_category(session, system_actor(), "child", facts)


def test_a_long_list_is_paged_and_nobody_is_cut_off(staff_client, province, monkeypatch):
    monkeypatch.setattr("circulation.patrons.age_views.SIZE", 2)
    with transaction() as session:
        for name in ("An", "Bé", "Cúc"):
            facts = {"category": "child", "born_on": date(1990, 1, 1), "guardian_name": "Mẹ"}
            create_patron(session, province.branch, name, **facts)
    head, names = staff_client(), (">An<", ">Bé<", ">Cúc<")
    first, second = (
        head.get(f"/staff/patrons/ages?page={n}").get_data(as_text=True) for n in (1, 2)
    )
    assert [name in first for name in names] == [True, True, False]
    assert [name in second for name in names] == [False, False, True]
    assert "1–2 trên 3" in first
