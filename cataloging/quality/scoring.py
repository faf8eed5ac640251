"""Keeping points and faults in step with the records and copies, by the outbox.

The worker judges each record that changed; what was never judged, or by older rules, is caught up
in parts, so that a catalogue brought in whole is judged while the desks lend.
"""

import logging
import time
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import delete, func, insert, select
from sqlalchemy.orm import Session

from cataloging.authorities.models import Heading, RecordHeading
from cataloging.marc.project import project
from cataloging.models import Item, Record
from cataloging.quality.counting import note_month
from cataloging.quality.models import FaultLeft, RecordFault, RecordScore
from cataloging.quality.rules import faults, find_faults, score_of
from ils.core import clock, outbox
from ils.core.db import let_acts_end, reading, transaction
from ils.core.jobs import PERIODIC, Periodic, breathe
from ils.core.outbox import Claimed, OutboxConsumer

log = logging.getLogger("sen.quality")

RULES: Final = 3  # raise when what is a fault changes, so that all are judged anew
CONSUMER: Final = "quality"
KINDS: Final = ("record_changed",)
AT_ONCE: Final = 200
TURN: Final = 15.0
NAME_TAGS: Final = ("100", "110", "700", "710")


def install() -> None:
    """Declare to the worker who hears of changed records, and what is done by the clock."""
    outbox.CONSUMERS[CONSUMER] = outbox.Consumer(KINDS, deliver, patient=())
    PERIODIC["quality_caught_up"] = Periodic("quality_caught_up", catch_up, every=1)
    PERIODIC["quality_month"] = Periodic("quality_month", _count_nightly, daily_at="03:10")


def deliver(claimed: list[Claimed]) -> None:
    """Judge the records these messages name. Runs in the worker."""
    ids = sorted({int(i) for one in claimed for i in one.payload.get("record_ids", ())})
    for start in range(0, len(ids), AT_ONCE):
        if start:
            breathe()
        _judge_apart(ids[start : start + AT_ONCE])


def catch_up() -> None:
    """Hear of changes from now on, and judge what was never judged, or by older rules.

    For ``TURN`` seconds at most: jobs wait behind it, and a minute later it goes on.
    """
    until = time.monotonic() + TURN
    with reading() as session:
        known = session.get(OutboxConsumer, CONSUMER) is not None
    if not known:
        with transaction() as session:
            outbox.register_consumer(session, CONSUMER, KINDS)
        outbox.wait_for_acts_begun()
    after = 0
    while time.monotonic() < until:
        with reading() as session:
            ids = _unjudged(session, after)
        if not ids:
            return
        _judge_apart(ids)
        after = ids[-1]
        breathe()


def _unjudged(session: Session, after: int) -> Sequence[int]:
    judged = select(RecordScore.record_id).where(
        RecordScore.record_id == Record.id,
        RecordScore.library_id == 0,
        RecordScore.rules == RULES,
    )
    return session.scalars(
        select(Record.id)
        .where(Record.id > after, Record.deleted_at.is_(None), ~judged.exists())
        .order_by(Record.id)
        .limit(AT_ONCE)
    ).all()


Codes = dict[tuple[int, int], dict[str, str]]  # by record and library, 0 for the province


@dataclass(frozen=True)
class Judgment:
    """What is amiss with records as they were read, by the version they had then."""

    versions: dict[int, int]
    codes: Codes


def _judge_apart(ids: Sequence[int]) -> None:
    """Judge records in an act as short as can be: what takes time is done before it begins."""
    with reading() as session:
        found = find(session, ids)
    with transaction() as session:
        keep(session, ids, found)


def judge(session: Session, ids: Sequence[int]) -> None:
    """Find the faults of some records anew, in the caller's transaction."""
    keep(session, ids, find(session, ids))


def find(session: Session, ids: Sequence[int]) -> Judgment:
    """Find what is amiss with some records; deleted ones have nothing."""
    there = session.execute(
        select(
            *(Record.id, Record.version, Record.marc),
            *(Record.control_number, Record.control_source),
        )
        .where(Record.id.in_(ids), Record.deleted_at.is_(None))
        .order_by(Record.id)
    ).all()
    found = {}
    for row in there:
        let_acts_end()
        found[row.id] = find_faults(row.marc, project(row.marc))
    for record_id in _doubles(session, there):
        found[record_id]["duplicate_number"] = ""
    for record_id in _unlinked(session, found):
        found[record_id]["unlinked"] = ""
    versions = {row.id: row.version for row in there}
    return Judgment(versions, _for_each_library(session, found))


