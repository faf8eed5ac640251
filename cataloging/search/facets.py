"""Counting values beside the results, and giving them names.

Each facet is counted over the results without its own chosen values, so that a reader sees what
choosing another value as well would bring.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from cataloging.search.chosen import available_places
from cataloging.search.fields import Facet, fields
from cataloging.search.request import FacetValue, SearchRequest
from ils.org.models import OrgUnit
from ils.org.units import unit_names

Counts = Mapping[str, tuple[tuple[str, int], ...]]

AVAILABLE: Final = "1"
_MOST_YEARS: Final = 400


def counts_of(
    searcher: Any, query_without: Callable[[str], Any], chosen: Sequence[str]
) -> dict[str, tuple[tuple[str, int], ...]]:
    """Count the values of every facet. ``query_without(name)`` leaves a facet's choice out."""
    own = {("available_at" if name == "available" else name): name for name in chosen}
    plain = [facet for facet in fields().facets if facet.name not in own]
    found = _aggregate(searcher, query_without(""), plain)
    for facet in fields().facets:
        if facet.name in own:
            found |= _aggregate(searcher, query_without(own[facet.name]), [facet])
    return found


def _aggregate(
    searcher: Any, query: Any, wanted: Sequence[Facet]
) -> dict[str, tuple[tuple[str, int], ...]]:
    if not wanted:
        return {}
    asked = {
        facet.name: {
            "terms": {
                "field": f"facet_{facet.name}",
                "size": _MOST_YEARS if facet.name == "year" else facet.most,
            }
        }
        for facet in wanted
    }
    answer = searcher.aggregate(query, asked)
    return {
        name: tuple((_plain(b["key"]), int(b["doc_count"])) for b in one["buckets"])
        for name, one in answer.items()
    }


def _plain(key: Any) -> str:
    return str(int(key)) if isinstance(key, (int, float)) else str(key)


def labeled(
    session: Session, counts: Counts, request: SearchRequest
) -> dict[str, tuple[FacetValue, ...]]:
    """Return the facets as readers see them, chosen values first to last always among them."""
    found: dict[str, tuple[FacetValue, ...]] = {}
    for facet in fields().facets:
        values = counts.get(facet.name, ())
        if facet.name == "library":
            found["library"] = _libraries(session, values, request)
        elif facet.name == "available_at":
            found["available"] = _available(values, request)
        elif facet.name == "year":
            found["year"] = _decades(values, request)
        else:
            found[facet.name] = _as_they_are(facet.name, values, request)
    return found


def _as_they_are(
    name: str, values: Sequence[tuple[str, int]], request: SearchRequest
) -> tuple[FacetValue, ...]:
    chosen = request.filters.get(name, ())
    listed = {value for value, _ in values}
    missing = [(value, 0) for value in chosen if value not in listed]
    return tuple(
        FacetValue(value, count, value, value in chosen) for value, count in [*values, *missing]
    )


def _libraries(
    session: Session, values: Sequence[tuple[str, int]], request: SearchRequest
) -> tuple[FacetValue, ...]:
    """Name the libraries, or inside one library its branches."""
    query = select(OrgUnit.id)
    if request.library_id is None:
        query = query.where(OrgUnit.kind.in_(("library", "province")))
    else:
        query = query.where(OrgUnit.parent_id == request.library_id)
    wanted = {str(one) for one in session.scalars(query)}
    names = unit_names(session)
    chosen = request.filters.get("library", ())
    return tuple(
        FacetValue(value, count, names.get(int(value), value), value in chosen)
        for value, count in values
        if value in wanted
    )


def _available(values: Sequence[tuple[str, int]], request: SearchRequest) -> tuple[FacetValue, ...]:
    """Count what can be had now where it is asked; of several libraries the highest count."""
    places = {str(place) for place in available_places(request.library_id, request.filters)}
    count = max((count for value, count in values if value in places), default=0)
    chosen = bool(request.filters.get("available"))
    return (FacetValue(AVAILABLE, count, AVAILABLE, chosen),) if count or chosen else ()


def _decades(values: Sequence[tuple[str, int]], request: SearchRequest) -> tuple[FacetValue, ...]:
    found: dict[int, int] = {}
    for value, count in values:
        decade = int(value) // 10 * 10
        found[decade] = found.get(decade, 0) + count
    chosen = request.filters.get("year", ())
    made = [
        FacetValue(str(decade), count, f"{decade}–{decade + 9}", str(decade) in chosen)
        for decade, count in sorted(found.items(), reverse=True)
    ]
    listed = {one.value for one in made}
    made += [FacetValue(value, 0, value, True) for value in chosen if value not in listed]
    return tuple(made)
