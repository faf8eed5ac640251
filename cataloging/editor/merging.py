"""Two people changed one record: what each did, field by field, and one record made of both.

Differences between their version and mine are parts; each is taken from one side or from both.
Where only one of us changed a part it is chosen already; where both did, a person must choose.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from difflib import SequenceMatcher

from cataloging.marc.model import Marc
from cataloging.marc.text import parse, write

THEIRS, MINE, BOTH = "theirs", "mine", "both"
CHOICES = (MINE, THEIRS, BOTH)
ONE_ONLY = ("LDR", "001", "003", "005", "008", "245")  # never both


@dataclass(frozen=True)
class Part:
    """A stretch of fields, as lines of MARC text. ``mine`` and ``theirs`` are equal where
    ``number`` is -1: nothing to choose. ``chosen`` is '' where both changed the same."""

    number: int
    tag: str
    mine: tuple[str, ...]
    theirs: tuple[str, ...]
    chosen: str = ""


def compare(base: Marc, theirs: Marc, mine: Marc) -> list[Part]:
    """Return two states of a record that began as ``base``, in parts."""
    before = Counter(write(base).split("\n"))
    a, b = write(theirs).split("\n"), write(mine).split("\n")
    parts: list[Part] = []
    matcher = SequenceMatcher(None, a, b, autojunk=False)
    for act, a1, a2, b1, b2 in matcher.get_opcodes():
        if act == "equal":
            parts.append(Part(-1, "", tuple(b[b1:b2]), tuple(a[a1:a2])))
            continue
        for tag, old, new in _by_tag(a[a1:a2], b[b1:b2]):
            number = sum(1 for one in parts if one.number >= 0)
            parts.append(Part(number, tag, new, old, _chosen(before, old, new)))
    return parts


def _by_tag(
    theirs: list[str], mine: list[str]
) -> list[tuple[str, tuple[str, ...], tuple[str, ...]]]:
    """Put the lines of a stretch beside each other, tag by tag."""
    tags = sorted(dict.fromkeys(line[:3] for line in [*theirs, *mine]), key=_order)
    return [
        (
            tag,
            tuple(line for line in theirs if line[:3] == tag),
            tuple(line for line in mine if line[:3] == tag),
        )
        for tag in tags
    ]


def _order(tag: str) -> str:
    return "" if tag == "LDR" else tag


def _chosen(before: Counter[str], theirs: tuple[str, ...], mine: tuple[str, ...]) -> str:
    they_kept = bool(theirs) and not Counter(theirs) - before
    i_kept = bool(mine) and not Counter(mine) - before
    if not theirs:  # I added, or they took away
        return THEIRS if i_kept else MINE
    if not mine:  # they added, or I took away
        return MINE if they_kept else THEIRS
    if they_kept:
        return MINE
    return THEIRS if i_kept else ""


def merge(parts: list[Part], choices: Mapping[int, str]) -> Marc | None:
    """Return the record with each part as chosen; None while a choice is missing.

    ``both`` takes theirs, then mine.
    """
    lines: list[str] = []
    for part in parts:
        if part.number < 0:
            lines += part.mine
            continue
        choice = choices.get(part.number) or part.chosen
        if choice not in CHOICES:
            return None
        if choice == BOTH and part.tag in ONE_ONLY:
            choice = MINE
        lines += part.theirs if choice in (THEIRS, BOTH) else ()
        lines += part.mine if choice in (MINE, BOTH) else ()
    return parse("\n".join(lines)).marc
