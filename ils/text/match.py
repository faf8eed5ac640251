"""The key under which two descriptions of one book meet when no number does.

Spelling that does not change the book is leveled (case, signs, tone place, i and y, a comma in the
author's name), marks are kept: *Mà* and *Má* are two titles. A description with neither author nor
year has no key, for a bare title such as *Truyện cổ tích* fits too many books.
"""

import hashlib
import re
from typing import Final

from ils.text.words import exact_words

LONGEST: Final = 190

_YEARS_OF_LIFE = re.compile(
    r"[,(]?\s*(?:\d{3,4}\s*[-–]\s*(?:\d{3,4})?|(?:sinh|mất|b\.|d\.)\s*\d{4})\s*\)?"
)


def without_years(author: str) -> str:
    """Return a name without the years of life behind it."""
    return _YEARS_OF_LIFE.sub(" ", author)


def match_key(title: str, author: str, year: int | None) -> str:
    """Return ``title|author|year`` in normal form, or ``""`` when that would prove nothing.

    The words of the author are sorted, so that ``Phụng, Vũ Trọng`` is ``Vũ Trọng Phụng``. A long
    key ends in a digest of the whole.
    """
    words = exact_words(title)
    people = " ".join(sorted(exact_words(without_years(author)).split()))
    if not words or not (people or year):
        return ""
    key = f"{words}|{people}|{year or ''}"
    if len(key) <= LONGEST:
        return key
    digest = hashlib.sha256(key.encode()).hexdigest()[:24]
    return f"{key[: LONGEST - 25]}~{digest}"
