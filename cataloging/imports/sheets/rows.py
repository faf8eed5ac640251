"""A row of a table as what it says: the boxes of a record and its copies, or what is wrong."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Final

from cataloging.editor import boxes as forms
from cataloging.imports.sheets import cells as read_cells
from cataloging.imports.sheets.cells import CellError
from cataloging.imports.sheets.columns import Plan, read
from cataloging.imports.sheets.tables import Cells, Row, shown
from cataloging.marc.model import Marc, data_field, pairs
from cataloging.marc.names import persons
from cataloging.marc.numbers import isbn13
from cataloging.numbers import accession_key, barcode_key
from ils.text.legacy import is_vietnamese
from ils.text.normal import fold

COPY_BOXES: Final = (
    *("accession_no", "barcode", "collection", "branch", "shelf", "call_number"),
    *("accessioned_on", "source", "voucher", "quantity", "condition", "item_note"),
)
# What makes two rows the same title.
TITLE_BOXES: Final = (
    *("title", "subtitle", "part", "part_title", "authors", "edition", "publisher", "year", "isbn"),
)
_FORMULA_ERROR: Final = re.compile(r"#(?:N/A|REF!|VALUE!|NAME\?|DIV/0!|NUM!|NULL!)")
_AND: Final = re.compile(r"[;,\n]")
_YEAR: Final = re.compile(r"(?<!\d)(1[5-9]\d\d|20\d\d)(?!\d)")


@dataclass
class RowRead:
    """What a row says. ``problem`` is (code, value) where it cannot be brought in."""

    number: int
    values: dict[str, str] = field(default_factory=dict)
    copies: list[dict[str, Any]] = field(default_factory=list)
    problem: tuple[str, str] | None = None
    remarks: list[tuple[str, str]] = field(default_factory=list)

    @property
    def key(self) -> str:
        """Return what rows of the same title have in common."""
        values = [fold(self.values.get(box, "")).lower() for box in TITLE_BOXES]
        values[-1] = isbn13(self.values.get("isbn", "")) or ""
        return "\x1f".join(" ".join(re.findall(r"\w+", value)) for value in values)


class Rows:
    """Reads the rows of one table in order; it knows which numbers came before and which title."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self._numbers: set[str] = set()
        self._above: RowRead | None = None

    def read(self, rows: Iterator[Row]) -> Iterator[RowRead]:
        """Give what each row below the header row says."""
        for number, cells in rows:
            if number <= self.plan.header or self._is_header(cells) or _are_ordinals(cells):
                continue
            yield self.row(number, cells)

    def _is_header(self, cells: Cells) -> bool:
        """Tell whether the headers stand here again, as on each page of a printed list; where they
        stand in two rows, one of them."""
        texts = [read(c, col.encoding) for c, col in zip(cells, self.plan.columns, strict=False)]
        heads = [column.header for column in self.plan.columns]
        if texts[: len(heads)] == heads[: len(texts)]:
            return True
        filled = [(text, head) for text, head in zip(texts, heads, strict=False) if text]
        same = sum(text == head for text, head in filled)
        return same > 1 and same * 2 > len(filled)

    def row(self, number: int, cells: Cells) -> RowRead:
        """Read one row."""
        found = RowRead(number)
        texts: dict[str, str] = {}
        raw: dict[str, Any] = {}
        for cell, column in zip(cells, self.plan.columns, strict=False):
            text = read(cell, column.encoding) if column.box else ""
            if text and column.box:
                both = (texts.get(column.box, ""), text)
                texts[column.box] = "; ".join(part for part in both if part)
                raw[column.box] = cell
        try:
            self._fill(found, texts, raw)
        except CellError as error:
            found.problem = (error.code, error.value)
        if found.problem is None:
            self._numbers.update(key for one in found.copies for key in _keys(one))
        self._above = found
        return found

    def _fill(self, found: RowRead, texts: dict[str, str], raw: dict[str, Any]) -> None:
        for text in texts.values():
            if match := _FORMULA_ERROR.search(text):
                raise CellError("row_formula", match.group())
        values = {box: text for box, text in texts.items() if box not in COPY_BOXES}
        if "title" not in values:
            self._go_on(found, texts, values)
        else:
            found.values = _described(values)
        found.copies = self._copies(found, texts, raw)

    def _go_on(self, found: RowRead, texts: dict[str, str], values: dict[str, str]) -> None:
        """Take a row without a title as a further copy of the title above, as merged cells show."""
        above = self._above
        has_number = "accession_no" in texts or "barcode" in texts
        if not has_number or above is None or set(values) - {"price"}:
            raise CellError("row_no_title", "")
        if above.problem is not None:
            raise CellError("row_above", str(above.number))
        found.values = dict(above.values)

    def _copies(
        self, found: RowRead, texts: dict[str, str], raw: dict[str, Any]
    ) -> list[dict[str, Any]]:
        numbers = read_cells.numbers_in(
            texts.get("accession_no", ""), self.plan.prefix, self.plan.width
        )
        codes = [c.strip() for c in re.split(r"[;,\n]", texts.get("barcode", "")) if c.strip()]
        for code in codes:
            read_cells.code_of(code)
        count = read_cells.quantity_of(texts.get("quantity", ""))
        if codes and numbers and len(codes) != len(numbers):
            raise CellError("row_codes_differ", f"{len(numbers)} / {len(codes)}")
        there = len(numbers) or len(codes)
        if there > 1 and count not in (None, there):
            raise CellError("row_count_differs", f"{count} / {there}")
        common = _common(found, texts, raw)
        if not there:
            if count or any(texts.get(box) for box in ("collection", "shelf", "accessioned_on")):
                found.remarks.append(("copies_without_number", str(count or 1)))
            return []
        copies = [
            {
                "accession_no": numbers[at] if numbers else "",
                "barcode": codes[at] if codes else numbers[at],
                **common,
            }
            for at in range(there)
        ]
        taken: set[str] = set()
        for one in copies:
            for key in _keys(one):
                if key in self._numbers or key in taken:
                    raise CellError("row_number_twice", one["accession_no"] or one["barcode"])
            taken.update(_keys(one))
        return copies


