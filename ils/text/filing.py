"""Filing order: the order of a Vietnamese dictionary or card catalogue, syllable by syllable.

All *ba …* come before *bà …*, whatever follows; letters decide before tones; ă â đ ê ô ơ ư are
letters of their own; numbers file as numbers and before letters. No article is skipped.

A key is plain ASCII and compared byte by byte, so ``ORDER BY`` under a binary collation files
rightly on every database: ``filing_key("Bà Triệu")`` is ``"BA1 TRIEaU5"``. A space is lower than a
digit, a digit lower than a capital, a capital lower than a small letter; small letters mark ă, â …
and everything that is not Latin script files last.
"""

import re
import unicodedata
from functools import lru_cache
from typing import Final

from ils.text.alphabet import split_tone
from ils.text.normal import fold

LONGEST: Final = 240

_PARTS: Final = re.compile(r"\d+|[^\W\d_]+")
_OWN_LETTER: Final = {
    "ă": "Aa",
    "â": "Ab",
    "đ": "Da",
    "ê": "Ea",
    "ô": "Oa",
    "ơ": "Ob",
    "ư": "Ua",
}


def filing_key(text: str, longest: int = LONGEST) -> str:
    """Return the key under which a title or heading files, at most ``longest`` characters."""
    lowered = unicodedata.normalize("NFC", text).lower()
    key = " ".join(map(_part_key, _PARTS.findall(lowered)))
    return key[:longest]


_CLASS: Final = re.compile(r"(\d+)[.,](\d+)")


def shelf_key(call_number: str, longest: int = LONGEST) -> str:
    """Return the key under which a call number stands on the shelf.

    As ``filing_key``, but what follows the point of a class is a fraction: 895.922334 stands before
    895.92234, and 895 before both.
    """
    key, at = "", 0
    for found in _CLASS.finditer(call_number):
        key += f"{filing_key(call_number[at : found.start()])} {_number_key(found[1])}.{found[2]} "
        at = found.end()
    return " ".join((key + filing_key(call_number[at:])).split())[:longest]


@lru_cache(maxsize=60_000)  # titles share their words
def _part_key(part: str) -> str:
    if part[0].isdecimal():
        return _number_key(part)
    letters, tones = split_tone(part)
    return "".join(map(_letter_key, letters)) + "".join(map(str, tones))


def _number_key(digits: str) -> str:
    """Return digits so that 2 files before 10: their count comes first."""
    plain = str(int(digits)) if len(digits) < 4000 else digits
    count = len(plain)
    return f"{count}{plain}" if count < 9 else f"9{count:03}{plain}"


def _letter_key(letter: str) -> str:
    own = _OWN_LETTER.get(letter)
    if own:
        return own
    plain = letter if letter.isascii() else fold(letter)
    return plain.upper() if plain.isascii() else f"z{ord(letter):06X}"


def name_key(full_name: str, longest: int = LONGEST) -> str:
    """Return the key for lists of people: given name, then family name, then what is between.

    *Trần Thị Lan* files under Lan. Names of peoples who put the given name first (H'Hen Niê,
    K'Brêu, Y Moan Ênuôl) file under that name.
    """
    words = full_name.replace(",", " ").split()
    if len(words) < 2:
        return filing_key(full_name, longest)
    first = unicodedata.normalize("NFC", words[0]).lower()
    if first == "y":
        ordered = [words[1], words[0], *words[2:]]
    elif re.match("[hk]['’ʼ]", first):
        ordered = words
    else:
        ordered = [words[-1], *words[:-1]]
    return filing_key(" ".join(ordered), longest)


def given_name(full_name: str) -> str:
    """Return the name by which a person is addressed."""
    words = full_name.replace(",", " ").split()
    if not words:
        return ""
    if words[0].lower() == "y" and len(words) > 1:
        return words[1]
    return words[0] if re.match("[hk]['’ʼ]", words[0].lower()) else words[-1]
