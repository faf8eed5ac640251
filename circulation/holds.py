"""Asking for a title: a hold on the title, a volume of it or one copy. The same act for the desk and
for the reader's phone. What happens to a hold afterwards is in ``hold_changes``."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from cataloging.duplicates.merged import where_now
from cataloging.models import Item, Record
from circulation.blocks import patron_facts
from circulation.checkin import hold_about
from circulation.desk import Act, DeskResult, Overrides
from circulation.events import HoldPlaced
from circulation.facts import ItemAtDesk, PatronAtDesk, item_at_desk, lock, patron_at_desk
from circulation.models import Hold, Loan
from circulation.permissions import PLACE_HOLD
from circulation.policies import Branch, branch, require_within
from circulation.queue import (
    copy_facts,
    free_items,
    holdable_items,
    item_serves,
    queue_of,
    reassign,
)
from circulation.rules.holds import HoldFacts, HoldRequest, hold_reasons, may_fill
from circulation.rules.reasons import Reason, reason
from ils.accounts.actor import Actor
from ils.core.errors import NotFound, Refused
from ils.org.models import OrgUnit


def place_hold(
    session: Session,
    actor: Actor,
    *,
    record_id: int,
    patron_id: int,
    pickup_branch_id: int,
    key: str | None = None,
    item_id: int | None = None,
    volume_key: str = "",
    need_by: date | None = None,
    suspended_until: date | None = None,
    kind: str = "hold",
    overrides: Overrides | None = None,
    now: datetime | None = None,
) -> DeskResult:
    """Put a patron into the queue for a title, a volume of it or one copy.

    A patron may do so for themselves, staff for patrons of their library. A free copy is assigned
    at once and shows on the pull list. ``kind`` slip asks for a copy from the closed stack, to be
    read today at the reading desk ``pickup_branch_id``; it ends with the day.
    """
    _may_place(actor, patron_id)
    answered = overrides or {}
    record_id = where_now(session, record_id) or record_id
    act = Act(session, actor, "place_hold", key, now, unit_id=pickup_branch_id)
    asked = _gather(act, record_id, patron_id, pickup_branch_id, item_id, volume_key, kind)
    if kind == "slip":
        need_by, suspended_until = act.today, None
    if isinstance(asked, Reason):
        return act.stored() or act.refuse([asked])
    if stored := act.stored():
        return stored
    reasons = _judge(act, asked, need_by, volume_key)
    if act.unlifted(reasons, answered):
        return act.refuse(reasons, patron=asked.patron.about())
    lifted = act.log_overrides(reasons, answered)
    asleep = suspended_until is not None and suspended_until > act.today
    hold = Hold(
        record_id=record_id,
        volume_key=volume_key,
        item_level_item_id=item_id,
        patron_id=patron_id,
        kind=kind,
        pickup_branch_id=pickup_branch_id,
        queue_class=asked.patron.category.hold_class,
        order_ts=act.now,
        requested_at=act.now,
        need_by=need_by,
        suspended_until=suspended_until if asleep else None,
        state="suspended" if asleep else "queued",
        channel=actor.channel,
    )
    act.journal.add(session, hold)
    act.flush()
    act.event(
        HoldPlaced(item_id is not None or None, lifted, kind == "slip" or None),
        hold_id=hold.id,
        record_id=record_id,
        item_id=item_id,
        **asked.patron.statistics(),
    )
    reassign(act, record_id)
    place = queue_of(session, record_id, act.now).place(hold.id)
    about = hold_about(session, hold)
    return act.answer(
        "hold_placed" if kind == "hold" else "slip_placed",
        facts={"place": place, "state": hold.state, "title": asked.record.title},
        hold=about,
        patron=asked.patron.about(),
        slip=_stack_slip(act, hold, asked, about) if kind == "slip" else None,
    )


def _stack_slip(act: Act, hold: Hold, asked: "Asked", about: dict[str, Any]) -> dict[str, Any]:
    """Return what the stack needs to fetch the copy: the slip that is printed at once."""
    item = item_at_desk(act.session, hold.item_id) if hold.item_id is not None else None
    return {
        "kind": "stack",
        "hold_id": hold.id,
        "title": asked.record.title,
        "author": asked.record.author,
        "call_number": (item.item.call_number if item else "") or asked.record.call_number,
        "accession_no": item.item.accession_no if item else None,
        "barcode": item.barcode if item else None,
        "shelf": item.item.shelf if item else "",
        "at": act.now,
        "patron_code": about["patron_code"],
        "pickup_branch_id": hold.pickup_branch_id,
    }


# --- gather ----------------------------------------------------------------------------------


@dataclass
class Asked:
    """What a request for a hold is about, read under lock."""

    record: Record
    patron: PatronAtDesk
    pickup: Branch
    item: ItemAtDesk | None
    kind: str


def _may_place(actor: Actor, patron_id: int) -> None:
    if actor.patron_id is None:
        actor.require(PLACE_HOLD)
    elif actor.patron_id != patron_id:
        raise NotFound("patron_unknown", patron_id=patron_id)


def _gather(
    act: Act,
    record_id: int,
    patron_id: int,
    pickup_branch_id: int,
    item_id: int | None,
    volume_key: str,
    kind: str,
) -> Asked | Reason:
    session = act.session
    record = session.get(Record, record_id)
    if record is None or record.deleted_at is not None or record.suppressed:
        return reason("record_unknown", record_id=record_id)
    act.patron_id = patron_id
    lock(session, records=[record_id], items=[item_id] if item_id else [], patrons=[patron_id])
    session.refresh(record)
    if record.deleted_at is not None:
        raise Refused("lost_race")  # merged or deleted while the queue was waited for
    patron = patron_at_desk(session, act.here, act.today, patron_id=patron_id)
    if patron is None:
        return reason("card_unknown", patron_id=patron_id)
    if act.actor.patron_id is None:
        unknown = NotFound("patron_unknown", patron_id=patron_id)
        require_within(session, act.actor, PLACE_HOLD, patron.patron.branch_id, unknown)
    item = item_at_desk(session, item_id) if item_id is not None else None
    if item is not None and item.item.record_id != record_id:
        return reason("item_unknown", item_id=item_id)
    return Asked(record, patron, branch(session, pickup_branch_id), item, kind)


def _judge(act: Act, asked: Asked, need_by: date | None, volume_key: str) -> list[Reason]:
    session, record_id = act.session, asked.record.id
    queue = queue_of(session, record_id, act.now)
    items = holdable_items(session, record_id)
    candidate = _candidate(act, asked, volume_key)
    fitting = [i for i in items if _could_fill(asked, candidate, i)]
    free = {i.id for i in free_items(session, record_id)}
    item_type = asked.item.item.item_type if asked.item else _usual_type(fitting)
    policy = asked.pickup.policy(item_type, asked.patron.patron.category).policy
    own = next(
        (
            hold
            for hold, patron in queue.rows
            if patron.id == asked.patron.patron.id and hold.volume_key == volume_key
        ),
        None,
    )
    facts = HoldRequest(
        today=act.today,
        patron=patron_facts(session, asked.patron, act.now, policy),
        holdable=len(fitting),
        item_level=asked.item is not None,
        available_here=sum(i.id in free and i.located_id == asked.pickup.id for i in fitting),
        duplicate_hold_id=own.id if own is not None else None,
        has_copy=_has_copy(session, asked.patron.patron.id, record_id, volume_key),
        volume_known=not volume_key or any(i.volume_key == volume_key for i in items),
        pickup_offered=pickup_offered(session, act, asked.pickup.id)
        and (asked.kind == "hold" or asked.pickup.settings.closed_stack),
        need_by=need_by,
        slip=asked.kind == "slip",
        free=sum(i.id in free for i in fitting),
    )
    return hold_reasons(facts, policy)


def _candidate(act: Act, asked: Asked, volume_key: str) -> HoldFacts:
    wanted = asked.item.item.id if asked.item is not None else None
    return HoldFacts(
        0,
        asked.patron.category.hold_class,
        act.now,
        asked.pickup.id,
        item=wanted,
        volume=volume_key,
    )


def _could_fill(asked: Asked, candidate: HoldFacts, item: Item) -> bool:
    """Judge a copy as if the hold stood in the queue already."""
    if not may_fill(candidate, copy_facts(item)):
        return False
    patron = asked.patron
    return item_serves(item, patron.patron, asked.pickup, patron.today, asked.kind)


def _usual_type(items: Sequence[Item]) -> str:
    return items[0].item_type if items else ""


def _has_copy(session: Session, patron_id: int, record_id: int, volume_key: str) -> bool:
    query = (
        select(Loan.id)
        .join(Item, Item.id == Loan.item_id)
        .where(
            Loan.patron_id == patron_id,
            Loan.record_id == record_id,
            Loan.closed_at.is_(None),
        )
    )
    if volume_key:
        query = query.where(Item.volume_key == volume_key)
    return session.scalar(query.limit(1)) is not None


def pickup_offered(
    session: Session, act: Act, pickup_branch_id: int, like_branch_id: int | None = None
) -> bool:
    """Tell whether a branch may be chosen for collecting: active, and of the same library as the
    branch chosen before."""
    found = session.get(OrgUnit, pickup_branch_id)
    if found is None or not found.active or found.kind not in ("branch", "point", "library"):
        return False
    if like_branch_id is None:
        return True
    there = branch(session, pickup_branch_id)
    same = there.library_id == branch(session, like_branch_id).library_id
    return same or act.here.settings.transport == "province"
