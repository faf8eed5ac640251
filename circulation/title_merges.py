"""What readers have on two titles that become one, and apart again: queues, holds, loans.

The queues are joined by the time of request; of a reader who waits for both, one hold stays, at the
earlier place (docs/circulation.md, merging of records). Copies lying or travelling for a reader
stay where they are. The catalogue calls this through ``cataloging.hooks``.
"""

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from cataloging.hooks import Readers
from cataloging.models import Item
from circulation.facts import HAS_ITEM, lock
from circulation.models import HOLD_OPEN_STATES, Hold, Loan, Transit
from circulation.notices.planning import plan_merged, unplan_merged
from circulation.queue import assign_rows, queue_of
from circulation.rules.merging import HoldOfTwo, join_holds
from ils.accounts.actor import Actor
from ils.core import clock


def lock_titles(session: Session, record_ids: Iterable[int]) -> None:
    """Lock the queues of titles, then all their copies."""
    ids = sorted(set(record_ids))
    lock(session, records=ids)
    lock(session, items=session.scalars(select(Item.id).where(Item.record_id.in_(ids))).all())


def readers_of(session: Session, record_ids: Iterable[int]) -> Readers:
    """Return what making titles one would mean for readers; nothing is locked."""
    ids = list(record_ids)
    holds = _open_holds(session, ids)
    reading = set(
        session.scalars(
            select(Loan.patron_id).where(Loan.record_id.in_(ids), Loan.closed_at.is_(None))
        )
    )
    loans = select(func.count()).where(Loan.record_id.in_(ids), Loan.closed_at.is_(None))
    asked = {(hold.patron_id, hold.volume_key) for hold in holds}
    waiting = {hold.patron_id for hold in holds}
    return Readers(
        loans=session.scalar(loans) or 0,
        holds=len(holds),
        joined=len(holds) - len(asked),
        with_copy=len(waiting & reading),
    )


def _open_holds(session: Session, record_ids: Collection[int]) -> Sequence[Hold]:
    query = select(Hold).where(
        Hold.record_id.in_(record_ids),
        Hold.state.in_(HOLD_OPEN_STATES),
        Hold.patron_id.is_not(None),
    )
    return session.scalars(query.order_by(Hold.id).execution_options(populate_existing=True)).all()


# --- one title of two --------------------------------------------------------------------------


def merge_titles(session: Session, actor: Actor, kept: int, gone: int) -> dict[str, Any]:
    """Move the holds of a title to another and serve the one queue; return what was done.

    The copies are there already, and the queues locked.
    """
    joined = _join(session, actor, kept, gone)
    ids = list(session.scalars(select(Hold.id).where(Hold.record_id == gone)))
    session.execute(update(Hold).where(Hold.record_id == gone).values(record_id=kept))
    session.expire_all()
    assign_rows(session, queue_of(session, kept, clock.now()))
    _tell(session, kept, gone, [pair["keep"] for pair in joined])
    return {"holds": ids, "joined": joined}


def _tell(session: Session, kept: int, gone: int, joined: Collection[int]) -> None:
    """Tell readers whose two holds are one, and those who wait for what they have at home."""
    home = set(
        session.scalars(
            select(Loan.patron_id).where(Loan.record_id == kept, Loan.closed_at.is_(None))
        )
    )
    holds = _open_holds(session, (kept,))
    plan_merged(
        session,
        [hold for hold in holds if hold.id in joined],
        [hold for hold in holds if hold.patron_id in home],
    )


def _join(session: Session, actor: Actor, kept: int, gone: int) -> list[dict[str, Any]]:
    rows = {hold.id: hold for hold in _open_holds(session, (kept, gone))}
    facts = {
        record_id: [_of_two(hold) for hold in rows.values() if hold.record_id == record_id]
        for record_id in (kept, gone)
    }
    told = []
    for found in join_holds(facts[kept], facts[gone]):
        stays, ends = rows[found.keep], rows[found.close]
        told.append(
            {
                "keep": stays.id,
                "close": ends.id,
                "was": ends.state,
                "item": ends.item_id,
                "order_ts": stays.order_ts.isoformat(),
                "set_to": found.order_ts.isoformat(),
                "only": stays.item_level_item_id,
            }
        )
        in_hand = ends.state in ("ready", "in_transit")
        ends.state, ends.end_reason = "cancelled", "merged"
        ends.ended_at, ends.ended_by = clock.now(), actor.staff_id
        ends.item_id = ends.item_id if in_hand else None
        session.flush()
        stays.order_ts = found.order_ts
        if stays.item_level_item_id != ends.item_level_item_id:
            stays.item_level_item_id = None  # any copy will do for one of the two
    session.flush()
    return told


