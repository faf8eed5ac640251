"""Keeping the index in step with the catalogue.

Every change announces ``record_changed`` in its own transaction; each copy of the index is a
consumer of the outbox, re-reads the records as they are now and replaces their documents. Doing
that twice does no harm. A copy that is missing, or was made for other fields, is built anew beside
the old one and swapped in. Counts and versions are compared every night.
"""

import logging
import random
from collections.abc import Callable, Iterable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from cataloging.authorities.forms import records_with_forms
from cataloging.models import Record
from cataloging.search import fulltext, index
from cataloging.search.gather import Known, documents
from ils.core import clock, outbox
from ils.core.db import in_parts, reading, transaction
from ils.core.jobs import PERIODIC, Periodic, Progress, job_kind
from ils.core.outbox import Claimed, OutboxConsumer, OutboxDelivery

log = logging.getLogger("sen.search")

KINDS: Final = ("record_changed", "availability_changed", "headings_changed")
MAY_WAIT: Final = ("availability_changed",)  # pages read it live; only facets are a little behind
COMMIT_EVERY: Final = 5000  # documents, while a long import runs
CLAIMED_AT_ONCE: Final = 200
PATIENCE: Final = 5.0  # seconds: the worker holds the lock for a moment after each change
FORGOTTEN_AFTER: Final = timedelta(days=30)
SAMPLE: Final = 1000


def consumer_name() -> str:
    """Return under which name this copy of the index hears of changes."""
    return f"search:{index.copy_name()}"


def install() -> None:
    """Declare this copy as a consumer, and its periodic work, to the worker of this process."""
    if not index.engine_present():
        return
    name = consumer_name()
    outbox.CONSUMERS[name] = outbox.Consumer(KINDS, deliver, patient=MAY_WAIT)
    for job, run, when in (
        (f"search_present:{index.copy_name()}", _keep_present, {"every": 1}),
        (f"search_checked:{index.copy_name()}", _check_nightly, {"daily_at": "02:30"}),
    ):
        PERIODIC[job] = Periodic(job, run, **when)


def deliver(claimed: list[Claimed]) -> None:
    """Replace the documents of the records these messages name. Runs in the worker."""
    if ensure():
        return  # what these messages tell is in the new index already
    ids = _record_ids(claimed)
    with index.locked("writer"):
        folder = index.current_generation()
        if folder is not None:
            with index.writing(folder) as writer:
                _replace(writer, ids)


def _record_ids(claimed: Iterable[Claimed]) -> list[int]:
    """Return the records messages speak of, by number or by the forms of their headings."""
    payloads = [one.payload for one in claimed]
    named = [int(one) for payload in payloads for one in payload.get("record_ids", ())]
    keys = {int(one) for payload in payloads for one in payload.get("keys", ())}
    if keys:
        with reading() as session:
            named += records_with_forms(session, keys)
    return list(dict.fromkeys(named))


def _replace(writer: index.Writer, ids: Sequence[int], known: Known | None = None) -> None:
    """Put the documents of records as they are now; take out those that are gone."""
    with reading() as session:
        living = set()
        for document in documents(session, ids, known):
            writer.put(document)
            living.add(document["id"])
    for one in ids:
        if one not in living:
            writer.drop(one)


class Follower:
    """Indexes in this process what it writes itself, for imports from the command line.

    ``with Follower() as follower: … follower.catch_up(known)`` after each batch that was
    committed. Raises ``IndexBusy`` on entering when the worker is writing: then leave it to the
    worker, which hears of everything through the outbox anyway.
    """

    def __init__(self) -> None:
        self._open = ExitStack()
        self._unreported: list[Claimed] = []

    def __enter__(self) -> Self:
        ensure(PATIENCE)
        self._open.enter_context(index.locked("writer", PATIENCE))
        folder = index.current_generation()
        if folder is None:
            self._open.close()
            raise index.IndexBusy("rebuild")
        self._writer = self._open.enter_context(index.writing(folder, index.LARGE_HEAP))
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        try:
            if kind is None:
                self.catch_up()
            self._report()
        finally:
            self._open.close()

    def catch_up(self, known: Known | None = None) -> int:
        """Index what waits in the outbox for this copy; return how many records.

        ``known`` maps ids of records just written to (version, content for the index).
        """
        count = 0
        while True:
            with transaction() as session:
                claimed = outbox.claim(session, consumer_name(), CLAIMED_AT_ONCE)
            if not claimed:
                break
            ids = _record_ids(claimed)
            _replace(self._writer, ids, known)
            self._unreported += claimed
            count += len(ids)
            if len(claimed) < CLAIMED_AT_ONCE:
                break
        if self._writer.pending >= COMMIT_EVERY:
            self._report()
        return count

    def _report(self) -> None:
        """Commit, and only then strike the deliveries off."""
        self._writer.commit()
        if self._unreported:
            with transaction() as session:
                outbox.delivered(session, self._unreported)
            self._unreported = []


