"""The classes of the DDC a Vietnamese library uses, as a tree to walk and to search.

``ddc.txt`` holds the main classes to three figures and the expansions for Vietnam, captioned in our
own words. It is no edition of the DDC: a number that is not in it may be right all the same.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

from ils.text.normal import clean, fold

_FILE: Final = Path(__file__).with_name("ddc.txt")
MOST_FOUND: Final = 30


@dataclass(frozen=True)
class Class:
    """A class: its number, caption, the number it stands under, other words that find it."""

    number: str
    caption: str
    above: str
    words: str = ""


@cache
def classes() -> dict[str, Class]:
    """Return every class by number, in the order of the numbers."""
    found: dict[str, Class] = {}
    for line in _FILE.read_text("utf-8").splitlines():
        if not line or line.startswith("#"):
            continue
        number, _, rest = line.partition(" ")
        caption, _, words = rest.partition(" | ")
        found[number] = Class(number, caption, _above(number, found), words)
    return found


def _above(number: str, known: dict[str, Class]) -> str:
    """The number one stands under: figure by figure shorter, then the ten and the hundred."""
    shorter = number
    while len(shorter) > 4:
        shorter = shorter[:-1].rstrip(".")
        if shorter in known:
            return shorter
    for wider in (number[:2] + "0", number[:1] + "00"):
        if wider != number and wider in known:
            return wider
    return ""


@cache
def _below() -> dict[str, list[Class]]:
    below: dict[str, list[Class]] = {}
    for one in classes().values():
        below.setdefault(one.above, []).append(one)
    return below


def below(number: str) -> list[Class]:
    """Return the classes right under one, under nothing the ten main ones."""
    return _below().get(number, [])


def path_to(number: str) -> list[Class]:
    """Return the classes above a number and itself, widest first; of a longer number than we know,
    those that it lies in."""
    known = classes()
    at = number.strip()
    while at and at not in known and len(at) > 3:
        at = at[:-1].rstrip(".")
    path: list[Class] = []
    while at in known:
        path.insert(0, known[at])
        at = known[at].above
    return path


def find(typed: str, most: int = MOST_FOUND) -> list[Class]:
    """Return classes by number (what begins so) or by words of the caption, the best first.

    A word without tone marks finds all readings of it, one with marks only its own.
    """
    typed = clean(typed).strip().lower()
    if typed[:1].isdigit():
        begin = typed.rstrip(".")
        found = [one for one in classes().values() if one.number.startswith(begin)]
        return (found or path_to(begin)[-1:])[:most]
    words = typed.split()
    if not words:
        return below("")
    ranked = [
        (rank, one.number, one)
        for one in classes().values()
        if (rank := _rank(one, words)) is not None
    ]
    return [one for _rank_, _number, one in sorted(ranked, key=lambda r: r[:2])[:most]]


def _rank(one: Class, words: Iterable[str]) -> tuple[int, int, int, int] | None:
    """How well words fit: None when one is missing; whole words and captions before others, and
    what is Vietnamese before the same of other countries: most stories on the shelf are."""
    exact = _words(f"{one.caption} {one.words}")
    folded = _words(fold(f"{one.caption} {one.words}"))
    short = len(exact)
    misses = 0
    for word in words:
        plain = word == fold(word)
        where = folded if plain else exact
        if word in where:
            continue
        if not any(w.startswith(word) for w in where):
            return None
        misses += 1
    first = 0 if " ".join(words) in (fold(one.caption).lower(), one.caption.lower()) else 1
    foreign = 0 if "việt nam" in one.caption.lower() else 1
    return first, misses, foreign, short


def _words(text: str) -> list[str]:
    return [w.strip(",.()–-:") for w in clean(text).lower().split()]
