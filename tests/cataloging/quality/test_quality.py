"""Quality: faults found, points kept in step, small repairs one by one and over many, undone."""

from typing import Any

import pytest
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from cataloging.change_sets import undo_change_set
from cataloging.items import CopyFacts, add_items
from cataloging.marc.model import Marc, data_field, first, subfields
from cataloging.marc.project import project
from cataloging.models import Item, Record
from cataloging.quality import scoring
from cataloging.quality.counting import by_staff, how_many, note_month, state_of, trend
from cataloging.quality.models import RecordFault, RecordScore
from cataloging.quality.repairs import begin_many, first_of_many, leave, mend, tray
from cataloging.quality.rules import faults, find_faults, repaired, score_of
from cataloging.records import create_record, replace_marc
from ils.accounts.actor import system_actor
from ils.core import outbox
from ils.core.db import reading, transaction
from ils.core.errors import Invalid, StaleVersion
from ils.core.jobs import run_next_job
from tests.factories import Province, create_actor, create_province, create_register

FIXED = "260101s2019    vm a          000 0 vie d"


def marc(title: str, *more: dict[str, Any], fixed: str = FIXED, author: str = "") -> Marc:
    head = [{"008": fixed}] if fixed else []
    names = [data_field("100", "1", " ", ("a", author))] if author else []
    class_ = [data_field("082", "0", "4", ("a", "895.92234"), ("b", "X1"))]
    own = {next(iter(f)) for f in more}
    return {
        "leader": "00000nam a2200000 a 4500",
        "fields": [
            *head,
            *(f for f in more if next(iter(f)) <= "082"),
            *([] if "082" in own else class_),
            *names,
            data_field("245", "1", "0", ("a", title)),
            *(f for f in more if next(iter(f)) > "082"),
        ],
    }


def codes(record: Marc) -> set[str]:
    return set(find_faults(record, project(record)))


SOUND = marc("Mắt biếc", author="Nguyễn Nhật Ánh")


def test_a_sound_record_has_no_fault() -> None:
    assert codes(SOUND) == set()
    assert score_of(set()) == 100
    assert score_of({"no_class", "no_date"}) == 75
    assert score_of(set(faults())) == 0


@pytest.mark.parametrize(
    ("record", "code"),
    [
        (marc("Nhung nguoi khon kho"), "title_marks"),
        (marc("DẾ MÈN PHIÊU LƯU KÝ"), "capitals"),
        (marc("Th− viÖn Khoa häc x· héi"), "legacy"),
        (marc("Số đỏ", author="Phụng, Vũ Trọng"), "inverted"),
        (marc("Cơ sở dữ liệu", author="Nguyễn Xuân Huy, Lê Hoài Bắc"), "names"),
        (marc("Sống vui", author="Nguyễn Kim Dân biên dịch."), "names"),
        (marc("Luật đất đai", author="Bộ Tài nguyên và Môi trường"), "body_name"),
        (marc("Số đỏ", data_field("082", " ", " ", ("a", "25.100.30"))), "odd_class"),
        (marc("Số đỏ", data_field("082", " ", " ", ("a", "005.13 CA-M"))), "class_mark"),
        (marc("Số đỏ", fixed=""), "no_date"),
        (marc("Số đỏ", fixed=""), "no_language"),
        (marc("Số đỏ", data_field("020", " ", " ", ("a", "9786041234568"))), "junk_isbn"),
        (marc("Số đỏ", data_field("082", "0", "4", ("a", "895.92234"))), "no_mark"),
        (marc("Số đỏ", data_field("245", "1", "0", ("a", "Số đen"))), "marc_error"),
        (marc("Số đỏ", data_field("245", "1", "0", ("z", "Số đen"))), "marc_warning"),
    ],
)
def test_each_fault_is_found(record: Marc, code: str) -> None:
    assert code in codes(record)


