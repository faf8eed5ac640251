"""The power goes while a file comes in: it goes on, and no record comes twice."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from alembic.command import stamp
from sqlalchemy import func, select

from cataloging.models import ImportRun, Item, Record
from ils.core import db
from ils.core.config import config
from ils.core.migrate import alembic_config
from tests.cataloging.imports.conftest import Bench, book, iso

RECORDS = 6_000
ROOT = Path(__file__).resolve().parents[3]


def command(bench: Bench, file: Path) -> subprocess.Popen[bytes]:
    """Start ``./sen marc import`` as a process of its own."""
    environment = {k: v for k, v in os.environ.items() if not k.startswith("SEN_")}
    environment |= {"SEN_DATA_DIR": str(config().data_dir), "PYTHONPATH": str(ROOT)}
    if config().database_url:
        environment["SEN_DATABASE_URL"] = config().database_url
    words = ["marc", "import", str(file), "--library", bench.place.library.code, "--json"]
    return subprocess.Popen(
        [sys.executable, "-m", "ils.cli", *words], env=environment, stdout=subprocess.PIPE
    )


def stored() -> int:
    with db.reading() as session:
        return session.scalar(select(func.count()).select_from(Record)) or 0


@pytest.mark.slow
def test_a_killed_import_goes_on_and_no_record_comes_twice(bench: Bench) -> None:
    data = iso(
        *(
            book(f"Sách số {n}", f"Tác giả {n % 700}", copies=[{"p": f"K{n}"}])
            for n in range(RECORDS)
        )
    )
    file = bench.file(data)
    stamp(alembic_config(), "head")  # the tables are there, made by the fixture
    kills = 0
    for after in (300, 2_500):
        process = command(bench, file)
        deadline = time.monotonic() + 90
        while stored() < after and process.poll() is None and time.monotonic() < deadline:
            time.sleep(0.02)
        if process.poll() is None:
            process.send_signal(signal.SIGKILL)
            kills += 1
        process.wait()
    assert kills == 2
    assert 300 <= stored() < RECORDS
    process = command(bench, file)
    process.communicate(timeout=120)
    assert process.returncode == 0
    with db.reading() as session:
        runs = session.scalars(select(ImportRun)).all()
        assert [(run.status, run.found, run.stored) for run in runs] == [("done", RECORDS, RECORDS)]
        assert session.scalar(select(func.count()).select_from(Item)) == RECORDS
        doubled = select(Record.match_key).group_by(Record.match_key).having(func.count() > 1)
        assert session.scalars(doubled).all() == []
    assert stored() == RECORDS
