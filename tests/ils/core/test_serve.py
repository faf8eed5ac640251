"""``./sen run``: two processes watched by a third, a clear word when it cannot start."""

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import psutil
import pytest

from bench.postgres import free_port
from ils.core.serve import ROOT

PATIENCE_SECONDS = 40


def until(condition: object, what: str) -> None:
    """Wait until a function answers true."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not condition():  # type: ignore[operator]
        assert time.monotonic() < deadline, what
        time.sleep(0.1)


class Running:
    """``run --empty`` as a process of its own."""

    def __init__(self, data: Path) -> None:
        self.port, self.log = free_port(), data / "run.log"
        environment = {k: v for k, v in os.environ.items() if not k.startswith("SEN_")}
        words = ["run", "--empty", "--port", str(self.port), "--data", str(data)]
        with self.log.open("wb") as out:
            self.process = psutil.Popen(
                [sys.executable, "-m", "ils.cli", *words],
                cwd=ROOT,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=subprocess.STDOUT,
            )
        until(lambda: "Sen is ready" in self.said() or self.process.poll() is not None, "ready")
        assert self.process.poll() is None, self.said()

    def said(self) -> str:
        """Return all it printed."""
        return self.log.read_text("utf-8")

    def worker(self) -> psutil.Process | None:
        """Return the worker beside the web server."""
        for child in self.process.children():
            with suppress(psutil.NoSuchProcess):
                if child.cmdline()[-1:] == ["worker"] and child.status() != "zombie":
                    return child
        return None

    def healthy(self) -> bool:
        """Tell whether pages are served."""
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/healthz", timeout=5) as answer:
            return bool(answer.status == 200)


@pytest.fixture
def running(tmp_path: Path) -> Iterator[Running]:
    """The program, running on an empty data folder."""
    started = Running(tmp_path)
    family = [started.process, *started.process.children(recursive=True)]
    yield started
    for process in family:
        with suppress(psutil.NoSuchProcess):
            process.kill()
    started.process.wait(timeout=10)


def test_a_worker_that_died_is_started_again(running: Running) -> None:
    assert running.healthy()
    first = running.worker()
    assert first is not None
    first.kill()
    until(lambda: (w := running.worker()) is not None and w.pid != first.pid, "a new worker")
    assert "the worker ended by itself" in running.said()
    assert running.healthy()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGKILL])
def test_ending_it_ends_both_processes(running: Running, number: signal.Signals) -> None:
    assert running.healthy()
    family = running.process.children(recursive=True)
    assert len(family) >= 3  # the web server, a process of it, the worker
    running.process.send_signal(number)
    code = running.process.wait(timeout=PATIENCE_SECONDS)
    assert code == (0 if number != signal.SIGKILL else -signal.SIGKILL)
    _, alive = psutil.wait_procs(family, timeout=PATIENCE_SECONDS)
    assert alive == []
    with pytest.raises(OSError, match="refused"):
        running.healthy()


def test_a_port_that_is_taken_is_said_plainly(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        words = ["run", "--empty", "--port", str(port), "--data", str(tmp_path)]
        done = subprocess.run(
            [sys.executable, "-m", "ils.cli", *words],
            cwd=ROOT,
            env={k: v for k, v in os.environ.items() if not k.startswith("SEN_")},
            capture_output=True,
            text=True,
            check=False,
        )
    assert done.returncode == 1
    assert f"port {port} is taken" in done.stderr
    assert "Traceback" not in done.stderr
