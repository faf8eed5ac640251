"""Copies on their way between branches: sending, changing the way, what is late or never came.

Arriving at the right place is a check-in; what else may happen to a copy on its way is here.
"""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from cataloging.models import Item, Record
from circulation.checkin import Scene, capture_here, hold_about, send_item
from circulation.desk import AMBER, Act, DeskResult
from circulation.events import HoldPutBack, TransitRerouted
from circulation.facts import ItemAtDesk, find_scanned, item_at_desk, lock, touch
from circulation.models import Hold, Transit
from circulation.permissions import SEND
from circulation.policies import branch, require_within
from circulation.queue import SKIP, queue_of, reassign, release, wanted_by
from circulation.returns import announce_moved
from circulation.rules.reasons import Reason, reason
from circulation.searches import count_missing, flag_search, sought_before
from ils.accounts.actor import Actor
from ils.core import clock
from ils.core.audit import audit
from ils.core.errors import IlsError, NotFound


def send(
    session: Session,
    actor: Actor,
    *,
    barcode: str,
    to_branch_id: int,
    key: str | None,
    now: datetime | None = None,
) -> DeskResult:
    """Send a copy that lies on the shelf to another branch; a copy in use is refused."""
    actor.require(SEND)
    act = Act(session, actor, "send", key, now)
    found = find_scanned(session, barcode, act.here.library_id)
    if found.item_id is None or found.record_id is None:
        code = "card_not_item" if found.card_id else "item_unknown"
        return act.stored() or act.refuse([reason(code, scanned=barcode)])
    act.item_id = found.item_id
    lock(session, records=[found.record_id], items=[found.item_id])
    if stored := act.stored():
        return stored
    item = item_at_desk(session, found.item_id)
    if reasons := _against_sending(act, item, to_branch_id):
        return act.refuse(reasons, item=item.about())
    if item.hold is not None:
        release(act.journal, item.hold)
    touch(session, item.item, act.here.id, act.now, "sent")
    send_item(act, item, to_branch_id, "manual", None)
    announce_moved(session, item.item.record_id)
    reassign(act, item.item.record_id)
    return act.answer(
        "sent",
        tone=AMBER,
        action="send",
        facts={"to": to_branch_id},
        item=item.about(),
        slip=transit_slip(act, item, to_branch_id, "manual"),
    )


def _against_sending(act: Act, item: ItemAtDesk, to_branch_id: int) -> list[Reason]:
    reasons: list[Reason] = []
    if item.item.lifecycle == "withdrawn":
        reasons.append(reason("item_withdrawn"))
    if item.position != "on_shelf":
        reasons.append(reason("not_on_shelf", position=item.position))
    if to_branch_id == act.here.id:
        reasons.append(reason("already_there"))
    return reasons + _not_exchanged(act, item, to_branch_id)


def _not_exchanged(act: Act, item: ItemAtDesk, to_branch_id: int) -> list[Reason]:
    there = branch(act.session, to_branch_id)
    if there.library_id == item.item.owner_id or act.here.settings.transport == "province":
        return []
    return [reason("not_exchanged", to=to_branch_id)]


def transit_slip(act: Act, item: ItemAtDesk, to_branch_id: int, why: str) -> dict[str, object]:
    """Return the facts of the slip that travels with a copy; of a reader only the code."""
    return {
        "kind": "transit",
        "title": item.title,
        "accession_no": item.item.accession_no,
        "barcode": item.barcode,
        "on": act.today,
        "from": act.here.id,
        "to": to_branch_id,
        "why": why,
        "patron_code": None,
    }


def slip_of_transit(session: Session, actor: Actor, transit_id: int) -> dict[str, object]:
    """Return the slip of a copy that is on its way from or to the library, to be printed again.

    Raises ``NotFound`` for any other, and for one that has arrived.
    """
    row = session.execute(
        select(Transit, Item, Record.title)
        .join(Item, Item.id == Transit.item_id)
        .join(Record, Record.id == Item.record_id)
        .where(
            Transit.id == transit_id,
            Transit.received_at.is_(None),
            Transit.cancelled_at.is_(None),
        )
    ).first()
    ends = [row[0].from_branch_id, row[0].to_branch_id] if row is not None else []
    if row is None or not any(branch(session, at).library_id == actor.library_id for at in ends):
        raise NotFound("transit_unknown", transit_id=transit_id)
    transit, item, title = row
    hold = session.get(Hold, transit.hold_id) if transit.hold_id is not None else None
    return {
        "kind": "transit",
        "title": title,
        "accession_no": item.accession_no,
        "barcode": item.barcode,
        "on": clock.local_day(transit.sent_at).isoformat(),
        "from": transit.from_branch_id,
        "to": transit.to_branch_id,
        "why": transit.reason,
        "patron_code": hold_about(session, hold)["patron_code"] if hold is not None else None,
    }


