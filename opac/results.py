"""What a reader asks of the catalog, read from an address, and how the answer is shown."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from flask_babel import gettext as _
from werkzeug.datastructures import MultiDict

from cataloging.search import Correction, SearchRequest, SearchResult
from ils.web.pages import Page, page_number
from opac import words
from opac.site import Site

SIZE = 20
LONGEST_QUERY = 300
# In the order they are shown beside the results.
FACETS = ("available", "library", "material", "audience", "language", "subject", "author", "year")
SORTS = ("relevance", "newest", "title", "author", "year", "oldest")


@dataclass(frozen=True)
class Asked:
    """A question: words, chosen facet values, order, page."""

    query: str = ""
    chosen: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    sort: str = "relevance"
    page: int = 1

    def request(self, site: Site, *, facets: bool = True, size: int = SIZE) -> SearchRequest:
        """Return the question as the search understands it, limited to the site."""
        return SearchRequest(
            query=self.query,
            library_id=site.library_id,
            filters=dict(self.chosen),
            sort=self.sort,
            page=self.page,
            page_size=size,
            facets=facets,
        )

    def args(self, **changes: Any) -> dict[str, Any]:
        """Return the words of an address for this question, with changes; page 1 is left out."""
        args: dict[str, Any] = {"q": self.query, **{k: list(v) for k, v in self.chosen.items()}}
        if self.sort != "relevance":
            args["sort"] = self.sort
        args.update(changes)
        return {name: value for name, value in args.items() if value not in ("", [], None)}

    def toggled(self, facet: str, value: str) -> dict[str, Any]:
        """Return the words of an address with a facet value chosen, or given up."""
        now = self.chosen.get(facet, ())
        after = [v for v in now if v != value] if value in now else [*now, value]
        return self.args(**{facet: after})

    @property
    def narrowed(self) -> bool:
        """Tell whether any facet value is chosen."""
        return any(self.chosen.values())


def asked(args: MultiDict[str, str], site: Site) -> Asked:
    """Read a question from an address; anything odd in it is left out."""
    chosen = {}
    for facet in FACETS:
        values = tuple(dict.fromkeys(v[:200] for v in args.getlist(facet) if v.strip()))[:20]
        if facet == "library" and site.library_id is not None:
            continue
        if facet == "library":
            values = tuple(v for v in values if v.isdecimal())
        if facet == "available":
            values = ("1",) if values else ()
        if values:
            chosen[facet] = values
    sort = args.get("sort", "")
    return Asked(
        query=" ".join(args.get("q", "").replace("\x00", " ").split())[:LONGEST_QUERY],
        chosen=chosen,
        sort=sort if sort in SORTS else "relevance",
        page=page_number(args.get("page")),
    )


@dataclass(frozen=True)
class ShownValue:
    """One facet value as a link."""

    label: str
    count: int
    url: str
    chosen: bool


@dataclass(frozen=True)
class ShownFacet:
    """A facet with its values."""

    name: str
    label: str
    values: Sequence[ShownValue]


def facets_shown(
    found: SearchResult, question: Asked, site: Site, libraries: Mapping[int, str]
) -> list[ShownFacet]:
    """Return the facets worth showing: those that would divide the results."""
    shown = []
    for name in FACETS:
        if name == "library" and site.library_id is not None:
            continue
        values = [
            ShownValue(
                label=_label(name, value.value, value.label, libraries),
                count=value.count,
                url=site.url("search", **question.toggled(name, value.value)),
                chosen=value.chosen,
            )
            for value in found.facets.get(name, ())
        ]
        if any(v.chosen for v in values) or len(values) > 1 or (name == "available" and values):
            shown.append(ShownFacet(name, str(words.FACETS[name]), values))
    return shown


def chosen_shown(
    question: Asked, site: Site, libraries: Mapping[int, str]
) -> list[tuple[str, str, str]]:
    """Return what narrows the results as (facet, value, address without it)."""
    return [
        (
            str(words.FACETS[name]),
            _label(name, value, "", libraries),
            site.url("search", **question.toggled(name, value)),
        )
        for name, values in question.chosen.items()
        for value in values
    ]


def _label(name: str, value: str, given: str, libraries: Mapping[int, str]) -> str:
    if name == "available":
        return str(_("On the shelf now"))
    if name in ("language", "material", "audience"):
        return words.facet_value(name, value, libraries)
    if name == "library":
        return libraries.get(int(value), given or value) if value.isdecimal() else given or value
    return given or value


def page_of(found: SearchResult, size: int = SIZE) -> Page:
    """Return the paging of an answer."""
    return Page(found.page, size, found.total, found.ids, found.pages)


def correction_sentence(correction: Correction, typed: str) -> tuple[str, str]:
    """Say what was looked for instead of what was typed: a headline and its explanation."""
    if correction.kind == "keystrokes":
        return (
            _("Showing results for “%(text)s”.", text=correction.text),
            _("You seem to have typed without Unikey: “%(typed)s”.", typed=typed),
        )
    if correction.kind == "spelling":
        return (
            _("Did you mean “%(text)s”? These are its results.", text=correction.text),
            _("Nothing was found for “%(typed)s”.", typed=typed),
        )
    return (
        _(
            "No title has all of these words. Showing those with some: “%(text)s”.",
            text=correction.text,
        ),
        _("Nothing was found for “%(typed)s”.", typed=typed),
    )


def sorts() -> list[tuple[str, str]]:
    """Return the orders a reader may choose."""
    return [
        ("relevance", _("Best match")),
        ("newest", _("Newest in the library")),
        ("title", _("Title A–Y")),
        ("author", _("Author A–Y")),
        ("year", _("Year, latest first")),
        ("oldest", _("Year, oldest first")),
    ]


def first_page(question: Asked) -> Asked:
    """Return the same question at its first page."""
    return replace(question, page=1)
