"""Totals of the event log by half month, so that a year of a province is summed in milliseconds.

The log stays the truth. Totals hold all events up to a mark; later events, and undoings of
earlier ones, are folded from the log each time and added. The worker moves the mark on. A rebuild
must show no difference. Half months (from the 1st, from the 15th) because every clock cuts there;
days left over at the ends of a freely chosen stretch are read from the log itself.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from hashlib import blake2b
from typing import Any

from sqlalchemy import ColumnElement, and_, case, delete, func, literal_column, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session, aliased

from ils.core import clock
from ils.core.db import is_sqlite
from ils.core.events import EventRow
from ils.reporting.folds import Tally, combined
from ils.reporting.indicators import folded_kinds
from ils.reporting.models import EventTotal, EventTotalMark

DAWN = date(1900, 1, 1)
# On PostgreSQL a lower id may become visible later; older than this, all are visible.
SETTLED = timedelta(hours=1)

# The fact that splits a kind further.
PARTS = {
    "item_accessioned": "source",
    "item_withdrawn": "reason",
    "payment_taken": "kind",
    "entry_reversed": "kind",
    "deposit_moved": "kind",
    "consignment_sent": "point_kind",
    "copies_given": "point_kind",
    "point_visits_reported": "point_kind",
    "point_uses_reported": "point_kind",
}

Undoing = aliased(EventRow, name="undoing")


def part_of() -> ColumnElement[str]:
    """SQL for an event's part; opening stock is a part of its own, never an addition."""
    opening = and_(
        EventRow.kind == "item_accessioned", EventRow.facts["opening_balance"].as_boolean()
    )
    whens = [
        (EventRow.kind == kind, EventRow.facts[fact].as_string()) for kind, fact in PARTS.items()
    ]
    return func.coalesce(case((opening, "opening"), *whens, else_=""), "")


def not_undone() -> ColumnElement[bool]:
    """SQL: no later event took this one back."""
    return ~select(Undoing.id).where(Undoing.voids_id == EventRow.id).exists()


@dataclass(frozen=True)
class Stretch:
    """Days ``first`` to ``last``, both included."""

    first: date
    last: date


def half_starting(day: date) -> date:
    """Return the first day of the half month a day lies in."""
    return day.replace(day=1 if day.day < 15 else 15)


def next_half(start: date) -> date:
    """Return the first day of the half month after one."""
    if start.day == 1:
        return start.replace(day=15)
    return (start + timedelta(days=20)).replace(day=1)


def cut(first: date, last: date) -> tuple[Stretch | None, list[Stretch]]:
    """Cut days into whole half months and the edges left over at either end."""
    start = first if first == half_starting(first) else next_half(half_starting(first))
    end_half = half_starting(last)
    ends_whole = next_half(end_half) - timedelta(days=1) == last
    end = last if ends_whole else end_half - timedelta(days=1)
    if start > end:
        return None, [Stretch(first, last)]
    edges = []
    if first < start:
        edges.append(Stretch(first, start - timedelta(days=1)))
    if end < last:
        edges.append(Stretch(end + timedelta(days=1), last))
    return Stretch(start, end), edges


def tallies(session: Session, first: date | None, last: date, kinds: Iterable[str]) -> list[Tally]:
    """Return the log's tallies of some kinds for a stretch of days; ``first`` None: ever since.

    Undone events are left out. The kinds must be among those that totals are kept of.
    """
    wanted = sorted(set(kinds))
    if not wanted:
        return []
    whole, edges = cut(first or DAWN, last)
    found = _whole(session, whole, wanted) if whole else []
    for edge in edges:
        found += _sums(
            session,
            EventRow.kind.in_(wanted),
            EventRow.effective_on.between(edge.first, edge.last),
            not_undone(),
        )
    return combined(found)


def _whole(session: Session, whole: Stretch, kinds: list[str]) -> list[Tally]:
    while True:  # the worker may move the mark on between two of these reads
        mark = _mark(session)
        kept = _kept(session, whole, kinds) if mark else []
        later = list(_since(session, mark, whole, kinds))
        if _mark(session) == mark:
            return kept + later


def _mark(session: Session) -> int:
    query = select(EventTotalMark.event_id).where(EventTotalMark.scheme == _scheme())
    return session.scalar(query) or 0


