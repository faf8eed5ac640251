"""The tables of ``crosswalk.toml``, and who had a part in a work, as all other formats need it."""

import tomllib
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Final

from cataloging.marc.model import Marc, fields, pairs, subfields
from cataloging.marc.names import persons
from cataloging.marc.project import Projection
from ils.text.normal import fold

PERSON: Final = "personal"
BODY: Final = "corporate"
MEETING: Final = "conference"
_KINDS: Final = {"00": PERSON, "10": BODY, "11": MEETING, "20": PERSON}


@dataclass(frozen=True)
class Kind:
    """What a material is called by others."""

    dcmi: str
    mods: str
    ris: str
    bibtex: str


@dataclass(frozen=True)
class Tables:
    """The crosswalk as it lies in the file."""

    roles: dict[str, str]  # word → code of the relator
    materials: dict[str, Kind]
    subjects: dict[str, dict[str, str]]
    thesauri: dict[str, str]
    classes: dict[str, str]
    issuance: dict[str, str]


@dataclass(frozen=True)
class Name:
    """Somebody who had a part in a work. A Vietnamese name stands in its own order, undivided."""

    kind: str  # personal | corporate | conference
    text: str
    main: bool
    roles: tuple[str, ...] = ()  # codes of relators
    dates: str = ""


@cache
def tables() -> Tables:
    """Return the crosswalk's tables."""
    read = tomllib.loads(files(__package__).joinpath("crosswalk.toml").read_text("utf-8"))
    roles = {word: code for code, words in read["roles"].items() for word in words}
    materials = {name: Kind(*words) for name, words in read["materials"].items()}
    rest = (read[part] for part in ("subjects", "thesauri", "classes", "issuance"))
    return Tables(roles, materials, *rest)


def kind_of(marc: Marc, seen: Projection) -> Kind:
    """Return what a material is called by others; a book where it is not known.

    A part of a serial (leader/07 b) that names its host is an article.
    """
    known = tables().materials
    material = "article" if seen.host and marc["leader"][7:8] in "ab" else seen.material
    return known.get(material, known["book"])


def names_of(marc: Marc) -> list[Name]:
    """Return the names of the main and added entries, each once, in the record's order."""
    found: dict[str, Name] = {}
    for tag, field in pairs(marc):
        kind = _KINDS.get(tag[1:])
        if tag[:1] not in "17" or kind is None or isinstance(field, str):
            continue
        if subfields(field, "t"):  # a work, not who made this one
            continue
        for text in _texts(kind, field):
            name = Name(kind, text, tag[0] == "1", _roles(field), _dates(kind, field))
            found.setdefault(text, name)
    return list(found.values())


def _texts(kind: str, field: object) -> tuple[str, ...]:
    if kind == PERSON:
        return tuple(name for value in subfields(field, "a")[:1] for name in persons(value))
    codes = "ab" if kind == BODY else "ae"
    parts = [value.strip(" ,;:/.") for value in subfields(field, *codes)]
    joined = ". ".join(part for part in parts if part)
    return (joined,) if joined else ()


def _dates(kind: str, field: object) -> str:
    return " ".join(subfields(field, "d")).strip(" .,") if kind == PERSON else ""


def _roles(field: object) -> tuple[str, ...]:
    known = tables().roles
    words = (fold(value).strip(" .,;:()") for value in subfields(field, "e", "4"))
    return tuple(dict.fromkeys(known[word] for word in words if word in known))


def class_numbers(marc: Marc) -> list[tuple[str, str, str]]:
    """Return class numbers as (scheme, edition, number)."""
    return [
        (scheme, " ".join(subfields(field, "2")), number.replace("/", "").strip())
        for tag, scheme in tables().classes.items()
        for field in fields(marc, tag)
        for number in subfields(field, "a")[:1]
        if number.strip()
    ]
