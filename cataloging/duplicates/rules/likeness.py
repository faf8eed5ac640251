"""Do two records describe one title, and how certainly? Pure.

A number alone is no proof: volumes of a set share an ISBN, and numbers are mistyped. A title alone is
none either: another material, another volume, another valid ISBN or another year is another title.
Three degrees: *sure* (a valid number and the title agree), *likely* (title, author and year agree),
*possible* (somebody should look).
"""

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from cataloging.marc.model import Marc, fields
from cataloging.marc.project import CONTENT_MARK, Projection
from ils.text.match import without_years
from ils.text.words import exact_words, folded_words

SURE, LIKELY, POSSIBLE = 3, 2, 1
NEIGHBORS: Final = 30  # of a title that many records have, each is compared with so many others


@dataclass(frozen=True)
class Facts:
    """What speaks of a record's identity, in normal form."""

    record_id: int
    title: str  # with marks
    folded: str
    full: str  # title and subtitle without marks
    people: frozenset[str]
    year: int | None
    material: str
    publisher: str
    isbns: frozenset[str]
    issns: frozenset[str]
    control: str
    source: str
    match_key: str
    volume: str


@dataclass(frozen=True)
class Likeness:
    """How certainly two records are one title, and by what: isbn, issn, control, content, key (title,
    author and year), marks (the same but for marks), title (title and author)."""

    certainty: int
    why: tuple[str, ...]


def facts_of(record_id: int, marc: Marc, seen: Projection) -> Facts:
    """Return what speaks of a record's identity."""
    return Facts(
        record_id=record_id,
        title=exact_words(seen.title),
        folded=_folded(seen.title),
        full=_folded(f"{seen.title} {seen.subtitle}"),
        people=frozenset(_folded(without_years(seen.author)).split()),
        year=seen.year,
        material=seen.material,
        publisher=_folded(seen.publisher),
        isbns=frozenset(seen.isbns),
        issns=frozenset(seen.issns),
        control=seen.control_number,
        source=seen.control_source,
        match_key=seen.match_key,
        volume=_volume(marc),
    )


def _folded(text: str) -> str:
    return folded_words(exact_words(text))


def _volume(marc: Marc) -> str:
    """Return the number of the volume: of the title, or of a series field that has nothing else."""
    for tag, code in (("245", "n"), ("490", "v")):
        for field in fields(marc, tag):
            subs = field["subfields"] if isinstance(field, dict) else []
            if tag == "490" and (not subs or next(iter(subs[0])) != "v"):
                continue
            for sub in subs:
                if code in sub:
                    return _folded(sub[code])
    return ""


def loose_key(title: str, author: str, year: int | None) -> int:
    """Return the key under which records are looked at together, 0 for none: title and author
    without marks; where no author is known, title and year."""
    words = _folded(title)
    people = " ".join(sorted(_folded(without_years(author)).split()))
    if not words or not (people or year):
        return 0
    told = f"{words}|{people or year}"
    return int.from_bytes(hashlib.blake2b(told.encode(), digest_size=7).digest()) or 1


def likeness(one: Facts, two: Facts) -> Likeness | None:
    """Return how certainly two records are one title; None where something speaks against it."""
    if one.material != two.material or (one.volume and two.volume and one.volume != two.volume):
        return None
    why = _shared(one, two)
    same_title = bool(one.folded) and one.folded == two.folded
    years_differ = bool(one.year and two.year and one.year != two.year)
    certainty = 0
    if "content" in why:
        certainty = SURE
    elif {"isbn", "issn"} & why:
        in_step = same_title and (not years_differ or "issn" in why)
        certainty = SURE if in_step and one.volume == two.volume else POSSIBLE
    elif "control" in why:
        certainty = (SURE if one.source else LIKELY) if same_title else POSSIBLE
    elif one.isbns and two.isbns:
        return None  # each has a number of its own
    elif "key" in why:
        certainty = LIKELY
    elif same_title and not years_differ and _same_people(one, two):
        certainty = _by_words(one, two)
    if not certainty:
        return None
    return Likeness(certainty, tuple(sorted(why | _words_shared(one, two, why))))


def _shared(one: Facts, two: Facts) -> set[str]:
    """Return which numbers and keys both have."""
    found = set()
    if one.isbns & two.isbns:
        found.add("isbn")
    if one.issns & two.issns:
        found.add("issn")
    same_source = one.source == two.source and bool(one.source or one.folded == two.folded)
    if one.control and one.control == two.control and same_source:
        found.add("control")
    if one.match_key and one.match_key == two.match_key:
        found.add("content" if one.match_key.startswith(CONTENT_MARK) else "key")
    return found


def _same_people(one: Facts, two: Facts) -> bool:
    return one.people == two.people or not (one.people and two.people)


def _by_words(one: Facts, two: Facts) -> int:
    """Likely where title and year are the same as written and the publisher is too."""
    as_written = one.title == two.title and one.full == two.full
    dated = one.year is not None and one.year == two.year
    if one.volume != two.volume or not (as_written and dated):
        return POSSIBLE
    return LIKELY if one.publisher and one.publisher == two.publisher else POSSIBLE


def _words_shared(one: Facts, two: Facts, why: set[str]) -> set[str]:
    if "key" in why or one.folded != two.folded or not one.folded:
        return set()
    return {"title" if one.title == two.title else "marks"}


def pairs_among(some: Iterable[Facts]) -> Iterator[tuple[Facts, Facts, Likeness]]:
    """Give each pair of alike records among those that share a key, the lower record first."""
    ordered = sorted(some, key=lambda f: (f.year or 0, f.title, f.record_id))
    for place, one in enumerate(ordered):
        for two in ordered[place + 1 : place + 1 + NEIGHBORS]:
            low, high = (one, two) if one.record_id < two.record_id else (two, one)
            if low.record_id != high.record_id and (found := likeness(low, high)):
                yield low, high, found
