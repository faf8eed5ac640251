"""What every bench needs: a scratch folder, percentiles, memory, the conditions, one table."""

import os
import platform
import shutil
import sqlite3
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import click
import orjson

from ils.core import db
from ils.core.config import Config, use
from ils.core.migrate import upgrade_database

PACKAGES = ("SQLAlchemy", "Flask", "gunicorn", "tantivy", "psycopg")


@dataclass(frozen=True)
class Figure:
    """One measured value. ``budget`` is what the design allows, in words; ``met`` compares."""

    key: str
    label: str
    value: float | None
    unit: str
    budget: str = ""
    met: bool | None = None


@dataclass(frozen=True)
class Times:
    """Many measurements of the same thing, in milliseconds."""

    key: str
    label: str
    ms: tuple[float, ...]
    p95_at_most: float | None = None

    @property
    def met(self) -> bool | None:
        """Tell whether the budget of the 95th percentile is kept; None without one."""
        p95 = percentile(self.ms, 95)
        return None if self.p95_at_most is None else p95 is not None and p95 <= self.p95_at_most

    def figures(self) -> dict[str, float | None]:
        """Return the values by their keys."""
        shares = {f"{self.key}_p{share}_ms": percentile(self.ms, share) for share in (50, 95, 99)}
        return {f"{self.key}_count": len(self.ms), **shares}


@dataclass
class Results:
    """The figures of one bench, printed as tables or as one JSON object."""

    name: str
    sizes: dict[str, Any]
    figures: list[Figure] = field(default_factory=list)
    timed: list[Times] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def add(
        self,
        key: str,
        label: str,
        value: float | None,
        unit: str,
        *,
        at_most: float | None = None,
        at_least: float | None = None,
    ) -> None:
        """Note a figure, with the budget it has."""
        budget, met = "", None
        if at_most is not None:
            budget, met = f"≤ {number(at_most)}", value is not None and value <= at_most
        if at_least is not None:
            budget, met = f"≥ {number(at_least)}", value is not None and value >= at_least
        self.figures.append(Figure(key, label, value, unit, budget, met))

    def times(
        self, key: str, label: str, seconds: Iterable[float], *, p95_at_most: float | None = None
    ) -> None:
        """Note how long something took each time; the budget is in milliseconds."""
        self.timed.append(Times(key, label, tuple(1000 * one for one in seconds), p95_at_most))

    def show(self, *, as_json: bool) -> None:
        """Print everything."""
        click.echo(self.to_json() if as_json else self.to_table())

    def to_json(self) -> str:
        """Return one JSON object."""
        values = {one.key: one.value for one in self.figures}
        met = {one.key: one.met for one in self.figures if one.met is not None}
        for one in self.timed:
            values |= one.figures()
            if one.met is not None:
                met[f"{one.key}_p95_ms"] = one.met
        found = {
            "bench": self.name,
            "sizes": self.sizes,
            "conditions": conditions(),
            "figures": {key: rounded(value) for key, value in values.items()},
            "met": met,
            "notes": self.notes,
        }
        return orjson.dumps(found).decode()

    def to_table(self) -> str:
        """Return tables for people, with the conditions under them."""
        sizes = ", ".join(f"{name} {_said(value)}" for name, value in self.sizes.items())
        lines = [f"bench {self.name}: {sizes}", ""]
        if self.figures:
            lines += [*_aligned(self._plain_rows(), "<><<<"), ""]
        if self.timed:
            lines += [*_aligned(self._timed_rows(), "<>>>><<"), ""]
        lines += [f"note: {note}" for note in self.notes]
        lines += [f"{name}: {value}" for name, value in conditions().items()]
        return "\n".join(lines)

    def _plain_rows(self) -> list[tuple[str, ...]]:
        rows = [(f.label, number(f.value), f.unit, f.budget, _MET[f.met]) for f in self.figures]
        return [("measured", "value", "unit", "budget", ""), *rows]

    def _timed_rows(self) -> list[tuple[str, ...]]:
        rows = [
            (t.label, *map(number, t.figures().values()), _limit(t), _MET[t.met])
            for t in self.timed
        ]
        return [("milliseconds", "times", "p50", "p95", "p99", "p95 budget", ""), *rows]