def keep(session: Session, ids: Sequence[int], found: Judgment) -> None:
    """Write down what is amiss, in the caller's transaction, where it differs from what is there.

    A record changed since it was read is passed over: its change was announced, so it comes again.
    """
    # Locked in order: two that judge the same record would both write its row.
    now: dict[int, int] = dict(
        session.execute(
            select(Record.id, Record.version)
            .where(Record.id.in_(ids), Record.deleted_at.is_(None))
            .order_by(Record.id)
            .with_for_update()
        ).all()
    )
    same = {one for one in ids if now.get(one) == found.versions.get(one)}
    codes = {key: dict(faults) for key, faults in found.codes.items() if key[0] in same}
    told = select(FaultLeft.record_id, FaultLeft.code).where(FaultLeft.record_id.in_(same))
    left = {(record_id, code) for record_id, code in session.execute(told)}
    for (record_id, _library), some in codes.items():
        for code in [c for c in some if (record_id, c) in left and not faults()[c].on_item]:
            del some[code]
    _store(session, same, codes)


def _for_each_library(session: Session, found: dict[int, dict[str, str]]) -> Codes:
    """Give each library that has or made a record its faults, and those of its own copies."""
    codes: Codes = {(record_id, 0): dict(faults) for record_id, faults in found.items()}
    made = select(Record.id, Record.owner_id).where(
        Record.id.in_(found), Record.owner_id.is_not(None)
    )
    for record_id, library in session.execute(made):
        codes[record_id, library or 0] = dict(found[record_id])
    query = (
        select(Item, Record.call_number)
        .join(Record, Record.id == Item.record_id)
        .where(Item.record_id.in_(found), Item.lifecycle != "withdrawn")
        .order_by(Item.id)
    )
    for item, call_number in session.execute(query):
        own = codes.setdefault((item.record_id, item.owner_id), dict(found[item.record_id]))
        for code in _lacking(item, call_number):
            name = (item.accession_no or item.barcode or f"#{item.id}")[:120]
            own.setdefault(code, name)
            codes[item.record_id, 0].setdefault(code, name)
    return codes


def _lacking(item: Item, call_number: str) -> list[str]:
    lacks = {
        "no_call": not item.call_number and not call_number,
        "no_price": item.price is None,
        "no_number": not item.accession_no,
    }
    return [code for code, missing in lacks.items() if missing]


def _store(session: Session, ids: Collection[int], codes: Codes) -> None:
    stored = _stored(session, ids)
    differ = {key for key, some in codes.items() if stored.get(key) != some}
    gone = stored.keys() - codes.keys()
    stale = sorted({record_id for record_id, _library in differ | gone})
    for table in (RecordFault, RecordScore):
        session.execute(delete(table).where(table.record_id.in_(stale)))
    new = {key: some for key, some in codes.items() if key[0] in set(stale)}
    rows = [
        {"record_id": record_id, "code": code, "library_id": library, "word": word}
        for (record_id, library), some in new.items()
        for code, word in some.items()
    ]
    if rows:
        session.execute(insert(RecordFault.__table__), rows)  # type: ignore[arg-type]
    now = clock.now()
    if new:
        session.execute(
            insert(RecordScore.__table__),  # type: ignore[arg-type]
            [
                {
                    "record_id": record_id,
                    "library_id": library,
                    "score": score_of(set(some)),
                    "rules": RULES,
                    "scored_at": now,
                }
                for (record_id, library), some in new.items()
            ],
        )


def _stored(session: Session, ids: Collection[int]) -> Codes:
    """Return what is written down already; what older rules said differs from anything."""
    scored = select(RecordScore.record_id, RecordScore.library_id, RecordScore.rules).where(
        RecordScore.record_id.in_(ids)
    )
    found: Codes = {
        (record_id, library): {} if rules == RULES else {"": ""}
        for record_id, library, rules in session.execute(scored)
    }
    faulty = select(
        *(RecordFault.record_id, RecordFault.library_id, RecordFault.code, RecordFault.word)
    ).where(RecordFault.record_id.in_(ids))
    for record_id, library, code, word in session.execute(faulty):
        if (record_id, library) in found:
            found[record_id, library][code] = word
    return found


def _doubles(session: Session, there: Sequence[Any]) -> set[int]:
    """Return the records whose control number another record of the same source has."""
    numbers = {row.control_number for row in there if row.control_number}
    shared = {
        (number, source)
        for number, source in session.execute(
            select(Record.control_number, Record.control_source)
            .where(Record.control_number.in_(numbers), Record.deleted_at.is_(None))
            .group_by(Record.control_number, Record.control_source)
            .having(func.count() > 1)
        )
    }
    return {row.id for row in there if (row.control_number, row.control_source) in shared}


def _unlinked(session: Session, ids: Iterable[int]) -> set[int]:
    """Return the records with a name that is only a provisional heading."""
    query = (
        select(RecordHeading.record_id)
        .join(Heading, Heading.key == RecordHeading.key)
        .where(RecordHeading.record_id.in_(list(ids)), RecordHeading.tag.in_(NAME_TAGS))
        .where(Heading.role == "provisional")
    )
    return set(session.scalars(query.distinct()))


def _count_nightly() -> None:
    with transaction() as session:
        note_month(session)
