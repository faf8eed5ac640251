"""Imports in the words of a librarian: formats, encodings, states, rules; sizes of files."""

from pathlib import Path
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from cataloging.imports.sheets.staging import SHEET
from cataloging.models import ImportRun
from ils.web.i18n import number

FORMAT_NAMES: dict[str, Any] = {
    "iso2709": "MARC (ISO 2709)",
    "marcxml": "MARCXML",
    "json": "MARC-in-JSON",
    "mrk": _l("MARC as lines of text (.mrk)"),
    "aleph": "Aleph sequential",
    "sheet": _l("spreadsheet or ISIS export"),
    "": _l("not recognized"),
}

ENCODING_NAMES: dict[str, Any] = {
    "auto": _l("As recognized"),
    "utf-8": "Unicode (UTF-8)",
    "marc-8": "MARC-8",
    "tcvn3": "TCVN3 (ABC)",
    "vni": "VNI",
    "viscii": "VISCII",
    "windows-1258": "Windows-1258",
    "windows-1252": _l("Windows-1252 (Western European)"),
    "iso-8859-1": _l("ISO 8859-1 (Western European)"),
    "iso-8859-2": _l("ISO 8859-2 (Central European)"),
    "windows-1251": _l("Windows-1251 (Cyrillic)"),
    "koi8-r": _l("KOI8-R (Cyrillic)"),
    "cp866": _l("CP866 (Cyrillic)"),
    "gb18030": _l("GB 18030 (Chinese)"),
    "big5": _l("Big5 (Chinese)"),
    "euc-kr": _l("EUC-KR (Korean)"),
    "shift-jis": _l("Shift JIS (Japanese)"),
}

# State of a run → kind of chip and word.
STATES: dict[str, tuple[str, Any]] = {
    "new": ("info", _l("not begun")),
    "queued": ("info", _l("waiting")),
    "running": ("info", _l("running")),
    "done": ("ok", _l("done")),
    "stopped": ("warn", _l("interrupted")),
    "undoing": ("info", _l("being undone")),
    "undone": ("off", _l("undone")),
}

TABLE_NAMES: dict[str, Any] = {
    "xlsx": _l("Excel workbook (.xlsx)"),
    "xls": _l("Excel workbook (.xls)"),
    "csv": _l("text with columns (.csv)"),
    "isis": _l("CDS/ISIS export (ISO 2709)"),
    "isis-text": _l("CDS/ISIS export (text)"),
}

# One for each box of cataloging/imports/sheets/columns.toml.
BOXES: dict[str, Any] = {
    "title": _l("Title"),
    "subtitle": _l("Subtitle"),
    "part": _l("Volume"),
    "part_title": _l("Title of the volume"),
    "authors": _l("Authors"),
    "translators": _l("Translators"),
    "responsibility": _l("Statement of responsibility"),
    "edition": _l("Edition"),
    "place": _l("Place of publication"),
    "publisher": _l("Publisher"),
    "year": _l("Year"),
    "pages": _l("Extent (pages)"),
    "illustrations": _l("Illustrations"),
    "size": _l("Size (cm)"),
    "series": _l("Series"),
    "series_number": _l("Number in the series"),
    "isbn": "ISBN",
    "price": _l("Price"),
    "print_run": _l("Print run"),
    "class_number": _l("Class number (DDC)"),
    "title_code": _l("Title code"),
    "call_number": _l("Call number of the copy"),
    "summary": _l("Summary"),
    "keywords": _l("Keywords"),
    "language": _l("Language"),
    "note": _l("Note on the title"),
    "accession_no": _l("Accession numbers"),
    "barcode": _l("Barcode"),
    "collection": _l("Collection (kho)"),
    "branch": _l("Branch"),
    "shelf": _l("Shelf position"),
    "accessioned_on": _l("Accessioned on"),
    "source": _l("Source"),
    "voucher": _l("Voucher"),
    "quantity": _l("Number of copies"),
    "condition": _l("Condition"),
    "item_note": _l("Note on the copy"),
}

COLUMN_ENCODINGS: dict[str, Any] = {
    "unicode": "Unicode",
    "utf-8-misread": _l("Unicode read wrongly"),
}

ON_MATCH: dict[str, Any] = {
    "skip": _l("Leave ours as it is, only add copies we lack (recommended)"),
    "merge": _l("Add to ours what it lacks"),
    "replace": _l("Replace our description with the new one, our own numbers stay"),
    "add": _l("Add it as a second record all the same"),
}

OUTCOMES: dict[str, tuple[str, Any]] = {
    "rejected": ("bad", _l("Not stored")),
    "matched": ("info", _l("Already there")),
    "warned": ("warn", _l("Stored, with repairs or remarks")),
    "stored": ("ok", _l("Stored")),
}


def size_text(size: int) -> str:
    """Write the size of a file as people say it: 812 byte, 4,2 MB."""
    if size < 1000:
        return str(_("%(n)s bytes", n=number(size)))
    value = size / 1000.0
    for unit in ("KB", "MB"):
        if value < 1000:
            return f"{number(round(value, 1))} {unit}"
        value /= 1000
    return f"{number(round(value, 1))} GB"


def size_of(run: ImportRun) -> str:
    """Write the size of an import's file; of a spreadsheet ``run.size`` is that of its rows."""
    own = Path(run.file_path)
    return size_text(own.stat().st_size if run.format == SHEET and own.is_file() else run.size)


def is_busy(state: str) -> bool:
    """Tell whether the worker is at a run, so that its page shows how far it is."""
    return state in ("queued", "running", "undoing")