_MET = {True: "met", False: "MISSED", None: ""}


def _limit(one: Times) -> str:
    return "" if one.p95_at_most is None else f"≤ {number(one.p95_at_most)}"


def _aligned(rows: list[tuple[str, ...]], sides: str) -> list[str]:
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return [
        "  ".join(f"{c:{s}{w}}" for c, s, w in zip(row, sides, widths, strict=True)).rstrip()
        for row in rows
    ]


def _said(value: Any) -> str:
    return f"{value:,}" if isinstance(value, int) else str(value)


def number(value: float | None) -> str:
    """Write a number for people: thousands apart, no more digits than it deserves."""
    if value is None:
        return "–"
    if float(value).is_integer():
        return f"{int(value):,}"
    return (
        f"{value:,.0f}"
        if abs(value) >= 1000
        else f"{value:,.1f}"
        if abs(value) >= 10
        else f"{value:.2f}"
    )


def rounded(value: float | None) -> float | None:
    """Return a value for JSON, to three places."""
    return value if value is None or isinstance(value, int) else round(value, 3)


def percentile(values: Sequence[float], share: float) -> float | None:
    """Return the smallest value that ``share`` percent of the values do not exceed."""
    if not values:
        return None
    ordered = sorted(values)
    rank = -(-len(ordered) * share // 100)  # rounded up
    return ordered[max(0, int(rank) - 1)]


def conditions() -> dict[str, str]:
    """Return what the figures were measured on: machine, cores in use, versions."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    packages = [f"{name} {found}" for name in PACKAGES if (found := _version(name))]
    return {
        "machine": f"{_processor()}, {cores} cores used of {os.cpu_count()}, {_memory()}",
        "system": f"{platform.system()} {platform.release()}, load {os.getloadavg()[0]:.1f}",
        "versions": f"Python {sys.version.split()[0]}, SQLite {sqlite3.sqlite_version}, "
        + ", ".join(packages),
        "at": time.strftime("%Y-%m-%d %H:%M"),
    }


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return ""


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.machine()
    names = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(names, platform.machine())


def _memory() -> str:
    try:
        pages = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (OSError, ValueError):
        return "memory unknown"
    return f"{pages / 2**30:.0f} GiB"


# Memory and sizes.


def memory_mb(pid: int | str = "self", *, what: str = "VmRSS") -> float | None:
    """Return a process's memory in MB; ``VmHWM`` is its peak. None where Linux does not tell."""
    try:
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    except OSError:
        return None
    found = [line.split()[1] for line in lines if line.startswith(what + ":")]
    return int(found[0]) / 1024 if found else None


def own_memory_mb(pid: int) -> float | None:
    """Return what a process would free if it ended alone (its private pages), in MB."""
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    except OSError:
        return None
    private = [int(line.split()[1]) for line in lines if line.startswith("Private_")]
    return sum(private) / 1024


def children_of(pid: int) -> list[int]:
    """Return the processes a process started."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdecimal():
            try:
                parent = (entry / "stat").read_text().rpartition(")")[2].split()[1]
            except OSError:
                continue  # it ended meanwhile
            if int(parent) == pid:
                found.append(int(entry.name))
    return sorted(found)


def size_mb(folder: Path) -> float:
    """Return the size of a file, or of all files of a folder, in MB."""
    files = [folder] if folder.is_file() else [f for f in folder.rglob("*") if f.is_file()]
    return sum(f.stat().st_size for f in files) / 2**20


# The scratch folder.


@contextmanager
def scratch(name: str) -> Iterator[Path]:
    """Make a folder that is removed at the end, however that comes."""
    folder = Path(tempfile.mkdtemp(prefix=f"sen-bench-{name}-"))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def scratch_database(folder: Path, url: str = "") -> Iterator[Config]:
    """Bind this process to an empty, migrated database in a folder (or at a URL)."""
    from ils.core.config import config

    before = config()
    chosen = use(Config(data_dir=folder, database_url=url, secret_key="bench", log_level="WARNING"))
    db.connect()
    try:
        upgrade_database()
        yield chosen
    finally:
        db.disconnect()
        use(before)


def tell(text: str) -> None:
    """Say on stderr what is being done, so that stdout holds the result alone."""
    click.echo(f"bench: {text}", err=True)
