"""An author mark by the Cutter table of the Library of Congress: the letter and figures.

The table is published and short: the second letter gives the first figure, by what the first one
is; every further letter gives a figure by the general row. Words are filed without tone marks, a
Vietnamese name in the order it stands in: *Nguyễn Nhật Ánh* is N48, *Tô Hoài* T64.
"""

from typing import Final

from ils.text.normal import fold

_VOWEL: Final[tuple[str, ...]] = ("b:2", "d:3", "lm:4", "n:5", "p:6", "r:7", "st:8", "uvwxy:9")
_S: Final[tuple[str, ...]] = ("a:2", "ch:3", "e:4", "hi:5", "mnop:6", "t:7", "u:8", "wxyz:9")
_QU: Final[tuple[str, ...]] = ("a:3", "e:4", "i:5", "o:6", "r:7", "t:8", "y:9")
_OTHER: Final[tuple[str, ...]] = ("a:3", "e:4", "i:5", "o:6", "r:7", "u:8", "y:9")
_FURTHER: Final = ("abcd:3", "efgh:4", "ijkl:5", "mno:6", "pqrs:7", "tuv:8", "wxyz:9")


def cutter(name: str, figures: int = 2) -> str:
    """Return the mark of a heading: its letter and up to ``figures`` figures; ``""`` without
    letters."""
    letters = "".join(c for c in fold(name).lower() if c.isascii() and c.isalpha())
    if not letters:
        return ""
    first, rest = letters[0], letters[1:]
    row: tuple[str, ...]
    if letters.startswith("qu"):
        row, rest = _QU, letters[2:]
    elif first in "aeiou":
        row = _VOWEL
    elif first == "s":
        row = _S
    else:
        row = _OTHER
    found = [_figure(row, letter) for letter in rest[:1]]
    found += [_figure(_FURTHER, letter) for letter in rest[1:]]
    return first.upper() + "".join(found)[:figures]


def _figure(row: tuple[str, ...], letter: str) -> str:
    """A letter between two of the row takes the figure of the one before it."""
    figure = "2"
    for part in row:
        letters, _, number = part.partition(":")
        if letter >= letters[0]:
            figure = number
    return figure
