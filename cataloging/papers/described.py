"""Descriptions for paper: the ISBD paragraph with its heading apart, headings, stretches of numbers."""

import re
from collections.abc import Sequence

from cataloging.marc.display import heading_of, isbd, trimmed
from cataloging.marc.model import Marc, fields, first, subfields
from cataloging.marc.names import persons

_NUMBER = re.compile(r"^(\D*)(\d+)$")


def paragraph(marc: Marc) -> tuple[str, str]:
    """Return the heading (an author, in capitals; often none) and the description after it."""
    heading, whole = heading_of(marc), isbd(marc)
    return heading, whole.removeprefix(f"{heading}. ") if heading else whole


def summary(marc: Marc) -> str:
    """Return the abstract (MARC 520), or an empty text."""
    return " ".join(v.strip() for f in fields(marc, "520") for v in subfields(f, "a", "b"))


def subjects(marc: Marc) -> list[str]:
    """Return subject headings and free keywords, each once (MARC 600–655)."""
    found: list[str] = []
    for field in fields(marc, "600", "610", "611", "630", "648", "650", "651", "653", "655"):
        parts = [trimmed(v) for v in subfields(field, "a", "x", "y", "z", "v") if v.strip()]
        if parts:
            found.append(" - ".join(parts))
    return list(dict.fromkeys(found))


def other_names(marc: Marc) -> list[str]:
    """Return those with a share in the work besides the heading (MARC 700–711), in direct order."""
    found: list[str] = []
    for field in fields(marc, "700", "710", "711"):
        for value in subfields(field, "a"):
            is_person = field in fields(marc, "700")
            found += persons(value) if is_person else [trimmed(value)]
    return list(dict.fromkeys(name for name in found if name))


def title_proper(marc: Marc) -> str:
    """Return the title alone (245 $a with part and number)."""
    parts = [trimmed(first(marc, "245", code)) for code in "anp"]
    return ". ".join(part for part in parts if part)


def number_of_part(marc: Marc) -> str:
    """Return which part of a work it is (245 $n), short as on a spine: ``T.2`` for ``Tập 2``."""
    return re.sub(r"^tập\s+(?=\d)", "T.", trimmed(first(marc, "245", "n")), flags=re.IGNORECASE)


def stretches(numbers: Sequence[str]) -> str:
    """Write accession numbers the short way: ``BM.00012-00014, BM.00020``."""
    runs: list[list[str]] = []
    for number in numbers:
        if runs and _follows(runs[-1][-1], number):
            runs[-1].append(number)
        else:
            runs.append([number])
    return ", ".join(
        run[0] if len(run) == 1 else f"{run[0]}-{_digits(run[-1])}" for run in runs if run[0]
    )


def _follows(one: str, other: str) -> bool:
    a, b = _NUMBER.match(one), _NUMBER.match(other)
    if a is None or b is None or a[1] != b[1] or len(a[2]) != len(b[2]):
        return False
    return int(b[2]) == int(a[2]) + 1


def _digits(number: str) -> str:
    found = _NUMBER.match(number)
    return found[2] if found else number
