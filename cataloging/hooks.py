"""What the catalogue asks of the rooms above it without knowing them.

Circulation registers who can say where a copy is and why it may not be withdrawn.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date

from sqlalchemy.orm import Session


@dataclass(frozen=True)
class Availability:
    """Where one copy is now. ``position`` is as in docs/circulation.md (on_loan, on_shelf …);
    ``place`` names a reading point, ``packed`` says that the copy has not left for it yet."""

    item_id: int
    record_id: int
    owner_id: int
    branch_id: int
    position: str
    available: bool
    due_on: date | None = None
    place: str = ""
    packed: bool = False


@dataclass(frozen=True)
class Veto:
    """Why an item may not be withdrawn, deleted or moved to another record."""

    code: str
    loan_id: int | None = None
    hold_id: int | None = None


AvailabilityOf = Callable[[Session, Iterable[int]], dict[int, list[Availability]]]
Vetoes = Callable[[Session, int], list[Veto]]

_availability: list[AvailabilityOf] = []
_vetoes: list[Vetoes] = []


def register_availability(function: AvailabilityOf) -> None:
    """Name the function that answers ``availability_of``; the last one named answers."""
    _availability[:] = [function]


def register_veto(function: Vetoes) -> None:
    """Add a function that may object to an item's going."""
    if function not in _vetoes:
        _vetoes.append(function)


def availability_of(session: Session, record_ids: Iterable[int]) -> dict[int, list[Availability]]:
    """Return, live from the database, where the copies of these records are."""
    return _availability[0](session, record_ids) if _availability else {}


def item_vetoes(session: Session, item_id: int) -> list[Veto]:
    """Return every reason why the item must stay as it is; an empty list means it may go."""
    return [veto for function in _vetoes for veto in function(session, item_id)]
