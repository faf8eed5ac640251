"""Holds: placing, changing, ending them. The same acts for the desk and for the reader's phone."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from cataloging.models import Item, Record
from circulation.blocks import patron_facts
from circulation.checkin import check_in, hold_about
from circulation.desk import Act, DeskResult, Overrides
from circulation.events import HoldCanceled, HoldPlaced, HoldPutBack
from circulation.facts import IS_OPEN, ItemAtDesk, PatronAtDesk, item_at_desk, lock, patron_at_desk
from circulation.models import Hold, Loan
from circulation.permissions import MANAGE_HOLDS, PLACE_HOLD
from circulation.policies import Branch, branch, require_within
from circulation.queue import (
    NOT_ON_SHELF,
    SKIP,
    assign_rows,
    copy_facts,
    free_items,
    holdable_items,
    item_serves,
    queue_of,
    reassign,
    release,
)
from circulation.rules.holds import HoldFacts, HoldRequest, hold_reasons, may_fill, shelf_expiry
from circulation.rules.reasons import Reason, reason
from circulation.rules.states import may, next_state
from ils.accounts.actor import Actor
from ils.core import clock
from ils.core.audit import audit
from ils.core.errors import NotFound
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
    overrides: Overrides | None = None,
    now: datetime | None = None,
) -> DeskResult:
    """Put a patron into the queue for a title, a volume of it or one copy.

    A patron may do so for themselves, staff for patrons of their library. A free copy is assigned
    at once and shows on the pull list.
    """
    _may_place(actor, patron_id)
    answered = overrides or {}
    act = Act(session, actor, "place_hold", key, now, unit_id=pickup_branch_id)
    asked = _gather(act, record_id, patron_id, pickup_branch_id, item_id, volume_key)
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
        HoldPlaced(item_id is not None or None, lifted),
        hold_id=hold.id,
        record_id=record_id,
        item_id=item_id,
        **asked.patron.statistics(),
    )
    reassign(act, record_id)
    place = queue_of(session, record_id, act.now).place(hold.id)
    return act.answer(
        "hold_placed",
        facts={"place": place, "state": hold.state, "title": asked.record.title},
        hold=hold_about(session, hold),
        patron=asked.patron.about(),
    )


def cancel_hold(
    session: Session,
    actor: Actor,
    *,
    hold_id: int,
    key: str | None = None,
    reason_text: str = "",
    now: datetime | None = None,
) -> DeskResult:
    """End a hold. A copy on the shelf stays listed until it is scanned; one on its way travels on."""
    act, hold = _begin(session, actor, "cancel_hold", hold_id, key, now)
    if earlier := act.stored() or _not_in_state(act, hold, "cancel"):
        return earlier
    was = hold.state
    by_reader = actor.patron_id is not None
    act.journal.change(
        hold,
        state=next_state(was, "cancel"),
        ended_at=act.now,
        ended_by=actor.staff_id,
        end_reason=(reason_text or ("reader" if by_reader else "staff"))[:40],
        item_id=hold.item_id if was in ("ready", "in_transit") else None,
    )
    if was == "ready":
        act.line("copy_to_clear", item_id=hold.item_id)
    _hold_event(act, hold, HoldCanceled("reader" if by_reader else reason_text or "staff"))
    reassign(act, hold.record_id)
    return act.answer("hold_canceled", facts={"was": was}, hold=hold_about(session, hold))


def change_pickup(
    session: Session,
    actor: Actor,
    *,
    hold_id: int,
    pickup_branch_id: int,
    key: str | None = None,
    now: datetime | None = None,
) -> DeskResult:
    """Change where a hold is collected. A copy on its way, or on the shelf, follows at its next scan."""
    act, hold = _begin(session, actor, "change_pickup", hold_id, key, now)
    if earlier := act.stored() or _not_in_state(act, hold, "cancel"):
        return earlier
    if not pickup_offered(session, act, pickup_branch_id, hold.pickup_branch_id):
        return act.refuse([reason("pickup_not_offered")], hold=hold_about(session, hold))
    act.journal.change(hold, pickup_branch_id=pickup_branch_id)
    if hold.state == "ready":
        act.line("copy_to_send", item_id=hold.item_id, to=pickup_branch_id)
    reassign(act, hold.record_id)
    return act.answer("hold_changed", undo=False, hold=hold_about(session, hold))


def suspend_hold(
    session: Session,
    actor: Actor,
    *,
    hold_id: int,
    until: date | None = None,
    key: str | None = None,
    now: datetime | None = None,
) -> DeskResult:
    """Let a hold be passed over until a day (or until it is resumed); it keeps its place."""
    act, hold = _begin(session, actor, "suspend_hold", hold_id, key, now)
    if earlier := act.stored() or _not_in_state(act, hold, "suspend"):
        return earlier
    act.journal.change(
        hold,
        state=next_state(hold.state, "suspend"),
        suspended_until=until,
        item_id=None,
        targeted_at=None,
    )
    reassign(act, hold.record_id)
    return act.answer("hold_suspended", undo=False, hold=hold_about(session, hold))


def resume_hold(
    session: Session,
    actor: Actor,
    *,
    hold_id: int,
    key: str | None = None,
    now: datetime | None = None,
) -> DeskResult:
    """End a hold's suspension."""
    act, hold = _begin(session, actor, "resume_hold", hold_id, key, now)
    if earlier := act.stored() or _not_in_state(act, hold, "resume"):
        return earlier
    act.journal.change(hold, state=next_state(hold.state, "resume"), suspended_until=None)
    reassign(act, hold.record_id)
    return act.answer("hold_resumed", undo=False, hold=hold_about(session, hold))


