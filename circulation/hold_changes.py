"""What happens to a hold that exists: canceled, collected elsewhere, paused, put back, kept longer,
moved in the queue. The same acts for the desk and for the reader's phone."""

from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from circulation.checkin import hold_about
from circulation.desk import Act, DeskResult, Overrides
from circulation.events import HoldCanceled, HoldPutBack
from circulation.facts import IS_OPEN, ItemAtDesk, item_at_desk, lock, patron_at_desk
from circulation.holds import pickup_offered
from circulation.models import Hold
from circulation.permissions import MANAGE_HOLDS
from circulation.policies import Branch, branch, require_within
from circulation.queue import SKIP, queue_of, reassign, release, shelf_days
from circulation.rules.holds import between, shelf_expiry
from circulation.rules.reasons import reason
from circulation.rules.states import may, next_state
from ils.accounts.actor import Actor
from ils.core.audit import audit
from ils.core.errors import NotFound


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
    act, hold = begin(session, actor, "cancel_hold", hold_id, key, now)
    if earlier := act.stored() or not_in_state(act, hold, "cancel"):
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
    _event(act, hold, HoldCanceled("reader" if by_reader else reason_text or "staff"))
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
    """Change where a hold is collected. A copy on its way, or on the shelf, follows at its next scan.

    A copy on the shelf is kept without an end while it is to travel; changed back to where it
    lies, the hold has its old last day again. A slip is served where the stack is, nowhere else.
    """
    act, hold = begin(session, actor, "change_pickup", hold_id, key, now)
    if earlier := act.stored() or not_in_state(act, hold, "cancel"):
        return earlier
    offered = pickup_offered(session, act, pickup_branch_id, hold.pickup_branch_id)
    if not offered or hold.kind == "slip":
        return act.refuse([reason("pickup_not_offered")], hold=hold_about(session, hold))
    act.journal.change(hold, pickup_branch_id=pickup_branch_id)
    if hold.state == "ready" and hold.item_id is not None:
        _follow_on_shelf(act, hold, hold.item_id)
    reassign(act, hold.record_id)
    return act.answer("hold_changed", undo=False, hold=hold_about(session, hold))


def _follow_on_shelf(act: Act, hold: Hold, item_id: int) -> None:
    lies_at = item_at_desk(act.session, item_id).item.located_id
    if hold.pickup_branch_id != lies_at:
        act.line("copy_to_send", item_id=item_id, to=hold.pickup_branch_id)
        if hold.shelf_until is not None:
            act.journal.change(hold, shelf_was=hold.shelf_until, shelf_until=None)
    elif hold.shelf_was is not None:
        act.journal.change(hold, shelf_until=max(hold.shelf_was, act.today), shelf_was=None)


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
    act, hold = begin(session, actor, "suspend_hold", hold_id, key, now)
    if earlier := act.stored() or not_in_state(act, hold, "suspend"):
        return earlier
    if until is not None and until <= act.today:
        return act.refuse([reason("until_past")], hold=hold_about(session, hold))
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
    act, hold = begin(session, actor, "resume_hold", hold_id, key, now)
    if earlier := act.stored() or not_in_state(act, hold, "resume"):
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
    act, hold = begin(session, actor, "put_back", hold_id, key, now)
    if earlier := act.stored() or not_in_state(act, hold, "release", ("ready", "in_transit")):
        return earlier
    item = item_at_desk(session, hold.item_id) if hold.item_id is not None else None
    act.journal.change(hold, skip_item_id=hold.item_id, skip_until=act.now + SKIP)
    if item is not None and item.transit is not None:
        act.journal.change(item.transit, cancelled_at=act.now, cancel_reason="hold_put_back")
    release(act.journal, hold)
    _event(act, hold, HoldPutBack(reason_text), item)
    audit(session, actor, "hold_put_back", "hold", hold.id, reason=reason_text)
    reassign(act, hold.record_id)
    return act.answer("hold_put_back", hold=hold_about(session, hold))


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
    act, hold = begin(session, actor, "extend_shelf", hold_id, key, now)
    if earlier := act.stored() or not_in_state(act, hold, "send", ("ready", "expired_shelf")):
        return earlier
    if hold.shelf_was is not None:
        moving = [reason("hold_state", state="in_transit")]
        return act.refuse(moving, hold=hold_about(session, hold))
    pickup = branch(session, hold.pickup_branch_id)
    days = max(1, _pickup_days(act, hold, pickup))
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
    before_hold_id: int | None,
    reason_text: str,
    key: str | None = None,
    now: datetime | None = None,
) -> DeskResult:
    """Move a hold before another of the same title, or to the end of the queue (None).

    The time of request stays what it was; reason and mover are in the audit log.
    """
    actor.require(MANAGE_HOLDS)
    act, hold = begin(session, actor, "move_hold", hold_id, key, now)
    if earlier := act.stored() or not_in_state(act, hold, "cancel"):
        return earlier
    order = [row for row, _ in queue_of(session, hold.record_id, act.now).rows if row is not hold]
    target = len(order)
    if before_hold_id is not None:
        found = (n for n, row in enumerate(order) if row.id == before_hold_id)
        target = next(found, -1)
    if target < 0:
        raise NotFound("hold_unknown", hold_id=before_hold_id)
    _move_to(act, hold, order, target)
    audit(session, actor, "hold_moved", "hold", hold.id, reason=reason_text, before=before_hold_id)
    reassign(act, hold.record_id)
    return act.answer("hold_moved", undo=False, hold=hold_about(session, hold))


def _move_to(act: Act, hold: Hold, order: list[Hold], target: int) -> None:
    """Give the hold a time between its new neighbours; where there is none, those behind it make
    room by a millionth of a second each and keep their order."""
    before = order[target - 1] if target else None
    after = order[target] if target < len(order) else None
    beside = after or before
    if beside is None:
        return
    queue_class = beside.queue_class
    lower = before.order_ts if before and before.queue_class == queue_class else None
    upper = after.order_ts if after else None
    act.journal.change(hold, order_ts=between(lower, upper), queue_class=queue_class)
    last = hold
    for row in order[target:]:
        if row.queue_class != queue_class or row.order_ts > last.order_ts:
            break
        act.journal.change(row, order_ts=last.order_ts + timedelta(microseconds=1))
        last = row


# --- what the acts share ---------------------------------------------------------------------


def begin(
    session: Session,
    actor: Actor,
    command: str,
    hold_id: int,
    key: str | None,
    now: datetime | None,
) -> tuple[Act, Hold]:
    """Find and lock a hold the actor may deal with: a reader their own, staff those of the library.

    Raises ``NotFound`` for any other.
    """
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


def not_in_state(
    act: Act, hold: Hold, event: str, only: tuple[str, ...] | None = None
) -> DeskResult | None:
    """Refuse an act that the hold's state does not allow."""
    fits = hold.state in only if only is not None else may(hold.state, event)
    if fits:
        return None
    about = hold_about(act.session, hold)
    return act.refuse([reason("hold_state", state=hold.state)], hold=about)


def _event(act: Act, hold: Hold, happened: Any, item: ItemAtDesk | None = None) -> None:
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


def _pickup_days(act: Act, hold: Hold, pickup: Branch) -> int:
    patron = patron_at_desk(act.session, pickup, act.today, patron_id=hold.patron_id)
    category = patron.patron.category if patron is not None else ""
    item = item_at_desk(act.session, hold.item_id).item if hold.item_id is not None else None
    return shelf_days(pickup, hold, item.item_type if item is not None else "", category)
