"""Running the program: gunicorn for pages and one worker beside it, watched by this process.

No broker, no second service: what must survive lies in the database. A worker that dies is
started again; Ctrl-C, a closed terminal or the end of this process ends both cleanly.
"""

import ctypes
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

FIRST_PAUSE, LONGEST_PAUSE = 1.0, 60.0  # seconds before a worker that died is started again
_PR_SET_PDEATHSIG = 1


def require_free_port(host: str, port: int) -> None:
    """Raise ``Refused('port_in_use')`` when somebody listens there already."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
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
    """Return the command line of the web server.

    The application is loaded once and the web processes part from it, so they share its memory.
    """
    where = f"[{host}]" if ":" in host else host
    return [
        *(sys.executable, "-m", "gunicorn", "wsgi:app"),
        *("--config", "python:ils.core.gunicorn_hooks", "--preload"),
        *("--bind", f"{where}:{port}"),
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
    """Keeps the web server and the worker running until it is told to stop.

    ``commands`` holds the command line of ``web`` and of its helpers: the worker, and what else
    is to run beside it;
    ``announce`` is called once the web server answers; ``say`` is given what goes wrong.
    """

    def __init__(
        self,
        commands: dict[str, list[str]],
        announce: Callable[[], None],
        say: Callable[[str], None],
    ) -> None:
        self.commands = commands
        self.announce = announce
        self.say = say
        self.children: dict[str, subprocess.Popen[bytes]] = {}
        self.stopping = False
        self._pauses: dict[str, tuple[float, float]] = {}

    def run(self, ready: Callable[[], bool], wait_seconds: float = 60) -> int:
        """Start all, announce when ``ready`` answers true, watch; return the exit code."""
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            signal.signal(number, self._stop)
        for name in self.commands:
            self._start(name)
        deadline = time.monotonic() + wait_seconds
        while not self.stopping and not ready():
            if self.children["web"].poll() is not None or time.monotonic() > deadline:
                self.say("the web server did not start; what it said stands above")
                self._end()
                return 1
            time.sleep(0.05)
        if not self.stopping:
            self.announce()
        return self._watch()

    def _start(self, name: str) -> None:
        self.children[name] = subprocess.Popen(
            self.commands[name],
            cwd=ROOT,
            env=child_environment(),
            stdin=subprocess.DEVNULL,
            start_new_session=True,
            preexec_fn=_end_with_parent,  # noqa: PLW1509  # this process has no threads
        )

    def _watch(self) -> int:
        code = 0
        while not self.stopping:
            time.sleep(0.3)
            if self.children["web"].poll() is not None:
                code = self.children["web"].returncode or 1
                self.say("the web server ended by itself")
                break
            self._watch_helpers()
        self._end()
        return code

    def _watch_helpers(self) -> None:
        """Start a helper that died again, after a pause that grows while it keeps dying."""
        now = time.monotonic()
        for name, child in list(self.children.items()):
            if name == "web" or child.poll() is None:
                continue
            pause, restart_at = self._pauses.get(name, (FIRST_PAUSE, 0.0))
            if not restart_at:
                code = child.returncode
                self.say(f"the {name} ended by itself (code {code}); it is started again")
                self._pauses[name] = (pause, now + pause)
            elif now >= restart_at:
                self._pauses[name] = (min(LONGEST_PAUSE, pause * 2), 0.0)
                self._start(name)

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


def _end_with_parent() -> None:
    """Ask Linux to end this child when the watching process is gone, however it went."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)


def answers(host: str, port: int) -> bool:
    """Tell whether the web server answers a request."""
    where = {"0.0.0.0": "127.0.0.1", "": "127.0.0.1", "::": "::1"}.get(host, host)
    try:
        with socket.create_connection((where, port), timeout=10) as connection:
            connection.sendall(b"GET /healthz HTTP/1.0\r\nHost: localhost\r\n\r\n")
            return connection.recv(5) == b"HTTP/"
    except OSError:
        return False
