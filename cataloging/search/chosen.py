"""Reading the values a reader chose beside the results. Pure."""

from collections.abc import Iterator, Mapping, Sequence

from cataloging.search.document import ANYWHERE


def numbers_in(values: Sequence[str]) -> tuple[int, ...]:
    """Return the ids among typed values."""
    return tuple(int(value) for value in values if value.isdecimal() and len(value) < 10)


def available_places(
    library_id: int | None, filters: Mapping[str, tuple[str, ...]]
) -> tuple[int, ...]:
    """Return where 'available' is asked: at the chosen libraries, else in scope, else anywhere."""
    return numbers_in(filters.get("library", ())) or (
        (library_id,) if library_id is not None else (ANYWHERE,)
    )


LAST_YEAR = 9999


def _year(typed: str, otherwise: int) -> int:
    return min(int(typed[:9]), LAST_YEAR) if typed.isdecimal() else otherwise


def year_spans(values: Sequence[str]) -> Iterator[tuple[int, int]]:
    """Read year values: a decade (``2010``) or a span (``1990-1999``, ``-1975``, ``2010-``)."""
    for value in values:
        first, dash, last = value.partition("-")
        if dash:
            yield _year(first, 0), _year(last, LAST_YEAR)
        elif first.isdecimal():
            decade = _year(first, 0)
            yield decade, decade + 9
