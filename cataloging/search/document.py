"""Turning a record into what the index holds of it. Pure: projection and facts in, values out.

Runs once for every imported record, so it makes one pass over the parts and works each distinct
word out once (``ils.text.words``).
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final

from cataloging.marc.project import Projection
from cataloging.search.fields import Words, fields
from ils.text.words import exact_words, folded_words

Document = dict[str, Any]

ANYWHERE: Final = 0  # in ``available_at``: available in any library
LAST: Final = "~"  # sorts behind every filing key
BETWEEN: Final = " ¦ "  # a word of its own, so that no phrase runs from one value into the next
LONGEST_FACET: Final = 120


@dataclass(frozen=True, slots=True)
class ItemFacts:
    """What the index needs of a copy: where it belongs and whether it can be had now."""

    library_id: int
    branch_id: int
    available: bool
    call_number: str = ""


@dataclass(frozen=True, slots=True)
class RecordFacts:
    """What the index needs beside the projection."""

    id: int
    version: int
    hidden: bool = False
    items: tuple[ItemFacts, ...] = ()
    # Other forms of its headings, as authorities know them: part of the index, text.
    forms: tuple[tuple[str, str], ...] = ()


def build_document(projection: Projection, facts: RecordFacts) -> Document:
    """Return the document of a record, field name to value or list of values."""
    return completed(content(projection), facts)


def content(projection: Projection) -> Document:
    """Return the part of a document that follows from the record alone, without its copies."""
    document: Document = {
        "title_sort": projection.title_sort or LAST,
        "author_sort": projection.author_sort or LAST,
        "facet_material": projection.material or "book",
    }
    _add_words(document, projection)
    _add_numbers(document, projection)
    _add_facets(document, projection)
    return document


def completed(content: Document, facts: RecordFacts) -> Document:
    """Return a whole document: what the record says, with its number, version and copies."""
    document = {"id": facts.id, "version": facts.version, **content}
    if facts.hidden:
        document["hidden"] = 1
    if facts.items:
        _add_places(document, facts.items)
        _add_words_of_copies(document, facts.items)
    if facts.forms:
        _add_other_forms(document, facts.forms)
    return document


def _add_words(document: Document, projection: Projection) -> None:
    every: dict[str, None] = {}
    for part in fields().words:
        values = _values(projection, part)
        if not values:
            continue
        exact = BETWEEN.join(filter(None, map(exact_words, dict.fromkeys(values))))
        if not exact:
            continue
        document[part.name] = folded_words(exact)
        if part.exact:
            document[f"{part.name}_exact"] = exact
        every.update(dict.fromkeys(exact.split(" ")))
    every.pop("¦", None)
    words = " ".join(every)
    folded = folded_words(words)
    document["every_exact"] = words
    document["every"] = folded if folded.isascii() else " ".join(dict.fromkeys(folded.split(" ")))
    titles = [projection.title, *projection.other_titles]
    document["title_whole"] = [w for t in titles if (w := folded_words(exact_words(t)))]


def _add_words_of_copies(document: Document, items: Iterable[ItemFacts]) -> None:
    """Add what the copies say of themselves to the words of the record."""
    exact = [w for call in {i.call_number: None for i in items} if (w := exact_words(call))]
    for part in fields().words:
        if part.items and exact:
            _add_to_part(document, part, exact)


def _add_other_forms(document: Document, forms: Iterable[tuple[str, str]]) -> None:
    """Add the words of other forms of a heading, by which the record is found too."""
    for part in fields().words:
        exact = [w for name, text in forms if name == part.name and (w := exact_words(text))]
        if exact:
            _add_to_part(document, part, exact)


def _add_to_part(document: Document, part: Words, exact: list[str]) -> None:
    _append(document, part.name, [folded_words(one) for one in exact])
    if part.exact:
        _append(document, f"{part.name}_exact", exact)
    words = [word for one in exact for word in one.split(" ")]
    _append(document, "every_exact", words, " ")
    _append(document, "every", [folded_words(word) for word in words], " ")


def _append(document: Document, name: str, values: Iterable[str], between: str = BETWEEN) -> None:
    there = document.get(name, "")
    known = there.split(between) if there else []
    document[name] = between.join(dict.fromkeys([*known, *values]))


def _values(projection: Projection, part: Words) -> list[str]:
    found: list[str] = []
    for source in part.sources:
        if " " in source:
            joined = " ".join(v for name in source.split(" ") if (v := getattr(projection, name)))
            if joined:
                found.append(joined)
            continue
        value = getattr(projection, source)
        if value:
            if value.__class__ is str:
                found.append(value)
            else:
                found.extend(value)
    return found


def _add_numbers(document: Document, projection: Projection) -> None:
    for number in fields().numbers:
        values: dict[str, None] = {}
        for source in number.sources:
            value = getattr(projection, source)
            for one in (value,) if value.__class__ is str else value:
                if made := number_key(one):
                    values[made] = None
        if values:
            document[number.name] = list(values)


def number_key(text: str) -> str:
    """Return the form in which numbers are compared: no hyphens or spaces, upper case."""
    return "".join(c for c in text.upper() if c.isalnum())


def _add_places(document: Document, items: Iterable[ItemFacts]) -> None:
    libraries: set[int] = set()
    available: set[int] = set()
    for item in items:
        libraries.update((item.library_id, item.branch_id))
        if item.available:
            available.update((ANYWHERE, item.library_id, item.branch_id))
    document["facet_library"] = sorted(libraries)
    document["facet_available_at"] = sorted(available)


def _add_facets(document: Document, projection: Projection) -> None:
    if projection.year is not None:
        document["facet_year"] = projection.year
    if projection.audience:
        document["facet_audience"] = projection.audience
    languages = projection.languages or ((projection.language,) if projection.language else ())
    document["facet_language"] = list(languages)
    document["facet_subject"] = facet_values((*projection.subjects, *projection.genres))
    document["facet_author"] = facet_values(projection.authors)


def facet_values(values: Iterable[str]) -> list[str]:
    """Return values as they are counted: first letter a capital, no end marks, each once."""
    found: dict[str, None] = {}
    for value in values:
        plain = value.strip(" .,;:/")[:LONGEST_FACET]
        if plain:
            found[plain[0].upper() + plain[1:]] = None
    return list(found)
