"""``./sen soak``: everything the desk can do, at random for long, every law checked after every step,
on SQLite and, where it is installed, on PostgreSQL."""

import random
import tempfile
import time
from pathlib import Path
from typing import Any

from bench.postgres import private_cluster
from bench.town import ACTS, World
from circulation.desk import DeskResult
from ils.core import db
from ils.core.config import Config, use
from ils.core.migrate import upgrade_database

BETWEEN_RESETS = 250


def run(steps: int, seed: int = 1) -> None:
    """Do so many steps on each database and print what was done; the first broken law ends it."""
    with tempfile.TemporaryDirectory(prefix="sen-soak-") as folder:
        _soak("SQLite", Config(data_dir=Path(folder), secret_key="soak"), steps, seed)
    try:
        with private_cluster() as url, tempfile.TemporaryDirectory() as folder:
            config = Config(data_dir=Path(folder), database_url=url, secret_key="soak")
            _soak("PostgreSQL", config, steps, seed)
    except FileNotFoundError:
        print("PostgreSQL is not installed: not soaked there.")


def _soak(name: str, config: Config, steps: int, seed: int) -> None:
    use(config)
    db.connect()
    try:
        upgrade_database()
        world, dice, began = World(), random.Random(seed), time.monotonic()
        while world.steps < steps:
            world.reset()
            goal = min(steps, world.steps + BETWEEN_RESETS)
            while world.steps < goal:
                try:
                    step(world, dice)
                    world.check()
                except Exception:
                    print(f"{name}: seed {seed}, step {world.steps}, at {world.now}")
                    for use_case, words, answer in world.recent:
                        print(f"  {use_case.__name__} {words} -> {_short(answer)}")
                    raise
        seconds = time.monotonic() - began
        print(f"{name}: {world.steps} steps in {seconds:.0f} s, every law held (seed {seed}).")
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
