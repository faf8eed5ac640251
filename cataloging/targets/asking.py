"""What is asked, in the two languages that targets understand. Pure.

CQL (SRU): https://www.loc.gov/standards/sru/cql/. PQF with Bib-1 attributes (Z39.50), as YAZ
writes it: ``@and @attr 1=4 "dế mèn" @attr 1=1003 "tô hoài"``.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from cataloging.marc.numbers import isbn13

KINDS: Final = ("any", "title", "author", "isbn")
CQL: Final = {
    "any": "cql.anywhere",
    "title": "dc.title",
    "author": "dc.creator",
    "isbn": "bath.isbn",
}
BIB1: Final = {"any": "1=1016", "title": "1=4", "author": "1=1003", "isbn": "1=7"}
_CQL_INDEX: Final = re.compile(r"[A-Za-z][\w.-]{0,60}")
_ATTRIBUTES: Final = re.compile(r"[1-9]\d?=\d{1,5}( [1-9]\d?=\d{1,5}){0,5}")


@dataclass(frozen=True)
class Wanted:
    """What is looked for. ``words`` may be an ISBN, as scanned."""

    words: str = ""
    title: str = ""
    author: str = ""

    @property
    def parts(self) -> list[tuple[str, str]]:
        """Return kind and text of each part that was filled in."""
        isbn = isbn13(self.words)
        first = ("isbn", isbn) if isbn else ("any", self.words)
        found = [first, ("title", self.title), ("author", self.author)]
        return [(kind, text) for kind, text in found if text]


def is_index(protocol: str, text: str) -> bool:
    """Tell whether a text can name an index of a target of this protocol."""
    pattern = _CQL_INDEX if protocol == "sru" else _ATTRIBUTES
    return bool(pattern.fullmatch(text))


def as_cql(wanted: Wanted, indexes: Mapping[str, str]) -> str:
    """Return the question in CQL, or '' when the target knows none of its indexes."""
    parts = [f"{indexes[kind]}={_quoted(text)}" for kind, text in wanted.parts if indexes.get(kind)]
    return " and ".join(parts) if len(parts) == len(wanted.parts) else ""


def as_pqf(wanted: Wanted, indexes: Mapping[str, str]) -> str:
    """Return the question in PQF, or '' when the target knows none of its indexes."""
    parts = [
        "".join(f"@attr {one} " for one in indexes[kind].split()) + _quoted(text)
        for kind, text in wanted.parts
        if indexes.get(kind)
    ]
    if len(parts) != len(wanted.parts):
        return ""
    return " ".join(["@and"] * (len(parts) - 1) + parts)


def _quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
