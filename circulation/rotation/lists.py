"""What pages and papers show of boxes: lists with their figures, the copies of one box."""

import re
from dataclasses import dataclass
from datetime import date
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy import ColumnElement, and_, case, func, or_, select
from sqlalchemy.orm import Session

from cataloging.models import Item, Record
from circulation.models import Loan
from circulation.rotation.claims import left_of_box
from circulation.rotation.models import (
    Consignment,
    ConsignmentExtra,
    ConsignmentFigures,
    ConsignmentLine,
    RotationPoint,
)
from circulation.rotation.returning import ABSENT
from circulation.rules.rotation import proposal
from ils.core import clock
from ils.org.units import branches_of
from ils.printing.listing import Column, written

WHICH = ("out", "late", "open", "closed", "owed", "all", "incoming")

Row = dict[str, Any]


@dataclass(frozen=True)
class Asked:
    """Which boxes are wanted: of which library, in what state, of which point, sent when."""

    library_id: int
    which: str = "out"
    point_id: int | None = None
    kind: str = ""
    first: date | None = None
    last: date | None = None
    sort: str = ""


def _lines(*states: str) -> Any:
    query = select(func.count()).where(ConsignmentLine.consignment_id == Consignment.id)
    if states:
        query = query.where(ConsignmentLine.state.in_(states))
    return query.correlate(Consignment).scalar_subquery()


def _told(*columns: Any) -> Any:
    added = sum(columns[1:], start=columns[0])
    return (
        select(func.coalesce(func.sum(added), 0))
        .where(ConsignmentFigures.consignment_id == Consignment.id)
        .correlate(Consignment)
        .scalar_subquery()
    )


COPIES = _lines()
BACK = _lines("returned", "damaged", "taken_off")
DAMAGED = _lines("damaged")
MISSING = _lines(*ABSENT)
OUT = _lines("packed", "out")
LEFT = left_of_box()
NUMBER = (Consignment.year, Consignment.serial)
SORTS: dict[str, tuple[Any, ...]] = {
    "number": NUMBER,
    "point": (RotationPoint.name,),
    "sent_on": (Consignment.sent_on,),
    "due_on": (Consignment.due_on,),
    "copies": (COPIES,),
}


def _where(session: Session, asked: Asked) -> list[ColumnElement[bool]]:
    mine: ColumnElement[bool] = Consignment.library_id == asked.library_id
    state = Consignment.state
    if asked.which == "incoming":
        own = [one.id for one in branches_of(session, asked.library_id)]
        found = [
            Consignment.library_id != asked.library_id,
            RotationPoint.branch_id.in_(own),
            state.in_(("sent", "closed", "given")),
        ]
    elif asked.which == "late":
        found = [mine, state == "sent", Consignment.due_on < clock.today()]
    elif asked.which == "owed":
        found = [mine, LEFT > 0]
    elif asked.which == "all":
        found = [mine]
    else:
        states = {
            "open": ("draft",),
            "out": ("sent",),
            "closed": ("closed", "given", "canceled"),
        }
        found = [mine, state.in_(states[asked.which])]
    if asked.point_id:
        found.append(Consignment.point_id == asked.point_id)
    if asked.kind:
        found.append(RotationPoint.kind == asked.kind)
    if asked.first:
        found.append(Consignment.sent_on >= asked.first)
    if asked.last:
        found.append(Consignment.sent_on <= asked.last)
    return found


def how_many(session: Session, asked: Asked) -> int:
    """Return how many boxes a list has."""
    query = (
        select(func.count(Consignment.id))
        .join(RotationPoint, RotationPoint.id == Consignment.point_id)
        .where(*_where(session, asked))
    )
    return session.scalar(query) or 0


def boxes_of(session: Session, asked: Asked, *, limit: int, offset: int = 0) -> list[Row]:
    """Return rows of a list of boxes, the newest first unless sorted otherwise."""
    chosen = SORTS.get(asked.sort.removeprefix("-"), ())
    down = asked.sort.startswith("-")
    order = [one.desc() if down else one.asc() for one in chosen]
    query = (
        select(
            Consignment,
            RotationPoint,
            COPIES.label("copies"),
            BACK.label("back"),
            DAMAGED.label("damaged"),
            MISSING.label("missing"),
            OUT.label("out"),
            LEFT.label("left"),
            _told(ConsignmentFigures.visits).label("visits"),
            _told(ConsignmentFigures.reads, ConsignmentFigures.loans).label("uses"),
        )
        .join(RotationPoint, RotationPoint.id == Consignment.point_id)
        .where(*_where(session, asked))
        .order_by(*order, *(one.desc() for one in NUMBER), Consignment.id.desc())
        .limit(limit)
        .offset(offset)
    )
    return [_row(found) for found in session.execute(query)]


