"""The index directory: its schema, its generations, readers and the one writer.

``<data>/index/`` holds generations (``g…``), a file ``current`` that names the one in use, and two
lock files. A rebuild fills a new generation and swaps by replacing ``current``; readers notice by
its time stamp and open the new one. One process at a time may write, under an operating-system
lock that goes with the process, however it ends.

tantivy says nothing when a term is deleted from a field it cannot delete by; the key is therefore
an indexed integer, and a test counts the documents after replacing one.
"""

import fcntl
import json
import os
import secrets
import shutil
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, Final

from cataloging.search.document import Document
from cataloging.search.fields import fields
from ils.core.config import config

try:
    import tantivy
except ImportError:  # a platform without the wheel: the database answers instead
    tantivy = None

SMALL_HEAP: Final = 20_000_000  # bytes a writer collects before it writes a segment
LARGE_HEAP: Final = 120_000_000

_TOKENIZER: Final = "words"  # text comes cut into words already: only spaces separate


class IndexBusy(Exception):
    """Another process is writing; whoever cannot wait leaves the work to the outbox."""


def engine_present() -> bool:
    """Tell whether this platform has the engine at all."""
    return tantivy is not None


def make_schema() -> Any:
    """Return the schema that ``fields.toml`` asks for."""
    builder = tantivy.SchemaBuilder()
    builder.add_integer_field("id", indexed=True, fast=True)
    builder.add_integer_field("version", fast=True)
    builder.add_integer_field("hidden", indexed=True)
    for name in ("every", "every_exact"):
        builder.add_text_field(name, tokenizer_name=_TOKENIZER, index_option="basic")
    for part in fields().words:
        builder.add_text_field(part.name, tokenizer_name=_TOKENIZER, index_option="position")
        if part.exact:
            name = f"{part.name}_exact"
            builder.add_text_field(name, tokenizer_name=_TOKENIZER, index_option="position")
    for name in ("title_whole", *(number.name for number in fields().numbers)):
        builder.add_text_field(name, tokenizer_name="raw", index_option="basic")
    for name in ("title_sort", "author_sort"):
        builder.add_text_field(name, tokenizer_name="raw", index_option="basic", fast=True)
    for facet in fields().facets:
        name = f"facet_{facet.name}"
        if facet.kind == "integer":
            builder.add_integer_field(name, indexed=True, fast=True)
        else:
            builder.add_text_field(name, tokenizer_name="raw", index_option="basic", fast=True)
    return builder.build()


def open_index(folder: Path) -> Any:
    """Open or create an index in a folder. Tokenizers are registered in every process, each time."""
    folder.mkdir(parents=True, exist_ok=True)
    index = tantivy.Index(make_schema(), path=str(folder))
    words = tantivy.TextAnalyzerBuilder(tantivy.Tokenizer.whitespace()).build()
    index.register_tokenizer(_TOKENIZER, words)
    index.config_reader("manual")
    return index


# Generations.


def current_generation(root: Path | None = None) -> Path | None:
    """Return the folder of the generation in use, None when there is no index for these fields."""
    root = root or config().index_dir
    try:
        name = (root / "current").read_text().strip()
    except FileNotFoundError:
        return None
    folder = root / name
    fits = name.startswith(f"g-{fields().fingerprint}-") and (folder / "meta.json").exists()
    return folder if fits else None


def new_generation() -> Path:
    """Make the folder of a new, empty generation; it is not in use before ``swap_in``."""
    folder = config().index_dir / f"g-{fields().fingerprint}-{secrets.token_hex(4)}"
    folder.mkdir(parents=True)
    return folder


def swap_in(folder: Path, about: dict[str, Any]) -> None:
    """Put a generation into use and remove the others. The caller holds the writer's lock.

    Readers that have an old generation open keep it until they look again.
    """
    root = folder.parent
    (folder / "about.json").write_text(json.dumps(about))
    beside = root / "current.new"
    beside.write_text(folder.name)
    os.replace(beside, root / "current")
    for other in root.glob("g-*"):
        if other != folder:
            shutil.rmtree(other, ignore_errors=True)


def about_generation(folder: Path) -> dict[str, Any]:
    """Return what was noted when the generation was put into use."""
    try:
        return dict(json.loads((folder / "about.json").read_text()))
    except (FileNotFoundError, ValueError):
        return {}


def forget() -> None:
    """Put the index out of use, so that it is built anew (after a restore of the database)."""
    (config().index_dir / "current").unlink(missing_ok=True)


