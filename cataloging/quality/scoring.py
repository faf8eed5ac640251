"""Keeping points and faults in step with the records and copies, by the outbox.

The worker judges each record that changed; what was never judged, or by older rules, is caught up
in parts, so that a catalogue brought in whole is judged while the desks lend.
"""

import logging
from collections.abc import Iterable, Sequence
from typing import Any, Final

from sqlalchemy import delete, func, insert, select
from sqlalchemy.orm import Session

from cataloging.authorities.models import Heading, RecordHeading
from cataloging.marc.project import project
from cataloging.models import Item, Record
from cataloging.quality.counting import note_month
from cataloging.quality.models import FaultLeft, RecordFault, RecordScore
from cataloging.quality.rules import find_faults, score_of
from ils.core import clock, outbox
from ils.core.db import reading, transaction
from ils.core.jobs import PERIODIC, Periodic, breathe
from ils.core.outbox import Claimed, OutboxConsumer

log = logging.getLogger("sen.quality")

RULES: Final = 1  # raise when what is a fault changes, so that all are judged anew
CONSUMER: Final = "quality"
KINDS: Final = ("record_changed",)
AT_ONCE: Final = 200
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
        with transaction() as session:
            judge(session, ids[start : start + AT_ONCE])


def catch_up() -> None:
    """Hear of changes from now on, and judge what was never judged, or by older rules."""
    with reading() as session:
        known = session.get(OutboxConsumer, CONSUMER) is not None
    if not known:
        with transaction() as session:
            outbox.register_consumer(session, CONSUMER, KINDS)
        outbox.wait_for_acts_begun()
    after = 0
    while True:
        with reading() as session:
            ids = _unjudged(session, after)
        if not ids:
            return
        with transaction() as session:
            judge(session, ids)
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


def judge(session: Session, ids: Sequence[int]) -> None:
    """Find the faults of some records anew, in the caller's transaction."""
    # Locked in order: two that judge the same record would both write its row.
    there = session.execute(
        select(Record.id, Record.marc, Record.control_number, Record.control_source)
        .where(Record.id.in_(ids), Record.deleted_at.is_(None))
        .order_by(Record.id)
        .with_for_update(of=Record)
    ).all()
    found = {row.id: find_faults(row.marc, project(row.marc)) for row in there}
    for record_id in _doubles(session, there):
        found[record_id]["duplicate_number"] = ""
    for record_id in _unlinked(session, found):
        found[record_id]["unlinked"] = ""
    left = session.execute(
        select(FaultLeft.record_id, FaultLeft.code).where(FaultLeft.record_id.in_(ids))
    )
    for record_id, code in left:
        if record_id in found:
            found[record_id].pop(code, None)
    _store(session, ids, _for_each_library(session, found))


Codes = dict[tuple[int, int], dict[str, str]]  # by record and library, 0 for the province


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


def _store(session: Session, ids: Sequence[int], codes: Codes) -> None:
    for table in (RecordFault, RecordScore):
        session.execute(delete(table).where(table.record_id.in_(ids)))
    rows = [
        {"record_id": record_id, "code": code, "library_id": library, "word": word}
        for (record_id, library), faults in codes.items()
        for code, word in faults.items()
    ]
    if rows:
        session.execute(insert(RecordFault), rows)
    now = clock.now()
    if codes:
        session.execute(
            insert(RecordScore),
            [
                {
                    "record_id": record_id,
                    "library_id": library,
                    "score": score_of(set(some)),
                    "rules": RULES,
                    "scored_at": now,
                }
                for (record_id, library), some in codes.items()
            ],
        )


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
