"""Cutting text into the words that are indexed and looked for, the same for both.

A word is a run of letters and digits; marks belong to their letters, also in Khmer or Thai. Each
Chinese character is a word of its own. ``c++`` and ``c#`` are words. An apostrophe and every
other sign end a word; H'Mông and Hmông are the same two words, so each finds the other.

An import cuts millions of words: each distinct one is worked out once and kept in a dictionary.
"""

import re
import unicodedata
from typing import Final

from ils.text.normal import fold
from ils.text.syllables import canonical

LONGEST: Final = 60  # letters; longer runs are noise such as base64
_KEPT: Final = 150_000

_MARKS = "\u0300-\u036f\u0900-\u0903\u093a-\u094f\u0e31-\u0e4e\u0eb1-\u0ece\u102b-\u103e\u17b4-\u17dd\ua926-\ua953\uaa29-\uaa4d"
_RUN: Final = re.compile(rf"[\w{_MARKS}]+(?:(?<=\bc)(?:\+\+|#)|(?<=\b[fj])#)?")
_CJK: Final = re.compile(
    "([\u2e80-\u2fdf\u3007\u3021-\u3029\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff])"
)
_HMONG: Final = re.compile(r"h(?=[mr][^\W\d_])")


class _Words(dict[str, str]):
    """Remembers what each raw word becomes; forgets everything when it has grown too big."""

    def __missing__(self, raw: str) -> str:
        if len(self) >= _KEPT:
            self.clear()
        made = self[raw] = self.make(raw)
        return made

    def make(self, raw: str) -> str:
        raise NotImplementedError


class _Exact(_Words):
    def make(self, raw: str) -> str:
        word = raw.replace("_", " ")
        if _CJK.search(word):
            word = _CJK.sub(r" \1 ", word)
        parts = _HMONG.sub("h ", word, count=1).split() if word.startswith("h") else word.split()
        return " ".join(canonical(part) for part in parts if len(part) <= LONGEST)


class _Folded(_Words):
    def make(self, raw: str) -> str:
        return fold(raw)


_exact: Final = _Exact()
_folded: Final = _Folded()


def exact_words(text: str) -> str:
    """Return the words of a text in exact form, separated by single spaces."""
    if not text.isascii():
        text = unicodedata.normalize("NFC", text)
    return " ".join(filter(None, map(_exact.__getitem__, _RUN.findall(text.lower()))))


def folded_words(exact: str) -> str:
    """Return words in exact form (as ``exact_words`` gives them) without their marks."""
    if exact.isascii():
        return exact
    return " ".join(map(_folded.__getitem__, exact.split(" ")))
