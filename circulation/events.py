"""What happens in lending, for the event log. The log's own columns carry who, where and what;
the classes here add the facts of each kind."""

from dataclasses import dataclass, field
from datetime import date
from typing import Any, ClassVar

from ils.core.events import Event


@dataclass(frozen=True)
class LoanCheckedOut(Event):
    """A copy was lent to take home. ``overrides`` names the refusals lifted, with the reasons."""

    kind: ClassVar[str] = "loan_checked_out"
    due_on: date | None = None
    overrides: dict[str, str] | None = None


@dataclass(frozen=True)
class ReadingRoomLoanMade(Event):
    """A copy was lent for the reading room, due the same day."""

    kind: ClassVar[str] = "reading_room_loan_made"
    overrides: dict[str, str] | None = None


@dataclass(frozen=True)
class OpenLoanEntered(Event):
    """A loan already open on paper was entered; it was counted when it was made, not again."""

    kind: ClassVar[str] = "open_loan_entered"
    due_on: date | None = None


@dataclass(frozen=True)
class LoanRenewed(Event):
    """A loan was renewed; statistics count renewals apart from loans."""

    kind: ClassVar[str] = "loan_renewed"
    channel: str | None = None
    old_due: date | None = None
    new_due: date | None = None
    overrides: dict[str, str] | None = None


@dataclass(frozen=True)
class ItemCheckedIn(Event):
    """A copy on loan came back. ``days_late`` are chargeable days."""

    kind: ClassVar[str] = "item_checked_in"
    days_late: int | None = None
    days_out: int | None = None
    book_drop: bool | None = None


@dataclass(frozen=True)
class ItemFound(Event):
    """A copy recorded as missing or lost is in somebody's hand again."""

    kind: ClassVar[str] = "item_found"
    was: str | None = None


@dataclass(frozen=True)
class InHouseUseCounted(Event):
    """Copies were used on the premises; the log's ``quantity`` says how many."""

    kind: ClassVar[str] = "in_house_use_counted"
    by: str | None = None  # scan | return | tally


@dataclass(frozen=True)
class VisitCounted(Event):
    """People came in; the log's ``quantity`` says how many."""

    kind: ClassVar[str] = "visit_counted"
    by: str | None = None


@dataclass(frozen=True)
class LoansTallied(Event):
    """Loans of a day that was kept on paper; the log's ``quantity`` says how many."""

    kind: ClassVar[str] = "loans_tallied"
    by: str | None = None


@dataclass(frozen=True)
class HoldPlaced(Event):
    """A reader asked for a title or a copy."""

    kind: ClassVar[str] = "hold_placed"
    item_level: bool | None = None
    overrides: dict[str, str] | None = None
    slip: bool | None = None  # asked for from the closed stack, to be read today


@dataclass(frozen=True)
class HoldReady(Event):
    """A copy waits on the hold shelf for its reader."""

    kind: ClassVar[str] = "hold_ready"
    shelf_until: date | None = None


@dataclass(frozen=True)
class HoldFilled(Event):
    """A reader got what the hold asked for, after so many days."""

    kind: ClassVar[str] = "hold_filled"
    days_waited: int | None = None


@dataclass(frozen=True)
class HoldCanceled(Event):
    """A hold was given up, by the reader or by staff."""

    kind: ClassVar[str] = "hold_canceled"
    reason: str | None = None


@dataclass(frozen=True)
class HoldExpired(Event):
    """A hold ended by itself: never filled in time, or not collected from the shelf."""

    kind: ClassVar[str] = "hold_expired"
    how: str | None = None  # unfilled | not_collected
    days_waited: int | None = None


@dataclass(frozen=True)
class HoldPutBack(Event):
    """A reader lost a copy that was in hand for the hold, not the place in the queue."""

    kind: ClassVar[str] = "hold_put_back"
    reason: str | None = None


