"""Boxes and their points: who may touch a box, packing it, sending it."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from flask_babel import lazy_gettext as _l
from sqlalchemy import delete, exists, func, select
from sqlalchemy.orm import Session

from cataloging.models import Item, Record
from circulation.desk import Act
from circulation.facts import find_scanned, item_at_desk, lock
from circulation.queue import lies_free, reassign
from circulation.returns import announce_moved
from circulation.rotation.events import ConsignmentSent
from circulation.rotation.models import Consignment, ConsignmentLine, RotationPoint
from circulation.rules.rotation import Packed, is_same_box, why_not_packed
from ils.accounts.actor import Actor
from ils.accounts.permissions import declare_permission
from ils.core.audit import audit
from ils.core.errors import Invalid, NotFound, Refused
from ils.org.units import library_of, unit

MANAGE = declare_permission(
    "circulation:rotation:manage", _l("Send rotating sets and take them back")
)
MOST = 1000


@dataclass(frozen=True)
class PointFacts:
    """What is known of a point. ``branch_id`` makes it a unit of the network."""

    name: str
    kind: str = "commune"
    branch_id: int | None = None
    address: str = ""
    contact: str = ""
    phone: str = ""
    active: bool = True


# --- points ----------------------------------------------------------------------------------


def write_point(
    session: Session, actor: Actor, facts: PointFacts, point_id: int | None = None
) -> RotationPoint:
    """Add a point, or change one. Raises ``Invalid`` without a name or with a name taken."""
    actor.require(MANAGE)
    if not facts.name.strip():
        raise Invalid("point_unnamed", field="name")
    point = point_for(session, actor, point_id) if point_id else None
    same = select(RotationPoint.id).where(
        RotationPoint.library_id == actor.library_id, RotationPoint.name == facts.name.strip()
    )
    if session.scalar(same) not in (None, point_id):
        raise Invalid("point_name_taken", field="name")
    if facts.branch_id is not None and unit(session, facts.branch_id).kind not in (
        "branch",
        "point",
    ):
        raise Invalid("point_no_branch", field="branch_id")
    if (facts.kind == "branch") != (facts.branch_id is not None):
        raise Invalid("point_no_branch", field="branch_id")
    if point is None:
        if actor.library_id is None:
            raise Invalid("no_branch_chosen")
        point = RotationPoint(library_id=actor.library_id)
        session.add(point)
    elif point.branch_id != facts.branch_id and _has_boxes(session, point.id):
        raise Invalid("point_has_boxes", field="branch_id")
    for name, value in vars(facts).items():
        setattr(point, name, value.strip() if isinstance(value, str) else value)
    session.flush()
    audit(session, actor, "rotation_point_written", "rotation_point", point.id)
    return point


def _has_boxes(session: Session, point_id: int) -> bool:
    return bool(session.scalar(select(exists().where(Consignment.point_id == point_id))))


def point_for(session: Session, actor: Actor, point_id: int) -> RotationPoint:
    """Return a point of the library worked at. Raises ``NotFound``."""
    point = session.get(RotationPoint, point_id)
    if point is None or point.library_id != actor.library_id:
        raise NotFound("point_unknown")
    return point


def point_of(session: Session, box: Consignment) -> RotationPoint:
    """Return the point of a box."""
    return session.get_one(RotationPoint, box.point_id)


# --- a box and who may touch it --------------------------------------------------------------


def box_for(
    session: Session,
    actor: Actor,
    box_id: int,
    *states: str,
    receiver: bool = False,
    lock: bool = True,
) -> tuple[Consignment, RotationPoint]:
    """Return a box of the library worked at, of one of these states if any are named.

    ``receiver`` lets the branch in, too, that a box was sent to; who only looks asks for no
    ``lock``. Raises ``NotFound``, ``Refused``.
    """
    actor.require(MANAGE)
    box = session.get(Consignment, box_id, with_for_update=lock or None, populate_existing=True)
    point = session.get(RotationPoint, box.point_id) if box is not None else None
    if box is None or point is None:
        raise NotFound("box_unknown")
    mine = box.library_id == actor.library_id
    theirs = (
        receiver
        and box.state in ("sent", "closed", "given")
        and point.branch_id is not None
        and library_of(session, point.branch_id).id == actor.library_id
    )
    if not mine and not theirs:
        raise NotFound("box_unknown")
    if states and box.state not in states:
        raise Refused("box_state")
    return box, point


def open_box(session: Session, actor: Actor, point_id: int, note: str = "") -> Consignment:
    """Begin a box for a point; it has a number in the series of the library and year."""
    actor.require(MANAGE)
    point = point_for(session, actor, point_id)
    if not point.active:
        raise Refused("point_closed")
    act = Act(session, actor, "box", None)
    if point.branch_id == act.here.id:
        raise Invalid("point_is_here", field="point_id")
    box = new_box(act, point, note)
    audit(session, actor, "box_opened", "consignment", box.id)
    return box


def new_box(act: Act, point: RotationPoint, note: str = "") -> Consignment:
    """Add a box with the next number of the library and year."""
    last = act.session.scalar(
        select(func.max(Consignment.serial)).where(
            Consignment.library_id == act.here.library_id, Consignment.year == act.today.year
        )
    )
    box = Consignment(
        library_id=act.here.library_id,
        branch_id=act.here.id,
        point_id=point.id,
        year=act.today.year,
        serial=(last or 0) + 1,
        note=note.strip(),
        made_by=act.actor.staff_id,
        made_at=act.now,
    )
    act.session.add(box)
    act.flush()
    return box


def open_lines(session: Session, box_id: int) -> Sequence[ConsignmentLine]:
    """Return the lines of a box that are not settled."""
    return session.scalars(
        select(ConsignmentLine)
        .where(ConsignmentLine.consignment_id == box_id, ConsignmentLine.closed_at.is_(None))
        .order_by(ConsignmentLine.id)
    ).all()


# --- packing ---------------------------------------------------------------------------------


def pack(session: Session, actor: Actor, *, box_id: int, barcode: str) -> ConsignmentLine:
    """Put a scanned copy into a box. Raises ``Refused`` with why it may not travel."""
    box, _point = box_for(session, actor, box_id, "draft")
    found = find_scanned(session, barcode, box.library_id)
    if found.item_id is None or found.record_id is None:
        raise Refused("box_copy_unknown", scanned=barcode)
    return _pack(session, actor, box, found.item_id, found.record_id)


def pack_chosen(
    session: Session, actor: Actor, *, box_id: int, item_ids: Iterable[int]
) -> tuple[int, int]:
    """Put copies ticked in a list into a box; return how many went in and how many could not."""
    box, _point = box_for(session, actor, box_id, "draft")
    rows = session.execute(
        select(Item.record_id, Item.id).where(Item.id.in_(list(item_ids)[:MOST]))
    ).all()
    lock(session, records=[r for r, _ in rows], items=[i for _, i in rows])
    put = 0
    for record_id, item_id in sorted(rows, key=lambda row: row.id):
        try:
            _pack(session, actor, box, item_id, record_id)
            put += 1
        except Refused:
            continue
    return put, len(rows) - put


def find_listed(
    session: Session, actor: Actor, box_id: int, codes: Iterable[str]
) -> tuple[list[int], list[str]]:
    """Return the copies of a list of numbers, and the numbers nobody knows."""
    box, _point = box_for(session, actor, box_id, "draft")
    found, unknown = [], []
    for code in [one.strip()[:60] for one in codes][:MOST]:
        hit = find_scanned(session, code, box.library_id) if code else None
        if hit is not None and hit.item_id is not None:
            found.append(hit.item_id)
        elif code:
            unknown.append(code)
    return found, unknown


def _pack(
    session: Session, actor: Actor, box: Consignment, item_id: int, record_id: int
) -> ConsignmentLine:
    lock(session, records=[record_id], items=[item_id])
    desk = item_at_desk(session, item_id)
    if desk.line is not None and desk.line.consignment_id == box.id:
        raise Refused("box_copy_here_already", title=desk.title)
    code = why_not_packed(
        Packed(
            position=desk.position,
            lifecycle=desk.item.lifecycle,
            use=desk.item.use,
            own=desk.item.owner_id == box.library_id,
            assigned=desk.hold is not None,
        )
    )
    if code:
        raise Refused(code, title=desk.title)
    line = ConsignmentLine(consignment_id=box.id, item_id=item_id)
    session.add(line)
    act = Act(session, actor, "box", None, unit_id=box.branch_id)
    act.flush()
    announce_moved(session, record_id)
    return line


def unpack(session: Session, actor: Actor, *, box_id: int, line_id: int) -> None:
    """Take a copy out of a box that is still being packed."""
    box, _point = box_for(session, actor, box_id, "draft")
    line = session.get(ConsignmentLine, line_id)
    if line is None or line.consignment_id != box.id or line.closed_at is not None:
        raise NotFound("box_line_unknown")
    item = session.get_one(Item, line.item_id)
    lock(session, records=[item.record_id], items=[item.id])
    session.delete(line)
    act = Act(session, actor, "box", None, unit_id=box.branch_id)
    act.flush()
    announce_moved(session, item.record_id)
    reassign(act, item.record_id)


def copies_of_box(session: Session, actor: Actor, box_id: int) -> Sequence[int]:
    """Return the ids of the copies an earlier box held, so that it can be packed again."""
    box_for(session, actor, box_id)
    return session.scalars(
        select(ConsignmentLine.item_id)
        .where(ConsignmentLine.consignment_id == box_id)
        .order_by(ConsignmentLine.id)
    ).all()


def free_for(
    session: Session, box: Consignment, *, begins: str = "", collection_id: int | None = None
) -> Sequence[Item]:
    """Return copies on the shelves of the branch that could go into a box, never at its point
    before first; by shelf mark."""
    query = (
        select(Item)
        .where(
            Item.owner_id == box.library_id,
            Item.branch_id == box.branch_id,
            Item.located_id == box.branch_id,
            Item.lifecycle == "active",
            Item.use == "loan",
            *lies_free(),
        )
        .order_by(Item.call_sort, Item.id)
        .limit(100)
    )
    if begins:
        query = query.where(Item.call_number.startswith(begins, autoescape=True))
    if collection_id:
        query = query.where(Item.collection_id == collection_id)
    before = held_before(session, box.point_id, except_box=box.id)
    rows = session.scalars(query).all()
    return sorted(rows, key=lambda item: item.record_id in before)


def titled(session: Session, items: Iterable[Item]) -> list[tuple[Item, str]]:
    """Return copies with their titles, in the order given."""
    found = list(items)
    query = select(Record.id, Record.title).where(Record.id.in_([one.record_id for one in found]))
    titles = {row.id: row.title for row in session.execute(query)}
    return [(one, titles.get(one.record_id, "")) for one in found]


def title_of_line(session: Session, line: ConsignmentLine) -> str:
    """Return the title of the copy in a line."""
    return titled(session, [session.get_one(Item, line.item_id)])[0][1]


def held_before(session: Session, point_id: int, *, except_box: int = 0) -> dict[int, Consignment]:
    """Return, by title, the last box in which a point had it; boxes given up do not count."""
    rows = session.execute(
        select(Item.record_id, Consignment)
        .join(ConsignmentLine, ConsignmentLine.item_id == Item.id)
        .join(Consignment, Consignment.id == ConsignmentLine.consignment_id)
        .where(
            Consignment.point_id == point_id,
            Consignment.id != except_box,
            Consignment.sent_on.is_not(None),
        )
        .order_by(Consignment.sent_on, Consignment.id)
    )
    return {row[0]: row[1] for row in rows}


# --- sending ---------------------------------------------------------------------------------


def send_box(
    session: Session,
    actor: Actor,
    *,
    box_id: int,
    due_on: date,
    seal: str = "",
    handed_by: str = "",
    taken_by: str = "",
    again: bool = False,
) -> Consignment:
    """Close a box under its seal and hand it over. ``again`` sends a set the point had before."""
    box, point = box_for(session, actor, box_id, "draft")
    act = Act(session, actor, "box", None, unit_id=box.branch_id)
    lines = open_lines(session, box.id)
    if not lines:
        raise Refused("box_empty")
    if due_on <= act.today:
        raise Invalid("box_due_past", field="due_on")
    records = session.scalars(
        select(Item.record_id).where(Item.id.in_([line.item_id for line in lines]))
    ).all()
    if not again and is_same_box(records, held_before(session, point.id, except_box=box.id)):
        raise Refused("box_same_again")
    session.execute(  # taken out again by a scan at a desk: it never was on the list
        delete(ConsignmentLine).where(
            ConsignmentLine.consignment_id == box.id, ConsignmentLine.closed_at.is_not(None)
        )
    )
    box.state, box.sent_on, box.due_on = "sent", act.today, due_on
    box.seal, box.handed_by, box.taken_by = seal.strip(), handed_by.strip(), taken_by.strip()
    for line in lines:
        line.state, line.at_branch_id = "out", point.branch_id
    act.event(ConsignmentSent(box.id, point.kind), quantity=len(lines))
    audit(session, actor, "box_sent", "consignment", box.id, copies=len(lines))
    act.flush()
    return box


def cancel_box(session: Session, actor: Actor, *, box_id: int) -> None:
    """Give up a box that was never sent; its copies are free again."""
    box, _point = box_for(session, actor, box_id, "draft")
    act = Act(session, actor, "box", None, unit_id=box.branch_id)
    lines = open_lines(session, box.id)
    items = session.scalars(select(Item).where(Item.id.in_([one.item_id for one in lines]))).all()
    lock(session, records=[one.record_id for one in items], items=[one.id for one in items])
    for line in lines:
        session.delete(line)
    box.state, box.closed_on, box.closed_by = "canceled", act.today, actor.staff_id
    act.flush()
    for record_id in sorted({one.record_id for one in items}):
        announce_moved(session, record_id)
        reassign(act, record_id)
    audit(session, actor, "box_canceled", "consignment", box.id)
