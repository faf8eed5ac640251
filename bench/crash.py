"""``./sen soak --crash``: sixteen desks over HTTP, and the server killed under them again and again.

Each desk lends, takes back, renews, reserves and takes money, every act with a key of its own, and
sends it until it is answered, as the desk's page does. Afterwards what was answered is compared with
the database: nothing answered is lost, nothing was done twice, every law holds.
"""

import http.client
import json
import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Final

from sqlalchemy import func, select

from bench.laws import check_all
from bench.measure import scratch, scratch_database
from bench.postgres import free_port, private_cluster
from bench.province import PASSWORD, Library, Reader, found_province, hire, register_readers, stock
from bench.server import THREADS, WORKERS, Visitor, end, started
from cataloging.models import Item
from circulation.checkout import enter_open_loan
from circulation.desk import perform
from circulation.fees import charge
from circulation.models import DeskCommand, LedgerEntry, Receipt
from ils.accounts.actor import system_actor
from ils.core import clock, db
from ils.core.config import Config
from ils.core.events import EventRow
from ils.core.serve import answers, gunicorn_command
from ils.org.models import SettingRow

DESKS: Final = 16
OWN: Final = 8  # books each desk has for itself, half of them lent some days ago
SHARED: Final = 8  # books all desks want
DEBT: Final = 400_000
PATIENCE: Final = 60.0  # seconds a desk goes on sending before something is wrong
RAW: Final = ("sqlalchemy", "psycopg", "sqlite3", "integrityerror", "operationalerror", "traceback")
AGAIN: Final = 100  # answered acts sent once more at the end


def run(seconds: float, seed: int = 1) -> None:
    """Do it on SQLite and, where it is installed, on PostgreSQL; print what was answered."""
    kills = max(3, int(seconds / 10))
    with scratch("crash") as folder, scratch_database(folder) as config:
        _tell("SQLite", crash(config, seconds, kills, seed))
    try:
        with (
            private_cluster() as url,
            scratch("crash") as folder,
            scratch_database(folder, url) as config,
        ):
            _tell("PostgreSQL", crash(config, seconds, kills, seed))
    except FileNotFoundError:
        print("PostgreSQL is not installed: not tried there.")


def _tell(name: str, done: "Done") -> None:
    acts = ", ".join(f"{n} {word}" for word, n in sorted(done.counts.items()))
    print(f"{name}: {done.kills} kills, {len(done.told)} acts answered ({acts}),")
    print(f"  {done.resent} sent again; none lost, none doubled, every law held.")


@dataclass(frozen=True)
class Order:
    """An act a desk sends: where to, what, and its key. ``word`` is for the figures."""

    word: str
    path: str
    facts: dict[str, str]


@dataclass
class Done:
    """What the desks were told, by key."""

    told: dict[str, tuple[Order, dict[str, Any]]] = field(default_factory=dict)
    resent: int = 0
    kills: int = 0

    @property
    def counts(self) -> Counter[str]:
        """Count the acts answered by kind."""
        return Counter(order.word for order, _ in self.told.values())


def crash(config: Config, seconds: float, kills: int, seed: int = 1) -> Done:
    """Work for so long with so many kills, then compare; the database is bound and empty.

    Raises AssertionError naming what was lost, doubled or broken.
    """
    town = _found()
    with db.reading() as session:
        first_event = session.scalar(select(func.max(EventRow.id))) or 0
    house, done = House(config), Done()
    house.start()
    try:
        visitors = [Visitor(house.port) for _ in town.staff]
        for visitor, name in zip(visitors, town.staff, strict=True):
            visitor.sign_in(name, PASSWORD)
        _work(house, town, visitors, done, seconds, kills, seed)
        _say_again(visitors, done, seed)
    finally:
        house.stop()
    compare(done, first_event)
    return done


# --- the server ------------------------------------------------------------------------------


