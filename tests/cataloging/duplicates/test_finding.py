"""A look over the whole catalogue: found by numbers and words, in parts, killed and gone on with."""

import os
import signal
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine, select

from cataloging.duplicates import finding, judging
from cataloging.duplicates.models import DuplicatePair, DuplicateRun
from cataloging.marc.model import data_field
from cataloging.records import delete_record, replace_marc
from ils.accounts.actor import Actor, system_actor
from ils.core import clock
from ils.core.config import config
from ils.core.db import reading, transaction
from ils.core.errors import Invalid, Refused
from ils.core.jobs import Job, run_next_job
from tests.factories import Province, create_actor, create_item, create_province, create_record

ROOT = Path(__file__).resolve().parents[3]
ISBN = data_field("020", " ", " ", ("a", "9786042095358"))


@pytest.fixture
def place(both: Engine) -> Province:
    assert both
    with transaction() as session:
        return create_province(session)


@pytest.fixture
def actor(place: Province) -> Actor:
    with transaction() as session:
        return create_actor(session, "cataloguer", place.library)


def titles(*names: str, numbered: bool = False) -> list[int]:
    with transaction() as session:
        fields = [ISBN] if numbered else []
        return [create_record(session, name, fields=fields).id for name in names]


def look_over(actor: Actor) -> None:
    with transaction() as session:
        finding.begin(session, actor)
    while run_next_job():
        pass


def pairs() -> dict[tuple[int, int], tuple[int, str]]:
    with reading() as session:
        rows = session.scalars(select(DuplicatePair).where(DuplicatePair.state == "open"))
        return {(p.low_id, p.high_id): (p.certainty, p.why) for p in rows}


def groups() -> list[list[int]]:
    with reading() as session:
        found = judging.open_groups(session, limit=50)
        return [[record.id for record in group.records] for group in found]


def test_pairs_are_found_by_number_by_title_and_without_marks(actor: Actor) -> None:
    a, b = titles("Số đỏ", "Số đỏ", numbered=True)
    c, d = titles("Tắt đèn", "Tắt đèn.")
    e, f = titles("Chí Phèo", "Chi Pheo")
    titles("Lão Hạc", "Đời thừa")
    look_over(actor)
    assert pairs() == {
        (a, b): (3, "isbn key"),
        (c, d): (2, "key"),
        (e, f): (1, "marks"),
    }
    assert groups() == [[a, b], [c, d], [e, f]], "the surest first"
    with reading() as session:
        run = finding.latest_run(session)
        assert run is not None
        assert (run.looked_at, run.finished_at is not None) == (8, True)
        assert judging.counts(session) == {3: 1, 2: 1, 1: 1}


def test_pairs_that_hang_together_are_shown_as_one_group(actor: Actor) -> None:
    same = titles("Số đỏ", "Số đỏ", "Số đỏ")
    look_over(actor)
    assert len(pairs()) == 3
    assert groups() == [same]


def test_what_was_judged_stays_judged_also_after_the_next_look(actor: Actor) -> None:
    a, b, c = titles("Số đỏ", "Số đỏ", "Số đỏ")
    look_over(actor)
    with transaction() as session:
        assert judging.not_the_same(session, actor, [a, b]) == 1
    look_over(actor)
    assert (a, b) not in pairs()
    assert groups() == [[a, b, c]], "each is still like the third"
    with transaction() as session:
        judging.not_the_same(session, actor, [c, b, a])
    look_over(actor)
    assert groups() == []
    with reading() as session:
        assert judging.judged(session, 10)[0] == 3
    with transaction() as session:
        judging.judge_again(session, actor, a, c)
    assert groups() == [[a, c]]
    with transaction() as session, pytest.raises(Invalid):
        judging.not_the_same(session, actor, [a])


