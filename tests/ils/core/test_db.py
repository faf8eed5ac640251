"""Sessions, rested connections, and rows by the many."""

from threading import Event, Thread

import pytest
from sqlalchemy import Engine, insert, select, text

from ils.core import db
from ils.core.db import in_parts, next_ids
from ils.core.events import EventRow
from ils.core.outbox import OutboxMessage


def test_rows_inserted_together_get_ids_in_order_and_none_twice(both_session):
    table = OutboxMessage.__table__
    before = OutboxMessage(kind="one", payload={})
    both_session.add(before)
    both_session.flush()
    ids = next_ids(both_session, table, 3)
    assert ids == sorted(ids)
    assert ids[0] > before.id
    both_session.execute(insert(OutboxMessage), [{"id": i, "kind": f"k{i}"} for i in ids])
    after = OutboxMessage(kind="last", payload={})
    both_session.add(after)
    both_session.flush()
    assert after.id > ids[-1]
    assert len(both_session.scalars(select(OutboxMessage.id)).all()) == 5


def test_an_empty_table_begins_at_its_first_id(both_session):
    assert len(set(next_ids(both_session, EventRow.__table__, 2))) == 2


@pytest.mark.usefixtures("both")
def test_many_rows_are_read_in_parts_each_once_and_in_order():
    with db.transaction() as session:
        session.add_all(OutboxMessage(kind="x", payload={"n": n}) for n in range(11))
    query = select(OutboxMessage.id, OutboxMessage.kind).where(OutboxMessage.kind == "x")
    for size in (1, 4, 11, 50):
        with db.reading() as session:
            rows = list(in_parts(session, query, OutboxMessage.id, size))
        assert len(rows) == 11
        assert [row.id for row in rows] == sorted({row.id for row in rows})


@pytest.mark.usefixtures("both")
def test_a_page_sees_what_was_committed_before_it_asked():
    with db.reading() as page:
        assert page.scalars(select(OutboxMessage.id)).all() == []
    with db.transaction() as session:
        session.add(OutboxMessage(kind="x", payload={}))
    with db.reading() as page:
        assert len(page.scalars(select(OutboxMessage.id)).all()) == 1


@pytest.mark.postgres
def test_a_connection_that_rested_is_replaced_when_the_server_had_ended_it(
    postgres_db: Engine, monkeypatch: pytest.MonkeyPatch
):
    with db.reading() as session:
        own = session.scalar(text("SELECT pg_backend_pid()"))
    with postgres_db.connect() as second:
        held = second.scalar(text("SELECT pg_backend_pid()"))
        assert held == own  # the pool gave the same one
    monkeypatch.setattr(db, "REST_SECONDS", 0.0)
    killer = db.make_engine(str(postgres_db.url.render_as_string(hide_password=False)))
    with killer.begin() as connection:
        connection.execute(text("SELECT pg_terminate_backend(:pid)"), {"pid": own})
    killer.dispose()
    with db.reading() as session:
        assert session.scalar(text("SELECT 1")) == 1


@pytest.mark.postgres
@pytest.mark.usefixtures("postgres_db")
def test_a_page_on_postgresql_asks_its_questions_and_nothing_around_them():
    with db.reading() as session:
        assert session.scalar(text("SHOW transaction_isolation")) == "read committed"
        state = session.connection().connection.dbapi_connection.info.transaction_status
    assert state == 0  # idle: no transaction stands open behind a page


def test_who_computes_beside_an_act_lets_it_end_first(sqlite_db: Engine) -> None:
    ended, order = Event(), []

    def compute() -> None:
        db.let_acts_end(30)
        order.append(ended.is_set())

    with db.transaction():
        beside = Thread(target=compute)
        beside.start()
        beside.join(0.05)
        assert not order
        ended.set()
    beside.join()
    assert order == [True]
    with db.transaction():
        db.let_acts_end(30)  # nobody else acts: at once
