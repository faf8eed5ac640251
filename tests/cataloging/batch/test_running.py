"""A batch over many records: seen first, carried out in parts, undone as one, killed and resumed."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, select

from cataloging.baskets.contents import add_records, open_basket
from cataloging.batch import runs
from cataloging.batch.models import BatchLine, BatchRun
from cataloging.batch.rules import Rule
from cataloging.change_sets import undo_change_set
from cataloging.marc.model import first
from cataloging.models import Record, RecordVersion
from cataloging.record_rows import drift
from cataloging.records import delete_record, replace_marc, version_marc
from ils.accounts.actor import Actor, system_actor
from ils.core import clock
from ils.core.config import config
from ils.core.db import reading, transaction
from ils.core.errors import Invalid, Refused
from ils.core.jobs import Job, run_next_job
from tests.factories import Province, create_actor, create_province, create_record

ROOT = Path(__file__).resolve().parents[3]
SMALLER = Rule("replace", "245", "a", "Tập", "T.")
SUBJECT = Rule("add_field", "650", put="$a Văn học Việt Nam", ind2="4")


@pytest.fixture
def actor(both: Engine) -> Actor:
    assert both
    with transaction() as session:
        place = create_province(session)
        return create_actor(session, "cataloguer", place.library)


def run_over(actor: Actor, titles: list[str], *rules: Rule) -> tuple[int, list[int]]:
    with transaction() as session:
        ids = [create_record(session, title).id for title in titles]
        basket = open_basket(session, actor, "Cần sửa")
        add_records(session, actor, basket.id, ids)
        return runs.make_run(session, actor, basket.id, rules).id, ids


def carry_out(actor: Actor, run_id: int) -> None:
    with transaction() as session:
        runs.begin_change(session, actor, run_id)
    while run_next_job():
        pass


def outcomes(run_id: int) -> list[str]:
    with reading() as session:
        query = select(BatchLine.outcome).where(BatchLine.run_id == run_id)
        return list(session.scalars(query.order_by(BatchLine.record_id)))


def titles() -> list[str]:
    with reading() as session:
        return list(session.scalars(select(Record.title).order_by(Record.id)))


def test_a_batch_changes_all_projects_them_and_is_undone_as_one(actor: Actor) -> None:
    names = ["Tập 1", "Tập 2", "Khác"]
    run_id, ids = run_over(actor, names, SMALLER, SUBJECT)
    assert outcomes(run_id) == ["will"] * 3
    assert titles() == names, "a look changes nothing"
    carry_out(actor, run_id)
    assert outcomes(run_id) == ["changed"] * 3
    assert titles() == ["T. 1", "T. 2", "Khác"]
    with reading() as session:
        assert list(drift(session)) == []
        assert first(version_marc(session, ids[0], 1), "245", "a") == "Tập 1"
        assert first(version_marc(session, ids[0], 2), "650", "a") == "Văn học Việt Nam"
        made_in = session.get_one(BatchRun, run_id).change_set_id or 0
        kept = session.scalars(
            select(RecordVersion.change_set_id).where(RecordVersion.version == 2)
        ).all()
        assert kept == [made_in] * 3
    with transaction() as session:
        assert undo_change_set(session, system_actor(), made_in).records_restored == 3
    assert titles() == names
    with reading() as session:
        assert list(drift(session)) == []
    with transaction() as session, pytest.raises(Refused):
        runs.begin_change(session, actor, run_id)


def test_numbers_that_come_and_go_are_found_and_no_longer(actor: Actor) -> None:
    give = Rule("add_field", "020", put="$a 9786042095358")
    run_id, ids = run_over(actor, ["Một"], give)
    carry_out(actor, run_id)
    take = Rule("delete_field", "020")
    with reading() as session:
        assert session.get_one(Record, ids[0]).isbn == "9786042095358"
    run_id, _ = run_over(actor, ["Hai"], take)
    assert outcomes(run_id) == ["will", "same"]
    carry_out(actor, run_id)
    with reading() as session:
        assert session.get_one(Record, ids[0]).isbn == ""
        assert list(drift(session)) == []


def test_what_others_did_meanwhile_is_told_and_not_overwritten(actor: Actor) -> None:
    run_id, ids = run_over(actor, ["Tập 1", "Tập 2", "Tập 3"], SMALLER)
    with transaction() as session:
        record = session.get_one(Record, ids[0])
        marc: Any = {**record.marc, "fields": [*record.marc["fields"], {"009": "x"}]}
        replace_marc(session, system_actor(), ids[0], marc, expected_version=1)
        delete_record(session, system_actor(), ids[1])
    carry_out(actor, run_id)
    assert outcomes(run_id) == ["stale", "gone", "changed"]
    assert titles()[0] == "Tập 1"
    with transaction() as session:
        runs.look_again(session, actor, run_id)
    run_next_job()
    carry_out(actor, run_id)
    assert outcomes(run_id) == ["changed", "gone", "changed"]
    assert titles()[0] == "T. 1"


def test_what_would_become_invalid_stays(actor: Actor) -> None:
    run_id, _ = run_over(actor, ["Tập 1"], Rule("delete_field", "245"))
    assert outcomes(run_id) == ["invalid"]
    with transaction() as session, pytest.raises(Refused):
        runs.begin_change(session, actor, run_id)
    with pytest.raises(Invalid):
        run_over(actor, ["Tập 2"], Rule("regex", "245", find="("))


KILLED = """
import os, signal
from pathlib import Path
from ils.core import db
from ils.core.config import Config, use
from ils.core.jobs import run_next_job
use(Config(data_dir=Path(os.environ["DATA"]), database_url=os.environ["URL"], secret_key="x"))
db.connect()
import cataloging.batch.runs as runs
left = [2]
def breathe():
    left[0] -= 1
    if not left[0]:
        os.kill(os.getpid(), signal.SIGKILL)
