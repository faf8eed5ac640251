"""The one writer: versions, change sets, undo, and columns that are the projection."""

from contextlib import suppress
from typing import Any

import pytest
from sqlalchemy import Engine, func, select
from sqlalchemy.orm import Session

from cataloging.change_sets import obstacles
from cataloging.items import CopyFacts, add_items, withdraw_item
from cataloging.marc.model import Marc, data_field, first
from cataloging.marc.project import project
from cataloging.models import ChangeSet, Item, Record, RecordIdentifier, RecordVersion
from cataloging.record_rows import drift, reproject
from cataloging.records import (
    create_record,
    create_records,
    delete_record,
    new_change_set,
    replace_marc,
    restore_record,
    restore_version,
    set_suppressed,
    undo_change_set,
    version_marc,
    versions_of,
)
from ils.accounts.actor import Actor, system_actor
from ils.core.db import transaction
from ils.core.errors import Forbidden, NotFound, Refused, StaleVersion
from ils.core.events import EventRow
from ils.core.outbox import OutboxMessage, register_consumer
from tests.factories import Province, create_actor, create_province, create_register


def marc(title: str = "Số đỏ", *more: dict[str, Any]) -> Marc:
    return {
        "leader": "00000nam a2200000 a 4500",
        "fields": [
            {"008": "250101s2020    vm            000 1 vie d"},
            data_field("020", " ", " ", ("a", "978-0-306-40615-7")),
            data_field("100", "1", " ", ("a", "Vũ Trọng Phụng")),
            data_field("245", "1", "0", ("a", title)),
            *more,
        ],
    }


@pytest.fixture
def place(both_session: Session) -> Province:
    return create_province(both_session)


@pytest.fixture
def cataloguer(both_session: Session, place: Province) -> Actor:
    return create_actor(both_session, "cataloguer", place.branch, place.library)


def announced(session: Session) -> list[int]:
    payloads = session.scalars(select(OutboxMessage.payload).order_by(OutboxMessage.id))
    return [record_id for payload in payloads for record_id in payload["record_ids"]]


def test_a_new_record_has_a_version_its_columns_an_event_and_is_announced(
    both_session: Session, cataloguer: Actor
) -> None:
    register_consumer(both_session, "test", ["record_changed"])
    record = create_record(both_session, cataloguer, marc(), why="mua mới", numbered=True)
    assert (record.title, record.author, record.isbn) == (
        "Số đỏ",
        "Vũ Trọng Phụng",
        "9780306406157",
    )
    assert record.control_number == f"sen{record.id:08d}"
    assert record.owner_id == cataloguer.library_id
    assert [(v.number, v.change, v.why) for v in versions_of(both_session, record.id)] == [
        (1, "created", "mua mới")
    ]
    event = both_session.scalars(select(EventRow).where(EventRow.kind == "record_created")).one()
    assert (event.record_id, event.language, event.library_id) == (
        record.id,
        "vie",
        cataloguer.library_id,
    )
    assert announced(both_session) == [record.id]
    assert list(drift(both_session)) == []


def test_a_change_keeps_the_old_content_and_can_be_gone_back_on(
    both_session: Session, cataloguer: Actor
) -> None:
    record = create_record(both_session, cataloguer, marc())
    replace_marc(both_session, cataloguer, record.id, marc("Giông tố"), expected_version=1)
    assert (record.version, record.title) == (2, "Giông tố")
    restore_version(both_session, cataloguer, record.id, 1, expected_version=2)
    assert (record.version, record.title) == (3, "Số đỏ")
    titles = [first(version_marc(both_session, record.id, n), "245", "a") for n in (1, 2, 3)]
    assert titles == ["Số đỏ", "Giông tố", "Số đỏ"]
    assert [v.change for v in versions_of(both_session, record.id)] == [
        "restored",
        "replaced",
        "created",
    ]
    with pytest.raises(NotFound):
        version_marc(both_session, record.id, 4)


def test_saving_on_a_stale_version_is_refused_and_changes_nothing(
    both_session: Session, cataloguer: Actor
) -> None:
    record = create_record(both_session, cataloguer, marc())
    replace_marc(both_session, cataloguer, record.id, marc("Giông tố"), expected_version=1)
    with pytest.raises(StaleVersion) as refused:
        replace_marc(both_session, cataloguer, record.id, marc("Vỡ đê"), expected_version=1)
    assert refused.value.facts == {"record_id": record.id, "expected": 1, "found": 2}
    assert record.title == "Giông tố"


