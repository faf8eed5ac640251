"""``./sen bench batch``: very many records changed by rules while eight desks work.

The worker looks at the records and changes them as ``./sen run`` has it, on SQLite, while each of
eight desks scans once a second. The first look is timed by itself, the change and its undoing with the
desks at it.
"""

import threading
import time
from collections.abc import Callable
from typing import Final

from sqlalchemy import func, insert, literal, select
from sqlalchemy.orm import Session

from bench.desk import DESKS, EVERY, House, work
from bench.measure import Results, scratch, scratch_database, tell
from bench.province import PASSWORD, Library, found_province, hire, register_readers, stock
from bench.server import Server, serving
from cataloging.baskets.contents import open_basket
from cataloging.baskets.models import BasketRecord
from cataloging.batch import runs
from cataloging.batch.rules import Condition, Rule
from cataloging.models import Record
from cataloging.search import follow
from cataloging.undo_job import undo_later
from ils.accounts.actor import Actor, actor_for_staff, system_actor
from ils.accounts.models import Staff
from ils.accounts.staff import create_staff
from ils.core.config import Config
from ils.core.db import reading, transaction
from ils.core.jobs import Job

RECORDS: Final = 100_000
LONGEST: Final = 1800.0
CHANGE_SECONDS: Final = 120.0
DESK_MS: Final = 50
SCAN: Final = "/staff/desk/scan"
RULES: Final = [
    Rule("regex", "245", "a", r"\s+([:/])$", r" \1", when=Condition("245", "a")),
    Rule("add_field", "650", put="$a Sách đã chỉnh lý $2 bench", ind2="7"),
    Rule("replace", "260", "b", "Nxb", "NXB"),
]


def run(records: int | None = None, as_json: bool = False) -> None:
    """Measure and print."""
    count = max(records or RECORDS, DESKS * 50)
    results = Results("batch", {"records": count, "desks": DESKS})
    with scratch("batch") as folder, scratch_database(folder) as config:
        tell(f"making {count:,} records with copies, readers and staff")
        library, *_ = found_province(1)
        stock([library], count)
        follow.ensure()
        readers = register_readers(library, min(2000, max(DESKS * 4, count // 10)))
        house = House(library, readers, hire(library, DESKS), count)
        _measure(results, config, house, _cataloger(library))
    results.show(as_json=as_json)


def _cataloger(library: Library) -> Actor:
    with transaction() as session:
        made: Staff = create_staff(
            session,
            system_actor(),
            username="bienmuc",
            name="Biên mục",
            password=PASSWORD,
            home_unit_id=library.branches[0],
            role="head",
            must_change=False,
        )
        return actor_for_staff(session, made, library.branches[0])


def _measure(results: Results, config: Config, house: House, actor: Actor) -> None:
    with serving(config) as server:
        tell("looking at what would change")
        began = time.monotonic()
        with transaction() as session:
            basket = open_basket(session, actor, "bench")
            every = select(literal(basket.id), Record.id)
            session.execute(insert(BasketRecord).from_select(["basket_id", "record_id"], every))
            run = runs.make_run(session, actor, basket.id, RULES)
            run_id, job_id = run.id, run.job_id
        _wait(job_id or 0)
        results.add("look", "looked at", time.monotonic() - began, "s")
        tell("changing, with eight desks at work")
        took, scans = _beside_desks(server, house, lambda s: runs.begin_change(s, actor, run_id))
        results.add("change", "changed", took, "s", at_most=CHANGE_SECONDS)
        results.times("scans", "scans while it changes", scans, p95_at_most=DESK_MS)
        with reading() as session:
            counts = runs.counts_of(session, run_id)
            changes = runs.run_for(session, actor, run_id).change_set_id or 0
        results.add("changed", "records changed", counts["changed"], "records")
        tell("undoing it, with eight desks at work")
        took, scans = _beside_desks(
            server, house, lambda s: undo_later(s, actor, changes, partial=False)
        )
        results.add("undo", "undone", took, "s")
        results.times("undo_scans", "scans while it is undone", scans, p95_at_most=DESK_MS)
        with reading() as session:
            changed_again = Record.version == 3  # made, changed, given back
            undone = session.scalar(select(func.count()).where(changed_again)) or 0
        results.add("undone", "records undone", undone, "records")


def _beside_desks(
    server: Server, house: House, begin: Callable[[Session], Job]
) -> tuple[float, list[float]]:
    """Begin a job and wait for it while eight desks work: its seconds, each scan's milliseconds."""
    with transaction() as session:
        job_id = begin(session).id
    before = len(server.handled("POST", SCAN))
    began = time.monotonic()
    done = threading.Event()
    desks = threading.Thread(target=work, args=(server, house, LONGEST, EVERY, done))
    desks.start()
    _wait(job_id)
    took = time.monotonic() - began
    scans = server.handled("POST", SCAN)[before:]
    done.set()
    desks.join()
    return took, scans


def _wait(job_id: int) -> None:
    until = time.monotonic() + LONGEST
    while time.monotonic() < until:
        with reading() as session:
            status = session.get_one(Job, job_id).status
        if status not in ("queued", "running"):
            assert status == "done", status
            return
        time.sleep(0.5)
    raise TimeoutError(f"job {job_id}")