def test_a_pair_that_is_none_any_more_goes_with_the_next_look(actor: Actor) -> None:
    a, b = titles("Số đỏ", "Số đỏ")
    c, d = titles("Tắt đèn", "Tắt đèn")
    look_over(actor)
    with transaction() as session:
        other = create_record(session, "Khác").marc
        replace_marc(session, system_actor(), b, other, expected_version=1)  # type: ignore[arg-type]
        delete_record(session, system_actor(), d)
    assert groups() == [[a, b]], "a deleted record is shown no more at once"
    look_over(actor)
    assert not {(a, b), (c, d)} & set(pairs())


def test_a_library_sees_the_groups_of_its_copies(place: Province, actor: Actor) -> None:
    a, b = titles("Số đỏ", "Số đỏ")
    titles("Tắt đèn", "Tắt đèn")
    with transaction() as session:
        create_item(session, place.branch, record_id=b)
    look_over(actor)
    with reading() as session:
        mine = judging.open_groups(session, library_id=place.library.id, limit=9)
        assert [[r.id for r in group.records] for group in mine] == [[a, b]]
        assert judging.counts(session, place.foreign_library.id) == {}


def test_records_alike_to_one_are_found_without_a_look(actor: Actor) -> None:
    a, b = titles("Số đỏ", "Số đỏ")
    titles("Tắt đèn")
    with reading() as session:
        assert [(r.id, c, w) for r, c, w in judging.alike_to(session, a)] == [(b, 2, ("key",))]
    with transaction() as session:
        judging.not_the_same(session, actor, [a, b])
    with reading() as session:
        assert judging.alike_to(session, a) == []


def test_only_one_look_at_a_time_and_one_that_was_stopped_goes_on(actor: Actor) -> None:
    a, b = titles("Số đỏ", "Số đỏ")
    with transaction() as session:
        first = finding.begin(session, actor).id
    with transaction() as session, pytest.raises(Refused):
        finding.begin(session, actor)
    with transaction() as session:
        finding.stop(session, actor)
    with reading() as session:
        assert finding.has_been_stopped(session, session.get_one(DuplicateRun, first))
    look_over(actor)
    with reading() as session:
        assert [r.id for r in session.scalars(select(DuplicateRun))] == [first]
    assert list(pairs()) == [(a, b)]


KILLED = """
import os, signal
from pathlib import Path
from ils.core import db
from ils.core.config import Config, use
from ils.core.jobs import run_next_job
use(Config(data_dir=Path(os.environ["DATA"]), database_url=os.environ["URL"], secret_key="x"))
db.connect()
import cataloging.duplicates.finding as finding
left = [7]
def breathe():
    left[0] -= 1
    if not left[0]:
        os.kill(os.getpid(), signal.SIGKILL)
finding.KEYS_AT_ONCE, finding.RECORDS_AT_ONCE, finding.breathe = 1, 4, breathe
run_next_job()
"""


def test_a_look_killed_in_the_middle_goes_on_behind_its_last_part(actor: Actor) -> None:
    names = [f"Nhan đề {n}" for n in range(4)]
    first, second = titles(*names), titles(*names)
    with transaction() as session:
        run = finding.begin(session, actor)
        run_id, job_id = run.id, run.job_id
    environment = {
        **{k: v for k, v in os.environ.items() if not k.startswith("SEN_")},
        "PYTHONPATH": str(ROOT),
        "DATA": str(config().data_dir),
        "URL": config().database_url or "",
    }
    done = subprocess.run([sys.executable, "-c", KILLED], env=environment, check=False)
    assert done.returncode == -signal.SIGKILL
    with transaction() as session:
        run = session.get_one(DuplicateRun, run_id)
        assert (run.phase, run.looked_at) == ("title", 8)
        assert 0 < len(pairs_in(session)) < 4
        session.get_one(Job, job_id).heartbeat_at = clock.now() - timedelta(minutes=5)
    while run_next_job():
        pass
    assert set(pairs()) == set(zip(first, second, strict=True))
    with reading() as session:
        run = session.get_one(DuplicateRun, run_id)
        assert (run.looked_at, run.finished_at is not None) == (8, True)


def pairs_in(session) -> list[DuplicatePair]:
    return list(session.scalars(select(DuplicatePair)))
