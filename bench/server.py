"""The program served for real, as ``./sen run`` serves it, and a small browser to visit it."""

import gzip
import http.client
import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote, urlencode

from bench.postgres import free_port
from ils.core.config import Config
from ils.core.serve import ROOT, answers, gunicorn_command

WORKERS, THREADS = 2, 4  # the defaults of ./sen run
ACCESS = "%(m)s %(U)s %(s)s %(D)s"  # method, path, status, microseconds
_TOKEN = re.compile(r'name="csrf_token"[^>]*value="([^"]+)"')


@dataclass
class Server:
    """Running processes of the program."""

    port: int
    access_log: Path
    web: subprocess.Popen[bytes]
    worker: subprocess.Popen[bytes]

    def handled(self, method: str, path: str) -> list[float]:
        """Return how many seconds each request to a path took at the server, in order."""
        lines = self.access_log.read_text("utf-8", "replace").splitlines()
        parts = [line.split() for line in lines]
        return [int(p[3]) / 1e6 for p in parts if p[:2] == [method, path] and p[2] == "200"]


@contextmanager
def serving(config: Config, wait_seconds: float = 60) -> Iterator[Server]:
    """Start the web server and the worker on a data folder; end both afterwards."""
    port, log = free_port(), config.data_dir / "access.log"
    log.touch()
    command = gunicorn_command("127.0.0.1", port, WORKERS, THREADS)
    command += ["--access-logfile", str(log), "--access-logformat", ACCESS]
    web = started(config, "web", command)
    worker = started(config, "worker", [sys.executable, "-m", "ils.cli", "worker"])
    try:
        deadline = time.monotonic() + wait_seconds
        while not answers("127.0.0.1", port):
            if web.poll() is not None or time.monotonic() > deadline:
                said = (config.data_dir / "web.log").read_text("utf-8", "replace")
                raise RuntimeError(f"the web server did not start:\n{said[-3000:]}")
            time.sleep(0.05)
        yield Server(port, log, web, worker)
    finally:
        for process in (web, worker):
            end(process)


def environment(config: Config) -> dict[str, str]:
    """Return the environment in which the program finds the scratch data."""
    found = {name: value for name, value in os.environ.items() if not name.startswith("SEN_")}
    found |= {"SEN_DATA_DIR": str(config.data_dir), "PYTHONPATH": str(ROOT)}
    found |= {"SEN_LOG_LEVEL": "WARNING", "MALLOC_ARENA_MAX": "2"}  # the latter as ./sen does
    if config.database_url:
        found["SEN_DATABASE_URL"] = config.database_url
    found.pop("DATABASE_URL", None)
    return found


def started(config: Config, name: str, command: list[str]) -> subprocess.Popen[bytes]:
    """Start a process of the program on a data folder, in a group of its own; ``end`` ends it."""
    with (config.data_dir / f"{name}.log").open("ab") as log:
        return subprocess.Popen(
            command,
            cwd=ROOT,
            env=environment(config),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )


def end(process: subprocess.Popen[bytes]) -> None:
    """End a process that leads a group of its own, and all it started."""
    for number, patience in ((signal.SIGTERM, 25), (signal.SIGKILL, 10)):
        try:
            os.killpg(process.pid, number)
            process.wait(timeout=patience)
        except ProcessLookupError:
            return
        except subprocess.TimeoutExpired:
            continue
        else:
            return


@dataclass
class Visitor:
    """A browser on one kept connection, with its cookies."""

    port: int
    cookies: dict[str, str] = field(default_factory=dict)
    token: str = ""
    _line: http.client.HTTPConnection | None = None

    def get(self, path: str) -> str:
        """Return a page, noting its form's token."""
        text = self._send("GET", path, None, {})
        if found := _TOKEN.search(text):
            self.token = found.group(1)
        return text

    def post(self, path: str, facts: dict[str, str], *, fetch: bool = False) -> str:
        """Send a form; with ``fetch`` as the desk's script does."""
        headers = {"Content-Type": "application/x-www-form-urlencoded"}
        if fetch:
            headers |= {"X-Requested-With": "fetch", "Accept": "application/json"}
        return self._send("POST", path, urlencode({"csrf_token": self.token, **facts}), headers)

    def post_encoded(self, path: str, body: str) -> str:
        """Send a form whose boxes come more than once, in their order, as a script does."""
        headers = {
            "Content-Type": "application/x-www-form-urlencoded",
            "X-Requested-With": "fetch",
        }
        token = urlencode({"csrf_token": self.token})
        return self._send("POST", path, f"{token}&{body}", headers)

    def sign_in(self, username: str, password: str) -> None:
        """Sign a member of staff in and open the desk."""
        self.get("/staff/sign-in")
        self.post("/staff/sign-in", {"username": username, "password": password})
        if "data-scan" not in self.get("/staff/desk"):
            raise RuntimeError(f"{username} could not open the desk")

    def close(self) -> None:
        """Close the connection."""
        if self._line is not None:
            self._line.close()

    def _send(self, method: str, path: str, body: str | None, headers: dict[str, str]) -> str:
        if self._line is None:
            self._line = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        cookie = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        sent = {"Cookie": cookie, "Accept-Encoding": "gzip", **headers}
        try:
            self._line.request(method, path, body, sent)
            answer = self._line.getresponse()
        except (http.client.HTTPException, OSError):  # a kept connection the server closed
            self._line.close()
            self._line.request(method, path, body, sent)
            answer = self._line.getresponse()
        for name, value in answer.getheaders():
            if name.lower() == "set-cookie":
                key, _, rest = value.partition("=")
                self.cookies[key] = rest.partition(";")[0]
        received = answer.read()
        packed = answer.getheader("Content-Encoding") == "gzip"
        text = (gzip.decompress(received) if packed else received).decode()
        if answer.status >= 400:
            raise RuntimeError(f"{method} {path}: {answer.status} {text[:500]}")
        return text


def wait_for_index(port: int, seconds: float = 600) -> None:
    """Wait until the worker has built the index; facets come from it alone."""
    visitor, until = Visitor(port), time.monotonic() + seconds
    while not json.loads(visitor.get(f"/api/v1/search?q={quote('lịch')}&facets=1"))["facets"]:
        if time.monotonic() > until:
            raise RuntimeError("the worker did not build the index in time")
        time.sleep(0.3)
    visitor.close()
