"""Every bench runs, at a size that proves nothing but that, and leaves nothing behind."""

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from ils.core.serve import ROOT

pytestmark = pytest.mark.slow


@pytest.fixture
def home() -> Iterator[Path]:
    """A temporary folder of the machine's own, which PostgreSQL's other user may enter too."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        yield Path(folder)


def _bench(scratch: Path, *words: str) -> dict[str, Any]:
    environment = {name: v for name, v in os.environ.items() if not name.startswith("SEN_")}
    environment |= {"SEN_DATA_DIR": str(scratch / "var"), "TMPDIR": str(scratch)}
    done = subprocess.run(
        [sys.executable, "-m", "ils.cli", "bench", *words, "--json"],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    left = [file.name for file in scratch.glob("sen-*")]
    assert not left
    found: dict[str, Any] = json.loads(done.stdout)
    assert found["bench"] == words[0]
    assert "Python" in found["conditions"]["versions"]
    return found["figures"]


def test_search_is_measured(home: Path) -> None:
    figures = _bench(home, "search", "--records", "300")
    assert figures["mix_count"] == 720
    assert figures["mix_p95_ms"] > 0
    assert figures["index_mb"] > 0


@pytest.mark.postgres
def test_the_desk_is_measured_on_both_databases(home: Path) -> None:
    figures = _bench(home, "desk", "--records", "400", "--seconds", "2")
    assert figures["lend_client_count"] > 0
    assert figures["scan_server_count"] >= figures["lend_client_count"]
    assert figures["postgres_rate"] > 0
    assert figures["postgres_http_rate"] > 0
    assert figures["refused"] == 0


def test_starting_is_measured(home: Path) -> None:
    figures = _bench(home, "start", "--records", "50")
    assert 0 < figures["second_start_s"] < 60
    assert figures["web_mb"] > 20
    assert figures["worker_mb"] > 20


@pytest.mark.browser
def test_pages_are_weighed(home: Path) -> None:
    figures = _bench(home, "pages", "--records", "60")
    assert 0 < figures["results_20_of_many_kb"] <= 60
    assert 0 < figures["results_20_of_many_requests"] <= 12


def test_the_report_of_a_province_is_measured(home: Path) -> None:
    figures = _bench(home, "report", "--records", "3000")
    assert figures["month_count"] == 5
    assert figures["write"] > 0


def test_self_check_machines_are_measured(home: Path) -> None:
    figures = _bench(home, "sip2", "--records", "400", "--seconds", "4")
    assert figures["checkout_count"] > 0
    assert figures["refused"] == 0


@pytest.mark.postgres
def test_running_fines_are_measured_on_both_databases(home: Path) -> None:
    figures = _bench(home, "fines", "--records", "60")
    assert figures["compute_p95_ms"] > 0
    assert figures["page_count"] > 0
    assert figures["postgres_p95_ms"] > 0


def test_the_editor_is_measured(home: Path) -> None:
    figures = _bench(home, "editor", "--records", "20")
    assert figures["open_marc_p95_ms"] > 0
    assert figures["check_count"] > 0
    assert figures["keep_count"] > 0