@pytest.mark.parametrize(
    "record",
    [
        marc("Harry Potter and the Stone"),
        marc("USA 2020"),
        marc("IELTS Speaking"),
        marc("Số đỏ", author="Rowling, J. K."),
        marc("Số đỏ", author="Trường Chinh"),
        marc("Số đỏ", author="Đoàn Thị Thu Hà"),
        marc("Số đỏ", author="Nguyễn Văn Dịch"),
        marc("Số đỏ", data_field("082", "0", "4", ("a", "005.13 CA-M"))),
    ],
)
def test_what_is_right_is_no_fault(record: Marc) -> None:
    wrong = {"title_marks", "capitals", "legacy", "inverted", "names", "body_name", "no_mark"}
    assert not codes(record) & wrong


def test_a_repair_mends_its_fault_and_nothing_else() -> None:
    for record, code, typed in (
        (marc("DẾ MÈN PHIÊU LƯU KÝ"), "capitals", ""),
        (marc("Th− viÖn Khoa häc x· héi"), "legacy", ""),
        (marc("Số đỏ", author="Phụng, Vũ Trọng"), "inverted", ""),
        (marc("Số đỏ", fixed=FIXED[:35] + "   " + FIXED[38:]), "no_language", ""),
        (marc("Số đỏ", data_field("020", " ", " ", ("a", "9786041234568"))), "junk_isbn", ""),
        (marc("Nhung nguoi khon kho"), "title_marks", "Những người khốn khổ"),
        (marc("Số đỏ", data_field("082", "0", "4", ("a", "895.92234"))), "no_mark", "S450Đ"),
    ):
        new = repaired(record, code, typed)
        assert new is not None, code
        assert codes(record) - codes(new) == {code}
        assert not codes(new) - codes(record)
        assert len(new["fields"]) == len(record["fields"])
    assert repaired(SOUND, "legacy") is None
    doubtful = marc("Số đỏ", author="Hà, Minh Hương")
    assert repaired(doubtful, "inverted") is not None
    assert repaired(doubtful, "inverted", sure=True) is None, "a person is to look at it"
    assert repaired(marc("Nhung nguoi khon kho"), "title_marks") is None, "nobody guesses marks"


def test_names_run_together_get_fields_of_their_own_and_what_stood_there_is_kept() -> None:
    said = "Mark Tier; Trần Bích Nga, Nguyễn Thu Hà biên dịch"
    new = repaired(marc("Số đỏ", author=said), "names")
    assert new is not None
    assert codes(new) == set()
    assert subfields(new["fields"][2]["100"]) == ["Mark Tier"]
    assert subfields(new["fields"][3]["245"]) == ["Số đỏ /", said]
    assert [subfields(f["700"]) for f in new["fields"][4:]] == [
        ["Trần Bích Nga"],
        ["Nguyễn Thu Hà,", "biên dịch"],
    ]
    new = repaired(marc("Số đỏ", author="An Nam; Học viện Báo chí biên soạn"), "names")
    assert new is not None
    assert subfields(new["fields"][-1]["710"]) == ["Học viện Báo chí,", "biên soạn"]
    with_dates = marc("Số đỏ", data_field("700", "1", " ", ("a", "A; B"), ("d", "1930-")))
    assert repaired(with_dates, "names") is None, "whose dates they are is not known"


def test_a_body_goes_to_its_field_and_a_mark_behind_its_class() -> None:
    new = repaired(marc("Luật", author="[Quốc hội nước Cộng hòa XHCN Việt Nam]"), "body_name")
    assert new is not None
    assert subfields(new["fields"][2]["110"]) == ["Quốc hội nước Cộng hòa XHCN Việt Nam"]
    new = repaired(marc("A", data_field("082", "0", "4", ("a", "005.758 5 BE-D"))), "class_mark")
    assert new is not None
    assert new["fields"][1]["082"]["subfields"] == [{"a": "005.7585"}, {"b": "BE-D"}]
    assert not codes(new) & {"class_mark", "no_mark"}


