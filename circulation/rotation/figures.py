"""What a point reports of its box by the month: typed from paper, sent by phone, or scanned.

Each month counts once, by events of the library that owns the books; figures sent anew void the
old events. The signed link opens one box and nothing else, and only the newest one.
"""

from datetime import date, timedelta
from typing import Any

from itsdangerous import BadSignature, URLSafeSerializer
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from circulation.facts import find_scanned, item_at_desk
from circulation.models import Loan
from circulation.rotation.boxes import box_for
from circulation.rotation.events import PointUses, PointVisits
from circulation.rotation.models import (
    Consignment,
    ConsignmentFigures,
    ConsignmentLine,
    RotationPoint,
)
from ils.accounts.actor import Actor
from ils.core import clock
from ils.core.audit import audit
from ils.core.config import config
from ils.core.errors import Invalid, NotFound, Refused
from ils.core.events import Event, EventRow, publish_event, void_event
from ils.org.units import unit

MOST = 100_000
LINK_DAYS = timedelta(days=45)  # how long a point may still report after its box ended


def months_of(box: Consignment) -> list[date]:
    """Return the first days of the months a box was at its point, the newest first."""
    if box.sent_on is None:
        return []
    last = min(clock.today(), box.closed_on or clock.today())
    month, found = box.sent_on.replace(day=1), []
    while month <= last:
        found.append(month)
        month = (month + timedelta(days=32)).replace(day=1)
    return found[::-1]


def figures_of(session: Session, box_id: int) -> dict[date, ConsignmentFigures]:
    """Return what was reported of a box, by month."""
    query = select(ConsignmentFigures).where(ConsignmentFigures.consignment_id == box_id)
    return {row.month: row for row in session.scalars(query)}


def report_figures(
    session: Session,
    actor: Actor,
    *,
    box_id: int,
    month: date,
    visits: int,
    reads: int,
    loans: int,
    told_by: str = "",
) -> ConsignmentFigures:
    """Type what a point told of a month on paper or by telephone."""
    box, point = box_for(session, actor, box_id, "sent", "closed", "given")
    numbers = (visits, reads, loans)
    return write_figures(session, actor, box, point, month, numbers, "paper", told_by)


def write_figures(
    session: Session,
    actor: Actor,
    box: Consignment,
    point: RotationPoint,
    month: date,
    numbers: tuple[int, int, int],
    channel: str,
    told_by: str = "",
) -> ConsignmentFigures:
    """Write a month's visits, uses on the spot and loans of a box, in place of what was told.

    Raises ``Refused`` where the branch lends with this program: its own loans count already.
    """
    _check(session, box, point, month)
    if any(not 0 <= number <= MOST for number in numbers):
        raise Invalid("figures_wrong", field="visits")
    row = figures_of(session, box.id).get(month)
    if row is None:
        row = ConsignmentFigures(consignment_id=box.id, month=month, channel=channel, event_ids=[])
        session.add(row)
    else:
        _void_figures(session, actor, row)
    visits, reads, loans = numbers
    row.visits, row.reads, row.loans = visits, reads, loans
    row.channel, row.told_by, row.at = channel, told_by.strip()[:120], clock.now()
    made = [
        _publish(session, actor, box, month, PointVisits(box.id, point.kind), visits),
        _publish(session, actor, box, month, PointUses(box.id, point.kind, "read"), reads),
        _publish(session, actor, box, month, PointUses(box.id, point.kind, "lent"), loans),
    ]
    session.flush()
    row.event_ids = [event.id for event in made if event is not None]
    session.flush()
    return row


def forget_figures(session: Session, actor: Actor, *, box_id: int, month: date) -> None:
    """Take back what was told of a month; nothing of it counts any more."""
    box, _point = box_for(session, actor, box_id, "sent", "closed", "given")
    row = figures_of(session, box.id).get(month)
    if row is None:
        return
    _void_figures(session, actor, row)
    audit(session, actor, "figures_taken_back", "consignment", box.id, month=month)
    session.delete(row)
    session.flush()


def _void_figures(session: Session, actor: Actor, row: ConsignmentFigures) -> None:
    """Make what was told of a month count no more; uses scanned of a copy are none of it either."""
    event_ids = row.event_ids or []
    for event_id in event_ids:
        void_event(session, actor, session.get_one(EventRow, event_id))
    scanned = session.execute(
        select(EventRow.item_id, func.count())
        .where(EventRow.id.in_(event_ids), EventRow.item_id.is_not(None))
        .group_by(EventRow.item_id)
    )
    for item_id, count in scanned.all():
        line = _line_of(session, row.consignment_id, item_id)
        if line is not None:
            line.uses -= count


