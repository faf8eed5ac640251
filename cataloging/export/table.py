"""Records as rows of a spreadsheet (CSV), a line each."""

import csv
import io
from typing import Final

from cataloging.export.crosswalk import names_of
from cataloging.marc.model import Marc
from cataloging.marc.project import project

COLUMNS: Final = (
    *("record", "title", "subtitle", "authors", "publisher", "place", "year", "edition"),
    *("extent", "series", "isbn", "issn", "language", "material", "class", "call_number"),
    *("subjects", "summary", "control_number"),
)
HEAD: Final = "\ufeff"  # so that spreadsheet programs read the Vietnamese as what it is
_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")


def row(record_id: int, marc: Marc) -> bytes:
    """Return a record as a line. What a spreadsheet would take for a formula is marked as text."""
    seen = project(marc)
    names = "; ".join(name.text for name in names_of(marc))
    values = (
        *(record_id, seen.title, seen.subtitle, names, seen.publisher, seen.place),
        *(seen.year or "", seen.edition, seen.extent, "; ".join(seen.series)),
        *("; ".join(seen.isbns), "; ".join(seen.issns), "; ".join(seen.languages)),
        *(seen.material, seen.class_number, seen.call_number, "; ".join(seen.subjects)),
        *(seen.summary, seen.control_number),
    )
    return line(values)


def line(values: tuple[object, ...]) -> bytes:
    """Return values as a line of CSV."""
    written = io.StringIO()
    csv.writer(written).writerow([_harmless(str(value)) for value in values])
    return written.getvalue().encode("utf-8", "replace")


def _harmless(text: str) -> str:
    return f"'{text}" if text.startswith(_FORMULA) else text
