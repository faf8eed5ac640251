"""A box comes back: scanned copy by copy, what is missing, damaged or not its own, and the end."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from cataloging.models import Item
from circulation.desk import Act
from circulation.events import ItemMissing
from circulation.facts import HAS_ITEM, ItemAtDesk, find_scanned, item_at_desk, lock, touch
from circulation.losses.events import ItemLost
from circulation.losses.found import find_item, payers_of
from circulation.losses.lost import let_go
from circulation.models import Hold, Loan
from circulation.queue import reassign
from circulation.returns import announce_moved
from circulation.rotation.boxes import box_for, open_lines
from circulation.rotation.events import ConsignmentClosed
from circulation.rotation.models import Consignment, ConsignmentExtra, ConsignmentLine
from ils.accounts.actor import Actor
from ils.core.audit import audit
from ils.core.errors import Invalid, NotFound, Refused

ABSENT = ("missing_at_point", "lost_at_point")


@dataclass(frozen=True)
class Back:
    """What a scan of a returning box meant: returned, damaged, found (counted as missing before),
    again (scanned before), or extra (not on the list)."""

    code: str
    title: str = ""


def take_back(
    session: Session, actor: Actor, *, box_id: int, barcode: str, damaged: bool = False
) -> Back:
    """Tick off a scanned copy of a box that comes back; what is not on the list is kept as surplus.

    Raises ``Refused`` for a copy that a reader at the point still has on loan.
    """
    box, _point = box_for(session, actor, box_id, "sent", "closed")
    act = Act(session, actor, "box", None, unit_id=box.branch_id)
    found = find_scanned(session, barcode, box.library_id)
    if found.item_id is None or found.record_id is None:
        return _extra(session, act, box, barcode, None)
    payers = payers_of(session, found.item_id)
    lock(session, records=[found.record_id], items=[found.item_id], patrons=payers)
    desk = item_at_desk(session, found.item_id)
    line = session.scalar(
        select(ConsignmentLine)
        .where(ConsignmentLine.consignment_id == box.id, ConsignmentLine.item_id == found.item_id)
        .order_by(ConsignmentLine.id.desc())
        .limit(1)
        .execution_options(populate_existing=True)
    )
    if line is None:
        return _extra(session, act, box, desk.item.barcode or barcode, desk)
    if line.state == "out":
        if desk.loan is not None:
            raise Refused("box_copy_on_loan", title=desk.title)
        return _tick(act, line, desk, "damaged" if damaged else "returned")
    worse = damaged and line.state == "returned"
    if line.state not in ABSENT and not worse:
        return Back("again", desk.title)
    if desk.position != "on_shelf":
        raise Refused("box_copy_moved", title=desk.title)
    return _tick(act, line, desk, "damaged" if damaged else "returned", found=not worse)


def _tick(
    act: Act, line: ConsignmentLine, desk: ItemAtDesk, state: str, *, found: bool = False
) -> Back:
    item = desk.item
    let_go(act, desk, "box_back")  # kept for a reader at its point; the hold keeps its place
    line.state, line.closed_at = state, act.now
    find_item(act, desk, None)
    if state == "damaged" and item.lifecycle == "active":
        item.lifecycle = "damaged"
    act.flush()
    touch(act.session, item, act.here.id, act.now, "check_in")
    announce_moved(act.session, item.record_id)
    reassign(act, item.record_id)
    return Back("found" if found else state, desk.title)


def _extra(
    session: Session, act: Act, box: Consignment, scanned: str, desk: ItemAtDesk | None
) -> Back:
    text = scanned.strip()[:60]
    if not text:
        raise Invalid("box_copy_unknown", field="barcode")
    known = session.scalar(
        select(ConsignmentExtra).where(
            ConsignmentExtra.consignment_id == box.id, ConsignmentExtra.scanned == text
        )
    )
    if known is not None:
        known.on_arrival = False  # too much when it arrived, and back now
        act.flush()
    else:
        session.add(
            ConsignmentExtra(
                consignment_id=box.id,
                item_id=desk.item.id if desk else None,
                scanned=text,
                at=act.now,
            )
        )
        act.flush()
    return Back("extra", desk.title if desk else "")


def close_box(
    session: Session,
    actor: Actor,
    *,
    box_id: int,
    seal_back: str = "",
    missing: bool = False,
    lost: Collection[int] = (),
) -> Consignment:
    """End the return of a box. With copies still out it asks for ``missing``: they then count as
    missing at the point, those of the lines in ``lost`` as lost there. Either is charged by
    agreement with the point, never as loans to readers.

    A copy that a reader at a branch has on loan, or that is kept there for one, leaves the box; its
    loan or hold stands.
    """
    box, _point = box_for(session, actor, box_id, "sent")
    act = Act(session, actor, "box", None, unit_id=box.branch_id)
    lines = open_lines(session, box.id)
    gone = settle_absent(act, box, lines, missing=missing, lost=lost)
    box.state, box.closed_on, box.closed_by = "closed", act.today, actor.staff_id
    box.seal_back = seal_back.strip()
    back = len(lines_in(session, box.id, "returned", "damaged"))
    act.event(ConsignmentClosed(box.id, gone), quantity=back)
    audit(session, actor, "box_closed", "consignment", box.id, missing=gone)
    act.flush()
    return box


def settle_absent(
    act: Act,
    box: Consignment,
    lines: Sequence[ConsignmentLine],
    *,
    missing: bool,
    lost: Collection[int] = (),
) -> int:
    """Close lines of copies that are not there; return how many are missing or lost.

    Raises ``Refused`` where there are any and nobody said ``missing``.
    """
    session = act.session
    records = session.scalars(
        select(Item.record_id).where(Item.id.in_([line.item_id for line in lines]))
    ).all()
    lock(session, records=records, items=[line.item_id for line in lines])
    lent = in_use(session, [line.item_id for line in lines])
    gone = [line for line in lines if line.item_id not in lent]
    if gone and not missing:
        raise Refused("box_copies_out", count=len(gone))
    for line in lines:
        absent = "lost_at_point" if line.id in lost else "missing_at_point"
        line.state = "taken_off" if line.item_id in lent else absent
        line.closed_at = act.now
    act.flush()
    for line in gone:
        desk = item_at_desk(session, line.item_id)
        if desk.item.lifecycle in ("active", "damaged"):
            is_lost = line.state == "lost_at_point"
            desk.item.lifecycle = "lost" if is_lost else "missing"
            happened = ItemLost("at_point", "none") if is_lost else ItemMissing("at_point")
            act.event(happened, **desk.statistics())
        announce_moved(session, desk.item.record_id)
        reassign(act, desk.item.record_id)
    act.flush()
    return len(gone)


def in_use(session: Session, item_ids: Collection[int]) -> set[int]:
    """Return which copies a reader has on loan, or has lying on a hold shelf."""
    lent = select(Loan.item_id).where(Loan.item_id.in_(item_ids), Loan.closed_at.is_(None))
    held = select(Hold.item_id).where(Hold.item_id.in_(item_ids), HAS_ITEM)
    return {one for one in (*session.scalars(lent), *session.scalars(held)) if one is not None}


def lines_in(session: Session, box_id: int, *states: str) -> list[ConsignmentLine]:
    """Return the lines of a box in some states."""
    query = select(ConsignmentLine).where(
        ConsignmentLine.consignment_id == box_id, ConsignmentLine.state.in_(states)
    )
    return list(session.scalars(query))


def drop_extra(session: Session, actor: Actor, *, box_id: int, extra_id: int) -> None:
    """Take a line of the surplus away that was a slip of the scanner."""
    box, _point = box_for(session, actor, box_id, "sent", "closed")
    extra = session.get(ConsignmentExtra, extra_id)
    if extra is None or extra.consignment_id != box.id:
        raise NotFound("box_line_unknown")
    session.delete(extra)
    session.flush()
