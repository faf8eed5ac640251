"""A box arrives at its point: told by a number, or counted copy by copy.

Counted, each copy on the list is ticked off; what was not there is *missing on arrival*, and the
point does not answer for it. Staff of a branch do so, or the point on its page.
"""

from dataclasses import dataclass

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from cataloging.models import Item
from circulation.facts import find_scanned
from circulation.rotation.boxes import box_for, title_of_line
from circulation.rotation.events import ConsignmentReceived
from circulation.rotation.models import (
    Consignment,
    ConsignmentExtra,
    ConsignmentLine,
    RotationPoint,
)
from circulation.rotation.voiding import void_of_box
from ils.accounts.actor import Actor
from ils.core import clock
from ils.core.audit import audit
from ils.core.errors import Invalid, NotFound, Refused
from ils.core.events import publish_event
from ils.org.units import library_of

MOST = 1000


@dataclass(frozen=True)
class Here:
    """What a scan on arrival meant: arrived, again (scanned before), or extra (not on the list)."""

    code: str
    title: str = ""


def receive_box(
    session: Session,
    actor: Actor | None,
    *,
    box: Consignment,
    point: RotationPoint,
    copies: int | None = None,
    taken_by: str = "",
) -> None:
    """Note that the point has the box, with so many copies; without a number, with those scanned.

    Said by the point or for it. Raises ``Refused``, ``Invalid``.
    """
    if box.state != "sent":
        raise Refused("box_state")
    if copies is None:
        copies = arrived(session, box.id)
        if not copies:
            raise Refused("box_nothing_scanned")
    else:
        _untick(session, box.id)
    if not 0 <= copies <= MOST:
        raise Invalid("box_copies_wrong", field="copies")
    if actor is not None and actor.staff_id is not None:
        audit(session, actor, "box_received", "consignment", box.id, copies=copies)
    box.received_on, box.received_copies = clock.today(), copies
    box.taken_by = taken_by.strip() or box.taken_by
    _tell(session, actor, box, point)
    session.flush()


def _untick(session: Session, box_id: int) -> None:
    """A number takes the place of what was scanned."""
    session.execute(
        update(ConsignmentLine)
        .where(ConsignmentLine.consignment_id == box_id, ConsignmentLine.arrived_at.is_not(None))
        .values(arrived_at=None)
    )


def _tell(session: Session, actor: Actor | None, box: Consignment, point: RotationPoint) -> None:
    """Let the figures of the receiving library know of the copies, once."""
    if point.branch_id is None:
        return
    there = library_of(session, point.branch_id).id
    if there == box.library_id:
        return
    void_of_box(session, actor, box.id, "consignment_received")
    publish_event(
        session,
        actor,
        ConsignmentReceived(box.id),
        unit_id=point.branch_id,
        library_id=there,
        effective_on=box.received_on,
        quantity=box.received_copies or 0,
    )


def count_in(
    session: Session, actor: Actor | None, *, box: Consignment, point: RotationPoint, barcode: str
) -> Here:
    """Tick off a scanned copy of a box that arrives. One scanned after the count was finished came
    to light later, and is added. Raises ``Refused`` where the box was told by a number."""
    if box.state != "sent":
        raise Refused("box_state")
    text = barcode.strip()[:60]
    if not text:
        raise Invalid("box_copy_unknown", field="barcode", scanned="")
    so_far = arrived(session, box.id)
    if box.received_on is not None and not so_far:
        raise Refused("box_told_already")
    found = find_scanned(session, text, box.library_id)
    line = session.scalar(
        select(ConsignmentLine)
        .where(
            ConsignmentLine.consignment_id == box.id,
            ConsignmentLine.item_id == found.item_id,
            ConsignmentLine.state == "out",
        )
        .execution_options(populate_existing=True)
    )
    if found.item_id is None or line is None:
        return _extra(session, box, text, found.item_id)
    if line.arrived_at is not None:
        return Here("again", title_of_line(session, line))
    line.arrived_at = clock.now()
    if box.received_on is not None:
        box.received_copies = so_far + 1
        _tell(session, actor, box, point)
    session.flush()
    return Here("arrived", title_of_line(session, line))


def _extra(session: Session, box: Consignment, text: str, item_id: int | None) -> Here:
    if item_id is not None:
        text = session.get_one(Item, item_id).barcode or text
    known = session.scalar(
        select(ConsignmentExtra.id).where(
            ConsignmentExtra.consignment_id == box.id, ConsignmentExtra.scanned == text
        )
    )
    if known is None:
        session.add(
            ConsignmentExtra(
                consignment_id=box.id,
                item_id=item_id,
                scanned=text,
                at=clock.now(),
                on_arrival=True,
            )
        )
        session.flush()
    return Here("extra")


def not_there(session: Session, actor: Actor, *, box_id: int, line_id: int) -> None:
    """Say that a copy ticked off on arrival was not in the box after all."""
    box, point = box_for(session, actor, box_id, "sent", receiver=True)
    line = session.get(ConsignmentLine, line_id)
    if line is None or line.consignment_id != box.id or line.arrived_at is None:
        raise NotFound("box_line_unknown")
    line.arrived_at = None
    session.flush()
    if box.received_on is not None:
        box.received_copies = arrived(session, box.id)
        _tell(session, actor, box, point)
    session.flush()


def arrived(session: Session, box_id: int) -> int:
    """Count the copies of a box that were scanned when it arrived."""
    return (
        session.scalar(
            select(func.count()).where(
                ConsignmentLine.consignment_id == box_id, ConsignmentLine.arrived_at.is_not(None)
            )
        )
        or 0
    )
