"""``./sen bench desk``: how fast the desk answers.

First eight desks each scanning once a second on SQLite, over HTTP, as ``./sen run`` serves them.
Then as many lends and returns as go through on a private PostgreSQL: through the use case from
several processes, and over HTTP. The load generator shares the two cores with all of it.
"""

import json
import multiprocessing
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from random import Random
from typing import Any, Final

from bench.books import SEED, book
from bench.measure import Results, memory_mb, scratch, scratch_database, tell
from bench.postgres import private_cluster
from bench.province import PASSWORD, Library, Reader, found_province, hire, register_readers, stock
from bench.server import Server, Visitor, serving
from cataloging.search import follow
from ils.core import db
from ils.core.config import Config, use

RECORDS: Final = 50_000
SECONDS: Final = 120.0
DESKS: Final = 8
AT_A_TIME: Final = 3  # books a reader brings
EVERY: Final = 1.0  # seconds between two scans at a desk, on average


@dataclass
class House:
    """What the desks work with."""

    library: Library
    readers: list[Reader]
    staff: list[str]
    records: int


def run(records: int | None = None, as_json: bool = False, seconds: float = SECONDS) -> None:
    """Measure and print."""
    count = max(records or RECORDS, DESKS * 50)
    results = Results("desk", {"records": count, "desks": DESKS, "seconds": seconds})
    with scratch("desk") as folder, scratch_database(folder) as config:
        house = _house(count)
        _eight_desks(results, config, house, seconds)
    try:
        _as_fast_as_they_go(results, count, seconds)
    except FileNotFoundError:
        results.notes.append("PostgreSQL is not installed: not measured there")
    results.show(as_json=as_json)