def test_a_title_with_a_few_foreign_words_is_vietnamese_still() -> None:
    bare = FIXED[:35] + "und" + FIXED[38:]
    for title, is_known in (
        ("Giáo trình tin học CNTT: dùng cho SV", True),
        ("English for Life = Tiếng Anh trong đời sống", False),
        ("Café society", False),
    ):
        assert (repaired(marc(title, fixed=bare), "no_language") is not None) is is_known


@pytest.fixture
def session(both_session: Session) -> Session:
    return both_session


@pytest.fixture
def place(session: Session) -> Province:
    return create_province(session)


def stored(session: Session, place: Province, record: Marc) -> Record:
    actor = create_actor(session, "cataloguer", place.library)
    made = create_record(session, actor, record)
    scoring.judge(session, [made.id])
    return made


def kept(session: Session, record: Record) -> set[str]:
    query = select(RecordFault.code).where(
        RecordFault.record_id == record.id, RecordFault.library_id == 0
    )
    return set(session.scalars(query)) - {"unlinked"}


def test_a_judgment_of_what_changed_meanwhile_is_passed_over(
    session: Session, place: Province
) -> None:
    record = stored(session, place, marc("DẾ MÈN PHIÊU LƯU KÝ"))
    of_before = scoring.find(session, [record.id])
    actor = create_actor(session, "cataloguer", place.library)
    replace_marc(
        session, actor, record.id, marc("Dế Mèn phiêu lưu ký"), expected_version=record.version
    )
    scoring.judge(session, [record.id])
    scoring.keep(session, [record.id], of_before)
    assert "capitals" not in kept(session, record)


def test_a_fault_left_meanwhile_stays_left_and_what_is_the_same_is_not_written_again(
    session: Session, place: Province
) -> None:
    record = stored(session, place, marc("DẾ MÈN PHIÊU LƯU KÝ"))
    of_before = scoring.find(session, [record.id])
    leave(session, create_actor(session, "cataloguer", place.library), record.id, "capitals")
    scoring.keep(session, [record.id], of_before)
    assert "capitals" not in kept(session, record)
    scored_at = select(RecordScore.scored_at).where(RecordScore.record_id == record.id)
    before = session.scalars(scored_at).all()
    scoring.judge(session, [record.id])
    assert session.scalars(scored_at).all() == before


def test_copies_have_faults_of_their_own_library(session: Session, place: Province) -> None:
    record = stored(session, place, marc("Số đỏ", data_field("082", "0", "4", ("a", "8"))))
    actor = create_actor(session, "cataloguer", place.library)
    add_items(session, actor, record.id, CopyFacts(place.branch.id))
    scoring.judge(session, [record.id])
    assert {"no_price", "no_number"} <= kept(session, record)
    assert how_many(session, place.library.id)["no_price"] == 1
    assert how_many(session, place.foreign_library.id).get("no_price") is None
    assert how_many(session, None)["no_price"] == 1


def test_the_tray_mends_by_what_is_proposed_or_typed(session: Session, place: Province) -> None:
    actor = create_actor(session, "cataloguer", place.library)
    capitals = stored(session, place, marc("DẾ MÈN PHIÊU LƯU KÝ"))
    bare = stored(session, place, marc("Nhung nguoi khon kho"))
    inverted = stored(session, place, marc("Số đỏ", author="Phụng, Vũ Trọng"))
    found = {one.code: one for one in tray(session, actor, place.library.id)}
    assert found["capitals"].after == "Dế mèn phiêu lưu ký"
    assert not found["title_marks"].ready
    assert "Vũ Trọng Phụng" in found["inverted"].after

    mend(session, actor, inverted.id, "inverted", version=inverted.version)
    typed = "Dế Mèn phiêu lưu ký"
    mend(session, actor, capitals.id, "capitals", version=capitals.version, typed=typed)
    assert first(capitals.marc, "245", "a") == typed  # type: ignore[arg-type]
    assert not kept(session, inverted) | kept(session, capitals)
    with pytest.raises(Invalid):
        mend(session, actor, bare.id, "title_marks", version=bare.version, typed=bare.title)
    with pytest.raises(StaleVersion):
        mend(session, actor, bare.id, "title_marks", version=99, typed="Những người khốn khổ")
    leave(session, actor, bare.id, "title_marks")
    assert tray(session, actor, place.library.id) == []
    assert session.get_one(RecordScore, (bare.id, 0)).score >= 98