def _row(found: Any) -> Row:
    box, point, copies, back, damaged, missing, out, left, visits, uses = found
    late = 0
    if box.state == "sent" and box.due_on is not None:
        late = max(0, (clock.today() - box.due_on).days)
    return {
        "box": box,
        "id": box.id,
        "number": box.number,
        "state": box.state,
        "point": point.name,
        "point_id": point.id,
        "kind": point.kind,
        "contact": box.taken_by or point.contact,
        "phone": point.phone,
        "sent_on": box.sent_on,
        "due_on": box.due_on,
        "closed_on": box.closed_on,
        "received_on": box.received_on,
        "copies": copies,
        "back": back,
        "damaged": damaged,
        "missing": missing,
        "out": out,
        "left": left,
        "visits": visits,
        "uses": uses,
        "late": late,
        "note": box.decision or _settled(box, left) or box.note,
    }


def _settled(box: Consignment, left: int) -> str:
    """Return what the book says of missing copies: the paper, the sum, what is still owed."""
    if not box.settlement_amount:
        return box.settlement
    said = _(
        "%(paper)s: %(sum)s đồng", paper=box.settlement, sum=written(box.settlement_amount, "money")
    )
    return f"{said}, " + _("%(sum)s owed", sum=written(left, "money")) if left else str(said)


def box_numbered(session: Session, asked: Asked, typed: str) -> int | None:
    """Return the box with a typed or scanned number (``LC 03/2026``) that the library sent or was
    lent; None where there is none, or more than one."""
    match = re.fullmatch(r"(?:LC)?\s*0*(\d{1,6})\s*/\s*(\d{4})", typed.strip(), re.IGNORECASE)
    if match is None:
        return None
    found: list[int] = []
    for which in ("all", "incoming"):
        query = (
            select(Consignment.id)
            .join(RotationPoint, RotationPoint.id == Consignment.point_id)
            .where(
                *_where(session, Asked(asked.library_id, which)),
                Consignment.serial == int(match[1]),
                Consignment.year == int(match[2]),
            )
        )
        found += session.scalars(query)
    return found[0] if len(found) == 1 else None


def counts_of(session: Session, library_id: int) -> dict[str, int]:
    """Return how long each list is."""
    return {which: how_many(session, Asked(library_id, which)) for which in WHICH}


def sheet_of_box(session: Session, box: Consignment, *states: str) -> list[Row]:
    """Return the copies of a box as its papers list them, with what became of each."""
    query = (
        select(
            ConsignmentLine.id.label("line_id"),
            ConsignmentLine.state,
            ConsignmentLine.uses,
            ConsignmentLine.closed_at,
            ConsignmentLine.arrived_at,
            Item.id.label("item_id"),
            Item.record_id,
            Item.accession_no,
            Item.barcode,
            Item.price,
            Item.lifecycle,
            func.coalesce(func.nullif(Item.call_number, ""), Record.call_number).label(
                "call_number"
            ),
            Record.title,
            Record.author,
            Loan.id.label("loan_id"),
        )
        .join(Item, Item.id == ConsignmentLine.item_id)
        .join(Record, Record.id == Item.record_id)
        .outerjoin(Loan, and_(Loan.item_id == Item.id, Loan.closed_at.is_(None)))
        .where(ConsignmentLine.consignment_id == box.id)
        .order_by(ConsignmentLine.id)
    )
    if states:
        query = query.where(ConsignmentLine.state.in_(states))
    return [dict(row) for row in session.execute(query).mappings()]


