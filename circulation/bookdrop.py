"""The book drop: what lay in the box this morning counts for the last day the library was open.

A session dates itself when it begins and dates every return alike, also after midnight. At its end
it says what came: how many, late ones and their fines, slips for the hold shelf in shelf order,
what travels on, and what could not be taken.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from circulation.checkin import check_in
from circulation.desk import DeskResult
from circulation.models import BookDrop, DeskCommand
from circulation.permissions import CHECK_IN
from circulation.policies import require_branch
from circulation.returns import LEAVES_BOX
from circulation.rules.fines import book_drop_date
from ils.accounts.actor import Actor
from ils.core import clock
from ils.core.errors import NotFound, Refused


def open_drop(session: Session, actor: Actor, *, now: datetime | None = None) -> BookDrop:
    """Begin a book-drop session at the branch worked at, or go on with one's own open one."""
    actor.require(CHECK_IN)
    here = require_branch(session, actor.unit_id)
    moment = now or clock.now()
    open_here = select(BookDrop).where(
        BookDrop.unit_id == here.id,
        BookDrop.actor_id == actor.staff_id,
        BookDrop.ended_at.is_(None),
    )
    found = session.scalar(open_here)
    if found is not None:
        return found
    made = BookDrop(
        unit_id=here.id,
        actor_id=actor.staff_id,
        started_at=moment,
        counts_for=book_drop_date(clock.local_day(moment), here.calendar),
    )
    session.add(made)
    session.flush()
    return made


def return_from_drop(
    session: Session,
    actor: Actor,
    *,
    drop_id: int,
    barcode: str,
    key: str,
    now: datetime | None = None,
) -> DeskResult:
    """Take back a copy out of the box: a return like any other, counted for the session's day."""
    drop = drop_for(session, actor, drop_id)
    if drop.ended_at is not None:
        raise Refused("drop_ended")
    result = check_in(
        session,
        actor,
        barcode=barcode,
        key=key,
        effective_on=drop.counts_for,
        book_drop=True,
        overrides=LEAVES_BOX,
        now=now,
    )
    command = session.get(DeskCommand, key)
    if command is not None and command.drop_id is None:
        command.drop_id = drop.id
    return result


def close_drop(
    session: Session, actor: Actor, drop_id: int, *, now: datetime | None = None
) -> "DropSummary":
    """End the session and keep its figures; ending it twice changes nothing."""
    drop = drop_for(session, actor, drop_id)
    summary = drop_summary(session, drop)
    if drop.ended_at is None:
        drop.ended_at = now or clock.now()
        drop.totals = summary.totals()
        session.flush()
    return summary


def drop_for(session: Session, actor: Actor, drop_id: int) -> BookDrop:
    """Return a session of a branch the actor works at. Raises ``NotFound`` for any other."""
    found = session.get(BookDrop, drop_id)
    if found is None or found.unit_id != actor.unit_id:
        raise NotFound("drop_unknown")
    return found


def last_drops(session: Session, actor: Actor, most: int = 14) -> Sequence[BookDrop]:
    """Return the newest sessions of the branch."""
    query = select(BookDrop).where(BookDrop.unit_id == actor.unit_id)
    return session.scalars(query.order_by(BookDrop.id.desc()).limit(most)).all()


@dataclass
class DropSummary:
    """What a session brought. Slips are as the acts gave them, in the order of the shelves."""

    counts_for: date
    scanned: int = 0
    returned: int = 0
    late: int = 0
    fined: int = 0
    fines: int = 0  # đồng
    holds: list[dict[str, Any]] = field(default_factory=list)
    transits: list[dict[str, Any]] = field(default_factory=list)
    not_taken: list[dict[str, Any]] = field(default_factory=list)

    def totals(self) -> dict[str, int]:
        """Return the figures alone, to be kept when the answers are gone."""
        return {
            "scanned": self.scanned,
            "returned": self.returned,
            "late": self.late,
            "fined": self.fined,
            "fines": self.fines,
            "holds": len(self.holds),
            "transits": len(self.transits),
            "not_taken": len(self.not_taken),
        }


def drop_summary(session: Session, drop: BookDrop) -> DropSummary:
    """Add up the returns of a session that were not undone."""
    query = select(DeskCommand.result).where(
        DeskCommand.drop_id == drop.id, DeskCommand.undone_at.is_(None)
    )
    summary = DropSummary(drop.counts_for)
    for result in session.scalars(query.order_by(DeskCommand.at)):
        summary.scanned += 1
        if not result["ok"]:
            summary.not_taken.append(result)
            continue
        facts, slip = result["headline"]["facts"], result.get("slip")
        summary.returned += bool(result.get("loan"))
        summary.late += bool(facts.get("days_late"))
        summary.fined += bool(facts.get("charged"))
        summary.fines += facts.get("charged") or 0
        if slip and slip["kind"] == "hold":
            summary.holds.append(slip)
        elif slip and slip["kind"] == "transit":
            summary.transits.append(slip)
    summary.holds.sort(key=lambda s: (_shelf_code(s), s.get("title") or ""))
    summary.transits.sort(key=lambda s: (s.get("to") or 0, s.get("title") or ""))
    return summary


def _shelf_code(slip: dict[str, Any]) -> str:
    """Return what the hold shelf is ordered by: the last three digits of the card."""
    return str(slip.get("patron_code") or "")[-3:]
