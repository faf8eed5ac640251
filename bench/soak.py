"""``./sen soak``: everything the desk can do, at random for long, on SQLite and, where it is installed,
on PostgreSQL, side by side. Every law is checked after every fifth step; the newest eight are shown
when one is broken."""

import random
import tempfile
import time
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import Any

from bench.postgres import private_cluster, programs
from bench.town import ACTS, World
from circulation.desk import DeskResult
from ils.core import db
from ils.core.config import Config, use
from ils.core.migrate import upgrade_database

BETWEEN_RESETS = 250
EVERY = 5  # steps between two checks of the laws, which cost more than a step


def run(steps: int, seed: int = 1) -> None:
    """Do so many steps on each database and print what was done; the first broken law ends it.

    The two databases are soaked side by side, each in a process of its own.
    """
    with ProcessPoolExecutor(2, get_context("spawn")) as both:
        for done in [both.submit(one, steps, seed) for one in (_on_sqlite, _on_postgres)]:
            done.result()


def _on_sqlite(steps: int, seed: int) -> None:
    with tempfile.TemporaryDirectory(prefix="sen-soak-") as folder:
        _soak("SQLite", Config(data_dir=Path(folder), secret_key="soak"), steps, seed)


def _on_postgres(steps: int, seed: int) -> None:
    if programs() is None:
        print("PostgreSQL is not installed: not soaked there.")
        return
    with private_cluster() as url, tempfile.TemporaryDirectory(prefix="sen-soak-") as folder:
        config = Config(data_dir=Path(folder), database_url=url, secret_key="soak")
        _soak("PostgreSQL", config, steps, seed)


def _soak(name: str, config: Config, steps: int, seed: int) -> None:
    use(config)
    db.connect()
    try:
        upgrade_database()
        world, dice, began = World(), random.Random(seed), time.monotonic()
        while world.steps < steps:
            world.reset()
            goal, checked = min(steps, world.steps + BETWEEN_RESETS), world.steps
            while world.steps < goal:
                try:
                    step(world, dice)
                    if world.steps >= min(checked + EVERY, goal):
                        world.check()
                        checked = world.steps
                except Exception as error:
                    print(f"{name}: seed {seed}, step {world.steps}, at {world.now}: {error!r}")
                    for use_case, words, answer in world.recent:
                        print(f"  {use_case.__name__} {words} -> {_short(answer)}", flush=True)
                    raise
        seconds = time.monotonic() - began
        print(
            f"{name}: {world.steps} steps in {seconds:.0f} s, every law held (seed {seed}).",
            flush=True,
        )
    finally:
        db.disconnect()


def _short(answer: Any) -> str:
    if not isinstance(answer, DeskResult):
        return str(answer)
    return f"{answer.code} {answer.facts} {answer.reason_codes()} {answer.details}"


def step(world: World, dice: random.Random) -> None:
    """Do one act chosen by the dice."""
    (act,) = dice.choices(ACTS, weights=[one.weight for one in ACTS])
    act.does(world, *(dice.randrange(1000) for _ in range(3)), dice.random() < 0.4)
    world.wait(dice.randrange(1000))