@dataclass
class House:
    """The web server and the worker, as ``./sen run`` starts them, on one port for good."""

    config: Config
    port: int = field(default_factory=free_port)
    processes: list[subprocess.Popen[bytes]] = field(default_factory=list)

    def start(self) -> None:
        """Start both; wait until the server answers."""
        command = gunicorn_command("127.0.0.1", self.port, WORKERS, THREADS)
        self.processes = [
            started(self.config, "web", command),
            started(self.config, "worker", [sys.executable, "-m", "ils.cli", "worker"]),
        ]
        until = time.monotonic() + PATIENCE
        while not answers("127.0.0.1", self.port):
            if time.monotonic() > until:
                said = (self.config.data_dir / "web.log").read_text("utf-8", "replace")
                raise RuntimeError(f"the server did not start:\n{said[-3000:]}")
            time.sleep(0.05)

    def kill(self) -> None:
        """End everything at once, as a power cut does."""
        for process in self.processes:
            os.killpg(process.pid, signal.SIGKILL)
        for process in self.processes:
            process.wait(timeout=10)

    def stop(self) -> None:
        """End everything cleanly."""
        for process in self.processes:
            end(process)


# --- what the desks work with ----------------------------------------------------------------


@dataclass(frozen=True)
class Town:
    """Staff and readers, one of each for a desk; books by barcode and title."""

    library: Library
    staff: list[str]
    readers: list[Reader]
    own: list[list[tuple[str, int]]]
    shared: list[tuple[str, int]]

    def books(self, desk: int) -> list[tuple[str, int]]:
        """Return the books a desk deals with."""
        return [*self.own[desk], *self.shared]


