"""Behind a figure: the rows that make it up, and how they split. Every number opens its rows.

Names of persons are never shown here: the log keeps what statistics need and no more.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session

from ils.core.events import EventRow
from ils.reporting.figures import days, fold_conditions, sign
from ils.reporting.indicators import Condition, Fold, Indicator
from ils.reporting.registry import SOURCES, Named, SourceRow, subject_names
from ils.reporting.scope import Scope, Tree, tree_on
from ils.reporting.totals import not_undone, part_of

SPLITS: dict[str, ColumnElement[str] | None] = {
    "branch": None,
    "day": None,
    "age": func.coalesce(EventRow.age_band, ""),
    "sex": func.coalesce(EventRow.sex, ""),
    "category": func.coalesce(EventRow.category, ""),
    "class": func.coalesce(EventRow.item_class, ""),
    "language": func.coalesce(EventRow.language, ""),
    "collection": func.coalesce(EventRow.collection, ""),
    "material": func.coalesce(EventRow.material, ""),
    "place": func.coalesce(EventRow.place, ""),
    "source": part_of(),
    "reason": part_of(),
    "point_kind": part_of(),
    "settled": None,
}


@dataclass(frozen=True)
class Question:
    """Which figure: of whom, of what, over which days."""

    scope: Scope
    indicator: Indicator
    first: date
    last: date
    where: tuple[Condition, ...] = ()


@dataclass(frozen=True)
class EventLine:
    """One event behind a figure, ready for a list; ``counts`` is what it adds or takes away."""

    id: int
    at: datetime
    day: date
    kind: str
    unit_id: int | None
    counts: int
    age_band: str
    sex: str
    category: str
    item_class: str
    part: str
    what: Named | None


def has_rows(one: Indicator) -> bool:
    """Tell whether a figure can show its rows itself (a sum shows those of its parts)."""
    source = SOURCES.get(one.code)
    return bool(one.fold) or bool(source and source.rows)


def splits_of(one: Indicator) -> list[str]:
    """Return the ways a figure can be split, the general ones first."""
    if one.fold is None or one.kind == "ratio":
        return []
    if one.fold.distinct:
        return [] if one.fold.minus else ["branch"]
    own = [each for each in one.breakdowns if each in SPLITS]
    return ["branch", *own, *(["day"] if one.kind == "flow" else [])]


def _events(question: Question, tree: Tree) -> list[ColumnElement[bool]]:
    fold = question.indicator.fold or Fold(())
    return [
        *fold_conditions(fold, question.where),
        days(question.indicator, question.first, question.last),
        question.scope.condition(tree),
        not_undone(),
    ]


def _counted(fold: Fold) -> ColumnElement[int]:
    if fold.measure == "n" or fold.distinct:
        return sign(fold)
    return sign(fold) * func.coalesce(getattr(EventRow, fold.measure), 0)


def split(session: Session, question: Question, by: str) -> list[tuple[object, int]]:
    """Return the figure split by a fact, largest first; by day in order of days."""
    fold = question.indicator.fold
    if fold is None:
        return []
    if by == "settled":
        return _settled(session, question)
    column = {"branch": EventRow.unit_id, "day": EventRow.effective_on}.get(by, SPLITS.get(by))
    figure = (
        func.count(getattr(EventRow, fold.distinct).distinct())
        if fold.distinct
        else func.sum(_counted(fold))
    )
    label = column.label("heap")  # type: ignore[union-attr]
    where = _events(question, tree_on(session, question.last))
    rows = session.execute(select(label, figure).where(*where).group_by("heap"))
    found = [(heap, int(count or 0)) for heap, count in rows if count]
    if by == "day":
        return sorted(found, key=lambda pair: str(pair[0]))
    return sorted(found, key=lambda pair: (-pair[1], str(pair[0])))


def _settled(session: Session, question: Question) -> list[tuple[object, int]]:
    """Split money taken by what it was owed for; payments say so in their facts."""
    where = _events(question, tree_on(session, question.last))
    query = select(EventRow.kind, EventRow.facts, EventRow.amount).where(*where)
    heaps: Counter[object] = Counter()
    for kind, facts, amount in session.execute(query):
        settled = facts.get("settled") or {} if kind == "payment_taken" else {}
        for part, money in settled.items():
            heaps[part] += money
        rest = (amount or 0) - sum(settled.values())
        if rest:
            fold = question.indicator.fold
            against = fold is not None and kind in fold.minus
            heaps["refunded" if against else ""] += -rest if against else rest
    return sorted(heaps.items(), key=lambda pair: -pair[1])


def count_lines(session: Session, question: Question) -> int:
    """Count the events behind a figure."""
    where = _events(question, tree_on(session, question.last))
    return session.scalar(select(func.count()).select_from(EventRow).where(*where)) or 0


def lines(
    session: Session, question: Question, *, offset: int = 0, limit: int = 50
) -> list[EventLine]:
    """Return the events behind a figure, newest first."""
    fold = question.indicator.fold
    if fold is None:
        return []
    where = _events(question, tree_on(session, question.last))
    query = (
        select(EventRow, _counted(fold).label("counts"), part_of().label("part"))
        .where(*where)
        .order_by(EventRow.effective_on.desc(), EventRow.id.desc())
        .offset(offset)
        .limit(limit)
    )
    rows = session.execute(query).all()
    items = subject_names(session, "item", (row.item_id for row, _c, _p in rows))
    records = subject_names(session, "record", (row.record_id for row, _c, _p in rows))
    return [
        EventLine(
            id=row.id,
            at=row.effective_at,
            day=row.effective_on,
            kind=row.kind,
            unit_id=row.unit_id,
            counts=int(counts),
            age_band=row.age_band or "",
            sex=row.sex or "",
            category=row.category or "",
            item_class=row.item_class or "",
            part=part,
            what=items.get(row.item_id or 0) or records.get(row.record_id or 0),
        )
        for row, counts, part in rows
    ]


def source_lines(
    session: Session, question: Question, *, offset: int = 0, limit: int = 50
) -> tuple[int, Sequence[SourceRow]]:
    """Return how many things a declared source counted, and those of one page."""
    source = SOURCES.get(question.indicator.code)
    if source is None or source.rows is None:
        return 0, []
    scope = question.scope
    units = (
        [scope.branch_id]
        if scope.branch_id
        else tree_on(session, question.last).units_of(scope.libraries)
    )
    return source.rows(session, question.first, question.last, tuple(units), offset, limit)
