"""What befalls copies, for the event log."""

from dataclasses import dataclass
from typing import ClassVar

from ils.core.events import Event


@dataclass(frozen=True)
class ItemLost(Event):
    """A copy was recorded as lost; ``amount`` in the log's column is what was asked for it."""

    kind: ClassVar[str] = "item_lost"
    why: str | None = None  # declared | long_overdue | claim
    way: str | None = None  # money | same_book | none


@dataclass(frozen=True)
class LossSettled(Event):
    """What was asked for a lost or damaged copy is settled."""

    kind: ClassVar[str] = "loss_settled"
    of: str | None = None  # lost | damaged
    how: str | None = None  # payment | replacement_copy | waiver | work


@dataclass(frozen=True)
class LossReopened(Event):
    """A settlement was taken back; the case is open again."""

    kind: ClassVar[str] = "loss_reopened"
    of: str | None = None


@dataclass(frozen=True)
class LossCanceled(Event):
    """A copy had been recorded as lost by mistake; the loan goes on."""

    kind: ClassVar[str] = "loss_canceled"
    why: str | None = None


@dataclass(frozen=True)
class ClaimMade(Event):
    """A reader said that a copy was returned, or never borrowed."""

    kind: ClassVar[str] = "claim_made"
    of: str | None = None  # returned | never_had


@dataclass(frozen=True)
class ClaimResolved(Event):
    """A claim ended: found on the shelf, brought by the reader, given up, taken back."""

    kind: ClassVar[str] = "claim_resolved"
    how: str | None = None
