"""Files of records, made by the tests, and a library to bring them into."""

from collections.abc import Iterable
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine

import circulation.lending  # noqa: F401 — its hooks know what copies are doing
from cataloging.imports import runs, work
from cataloging.marc import formats
from cataloging.marc.model import Marc, data_field
from cataloging.models import ImportRun
from ils.accounts.actor import Actor
from ils.core import db
from tests.factories import Province, create_actor, create_province, create_register


def book(
    title: str,
    author: str = "Tô Hoài",
    year: str = "2019",
    *,
    number: str = "",
    source: str = "VN-TVQG",
    isbn: str = "",
    copies: Iterable[dict[str, str]] = (),
    copy_tag: str = "952",
    extra: Iterable[dict[str, Any]] = (),
) -> Marc:
    """Make a record; ``copies`` are subfields of 952 (or 852) by code."""
    fields: list[dict[str, Any]] = []
    if number:
        fields += [{"001": number}] + ([{"003": source}] if source else [])
    fields.append({"008": f"200101s{year:<4}    vm            000 0 vie d"})
    if isbn:
        fields.append(data_field("020", " ", " ", ("a", isbn)))
    fields += [
        data_field("100", "0", " ", ("a", author)),
        data_field("245", "1", "0", ("a", title)),
        data_field("260", " ", " ", ("a", "H."), ("b", "Kim Đồng"), ("c", year)),
        *extra,
    ]
    fields += [data_field(copy_tag, " ", " ", *one.items()) for one in copies]
    return {"leader": "00000nam a2200000 a 4500", "fields": fields}


def iso(*marcs: Marc) -> bytes:
    """Write records as ISO 2709."""
    stream = BytesIO()
    formats.write(marcs, "iso2709", stream)
    return stream.getvalue()


@dataclass
class Bench:
    """A library, who works there, and a folder for files."""

    place: Province
    cataloger: Actor
    folder: Path
    count: int = 0

    def file(self, data: bytes, name: str = "") -> Path:
        self.count += 1
        path = self.folder / (name or f"file-{self.count}.mrc")
        path.write_bytes(data)
        return path

    def receive(self, data: bytes | Path, **rules: Any) -> ImportRun:
        path = data if isinstance(data, Path) else self.file(data)
        rules.setdefault("library_id", self.place.library.id)
        with db.transaction() as session:
            return runs.receive(session, self.cataloger, source=path, file_name=path.name, **rules)

    def bring_in(self, data: bytes | Path, **rules: Any) -> tuple[int, work.Tally]:
        """Import a file whole; return the number of the run and what came of it."""
        run = self.receive(data, **rules)
        with db.transaction() as session:
            runs.prepare(session, self.cataloger, run.id)
        return run.id, work.proceed(run.id, self.cataloger)


def opened(engine: Engine, folder: Path) -> Bench:
    with db.transaction() as session:
        place = create_province(session)
        create_register(session, place.library, "TN")
        cataloger = create_actor(session, "cataloguer", place.library)
    return Bench(place, cataloger, folder)


@pytest.fixture
def bench(both: Engine, tmp_path: Path) -> Bench:
    """On either database."""
    return opened(both, tmp_path)


@pytest.fixture
def bench_here(sqlite_db: Engine, tmp_path: Path) -> Bench:
    """On SQLite only, for what does not depend on the database."""
    return opened(sqlite_db, tmp_path)
