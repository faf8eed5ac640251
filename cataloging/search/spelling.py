"""Mending one typo: which words of the catalogue are one slip away from what was typed.

Slips: a letter wrong, missing, too many, or two exchanged. Marks never count, for both sides are
folded. Only letters are mended: a wrong number is another number.
"""

from collections.abc import Callable, Iterator
from typing import Final

LETTERS: Final = "abcdefghijklmnopqrstuvwxyz"
SHORTEST: Final = 3
MOST: Final = 8

Frequency = Callable[[str], int]  # folded word → how many records have it


def neighbors(word: str) -> Iterator[str]:
    """Yield every string one slip away from a folded word; some twice."""
    cuts = [(word[:at], word[at:]) for at in range(len(word) + 1)]
    for head, tail in cuts:
        if len(tail) > 1:
            yield head + tail[1] + tail[0] + tail[2:]
        if tail:
            yield head + tail[1:]
            for letter in LETTERS:
                yield head + letter + tail[1:]
        for letter in LETTERS:
            yield head + letter + tail


def candidates(
    word: str, frequency: Frequency, at_least: int = 1, most: int = MOST
) -> tuple[str, ...]:
    """Return the words of the catalogue one slip away, likeliest first, at most ``most``.

    A candidate must occur in ``at_least`` records. One that keeps the first letter is preferred:
    people rarely get that wrong.
    """
    if len(word) < SHORTEST or not word.isalpha() or not word.isascii():
        return ()
    found: dict[str, float] = {}
    for other in neighbors(word):
        if other in found or other == word:
            continue
        count = frequency(other)
        if count >= at_least and len(other) >= SHORTEST - 1:
            found[other] = count * (4.0 if other[0] == word[0] else 1.0)
    return tuple(sorted(found, key=lambda other: -found[other])[:most])