def test_saving_the_same_again_makes_no_version(both_session: Session, cataloguer: Actor) -> None:
    record = create_record(both_session, cataloguer, marc())
    replace_marc(both_session, cataloguer, record.id, marc(), expected_version=1)
    assert record.version == 1
    assert both_session.scalar(select(func.count()).select_from(ChangeSet)) == 1


def test_text_is_stored_as_nfc(both_session: Session, cataloguer: Actor) -> None:
    record = create_record(both_session, cataloguer, marc("Sô\u0301 đo\u0309"))
    assert record.title == "Số đỏ"
    assert first(record.marc, "245", "a") == "Số đỏ"  # type: ignore[arg-type]


def test_who_may_not_edit_may_not_write(both_session: Session, place: Province) -> None:
    clerk = create_actor(both_session, "clerk", place.branch)
    with pytest.raises(Forbidden):
        create_record(both_session, clerk, marc())


def test_many_records_at_once_are_as_if_written_one_by_one(
    both_session: Session, cataloguer: Actor
) -> None:
    register_consumer(both_session, "test", ["record_changed"])
    change_set = new_change_set(both_session, cataloguer, "import", "tệp.mrc")
    contents = [marc(f"Tập {n}") for n in range(30)]
    ids = create_records(both_session, cataloguer, [(m, project(m)) for m in contents], change_set)
    one = create_record(both_session, cataloguer, marc("Tập 0"))
    rows = both_session.scalars(select(Record).where(Record.id.in_(ids)).order_by(Record.id)).all()
    assert [r.title for r in rows] == [f"Tập {n}" for n in range(30)]
    assert rows[0].match_key == one.match_key
    assert list(drift(both_session)) == []
    assert announced(both_session) == [*ids, one.id]
    events = both_session.scalars(select(EventRow).where(EventRow.kind == "record_created")).all()
    assert {e.record_id for e in events} == {*ids, one.id}
    assert [v.change for v in versions_of(both_session, ids[0])] == ["created"]


def test_columns_that_are_not_the_projection_are_found_and_mended(
    both_session: Session, cataloguer: Actor
) -> None:
    record = create_record(both_session, cataloguer, marc())
    record.title, record.projection_version = "wrong", 0
    both_session.flush()
    for row in both_session.scalars(select(RecordIdentifier)):
        both_session.delete(row)
    both_session.flush()
    assert list(drift(both_session)) == [(record.id, ["title", "identifiers"])]
    assert reproject(both_session) == 1
    assert list(drift(both_session)) == []
    assert reproject(both_session) == 0
    assert reproject(both_session, everything=True) == 1


def test_a_record_with_copies_is_not_deleted_and_a_deleted_one_comes_back(
    both_session: Session, cataloguer: Actor, place: Province
) -> None:
    record = create_record(both_session, cataloguer, marc())
    item = add_items(both_session, cataloguer, record.id, CopyFacts(place.branch.id))[0]
    with pytest.raises(Refused) as refused:
        delete_record(both_session, cataloguer, record.id)
    assert refused.value.facts["count"] == 1
    withdraw_item(both_session, cataloguer, item.id, reason="worn")
    delete_record(both_session, cataloguer, record.id, why="trùng")
    with pytest.raises(NotFound):
        replace_marc(both_session, cataloguer, record.id, marc("x"), expected_version=2)
    assert record.match_key == ""
    assert both_session.scalars(select(RecordIdentifier)).all() == []
    restore_record(both_session, cataloguer, record.id)
    assert list(drift(both_session)) == []
    assert [v.change for v in versions_of(both_session, record.id)] == [
        "restored",
        "deleted",
        "created",
    ]
    assert first(version_marc(both_session, record.id, 1), "245", "a") == "Số đỏ"


def test_a_hidden_record_is_announced(both_session: Session, cataloguer: Actor) -> None:
    record = create_record(both_session, cataloguer, marc())
    register_consumer(both_session, "test", ["record_changed"])
    set_suppressed(both_session, cataloguer, record.id, suppressed=True)
    set_suppressed(both_session, cataloguer, record.id, suppressed=True)
    assert record.suppressed
    assert announced(both_session) == [record.id]


