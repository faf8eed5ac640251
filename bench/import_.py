"""``./sen bench import``: a file of records from its first byte until every record can be found.

Makes an ISO 2709 file of full Vietnamese-looking records with a copy in 952 each, reads it once with pymarc
alone for comparison, and then imports it as ``./sen marc import`` does: read, matched, stored with
versions, events and copies, indexed.
"""

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pymarc

from bench.books import book, marc_of
from bench.measure import Results, memory_mb, scratch, scratch_database, size_mb, tell
from bench.province import found_province
from cataloging.imports import runs, work
from cataloging.marc import formats
from cataloging.marc.model import Marc, data_field
from cataloging.search import SearchRequest, follow, search
from ils.accounts.actor import system_actor
from ils.core.config import Config
from ils.core.db import reading, transaction

RECORDS: Final = 100_000
COPIES: Final = 1


def run(records: int | None = None, as_json: bool = False) -> None:
    """Measure and print."""
    count = records or RECORDS
    with scratch("import") as folder, scratch_database(folder) as config:
        _measure(folder, config, count).show(as_json=as_json)


def _measure(folder: Path, config: Config, records: int) -> Results:
    results = Results("import", {"records": records, "copies": records * COPIES})
    file = folder / "file.mrc"
    tell(f"writing a file of {records:,} records")
    with file.open("wb") as stream:
        formats.write(_records(records), "iso2709", stream)
    results.add("file_mb", "file", size_mb(file), "MB")
    results.add("record_bytes", "a record", file.stat().st_size / records, "bytes")
    began = time.perf_counter()
    with file.open("rb") as stream:
        parsed = sum(1 for one in pymarc.MARCReader(stream) if one is not None)
    bare = parsed / _since(began)
    results.add("pymarc", "pymarc, parsing alone", bare, "records/s")
    began = time.perf_counter()
    read = sum(1 for one in formats.read(file) if one.marc is not None)
    results.add("read", "our reader, parsing alone", read / _since(began), "records/s")
    library = found_province(1)[0]
    before = memory_mb() or 0.0
    tell("importing")
    half: list[float] = []
    began = time.perf_counter()
    stored = _import(file, library.id, records, half)
    seconds = _since(began)
    rate = stored / seconds
    results.add("import", "import, parsed to searchable", rate, "records/s", at_least=1500)
    results.add("ratio", "the same as a share of pymarc's parse", rate / bare, "×", at_least=0.25)
    results.add("memory_mb", "peak memory", memory_mb(what="VmHWM"), "MB")
    now = memory_mb() or 0.0
    results.add("growth_mb", "memory grown by the import", now - before, "MB")
    results.add("later_mb", "of that in its second half", now - (half or [now])[0], "MB")
    results.add("database_mb", "database", sum(map(size_mb, config.data_dir.glob("sen.db*"))), "MB")
    results.add("index_mb", "index", size_mb(config.index_dir), "MB")
    return results


def _records(count: int) -> Iterator[Marc]:
    for n in range(count):
        yield _full(n)


def _full(number: int) -> Marc:
    """Make a record as full as a national library's: notes, contents, a summary, added entries."""
    one, other = book(number), book(number + 500_000)
    marc = marc_of(one)
    contents = " -- ".join(book(number * 7 + n).title for n in range(8))
    summary = f"{one.title}: {other.title}. " + " ".join(f"{s}." for s in one.subjects * 6)
    more = [
        data_field("040", " ", " ", ("a", "VN-TVQG"), ("b", "vie"), ("e", "aacr2")),
        data_field("246", "3", " ", ("a", other.title)),
        data_field("300", " ", " ", ("a", f"{120 + number % 400}tr."), ("c", "21cm")),
        data_field("336", " ", " ", ("a", "văn bản"), ("b", "txt"), ("2", "rdacontent")),
        data_field("337", " ", " ", ("a", "không trung gian"), ("b", "n"), ("2", "rdamedia")),
        data_field("338", " ", " ", ("a", "tập"), ("b", "nc"), ("2", "rdacarrier")),
        data_field("490", "0", " ", ("a", f"Tủ sách {other.subjects[0]}"), ("v", str(number % 90))),
        data_field("500", " ", " ", ("a", "Đầu trang tên sách ghi: Thư viện tỉnh")),
        data_field("504", " ", " ", ("a", "Thư mục: tr. 201-214")),
        data_field("505", "0", " ", ("a", contents)),
        data_field("520", " ", " ", ("a", summary)),
        data_field("650", " ", "4", ("a", other.subjects[0]), ("z", "Việt Nam"), ("x", "Lịch sử")),
        data_field("655", " ", "7", ("a", "Sách tham khảo"), ("2", "btkkhcn")),
        data_field("700", "1", " ", ("a", other.author), ("e", "biên soạn")),
        data_field("952", " ", " ", ("p", f"B{number:08d}"), ("o", "895"), ("g", "45000")),
    ]
    fields = sorted([*marc["fields"], *more], key=lambda one: next(iter(one)))
    return {"leader": marc["leader"], "fields": fields}


def _import(file: Path, library_id: int, records: int, half: list[float]) -> int:
    """Import the file and wait until the last record is found; return how many were stored."""
    actor = system_actor()
    with transaction() as session:
        received = runs.receive(
            session, actor, source=file, file_name=file.name, library_id=library_id, keep=False
        )
        runs.prepare(session, actor, received.id)

    with follow.Follower() as follower:

        def tell_index(tally: work.Tally, known: work.Known) -> None:
            follower.catch_up(known)
            if not half and tally.found >= records // 2:
                half.append(memory_mb() or 0.0)

        tally = work.proceed(received.id, actor, tell_index, indexing=True)
    with reading() as session:
        found = search(session, SearchRequest())
    if found.total != tally.stored:
        raise RuntimeError(f"{tally.stored:,} stored, {found.total:,} found")
    return tally.stored


def _since(began: float) -> float:
    return max(1e-9, time.perf_counter() - began)