# --- a way that changes ----------------------------------------------------------------------


def receive_here(
    session: Session,
    actor: Actor,
    *,
    transit_id: int,
    key: str | None = None,
    now: datetime | None = None,
) -> DeskResult:
    """Keep a copy that came to a wrong place. A hold it traveled for goes back to its old place
    and leaves this copy alone for a day; whoever waits here for it gets it."""
    act, transit, item = _begin(session, actor, "receive_here", transit_id, key, now)
    if earlier := act.stored() or _over(act, transit, item):
        return earlier
    _let_go(act, item, "received_elsewhere")
    _end(act, transit, item, "received_here", "received_elsewhere", act.here.id)
    touch(session, item.item, act.here.id, act.now, "check_in")
    item = item_at_desk(session, item.item.id)
    queue = queue_of(session, item.item.record_id, act.now)
    scene = Scene(item=item, queue=queue)
    wanted = wanted_by(queue, item.item, act.here.id) if item.item.lifecycle == "active" else None
    if wanted is not None and wanted.pickup_branch_id == act.here.id:
        capture_here(act, scene, wanted)
    announce_moved(session, item.item.record_id)
    reassign(act, item.item.record_id)
    hold = scene.captured
    about = hold_about(session, hold) if hold is not None else None
    slip = {"title": item.title, "barcode": item.barcode, **about} if about else None
    return act.answer(
        "hold_ready" if hold is not None else "received_here",
        tone=AMBER if hold is not None else "green",
        action="hold_shelf" if hold is not None else "shelve",
        item=item.about(),
        hold=about,
        slip={**slip, "accession_no": item.item.accession_no, "on": act.today, "kind": "hold"}
        if slip
        else None,
    )


def send_back(
    session: Session,
    actor: Actor,
    *,
    transit_id: int,
    key: str | None = None,
    now: datetime | None = None,
) -> DeskResult:
    """Send a copy that came to a wrong place back to where it was sent from. A hold it traveled
    for waits at its old place; the copy is caught for it again when it has arrived."""
    act, transit, item = _begin(session, actor, "send_back", transit_id, key, now)
    if earlier := act.stored() or _over(act, transit, item):
        return earlier
    to = transit.from_branch_id
    if to == act.here.id:
        return act.refuse([reason("already_there")], item=item.about())
    _let_go(act, item, "sent_back", skip=False)
    _end(act, transit, item, "sent_back", "sent_back", to)
    why = "home" if to == item.item.branch_id else "manual"
    touch(session, item.item, act.here.id, act.now, "sent")
    send_item(act, item, to, why, None)
    reassign(act, item.item.record_id)
    return act.answer(
        "sent_back",
        tone=AMBER,
        action="send",
        facts={"to": to},
        item=item.about(),
        slip=transit_slip(act, item, to, why),
    )


def change_destination(
    session: Session,
    actor: Actor,
    *,
    transit_id: int,
    to_branch_id: int,
    key: str | None = None,
    now: datetime | None = None,
) -> DeskResult:
    """Send a copy that is on its way to another branch instead. One that travels for a hold goes
    where its reader collects: there the place of collecting is changed, not the transit."""
    act, transit, item = _begin(session, actor, "change_destination", transit_id, key, now)
    if earlier := act.stored() or _over(act, transit, item):
        return earlier
    found = _not_exchanged(act, item, to_branch_id)
    if item.hold is not None:
        found.append(reason("transit_for_hold", hold_id=item.hold.id))
    if to_branch_id in (transit.to_branch_id, transit.from_branch_id):
        found.append(reason("already_there"))
    if found:
        return act.refuse(found, item=item.about())
    act.journal.change(
        transit,
        to_branch_id=to_branch_id,
        reason="home" if to_branch_id == item.item.branch_id else "manual",
    )
    _event(act, transit, item, TransitRerouted("redirected", to_branch_id))
    return act.answer(
        "destination_changed",
        tone=AMBER,
        action="send",
        facts={"to": to_branch_id},
        item=item.about(),
        slip={
            **transit_slip(act, item, to_branch_id, transit.reason),
            "from": transit.from_branch_id,
        },
    )


def cancel_transit(
    session: Session,
    actor: Actor,
    *,
    transit_id: int,
    reason_text: str,
    key: str | None = None,
    now: datetime | None = None,
) -> DeskResult:
    """A copy never left: it lies where it was to be sent from. A hold it was to travel for goes
    back to its place, and may be given the copy again by the pull list."""
    act, transit, item = _begin(session, actor, "cancel_transit", transit_id, key, now)
    if earlier := act.stored() or _over(act, transit, item):
        return earlier
    _let_go(act, item, reason_text, skip=False)
    _end(act, transit, item, "canceled", "canceled", transit.from_branch_id, reason_text)
    touch(session, item.item, transit.from_branch_id, act.now, "check_in")
    audit(session, actor, "transit_canceled", "transit", transit.id, reason=reason_text)
    announce_moved(session, item.item.record_id)
    reassign(act, item.item.record_id)
    return act.answer("transit_canceled", facts={"at": transit.from_branch_id}, item=item.about())


