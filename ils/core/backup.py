"""Backups: everything a library would miss, in one file, taken while the program runs.

The file is a gzipped tar: a consistent copy of the database, uploaded files, the signing key, and
a manifest with counts and checksums. The search index is left out: it is rebuilt.
"""

import gzip
import hashlib
import json
import os
import shutil
import sqlite3
import subprocess
import tarfile
import tempfile
from pathlib import Path
from typing import Any

from sqlalchemy import func, inspect, select, table
from sqlalchemy.engine import make_url

from ils.core import clock
from ils.core.config import config
from ils.core.db import disconnect, engine
from ils.core.errors import Invalid, Refused

FORMAT = 1
DATABASE = "database"


def back_up(target: Path) -> dict[str, Any]:
    """Write a backup and return its manifest. The file appears whole or not at all."""
    target = target.resolve()
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=target.parent, prefix=".sen-backup-") as scratch:
        folder = Path(scratch)
        kind = engine().dialect.name
        copy = folder / DATABASE
        _copy_sqlite(copy) if kind == "sqlite" else _dump_postgres(copy)
        manifest = {
            "format": FORMAT,
            "made_at": clock.now().isoformat(),
            "database": kind,
            "sha256": _sha256(copy),
            "rows": _counts(copy) if kind == "sqlite" else _live_counts(),
        }
        (folder / "manifest.json").write_text(json.dumps(manifest, indent=1))
        part = folder / "backup.tar.gz"
        with (
            gzip.open(part, "wb", compresslevel=5) as out,
            tarfile.open(fileobj=out, mode="w") as tar,
        ):
            tar.add(folder / "manifest.json", "manifest.json")
            tar.add(copy, DATABASE)
            for name in ("secret.key", "sen.toml", "files"):
                _add_file(tar, config().data_dir / name, f"data/{name}")
        with part.open("rb") as written:
            os.fsync(written.fileno())
        part.replace(target)
    return manifest


def _add_file(tar: tarfile.TarFile, source: Path, name: str) -> None:
    """Add a file, or a folder with what is in it; what goes away meanwhile is left out."""
    try:
        tar.add(source, name, recursive=False)
        if source.is_dir():
            for inner in sorted(source.iterdir()):
                _add_file(tar, inner, f"{name}/{inner.name}")
    except FileNotFoundError:
        return


def restore(source: Path) -> dict[str, Any]:
    """Bring back a backup into the data folder; what was there is set aside beside it.

    Raises ``Invalid`` for a file that is no whole backup, ``Refused`` when it is of the other
    kind of database. The program must not be running.
    """
    with tempfile.TemporaryDirectory(prefix="sen-restore-") as scratch:
        folder = Path(scratch)
        manifest = _unpack(source, folder)
        if manifest["database"] != engine().dialect.name:
            raise Refused("backup_of_other_database", database=manifest["database"])
        if manifest["database"] == "sqlite":
            _put_back_sqlite(folder / DATABASE)
        else:
            _load_postgres(folder / DATABASE)
        data = folder / "data"
        if data.exists():
            shutil.copytree(data, config().data_dir, dirs_exist_ok=True)
    index = config().index_dir
    if index.exists():
        shutil.rmtree(index)
    return manifest


def _unpack(source: Path, folder: Path) -> dict[str, Any]:
    try:
        with tarfile.open(source, "r:gz") as tar:
            tar.extractall(folder, filter="data")
        manifest: dict[str, Any] = json.loads((folder / "manifest.json").read_text())
    except (tarfile.TarError, OSError, EOFError, ValueError) as error:
        raise Invalid("backup_unreadable", file=str(source)) from error
    if manifest.get("format") != FORMAT or _sha256(folder / DATABASE) != manifest["sha256"]:
        raise Invalid("backup_damaged", file=str(source))
    return manifest


def _sqlite_file() -> Path:
    return Path(make_url(config().url).database or "")


def _copy_sqlite(target: Path) -> None:
    """Copy by SQLite's own backup, which is consistent while others write."""
    with sqlite3.connect(_sqlite_file(), timeout=30) as live, sqlite3.connect(target) as copy:
        live.backup(copy, pages=2000, sleep=0.005)
        copy.execute("PRAGMA journal_mode=DELETE")
    live.close()
    copy.close()


def _put_back_sqlite(copy: Path) -> None:
    disconnect()
    live = _sqlite_file()
    live.parent.mkdir(parents=True, exist_ok=True)
    stamp = clock.local(clock.now()).strftime("%Y%m%d-%H%M%S")
    for suffix in ("", "-wal", "-shm"):
        old = live.with_name(live.name + suffix)
        if old.exists():
            old.rename(old.with_name(f"{live.name}.before-restore-{stamp}{suffix}"))
    shutil.copyfile(copy, live)


def _dump_postgres(target: Path) -> None:
    _run_postgres("pg_dump", "--format=custom", f"--file={target}")


def _load_postgres(copy: Path) -> None:
    disconnect()
    _run_postgres(
        "pg_restore",
        "--clean",
        "--if-exists",
        "--no-owner",
        "--exit-on-error",
        "--single-transaction",
        str(copy),
    )


def _run_postgres(program: str, *words: str) -> None:
    url = make_url(config().url)
    if shutil.which(program) is None:
        raise Refused("program_missing", program=program)
    environment = {**os.environ, "PGPASSWORD": url.password or ""}
    where = [f"--host={url.host or 'localhost'}", f"--port={url.port or 5432}"]
    where += [f"--username={url.username or ''}", f"--dbname={url.database}"]
    done = subprocess.run(
        [program, *where, *words], env=environment, capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise Refused("program_failed", program=program, message=done.stderr[-500:])


def _counts(copy: Path) -> dict[str, int]:
    with sqlite3.connect(copy) as opened:
        names = [r[0] for r in opened.execute("SELECT name FROM sqlite_master WHERE type='table'")]
        found = {n: opened.execute(f'SELECT count(*) FROM "{n}"').fetchone()[0] for n in names}
    opened.close()
    return found


def _live_counts() -> dict[str, int]:
    with engine().connect() as connection:
        names = inspect(connection).get_table_names()
        return {
            n: connection.execute(select(func.count()).select_from(table(n))).scalar_one()
            for n in names
        }


def _sha256(file: Path) -> str:
    digest = hashlib.sha256()
    with file.open("rb") as opened:
        while block := opened.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()
