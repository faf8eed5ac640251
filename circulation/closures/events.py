"""What closures and rules set anew do to loans and holds, for the event log."""

from dataclasses import dataclass
from datetime import date
from typing import ClassVar

from ils.core.events import Event


@dataclass(frozen=True)
class DueDateMoved(Event):
    """A loan was given more days by a closure or a rule, or they were taken back."""

    kind: ClassVar[str] = "due_date_moved"
    old_due: date | None = None
    new_due: date | None = None
    why: str | None = None  # closure | closure_undone | rules | rules_undone


@dataclass(frozen=True)
class ShelfPeriodMoved(Event):
    """A hold waits longer on the shelf because its branch is closed, or no longer does."""

    kind: ClassVar[str] = "shelf_period_moved"
    old_until: date | None = None
    new_until: date | None = None
    why: str | None = None