def _are_ordinals(cells: Cells) -> bool:
    """Tell whether a row only numbers the columns, as registers do below their headers: 1, 2, 3 or
    (1), (2), (3)."""
    texts = [text.strip("() ") for cell in cells if (text := shown(cell))]
    return len(texts) > 3 and texts == [str(n) for n in range(1, len(texts) + 1)]


def _keys(copy: dict[str, Any]) -> set[str]:
    """Return the numbers of a copy as numbers are compared."""
    keys = {f"b{barcode_key(copy['barcode'])}"} if copy["barcode"] else set()
    return keys | ({f"a{accession_key(copy['accession_no'])}"} if copy["accession_no"] else set())


def _described(values: dict[str, str]) -> dict[str, str]:
    """Return the boxes of a record as the boxes of a form take them, the odd ones refused."""
    found = dict(values)
    if isbn := found.get("isbn", ""):
        found["isbn"] = _AND.split(read_cells.code_of(isbn))[0].strip()
    if "price" in found:
        price = read_cells.price_of(found["price"])
        found["price"] = f"{price}đ" if price else ""
    if "language" in found:
        found["language"] = read_cells.language_of(found["language"])
    if match := _YEAR.search(found.get("year", "")):
        found["year"] = match.group() if found["year"].isdigit() is False else found["year"]
    pages = found.get("pages", "")
    if pages.isdigit():
        found["pages"] = f"{pages} tr."
    return found


def _common(found: RowRead, texts: dict[str, str], raw: dict[str, Any]) -> dict[str, Any]:
    """Return what all copies of a row share, as ``CopyDraft`` names it."""
    day = read_cells.day_of(raw.get("accessioned_on"), texts.get("accessioned_on", ""))
    source = texts.get("source", "")
    word = read_cells.source_of(source) if source else None
    notes = [texts.get("item_note", ""), source if source and word is None else ""]
    return {
        "price": read_cells.price_of(texts["price"]) if texts.get("price") else _price(found),
        "branch": texts.get("branch", ""),
        "collection": texts.get("collection", ""),
        "shelf": texts.get("shelf", ""),
        "call_number": texts.get("call_number", "")[:120],
        "accessioned_on": day.isoformat() if day else "",
        "source": word or "",
        "voucher": texts.get("voucher", "")[:60],
        "condition": texts.get("condition", "")[:40],
        "note": "; ".join(note for note in notes if note),
        "volume_key": found.values.get("part", "")[:40],
    }


def _price(found: RowRead) -> int | None:
    digits = found.values.get("price", "").removesuffix("đ")
    return int(digits) if digits.isdigit() else None


def record_of(values: dict[str, str], on: date) -> Marc:
    """Make the record a row describes; ``on`` is the day it is entered, for field 008."""
    names = [name for part in _people(values.get("authors", "")) for name in persons(part)]
    lines = [*names, *(f"{n} (dịch)" for n in _people(values.get("translators", "")))]
    plain = {
        box: " ".join(text.split())
        for box, text in values.items()
        if box not in ("authors", "keywords")
    }
    plain["authors"] = "\n".join(dict.fromkeys(lines))
    plain["keywords"] = values.get("keywords", "")
    if not plain.get("language"):
        plain["language"] = "vie" if is_vietnamese(plain.get("title", "")) else ""
    plain = {box: text for box, text in plain.items() if text}
    marc = forms.write(None, plain, on)
    for text in filter(None, (one.strip() for one in values.get("note", "").split("\n"))):
        at = next((n for n, (tag, _) in enumerate(pairs(marc)) if tag > "500"), len(marc["fields"]))
        marc["fields"].insert(at, data_field("500", " ", " ", ("a", text)))
    return marc


def _people(text: str) -> list[str]:
    """Return the names of a cell, several by ``;``, by lines, or by commas between whole names.

    A comma within one name (``Rowling, J. K.``; ``Phụng, Vũ Trọng``) does not part it.
    """
    found: list[str] = []
    for part in filter(None, (piece.strip() for piece in re.split(r"[;\n]", text))):
        pieces = [piece.strip() for piece in part.split(",") if piece.strip()]
        whole = len(pieces) > 1 and all(" " in piece for piece in pieces)
        found += pieces if whole else [part]
    return found
