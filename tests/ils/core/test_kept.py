"""What is kept in memory is never believed longer than it is true."""

from threading import Thread

import pytest
from sqlalchemy import Engine, event, select, text, update
from sqlalchemy.orm import Session

from circulation.settings import PREFIX
from ils.core import db, outbox
from ils.core import kept as keeping
from ils.core.db import reading, transaction
from ils.core.kept import kept
from ils.org.models import OrgUnit, OrgUnitVersion, SettingRow
from ils.org.settings import set_setting, setting
from ils.org.units import place, unit_names
from tests.factories import create_province, create_unit

KEY = PREFIX + "double_scan_seconds"


def seconds(session: Session, unit_id: int) -> int:
    value: int = setting(session, unit_id, KEY)
    return value


def founded() -> int:
    """Found a province and return its top."""
    with transaction() as session:
        return create_province(session).top.id


def test_what_was_read_once_is_not_read_again(both: Engine) -> None:
    founded()
    asked = []
    for _ in range(3):
        with reading() as session:
            assert kept(session, "answer", lambda: asked.append(1) or 42) == 42
    assert len(asked) == 1


def test_a_change_is_seen_by_the_next_who_reads(both: Engine) -> None:
    top = founded()
    with reading() as session:
        assert seconds(session, top) == 10
    with transaction() as session:
        set_setting(session, None, top, KEY, 25)
    with reading() as session:
        assert seconds(session, top) == 25
    with transaction() as session:
        set_setting(session, None, top, KEY, None)
    with reading() as session:
        assert seconds(session, top) == 10


def test_a_change_is_seen_at_once_by_who_made_it_also_before_it_is_written(both: Engine) -> None:
    top = founded()
    with transaction() as session:
        for value in (20, 30):
            set_setting(session, None, top, KEY, value)
            assert seconds(session, top) == value
        session.scalars(select(SettingRow)).one().value = {"v": 40}
        assert seconds(session, top) == 40


def test_a_change_that_was_rolled_back_was_never_believed(both: Engine) -> None:
    top = founded()
    with transaction() as session:
        set_setting(session, None, top, KEY, 20)
        assert seconds(session, top) == 20
        session.rollback()
    with reading() as session:
        assert seconds(session, top) == 10


def test_a_step_that_was_rolled_back_is_forgotten_within_its_transaction(both: Engine) -> None:
    top = founded()
    with transaction() as session:
        step = session.begin_nested()
        set_setting(session, None, top, KEY, 20)
        assert seconds(session, top) == 20
        step.rollback()
        assert seconds(session, top) == 10
        set_setting(session, None, top, KEY, 30)
        assert seconds(session, top) == 30
    with reading() as session:
        assert seconds(session, top) == 30


def test_others_see_nothing_of_a_change_that_is_not_committed(both: Engine) -> None:
    top = founded()
    with transaction() as writing:
        set_setting(writing, None, top, KEY, 20)
        assert seconds(writing, top) == 20
        with reading() as session:
            assert seconds(session, top) == 10
        assert seconds(writing, top) == 20
    with reading() as session:
        assert seconds(session, top) == 20


def test_many_rows_changed_at_once_are_noticed_too(both: Engine) -> None:
    top = founded()
    with reading() as session:
        assert "Tên mới" not in unit_names(session).values()
    with transaction() as session:
        session.execute(
            update(OrgUnitVersion).values(name="Tên mới", short_name="Tên mới"),
        )
        assert unit_names(session)[top] == "Tên mới"
    with reading() as session:
        assert unit_names(session)[top] == "Tên mới"


def test_who_writes_without_the_orm_says_so(both: Engine) -> None:
    top = founded()
    with reading() as session:
        old = unit_names(session)[top]
    with both.begin() as connection:
        connection.execute(text("UPDATE org_unit_version SET short_name = '', name = 'Khác'"))
        keeping.changed(connection)
    with reading() as session:
        assert unit_names(session)[top] == "Khác" != old


def test_a_unit_just_founded_has_its_place(both: Engine) -> None:
    with transaction() as session:
        province = create_province(session)
        point = create_unit(session, "point", "Điểm đọc", province.library)
        found = place(session, point.id)
        assert found.ids == (province.top.id, province.library.id, point.id)
        assert found.library_id == province.library.id
        assert found.path == session.get_one(OrgUnit, point.id).path
    with reading() as session:
        assert place(session, point.id) == found
        assert place(session, province.top.id).library_id == province.top.id


@pytest.mark.postgres
def test_who_catches_up_waits_for_the_acts_that_do_not_know_him(postgres_db: Engine) -> None:
    founded()
    with db._Sessions(bind=postgres_db) as writing, writing.begin():
        outbox.announce(writing, "moved", {})  # nobody hears: this is read here
        with transaction() as session:
            outbox.register_consumer(session, "second", ["moved"])
        assert not outbox.wait_for_acts_begun(seconds=0.05)
        outbox.announce(writing, "moved", {})
    assert outbox.wait_for_acts_begun()
    with transaction() as session:
        outbox.announce(session, "moved", {})
    with reading() as session:
        assert session.scalars(select(outbox.OutboxDelivery.consumer)).all() == ["second"]


def test_an_act_knows_who_registered_after_its_request_began(both: Engine) -> None:
    top = founded()

    def register() -> None:
        with transaction() as session:
            outbox.register_consumer(session, "index", ["moved"])

    with transaction() as session:
        outbox.announce(session, "moved", {})  # nobody hears, and that is kept
    keeping.look_once()
    try:
        with reading() as session:
            assert place(session, top)
        somebody_else = Thread(target=register)  # threads see nothing of each other's requests
        somebody_else.start()
        somebody_else.join()
        with transaction() as session:
            outbox.announce(session, "moved", {})
    finally:
        keeping.look_no_more()
    with reading() as session:
        assert session.scalars(select(outbox.OutboxDelivery.consumer)).all() == ["index"]


def test_a_request_looks_once_and_sees_its_own_changes(both: Engine) -> None:
    top = founded()
    keeping.look_once()
    try:
        with reading() as session:
            assert seconds(session, top) == 10
        with both.begin() as connection:  # somebody else
            connection.execute(text("UPDATE kept_mark SET mark = 'another'"))
        asked: list[str] = []
        event.listen(both, "before_cursor_execute", lambda *facts: asked.append(facts[2]))
        with reading() as session:
            assert seconds(session, top) == 10
        assert not asked
        with transaction() as session:
            set_setting(session, None, top, KEY, 25)
        with reading() as session:
            assert seconds(session, top) == 25
    finally:
        keeping.look_no_more()
    with transaction() as session:
        set_setting(session, None, top, KEY, 30)
    with reading() as session:
        assert seconds(session, top) == 30