def with_proposals(session: Session, box: Consignment) -> list[Row]:
    """Return the copies still out of a box, each with what is proposed for it."""
    rows = sheet_of_box(session, box, "out")
    before = set(
        session.scalars(
            select(ConsignmentLine.item_id).where(
                ConsignmentLine.item_id.in_([row["item_id"] for row in rows]),
                ConsignmentLine.state.in_(ABSENT),
                ConsignmentLine.consignment_id != box.id,
            )
        )
    )
    late = (clock.today() - box.due_on).days if box.due_on else 0
    never_came = {row["line_id"] for row in not_arrived(session, box)}
    for row in rows:
        row["proposal"] = proposal(
            arrived=row["line_id"] not in never_came,
            on_loan=row["loan_id"] is not None,
            missing_before=row["item_id"] in before,
            days_late=late,
        )
    return rows


def not_arrived(session: Session, box: Consignment) -> list[Row]:
    """Return what was missing when the point counted a box copy by copy; nothing where it told a
    number."""
    if box.received_on is None:
        return []
    rows = sheet_of_box(session, box)
    if not any(row["arrived_at"] for row in rows):
        return []
    return [r for r in rows if r["arrived_at"] is None and r["state"] in ("out", *ABSENT)]


def mark_of(session: Session, box: Consignment) -> str:
    """Return a word that is another one as soon as something about a box has changed."""
    rows = session.execute(
        select(
            ConsignmentLine.state,
            func.count(),
            func.count(ConsignmentLine.arrived_at),
            func.max(ConsignmentLine.id),
        )
        .where(ConsignmentLine.consignment_id == box.id)
        .group_by(ConsignmentLine.state)
        .order_by(ConsignmentLine.state)
    ).all()
    extras = session.execute(
        select(func.count(), func.max(ConsignmentExtra.id)).where(
            ConsignmentExtra.consignment_id == box.id
        )
    ).one()
    told = [box.state, box.received_copies, *extras]
    return "-".join(str(part) for part in [*told, *(one for row in rows for one in row)])


def extras_of(session: Session, box_id: int) -> list[ConsignmentExtra]:
    """Return what came back in a box and was not on its list."""
    query = select(ConsignmentExtra).where(ConsignmentExtra.consignment_id == box_id)
    return list(session.scalars(query.order_by(ConsignmentExtra.id)))


def points_of(session: Session, library_id: int, *, active: bool = False) -> list[RotationPoint]:
    """Return the points of a library by name."""
    query = select(RotationPoint).where(RotationPoint.library_id == library_id)
    if active:
        query = query.where(RotationPoint.active)
    return list(session.scalars(query.order_by(RotationPoint.name, RotationPoint.id)))


def points_with_boxes(session: Session, library_id: int) -> list[tuple[RotationPoint, int, int]]:
    """Return the points of a library with how many boxes they have now, and had in all."""
    now = func.sum(case((Consignment.state == "sent", 1), else_=0))
    had = func.count(Consignment.sent_on)
    query = (
        select(RotationPoint, func.coalesce(now, 0), had)
        .outerjoin(Consignment, Consignment.point_id == RotationPoint.id)
        .where(RotationPoint.library_id == library_id)
        .group_by(RotationPoint.id)
        .order_by(RotationPoint.active.desc(), RotationPoint.name)
    )
    return [(point, int(n), int(m)) for point, n, m in session.execute(query)]


def earlier_boxes(session: Session, library_id: int, *, limit: int = 50) -> list[Consignment]:
    """Return boxes that are over, to pack the same again."""
    query = (
        select(Consignment)
        .where(
            Consignment.library_id == library_id,
            or_(Consignment.state == "closed", Consignment.state == "canceled"),
        )
        .order_by(*(one.desc() for one in NUMBER))
        .limit(limit)
    )
    return list(session.scalars(query))


# The columns of the book in which rotation is followed up, as printed.
BOOK = (
    Column("number", _l("Box no."), "code", "21mm"),
    Column("sent_on", _l("Sent on"), "date", "20mm"),
    Column("point", _l("Point"), width="1.6fr"),
    Column("contact", _l("Taken by"), width="1fr"),
    Column("copies", _l("Copies"), "num", "15mm", total=True),
    Column("due_on", _l("Due back"), "date", "20mm"),
    Column("closed_on", _l("Back on"), "date", "20mm"),
    Column("back", _l("Came back"), "num", "14mm", total=True),
    Column("damaged", _l("Damaged"), "num", "14mm", total=True),
    Column("missing", _l("Missing"), "num", "14mm", total=True),
    Column("visits", _l("Visits"), "num", "16mm", total=True),
    Column("uses", _l("Uses"), "num", "16mm", total=True),
    Column("note", _l("Note"), width="1fr"),
)
