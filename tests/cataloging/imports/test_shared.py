"""Real records of many systems, all of them in one run: every record and byte accounted for.

How many there are in each file is agreed in the readers' ``shared.json``.
"""

import json
import re
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select

from cataloging.export import Chosen, rows_of
from cataloging.marc import formats
from cataloging.marc.formats.opened import Opened
from cataloging.models import ImportLine, Record
from ils.core import db
from tests.cataloging.imports.conftest import Bench
from tests.conftest import SHARED_MARC

AGREED = Path(__file__).parents[1] / "marc" / "formats" / "shared.json"

pytestmark = [pytest.mark.shared, pytest.mark.slow]


def size_of(path: Path) -> int:
    with Opened(path) as stream:
        size = 0
        while block := stream.read(1 << 20):
            size += len(block)
        return size


def test_everything_comes_in_and_is_accounted_for(bench_here: Bench) -> None:
    agreed: dict[str, Any] = json.loads(AGREED.read_text("utf-8"))
    sums: Counter[str] = Counter()
    files = [p for p in sorted(SHARED_MARC.rglob("*")) if p.is_file() and p.name != "README.md"]
    for path in files:
        run_id, tally = bench_here.bring_in(path, keep=False)
        name = str(path.relative_to(SHARED_MARC))
        assert tally.found == tally.stored + tally.matched + tally.rejected, name
        assert tally.stored + tally.matched == agreed[name]["records"], name
        assert tally.rejected == sum(agreed[name]["refused"].values()), name
        assert tally.position == size_of(path), name
        sums.update(found=tally.found, rejected=tally.rejected, stored=tally.stored)
        with db.reading() as session:
            told = session.scalar(
                select(func.count())
                .select_from(ImportLine)
                .where(ImportLine.run_id == run_id, ImportLine.outcome == "rejected")
            )
        assert told == tally.rejected, name
    assert sums["found"] > 15_000
    assert sums["rejected"] < 20
    with db.reading() as session:
        assert session.scalar(select(func.count()).select_from(Record)) == sums["stored"]


def test_what_is_stored_and_exported_equals_its_input(bench_here: Bench) -> None:
    """Field for field; what was repaired was repaired in reading, and is told with the record."""
    for path in sorted(SHARED_MARC.rglob("*.m*rc"))[:60]:
        with db.reading() as session:
            before = session.scalar(select(func.max(Record.id))) or 0
        bench_here.bring_in(
            path, keep=False, on_match="add", options={"confirmed": True}, profile="none"
        )
        given = [one.marc["fields"] for one in formats.read(path) if one.marc is not None]
        with db.reading() as session:
            new = select(Record.marc).where(Record.id > before).order_by(Record.id)
            stored = [marc["fields"] for marc in session.scalars(new)]
        assert stored == given, path.name
    with db.reading() as session:
        everything = [marc for _id, marc in rows_of(session, Chosen())]
    for format in ("iso2709", "marcxml", "json", "ndjson", "mrk"):
        target = bench_here.folder / f"out.{format}"
        with target.open("wb") as stream:
            assert formats.write(everything, format, stream) == len(everything)
        back = [one for one in formats.read(target) if one.marc is not None]
        assert len(back) == len(everything), format
        for was, one in zip(everything, back, strict=True):
            if any(repair.code == "eth" for repair in one.repairs):
                continue  # was read from bytes that are no letters; as Unicode it is mended
            assert one.marc is not None
            assert one.marc["fields"] == held_by(format, was["fields"]), format


def held_by(format: str, content: Any) -> Any:
    """What a format can hold: XML has no control characters, lines have no line ends."""
    if isinstance(content, list):
        return [held_by(format, one) for one in content]
    if isinstance(content, dict):
        return {name: held_by(format, one) for name, one in content.items()}
    if format == "marcxml":
        return re.sub("[\x00-\x08\x0b\x0c\x0e-\x1f]", "\ufffd", content)
    return re.sub(r"[\r\n]+", " ", content) if format == "mrk" else content
