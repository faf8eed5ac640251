"""How many of each fault: of a library, of the province, by who made the records, by month.

A library's records are those it has copies of and those it made.
"""

from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Select, delete, func, insert, select
from sqlalchemy.orm import Session

from cataloging.models import ImportRun, Record, RecordVersion
from cataloging.quality.models import QualityMonth, RecordFault, RecordScore
from cataloging.quality.rules import faults
from ils.core import clock
from ils.org.units import libraries

MONTHS: Final = 12
MOST_MAKERS: Final = 10


def faulty(library_id: int | None, code: str = "") -> Select[Any]:
    """Return the faults of a library's records and of its own copies."""
    query = select(RecordFault).where(RecordFault.library_id == (library_id or 0))
    return query.where(RecordFault.code == code) if code else query


def how_many(session: Session, library_id: int | None) -> dict[str, int]:
    """Return how many records have each fault."""
    query = faulty(library_id).with_only_columns(RecordFault.code, func.count())
    return dict(session.execute(query.group_by(RecordFault.code)).all())


@dataclass(frozen=True)
class State:
    """The records of a library: how many are judged, their mean points, how many without fault."""

    records: int
    mean: int
    sound: int


def state_of(session: Session, library_id: int | None) -> State:
    """Return how the records of a library stand."""
    query = select(
        func.count(),
        func.avg(RecordScore.score),
        func.count().filter(RecordScore.score == 100),
    )
    row = session.execute(query.where(RecordScore.library_id == (library_id or 0))).one()
    return State(row[0], round(float(row[1] or 0)), row[2])


def by_library(session: Session) -> list[tuple[int, State]]:
    """Return how the records of every library of the province stand."""
    return [(one.id, state_of(session, one.id)) for one in libraries(session)]


def by_staff(session: Session, library_id: int | None, code: str) -> list[tuple[int | None, int]]:
    """Return who made the records with a fault, most first (None: the program, an import)."""
    ids = faulty(library_id, code).with_only_columns(RecordFault.record_id)
    query = select(Record.created_by, func.count()).where(Record.id.in_(ids))
    rows = session.execute(
        query.group_by(Record.created_by).order_by(func.count().desc()).limit(MOST_MAKERS)
    )
    return [(row[0], row[1]) for row in rows]


def by_import(session: Session, library_id: int | None, code: str) -> list[tuple[int, str, int]]:
    """Return the imports that brought in records with a fault: run, file, how many."""
    ids = faulty(library_id, code).with_only_columns(RecordFault.record_id)
    rows = session.execute(
        select(ImportRun.id, ImportRun.file_name, func.count())
        .join(RecordVersion, RecordVersion.change_set_id == ImportRun.change_set_id)
        .where(RecordVersion.version == 1, RecordVersion.record_id.in_(ids))
        .group_by(ImportRun.id, ImportRun.file_name)
        .order_by(func.count().desc())
        .limit(MOST_MAKERS)
    )
    return [(row[0], row[1], row[2]) for row in rows]


def by_word(session: Session, library_id: int | None, code: str) -> list[tuple[str, int, int]]:
    """Return what stands there, most first: the word, how many records, one of them."""
    query = faulty(library_id, code).with_only_columns(
        RecordFault.word, func.count(), func.min(RecordFault.record_id)
    )
    rows = session.execute(
        query.group_by(RecordFault.word).order_by(func.count().desc()).limit(MOST_MAKERS)
    )
    return [(row[0], row[1], row[2]) for row in rows]


def note_month(session: Session) -> None:
    """Write how many faults there are into this month's rows, again each night."""
    month = clock.today().strftime("%Y-%m")
    session.execute(delete(QualityMonth).where(QualityMonth.month == month))
    rows = [
        {"month": month, "library_id": library or 0, "code": code, "count": count}
        for library in (None, *(one.id for one in libraries(session)))
        for code, count in how_many(session, library).items()
        if code in faults()
    ]
    if rows:
        session.execute(insert(QualityMonth), rows)


def trend(session: Session, library_id: int | None) -> list[tuple[str, int]]:
    """Return the last months with how many faults there were in all, the oldest first."""
    rows = session.execute(
        select(QualityMonth.month, func.sum(QualityMonth.count))
        .where(QualityMonth.library_id == (library_id or 0))
        .group_by(QualityMonth.month)
        .order_by(QualityMonth.month.desc())
        .limit(MONTHS)
    )
    return [(row[0], int(row[1])) for row in reversed(rows.all())]
