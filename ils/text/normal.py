"""Normal forms of text: ``clean`` for what is stored, ``exact`` and ``fold`` for comparing.

``clean`` changes how text is encoded, never what it says. ``exact`` lets two spellings of one word
meet (hòa and hoà, kỹ and kĩ); ``fold`` takes the marks away for readers who type without them.
Text in a legacy encoding must be decoded first (``ils.text.legacy``): there the letter ư is the
soft hyphen that ``clean`` removes.
"""

import re
import unicodedata
from dataclasses import dataclass
from typing import Final

from ils.text.alphabet import ONLY_VIETNAMESE
from ils.text.syllables import canonical, is_syllable

_INVISIBLE = "\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2064\ufeff"
_SPACES = "\u00a0\u1680\u2000-\u200a\u202f\u205f\u3000"
_ETH = "ÐðƉɖ"
_ODD = re.compile(f"[{_INVISIBLE}{_SPACES}{_ETH}]")
_STRIP = re.compile(f"[{_INVISIBLE}]")
_SPACE = re.compile(f"[{_SPACES}]")
_WORD = re.compile(r"[^\W\d_]+")
# Khmer, Thai, Lao, Burmese and Indic scripts use joiners and zero-width spaces as letters do.
_NEEDS_JOINERS = re.compile("[\u0900-\u0dff\u0e00-\u0fff\u1000-\u109f\u1780-\u17ff\uaa00-\uaa5f]")
_DIRECTION_OR_BOM = re.compile("[\u00ad\u200e\u200f\u202a-\u202e\u2060-\u2064\ufeff]")


@dataclass(frozen=True)
class Cleaned:
    """Cleaned text and what was done to it.

    ``repairs`` holds codes in this order: nfc, invisible, space, eth.
    """

    text: str
    repairs: tuple[str, ...] = ()


def clean(text: str) -> str:
    """Return text in NFC, without invisible characters, with plain spaces and Đ for Ð."""
    if text.isascii():
        return text
    return cleaned(text).text


def cleaned(text: str) -> Cleaned:
    """Clean a text and report each kind of repair, for import reports."""
    if text.isascii():
        return Cleaned(text)
    normal = unicodedata.normalize("NFC", text)
    repairs = ["nfc"] if normal != text else []
    if not _ODD.search(normal):
        return Cleaned(normal, tuple(repairs))
    strip = _DIRECTION_OR_BOM if _NEEDS_JOINERS.search(normal) else _STRIP
    for code, pattern, instead in (("invisible", strip, ""), ("space", _SPACE, " ")):
        changed = pattern.sub(instead, normal)
        if changed != normal:
            repairs.append(code)
            normal = changed
    repaired = _repair_eth(unicodedata.normalize("NFC", normal))
    if repaired != normal:
        repairs.append("eth")
    return Cleaned(repaired, tuple(repairs))


_TO_STROKE = str.maketrans("ÐðƉɖ", "ĐđĐđ")


def _repair_eth(text: str) -> str:
    """Write Đ for the Icelandic letter Ð, unless the text can really be Icelandic."""
    if not any(char in text for char in _ETH):
        return text
    if not ONLY_VIETNAMESE.isdisjoint(text.lower()):
        return text.translate(_TO_STROKE)
    repaired = _WORD.sub(_repair_eth_word, text)
    # One word that is surely Vietnamese speaks for the whole text.
    return repaired if repaired == text else repaired.translate(_TO_STROKE)


def _repair_eth_word(match: re.Match[str]) -> str:
    word = match.group()
    repaired = word.translate(_TO_STROKE)
    if repaired == word:
        return word
    starts = repaired[0] in "Đđ" and is_syllable(repaired.lower())
    abbreviation = word.isupper() and not any(char in "AEIOUYÁÉÍÓÚÝÆÖÞ" for char in word)
    return repaired if starts or abbreviation else word


def _folding_table() -> dict[int, str | None]:
    table: dict[int, str | None] = {}
    for code in (*range(0xC0, 0x250), *range(0x1E00, 0x1F00)):
        char = chr(code)
        base = unicodedata.normalize("NFKD", char)
        plain = "".join(c for c in base if not unicodedata.combining(c))
        if plain != char and plain.isascii():
            table[code] = plain.lower()
    for code in range(0x300, 0x370):
        table[code] = None
    letters = "đĐðÐøØłŁħĦŧŦıƉɖƀ"
    table |= {ord(c): p for c, p in zip(letters, "ddddoollhhttiddb", strict=True)}
    table |= {ord(c): p for c, p in (("ß", "ss"), ("ẞ", "ss"), ("þ", "th"), ("Þ", "th"))}
    table |= {ord(c): p for c, p in (("æ", "ae"), ("Æ", "ae"), ("œ", "oe"), ("Œ", "oe"))}
    return table


_FOLD: Final = _folding_table()


def fold(text: str) -> str:
    """Return text in lower case without marks, đ as d: what a reader types in a hurry.

    Spaces and punctuation stay. Letters of other scripts are only lowered.
    """
    if text.isascii():
        return text.lower()
    return unicodedata.normalize("NFC", text).lower().translate(_FOLD)


def is_marked(text: str) -> bool:
    """Tell whether a text has letters that folding would change, so that marks were meant."""
    return not text.isascii() and fold(text) != text.lower()


def exact(text: str) -> str:
    """Return text in NFC and lower case, each word in its one canonical spelling.

    Marks stay: exact forms differ where the words differ (má, mà, ma).
    """
    return _WORD.sub(_canonical_match, unicodedata.normalize("NFC", text).lower())


def _canonical_match(match: re.Match[str]) -> str:
    return canonical(match.group())
