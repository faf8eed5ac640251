"""Spreadsheets people open in their office program: dates, numbers and widths as they expect."""

import io
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from ils.core import clock

FONT = "Times New Roman"
WIDEST = 60
STATE = ("CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM", "Độc lập - Tự do - Hạnh phúc")
SIGNING_ROOM = 4  # rows between how to sign and the name
MARGIN = 0.6  # inches
A4 = (8.27, 11.69)  # inches
CHARACTER, ROW = 5.4, 15.0  # points: a character of a column's width, a row of one line
STILL_READ = 1.4  # so many pages tall is set on one, smaller, rather than parted from who signs


@dataclass(frozen=True)
class Official:
    """What makes a sheet an official paper: who issues it, where and when, who signs.

    ``signatures`` are (office held, how to sign, name). The state and its motto stand opposite
    the issuer; the sheet's heading is then its title, centered.
    """

    issuer: Sequence[str]
    dated: str
    signatures: Sequence[tuple[str, str, str]]


@dataclass(frozen=True)
class Sheet:
    """One sheet: heading lines, a header row, rows of cells, and lines below.

    ``money`` and ``wide`` name columns (from 0): whole đồng, and long text that is to wrap.
    ``strong`` names rows (from 0) in bold, such as totals and chapter headings.
    """

    name: str
    headers: Sequence[Any]
    rows: Iterable[Sequence[Any]]
    heading: Sequence[str] = ()
    notes: Sequence[str] = ()
    money: Sequence[int] = ()
    wide: Sequence[int] = ()
    strong: frozenset[int] = field(default_factory=frozenset)
    landscape: bool = False
    official: Official | None = None


def xlsx(sheets: Iterable[Sheet | tuple[Any, Sequence[Any], Iterable[Sequence[Any]]]]) -> bytes:
    """Return an .xlsx file; a sheet may be given as ``(name, headers, rows)``.

    Text is written as text: a cell beginning with ``=`` stays words and is never a formula.
    """
    import xlsxwriter

    out = io.BytesIO()
    settings = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    book = xlsxwriter.Workbook(out, settings)
    book.set_properties({"created": clock.local(clock.now()).replace(tzinfo=None)})
    looks = _looks(book)
    taken: set[str] = set()
    for each in sheets:
        sheet = each if isinstance(each, Sheet) else Sheet(str(each[0]), each[1], each[2])
        _write(book.add_worksheet(_sheet_name(sheet.name, taken)), sheet, looks)
    book.close()
    return out.getvalue()


def _looks(book: Any) -> dict[str, Any]:
    base = {"font_name": FONT, "font_size": 11, "valign": "top"}
    cell = {**base, "border": 1}
    styles = {
        "heading": {**base, "bold": True, "font_size": 13},
        "note": {**base, "italic": True},
        "title": {**base, "bold": True, "font_size": 13, "align": "center"},
        "middle": {**base, "align": "center"},
        "aside": {**base, "italic": True, "align": "center"},
        "header": {
            **cell,
            "bold": True,
            "text_wrap": True,
            "align": "center",
            "bg_color": "#E9F0EA",
        },
        "text": cell,
        "wrap": {**cell, "text_wrap": True},
        "int": {**cell, "num_format": "#,##0"},
        "float": {**cell, "num_format": "#,##0.0#"},
        "money": {**cell, "num_format": '#,##0" đ"'},
        "date": {**cell, "num_format": "dd/mm/yyyy", "align": "left"},
        "moment": {**cell, "num_format": "dd/mm/yyyy hh:mm", "align": "left"},
    }
    made = {name: book.add_format(style) for name, style in styles.items()}
    for name, style in styles.items():
        made[f"{name}+"] = book.add_format({**style, "bold": True})
    return made


def _sheet_name(name: str, taken: set[str]) -> str:
    clean = re.sub(r"[\[\]:*?/\\]", " ", name).strip("' ")
    if len(clean) > 31:  # Excel's limit; a word is not cut in two
        clean = clean[:32].rpartition(" ")[0] or clean[:31]
    clean = clean.strip(" ,;–") or "Sheet"
    candidate, n = clean, 2
    while candidate.lower() in taken:
        tail = f" ({n})"
        candidate, n = clean[: 31 - len(tail)] + tail, n + 1
    taken.add(candidate.lower())
    return candidate


