"""Real records of other people's systems: nothing we do with a record in memory fails or loses."""

import logging
import unicodedata
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import orjson
import pymarc
import pytest

from cataloging.editor.boxes import read as read_form
from cataloging.editor.boxes import write as write_form
from cataloging.marc.display import isbd, labeled
from cataloging.marc.model import Marc
from cataloging.marc.project import project
from cataloging.marc.text import parse, write
from cataloging.marc.validate import validate
from tests.conftest import SHARED_MARC

PER_FILE = 60


def _records(file: Path) -> Iterator[Marc]:
    """Read what pymarc can of a file; the import's own reader is tested elsewhere."""
    with file.open("rb") as stream:
        reader = pymarc.MARCReader(stream, to_unicode=True, permissive=True)
        for found in reader:
            if found is not None:
                yield _as_stored(found.as_dict())


def _as_stored(found: dict[str, Any]) -> Marc:
    marc: Marc = orjson.loads(unicodedata.normalize("NFC", orjson.dumps(found).decode()))
    marc["fields"] = [f for f in marc["fields"] if None not in f.values()]
    return marc


@pytest.mark.shared
@pytest.mark.filterwarnings("ignore")
def test_every_record_survives_text_form_display_and_projection() -> None:
    logging.getLogger("pymarc").setLevel(logging.CRITICAL)
    count = 0
    for file in sorted(SHARED_MARC.rglob("*.mrc")):
        for place, marc in enumerate(_records(file)):
            if place >= PER_FILE:
                break
            count += 1
            parsed = parse(write(marc))
            assert parsed.problems == [], file
            assert parsed.marc == marc, file
            assert write_form(marc, read_form(marc)) == marc, file
            assert project(marc).main_class, file
            validate(marc)
            isbd(marc)
            assert len(labeled(marc)) == len(marc["fields"]) + 1
    assert count > 600
