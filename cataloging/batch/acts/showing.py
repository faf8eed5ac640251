"""What the page of a run shows: its lines with what would change, and sums of it."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from cataloging.batch.acts.copies import changes_of
from cataloging.batch.acts.models import ActLine, ActRun
from cataloging.batch.rules.copies import Change
from cataloging.models import Item, Record
from ils.core.db import in_parts

NAMED: Final = 5  # values of a box that are named one by one

Pair = tuple[str, Any, Any]  # box, before, after


@dataclass(frozen=True)
class Shown:
    """A line with its record, its copy if it is of one, and what changes in it."""

    line: ActLine
    record: Record | None
    item: Item | None
    pairs: Sequence[Pair] = ()


@dataclass(frozen=True)
class Sum:
    """So many copies go from one value of a box to another; ``values`` says how many different ones
    they have, where these are too many to name."""

    box: str
    before: Any
    after: Any
    count: int
    values: int = 1


def lines_of(session: Session, run: ActRun, outcome: str, limit: int, offset: int) -> list[Shown]:
    """Return lines of a run with one outcome, in the order of the registers."""
    query = select(ActLine, Record, Item)
    if run.act == "delete":
        query = query.outerjoin(Record, Record.id == ActLine.subject_id)
        query = query.outerjoin(Item, Item.id.is_(None)).order_by(ActLine.subject_id)
    else:
        query = (
            query.outerjoin(Item, Item.id == ActLine.subject_id)
            .outerjoin(Record, Record.id == Item.record_id)
            .order_by(Item.register_id, Item.serial, ActLine.subject_id)
        )
    wanted = query.where(ActLine.run_id == run.id, ActLine.outcome == outcome)
    changes = changes_of(run.plan) if run.act == "change" else []
    return [
        Shown(
            line, record, item, pairs_of(changes, line.seen) if outcome in ("will", "done") else ()
        )
        for line, record, item in session.execute(wanted.limit(limit).offset(offset))
    ]


def pairs_of(changes: Sequence[Change], seen: Mapping[str, Any]) -> list[Pair]:
    """Return what changes make of a copy as it was seen: (box, before, after)."""
    pairs = [(one.box, seen[one.box], one.made_of(seen[one.box])) for one in changes]
    return [pair for pair in pairs if pair[1] != pair[2]]


def sums_of(session: Session, run: ActRun) -> list[Sum]:
    """Return how many copies go from what to what, the most frequent first in each box."""
    changes = changes_of(run.plan)
    seen = select(ActLine.subject_id, ActLine.seen).where(
        ActLine.run_id == run.id, ActLine.outcome == "will"
    )
    count: Counter[Pair] = Counter()
    for _id, facts in in_parts(session, seen, ActLine.subject_id, 1000):
        count.update(pairs_of(changes, facts))
    return [one for change in changes for one in _sums(change.box, count)]


def _sums(box: str, count: Counter[Pair]) -> list[Sum]:
    own = [Sum(*pair, number) for pair, number in count.most_common() if pair[0] == box]
    if len(own) <= NAMED:
        return own
    afters = {one.after for one in own}
    after = afters.pop() if len(afters) == 1 else None
    return [Sum(box, None, after, sum(one.count for one in own), len(own))]
