"""Running the program: gunicorn for pages and one worker beside it, watched by this process.

No broker, no second service: what must survive lies in the database. A worker that dies is
started again; Ctrl-C ends both cleanly.
"""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

from ils.core.config import config
from ils.core.errors import Refused

ROOT = Path(__file__).resolve().parents[2]


def require_free_port(host: str, port: int) -> None:
    """Raise ``Refused('port_in_use')`` when somebody listens there already."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise Refused("port_in_use", host=host, port=port) from error


def lan_address() -> str | None:
    """Return this machine's address on the local network, without sending anything."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1", 9))
        except OSError:
            return None
        address = str(probe.getsockname()[0])
    return None if address.startswith("127.") else address


def gunicorn_command(host: str, port: int, workers: int, threads: int) -> list[str]:
    """Return the command line of the web server."""
    return [
        sys.executable,
        "-m",
        "gunicorn",
        "wsgi:app",
        *("--bind", f"{host}:{port}"),
        *("--workers", str(workers), "--threads", str(threads)),
        *("--worker-class", "gthread", "--timeout", "120", "--graceful-timeout", "20"),
        *("--keep-alive", "15", "--no-control-socket", "--log-level", "warning"),
    ]


def child_environment() -> dict[str, str]:
    """Return the environment the two processes run in: the settings of this one."""
    environment = dict(os.environ)
    environment["SEN_DATA_DIR"] = str(config().data_dir.resolve())
    if config().database_url:
        environment["SEN_DATABASE_URL"] = config().database_url
    environment["PYTHONPATH"] = str(ROOT)
    return environment


class Supervisor:
    """Keeps the web server and the worker running until it is told to stop."""

    def __init__(self, commands: dict[str, list[str]], announce: Callable[[], None]) -> None:
        self.commands = commands
        self.announce = announce
        self.children: dict[str, subprocess.Popen[bytes]] = {}
        self.stopping = False

    def run(self, ready: Callable[[], bool], wait_seconds: float = 60) -> int:
        """Start all, announce when ``ready`` answers true, watch; return the exit code."""
        signal.signal(signal.SIGTERM, self._stop)
        signal.signal(signal.SIGINT, self._stop)
        for name in self.commands:
            self._start(name)
        deadline = time.monotonic() + wait_seconds
        while not self.stopping and not ready():
            if self.children["web"].poll() is not None or time.monotonic() > deadline:
                self._end()
                return 1
            time.sleep(0.05)
        if not self.stopping:
            self.announce()
        return self._watch()

    def _start(self, name: str) -> None:
        self.children[name] = subprocess.Popen(
            self.commands[name], cwd=ROOT, env=child_environment(), start_new_session=True
        )

    def _watch(self) -> int:
        code = 0
        while not self.stopping:
            time.sleep(0.3)
            if self.children["web"].poll() is not None:
                code = self.children["web"].returncode or 0
                break
            worker = self.children.get("worker")
            if worker is not None and worker.poll() is not None and not self.stopping:
                time.sleep(1)
                self._start("worker")
        self._end()
        return code

    def _stop(self, _signal: int, _frame: object) -> None:
        self.stopping = True

    def _end(self) -> None:
        for child in self.children.values():
            if child.poll() is None:
                child.terminate()
        deadline = time.monotonic() + 25
        for child in self.children.values():
            try:
                child.wait(timeout=max(0.1, deadline - time.monotonic()))
            except subprocess.TimeoutExpired:
                child.kill()


def answers(host: str, port: int) -> bool:
    """Tell whether the web server accepts connections."""
    where = "127.0.0.1" if host in ("0.0.0.0", "") else host
    try:
        with socket.create_connection((where, port), timeout=0.5):
            return True
    except OSError:
        return False
