"""Which ISBNs a list holds, and what in it is none and why. Pure.

A list is pasted, scanned line by line, or the rows of a table. Source: ISO 2108 (ISBN); books of
Vietnamese publishers often carry a goods number (EAN, 893 …) beside the ISBN.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Final

from cataloging.marc.numbers import isbn13

SHOWN: Final = 80  # letters of what was typed that are kept
_BREAKS: Final = re.compile(r"[,;|\t]|\s{2,}")
_DASHES: Final = re.compile(r"[\u00ad\u2010-\u2015\u2212]")
_PREFIX: Final = re.compile(r"^\W*(?:e-?)?isbn(?:[- ]?1[03])?\W*", re.IGNORECASE)
_NUMBER: Final = re.compile(r"[0-9][0-9 -]{6,}[0-9Xx]")
_ROUNDED: Final = re.compile(r"\d[.,]\d+E\+\d+", re.IGNORECASE)


@dataclass(frozen=True)
class Line:
    """One number of a list, or a line without any. ``reason`` says why it is not to be asked:
    ``check_digit``, ``length``, ``goods``, ``rounded`` (by a spreadsheet), ``no_number``, ``double``.
    """

    number: int  # of the line or row, from 1
    typed: str
    isbn: str = ""  # 13 digits
    reason: str = ""


def read_text(text: str) -> list[Line]:
    """Read what was pasted or scanned, line by line."""
    return fold(one for n, line in enumerate(text.splitlines(), 1) for one in read_line(n, line))


def read_rows(rows: Iterable[tuple[int, str]]) -> list[Line]:
    """Read the rows of a table, cells parted by tabs; one that only names the columns says nothing."""
    found = [one for number, row in rows for one in read_line(number, row)]
    if found and found[0].reason == "no_number":
        del found[0]
    return fold(found)


def read_line(number: int, text: str) -> list[Line]:
    """Read one line: all valid ISBNs in it, and what looks like one; else why there is none."""
    text = _ROUNDED.sub(lambda m: m.group().replace(",", "."), _DASHES.sub("-", text)).strip()
    if not text:
        return []
    lines = [_judged(number, piece) for piece in _pieces(text)]
    if any(one.isbn for one in lines):
        return [one for one in lines if one.isbn or one.reason == "check_digit"]
    told = next((one for one in lines if one.reason != "no_number"), None)
    return [told or Line(number, text[:SHOWN], reason="no_number")]


def _pieces(text: str) -> Iterator[str]:
    for piece in _BREAKS.split(text):
        words = [word for word in piece.split() if _PREFIX.sub("", word)]
        if len(words) > 1 and all(_digits(word) in (10, 13) for word in words):
            yield from words
        elif piece.strip():
            yield piece.strip()


def _digits(text: str) -> int:
    bare = text.replace("-", "")
    return len(bare) if bare[:-1].isdigit() and (bare[-1:].isdigit() or bare[-1:] in "Xx") else 0


def _judged(number: int, piece: str) -> Line:
    line = Line(number, piece[:SHOWN])
    bare = _PREFIX.sub("", piece)
    if isbn := isbn13(bare):
        return replace(line, isbn=isbn)
    if _ROUNDED.fullmatch(bare):
        return replace(line, reason="rounded")
    found = _NUMBER.search(bare)
    if found is None:
        return replace(line, reason="no_number")
    digits = re.sub(r"[ -]", "", found.group())
    if len(digits) == 13 and not digits.startswith(("978", "979")):
        return replace(line, reason="goods")
    return replace(line, reason="check_digit" if len(digits) in (10, 13) else "length")


def fold(lines: Iterable[Line]) -> list[Line]:
    """Mark what stands in the list before, in whatever form."""
    seen: set[str] = set()
    folded = []
    for one in lines:
        is_double = bool(one.isbn) and one.isbn in seen
        folded.append(replace(one, reason="double") if is_double else one)
        seen.add(one.isbn)
    return folded
