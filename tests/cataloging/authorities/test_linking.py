"""Headings of records lead to authorities, whatever happens to either."""

from typing import Any

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from cataloging.authorities.browse import Seen, Wanted, headings_of, list_forms, records_with
from cataloging.authorities.described import Boxes, new_marc
from cataloging.authorities.models import Authority, Heading, RecordHeading
from cataloging.authorities.upkeep import rebuild_links
from cataloging.authorities.writing import (
    create_authority,
    delete_authority,
    replace_authority,
    restore_authority,
)
from cataloging.change_sets import new_change_set, undo_change_set
from cataloging.marc.headings import heading_key, headings_in
from cataloging.marc.model import Marc, data_field
from cataloging.marc.project import project
from cataloging.models import Record
from cataloging.record_rows import drift
from cataloging.records import (
    create_records,
    delete_record,
    replace_marc,
    restore_record,
)
from ils.accounts.actor import Actor, system_actor
from ils.core.errors import Refused
from tests.factories import Province, create_province, create_record


@pytest.fixture
def place(both_session: Session) -> Province:
    return create_province(both_session)


@pytest.fixture
def actor(place: Province) -> Actor:
    assert place
    return system_actor()


def person(name: str, *variants: str, see_also: tuple[str, ...] = ()) -> Marc:
    return new_marc(Boxes("person", name, variants=variants, see_also=see_also))


def linked(session: Session, record: Record) -> list[tuple[str, str, str]]:
    return [(one.text, one.role, one.preferred) for one in headings_of(session, record.id)]


def forms(session: Session, kind: str = "person") -> list[tuple[str, str, int]]:
    lines = list_forms(session, Wanted(kind), Seen(), limit=50)
    return [(line.text, line.role, line.records) for line in lines]


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("Nguyễn, Nhật Ánh", "Nguyễn Nhật Ánh", True),
        ("Phụng, Vũ Trọng.", "Vũ Trọng Phụng", True),
        ("NGUYỄN NHẬT ÁNH", "Nguyễn Nhật Ánh,", True),
        ("Lý Hoà", "Lí Hòa", True),
        ("Nguyễn Nhật Anh", "Nguyễn Nhật Ánh", False),
        ("Rowling, J. K.", "J. K. Rowling", False),
    ],
)
def test_case_and_signs_do_not_make_another_heading_marks_do(
    one: str, other: str, *, same: bool
) -> None:
    keys = [
        headings_in({"leader": "", "fields": [data_field("100", "1", " ", ("a", name))]})[0].key
        for name in (one, other)
    ]
    assert (keys[0] == keys[1]) is same


def test_the_headings_of_a_record_are_found_with_roles_and_subdivisions_left_out() -> None:
    marc: Marc = {
        "leader": "",
        "fields": [
            data_field("100", "1", " ", ("a", "Nam Cao,"), ("d", "1915-1951,"), ("e", "tác giả.")),
            data_field("245", "1", "0", ("a", "Chí Phèo")),
            data_field("650", " ", "7", ("a", "Văn học hiện đại."), ("z", "Việt Nam")),
            data_field("651", " ", "7", ("a", "Việt Nam")),
            data_field("653", " ", " ", ("a", "Truyện ngắn; Nam Cao")),
            data_field("700", "1", " ", ("a", "Trần A; Lê B dịch")),  # two names in one field
            data_field("710", "2", " ", ("a", "Hội Nhà văn."), ("b", "Ban Thơ,"), ("e", "dịch")),
            data_field("711", "2", " ", ("a", "Hội nghị Huế."), ("e", "Ban Tổ chức")),
        ],
    }
    assert [(h.place, h.tag, h.text) for h in headings_in(marc)] == [
        (0, "100", "Nam Cao, 1915-1951"),
        (2, "650", "Văn học hiện đại"),
        (3, "651", "Việt Nam"),
        (6, "710", "Hội Nhà văn. Ban Thơ"),
        (7, "711", "Hội nghị Huế, Ban Tổ chức"),
    ]


def test_a_new_heading_is_provisional_until_an_authority_has_it(
    both_session: Session, actor: Actor
) -> None:
    record = create_record(both_session, "Chí Phèo", author="Nam Cao")
    assert linked(both_session, record) == [("Nam Cao", "provisional", "Nam Cao")]
    made = create_authority(both_session, actor, person("Nam Cao", "Trần Hữu Tri"))
    assert linked(both_session, record) == [("Nam Cao", "preferred", "Nam Cao")]
    other = create_record(both_session, "Sống mòn", author="Trần, Hữu Tri")
    assert linked(both_session, other) == [("Trần Hữu Tri", "variant", "Nam Cao")]
    assert other.author == "Trần Hữu Tri"  # an offer: nothing was changed
    assert forms(both_session) == [("Nam Cao", "preferred", 2), ("Trần Hữu Tri", "variant", 1)]
    delete_authority(both_session, actor, made.id)
    assert [line[1] for line in forms(both_session)] == ["provisional", "provisional"]
    restore_authority(both_session, actor, made.id)
    assert forms(both_session) == [("Nam Cao", "preferred", 2), ("Trần Hữu Tri", "variant", 1)]


def test_links_follow_change_delete_restore_and_undo_of_a_record(
    both_session: Session, actor: Actor
) -> None:
    record = create_record(both_session, "Chí Phèo", author="Nam Cao")
    new: Any = {
        **record.marc,
        "fields": [
            data_field("100", "1", " ", ("a", "Tô Hoài")) if "100" in f else f
            for f in record.marc["fields"]
        ],
    }
    change_set = new_change_set(both_session, actor, "batch")
    replace_marc(
        both_session, actor, record.id, new, expected_version=record.version, change_set=change_set
    )
    assert forms(both_session) == [("Tô Hoài", "provisional", 1)]  # the old form is forgotten
    undo_change_set(both_session, actor, change_set.id)
    assert forms(both_session) == [("Nam Cao", "provisional", 1)]
    delete_record(both_session, actor, record.id)
    assert forms(both_session) == []
    restore_record(both_session, actor, record.id)
    assert forms(both_session) == [("Nam Cao", "provisional", 1)]
    assert list(drift(both_session)) == []


