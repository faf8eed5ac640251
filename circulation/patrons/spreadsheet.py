"""Bringing in patrons from a spreadsheet (.xlsx, .xls, .ods, .csv): columns, rows, wrong rows.

Columns are guessed from Vietnamese and English headers and may be changed. A row that cannot be
taken is given back with its reason; the others are taken.
"""

import csv
import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from python_calamine import CalamineError, CalamineWorkbook
from sqlalchemy import select
from sqlalchemy.orm import Session

from circulation.patrons.cards import card_number_key, issue_card
from circulation.patrons.models import PatronCard, PatronCategory
from circulation.patrons.patrons import PatronFacts, likely_same, register_patron
from ils.accounts.actor import Actor
from ils.core.errors import IlsError, Invalid
from ils.org.units import library_of
from ils.text.normal import clean, fold
from ils.web.forms import parse_day

MOST_ROWS = 50_000

# box → words that name it in headers, folded
HEADERS: dict[str, tuple[str, ...]] = {
    "name": ("ho va ten", "ho ten", "ten ban doc", "full name", "name", "ten"),
    "card": ("so the", "ma the", "card", "card number", "ma ban doc", "so the ban doc"),
    "born": ("ngay sinh", "nam sinh", "sinh ngay", "birth", "date of birth", "birthday", "dob"),
    "sex": ("gioi tinh", "gioi", "phai", "sex", "gender", "nam/nu"),
    "category": ("doi tuong", "loai ban doc", "category", "nhom"),
    "student_code": (
        "ma hoc sinh",
        "ma hs",
        "ma dinh danh",
        "so dinh danh",
        "student code",
        "mshs",
    ),
    "school_class": ("lop", "lop hoc", "class"),
    "school_year": ("nam hoc", "nien khoa", "school year"),
    "school": ("truong", "school", "truong/co quan"),
    "occupation": ("nghe nghiep", "occupation", "nghe"),
    "ethnicity": ("dan toc", "ethnicity"),
    "commune": ("xa", "phuong", "xa/phuong", "commune", "xa phuong"),
    "address": ("dia chi", "noi o", "address", "cho o"),
    "phone": ("dien thoai", "so dien thoai", "sdt", "dt", "so dt", "phone", "tel", "mobile"),
    "email": ("email", "thu dien tu", "e-mail"),
    "guardian_name": ("phu huynh", "ho ten phu huynh", "nguoi giam ho", "cha me", "guardian"),
    "guardian_phone": (
        *("sdt phu huynh", "dien thoai phu huynh", "so dien thoai phu huynh", "dt phu huynh"),
        "guardian phone",
    ),
    "issued_on": ("ngay cap", "ngay cap the", "issued"),
    "expires_on": ("ngay het han", "han the", "het han", "expires", "expiry"),
    "note": ("ghi chu", "note", "notes"),
}


@dataclass(frozen=True)
class Sheet:
    """A spreadsheet as text: the header row and the rows below it."""

    headers: tuple[str, ...]
    rows: tuple[tuple[Any, ...], ...]


@dataclass
class Outcome:
    """What came of an import."""

    added: int = 0
    known: int = 0
    wrong: list[tuple[int, tuple[Any, ...], IlsError]] = field(default_factory=list)


def read_sheet(data: bytes, file_name: str = "") -> Sheet:
    """Read the first sheet. Raises ``Invalid`` when it is no spreadsheet, is empty or too long."""
    rows = _csv_rows(data) if file_name.lower().endswith((".csv", ".txt")) else _book_rows(data)
    filled = [row for row in rows if any(shown(cell) for cell in row)]
    if len(filled) < 2:
        raise Invalid("patron_sheet_empty", field="file")
    if len(filled) > MOST_ROWS:
        raise Invalid("patron_sheet_too_long", field="file", most=MOST_ROWS)
    head = _header_row(filled)
    headers = tuple(shown(cell) for cell in filled[head])
    return Sheet(headers, tuple(tuple(row) for row in filled[head + 1 :]))


def _book_rows(data: bytes) -> list[list[Any]]:
    try:
        book = CalamineWorkbook.from_filelike(io.BytesIO(data))
        return list(book.get_sheet_by_index(0).to_python())
    except (CalamineError, ValueError, OSError, IndexError) as error:
        raise Invalid("patron_sheet_unreadable", field="file") from error


def _csv_rows(data: bytes) -> list[list[Any]]:
    for encoding in ("utf-8-sig", "utf-16", "cp1258"):
        try:
            text = data.decode(encoding)
        except UnicodeError:
            continue
        delimiter = max(",;\t", key=text[:2000].count)
        return [list(row) for row in csv.reader(io.StringIO(text), delimiter=delimiter)]
    raise Invalid("patron_sheet_unreadable", field="file")