def _scheme() -> str:
    words = repr((folded_kinds(), sorted(PARTS.items())))
    return blake2b(words.encode(), digest_size=12).hexdigest()


_KEY = (
    EventTotal.unit_id,
    EventTotal.library_id,
    EventTotal.kind,
    EventTotal.age_band,
    EventTotal.place,
    EventTotal.material,
    EventTotal.part,
)
_SUMS = (EventTotal.n, EventTotal.quantity, EventTotal.amount)


def _kept(session: Session, whole: Stretch, kinds: list[str]) -> list[Tally]:
    query = (
        select(*_KEY, *(func.sum(column) for column in _SUMS))
        .where(
            EventTotal.kind.in_(kinds),
            EventTotal.starts_on.between(whole.first, whole.last),
        )
        .group_by(*_KEY)
    )
    return [_tally(row) for row in session.execute(query)]


def _since(session: Session, mark: int, whole: Stretch, kinds: list[str]) -> Iterator[Tally]:
    """Tallies of what came after the mark: new events, less older ones undone since."""
    within = EventRow.effective_on.between(whole.first, whole.last)
    of_kinds = EventRow.kind.concat("").in_(kinds)  # so that the key, not the kind, is looked up
    yield from _sums(session, EventRow.id > mark, of_kinds, within)
    for ids in _undone_since(session, mark):
        for undone in _sums(session, EventRow.id.in_(ids), of_kinds, within):
            yield _negative(undone)


def _undone_since(session: Session, mark: int, up_to: int | None = None) -> Iterator[list[int]]:
    query = select(EventRow.voids_id).where(EventRow.id > mark, EventRow.voids_id.is_not(None))
    if up_to is not None:
        query = query.where(EventRow.id <= up_to)
    ids = [each for each in session.scalars(query) if each is not None]
    for start in range(0, len(ids), 500):
        yield ids[start : start + 500]


def _sums(session: Session, *where: ColumnElement[bool]) -> list[Tally]:
    return [_tally(row) for row in _grouped(session, where)]


def _grouped(
    session: Session, where: Iterable[ColumnElement[bool]], *, by_day: bool = False
) -> Iterable[Any]:
    key: list[Any] = [
        func.coalesce(EventRow.unit_id, 0),
        func.coalesce(EventRow.library_id, 0),
        EventRow.kind,
        func.coalesce(EventRow.age_band, ""),
        func.coalesce(EventRow.place, ""),
        func.coalesce(EventRow.material, ""),
        part_of(),
    ]
    sums = (
        func.count(),
        func.sum(EventRow.quantity),
        func.sum(func.coalesce(EventRow.amount, 0)),
    )
    labels = [f"key{place}" for place in range(len(key) + by_day)]
    columns = [*key, *([EventRow.effective_on] if by_day else [])]
    named: list[Any] = [column.label(label) for column, label in zip(columns, labels, strict=True)]
    query = select(*named[:7], *sums, *named[7:]).where(*where)
    return session.execute(query.group_by(*map(literal_column, labels)))


def _tally(row: Any) -> Tally:
    return Tally._make((*row[:7], int(row[7]), int(row[8]), int(row[9])))


def _negative(tally: Tally) -> Tally:
    return Tally(*tally[:7], -tally.n, -tally.quantity, -tally.amount)


# --- keeping the totals ---------------------------------------------------------------------


@dataclass(frozen=True)
class Difference:
    """A kept total that the log does not bear out."""

    starts_on: date
    kept: Tally | None
    rebuilt: Tally | None


Totals = dict[tuple[date, Any], Tally]


def newest_settled(session: Session) -> int:
    """Return the last event after which nothing earlier can still appear."""
    query = select(func.max(EventRow.id))
    if not is_sqlite(session):
        query = query.where(EventRow.recorded_at < clock.now() - SETTLED)
    return session.scalar(query) or 0


