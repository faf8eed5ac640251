"""Duplicates in the words of a librarian."""

from typing import Any

from flask_babel import lazy_gettext as _l

CERTAINTIES: dict[int, tuple[str, Any]] = {
    3: ("ok", _l("surely the same")),
    2: ("info", _l("likely the same")),
    1: ("off", _l("possibly the same")),
}
WHYS: dict[str, Any] = {
    "isbn": _l("same ISBN"),
    "issn": _l("same ISSN"),
    "control": _l("same control number"),
    "content": _l("the same in every field"),
    "key": _l("same title, author and year"),
    "title": _l("same title"),
    "marks": _l("same title but for its marks"),
}
ROWS: dict[str, Any] = {
    "basket_record": _l("in baskets"),
    "voucher_line": _l("in vouchers"),
    "central_title": _l("in central purchases"),
    "serial_title": _l("among newspapers and magazines"),
    "suggestion": _l("among suggestions"),
    "order_line": _l("in orders"),
    "target_search": _l("in searches elsewhere"),
    "isbn_line": _l("in lists of ISBNs"),
}


def say_why(codes: str | tuple[str, ...]) -> str:
    """Word what two records have in common."""
    each = codes.split() if isinstance(codes, str) else codes
    return ", ".join(str(WHYS.get(code, code)) for code in each)


def say_rows(table: str) -> str:
    """Name the rows of a table that move with a record."""
    return str(ROWS.get(table, table))
