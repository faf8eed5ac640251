"""What happens to issues, for the event log."""

from dataclasses import dataclass
from typing import ClassVar

from ils.core.events import Event


@dataclass(frozen=True)
class IssueArrived(Event):
    """An issue of a newspaper or magazine came; the log's ``quantity`` is its copies, ``amount``
    what they cost together in đồng."""

    kind: ClassVar[str] = "serial_issue_arrived"
    serial_id: int
    day: str
    label: str | None = None
