"""A file as a table: .xlsx, .xls, .csv and ISIS exports, known by their content.

Rows come one after another with the number they have in their sheet. Whatever a file is, it ends in
rows or in ``Invalid`` with a sentence.
"""

import csv
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from itertools import islice
from pathlib import Path
from typing import Any, Final

from cataloging.imports.sheets import isis
from ils.core.errors import Invalid

Cells = tuple[Any, ...]
Row = tuple[int, Cells]  # number in the sheet from 1, cells

MOST_ROWS: Final = 200_000
MOST_COLUMNS: Final = 200
UNPACKED: Final = 600_000_000  # bytes of all parts of a workbook
SHARED: Final = 150_000_000  # bytes of its table of texts, which is held in memory
OLD_WORKBOOK: Final = 60_000_000  # bytes of an .xls, which is held in memory
_ZIP: Final = b"PK\x03\x04"
_OLE: Final = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_SAMPLE: Final = 200_000
_DELIMITERS: Final = ",;\t|"


@dataclass(frozen=True)
class Table:
    """What a file is as a table. ``text``: the encoding a text file is opened in."""

    kind: str  # xlsx | xls | csv | isis | isis-text
    sheets: tuple[str, ...] = ("",)
    text: str = ""
    delimiter: str = ""


def table_of(path: Path, *, sure: bool = True) -> Table | None:
    """Say what a file is by its content; None for what is no table.

    Text is a table where some row names what its columns hold; with ``sure`` off, wherever it has
    delimiters: a person said so.

    Raises ``Invalid`` for a workbook that cannot be opened safely.
    """
    with path.open("rb") as stream:
        head = stream.read(_SAMPLE)
    if head.startswith(_ZIP):
        return _xlsx_table(path)
    if head.startswith(_OLE):
        return _xls_table(path)
    if isis.is_text_export(head):
        return Table("isis-text", text=_text_encoding(path, head))
    if isis.is_iso_export(head):
        return Table("isis", text="latin-1")
    return _csv_table(path, head, sure=sure)


def rows_of(path: Path, table: Table, sheet: int = 0) -> Iterator[Row]:
    """Give the rows of a sheet that hold anything. Raises ``Invalid`` for a file that breaks off.

    More than ``MOST_ROWS`` filled rows are ``Invalid('sheet_too_long')``.
    """
    readers = {"xlsx": _xlsx_rows, "xls": _xls_rows, "csv": _csv_rows}
    reader = readers.get(table.kind)
    rows = reader(path, table, sheet) if reader else isis.rows(path, table.kind, table.text)
    count = 0
    try:
        for number, cells in rows:
            if not any(shown(cell) for cell in cells):
                continue
            count += 1
            if count > MOST_ROWS:
                raise Invalid("sheet_too_long", field="file", most=MOST_ROWS)
            yield number, tuple(cells[:MOST_COLUMNS])
    except (zipfile.BadZipFile, ValueError, KeyError, OSError, EOFError, SyntaxError) as error:
        raise Invalid("sheet_unreadable", field="file") from error


def first_rows(path: Path, table: Table, sheet: int = 0, count: int = 400) -> list[Row]:
    """Return the first rows."""
    return list(islice(rows_of(path, table, sheet), count))


def shown(cell: Any) -> str:
    """Return a cell as text: whole numbers without a point, days as they are written here."""
    if cell is None or isinstance(cell, bool):
        return "" if cell is None else str(cell)
    if isinstance(cell, float):
        return str(int(cell)) if cell.is_integer() else repr(cell)
    if isinstance(cell, (date, datetime)):
        return cell.strftime("%d/%m/%Y")
    return str(cell).strip()


# -- workbooks -----------------------------------------------------------------------------------


def _xlsx_table(path: Path) -> Table | None:
    """Look into a zip without unpacking it: a workbook of a size that can be, or no table."""
    try:
        with zipfile.ZipFile(path) as packed:
            parts = packed.infolist()
            if not any(one.filename == "xl/workbook.xml" for one in parts):
                return None
            shared = sum(p.file_size for p in parts if "sharedStrings" in p.filename)
            if sum(one.file_size for one in parts) > UNPACKED or shared > SHARED:
                raise Invalid("sheet_too_large", field="file")
            for one in parts:
                is_xml = one.filename.endswith((".xml", ".rels"))
                if is_xml and b"<!DOCTYPE" in packed.open(one).read(2000):
                    raise Invalid("sheet_unreadable", field="file")
        book = _workbook(path)
        names = tuple(one.title for one in book.worksheets)
        book.close()
    except (zipfile.BadZipFile, ValueError, KeyError, OSError, EOFError, SyntaxError) as error:
        raise Invalid("sheet_unreadable", field="file") from error
    if not names:
        raise Invalid("sheet_empty", field="file")
    return Table("xlsx", names)