def _write(page: Any, sheet: Sheet, looks: dict[str, Any]) -> None:
    page.set_paper(9)  # A4
    page.set_margins(left=MARGIN, right=MARGIN, top=MARGIN, bottom=MARGIN)
    if sheet.landscape:
        page.set_landscape()
    last = len(sheet.headers) - 1
    line = top = _write_heading(page, sheet, last, looks)
    folded = 0  # lines that wrapped cells take beyond their row's first
    widths = [_width(str(head)) for head in sheet.headers]
    for column, head in enumerate(sheet.headers):
        page.write_string(top, column, str(head), looks["header"])
    for number, row in enumerate(sheet.rows):
        line += 1
        folded += max(
            (len(_shown(row[at])) // WIDEST for at in sheet.wide if at < len(row)), default=0
        )
        for column, value in enumerate(row):
            _write_cell(page, line, column, value, sheet, looks, strong=number in sheet.strong)
            if column < len(widths):
                widths[column] = max(widths[column], _width(_shown(value)))
    widths = [WIDEST if at in sheet.wide else width for at, width in enumerate(widths)]
    for column, width in enumerate(widths):
        page.set_column(column, column, width)
    page.freeze_panes(top + 1, 0)
    page.repeat_rows(top)
    if not sheet.heading and line > top:
        page.autofilter(top, 0, line, max(0, len(sheet.headers) - 1))
    for text in sheet.notes:
        line += 1
        page.write_string(line + 1, 0, str(text), looks["note"])
    if sheet.official:
        line = _write_signatures(page, sheet.official, line + 3, last, looks)
    pages = _pages_tall(line + 1 + folded, sum(widths), landscape=sheet.landscape)
    page.fit_to_pages(1, 1 if sheet.official and pages <= STILL_READ else 0)


def _pages_tall(lines: int, characters: float, *, landscape: bool) -> float:
    """Return about how many pages so many lines fill once the columns fit beside each other."""
    wide, tall = ((side - 2 * MARGIN) * 72 for side in (reversed(A4) if landscape else A4))
    scale = min(1.0, wide / (characters * CHARACTER))
    return lines * ROW * scale / tall


def _write_heading(page: Any, sheet: Sheet, last: int, looks: dict[str, Any]) -> int:
    """Write what stands above the table; return the row of the table's header."""
    line = _write_issuer(page, sheet.official, last, looks) if sheet.official else 0
    for text in sheet.heading:
        if sheet.official:
            page.merge_range(line, 0, line, last, str(text), looks["title"])
        else:
            page.write_string(line, 0, str(text), looks["heading"])
        line += 1
    return line + 1 if sheet.heading else line


def _write_issuer(page: Any, official: Official, last: int, looks: dict[str, Any]) -> int:
    """Write the issuer beside the state and its motto; return the row where the title begins."""
    for line, text in enumerate(official.issuer):
        page.merge_range(line, 0, line, 1, text, looks["middle+" if line else "middle"])
    for line, text in enumerate((*STATE, official.dated)):
        page.merge_range(line, 3, line, last, text, looks["aside" if line == 2 else "middle+"])
    return max(len(official.issuer), len(STATE) + 1) + 1


def _write_signatures(
    page: Any, official: Official, line: int, last: int, looks: dict[str, Any]
) -> int:
    """Write the blocks of those who sign: the first under the words, the others under numbers.

    Return the row of the names.
    """
    others = max(1, len(official.signatures) - 1)
    each = (last - 1) // others
    names = line + 1 + SIGNING_ROOM
    for place, (role, how, name) in enumerate(official.signatures):
        first = 2 + (place - 1) * each if place else 0
        end = first + each - 1 if place else 1
        page.merge_range(line, first, line, end, role.upper(), looks["middle+"])
        page.merge_range(line + 1, first, line + 1, end, how, looks["aside"])
        page.merge_range(names, first, names, end, name, looks["middle+"])
    return names


def _write_cell(
    page: Any,
    line: int,
    column: int,
    value: Any,
    sheet: Sheet,
    looks: dict[str, Any],
    *,
    strong: bool,
) -> None:
    end = "+" if strong else ""
    if value is None or value == "":
        page.write_blank(line, column, None, looks["text" + end])
    elif isinstance(value, bool):
        page.write_string(line, column, "x" if value else "", looks["text" + end])
    elif isinstance(value, int | float):
        whole = float(value).is_integer()
        kind = "money" if column in sheet.money else "int" if whole else "float"
        page.write_number(line, column, value, looks[kind + end])
    elif isinstance(value, datetime):
        moment = clock.local(value).replace(tzinfo=None) if value.tzinfo else value
        page.write_datetime(line, column, moment, looks["moment" + end])
    elif isinstance(value, date):
        page.write_datetime(line, column, value, looks["date" + end])
    else:
        kind = "wrap" if column in sheet.wide else "text"
        page.write_string(line, column, str(value)[:32_000], looks[kind + end])


def _shown(value: Any) -> str:
    if isinstance(value, datetime):
        return "00/00/0000 00:00"
    if isinstance(value, date):
        return "00/00/0000"
    if isinstance(value, int | float):
        return f"{value:,}"
    return str(value or "")


def _width(text: str) -> float:
    longest = max((len(part) for part in text.split("\n")), default=0)
    return min(WIDEST, max(6.0, longest * 1.1 + 2))
