"""``./sen bench start``: how long ``./sen run`` takes to answer, and what its processes hold.

The first start prepares the data and the index and is not counted. Then the program is started
and ended several times by the real command, and its memory read after some pages were served.
"""

import statistics
import subprocess
import time
from pathlib import Path
from typing import Final

from bench.books import book
from bench.measure import (
    Results,
    children_of,
    memory_mb,
    own_memory_mb,
    scratch,
    scratch_database,
    tell,
)
from bench.postgres import free_port
from bench.province import PASSWORD, found_province, hire, register_readers, stock
from bench.server import Visitor, end, environment, wait_for_index
from ils.core.config import Config
from ils.core.serve import ROOT, answers

RECORDS: Final = 10_000
STARTS: Final = 3
PAGES: Final = 60


def run(records: int | None = None, as_json: bool = False) -> None:
    """Measure and print."""
    count = max(records or RECORDS, 20)
    results = Results("start", {"records": count, "libraries": 1, "starts": STARTS})
    with scratch("start") as folder, scratch_database(folder) as config:
        tell(f"making {count:,} records")
        library, *_ = found_province(1)
        stock([library], count)
        register_readers(library, 50)
        hire(library, 1)
        tell("starting for the first time")
        _started(config, folder, first=True)
        tell(f"starting {STARTS} times more")
        times = [_started(config, folder) for _ in range(STARTS - 1)]
        times.append(_started(config, folder, results))
    seconds = statistics.median(times)
    results.add("second_start_s", "second start, until it answers", seconds, "s", at_most=3)
    results.add("slowest_start_s", "slowest of them", max(times), "s")
    results.show(as_json=as_json)


def _started(
    config: Config, folder: Path, results: Results | None = None, *, first: bool = False
) -> float:
    """Run ``./sen run`` until it answers, then end it; return the seconds that took."""
    port = free_port()
    command = [str(ROOT / "sen"), "run", "--port", str(port), "--data", str(folder)]
    began = time.perf_counter()
    with (folder / "run.log").open("ab") as log:
        process = subprocess.Popen(
            command,
            env=environment(config),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    try:
        while not answers("127.0.0.1", port):
            if process.poll() is not None or time.perf_counter() - began > 120:
                said = (folder / "run.log").read_text("utf-8", "replace")
                raise RuntimeError(f"./sen run did not start:\n{said[-3000:]}")
            time.sleep(0.01)
        seconds = time.perf_counter() - began
        if first:
            wait_for_index(port)
        if results is not None:
            _use(port)
            _weigh(results, process.pid)
        return seconds
    finally:
        end(process)


def _use(port: int) -> None:
    """Open pages of the public site and of the staff, so that everything usual is loaded."""
    visitor = Visitor(port)
    visitor.sign_in("quay1", PASSWORD)
    for n in range(PAGES):
        visitor.get(f"/search?q={book(n).isbn or 'l%E1%BB%8Bch'}")
        visitor.get(f"/record/{n % 20 + 1}")
        visitor.get("/" if n % 2 else "/staff/desk")
    visitor.close()


def _weigh(results: Results, pid: int) -> None:
    """Read the memory of the processes ``./sen run`` watches over."""
    found = {child: _words(child) for child in children_of(pid)}
    web = next((child for child, words in found.items() if "gunicorn" in words), None)
    worker = next((child for child, words in found.items() if "worker" in words.split()[-1:]), None)
    parts = children_of(web) if web else []
    largest = max((memory_mb(one) or 0 for one in parts), default=None)
    own = max((own_memory_mb(one) or 0 for one in parts), default=None)
    results.add("web_mb", "a web process, resident", largest, "MB", at_most=200)
    results.add("web_own_mb", "of it not shared with the others", own, "MB")
    results.add("worker_mb", "the worker, resident", memory_mb(worker or -1), "MB", at_most=200)
    shared = memory_mb(web or -1)
    results.add("master_mb", "the process that watches the web processes", shared, "MB")
    results.add("supervisor_mb", "./sen run itself", memory_mb(pid), "MB")
    every = [pid, *found, *parts]
    total = sum(own_memory_mb(one) or 0 for one in every)
    results.add("total_own_mb", "private memory of all together", total, "MB")


def _words(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode().strip()
    except OSError:
        return ""
