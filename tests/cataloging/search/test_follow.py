"""The index follows the catalogue through the outbox, on both databases."""

import pytest
from sqlalchemy import select, update

from cataloging.models import Record
from cataloging.records import delete_record, replace_marc, set_suppressed
from cataloging.search import SearchRequest, follow, index, search
from ils.accounts.actor import system_actor
from ils.core import db, outbox
from ils.core.outbox import OutboxConsumer, OutboxDelivery
from ils.core.worker import deliver_once
from tests.factories import create_item, create_province, create_record


@pytest.fixture(autouse=True)
def _indexed(both):
    follow.ensure()
    yield
    index.close_readers()


def found(query: str, **more) -> tuple[int, ...]:
    with db.reading() as session:
        result = search(session, SearchRequest(query=query, **more))
    assert result.mode == "index"
    return result.ids


def deliver() -> None:
    outbox.CONSUMERS[follow.consumer_name()] = outbox.Consumer(follow.KINDS, follow.deliver)
    while deliver_once(follow.consumer_name()):
        pass


def made(title: str = "Số đỏ") -> int:
    with db.transaction() as session:
        return create_record(session, title).id


def test_a_new_record_is_found_once_the_worker_heard_of_it():
    one = made()
    assert found("số đỏ") == ()
    deliver()
    assert found("số đỏ") == (one,)
    with db.reading() as session:
        assert outbox.waiting(session, follow.consumer_name()) == 0


def test_a_changed_record_is_found_by_its_new_words_only():
    one = made()
    deliver()
    with db.transaction() as session:
        record = session.get_one(Record, one)
        marc = {**record.marc, "fields": [dict(f) for f in record.marc["fields"]]}
        for field in marc["fields"]:
            if "245" in field:
                field["245"] = {**field["245"], "subfields": [{"a": "Giông tố"}]}
        replace_marc(session, system_actor(), one, marc, expected_version=1, why="test")
    deliver()
    assert found("giông tố") == (one,)
    assert found("số đỏ") == ()
    assert follow.check(everything=True).agrees


def test_a_deleted_record_is_gone():
    one = made()
    deliver()
    with db.transaction() as session:
        delete_record(session, system_actor(), one, why="test")
    deliver()
    assert found("số đỏ") == ()
    assert index.snapshot().searcher.num_docs == 0


def test_a_suppressed_record_is_for_staff_only():
    one = made()
    with db.transaction() as session:
        set_suppressed(session, system_actor(), one, suppressed=True)
    deliver()
    assert found("số đỏ") == ()
    assert found("số đỏ", hidden=True) == (one,)


def test_a_number_leads_to_a_record_and_never_to_a_suppressed_one_for_readers():
    with db.transaction() as session:
        place = create_province(session)
        record = create_record(session, fields=[{"001": "SH00127"}])
        item = create_item(session, place.branch, record)
    deliver()
    numbers = ("SH00127", "sh00127", item.barcode)
    assert [found(number) for number in numbers] == [(record.id,)] * 3
    with db.transaction() as session:
        set_suppressed(session, system_actor(), record.id, suppressed=True)
    deliver()
    assert [found(number) for number in numbers] == [()] * 3
    assert [found(number, hidden=True) for number in numbers] == [(record.id,)] * 3


def test_delivering_twice_does_no_harm():
    one = made()
    claimed = [outbox.Claimed(0, 0, "record_changed", {"record_ids": [one, one]})]
    follow.deliver(claimed)
    follow.deliver(claimed)
    assert found("số đỏ") == (one,)
    assert index.snapshot().searcher.num_docs == 1


def test_copies_are_facets_and_their_going_is_seen():
    with db.transaction() as session:
        province = create_province(session)
        record = create_record(session)
        item = create_item(session, province.branch, record=record)
        one, item_id, library = record.id, item.id, province.library.id
    deliver()
    assert found("tô hoài", library_id=library) == (one,)
    assert found("tô hoài", library_id=library, filters={"available": ("1",)}) == (one,)
    with db.transaction() as session:
        session.get_one(type(item), item_id).lifecycle = "missing"
        outbox.announce(session, "availability_changed", {"record_ids": [one]})
    deliver()
    assert found("tô hoài", library_id=library) == (one,)
    assert found("tô hoài", filters={"available": ("1",)}) == ()


