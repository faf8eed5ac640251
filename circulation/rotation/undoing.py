"""Taking back what was done to a box by mistake, as long as nobody has built on it.

Events of the act taken back are voided, so no figure counts them.
"""

from dataclasses import replace
from datetime import timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from cataloging.items import change_item, facts_of, take_back_withdrawal
from cataloging.models import Item
from circulation.desk import Act
from circulation.facts import item_at_desk, lock
from circulation.losses.found import standing_case, void_newest
from circulation.queue import reassign, release
from circulation.returns import announce_moved
from circulation.rotation.boxes import box_for
from circulation.rotation.figures import figures_of
from circulation.rotation.models import Consignment, ConsignmentLine, RotationPoint
from circulation.rotation.returning import ABSENT, in_use, lines_in
from circulation.rotation.voiding import void_of_box
from ils.accounts.actor import Actor
from ils.core.audit import audit
from ils.core.errors import NotFound, Refused
from ils.org.units import library_of

WITHIN = timedelta(days=30)


def unsend(session: Session, actor: Actor, *, box_id: int) -> None:
    """Open a box again that has not left after all; only on its day and while nothing was told."""
    box, _point = box_for(session, actor, box_id, "sent")
    act = Act(session, actor, "box", None, unit_id=box.branch_id)
    out = lines_in(session, box.id, "out")
    used = in_use(session, [line.item_id for line in out])
    moved = len(out) != len(_all_lines(session, box.id)) or bool(used)
    told = box.received_on is not None or bool(figures_of(session, box.id))
    if box.sent_on != act.today or box.from_id is not None or moved or told:
        raise Refused("box_left_already")
    for line in out:
        line.state, line.at_branch_id = "packed", None
    box.state, box.sent_on, box.due_on = "draft", None, None
    void_of_box(session, actor, box.id, "consignment_sent")
    audit(session, actor, "box_unsent", "consignment", box.id)
    act.flush()


def _all_lines(session: Session, box_id: int) -> list[int]:
    query = select(ConsignmentLine.id).where(ConsignmentLine.consignment_id == box_id)
    return list(session.scalars(query))


def unreceive(session: Session, actor: Actor, *, box_id: int) -> None:
    """Say that the point has not got the box after all."""
    box, _point = box_for(session, actor, box_id, "sent", receiver=True)
    audit(session, actor, "box_unreceived", "consignment", box.id)
    take_back_receipt(session, actor, box)


def take_back_receipt(session: Session, actor: Actor | None, box: Consignment) -> None:
    """Forget that a box was received. Raises ``Refused`` once it is over."""
    if box.state != "sent":
        raise Refused("box_state")
    box.received_on, box.received_copies = None, None
    void_of_box(session, actor, box.id, "consignment_received")
    session.flush()


def untick(session: Session, actor: Actor, *, box_id: int, line_id: int) -> None:
    """Say that a copy scanned as returned was not there after all."""
    box, point = box_for(session, actor, box_id, "sent")
    line = session.get(ConsignmentLine, line_id)
    if line is None or line.consignment_id != box.id or line.state not in ("returned", "damaged"):
        raise NotFound("box_line_unknown")
    item = session.get_one(Item, line.item_id)
    lock(session, records=[item.record_id], items=[item.id])
    act = Act(session, actor, "box", None, unit_id=box.branch_id)
    _let_go(act, item)
    if line.state == "damaged" and item.lifecycle == "damaged":
        item.lifecycle = "active"
    line.state, line.closed_at, line.at_branch_id = "out", None, point.branch_id
    act.flush()
    announce_moved(session, item.record_id)
    reassign(act, item.record_id)


def _is_free(session: Session, item_id: int) -> bool:
    desk = item_at_desk(session, item_id)
    return desk.position == "on_shelf" and desk.hold is None


def _let_go(act: Act, item: Item) -> None:
    """Take a free copy from the hold the rules gave it to, which nobody has acted on.

    Raises ``Refused`` where the copy is no longer free.
    """
    desk = item_at_desk(act.session, item.id)
    if desk.hold is not None and desk.hold.state == "targeted":
        release(act.journal, desk.hold)
        act.flush()
    if item.lifecycle == "withdrawn" or not _is_free(act.session, item.id):
        raise Refused("box_copy_moved", title=desk.title)


def reopen_box(session: Session, actor: Actor, *, box_id: int) -> None:
    """Go on taking back a box that was closed too early: what was missing is out again.

    Raises ``Refused`` after 30 days, once a paper on what is missing is noted, or when the copies
    went on to the next point.
    """
    box, point = box_for(session, actor, box_id, "closed")
    act = Act(session, actor, "box", None, unit_id=box.branch_id)
    late = box.closed_on is not None and act.today - box.closed_on > WITHIN
    if late or box.settlement or lines_in(session, box.id, "moved_on"):
        raise Refused("box_not_opened_again")
    lines = lines_in(session, box.id, *ABSENT)
    items = session.scalars(select(Item).where(Item.id.in_([one.item_id for one in lines]))).all()
    lock(session, records=[one.record_id for one in items], items=[one.id for one in items])
    box.state, box.closed_on, box.closed_by, box.seal_back = "sent", None, None, ""
    void_of_box(session, actor, box.id, "consignment_closed")
    by_id = {item.id: item for item in items}
    for line in lines:
        item = by_id[line.item_id]
        if item.lifecycle not in ("missing", "lost") or not _is_free(session, item.id):
            continue  # found meanwhile
        if standing_case(session, item.id) is None:
            void_newest(act, item.id, "item_missing", "item_lost")
            item.lifecycle = "active"
        line.state, line.closed_at, line.at_branch_id = "out", None, point.branch_id
        announce_moved(session, item.record_id)
    audit(session, actor, "box_reopened", "consignment", box.id)
    act.flush()


def take_back_gift(session: Session, actor: Actor, *, box_id: int) -> None:
    """Say that a box was not given for good after all: its copies are in the books again, and out.

    Raises ``Refused`` once the receiver has entered them.
    """
    box, point = box_for(session, actor, box_id, "given")
    lines = lines_in(session, box.id, "given")
    if any(line.new_item_id is not None for line in lines):
        raise Refused("box_entered_already")
    act = Act(session, actor, "box", None, unit_id=box.branch_id)
    items = session.scalars(select(Item).where(Item.id.in_([one.item_id for one in lines]))).all()
    lock(session, records=[one.record_id for one in items], items=[one.id for one in items])
    for line in lines:
        _back_in_the_books(act, actor, box, point, line)
    act.flush()
    for line in lines:
        line.state, line.closed_at, line.at_branch_id = "out", None, point.branch_id
        item = session.get_one(Item, line.item_id)
        announce_moved(session, item.record_id)
        reassign(act, item.record_id)
    box.state, box.closed_on, box.closed_by, box.decision = "sent", None, None, ""
    void_of_box(session, actor, box.id, "copies_given")
    audit(session, actor, "box_gift_undone", "consignment", box.id, copies=len(lines))
    act.flush()


def _back_in_the_books(
    act: Act, actor: Actor, box: Consignment, point: RotationPoint, line: ConsignmentLine
) -> None:
    session = act.session
    if point.branch_id is None or library_of(session, point.branch_id).id != box.library_id:
        take_back_withdrawal(session, actor, line.item_id)
        return
    item = session.get_one(Item, line.item_id)
    _let_go(act, item)
    facts = replace(facts_of(item), branch_id=box.branch_id)
    change_item(session, actor, item.id, facts, expected_version=item.version)
