"""A title as it is put on a list by scan, number or title: on a voucher, an order, a purchase."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from flask import request

from ils.web.forms import clean_text

FRESH: Final = ("title", "authors", "publisher", "year", "class_number", "isbn")


@dataclass(frozen=True)
class TitleTyped:
    """What was scanned or typed, the record chosen of several, the boxes of a short new title."""

    code: str
    record_id: int | None
    fresh: dict[str, str]


def title_typed() -> TitleTyped:
    """Read the boxes that put a title on a list."""
    sent = request.form
    fresh = {name: clean_text(sent.get(name, "")) for name in FRESH}
    return TitleTyped(clean_text(sent.get("code", "")), sent.get("record_id", type=int), fresh)


def sent_twice(lines: Sequence[tuple[Any, Any]], fresh: dict[str, str]) -> bool:
    """Tell whether this form was sent twice: its title came in since the page was shown."""
    told = {name: value for name, value in fresh.items() if value}
    shown = request.form.get("there", type=int)
    return shown is not None and any(line.fresh == told for line, _record in lines[shown:])
