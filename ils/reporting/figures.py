"""Figures of libraries over a stretch of days: what a page or a report asks for, all at once.

One reading of the tallies serves all additive measures; only counts of different things (titles,
persons) and declared sources ask further.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, case, func, literal, literal_column, select
from sqlalchemy.orm import Session

from ils.core.events import EventRow
from ils.org.settings import setting
from ils.org.units import unit_versions
from ils.reporting.folds import Tally, quotient, total
from ils.reporting.indicators import Condition, Fold, Indicator, indicator
from ils.reporting.models import STOCK_KINDS
from ils.reporting.registry import SOURCES
from ils.reporting.scope import Scope, Tree, tree_on
from ils.reporting.totals import not_undone, part_of, tallies

Number = float | None
Figures = dict["Measure", Number]


@dataclass(frozen=True)
class Measure:
    """An indicator, or the part of it that meets further conditions."""

    code: str
    where: tuple[Condition, ...] = ()


@dataclass
class Table:
    """Figures by library, and over all of them by each indicator's own rule."""

    libraries: dict[int, Figures] = field(default_factory=dict)
    total: Figures = field(default_factory=dict)


def is_computed(code: str) -> bool:
    """Tell whether the program computes an indicator."""
    one = indicator(code)
    return bool(one.fold or one.total_of or one.ratio or code in SOURCES)


def figures(
    session: Session, scope: Scope, measures: Iterable[Measure], first: date, last: date
) -> Table:
    """Return figures for the days ``first`` to ``last``; stock is that of the last day.

    A figure is None where nobody computes it, or where a ratio has nothing to divide by. The total
    of an additive figure is the sum; titles and persons are counted anew, once for all libraries.
    """
    asked = list(dict.fromkeys(measures))
    reckoning = _Reckoning(session, scope, first, last)
    needed = reckoning.with_parts(asked)
    reckoning.gather(needed)
    table = Table({library: {} for library in scope.libraries})
    for measure in asked:
        for library in scope.libraries:
            table.libraries[library][measure] = reckoning.figure(measure, library)
        table.total[measure] = reckoning.figure(measure, None)
    return table


class _Reckoning:
    """The tallies read for one question, and how each measure follows from them."""

    def __init__(self, session: Session, scope: Scope, first: date, last: date) -> None:
        self.session, self.scope, self.first, self.last = session, scope, first, last
        self.tree = tree_on(session, last)
        self.heaps: dict[str, dict[int, list[Tally]]] = {}
        self.distinct: dict[Measure, dict[int | None, int]] = {}
        self.population: dict[int | None, int] = {}

    def with_parts(self, measures: Sequence[Measure]) -> list[Measure]:
        """Add what the measures are made of."""
        found = list(measures)
        for measure in found:  # grows while we go through it
            for code in self._parts(indicator(measure.code)):
                part = Measure(code, measure.where)
                if part not in found:
                    found.append(part)
        return found

    def _parts(self, one: Indicator) -> list[str]:
        parts = list(one.total_of) + [code for _key, code in one.total_if]
        if one.ratio:
            parts += [code for code in (one.ratio.over, one.ratio.under) if code != "population"]
        return parts

    def gather(self, measures: Sequence[Measure]) -> None:
        """Read what is needed, with as few questions as possible."""
        flow, stock = set[str](), set[str]()
        for measure in measures:
            one = indicator(measure.code)
            if one.fold and not one.fold.distinct:
                (stock if one.kind == "stock" else flow).update(one.fold.all_kinds)
            elif one.fold:
                self.distinct[measure] = count_distinct(
                    self.session, self.scope, self.tree, one, measure.where, self.first, self.last
                )
            elif measure.code in SOURCES and measure.code not in self.heaps:
                self._ask(measure)
            if one.ratio and one.ratio.under == "population":
                self.population = self._population()
        self.heaps["flow"] = self._by_library(tallies(self.session, self.first, self.last, flow))
        self.heaps["stock"] = self._by_library(tallies(self.session, None, self.last, stock))

    def _ask(self, measure: Measure) -> None:
        """Ask the source of a figure: for its tallies, or for the things to count apart."""
        source = SOURCES[measure.code]
        if source.things is None:
            found = source.tallies(self.session, self.first, self.last)
            self.heaps[measure.code] = self._by_library(found)
            return
        seen: dict[int | None, set[int]] = {None: set()}
        for unit_id, library_id, thing in source.things(self.session, self.first, self.last):
            where = Tally(unit_id, library_id, measure.code)
            if self.scope.holds(where, self.tree):
                seen.setdefault(self.tree.library(where), set()).add(thing)
                seen[None].add(thing)
        self.distinct[measure] = {key: len(things) for key, things in seen.items()}

    def _by_library(self, found: Iterable[Tally]) -> dict[int, list[Tally]]:
        heaps: dict[int, list[Tally]] = {}
        for tally in found:
            if self.scope.holds(tally, self.tree):
                heaps.setdefault(self.tree.library(tally), []).append(tally)
        return heaps

    def _population(self) -> dict[int | None, int]:
        versions = unit_versions(self.session, self.last)
        known: dict[int | None, int] = {
            library: versions[library].population or 0
            for library in self.scope.libraries
            if library in versions
        }
        own = versions[self.scope.unit_id].population if self.scope.unit_id in versions else None
        known[None] = own or sum(known.values())
        return known

    def figure(self, measure: Measure, library: int | None) -> Number:
        """Return a measure of one library, or (None) of all."""
        one = indicator(measure.code)
        if measure in self.distinct:
            return self.distinct[measure].get(library, 0)
        if one.fold:
            heap = self.heaps["stock" if one.kind == "stock" else "flow"]
            return total(one.fold, self._heap(heap, library), measure.where)
        if measure.code in SOURCES:
            fold = Fold((measure.code,))
            return total(fold, self._heap(self.heaps[measure.code], library), measure.where)
        if one.total_of:
            return self._sum(one, measure, library)
        if one.ratio:
            return self._ratio(one, measure, library)
        return None

    def _heap(self, heaps: dict[int, list[Tally]], library: int | None) -> list[Tally]:
        if library is not None:
            return heaps.get(library, [])
        return [tally for heap in heaps.values() for tally in heap]

    def _sum(self, one: Indicator, measure: Measure, library: int | None) -> Number:
        if library is None and one.total_if:
            parts = [self.figure(measure, each) for each in self.scope.libraries]
        else:
            codes = summed_codes(self.session, one, library or self.scope.unit_id)
            parts = [self.figure(Measure(code, measure.where), library) for code in codes]
        known = [part for part in parts if part is not None]
        return sum(known) if known else None

    def _ratio(self, one: Indicator, measure: Measure, library: int | None) -> Number:
        if one.ratio is None:
            return None
        over = self.figure(Measure(one.ratio.over, measure.where), library)
        if one.ratio.under == "population":
            under: Number = self.population.get(library)
        else:
            under = self.figure(Measure(one.ratio.under), library)
        return quotient(over, under, percent=one.ratio.percent)


