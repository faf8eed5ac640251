"""``./sen bench`` and ``./sen soak``: the measuring scripts live in ``bench/``."""

import importlib
import os

import click

NAMES = {
    "batch": "bench.batch",
    "import": "bench.import_",
    "search": "bench.search",
    "desk": "bench.desk",
    "editor": "bench.editor",
    "fines": "bench.fines",
    "pages": "bench.pages",
    "start": "bench.start",
    "report": "bench.report",
    "sip2": "bench.sip2",
}


@click.command()
@click.argument("name", type=click.Choice(list(NAMES)))
@click.option("--records", type=click.IntRange(min=1), help="How much data to make.")
@click.option("--seconds", type=float, help="How long to go on (desk, sip2).")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def bench(name: str, records: int | None, seconds: float | None, *, as_json: bool) -> None:
    """Measure the program on data it makes itself in a scratch folder, pinned to two cores."""
    if seconds is not None and name not in ("desk", "sip2"):
        raise click.UsageError("--seconds goes with the benches desk and sip2 only")
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:2])
    more = {} if seconds is None else {"seconds": seconds}
    importlib.import_module(NAMES[name]).run(records, as_json, **more)


@click.command()
@click.option("--steps", default=100_000, show_default=True, help="How many acts on each database.")
@click.option("--seed", default=1, show_default=True, help="Of the dice; the same acts come again.")
@click.option("--crash", is_flag=True, help="Sixteen desks, and the server killed under them.")
@click.option("--seconds", default=120.0, show_default=True, help="With --crash: on each database.")
def soak(steps: int, seed: int, seconds: float, *, crash: bool) -> None:
    """Do everything the desk can do at random, checking every rule after each step."""
    if crash:
        importlib.import_module("bench.crash").run(seconds, seed)
    else:
        importlib.import_module("bench.soak").run(steps, seed)