def advance(session: Session) -> int:
    """Fold what the log holds after the mark into the totals; return how many events that were.

    Folds everything anew when this version of the program folds other kinds than the totals hold.
    """
    mark = _locked_mark(session)
    if mark.scheme != _scheme():
        return rebuild(session)
    newest = newest_settled(session)
    if newest <= mark.event_id:
        return 0
    changes: Totals = {}
    past = (EventRow.id > mark.event_id, EventRow.id <= newest)
    of_kinds = EventRow.kind.concat("").in_(folded_kinds())
    for row in _grouped(session, (*past, of_kinds), by_day=True):
        _add(changes, half_starting(row[10]), _tally(row))
    for ids in _undone_since(session, mark.event_id, newest):
        for row in _grouped(session, (EventRow.id.in_(ids), of_kinds), by_day=True):
            _add(changes, half_starting(row[10]), _negative(_tally(row)))
    _upsert(session, changes)
    folded = newest - mark.event_id
    mark.event_id, mark.folded_at = newest, clock.now()
    return folded


def fold_all(session: Session, up_to: int) -> Totals:
    """Fold the whole log up to an event, half month by half month. Nothing is written."""
    counted = (
        EventRow.id <= up_to,
        ~select(Undoing.id).where(Undoing.voids_id == EventRow.id, Undoing.id <= up_to).exists(),
    )
    found: Totals = {}
    for kind in folded_kinds():
        cursor = DAWN
        while start := _next_half_with(session, kind, cursor):
            cursor = next_half(start)
            days = EventRow.effective_on.between(start, cursor - timedelta(days=1))
            for tally in _sums(session, EventRow.kind == kind, days, *counted):
                _add(found, start, tally)
    return found


def rebuild(session: Session, found: Totals | None = None, up_to: int | None = None) -> int:
    """Throw the totals away and put those of the log in their place; return the mark."""
    mark = _locked_mark(session)
    newest = newest_settled(session) if up_to is None else up_to
    rows = fold_all(session, newest) if found is None else found
    session.execute(delete(EventTotal))
    _upsert(session, rows)
    mark.event_id, mark.scheme, mark.folded_at = newest, _scheme(), clock.now()
    mark.differences = 0
    return newest


def differences(session: Session) -> list[Difference]:
    """Compare the kept totals with a fold of the log up to the same mark; [] means all is well."""
    mark = _mark(session)
    rebuilt = fold_all(session, mark)
    kept: Totals = {}
    for row in session.execute(select(*_KEY, *_SUMS, EventTotal.starts_on)):
        _add(kept, row[10], _tally(row))
    keys = sorted({*rebuilt, *kept}, key=str)
    pairs = ((key, kept.get(key), rebuilt.get(key)) for key in keys)
    return [Difference(key[0], one, two) for key, one, two in pairs if _said(one) != _said(two)]


def _said(tally: Tally | None) -> tuple[int, ...]:
    return tuple(tally[7:]) if tally else (0, 0, 0)


def _locked_mark(session: Session) -> EventTotalMark:
    query = select(EventTotalMark).where(EventTotalMark.id == 1).with_for_update()
    mark = session.scalar(query)
    if mark is None:
        mark = EventTotalMark(id=1, event_id=0, scheme="", differences=0)
        session.add(mark)
        session.flush()
    return mark


def _next_half_with(session: Session, kind: str, day: date) -> date | None:
    query = select(func.min(EventRow.effective_on)).where(
        EventRow.kind == kind, EventRow.effective_on >= day
    )
    found = session.scalar(query)
    return half_starting(found) if found else None


def _add(totals: Totals, starts_on: date, tally: Tally) -> None:
    key = (starts_on, tuple(tally[:7]))
    held = totals.get(key)
    if held is not None:
        sums = [have + more for have, more in zip(held[7:], tally[7:], strict=True)]
        tally = Tally(*tally[:7], *sums)
    totals[key] = tally


def _upsert(session: Session, totals: Totals) -> None:
    rows = [{"starts_on": key[0], **tally._asdict()} for key, tally in totals.items()]
    if not rows:
        return
    build: Any = sqlite.insert if is_sqlite(session) else postgresql.insert
    made = build(EventTotal)
    sums = {name: getattr(EventTotal, name) + made.excluded[name] for name in _SUM_NAMES}
    statement = made.on_conflict_do_update(index_elements=list(_KEY_NAMES), set_=sums)
    for start in range(0, len(rows), 2000):
        session.execute(statement, rows[start : start + 2000])


_SUM_NAMES = ("n", "quantity", "amount")
_KEY_NAMES = (
    *("kind", "starts_on", "unit_id", "library_id", "age_band", "place", "material"),
    "part",
)