def _of_two(hold: Hold) -> HoldOfTwo:
    about = (hold.patron_id or 0, hold.volume_key)
    return HoldOfTwo(hold.id, about, hold.state, hold.order_ts, hold.kind == "slip")


# --- two titles again --------------------------------------------------------------------------


def copies_waiting(
    session: Session, kept: int, told: dict[str, Any], item_ids: list[int]
) -> list[int]:
    """Return copies that lie or travel for a reader who would wait for the other title."""
    moved, given_back = set(told.get("holds", [])), set(item_ids)
    rows = session.execute(
        select(Hold.id, Hold.item_id, Hold.item_level_item_id).where(
            Hold.record_id == kept, HAS_ITEM, Hold.state != "targeted"
        )
    )
    return [
        item_id
        for hold_id, item_id, only in rows
        if item_id is not None
        and (hold_id in moved or only in given_back) != (item_id in given_back)
    ]


def part_titles(
    session: Session,
    actor: Actor,
    kept: int,
    gone: int,
    told: dict[str, Any],
    item_ids: list[int],
) -> None:
    """Give a title its holds back, open again those that were joined, and serve both queues.

    Holds placed since stay with the title that stayed, but for those that ask for a copy given
    back.
    """
    del actor
    for hold in _open_holds(session, (kept,)):
        if hold.state == "targeted":
            hold.state, hold.item_id, hold.targeted_at = "queued", None, None
    session.flush()
    back = Hold.id.in_(told.get("holds", [])) | (
        Hold.item_level_item_id.in_(item_ids) & Hold.state.in_(HOLD_OPEN_STATES)
    )
    session.execute(update(Hold).where(back, Hold.record_id == kept).values(record_id=gone))
    session.expire_all()
    for pair in told.get("joined", []):
        _open_again(session, pair)
    unplan_merged(session, [hold.id for hold in _open_holds(session, (kept, gone))])
    for record_id in sorted((kept, gone)):
        assign_rows(session, queue_of(session, record_id, clock.now()))


def _open_again(session: Session, pair: dict[str, Any]) -> None:
    """Open a hold that was joined to another, where that still waits: else the reader was served."""
    stays, ends = session.get(Hold, pair["keep"]), session.get(Hold, pair["close"])
    if stays is None or ends is None or stays.state not in HOLD_OPEN_STATES:
        return
    if (ends.state, ends.end_reason) != ("cancelled", "merged") or _waits_again(session, ends):
        return
    if stays.order_ts == datetime.fromisoformat(pair["set_to"]):
        stays.order_ts = datetime.fromisoformat(pair["order_ts"])
    if pair["only"] is not None and stays.item_level_item_id is None:
        stays.item_level_item_id = pair["only"]
    ends.state, ends.item_id = _state_again(session, ends, pair)
    ends.ended_at = ends.end_reason = ends.ended_by = None
    session.flush()


def _waits_again(session: Session, hold: Hold) -> bool:
    again = select(Hold.id).where(
        Hold.patron_id == hold.patron_id,
        Hold.record_id == hold.record_id,
        Hold.volume_key == hold.volume_key,
        Hold.state.in_(HOLD_OPEN_STATES),
    )
    return session.scalar(again.limit(1)) is not None


def _state_again(session: Session, hold: Hold, pair: dict[str, Any]) -> tuple[str, int | None]:
    was, item = pair["was"], pair["item"]
    same = hold.item_id is not None and hold.item_id == item
    if was == "ready" and hold.cleared_at is None and same:
        return "ready", item
    on_its_way = select(Transit.id).where(
        Transit.hold_id == hold.id, Transit.received_at.is_(None), Transit.cancelled_at.is_(None)
    )
    if was == "in_transit" and same and session.scalar(on_its_way.limit(1)):
        return "in_transit", item
    return ("suspended" if was == "suspended" else "queued"), None
