"""What came of an import: the sums, and line by line what is not plain success."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from cataloging.models import ImportLine, ImportRun

OUTCOMES: Final = ("rejected", "matched", "warned")
PAGE: Final = 50
BATCH: Final = 500


@dataclass(frozen=True)
class Report:
    """The sums of a run. ``found`` = ``stored`` + ``matched`` + ``rejected``; sizes in bytes."""

    found: int
    stored: int
    matched: int
    rejected: int
    items_added: int
    items_there: int
    repaired: int
    size: int
    position: int
    packing: int
    repairs: Counter[str]
    reasons: Counter[str]
    finished_at: datetime | None


def report(session: Session, run_id: int) -> Report:
    """Return the sums of a run as far as it is."""
    run = session.get_one(ImportRun, run_id)
    more = run.options.get("tally", {})
    repaired = session.scalar(
        select(func.count())
        .select_from(ImportLine)
        .where(ImportLine.run_id == run_id, ImportLine.outcome == "warned")
    )
    return Report(
        run.found,
        run.stored,
        run.matched,
        run.rejected,
        run.items_added,
        more.get("items_there", 0),
        repaired or 0,
        run.size,
        run.position,
        more.get("packing", 0),
        Counter(more.get("repairs", {})),
        Counter(more.get("reasons", {})),
        run.finished_at,
    )


def line_counts(session: Session, run_id: int) -> dict[str, int]:
    """Return how many lines there are of each outcome."""
    rows = session.execute(
        select(ImportLine.outcome, func.count())
        .where(ImportLine.run_id == run_id)
        .group_by(ImportLine.outcome)
    )
    return {row[0]: row[1] for row in rows}


def lines(
    session: Session, run_id: int, *, outcome: str = "", page: int = 1, size: int = PAGE
) -> Sequence[ImportLine]:
    """Return a page of lines in the order of the file."""
    query = select(ImportLine).where(ImportLine.run_id == run_id)
    if outcome:
        query = query.where(ImportLine.outcome == outcome)
    ordered = query.order_by(ImportLine.position, ImportLine.id)
    return session.scalars(ordered.limit(size).offset((max(1, page) - 1) * size)).all()


def all_lines(session: Session, run_id: int) -> Iterator[ImportLine]:
    """Yield every line in the order of the file, with constant memory."""
    last: Any = (0, 0)
    while True:
        rows = session.scalars(
            select(ImportLine)
            .where(ImportLine.run_id == run_id)
            .where(
                (ImportLine.position > last[0])
                | ((ImportLine.position == last[0]) & (ImportLine.id > last[1]))
            )
            .order_by(ImportLine.position, ImportLine.id)
            .limit(BATCH)
        ).all()
        if not rows:
            return
        last = (rows[-1].position, rows[-1].id)
        yield from rows


def rejected_bytes(session: Session, run_id: int) -> Iterator[bytes]:
    """Yield the stretches of the file that gave no record, as they stood there."""
    for line in all_lines(session, run_id):
        if line.outcome == "rejected" and line.raw:
            yield line.raw