runs.AT_ONCE, runs.breathe = 3, breathe
run_next_job()
"""


def test_a_batch_killed_in_the_middle_goes_on_and_changes_each_once(
    actor: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    run_id, ids = run_over(actor, [f"Tập {n}" for n in range(10)], SMALLER)
    with transaction() as session:
        job_id = runs.begin_change(session, actor, run_id).id
    environment = {
        **{k: v for k, v in os.environ.items() if not k.startswith("SEN_")},
        "PYTHONPATH": str(ROOT),
        "DATA": str(config().data_dir),
        "URL": config().database_url or "",
    }
    done = subprocess.run([sys.executable, "-c", KILLED], env=environment, check=False)
    assert done.returncode == -signal.SIGKILL
    assert outcomes(run_id).count("changed") == 6
    with transaction() as session:
        session.get_one(Job, job_id).heartbeat_at = clock.now() - timedelta(minutes=5)
    while run_next_job():
        pass
    assert outcomes(run_id) == ["changed"] * 10
    assert titles() == [f"T. {n}" for n in range(10)]
    with reading() as session:
        assert {session.get_one(Record, one).version for one in ids} == {2}
        assert list(drift(session)) == []


def test_many_are_looked_at_by_the_worker(actor: Actor, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runs, "SMALL", 2)
    monkeypatch.setattr(runs, "AT_ONCE", 2)
    run_id, _ = run_over(actor, ["Tập 1", "Tập 2", "Tập 3", "Khác"], SMALLER)
    assert outcomes(run_id) == ["waiting"] * 4
    run_next_job()
    assert outcomes(run_id) == ["will", "will", "will", "same"]


def test_the_cataloger_sees_each_change_before_it_is_made(
    staff_client: Callable[..., Any], province: Province
) -> None:
    staff = staff_client("cataloguer")
    with transaction() as session:
        record_id = create_record(session, "Tập 1").id
    sent = {"basket": "Giỏ", "which": "ticked", "record": [str(record_id)]}
    basket_id = staff.post("/staff/baskets/take", data=sent).location.rsplit("/", 1)[1]
    boxes = {"basket": basket_id, "act": "replace", "tag": "245", "code": "$a", "find": "Tập"}
    boxes |= {"put": "T.", "ind1": "", "ind2": "", "to_tag": "", "to_code": ""}
    boxes |= {"when_tag": "", "when_code": "", "when_how": "present", "when_text": ""}
    refused = staff.post("/staff/batch/new", data={**boxes, "tag": "2"})
    assert refused.status_code == 422
    assert 'value="Tập"' in refused.text, "nothing typed is lost"
    kept = staff.post("/staff/batch/new", data={**boxes, "do": "keep", "name": "Viết tắt"})
    assert "Viết tắt" in kept.text
    shown = staff.post("/staff/batch/new", data={**boxes, "do": "look"})
    page = staff.get(shown.location).text
    assert "Tập 1</del>" in page
    assert "T. 1</ins>" in page
    assert "Sửa 1 biểu ghi" in page
    staff.post(shown.location + "/act", data={"act": "change"})
    while run_next_job():
        pass
    assert "Đã sửa (1)" in staff.get(shown.location).text
    assert titles() == ["T. 1"]
    assert "Viết tắt" in staff.get("/staff/batch/").text
    other = staff_client("cataloguer")
    assert other.get(shown.location).status_code == 404
