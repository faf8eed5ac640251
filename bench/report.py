"""``./sen bench report``: the figures of a province over millions of events.

Three years of a province of fifteen libraries are written straight into the event log, three in a
hundred acts undone. Then the worker's totals are kept up to the last day, a day's events come
after them, and the figures of the monthly report are asked for all libraries and their total.
"""

import time
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from itertools import islice
from random import Random
from typing import Any, Final

from sqlalchemy import func, insert, select

from bench.books import SEED
from bench.measure import Results, memory_mb, scratch, scratch_database, size_mb, tell
from bench.province import Library, found_province
from ils.app import create_app
from ils.core import clock
from ils.core.db import reading, transaction
from ils.core.events import EventRow

EVENTS: Final = 5_000_000
LIBRARIES: Final = 15
DAYS: Final = 3 * 365
LAST: Final = date(2026, 3, 31)
AT_ONCE: Final = 20_000
AGAIN: Final = 5

# kind, how many in a thousand, where it happens
_KINDS: Final = (
    ("loan_checked_out", 330, "desk"),
    ("item_checked_in", 320, "desk"),
    ("visit_counted", 110, "desk"),
    ("loan_renewed", 60, "opac"),
    ("opac_searched", 50, "opac"),
    ("site_visited", 40, "opac"),
    ("in_house_use_counted", 35, "desk"),
    ("hold_placed", 20, "opac"),
    ("item_accessioned", 15, "desk"),
    ("record_created", 8, "desk"),
    ("card_issued", 8, "desk"),
    ("payment_taken", 4, "desk"),
)


def run(records: int | None = None, as_json: bool = False) -> None:
    """Measure and print; ``records`` is the number of events."""
    count = records or EVENTS
    results = Results("report", {"events": count, "libraries": LIBRARIES, "years": DAYS // 365})
    with (
        scratch("report") as folder,
        scratch_database(folder) as config,
        clock.at(clock.at_local(LAST + timedelta(days=1), 9)),
    ):
        create_app(config)  # declares what the figures need
        libraries = found_province(LIBRARIES)
        tell(f"writing {count:,} events")
        began = time.perf_counter()
        _write(libraries, count)
        results.add("write", "events written", count / (time.perf_counter() - began), "events/s")
        _fold(results)
        _write(libraries, max(1, count // DAYS), first=LAST)
        tell("asking")
        _ask(results, libraries)
        database = sum(size_mb(file) for file in config.data_dir.glob("sen.db*"))
        results.add("database_mb", "database", database, "MB")
        results.add("memory_mb", "peak memory", memory_mb(what="VmHWM"), "MB")
    results.show(as_json=as_json)


def _write(libraries: list[Library], count: int, first: date | None = None) -> None:
    table: Any = EventRow.__table__
    dice = Random(SEED)
    rows = _events(dice, libraries, count, first or LAST - timedelta(days=DAYS))
    while batch := list(islice(rows, AT_ONCE)):
        with transaction() as session:
            session.execute(insert(table), batch)
            _undo_some(session, table, dice, batch)


def _events(
    dice: Random, libraries: list[Library], count: int, first: date
) -> Iterator[dict[str, Any]]:
    """Yield events in the order of days, larger libraries with more of them."""
    kinds = [kind for kind, _, _ in _KINDS]
    places = {kind: place for kind, _, place in _KINDS}
    days = (LAST - first).days + 1
    units = [(branch, one.id) for one in libraries for branch in one.branches]
    weights = [1 / (at + 1) for at in range(len(units))]
    picked = dice.choices(kinds, [share for _, share, _ in _KINDS], k=count)
    where = dice.choices(units, weights, k=count)
    for at, (kind, (unit_id, library_id)) in enumerate(zip(picked, where, strict=True)):
        day = first + timedelta(days=at * days // count)
        yield {
            "kind": kind,
            "unit_id": unit_id,
            "library_id": library_id,
            "patron_ref": dice.randrange(60_000),
            "record_id": dice.randrange(200_000),
            "item_id": dice.randrange(400_000),
            "recorded_at": datetime(day.year, day.month, day.day, 3, tzinfo=UTC),
            "effective_at": datetime(day.year, day.month, day.day, 3, tzinfo=UTC),
            "effective_on": day,
            "quantity": dice.randrange(1, 9) if kind.endswith("counted") else 1,
            "amount": 10_000 if kind == "payment_taken" else None,
            "age_band": "child" if dice.random() < 0.4 else "adult",
            "material": "book",
            "place": places[kind],
            "facts": {"source": "purchase"} if kind == "item_accessioned" else {},
            "voids_id": None,
        }


def _undo_some(session: Any, table: Any, dice: Random, batch: list[dict[str, Any]]) -> None:
    newest = session.scalar(select(func.max(table.c.id)))
    undone = dice.sample(range(newest - len(batch) + 1, newest + 1), len(batch) * 3 // 100)
    rows = [
        {**batch[-1], "kind": "act_undone", "voids_id": one, "amount": None, "quantity": 1}
        for one in undone
    ]
    if rows:
        session.execute(insert(table), rows)


def _fold(results: Results) -> None:
    from ils.reporting.totals import rebuild

    tell("folding the totals")
    began = time.perf_counter()
    with transaction() as session:
        rebuild(session)
    results.add("rebuild_s", "totals rebuilt from the whole log", time.perf_counter() - began, "s")


def _ask(results: Results, libraries: list[Library]) -> None:
    from ils.org.units import province
    from ils.reporting.figures import figures
    from ils.reporting.reckon import filled
    from ils.reporting.scope import scope_of
    from ils.reporting.template import template_named

    template = template_named("monthly")
    month = template.clock.containing(LAST)
    measures = [row.measure for row in template.rows if row.from_log]
    times: dict[str, list[float]] = {"month": [], "year": [], "one": []}
    for _ in range(AGAIN):
        with reading() as session:
            top = province(session)
            assert top is not None
            scope = scope_of(session, top.id)
            for name, first in (("month", month.first), ("year", LAST.replace(year=LAST.year - 1))):
                began = time.perf_counter()
                figures(session, scope, measures, first, LAST)
                times[name].append(time.perf_counter() - began)
            began = time.perf_counter()
            filled(session, template, month, libraries[0].id, {})
            times["one"].append(time.perf_counter() - began)
    for name, label, budget in (
        ("month", "province, all libraries, one month", 1000),
        ("year", "province, all libraries, a year", 1000),
        ("one", "one library's monthly report, three columns", None),
    ):
        results.times(name, label, times[name], p95_at_most=budget)
