"""The formats in which records are given out, each written one record at a time."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from typing import BinaryIO, Final

from cataloging.export import dublin_core, mods, references, table
from cataloging.export.sources import Row
from cataloging.marc.formats import WRITERS
from cataloging.marc.model import Marc

TOGETHER: Final = 200  # records in one piece


@dataclass(frozen=True)
class Format:
    """How a format is written: what stands before, between and behind the records."""

    ending: str
    mime: str
    one: Callable[[int, Marc], bytes]
    head: bytes = b""
    between: bytes = b""
    end: bytes = b""
    end_of_nothing: bool = True  # whether an empty file has its end


def _marc(code: str, ending: str, mime: str) -> Format:
    head, one, between, end = WRITERS[code]
    return Format(ending, mime, lambda _id, marc: one(marc), head, between, end, code != "ndjson")


FORMATS: Final[dict[str, Format]] = {
    "iso2709": _marc("iso2709", "mrc", "application/marc"),
    "marcxml": _marc("marcxml", "xml", "application/marcxml+xml"),
    "mrk": _marc("mrk", "mrk", "text/plain; charset=utf-8"),
    "json": _marc("json", "json", "application/marc+json"),
    "ndjson": _marc("ndjson", "ndjson", "application/x-ndjson"),
    "dc": Format(
        "dc.xml",
        "application/xml",
        dublin_core.dublin_core,
        dublin_core.HEAD.encode(),
        end=dublin_core.END.encode(),
    ),
    "mods": Format(
        "mods.xml", "application/mods+xml", mods.mods, mods.HEAD.encode(), end=mods.END.encode()
    ),
    "ris": Format("ris", "application/x-research-info-systems", references.ris),
    "bibtex": Format("bib", "application/x-bibtex; charset=utf-8", references.bibtex),
    "csv": Format(
        "csv",
        "text/csv; charset=utf-8",
        table.row,
        table.HEAD.encode() + table.line(table.COLUMNS),
    ),
}


def pieces(rows: Iterable[Row], format: str, head: bytes | None = None) -> Iterator[bytes]:
    """Yield a file of records in pieces; ``head`` is another beginning (headers in a language).

    Raises ``KeyError`` for a format that is not known.
    """
    how = FORMATS[format]
    yield how.head if head is None else head
    rest = iter(rows)
    first = True
    while part := list(islice(rest, TOGETHER)):
        begin = b"" if first else how.between
        yield begin + how.between.join(how.one(record_id, marc) for record_id, marc in part)
        first = False
    yield how.end if not first or how.end_of_nothing else b""


def write(rows: Iterable[Row], format: str, stream: BinaryIO) -> int:
    """Write records to a stream one by one; return how many. Raises ``KeyError`` for the format."""
    count = 0

    def counted() -> Iterator[Row]:
        nonlocal count
        for row in rows:
            count += 1
            yield row

    for piece in pieces(counted(), format):
        stream.write(piece)
    return count