def _header_row(rows: Sequence[Sequence[Any]]) -> int:
    """Return the row that looks most like headers: lists often begin with titles."""
    best = max(range(min(10, len(rows))), key=lambda i: (len(guess_columns(rows[i])), -i))
    return best if guess_columns(rows[best]) else 0


def guess_columns(headers: Iterable[Any]) -> dict[str, int]:
    """Return which column holds which box, guessed from the headers."""
    names = [fold(clean(shown(h))).replace("_", " ").strip(" .:*") for h in headers]
    fits = [
        (-_fit(name, words), order, column, box)
        for order, (box, words) in enumerate(HEADERS.items())
        for column, name in enumerate(names)
        if _fit(name, words)
    ]
    found: dict[str, int] = {}
    for _, _, column, box in sorted(fits):
        if column not in found.values() and box not in found:
            found[box] = column
    return found


def _fit(name: str, words: Sequence[str]) -> int:
    """Return how well a header fits: the whole header best, else the longest word in it."""
    if name in words:
        return 1000
    return max((len(word) for word in words if len(word) > 3 and word in name), default=0)


def shown(cell: Any) -> str:
    """Return a cell as text: whole numbers without a point, days as they are written here."""
    if cell is None:
        return ""
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    if isinstance(cell, (date, datetime)):
        return cell.strftime("%d/%m/%Y")
    return str(cell).strip()


def born_cell(cell: Any) -> tuple[date | None, int | None]:
    """Read a birth date, or only the year, which is all that many lists have."""
    if isinstance(cell, datetime):
        return cell.date(), None
    if isinstance(cell, date):
        return cell, None
    text = shown(cell)
    if text.isdigit() and len(text) == 4:
        return None, int(text)
    return (day_cell(text, "born"), None) if text else (None, None)


def day_cell(text: str, box: str) -> date:
    try:
        return parse_day(text)
    except ValueError as error:
        raise Invalid("cell_not_a_date", field=box, value=text) from error


def sex_cell(text: str) -> str | None:
    word = fold(text)
    if word in ("nam", "m", "male", "1", "trai"):
        return "m"
    return "f" if word in ("nu", "f", "female", "0", "gai", "x") else None


def take_patrons(
    session: Session,
    actor: Actor,
    sheet: Sheet,
    columns: dict[str, int],
    *,
    branch_id: int,
    category: str,
    consent: bool,
    first: int = 1,
) -> Outcome:
    """Register a patron, with card, for each row that can be taken.

    A row whose card number is known, or whose person is already registered, changes nothing, so
    the same file again adds nobody. ``first`` is the number of the first row.
    """
    outcome = Outcome()
    categories = {fold(c.name): c.code for c in session.scalars(select(PatronCategory))}
    categories |= {code: code for code in list(categories.values())}
    library_id = library_of(session, branch_id).id
    for number, row in enumerate(sheet.rows, start=first):
        cells = {box: row[i] for box, i in columns.items() if i < len(row)}
        try:
            with session.begin_nested():
                added = _take_row(
                    session, actor, cells, branch_id, library_id, category, categories, consent
                )
            outcome.added += added
            outcome.known += not added
        except IlsError as error:
            outcome.wrong.append((number, row, error))
    return outcome


def _take_row(
    session: Session,
    actor: Actor,
    cells: dict[str, Any],
    branch_id: int,
    library_id: int,
    category: str,
    categories: dict[str, str],
    consent: bool,
) -> bool:
    text = {box: shown(cell) for box, cell in cells.items()}
    born_on, born_year = born_cell(cells.get("born"))
    plain: tuple[str, ...] = (
        "name",
        "ethnicity",
        "occupation",
        "school",
        "school_class",
        "school_year",
        "student_code",
        "commune",
        "address",
    )
    plain += ("phone", "email", "guardian_name", "guardian_phone", "note")
    more: Any = {box: text.get(box, "") for box in plain}
    facts = PatronFacts(
        category=categories.get(fold(text.get("category", "")), category),
        branch_id=branch_id,
        born_on=born_on,
        born_year=born_year,
        sex=sex_cell(text.get("sex", "")),
        consent=consent,
        **more,
    )
    number = card_number_key(text.get("card", ""))
    if number and session.scalar(select(PatronCard.id).where(PatronCard.number == number)):
        return False
    if not number and likely_same(session, facts, library_id):
        return False
    issued = day_cell(text["issued_on"], "issued_on") if text.get("issued_on") else None
    patron = register_patron(session, actor, facts, on=issued)
    expires = day_cell(text["expires_on"], "expires_on") if text.get("expires_on") else None
    issue_card(
        session, actor, patron.id, number=number, on=issued, expires_on=expires, charges=False
    )
    return True
