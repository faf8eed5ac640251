"""What reporting asks of the rooms above it without knowing them.

Few figures need more than events: how many cards are valid, which loans are overdue. The package
that owns those rows declares a source for the indicator; and those that own records and copies
say what they are called, for the lists behind a figure.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, NamedTuple

from sqlalchemy.orm import Session

from ils.reporting.folds import Tally


@dataclass(frozen=True)
class SourceRow:
    """One thing counted by a source: when, at which unit, and what it is, in words for a list."""

    day: date
    unit_id: int
    words: str
    record_id: int | None = None
    item_id: int | None = None
    age_band: str = ""


# Tallies as on the last day (stock) or over the days (flow); ``n`` is the figure.
TalliesOf = Callable[[Session, date, date], list[Tally]]
# The things counted at these units, with how many there are in all: (…, units, offset, limit).
RowsOf = Callable[[Session, date, date, tuple[int, ...], int, int], tuple[int, Sequence[SourceRow]]]


class Thing(NamedTuple):
    """One of the things a source counts where libraries do not add up: a title, where it is."""

    unit_id: int
    library_id: int
    id: int


ThingsOf = Callable[[Session, date, date], Iterable[Thing]]


@dataclass(frozen=True)
class Source:
    """Where an indicator that is no fold over events comes from."""

    code: str
    tallies: TalliesOf
    rows: RowsOf | None = None
    things: ThingsOf | None = None


SOURCES: dict[str, Source] = {}


def indicator_source(
    code: str, tallies: TalliesOf, rows: RowsOf | None = None, things: ThingsOf | None = None
) -> None:
    """Declare where an indicator comes from, e.g. ``indicator_source("TV.G09", overdue_on)``.

    The tallies' ``kind`` is the indicator's code; ``unit_id``, ``library_id`` and ``age_band``
    are filled in, so that the figure can be split like any other. ``things`` is given where what
    two libraries have alike counts once: their ids are counted then, not the tallies.
    """
    SOURCES[code] = Source(code, tallies, rows, things)


@dataclass(frozen=True)
class Named:
    """What a thing is called, and the page that shows it."""

    words: str
    url: str = ""


NamesOf = Callable[[Session, list[int]], dict[int, Named]]
_names: dict[str, NamesOf] = {}


def name_subjects(subject: str, names: NamesOf) -> None:
    """Declare what the ids of a subject (``record``, ``item``) are called."""
    _names[subject] = names


def subject_names(session: Session, subject: str, ids: Iterable[int | None]) -> dict[int, Any]:
    """Return what the things of these ids are called, as far as anybody knows."""
    wanted = sorted({each for each in ids if each is not None})
    function = _names.get(subject)
    return function(session, wanted) if function and wanted else {}


CodesOf = Callable[[Session], dict[str, tuple[str, str]]]
_codes: dict[str, CodesOf] = {}


def name_codes(fact: str, names: CodesOf) -> None:
    """Declare what the codes of a fact (``category``) are called: (Vietnamese, English)."""
    _codes[fact] = names


def code_names(session: Session, fact: str) -> dict[str, tuple[str, str]]:
    """Return what the codes of a fact are called, as far as anybody knows."""
    function = _codes.get(fact)
    return function(session) if function else {}
