"""What is asked of the search and what it answers: plain values, the same for every door."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

INDEX: Final = "index"
DATABASE: Final = "database"
MOST_ON_A_PAGE: Final = 200


@dataclass(frozen=True)
class SearchRequest:
    """A reader's question.

    ``library_id`` limits to records with copies in one library; None asks the whole province.
    ``filters`` maps facet names (library, available, language, year, subject, author, material,
    audience) to chosen values: values of one facet are alternatives, facets add up. ``year``
    values are decades (``"2010"``) or spans (``"1990-1999"``). ``hidden`` also finds suppressed
    records: for staff only.
    """

    query: str = ""
    library_id: int | None = None
    filters: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    sort: str = "relevance"
    page: int = 1
    page_size: int = 20
    facets: bool = False
    hidden: bool = False


@dataclass(frozen=True)
class FacetValue:
    """One value beside the results: how many of them have it, and whether it is chosen.

    ``label`` is for people where the value is a key (libraries, decades); the names of languages
    and materials are put by the door, in the reader's language.
    """

    value: str
    count: int
    label: str
    chosen: bool = False


@dataclass(frozen=True)
class Correction:
    """What was looked for instead, because the words as typed find nothing.

    ``kind``: ``keystrokes`` (raw Telex or VNI, run-together words), ``spelling`` (one letter
    wrong) or ``some_words`` (not all of the words). ``text`` is the query as it was understood.
    """

    kind: str
    text: str


@dataclass(frozen=True)
class SearchResult:
    """The answer: exact total, ids of one page in order, facets with counts.

    ``exact`` counts the results that have every word with its marks as typed, None when no marks
    were typed; they come first. ``mode`` is ``index`` or, while there is none, ``database``.
    """

    total: int
    page: int
    pages: int
    ids: tuple[int, ...]
    facets: Mapping[str, tuple[FacetValue, ...]] = field(default_factory=dict)
    mode: str = INDEX
    exact: int | None = None
    correction: Correction | None = None
