"""What each column of a table holds: guessed from its header, changed by a person, kept by name."""

import hashlib
import re
import tomllib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

from cataloging.imports.sheets.tables import Row, Table, first_rows, shown
from ils.text import legacy
from ils.text.normal import clean, fold

AS_IT_IS: Final = "unicode"
ENCODINGS: Final = (AS_IT_IS, *legacy.ENCODINGS, legacy.UTF8_MISREAD, "windows-1252")
LONGEST_HEADER: Final = 60
HEADER_AMONG: Final = 30  # a title and an address may stand above the headers
_BRACKETS: Final = re.compile(r"\([^)]*\)|\[[^\]]*\]")
_VIETNAMESE: Final = re.compile("[\u1ea0-\u1ef9]")


@dataclass(frozen=True)
class Column:
    """A column: its header, the box it fills ('' for none), the encoding of its text."""

    header: str
    box: str = ""
    encoding: str = AS_IT_IS


@dataclass(frozen=True)
class Plan:
    """How a table is read. ``header``: number of the header row in its sheet.

    ``prefix`` and ``width`` write accession numbers that are bare digits; ``prefix`` '' leaves them.
    """

    sheet: int
    header: int
    columns: tuple[Column, ...]
    prefix: str = ""
    width: int = 5

    def facts(self) -> dict[str, Any]:
        """Return the plan as it is kept."""
        return {
            "sheet": self.sheet,
            "header": self.header,
            "columns": [[c.header, c.box, c.encoding] for c in self.columns],
            "prefix": self.prefix,
            "width": self.width,
        }

    def has(self, box: str) -> bool:
        """Tell whether a column fills a box."""
        return any(column.box == box for column in self.columns)

    @property
    def headers_key(self) -> str:
        """Return what tables with the same headers have in common."""
        names = "\n".join(header_key(column.header) for column in self.columns)
        return hashlib.sha256(names.encode()).hexdigest()


def plan_of(facts: dict[str, Any]) -> Plan:
    """Read a plan as ``facts`` keeps it. Unknown boxes and encodings count for nothing."""
    columns = tuple(
        Column(h, box if box in boxes() else "", enc if enc in ENCODINGS else AS_IT_IS)
        for h, box, enc in facts["columns"]
    )
    return Plan(
        int(facts["sheet"]),
        int(facts["header"]),
        columns,
        str(facts.get("prefix", "")),
        int(facts.get("width", 5)),
    )


@lru_cache(maxsize=1)
def words() -> dict[str, Any]:
    """Return the words of headers and cells, as ``columns.toml`` has them."""
    return tomllib.loads((Path(__file__).parent / "columns.toml").read_text("utf-8"))


@lru_cache(maxsize=1)
def boxes() -> tuple[str, ...]:
    """Return the boxes a column may fill, in the order of the pick list."""
    return tuple(words()["boxes"])


@lru_cache(maxsize=1)
def _by_word() -> dict[str, str]:
    ignored = dict.fromkeys(words()["ignored"]["words"], "")
    named = {word: box for box, some in words()["boxes"].items() for word in some}
    return {**named, **{box.replace("_", " "): box for box in boxes()}, **ignored}


def header_key(header: Any) -> str:
    """Return a header as headers are compared: ``Năm XB (*)`` is ``nam xb``."""
    return " ".join(fold(_said(header)).split())


def _said(header: Any) -> str:
    """Return the words of a header with their marks, in small letters."""
    text = _BRACKETS.sub(" ", shown(header)).replace("_", " ")
    if text.isascii() is False and not _VIETNAMESE.search(text):
        text = legacy.repair(text).text
    return " ".join(re.sub(r"[.:*/,;\-]+", " ", clean(text).lower()).split())


def box_for(header: Any) -> str:
    """Return the box a header names, or ''."""
    if found := words()["marked"].get(_said(header)) or _by_word().get(header_key(header)):
        return str(found)
    return str(words()["isis"].get(shown(header), ""))


def boxes_for(headers: Sequence[Any]) -> list[str]:
    """Return the box for each header; of two that name the same the first has it."""
    found: list[str] = []
    for header in headers:
        box = box_for(header)
        if not box:  # headers in a font of their own
            box = next((b for e in legacy.ENCODINGS if (b := box_for(read(header, e)))), "")
        found.append("" if box in found and box not in ("authors", "keywords") else box)
    return found


def read(cell: Any, encoding: str) -> str:
    """Return a cell as text. A cell that is Unicode already among legacy ones stays as it is."""
    text = shown(cell)
    if not isinstance(cell, str) or text.isascii() or encoding == AS_IT_IS:
        return clean(text)
    if encoding == "windows-1252":
        return clean(text.encode("latin-1", "replace").decode("cp1252", "replace"))
    if _VIETNAMESE.search(text):
        return clean(text)
    return clean(legacy.decode(text, encoding))