def copy_name() -> str:
    """Return the name of this copy of the index: each host has its own, kept in its folder."""
    file = config().index_dir / "copy"
    try:
        return file.read_text().strip()
    except FileNotFoundError:
        file.parent.mkdir(parents=True, exist_ok=True)
        name = secrets.token_hex(4)
        try:
            with file.open("x") as out:
                out.write(name)
        except FileExistsError:
            return file.read_text().strip()
        return name


# Locks.


@contextmanager
def locked(name: str, seconds: float | None = None) -> Iterator[None]:
    """Hold one of the directory's locks, waiting for it at most so long, without end by default.

    Raises ``IndexBusy`` when somebody else holds it all that time.
    """
    root = config().index_dir
    root.mkdir(parents=True, exist_ok=True)
    with (root / f"{name}.lock").open("w") as file:
        if seconds is None:
            fcntl.flock(file, fcntl.LOCK_EX)
        else:
            _try_lock(file, name, time.monotonic() + seconds)
        yield


def _try_lock(file: IO[str], name: str, until: float) -> None:
    while True:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            if time.monotonic() >= until:
                raise IndexBusy(name) from error
            time.sleep(0.05)
        else:
            return


# Writing.


class Writer:
    """Puts documents into a generation. Use through ``writing``."""

    def __init__(self, folder: Path, heap: int) -> None:
        self.folder = folder
        self._writer = open_index(folder).writer(heap, 1)
        self.pending = 0

    def put(self, document: Document) -> None:
        """Put a document, in place of an older one of the same record."""
        self._writer.delete_documents_by_term("id", document["id"])
        self.add(document)

    def add(self, document: Document) -> None:
        """Put a document of a record that is known not to be there."""
        self._writer.add_document(tantivy.Document(**document))
        self.pending += 1

    def drop(self, record_id: int) -> None:
        """Take a record out."""
        self._writer.delete_documents_by_term("id", record_id)
        self.pending += 1

    def commit(self) -> None:
        """Make everything put so far searchable."""
        if self.pending:
            self._writer.commit()
            self.pending = 0

    def close(self) -> None:
        """End writing and wait for merges, without which small segments would pile up."""
        self._writer.wait_merging_threads()


@contextmanager
def writing(folder: Path, heap: int = SMALL_HEAP) -> Iterator[Writer]:
    """Open a writer; commit at the end, leave the index as it was on an error."""
    writer = Writer(folder, heap)
    try:
        yield writer
        writer.commit()
    finally:
        writer.close()


# Reading.


@dataclass(frozen=True)
class Snapshot:
    """The index as of one commit. ``state`` differs between any two commits."""

    searcher: Any
    schema: Any
    state: tuple[str, int]


class _Reader:
    """A generation opened for searching; follows its commits."""

    def __init__(self, folder: Path) -> None:
        self._name = folder.name
        self._meta = folder / "meta.json"
        self._index = open_index(folder)
        self._seen: Snapshot | None = None

    def snapshot(self) -> Snapshot:
        """Return the newest commit, at the price of one look at a file's time."""
        state = (self._name, self._meta.stat().st_mtime_ns)
        if self._seen is None or self._seen.state != state:
            self._index.reload()
            self._seen = Snapshot(self._index.searcher(), self._index.schema, state)
        return self._seen


_lock = threading.Lock()
_open: dict[Path, tuple[int, _Reader | None]] = {}


def snapshot() -> Snapshot | None:
    """Return the index in use as it is now; None when there is none to search."""
    if tantivy is None:
        return None
    root = config().index_dir
    with _lock:
        for _try in range(3):  # a swap may remove a generation while it is being opened
            try:
                stamp = (root / "current").stat().st_mtime_ns
                if _open.get(root, (0, None))[0] != stamp:
                    _open.clear()
                    folder = current_generation(root)
                    _open[root] = (stamp, _Reader(folder) if folder else None)
                found = _open[root][1]
                return found.snapshot() if found else None
            except (FileNotFoundError, ValueError):  # ValueError: damaged, or of another schema
                _open.clear()
    return None


def indexed_versions(found: Snapshot, record_id: int) -> list[int]:
    """Return the versions under which a record is indexed: one, or the index is wrong."""
    query = tantivy.Query.term_query(found.schema, "id", record_id, "basic")
    hits = found.searcher.search(query, 3, count=False).hits
    return [int(v) for v in found.searcher.fast_field_values("version", [a for _, a in hits])]


def close_readers() -> None:
    """Close what this process has open (before a fork, or between tests)."""
    with _lock:
        _open.clear()
