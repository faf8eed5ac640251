"""What the public sites write to the event log: counts, never who."""

from dataclasses import dataclass
from typing import ClassVar

from ils.core.events import Event


@dataclass(frozen=True)
class OpacSearched(Event):
    """Searches made by people on a public site; ``zero`` when nothing was found."""

    kind: ClassVar[str] = "opac_searched"
    zero: bool = False


@dataclass(frozen=True)
class SiteVisited(Event):
    """Visits to a public site: a browser seen again after half an hour is a new visit."""

    kind: ClassVar[str] = "site_visited"