class TestUndo:
    """A change set is undone whole, or what stands in the way is named."""

    @pytest.fixture
    def imported(self, both_session: Session, cataloguer: Actor, place: Province) -> ChangeSet:
        self.old = create_record(both_session, cataloguer, marc("Cũ"))
        change_set = new_change_set(both_session, cataloguer, "import")
        contents = [marc(f"Tập {n}") for n in range(3)]
        self.ids = create_records(
            both_session, cataloguer, [(m, project(m)) for m in contents], change_set
        )
        replace_marc(
            both_session,
            cataloguer,
            self.old.id,
            marc("Mới"),
            expected_version=1,
            change_set=change_set,
        )
        self.items = add_items(
            both_session,
            cataloguer,
            self.ids[0],
            CopyFacts(place.branch.id),
            numbers=["A.1", "A.2"],
            change_set=change_set,
        )
        return change_set

    def test_everything_is_as_before_and_the_numbers_are_free_again(
        self, both_session: Session, cataloguer: Actor, place: Province, imported: ChangeSet
    ) -> None:
        done = undo_change_set(both_session, cataloguer, imported.id)
        assert (done.records_removed, done.records_restored, done.items_removed) == (3, 1, 2)
        assert done.left == []
        assert self.old.title == "Cũ"
        live = both_session.scalars(select(Record.title).where(Record.deleted_at.is_(None))).all()
        assert live == ["Cũ"]
        assert both_session.scalars(select(Item)).all() == []
        assert list(drift(both_session)) == []
        voided = both_session.scalars(
            select(EventRow.voids_id).where(EventRow.voids_id.is_not(None))
        ).all()
        assert len(voided) == 5
        again = create_record(both_session, cataloguer, marc("Tập 0"))
        facts = CopyFacts(place.branch.id)
        assert add_items(both_session, cataloguer, again.id, facts, numbers=["A.1"])[0].barcode
        with pytest.raises(Refused, match="already_undone"):
            undo_change_set(both_session, cataloguer, imported.id)

    def test_later_changes_and_uses_stand_in_the_way_and_are_named(
        self, both_session: Session, cataloguer: Actor, imported: ChangeSet
    ) -> None:
        replace_marc(both_session, cataloguer, self.ids[1], marc("Sửa"), expected_version=1)
        withdraw_item(both_session, cataloguer, self.items[0].id, reason="lost")
        found = {(o.code, o.record_id) for o in obstacles(both_session, imported.id)}
        assert found == {("item_used", self.ids[0]), ("changed_later", self.ids[1])}
        with pytest.raises(Refused, match="undo_blocked"):
            undo_change_set(both_session, cataloguer, imported.id)
        done = undo_change_set(both_session, cataloguer, imported.id, partial=True)
        assert (done.records_removed, done.items_removed) == (2, 1)
        assert {o.code for o in done.left} == {"item_used", "changed_later"}

    def test_the_edit_of_one_record_can_be_undone_too(
        self, both_session: Session, cataloguer: Actor
    ) -> None:
        record = create_record(both_session, cataloguer, marc())
        replace_marc(both_session, cataloguer, record.id, marc("Sai"), expected_version=1)
        edit = both_session.scalar(
            select(RecordVersion.change_set_id).where(RecordVersion.version == 2)
        )
        assert edit is not None
        undo_change_set(both_session, cataloguer, edit)
        assert (record.title, record.version) == ("Số đỏ", 3)


def test_two_desks_save_one_record_and_only_the_first_wins(both: Engine) -> None:
    with transaction() as session:
        record = create_record(session, system_actor(), marc())
    with transaction() as session:
        replace_marc(session, system_actor(), record.id, marc("Một"), expected_version=1)
    with transaction() as session, pytest.raises(StaleVersion):
        replace_marc(session, system_actor(), record.id, marc("Hai"), expected_version=1)


def test_a_register_that_is_rolled_back_gives_its_numbers_back(both: Engine) -> None:
    with transaction() as session:
        place = create_province(session)
        register = create_register(session, place.library, "TN")
        record = create_record(session, system_actor(), marc())
    facts = CopyFacts(place.branch.id)
    with suppress(RuntimeError), transaction() as session:
        add_items(session, system_actor(), record.id, facts, register_id=register.id, copies=3)
        raise RuntimeError
    with transaction() as session:
        made = add_items(session, system_actor(), record.id, facts, register_id=register.id)
    assert made[0].accession_no == "TN.00001"
