"""What stands against a reader: figures over their limits, notes with blocks, suspensions.

A limit is the highest value still allowed, and the figures include the act asked for. They are
computed from rows when asked, never stored. Source: docs/circulation.md, blocks.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

from circulation.rules.policy import Policy
from circulation.rules.reasons import HEAD, Reason, reason, stronger

_CODES = {
    "owed": "owed_over",
    "overdue": "overdue_over",
    "overdue_days": "overdue_days_over",
    "lost": "lost_unsettled",
}


@dataclass(frozen=True)
class Note:
    """A block or a note a person wrote; no acts means it is only shown."""

    id: int
    acts: tuple[str, ...]
    text: str
    author_id: int | None
    from_on: date
    to_on: date | None = None

    def stops(self, act: str, today: date) -> bool:
        """Tell whether the note stops an act on a day."""
        return act in self.acts and self.is_current(today)

    def is_current(self, today: date) -> bool:
        """Tell whether the note is in force on a day."""
        return self.from_on <= today and (self.to_on is None or today <= self.to_on)


@dataclass(frozen=True)
class Figures:
    """A reader's figures. ``owed`` = posted + running; lateness is counted in chargeable days."""

    loans: int = 0
    loans_of_kind: Mapping[str, int] = field(default_factory=dict)
    reading: int = 0  # in the reading room now
    overdue: int = 0
    overdue_days: int = 0  # of the oldest
    posted: int = 0
    running: int = 0
    lost: int = 0
    holds: int = 0
    holds_today: int = 0
    slips: int = 0  # asked for from the stack or being read
    deposit: int = 0

    @property
    def owed(self) -> int:
        """Return what the reader owes today."""
        return self.posted + self.running


@dataclass(frozen=True)
class PatronFacts:
    """A reader as the rules see one; ``policy`` is today's general policy for the reader."""

    id: int = 0
    library_id: int = 0
    category: str = ""
    card_state: str = "active"
    card_kind: str = "lending"
    card_expires_on: date | None = None
    deleted: bool = False
    visitor_on: date | None = None  # a visitor of this day without a card
    age: int | None = None
    child: bool = False
    consent: bool = True
    consent_withdrawn: bool = False  # agreed once, and took it back
    hold_class: int = 5
    figures: Figures = Figures()
    notes: tuple[Note, ...] = ()
    suspended_to: date | None = None
    policy: Policy | None = None


def blocks(after: Mapping[str, int], limits: Mapping[str, int | None]) -> list[str]:
    """Return the names of the figures over their limit, sorted."""
    return sorted(k for k, lim in limits.items() if lim is not None and after.get(k, 0) > lim)


def figure_reasons(act: str, patron: PatronFacts, policy: Policy) -> list[Reason]:
    """Return the figures that stop an act (borrow, renew, hold, capture), with their numbers."""
    figures = patron.figures
    after = {
        "owed": max(0, figures.owed),
        "overdue": figures.overdue,
        "overdue_days": figures.overdue_days,
        "lost": figures.lost,
    }
    limits = {
        "owed": policy.limit_owed,
        "overdue": policy.limit_overdue,
        "overdue_days": policy.limit_overdue_days,
        "lost": policy.limit_lost,
    }
    stopping: tuple[str, ...] = getattr(policy, f"{act}_stopped_by")
    found = []
    for name in blocks(after, {k: v for k, v in limits.items() if k in stopping}):
        limit = limits[name] or 0
        against = reason(_CODES[name], value=after[name], limit=limit)
        if name == "owed" and after[name] > 2 * limit:
            against = stronger(against, override=HEAD)
        found.append(against)
    return found


def note_reasons(act: str, patron: PatronFacts, today: date) -> list[Reason]:
    """Return blocks written by people and a suspension that is running."""
    found = [
        reason("manual_block", text=n.text, to_on=n.to_on, author_id=n.author_id, note_id=n.id)
        for n in patron.notes
        if n.stops(act, today)
    ]
    if patron.suspended_to and patron.suspended_to >= today:
        found.append(reason("suspended", to_on=patron.suspended_to))
    return found
