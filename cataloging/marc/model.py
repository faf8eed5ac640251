"""A MARC record in memory: MARC-in-JSON, a plain dict, all text NFC.

``{"leader": str, "fields": [{"001": "x"}, {"245": {"ind1": "1", "ind2": "0", "subfields":
[{"a": "…"}]}}]}``. A control field's content is a string, a data field's a dict. The accessors
here are for reading; a record is changed by building a new one.
"""

from collections.abc import Iterator
from typing import Any, TypedDict


class Marc(TypedDict):
    """A whole record."""

    leader: str
    fields: list[dict[str, Any]]


def pairs(marc: Marc) -> Iterator[tuple[str, Any]]:
    """Give each field as (tag, content), in order."""
    for field in marc["fields"]:
        yield from field.items()


def fields(marc: Marc, *tags: str) -> list[Any]:
    """Return the contents of the fields with these tags, in the record's order."""
    return [content for tag, content in pairs(marc) if tag in tags]


def control(marc: Marc, tag: str) -> str:
    """Return the text of the first control field with this tag, or ''."""
    for found, content in pairs(marc):
        if found == tag and isinstance(content, str):
            return content
    return ""


def subfields(field: Any, *codes: str) -> list[str]:
    """Return the values of a data field's subfields with these codes; all when none is named."""
    if not isinstance(field, dict):
        return []
    return [
        value
        for one in field["subfields"]
        for code, value in one.items()
        if not codes or code in codes
    ]


def first(marc: Marc, tag: str, code: str) -> str:
    """Return the first value of a subfield in any field with this tag, or ''."""
    for field in fields(marc, tag):
        for value in subfields(field, code):
            return value
    return ""


def data_field(tag: str, ind1: str, ind2: str, *subs: tuple[str, str]) -> dict[str, Any]:
    """Build a data field: ``data_field("245", "1", "0", ("a", "Số đỏ"))``."""
    return {tag: {"ind1": ind1, "ind2": ind2, "subfields": [{c: v} for c, v in subs]}}
