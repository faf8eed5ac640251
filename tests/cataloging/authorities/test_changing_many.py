"""One change carried to all records, two headings made one, near-equal ones found."""

from typing import Any

import pytest
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from cataloging.authorities import carry, near
from cataloging.authorities.browse import Seen, Wanted, list_forms
from cataloging.authorities.described import Boxes, new_marc
from cataloging.authorities.merging import merge
from cataloging.authorities.models import Authority, Heading, HeadingPair
from cataloging.authorities.near import difference, find_pairs, look_through
from cataloging.authorities.rewriting import rewritten
from cataloging.authorities.upkeep import sweep
from cataloging.authorities.writing import create_authority, replace_authority
from cataloging.change_sets import undo_change_set
from cataloging.marc.headings import heading_key
from cataloging.marc.model import Marc, data_field
from cataloging.models import Record
from cataloging.record_rows import drift
from cataloging.records import replace_marc
from ils.accounts.actor import Actor, system_actor
from ils.core.db import reading, transaction
from ils.core.errors import Refused
from ils.core.jobs import Job, Progress, run_next_job
from tests.factories import create_province, create_record


@pytest.fixture
def actor(both: Engine) -> Actor:
    assert both
    with transaction() as session:
        create_province(session)
    return system_actor()


def person(name: str, *variants: str) -> Marc:
    return new_marc(Boxes("person", name, variants=variants))


def authors() -> list[str]:
    with reading() as session:
        return list(
            session.scalars(
                select(Record.author).where(Record.deleted_at.is_(None)).order_by(Record.id)
            )
        )


def form_named(session: Session, text: str) -> Heading:
    return session.scalars(select(Heading).where(Heading.text == text)).one()


def test_only_the_heading_is_replaced_in_a_field() -> None:
    marc: Marc = {
        "leader": "",
        "fields": [
            data_field("245", "1", "0", ("a", "Chí Phèo")),
            data_field(
                *("600", "1", "7"),
                *(
                    ("a", "Trần Hữu Tri,"),
                    ("d", "1915-1951"),
                    ("x", "Tiểu sử"),
                    ("2", "Bộ TK TVQG"),
                ),
            ),
            data_field("700", "0", " ", ("a", "Trần Hữu Tri,"), ("e", "dịch"), ("9", "12")),
            data_field("700", "1", " ", ("a", "Tô Hoài")),
        ],
    }
    heading = data_field("100", "1", " ", ("a", "Nam Cao,"), ("d", "1915-1951."))
    keys = [heading_key("person", n) for n in ("Trần Hữu Tri", "Trần Hữu Tri, 1915-1951")]
    new = rewritten(marc, heading, keys=keys)
    assert new["fields"] == [
        marc["fields"][0],
        data_field(
            *("600", "1", "7"),
            *(("a", "Nam Cao,"), ("d", "1915-1951"), ("x", "Tiểu sử"), ("2", "Bộ TK TVQG")),
        ),
        data_field(
            "700", "1", " ", ("a", "Nam Cao,"), ("d", "1915-1951,"), ("e", "dịch"), ("9", "12")
        ),
        marc["fields"][3],
    ]


def test_a_body_given_another_form_keeps_its_role() -> None:
    role = data_field("710", "2", " ", ("a", "Bộ Văn hoá,"), ("e", "cơ quan"))
    new = rewritten(
        {"leader": "", "fields": [role]},
        data_field("110", "2", " ", ("a", "Bộ Văn hóa, Thể thao và Du lịch")),
        keys=[heading_key("body", "Bộ Văn hóa")],
    )
    said = [("a", "Bộ Văn hóa, Thể thao và Du lịch,"), ("e", "cơ quan")]
    assert new["fields"] == [data_field("710", "2", " ", *said)]


