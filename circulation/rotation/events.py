"""What happens to boxes, for the event log. They count for the library that owns the books."""

from dataclasses import dataclass
from typing import ClassVar

from ils.core.events import Event


@dataclass(frozen=True)
class ConsignmentSent(Event):
    """A box left for a point; ``quantity`` is the copies in it."""

    kind: ClassVar[str] = "consignment_sent"
    consignment: int | None = None
    point_kind: str | None = None


@dataclass(frozen=True)
class ConsignmentReceived(Event):
    """A box of another library came to a library of the network; ``quantity`` is the copies."""

    kind: ClassVar[str] = "consignment_received"
    consignment: int | None = None


@dataclass(frozen=True)
class ConsignmentClosed(Event):
    """A box is back, with so many copies missing; ``quantity`` is the copies that came back."""

    kind: ClassVar[str] = "consignment_closed"
    consignment: int | None = None
    missing: int | None = None


@dataclass(frozen=True)
class CopyLeftBox(Event):
    """A copy of a box was in hand at a desk: back from its point, or astray."""

    kind: ClassVar[str] = "copy_left_box"
    consignment: int | None = None


@dataclass(frozen=True)
class CopiesGiven(Event):
    """Copies of a box stay with the point for good; ``quantity`` says how many."""

    kind: ClassVar[str] = "copies_given"
    consignment: int | None = None
    point_kind: str | None = None


@dataclass(frozen=True)
class PointVisits(Event):
    """Readers served at a point in a month, as the point reports; ``quantity``."""

    kind: ClassVar[str] = "point_visits_reported"
    consignment: int | None = None
    point_kind: str | None = None


@dataclass(frozen=True)
class PointUses(Event):
    """Copies read or lent at a point in a month, as the point reports; ``quantity``."""

    kind: ClassVar[str] = "point_uses_reported"
    consignment: int | None = None
    point_kind: str | None = None
    how: str | None = None  # read | lent | scanned