# Building anew.


@dataclass(frozen=True)
class Rebuilt:
    """What a rebuild did."""

    documents: int
    folder: Path


Tell = Callable[[int, int], None]


def ensure(seconds: float | None = None) -> bool:
    """Build the index if this copy has none that fits; return True when it was built.

    Also registers the copy to hear of changes and makes the database's fallback table. Raises
    ``IndexBusy`` when another process builds for longer than ``seconds``.
    """
    _hear_of_all_kinds()
    if _in_order():
        return False
    with index.locked("rebuild", seconds):
        if _in_order():
            return False
        with transaction() as session:
            fulltext.install(session)
        _rebuild(_tell_nobody)
        return True


def _hear_of_all_kinds() -> None:
    """After an upgrade, hear also of kinds of messages that are new with it."""
    with reading() as session:
        consumer = session.get(OutboxConsumer, consumer_name())
        if consumer is None or set(consumer.kinds) == set(KINDS):
            return
    with transaction() as session:
        outbox.register_consumer(session, consumer_name(), KINDS)


def _in_order() -> bool:
    folder = index.current_generation()
    with reading() as session:
        consumer = session.get(OutboxConsumer, consumer_name())
        if consumer is None or folder is None or not fulltext.installed(session):
            return False
    # A consumer that registered anew missed what happened before.
    registered = index.about_generation(folder).get("registered_at")
    return bool(registered == consumer.registered_at.isoformat())


def _tell_nobody(done: int, total: int) -> None:
    """Progress that nobody watches."""


def rebuild(tell: Tell = _tell_nobody) -> Rebuilt:
    """Build the whole index in a new folder and swap it in; searching goes on meanwhile.

    What changes during the building is heard under a name of its own and put in before the swap.
    """
    with index.locked("rebuild"):
        return _rebuild(tell)


def _rebuild(tell: Tell) -> Rebuilt:
    name = f"{consumer_name()}:rebuild"
    with transaction() as session:
        outbox.register_consumer(session, consumer_name(), KINDS)
        _unregister(session, name)
        outbox.register_consumer(session, name, KINDS)
        registered = session.get_one(OutboxConsumer, consumer_name()).registered_at
    outbox.wait_for_acts_begun()
    folder = index.new_generation()
    with index.writing(folder, index.LARGE_HEAP) as writer:
        count = _fill(writer, tell)
        _put_what_changed(writer, name)
    with index.locked("writer"):
        with index.writing(folder) as writer:
            _put_what_changed(writer, name)
        index.swap_in(folder, {"registered_at": registered.isoformat(), "documents": count})
        with transaction() as session:
            _unregister(session, name)
    return Rebuilt(count, folder)


def _fill(writer: index.Writer, tell: Tell) -> int:
    with reading() as session:
        total = session.scalar(
            select(func.count()).select_from(Record).where(Record.deleted_at.is_(None))
        )
    count = last = 0
    while True:
        with reading() as session:  # short ones, so that SQLite's journal does not grow
            ids = session.scalars(
                select(Record.id).where(Record.id > last).order_by(Record.id).limit(2000)
            ).all()
            if not ids:
                return count
            for document in documents(session, ids):
                writer.add(document)
                count += 1
        last = ids[-1]
        tell(count, total or 0)


def _put_what_changed(writer: index.Writer, name: str) -> None:
    while True:
        with transaction() as session:
            claimed = outbox.claim(session, name, CLAIMED_AT_ONCE)
        if not claimed:
            return
        _replace(writer, _record_ids(claimed))
        writer.commit()
        with transaction() as session:
            outbox.delivered(session, claimed)


def _unregister(session: Session, name: str) -> None:
    waiting = session.scalars(
        select(OutboxDelivery.message_id).where(OutboxDelivery.consumer == name)
    ).all()
    session.execute(delete(OutboxDelivery).where(OutboxDelivery.consumer == name))
    session.execute(delete(OutboxConsumer).where(OutboxConsumer.name == name))
    for start in range(0, len(waiting), 500):
        part = waiting[start : start + 500]
        others = select(OutboxDelivery.message_id).where(OutboxDelivery.message_id.in_(part))
        message = outbox.OutboxMessage
        session.execute(delete(message).where(message.id.in_(part), message.id.not_in(others)))


@job_kind("search_rebuild")
def _rebuild_job(progress: Progress, _args: dict[str, Any]) -> dict[str, Any]:
    """Build the index anew, as a job with progress."""
    return {"documents": rebuild(progress.tell).documents}


