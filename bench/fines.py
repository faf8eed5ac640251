"""``./sen bench fines``: the fines running on 5,000 late loans, computed and shown.

A library with closed days and several lending rules has so many loans out past their day, some of
them paid for in part. The list of running fines is computed as its page does, then asked over HTTP
as ``./sen run`` serves it, with its total over all loans; on SQLite, then computed on PostgreSQL.
"""

import gc
import time
from datetime import timedelta
from random import Random
from typing import Any, Final

from sqlalchemy import insert, select

from bench.books import SEED
from bench.measure import Results, memory_mb, scratch, scratch_database, tell
from bench.postgres import private_cluster
from bench.province import PASSWORD, Library, found_province, hire, register_readers, stock
from bench.server import Visitor, serving
from cataloging.models import Item
from circulation.models import LedgerEntry, Loan, PolicyRow
from circulation.money.running import running_fines
from circulation.policies import branch
from circulation.rules.policy import checked, loan_snapshot
from ils.core import clock, db
from ils.core.config import Config
from ils.org.models import CalendarDay, CalendarWeek

LOANS: Final = 5_000
AGAIN: Final = 30
MOST_MS: Final = 100
RULES: Final[dict[str, dict[str, Any]]] = {
    "": {"per_day": 500, "grace": 2, "cap": 30_000, "cap_to_price": True},
    "comic": {"per_day": 1_000, "grace": 0, "cap": 20_000},
}


def run(records: int | None = None, as_json: bool = False) -> None:
    """Measure and print; ``records`` is the number of late loans."""
    count = records or LOANS
    results = Results("fines", {"loans": count})
    with scratch("fines") as folder, scratch_database(folder) as config:
        library, names = _house(count)
        worked = time.process_time()
        took = _computed(library, count)
        worked = (time.process_time() - worked) / AGAIN
        results.times("compute", "all fines computed", took, p95_at_most=MOST_MS)
        results.add("cpu_ms", "processor time of it", worked * 1000, "ms", at_most=MOST_MS)
        _over_http(results, config, names[0])
        results.add("memory_mb", "peak memory", memory_mb(what="VmHWM"), "MB")
    try:
        with (
            private_cluster() as url,
            scratch("fines") as folder,
            scratch_database(folder, url),
        ):
            library, _names = _house(count)
            took = _computed(library, count)
            results.times("postgres", "the same on PostgreSQL", took, p95_at_most=MOST_MS)
    except FileNotFoundError:
        results.notes.append("PostgreSQL is not installed: not measured there")
    results.show(as_json=as_json)


def _house(count: int) -> tuple[Library, list[str]]:
    """Make a library whose readers keep so many books too long."""
    tell(f"making {count:,} late loans")
    library, *_ = found_province(1)
    stock([library], count)
    readers = register_readers(library, max(10, count // 10))
    names = hire(library, 1)
    today = clock.today()
    with db.transaction() as session:
        session.add_all(
            PolicyRow(unit_id=library.id, item_type=kind, category="", values=checked(values))
            for kind, values in RULES.items()
        )
        session.add_all(
            CalendarWeek(unit_id=library.id, weekday=day, open=day != 6) for day in range(7)
        )
        session.add_all(
            CalendarDay(unit_id=library.id, day=today - timedelta(days=n), open=False)
            for n in range(10, 300, 13)
        )
    with db.transaction() as session:
        _lend(session, library, [one.id for one in readers], count)
    return library, names


def _lend(session: Any, library: Library, patrons: list[int], count: int) -> None:
    today = clock.today()
    dice, rows = Random(SEED), []
    items = session.execute(select(Item.id, Item.record_id, Item.branch_id).limit(count)).all()
    for item_id, record_id, branch_id in items:
        kind = dice.choice(("", "", "comic"))
        resolved = branch(session, branch_id).policy(kind, "adult")
        due = today - timedelta(days=dice.randint(1, 400))
        rows.append(
            {
                "item_id": item_id,
                "record_id": record_id,
                "patron_id": dice.choice(patrons),
                "branch_id": branch_id,
                "started_at": clock.at_local(due - timedelta(days=14)),
                "started_on": due - timedelta(days=14),
                "due_on": due,
                "policy_json": loan_snapshot(resolved),
                "fine_posted_to": due + timedelta(days=1) if dice.random() < 0.05 else None,
            }
        )
    made = session.execute(
        insert(Loan).returning(Loan.id, sort_by_parameter_order=True), rows
    ).scalars()
    posted = [
        {
            "patron_id": row["patron_id"],
            "library_id": library.id,
            "kind": "overdue",
            "direction": "debit",
            "amount": 500,
            "loan_id": loan_id,
            "charged_to": row["fine_posted_to"],
        }
        for row, loan_id in zip(rows, made, strict=True)
        if row["fine_posted_to"]
    ]
    if posted:
        session.execute(insert(LedgerEntry), posted)


def _computed(library: Library, count: int) -> list[float]:
    took = []
    gc.collect()
    gc.freeze()  # as the web server does once it is loaded
    for _ in range(AGAIN):
        with db.reading() as session:
            began = time.perf_counter()
            found = running_fines(session, library.branches, clock.today())
            took.append(time.perf_counter() - began)
        assert len(found) >= count
    return took


def _over_http(results: Results, config: Config, username: str) -> None:
    tell("asking over HTTP")
    path = "/staff/money/running"
    with serving(config) as server:
        clerk = Visitor(server.port)
        clerk.sign_in(username, PASSWORD)
        for _ in range(AGAIN):
            clerk.get(path)
        took = server.handled("GET", path)[2:]  # each process reads its rules once
    results.times("page", "the page with its total, at the server", took, p95_at_most=MOST_MS)
