"""``./sen soak``: lend, return, renew, hold, pay and undo at random for long, every law checked
after every step, on SQLite and, where it is installed, on PostgreSQL."""

import random
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from bench.postgres import private_cluster
from bench.town import World
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
                        print(f"  {use_case.__name__} {words} -> {answer}")
                    raise
        seconds = time.monotonic() - began
        print(f"{name}: {world.steps} steps in {seconds:.0f} s, every law held (seed {seed}).")
    finally:
        db.disconnect()


def step(world: World, dice: random.Random) -> None:
    """Do one act chosen by the dice."""

    def n(limit: int = 1000) -> int:
        return dice.randrange(limit)

    def maybe(chance: float = 0.5) -> bool:
        return dice.random() < chance

    acts: tuple[tuple[int, Callable[[], None]], ...] = (
        (24, lambda: world.lend(n(), n(), n(), insist=maybe(0.4))),
        (22, lambda: world.give_back(n(), n(), n(9) if maybe(0.2) else 0, drop=maybe(0.1))),
        (8, lambda: world.renew_one(n(), n(), insist=maybe(0.3))),
        (3, lambda: world.renew_everything(n())),
        (10, lambda: world.hold(n(), n(), n(), this_copy=maybe(0.3), asleep=maybe(0.2))),
        (9, lambda: world.change_hold(n(), n(), n())),
        (2, lambda: world.send_away(n(), n())),
        (2, lambda: world.change_transit(n(), n(), n())),
        (9, lambda: world.money(n(), n(), n())),
        (2, lambda: world.enter_paper(n(), n(), n())),
        (1, lambda: world.visit(n())),
        (6, world.undo_last),
        (4, world.repeat_last),
        (6, lambda: world.days_pass(n())),
    )
    (act,) = dice.choices([a for _, a in acts], weights=[w for w, _ in acts])
    act()
    world.wait(n())