def _keep_present() -> None:
    """Build the index when it is missing."""
    if ensure():
        log.info("index built", extra={"copy": index.copy_name()})


# Checking.


@dataclass(frozen=True)
class Checked:
    """How far index and database agree. ``wrong`` are ids missing, stale or too many."""

    in_database: int
    in_index: int
    compared: int
    waiting: int
    wrong: tuple[int, ...] = field(default=())

    @property
    def agrees(self) -> bool:
        """True when nothing is wrong; what still waits in the outbox is not wrong."""
        return not self.wrong and (self.waiting > 0 or self.in_database == self.in_index)


def check(sample: int = SAMPLE, *, everything: bool = False) -> Checked | None:
    """Compare the index with the database: counts, and versions of a sample or of all records.

    None when there is no index. Records that wait in the outbox are left out.
    """
    snapshot = index.snapshot()
    if snapshot is None:
        return None
    with reading() as session:
        waiting = outbox.waiting(session, consumer_name())
        living = Record.deleted_at.is_(None)
        count = session.scalar(select(func.count()).select_from(Record).where(living)) or 0
        if everything:
            query = select(Record.id, Record.version).where(living)
            rows: Any = in_parts(session, query, Record.id, 5000)
        else:
            highest = session.scalar(select(func.max(Record.id))) or 0
            ids = random.sample(range(1, highest + 1), min(sample, highest))
            rows = [
                row
                for start in range(0, len(ids), 500)
                for row in session.execute(
                    select(Record.id, Record.version).where(
                        living, Record.id.in_(ids[start : start + 500])
                    )
                )
            ]
        compared, wrong = 0, []
        for record_id, version in rows:
            compared += 1
            if index.indexed_versions(snapshot, record_id) != [version]:
                wrong.append(record_id)
        wrong = sorted(set(wrong) - _announced(session)) if waiting else wrong
    return Checked(count, snapshot.searcher.num_docs, compared, waiting, tuple(wrong))


def _announced(session: Session) -> set[int]:
    """Return the records that still wait to be indexed."""
    rows = session.scalars(
        select(outbox.OutboxMessage.payload)
        .join(OutboxDelivery, OutboxDelivery.message_id == outbox.OutboxMessage.id)
        .where(OutboxDelivery.consumer == consumer_name())
    )
    payloads = list(rows)
    named = {int(one) for payload in payloads for one in payload.get("record_ids", ())}
    keys = {int(one) for payload in payloads for one in payload.get("keys", ())}
    return named | set(records_with_forms(session, keys))


def _check_nightly() -> None:
    """Mend what differs; build anew when much does, or when the counts differ. Forget dead copies."""
    with transaction() as session:
        outbox.revive_dead(session, consumer_name())
        outbox.register_consumer(session, consumer_name(), KINDS)
        _forget_dead_copies(session)
    found = check()
    if found is None or found.agrees:
        return
    log.warning("index differs", extra={"wrong": len(found.wrong), "documents": found.in_index})
    if found.in_database != found.in_index or len(found.wrong) > found.compared // 20:
        rebuild()
    else:
        _mend(found.wrong)


def _mend(ids: Sequence[int]) -> None:
    with index.locked("writer"):
        folder = index.current_generation()
        if folder is not None:
            with index.writing(folder) as writer:
                _replace(writer, ids)


def _forget_dead_copies(session: Session) -> None:
    """Stop keeping messages for copies on hosts that were not seen for a month."""
    before = clock.now() - FORGOTTEN_AFTER
    rows = session.scalars(
        select(OutboxConsumer).where(
            OutboxConsumer.name.startswith("search:"),
            func.coalesce(OutboxConsumer.seen_at, OutboxConsumer.registered_at) < before,
        )
    ).all()
    for row in rows:
        if row.name != consumer_name():
            _unregister(session, row.name)


@dataclass(frozen=True)
class State:
    """How the index is, for staff pages and health checks."""

    present: bool
    documents: int = 0
    waiting: int = 0
    behind_seconds: float = 0.0


def state(session: Session) -> State:
    """Tell whether there is an index and how far it is behind."""
    snapshot = index.snapshot()
    if snapshot is None:
        return State(present=False)
    name = consumer_name()
    oldest = session.scalar(
        select(func.min(outbox.OutboxMessage.created_at))
        .join(OutboxDelivery, OutboxDelivery.message_id == outbox.OutboxMessage.id)
        .where(OutboxDelivery.consumer == name, OutboxDelivery.status != "dead")
    )
    behind = max(0.0, (clock.now() - oldest).total_seconds()) if oldest else 0.0
    return State(True, snapshot.searcher.num_docs, outbox.waiting(session, name), behind)