def put_back(
    session: Session,
    actor: Actor,
    *,
    hold_id: int,
    reason_text: str,
    key: str | None = None,
    now: datetime | None = None,
) -> DeskResult:
    """'Not this time': put a captured hold back into the queue at its place.

    The copy is left alone by this hold for a day and may go to the next reader.
    """
    actor.require(MANAGE_HOLDS)
    act, hold = _begin(session, actor, "put_back", hold_id, key, now)
    if earlier := act.stored() or _not_in_state(act, hold, "release", ("ready", "in_transit")):
        return earlier
    item = item_at_desk(session, hold.item_id) if hold.item_id is not None else None
    act.journal.change(hold, skip_item_id=hold.item_id, skip_until=act.now + SKIP)
    if item is not None and item.transit is not None:
        act.journal.change(item.transit, cancelled_at=act.now, cancel_reason="hold_put_back")
    release(act.journal, hold)
    _hold_event(act, hold, HoldPutBack(reason_text), item)
    audit(session, actor, "hold_put_back", "hold", hold.id, reason=reason_text)
    reassign(act, hold.record_id)
    return act.answer("hold_put_back", hold=hold_about(session, hold))


def not_on_shelf(
    session: Session,
    actor: Actor,
    *,
    hold_id: int,
    key: str | None = None,
    now: datetime | None = None,
) -> DeskResult:
    """A copy on the pull list was not found: the hold gets another, this one is left alone."""
    actor.require(MANAGE_HOLDS)
    act, hold = _begin(session, actor, "not_on_shelf", hold_id, key, now)
    if earlier := act.stored() or _not_in_state(act, hold, "release", ("targeted",)):
        return earlier
    act.line("search_item", item_id=hold.item_id)
    act.journal.change(hold, skip_item_id=hold.item_id, skip_until=act.now + NOT_ON_SHELF)
    release(act.journal, hold)
    reassign(act, hold.record_id)
    return act.answer("hold_retargeted", undo=False, hold=hold_about(session, hold))


