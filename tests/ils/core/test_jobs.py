"""Jobs are done once, tell how far they are, can be canceled, and survive a dead worker."""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from ils.accounts.actor import system_actor
from ils.core import clock, db, jobs


@pytest.fixture
def kinds(monkeypatch: pytest.MonkeyPatch, both: Engine) -> dict[str, jobs.JobFunction]:
    """Let a test declare its own kinds of jobs."""
    made: dict[str, jobs.JobFunction] = {}
    monkeypatch.setattr(jobs, "JOB_KINDS", made)
    return made


def queue(kind: str, **args: Any) -> int:
    with db.transaction() as session:
        return jobs.enqueue(session, system_actor(), kind, **args).id


def job(job_id: int) -> jobs.Job:
    with db.reading() as session:
        return session.get_one(jobs.Job, job_id)


def test_a_job_tells_its_progress_and_its_result(kinds: dict[str, jobs.JobFunction]) -> None:
    def count(progress: jobs.Progress, args: dict[str, Any]) -> dict[str, Any]:
        progress.tell(3, 10, "three")
        return {"sum": args["a"] + 1}

    kinds["count"] = count
    job_id = queue("count", a=41)
    assert jobs.run_next_job()
    assert not jobs.run_next_job()
    done = job(job_id)
    assert (done.status, done.done, done.total, done.result) == ("done", 3, 10, {"sum": 42})


def test_a_canceled_job_stops_at_its_next_word(kinds: dict[str, jobs.JobFunction]) -> None:
    def endless(progress: jobs.Progress, _args: dict[str, Any]) -> None:
        for i in range(1000):
            if i == 2:
                with db.transaction() as session:
                    jobs.stop_job(session, progress.job_id)
            progress.tell(i)

    kinds["endless"] = endless
    job_id = queue("endless")
    jobs.run_next_job()
    assert job(job_id).status == "canceled"
    assert job(job_id).done == 2


def test_a_job_that_waits_is_stopped_before_it_begins_and_one_that_is_done_stays_done(
    kinds: dict[str, jobs.JobFunction],
) -> None:
    begun: list[dict[str, Any]] = []
    kinds["note"] = lambda _progress, args: begun.append(args)
    done, waits = queue("note", n=1), queue("note", n=2)
    jobs.run_next_job()
    with db.transaction() as session:
        for job_id in (done, waits, None):
            jobs.stop_job(session, job_id)
    assert not jobs.run_next_job()
    assert begun == [{"n": 1}]
    assert (job(done).status, job(waits).status) == ("done", "canceled")
    assert job(waits).finished_at is not None
    with db.reading() as session:
        assert jobs.has_stopped(session.get_one(jobs.Job, waits))


def test_long_work_is_done_in_parts_and_keeps_what_it_did_when_stopped(
    kinds: dict[str, jobs.JobFunction], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(jobs, "BREATH", 0)
    left = [5]

    def part(session: Session) -> int:
        left[0] -= min(2, left[0])
        if left[0] == 1:
            jobs.stop_job(session, job_id)
        return left[0]

    kinds["parts"] = lambda progress, _args: jobs.do_in_parts(progress, 2, part)
    job_id = queue("parts")
    jobs.run_next_job()
    stopped = job(job_id)
    assert (stopped.status, stopped.done, stopped.total, left) == ("canceled", 4, 5, [1])
    job_id = queue("parts")
    jobs.run_next_job()
    assert (job(job_id).status, left) == ("done", [0])


def test_a_failed_job_says_why_and_stops_nothing(kinds: dict[str, jobs.JobFunction]) -> None:
    def fail(_progress: jobs.Progress, _args: dict[str, Any]) -> None:
        raise ValueError("no such file")

    kinds["fail"], kinds["fine"] = fail, lambda _p, _a: None
    first, second = queue("fail"), queue("fine")
    while jobs.run_next_job():
        pass
    assert (job(first).status, job(first).message) == ("failed", "ValueError: no such file")
    assert job(second).status == "done"


def test_a_job_whose_worker_died_is_taken_up_again(kinds: dict[str, jobs.JobFunction]) -> None:
    kinds["slow"] = lambda _p, _a: {"ok": True}
    job_id = queue("slow")
    with db.transaction() as session:
        row = session.get_one(jobs.Job, job_id)
        row.status, row.heartbeat_at = "running", clock.now()
    assert not jobs.run_next_job()
    with clock.at(clock.now() + timedelta(minutes=2)):
        assert jobs.run_next_job()
    assert job(job_id).status == "done"


def test_a_daily_job_missed_while_the_power_was_off_is_caught_up(
    monkeypatch: pytest.MonkeyPatch, both: Engine
) -> None:
    ran: list[str] = []
    daily = jobs.Periodic("daily", lambda: ran.append("x"), daily_at="03:00")
    monkeypatch.setattr(jobs, "PERIODIC", {"daily": daily})
    noon = clock.at_local(clock.today(), 12)
    with clock.at(noon):
        jobs.run_due_periodic()
        jobs.run_due_periodic()
    assert ran == ["x"]
    with clock.at(noon + timedelta(days=1, hours=-11)):  # one in the morning: too early
        jobs.run_due_periodic()
    assert ran == ["x"]
    with clock.at(noon + timedelta(days=3)):
        jobs.run_due_periodic()
    assert ran == ["x", "x"]
