"""The letters and tones of Vietnamese, and how a written character splits into the two.

Everything else in this package is built on these tables; they are computed from Unicode's own
data, so that no list of 134 letters has to be kept by hand.
"""

import unicodedata
from typing import Final

LETTERS: Final = "aăâbcdđeêfghijklmnoôơpqrstuưvwxyz"
VOWELS: Final = "aăâeêioôơuưy"

# Tones in dictionary order: none, huyền, hỏi, ngã, sắc, nặng.
LEVEL, HUYEN, HOI, NGA, SAC, NANG = range(6)
MARKS: Final = ("", "\u0300", "\u0309", "\u0303", "\u0301", "\u0323")

TONED: Final[dict[tuple[str, int], str]] = {
    (vowel, tone): unicodedata.normalize("NFC", vowel + mark)
    for vowel in VOWELS
    for tone, mark in enumerate(MARKS)
}
SPLIT: Final[dict[str, tuple[str, int]]] = {char: pair for pair, char in TONED.items()}

# Letters that no other language written in Latin script has: proof that a text is Vietnamese.
ONLY_VIETNAMESE: Final = frozenset(
    char
    for (vowel, tone), char in TONED.items()
    if (vowel in "ăâêôơư" and tone) or vowel in "ơư" or tone in (HOI, NANG)
) | frozenset("đ")


def split_tone(word: str) -> tuple[str, list[int]]:
    """Return the word without tone marks, and the tones it bore, from left to right.

    ``split_tone("việt")`` is ``("viêt", [NANG])``. Lower-case NFC is expected.
    """
    letters, tones = [], []
    for char in word:
        letter, tone = SPLIT.get(char, (char, LEVEL))
        letters.append(letter)
        if tone:
            tones.append(tone)
    return "".join(letters), tones
