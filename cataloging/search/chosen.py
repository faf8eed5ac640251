"""Reading the values a reader chose beside the results. Pure."""

from collections.abc import Iterator, Mapping, Sequence

from cataloging.search.document import ANYWHERE


def available_places(
    library_id: int | None, filters: Mapping[str, tuple[str, ...]]
) -> tuple[int, ...]:
    """Return where 'available' is asked: at the chosen libraries, else in scope, else anywhere."""
    chosen = tuple(int(v) for v in filters.get("library", ()) if v.isdecimal())
    return chosen or ((library_id,) if library_id is not None else (ANYWHERE,))


def year_spans(values: Sequence[str]) -> Iterator[tuple[int, int]]:
    """Read year values: a decade (``2010``) or a span (``1990-1999``, ``-1975``, ``2010-``)."""
    for value in values:
        first, dash, last = value.partition("-")
        if dash:
            yield (
                int(first) if first.isdecimal() else 0,
                int(last) if last.isdecimal() else 9999,
            )
        elif first.isdecimal():
            yield int(first), int(first) + 9