def _house(records: int) -> House:
    tell(f"making {records:,} records with copies, readers and staff")
    library, *_ = found_province(1)
    stock([library], records)
    follow.ensure()  # a library in use has its index
    readers = register_readers(library, min(2000, max(DESKS * 4, records // 10)))
    return House(library, readers, hire(library, DESKS), records)


# Eight desks, each scanning once a second.


@dataclass
class Turn:
    """What one desk does: a card, books lent one by one, the end; later the same books back."""

    desk: int
    lent: list[float] = field(default_factory=list)
    returned: list[float] = field(default_factory=list)
    cards: list[float] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)


def _eight_desks(results: Results, config: Config, house: House, seconds: float) -> None:
    tell(f"{DESKS} desks, SQLite, {seconds:.0f} s")
    with serving(config) as server:
        turns = work(server, house, seconds, EVERY)
        lent = [one for turn in turns for one in turn.lent]
        scans = server.handled("POST", "/staff/desk/scan")
        results.times("scan_server", "SQLite, scan, at the server", scans)
        results.times("lend_client", "SQLite, lend, at the client", lent, p95_at_most=25)
        back = [one for turn in turns for one in turn.returned]
        results.times("return_client", "SQLite, return, at the client", back)
        cards = [one for turn in turns for one in turn.cards]
        results.times("card_client", "SQLite, card, at the client", cards)
        results.add("desk_scans", "SQLite, scans made", len(scans) / seconds, "scans/s")
        _tell_memory(results, server)
    _tell_refused(results, turns)


def _tell_memory(results: Results, server: Server) -> None:
    from bench.measure import children_of

    web = [memory_mb(pid) or 0 for pid in children_of(server.web.pid)]
    results.add("web_mb", "largest web process after it", max(web, default=None), "MB")
    results.add("worker_mb", "worker after it", memory_mb(server.worker.pid), "MB")


def _tell_refused(results: Results, turns: list[Turn]) -> None:
    refused = [one for turn in turns for one in turn.refused]
    results.add("refused", "scans that did not do what was meant", len(refused), "scans")
    if refused:
        results.notes.append(f"the first one refused: {refused[0]}")


def work(
    server: Server,
    house: House,
    seconds: float,
    every: float,
    done: threading.Event | None = None,
) -> list[Turn]:
    """Let every desk work in a thread, until ``done`` if that is sooner; return what each did."""
    done = done or threading.Event()
    visitors = [Visitor(server.port) for _ in house.staff]
    for visitor, username in zip(visitors, house.staff, strict=True):
        visitor.sign_in(username, PASSWORD)
    turns = [Turn(desk) for desk in range(len(visitors))]
    until = time.monotonic() + seconds
    threads = [
        threading.Thread(target=_one_desk, args=(visitor, turn, house, until, every, done))
        for visitor, turn in zip(visitors, turns, strict=True)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for visitor in visitors:
        visitor.close()
    return turns


def _one_desk(
    visitor: Visitor,
    turn: Turn,
    house: House,
    until: float,
    every: float,
    done: threading.Event,
) -> None:
    dice = Random(SEED + turn.desk)
    time.sleep(dice.random() * every)
    due = time.monotonic()
    for act, code, facts in _acts(house, turn.desk):
        due = max(due + every * dice.uniform(0.6, 1.4), time.monotonic())  # hands, not machines
        time.sleep(max(0.0, due - time.monotonic()))
        if time.monotonic() >= until or done.is_set():
            return
        began = time.perf_counter()
        key = f"bench-{turn.desk}-{began}"
        shown = {"shows": facts["patron"]} if "patron" in facts else {}
        words = {"scan": code, "key": key, **shown, **facts}
        said = json.loads(visitor.post("/staff/desk/scan", words, fetch=True))
        taken = time.perf_counter() - began
        _note(turn, act, taken, said)
        if every and said["panel"] is None:  # as the page does when no other scan waits
            visitor.get(f"/staff/desk/panel?patron={facts['patron']}")


def _note(turn: Turn, act: str, taken: float, said: dict[str, Any]) -> None:
    good = said["tone"] != "red" and not said["asks"]
    if not good:
        turn.refused.append(f"{act}: {said['headline']}")
    elif act == "lend":
        turn.lent.append(taken)
    elif act == "return":
        turn.returned.append(taken)
    else:
        turn.cards.append(taken)


def _acts(house: House, desk: int) -> Iterator[tuple[str, str, dict[str, str]]]:
    """Yield (act, what is scanned, the desk's state) for ever: each desk has its own books."""
    books = range(desk, house.records, DESKS)
    readers = house.readers[desk::DESKS]
    at = 0
    while True:
        reader = readers[at % len(readers)]
        first = at * AT_A_TIME % (len(books) - AT_A_TIME + 1)
        barcodes = [book(books[first + n]).barcode for n in range(AT_A_TIME)]
        yield "card", reader.card, {}
        for barcode in barcodes:
            yield "lend", barcode, {"patron": str(reader.id)}
        yield "card", "", {"patron": str(reader.id)}
        for barcode in barcodes:
            yield "return", barcode, {"mode": "checkin"}
        at += 1


# As fast as they go.


def _as_fast_as_they_go(results: Results, records: int, seconds: float) -> None:
    with (
        private_cluster(durable=True) as url,
        scratch("desk") as folder,
        scratch_database(folder, url) as config,
    ):
        house = _house(records)
        tell(f"as fast as they go, PostgreSQL, through the use case, {seconds:.0f} s")
        done = _in_processes(config, house, seconds)
        results.add(
            "postgres_rate", "PostgreSQL, lends + returns, use case", done, "acts/s", at_least=150
        )
        tell(f"as fast as they go, PostgreSQL, over HTTP, {seconds:.0f} s")
        with serving(config) as server:
            turns = work(server, house, seconds, 0.0)
            both = sum(len(turn.lent) + len(turn.returned) for turn in turns)
            results.add(
                "postgres_http_rate", "PostgreSQL, lends + returns, HTTP", both / seconds, "acts/s"
            )
            lent = [one for turn in turns for one in turn.lent]
            results.times("postgres_lend_client", "PostgreSQL, lend, at the client, flat out", lent)
    _tell_refused(results, turns)


def _in_processes(config: Config, house: House, seconds: float, processes: int = 3) -> float:
    """Lend and return in several processes, each with its own books; return acts a second."""
    fork = multiprocessing.get_context("spawn")
    answers: Any = fork.Queue()
    started = fork.Barrier(processes + 1)
    words = (config, house, seconds, started, answers)
    running = [fork.Process(target=_perform, args=(n, *words)) for n in range(processes)]
    for one in running:
        one.start()
    started.wait(timeout=120)
    done = sum(answers.get(timeout=seconds + 60) for _ in running)
    for one in running:
        one.join()
    return float(done / seconds)


def _perform(
    desk: int, config: Config, house: House, seconds: float, started: Any, answers: Any
) -> None:
    import circulation.lending
    from circulation.checkin import check_in
    from circulation.checkout import check_out
    from circulation.desk import perform
    from ils.accounts.actor import Actor
    from ils.core.db import reading
    from ils.org.units import unit

    use(config)
    db.connect()
    circulation.lending.register()
    with reading() as session:
        here = unit(session, house.library.branches[desk % len(house.library.branches)])
    actor = Actor(
        name="đo",
        unit_id=here.id,
        unit_path=here.path,
        library_id=house.library.id,
        all_rights=True,
    )
    started.wait(timeout=120)
    until, done = time.monotonic() + seconds, 0
    for at, (act, code, state) in enumerate(_acts(house, desk)):
        if act == "card" and code and time.monotonic() >= until:
            break  # between two readers, so that every book is back for the part over HTTP
        words: dict[str, Any] = {"barcode": code, "key": f"bench-{desk}-{at}"}
        if act == "lend":
            done += perform(check_out, actor, patron_id=int(state["patron"]), **words).ok
        elif act == "return":
            done += perform(check_in, actor, **words).ok
    answers.put(done)
    db.disconnect()