def test_an_import_links_all_its_records_and_its_undo_leaves_nothing(
    both_session: Session, actor: Actor
) -> None:
    create_authority(both_session, actor, person("Nam Cao"))
    marcs: list[Marc] = [
        {
            "leader": "00000nam a2200000 a 4500",
            "fields": [
                data_field("100", "1", " ", ("a", ["Nam Cao", "Nguyên Hồng"][n % 2])),
                data_field("245", "1", "0", ("a", f"Truyện {n}")),
                data_field("650", " ", "7", ("a", "Văn học")),
            ],
        }
        for n in range(40)
    ]
    change_set = new_change_set(both_session, actor, "import")
    create_records(both_session, actor, [(m, project(m)) for m in marcs], change_set)
    assert forms(both_session) == [("Nam Cao", "preferred", 20), ("Nguyên Hồng", "provisional", 20)]
    assert forms(both_session, "subject") == [("Văn học", "provisional", 40)]
    assert list(drift(both_session)) == []
    undo_change_set(both_session, actor, change_set.id)
    assert forms(both_session) == [("Nam Cao", "preferred", 0)]
    assert both_session.scalar(select(func.count()).select_from(RecordHeading)) == 0


def test_the_rebuild_mends_links_and_forms_that_were_lost(
    both_session: Session, actor: Actor
) -> None:
    record = create_record(both_session, "Chí Phèo", author="Nam Cao")
    both_session.query(RecordHeading).delete()
    both_session.query(Heading).delete()
    assert rebuild_links(both_session, 0) == (record.id, 1)
    assert rebuild_links(both_session, 0) == (record.id, 0)
    assert linked(both_session, record) == [("Nam Cao", "provisional", "Nam Cao")]


def test_a_form_of_two_authorities_is_offered_for_each(both_session: Session, actor: Actor) -> None:
    for name in ("Nam Cao", "Trần Hữu Trí"):
        create_authority(both_session, actor, person(name, "T.H.T."))
    record = create_record(both_session, "Thơ", author="T.H.T.")
    assert [line[2] for line in linked(both_session, record)] == ["Nam Cao", "Trần Hữu Trí"]


def test_a_librarys_own_heading_serves_its_records_and_the_province_comes_first(
    both_session: Session, actor: Actor, place: Province
) -> None:
    scope = place.library.id
    create_authority(both_session, actor, person("Cụ Đồ Quê"), scope=scope)
    record = create_record(both_session, "Gia phả", author="Cụ Đồ Quê", owner_id=scope)
    elsewhere = create_record(both_session, "Gia phả khác", author="Cụ Đồ Quê")
    assert [one.role for one in headings_of(both_session, record.id, scope)] == ["preferred"]
    assert [one.role for one in headings_of(both_session, elsewhere.id)] == ["provisional"]
    shared = create_authority(both_session, actor, person("Cụ Đồ Quê", "Đồ Quê"))
    (one,) = headings_of(both_session, record.id, scope)
    assert one.authority_id == shared.id
    with pytest.raises(Refused, match="heading_taken"):
        create_authority(both_session, actor, person("Cụ đồ quê"), scope=scope)


def test_a_heading_belongs_to_one_authority_and_names_stand_in_their_own_order(
    both_session: Session, actor: Actor
) -> None:
    made = create_authority(
        both_session,
        actor,
        {
            "leader": "00000nz  a2200000n  4500",
            "fields": [
                data_field("100", "1", " ", ("a", "Nguyễn, Nhật Ánh,"), ("d", "1955-")),
                data_field("400", "1", " ", ("a", "Rowling, J. K.")),
            ],
        },
    )
    fields = [f for f in made.marc["fields"] if "100" in f or "400" in f]
    assert fields[0]["100"]["subfields"] == [{"a": "Nguyễn Nhật Ánh,"}, {"d": "1955-"}]
    assert fields[1]["400"]["subfields"] == [{"a": "Rowling, J. K."}]
    assert made.heading == "Nguyễn Nhật Ánh, 1955-"
    with pytest.raises(Refused, match="heading_taken"):
        create_authority(both_session, actor, person("nguyễn nhật ánh 1955"))


def test_lists_file_as_a_vietnamese_card_catalog_does(both_session: Session, actor: Actor) -> None:
    for name in ("Bà Triệu", "Ba Vì", "Đặng Thai Mai", "Dương Thu", "Ba chú lợn", "Bá Đa"):
        create_authority(both_session, actor, person(name))
    assert [line[0] for line in forms(both_session)] == [
        *("Ba chú lợn", "Ba Vì", "Bà Triệu", "Bá Đa", "Dương Thu", "Đặng Thai Mai")
    ]


def test_a_changed_heading_keeps_its_records_through_its_earlier_form(
    both_session: Session, actor: Actor
) -> None:
    made = create_authority(both_session, actor, person("Sông Bé"))
    record = create_record(both_session, "Đất", author="Sông Bé")
    new = person("Bình Dương", "Sông Bé")
    replace_authority(both_session, actor, made.id, new, expected_version=1)
    assert linked(both_session, record) == [("Sông Bé", "variant", "Bình Dương")]
    total, found = records_with(both_session, [heading_key("person", "Sông Bé")], Seen(), limit=5)
    assert (total, found) == (1, [record])
    assert both_session.scalar(select(func.count()).select_from(Authority)) == 1
