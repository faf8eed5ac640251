"""Copies on their way between branches. Receiving is a check-in."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from cataloging.models import Item, Record
from circulation.checkin import send_item
from circulation.desk import AMBER, Act, DeskResult
from circulation.facts import find_scanned, item_at_desk, lock, touch
from circulation.models import Transit
from circulation.permissions import SEND
from circulation.policies import branch
from circulation.queue import reassign, release
from circulation.returns import announce_moved
from circulation.rules.reasons import Reason, reason
from ils.accounts.actor import Actor
from ils.core import clock


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
    reasons: list[Reason] = []
    if item.item.lifecycle == "withdrawn":
        reasons.append(reason("item_withdrawn"))
    if item.position != "on_shelf":
        reasons.append(reason("not_on_shelf", position=item.position))
    if to_branch_id == act.here.id:
        reasons.append(reason("already_there"))
    there = branch(session, to_branch_id)
    if there.library_id != item.item.owner_id and act.here.settings.transport != "province":
        reasons.append(reason("not_exchanged", to=to_branch_id))
    if reasons:
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
        slip={"kind": "transit", "to": to_branch_id, "title": item.title, "why": "manual"},
    )


@dataclass(frozen=True)
class TransitRow:
    """A line of the list of copies on their way."""

    transit: Transit
    item: Item
    title: str
    days: int


def transit_list(
    session: Session, branch_id: int, direction: str = "in", now: datetime | None = None
) -> list[TransitRow]:
    """Return what is on its way to a branch (``in``) or from it (``out``), the oldest first."""
    moment = now or clock.now()
    column = Transit.to_branch_id if direction == "in" else Transit.from_branch_id
    rows = session.execute(
        select(Transit, Item, Record.title)
        .join(Item, Item.id == Transit.item_id)
        .join(Record, Record.id == Item.record_id)
        .where(column == branch_id, Transit.received_at.is_(None), Transit.cancelled_at.is_(None))
        .order_by(Transit.sent_at, Transit.id)
    )
    return [
        TransitRow(transit, item, title, (moment - transit.sent_at).days)
        for transit, item, title in rows
    ]