def header_row(rows: Sequence[Row]) -> int | None:
    """Return the place of the row that looks like headers, or None where none does."""
    counts = [len(set(filter(None, boxes_for(cells)))) for _, cells in rows[:HEADER_AMONG]]
    best = max(range(len(counts)), key=lambda at: (counts[at], -at), default=None)
    if best is None or counts[best] < 2:
        return None
    return best


def headers_of(rows: Sequence[Row], place: int) -> tuple[int, tuple[Any, ...]]:
    """Return the number of the last header row and the headers, which may stand in two rows: a group
    (*Xuất bản*) above what it holds (*nơi, nhà, năm*), joined cells beside them.

    The row above or below belongs to it where it is words alone and names boxes in columns that have
    no name yet; where both rows have a word for a column, the lower one says what it holds.
    """
    number, cells = rows[place]
    named = {at for at, box in enumerate(boxes_for(cells)) if box}
    for other, is_below in ((place + 1, True), (place - 1, False)):
        if not 0 <= other < len(rows) or abs(rows[other][0] - number) != 1:
            continue
        beside = rows[other][1]
        names = {at for at, box in enumerate(boxes_for(beside)) if box}
        if not names - named or not _is_of_headers(beside):
            continue
        if is_below and (len(names) < 2 or _filled(beside) & named):
            continue
        upper, lower = (cells, beside) if is_below else (beside, cells)
        return max(number, rows[other][0]), tuple(_over(upper, lower))
    return number, tuple(cells)


def _filled(cells: Sequence[Any]) -> set[int]:
    return {at for at, cell in enumerate(cells) if shown(cell)}


def _is_of_headers(cells: Sequence[Any]) -> bool:
    texts = list(filter(None, map(shown, cells)))
    words_alone = all(len(text) <= LONGEST_HEADER for text in texts)
    return words_alone and not any(char.isdigit() for text in texts for char in text)


def _over(upper: Sequence[Any], lower: Sequence[Any]) -> Iterator[Any]:
    for at in range(max(len(upper), len(lower))):
        below = lower[at] if at < len(lower) else None
        above = upper[at] if at < len(upper) else None
        yield below if shown(below) else above


def guess_plan(
    path: Path, table: Table, sheet: int | None = None, header: int | None = None
) -> Plan:
    """Guess sheet, header row, columns and encodings; what is given stands."""
    chosen = sheet
    if chosen is None:
        chosen = _fullest(path, table)
    rows = first_rows(path, table, chosen)
    place = header_row(rows) or 0
    if header is not None:
        place = next((at for at, (number, _) in enumerate(rows) if number >= header), place)
    number, cells = headers_of(rows, place) if rows else (1, ())
    below = [row for row in rows if row[0] > number]
    found = boxes_for(cells)
    encodings = _encodings(cells, below)
    names = [read(cell, encodings[at]) for at, cell in enumerate(cells)]
    columns = tuple(
        Column(name[:120], box, encoding)
        for name, box, encoding in zip(names, found, encodings, strict=True)
    )
    return Plan(chosen, number, columns)


def _fullest(path: Path, table: Table) -> int:
    """Return the first sheet with headers that name the most boxes."""
    best, most = 0, -1
    for place in range(min(len(table.sheets), 20)):
        rows = first_rows(path, table, place, HEADER_AMONG)
        at = header_row(rows)
        count = len(set(filter(None, boxes_for(rows[at][1])))) if at is not None else 0
        if count > most:
            best, most = place, count
    return best


def _encodings(headers: Sequence[Any], rows: Sequence[Row]) -> list[str]:
    """Return the encoding of each column: sure by its own text, else by that of the whole table.

    A table has seldom two encodings, and a few words read as syllables in several: what reads well
    in that of the whole table is in it.
    """
    texts = []
    for at in range(len(headers)):
        cells = [cells[at] for _, cells in rows if at < len(cells)]
        odd = [c for c in (headers[at], *cells) if isinstance(c, str) and not c.isascii()]
        texts.append(" ".join(odd)[:20_000])
    whole = _sure(" ".join(texts)[:60_000])
    found = []
    for text in texts:
        own = _sure(text)
        if whole in legacy.ENCODINGS and own != whole and not _VIETNAMESE.search(text):
            unsure = own == AS_IT_IS and text
            own = whole if unsure or _reads_well(text, whole) else own
        found.append(own)
    return found


def _reads_well(text: str, encoding: str) -> bool:
    return bool(text) and legacy.is_vietnamese(legacy.decode(text, encoding))


def _sure(text: str) -> str:
    if not text:
        return AS_IT_IS
    guess = legacy.guess_encoding(text)
    known = guess.encoding in (*legacy.ENCODINGS, legacy.UTF8_MISREAD)
    return guess.encoding if known and guess.confidence >= legacy.SURE else AS_IT_IS
