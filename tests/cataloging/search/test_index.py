"""The index directory: replacing, swapping, locking, and seeing commits."""

import threading

import pytest

from cataloging.marc.project import Projection
from cataloging.search import index
from cataloging.search.document import RecordFacts, build_document


def document(one: int, title: str = "Số đỏ", version: int = 1):
    return build_document(Projection(title=title), RecordFacts(one, version))


@pytest.fixture
def generation(sqlite_db):
    folder = index.new_generation()
    with index.writing(folder) as writer:
        for one in (1, 2, 3):
            writer.add(document(one))
    index.swap_in(folder, {})
    yield folder
    index.close_readers()


def test_a_replaced_document_is_there_once(generation):
    with index.writing(generation) as writer:
        writer.put(document(2, version=2))
    snapshot = index.snapshot()
    assert snapshot.searcher.num_docs == 3
    assert index.indexed_versions(snapshot, 2) == [2]


def test_a_dropped_document_is_gone(generation):
    with index.writing(generation) as writer:
        writer.drop(2)
    snapshot = index.snapshot()
    assert snapshot.searcher.num_docs == 2
    assert index.indexed_versions(snapshot, 2) == []


def test_a_commit_is_seen_at_once_and_an_older_snapshot_stays_as_it_was(generation):
    before = index.snapshot()
    with index.writing(generation) as writer:
        writer.add(document(4))
    after = index.snapshot()
    assert (before.searcher.num_docs, after.searcher.num_docs) == (3, 4)
    assert before.state != after.state
    assert index.snapshot() is after


def test_an_error_while_writing_leaves_the_index_as_it_was(generation):
    def write_and_fail() -> None:
        with index.writing(generation) as writer:
            writer.put(document(1, version=9))
            raise RuntimeError

    with pytest.raises(RuntimeError):
        write_and_fail()
    assert index.indexed_versions(index.snapshot(), 1) == [1]


def test_a_new_generation_takes_the_place_of_the_old(generation):
    assert index.snapshot().searcher.num_docs == 3
    other = index.new_generation()
    with index.writing(other) as writer:
        writer.add(document(1))
    index.swap_in(other, {"documents": 1})
    assert index.snapshot().searcher.num_docs == 1
    assert not generation.exists()
    assert index.about_generation(other) == {"documents": 1}


def test_without_an_index_there_is_no_snapshot(sqlite_db):
    assert index.snapshot() is None
    assert index.current_generation() is None


def test_a_forgotten_index_is_none(generation):
    assert index.snapshot() is not None
    index.forget()
    assert index.snapshot() is None


def test_an_index_of_other_fields_is_none(generation):
    other = generation.with_name("g-otherfields-1234")
    generation.rename(other)
    (other.parent / "current").write_text(other.name)
    assert index.current_generation() is None
    assert index.snapshot() is None


def test_a_damaged_index_is_none(generation):
    (generation / "meta.json").write_text("{")
    index.close_readers()
    assert index.snapshot() is None


def test_only_one_may_write(sqlite_db):
    with index.locked("writer"):
        with pytest.raises(index.IndexBusy), index.locked("writer", 0.1):
            pass
        with index.locked("rebuild", 0):
            pass
    with index.locked("writer", 0):
        pass


def test_who_waits_for_the_lock_gets_it(sqlite_db):
    held, got = threading.Event(), []

    def hold() -> None:
        with index.locked("writer"):
            held.set()
            threading.Event().wait(0.2)

    def wait() -> None:
        with index.locked("writer", 5):
            got.append(True)

    first, second = threading.Thread(target=hold), threading.Thread(target=wait)
    first.start()
    held.wait(5)
    second.start()
    first.join(5)
    second.join(5)
    assert got


def test_the_copy_keeps_its_name(sqlite_db):
    assert index.copy_name() == index.copy_name()