def extend_shelf(
    session: Session,
    actor: Actor,
    *,
    hold_id: int,
    key: str | None = None,
    overrides: Overrides | None = None,
    now: datetime | None = None,
) -> DeskResult:
    """Give the reader one more period to collect, where the library allows it."""
    answered = overrides or {}
    act, hold = _begin(session, actor, "extend_shelf", hold_id, key, now)
    if earlier := act.stored() or _not_in_state(act, hold, "send", ("ready", "expired_shelf")):
        return earlier
    pickup = branch(session, hold.pickup_branch_id)
    item = item_at_desk(session, hold.item_id) if hold.item_id is not None else None
    days = _pickup_days(act, hold, item, pickup)
    spent = []
    if not pickup.settings.extend_shelf or _was_extended(hold, days, pickup):
        spent.append(reason("shelf_extended_enough", shelf_until=hold.shelf_until))
    if hold.state == "expired_shelf" and (again := _open_again(act, hold)) is not None:
        spent.append(reason("duplicate_hold", hold_id=again))
    if act.unlifted(spent, answered):
        return act.refuse(spent, hold=hold_about(session, hold))
    act.log_overrides(spent, answered)
    until = shelf_expiry(act.today, days, pickup.calendar, hold.need_by)
    if hold.state == "expired_shelf":
        act.journal.change(hold, state=next_state(hold.state, "extend"), ended_at=None)
    act.journal.change(hold, shelf_until=max(until.on, hold.shelf_until or until.on))
    return act.answer(
        "hold_extended", facts={"shelf_until": hold.shelf_until}, hold=hold_about(session, hold)
    )


def move_hold(
    session: Session,
    actor: Actor,
    *,
    hold_id: int,
    before_hold_id: int,
    reason_text: str,
    key: str | None = None,
    now: datetime | None = None,
) -> DeskResult:
    """Move a hold before another of the same title; the time of request stays what it was."""
    actor.require(MANAGE_HOLDS)
    act, hold = _begin(session, actor, "move_hold", hold_id, key, now)
    if earlier := act.stored() or _not_in_state(act, hold, "cancel"):
        return earlier
    queue = queue_of(session, hold.record_id, act.now)
    order = [row for row, _ in queue.rows if row.id != hold.id]
    target = next((n for n, row in enumerate(order) if row.id == before_hold_id), None)
    if target is None:
        raise NotFound("hold_unknown", hold_id=before_hold_id)
    after, before = order[target], order[target - 1] if target else None
    first = after.order_ts - timedelta(seconds=1)
    if before is not None and before.queue_class == after.queue_class:
        first = before.order_ts + (after.order_ts - before.order_ts) / 2
    act.journal.change(hold, order_ts=first, queue_class=after.queue_class)
    audit(session, actor, "hold_moved", "hold", hold.id, reason=reason_text, before=before_hold_id)
    reassign(act, hold.record_id)
    return act.answer("hold_moved", undo=False, hold=hold_about(session, hold))


def clear_shelf(
    session: Session,
    actor: Actor,
    *,
    barcode: str,
    key: str | None,
    now: datetime | None = None,
) -> DeskResult:
    """Take a copy off the hold shelf after its hold ended: it is checked in like any other scan."""
    return check_in(session, actor, barcode=barcode, key=key, now=now)


def assign_targets(session: Session, record_id: int, now: datetime | None = None) -> int:
    """Give the free copies of a title to its holds; returns how many have one."""
    lock(session, records=[record_id])
    return assign_rows(session, queue_of(session, record_id, now or clock.now()))


# --- gather ----------------------------------------------------------------------------------


