"""Searching the catalogue. ``search`` is the one entry, for readers, staff and machines alike."""

from cataloging.search.query import matching_ids, search
from cataloging.search.request import (
    DATABASE,
    INDEX,
    Correction,
    FacetValue,
    SearchRequest,
    SearchResult,
)

__all__ = [
    "DATABASE",
    "INDEX",
    "Correction",
    "FacetValue",
    "SearchRequest",
    "SearchResult",
    "matching_ids",
    "search",
]