def _line_of(session: Session, box_id: int, item_id: int | None) -> ConsignmentLine | None:
    return session.scalar(
        select(ConsignmentLine)
        .where(ConsignmentLine.consignment_id == box_id, ConsignmentLine.item_id == item_id)
        .order_by(ConsignmentLine.id)
        .limit(1)
    )


def count_scanned(session: Session, actor: Actor, *, box_id: int, month: date, barcode: str) -> str:
    """Count one use of a scanned copy of the box (slips, or books put aside); return its title.

    Raises ``Refused`` where the month was told in figures: it would count twice.
    """
    box, point = box_for(session, actor, box_id, "sent", "closed", receiver=True)
    _check(session, box, point, month)
    found = find_scanned(session, barcode, box.library_id)
    line = _line_of(session, box.id, found.item_id)
    if found.item_id is None or line is None:
        raise Refused("box_copy_not_listed", scanned=barcode)
    row = figures_of(session, box.id).get(month)
    if row is not None and row.channel != "scan":
        raise Refused("figures_told_already")
    if row is None:
        row = ConsignmentFigures(
            consignment_id=box.id, month=month, channel="scan", reads=0, event_ids=[]
        )
        session.add(row)
    desk = item_at_desk(session, found.item_id)
    happened = PointUses(box.id, point.kind, "scanned")
    event = _publish(session, actor, box, month, happened, 1, **desk.statistics())
    line.uses += 1
    row.reads += 1
    row.at = clock.now()
    session.flush()
    row.event_ids = [*row.event_ids, *([event.id] if event is not None else [])]
    session.flush()
    return desk.title


def _check(session: Session, box: Consignment, point: RotationPoint, month: date) -> None:
    if month not in months_of(box):
        raise Invalid("figures_month", field="month")
    if counts_itself(session, point):
        raise Refused("point_counts_itself")


def counts_itself(session: Session, point: RotationPoint) -> bool:
    """Tell whether a point lends with this program, so that its loans count as such."""
    if point.branch_id is None:
        return False
    lent = select(Loan.id).where(Loan.branch_id == point.branch_id).limit(1)
    return unit(session, point.branch_id).kind == "branch" or session.scalar(lent) is not None


def _publish(
    session: Session,
    actor: Actor,
    box: Consignment,
    month: date,
    happened: Event,
    quantity: int,
    **columns: Any,
) -> EventRow | None:
    if not quantity:
        return None
    return publish_event(
        session,
        actor,
        happened,
        unit_id=box.branch_id,
        library_id=box.library_id,
        effective_on=_counts_on(box, month),
        quantity=quantity,
        place="outreach",
        **columns,
    )


def _counts_on(box: Consignment, month: date) -> date:
    """A month's figures count on its 14th, the last day before management months part; never
    before the box left nor after today."""
    day = max(month.replace(day=14), box.sent_on or month)
    return min(day, clock.today())


# --- the link of the point -------------------------------------------------------------------


def _signer() -> URLSafeSerializer:
    return URLSafeSerializer(config().secret_key, salt="rotation")


def link_of(box: Consignment) -> str:
    """Return the token of the newest link of a box; empty where none was made."""
    return str(_signer().dumps([box.id, box.link])) if box.link else ""


def new_link(session: Session, actor: Actor, *, box_id: int) -> None:
    """Make a link for the point of a box; an older one opens nothing any more."""
    box, _point = box_for(session, actor, box_id, "sent", "closed", "given")
    box.link += 1
    audit(session, actor, "box_linked", "consignment", box.id)
    session.flush()


def box_of_link(
    session: Session, token: str, *, lock: bool = True
) -> tuple[Consignment, RotationPoint]:
    """Return the box a link opens, locked to be written. Raises ``NotFound`` for one that is forged, old or over."""
    try:
        box_id, link = _signer().loads(token)
    except (BadSignature, ValueError, TypeError) as error:
        raise NotFound("box_link_over") from error
    box = session.get(Consignment, box_id, with_for_update=lock or None)
    point = session.get(RotationPoint, box.point_id) if box is not None else None
    over = box is not None and box.closed_on and clock.today() - box.closed_on > LINK_DAYS
    if box is None or point is None or not link or box.link != link or over:
        raise NotFound("box_link_over")
    return box, point
