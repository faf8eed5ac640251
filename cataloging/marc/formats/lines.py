"""Formats of lines: the file as lines with their places, gathered into records."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

from cataloging.marc.formats.found import Found, Problem, Repairs, packing, record
from cataloging.marc.formats.window import BLOCK, Window
from cataloging.marc.model import Marc

LARGEST: Final = 16 << 20  # no record is larger; keeps memory bounded in a file that is no text

_END: Final = re.compile(rb"\r\n|\n|\r")


@dataclass(frozen=True)
class Line:
    """A line: where it begins, where the next begins, its bytes without the line end."""

    start: int
    end: int
    raw: bytes


def lines(window: Window) -> Iterator[Line]:
    """Give the lines of the file in order; lines end with LF, CR LF or CR."""
    at = window.start
    while True:
        match = _END.search(window.data, at - window.start)
        if match is None or (match.end() == len(window.data) and not window.is_complete):
            if len(window.data) < LARGEST + BLOCK and window.grow():
                continue
            if match is None:
                if at < window.end:
                    yield Line(at, window.end, window.data[at - window.start :])
                return
        end = match.end() + window.start
        yield Line(at, end, window.data[at - window.start : match.start()])
        at = end
        if at - window.start > BLOCK:
            window.drop(at - window.start)


def gathered(found: Iterator[Line], key: Callable[[Line, object], object]) -> Iterator[list[Line]]:
    """Gather lines that follow each other and have the same key.

    ``key`` gets a line and the key of the line before; None is the key of lines between records.
    """
    group: list[Line] = []
    last: object = None
    size = 0
    for line in found:
        present = key(line, last)
        if group and (present != last or size > LARGEST):
            yield group
            group, size = [], 0
        group.append(line)
        size += len(line.raw)
        last = present
    if group:
        yield group


def records_of_lines(
    groups: Iterator[list[Line]], parse: Callable[[list[Line], Repairs], Marc | None], position: int
) -> Iterator[Found]:
    """Give the stretches of gathered lines: records counted on from ``position``, what ``parse``
    cannot read as a problem, blank lines as packing."""
    for group in groups:
        start, end = group[0].start, group[-1].end
        if not any(line.raw.strip() for line in group):
            yield packing(start, end)
            continue
        position += 1
        repairs = Repairs()
        marc = parse(group, repairs)
        if marc is None:
            shown = group[0].raw[:60].decode("utf-8", "replace")
            yield Found(position, start, end, None, [], Problem("no_record", shown))
        else:
            yield record(position, start, end, marc, repairs.list())