def summed_codes(session: Session, one: Indicator, unit_id: int) -> list[str]:
    """Return the indicators a sum is made of at a unit; a setting may add some."""
    return [
        *one.total_of,
        *(code for key, code in one.total_if if setting(session, unit_id, key)),
    ]


def fold_conditions(fold: Fold, where: Iterable[Condition] = ()) -> list[ColumnElement[bool]]:
    """SQL: the events a fold looks at."""
    return [EventRow.kind.in_(fold.all_kinds), *fact_conditions(fold, where)]


def fact_conditions(fold: Fold, where: Iterable[Condition] = ()) -> list[ColumnElement[bool]]:
    """SQL: the facts by which a fold leaves events out."""
    found: list[ColumnElement[bool]] = []
    for condition in (*fold.where, *where):
        column = (
            part_of()
            if condition.field == "part"
            else func.coalesce(getattr(EventRow, condition.field), "")
        )
        found.append(
            column.not_in(condition.values) if condition.negated else column.in_(condition.values)
        )
    return found


def sign(fold: Fold) -> ColumnElement[int]:
    """SQL: 1 for events that count, -1 for those that count against."""
    if not fold.minus:
        return literal(1)
    return case((EventRow.kind.in_(fold.minus), -1), else_=1)


def days(one: Indicator, first: date, last: date) -> ColumnElement[bool]:
    """SQL: the days an indicator looks at; stock looks at all up to the last."""
    if one.kind == "stock":
        return EventRow.effective_on <= last
    return EventRow.effective_on.between(first, last)


def count_distinct(
    session: Session,
    scope: Scope,
    tree: Tree,
    one: Indicator,
    where: Iterable[Condition],
    first: date,
    last: date,
) -> dict[int | None, int]:
    """Count different things (titles, persons) by library and, under None, over all libraries."""
    fold = one.fold or Fold(())
    thing = getattr(EventRow, fold.distinct)
    held = (
        select(EventRow.library_id.label("library"), thing.label("thing"))
        .where(
            *_of_kinds(fold),
            *fact_conditions(fold, where),
            days(one, first, last),
            thing.is_not(None),
            scope.condition(tree),
            not_undone(),
        )
        .group_by(thing, EventRow.library_id)
    )
    if tree.moved or scope.branch_id is not None:
        return _count_here(session, held.add_columns(EventRow.unit_id, func.sum(sign(fold))), tree)
    if fold.minus:
        held = held.having(func.sum(sign(fold)) > 0)
    things = held.cte("held")
    by_library = select(things.c.library, func.count()).group_by(things.c.library)
    over_all = select(literal(0), func.count(things.c.thing.distinct()))
    return {key or None: n for key, n in session.execute(by_library.union_all(over_all))}


def _of_kinds(fold: Fold) -> list[ColumnElement[bool]]:
    """SQL: the kinds of a fold; those of stock in literal words, and no others to choose from.

    SQLite uses a partial index only where it sees its condition, and prefers another if it can.
    """
    if not set(fold.all_kinds) <= set(STOCK_KINDS):
        return [EventRow.kind.in_(fold.all_kinds)]
    stock = EventRow.kind.in_([literal_column(f"'{kind}'") for kind in STOCK_KINDS])
    return [stock, EventRow.kind.concat("").in_(fold.all_kinds)]


def _count_here(session: Session, held: Any, tree: Tree) -> dict[int | None, int]:
    """Count in the program, for trees in which a branch belonged to two libraries."""
    net: Counter[tuple[int, int]] = Counter()
    for library_id, thing, unit_id, count in session.execute(held.group_by(EventRow.unit_id)):
        net[tree.home(unit_id, library_id), thing] += count
    things: dict[int | None, set[int]] = {None: set()}
    for (library, thing), count in net.items():
        if count > 0:
            things.setdefault(library, set()).add(thing)
            things[None].add(thing)
    return {key: len(found) for key, found in things.items()}
