"""The indexed fields, read once from ``fields.toml``."""

import hashlib
import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final

from ils.text.normal import exact, fold

# Raise when the meaning of indexed words changes (ils.text), so that old indexes are rebuilt.
TEXT_VERSION: Final = 1

_FILE: Final = Path(__file__).with_name("fields.toml")


@dataclass(frozen=True)
class Words:
    """A part of the record whose words are indexed."""

    name: str
    sources: tuple[str, ...]
    weight: float
    exact: bool = False
    items: tuple[str, ...] = ()
    named: tuple[str, ...] = ()


@dataclass(frozen=True)
class Number:
    """A number found as a whole."""

    name: str
    sources: tuple[str, ...]
    named: tuple[str, ...] = ()


@dataclass(frozen=True)
class Facet:
    """Values counted beside the results."""

    name: str
    kind: str
    several: bool
    most: int


@dataclass(frozen=True)
class Sort:
    """An order; without a field it is relevance."""

    name: str
    field: str | None = None
    descending: bool = False


@dataclass(frozen=True)
class Fields:
    """All of them, and a fingerprint that changes with any of them."""

    words: tuple[Words, ...]
    numbers: tuple[Number, ...]
    facets: tuple[Facet, ...]
    sorts: dict[str, Sort]
    named: dict[str, str]  # folded name before a colon → part or number
    fingerprint: str


@cache
def fields() -> Fields:
    """Return the definitions of the fields."""
    raw = _FILE.read_bytes()
    data: dict[str, Any] = tomllib.loads(raw.decode())
    words = tuple(
        Words(
            name,
            tuple(one["from"]),
            one["weight"],
            one.get("exact", False),
            tuple(one.get("items", ())),
            tuple(one["named"]),
        )
        for name, one in data["words"].items()
    )
    numbers = tuple(
        Number(name, tuple(one["from"]), tuple(one["named"]))
        for name, one in data["number"].items()
    )
    facets = tuple(
        Facet(name, one["kind"], one.get("several", False), one["most"])
        for name, one in data["facet"].items()
    )
    sorts = {
        name: Sort(name, one.get("field"), one.get("first") == "desc")
        for name, one in data["sort"].items()
    }
    pairs = [(part.name, part.named) for part in words] + [(n.name, n.named) for n in numbers]
    named = {fold(exact(said)): name for name, sayings in pairs for said in sayings}
    digest = hashlib.sha256(raw + f"text {TEXT_VERSION}".encode()).hexdigest()[:12]
    return Fields(words, numbers, facets, sorts, named, digest)
