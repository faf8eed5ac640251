"""Ids for many rows at once."""

from sqlalchemy import insert, select

from ils.core.db import next_ids
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
