"""How a unit heads its official papers: the body above it, its own name, the place it writes from."""

from dataclasses import asdict, dataclass
from datetime import date
from typing import Any

from sqlalchemy.orm import Session

from ils.org.units import unit, version_on


@dataclass(frozen=True)
class Office:
    """The heading of a paper. Names are those of the day the paper is about."""

    above: str
    name: str
    place: str

    def to_json(self) -> dict[str, Any]:
        """Return the heading as print templates take it."""
        return asdict(self)


def office_of(session: Session, unit_id: int, on: date | None = None) -> Office:
    """Return the heading of a unit's papers on a day (today by default)."""
    named = version_on(session, unit_id, on)
    parent = unit(session, unit_id).parent_id
    above = named.managing_body or (version_on(session, parent, on).name if parent else "")
    return Office(above, named.name, place_of(named.address))


def place_of(address: str) -> str:
    """Return the place a letter is dated at: the last part of an address."""
    place = address.rsplit(",", 1)[-1].strip()
    return place[:1].upper() + place[1:]