def _found() -> Town:
    (library,) = found_province(1)
    with db.transaction() as session:  # a second scan within seconds is an act like any other
        value = {"v": 0}
        session.add(
            SettingRow(unit_id=library.id, key="circulation.double_scan_seconds", value=value)
        )
    stock([library], DESKS * OWN + SHARED)
    readers = register_readers(library, DESKS)
    with db.reading() as session:
        rows = session.execute(select(Item.barcode, Item.record_id).order_by(Item.id))
        books = [(str(row[0]), int(row[1])) for row in rows]
    own = [books[n * OWN : (n + 1) * OWN] for n in range(DESKS)]
    with db.reading() as session:
        actor = system_actor(session, library.branches[0])
    day = clock.today() - timedelta(days=5)
    for n, reader in enumerate(readers):
        key = f"debt-{n}"
        perform(charge, actor, patron_id=reader.id, kind="service", amount=DEBT, key=key)
        for barcode, _ in own[n][: OWN // 2]:
            perform(
                enter_open_loan,
                actor,
                barcode=barcode,
                patron_id=reader.id,
                started_on=day,
                due_on=day + timedelta(days=14),
                key=f"paper-{barcode}",
            )
    staff = hire(library, DESKS)
    return Town(library, staff, readers, own, books[DESKS * OWN :][:SHARED])


def _order(town: Town, desk: int, dice: random.Random, key: str) -> Order:
    """Choose what a desk does next."""
    barcode, record = dice.choice(town.books(desk))
    patron = str(town.readers[desk].id)
    open_here = {"patron": patron, "key": key}
    scan, act = "/staff/desk/scan", "/staff/desk/act"
    orders = (
        (30, Order("lend", scan, {**open_here, "scan": barcode})),
        (30, Order("return", scan, {"mode": "checkin", "scan": barcode, "key": key})),
        (15, Order("renew", act, {**open_here, "act": "override", "command": "renew"})),
        (15, Order("hold", act, {**open_here, "act": "hold", "record": str(record)})),
        (10, Order("pay", act, {**open_here, "act": "pay", "amount": "1000"})),
    )
    (order,) = dice.choices([o for _, o in orders], weights=[w for w, _ in orders])
    return Order(order.word, order.path, {**order.facts, "barcode": barcode})


# --- working, and being cut ------------------------------------------------------------------


def _work(
    house: House,
    town: Town,
    visitors: list[Visitor],
    done: Done,
    seconds: float,
    kills: int,
    seed: int,
) -> None:
    over, wrong = threading.Event(), list[BaseException]()

    def one(desk: int) -> None:
        dice, number = random.Random(f"{seed}-{desk}"), 0
        try:
            while not over.is_set():
                number += 1
                key = f"c{desk}-{number}"
                order = _order(town, desk, dice, key)
                said, tries = _until_answered(visitors[desk], order)
                done.told[key] = (order, said)
                done.resent += tries > 1
        except BaseException as error:
            wrong.append(error)
            over.set()

    threads = [threading.Thread(target=one, args=(n,)) for n in range(len(visitors))]
    for thread in threads:
        thread.start()
    dice = random.Random(seed)
    for _ in range(kills):
        if over.wait(seconds / (kills + 1) * dice.uniform(0.4, 1.2)):
            break
        house.kill()
        done.kills += 1
        house.start()
    over.wait(seconds / (kills + 1))
    over.set()
    for thread in threads:
        thread.join(timeout=PATIENCE * 2)
        assert not thread.is_alive(), "a desk got no answer"
    assert not wrong, wrong


def _until_answered(visitor: Visitor, order: Order) -> tuple[dict[str, Any], int]:
    """Send an act until it is answered, as the page of the desk does; return how often."""
    tries, until = 0, time.monotonic() + PATIENCE
    while True:
        tries += 1
        try:
            body = visitor.post(order.path, order.facts, fetch=True)
        except (OSError, http.client.HTTPException):
            visitor.close()
            assert time.monotonic() < until, f"no answer to {order}"
            time.sleep(0.1)
            continue
        assert not any(word in body.lower() for word in RAW), f"a raw error reached a desk: {body}"
        said: dict[str, Any] = json.loads(body)
        if "cùng ghi một lúc" in said["headline"]:  # busy: nothing was done, it is sent again
            assert time.monotonic() < until, f"never done: {order}"
            time.sleep(0.1)
            continue
        return said, tries


def _say_again(visitors: list[Visitor], done: Done, seed: int) -> None:
    """Send acts answered long ago once more: they answer alike, and nothing happens."""
    before = _events()
    dice = random.Random(seed)
    for key in dice.sample(sorted(done.told), min(AGAIN, len(done.told))):
        order, said = done.told[key]
        desk = int(key[1:].partition("-")[0])
        again, _ = _until_answered(visitors[desk], order)
        both = (said["headline"], again["headline"])
        assert both[0] == both[1], f"{order.word} {key} answers otherwise: {both}"
    assert _events() == before, "an act sent again did something"


def _events() -> int:
    with db.reading() as session:
        return session.scalar(select(func.count()).select_from(EventRow)) or 0


# --- afterwards ------------------------------------------------------------------------------

# What each command leaves in the log where it did what it says.
LEFT: Final = {
    "lent": "loan_checked_out",
    "renewed": "loan_renewed",
    "hold_placed": "hold_placed",
    "paid": "payment_taken",
}


def compare(done: Done, first_event: int) -> None:
    """Compare what was answered with what is stored."""
    with db.reading() as session:
        stored = {
            row.key: row
            for row in session.scalars(select(DeskCommand).where(DeskCommand.key.like("c%-%")))
        }
        lost = done.told.keys() - stored.keys()
        assert not lost, f"answered and lost: {[done.told[key] for key in lost][:3]}"
        assert not stored.keys() - done.told.keys(), "done, and nobody asked"
        for key, (_order, said) in done.told.items():
            assert stored[key].result["tone"] == said["tone"], f"{key} was answered otherwise"
        codes = Counter(row.result["headline"]["code"] for row in stored.values())
        kinds = Counter(
            session.scalars(select(EventRow.kind).where(EventRow.id > first_event)).all()
        )
        for code, kind in LEFT.items():
            assert kinds[kind] == codes[code], f"{codes[code]} {code}, {kinds[kind]} {kind}"
        back = sum(
            bool(r.result["ok"] and r.command == "check_in" and r.result["loan"])
            for r in stored.values()
        )
        assert kinds["item_checked_in"] == back, "returns answered and returns told differ"
        paid = session.scalar(select(func.sum(Receipt.amount))) or 0
        lines = select(func.sum(LedgerEntry.amount)).where(LedgerEntry.kind == "payment")
        assert paid == 1000 * codes["paid"] == (session.scalar(lines) or 0)
        check_all(session)
