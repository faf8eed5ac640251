"""A box given to its point for good: struck off here, entered in the books of the receiver."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from sqlalchemy import select
from sqlalchemy.orm import Session

from cataloging.items import CopyFacts, add_items, change_item, facts_of, withdraw_item
from cataloging.models import Item
from cataloging.permissions import EDIT_ITEM
from circulation.desk import Act
from circulation.facts import lock
from circulation.losses.found import FOUND
from circulation.queue import reassign
from circulation.returns import announce_moved
from circulation.rotation.boxes import box_for, open_lines
from circulation.rotation.events import CopiesGiven
from circulation.rotation.models import Consignment, ConsignmentLine
from ils.accounts.actor import Actor
from ils.core.audit import audit
from ils.core.errors import Invalid, Refused
from ils.org.units import library_of, unit


def give_box(session: Session, actor: Actor, *, box_id: int, decision: str) -> Consignment:
    """Let the point keep what it still has: struck off here, by a decision.

    A branch of the same library keeps the copies as its own: they move, and leave no book. Raises
    ``Refused`` while one of them is on loan to a reader there.
    """
    box, point = box_for(session, actor, box_id, "sent")
    if not decision.strip():
        raise Invalid("box_decision_missing", field="decision")
    act = Act(session, actor, "box", None, unit_id=box.branch_id)
    lines = open_lines(session, box.id)
    if not lines:
        raise Refused("box_empty")
    items = {
        item.id: item
        for item in session.scalars(
            select(Item).where(Item.id.in_([line.item_id for line in lines]))
        )
    }
    lock(session, records=[i.record_id for i in items.values()], items=items)
    lines = _there(act, lines, items)
    if not lines:
        raise Refused("box_empty")
    for line in lines:
        line.state, line.closed_at = "given", act.now
    box.state, box.closed_on, box.closed_by = "given", act.today, actor.staff_id
    box.decision = decision.strip()
    act.flush()
    within = (
        point.branch_id is not None and library_of(session, point.branch_id).id == box.library_id
    )
    for line in lines:
        item = items[line.item_id]
        if within and point.branch_id is not None:
            facts = replace(facts_of(item), branch_id=point.branch_id)
            change_item(session, actor, item.id, facts, expected_version=item.version)
            item.located_id = point.branch_id
        else:
            withdraw_item(
                session, actor, item.id, reason="transferred", decision=box.decision, on=act.today
            )
        announce_moved(session, item.record_id)
    for record_id in sorted({items[line.item_id].record_id for line in lines}):
        reassign(act, record_id)  # kept by a branch, they are free for who waits
    if not within:
        act.event(CopiesGiven(box.id, point.kind), quantity=len(lines))
    audit(session, actor, "box_given", "consignment", box.id, copies=len(lines))
    act.flush()
    return box


def _there(
    act: Act, lines: Sequence[ConsignmentLine], items: Mapping[int, Item]
) -> list[ConsignmentLine]:
    """Return the lines of copies that can be given; one recorded as missing or lost is not there."""
    there = []
    for line in lines:
        how = items[line.item_id].lifecycle
        if how in FOUND:
            line.state = "missing_at_point" if how == "missing" else "lost_at_point"
            line.closed_at = act.now
        else:
            there.append(line)
    return there


def enter_given(
    session: Session, actor: Actor, *, box_id: int, register_id: int | None
) -> list[Item]:
    """Enter the copies of a box given for good in a register of the receiving library."""
    box, point = box_for(session, actor, box_id, "given", receiver=True)
    if point.branch_id is None or library_of(session, point.branch_id).id == box.library_id:
        raise Refused("box_not_to_enter")
    actor.require(EDIT_ITEM, at=unit(session, point.branch_id))
    act = Act(session, actor, "box", None, unit_id=point.branch_id)
    lines = session.scalars(
        select(ConsignmentLine)
        .where(
            ConsignmentLine.consignment_id == box.id,
            ConsignmentLine.state == "given",
            ConsignmentLine.new_item_id.is_(None),
        )
        .order_by(ConsignmentLine.id)
    ).all()
    if not lines:
        raise Refused("box_entered_already")
    given = [session.get_one(Item, line.item_id) for line in lines]
    titles = sorted({old.record_id for old in given})
    lock(session, records=titles)
    made = []
    for line, old in zip(lines, given, strict=True):
        facts = CopyFacts(
            branch_id=point.branch_id,
            item_type=old.item_type,
            call_number=old.call_number,
            volume_key=old.volume_key,
            use=old.use,
            price=old.price,
            source="transfer",
            voucher=box.number,
        )
        new = add_items(session, actor, old.record_id, facts, register_id=register_id)[0]
        line.new_item_id = new.id
        made.append(new)
    for record_id in titles:
        reassign(act, record_id)
    audit(session, actor, "box_entered", "consignment", box.id, copies=len(made))
    session.flush()
    return made