def test_a_change_is_carried_in_parts_goes_on_after_a_stop_and_is_undone_as_one(
    actor: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(carry, "AT_ONCE", 2)
    monkeypatch.setattr("ils.core.jobs.BREATH", 0)
    with transaction() as session:
        made = create_authority(session, actor, person("Nam Cao", "Trần Hữu Tri"))
        for n in range(5):
            create_record(session, f"Truyện {n}", author="Trần, Hữu Tri")
        create_record(session, "Dế Mèn", author="Tô Hoài")
    with transaction() as session:
        (old,) = carry.old_forms(session, made)
        assert (old.text, old.records) == ("Trần Hữu Tri", 5)
        assert carry.records_to_change(session, made, [old.key]) == 5
        job = carry.begin_carry(session, actor, made.id, [old.key])
        assert job.total == 5

    def killed(_self: Progress, *_words: Any, **_more: Any) -> None:
        raise MemoryError  # the process ends between two parts

    with monkeypatch.context() as patched:
        patched.setattr(Progress, "go_on", killed)
        with pytest.raises(MemoryError):
            carry.carry(Progress(job.id), job.args)
    assert authors().count("Nam Cao") == 2
    assert run_next_job()  # taken up again
    assert authors() == ["Nam Cao"] * 5 + ["Tô Hoài"]
    with transaction() as session:
        assert session.get_one(Job, job.id).result["changed"] == 3
        assert list(drift(session)) == []
        assert undo_change_set(session, actor, job.args["change_set_id"]).records_restored == 5
    assert authors() == ["Trần Hữu Tri"] * 5 + ["Tô Hoài"]


def test_a_form_of_two_authorities_is_never_carried(actor: Actor) -> None:
    with transaction() as session:
        made = create_authority(session, actor, person("Nam Cao", "T.H.T."))
        create_authority(session, actor, person("Trần Hữu Trí", "T.H.T."))
        record = create_record(session, "Thơ", author="T.H.T.")
        (old,) = carry.old_forms(session, made)
        assert old.shared
        with pytest.raises(Refused, match="form_shared"):
            carry.begin_carry(session, actor, made.id, [old.key])
        place = next(i for i, f in enumerate(record.marc["fields"]) if "100" in f)
        carry.take_preferred(session, actor, record.id, place, made.id, expected_version=1)
        assert record.author == "Nam Cao"


def test_two_headings_become_one_with_their_records_and_an_undo_parts_them(actor: Actor) -> None:
    with transaction() as session:
        keep = create_authority(session, actor, person("Nguyễn Nhật Ánh", "Anh Bồ Câu"))
        drop = create_authority(session, actor, person("Nguyễn Nhật Anh", "Chu Đình Ngạn"))
        create_record(session, "Mắt biếc", author="Nguyễn Nhật Ánh")
        create_record(session, "Kính vạn hoa", author="Nguyễn Nhật Anh")
        kept, change_set, job = merge(
            session,
            actor,
            form_named(session, "Nguyễn Nhật Ánh"),
            form_named(session, "Nguyễn Nhật Anh"),
            and_records=True,
        )
        assert job is not None
        assert (kept.id, drop.merged_into) == (keep.id, keep.id)
    assert run_next_job()
    assert authors() == ["Nguyễn Nhật Ánh"] * 2
    with transaction() as session:
        lines = list_forms(session, Wanted("person"), Seen(), limit=9)
        assert {(line.text, line.role, line.records) for line in lines} == {
            ("Nguyễn Nhật Ánh", "preferred", 2),
            ("Nguyễn Nhật Anh", "variant", 0),
            ("Anh Bồ Câu", "variant", 0),
            ("Chu Đình Ngạn", "variant", 0),
        }
        done = undo_change_set(session, actor, change_set.id)
        assert (done.records_restored, done.authorities) == (1, 2)
    assert authors() == ["Nguyễn Nhật Ánh", "Nguyễn Nhật Anh"]
    with reading() as session:
        assert session.get_one(Authority, drop.id).deleted_at is None
        lines = list_forms(session, Wanted("person", roles=("preferred",)), Seen(), limit=9)
        assert [(line.text, line.records) for line in lines] == [
            ("Nguyễn Nhật Anh", 1),
            ("Nguyễn Nhật Ánh", 1),
        ]


def test_a_provisional_heading_becomes_a_variant_of_one_that_is_established_by_it(
    actor: Actor,
) -> None:
    with transaction() as session:
        create_record(session, "Mắt biếc", author="Nguyễn Nhật Ánh")
        create_record(session, "Kính vạn hoa", author="Nguyễn Nhật Anhh")
        kept, change_set, _job = merge(
            session,
            actor,
            form_named(session, "Nguyễn Nhật Ánh"),
            form_named(session, "Nguyễn Nhật Anhh"),
        )
        assert kept.heading == "Nguyễn Nhật Ánh"
        with pytest.raises(Refused, match="heading_same"):
            merge(
                session,
                actor,
                form_named(session, "Nguyễn Nhật Ánh"),
                form_named(session, "Nguyễn Nhật Anhh"),
            )
        undo_change_set(session, actor, change_set.id)
        roles = session.scalars(select(Heading.role)).all()
        assert roles == ["provisional", "provisional"]


def test_an_undo_leaves_a_heading_that_somebody_changed_since_and_says_so(actor: Actor) -> None:
    with transaction() as session:
        made = create_authority(session, actor, person("Nam Cao"))
        changed = replace_authority(
            session, actor, made.id, person("Nam Cao", "Trần Hữu Tri"), expected_version=1
        )
        first = session.scalars(
            select(carry.ChangeSet.id).order_by(carry.ChangeSet.id).limit(1)
        ).one()
        with pytest.raises(Refused, match="undo_blocked"):
            undo_change_set(session, actor, first)
        done = undo_change_set(session, actor, first, partial=True)
        assert [(o.code, o.name) for o in done.left] == [("authority_changed", "Nam Cao")]
        assert changed.deleted_at is None


@pytest.mark.parametrize(
    ("one", "other", "why"),
    [
        ("nguyễn nhật ánh", "nguyễn nhật anh", "marks"),
        ("nguyễn nhật ánh 1955", "nguyễn nhật ánh", "dates"),
        ("rowling j k", "j k rowling", "order"),
        ("nguyễn nhậtt ánh", "nguyễn nhật ánh", "letter"),
        ("saint exupery", "saint exupéri", "letter"),
        ("vũ thị lan", "vũ thị lam", ""),
        ("world war 1914 1918", "world war 1939 1945", ""),
        ("tcvn 3734", "tcvn 3909", ""),
        ("3734 89", "3909 89", ""),
        ("nguyễn quân", "nguyễn tuân", ""),
        ("tô hoài", "tô ngọc vân", ""),
    ],
)
def test_near_equal_forms_differ_in_marks_dates_order_or_a_misspelled_letter(
    one: str, other: str, why: str
) -> None:
    assert difference(one, other) == why


def test_near_equal_headings_are_found_and_kept_apart_when_told(
    actor: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ils.core.jobs.BREATH", 0)
    with transaction() as session:
        names = ("Nguyễn Nhật Ánh", "Nguyễn Nhật Anh", "Nguyễn Nhậtt Ánh", "Tô Hoài")
        records = [create_record(session, f"Sách {n}", author=n) for n in names]
        pairs = {pair[3] for pair in find_pairs(session, "person")}
        assert pairs == {"marks", "letter"}
    assert look_through(lambda _at: None) == 3
    with transaction() as session:
        rows = near.list_near(session, "person", Seen(), limit=9, offset=0)
        assert near.count_near(session) == len(rows) == 3
        near.keep_apart(session, actor, rows[0].low, rows[0].high)
        assert near.count_near(session) == 2
        gone: Any = {**records[2].marc, "fields": records[2].marc["fields"][2:]}
        replace_marc(session, actor, records[2].id, gone, expected_version=1)
    look_through(lambda _at: None)
    with reading() as session:
        assert session.query(HeadingPair).count() == near.count_near(session) + 1


def test_the_nightly_sweep_forgets_forms_in_no_use_and_names_lost_ones(
    actor: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ils.core.jobs.BREATH", 0)
    assert actor
    with transaction() as session:
        create_record(session, "Chí Phèo", author="Nam Cao")
        create_record(session, "Dế Mèn", author="Tô Hoài")
        session.delete(form_named(session, "Nam Cao"))
        form = form_named(session, "Tô Hoài")
        session.add(
            Heading(key=1, kind="person", role="provisional", text="Ai", filing="AI", near="ai")
        )
    assert sweep() == (1, 1)
    with reading() as session:
        assert set(session.scalars(select(Heading.text))) == {"Nam Cao", form.text}
    assert sweep() == (0, 0)
