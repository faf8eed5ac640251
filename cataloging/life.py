"""The life of one copy: what befell it from the accession book to its withdrawal, and in figures.

No reader is named: a loan is a day, a place and a member of staff.
"""

from collections import Counter
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from cataloging.hooks import told_of
from cataloging.models import Item
from cataloging.stockbook.models import Voucher
from ils.core import clock
from ils.core.audit import AuditEntry
from ils.core.events import EventRow

CHANGES: Final = ("item_changed", "item_withdrawal_undone")
FIGURES: Final = {
    "loan_checked_out": "loans",
    "reading_room_loan_made": "loans",
    "open_loan_entered": "loans",
    "loan_renewed": "renewals",
    "in_house_use_counted": "uses",
    "transit_sent": "moves",
    "consignment_sent": "moves",
    "stock_take": "takes",
    "item_lost": "losses",
    "item_missing": "losses",
    "item_damaged": "damages",
}


@dataclass(frozen=True)
class Moment:
    """One thing that befell a copy. ``what`` is an event kind, an audit act, or ``stock_take``."""

    at: datetime
    on: date
    what: str
    unit_id: int | None
    actor_id: int | None
    facts: dict[str, Any]
    undone: bool = False


def history_of(session: Session, item_id: int) -> list[Moment]:
    """Return the life of a copy, newest first: entry, loans, moves, counts, edits, withdrawal."""
    events = session.scalars(select(EventRow).where(EventRow.item_id == item_id)).all()
    voided = {event.voids_id for event in events if event.voids_id is not None}
    moments = [
        Moment(
            event.recorded_at,
            event.effective_on,
            event.kind,
            event.unit_id,
            event.actor_id,
            event.facts,
            undone=event.id in voided,
        )
        for event in events
        if event.voids_id is None
    ]
    changes = select(AuditEntry).where(
        AuditEntry.subject == "item",
        AuditEntry.subject_id == item_id,
        AuditEntry.action.in_(CHANGES),
    )
    moments += [
        Moment(row.at, clock.local_day(row.at), row.action, row.unit_id, row.actor_id, row.facts)
        for row in session.scalars(changes)
    ]
    moments += [
        Moment(told.at, clock.local_day(told.at), told.what, told.unit_id, None, told.facts)
        for told in told_of(session, item_id)
    ]
    return sorted(moments, key=lambda m: m.at, reverse=True)


def in_figures(moments: list[Moment]) -> dict[str, int]:
    """Count what befell a copy: loans, renewals, uses in the house, moves, stock-takings, repairs,
    losses and damages; what was taken back does not count."""
    found: Counter[str] = Counter()
    for moment in moments:
        if moment.undone:
            continue
        if moment.what == "item_changed":
            changes = moment.facts.get("changes", {})
            found["moves"] += "branch_id" in changes
            found["repairs"] += changes.get("lifecycle", ["", ""])[1] == "repair"
        elif moment.what in FIGURES:
            found[FIGURES[moment.what]] += 1
    return {name: count for name, count in found.items() if count}


def voucher_of(session: Session, item: Item) -> int | None:
    """Return the voucher a copy came by, where it was entered through one."""
    if item.change_set_id is None:
        return None
    query = select(Voucher.id).where(
        Voucher.change_set_id == item.change_set_id, Voucher.library_id == item.issuing_library_id
    )
    return session.scalar(query.limit(1))
