"""``./sen bench sip2``: how fast self-check machines are answered.

Eight machines at one server process, on SQLite: a reader's turn is patron information with the
password, three checkouts, the end of the session; then the three checkins. Each machine waits
about a second between two messages. The load generator shares the two cores.
"""

import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from random import Random
from typing import Final

from bench.books import SEED, book
from bench.measure import Results, memory_mb, scratch, scratch_database, tell
from bench.postgres import free_port
from bench.province import Library, Reader, found_province, register_readers, stock
from bench.server import end, started
from circulation.sip2.messages import Message, build, coded, layouts, parse, stamp
from circulation.sip2.terminals import add_terminal
from ils.accounts.actor import system_actor
from ils.core import clock, db
from ils.core.config import Config

RECORDS: Final = 20_000
SECONDS: Final = 60.0
MACHINES: Final = 8
AT_A_TIME: Final = 3
NAMES: Final = {"63": "patron", "11": "checkout", "09": "checkin", "35": "end"}


@dataclass
class Machine:
    """One machine's line and what its answers took, by message code."""

    number: int
    password: str
    taken: dict[str, list[float]] = field(default_factory=dict)
    refused: list[str] = field(default_factory=list)
    line: socket.socket | None = None
    n: int = 0

    def ask(self, code: str, fixed: dict[str, str], *pairs: tuple[str, str]) -> Message:
        """Send a message and wait for its answer."""
        assert self.line is not None
        full = {"transaction_date": stamp(clock.now()), **fixed}
        wanted = {name: full.get(name, "").ljust(size) for name, size in layouts()[code].fixed}
        self.n = (self.n + 1) % 10
        raw = build(Message(code, wanted, coded(pairs), str(self.n), checked=True))
        began = time.perf_counter()
        self.line.sendall(raw)
        told = b""
        while not told.endswith(b"\r"):
            told += self.line.recv(4096)
        self.taken.setdefault(code, []).append(time.perf_counter() - began)
        return parse(told)


def run(records: int | None = None, as_json: bool = False, seconds: float = SECONDS) -> None:
    """Measure and print."""
    count = max(records or RECORDS, MACHINES * 50)
    sizes = {"records": count, "machines": MACHINES, "seconds": seconds}
    results = Results("sip2", sizes)
    with scratch("sip2") as folder, scratch_database(folder) as config:
        tell(f"making {count:,} records with copies and readers")
        library, *_ = found_province(1)
        stock([library], count)
        readers = register_readers(library, max(MACHINES * 4, count // 10))
        machines = _machines(library)
        with _serving(config) as (port, process):
            tell(f"{MACHINES} machines, {seconds:.0f} s")
            _work(machines, port, count, readers, seconds)
            results.add("server_mb", "the server after it", memory_mb(process.pid), "MB")
    for code, name in NAMES.items():
        taken = [one for machine in machines for one in machine.taken.get(code, [])]
        budget = 15 if code == "11" else None
        results.times(name, f"{name}, at the machine", taken, p95_at_most=budget)
    refused = [one for machine in machines for one in machine.refused]
    results.add("refused", "messages that did not do what was meant", len(refused), "messages")
    if refused:
        results.notes.append(f"the first one refused: {refused[0]}")
    results.show(as_json=as_json)


def _machines(library: Library) -> list[Machine]:
    made = []
    with db.transaction() as session:
        actor = system_actor(session, library.branches[0])
        for number in range(MACHINES):
            _terminal, password = add_terminal(
                session,
                actor,
                name=f"may{number}",
                branch_id=library.branches[0],
                asks_password=False,
            )
            made.append(Machine(number, password))
    return made


@contextmanager
def _serving(config: Config) -> Iterator[tuple[int, subprocess.Popen[bytes]]]:
    """Run the server as ``./sen sip2`` starts it."""
    port = free_port()
    words = ("-m", "ils.cli", "sip2", "--port", str(port))
    process = started(config, "sip2", [sys.executable, *words])
    try:
        deadline = time.monotonic() + 30
        while not _listens(port):
            if process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError("the SIP2 server did not start")
            time.sleep(0.05)
        yield port, process
    finally:
        end(process)


def _listens(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), timeout=1).close()
    except OSError:
        return False
    return True


def _work(
    machines: list[Machine], port: int, records: int, readers: list[Reader], seconds: float
) -> None:
    until = time.monotonic() + seconds
    threads = [
        threading.Thread(target=_one, args=(one, port, records, readers, until)) for one in machines
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def _one(machine: Machine, port: int, records: int, readers: list[Reader], until: float) -> None:
    dice = Random(SEED + machine.number)
    with socket.create_connection(("127.0.0.1", port), timeout=60) as machine.line:
        login = (("CN", f"may{machine.number}"), ("CO", machine.password))
        machine.ask("93", {"uid_algorithm": "0", "pwd_algorithm": "0"}, *login)
        due = time.monotonic() + dice.random()
        for code, fixed, pairs in _messages(machine, records, readers):
            due = max(due + dice.uniform(0.6, 1.4), time.monotonic())  # hands, not machines
            time.sleep(max(0.0, due - time.monotonic()))
            if time.monotonic() >= until:
                return
            told = machine.ask(code, fixed, *pairs)
            if told.fixed.get("ok", "1") != "1":
                machine.refused.append(f"{NAMES[code]}: {told.get('AF')}")


Asked = tuple[str, dict[str, str], list[tuple[str, str]]]


def _messages(machine: Machine, records: int, readers: list[Reader]) -> Iterator[Asked]:
    """Yield one reader's turn after the other for ever: each machine has its own books."""
    books = range(machine.number, records, MACHINES)
    own = readers[machine.number :: MACHINES]
    at = 0
    while True:
        card = ("AA", own[at % len(own)].card)
        first = at * AT_A_TIME % (len(books) - AT_A_TIME + 1)
        barcodes = [book(books[first + n]).barcode for n in range(AT_A_TIME)]
        yield "63", {"language": "000", "summary": "  Y"}, [card]
        for barcode in barcodes:
            yield "11", {"renewal_policy": "N", "no_block": "N"}, [card, ("AB", barcode)]
        yield "35", {}, [card]
        for barcode in barcodes:
            yield "09", {"no_block": "N"}, [("AB", barcode)]
        at += 1
