"""Taking back what was just done at the desk, whole, while nobody has been there since.

The rows are set back, money is reversed by lines of its own, and for each event of the act an
event is appended that voids it: statistics count neither.
"""

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from cataloging.models import Item
from circulation.desk import GREEN, SOUNDS, Act, DeskResult
from circulation.facts import lock
from circulation.journal import TABLES, Journal, loaded, plain
from circulation.ledger import reverse_entry
from circulation.losses.models import Claim, Loss
from circulation.models import DeskCommand, Hold, LedgerEntry, Loan, LoanRenewal, Transit
from circulation.patrons.models import Suspension
from circulation.permissions import UNDO
from circulation.queue import assign_rows, queue_of, release
from circulation.returns import announce_moved
from circulation.rotation.models import Consignment, ConsignmentLine
from circulation.rules.reasons import reason
from ils.accounts.actor import Actor
from ils.core import clock
from ils.core.audit import audit
from ils.core.db import Base
from ils.core.errors import NotFound, Refused
from ils.core.events import EventRow, void_event

Change = tuple[Base, dict[str, Any]]  # a row, and by column its old and new value


def undo(
    session: Session,
    actor: Actor,
    *,
    token: str,
    key: str | None = None,
    now: datetime | None = None,
) -> DeskResult:
    """Take back the act that gave this token, if it is young enough and nothing built on it.

    Raises ``NotFound`` for a token of another branch or of nothing.
    """
    actor.require(UNDO)
    act = Act(session, actor, "undo", key, now)
    done = session.get(DeskCommand, token, populate_existing=True)
    if done is None or done.unit_id != act.here.id or not done.undo:
        raise NotFound("nothing_to_undo")
    act.item_id, act.patron_id = done.item_id, done.patron_id
    record_id = _lock(session, done)
    session.refresh(done)
    if stored := act.stored():
        return stored
    if refusal := _refusal(act, done):
        return refusal
    changes = [(_row(session, *c[:2]), c[2]) for c in done.undo["changes"]]
    made = [_row(session, *one) for one in done.undo["made"]]
    _release_targets(session, record_id, changes)
    if not _taken_back(act, changes, made):
        _assign(session, record_id, act.now)
        return act.refuse([reason("changed_since")])
    done.undone_at = act.now
    act.flush()
    act.look_at_freed()
    void_events(act, done.undo["events"])
    _assign(session, record_id, act.now)
    if record_id is not None:
        announce_moved(session, record_id)
    audit(session, actor, "act_undone", "desk_command", None, command=done.command)
    return _answer(act, done)


def _lock(session: Session, done: DeskCommand) -> int | None:
    """Lock what the act was about, in the fixed order; returns the title, if any."""
    record_id: int | None = None
    if done.item_id is not None:
        record_id = session.scalar(select(Item.record_id).where(Item.id == done.item_id))
    holds = [made[1] for made in done.undo["made"] if made[0] == "hold"]
    holds += [c[1] for c in done.undo["changes"] if c[0] == "hold"]
    if record_id is None and holds:
        record_id = session.scalar(select(Hold.record_id).where(Hold.id == holds[0]))
    lock(
        session,
        records=[record_id] if record_id is not None else [],
        items=[done.item_id] if done.item_id is not None else [],
        patrons=[done.patron_id] if done.patron_id is not None else [],
    )
    return record_id


def _refusal(act: Act, done: DeskCommand) -> DeskResult | None:
    if done.undone_at is not None:
        return act.refuse([reason("undo_done_already")])
    seconds = act.here.settings.undo_seconds
    if act.now - done.at > timedelta(seconds=seconds):
        return act.refuse([reason("undo_too_late", seconds=seconds)])
    if done.item_id is None:
        return None
    later = act.session.scalar(
        select(DeskCommand.key)
        .where(
            DeskCommand.item_id == done.item_id,
            DeskCommand.at >= done.at,
            DeskCommand.key != done.key,
            DeskCommand.event_id > done.event_id,
            DeskCommand.undone_at.is_(None),
        )
        .limit(1)
    )
    return act.refuse([reason("changed_since")]) if later is not None else None


def _row(session: Session, table: str, row_id: int) -> Base:
    row = session.get(TABLES[table], row_id, populate_existing=True)
    if row is None:
        raise NotFound("nothing_to_undo")
    return row


