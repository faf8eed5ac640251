"""In CI a test that is skipped fails the run, save those that need the shared records."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
# One test of this file is skipped where there is no ``iconv`` in reach.
SOME_TESTS = "tests/ils/text/test_legacy_encodings.py"


def ended_with(folder: Path, *words: str, ci: str) -> int:
    """Run some tests with nothing of the system's in reach; return the exit code."""
    environment = {k: v for k, v in os.environ.items() if not k.startswith("PYTEST_")}
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", SOME_TESTS, *words],
        cwd=ROOT,
        env=environment | {"CI": ci, "PATH": str(folder)},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert "skipped" in done.stdout, done.stdout + done.stderr
    return done.returncode


@pytest.mark.parametrize("words", [(), ("-n", "1")], ids=["alone", "as the whole suite runs"])
def test_a_skipped_test_fails_in_ci_and_only_there(tmp_path: Path, words: tuple[str, ...]) -> None:
    assert ended_with(tmp_path, *words, ci="true") == 1
    assert ended_with(tmp_path, *words, ci="") == 0


def test_ci_runs_everything_and_says_that_it_is_ci() -> None:
    script = (ROOT / ".ci" / "run").read_text("utf-8")
    assert "export CI=true" in script
    assert script.rstrip().endswith("exec ./sen test --lint")
