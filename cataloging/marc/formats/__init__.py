"""Reading records out of files as they come, and writing them.

``read`` gives a file as stretches that touch each other (``found.Found``): each is a record, a
problem with its reason, or packing. ``recognize`` says what a file is, ``write`` writes one.
"""

from collections.abc import Iterator
from pathlib import Path

from cataloging.marc.formats import aleph, iso2709, json_text, marcxml, mrk
from cataloging.marc.formats.characters import AUTO, ENCODINGS, Reading
from cataloging.marc.formats.found import (
    PROBLEMS,
    REPAIRS,
    Found,
    Problem,
    Repair,
    as_facts,
)
from cataloging.marc.formats.opened import Opened
from cataloging.marc.formats.recognition import FORMATS, Guess, reading_for, recognize
from cataloging.marc.formats.window import Window
from cataloging.marc.formats.writers import WRITERS, is_too_long, write

__all__ = [
    "AUTO",
    "ENCODINGS",
    "FORMATS",
    "PROBLEMS",
    "REPAIRS",
    "WRITERS",
    "Found",
    "Guess",
    "Problem",
    "Repair",
    "as_facts",
    "is_too_long",
    "read",
    "recognize",
    "write",
]


def read(
    path: Path, *, format: str = AUTO, encoding: str = AUTO, start: int = 0, position: int = 0
) -> Iterator[Found]:
    """Give the stretches of a file in order, with constant memory.

    ``start`` and ``position`` are those of a stretch read before, to go on behind it; of a
    compressed file the unpacked bytes count. Raises ``KeyError`` for an unknown encoding.
    """
    reading = reading_for(path, encoding)
    kind = recognize(path).format if format == AUTO else format
    with Opened(path) as stream:
        head = b""
        if kind == "marcxml":
            with Opened(path) as again:
                head = again.read(4096)[:4096]
        window = Window(stream, start)
        window.data = stream.skip(start)
        last = start
        for found in _stretches(kind, window, reading, position, head):
            position = found.position or position
            last = found.byte_end
            yield found
        if stream.damage:
            problem = Problem("compression_damaged", stream.damage)
            yield Found(position + 1, last, last, None, [], problem)


def _stretches(
    kind: str, window: Window, reading: Reading, position: int, head: bytes
) -> Iterator[Found]:
    if kind == "iso2709":
        return iso2709.read(window, reading, position)
    if kind == "marcxml":
        return marcxml.read(window, reading, position, head=head)
    if kind == "json":
        return json_text.read(window, reading, position)
    if kind == "mrk":
        return mrk.read(window, reading, position)
    if kind == "aleph":
        return aleph.read(window, reading, position)
    return _unknown(window, position)


def _unknown(window: Window, position: int) -> Iterator[Found]:
    """List a whole file as unknown; an empty one has nothing to list."""
    start = window.start
    shown = b""
    while window.data or window.grow():
        shown = shown or window.data[:60]
        window.drop(len(window.data))
    if window.end > start:
        problem = Problem("unknown_format", shown.decode("utf-8", "replace"))
        yield Found(position + 1, start, window.end, None, [], problem)