@dataclass(frozen=True)
class TransitSent(Event):
    """A copy was put on its way to another branch."""

    kind: ClassVar[str] = "transit_sent"
    to: int | None = None
    reason: str | None = None


@dataclass(frozen=True)
class TransitReceived(Event):
    """A copy arrived where it was sent."""

    kind: ClassVar[str] = "transit_received"
    reason: str | None = None
    days: int | None = None


@dataclass(frozen=True)
class TransitRerouted(Event):
    """A copy on its way took another way than the one it was sent: seen at a wrong place
    (``passed``), kept there (``received_here``), sent back, sent elsewhere, or never sent."""

    kind: ClassVar[str] = "transit_rerouted"
    how: str | None = None  # passed | received_here | sent_back | redirected | canceled
    to: int | None = None
    reason: str | None = None


@dataclass(frozen=True)
class ItemMissing(Event):
    """A copy was looked for and counts as missing. ``why`` names what it was looked for for."""

    kind: ClassVar[str] = "item_missing"
    why: str | None = None  # not_on_shelf | not_arrived


@dataclass(frozen=True)
class ItemDamaged(Event):
    """A copy was found worn or torn. ``why`` says where that was noticed, ``lifecycle`` what became
    of it where it was not simply put aside; ``amount`` in the log's column is what was asked."""

    kind: ClassVar[str] = "item_damaged"
    why: str | None = None  # return | stock_take
    lifecycle: str | None = None  # damaged | repair | active


@dataclass(frozen=True)
class ChargePosted(Event):
    """A charge was written to a reader's account; ``amount`` is in the log's column."""

    kind: ClassVar[str] = "charge_posted"
    of: str | None = None

    def facts(self) -> dict[str, Any]:
        """Return the facts with the ledger kind under the name reports use."""
        return {"kind": self.of}


@dataclass(frozen=True)
class PaymentTaken(Event):
    """Money was taken. ``settled`` says how much of it went to which kind of charge."""

    kind: ClassVar[str] = "payment_taken"
    of: str | None = None
    receipt: str | None = None
    settled: dict[str, int] = field(default_factory=dict)

    def facts(self) -> dict[str, Any]:
        """Return the facts with the ledger kind under the name reports use."""
        return {"kind": self.of, "receipt": self.receipt, "settled": self.settled}


@dataclass(frozen=True)
class WaiverGiven(Event):
    """A charge was forgiven, in whole or in part."""

    kind: ClassVar[str] = "waiver_given"
    of: str | None = None
    reason: str | None = None

    def facts(self) -> dict[str, Any]:
        """Return the facts with the ledger kind under the name reports use."""
        return {"kind": self.of, "reason": self.reason}


@dataclass(frozen=True)
class SettledInKind(Event):
    """A charge was settled by a copy brought or by work done; no money came in."""

    kind: ClassVar[str] = "settled_in_kind"
    of: str | None = None
    how: str | None = None

    def facts(self) -> dict[str, Any]:
        """Return the facts with the ledger kind under the name reports use."""
        return {"kind": self.of, "how": self.how}


@dataclass(frozen=True)
class CardExempted(Event):
    """A card was given without its fee; ``amount`` in the log's column is what was not asked."""

    kind: ClassVar[str] = "card_exempted"
    ground: int | None = None


@dataclass(frozen=True)
class EntryReversed(Event):
    """A ledger entry was taken back by a reversal that points at it."""

    kind: ClassVar[str] = "entry_reversed"
    of: str | None = None
    reason: str | None = None

    def facts(self) -> dict[str, Any]:
        """Return the facts with the ledger kind under the name reports use."""
        return {"kind": self.of, "reason": self.reason}


@dataclass(frozen=True)
class DepositMoved(Event):
    """A deposit was taken, given back or used against a debt; never income by itself."""

    kind: ClassVar[str] = "deposit_moved"
    of: str | None = None

    def facts(self) -> dict[str, Any]:
        """Return the facts with the ledger kind under the name reports use."""
        return {"kind": self.of}
