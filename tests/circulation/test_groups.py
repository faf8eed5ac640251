"""Classes and families at the desk: whose turn it is, and for whom a copy is."""

import pytest

from circulation.groups import (
    borrower_for,
    class_word,
    classes,
    family_word,
    group_for,
    loans_of_group,
)
from circulation.patrons.models import Patron
from circulation.rules.groups import next_member, who_carries
from ils.core.errors import NotFound
from tests.circulation.conftest import Library

SCHOOL = "THCS Kim Liên"


def pupils(library: Library, *names: str) -> list[Patron]:
    return [
        library.patron(name, category="child", guardian_name="Mẹ", school=SCHOOL, school_class="6A")
        for name in names
    ]


def test_a_class_is_listed_by_given_name_with_what_each_has(library: Library) -> None:
    binh, an = pupils(library, "Trần Văn Bình", "Lê Thị An")
    library.patron("Người Lớn")
    item = library.item()
    library.lend(item, binh, overrides={"consent_missing": "x"})
    with library.reading() as session:
        [found] = classes(session, library.clerk)
        assert (found.name, found.school, found.readers) == ("6A", SCHOOL, 2)
        group = group_for(session, library.clerk, found.word)
        assert [(m.number, m.patron.id, m.loans) for m in group.members] == [
            (1, an.id, 0),
            (2, binh.id, 1),
        ]
        assert [o.item.id for o in loans_of_group(session, group)] == [item.id]
        assert group.after(None) == an.id
        assert group.after(binh.id) is None


def test_another_librarys_class_is_nobody(lite: Library) -> None:
    lite.patron("Xa", at=lite.place.foreign_branch, school=SCHOOL, school_class="9Z")
    with lite.reading() as session, pytest.raises(NotFound):
        group_for(session, lite.clerk, class_word("9Z", SCHOOL))
    with lite.reading() as session, pytest.raises(NotFound):
        group_for(session, lite.clerk, "gì đó")


def test_one_parent_carries_for_all(library: Library) -> None:
    mother, child = library.patron("Mẹ Hiền"), library.patron("Con Ngoan")
    with library.writing() as session:
        session.get_one(Patron, child.id).guardian_id = mother.id
    mine, theirs, free = library.item(), library.item(library.record("Khác")), library.item()
    library.lend(mine, child)
    library.hold(theirs, child)
    library.take_back(theirs)
    with library.reading() as session:
        word = family_word(session, session.get_one(Patron, child.id))
        assert word == f"family:{mother.id}"
        group = group_for(session, library.clerk, word)
        assert [m.patron.name for m in group.members] == ["Mẹ Hiền", "Con Ngoan"]
        assert [m.ready for m in group.members] == [0, 1]
        whose = [borrower_for(session, group, i.id, mother.id) for i in (mine, theirs, free)]
    assert whose == [child.id, child.id, mother.id]


def test_who_is_alone_has_no_family(lite: Library) -> None:
    with lite.reading() as session:
        assert family_word(session, lite.patron()) is None


def test_a_strangers_copy_is_the_chosen_ones_affair() -> None:
    assert who_carries([1, 2], chosen=1, holder=9, awaited_by=None) == 1
    assert who_carries([1, 2], chosen=1, holder=None, awaited_by=2) == 2
    assert next_member([], 1) is None
    assert next_member([4, 5], 9) == 4
