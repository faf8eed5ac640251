"""The worker: one small process that delivers the outbox, does jobs and runs periodic jobs.

Deliveries and jobs run in two threads, so that the index stays fresh while a long job runs.
"""

import logging
import os
import threading
import time
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from types import FrameType
from typing import Any

import ils.core.files  # noqa: F401 — its sweep is a periodic job
from ils.core import jobs, outbox
from ils.core.db import reading, transaction
from ils.core.memory import give_back

log = logging.getLogger("sen.worker")
PAUSE = 0.25
GATHER = 2.0  # seconds: what follows a delivery is delivered together, in one commit of the index
PATIENCE = (
    10.0  # seconds that what is in no hurry is gathered: a commit costs more than its changes
)
TOGETHER = 1000  # messages delivered at once


def give_way() -> None:
    """Let the pages have the processor first: nobody waits for what the worker does.

    Where the system knows of idle scheduling a page takes the processor over at once, instead of
    waiting for the end of the worker's turn.
    """
    os.nice(10)
    if hasattr(os, "SCHED_IDLE"):
        os.sched_setscheduler(0, os.SCHED_IDLE, os.sched_param(0))


class Worker:
    """Runs until ``stop`` is called.

    ``around`` is what each thread works in, such as the application with its languages: a thread
    inherits nothing of the one that began it.
    """

    def __init__(self, around: Callable[[], AbstractContextManager[Any]] = nullcontext) -> None:
        self.stopping = threading.Event()
        self.around = around

    def stop(self, _signal: int = 0, _frame: FrameType | None = None) -> None:
        """Ask both threads to end after what they are doing."""
        self.stopping.set()

    def run(self) -> None:
        """Serve until stopped."""
        with transaction() as session:
            for name, consumer in outbox.CONSUMERS.items():
                outbox.register_consumer(session, name, consumer.kinds)
        threads = [
            threading.Thread(
                target=self._inside, args=(self._deliver,), name="outbox", daemon=True
            ),
            threading.Thread(target=self._inside, args=(self._work,), name="jobs", daemon=True),
        ]
        for thread in threads:
            thread.start()
        while not self.stopping.wait(0.5):
            pass
        for thread in threads:
            thread.join(timeout=20)

    def _inside(self, loop: Callable[[], None]) -> None:
        with self.around():
            loop()

    def _deliver(self) -> None:
        while not self.stopping.is_set():
            try:
                # each gets its turn
                worked = [deliver_once(name, patience=PATIENCE) for name in outbox.CONSUMERS]
                busy = any(worked)
                if busy:
                    give_back()
            except Exception:  # the loop must outlive a database that is away for a moment
                log.exception("delivery failed")
                time.sleep(2)
                continue
            self.stopping.wait(GATHER if busy else PAUSE)

    def _work(self) -> None:
        next_look = 0.0
        while not self.stopping.is_set():
            try:
                if time.monotonic() >= next_look:
                    jobs.run_due_periodic()
                    next_look = time.monotonic() + 20
                busy = jobs.run_next_job()
                if busy:
                    give_back()
            except Exception:
                log.exception("job loop failed")
                time.sleep(2)
                continue
            if not busy:
                self.stopping.wait(PAUSE * 2)


def deliver_once(name: str, limit: int = TOGETHER, *, patience: float = 0.0) -> bool:
    """Deliver what waits for one consumer; return False when nothing did, or may wait longer."""
    work = outbox.CONSUMERS[name].work
    with reading() as session:
        if not outbox.is_due(session, name, patience, limit):
            return False
    with transaction() as session:
        claimed = outbox.claim(session, name, limit)
    if not claimed:
        return False
    try:
        work(claimed)
    except Exception as error:
        log.exception("consumer %s failed", name)
        with transaction() as session:
            outbox.failed(session, claimed, f"{type(error).__name__}: {error}")
        return True
    with transaction() as session:
        outbox.delivered(session, claimed)
    return True
