"""Reading what people write into cells: prices, days, runs of accession numbers.

Each function returns the value or raises ``CellError`` with what is wrong; an empty cell is no
error. Nothing is guessed where two readings are possible.
"""

import re
from datetime import date, datetime, timedelta
from typing import Any, Final

from cataloging.imports.sheets.columns import words
from cataloging.items import HIGHEST_PRICE
from cataloging.numbers import accession_key
from ils.core import clock
from ils.text.normal import fold

LONGEST_RUN: Final = 1000  # copies in one cell
LONGEST_NUMBER: Final = 40
_PRICE: Final = re.compile(
    r"(\d{1,3}(?:[.,\s]\d{3})+|\d+)(?:[.,]0{1,2})?\s*(k|nghin|ngan)?\s*(?:d|dong|vnd|vn|₫)?\.?"
)
_NUMERIC_DAY: Final = re.compile(r"(\d{1,2})\s*[/.\-]\s*(\d{1,2})\s*[/.\-]\s*(\d{4}|\d{2})")
_ISO_DAY: Final = re.compile(r"(\d{4})[/.\-](\d{1,2})[/.\-](\d{1,2})(?:[T ].*)?")
_WORD_DAY: Final = re.compile(r"(?:ngay\s*)?(\d{1,2})\s*thang\s*(\d{1,2})\s*,?\s*nam\s*(\d{4})")
_EXCEL_ZERO: Final = date(1899, 12, 30)
_SCIENTIFIC: Final = re.compile(r"\d+(?:[.,]\d+)?[eE]\+?\d+")
_LIST: Final = re.compile(r"[;,\n]+")
_RUN: Final = re.compile(
    r"(?P<first>.*?\d+)\s*(?:-|–|—|→|->|\.\.\.?|…|\bđến\b|\btới\b|\bto\b)\s*(?P<last>\S*\d+)",
    re.IGNORECASE,
)
_TAIL: Final = re.compile(r"(?P<prefix>.*?)(?P<serial>\d+)", re.DOTALL)


class CellError(ValueError):
    """What is wrong with a cell: ``code`` names it, ``value`` is what stands there."""

    def __init__(self, code: str, value: str) -> None:
        super().__init__(code)
        self.code = code
        self.value = value


def price_of(text: str) -> int | None:
    """Read a price in đồng: ``45.000đ``, ``45,000 VND``, ``45000.00``, ``45k``."""
    plain = fold(text).lower().strip()
    if plain in ("", "-", "0", "k co", "khong", "khong ghi"):
        return None
    match = _PRICE.fullmatch(plain)
    amount = (
        int(re.sub(r"\D", "", match.group(1))) * (1000 if match.group(2) else 1) if match else 0
    )
    if match is None or amount > HIGHEST_PRICE:
        raise CellError("row_price", text)
    return amount or None


def day_of(cell: Any, text: str) -> date | None:
    """Read a day: of a workbook, its number in one, ``5/3/2019``, ``05-03-98``, in words."""
    if isinstance(cell, datetime):
        return cell.date()
    if isinstance(cell, date):
        return cell
    if not text:
        return None
    plain = fold(text).lower().strip()
    try:
        found = _written_day(plain)
    except ValueError:
        found = None
    if found is None or found > clock.today():
        raise CellError("row_day", text)
    return found


def _written_day(plain: str) -> date | None:
    if match := _ISO_DAY.fullmatch(plain):
        year, month, day = (int(part) for part in match.groups()[:3])
    elif match := _NUMERIC_DAY.fullmatch(plain) or _WORD_DAY.fullmatch(plain):
        day, month, year = (int(part) for part in match.groups())
    elif plain.isdigit() and len(plain) == 5:
        return _EXCEL_ZERO + timedelta(days=int(plain))
    else:
        return None
    if year < 100:
        year += 2000 if year <= clock.today().year % 100 else 1900
    return date(year, month, day)


def code_of(text: str) -> str:
    """Return a code as it is. One that a spreadsheet shortened has lost its digits."""
    if _SCIENTIFIC.fullmatch(text):
        raise CellError("row_scientific", text)
    return text


def source_of(text: str) -> str | None:
    """Return the word for where a copy came from, None for one that is not known."""
    plain = fold(text).lower().strip(" .")
    for source, some in words()["sources"].items():
        if plain == source or plain in some:
            return str(source)
    return None


def language_of(text: str) -> str:
    """Return the MARC code of a language; three letters that are no known word are one."""
    plain = fold(text).lower().strip(" .")
    for code, some in words()["languages"].items():
        if plain in some:
            return str(code)
    return plain if len(plain) == 3 and plain.isalpha() and plain.isascii() else ""


def quantity_of(text: str) -> int | None:
    """Read a number of copies."""
    if not text:
        return None
    match = re.match(r"(\d{1,4})\b", text)
    if match is None:
        raise CellError("row_quantity", text)
    return int(match.group(1))


def numbers_in(text: str, prefix: str = "", width: int = 5) -> list[str]:
    """Return the accession numbers a cell names, a list and runs written out.

    ``TN.00001-00005``, ``TN.00001 đến TN.00005``, ``TN.00001; 00003``. Bare digits take the prefix
    before them in the cell, else ``prefix``. ``TN.00001-05`` may be a run or one number: an error.
    """
    code_of(text)
    found: list[str] = []
    before, digits = "", 0
    for part in filter(None, (piece.strip() for piece in _LIST.split(text))):
        some = _run(part, before, digits, prefix, width)
        if match := _TAIL.fullmatch(some[-1]):
            before, digits = match.group("prefix"), len(match.group("serial"))
        found += some
        if len(found) > LONGEST_RUN:
            raise CellError("row_run_long", text)
    if any(len(one) > LONGEST_NUMBER or not accession_key(one) for one in found):
        raise CellError("row_number", text)
    return found


def _run(part: str, before: str, digits: int, prefix: str, width: int) -> list[str]:
    match = _RUN.fullmatch(part)
    if match is None:
        return [_whole(part, before, digits, prefix, width)]
    first = _whole(match.group("first"), before, digits, prefix, width)
    head, tail = _TAIL.fullmatch(first), _TAIL.fullmatch(match.group("last"))
    if head is None or tail is None:
        return [part]
    stem, low = head.group("prefix"), head.group("serial")
    high = tail.group("serial")
    same_stem = accession_key(tail.group("prefix")) in ("", accession_key(stem))
    bare_width = _TAIL.fullmatch(match.group("first"))
    lengths = {len(low), len(bare_width.group("serial")) if bare_width else len(low)}
    if not same_stem or len(high) not in lengths or int(high) < int(low):
        raise CellError("row_run", part)
    count = int(high) - int(low) + 1
    if count > LONGEST_RUN:
        raise CellError("row_run_long", part)
    return [f"{stem}{serial:0{len(low)}d}" for serial in range(int(low), int(high) + 1)]


def _whole(part: str, before: str, digits: int, prefix: str, width: int) -> str:
    """Return a number with its prefix; bare digits get the one before them or the register's."""
    part = part.strip()
    if not (part.isdigit() and part.isascii()):
        return part
    if before:
        return before + part.zfill(digits)
    return f"{prefix}.{int(part):0{width}d}" if prefix else part