# --- what never came -------------------------------------------------------------------------


def not_arrived(
    session: Session,
    actor: Actor,
    *,
    transit_id: int,
    key: str | None = None,
    now: datetime | None = None,
) -> DeskResult:
    """A copy did not arrive: it is to be looked for at both ends. Its transit stays open."""
    act, transit, item = _begin(session, actor, "not_arrived", transit_id, key, now)
    if earlier := act.stored() or _over(act, transit, item):
        return earlier
    ends = [transit.from_branch_id, transit.to_branch_id]
    flag_search(act, item.item, "not_arrived", ends, transit_id=transit.id)
    return act.answer("search_flagged", undo=False, tone=AMBER, item=item.about())


def missing_in_transit(
    session: Session,
    actor: Actor,
    *,
    transit_id: int,
    key: str | None = None,
    now: datetime | None = None,
) -> DeskResult:
    """A person decides that a copy searched for at both ends, on its way for long enough, is
    missing. A hold it traveled for goes back to its place; a scan finds the copy again."""
    act, transit, item = _begin(session, actor, "missing_in_transit", transit_id, key, now)
    if earlier := act.stored() or _over(act, transit, item):
        return earlier
    days, limit = (act.now - transit.sent_at).days, act.here.settings.transit_missing_days
    if days < limit or not sought_before(session, item.item, "not_arrived"):
        too_early = reason("missing_too_early", days=days, limit=limit)
        return act.refuse([too_early], item=item.about())
    _let_go(act, item, "missing", skip=False)
    _end(act, transit, item, "missing", "missing", None)
    count_missing(act, item, "not_arrived")
    audit(session, actor, "item_missing", "item", item.item.id, transit=transit.id, days=days)
    reassign(act, item.item.record_id)
    return act.answer("counts_as_missing", undo=False, tone=AMBER, item=item.about())


# --- what the acts share ---------------------------------------------------------------------


def _begin(
    session: Session,
    actor: Actor,
    command: str,
    transit_id: int,
    key: str | None,
    now: datetime | None,
) -> tuple[Act, Transit, ItemAtDesk]:
    """Find and lock a transit the actor may deal with: from or to the library, or seen at the desk.

    Raises ``NotFound`` for any other.
    """
    actor.require(SEND)
    unknown = NotFound("transit_unknown", transit_id=transit_id)
    transit = session.get(Transit, transit_id)
    item = session.get(Item, transit.item_id) if transit is not None else None
    if transit is None or item is None:
        raise unknown
    if item.located_id != actor.unit_id and not any(
        _within(session, actor, at) for at in (transit.from_branch_id, transit.to_branch_id)
    ):
        raise unknown
    act = Act(session, actor, command, key, now)
    act.item_id = item.id
    lock(session, records=[item.record_id], items=[item.id])
    session.refresh(transit)
    return act, transit, item_at_desk(session, item.id)


def _within(session: Session, actor: Actor, unit_id: int) -> bool:
    try:
        require_within(session, actor, SEND, unit_id, NotFound("transit_unknown"))
    except IlsError:
        return False
    return True


def _over(act: Act, transit: Transit, item: ItemAtDesk) -> DeskResult | None:
    if item.transit is not None and item.transit.id == transit.id:
        return None
    return act.refuse([reason("transit_over")], item=item.about())


def _let_go(act: Act, item: ItemAtDesk, why: str, *, skip: bool = True) -> None:
    """Put the hold a copy travels for back into the queue; it keeps its place."""
    hold: Hold | None = item.hold
    if hold is None or hold.state != "in_transit":
        return
    if skip:
        act.journal.change(hold, skip_item_id=item.item.id, skip_until=act.now + SKIP)
    release(act.journal, hold)
    act.event(HoldPutBack(why), hold_id=hold.id, **item.statistics())
    act.line("hold_keeps_place", hold_id=hold.id)
    act.flush()


def _end(
    act: Act,
    transit: Transit,
    item: ItemAtDesk,
    how: str,
    stored: str,
    to: int | None,
    why: str | None = None,
) -> None:
    act.journal.change(transit, cancelled_at=act.now, cancel_reason=stored)
    _event(act, transit, item, TransitRerouted(how, to, why))
    act.flush()


def _event(act: Act, transit: Transit, item: ItemAtDesk, happened: TransitRerouted) -> None:
    act.event(happened, transit_id=transit.id, **item.statistics())
