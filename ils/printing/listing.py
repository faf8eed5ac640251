"""A list of a library as people take it away: a spreadsheet, or an official paper.

The same columns and rows serve the page, the spreadsheet and the print. Papers are Vietnamese;
who makes one hands over headings and cells already in words.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from ils.core import clock
from ils.org.office import Office
from ils.printing.pdf import typst_pdf
from ils.printing.spreadsheet import Sheet, xlsx

FIGURES = ("num", "money")


@dataclass(frozen=True)
class Column:
    """A column. ``kind`` is text, code, num, money (whole đồng), date or moment; ``width`` is that
    of the printed column (``1fr``, ``18mm``); ``total`` adds it up at the end."""

    key: str
    label: Any
    kind: str = "text"
    width: str = "1fr"
    total: bool = False


@dataclass(frozen=True)
class Listing:
    """A list with its words. Rows are mappings by column key.

    ``about`` are lines under the title (period, place, what was asked for); ``signers`` the offices
    that sign; ``numbered`` adds a running number.
    """

    title: str
    columns: Sequence[Column]
    rows: Sequence[Mapping[str, Any]]
    office: Office
    about: Sequence[str] = ()
    notes: Sequence[str] = ()
    signers: Sequence[str] = ("Người lập biểu", "Phụ trách thư viện")
    landscape: bool = True
    numbered: bool = True


def listing_xlsx(listing: Listing) -> bytes:
    """Return the list as a spreadsheet, with its totals."""
    columns = listing.columns
    rows = [[row.get(column.key) for column in columns] for row in listing.rows]
    totals = _totals(listing)
    if totals:
        rows.append([totals.get(column.key, "") for column in columns])
        rows[-1][0] = rows[-1][0] or "Cộng"
    lead = 1 if listing.numbered else 0
    if lead:
        count = len(listing.rows)
        rows = [[n + 1 if n < count else "", *row] for n, row in enumerate(rows)]
    sheet = Sheet(
        name=listing.title,
        headers=[*(["STT"] if lead else []), *(str(column.label) for column in columns)],
        rows=rows,
        heading=[listing.office.name, listing.title.upper(), *listing.about],
        notes=listing.notes,
        money=[n + lead for n, column in enumerate(columns) if column.kind == "money"],
        strong=frozenset([len(rows) - 1] if totals else []),
        landscape=listing.landscape,
    )
    return xlsx([sheet])


def listing_pdf(listing: Listing) -> bytes:
    """Return the list as a paper with heading, totals and signature blocks."""
    totals = _totals(listing)
    today = clock.today()
    return typst_pdf(
        "listing.typ",
        {
            "office": listing.office.to_json(),
            "day": f"ngày {today:%d} tháng {today:%m} năm {today:%Y}",
            "title": listing.title,
            "about": list(listing.about),
            "notes": list(listing.notes),
            "signers": list(listing.signers),
            "landscape": listing.landscape,
            "numbered": listing.numbered,
            "columns": [
                {"label": str(c.label), "kind": c.kind, "width": c.width} for c in listing.columns
            ],
            "rows": [_line(listing.columns, row) for row in listing.rows],
            "totals": _line(listing.columns, totals) if totals else [],
        },
    )


def _totals(listing: Listing) -> dict[str, int]:
    added = [column.key for column in listing.columns if column.total]
    if not added or not listing.rows:
        return {}
    return {key: sum(row.get(key) or 0 for row in listing.rows) for key in added}


def _line(columns: Iterable[Column], row: Mapping[str, Any]) -> list[str]:
    return [written(row.get(column.key), column.kind) for column in columns]


def written(value: Any, kind: str = "text") -> str:
    """Write a cell the Vietnamese way."""
    if value is None or value == "":
        return ""
    if isinstance(value, datetime):
        return clock.local(value).strftime("%d/%m/%Y %H:%M")
    if isinstance(value, date):
        return value.strftime("%d/%m/%Y")
    if kind in FIGURES and isinstance(value, int | float):
        return f"{value:,.0f}".replace(",", ".")
    return str(value)