def _workbook(path: Path) -> Any:
    import openpyxl

    # By an open file: openpyxl judges a path by its ending, we by its content.
    return openpyxl.load_workbook(path.open("rb"), read_only=True, data_only=True, keep_links=False)


def _xlsx_rows(path: Path, _table: Table, sheet: int) -> Iterator[Row]:
    book = _workbook(path)
    try:
        chosen = book.worksheets[min(sheet, len(book.worksheets) - 1)]
        chosen.reset_dimensions()  # what a sheet says of its size is often wrong
        yield from enumerate(chosen.iter_rows(values_only=True), start=1)
    finally:
        book.close()


def _xls_table(path: Path) -> Table:
    return Table("xls", tuple(_old_workbook(path).sheet_names))


def _old_workbook(path: Path) -> Any:
    from python_calamine import CalamineError, CalamineWorkbook

    if path.stat().st_size > OLD_WORKBOOK:
        raise Invalid("sheet_too_large", field="file")
    try:
        with path.open("rb") as stream:
            book = CalamineWorkbook.from_filelike(stream)
    except (CalamineError, ValueError, OSError) as error:
        raise Invalid("sheet_unreadable", field="file") from error
    if not book.sheet_names:
        raise Invalid("sheet_empty", field="file")
    return book


def _xls_rows(path: Path, table: Table, sheet: int) -> Iterator[Row]:
    from python_calamine import CalamineError

    book = _old_workbook(path)
    try:
        found = book.get_sheet_by_index(min(sheet, len(table.sheets) - 1))
        for number, cells in enumerate(found.to_python(skip_empty_area=False), start=1):
            yield number, tuple(cells)
    except CalamineError as error:
        raise Invalid("sheet_unreadable", field="file") from error


# -- text with delimiters ------------------------------------------------------------------------


def _csv_table(path: Path, head: bytes, *, sure: bool) -> Table | None:
    from cataloging.imports.sheets.columns import header_row

    encoding = _text_encoding(path, head)
    text = head.decode(encoding, "ignore")
    if sum(char < " " and char not in "\r\n\t\f" for char in text[:2000]) > 2:
        return None
    lines = text.splitlines()[:50]
    counts = {sign: sum(sign in line for line in lines) for sign in _DELIMITERS}
    signs = sorted(_DELIMITERS, key=lambda one: -counts[one])
    for sign in signs:
        try:
            rows = [tuple(row) for row in csv.reader(lines, delimiter=sign)]
        except csv.Error:  # a field longer than any table has
            continue
        if counts[sign] > 1 and header_row([(0, row) for row in rows]) is not None:
            return Table("csv", text=encoding, delimiter=sign)
    return None if sure or not counts[signs[0]] else Table("csv", text=encoding, delimiter=signs[0])


def _text_encoding(path: Path, head: bytes) -> str:
    """Return the encoding a text file is opened in.

    One that is no Unicode is opened as Latin-1, byte for byte: its columns are read in their own
    encodings. A byte-order mark decides; UTF-16 without one shows in its zeros.
    """
    if head.startswith((b"\xff\xfe", b"\xfe\xff")):
        return "utf-16"
    if head[1:200:2].count(0) > len(head[:200]) * 0.3:
        return "utf-16-le"
    if head.startswith(b"\xef\xbb\xbf"):
        return "utf-8-sig"
    try:
        with path.open("r", encoding="utf-8", newline="") as stream:
            while stream.read(1 << 20):
                pass
    except UnicodeDecodeError:
        return "latin-1"
    return "utf-8"


def _csv_rows(path: Path, table: Table, _sheet: int) -> Iterator[Row]:
    with path.open("r", encoding=table.text, errors="replace", newline="") as stream:
        reader = csv.reader(stream, delimiter=table.delimiter)
        try:
            for number, row in enumerate(reader, start=1):
                yield number, tuple(row)
        except csv.Error as error:
            raise Invalid("sheet_unreadable", field="file") from error