def test_a_rebuild_finds_the_same_and_keeps_what_changed_meanwhile():
    first = made("Số đỏ")
    deliver()
    seen: list[int] = []

    def change_meanwhile(done: int, total: int) -> None:
        if not seen:
            seen.append(made("Giông tố"))

    rebuilt = follow.rebuild(change_meanwhile)
    assert rebuilt.documents in (1, 2)
    assert found("số đỏ") == (first,)
    assert found("giông tố") == tuple(seen)
    with db.reading() as session:
        names = session.scalars(select(OutboxConsumer.name)).all()
    assert names == [follow.consumer_name()]
    deliver()
    assert index.snapshot().searcher.num_docs == 2


def test_an_index_that_was_lost_is_built_before_anything_is_delivered():
    made("Số đỏ")
    index.forget()
    one = made("Giông tố")
    deliver()
    assert found("giông tố") == (one,)
    assert len(found("")) == 2


def test_a_copy_that_was_not_registered_meanwhile_is_built_anew():
    with db.transaction() as session:
        session.delete(session.get_one(OutboxConsumer, follow.consumer_name()))
    one = made()
    assert follow.ensure() is True
    assert found("số đỏ") == (one,)
    assert follow.ensure() is False


def test_an_import_indexes_itself():
    with follow.Follower() as follower:
        one = made("Số đỏ")
        assert follower.catch_up() == 1
        two = made("Giông tố")
    assert found("số đỏ") == (one,)
    assert found("giông tố") == (two,)
    with db.reading() as session:
        assert session.scalars(select(OutboxDelivery.id)).all() == []


def test_an_import_uses_what_it_knows_only_for_the_version_it_wrote():
    from cataloging.marc.project import Projection
    from cataloging.search.document import content

    with follow.Follower() as follower:
        one, two = made("Số đỏ"), made("Giông tố")
        right, wrong = (content(Projection(title=title)) for title in ("Biết rồi", "Sai"))
        known = {one: (1, right), two: (7, wrong)}
        follower.catch_up(known)
    assert found("biết rồi") == (one,)
    assert found("giông tố") == (two,)


def test_an_import_leaves_the_index_to_whoever_is_writing(monkeypatch):
    monkeypatch.setattr(follow, "PATIENCE", 0.1)
    with index.locked("writer"), pytest.raises(index.IndexBusy), follow.Follower():
        pass


def test_a_failed_import_strikes_off_only_what_it_indexed():
    def import_and_fail() -> None:
        with follow.Follower() as follower:
            made("Số đỏ")
            follower.catch_up()
            made("Giông tố")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        import_and_fail()
    deliver()
    assert found("số đỏ")
    assert found("giông tố")


def test_the_check_names_what_differs():
    one, two = made("Số đỏ"), made("Giông tố")
    deliver()
    assert follow.check(everything=True).agrees
    with db.transaction() as session:
        session.execute(update(Record).where(Record.id == one).values(version=5))
    found_wrong = follow.check(everything=True)
    assert found_wrong.wrong == (one,)
    assert not found_wrong.agrees
    follow._check_nightly()
    assert follow.check(everything=True).agrees
    assert found("giông tố") == (two,)


def test_what_waits_in_the_outbox_is_not_wrong():
    made()
    checked = follow.check(everything=True)
    assert checked.waiting == 1
    assert checked.agrees


def test_the_state_tells_how_far_it_is_behind():
    made()
    with db.reading() as session:
        state = follow.state(session)
    assert (state.present, state.documents, state.waiting) == (True, 0, 1)
    index.forget()
    with db.reading() as session:
        assert follow.state(session).present is False


def test_copies_on_hosts_long_gone_are_forgotten():
    from datetime import timedelta

    from ils.core import clock

    with db.transaction() as session:
        old = OutboxConsumer(name="search:gone", kinds=["record_changed"])
        old.registered_at = clock.now() - timedelta(days=60)
        session.add(old)
    made()
    follow._check_nightly()
    with db.reading() as session:
        assert session.get(OutboxConsumer, "search:gone") is None
        waiting = session.scalars(select(OutboxDelivery.consumer)).all()
    assert set(waiting) == {follow.consumer_name()}
