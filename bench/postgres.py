"""A private PostgreSQL cluster that lives as long as a block; used by measurements and tests."""

import os
import pwd
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


def programs() -> Path | None:
    """Return the folder of PostgreSQL's programs, which Debian keeps out of PATH; None without."""
    found = shutil.which("initdb")
    if found is not None:
        return Path(found).resolve().parent
    places = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda p: int(p.parent.name))
    return places[-1] if places else None


def free_port() -> int:
    """Return a port nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def private_cluster(*, durable: bool = False) -> Iterator[str]:
    """Start a cluster on this machine only and give the URL of its first database.

    As root it runs as an unprivileged user, since ``initdb`` refuses root. ``durable`` keeps
    fsync on, as a real server has it. Raises ``FileNotFoundError`` without PostgreSQL.
    """
    folder = programs()
    if folder is None:
        raise FileNotFoundError("PostgreSQL is not installed (Debian: postgresql)")
    home = Path(tempfile.mkdtemp(prefix="sen-pg-"))
    data, port = home / "data", free_port()
    as_user: list[str] = []
    if os.geteuid() == 0:
        owner = _unprivileged()
        shutil.chown(home, owner)
        as_user = ["runuser", "-u", owner, "--"]
    settings = f"-p {port} -k {home} -c listen_addresses=127.0.0.1 -c max_connections=200"
    if not durable:
        settings += " -c fsync=off -c full_page_writes=off"
    control = [*as_user, str(folder / "pg_ctl"), "-D", str(data)]
    try:
        encoding = ["--auth=trust", "--encoding=UTF8", "--locale=C", "--no-sync"]
        _run([*as_user, str(folder / "initdb"), "-D", str(data), "-U", "sen", *encoding])
        _run([*control, "-w", "-t", "60", "-l", str(home / "log"), "-o", settings, "start"])
        yield f"postgresql+psycopg://sen@127.0.0.1:{port}/postgres"
    finally:
        subprocess.run([*control, "-m", "immediate", "stop"], **_QUIET, check=False)  # type: ignore[call-overload]
        shutil.rmtree(home, ignore_errors=True)


_QUIET = {"stdin": subprocess.DEVNULL, "stdout": subprocess.DEVNULL, "cwd": "/"}


def _run(command: list[str]) -> None:
    # Not captured: the server inherits the pipe and would keep it open.
    with tempfile.TemporaryFile() as said:
        done = subprocess.run(command, **_QUIET, stderr=said, check=False)  # type: ignore[call-overload]
        if done.returncode:
            said.seek(0)
            raise RuntimeError(f"{command[-1]}: {said.read().decode('utf-8', 'replace')[-1000:]}")


def _unprivileged() -> str:
    """Return a user to run the server as: Debian's ``postgres``, else ``nobody``."""
    names = {entry.pw_name for entry in pwd.getpwall()}
    return "postgres" if "postgres" in names else "nobody"
