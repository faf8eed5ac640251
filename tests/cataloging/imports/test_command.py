"""``./sen marc import`` and ``export`` as a script sees them."""

import json
from pathlib import Path
from typing import Any

import pytest
from alembic.command import stamp
from click.testing import CliRunner

from cataloging.marc import formats
from cataloging.marc.cli import marc
from ils.core.migrate import alembic_config
from tests.cataloging.imports.conftest import Bench, book, iso

BOOKS = [book("Một", isbn="9786042089913"), book("Hai"), book("Ba", copies=[{"p": "B1"}])]


@pytest.fixture
def ready(bench_here: Bench) -> Bench:
    stamp(alembic_config(), "head")  # the tables are there, made by the fixture
    return bench_here


def sen(*words: str | Path) -> list[dict[str, Any]]:
    """Run the command; return the objects it prints."""
    done = CliRunner().invoke(marc, [str(word) for word in words], catch_exceptions=False)
    assert done.exit_code == 0, done.output
    return [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]


def bring_in(bench: Bench, *words: str | Path) -> list[dict[str, Any]]:
    return sen("import", *words, "--library", bench.place.library.code, "--json")


def test_one_object_comes_for_each_file_with_what_was_agreed(ready: Bench) -> None:
    one, two = ready.file(iso(*BOOKS) + b"rubbish"), ready.file(iso(BOOKS[0], book("Bốn")))
    said = bring_in(ready, one, two)
    assert [set(each) for each in said] == [
        {"file", "found", "stored", "matched", "rejected", "seconds"}
    ] * 2
    counts = [(s["found"], s["stored"], s["matched"], s["rejected"]) for s in said]
    assert counts == [(4, 3, 0, 1), (2, 1, 1, 0)]
    assert [each["file"] for each in said] == [str(one), str(two)]


def test_an_empty_or_unknown_file_among_others_stops_nothing(ready: Bench) -> None:
    files = [ready.file(data) for data in (b"", b"%PDF-1.7 ...", iso(*BOOKS))]
    counts = [(s["found"], s["stored"], s["rejected"]) for s in bring_in(ready, *files)]
    assert counts == [(0, 0, 0), (1, 0, 1), (3, 3, 0)]


def test_a_dry_run_counts_and_stores_nothing(ready: Bench) -> None:
    file = ready.file(iso(*BOOKS))
    assert bring_in(ready, file, "--dry-run")[0]["stored"] == 3
    assert bring_in(ready, file)[0]["stored"] == 3
    assert bring_in(ready, file)[0]["matched"] == 3


def test_adding_asks_first(ready: Bench) -> None:
    file = str(ready.file(iso(*BOOKS)))
    words = ["import", file, "--on-match", "add", "--library", ready.place.library.code]
    assert CliRunner().invoke(marc, words, input="n\n").exit_code == 1
    bring_in(ready, file)
    assert bring_in(ready, file, "--on-match", "add", "--yes")[0]["stored"] == 3


@pytest.mark.parametrize("format", ["marc", "marcxml", "json", "ndjson", "mrk"])
def test_what_came_in_goes_out(ready: Bench, format: str) -> None:
    bring_in(ready, ready.file(iso(*BOOKS)))
    target = ready.folder / "out"
    assert sen("export", target, "--format", format, "--json")[0]["records"] == 3
    back = [one.marc for one in formats.read(target) if one.marc is not None]
    assert [[f for f in each["fields"] if "001" not in f] for each in back] == [
        each["fields"] for each in BOOKS
    ]
    library = ready.place.library.code
    assert sen("export", target, "--library", library, "--json")[0]["records"] == 1