def _release_targets(session: Session, record_id: int | None, changes: list[Change]) -> None:
    """Take back what the rules assigned after the act: that was nobody's doing, and is done anew.

    A copy the act itself found assigned stays so.
    """
    if record_id is None:
        return
    kept = {
        row.id
        for row, columns in changes
        if isinstance(row, Hold) and columns.get("state", (None, ""))[1] == "targeted"
    }
    journal = Journal(keep=False)
    for hold, _ in queue_of(session, record_id, clock.now()).rows:
        if hold.state == "targeted" and hold.id not in kept:
            release(journal, hold)
    session.flush()


def _assign(session: Session, record_id: int | None, now: datetime) -> None:
    if record_id is not None:
        assign_rows(session, queue_of(session, record_id, now))


def _taken_back(act: Act, changes: list[Change], made: list[Base]) -> bool:
    """Set the rows back; False, with nothing changed, where something was built on them."""
    if not _untouched(changes) or not all(_as_made(row) for row in made):
        return False
    if not all(_box_takes(act.session, row, columns) for row, columns in changes):
        return False
    try:
        with act.session.begin_nested():
            _unmake(act, made)
            _set_back(act.session, changes)
    except (IntegrityError, Refused):
        return False
    return True


def _untouched(changes: list[Change]) -> bool:
    """Tell whether each row still is as the act left it; a row changed twice counts by the last."""
    last: dict[tuple[int, str], tuple[Base, Any]] = {}
    for row, columns in changes:
        for name, (_, new) in columns.items():
            last[id(row), name] = (row, new)
    return all(plain(getattr(row, name)) == new for (_, name), (row, new) in last.items())


def _as_made(row: Base) -> bool:
    """Tell whether nothing was built on a row that the act made."""
    if isinstance(row, Loan):
        return row.closed_at is None and row.renewals == 0
    if isinstance(row, Transit):
        return row.received_at is None and row.cancelled_at is None
    if isinstance(row, Hold):
        return row.state in ("queued", "targeted", "suspended")
    if isinstance(row, Loss):
        return row.state == "open" or (row.state, row.settled_how) == ("settled", "none")
    if isinstance(row, Claim):
        return row.resolved_at is None and row.searched_1 is None
    return True


def _box_takes(session: Session, row: Base, columns: dict[str, Any]) -> bool:
    """Tell whether a copy can go back into its box: it is still being packed, or still away."""
    if not isinstance(row, ConsignmentLine) or "state" not in columns:
        return True
    box = session.get_one(Consignment, row.consignment_id, populate_existing=True)
    return {"packed": "draft", "out": "sent"}.get(columns["state"][0]) == box.state


def _set_back(session: Session, changes: list[Change]) -> None:
    for row, columns in reversed(changes):
        for name, (old, _) in columns.items():
            setattr(row, name, loaded(row, name, old))
        session.flush()  # one by one, the newest first: each state was lawful before


def _unmake(act: Act, rows: list[Base]) -> None:
    """Neutralize what the act had made, the newest first."""
    for row in reversed(rows):
        if isinstance(row, Loan):
            row.closed_at, row.closed_how = act.now, "undone"
        elif isinstance(row, Transit):
            row.cancelled_at, row.cancel_reason = act.now, "undone"
        elif isinstance(row, LoanRenewal):
            row.voided_at = act.now
        elif isinstance(row, Hold):
            row.state, row.item_id = "cancelled", None
            row.ended_at, row.end_reason = act.now, "undone"
        elif isinstance(row, LedgerEntry):
            reverse_entry(act, row, note="undone")
        elif isinstance(row, Suspension | Loss | Claim):
            act.session.delete(row)
            act.flush()
    act.flush()


def void_events(act: Act, event_ids: list[int]) -> None:
    """Append, for each event, one that voids it: figures count neither."""
    for event_id in event_ids:
        row = act.session.get_one(EventRow, event_id)
        void_event(act.session, act.actor, row, effective_at=act.now)
    act.flush()


def _answer(act: Act, done: DeskCommand) -> DeskResult:
    result = DeskResult(
        ok=True,
        command="undo",
        headline={"code": "undone", "facts": {"command": done.command}},
        tone=GREEN,
        sound=SOUNDS[GREEN],
        item=done.result.get("item"),
        patron=done.result.get("patron"),
    )
    return act.keep(result)