@dataclass
class Asked:
    """What a request for a hold is about, read under lock."""

    record: Record
    patron: PatronAtDesk
    pickup: Branch
    item: ItemAtDesk | None


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
) -> Asked | Reason:
    session = act.session
    record = session.get(Record, record_id)
    if record is None or record.deleted_at is not None or record.suppressed:
        return reason("record_unknown", record_id=record_id)
    act.patron_id = patron_id
    lock(session, records=[record_id], items=[item_id] if item_id else [], patrons=[patron_id])
    patron = patron_at_desk(session, act.here, act.today, patron_id=patron_id)
    if patron is None:
        return reason("card_unknown", patron_id=patron_id)
    if act.actor.patron_id is None:
        unknown = NotFound("patron_unknown", patron_id=patron_id)
        require_within(session, act.actor, PLACE_HOLD, patron.patron.branch_id, unknown)
    item = item_at_desk(session, item_id) if item_id is not None else None
    if item is not None and item.item.record_id != record_id:
        return reason("item_unknown", item_id=item_id)
    return Asked(record, patron, branch(session, pickup_branch_id), item)


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
        pickup_offered=pickup_offered(session, act, asked.pickup.id),
        need_by=need_by,
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
    return item_serves(item, asked.patron.patron, asked.pickup, asked.patron.today)


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


# --- acts on a hold that exists --------------------------------------------------------------


def _begin(
    session: Session,
    actor: Actor,
    command: str,
    hold_id: int,
    key: str | None,
    now: datetime | None,
) -> tuple[Act, Hold]:
    hold = session.get(Hold, hold_id)
    if hold is None or (actor.patron_id is not None and hold.patron_id != actor.patron_id):
        raise NotFound("hold_unknown", hold_id=hold_id)
    if actor.patron_id is None:
        unknown = NotFound("hold_unknown", hold_id=hold_id)
        require_within(session, actor, MANAGE_HOLDS, hold.pickup_branch_id, unknown)
    at = hold.pickup_branch_id if actor.patron_id is not None else actor.unit_id
    act = Act(session, actor, command, key, now, unit_id=at or hold.pickup_branch_id)
    act.patron_id = hold.patron_id
    lock(session, records=[hold.record_id])
    session.refresh(hold)
    if hold.item_id is not None:
        lock(session, items=[hold.item_id])
    return act, hold


def _not_in_state(
    act: Act, hold: Hold, event: str, only: tuple[str, ...] | None = None
) -> DeskResult | None:
    """Refuse an act that the hold's state does not allow."""
    fits = hold.state in only if only is not None else may(hold.state, event)
    if fits:
        return None
    about = hold_about(act.session, hold)
    return act.refuse([reason("hold_state", state=hold.state)], hold=about)


def _hold_event(act: Act, hold: Hold, happened: Any, item: ItemAtDesk | None = None) -> None:
    patron = patron_at_desk(act.session, act.here, act.today, patron_id=hold.patron_id)
    columns: dict[str, Any] = {"record_id": hold.record_id, "item_id": hold.item_id}
    if item is not None:
        columns = item.statistics()
    if patron is not None:
        columns |= patron.statistics()
    act.event(happened, at=hold.pickup_branch_id, hold_id=hold.id, **columns)


def _open_again(act: Act, hold: Hold) -> int | None:
    """Return the hold its reader placed anew on the title after this one had ended."""
    return act.session.scalar(
        select(Hold.id).where(
            Hold.patron_id == hold.patron_id,
            Hold.record_id == hold.record_id,
            Hold.volume_key == hold.volume_key,
            IS_OPEN,
            Hold.id != hold.id,
        )
    )


def _was_extended(hold: Hold, days: int, pickup: Branch) -> bool:
    """Tell whether the hold waits longer than its first period, counted by today's calendar."""
    if hold.ready_on is None or hold.shelf_until is None:
        return False
    return hold.shelf_until > shelf_expiry(hold.ready_on, days, pickup.calendar, hold.need_by).on


def _pickup_days(act: Act, hold: Hold, item: ItemAtDesk | None, pickup: Branch) -> int:
    patron = patron_at_desk(act.session, pickup, act.today, patron_id=hold.patron_id)
    category = patron.patron.category if patron is not None else ""
    item_type = item.item.item_type if item is not None else ""
    return pickup.policy(item_type, category).policy.pickup_open_days
