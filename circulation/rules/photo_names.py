"""Whose photo a file is, by its name: a student code, a card number, or a name with or without marks."""

import re
import unicodedata
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

from ils.text.normal import fold


@dataclass(frozen=True)
class Person:
    """Who may be on a photo."""

    id: int
    name: str
    codes: tuple[str, ...] = ()  # student code, card number


@dataclass(frozen=True)
class Matched:
    """Which file is whose; which names fit nobody, several people, or somebody who has one already."""

    pairs: dict[str, int] = field(default_factory=dict)
    unknown: list[str] = field(default_factory=list)
    several: list[str] = field(default_factory=list)
    twice: list[str] = field(default_factory=list)


def match_photos(files: Sequence[str], people: Iterable[Person]) -> Matched:
    """Match names of files with people: the surest way first, one file for a person.

    A name with its marks decides between people whose names differ only in marks.
    """
    everybody = list(people)
    ways: tuple[tuple[Callable[[str], str], dict[str, set[int]]], ...] = (
        (_code, _by(everybody, lambda one: [_code(code) for code in one.codes if code])),
        (_name, _by(everybody, lambda one: [_name(one.name)])),
        (_folded, _by(everybody, lambda one: [_folded(one.name)])),
    )
    found = Matched()
    taken: set[int] = set()
    for file in files:
        stem = stem_of(file)
        fitting = next((ids for read, ids_of in ways if (ids := ids_of.get(read(stem)))), None)
        if fitting is None:
            found.unknown.append(file)
        elif len(fitting) > 1:
            found.several.append(file)
        elif fitting & taken:
            found.twice.append(file)
        else:
            taken |= fitting
            found.pairs[file] = next(iter(fitting))
    return found


def _by(people: list[Person], keys: Callable[[Person], list[str]]) -> dict[str, set[int]]:
    ids: dict[str, set[int]] = defaultdict(set)
    for one in people:
        for key in keys(one):
            ids[key].add(one.id)
    return ids


def stem_of(file: str) -> str:
    """Return a file's name without folders and ending, NFC."""
    base = re.split(r"[/\\]", file)[-1]
    return unicodedata.normalize("NFC", base.rpartition(".")[0] or base).strip()


def _code(text: str) -> str:
    return "".join(text.split()).upper()


def _name(text: str) -> str:
    """Return a name for comparing: ``01. Nguyễn_Văn-An (6A)`` is ``nguyễn văn an``."""
    bare = re.sub(r"\([^)]*\)", " ", unicodedata.normalize("NFC", text))
    words = re.split(r"[\s_.\-]+", bare)
    return " ".join(w for w in words if w and not any(c.isdigit() for c in w)).casefold()


def _folded(text: str) -> str:
    return fold(_name(text))