def test_a_copy_without_price_takes_that_of_the_record(session: Session, place: Province) -> None:
    actor = create_actor(session, "cataloguer", place.library)
    record = stored(session, place, marc("Số đỏ", data_field("020", " ", " ", ("c", "45000đ"))))
    register = create_register(session, place.library, "VV")
    add_items(session, actor, record.id, CopyFacts(place.branch.id), register_id=register.id)
    scoring.judge(session, [record.id])
    (one,) = tray(session, actor, place.library.id)
    assert (one.code, one.after) == ("no_price", "45000")
    mend(session, actor, record.id, "no_price", version=one.version, library_id=place.library.id)
    assert session.scalars(select(Item.price)).all() == [45000]
    assert not kept(session, record)


def test_the_dashboard_counts_means_makers_and_months(session: Session, place: Province) -> None:
    stored(session, place, SOUND)
    stored(session, place, marc("DẾ MÈN PHIÊU LƯU KÝ"))
    state = state_of(session, place.library.id)
    assert (state.records, 90 <= state.mean < 100) == (2, True)
    assert state_of(session, place.foreign_library.id).records == 0
    ((who, count),) = by_staff(session, place.library.id, "capitals")
    assert who is not None
    assert count == 1
    note_month(session)
    note_month(session)
    assert trend(session, place.library.id) == trend(session, None)
    assert trend(session, place.foreign_library.id) == []


def test_the_worker_judges_what_is_there_and_what_changes(province: Province) -> None:
    with transaction() as session:
        record = create_record(session, system_actor(), marc("DẾ MÈN PHIÊU LƯU KÝ"))
    scoring.install()
    scoring.catch_up()
    with transaction() as session:
        assert kept(session, record) == {"capitals"}
        better = marc("Dế Mèn phiêu lưu ký")
        replace_marc(session, system_actor(), record.id, better, expected_version=record.version)
    with transaction() as session:
        claimed = outbox.claim(session, scoring.CONSUMER)
    assert claimed
    scoring.deliver(claimed)
    with reading() as session:
        assert kept(session, record) == set()


def test_a_fault_is_mended_over_many_records_and_undone_as_one(both: Engine) -> None:
    assert both
    with transaction() as session:
        province = create_province(session)
        actor = create_actor(session, "cataloguer", province.library)
        made = [
            create_record(session, actor, marc(f"Số đỏ {n}", author="Phụng, Vũ Trọng")).id
            for n in range(60)
        ]
        scoring.judge(session, made)
        shown = first_of_many(session, actor, "inverted", province.library.id)
        assert len(shown) == 30
        job = begin_many(session, actor, "inverted", province.library.id)
        change_set_id = job.args["change_set_id"]
    assert run_next_job()
    with transaction() as session:
        records = session.scalars(select(Record).where(Record.id.in_(made))).all()
        assert {r.author for r in records} == {"Vũ Trọng Phụng"}
        assert how_many(session, None).get("inverted") is None
        undo_change_set(session, system_actor(), change_set_id)
    with reading() as session:
        for record in session.scalars(select(Record).where(Record.id.in_(made))):
            names = [v for f in record.marc["fields"] if "100" in f for v in subfields(f["100"])]
            assert names == ["Phụng, Vũ Trọng"]
