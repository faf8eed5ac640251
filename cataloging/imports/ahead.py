"""Reading ahead: the file is read and looked through in a process of its own.

While one step is being stored the next is read, so that an import uses two cores. The other process
knows no database; it ends with this one, whatever becomes of it.
"""

import gc
import multiprocessing
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count, islice
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Final

import orjson

from cataloging.imports.profiles import CopyDraft, copies_in, profiles
from cataloging.imports.sheets.staging import SHEET, staged
from cataloging.marc import formats
from cataloging.marc.formats import Found
from cataloging.marc.model import Marc
from cataloging.marc.project import Projection, project
from cataloging.search.document import Document, content

AT_ONCE: Final = 250
# Below this the second process takes longer to start than it saves. Bytes.
WORTH_IT: Final = 3_000_000


@contextmanager
def seldom_collecting() -> Iterator[Callable[[], None]]:
    """Keep Python from looking for circles of garbage all the time; records make none.

    Call what is given now and then; each fortieth time it looks.
    """
    was_on = gc.isenabled()
    gc.disable()
    calls = count(1)

    def collect() -> None:
        if next(calls) % 40 == 0:
            gc.collect()

    try:
        yield collect
    finally:
        if was_on:
            gc.enable()


@dataclass(frozen=True)
class Reading:
    """What is to be read: a file from a place on, and how its copies are written ('' for none).

    ``indexing``: also work out what the index is to hold, for who indexes what he imports.
    """

    path: Path
    format: str
    encoding: str
    start: int
    position: int
    profile: str
    indexing: bool = False


@dataclass(slots=True)
class Look:
    """A stretch of the file with all that can be worked out before the transaction begins.

    The record itself travels as JSON: it is stored so, and few are looked at again.
    """

    found: Found
    json: str = ""
    seen: Projection | None = None
    drafts: list[CopyDraft] = field(default_factory=list)
    content: Document | None = None

    @property
    def is_record(self) -> bool:
        """Tell whether a record could be read."""
        return self.seen is not None

    def marc(self) -> Marc:
        """Return the record."""
        read: Marc = orjson.loads(self.json)
        return read


def looks(reading: Reading) -> Iterator[list[Look]]:
    """Give the stretches of a file in parts of ``AT_ONCE``; a large file is read ahead."""
    if reading.path.stat().st_size - reading.start < WORTH_IT:
        yield from _parts(reading)
    else:
        yield from _from_other_process(reading)


def _parts(reading: Reading) -> Iterator[list[Look]]:
    if reading.format == SHEET:
        titles = staged(reading.path, reading.start, reading.position)
        with_copies = reading.profile == SHEET
        while part := [
            _look(found, drafts if with_copies else [], reading)
            for found, drafts in islice(titles, AT_ONCE)
        ]:
            yield part
        return
    profile = profiles().get(reading.profile)
    stretches = formats.read(
        reading.path,
        format=reading.format,
        encoding=reading.encoding,
        start=reading.start,
        position=reading.position,
    )

    def look(found: Found) -> Look:
        drafts = copies_in(found.marc, profile) if profile and found.marc is not None else []
        return _look(found, drafts, reading)

    while part := [look(found) for found in islice(stretches, AT_ONCE)]:
        yield part


def _look(found: Found, drafts: list[CopyDraft], reading: Reading) -> Look:
    if found.marc is None:
        return Look(found)
    marc, found.marc = found.marc, None
    seen = project(marc)
    there = content(seen) if reading.indexing else None
    return Look(found, orjson.dumps(marc).decode(), seen, drafts, there)


def _from_other_process(reading: Reading) -> Iterator[list[Look]]:
    context = multiprocessing.get_context("spawn")
    here, there = context.Pipe(duplex=False)
    process = context.Process(target=_send, args=(reading, there), daemon=True)
    process.start()
    there.close()
    try:
        while True:
            try:
                part = here.recv()
            except EOFError as error:
                raise RuntimeError("the process that reads the file ended") from error
            if isinstance(part, BaseException):
                raise part
            if not part:
                return
            yield part
    finally:
        here.close()
        process.join(timeout=5)
        if process.is_alive():
            process.kill()


def _send(reading: Reading, connection: Connection) -> None:
    """Read in the other process; an empty part says that the file is at its end."""
    try:
        with seldom_collecting() as collect:
            for part in _parts(reading):
                connection.send(part)
                collect()
        connection.send([])
    except BrokenPipeError:
        return  # nobody listens any more
    except Exception as error:
        connection.send(RuntimeError(f"{type(error).__name__}: {error}"))
