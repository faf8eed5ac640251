"""A box stays longer, or goes on from its point directly to the next."""

from collections.abc import Collection
from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import Session

from cataloging.models import Item
from circulation.desk import Act
from circulation.returns import announce_moved
from circulation.rotation.boxes import box_for, held_before, new_box, open_lines, point_for
from circulation.rotation.events import ConsignmentClosed, ConsignmentSent
from circulation.rotation.models import Consignment, ConsignmentLine
from circulation.rotation.returning import in_use, settle_absent
from circulation.rules.rotation import is_same_box
from ils.accounts.actor import Actor
from ils.core.audit import audit
from ils.core.errors import Invalid, Refused


def extend_box(session: Session, actor: Actor, *, box_id: int, due_on: date) -> Consignment:
    """Let a point keep its box longer. Raises ``Invalid`` for a day that is not later."""
    box, _point = box_for(session, actor, box_id, "sent")
    act = Act(session, actor, "box", None, unit_id=box.branch_id)
    if box.due_on is None or due_on <= max(box.due_on, act.today):
        raise Invalid("box_due_not_later", field="due_on")
    before, box.due_on = box.due_on, due_on
    audit(session, actor, "box_extended", "consignment", box.id, before=before, after=due_on)
    session.flush()
    return box


def move_on(
    session: Session,
    actor: Actor,
    *,
    box_id: int,
    point_id: int,
    due_on: date,
    seal: str = "",
    handed_by: str = "",
    taken_by: str = "",
    absent: Collection[int] = (),
    again: bool = False,
) -> Consignment:
    """Hand what a point has on to the next point: a new box with a number and minutes of its own.

    ``absent`` are the lines of copies that were not there at the handing over; they are missing
    at the first point. A copy that a reader has, or that is kept for one, stays behind
    and leaves the box.
    """
    box, _old = box_for(session, actor, box_id, "sent")
    point = point_for(session, actor, point_id)
    act = Act(session, actor, "box", None, unit_id=box.branch_id)
    if point.id == box.point_id:
        raise Invalid("point_is_the_same", field="point_id")
    if not point.active:
        raise Refused("point_closed")
    if due_on <= act.today:
        raise Invalid("box_due_past", field="due_on")
    out = open_lines(session, box.id)
    used = in_use(session, [line.item_id for line in out])
    gone = settle_absent(
        act, box, [line for line in out if line.id in absent or line.item_id in used], missing=True
    )
    lines = open_lines(session, box.id)
    if not lines:
        raise Refused("box_empty")
    items = {
        item.id: item
        for item in session.scalars(
            select(Item).where(Item.id.in_([line.item_id for line in lines]))
        )
    }
    records = [item.record_id for item in items.values()]
    if not again and is_same_box(records, held_before(session, point.id)):
        raise Refused("box_same_again")
    after = new_box(act, point, note=box.note)
    after.branch_id, after.from_id = box.branch_id, box.id
    for line in lines:
        line.state, line.closed_at = "moved_on", act.now
    box.state, box.closed_on, box.closed_by = "closed", act.today, actor.staff_id
    act.flush()  # one open line for a copy: the old ones end first
    for line in lines:
        session.add(
            ConsignmentLine(
                consignment_id=after.id,
                item_id=line.item_id,
                at_branch_id=point.branch_id,
                state="out",
            )
        )
    after.state, after.sent_on, after.due_on = "sent", act.today, due_on
    after.seal, after.handed_by, after.taken_by = seal.strip(), handed_by.strip(), taken_by.strip()
    act.event(ConsignmentClosed(box.id, gone), quantity=len(lines))
    act.event(ConsignmentSent(after.id, point.kind), quantity=len(lines))
    audit(session, actor, "box_moved_on", "consignment", after.id, copies=len(lines))
    act.flush()
    for record_id in sorted(set(records)):
        announce_moved(session, record_id)
    return after
